//! The metrics of connectors, all of them with the prefix `salespulse_connect_`.

use prometheus::{GaugeVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder};

/// Everything that is counted and measured.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Connections of the listeners.
    pub connections: IntGaugeVec,
    pub(super) active: IntGauge,
    pub(super) up: IntGaugeVec,
    pub(super) last_success: GaugeVec,
    pub(super) conditions: IntGaugeVec,
    pub(super) requests: IntCounterVec,
    pub(super) sign_ins: IntCounterVec,
    pub(super) received: IntCounterVec,
    pub(super) events: IntCounterVec,
    pub(super) retractions: IntCounterVec,
    pub(super) letters: IntCounterVec,
    pub(super) skipped: IntCounterVec,
    pub(super) remembered: IntGaugeVec,
    pub(super) cursors: GaugeVec,
    pub(super) lag: IntGaugeVec,
    pub(super) subscription_expires: GaugeVec,
    pub(super) quota_calls: IntGaugeVec,
    pub(super) quota_remaining: IntGaugeVec,
}

impl Metrics {
    /// All of them, with nothing in them.
    ///
    /// # Errors
    /// If two have the same name or a name is malformed: a bug.
    pub(super) fn new() -> Result<Metrics, prometheus::Error> {
        let registry = Registry::new();
        let make = Make(&registry);
        Ok(Metrics {
            connections: make.gauges("http_connections", "HTTP connections of the listeners.", &["listener"])?,
            active: make.gauge("active", "1 if this instance is the one that polls.")?,
            up: make.gauges("up", "1 if the last cycle of the source was finished.", &["source"])?,
            last_success: make.floats(
                "last_success_timestamp_seconds",
                "When a cycle of the source was finished last, or something posted was kept.",
                &["source"],
            )?,
            conditions: make.gauges("condition", "1 if that is wrong with the source.", &["source", "condition"])?,
            requests: make.counters("requests_total", "Requests, by what came of them.", &["source", "outcome"])?,
            sign_ins: make.counters(
                "sign_ins_total",
                "Tokens that were asked for, by what came of it.",
                &["source", "outcome"],
            )?,
            received: make.counters(
                "received_total",
                "What was posted to the source, by what became of it.",
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
            skipped: make.counters("skipped_total", "Messages for which no rule holds.", &["source"])?,
            remembered: make.gauges("remembered_records", "Records of the CRM that are remembered.", &["source"])?,
            cursors: make.floats(
                "cursor_timestamp_seconds",
                "Up to when the stream has been read: the greatest time of a change that was seen.",
                &["source", "stream"],
            )?,
            lag: make.gauges(
                "lag_records",
                "Records of the topic that are not read yet.",
                &["source", "topic", "partition"],
            )?,
            subscription_expires: make.floats(
                "subscription_expires_timestamp_seconds",
                "When the CRM ends to notify, unless it is asked again.",
                &["source"],
            )?,
            quota_calls: make.gauges("quota_calls", "Calls that the CRM allows in 24 hours.", &["source"])?,
            quota_remaining: make.gauges(
                "quota_remaining",
                "Calls that are left of these, by what this instance has sent or the CRM says.",
                &["source"],
            )?,
            registry,
        })
    }

    /// The metrics as exposition text.
    #[must_use]
    pub fn exposition(&self) -> String {
        // Names and labels are ours, so there is nothing that it could refuse.
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_default()
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
