//! What happens to the service, step by step.

use std::collections::BTreeSet;
use std::sync::Arc;

use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore as _, ObjectStoreExt as _};
use salespulse::snapshot::{Offsets, RestoreError, Round, Store};
use salespulse::time::{DAY, HOUR, Time};
use tokio::runtime::Runtime;

use crate::dice::Dice;
use crate::logs::{Logs, Place};
use crate::process::Process;

/// How often what happened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Survived {
    snapshots: u64,
    crashes: u64,
    crashes_with_dead_letters_under_way: u64,
    crashes_between_two_objects: u64,
    torn_objects: u64,
    damaged_objects: u64,
    stale_listings: u64,
    zombie_snapshots: u64,
    deletions_by_retention: u64,
    restores: u64,
    restores_past_unusable_ones: u64,
    starts_from_the_beginning: u64,
    refused_starts: u64,
}

impl Survived {
    pub(crate) fn all(&self) -> [(&'static str, u64); 13] {
        [
            ("a snapshot", self.snapshots),
            ("a crash", self.crashes),
            ("a crash with dead letters under way", self.crashes_with_dead_letters_under_way),
            ("a crash between two objects", self.crashes_between_two_objects),
            ("a torn object", self.torn_objects),
            ("a damaged object", self.damaged_objects),
            ("a stale listing", self.stale_listings),
            ("a snapshot of a zombie", self.zombie_snapshots),
            ("a deletion by retention", self.deletions_by_retention),
            ("a restore", self.restores),
            ("a restore past an unusable snapshot", self.restores_past_unusable_ones),
            ("a start from the beginning", self.starts_from_the_beginning),
            ("a refused start", self.refused_starts),
        ]
    }

    pub(crate) fn add(&mut self, other: Survived) {
        self.snapshots += other.snapshots;
        self.crashes += other.crashes;
        self.crashes_with_dead_letters_under_way += other.crashes_with_dead_letters_under_way;
        self.crashes_between_two_objects += other.crashes_between_two_objects;
        self.torn_objects += other.torn_objects;
        self.damaged_objects += other.damaged_objects;
        self.stale_listings += other.stale_listings;
        self.zombie_snapshots += other.zombie_snapshots;
        self.deletions_by_retention += other.deletions_by_retention;
        self.restores += other.restores;
        self.restores_past_unusable_ones += other.restores_past_unusable_ones;
        self.starts_from_the_beginning += other.starts_from_the_beginning;
        self.refused_starts += other.refused_starts;
    }
}

pub(crate) struct World {
    dice: Dice,
    logs: Logs,
    runtime: Runtime,
    objects: Arc<InMemory>,
    /// What somebody saw of the store a while ago.
    earlier: Arc<InMemory>,
    process: Option<Process>,
    /// One that others believe dead.
    zombie: Option<Process>,
    /// What the newest snapshot reaches to.
    durable: Option<Offsets>,
    now: Time,
    letters: BTreeSet<(Place, usize)>,
    survived: Survived,
}

impl World {
    pub(crate) fn new(seed: u64) -> World {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let (logs, objects) = (Logs::new(seed), Arc::new(InMemory::new()));
        World {
            dice: Dice::new(seed),
            logs,
            runtime,
            earlier: Arc::new(objects.fork()),
            objects,
            process: None,
            zombie: None,
            durable: None,
            now: Time::parse("2026-07-05T00:00:00Z").expect("a time"),
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
        while process_reads(&mut process, &self.logs) {}
        while process.has_letters_under_way() {
            process.acknowledge(&mut self.dice, &mut self.letters);
        }
        self.logs.mend();
        self.compare(&mut process);
        self.survived
    }

    fn compare(&self, process: &mut Process) {
        let nothing = self.store(&Arc::new(InMemory::new()));
        let mut straight = Process::start(&self.logs, &nothing, 1, self.now).expect("nothing to restore");
        while process_reads(&mut straight, &self.logs) {}
        let mut rejected = BTreeSet::new();
        let mut all = Dice::new(0);
        while straight.has_letters_under_way() {
            straight.acknowledge(&mut all, &mut rejected);
        }
        assert_eq!(self.letters, rejected, "dead letters");
        let (told, expected) = (process.text(self.now), straight.text(self.now));
        let differs = told.lines().zip(expected.lines()).find(|(told, expected)| told != expected);
        assert!(told == expected, "told and expected: {differs:?}");
    }

    fn store(&self, objects: &Arc<InMemory>) -> Store {
        Store::new(Arc::<InMemory>::clone(objects), &Path::default(), "group", self.runtime.handle().clone(), "memory")
    }

    fn step(&mut self) {
        match self.dice.below(100) {
            0..20 => {
                let count = 1 + self.dice.below(60);
                self.logs.produce(count, &mut self.dice);
            }
            20..70 => self.read(),
            70..82 => self.snapshot(),
            82..87 => self.crash(),
            87..90 => self.damage(),
            90..93 => self.let_the_zombie_write(),
            93..96 => self.delete_by_retention(),
            96..98 => self.earlier = Arc::new(self.objects.fork()),
            _ => self.now = self.now.plus(HOUR),
        }
    }

    fn read(&mut self) {
        let place = self.logs.places().nth(self.dice.below(14)).expect("14 partitions");
        let count = 1 + self.dice.below(40);
        let mut process = self.alive();
        process.poll(&self.logs, place, count);
        if self.dice.percent(50) {
            process.acknowledge(&mut self.dice, &mut self.letters);
        }
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
        let objects = Arc::clone(if is_stale { &self.earlier } else { &self.objects });
        match Process::start(&self.logs, &self.store(&objects), shards, self.now) {
            Ok(process) => {
                self.survived.stale_listings += u64::from(is_stale);
                self.survived.restores += u64::from(process.has_restored());
                self.survived.starts_from_the_beginning += u64::from(!process.has_restored());
                let is_past = process.has_restored() && process.unusable() > 0;
                self.survived.restores_past_unusable_ones += u64::from(is_past);
                assert!(process.has_restored() || !is_stale || !self.logs.is_trimmed() || self.is_empty(&objects));
                process
            }
            Err(RestoreError::Refused(sentence)) => {
                assert!(self.logs.is_trimmed(), "refused although nothing was deleted: {sentence}");
                self.survived.refused_starts += 1;
                self.logs.mend();
                self.start()
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn is_empty(&self, objects: &Arc<InMemory>) -> bool {
        self.rounds(objects).is_empty()
    }

    fn rounds(&self, objects: &Arc<InMemory>) -> Vec<Round> {
        self.store(objects).rounds().expect("a listing")
    }

    /// Takes a snapshot, which may not come to its end.
    fn snapshot(&mut self) {
        let process = self.alive();
        let before = self.names();
        let durable = process.write(process.cut());
        self.process = Some(process);
        self.survived.snapshots += 1;
        let written: Vec<Path> = self.names().into_iter().filter(|name| !before.contains(name)).collect();
        match self.dice.below(100) {
            _ if written.is_empty() => {}
            // Gone after so many objects of the round, or in the middle of one that the store does not write whole.
            0..12 => {
                let kept = self.dice.below(written.len());
                if self.dice.percent(50) {
                    self.tear(&written[kept]);
                    self.survived.torn_objects += 1;
                }
                written.iter().skip(kept + 1).for_each(|name| self.delete(name));
                self.survived.crashes_between_two_objects += u64::from(kept + 1 < written.len());
                self.crash();
            }
            // Gone when it was durable, and before anybody knew.
            12..20 => self.crash(),
            _ => self.durable = Some(durable),
        }
    }

    fn crash(&mut self) {
        let Some(process) = self.process.take() else { return };
        self.survived.crashes += 1;
        self.survived.crashes_with_dead_letters_under_way += u64::from(process.has_letters_under_way());
        if self.dice.percent(40) {
            self.zombie = Some(process);
        }
        let days = i64::try_from(self.dice.below(3)).expect("few");
        self.now = self.now.plus(days * DAY);
    }

    fn let_the_zombie_write(&mut self) {
        let Some(mut zombie) = self.zombie.take() else { return };
        let place = self.logs.places().nth(self.dice.below(14)).expect("14 partitions");
        zombie.poll(&self.logs, place, 10);
        zombie.write(zombie.cut());
        self.survived.zombie_snapshots += 1;
        self.zombie = Some(zombie);
    }

    /// Only what the newest snapshot holds, and what nobody else needs any more.
    fn delete_by_retention(&mut self) {
        let Some(durable) = &self.durable else { return };
        if self.zombie.is_none() && self.dice.percent(30) {
            self.logs.trim(durable);
            self.survived.deletions_by_retention += u64::from(self.logs.is_trimmed());
        }
    }

    fn damage(&mut self) {
        let names = self.names();
        if names.is_empty() {
            return;
        }
        let name = names[self.dice.below(names.len())].clone();
        let mut bytes = self.bytes(&name);
        if bytes.is_empty() {
            return;
        }
        let place = self.dice.below(bytes.len());
        bytes[place] ^= 1 << self.dice.below(8);
        self.put(&name, bytes);
        self.survived.damaged_objects += 1;
    }

    fn tear(&mut self, name: &Path) {
        let mut bytes = self.bytes(name);
        bytes.truncate(self.dice.below(bytes.len().max(1)));
        self.put(name, bytes);
    }

    fn names(&self) -> Vec<Path> {
        let objects = self.rounds(&self.objects).into_iter().flat_map(|round| round.objects);
        let mut names: Vec<Path> = objects.map(|object| Path::from(format!("group/{object}"))).collect();
        names.sort();
        names
    }

    fn bytes(&self, name: &Path) -> Vec<u8> {
        let read = async { self.objects.get(name).await?.bytes().await };
        self.runtime.block_on(read).expect("it is there").to_vec()
    }

    fn put(&self, name: &Path, bytes: Vec<u8>) {
        self.runtime.block_on(self.objects.put_opts(name, bytes.into(), Default::default())).expect("memory");
    }

    fn delete(&self, name: &Path) {
        self.runtime.block_on(self.objects.delete(name)).expect("it is there");
    }
}

/// Reads what there is; false if there was nothing.
fn process_reads(process: &mut Process, logs: &Logs) -> bool {
    // All of them, not only up to the first that has some.
    logs.places().filter(|place| process.poll_some(logs, *place)).count() > 0
}
