//! What happens to the service, step by step.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use salespulse::contract::decode::Decoder;
use salespulse::model::rules::Rules;
use salespulse::model::time::{DAY, HOUR, MINUTE, Time};
use salespulse::service::horizon_clock;
use salespulse::snapshot::{ObjectName, Offsets, RestoreError, total};

use crate::configurations;
use crate::dice::Dice;
use crate::logs::{Logs, Place};
use crate::objects::Objects;
use crate::process::{Process, home, record};
use crate::survived::Survived;

/// How far the clock may jump at once, and within what it stays.
const JUMPS: [i64; 6] = [HOUR, DAY, 20 * DAY, -3 * MINUTE, -5 * HOUR, -2 * DAY];
const LATEST: i64 = 60 * DAY;

pub(crate) struct World {
    dice: Dice,
    logs: Logs,
    objects: Objects,
    /// What somebody saw of the store a while ago.
    earlier: Objects,
    process: Option<Process>,
    /// One that others believe dead.
    zombie: Option<Process>,
    rules: Arc<Rules>,
    /// What the rules were before the last change.
    rules_before: Option<Arc<Rules>>,
    /// All rules that somebody has read under.
    used: Vec<Arc<Rules>>,
    /// What the newest snapshot was written under, and what it reaches to.
    durable: Option<(Arc<Rules>, Offsets)>,
    /// What the newest one reaches to that somebody may not know of yet, as long as nothing has happened that may keep the
    /// next start from using it.
    intact: Option<Offsets>,
    /// Whether the process began with an old view of the store: what it writes may reach less far than what is there.
    has_begun_late: bool,
    /// When everything has happened that is told of; the clock begins here.
    first: Time,
    clock: Time,
    letters: BTreeSet<(Place, usize)>,
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
        let (logs, objects) = (Logs::new(seed), Objects::new());
        let mut dice = Dice::new(seed);
        let first = Time::parse("2026-07-05T00:00:00Z").expect("a time");
        World {
            rules: configurations::choose(&logs.configuration, &mut dice),
            dice,
            logs,
            earlier: objects.fork(),
            objects,
            process: None,
            zombie: None,
            rules_before: None,
            used: Vec::new(),
            durable: None,
            intact: None,
            has_begun_late: false,
            first,
            clock: first,
            letters: BTreeSet::new(),
            survived: Survived::default(),
        }
    }

    /// Lives until everything has been produced, and then compares.
    pub(crate) fn run(mut self) -> Survived {
        while !self.logs.is_over() {
            self.step();
        }
        let mut process = match self.process.take() {
            Some(process) if self.dice.percent(50) => process,
            _ => self.start(),
        };
        while !reads_everything(&mut process, &self.logs) {
            process = self.start();
        }
        while process.has_letters_under_way() {
            process.acknowledge(&mut self.dice, &mut self.letters);
        }
        self.logs.mend();
        self.compare_numbers(&mut process);
        self.compare_letters();
        self.survived
    }

    /// The numbers are those of one process that has read everything once, under the rules of now.
    fn compare_numbers(&self, process: &mut Process) {
        let now = process.present.now();
        let straight = Process::start(&self.logs, &Objects::new().store(), &process.rules, 1, now);
        let mut straight = straight.expect("nothing to restore");
        assert!(reads_everything(&mut straight, &self.logs), "nothing is deleted");
        let (told, expected) = (process.text(), straight.text());
        let differs = told.lines().zip(expected.lines()).find(|(told, expected)| told != expected);
        assert!(told == expected, "told and expected: {differs:?}");
    }

    /// What was beyond use under all rules is among the dead letters, and nothing that was of use under all.
    fn compare_letters(&self) {
        for place in self.logs.places() {
            for (offset, produced) in self.logs.log(place).iter().enumerate() {
                let is_rejected =
                    |rules: &Arc<Rules>| Decoder::new(Arc::clone(rules)).decode(&record(produced), self.clock).is_err();
                let is_letter = self.letters.contains(&(place, offset));
                assert!(is_letter || !self.used.iter().all(is_rejected), "no dead letter of {offset} of {place:?}");
                assert!(!is_letter || self.used.iter().any(is_rejected), "a dead letter of {offset} of {place:?}");
            }
        }
    }

    fn step(&mut self) {
        match self.dice.below(100) {
            0..20 => {
                let count = 1 + self.dice.below(60);
                self.logs.produce(count, &mut self.dice);
            }
            20..62 => self.read(),
            62..65 => self.redeliver(),
            65..69 => self.scrape(),
            69..81 => self.snapshot(),
            81..86 => self.crash(),
            86..89 => self.damage(),
            89..92 => self.let_the_zombie_write(),
            92..95 => self.delete_by_retention(),
            95..97 => self.earlier = self.objects.fork(),
            _ => self.move_clock(),
        }
    }

    fn place(&mut self) -> Place {
        let places: Vec<Place> = self.logs.places().collect();
        places[self.dice.below(places.len())]
    }

    fn read(&mut self) {
        let (place, count) = (self.place(), 1 + self.dice.below(40));
        let mut process = self.alive();
        if !process.poll(&self.logs, place, count) {
            self.survived.count("an end because records are deleted that were not read", 1);
            return;
        }
        if self.dice.percent(50) {
            process.acknowledge(&mut self.dice, &mut self.letters);
        }
        self.process = Some(process);
    }

    fn redeliver(&mut self) {
        let (place, count) = (self.place(), 1 + self.dice.below(40));
        let mut process = self.alive();
        let again = process.redeliver(&self.logs, place, count);
        self.survived.count("a record delivered twice", again as u64);
        self.process = Some(process);
    }

    fn scrape(&mut self) {
        let mut process = self.alive();
        process.text();
        self.survived.count("a scrape", 1);
        self.process = Some(process);
    }

    fn alive(&mut self) -> Process {
        match self.process.take() {
            Some(process) => process,
            None => self.start(),
        }
    }

    /// Starts a process, with any number of shards, and perhaps with an old view of the store.
    fn start(&mut self) -> Process {
        let shards = 1 + self.dice.below(3);
        let is_stale = self.dice.percent(20);
        let intact = self.intact.clone().filter(|offsets| !is_stale && self.has_what_follows(offsets));
        let objects = if is_stale { &self.earlier } else { &self.objects };
        match Process::start(&self.logs, &objects.store(), &self.rules, shards, self.clock) {
            Ok(process) => {
                assert!(process.has_restored() || !self.logs.is_trimmed(), "started without what was deleted");
                let least = intact.as_ref().map_or(0, total);
                assert!(process.began_at() >= least, "not from the newest snapshot");
                self.has_begun_late = is_stale;
                if !self.used.iter().any(|rules| Arc::ptr_eq(rules, &self.rules)) {
                    self.used.push(Arc::clone(&self.rules));
                }
                let has_restored = u64::from(process.has_restored());
                let is_other = self.durable.as_ref().is_some_and(|(rules, _)| !Arc::ptr_eq(rules, &self.rules));
                for (event, times) in [
                    ("a stale listing", u64::from(is_stale)),
                    ("a restore", has_restored),
                    ("a start from the beginning", 1 - has_restored),
                    ("a restore past an unusable snapshot", has_restored * u64::from(process.unusable() > 0)),
                    ("a restore under another configuration", has_restored * u64::from(is_other)),
                ] {
                    self.survived.count(event, times);
                }
                process
            }
            Err(RestoreError::Refused(sentence)) => {
                assert!(self.logs.is_trimmed(), "refused although nothing was deleted: {sentence}");
                let is_there = intact.is_some() && !self.has_begun_late;
                assert!(!is_there, "refused although the newest snapshot is there: {sentence}");
                self.survived.count("a refused start", 1);
                self.intact = None;
                self.help_a_refused_start();
                self.start()
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Whether the logs have all records after some offsets.
    fn has_what_follows(&self, offsets: &Offsets) -> bool {
        let lows = self.logs.ends().lows;
        offsets.iter().all(|(topic, offsets)| lows[topic].iter().zip(offsets).all(|(low, offset)| low <= offset))
    }

    /// What an operator does: he takes the last change of the configuration back, or gets the records from a backup.
    fn help_a_refused_start(&mut self) {
        match self.rules_before.take() {
            Some(before) if self.dice.percent(50) => {
                self.survived.count("a configuration taken back", 1);
                self.rules = before;
                self.intact = None;
            }
            _ => self.logs.mend(),
        }
    }

    /// Takes a snapshot, which may not come to its end, and which another may write at the same time.
    fn snapshot(&mut self) {
        let process = self.alive();
        let mut rounds = vec![self.round(&process)];
        let durable = rounds[0].durable.clone();
        if let Some(zombie) = self.zombie.as_ref().filter(|_| self.dice.percent(40)) {
            rounds.push(self.round(zombie));
            self.survived.count("two writers at once", 1);
        }
        let is_alone = rounds.len() == 1;
        let objects: usize = rounds.iter().map(|round| round.objects.len()).sum();
        let gone_after = self.dice.percent(15).then(|| self.dice.below(objects + 1));
        // What is written while the clock is behind has forgotten what a start by that clock needs.
        let is_usable = is_alone && rounds[0].is_all_new() && process.present.ahead_millis() == 0;
        self.process = Some(process);
        if !self.put(rounds, gone_after) {
            return self.crash();
        }
        self.survived.count("a snapshot", 1);
        self.intact = Some(durable.clone()).filter(|_| is_usable && !self.objects.has_mixed_round());
        if self.dice.percent(10) {
            self.survived.count("a crash between durability and commit", 1);
            return self.crash();
        }
        self.durable = Some((Arc::clone(&self.rules), durable.clone()));
        let Some(process) = &self.process else { return };
        process.learn_durable(&durable);
        if self.dice.percent(80) {
            process.commit(&mut self.logs);
            if self.dice.percent(10) {
                self.survived.count("a crash between commit and the next record", 1);
                self.crash();
            }
        }
    }

    /// The round that a process would write to the store as it is.
    fn round(&self, process: &Process) -> Round {
        let fork = self.objects.fork();
        let before = fork.all();
        let durable = process.write(fork.store());
        let is_new = |object: &(ObjectName, Vec<u8>)| before.get(&object.0) != Some(&object.1);
        Round { objects: fork.all().into_iter().filter(is_new).collect(), durable }
    }

    /// Puts the objects of rounds that are written at the same time, in any order; false if the writers are gone after so many
    /// of them.
    fn put(&mut self, mut rounds: Vec<Round>, gone_after: Option<usize>) -> bool {
        let mut put = 0;
        loop {
            rounds.retain(|round| !round.objects.is_empty());
            let next = if rounds.is_empty() { None } else { Some(self.dice.below(rounds.len())) };
            let next = next.and_then(|next| rounds[next].objects.pop_front());
            if gone_after == Some(put) {
                self.survived.count("a crash between two objects", u64::from(put > 0 && next.is_some()));
                next.into_iter().for_each(|(name, bytes)| self.tear(name, bytes));
                return false;
            }
            let Some((name, bytes)) = next else { break };
            self.objects.store().put(name, bytes.into()).expect("memory");
            put += 1;
        }
        self.objects.store().prune(home()).expect("memory");
        true
    }

    /// Gone in the middle of an object, which some stores do not write whole.
    fn tear(&mut self, name: ObjectName, mut bytes: Vec<u8>) {
        if self.dice.percent(50) && !self.objects.all().contains_key(&name) {
            bytes.truncate(self.dice.below(bytes.len()));
            self.objects.overwrite(name, bytes);
            self.survived.count("a torn object", 1);
        }
    }

    fn crash(&mut self) {
        let Some(process) = self.process.take() else { return };
        self.survived.count("a crash", 1);
        self.survived.count("a crash with dead letters under way", process.has_letters_under_way().into());
        self.survived.count("an audit", process.audits());
        self.survived.count("a dead letter known from a commit", process.settled);
        if self.dice.percent(40) {
            self.zombie = Some(process);
        }
        if self.dice.percent(30) {
            let rules = configurations::choose(&self.logs.configuration, &mut self.dice);
            self.intact = None;
            self.rules_before = Some(std::mem::replace(&mut self.rules, rules));
            self.survived.count("another configuration", 1);
        }
    }

    fn let_the_zombie_write(&mut self) {
        let Some(mut zombie) = self.zombie.take() else { return };
        let place = self.place();
        if !zombie.poll(&self.logs, place, 10) {
            return;
        }
        zombie.write(self.objects.store());
        self.intact = None;
        self.survived.count("a snapshot of a zombie", 1);
        self.zombie = Some(zombie).filter(|_| self.dice.percent(70));
    }

    /// Only what the newest snapshot holds, and what nobody else needs any more.
    fn delete_by_retention(&mut self) {
        let Some((_, durable)) = &self.durable else { return };
        if self.zombie.is_none() && self.dice.percent(30) {
            self.logs.trim(durable);
            self.survived.count("a deletion by retention", self.logs.is_trimmed().into());
            if self.earlier.is_empty() {
                // No listing is older than a topic's retention.
                self.earlier = self.objects.fork();
            }
        }
    }

    fn damage(&mut self) {
        let objects: Vec<(ObjectName, Vec<u8>)> = self.objects.all().into_iter().collect();
        if objects.is_empty() {
            return;
        }
        let (name, mut bytes) = objects[self.dice.below(objects.len())].clone();
        if bytes.is_empty() {
            return;
        }
        let place = self.dice.below(bytes.len());
        bytes[place] ^= 1 << self.dice.below(8);
        self.objects.overwrite(name, bytes);
        self.intact = None;
        self.survived.count("a damaged object", 1);
    }

    /// The clock jumps, forward or back, under the process that lives.
    fn move_clock(&mut self) {
        let jump = JUMPS[self.dice.below(JUMPS.len())];
        let before = self.clock;
        self.clock = self.clock.plus(jump).max(self.first).min(self.first.plus(LATEST));
        self.survived.count("a clock that jumps forward", u64::from(self.clock > before));
        self.survived.count("a clock that jumps back", u64::from(self.clock < before));
        if self.clock < before {
            self.intact = None;
        }
        let Some(process) = &self.process else { return };
        process.set_clock(self.clock);
        let ahead = process.present.ahead_millis();
        if ahead > horizon_clock::PATIENCE {
            self.survived.count("an end because the clock does not catch up", 1);
            self.process = None;
        } else if ahead > 0 {
            self.survived.count("numbers that stand still until the clock has caught up", 1);
        }
    }
}

/// Reads to the ends; false if records there are deleted.
pub(crate) fn reads_everything(process: &mut Process, logs: &Logs) -> bool {
    logs.places().all(|place| process.poll(logs, place, usize::MAX))
}
