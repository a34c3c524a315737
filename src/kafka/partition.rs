//! What is known of one partition. The poll thread writes; others look.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::commit::Committed;
use super::trace::Trace;
use crate::snapshot::{Fingerprint, Place, Remembered};

/// Stands for an offset or a timestamp that is not known.
const UNKNOWN: i64 = -1;

/// One partition of one topic.
#[derive(Debug)]
pub struct Partition {
    topic: Arc<str>,
    number: i32,
    /// The offset after the last record read: part of the state in memory, kept over rebalances.
    next: AtomicI64,
    /// Whether the position that the client says may be one that was never read to.
    is_misplaced: AtomicBool,
    /// The Kafka timestamp of the last record read.
    last_timestamp: AtomicI64,
    /// By what the log is known again; part of the state in memory.
    trace: Mutex<Trace>,
    /// What was committed when the partitions were last assigned.
    committed: AtomicI64,
    /// Below it every rejected record is in the dead-letter topic, as it was known at the last assignment.
    settled: AtomicI64,
    /// Records of the log in which that is so, until reading has come as far and the log has been compared.
    settled_log: Mutex<Vec<Fingerprint>>,
    /// Everything before it is in a snapshot.
    durable: AtomicI64,
    /// The first offset and the end of the log at the last assignment.
    low: AtomicI64,
    high: AtomicI64,
    /// The latest end of the log that is known.
    end: AtomicI64,
    /// Since when records have been waiting of which none was read, in Unix milliseconds.
    waiting_since: AtomicI64,
    /// Offsets of records whose dead letter is not acknowledged yet, with the instant since when it is awaited.
    unacknowledged: Mutex<BTreeMap<i64, Instant>>,
}

/// Where a record came from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Its partition.
    pub partition: Arc<Partition>,
    /// Its offset there.
    pub offset: i64,
    /// How long its key and its value are together.
    pub bytes: usize,
}

impl Partition {
    /// A partition of which nothing is known.
    #[must_use]
    pub fn new(topic: Arc<str>, number: i32) -> Partition {
        let unknown = || AtomicI64::new(UNKNOWN);
        Partition {
            topic,
            number,
            next: unknown(),
            is_misplaced: AtomicBool::new(false),
            last_timestamp: unknown(),
            trace: Mutex::default(),
            committed: unknown(),
            settled: unknown(),
            settled_log: Mutex::default(),
            durable: unknown(),
            low: unknown(),
            high: unknown(),
            end: unknown(),
            waiting_since: unknown(),
            unacknowledged: Mutex::default(),
        }
    }

    /// The topic's name.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The number within the topic.
    #[must_use]
    pub fn number(&self) -> i32 {
        self.number
    }

    /// Notes that the record at this offset has been read.
    pub fn advance(&self, offset: i64, timestamp: Option<i64>) {
        self.next.store(offset + 1, Ordering::Relaxed);
        self.last_timestamp.store(timestamp.unwrap_or(UNKNOWN), Ordering::Relaxed);
    }

    /// By what its log is known again.
    pub fn trace(&self) -> MutexGuard<'_, Trace> {
        // It is changed by single calls that do not panic half way.
        self.trace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// By what its log is known again, the oldest first and what was read last at the end: what was read of it, and what
    /// others had read whose dead letters are not sent again.
    #[must_use]
    pub fn known_by(&self) -> Vec<Fingerprint> {
        let read = self.trace().read();
        let mut known = self.settled_log().clone();
        known.retain(|of_others| !read.contains(of_others));
        known.extend(read);
        known
    }

    /// Whether this place lies in it.
    #[must_use]
    pub fn is_at(&self, place: &Place) -> bool {
        *self.topic == *place.topic && usize::try_from(self.number) == Ok(place.number)
    }

    /// What is compared with a log that begins and ends there.
    #[must_use]
    pub fn remembered(&self, (low, high): (i64, i64)) -> Remembered {
        let number = usize::try_from(self.number).unwrap_or(usize::MAX);
        Remembered { topic: self.topic.to_string(), number, read: self.known_by(), low, high }
    }

    /// Notes that what was remembered was compared, of which these records were found, and the log is the same.
    pub fn trust(&self, compared: &[Fingerprint], found: &[Fingerprint]) {
        self.trace().trust(compared, found);
        // From here on what is read says more than what others had read.
        if self.next() >= self.settled() {
            self.settled_log().clear();
        }
    }

