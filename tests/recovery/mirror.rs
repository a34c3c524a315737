//! The logs as whoever compares them with what was read sees them, from any thread.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use salespulse::simulate::Produced;
use salespulse::snapshot::{Fingerprint, Log, Place as Asked, Seen};

use crate::recovery::logs::Place;

#[derive(Default)]
pub(crate) struct Mirror {
    logs: Mutex<BTreeMap<(String, usize), Vec<Fingerprint>>>,
    /// Where records lie in a batch that cannot be read any more.
    damaged: Mutex<BTreeMap<(String, usize), Range<usize>>>,
    changes: AtomicU64,
    cuts: AtomicU64,
}

impl Mirror {
    /// Shows what a log holds now, of which so many records are as before.
    pub(crate) fn reflect(&self, (kind, number): Place, log: &[Produced], kept: usize) {
        let mut logs = self.logs.lock().expect("nobody panics here");
        let seen = logs.entry((kind.default_topic().to_owned(), number)).or_default();
        seen.truncate(kept);
        let known = seen.len();
        seen.extend(log.iter().enumerate().skip(known).map(|(offset, record)| of(offset, record)));
    }

    /// What a log holds at these offsets cannot be read any more.
    pub(crate) fn damage(&self, (kind, number): Place, offsets: Range<usize>) {
        let place = (kind.default_topic().to_owned(), number);
        self.damaged.lock().expect("nobody panics here").insert(place, offsets);
    }

    /// Notes that a log is another than before.
    pub(crate) fn note_change(&self) {
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that a log is cut.
    pub(crate) fn note_cut(&self) {
        self.note_change();
        self.cuts.fetch_add(1, Ordering::Relaxed);
    }

    /// How often any log was cut.
    pub(crate) fn cuts(&self) -> u64 {
        self.cuts.load(Ordering::Relaxed)
    }

    /// How often any log became another.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Whether a record lies where it was read.
    pub(crate) fn holds(&self, (kind, number): Place, record: &Fingerprint) -> bool {
        let offset = usize::try_from(record.offset).expect("an offset");
        let logs = self.logs.lock().expect("nobody panics here");
        let log = logs.get(&(kind.default_topic().to_owned(), number));
        log.is_some_and(|log| log.get(offset) == Some(record))
    }
}

fn of(offset: usize, record: &Produced) -> Fingerprint {
    let offset = i64::try_from(offset).expect("an offset");
    Fingerprint::of(offset, Some(record.produced_at.millis()), Some(&record.key[..]), Some(&*record.value))
}

impl Log for Mirror {
    fn end(&self, topic: &str, number: usize) -> Result<i64, String> {
        let logs = self.logs.lock().expect("nobody panics here");
        let length = logs.get(&(topic.to_owned(), number)).map_or(0, Vec::len);
        Ok(i64::try_from(length).expect("an offset"))
    }

    fn records(&self, places: &[Asked]) -> Result<Vec<Seen>, String> {
        let logs = self.logs.lock().expect("nobody panics here");
        let damaged = self.damaged.lock().expect("nobody panics here");
        let seen = |asked: &Asked| {
            let offset = usize::try_from(asked.offset).expect("an offset");
            let place = (asked.topic.clone(), asked.number);
            if damaged.get(&place).is_some_and(|damage| damage.contains(&offset)) {
                return Seen::Unreadable;
            }
            logs.get(&place).and_then(|log| log.get(offset)).copied().into()
        };
        Ok(places.iter().map(seen).collect())
    }
}
