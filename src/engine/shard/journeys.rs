//! The journeys of a shard, each in its byte form; one at a time is opened to be looked at or changed.

mod index;
mod packed;
mod slabs;

use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use self::index::Index;
pub(super) use self::packed::{LAST_WITH_PLACES, LOST, VERSION, VOID};
pub(super) use self::slabs::{Place, Slabs};
use super::bytes::{Broken, Writer};
use super::currencies::Currencies;
use crate::engine::directory::RowId;
use crate::engine::entry::{KnownStep, Meeting};
use crate::engine::near::{LINE, prefetch};
use crate::model::id::Id;
use crate::model::time::{DAY, Time};

/// One journey, opened.
#[derive(Debug, Default)]
pub(super) struct Journey {
    /// Its identity.
    pub(super) lead_id: Id,
    /// All remembered steps, retracted and expired ones too, in their order.
    pub(super) steps: Vec<KnownStep>,
    /// How many bytes it had when it was opened.
    pub(super) packed: usize,
}

/// What a step did to its journey.
#[derive(Clone, Copy, Debug)]
pub(super) struct Accepted {
    /// How it met a known version of itself; `None`: it was unknown.
    pub(super) meeting: Option<Meeting>,
    /// Whether the journey may have other facts than before.
    pub(super) changed: bool,
    /// Whether the journey must be written back.
    pub(super) remember: bool,
    /// Whether the step is new and the last one, so that the others are as they were.
    pub(super) is_last: bool,
}

impl Journey {
    /// Takes a step in. One that lies wholly before the horizon and is not known is not remembered.
    pub(super) fn accept(&mut self, step: KnownStep, horizon: Time) -> Accepted {
        let is_same = |known: &KnownStep| known.is_move == step.is_move && known.event_id == step.event_id;
        let known = self.steps.iter().position(is_same);
        let (meeting, step) = match known {
            None if step.version.remembered < horizon => {
                return Accepted { meeting: None, changed: false, remember: false, is_last: false };
            }
            None if self.steps.last().is_none_or(|last| last.order() < step.order()) => {
                self.steps.push(step);
                return Accepted { meeting: None, changed: true, remember: true, is_last: true };
            }
            None => (None, step),
            Some(place) => {
                let mut known = self.steps.remove(place);
                let (stamp, remembered) = (known.version.stamp, known.version.remembered);
                let meeting = Some(known.version.meet(step.version));
                if known.version.stamp == stamp {
                    let remember = known.version.remembered.floor(DAY) > remembered.floor(DAY);
                    self.steps.insert(place, known);
                    return Accepted { meeting, changed: false, remember, is_last: false };
                }
                (meeting, known)
            }
        };
        let place = self.steps.partition_point(|other| other.order() < step.order());
        self.steps.insert(place, step);
        Accepted { meeting, changed: true, remember: true, is_last: false }
    }

    /// The UTC day of the earliest step.
    pub(super) fn earliest_day(&self) -> i64 {
        // The steps are in the order of their times.
        self.steps.first().map_or(i64::MAX, |step| step.version.dated.millis().div_euclid(DAY))
    }
}

/// At most so many lines of a journey are fetched before it is opened: more come by themselves.
const MOST_LINES: usize = 6;

/// Where a journey is, and the day of its earliest step, so that the horizon need not open it to pass it by.
#[derive(Clone, Copy, Debug)]
struct Slot {
    index: u32,
    class: u16,
    /// Days since 1970-01-01, as far as 16 bits reach either way.
    earliest_day: i16,
}

impl Slot {
    /// Of no journey.
    const FREE: Slot = Slot { index: 0, class: 0, earliest_day: 0 };

    fn place(self) -> Option<Place> {
        (self.class > 0).then_some(Place { class: self.class, index: self.index })
    }
}

/// All journeys, by identity and by number. Numbers are given again after a journey is forgotten.
#[derive(Debug, Default)]
pub(super) struct Journeys {
    hasher: RandomState,
    /// The identities are in the journeys themselves.
    numbers: Index,
    slots: Vec<Slot>,
    free: Vec<u32>,
    slabs: Slabs,
    /// How many of them have very many steps.
    long: usize,
    writer: Writer,
}

impl Journeys {
    /// The number of a journey.
    pub(super) fn number(&self, lead_id: &Id) -> Option<u32> {
        let hash = self.hash(lead_id);
        self.numbers.find(hash, |number| self.bytes(number).is_some_and(|bytes| packed::is_of(bytes, lead_id)))
    }

