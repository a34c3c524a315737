//! The first stage: a set of events becomes facts, summed in windows.
//!
//! On every event `delta = facts(journey after) − facts(journey before)`. Duplicates, order, corrections,
//! re-opened deals, changes of owner and wins that arrive before their lead then need no code of their own.
//! The clock works the same way: `delta = windows(fact now) − windows(fact before)` for the facts that an
//! edge of a window has passed, and facts(now) − facts(before) where the horizon has.

mod advance;
mod ahead;
mod audit;
mod bytes;
mod chunks;
mod currencies;
mod deals;
mod difference;
mod image;
mod journeys;
mod ledger;
mod long;
mod reading;
mod register;

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

pub use self::audit::Mismatch;
pub use self::deals::{Deal, Standing};
pub use self::image::{Contents, Image, Kind, Portion, Translation, Unpacker, Unusable};
use self::journeys::{Accepted, Journey, Journeys};
use self::ledger::Ledger;
use self::long::LongJourneys;
pub use self::reading::{Held, Linked, RosterValue, ShardReading, TargetValue, WinChange};
use self::register::Register;
use crate::engine::directory::{ChannelId, Directory, RowId};
use crate::engine::entry::{Entry, KnownStep, Meeting, RosterFact, Single, Step, TargetFact, TargetOf, Version};
use crate::engine::facts::{Fact, Judge, Story, Win};
use crate::engine::meanings::{Courses, Meanings};
use crate::engine::timeline::Timeline;
use crate::model::calendar::PeriodKind;
use crate::model::event::EventType;
use crate::model::id::{Id, UNASSIGNED};
use crate::model::needs::Needs;
use crate::model::rules::Rules;
use crate::model::time::Time;

/// How an accepted record met what was known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrival {
    /// Its identity is known, and its version and hash are the present truth's.
    pub duplicate: bool,
    /// It loses to the present truth.
    pub superseded: bool,
    /// It lies before the horizon.
    pub expired: bool,
}

/// What the parts of a shard hold, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShardMemory {
    /// Journeys with their index.
    pub journeys: usize,
    /// Spends, answers, payments, targets and entries of the roster, with their index.
    pub identities: usize,
    /// When to look at what again.
    pub timelines: usize,
    /// All sums.
    pub cells: usize,
}

/// One share of all journeys and facts, owned by one thread: no lock and no shared map on the way.
#[derive(Debug)]
pub struct Shard {
    number: usize,
    rules: Arc<Rules>,
    directory: Arc<Directory>,
    courses: Courses,
    meanings: Meanings,
    /// The channel of journeys that name none.
    no_channel: ChannelId,
    horizon: Time,
    ledger: Ledger,
    journeys: Journeys,
    /// When to look at a journey again.
    journeys_due: Timeline,
    /// Spend, feedback and payments.
    singles: Register<(EventType, Id), Single>,
    singles_due: Timeline,
    targets: Register<Id, TargetFact>,
    roster: Register<Id, RosterFact>,
    /// The wins of journeys whose win has changed since the last reading, as they were then. It is bounded by the
    /// number of journeys, however long nobody reads.
    changed_wins: HashMap<u32, Option<Box<Win>>, RandomState>,
    /// The journeys that payments and answers name in place of a rep, and the owners of those that have one.
    deals: HashMap<Id, Option<RowId>, RandomState>,
    /// Whether the owners are those of now; not after journeys came from a snapshot.
    owners_are_known: bool,
    negative_cycles: i64,
    negative_responses: i64,
    /// Journeys of very many steps, of which not all are counted yet.
    long: LongJourneys,
    /// Until when the last identity that was forgotten was to be remembered.
    forgotten: Time,
    /// Kept for their memory: the open journey, its story as it was and as it is (in boxes, so that they are moved by
    /// their address), and the facts that are new in it.
    open: Journey,
    before: Option<Box<Story>>,
    after: Option<Box<Story>>,
    new_facts: Vec<Fact>,
    /// How many steps were opened or told of, by which tests see what a long journey costs.
    #[cfg(test)]
    seen_steps: std::cell::Cell<usize>,
    /// How many facts were looked at to count and to move others.
    #[cfg(test)]
    seen_facts: std::cell::Cell<usize>,
}

