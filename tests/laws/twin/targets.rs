//! Targets (label `period`; R T O).

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use salespulse::model::time::Time;

use super::activity::within;
use super::calendar::{Calendar, Length};
use super::here::{Here, Place};
use super::journey::Credit;
use super::pipeline_now::open_pipeline;
use super::record::Record;
use super::revenue::{new_customers, payments, revenue};
use super::sample::{Fraction, Sample, exact, ratio};
use super::setting::Setting;
use super::windows::{self, Stretch};

/// The measures of targets beside revenue.
pub(crate) const MEASURES: [&str; 4] = ["payments", "won", "leads", "new_customers"];

/// The periods, by the word in the label.
const PERIODS: [(&str, Length); 5] = [
    ("week", Length::Week),
    ("month", Length::Month),
    ("quarter", Length::Quarter),
    ("half", Length::Half),
    ("year", Length::Year),
];

/// Whose target it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whose<'e> {
    Rep(Credit<'e>),
    Team(&'e str),
    Region(&'e str),
    Org,
}

/// What a target is for: whose, of which measure, how long the period is and on which day it begins.
type Key<'e> = (Whose<'e>, &'e str, Length, Date);

/// The targets that exist: of each key the last (`occurred_at`, `event_id`).
pub(crate) struct Targets<'e> {
    set: BTreeMap<Key<'e>, i128>,
    pairs: BTreeSet<Credit<'e>>,
    teams: BTreeSet<&'e str>,
}

impl<'e> Targets<'e> {
    pub(crate) fn new(mut events: Vec<&'e Record>, days: &Calendar) -> Targets<'e> {
        events.sort_by_key(|event| (event.at, &event.event_id));
        let mut targets = Targets { set: BTreeMap::new(), pairs: BTreeSet::new(), teams: BTreeSet::new() };
        for event in events {
            let whose = match event.id("scope") {
                "rep" => Whose::Rep(event.credit()),
                "team" => Whose::Team(event.id("team_id")),
                "region" => Whose::Region(event.id("region_id")),
                _ => Whose::Org,
            };
            match whose {
                Whose::Rep(credit) => {
                    targets.pairs.insert(credit);
                    targets.teams.insert(credit.team);
                }
                Whose::Team(team) => {
                    targets.teams.insert(team);
                }
                Whose::Region(_) | Whose::Org => {}
            }
            let (length, first_day) = days.first_day_of(event.text("period").expect("a period"));
            let amount = event.amount.or(event.number).expect("an amount");
            targets.set.insert((whose, event.measure(), length, first_day), amount);
        }
        targets
    }

    /// The target of a place: its own, or rolled up where the configuration says so.
    fn of(&self, place: Place<'_>, measure: &str, length: Length, first: Date, setting: &Setting) -> Option<i128> {
        let whose = match place {
            Place::Rep(credit) => Whose::Rep(credit),
            Place::Team(team) => Whose::Team(team),
            Place::Region(region, _) => Whose::Region(region),
            Place::Org => Whose::Org,
            Place::Channel(_) => return None,
        };
        if setting.roll_up {
            self.rolled_up(whose, measure, length, first, setting)
        } else {
            self.own(whose, measure, length, first)
        }
    }

    /// 1. Its own.
    fn own(&self, whose: Whose<'_>, measure: &str, length: Length, first_day: Date) -> Option<i128> {
        let found = self
            .set
            .iter()
            .find(|((of, what, long, from), _)| (*of, *what, *long, *from) == (whose, measure, length, first_day));
        found.map(|(_, amount)| *amount)
    }

    /// 1 or 2. Its own, or the sum of the period's parts, if every part has one.
    fn by_time(&self, whose: Whose<'_>, measure: &str, length: Length, first_day: Date) -> Option<i128> {
        let parts = || {
            let (part, number) = match length {
                Length::Year => (Length::Half, 2),
                Length::Half => (Length::Quarter, 2),
                Length::Quarter => (Length::Month, 3),
                Length::Month | Length::Week | Length::Day => return None,
            };
            let mut first_days = vec![first_day];
            while first_days.len() < number {
                first_days.push(part.next(*first_days.last()?));
            }
            first_days.into_iter().map(|first_day| self.by_time(whose, measure, part, first_day)).sum()
        };
        self.own(whose, measure, length, first_day).or_else(parts)
    }

    /// 1, 2 or 3. Or the sum of its members' that have one, if any has.
    fn rolled_up(
        &self,
        whose: Whose<'_>,
        measure: &str,
        length: Length,
        first: Date,
        setting: &Setting,
    ) -> Option<i128> {
        if let Some(own) = self.by_time(whose, measure, length, first) {
            return Some(own);
        }
        let members: Vec<Whose<'_>> = match whose {
            Whose::Rep(_) => Vec::new(),
            Whose::Team(team) => self.pairs.iter().filter(|pair| pair.team == team).copied().map(Whose::Rep).collect(),
            Whose::Region(region) => {
                let teams = setting.regions.get(region).into_iter().flatten();
                teams.map(|team| Whose::Team(team)).collect()
            }
            Whose::Org => self.teams.iter().copied().map(Whose::Team).collect(),
        };
        let of_members = members.iter().filter_map(|one| self.rolled_up(*one, measure, length, first, setting));
        of_members.fold(None, |sum: Option<i128>, one| Some(sum.unwrap_or(0) + one))
    }
}

/// The period of a length that holds now: its first day, the whole and to date.
struct Period {
    word: &'static str,
    length: Length,
    first_day: Date,
    whole: Stretch,
    to_date: Stretch,
    now: Time,
}

impl Period {
    fn new(word: &'static str, length: Length, days: &Calendar, now: Time) -> Period {
        let first_day = days.first_day(length, days.day(now));
        let (whole, to_date) = (days.period_from(length, first_day), windows::to_date(length, days, now));
        Period { word, length, first_day, whole, to_date, now }
    }

    /// The share of the period that has passed: milliseconds of milliseconds.
    fn elapsed(&self) -> (i128, i128) {
        (i128::from(self.now.since(self.whole.start)), i128::from(self.whole.end.since(self.whole.start)))
    }

    fn target(&self, here: &Here<'_>, measure: &str) -> Option<i128> {
        here.world.targets.of(here.place, measure, self.length, self.first_day, here.world.setting)
    }
}

/// The section's values at one place.
pub(crate) fn samples(here: &Here<'_>, days: &Calendar, now: Time) -> Vec<Sample> {
    let mut samples = vec![here.reporting.sum("open_pipeline_amount", open_pipeline(here))];
    for (word, length) in PERIODS {
        let period = Period::new(word, length, days, now);
        let mut of_the_period = quota(here, &period);
        for measure in MEASURES {
            let of_measure = measured(here, &period, measure);
            of_the_period.extend(of_measure.into_iter().map(|sample| sample.with("measure", measure)));
        }
        samples.extend(of_the_period.into_iter().map(|sample| sample.with("period", period.word)));
    }
    samples
}

fn quota(here: &Here<'_>, period: &Period) -> Vec<Sample> {
    let target = period.target(here, "revenue");
    if matches!(period.length, Length::Week | Length::Half) && target.is_none() {
        return Vec::new();
    }
    let money = here.reporting;
    let booked = revenue(here, period.to_date);
    let (elapsed, total) = period.elapsed();
    let mut samples = vec![money.sum("booked_revenue", booked)];
    // booked / (elapsed / total)
    samples.extend(money.per("forecast_revenue", booked * total, elapsed));
    if let Some(target) = target {
        samples.push(money.sum("target", target));
        if target > 0 {
            samples.extend(exact("quota_attainment_ratio", ratio(booked, target)));
            samples.extend(exact("quota_pace_ratio", ratio(booked * total, target * elapsed)));
        }
        if target - booked > 0 {
            samples.extend(exact("pipeline_coverage_ratio", ratio(open_pipeline(here), target - booked)));
        }
    }
    samples
}

/// The target of another measure, and how far it is attained.
fn measured(here: &Here<'_>, period: &Period, measure: &str) -> Vec<Sample> {
    let Some(target) = period.target(here, measure) else { return Vec::new() };
    let (money, stretch) = (here.reporting, period.to_date);
    let value = match measure {
        "payments" => payments(here, stretch),
        "won" => within(&here.won, stretch).len() as i128,
        "leads" => within(&here.created, stretch).len() as i128,
        "new_customers" => new_customers(here, stretch) as i128,
        other => panic!("no such measure: {other}"),
    };
    let told = |kpi: &'static str, value: i128| match measure {
        "payments" => Some(money.sum(kpi, value)),
        _ => exact(kpi, ratio(value, 1)),
    };
    let (elapsed, total) = period.elapsed();
    let mut samples: Vec<Sample> =
        [told("measure_target", target), told("measure_value", value)].into_iter().flatten().collect();
    if target > 0 {
        samples.extend(exact("measure_attainment_ratio", ratio(value, target)));
        samples.extend(exact("measure_pace_ratio", ratio(value * total, target * elapsed)));
    }
    samples
}

/// Attainment by the window to date that a leaderboard tells it for.
pub(crate) fn attainments(here: &Here<'_>, days: &Calendar, now: Time) -> Vec<(&'static str, Option<Fraction>)> {
    let of = [("wtd", Length::Week), ("mtd", Length::Month), ("qtd", Length::Quarter), ("ytd", Length::Year)];
    let attainment = |(window, length)| {
        let period = Period::new(window, length, days, now);
        let target = period.target(here, "revenue").filter(|target| *target > 0);
        (window, target.and_then(|target| ratio(revenue(here, period.to_date), target)))
    };
    of.map(attainment).into()
}