    /// Whether a number is that of this journey.
    pub(super) fn is(&self, number: u32, lead_id: &Id) -> bool {
        self.bytes(number).is_some_and(|bytes| packed::is_of(bytes, lead_id))
    }

    /// How many journeys have so many steps that each further one is counted later than others are.
    pub(super) fn long(&self) -> usize {
        self.long
    }

    /// By what a journey is looked for.
    pub(super) fn hash(&self, lead_id: &Id) -> u64 {
        self.hasher.hash_one(lead_id)
    }

    /// Has the place fetched where the number of a journey of this hash is.
    pub(super) fn prefetch_number(&self, hash: u64) {
        self.numbers.prefetch(hash);
    }

    /// The number of a journey of this hash, if there is one; else perhaps that of another.
    pub(super) fn candidate(&self, hash: u64) -> Option<u32> {
        self.numbers.find(hash, |_| true)
    }

    /// Where a journey is.
    pub(super) fn place(&self, number: u32) -> Option<Place> {
        self.slots.get(number as usize)?.place()
    }

    /// Has the bytes of a journey fetched.
    pub(super) fn prefetch(&self, place: Place) {
        let bytes = self.slabs.get(place);
        (0..MOST_LINES).map_while(|line| bytes.get(line * LINE)).for_each(prefetch);
    }

    /// When the first step of a journey happened and who is credited with it, where its first bytes say so.
    pub(super) fn beginning(&self, place: Place) -> Option<(Time, RowId)> {
        packed::beginning(self.slabs.get(place))
    }

    /// Whether a journey has so many steps that opening it for one more would cost too much.
    pub(super) fn is_long(&self, number: u32) -> bool {
        self.place(number).is_some_and(Place::is_large)
    }

    /// How many journeys there are.
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Reads a journey as it lies in memory.
    pub(super) fn read(bytes: &[u8], journey: &mut Journey) -> Result<(), Broken> {
        packed::unpack(bytes, packed::VERSION, &Currencies::OWN, journey)
    }

    /// Reads a journey in a version of the byte form, with currencies as they were numbered when it was written.
    pub(super) fn unpack(
        bytes: &[u8],
        version: u8,
        currencies: &Currencies,
        journey: &mut Journey,
    ) -> Result<(), Broken> {
        packed::unpack(bytes, version, currencies, journey)
    }

    /// Appends the byte form of a journey.
    pub(super) fn pack(journey: &Journey, writer: &mut Writer) {
        packed::pack(journey, writer);
    }

    /// Makes room for so many more. A larger index is made from the journeys one after another, as they lie in memory:
    /// from number to number would be from place to place.
    pub(super) fn reserve(&mut self, journeys: usize) {
        let needed = self.numbers.len() + journeys;
        if needed <= self.numbers.capacity() {
            return;
        }
        self.numbers = Index::default();
        self.numbers = Index::with_capacity(needed);
        let hashed = |(number, bytes)| Some((self.hasher.hash_one(packed::lead_id(bytes)?), number));
        self.numbers.extend(self.slabs.owned().filter_map(hashed));
    }

    /// Opens a journey; one that is not there has no steps.
    pub(super) fn open(&self, number: u32, journey: &mut Journey) {
        let unpacked = self.bytes(number).map(|bytes| Journeys::read(bytes, journey));
        if unpacked != Some(Ok(())) {
            journey.steps.clear();
        }
    }

    /// Opens a journey for a step that comes after all others and is unknown: nobody asks for the ids of those then, which
    /// are left out, and of customers only if they are counted. False if it is no such step.
    pub(super) fn open_for(&self, number: u32, step: &KnownStep, with_customers: bool, journey: &mut Journey) -> bool {
        let Some(bytes) = self.bytes(number) else { return false };
        let mut finding = packed::Finding::of(step, with_customers);
        let read = packed::unpack_finding(bytes, &mut finding, journey);
        let is_after = |last: &KnownStep| last.instant() < step.instant();
        read.is_ok() && !finding.is_found() && journey.steps.last().is_some_and(is_after)
    }

    /// Writes a new journey; answers its number.
    pub(super) fn insert(&mut self, journey: &Journey) -> u32 {
        self.packed(journey, |journeys, packed| {
            journeys.insert_packed(&journey.lead_id, journey.earliest_day(), packed)
        })
    }

