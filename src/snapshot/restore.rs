//! Restores the shards from the newest snapshot that can be used, and says when there must be none.

use std::sync::Arc;
use std::thread;

use super::format::{Decoder, FormatError, Item};
use super::header::{Header, Offsets, Provenance, Refused, Usability};
use super::rounds::{Round, RoundName};
use super::store::{Pieces, Store, StoreError};
use crate::config::OnGap;
use crate::engine::directory::{Directory, Listing};
use crate::engine::shard::{Contents, Translation, Unpacker, Unusable};
use crate::health::{Metrics, SnapshotRestored, SnapshotUnusable};
use crate::model::rules::Rules;
use crate::model::time::{Clock, Time};
use crate::threads::{ShardGone, ShardLoader};

/// Where the logs begin and end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// The first offset of every partition.
    pub lows: Offsets,
    /// The end of every partition.
    pub highs: Offsets,
}

/// The state that was restored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// The lineage that its snapshots belong to.
    pub lineage: u64,
    /// Where reading goes on; where nothing is told, at the beginning.
    pub offsets: Offsets,
    /// Where reading once began.
    pub began: Offsets,
    /// Records that other rules might have accepted.
    pub refused: Refused,
    /// Whether records are missing.
    pub degraded: bool,
}

/// Why the shards were not restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The store does not answer; it may later.
    #[error("the snapshots in snapshot.store cannot be read: {0}")]
    Store(#[from] StoreError),
    /// Numbers without the records that are missing would be wrong.
    #[error("{0}")]
    Refused(String),
    /// A bug.
    #[error(transparent)]
    Shard(#[from] ShardGone),
}

/// Why one round is not used.
enum Reject {
    Unusable(String),
    /// It is valid, and this partition's records after it are gone.
    Gap(String),
    Error(RestoreError),
}

impl From<StoreError> for Reject {
    fn from(error: StoreError) -> Reject {
        match error {
            // Somebody else deleted it after it was listed.
            StoreError::Failed(object_store::Error::NotFound { .. }) => Reject::Unusable("it is gone".to_owned()),
            error => Reject::Error(error.into()),
        }
    }
}

impl From<Unusable> for Reject {
    fn from(unusable: Unusable) -> Reject {
        Reject::Unusable(unusable.to_string())
    }
}

impl From<ShardGone> for Reject {
    fn from(gone: ShardGone) -> Reject {
        Reject::Error(gone.into())
    }
}

/// Restores shards.
#[derive(Clone)]
pub struct Restorer {
    /// Where the snapshots are.
    pub store: Store,
    /// What is read here and now.
    pub provenance: Provenance,
    /// The rules of now.
    pub rules: Arc<Rules>,
    /// Where names are numbered.
    pub directory: Arc<Directory>,
    /// The shards, which have applied nothing yet.
    pub loader: ShardLoader,
    /// What "now" is.
    pub clock: Clock,
    /// What to do with a gap.
    pub on_gap: OnGap,
    /// Where it is counted.
    pub metrics: Arc<Metrics>,
}

impl Restorer {
    /// Restores the shards, or leaves them empty if there is nothing to restore them from.
    ///
    /// # Errors
    /// [`RestoreError`]; the shards may then hold a part, and must be reset before anything else.
    pub fn restore(&self, ends: &Ends) -> Result<Restored, RestoreError> {
        let rounds = self.store.rounds()?;
        let newest = rounds.first().map_or(0, |round| round.name.lineage);
        let mut gap = None;
        let mut began = None;
        for round in &rounds {
            let rejected = match self.attempt(round, ends, OnGap::Refuse, &mut began) {
                Ok(restored) => return Ok(restored),
                Err(Reject::Error(error)) => return Err(error),
                Err(Reject::Unusable(reason)) => reason,
                Err(Reject::Gap(reason)) => {
                    gap.get_or_insert((round, reason.clone()));
                    reason
                }
            };
            SnapshotUnusable { round: &round.name, reason: &rejected }.tell(&self.metrics);
            self.loader.reset(self.clock.now())?;
        }
        if let Some((round, reason)) = gap {
            return self.over_the_gap(round, &reason, ends);
        }
        let degraded = !rounds.is_empty() && self.misses_a_beginning(ends, began.as_ref())?;
        Ok(Restored { lineage: newest + 1, began: ends.lows.clone(), degraded, ..Restored::default() })
    }

    /// Uses a round in spite of the records that are missing after it, if that is allowed.
    fn over_the_gap(&self, round: &Round, reason: &str, ends: &Ends) -> Result<Restored, RestoreError> {
        if self.on_gap == OnGap::Refuse {
            return Err(RestoreError::Refused(format!(
                "{reason}; the numbers would lack them. Let the topics keep records for longer (retention.ms), or set \
                 snapshot.on_gap = \"degrade\" to go on without them"
            )));
        }
        match self.attempt(round, ends, OnGap::Degrade, &mut None) {
            Ok(mut restored) => {
                // The log no longer has the offsets themselves; to read on from there would be an error.
                fold(&mut restored.offsets, &ends.lows, i64::max);
                Ok(Restored { degraded: true, ..restored })
            }
            Err(Reject::Error(error)) => Err(error),
            // It was read to its header a moment ago.
            Err(Reject::Unusable(reason) | Reject::Gap(reason)) => Err(RestoreError::Refused(reason)),
        }
    }

    /// Whether reading from the beginning gives less than what the unusable snapshots had. They are of no use, but they say
    /// that there was more.
    fn misses_a_beginning(&self, ends: &Ends, began: Option<&Offsets>) -> Result<bool, RestoreError> {
        let begins_later = |topic: &String, number: usize, low: i64| {
            let began = began.map_or(Some(0), |began| began.get(topic)?.get(number).copied());
            began.is_some_and(|began| low > began)
        };
        let missing = partitions(&ends.lows).find(|(topic, number, low)| begins_later(topic, *number, *low));
        let Some((topic, number, low)) = missing else { return Ok(false) };
        if self.on_gap == OnGap::Refuse {
            return Err(RestoreError::Refused(format!(
                "no snapshot in {} can be used, and {topic}/{number} now begins at offset {low}: retention has deleted records \
                 that the snapshots held; the log says why they cannot be used. Mend that, or set snapshot.on_gap = \"degrade\" \
                 to start from what the topics still hold",
                self.store.place()
            )));
        }
        Ok(true)
    }

    fn attempt(
        &self,
        round: &Round,
        ends: &Ends,
        on_gap: OnGap,
        began: &mut Option<Offsets>,
    ) -> Result<Restored, Reject> {
        if !round.is_complete {
            return Err(Reject::Unusable("it was not written to its end".to_owned()));
        }
        let now = self.clock.now();
        let mut opened = Vec::new();
        for object in &round.objects {
            let mut reader = ObjectReader::new(self.store.get(*object)?)?;
            let header = reader.header()?;
            began.get_or_insert_with(|| header.began.clone());
            let usability = header.usability(&self.provenance, self.rules.horizon(now));
            if let Usability::Not(reason) = usability {
                return Err(Reject::Unusable(reason));
            }
            reaches(&header.offsets, ends, on_gap)?;
            let (listing, converts) = (reader.listing()?, usability == Usability::Converted);
            opened.push(Opened { reader, header, listing, converts });
        }
        let restored = summary(round.name, &opened);
        let forgotten = opened.iter().filter_map(|object| object.header.forgotten).max();
        let started = std::time::Instant::now();
        let contents = self.load(opened, now)?;
        let forgotten = forgotten.map_or(Time::MIN, Time::from_millis);
        let items = self.loader.finish(forgotten)?;
        if items != contents {
            return Err(Reject::Unusable("it does not hold as much as it says".to_owned()));
        }
        SnapshotRestored { round: &round.name, items, took: started.elapsed() }.tell(&self.metrics);
        Ok(restored)
    }

    /// Loads all objects of a round at once; answers how many items they say they have.
    fn load(&self, opened: Vec<Opened>, now: Time) -> Result<u64, Reject> {
        let most = |count: fn(&Listing) -> usize| opened.iter().map(|object| count(&object.listing)).max().unwrap_or(0);
        let (rows, channels) = (most(|listing| listing.rows.len()), most(|listing| listing.channels.len()));
        let journeys = opened.iter().map(|object| object.header.journeys).fold(0, u64::saturating_add);
        self.loader.expect(journeys, rows, channels)?;
        thread::scope(|scope| {
            let load = |object: Opened| scope.spawn(move || self.load_object(object, now));
            let loading: Vec<_> = opened.into_iter().map(load).collect();
            let mut items = 0;
            for loading in loading {
                items += loading.join().map_err(|_| ShardGone)??.total();
            }
            Ok(items)
        })
    }

    /// Reads an object to its end. Reading, telling and sorting is done here, so that a shard has little left to do.
    fn load_object(&self, mut object: Opened, now: Time) -> Result<Contents, Reject> {
        let Opened { header, listing, converts, .. } = &object;
        let stages = &header.provenance.stages;
        let translation = Translation::new(listing, stages, *converts, &self.directory, &self.rules)?;
        let shards = self.loader.count();
        let mut unpacker = Unpacker::new(translation, Arc::clone(&self.rules), &self.directory, shards, now);
        let hand = |(shard, portion)| self.loader.hand(shard, portion, now);
        loop {
            match object.reader.item()? {
                Item::Block(kind, version, block) => {
                    unpacker.read(kind, version, &block)?.into_iter().try_for_each(hand)?
                }
                Item::End(contents) => {
                    unpacker.finish().into_iter().try_for_each(hand)?;
                    return Ok(contents);
                }
                Item::Header(_) | Item::Listing(_) => {
                    return Err(Reject::Unusable("its blocks are not in their order".to_owned()));
                }
            }
        }
    }
}

/// What is known of a round by its headers.
fn summary(name: RoundName, opened: &[Opened]) -> Restored {
    let mut restored = Restored { lineage: name.lineage, ..Restored::default() };
    for Opened { header, .. } in opened {
        // Everything before the least offset is in all of them.
        fold(&mut restored.offsets, &header.offsets, i64::min);
        fold(&mut restored.began, &header.began, i64::max);
        restored.refused.by_stages = restored.refused.by_stages.max(header.refused.by_stages);
        restored.refused.by_rates = restored.refused.by_rates.max(header.refused.by_rates);
        restored.degraded |= header.degraded;
    }
    restored
}

fn fold(own: &mut Offsets, other: &Offsets, choose: impl Fn(i64, i64) -> i64) {
    for (topic, others) in other {
        let own = own.entry(topic.clone()).or_insert_with(|| others.clone());
        own.iter_mut().zip(others).for_each(|(own, other)| *own = choose(*own, *other));
    }
}

/// Whether the logs still hold what comes after these offsets.
fn reaches(offsets: &Offsets, ends: &Ends, on_gap: OnGap) -> Result<(), Reject> {
    let at = |offsets: &Offsets, topic: &str, number: usize| offsets.get(topic)?.get(number).copied();
    for (topic, number, offset) in partitions(offsets) {
        let (Some(low), Some(high)) = (at(&ends.lows, topic, number), at(&ends.highs, topic, number)) else {
            return Err(Reject::Unusable(format!("{topic} has no partition {number} any more")));
        };
        if offset > high {
            return Err(Reject::Unusable(format!(
                "it reaches to offset {offset} of {topic}/{number}, which ends at {high}: the topic was created anew"
            )));
        }
        if offset < low && on_gap == OnGap::Refuse {
            return Err(Reject::Gap(format!(
                "the newest snapshots reach to offset {offset} of {topic}/{number}, which now begins at {low}: retention has \
                 deleted the records between"
            )));
        }
    }
    Ok(())
}

fn partitions(offsets: &Offsets) -> impl Iterator<Item = (&String, usize, i64)> {
    offsets
        .iter()
        .flat_map(|(topic, offsets)| offsets.iter().enumerate().map(move |(number, offset)| (topic, number, *offset)))
}

/// An object that can be used, read up to its items.
struct Opened {
    reader: ObjectReader,
    header: Header,
    listing: Listing,
    /// Whether amounts must be converted anew.
    converts: bool,
}

/// Reads an object item by item.
struct ObjectReader {
    pieces: Pieces,
    decoder: Decoder,
}

impl ObjectReader {
    fn new(pieces: Pieces) -> Result<ObjectReader, Reject> {
        let decoder = Decoder::new().map_err(|error| Reject::Unusable(error.to_string()))?;
        Ok(ObjectReader { pieces, decoder })
    }

    fn item(&mut self) -> Result<Item, Reject> {
        loop {
            match self.decoder.item() {
                Ok(Some(item)) => return Ok(item),
                Ok(None) => {}
                Err(error) => return Err(Reject::Unusable(error.to_string())),
            }
            match self.pieces.take()? {
                Some(bytes) => self.decoder.push(&bytes),
                None => return Err(Reject::Unusable(FormatError::Damaged("it ends too early").to_string())),
            }
        }
    }

    fn header(&mut self) -> Result<Header, Reject> {
        match self.item()? {
            Item::Header(header) => Ok(*header),
            _ => Err(Reject::Unusable("it has no header".to_owned())),
        }
    }

    fn listing(&mut self) -> Result<Listing, Reject> {
        match self.item()? {
            Item::Listing(listing) => Ok(listing),
            _ => Err(Reject::Unusable("it does not say what its names are".to_owned())),
        }
    }
}
