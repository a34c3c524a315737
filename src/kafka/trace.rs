//! By what the log of a partition is known again, as it is read.

use crate::snapshot::Fingerprint;

/// How many records are remembered beside the last one.
const MOST: usize = 4;

/// Records of a log: the last one, older ones that have not been compared since, and one before them that has been found, in
/// case that those lie in a batch that cannot be read any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    spare: Option<Fingerprint>,
    older: Vec<Fingerprint>,
    last: Option<Fingerprint>,
}

impl Trace {
    /// What a snapshot remembers, which has just been compared.
    #[must_use]
    pub fn restored(read: &[Fingerprint]) -> Trace {
        let last = read.last().copied();
        let spare = read.first().copied().filter(|first| Some(*first) != last);
        Trace { spare, older: last.into_iter().collect(), last }
    }

    /// Notes that a record has been read.
    pub fn note(&mut self, read: Fingerprint) {
        if self.older.is_empty() {
            self.older.push(read);
        }
        self.last = Some(read);
    }

    /// Remembers the last record until it has been compared: what is read from now on may lie in a log that was cut.
    pub fn doubt(&mut self) {
        if let Some(last) = self.last.filter(|last| self.older.last() != Some(last) && self.older.len() < MOST) {
            self.older.push(last);
        }
    }

    /// All of them, the oldest first.
    #[must_use]
    pub fn read(&self) -> Vec<Fingerprint> {
        let last = self.last.filter(|last| self.older.last() != Some(last));
        self.spare.into_iter().chain(self.older.iter().copied()).chain(last).collect()
    }

    /// Notes that these were compared, and the log is the same: of them the last is enough, and of those that were found
    /// another one. They may have been read by others.
    pub(super) fn trust(&mut self, compared: &[Fingerprint], found: &[Fingerprint]) {
        if self.last.is_none() {
            return;
        }
        self.older.retain(|older| !compared.contains(older));
        self.older.splice(..0, compared.last().copied());
        let is_before = |found: &&Fingerprint| compared.last().is_some_and(|last| found.offset < last.offset);
        self.spare = found.iter().filter(is_before).max_by_key(|found| found.offset).copied();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(offset: i64) -> Fingerprint {
        Fingerprint::of(offset, None, None, Some(b"value"))
    }

    fn offsets(trace: &Trace) -> Vec<i64> {
        trace.read().iter().map(|read| read.offset).collect()
    }

    #[test]
    fn what_was_read_before_a_comparison_is_remembered_until_the_next() {
        let mut trace = Trace::default();
        assert!(offsets(&trace).is_empty());
        trace.trust(&[of(9)], &[of(9)]);
        assert!(offsets(&trace).is_empty(), "nothing of it was read");
        (0..=3).for_each(|offset| trace.note(of(offset)));
        assert_eq!(offsets(&trace), [0, 3]);
        let compared = trace.read();
        (4..=6).for_each(|offset| trace.note(of(offset)));
        trace.trust(&compared, &compared);
        assert_eq!(offsets(&trace), [0, 3, 6]);
        trace.doubt();
        trace.note(of(7));
        assert_eq!(offsets(&trace), [0, 3, 6, 7], "the last before the doubt");
        let compared = trace.read();
        trace.trust(&compared, &compared);
        assert_eq!(offsets(&trace), [6, 7]);
        assert_eq!(offsets(&Trace::restored(&compared)), [0, 7]);
        for offset in 8..20 {
            trace.doubt();
            trace.note(of(offset));
        }
        assert_eq!(trace.read().len(), MOST + 2, "few, and the oldest of them");
        assert_eq!(offsets(&trace)[..2], [6, 7]);
    }

    /// Two records in one batch say no more than one of them if that is damaged.
    #[test]
    fn a_record_that_was_found_is_kept_beside_one_that_cannot_be_read() {
        let mut trace = Trace::default();
        (0..=1).for_each(|offset| trace.note(of(offset)));
        trace.trust(&[of(0), of(1)], &[of(0)]);
        assert_eq!(offsets(&trace), [0, 1]);
        trace.note(of(2));
        trace.trust(&[of(0), of(1), of(2)], &[of(0), of(2)]);
        assert_eq!(offsets(&trace), [0, 2], "not the one that cannot be read");
        trace.trust(&[of(0), of(2)], &[of(2)]);
        assert_eq!(offsets(&trace), [2], "retention has deleted the other");
    }
}
