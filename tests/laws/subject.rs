//! What is under test: events through the engine, the board and the exposition.

use std::collections::BTreeMap;
use std::sync::Arc;

use salespulse::contract::decode::{Decoded, Decoder, Record};
use salespulse::engine::Engine;
use salespulse::kpi::Catalogue;
use salespulse::kpi::exposition::{Format, render};
use salespulse::model::event::Event;
use salespulse::model::rules::Rules;
use salespulse::model::time::Time;

use crate::series;

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

/// Asserts that the decoder reads a record, written at `now`, as the event that it is.
pub(crate) fn assert_decodes(rules: &Rules, json: &str, event: &Event<'static>, now: Time) {
    let decoder = Decoder::new(Arc::new(rules.clone()));
    let record = Record { value: Some(json.as_bytes()), ..Record::default() };
    match decoder.decode(&record, now) {
        // A stated hash stands for that of a record whose time is not in its JSON.
        Ok(Decoded::Event(decoded)) => assert_eq!(Event { hash: event.hash, ..decoded }, *event, "{json}"),
        other => panic!("{json}: {other:?}"),
    }
}