impl Shard {
    /// An empty shard whose windows stand at `now`.
    #[must_use]
    pub fn new(number: usize, rules: Arc<Rules>, directory: &Arc<Directory>, now: Time) -> Shard {
        Shard {
            number,
            directory: Arc::clone(directory),
            courses: Courses::new(&rules),
            meanings: Meanings::default(),
            deals: HashMap::default(),
            owners_are_known: true,
            no_channel: directory.channel(directory.name(UNASSIGNED)),
            horizon: rules.horizon(now),
            ledger: Ledger::new(Arc::clone(&rules), now),
            rules,
            journeys: Journeys::default(),
            journeys_due: Timeline::default(),
            singles: Register::default(),
            singles_due: Timeline::default(),
            targets: Register::default(),
            roster: Register::default(),
            changed_wins: HashMap::default(),
            negative_cycles: 0,
            negative_responses: 0,
            long: LongJourneys::default(),
            forgotten: Time::MIN,
            open: Journey::default(),
            before: None,
            after: None,
            new_facts: Vec::new(),
            #[cfg(test)]
            seen_steps: std::cell::Cell::default(),
            #[cfg(test)]
            seen_facts: std::cell::Cell::default(),
        }
    }

    /// Applies an entry that arrived at `now`.
    pub fn apply(&mut self, entry: Entry, now: Time) -> Arrival {
        self.advance(now);
        self.take(entry, None)
    }

    /// Applies an entry; `likely` may be the number of its journey.
    fn take(&mut self, entry: Entry, likely: Option<u32>) -> Arrival {
        let horizon = self.horizon;
        let (expired, meeting) = match entry {
            Entry::Step { lead_id, step } => {
                let expired = step.version.dated < horizon;
                let likely = likely.filter(|number| self.journeys.is(*number, &lead_id));
                let number = likely.or_else(|| self.journeys.number(&lead_id));
                (expired, self.apply_step(number, lead_id, step))
            }
            Entry::Single(key, version) => (version.dated < horizon, self.apply_single(key, version)),
            Entry::Target(event_id, version) => (version.dated < horizon, self.apply_target(event_id, version)),
            Entry::Roster(event_id, version) => (version.dated < horizon, self.apply_roster(event_id, version)),
            Entry::Watch(deal) => {
                self.watch(&deal);
                (false, None)
            }
        };
        Arrival {
            expired,
            duplicate: meeting == Some(Meeting::Duplicate),
            superseded: meeting == Some(Meeting::Superseded),
        }
    }

