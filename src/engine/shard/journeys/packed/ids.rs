//! The ids in the byte form of a journey: read, or passed by where nobody asks for them.

use crate::engine::entry::KnownStep;
use crate::engine::shard::bytes::{Broken, Reader, UUID_BYTES};
use crate::model::id::Id;

/// How the ids of a journey's steps are read.
pub(super) trait Ids {
    /// That of the event of a step.
    fn event(&mut self, reader: &mut Reader<'_>, is_move: bool, is_uuid: bool) -> Result<Id, Broken>;
    /// That of the customer whom a step names.
    fn customer(&mut self, reader: &mut Reader<'_>) -> Result<Option<Id>, Broken>;
}

/// All of them.
pub(super) struct All;

impl Ids for All {
    fn event(&mut self, reader: &mut Reader<'_>, _: bool, is_uuid: bool) -> Result<Id, Broken> {
        if is_uuid { reader.uuid() } else { reader.id() }
    }

    fn customer(&mut self, reader: &mut Reader<'_>) -> Result<Option<Id>, Broken> {
        reader.id().map(Some)
    }
}

/// Those of events are passed by, and looked at only to find a step among them.
pub(in crate::engine::shard::journeys) struct Finding<'a> {
    step: &'a KnownStep,
    with_customers: bool,
    is_found: bool,
}

impl<'a> Finding<'a> {
    /// Looks for a step of this identity; customers are read only if they are asked for.
    pub(in crate::engine::shard::journeys) const fn of(step: &'a KnownStep, with_customers: bool) -> Finding<'a> {
        Finding { step, with_customers, is_found: false }
    }

    /// Whether there was one.
    pub(in crate::engine::shard::journeys) const fn is_found(&self) -> bool {
        self.is_found
    }
}

impl Ids for Finding<'_> {
    fn event(&mut self, reader: &mut Reader<'_>, is_move: bool, is_uuid: bool) -> Result<Id, Broken> {
        let event_id = &self.step.event_id;
        let is_its = if is_uuid {
            Some(reader.take(UUID_BYTES)?) == event_id.uuid().as_ref().map(<[u8; UUID_BYTES]>::as_slice)
        } else {
            let is_its = Reader(reader.0).is_id(event_id);
            reader.skip_id()?;
            is_its
        };
        self.is_found |= is_its && is_move == self.step.is_move;
        Ok(Id::default())
    }

    fn customer(&mut self, reader: &mut Reader<'_>) -> Result<Option<Id>, Broken> {
        if self.with_customers { reader.id().map(Some) } else { reader.skip_id().map(|()| None) }
    }
}
