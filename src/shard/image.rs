//! What a shard remembers, as it was at one instant: written as blocks of bytes, and read back into an empty shard.
//!
//! Only what events said is kept, in their own currencies; facts and cells are derived anew by whoever reads it.

mod packed;
mod translation;

pub use self::translation::{Translation, Unusable};

use super::Shard;
use super::bytes::{Reader, Writer};
use super::chunks::Chunks;
use super::journeys::{Journey, Journeys, Slabs};
use super::ledger::Ledger;
use super::register::Slot;
use crate::entry::{RosterFact, Single, TargetFact, Version, shard_of};
use crate::event::EventType;
use crate::facts::Story;
use crate::id::Id;
use crate::time::Time;

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

    /// When the last identity that was forgotten was to be remembered, in Unix milliseconds; `None` if none ever was.
    #[must_use]
    pub fn forgotten_millis(&self) -> Option<i64> {
        (self.forgotten > Time::MIN).then(|| self.forgotten.millis())
    }

    /// Hands the image on in blocks; answers how much was in them.
    ///
    /// # Errors
    /// Whatever `sink` fails with.
    pub fn write<E>(&self, sink: impl FnMut(Kind, &[u8]) -> Result<(), E>) -> Result<Contents, E> {
        let mut blocks = Blocks { writer: Writer::default(), sink };
        let journeys = blocks.all(Kind::Journeys, self.journeys.contents(), |content, writer| {
            writer.number(content.len() as u64);
            writer.0.extend_from_slice(content);
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
    pub fn image(&self, with_counted: bool) -> Image {
        let counted = || Counted { ledger: self.ledger.clone(), horizon: self.horizon };
        Image {
            shard: self.number,
            forgotten: self.forgotten,
            journeys: self.journeys.image(),
            singles: self.singles.image(),
            targets: self.targets.image(),
            roster: self.roster.image(),
            counted: with_counted.then(counted),
        }
    }

    /// Takes in what an image of this or another shard had in a block, as far as it belongs to this of so many shards;
    /// answers how much of it did. The shard must not have applied anything else before.
    ///
    /// # Errors
    /// [`Unusable`]: the shard has a part of it, and must be thrown away.
    pub fn load(
        &mut self,
        kind: Kind,
        block: &[u8],
        shards: usize,
        translation: &Translation,
        now: Time,
    ) -> Result<u64, Unusable> {
        self.advance(now);
        let mut reader = Reader(block);
        let mut loaded = 0;
        while !reader.0.is_empty() {
            let is_ours = match kind {
                Kind::Journeys => self.load_journey(&mut reader, shards, translation)?,
                Kind::Singles => {
                    let (key, version) = packed::unpack_single(&mut reader, translation, &self.rules)?;
                    let is_ours = shard_of(&key.1, shards) == self.number;
                    if is_ours {
                        self.apply_single(key, version);
                    }
                    is_ours
                }
                Kind::Targets => {
                    let (event_id, version) = packed::unpack_target(&mut reader, translation, &self.rules)?;
                    let is_ours = shard_of(&event_id, shards) == self.number;
                    if is_ours {
                        self.apply_target(event_id, version);
                    }
                    is_ours
                }
                Kind::Roster => {
                    let (event_id, version): (Id, Version<RosterFact>) =
                        packed::unpack_roster(&mut reader, translation)?;
                    let is_ours = shard_of(&event_id, shards) == self.number;
                    if is_ours {
                        self.roster.accept(event_id, version, self.horizon);
                    }
                    is_ours
                }
            };
            loaded += u64::from(is_ours);
        }
        Ok(loaded)
    }

    /// Notes what an image that was loaded had forgotten.
    pub fn note_forgotten(&mut self, forgotten: Time) {
        self.forgotten = self.forgotten.max(forgotten);
    }

    fn load_journey(
        &mut self,
        reader: &mut Reader<'_>,
        shards: usize,
        translation: &Translation,
    ) -> Result<bool, Unusable> {
        let length = reader.number().and_then(|length| usize::try_from(length).ok()).ok_or(Unusable::Damaged)?;
        let bytes = reader.take(length).ok_or(Unusable::Damaged)?;
        let (mut journey, mut story) = (std::mem::take(&mut self.open), std::mem::take(&mut self.after));
        let loaded = self.load_packed(bytes, shards, translation, &mut journey, &mut story);
        (self.open, self.after) = (journey, story);
        loaded
    }

    fn load_packed(
        &mut self,
        bytes: &[u8],
        shards: usize,
        translation: &Translation,
        journey: &mut Journey,
        story: &mut Story,
    ) -> Result<bool, Unusable> {
        Journeys::unpack(bytes, journey).ok_or(Unusable::Damaged)?;
        if shard_of(&journey.lead_id, shards) != self.number {
            return Ok(false);
        }
        let steps = journey.steps.len();
        journey.steps.retain(|step| step.version.remembered >= self.horizon);
        if journey.steps.is_empty() {
            return Ok(true);
        }
        journey.steps.iter_mut().try_for_each(|step| translation.step(step, &self.rules))?;
        let is_same = translation.is_identity() && journey.steps.len() == steps;
        let number = if is_same { self.journeys.insert_packed(journey, bytes) } else { self.journeys.insert(journey) };
        let win = self.tell(journey, story);
        self.count(number, story);
        if win.is_some() {
            self.changed_wins.insert(number, None);
        }
        Ok(true)
    }

    /// Counts the story of a journey that is new.
    fn count(&mut self, number: u32, story: &Story) {
        for (place, fact) in story.facts.iter().enumerate() {
            self.ledger.put(fact, 1);
            if !story.facts.iter().take(place).any(|earlier| earlier.at == fact.at) {
                self.journeys_due.note(fact.at, number);
            }
        }
        story.rows.iter().for_each(|row| self.ledger.rows.name(row.index(), 1));
        story.channels.iter().for_each(|channel| self.ledger.channels.name(channel.index(), 1));
        self.negative_cycles += i64::from(story.negative_cycle);
        self.negative_responses += i64::from(story.negative_response);
    }
}
