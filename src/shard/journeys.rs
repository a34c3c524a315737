//! The journeys of a shard: each one's known steps, in their order.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use crate::entry::{Meeting, Step, Version};
use crate::facts::KnownStep;
use crate::id::Id;
use crate::time::Time;

/// One journey.
#[derive(Debug)]
pub(super) struct Journey {
    /// Its identity.
    pub(super) lead_id: Id,
    /// All remembered steps, retracted and expired ones too, in their order.
    pub(super) steps: Vec<KnownStep>,
}

/// All journeys, by identity and by number. Numbers are given again after a journey is forgotten.
#[derive(Debug, Default)]
pub(super) struct Journeys {
    numbers: HashMap<Id, u32, RandomState>,
    slots: Vec<Option<Journey>>,
    free: Vec<u32>,
}

/// What a step did to its journey.
#[derive(Clone, Copy, Debug)]
pub(super) struct Accepted {
    /// How it met a known version of itself.
    pub(super) meeting: Option<Meeting>,
    /// Whether the journey's steps are other than before.
    pub(super) changed: bool,
}

impl Journeys {
    pub(super) fn number(&self, lead_id: &Id) -> Option<u32> {
        self.numbers.get(lead_id).copied()
    }

    pub(super) fn get(&self, number: u32) -> Option<&Journey> {
        self.slots.get(number as usize)?.as_ref()
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// A new journey without steps.
    pub(super) fn insert(&mut self, lead_id: Id) -> u32 {
        let journey = Journey { lead_id: lead_id.clone(), steps: Vec::new() };
        let number = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        if let Some(slot) = self.slots.get_mut(number as usize) {
            *slot = Some(journey);
        }
        self.numbers.insert(lead_id, number);
        number
    }

    /// Takes a step in. One that lies wholly before the horizon and is not known is not remembered.
    pub(super) fn accept(
        &mut self,
        number: u32,
        event_id: Id,
        is_move: bool,
        version: Version<Step>,
        horizon: Time,
    ) -> Accepted {
        let unchanged = |meeting| Accepted { meeting, changed: false };
        let Some(journey) = self.slots.get_mut(number as usize).and_then(Option::as_mut) else {
            return unchanged(None);
        };
        let known = journey.steps.iter().position(|step| step.is_move == is_move && step.event_id == event_id);
        let (meeting, step) = match known {
            None if version.remembered < horizon => return unchanged(None),
            None => (None, KnownStep { event_id, is_move, version }),
            Some(place) => {
                let mut step = journey.steps.remove(place);
                let before = step.version.stamp;
                let meeting = step.version.meet(version);
                if step.version.stamp == before {
                    journey.steps.insert(place, step);
                    return unchanged(Some(meeting));
                }
                (Some(meeting), step)
            }
        };
        let place = journey.steps.partition_point(|other| other.order() < step.order());
        journey.steps.insert(place, step);
        Accepted { meeting, changed: true }
    }

    /// The journeys with a step dated before an instant.
    pub(super) fn reaching_before(&self, horizon: Time) -> Vec<u32> {
        let reaches = |journey: &Journey| journey.steps.iter().any(|step| step.version.dated < horizon);
        let numbers = self.slots.iter().enumerate().filter(|(_, slot)| slot.as_ref().is_some_and(reaches));
        numbers.filter_map(|(number, _)| u32::try_from(number).ok()).collect()
    }

    /// Forgets the steps of a journey that nothing can need any more, and the journey with its last step.
    pub(super) fn forget_before(&mut self, number: u32, horizon: Time) {
        let Some(slot) = self.slots.get_mut(number as usize) else { return };
        let Some(journey) = slot else { return };
        journey.steps.retain(|step| step.version.remembered >= horizon);
        if journey.steps.is_empty() {
            self.numbers.remove(&journey.lead_id);
            *slot = None;
            self.free.push(number);
        }
    }
}
