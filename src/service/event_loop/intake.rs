//! What happens to each record: decoded, packed, handed to its shard; or counted and sent to the dead letters.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use crate::contract::decode::{Decoded, Decoder, Named, Setting, lead_id_of};
use crate::engine::entry::{Entry, Interner};
use crate::engine::shard::Image;
use crate::health::{Keyless, LogThrottle, Metrics, Misrouted, Rejected, TopicMetrics};
use crate::kafka::{DeadLetterSink, Layout, Origin, Partition, SourceRecord};
use crate::model::event::{Body, EventType};
use crate::model::time::{Time, seconds};
use crate::service::horizon_clock::HorizonClock;
use crate::snapshot::{Fingerprint, Refused};
use crate::threads::{ShardGone, ShardThreads};

/// What an intake is made of.
pub struct IntakeParts {
    /// Judges records.
    pub decoder: Decoder,
    /// Packs events.
    pub interner: Interner,
    /// Where entries go.
    pub shards: ShardThreads,
    /// What "now" is.
    pub present: Arc<HorizonClock>,
    /// Where it is counted.
    pub metrics: Arc<Metrics>,
}

/// Takes records, one after another.
pub(super) struct Intake {
    decoder: Decoder,
    interner: Interner,
    shards: ShardThreads,
    pub(super) present: Arc<HorizonClock>,
    metrics: Arc<Metrics>,
    layout: Arc<Layout>,
    /// By topic, as in the layout.
    topics: Vec<TopicIntake>,
    /// Entries on their way, by shard.
    batches: Vec<Vec<Entry>>,
    /// When the first of them arrived. The clock is read once for all that is read without waiting, a few milliseconds
    /// at most, rather than for each record.
    now: Option<Time>,
    run: Option<Run>,
    rejections: LogThrottle,
    /// Records that other rules might have accepted.
    pub(super) refused: Refused,
}

/// What is kept for each topic.
struct TopicIntake {
    kind: EventType,
    metrics: TopicMetrics,
    /// Records, and events among them, since they were handed to the shards last.
    consumed: u64,
    decoded: u64,
    last_event: Time,
}

/// Records of one partition that were read one after another. Noting takes a lock, and a lock waits until all that was
/// written before it has left the core, which for each record would be long.
struct Run {
    partition: Arc<Partition>,
    first: Fingerprint,
    last: Fingerprint,
}

impl Run {
    /// Notes by what their log is known again.
    fn note(&self) {
        let mut trace = self.partition.trace();
        [self.first, self.last].into_iter().for_each(|read| trace.note(read));
    }
}

impl Intake {
    pub(super) fn new(parts: IntakeParts, layout: Arc<Layout>) -> Intake {
        let IntakeParts { decoder, interner, shards, present, metrics } = parts;
        let topics = layout.topics().iter().filter_map(|topic| {
            let (kind, metrics) = (topic.kind, metrics.topic(&topic.name)?.clone());
            Some(TopicIntake { kind, metrics, consumed: 0, decoded: 0, last_event: Time::MIN })
        });
        Intake {
            topics: topics.collect(),
            batches: (0..shards.count()).map(|_| Vec::new()).collect(),
            now: None,
            run: None,
            rejections: LogThrottle::default(),
            refused: Refused::default(),
            decoder,
            interner,
            shards,
            present,
            metrics,
            layout,
        }
    }

    /// Takes topics that have grown.
    pub(super) fn take_layout(&mut self, layout: Arc<Layout>) {
        self.layout = layout;
    }

