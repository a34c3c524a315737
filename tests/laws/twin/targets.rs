//! Targets (label `period`; R T O).

use salespulse::model::event::Event;
use salespulse::model::time::Time;

use super::here::Here;
use super::local_days::{Length, LocalDays};
use super::pipeline_now::open_pipeline;
use super::revenue::revenue;
use super::sample::{Fraction, Sample, exact, ratio};
use super::windows::{self, TO_DATE};

/// The periods: the window to date over which revenue is booked, and the word in the label.
const PERIODS: [(&str, Length, &str); 3] =
    [("mtd", Length::Month, "month"), ("qtd", Length::Quarter, "quarter"), ("ytd", Length::Year, "year")];

/// The section's values at one place.
pub(crate) fn samples(here: &Here<'_>, days: &LocalDays, now: Time) -> Vec<Sample> {
    let mut samples = vec![here.reporting.sum("open_pipeline_amount", open_pipeline(here))];
    for (window, length, word) in PERIODS {
        let of_the_period = period(here, days, now, window, length);
        samples.extend(of_the_period.into_iter().map(|sample| sample.with("period", word)));
    }
    samples
}

fn period(here: &Here<'_>, days: &LocalDays, now: Time, window: &str, length: Length) -> Vec<Sample> {
    let money = here.reporting;
    let booked = booked(here, days, now, window);
    let whole = days.period_of(length, now);
    let (elapsed, total) = (i128::from(now.since(whole.start)), i128::from(whole.end.since(whole.start)));
    let mut samples = vec![money.sum("booked_revenue", booked)];
    // booked / (elapsed / total)
    samples.extend(money.per("forecast_revenue", booked * total, elapsed));
    if let Some(target) = target(here, days, now, length) {
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

/// The revenue of the period to date in minor units.
fn booked(here: &Here<'_>, days: &LocalDays, now: Time, window: &str) -> i128 {
    revenue(here, windows::named(&windows::all(days, now), window).present)
}

/// The target of exactly this scope and the period that holds `now`, by its last event.
fn target(here: &Here<'_>, days: &LocalDays, now: Time, length: Length) -> Option<i128> {
    let whole = days.period_of(length, now);
    let of_this = here.targets.iter().filter(|(_, target)| days.of_target(target.period) == whole);
    let last = of_this.max_by_key(|(event, _): &&(&Event<'_>, _)| (event.occurred_at, event.event_id.clone()));
    last.map(|(_, target)| i128::from(target.amount.reporting_minor))
}

/// Attainment by the window to date that a leaderboard tells it for.
pub(crate) fn attainments(here: &Here<'_>, days: &LocalDays, now: Time) -> Vec<(&'static str, Option<Fraction>)> {
    let attainment = |(window, length)| {
        let target = target(here, days, now, length).filter(|target| *target > 0);
        (window, target.and_then(|target| ratio(booked(here, days, now, window), target)))
    };
    TO_DATE.map(attainment).into()
}
