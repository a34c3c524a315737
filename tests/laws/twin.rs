//! The naive twin: the whole KPI catalogue computed a second time, slowly and obviously, from a plain
//! list of accepted records in any order, the rules and an instant.
//!
//! It shares nothing with the fast path but the words (events, times, currencies, rules): no panes, no
//! deltas, no shards, no cells. Its modules follow the headings of the catalogue, so that each can be
//! held against its section of the page.

mod activity;
mod customers;
mod here;
mod journey;
mod leaderboard;
pub(crate) mod local_days;
mod pipeline_now;
mod revenue;
mod sample;
mod satisfaction;
mod targets;
mod truth;
pub(crate) mod windows;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use salespulse::model::event::Event;
use salespulse::model::rules::{Rules, Scope};
use salespulse::model::time::Time;

use here::{Here, Place};
use local_days::LocalDays;
use sample::Sample;
use windows::Windowed;
use world::World;

/// All series at `now`: their text, labels sorted by name, and their values.
pub(crate) fn reading(accepted: &[Event<'static>], rules: &Rules, now: Time) -> BTreeMap<String, f64> {
    let days = LocalDays::new(rules.zone.name());
    let world = World::new(accepted, rules, &days, now);
    let mut series = BTreeMap::new();
    let mut reps = Vec::new();
    for place in world.places() {
        let here = Here::new(&world, place);
        let windows = windows::all(&days, now);
        for sample in of_one_place(&here, rules, &days, &windows, now) {
            tell(&mut series, rules, place, &sample);
        }
        if let Place::Rep(credit) = place {
            let quota = targets::attainments(&here, &days, now);
            reps.push(leaderboard::Contestant::new(credit, &here, rules, &windows, quota));
        }
    }
    for (credit, sample) in leaderboard::ranks(&reps, rules) {
        tell(&mut series, rules, Place::Rep(credit), &sample);
    }
    for (credit, sample) in leaderboard::infos(&world) {
        tell(&mut series, rules, Place::Rep(credit), &sample);
    }
    for (reason, count) in world.data_errors() {
        series.insert(format!("salespulse_data_errors{{reason=\"{reason}\"}}"), f64::from(count));
    }
    series
}

/// Everything in the catalogue about one rep, team, channel or the organisation but the leaderboard.
fn of_one_place(here: &Here<'_>, rules: &Rules, days: &LocalDays, windows: &[Windowed], now: Time) -> Vec<Sample> {
    let mut samples = Vec::new();
    let exposed: BTreeSet<&str> = rules.windows.get(here.scope()).iter().map(|window| window.name()).collect();
    for window in windows.iter().filter(|window| exposed.contains(window.name)) {
        let of_the_window = windowed(here, rules, window);
        samples.extend(of_the_window.into_iter().map(|sample| sample.with("window", window.name)));
    }
    if here.scope() != Scope::Channel {
        samples.extend(targets::samples(here, days, now));
        samples.extend(pipeline_now::samples(here, rules, windows, now));
    }
    if here.scope() != Scope::Rep {
        samples.extend(customers::samples(here, rules, days, windows, now));
    }
    samples
}

/// The windowed sections of the catalogue at one place in one window.
fn windowed(here: &Here<'_>, rules: &Rules, window: &Windowed) -> Vec<Sample> {
    let mut samples = activity::samples(here, rules, window);
    samples.extend(revenue::samples(here, window));
    if here.scope() != Scope::Channel {
        samples.extend(satisfaction::samples(here, window));
    }
    samples
}

/// Adds a sample under its full name, if `[expose]` lets its family be told.
fn tell(series: &mut BTreeMap<String, f64>, rules: &Rules, place: Place<'_>, sample: &Sample) {
    let scope = place.scope();
    let family = format!("sales_{}_{}", scope.name(), sample.kpi);
    let told = rules.expose.get(scope).as_ref().is_none_or(|entries| {
        entries.iter().any(|entry| match entry.strip_suffix('*') {
            Some(prefix) => family.starts_with(prefix),
            None => family == *entry,
        })
    });
    if told {
        let name =
            crate::series::name(&family, sample.labels.iter().map(|(k, v)| (*k, v.as_str())).chain(place.labels()));
        assert!(series.insert(name.clone(), sample.value.to_f64()).is_none(), "the twin told {name} twice");
    }
}
