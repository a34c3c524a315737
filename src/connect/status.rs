//! How the connectors do: metrics, and for each source what is wrong with it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use prometheus::{GaugeVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder};
use serde::Serialize;
use tracing::{info, warn};

use super::exchange::Trouble;
use crate::model::event::EventType;
use crate::model::time::{Time, seconds};

/// The metrics of connectors, and what is wrong with each source.
#[derive(Debug)]
pub struct Status {
    registry: Registry,
    /// Connections of the listener.
    pub connections: IntGauge,
    active: IntGauge,
    up: IntGaugeVec,
    last_success: GaugeVec,
    conditions: IntGaugeVec,
    requests: IntCounterVec,
    events: IntCounterVec,
    retractions: IntCounterVec,
    letters: IntCounterVec,
    remembered: IntGaugeVec,
    standings: Mutex<BTreeMap<String, Standing>>,
}

/// Where a source stands.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Standing {
    /// When a cycle was finished last, in Unix milliseconds; `null` before the first.
    pub last_success_ms: Option<i64>,
    /// One word for what is wrong; `null` if nothing is.
    pub condition: Option<&'static str>,
    /// The same as a sentence.
    pub sentence: Option<String>,
}

/// What `/readyz` says.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whether this instance is the one that polls.
    pub active: bool,
    /// The sources by their names.
    pub sources: BTreeMap<String, Standing>,
}

