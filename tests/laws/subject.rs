//! What is under test: events through the engine, the board and the exposition.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use salespulse::engine::Engine;
use salespulse::kpi::exposition::{Format, render};
use salespulse::kpi::{Catalogue, every_family};
use salespulse::model::event::Event;
use salespulse::model::rules::Rules;
use salespulse::model::time::Time;

use crate::laws::series;

/// The long-lived engine with its catalogue.
pub(crate) struct Subject {
    engine: Engine,
    catalogue: Catalogue,
}

impl Subject {
    pub(crate) fn new(rules: &Rules, shards: usize, now: Time) -> Subject {
        let rules = Arc::new(rules.clone());
        let catalogue = Catalogue::new(&rules).expect("a catalogue");
        Subject { engine: Engine::new(&rules, shards, now), catalogue }
    }

    pub(crate) fn accept(&mut self, event: &Event<'static>, now: Time) {
        self.engine.accept(event, now);
    }

    /// The exposition at an instant.
    pub(crate) fn text(&mut self, now: Time) -> String {
        let mut text = String::new();
        render(&self.catalogue, &self.engine.read(now), Format::Prometheus, &mut text).expect("few series");
        text
    }

    /// The series at an instant; as many as the writer says.
    pub(crate) fn series(&mut self, now: Time) -> BTreeMap<String, f64> {
        let mut text = String::new();
        let told = render(&self.catalogue, &self.engine.read(now), Format::Prometheus, &mut text).expect("few series");
        let series = series::parse(&text);
        let counted = series.keys().filter(|name| name.starts_with("sales_")).count();
        assert_eq!(u64::try_from(counted).expect("few"), told, "the number of sales_* series that the writer states");
        series
    }
}

/// The series of the families that the program's catalogue has. The twin computes all of the page; a family that it alone has
/// is held against the golden files and the scenarios.
pub(crate) fn of_the_catalogue(mut series: BTreeMap<String, f64>) -> BTreeMap<String, f64> {
    let families: BTreeSet<String> = every_family().into_iter().map(|(name, ..)| name).collect();
    // A region has every family that teams have.
    let family = |name: &str| name.split('{').next().unwrap_or(name).replace("sales_region_", "sales_team_");
    series.retain(|name, _| !name.starts_with("sales_") || families.contains(&family(name)));
    series
}
