//! What a replay of everything that was produced would tell, without reading it all again: the library's own engine, fed
//! with each record as it is produced. A comparison then costs one reading, however long the stream is.

use std::sync::Arc;

use salespulse::config::Config;
use salespulse::contract::decode::{Decoded, Decoder, Record};
use salespulse::engine::Engine;
use salespulse::kpi::Catalogue;
use salespulse::kpi::exposition::{Format, render};
use salespulse::model::time::Time;

use super::facts::INSTANT;
use crate::harness::exposition::kpi_lines;
use crate::harness::service::RULES;

/// An engine that has had every record once, and never stopped.
pub(super) struct Twin {
    decoder: Decoder,
    engine: Engine,
    catalogue: Catalogue,
    now: Time,
}

impl Twin {
    pub(super) fn new() -> Twin {
        let rules = Arc::new(Config::of_text(RULES, "rules", &[]).expect("the rules are valid").rules);
        let now = Time::parse(INSTANT).expect("an instant");
        Twin {
            engine: Engine::new(&rules, 1, now),
            catalogue: Catalogue::new(&rules).expect("the whole catalogue"),
            decoder: Decoder::new(rules),
            now,
        }
    }

    /// Takes a record in; one that nobody can read changes nothing.
    pub(super) fn take(&mut self, value: &str) {
        let record = Record { value: Some(value.as_bytes()), ..Record::default() };
        if let Ok(Decoded::Event(event)) = self.decoder.decode(&record, self.now) {
            self.engine.accept(&event, self.now);
        }
    }

    /// The lines of the KPIs.
    pub(super) fn told(&mut self) -> String {
        let mut text = String::new();
        render(&self.catalogue, &self.engine.read(self.now), Format::Prometheus, &mut text).expect("few series");
        kpi_lines(&text)
    }
}
