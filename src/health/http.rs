//! What is measured of the HTTP listeners.

use prometheus::{Gauge, Histogram, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use super::register::Maker;

/// The upper bounds of the scrape duration's buckets, in seconds.
const SCRAPE_BUCKETS: [f64; 9] = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// The metrics of listeners, readings and streams.
#[derive(Debug)]
pub struct HttpMetrics {
    /// Connections by listener.
    pub connections: IntGaugeVec,
    /// Streams of events that are open.
    pub streams: IntGauge,
    /// The pause between two readings for streams.
    pub stream_interval_seconds: Gauge,
    /// Readings taken.
    pub readings: IntCounter,
    /// Requests by path and status.
    pub requests: IntCounterVec,
    /// Logins with a password by their result.
    pub logins: IntCounterVec,
    /// How long scrapes take.
    pub scrape_seconds: Histogram,
}

impl HttpMetrics {
    pub(super) fn new(make: &Maker) -> Result<HttpMetrics, prometheus::Error> {
        let metrics = HttpMetrics {
            connections: make.gauges("http_connections", "HTTP connections, by listener.", &["listener"])?,
            streams: make.gauge("http_streams", "Streams of events that are open.")?,
            stream_interval_seconds: make.float_gauge(
                "stream_interval_seconds",
                "Pause between two readings for streams: at least eight times what a reading takes.",
            )?,
            readings: make.counter("readings_total", "Readings of the numbers that were taken.")?,
            requests: make.counters("http_requests_total", "Requests, by path and status.", &["path", "code"])?,
            logins: make.counters("logins_total", "Logins with a password, by their result.", &["result"])?,
            scrape_seconds: make.histogram(
                "scrape_duration_seconds",
                "How long it took to compute and write a scrape.",
                &SCRAPE_BUCKETS,
            )?,
        };
        for result in ["right", "wrong", "busy"] {
            metrics.logins.with_label_values(&[result]);
        }
        // A counter that nobody has counted yet would be missing from a scrape.
        metrics.requests.with_label_values(&["/metrics", "200"]);
        Ok(metrics)
    }
}
