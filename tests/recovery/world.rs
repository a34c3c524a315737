//! What happens to the service, step by step: to up to three members of its group, and to one that does not belong there.

mod ends;
mod faults;
mod rounds;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use salespulse::config::OnGap;
use salespulse::contract::decode::{Decoded, Decoder};
use salespulse::engine::Engine;
use salespulse::health::Condition;
use salespulse::kpi::Catalogue;
use salespulse::kpi::exposition::{Format, render};
use salespulse::model::event::EventType;
use salespulse::model::rules::Rules;
use salespulse::model::time::{DAY, HOUR, MINUTE, Time};
use salespulse::service::event_loop::LoopFailure;
use salespulse::snapshot::{Home, Kept, ObjectName, Offsets, RoundName, total};

use crate::dice::Dice;
use crate::recovery::cluster::{Cluster, Shared};
use crate::recovery::configurations;
use crate::recovery::golden;
use crate::recovery::group::SESSION;
use crate::recovery::logs::{Logs, Place};
use crate::recovery::member::CHANGED;
use crate::recovery::objects::{Objects, header};
use crate::recovery::process::{INTERVAL, Process, Start, home, record};
use crate::recovery::survived::Survived;
use crate::recovery::troubles::{FATAL, Trouble};

/// How far the clock may jump at once, and within what it stays.
const JUMPS: [i64; 6] = [HOUR, DAY, 20 * DAY, -3 * MINUTE, -5 * HOUR, -2 * DAY];
const LATEST: i64 = 60 * DAY;

/// The seats of those that belong to the group.
const SEATS: [&str; 3] = ["a", "b", "c"];
/// The seat of the one that does not, and what it may read.
const FOREIGN: &str = "x";
const FOREIGN_KINDS: [&[EventType]; 3] =
    [&[EventType::Spend, EventType::Feedback], &[EventType::Lead], &[EventType::Spend, EventType::Lead]];

/// How many turns somebody may take at the end until it shows everything.
const LAST_TURNS: usize = 5_000;

struct Running {
    process: Process,
    /// It stands still until then.
    asleep_until: u64,
    /// What it has seen of the store; 0 if its view is to be made anew.
    has_seen: u64,
}

impl Running {
    fn is_foreign(&self) -> bool {
        self.process.instance == FOREIGN
    }
}

pub(crate) struct World {
    dice: Dice,
    cluster: Shared,
    objects: Objects,
    /// What somebody saw of the store a while ago.
    earlier: Objects,
    running: Vec<Running>,
    rules: Arc<Rules>,
    /// What the rules were before the last change.
    rules_before: Option<Arc<Rules>>,
    /// What the newest snapshot was written under, and what it reaches to.
    durable: Option<(Arc<Rules>, Offsets)>,
    /// What the newest one reaches to that somebody may not know of yet, as long as nothing has happened that may keep the
    /// next start from using it.
    intact: Option<Offsets>,
    /// Whether a process began with an old view of the store: what it writes may reach less far than what is there.
    has_begun_late: bool,
    /// Whether an operator lets the next start begin anew, because a log is another.
    may_begin_anew: bool,
    /// Whether the store has rounds of logs that are others now: the next start refuses, whoever has written since.
    has_stale_rounds: bool,
    /// When everything has happened that records say; the clock begins here.
    first: Time,
    clock: Time,
    base: Instant,
    /// How often the store has changed, so that nobody looks at it again for nothing.
    changes: u64,
    /// Whether everything has happened: from then on nothing fails any more.
    is_over: bool,
    survived: Survived,
}

/// A round that is being written.
struct Round {
    objects: VecDeque<(ObjectName, Vec<u8>)>,
    durable: Offsets,
}

impl Round {
    /// Whether nobody has written a part of it before.
    fn is_all_new(&self) -> bool {
        self.objects.front().is_some_and(|(name, _)| name.shards == self.objects.len())
    }
}

impl World {
    pub(crate) fn new(seed: u64) -> World {
        let objects = Objects::new();
        let mut dice = Dice::new(seed);
        let first = Time::parse("2026-07-05T00:00:00Z").expect("a time");
        let cluster = Cluster::new(seed, first);
        let rules = configurations::choose(&cluster.borrow().logs.configuration, &mut dice);
        World {
            rules,
            dice,
            cluster,
            earlier: objects.fork(),
            objects,
            running: Vec::new(),
            rules_before: None,
            durable: None,
            intact: None,
            has_begun_late: false,
            may_begin_anew: false,
            has_stale_rounds: false,
            first,
            clock: first,
            base: Instant::now(),
            changes: 1,
            is_over: false,
            survived: Survived::default(),
        }
    }