    fn judge(&self) -> Judge<'_> {
        Judge {
            rules: &self.rules,
            courses: &self.courses,
            meanings: &self.meanings,
            horizon: self.horizon,
            no_channel: self.no_channel,
        }
    }

    fn apply_step(&mut self, known: Option<u32>, lead_id: Id, step: KnownStep) -> Option<Meeting> {
        let remembered = step.version.remembered;
        if step.version.content.as_ref().and_then(Step::spoken).is_some_and(|spoken| !self.meanings.knows(spoken)) {
            self.meanings.learn(&self.directory, &self.courses, &self.rules);
        }
        if known.is_none() && remembered < self.horizon {
            self.note_forgotten(remembered);
            return None;
        }
        if let Some(number) = known.filter(|number| self.journeys.is_long(*number)) {
            return self.apply_to_long(number, step);
        }
        let (mut journey, mut before) = (std::mem::take(&mut self.open), self.before.take().unwrap_or_default());
        match known {
            Some(number) if self.journeys.open_for(number, &step, self.counts_customers(), &mut journey) => {
                journey.lead_id = lead_id;
            }
            Some(number) => self.journeys.open(number, &mut journey),
            None => {
                journey.steps.clear();
                journey = Journey { lead_id, steps: journey.steps, packed: 0 };
            }
        }
        let win_before = self.tell(&journey, &mut before);
        let accepted = journey.accept(step, self.horizon);
        let number = match known {
            Some(number) => {
                match accepted {
                    Accepted { is_last: true, .. } => self.journeys.append(number, &journey),
                    Accepted { remember: true, .. } => self.journeys.write(number, &journey),
                    _ => {}
                }
                number
            }
            None => self.journeys.insert(&journey),
        };
        if accepted.meeting.is_none() && !accepted.remember {
            self.note_forgotten(remembered);
        }
        if accepted.changed {
            let mut after = self.after.take().unwrap_or_default();
            let last = journey.steps.last().filter(|_| accepted.is_last);
            if !last.is_some_and(|last| after.go_on(&before, last, &self.judge())) {
                after.retell(&journey.steps, &self.judge());
            }
            self.count_change(number, &journey, (&before, win_before), &after);
            self.after = Some(after);
        }
        (self.open, self.before) = (journey, Some(before));
        accepted.meeting
    }

    /// Whether anybody asks for customers.
    fn counts_customers(&self) -> bool {
        self.rules.counted.has(Needs::CUSTOMERS)
    }

    /// Tells a journey's story, and its win.
    fn tell(&self, journey: &Journey, story: &mut Story) -> Option<Win> {
        #[cfg(test)]
        self.seen_steps.set(self.seen_steps.get() + journey.steps.len());
        story.retell(&journey.steps, &self.judge());
        story.win(&journey.lead_id, &journey.steps, self.horizon)
    }

    /// Opens a journey and tells its story as it stands, and its win.
    fn retell(&mut self, number: u32, story: &mut Story) -> Option<Win> {
        let mut journey = std::mem::take(&mut self.open);
        self.journeys.open(number, &mut journey);
        let win = self.tell(&journey, story);
        self.open = journey;
        win
    }

    /// Counts the difference between a journey as it was and as it is.
    fn settle(&mut self, number: u32, journey: &Journey, before: &Story, win_before: Option<Win>) {
        let mut after = self.after.take().unwrap_or_default();
        after.retell(&journey.steps, &self.judge());
        self.count_change(number, journey, (before, win_before), &after);
        self.after = Some(after);
    }

    /// Counts the difference between a journey's story and its win as they were, and the story as it is.
    fn count_change(
        &mut self,
        number: u32,
        journey: &Journey,
        (before, win_before): (&Story, Option<Win>),
        after: &Story,
    ) {
        let win_after = after.win(&journey.lead_id, &journey.steps, self.horizon);
        self.count_difference(number, &before.facts, &after.facts, after.kept());
        let (rows, channels) = self.ledger.tables_mut();
        renamed(&before.rows, &after.rows, |row, times| rows.name(row.index(), times));
        renamed(&before.channels, &after.channels, |channel, times| channels.name(channel.index(), times));
        self.negative_cycles += i64::from(after.negative_cycle) - i64::from(before.negative_cycle);
        self.negative_responses += i64::from(after.negative_response) - i64::from(before.negative_response);
        if win_before != win_after {
            self.changed_wins.entry(number).or_insert(win_before.map(Box::new));
        }
        if let Some(owner) = self.deals.get_mut(&journey.lead_id) {
            *owner = after.owner;
        }
    }

    fn apply_single(&mut self, key: (EventType, Id), version: Version<Single>) -> Option<Meeting> {
        let remembered = version.remembered;
        let accepted = self.singles.accept(key, version, self.horizon);
        if accepted.number.is_none() {
            self.note_forgotten(remembered);
        }
        let credited = |(at, single): (Time, Single)| single.deal.is_none().then(|| single.fact(at));
        let (before, after) = (accepted.before.and_then(credited), accepted.after.and_then(credited));
        if before != after {
            before.iter().for_each(|fact| self.put_single(fact, -1));
            after.iter().for_each(|fact| self.put_single(fact, 1));
            if let (Some(fact), Some(number)) = (after, accepted.number) {
                self.singles_due.note(fact.at, number);
            }
        }
        accepted.meeting
    }

    /// Counts a fact that stands alone, and that its event names its row and channel.
    fn put_single(&mut self, fact: &Fact, times: i64) {
        self.ledger.put(fact, times);
        let (rows, channels) = self.ledger.tables_mut();
        rows.name(fact.row.index(), times);
        if let Some(channel) = fact.channel {
            channels.name(channel.index(), times);
        }
    }

    fn apply_target(&mut self, event_id: Id, version: Version<TargetFact>) -> Option<Meeting> {
        let remembered = version.remembered;
        let accepted = self.targets.accept(event_id, version, self.horizon);
        if accepted.number.is_none() {
            self.note_forgotten(remembered);
        }
        accepted.before.iter().for_each(|(_, target)| self.name_target(target, -1));
        accepted.after.iter().for_each(|(_, target)| self.name_target(target, 1));
        accepted.meeting
    }

    fn apply_roster(&mut self, event_id: Id, version: Version<RosterFact>) -> Option<Meeting> {
        let remembered = version.remembered;
        let accepted = self.roster.accept(event_id, version, self.horizon);
        if accepted.number.is_none() {
            self.note_forgotten(remembered);
        }
        accepted.meeting
    }

    /// Finds the owners of all journeys that are asked for, once after they came from a snapshot.
    fn find_owners(&mut self) {
        if self.owners_are_known {
            return;
        }
        let deals: Vec<Id> = std::mem::take(&mut self.deals).into_keys().collect();
        deals.iter().for_each(|deal| self.watch(deal));
        self.owners_are_known = true;
    }

    /// Keeps an eye on the owner of a journey, which payments or answers name.
    fn watch(&mut self, deal: &Id) {
        if self.deals.contains_key(deal) {
            return;
        }
        let owner = self.journeys.number(deal).and_then(|number| {
            let mut story = self.after.take().unwrap_or_default();
            let _ = self.retell(number, &mut story);
            let owner = story.owner;
            self.after = Some(story);
            owner
        });
        self.deals.insert(deal.clone(), owner);
    }

    fn name_target(&mut self, target: &TargetFact, times: i64) {
        if let TargetOf::Row(row) = target.of {
            self.ledger.tables_mut().0.name(row.index(), times);
        }
    }

    /// What its parts hold, in bytes.
    #[must_use]
    pub fn memory(&self) -> ShardMemory {
        ShardMemory {
            journeys: self.journeys.resident_bytes(),
            identities: self.singles.resident_bytes() + self.targets.resident_bytes() + self.roster.resident_bytes(),
            timelines: self.journeys_due.resident_bytes() + self.singles_due.resident_bytes(),
            cells: self.ledger.resident_bytes(),
        }
    }

    /// Moves the windows to `now` and tells the board. Changed wins are told once, so every reading must reach
    /// the board.
    pub fn read(&mut self, now: Time) -> ShardReading {
        self.advance(now);
        self.settle_long();
        self.find_owners();
        let mut story = self.after.take().unwrap_or_default();
        let changed = std::mem::take(&mut self.changed_wins);
        let wins = changed.into_iter().map(|(number, before)| WinChange {
            before: before.map(|win| *win),
            after: self.retell(number, &mut story),
        });
        let wins = wins.filter(|change| change.before != change.after).collect();
        self.after = Some(story);
        let [rows, channels] = self.ledger.share();
        ShardReading {
            shard: self.number,
            rows,
            channels,
            wins,
            targets: reading::present_targets(&self.targets, self.horizon, &self.rules, now),
            linked: reading::linked(&self.singles, self.horizon, &self.rules),
            owners: self.deals.iter().filter_map(|(deal, owner)| Some((deal.clone(), (*owner)?))).collect(),
            teams: reading::teams_with_targets(&self.targets, self.horizon),
            roster: reading::roster(&self.roster, self.horizon),
            held: Held {
                journeys: self.journeys.len(),
                long_journeys: self.journeys.long(),
                journey_bytes: self.journeys.resident_bytes(),
                identities: self.singles.len() + self.targets.len() + self.roster.len(),
                instants: self.journeys_due.len() + self.singles_due.len(),
                cells: self.ledger.rows().cells() + self.ledger.channels().cells(),
                negative_cycles: self.negative_cycles,
                negative_responses: self.negative_responses,
            },
        }
    }
}

/// Tells which names came (1) and which went (−1); those that stayed in front are passed over.
fn renamed<T: Copy + PartialEq>(before: &[T], after: &[T], mut name: impl FnMut(T, i64)) {
    let same = before.iter().zip(after).take_while(|(was, is)| was == is).count();
    before.iter().skip(same).for_each(|was| name(*was, -1));
    after.iter().skip(same).for_each(|is| name(*is, 1));
}

/// Orders what is due by its number, so that each journey is told once.
fn by_number(mut due: Vec<(Time, u32)>) -> Vec<(Time, u32)> {
    due.sort_unstable_by_key(|(at, number)| (*number, *at));
    due
}