impl Status {
    /// All metrics at zero, for these sources.
    ///
    /// # Errors
    /// If two metrics have the same name or a name is malformed: a bug.
    pub fn new<'a>(sources: impl Iterator<Item = &'a str>) -> Result<Status, prometheus::Error> {
        let registry = Registry::new();
        let make = Make(&registry);
        let status = Status {
            connections: make.gauge("http_connections", "HTTP connections of the connectors' listener.")?,
            active: make.gauge("active", "1 if this instance is the one that polls.")?,
            up: make.gauges("up", "1 if the last cycle of the source was finished.", &["source"])?,
            last_success: make.floats(
                "last_success_timestamp_seconds",
                "When a cycle of the source was finished last.",
                &["source"],
            )?,
            conditions: make.gauges("condition", "1 if that is wrong with the source.", &["source", "condition"])?,
            requests: make.counters(
                "requests_total",
                "Requests to the CRM, by what came of them.",
                &["source", "outcome"],
            )?,
            events: make.counters(
                "events_total",
                "Events that the broker has acknowledged, by type.",
                &["source", "type"],
            )?,
            retractions: make.counters(
                "retractions_total",
                "Of these, the ones that take a fact back.",
                &["source"],
            )?,
            letters: make.counters(
                "dead_letters_total",
                "Records that are no events, by what is wrong with them.",
                &["source", "code"],
            )?,
            remembered: make.gauges("remembered_records", "Records of the CRM that are remembered.", &["source"])?,
            standings: Mutex::default(),
            registry,
        };
        for source in sources {
            status.up.with_label_values(&[source]).set(0);
            for condition in Trouble::NAMES {
                status.conditions.with_label_values(&[source, condition]).set(0);
            }
            status.lock().insert(source.to_owned(), Standing::default());
        }
        Ok(status)
    }

    /// Whether this instance polls.
    pub fn set_active(&self, is_active: bool) {
        self.active.set(i64::from(is_active));
    }

    /// Another instance polls: what is wrong with the sources is its matter.
    pub fn stand_by(&self) {
        self.set_active(false);
        let names: Vec<String> = self.lock().keys().cloned().collect();
        names.iter().for_each(|source| self.clear(source));
    }

    /// A cycle was finished.
    pub fn finished(&self, source: &str, now: Time, remembered: usize) {
        self.clear(source);
        self.up.with_label_values(&[source]).set(1);
        self.last_success.with_label_values(&[source]).set(seconds(now.millis()));
        let remembered = i64::try_from(remembered).unwrap_or(i64::MAX);
        self.remembered.with_label_values(&[source]).set(remembered);
        self.lock().entry(source.to_owned()).or_default().last_success_ms = Some(now.millis());
    }

    /// Nothing is wrong with a source any more, as far as is known.
    fn clear(&self, source: &str) {
        self.up.with_label_values(&[source]).set(0);
        let ended = {
            let mut standings = self.lock();
            let standing = standings.entry(source.to_owned()).or_default();
            standing.sentence = None;
            standing.condition.take()
        };
        if let Some(condition) = ended {
            self.conditions.with_label_values(&[source, condition]).set(0);
            info!(source, condition, "the condition has ended");
        }
    }

    /// A cycle could not be finished. A condition that goes on is logged once.
    pub fn failed(&self, source: &str, trouble: &Trouble) {
        let (name, sentence) = (trouble.name(), trouble.to_string());
        let before = {
            let mut standings = self.lock();
            let standing = standings.entry(source.to_owned()).or_default();
            standing.sentence = Some(sentence.clone());
            standing.condition.replace(name)
        };
        self.up.with_label_values(&[source]).set(0);
        if before == Some(name) {
            return;
        }
        if let Some(before) = before {
            self.conditions.with_label_values(&[source, before]).set(0);
        }
        self.conditions.with_label_values(&[source, name]).set(1);
        warn!(source, condition = name, "{sentence}");
    }

    /// A request was sent.
    pub fn count_request(&self, source: &str, outcome: &str) {
        self.requests.with_label_values(&[source, outcome]).inc();
    }

    /// An event was acknowledged.
    pub fn count_event(&self, source: &str, kind: EventType, is_retraction: bool) {
        self.events.with_label_values(&[source, kind.name()]).inc();
        if is_retraction {
            self.retractions.with_label_values(&[source]).inc();
        }
    }

    /// A dead letter was acknowledged.
    pub fn count_letter(&self, source: &str, code: &str) {
        self.letters.with_label_values(&[source, code]).inc();
    }

    /// The metrics as exposition text.
    #[must_use]
    pub fn exposition(&self) -> String {
        // Names and labels are ours, so there is nothing that it could refuse.
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_default()
    }

    /// Where everything stands.
    #[must_use]
    pub fn report(&self) -> Report {
        Report { active: self.active.get() == 1, sources: self.lock().clone() }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Standing>> {
        // Each change is one assignment, so nothing can be left half written.
        self.standings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Registers metrics under our prefix.
struct Make<'a>(&'a Registry);

impl Make<'_> {
    fn opts(name: &str, help: &str) -> Opts {
        Opts::new(format!("salespulse_connect_{name}"), help)
    }

    fn register<M: prometheus::core::Collector + Clone + 'static>(&self, metric: M) -> Result<M, prometheus::Error> {
        self.0.register(Box::new(metric.clone()))?;
        Ok(metric)
    }

    fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        self.register(IntGauge::with_opts(Make::opts(name, help))?)
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntGaugeVec, prometheus::Error> {
        self.register(IntGaugeVec::new(Make::opts(name, help), labels)?)
    }

    fn floats(&self, name: &str, help: &str, labels: &[&str]) -> Result<GaugeVec, prometheus::Error> {
        self.register(GaugeVec::new(Make::opts(name, help), labels)?)
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, prometheus::Error> {
        self.register(IntCounterVec::new(Make::opts(name, help), labels)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_begins_and_ends() {
        let status = Status::new(["crm"].into_iter()).unwrap();
        let line = |name: &str, value: u8| format!("salespulse_connect_{name} {value}\n");
        let sign_in = r#"condition{condition="sign_in",source="crm"}"#;
        assert!(status.exposition().contains(&line(sign_in, 0)));
        status.failed("crm", &Trouble::SignIn("invalid_code".to_owned()));
        assert!(status.exposition().contains(&line(sign_in, 1)));
        assert_eq!(status.report().sources["crm"].condition, Some("sign_in"));
        status.failed("crm", &Trouble::Quota("used up".to_owned()));
        assert!(status.exposition().contains(&line(sign_in, 0)));
        status.finished("crm", Time::from_millis(7_500), 3);
        let text = status.exposition();
        assert!(text.contains(&line(r#"condition{condition="quota",source="crm"}"#, 0)), "{text}");
        assert!(text.contains(&line(r#"up{source="crm"}"#, 1)), "{text}");
        assert!(text.contains("salespulse_connect_last_success_timestamp_seconds{source=\"crm\"} 7.5\n"), "{text}");
        assert_eq!(status.report().sources["crm"].last_success_ms, Some(7_500));
    }
}