    /// Notes what is committed since what was known before speaks of another log.
    pub fn set_commit(&self, committed: &Committed) {
        self.committed.store(committed.offset, Ordering::Relaxed);
        self.settled.store(committed.settled, Ordering::Relaxed);
        self.settled_log().clone_from(&committed.log);
    }

    /// Sets where reading goes on after what was restored, which is durable.
    pub fn begin_at(&self, offset: i64) {
        self.next.store(offset, Ordering::Relaxed);
        self.durable.store(offset, Ordering::Relaxed);
    }

    /// Goes on at a later offset without the records before it.
    pub fn pass_to(&self, offset: i64) {
        self.next.store(offset, Ordering::Relaxed);
    }

    /// Notes that everything before an offset is durable.
    pub fn set_durable(&self, offset: i64) {
        self.durable.store(offset, Ordering::Relaxed);
    }

    /// The offset before which everything is durable.
    #[must_use]
    pub fn durable(&self) -> Option<i64> {
        known(&self.durable)
    }

    /// The first offset and the end of the log at the last assignment.
    #[must_use]
    pub fn ends(&self) -> (i64, i64) {
        (self.low.load(Ordering::Relaxed).max(0), self.high.load(Ordering::Relaxed).max(0))
    }

    /// Where reading goes on after everything up to a position is applied and its dead letters are acknowledged.
    #[must_use]
    pub fn goes_on_at(&self, position: Option<i64>) -> i64 {
        let (low, _) = self.ends();
        self.committable(position.or(self.next()).unwrap_or(low))
    }

    /// Where an assignment begins to read: where reading goes on, and at first where the survey saw the log begin. From then on
    /// that is the next offset, though nothing may be read for long: were it looked up at each assignment, what retention
    /// deletes meanwhile would be skipped without a word.
    #[must_use]
    pub fn resumes_at(&self) -> i64 {
        let low = self.ends().0;
        let known = self.next.compare_exchange(UNKNOWN, low, Ordering::Relaxed, Ordering::Relaxed);
        known.err().unwrap_or(low)
    }

    /// The offset at which to go on; `None` if nothing has been read.
    #[must_use]
    pub fn next(&self) -> Option<i64> {
        known(&self.next)
    }

    /// Notes whether the client may take another offset for its position than what has been read to.
    pub fn set_misplaced(&self, is_misplaced: bool) {
        self.is_misplaced.store(is_misplaced, Ordering::Relaxed);
    }

    /// The position, given the one that the client says: where that cannot be believed, the offset after the last record read.
    #[must_use]
    pub fn position(&self, said: Option<i64>) -> Option<i64> {
        if self.is_misplaced.load(Ordering::Relaxed) { self.next() } else { said }
    }

    /// The Kafka timestamp of the last record read.
    #[must_use]
    pub fn last_timestamp(&self) -> Option<i64> {
        known(&self.last_timestamp)
    }

    /// Notes what the cluster said at an assignment, and of a commit what can be believed.
    pub fn set_survey(&self, committed: Option<Committed>, low: i64, high: i64) {
        // Beyond the end only if the topic was created anew: then nothing of this log was ever done.
        let committed = committed.filter(|committed| committed.settled.max(committed.offset) <= high);
        let of = |part: fn(&Committed) -> i64| committed.as_ref().map_or(UNKNOWN, part);
        self.committed.store(of(|committed| committed.offset), Ordering::Relaxed);
        self.settled.store(of(|committed| committed.settled), Ordering::Relaxed);
        // All of them have just been found, and of a log that holds the last it is known that it holds the others.
        let last = committed.and_then(|committed| committed.log.into_iter().max_by_key(|record| record.offset));
        *self.settled_log() = last.into_iter().collect();
        self.low.store(low, Ordering::Relaxed);
        self.high.store(high, Ordering::Relaxed);
        self.note_end(high);
    }

    /// Notes where the log ends now.
    pub fn note_end(&self, end: i64) {
        self.end.fetch_max(end, Ordering::Relaxed);
    }

    /// Since when records have been waiting of which none was read, given that some are waiting now.
    pub fn waits_since(&self, now: i64) -> i64 {
        let since = self.waiting_since.compare_exchange(UNKNOWN, now, Ordering::Relaxed, Ordering::Relaxed);
        since.err().unwrap_or(now)
    }

