//! Restores the shards from the newest snapshot that can be used, and says when there must be none.

mod known;
mod logs;
mod older;
mod restored;

pub use self::restored::Restored;

use std::sync::Arc;
use std::thread;

use self::known::{Began, Known, first_begun_later, partitions};
use self::logs::{Logs, begins, forget};
use self::older::Allowed;
use super::format::{Decoder, FormatError, Item};
use super::header::{Header, Offsets, Provenance, Usability};
use super::identity::{Changed, Fingerprint, Fingerprints, Log, Place};
use super::rounds::{Home, Round, RoundName};
use super::store::{Pieces, Store, StoreError};
use crate::config::OnGap;
use crate::engine::directory::{Directory, Listing};
use crate::engine::shard::{Contents, Translation, Unpacker, Unusable};
use crate::health::{LogChanged, LogUnverified, Metrics, SnapshotRestored, SnapshotUnusable};
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

/// Why the shards were not restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The store does not answer; it may later.
    #[error("the snapshots in snapshot.store cannot be read: {0}")]
    Store(#[from] StoreError),
    /// Numbers without the records that are missing would be wrong.
    #[error("{0}")]
    Refused(String),
    /// The records that were read last cannot be looked at; they may be later.
    #[error("cannot see whether the topics still are those that the snapshots hold: {0}")]
    Log(String),
    /// A bug.
    #[error(transparent)]
    Shard(#[from] ShardGone),
}

/// Why one round is not used.
enum Reject {
    Unusable(String),
    /// It is valid, and this partition's records after it are gone.
    Gap(String),
    /// It is valid, and holds what the topics hold no longer.
    Changed(Changed),
    /// It is valid, and nobody knows whether the topics are those that it holds, since this record cannot be read again.
    Unverified(Place),
    /// It is valid, and an earlier version of the contract read it; its header.
    Older(Box<Header>),
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

impl From<RestoreError> for Reject {
    fn from(error: RestoreError) -> Reject {
        Reject::Error(error)
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
    /// Restores the shards, or leaves them empty if there is nothing to restore them from. Without a log nothing is compared.
    ///
    /// # Errors
    /// [`RestoreError`]; the shards may then hold a part, and must be reset before anything else.
    pub fn restore(&self, ends: &Ends, log: Option<&dyn Log>) -> Result<Restored, RestoreError> {
        let mut rounds = self.store.rounds()?;
        let newest = rounds.first().map_or(0, |round| round.name.lineage);
        // What was read from the same topics comes first; of the rest each is judged by its header.
        let home = self.provenance.home();
        rounds.sort_by_key(|round| ![home, Home::Group].contains(&round.name.home));
        let (mut gap, mut is_changed, mut older) = (None, false, Vec::new());
        let mut known = Known::default();
        let logs = Logs { ends, log };
        for round in &rounds {
            let headers = known.headers;
            let is_elsewhere = ![home, Home::Group].contains(&round.name.home);
            let mut attempt = self.attempt(round, logs, Allowed::NOTHING, &mut known);
            if let Err(Reject::Unverified(record)) = &attempt
                && !is_elsewhere
                && !is_changed
            {
                self.judge_unverified(record)?;
                attempt = self.attempt(round, logs, Allowed::UNVERIFIED, &mut known);
            }
            let is_second_best = is_elsewhere && known.has_ours;
            if is_second_best {
                attempt = attempt.and_then(|restored| known.reaches_back(restored));
            }
            // A round without a header can only be recognised by where it lies.
            let is_ours = round.name.home == home || (round.name.home == Home::Group && known.headers == headers);
            known.exists |= is_ours;
            known.has_ours |= is_ours;
            let rejected = match attempt {
                // Older than the change: the topics hold all that it does, and lack what came between.
                Ok(restored) if is_changed => {
                    let lineage = newest + 1;
                    return Ok(Restored { lineage, degraded: true, begins_anew: true, ..restored });
                }
                Ok(restored) => return Ok(restored),
                Err(Reject::Error(error)) => return Err(error),
                Err(Reject::Changed(changed)) if !is_elsewhere => {
                    self.judge_change(&changed)?;
                    is_changed = true;
                    changed.to_string()
                }
                Err(Reject::Changed(changed)) => changed.to_string(),
                Err(Reject::Unverified(record)) => record.unverified(),
                // Only where no other can be used; nothing of it was loaded.
                Err(Reject::Older(header)) if !is_second_best => {
                    older.push((round, header));
                    continue;
                }
                Err(Reject::Older(_)) => "an earlier release wrote it for other topics".to_owned(),
                Err(Reject::Unusable(reason)) => reason,
                Err(Reject::Gap(reason)) => {
                    gap.get_or_insert((round, reason.clone()));
                    reason
                }
            };
            SnapshotUnusable { round: &round.name, reason: &rejected }.report(&self.metrics);
            self.loader.reset(self.clock.now())?;
        }
        let (lineage, began) = (newest + 1, ends.lows.clone());
        if is_changed {
            return Ok(Restored { lineage, began, degraded: true, begins_anew: true, ..Restored::default() });
        }
        if let Some(restored) = self.of_an_older_contract(&older, lineage, logs)? {
            return Ok(restored);
        }
        if let Some((round, reason)) = gap {
            return self.over_the_gap(round, &reason, logs);
        }
        let degraded = known.exists && self.misses_a_beginning(ends, &known.began)?;
        Ok(Restored { lineage, began, degraded, ..Restored::default() })
    }

    /// What was read and is there no longer is missing, as what is deleted before it is read.
    fn judge_change(&self, changed: &Changed) -> Result<(), RestoreError> {
        LogChanged { changed }.report(&self.metrics);
        if self.on_gap == OnGap::Degrade {
            return Ok(());
        }
        Err(RestoreError::Refused(format!(
            "{changed}; the snapshots hold records that it no longer has, and the numbers of both would be wrong. If that was \
             meant, set snapshot.on_gap = \"degrade\" for one start, which begins with what the topics hold now; else bring the \
             topic back, or give salespulse another kafka.group"
        )))
    }

    /// Numbers of which nobody knows whether they are of these topics are not shown, unless that is allowed.
    fn judge_unverified(&self, record: &Place) -> Result<(), RestoreError> {
        let reason = record.unverified();
        LogUnverified { reason: &reason }.report();
        if self.on_gap == OnGap::Degrade {
            return Ok(());
        }
        Err(RestoreError::Refused(format!(
            "{reason}, and the snapshots hold that one. If it is the same, set snapshot.on_gap = \"degrade\" for one start, which \
             continues from them; if it is not, give salespulse another kafka.group, which begins with what the topic holds now"
        )))
    }

    /// Uses a round in spite of the records that are missing after it, if that is allowed.
    fn over_the_gap(&self, round: &Round, reason: &str, logs: Logs<'_>) -> Result<Restored, RestoreError> {
        if self.on_gap == OnGap::Refuse {
            return Err(RestoreError::Refused(format!(
                "{reason}; the numbers would lack them. Let the topics keep records for longer (retention.ms), or set \
                 snapshot.on_gap = \"degrade\" to go on without them"
            )));
        }
        match self.attempt(round, logs, Allowed::EVERYTHING, &mut Known::default()) {
            Ok(mut restored) => {
                // The log no longer has the offsets themselves; to read on from there would be an error.
                fold(&mut restored.offsets, &logs.ends.lows, i64::max);
                Ok(Restored { degraded: true, ..restored })
            }
            Err(Reject::Error(error)) => Err(error),
            // It was read to its header a moment ago.
            Err(Reject::Unusable(reason) | Reject::Gap(reason)) => Err(RestoreError::Refused(reason)),
            Err(Reject::Changed(changed)) => Err(RestoreError::Refused(changed.to_string())),
            Err(Reject::Unverified(record)) => Err(RestoreError::Refused(record.unverified())),
            Err(Reject::Older(_)) => Err(RestoreError::Refused(reason.to_owned())),
        }
    }

    /// Whether reading from the beginning gives less than what the unusable snapshots had, or could have had. They are of no
    /// use, but they say that there was more.
    fn misses_a_beginning(&self, ends: &Ends, began: &Began) -> Result<bool, RestoreError> {
        let Some((topic, number, low)) = first_begun_later(&ends.lows, began) else { return Ok(false) };
        if self.on_gap == OnGap::Refuse {
            return Err(RestoreError::Refused(format!(
                "no snapshot in {} can be used, and {topic}/{number} now begins at offset {low}: retention has deleted records \
                 that the snapshots held or could have held; the log says why they cannot be used. Mend that, or set \
                 snapshot.on_gap = \"degrade\" to start from what the topics still hold",
                self.store.place()
            )));
        }
        Ok(true)
    }

    fn attempt(&self, round: &Round, logs: Logs<'_>, allowed: Allowed, known: &mut Known) -> Result<Restored, Reject> {
        let ends = logs.ends;
        if !round.is_complete {
            return Err(Reject::Unusable("it was not written to its end".to_owned()));
        }
        let now = self.clock.now();
        let (mut opened, mut compared, mut unverified) = (Vec::new(), Vec::new(), Vec::new());
        for object in &round.objects {
            let mut reader = ObjectReader::new(self.store.get(*object)?)?;
            let header = reader.header()?;
            known.note(&header, &self.provenance);
            let usability = header.usability(&self.provenance, self.rules.horizon(now));
            if let Usability::Not(reason) = usability {
                return Err(Reject::Unusable(reason));
            }
            logs.hold(&header.offsets, allowed.gap)?;
            if !compared.contains(&header.fingerprints) {
                unverified.append(&mut logs.are_known_by(&header.fingerprints, allowed)?);
                compared.push(header.fingerprints.clone());
            }
            begins(&header.offsets, ends, allowed.gap)?;
            if header.is_of_an_older_contract() && !allowed.older_contract {
                return Err(Reject::Older(Box::new(header)));
            }
            let (listing, converts) = (reader.listing()?, usability == Usability::Converted);
            opened.push(Opened { reader, header, listing, converts });
        }
        let mut restored = summary(round.name, &opened);
        restored.degraded |= begins(&restored.offsets, ends, OnGap::Refuse).is_err();
        restored.degraded |= !unverified.is_empty();
        forget(&mut restored.fingerprints, &unverified);
        complete(&mut restored.began, &ends.lows);
        let forgotten = opened.iter().filter_map(|object| object.header.forgotten).max();
        let started = std::time::Instant::now();
        let contents = self.load(opened, now)?;
        let forgotten = forgotten.map_or(Time::MIN, Time::from_millis);
        let items = self.loader.finish(forgotten)?;
        if items != contents {
            return Err(Reject::Unusable("it does not hold as much as it says".to_owned()));
        }
        SnapshotRestored { round: &round.name, items, took: started.elapsed() }.report(&self.metrics);
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
        newest(&mut restored.fingerprints, &header.fingerprints);
        restored.contract = restored.contract.min(header.contract);
    }
    restored
}

/// Of each partition the record that was read last.
fn newest(own: &mut Fingerprints, others: &Fingerprints) {
    for (topic, others) in others {
        let own = own.entry(topic.clone()).or_default();
        own.resize(own.len().max(others.len()), Vec::new());
        let offset = |read: &[Fingerprint]| read.last().map(|last| last.offset);
        for (own, other) in own.iter_mut().zip(others) {
            if offset(own) < offset(other) {
                own.clone_from(other);
            }
        }
    }
}

fn fold(own: &mut Offsets, other: &Offsets, choose: impl Fn(i64, i64) -> i64) {
    for (topic, others) in other {
        let own = own.entry(topic.clone()).or_insert_with(|| others.clone());
        own.iter_mut().zip(others).for_each(|(own, other)| *own = choose(*own, *other));
    }
}

/// Takes over what is said of partitions of which nothing is said yet.
fn complete(own: &mut Offsets, other: &Offsets) {
    for (topic, others) in other {
        let own = own.entry(topic.clone()).or_default();
        own.extend(others.iter().skip(own.len()));
    }
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
