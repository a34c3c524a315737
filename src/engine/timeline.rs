//! When to look at something again: which facts lie in a span of time that a window's edge has passed.

use std::collections::BTreeMap;

use crate::model::time::{HOUR, Time};
use crate::model::window::Range;

/// Holds, for every instant at which something has a fact, that something's number: eight bytes each.
///
/// It may hold a number where there is no fact any more; whoever asks looks at the facts themselves, so
/// such an entry costs a look and changes nothing. Facts are not copied here, so a change of a fact
/// moves nothing but its own entry.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// By the hour since the Unix epoch: milliseconds within the hour, and the number.
    hours: BTreeMap<i64, Vec<(u32, u32)>>,
    /// What is new of one hour and is not among them yet: events come mostly in the order of time.
    newest: (i64, Vec<(u32, u32)>),
    entries: usize,
}

impl Timeline {
    /// Notes that `number` has a fact at this instant.
    pub fn note(&mut self, at: Time, number: u32) {
        if self.newest.0 != hour(at) {
            self.put_away();
            self.newest.0 = hour(at);
        }
        self.newest.1.push((within_hour(at), number));
        self.entries += 1;
    }

    /// Puts what is new to the hour where it belongs.
    fn put_away(&mut self) {
        let (hour, new) = &mut self.newest;
        if !new.is_empty() {
            self.hours.entry(*hour).or_default().extend_from_slice(new);
            new.clear();
        }
    }

    /// Notes many at once, of which those of an hour should lie next to each other, so that each hour is looked up once;
    /// `number` says what the number of each is.
    pub fn note_all(&mut self, due: &[(Time, u32)], number: impl Fn(u32) -> u32) {
        for of_hour in due.chunk_by(|(earlier, _), (later, _)| hour(*earlier) == hour(*later)) {
            let Some((first, _)) = of_hour.first() else { continue };
            let entries = self.hours.entry(hour(*first)).or_default();
            entries.extend(of_hour.iter().map(|(at, place)| (within_hour(*at), number(*place))));
        }
        self.entries += due.len();
    }

    /// Everything that may have a fact in these spans, each instant and number once.
    #[must_use]
    pub fn within(&mut self, spans: &[Range]) -> Vec<(Time, u32)> {
        self.put_away();
        let mut due = Vec::new();
        for span in spans {
            for (hour, entries) in self.hours.range(hour(span.start)..=hour(span.end)) {
                let start = Time::from_millis(hour * HOUR);
                let times = entries.iter().map(|(within, number)| (start.plus(i64::from(*within)), *number));
                due.extend(times.filter(|(at, _)| span.holds(*at)));
            }
        }
        due.sort_unstable();
        due.dedup();
        due
    }

    /// Forgets everything before an instant, as far as whole hours lie before it.
    pub fn forget_before(&mut self, horizon: Time) {
        self.put_away();
        let kept = self.hours.split_off(&hour(horizon));
        self.hours = kept;
        self.entries = self.hours.values().map(Vec::len).sum();
    }

    /// How many entries it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries
    }

    /// Bytes held.
    #[must_use]
    pub fn resident_bytes(&self) -> usize {
        let entries = self.hours.values().map(Vec::capacity).sum::<usize>() + self.newest.1.capacity();
        entries * size_of::<(u32, u32)>() + self.hours.len() * (size_of::<i64>() + size_of::<Vec<(u32, u32)>>())
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }
}

/// The hour of an instant, since the Unix epoch.
#[must_use]
pub fn hour(at: Time) -> i64 {
    at.millis().div_euclid(HOUR)
}

/// The milliseconds since its hour began.
fn within_hour(at: Time) -> u32 {
    u32::try_from(at.millis().rem_euclid(HOUR)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_exactly_what_lies_in_the_spans() {
        let mut timeline = Timeline::default();
        for (number, at) in [-1, 0, 1, HOUR - 1, HOUR, 5 * HOUR].into_iter().enumerate() {
            timeline.note(Time::from_millis(at), u32::try_from(number).unwrap());
        }
        timeline.note(Time::from_millis(0), 1);
        let span = |start, end| Range { start: Time::from_millis(start), end: Time::from_millis(end) };
        let mut numbers =
            |spans: &[Range]| timeline.within(spans).into_iter().map(|(_, number)| number).collect::<Vec<_>>();
        assert_eq!(numbers(&[span(0, HOUR)]), [1, 2, 3]);
        assert_eq!(numbers(&[span(-5, 1), span(HOUR, 9 * HOUR)]), [0, 1, 4, 5]);
        timeline.forget_before(Time::from_millis(2 * HOUR));
        assert_eq!(timeline.len(), 1);
    }

    #[test]
    fn many_at_once_are_as_many_one_by_one() {
        let due: Vec<(Time, u32)> = (0_u32..)
            .zip([-1, 0, 0, HOUR - 1, HOUR, 5 * HOUR])
            .map(|(place, at)| (Time::from_millis(at), place))
            .collect();
        let (mut at_once, mut one_by_one) = (Timeline::default(), Timeline::default());
        at_once.note(Time::from_millis(1), 1);
        one_by_one.note(Time::from_millis(1), 1);
        at_once.note_all(&due, |place| place + 10);
        due.iter().for_each(|(at, place)| one_by_one.note(*at, place + 10));
        let everything = [Range { start: Time::from_millis(-HOUR), end: Time::from_millis(9 * HOUR) }];
        assert_eq!(at_once.within(&everything), one_by_one.within(&everything));
        assert_eq!(at_once.len(), 7);
    }
}