    /// Writes a new journey whose byte form is known; what the rounding of its block added may follow it.
    pub(super) fn insert_packed(&mut self, id: &Id, earliest_day: i64, packed: &[u8]) -> u32 {
        if self.numbers.len() == self.numbers.capacity() {
            self.reserve(self.numbers.len().max(1));
        }
        let number = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::FREE);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        self.write_back(number, earliest_day, packed);
        self.numbers.insert(self.hasher.hash_one(id), number);
        number
    }

    /// Does something with the byte form of a journey.
    fn packed<T>(&mut self, journey: &Journey, write: impl FnOnce(&mut Journeys, &[u8]) -> T) -> T {
        let mut writer = std::mem::take(&mut self.writer);
        writer.0.clear();
        packed::pack(journey, &mut writer);
        let answer = write(self, &writer.0);
        self.writer = writer;
        answer
    }

    /// Writes a journey back, or forgets it with its last step.
    pub(super) fn write(&mut self, number: u32, journey: &Journey) {
        if journey.steps.is_empty() {
            self.forget(number, journey);
            return;
        }
        self.packed(journey, |journeys, packed| journeys.write_back(number, journey.earliest_day(), packed));
    }

    /// Writes a journey back that has one more step, after all others.
    pub(super) fn append(&mut self, number: u32, journey: &Journey) {
        let mut writer = std::mem::take(&mut self.writer);
        writer.0.clear();
        let appended = self.bytes(number).and_then(|bytes| packed::append(bytes, journey, &mut writer));
        if appended.is_none() {
            // The journey may be open without its ids.
            let mut whole = Journey::default();
            self.open(number, &mut whole);
            whole.steps.extend(journey.steps.last().cloned());
            writer.0.clear();
            packed::pack(&whole, &mut writer);
        }
        self.write_back(number, journey.earliest_day(), &writer.0);
        self.writer = writer;
    }

    fn write_back(&mut self, number: u32, earliest_day: i64, packed: &[u8]) {
        let before = self.slots.get(number as usize).and_then(|slot| slot.place());
        let class = Slabs::class(packed.len());
        let place = match before {
            Some(place) if place.class == class => {
                self.slabs.write(place, number, packed);
                place
            }
            before => {
                // Take the old block out first: the last block of its class may move.
                if let Some(place) = before {
                    self.take_out(place);
                }
                self.slabs.insert(class, number, packed)
            }
        };
        self.long += usize::from(place.is_large());
        self.long -= usize::from(before.is_some_and(Place::is_large));
        let earliest = earliest_day.clamp(i16::MIN.into(), i16::MAX.into());
        if let Some(slot) = self.slots.get_mut(number as usize) {
            let earliest_day = i16::try_from(earliest).unwrap_or(i16::MIN);
            *slot = Slot { index: place.index, class: place.class, earliest_day };
        }
    }

    fn forget(&mut self, number: u32, journey: &Journey) {
        let hash = self.hash(&journey.lead_id);
        self.numbers.remove(hash, number);
        if let Some(place) = self.place(number) {
            self.long -= usize::from(place.is_large());
            self.take_out(place);
        }
        if let Some(slot) = self.slots.get_mut(number as usize) {
            *slot = Slot::FREE;
            self.free.push(number);
        }
    }

    fn take_out(&mut self, place: Place) {
        if let Some(moved) = self.slabs.remove(place)
            && let Some(slot) = self.slots.get_mut(moved.owner as usize)
        {
            slot.index = moved.to.index;
        }
    }

    /// The journeys with a step dated before an instant; days beyond 16 bits are looked at to be sure.
    pub(super) fn reaching_before(&self, horizon: Time) -> Vec<u32> {
        let day = horizon.millis().div_euclid(DAY);
        let reaches =
            |slot: &Slot| slot.class > 0 && (i64::from(slot.earliest_day) < day || slot.earliest_day == i16::MAX);
        let numbers = self.slots.iter().enumerate().filter(|(_, slot)| reaches(slot));
        numbers.filter_map(|(number, _)| u32::try_from(number).ok()).collect()
    }

    /// All journeys as they are now, in their byte form.
    pub(super) fn image(&mut self) -> Slabs {
        self.slabs.share()
    }

    /// Bytes held for journeys, their index included.
    pub(super) fn resident_bytes(&self) -> usize {
        self.slabs.bytes()
            + self.slots.capacity() * size_of::<Slot>()
            + self.numbers.bytes()
            + self.free.capacity() * size_of::<u32>()
    }

    fn bytes(&self, number: u32) -> Option<&[u8]> {
        self.place(number).map(|place| self.slabs.get(place))
    }
}
