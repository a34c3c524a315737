//! The naive twin: the whole KPI catalogue computed a second time, slowly and obviously, from a plain
//! list of accepted records in any order, the text of the configuration and an instant.
//!
//! It shares nothing with the fast path but times and the list of currencies: it reads records and the
//! configuration by itself, and has no panes, no deltas, no shards, no cells. Its modules follow the
//! headings of the catalogue, so that each can be held against its section of the page.

mod activity;
pub(crate) mod calendar;
mod customers;
mod here;
pub(crate) mod journey;
mod leaderboard;
mod money;
mod pipeline_now;
pub(crate) mod record;
mod revenue;
mod sample;
mod satisfaction;
pub(crate) mod setting;
pub(crate) mod targets;
mod truth;
pub(crate) mod windows;
pub(crate) mod world;

use std::collections::{BTreeMap, BTreeSet};

use salespulse::model::time::Time;

use calendar::Calendar;
use here::{Here, Place};
use record::Record;
use sample::Sample;
use setting::Setting;
use windows::Windowed;
use world::World;

/// All series at `now`: their text, labels sorted by name, and their values.
pub(crate) fn reading(accepted: &[Record], setting: &Setting, now: Time) -> BTreeMap<String, f64> {
    let days = Calendar::new(setting);
    let world = World::new(accepted, setting, &days, now);
    let windows = windows::all(setting, &days, now);
    let mut series = BTreeMap::new();
    let mut reps = Vec::new();
    for place in world.places() {
        let here = Here::new(&world, place);
        for sample in of_one_place(&here, &days, &windows, now) {
            tell(&mut series, setting, place, &sample);
        }
        if let Place::Rep(credit) = place {
            let quota = targets::attainments(&here, &days, now);
            reps.push(leaderboard::Contestant::new(credit, &here, &windows, quota));
        }
    }
    for (credit, sample) in leaderboard::ranks(&reps, setting) {
        tell(&mut series, setting, Place::Rep(credit), &sample);
    }
    for (credit, sample) in leaderboard::infos(&world) {
        tell(&mut series, setting, Place::Rep(credit), &sample);
    }
    for (reason, count) in world.data_errors() {
        series.insert(format!("salespulse_data_errors{{reason=\"{reason}\"}}"), f64::from(count));
    }
    series
}

/// Everything in the catalogue about one rep, team, region, channel or the organisation but the leaderboard.
fn of_one_place(here: &Here<'_>, days: &Calendar, windows: &[Windowed], now: Time) -> Vec<Sample> {
    let mut samples = Vec::new();
    let exposed: BTreeSet<&str> = here.world.setting.windows[here.place.scope()].iter().map(String::as_str).collect();
    for window in windows.iter().filter(|window| exposed.contains(window.name)) {
        let of_the_window = windowed(here, window);
        samples.extend(of_the_window.into_iter().map(|sample| sample.with("window", window.name)));
    }
    if !here.place.is_channel() {
        samples.extend(targets::samples(here, days, now));
        samples.extend(pipeline_now::samples(here, days, windows, now));
    }
    if !here.place.is_rep() {
        samples.extend(customers::samples(here, days, windows, now));
    }
    samples
}

/// The windowed sections of the catalogue at one place in one window.
fn windowed(here: &Here<'_>, window: &Windowed) -> Vec<Sample> {
    let mut samples = activity::samples(here, window);
    samples.extend(revenue::samples(here, window));
    if !here.place.is_channel() {
        samples.extend(satisfaction::samples(here, window));
    }
    samples
}

/// Adds a sample under its full name, if `[expose]` lets its family be told.
fn tell(series: &mut BTreeMap<String, f64>, setting: &Setting, place: Place<'_>, sample: &Sample) {
    let family = format!("sales_{}_{}", place.scope(), sample.kpi);
    let told = setting.expose.get(place.scope()).is_none_or(|entries| {
        entries.iter().any(|entry| match entry.strip_suffix('*') {
            Some(prefix) => family.starts_with(prefix),
            None => family == *entry,
        })
    });
    if told {
        let name = crate::laws::series::name(
            &family,
            sample.labels.iter().map(|(k, v)| (*k, v.as_str())).chain(place.labels()),
        );
        assert!(series.insert(name.clone(), sample.value.to_f64()).is_none(), "the twin told {name} twice");
    }
}
