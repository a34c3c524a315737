//! What a shard remembers, as it was at one instant: written as blocks of bytes, and read back into an empty shard.
//!
//! Only what events said is kept, in their own currencies; facts are derived anew by whoever reads it, and counted by the
//! shard that takes them in.

mod packed;
mod portion;
mod translation;
mod unpacker;

pub use self::portion::Portion;
pub use self::translation::{Translation, Unusable};
pub use self::unpacker::Unpacker;

use super::Shard;
use super::bytes::Writer;
use super::chunks::Chunks;
use super::journeys::{self, Slabs};
use super::ledger::Ledger;
use super::register::Slot;
use crate::engine::entry::{RosterFact, Single, TargetFact};
use crate::model::event::EventType;
use crate::model::id::Id;
use crate::model::time::Time;

/// A block is handed on when it has at least so many bytes.
const BLOCK: usize = 1 << 20;

/// What the items of a block are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Journeys.
    Journeys = 1,
    /// Spends, answers and payments.
    Singles = 2,
    /// Targets.
    Targets = 3,
    /// Entries of the roster.
    Roster = 4,
}

impl Kind {
    /// The kind of this number.
    #[must_use]
    pub const fn of(number: u8) -> Option<Kind> {
        match number {
            1 => Some(Kind::Journeys),
            2 => Some(Kind::Singles),
            3 => Some(Kind::Targets),
            4 => Some(Kind::Roster),
            _ => None,
        }
    }

    /// What its items are called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Journeys => "journeys",
            Kind::Singles => "spends, answers and payments",
            Kind::Targets => "targets",
            Kind::Roster => "entries of the roster",
        }
    }

    /// The version in which blocks of this kind are written. All versions before it, from 1, are read.
    #[must_use]
    pub const fn version(self) -> u8 {
        match self {
            Kind::Journeys => journeys::VERSION,
            Kind::Singles | Kind::Targets | Kind::Roster => packed::VERSION,
        }
    }
}

/// A shard as it was. Taking it copies next to nothing, however much the shard holds; what the shard changes while the
/// image lives is copied then.
#[derive(Debug)]
pub struct Image {
    /// The shard's number.
    pub shard: usize,
    /// Until when the last identity that was forgotten was to be remembered: nothing that a later horizon needs is
    /// missing.
    pub forgotten: Time,
    pub(super) journeys: Slabs,
    pub(super) singles: Chunks<Slot<(EventType, Id), Single>>,
    pub(super) targets: Chunks<Slot<Id, TargetFact>>,
    pub(super) roster: Chunks<Slot<Id, RosterFact>>,
    /// What the shard counted, for an audit.
    pub(super) counted: Option<Counted>,
}

/// What a shard counted from what it remembers.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    pub(super) ledger: Ledger,
    pub(super) horizon: Time,
    pub(super) negative_cycles: i64,
    pub(super) negative_responses: i64,
}

/// How many of each kind an image has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Contents {
    /// Journeys.
    pub journeys: u64,
    /// Spends, answers and payments.
    pub singles: u64,
    /// Targets.
    pub targets: u64,
    /// Entries of the roster.
    pub roster: u64,
}

impl Contents {
    /// All together.
    #[must_use]
    pub fn total(self) -> u64 {
        self.journeys + self.singles + self.targets + self.roster
    }
}

impl Image {
    /// Whether it can be audited.
    #[must_use]
    pub fn has_counted(&self) -> bool {
        self.counted.is_some()
    }

    /// How many journeys it has.
    #[must_use]
    pub fn journeys(&self) -> u64 {
        self.journeys.count()
    }

    /// When the last identity that was forgotten was to be remembered, in Unix milliseconds; `None` if none ever was.
    #[must_use]
    pub fn forgotten_millis(&self) -> Option<i64> {
        (self.forgotten > Time::MIN).then(|| self.forgotten.millis())
    }

    /// Bytes that only the image holds by now, since the shard has changed its own copy of them.
    #[must_use]
    pub fn copied_bytes(&self) -> usize {
        self.journeys.unshared_bytes()
            + self.singles.unshared_bytes()
            + self.targets.unshared_bytes()
            + self.roster.unshared_bytes()
    }

    /// Hands the image on in blocks; answers how much was in them.
    ///
    /// # Errors
    /// Whatever `sink` fails with.
    pub fn write<E>(&self, sink: impl FnMut(Kind, &[u8]) -> Result<(), E>) -> Result<Contents, E> {
        let mut blocks = Blocks { writer: Writer::default(), sink };
        let journeys = blocks.all(Kind::Journeys, self.journeys.contents(), |content, writer| {
            writer.bytes(content);
        })?;
        let singles = blocks.all(Kind::Singles, self.singles.iter().flatten(), packed::pack_single)?;
        let targets = blocks.all(Kind::Targets, self.targets.iter().flatten(), packed::pack_target)?;
        let roster = blocks.all(Kind::Roster, self.roster.iter().flatten(), packed::pack_roster)?;
        Ok(Contents { journeys, singles, targets, roster })
    }
}

struct Blocks<S> {
    writer: Writer,
    sink: S,
}

impl<E, S: FnMut(Kind, &[u8]) -> Result<(), E>> Blocks<S> {
    fn all<T>(&mut self, kind: Kind, items: impl Iterator<Item = T>, pack: impl Fn(T, &mut Writer)) -> Result<u64, E> {
        let mut count = 0;
        for item in items {
            pack(item, &mut self.writer);
            count += 1;
            if self.writer.0.len() >= BLOCK {
                self.hand_on(kind)?;
            }
        }
        self.hand_on(kind)?;
        Ok(count)
    }

    fn hand_on(&mut self, kind: Kind) -> Result<(), E> {
        if !self.writer.0.is_empty() {
            (self.sink)(kind, &self.writer.0)?;
            self.writer.0.clear();
        }
        Ok(())
    }
}

impl Shard {
    /// The shard as it is now; with what it counted, if that is to be audited.
    #[must_use]
    pub fn image(&mut self, with_counted: bool) -> Image {
        self.settle_long();
        let counted = with_counted.then(|| {
            // What a reading would tell now is audited too.
            let _ = self.ledger.share();
            Counted {
                ledger: self.ledger.clone(),
                horizon: self.horizon,
                negative_cycles: self.negative_cycles,
                negative_responses: self.negative_responses,
            }
        });
        Image {
            shard: self.number,
            forgotten: self.forgotten,
            journeys: self.journeys.image(),
            singles: self.singles.image(),
            targets: self.targets.image(),
            roster: self.roster.image(),
            counted,
        }
    }

    /// Notes what an image that was loaded had forgotten.
    pub fn note_forgotten(&mut self, forgotten: Time) {
        self.forgotten = self.forgotten.max(forgotten);
    }
}