    /// Lives until everything has been produced, and then compares.
    pub(crate) fn run(mut self) -> Survived {
        while !self.cluster.borrow().logs.is_over() {
            self.step();
        }
        self.cluster.borrow_mut().is_away = false;
        self.cluster.borrow_mut().troubles.end();
        self.is_over = true;
        while let Some(other) = self.running.iter().position(Running::is_foreign) {
            self.running.remove(other);
        }
        if self.dice.percent(50) {
            self.running.clear();
        }
        let place = self.reads_everything();
        self.cluster.borrow_mut().logs.mend();
        self.compare_numbers(place);
        self.compare_letters();
        while let Some(Running { process, .. }) = self.running.pop() {
            self.stop(process);
        }
        self.survived
    }

    fn now(&self) -> Instant {
        self.base + Duration::from_millis(self.cluster.borrow().now)
    }

    /// Lets everybody live until one shows everything; answers which.
    fn reads_everything(&mut self) -> usize {
        for _ in 0..LAST_TURNS {
            if self.running.is_empty() {
                self.start();
            }
            self.pass(100);
            let place = self.dice.below(self.running.len());
            self.turn(place);
            let shows = |running: &Running| running.process.shows(self.now());
            let Some(place) = self.running.iter().position(shows) else { continue };
            let logs = &self.cluster.borrow().logs;
            let is_at_end = |place: Place, next: usize| next == logs.log(place).len();
            let member = self.running[place].process.member();
            if member.knows_logs()
                && member.has_read_all(is_at_end)
                && !self.running[place].process.has_letters_in_flight()
            {
                return place;
            }
        }
        panic!("nobody shows everything");
    }

    /// The numbers are those of one process that has read everything once, under the rules of now.
    fn compare_numbers(&mut self, place: usize) {
        let process = &mut self.running[place].process;
        let (shown, now, rules) = (process.text(), process.present.now(), Arc::clone(&process.rules));
        let expected = straight(&self.cluster.borrow().logs, &rules, now);
        let differs = shown.lines().zip(expected.lines()).find(|(shown, expected)| shown != expected);
        assert!(shown == expected, "shown and expected: {differs:?}");
    }

    /// What was beyond use under all rules is among the dead letters, and nothing that was of use under all.
    fn compare_letters(&self) {
        let cluster = self.cluster.borrow();
        for place in cluster.logs.places() {
            for (offset, produced) in cluster.logs.log(place).iter().enumerate() {
                let is_rejected =
                    |rules: &Arc<Rules>| Decoder::new(Arc::clone(rules)).decode(&record(produced), self.clock).is_err();
                let is_letter = cluster.letters.contains(&(place, offset));
                assert!(is_letter || !cluster.used.iter().all(is_rejected), "no dead letter of {offset} of {place:?}");
                assert!(!is_letter || cluster.used.iter().any(is_rejected), "a dead letter of {offset} of {place:?}");
            }
        }
    }

    fn step(&mut self) {
        let most = if self.dice.percent(10) { 2_600 } else { 300 };
        let millis = self.dice.below(most);
        self.pass(millis as u64);
        match self.dice.below(100) {
            0..14 => {
                let count = 1 + self.dice.below(60);
                let World { cluster, dice, .. } = self;
                cluster.borrow_mut().logs.produce(count, dice);
            }
            14..77 => self.live(),
            77 => self.change_log(),
            78..80 => self.scrape(),
            80 => self.meet_trouble(),
            81..84 => self.crash(),
            84..86 => self.stand_still(),
            86..88 => self.join(),
            88 => self.end_in_good_order(),
            89 => self.damage(),
            90 => self.write_foreign_rounds(),
            91 => self.join_foreign(),
            92..94 => self.delete_by_retention(),
            94 => self.earlier = self.objects.fork(),
            95 => self.reset_commits(),
            96 => self.lose_broker(),
            97 => self.pass(SESSION + 1),
            _ => self.move_clock(),
        }
    }

    fn pass(&self, millis: u64) {
        self.cluster.borrow_mut().pass(millis);
    }

    /// A turn of somebody who is awake.
    fn live(&mut self) {
        if !self.running.iter().any(|running| !running.is_foreign()) {
            self.start();
        }
        let place = self.dice.below(self.running.len());
        let now = self.cluster.borrow().now;
        let running = &self.running[place];
        if running.asleep_until > now {
            return;
        }
        self.turn(place);
    }

