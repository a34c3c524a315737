//! One life of the service, without Kafka: it restores, reads, snapshots, commits, and may be gone at any moment. What it
//! decides it decides by the service's own parts: restorer, partitions, present, shards, writer, board.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use salespulse::config::OnGap;
use salespulse::contract::decode::{Decoded, Decoder, Record, Rejection, Setting};
use salespulse::engine::board::Board;
use salespulse::engine::directory::Directory;
use salespulse::engine::entry::Interner;
use salespulse::health::{Metrics, Rarely};
use salespulse::kafka::Partition;
use salespulse::kpi::Catalogue;
use salespulse::kpi::exposition::{Format, render};
use salespulse::model::event::EventType;
use salespulse::model::rules::Rules;
use salespulse::model::time::{Clock, Hands, Time};
use salespulse::service::horizon_clock::Present;
use salespulse::simulate::Produced;
use salespulse::snapshot::{
    Cut, Home, Offsets, Provenance, Report, RestoreError, Restored, Restorer, Store, Writer, total,
};
use salespulse::threads::ShardThreads;

use crate::dice::Dice;
use crate::logs::{Logs, Place};

pub(crate) struct Process {
    pub(crate) rules: Arc<Rules>,
    pub(crate) present: Present,
    hands: &'static Hands,
    decoder: Decoder,
    interner: Interner,
    shards: ShardThreads,
    board: Board,
    catalogue: Catalogue,
    provenance: Provenance,
    directory: Arc<Directory>,
    restored: Restored,
    partitions: BTreeMap<Place, Partition>,
    /// Dead letters that the broker has not acknowledged.
    under_way: BTreeSet<(Place, usize)>,
    /// Rejected records whose dead letters a commit says are there.
    pub(crate) settled: u64,
    metrics: Arc<Metrics>,
}

const CLUSTER: &str = "cluster";

fn all_topics() -> BTreeMap<String, String> {
    EventType::ALL.iter().map(|kind| (kind.name().to_owned(), kind.default_topic().to_owned())).collect()
}

/// Where the rounds lie.
pub(crate) fn home() -> Home {
    Home::of(Some(CLUSTER), &all_topics())
}

impl Process {
    pub(crate) fn start(
        logs: &Logs,
        store: &Store,
        rules: &Arc<Rules>,
        shards: usize,
        clock: Time,
    ) -> Result<Process, RestoreError> {
        let topics = EventType::ALL.map(EventType::default_topic);
        let metrics = Metrics::new(topics.into_iter()).expect("metrics");
        // Few bytes for each life, until the test ends.
        let hands: &'static Hands = Box::leak(Box::new(Hands::at(clock)));
        let present = Present::new(Clock::Hands(hands), Arc::clone(rules));
        let (now, directory) = (present.now(), Arc::new(Directory::default()));
        let threads = ShardThreads::start(shards, rules, &directory, now, &metrics).expect("threads");
        let provenance = Provenance::new(rules, Some(CLUSTER.to_owned()), all_topics());
        let restorer = Restorer {
            store: store.clone(),
            provenance: provenance.clone(),
            rules: Arc::clone(rules),
            directory: Arc::clone(&directory),
            loader: threads.loader(),
            clock: Clock::Fixed(now),
            on_gap: OnGap::Refuse,
            metrics: Arc::clone(&metrics),
        };
        let restored = restorer.restore(&logs.ends())?;
        Ok(Process {
            decoder: Decoder::new(Arc::clone(rules)),
            interner: Interner::new(Arc::clone(&directory), Arc::clone(&rules)),
            board: Board::new(Arc::clone(rules), Arc::clone(&directory), now),
            catalogue: Catalogue::new(rules).expect("a catalogue"),
            partitions: logs.places().map(|place| (place, partition(logs, place, &restored))).collect(),
            rules: Arc::clone(rules),
            shards: threads,
            present,
            hands,
            provenance,
            directory,
            restored,
            under_way: BTreeSet::new(),
            settled: 0,
            metrics,
        })
    }

    /// Whether it continued from a snapshot.
    pub(crate) fn has_restored(&self) -> bool {
        self.metrics.snapshots.restored.get() > 0
    }

    /// How far its snapshot reached, as names of rounds tell it.
    pub(crate) fn began_at(&self) -> u64 {
        total(&self.restored.offsets)
    }

    /// How many audits it made.
    pub(crate) fn audits(&self) -> u64 {
        self.metrics.snapshots.audits.get()
    }

    /// How many snapshots it could not use.
    pub(crate) fn unusable(&self) -> u64 {
        self.metrics.snapshots.unusable.get()
    }

    pub(crate) fn set_clock(&self, clock: Time) {
        self.hands.set(clock);
    }

