//! Somebody who reads a simulation: decoder, engine and exposition, and a count of what was refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use salespulse::config::{Config, Settings};
use salespulse::contract::decode::{Decoded, Decoder, Record, RejectionCode};
use salespulse::engine::Engine;
use salespulse::kpi::Catalogue;
use salespulse::kpi::exposition::{Format, render};
use salespulse::model::rules::Rules;
use salespulse::model::time::{DAY, Time};
use salespulse::simulate::{Plan, Simulation};

/// What was read of a simulation, at some days after its end.
#[derive(Debug)]
pub(crate) struct Readout {
    pub(crate) simulation: Simulation,
    pub(crate) text: String,
    pub(crate) records: u64,
    pub(crate) rejected: BTreeMap<RejectionCode, u64>,
    /// When it was read.
    pub(crate) now: Time,
    series: BTreeMap<String, f64>,
}

/// How long after the end of a plan it is read: everything has arrived, and hardly anything has left the windows.
const AFTER: i64 = 8 * DAY;

pub(crate) fn time(text: &str) -> Time {
    Time::parse(text).unwrap()
}

/// A plan of spring and summer 2026, so that all of it lies in one year.
pub(crate) fn plan(seed: u64) -> Plan {
    Plan::new(seed, time("2026-01-04T16:00:00Z"), time("2026-08-20T16:00:00Z"))
}

/// The rules of a simulation's own configuration.
pub(crate) fn rules(simulation: &Simulation) -> Arc<Rules> {
    let mut settings = Settings::defaults().unwrap();
    settings.lay_toml(simulation.configuration(), "simulation").unwrap();
    Arc::new(Config::new(&settings, || "test".to_owned()).unwrap().rules)
}

/// A series with its labels in the order of their names. No value of the simulation holds a comma.
fn canonical(series: &str) -> String {
    let Some((name, labels)) = series.split_once('{') else { return series.to_owned() };
    let mut labels: Vec<&str> = labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty()).collect();
    labels.sort_unstable();
    format!("{name}{{{}}}", labels.join(","))
}

impl Readout {
    /// Reads all records of a plan, each as its topic carries it.
    pub(crate) fn of(plan: Plan) -> Readout {
        let now = plan.end.plus(AFTER);
        Readout::at(plan, now)
    }

    /// Reads all records of a plan that have arrived until an instant, as of this instant.
    pub(crate) fn at(plan: Plan, now: Time) -> Readout {
        let mut simulation = Simulation::new(plan).unwrap();
        let rules = rules(&simulation);
        let decoder = Decoder::new(Arc::clone(&rules));
        let mut engine = Engine::new(&rules, 3, now);
        let mut rejected = BTreeMap::new();
        let mut records = 0;
        for produced in simulation.by_ref().take_while(|produced| produced.produced_at <= now) {
            records += 1;
            let record = Record {
                topic_type: Some(produced.kind),
                value: Some(&produced.value),
                timestamp: Some(produced.produced_at),
                ..Record::default()
            };
            match decoder.decode(&record, now) {
                Ok(Decoded::Event(event)) => drop(engine.accept(&event, now)),
                Ok(Decoded::Tombstone) => panic!("nothing is a tombstone"),
                Err(rejection) => *rejected.entry(rejection.code).or_default() += 1,
            }
        }
        let catalogue = Catalogue::new(&rules).unwrap();
        let mut text = String::new();
        render(&catalogue, &engine.read(now), Format::Prometheus, &mut text).unwrap();
        let series = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (canonical(name), value.parse().unwrap())
        });
        let series = series.collect();
        Readout { simulation, text, records, rejected, now, series }
    }

    /// The value of a series, whatever the order of its labels; 0 if there is none.
    pub(crate) fn value(&self, series: &str) -> f64 {
        self.series.get(&canonical(series)).copied().unwrap_or(0.0)
    }

    /// The sum of all series that begin so.
    pub(crate) fn sum(&self, begin: &str) -> f64 {
        self.series.iter().filter(|(series, _)| series.starts_with(begin)).map(|(_, value)| value).sum()
    }

    /// Whether there is such a series.
    pub(crate) fn has(&self, series: &str) -> bool {
        self.series.contains_key(&canonical(series))
    }
}
