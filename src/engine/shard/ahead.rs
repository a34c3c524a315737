//! What entries are going to need, fetched for many of them at once.

use super::*;

/// So many entries are looked up together: as much as a processor's nearest memory holds.
const AHEAD: usize = 32;

impl Shard {
    /// Applies entries that arrived at `now`; `tell` hears of each how it met what was known. What lies far apart in
    /// memory is fetched for many entries at once, so that the processor need not wait for one after the other.
    pub fn apply_all(&mut self, entries: Vec<Entry>, now: Time, mut tell: impl FnMut(Arrival)) {
        self.advance(now);
        let mut entries = entries.into_iter();
        while !entries.as_slice().is_empty() {
            let ahead = entries.len().min(AHEAD);
            let likely = self.look_up(entries.as_slice().get(..ahead).unwrap_or_default());
            let likely = likely.into_iter().take(ahead);
            likely.zip(entries.by_ref()).for_each(|(likely, entry)| tell(self.take(entry, likely)));
        }
    }

    /// Brings near what entries are going to need; answers the numbers that their journeys are likely to have.
    fn look_up(&self, entries: &[Entry]) -> [Option<u32>; AHEAD] {
        // The less there is to compute between two looks, the more of them a processor waits for at once.
        let mut hashes = [None; AHEAD];
        for (hash, entry) in hashes.iter_mut().zip(entries) {
            if let Entry::Step { lead_id, .. } = entry {
                let of = self.journeys.hash(lead_id);
                self.journeys.prefetch_number(of);
                *hash = Some(of);
            }
        }
        let mut numbers = [None; AHEAD];
        for (number, hash) in numbers.iter_mut().zip(hashes) {
            *number = hash.and_then(|hash| self.journeys.candidate(hash));
        }
        let mut places = [None; AHEAD];
        for (place, number) in places.iter_mut().zip(numbers) {
            *place = number.and_then(|number| self.journeys.place(number));
        }
        for place in places.into_iter().flatten() {
            self.journeys.prefetch(place);
        }
        let steps = entries.iter().filter_map(|entry| match entry {
            Entry::Step { step, .. } => Some((step.version.dated, step.version.content.as_ref()?)),
            _ => None,
        });
        for (at, step) in steps {
            self.ledger.prefetch(step.row, at, self.stage_before(step));
        }
        // What has come by now says where the rest is.
        for (at, row) in places.into_iter().flatten().filter_map(|place| self.journeys.beginning(place)) {
            self.ledger.prefetch_cohort(row, at);
        }
        numbers
    }

    /// The open stage that a step is likely to leave.
    fn stage_before(&self, step: &Step) -> Option<u16> {
        let meaning = self.meanings.of(step.spoken()?);
        let course = self.courses.get(meaning.pipeline.unwrap_or(0))?;
        Some(course.open(course.index(meaning.place)?.checked_sub(1)?))
    }
}