    /// Reads some records of a partition; false if the next one is deleted, upon which Kafka refuses the offset and the
    /// service ends.
    #[must_use]
    pub(crate) fn poll(&mut self, logs: &Logs, place: Place, count: usize) -> bool {
        let begin = self.position(place);
        if begin < logs.low(place) {
            return false;
        }
        let records = logs.log(place).iter().enumerate().skip(begin).take(count);
        for (offset, produced) in records {
            let now = self.present.now();
            if let Err(rejection) = self.take(produced, now) {
                match rejection.depends_on {
                    Some(Setting::Stages) => self.restored.refused.by_stages += 1,
                    Some(Setting::Rates) => self.restored.refused.by_rates += 1,
                    None => {}
                }
                let partition = &self.partitions[&place];
                let number = i64::try_from(offset).expect("an offset");
                if partition.was_settled(number) {
                    self.settled += 1;
                } else if partition.await_acknowledgement(number) {
                    self.under_way.insert((place, offset));
                }
            }
            self.partitions[&place].advance(i64::try_from(offset).expect("an offset"), None);
        }
        true
    }

    /// Takes some records that were read already once more; answers how many there were.
    pub(crate) fn redeliver(&mut self, logs: &Logs, place: Place, count: usize) -> usize {
        let end = self.position(place);
        let begin = end.saturating_sub(count).max(logs.low(place));
        let records = &logs.log(place)[begin.min(end)..end];
        let now = self.present.now();
        records.iter().for_each(|produced| drop(self.take(produced, now)));
        records.len()
    }

    fn take(&mut self, produced: &Produced, now: Time) -> Result<(), Rejection> {
        let event = match self.decoder.decode(&record(produced), now)? {
            Decoded::Event(event) => event,
            Decoded::Tombstone => return Ok(()),
        };
        let entry = self.interner.entry(&event);
        let shard = entry.shard(self.shards.count());
        self.shards.apply(shard, vec![entry], now).expect("a shard");
        Ok(())
    }

    /// Where reading goes on.
    fn position(&self, place: Place) -> usize {
        let partition = &self.partitions[&place];
        let position = partition.next().unwrap_or(partition.ends().0);
        usize::try_from(position).expect("an offset")
    }

    /// The broker acknowledges some of the dead letters under way, in any order.
    pub(crate) fn acknowledge(&mut self, dice: &mut Dice, letters: &mut BTreeSet<(Place, usize)>) {
        let partitions = &self.partitions;
        self.under_way.retain(|(place, offset)| {
            let is_acknowledged = dice.percent(60);
            if is_acknowledged {
                letters.insert((*place, *offset));
                partitions[place].acknowledge(i64::try_from(*offset).expect("an offset"));
            }
            !is_acknowledged
        });
    }

    pub(crate) fn has_letters_under_way(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// Writes all shards as they are now; answers up to where everything is in it.
    pub(crate) fn write(&self, store: Store) -> Offsets {
        let mut offsets = Offsets::new();
        for (place, partition) in &self.partitions {
            let offset = partition.goes_on_at(partition.next());
            offsets.entry(place.0.default_topic().to_owned()).or_default().push(offset);
        }
        let images = self.shards.images(true).expect("shards");
        let writer = Writer {
            store,
            provenance: self.provenance.clone(),
            rules: Arc::clone(&self.rules),
            directory: Arc::clone(&self.directory),
            clock: Clock::Fixed(self.present.now()),
            metrics: Arc::clone(&self.metrics),
            rarely: Rarely::default(),
        };
        let Report::Durable(offsets) = writer.write(Cut { offsets, images, origin: self.restored.clone() }) else {
            panic!("the store does not fail")
        };
        assert_eq!(self.metrics.snapshots.mismatches.get(), 0, "an audit found a cell wrong");
        offsets
    }

    /// Learns that a snapshot is durable.
    pub(crate) fn learn_durable(&self, offsets: &Offsets) {
        for (place, partition) in &self.partitions {
            partition.set_durable(offsets[place.0.default_topic()][place.1]);
        }
    }

    /// Commits what is done.
    pub(crate) fn commit(&self, logs: &mut Logs) {
        for (place, partition) in &self.partitions {
            if let Some(position) = partition.next() {
                logs.commits.insert(*place, partition.progress(position, true));
            }
        }
    }

    /// What is shown at the present instant.
    pub(crate) fn text(&mut self) -> String {
        let now = self.present.now();
        let readings = self.shards.reader().read(now).expect("shards");
        let mut text = String::new();
        render(&self.catalogue, &self.board.read(now, readings), Format::Prometheus, &mut text).expect("few series");
        text
    }
}

/// What is known of a partition when it is assigned.
fn partition(logs: &Logs, place: Place, restored: &Restored) -> Partition {
    let partition = Partition::new(place.0.default_topic().into(), i32::try_from(place.1).expect("few"));
    let offset = |offset: usize| i64::try_from(offset).expect("an offset");
    let commit = logs.commits.get(&place).copied();
    partition.set_survey(commit, offset(logs.low(place)), offset(logs.log(place).len()));
    if let Some(offsets) = restored.offsets.get(place.0.default_topic()) {
        partition.begin_at(offsets[place.1]);
    }
    partition
}

pub(crate) fn record(produced: &Produced) -> Record<'_> {
    Record {
        topic_type: Some(produced.kind),
        value: Some(&produced.value),
        timestamp: Some(produced.produced_at),
        ..Record::default()
    }
}