    /// How many records lie between a position and the latest end of the log that is known.
    #[must_use]
    pub fn waiting(&self, position: Option<i64>) -> i64 {
        let position = position.unwrap_or_else(|| self.resumes_at());
        (self.end.load(Ordering::Relaxed) - position).max(0)
    }

    /// The offset that was committed at the last assignment.
    #[must_use]
    pub fn committed(&self) -> Option<i64> {
        known(&self.committed)
    }

    /// What to commit when everything before `position` has been read. Never less than was committed at the assignment: a
    /// start may read records again, but their dead letters stay acknowledged. Where nothing is ever durable, what is read
    /// stands for it.
    #[must_use]
    pub fn progress(&self, position: i64, keeps_snapshots: bool) -> Committed {
        let (own, known) = (self.committable(position), self.settled().unwrap_or(0));
        let settled = own.max(known);
        let log = if known > own { self.settled_log().clone() } else { self.known_by() };
        let (low, _) = self.ends();
        let durable = if keeps_snapshots { self.durable().unwrap_or(low) } else { settled };
        Committed { offset: durable.max(self.committed().unwrap_or(0)), settled, log }
    }

    /// What was committed when the partitions were last assigned.
    #[must_use]
    pub fn known_commit(&self) -> Option<Committed> {
        Some(Committed { offset: self.committed()?, settled: self.settled()?, log: self.settled_log().clone() })
    }

    /// The offset below which every rejected record was in the dead-letter topic at the last assignment.
    #[must_use]
    pub fn settled(&self) -> Option<i64> {
        known(&self.settled)
    }

    /// Whether a rejected record at this offset is in the dead-letter topic already.
    #[must_use]
    pub fn was_settled(&self, offset: i64) -> bool {
        self.settled().is_some_and(|settled| offset < settled)
    }

    /// How many offsets lie between a position and the end of the log at the assignment. A consumer without a record
    /// has no position yet; it then stands where it was asked to begin.
    #[must_use]
    pub fn behind(&self, position: Option<i64>) -> u64 {
        let low = self.low.load(Ordering::Relaxed);
        let begin = self.next().map_or(low, |next| next.max(low));
        let missing = self.high.load(Ordering::Relaxed) - position.unwrap_or(begin);
        u64::try_from(missing).unwrap_or(0)
    }

    /// Begins to wait for the acknowledgement of a dead letter; false if it is awaited already.
    pub fn await_acknowledgement(&self, offset: i64) -> bool {
        match self.unacknowledged().entry(offset) {
            Entry::Vacant(place) => {
                place.insert(Instant::now());
                true
            }
            Entry::Occupied(_) => false,
        }
    }

    /// Since when the first dead letter that is not acknowledged has been awaited.
    #[must_use]
    pub fn awaits_since(&self) -> Option<Instant> {
        self.unacknowledged().first_key_value().map(|(_, since)| *since)
    }

    /// Notes that a dead letter is acknowledged.
    pub fn acknowledge(&self, offset: i64) {
        self.unacknowledged().remove(&offset);
    }

    /// The offset that may be committed when everything before `position` has been read: not beyond the first dead
    /// letter that is not acknowledged.
    #[must_use]
    pub fn committable(&self, position: i64) -> i64 {
        self.unacknowledged().first_key_value().map_or(position, |(first, _)| position.min(*first))
    }

    fn settled_log(&self) -> MutexGuard<'_, Vec<Fingerprint>> {
        // It is changed by single calls that do not panic half way.
        self.settled_log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unacknowledged(&self) -> MutexGuard<'_, BTreeMap<i64, Instant>> {
        // The map is changed by single calls that do not panic half way.
        self.unacknowledged.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.topic, self.number)
    }
}