    /// Somebody takes a turn, and everybody is looked at.
    fn turn(&mut self, place: usize) {
        if self.running[place].process.member().has_left {
            // It has ended in a turn between.
            self.running.remove(place);
            return;
        }
        let now = self.now();
        self.show_store(place);
        let running = &mut self.running[place];
        let (had_begun, written, overslept) =
            (running.process.has_begun, running.process.written(), running.process.member().overslept);
        let turned = running.process.turn(now);
        let overslept = running.process.member().overslept - overslept;
        self.survived.count("a turn of a member whose session has ended", overslept);
        if let Err(failure) = turned {
            let Running { process, .. } = self.running.remove(place);
            self.ended(&process, &failure);
            return;
        }
        if running.process.shows(now) {
            running.process.member().assert_may_show();
        }
        if running.process.readiness.holds(Condition::UnreadableRecords) {
            assert!(self.cluster.borrow().troubles.have_damaged(), "everything could always be read");
            self.survived.count("a condition because records cannot be read", 1);
        }
        if running.is_foreign() {
            // It never sees what others write, and what it writes lies beside theirs.
            if running.process.written() > written {
                self.cluster.borrow_mut().note_durable(&running.process.member().offsets());
                self.share_foreign(place);
            }
        } else {
            if !had_begun && running.process.has_begun {
                self.begun(place);
            }
            if self.running[place].process.written() > written {
                self.snapshot(place);
            }
        }
        // Whoever stands still answers nobody.
        let millis = self.cluster.borrow().now;
        let answers = |running: &&Running| running.asleep_until <= millis && running.process.shows(now);
        let showing = self.running.iter().filter(answers).count();
        assert!(showing <= 1, "{showing} members show numbers");
    }

    /// Lets a process see the store as it is, or as it was.
    fn show_store(&mut self, place: usize) {
        let running = &mut self.running[place];
        if running.is_foreign() {
            return;
        }
        let is_stale = running.process.is_stale && !running.process.has_begun;
        if is_stale {
            running.process.view.mirror(&self.earlier);
            running.has_seen = 0;
        } else if running.has_seen != self.changes {
            running.process.view.mirror(&self.objects);
            running.has_seen = self.changes;
        }
    }

    /// A process has begun to read.
    fn begun(&mut self, place: usize) {
        let process = &self.running[place].process;
        let has_rules = Arc::ptr_eq(&process.rules, &self.rules);
        let intact =
            self.intact.clone().filter(|offsets| !process.is_stale && has_rules && self.has_what_follows(offsets));
        let is_trimmed = self.cluster.borrow().logs.is_trimmed();
        assert!(process.has_restored() || !is_trimmed, "started without what was deleted");
        let least = intact.as_ref().map_or(0, total);
        assert!(process.member().began_at() >= least, "not from the newest snapshot");
        self.has_begun_late = process.is_stale;
        if self.may_begin_anew && !process.is_stale {
            self.survived.count("a start that was allowed to begin anew", 1);
            (self.may_begin_anew, self.has_stale_rounds) = (false, false);
        }
        if process.has_restored() {
            // The writer may have been gone after the last object of its round, and before anybody noted that.
            self.cluster.borrow_mut().note_durable(&process.member().offsets());
        }
        let has_restored = u64::from(process.has_restored());
        let is_other = self.durable.as_ref().is_some_and(|(rules, _)| !Arc::ptr_eq(rules, &process.rules));
        for (event, times) in [
            ("a stale listing", u64::from(process.is_stale)),
            ("a restore", has_restored),
            ("a start from the beginning", 1 - has_restored),
            (
                "a restore past an unusable snapshot",
                has_restored * u64::from(process.metrics.snapshots.unusable.get() > 0),
            ),
            ("a restore under another configuration", has_restored * u64::from(is_other)),
        ] {
            self.survived.count(event, times);
        }
    }

    /// Whether the logs have all records after some offsets.
    fn has_what_follows(&self, offsets: &Offsets) -> bool {
        let lows = self.cluster.borrow().logs.lows();
        offsets.iter().all(|(topic, offsets)| lows[topic].iter().zip(offsets).all(|(low, offset)| low <= offset))
    }

