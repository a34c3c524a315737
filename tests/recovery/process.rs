//! One life of the service, without Kafka: it restores, reads, snapshots, and may be gone at any moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use salespulse::board::Board;
use salespulse::config::OnGap;
use salespulse::decode::{Decoded, Decoder, Record, Setting};
use salespulse::directory::Directory;
use salespulse::entry::Interner;
use salespulse::event::EventType;
use salespulse::exposition::{Format, render};
use salespulse::kpi::Catalogue;
use salespulse::shard_threads::ShardThreads;
use salespulse::snapshot::{Cut, Offsets, Provenance, Report, RestoreError, Restored, Restorer, Store, Writer};
use salespulse::telemetry::{Metrics, Rarely};
use salespulse::time::{Clock, Time};

use crate::dice::Dice;
use crate::logs::{Logs, Place};

pub(crate) struct Process {
    decoder: Decoder,
    interner: Interner,
    shards: ShardThreads,
    board: Board,
    catalogue: Catalogue,
    writer: Writer,
    restored: Restored,
    now: Time,
    positions: BTreeMap<Place, usize>,
    /// Dead letters that the broker has not acknowledged.
    under_way: BTreeSet<(Place, usize)>,
    metrics: Arc<Metrics>,
}

impl Process {
    pub(crate) fn start(logs: &Logs, store: &Store, shards: usize, now: Time) -> Result<Process, RestoreError> {
        let topics = EventType::ALL.map(EventType::default_topic);
        let metrics = Metrics::new(topics.into_iter()).expect("metrics");
        let (rules, directory) = (Arc::clone(&logs.rules), Arc::new(Directory::default()));
        let threads = ShardThreads::start(shards, &rules, &directory, now, &metrics).expect("threads");
        let topics = EventType::ALL.iter().map(|kind| (kind.name().to_owned(), kind.default_topic().to_owned()));
        let provenance = Provenance::new(&rules, Some("cluster".to_owned()), topics.collect());
        let restorer = Restorer {
            store: store.clone(),
            provenance: provenance.clone(),
            rules: Arc::clone(&rules),
            directory: Arc::clone(&directory),
            loader: threads.loader(),
            clock: Clock::Fixed(now),
            on_gap: OnGap::Refuse,
            metrics: Arc::clone(&metrics),
        };
        let restored = restorer.restore(&logs.ends())?;
        let at = |place: Place| restored.offsets.get(place.0.default_topic()).map(|offsets| offsets[place.1]);
        let begin = |place| at(place).map_or(logs.low(place), |offset| usize::try_from(offset).expect("an offset"));
        Ok(Process {
            decoder: Decoder::new(Arc::clone(&rules)),
            interner: Interner::new(Arc::clone(&directory), rules.zone.clone()),
            board: Board::new(Arc::clone(&rules), Arc::clone(&directory), now),
            catalogue: Catalogue::new(&rules).expect("a catalogue"),
            positions: logs.places().map(|place| (place, begin(place))).collect(),
            shards: threads,
            writer: Writer {
                store: store.clone(),
                provenance,
                rules,
                directory,
                clock: Clock::Fixed(now),
                metrics: Arc::clone(&metrics),
                rarely: Rarely::default(),
            },
            restored,
            now,
            under_way: BTreeSet::new(),
            metrics,
        })
    }

    /// Whether it continued from a snapshot.
    pub(crate) fn has_restored(&self) -> bool {
        self.metrics.snapshots.restored.get() > 0
    }

    /// How many snapshots it could not use.
    pub(crate) fn unusable(&self) -> u64 {
        self.metrics.snapshots.unusable.get()
    }

    /// Reads some records of a partition.
    pub(crate) fn poll(&mut self, logs: &Logs, place: Place, count: usize) {
        let begin = self.positions[&place].max(logs.low(place));
        let records = logs.log(place).iter().enumerate().skip(begin).take(count);
        let mut next = begin;
        for (offset, produced) in records {
            next = offset + 1;
            let record = Record {
                topic_type: Some(produced.kind),
                value: Some(&produced.value),
                timestamp: Some(produced.produced_at),
                ..Record::default()
            };
            match self.decoder.decode(&record, self.now) {
                Ok(Decoded::Event(event)) => {
                    let entry = self.interner.entry(&event);
                    let shard = entry.shard(self.shards.count());
                    self.shards.apply(shard, vec![entry], self.now).expect("a shard");
                }
                Ok(Decoded::Tombstone) => {}
                Err(rejection) => {
                    match rejection.depends_on {
                        Some(Setting::Stages) => self.restored.refused.by_stages += 1,
                        Some(Setting::Rates) => self.restored.refused.by_rates += 1,
                        None => {}
                    }
                    self.under_way.insert((place, offset));
                }
            }
        }
        self.positions.insert(place, next.max(begin));
    }

    /// Reads records of a partition, if there are any.
    pub(crate) fn poll_some(&mut self, logs: &Logs, place: Place) -> bool {
        let before = self.positions[&place];
        self.poll(logs, place, usize::MAX);
        self.positions[&place] > before
    }

    /// The broker acknowledges some of the dead letters under way, in any order.
    pub(crate) fn acknowledge(&mut self, dice: &mut Dice, letters: &mut BTreeSet<(Place, usize)>) {
        self.under_way.retain(|letter| {
            let is_acknowledged = dice.percent(60);
            if is_acknowledged {
                letters.insert(*letter);
            }
            !is_acknowledged
        });
    }

    pub(crate) fn has_letters_under_way(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// All shards as they are now.
    pub(crate) fn cut(&self) -> Cut {
        let mut offsets = Offsets::new();
        for (place, position) in &self.positions {
            let unacknowledged = self.under_way.iter().find(|(other, _)| other == place).map(|(_, offset)| *offset);
            let offset = unacknowledged.map_or(*position, |offset| offset.min(*position));
            let offset = i64::try_from(offset).expect("an offset");
            offsets.entry(place.0.default_topic().to_owned()).or_default().push(offset);
        }
        let images = self.shards.images(true).expect("shards");
        Cut { offsets, images, origin: self.restored.clone() }
    }

    /// Writes a cut; answers up to where everything is durable.
    pub(crate) fn write(&self, cut: Cut) -> Offsets {
        let Report::Durable(offsets) = self.writer.write(cut) else { panic!("the store does not fail") };
        assert_eq!(self.metrics.snapshots.mismatches.get(), 0, "an audit found a cell wrong");
        offsets
    }

    pub(crate) fn text(&mut self, now: Time) -> String {
        let readings = self.shards.reader().read(now).expect("shards");
        let mut text = String::new();
        render(&self.catalogue, &self.board.read(now, readings), Format::Prometheus, &mut text).expect("few series");
        text
    }
}