    /// Takes one record.
    pub(super) fn take(&mut self, source: &SourceRecord<'_>, dead_letters: &mut impl DeadLetterSink) {
        // Only what we assigned to ourselves arrives.
        let Some(index) = self.layout.index(source.topic) else { return };
        let Some(partition) = self.layout.partition(index, source.partition) else { return };
        let Some(topic) = self.topics.get_mut(index) else { return };
        topic.consumed += 1;
        let now = *self.now.get_or_insert_with(|| self.present.now());
        let record = source.decodable(topic.kind);
        if source.key.is_none() {
            Keyless { topic: partition.topic(), partition: partition.number(), offset: source.offset }
                .report(&topic.metrics);
        }
        let mut hash = None;
        let (interner, mut sought) = (&self.interner, None);
        let seek = |named: Named<'_>| sought = Some(interner.seek(named.team_id.as_ref(), named.rep_id.as_ref()));
        // An event is too large to be moved out of what was decoded.
        match &self.decoder.decode_telling(&record, now, seek) {
            Ok(Decoded::Event(event)) => {
                hash = record.value_hash(event);
                topic.decoded += 1;
                topic.last_event = topic.last_event.max(event.occurred_at);
                topic.compare_key(source, partition, lead_id(&event.body));
                let entry = self.interner.entry_of(event, sought);
                if let Some(watch) = entry.watch() {
                    put(&mut self.batches, watch);
                }
                put(&mut self.batches, entry);
            }
            Ok(Decoded::Tombstone) => topic.metrics.tombstones.inc(),
            Err(rejection) => {
                if topic.kind.is_of_journey() {
                    topic.compare_key(source, partition, lead_id_of(&record).as_deref());
                }
                let (topic, number, offset) = (partition.topic(), partition.number(), source.offset);
                let is_dead_lettered_now = !partition.was_settled(offset);
                Rejected { topic, partition: number, offset, rejection, is_dead_lettered_now }
                    .report(&self.metrics, &self.rejections);
                match rejection.depends_on {
                    Some(Setting::Stages) => self.refused.by_stages += 1,
                    Some(Setting::Rates) => self.refused.by_rates += 1,
                    None => {}
                }
                // The same record may come again after a rebalance: then its dead letter is in flight.
                if is_dead_lettered_now && partition.await_acknowledgement(offset) {
                    let origin = Origin { partition: Arc::clone(partition), offset, bytes: source.bytes() };
                    dead_letters.send(source, origin, rejection);
                }
            }
        }
        partition.advance(source.offset, source.timestamp);
        // Nearly always the value was hashed as its event's JSON.
        let fingerprint = hash.map_or_else(|| source.fingerprint(), |hash| source.fingerprint_of_hashed(hash));
        match &mut self.run {
            Some(run) if Arc::ptr_eq(&run.partition, partition) => run.last = fingerprint,
            run => {
                let next = Run { partition: Arc::clone(partition), first: fingerprint, last: fingerprint };
                run.replace(next).iter().for_each(Run::note);
            }
        }
    }

    /// Hands what was taken to the shards; waits while one has too much to do.
    pub(super) fn flush(&mut self) -> Result<(), ShardGone> {
        let Some(now) = self.now.take() else { return Ok(()) };
        self.run.take().iter().for_each(Run::note);
        for (shard, batch) in self.batches.iter_mut().enumerate().filter(|(_, batch)| !batch.is_empty()) {
            // The next one will be about as long.
            let next = Vec::with_capacity(batch.len());
            self.shards.apply(shard, std::mem::replace(batch, next), now)?;
        }
        for topic in &mut self.topics {
            topic.metrics.consumed.inc_by(std::mem::take(&mut topic.consumed));
            topic.metrics.decoded.inc_by(std::mem::take(&mut topic.decoded));
        }
        for topic in self.topics.iter().filter(|topic| topic.last_event > Time::MIN) {
            topic.metrics.set_last_event(seconds(topic.last_event.millis()));
        }
        Ok(())
    }

    /// Hands everything to the shards and asks each for an image after it.
    pub(super) fn images(&mut self, with_counted: bool) -> Result<Vec<Receiver<Image>>, ShardGone> {
        self.flush()?;
        self.shards.images(with_counted)
    }

    /// Waits until everything that was taken has been applied.
    pub(super) fn settle(&mut self) -> Result<(), ShardGone> {
        self.flush()?;
        self.shards.settle()
    }
}

/// Puts an entry on its way to its shard.
fn put(batches: &mut [Vec<Entry>], entry: Entry) {
    let shard = entry.shard(batches.len());
    if let Some(batch) = batches.get_mut(shard) {
        batch.push(entry);
    }
}

impl TopicIntake {
    /// Counts a record whose key is not the `lead_id` it names.
    fn compare_key(&self, source: &SourceRecord<'_>, partition: &Partition, lead_id: Option<&str>) {
        if let (Some(key), Some(lead_id)) = (source.key, lead_id)
            && key != lead_id.as_bytes()
        {
            Misrouted { topic: partition.topic(), partition: partition.number(), offset: source.offset }
                .report(&self.metrics);
        }
    }
}

/// The journey of an event that belongs to one.
fn lead_id<'a>(body: &'a Body<'_>) -> Option<&'a str> {
    match body {
        Body::Lead(lead) => Some(&lead.lead_id),
        Body::StageChange(change) => Some(&change.lead_id),
        Body::Retraction(retraction) => retraction.lead_id.as_deref(),
        Body::Spend(_) | Body::Feedback(_) | Body::Payment(_) | Body::Target(_) | Body::Rep(_) => None,
    }
}
