//! Instants worth trying: where panes, days and periods turn, a millisecond before and after, and any.

use proptest::prelude::*;
use salespulse::model::time::{DAY, HOUR, MINUTE, SECOND, Time};

use crate::laws::twin::calendar::{Calendar, Length};
use crate::laws::twin::setting::Setting;
use crate::laws::twin::windows;

/// How the clock moves to the next reading.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Advance {
    By(i64),
    /// To the end of the local day, and so many milliseconds further.
    ToMidnight(i64),
    /// To the end of the local month.
    ToMonth(i64),
}

impl Advance {
    pub(crate) fn from(self, now: Time, setting: &Setting) -> Time {
        let days = Calendar::new(setting);
        match self {
            Advance::By(millis) => now.plus(millis),
            Advance::ToMidnight(millis) => days.period_of(Length::Day, now).end.plus(millis),
            Advance::ToMonth(millis) => days.period_of(Length::Month, now).end.plus(millis),
        }
        .max(now)
    }
}

pub(crate) fn advances() -> impl Strategy<Value = Advance> {
    const STEPS: [i64; 12] =
        [0, 1, MINUTE, 15 * MINUTE, HOUR - 1, HOUR, 6 * HOUR, DAY, 2 * DAY, 7 * DAY, 31 * DAY, 92 * DAY];
    prop_oneof![
        4 => prop::sample::select(&STEPS).prop_map(Advance::By),
        1 => (-1..=1_i64).prop_map(Advance::ToMidnight),
        1 => (-1..=1_i64).prop_map(Advance::ToMonth),
    ]
}

/// When an event happened, seen from its arrival.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    /// So many milliseconds before.
    Ago(i64),
    /// After it, within the allowed skew.
    Ahead(i64),
    /// At the edge of this number, and so many milliseconds further.
    Edge(usize, i64),
}

impl Moment {
    /// The instant; never later than the allowed skew lets an event be.
    pub(crate) fn seen_from(self, now: Time, setting: &Setting) -> Time {
        self.unlimited(now, setting).min(now.plus(setting.allowed_skew))
    }

    /// The instant, however late.
    pub(crate) fn unlimited(self, now: Time, setting: &Setting) -> Time {
        match self {
            Moment::Ago(millis) => now.plus(-millis),
            Moment::Ahead(millis) => now.plus(millis),
            Moment::Edge(number, millis) => {
                let edges = edges(now, setting);
                edges[number % edges.len()].plus(millis)
            }
        }
    }
}

/// Where something turns, seen from an instant.
fn edges(now: Time, setting: &Setting) -> Vec<Time> {
    let days = Calendar::new(setting);
    let quarter = now.floor(15 * MINUTE);
    let mut edges = vec![now, quarter, quarter, setting.horizon(now), now.plus(-setting.retention)];
    for window in windows::all(setting, &days, now) {
        for stretch in [Some(window.present), Some(window.previous), window.year_ago].into_iter().flatten() {
            edges.extend([stretch.start, stretch.end]);
        }
    }
    for length in [Length::Week, Length::Month, Length::Quarter, Length::Half, Length::Year] {
        let first = days.first_day(length, days.day(now));
        let before = length.previous(first);
        edges.extend([first, length.next(first), before, length.previous(before)].map(|day| days.midnight(day)));
    }
    for pipe in &setting.pipelines {
        edges.extend(pipe.stalled_after.values().map(|limit| now.plus(-limit).floor(15 * MINUTE)));
    }
    // Around changes of the offset, and the leap day.
    for text in [
        "2018-02-18T02:00:00Z",
        "2018-11-04T03:00:00Z",
        "2025-11-02T05:00:00Z",
        "2026-03-08T05:00:00Z",
        "2024-02-29T12:00:00Z",
    ] {
        edges.extend(Time::parse(text));
    }
    edges
}

pub(crate) fn moments() -> impl Strategy<Value = Moment> {
    const NUDGES: [i64; 5] = [0, 0, -1, 1, SECOND];
    prop_oneof![
        2 => (0..3 * HOUR).prop_map(Moment::Ago),
        3 => (0..40 * DAY).prop_map(Moment::Ago),
        2 => (0..400 * DAY).prop_map(Moment::Ago),
        // Few instants, so that events meet at the same one.
        3 => (0..30_i64).prop_map(|days| Moment::Ago(days * DAY)),
        1 => (0..24 * HOUR).prop_map(Moment::Ahead),
        4 => (0..140_usize, prop::sample::select(&NUDGES)).prop_map(|(number, millis)| Moment::Edge(number, millis)),
    ]
}