fn known(value: &AtomicI64) -> Option<i64> {
    Some(value.load(Ordering::Relaxed)).filter(|value| *value >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition() -> Partition {
        Partition::new("sales.leads".into(), 0)
    }

    #[test]
    fn commits_stop_at_the_first_unacknowledged_dead_letter() {
        let partition = partition();
        assert_eq!(partition.committable(10), 10);
        assert!(partition.await_acknowledgement(3));
        assert!(partition.await_acknowledgement(7));
        assert!(!partition.await_acknowledgement(7), "awaited already");
        let since = partition.awaits_since();
        assert!(since.is_some_and(|since| since <= Instant::now()));
        assert_eq!(partition.committable(10), 3);
        // Acknowledgements may come in any order.
        partition.acknowledge(7);
        assert_eq!((partition.committable(10), partition.awaits_since()), (3, since));
        partition.acknowledge(3);
        assert_eq!((partition.committable(10), partition.awaits_since()), (10, None));
        partition.await_acknowledgement(12);
        assert_eq!(partition.committable(10), 10, "a later one does not hold back");
    }

    #[test]
    fn records_below_the_committed_offset_are_dead_lettered_already() {
        let partition = partition();
        assert!(!partition.was_settled(0));
        partition.set_survey(Some(Committed { settled: 5, ..Committed::of(2) }), 0, 9);
        assert!(partition.was_settled(4));
        assert!(!partition.was_settled(5));
        partition.set_survey(None, 0, 9);
        assert!(!partition.was_settled(0));
        partition.set_survey(Some(Committed { settled: 50, ..Committed::of(50) }), 0, 9);
        assert!(!partition.was_settled(0), "of a log that is gone");
    }

    /// A commit is of the log that holds its record; whoever reads what it speaks of reads that log, or has to find out.
    #[test]
    fn the_log_of_a_commit_is_known_by_it_until_reading_has_come_as_far() {
        let record = |offset| Fingerprint::of(offset, None, None, Some(b"value"));
        let partition = partition();
        partition.set_survey(Some(Committed { offset: 0, settled: 5, log: vec![record(1), record(4)] }), 0, 9);
        assert_eq!(partition.known_by(), [record(4)]);
        partition.begin_at(0);
        partition.advance(0, None);
        partition.trace().note(record(0));
        assert_eq!(partition.known_by(), [record(4), record(0)]);
        assert_eq!(partition.progress(1, false), Committed { offset: 5, settled: 5, log: vec![record(4)] });
        let known = partition.known_by();
        partition.trust(&known, &known);
        assert_eq!(partition.known_by(), [record(4), record(0)]);
        partition.advance(6, None);
        partition.trace().note(record(6));
        let own = vec![record(4), record(0), record(6)];
        assert_eq!(partition.progress(7, false), Committed { offset: 7, settled: 7, log: own });
        let known = partition.known_by();
        partition.trust(&known, &known);
        assert_eq!(partition.known_by(), [record(4), record(6)]);
    }

    #[test]
    fn how_far_behind() {
        let partition = partition();
        partition.set_survey(None, 2, 6);
        assert_eq!(partition.behind(None), 4);
        partition.advance(2, Some(77));
        assert_eq!(partition.behind(Some(3)), 3);
        // A transaction's last record is 2 and its end 6: the position gets there, the last record never does.
        assert_eq!(partition.behind(Some(6)), 0);
        assert_eq!(partition.behind(Some(9)), 0);
        // Assigned again: no position yet, but we know where we go on.
        assert_eq!((partition.next(), partition.behind(None)), (Some(3), 3));
        assert_eq!(partition.last_timestamp(), Some(77));
    }

    #[test]
    fn what_was_assigned_once_begins_there_again_though_nothing_was_read() {
        let partition = partition();
        partition.set_survey(None, 3, 3);
        assert_eq!(partition.resumes_at(), 3);
        partition.set_survey(None, 18, 40);
        assert_eq!(partition.resumes_at(), 3, "what was deleted meanwhile must be missed, not skipped");
    }

    #[test]
    fn a_position_that_may_be_wrong_is_the_offset_after_what_was_read() {
        let partition = partition();
        partition.advance(4, None);
        assert_eq!((partition.position(Some(7)), partition.position(None)), (Some(7), None));
        partition.set_misplaced(true);
        assert_eq!((partition.position(Some(7)), partition.position(None)), (Some(5), Some(5)));
        partition.set_misplaced(false);
        assert_eq!(partition.position(Some(7)), Some(7));
    }

    #[test]
    fn an_empty_partition_is_never_behind() {
        let partition = partition();
        partition.set_survey(None, 0, 0);
        assert_eq!(partition.behind(None), 0);
        // Everything was deleted by retention.
        partition.set_survey(None, 500, 500);
        assert_eq!(partition.behind(None), 0);
    }
}