    /// Starts a process in a free seat, or in that of one that stands still, with any number of shards, and perhaps with an
    /// old view of the store.
    fn start(&mut self) {
        let now = self.cluster.borrow().now;
        let is_taken = |seat: &&str| {
            // Two processes with one id are a fault of whoever starts them: nobody takes the seat of one that still shows.
            let holds = |running: &Running| running.asleep_until <= now || running.process.shows(self.now());
            self.running.iter().any(|running| running.process.instance == *seat && holds(running))
        };
        let seats: Vec<&str> = SEATS.into_iter().filter(|seat| !is_taken(seat)).collect();
        if seats.is_empty() {
            return;
        }
        let seat = seats[self.dice.below(seats.len())];
        let taken_from = self.running.iter().any(|running| running.process.instance == seat);
        self.survived.count("a seat taken from one that stands still", taken_from.into());
        let is_stale = self.dice.percent(20);
        self.spawn(seat, &EventType::ALL, is_stale);
    }

    fn spawn(&mut self, seat: &str, kinds: &[EventType], is_stale: bool) {
        // An operator who lets a start begin anew has looked at the store, and so sees what is there.
        let is_stale = is_stale && !self.may_begin_anew;
        let shards = 1 + self.dice.below(3);
        let start = Start {
            cluster: &self.cluster,
            instance: seat,
            kinds,
            rules: &self.rules,
            shards,
            clock: self.clock,
            view: Objects::new(),
            is_stale,
            on_gap: if self.may_begin_anew { OnGap::Degrade } else { OnGap::Refuse },
        };
        let process = Process::start(start, self.now());
        self.running.push(Running { process, asleep_until: 0, has_seen: 0 });
    }

    fn join(&mut self) {
        if self.running.len() < SEATS.len() {
            self.start();
            self.survived.count("another member", 1);
        }
    }

    /// Somebody starts a service with other topics in the same group, by mistake.
    fn join_foreign(&mut self) {
        if !self.running.iter().any(Running::is_foreign) {
            let kinds = FOREIGN_KINDS[self.dice.below(FOREIGN_KINDS.len())];
            self.spawn(FOREIGN, kinds, false);
            self.survived.count("a member with other topics", 1);
        }
    }

    fn stand_still(&mut self) {
        let Some(place) = self.any() else { return };
        let millis = 1_000 + self.dice.below(30_000) as u64;
        let running = &mut self.running[place];
        running.asleep_until = self.cluster.borrow().now + millis;
        self.survived.count("a process that stands still", 1);
    }

    fn end_in_good_order(&mut self) {
        let Some(place) = self.any() else { return };
        let now = self.cluster.borrow().now;
        if self.running[place].asleep_until > now || self.cluster.borrow().is_away {
            return;
        }
        self.show_store(place);
        let Running { process, .. } = self.running.remove(place);
        let is_foreign = process.instance == FOREIGN;
        let written = process.written();
        let process = self.stop(process);
        if !is_foreign && process.written() > written {
            self.has_stale_rounds |= !process.member().knows_logs();
            // It has waited until the round was there.
            let round = self.round(&process);
            self.cluster.borrow_mut().note_durable(&round.durable);
            self.put(vec![round], None);
            self.intact = None;
        }
    }

    fn stop(&mut self, mut process: Process) -> Process {
        // What it writes is durable before it commits it.
        self.cluster.borrow_mut().note_durable(&process.member().offsets());
        process.stop().expect("nothing fails");
        assert!(process.member().has_left, "it has stopped and has not left");
        assert!(!process.shows(self.now()), "it has stopped and shows numbers");
        self.survived.count("an end in good order", 1);
        process
    }

    fn any(&mut self) -> Option<usize> {
        (!self.running.is_empty()).then(|| self.dice.below(self.running.len()))
    }

    fn scrape(&mut self) {
        let Some(place) = self.any() else { return };
        if self.running[place].process.has_begun {
            self.running[place].process.text();
            self.survived.count("a scrape", 1);
        }
    }
}

/// What one thread says that has read everything once.
fn straight(logs: &Logs, rules: &Arc<Rules>, now: Time) -> String {
    let (mut engine, decoder) = (Engine::new(rules, 1, now), Decoder::new(Arc::clone(rules)));
    for place in logs.places() {
        for produced in logs.log(place) {
            if let Ok(Decoded::Event(event)) = decoder.decode(&record(produced), now) {
                engine.accept(&event, now);
            }
        }
    }
    let mut text = String::new();
    let catalogue = Catalogue::new(rules).expect("a catalogue");
    render(&catalogue, &engine.read(now), Format::Prometheus, &mut text).expect("few series");
    text
}
