//! What takes many events at once: more reasons than keep their names, and targets of a year's parts.

use std::fmt::Write;

use proptest::prelude::*;
use salespulse::model::time::Time;

use super::content::{Amount, amounts, measures};
use super::instant::{Moment, moments};
use super::period;
use crate::laws::twin::calendar::{Calendar, Length};
use crate::laws::twin::setting::Setting;

/// Many events.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Crowd {
    /// Each of so many reasons loses a deal, and some of them two.
    Losses { reasons: u8, moment: Moment },
    /// Targets of the parts of the year that holds the reading, one of which may be missing; each half is one target,
    /// two of quarters, or of months too.
    Plan { whose: usize, measure: usize, halves: [u8; 2], missing: usize, amount: Amount },
}

const WHOSE: [&str; 7] =
    ["rep:ann/east", "rep:bob/east", "team:east", "team:west", "rep:ann/west", "region:north", "org"];

impl Crowd {
    /// The event lines of events that arrive at `now`.
    pub(crate) fn lines(self, setting: &Setting, now: Time) -> String {
        match self {
            Crowd::Losses { reasons, moment } => losses(reasons, moment.seen_from(now, setting)),
            Crowd::Plan { whose, measure, halves, missing, amount } => {
                let target = amount.of_measure(measure, setting);
                let mut periods = parts(halves, setting, now);
                if missing < periods.len() {
                    periods.remove(missing);
                }
                let line = |period: &String| {
                    format!("target {now} {} {period} {target} id=p{whose}-{measure}-{period}\n", WHOSE[whose])
                };
                periods.iter().map(line).collect()
            }
        }
    }
}

fn losses(reasons: u8, at: Time) -> String {
    let mut lines = String::new();
    for number in 0..reasons {
        for twin in 0..1 + number % 3 / 2 {
            let (team, journey) = (["east", "west"][usize::from(number % 2)], format!("R{number}-{twin}"));
            let _ = writeln!(lines, "stage {at} {journey} lost team={team} reason=r{number} id={journey}");
        }
    }
    lines
}

/// The names of the parts of the year that holds an instant.
fn parts(halves: [u8; 2], setting: &Setting, now: Time) -> Vec<String> {
    let days = Calendar::new(setting);
    let mut first_day = days.first_day(Length::Year, days.day(now));
    let mut names = Vec::new();
    for half in halves {
        // A half, two quarters, a quarter and three months, or six months.
        let lengths: &[Length] = match half {
            0 => &[Length::Half],
            1 => &[Length::Quarter, Length::Quarter],
            2 => &[Length::Quarter, Length::Month, Length::Month, Length::Month],
            _ => &[Length::Month; 6],
        };
        for length in lengths {
            names.push(period::of_first_day(&days, *length, first_day));
            first_day = length.next(first_day);
        }
    }
    names
}

pub(crate) fn crowds() -> impl Strategy<Value = Crowd> {
    let plan = (0..WHOSE.len(), measures(), [0..4_u8, 0..4_u8], 0..40_usize, amounts());
    prop_oneof![
        1 => (45..60_u8, moments()).prop_map(|(reasons, moment)| Crowd::Losses { reasons, moment }),
        4 => plan.prop_map(|(whose, measure, halves, missing, amount)| {
            Crowd::Plan { whose, measure, halves, missing, amount }
        }),
    ]
}
