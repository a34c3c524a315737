//! How the connectors do: metrics, and for each source what is wrong with it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tracing::{info, warn};

use super::delivery::Topics;
use super::desk::Batch;
use super::exchange::{Report as CrmReport, Trouble};
use super::json::Json;
use super::mapping::FaultCode;
use super::metrics::Metrics;
use crate::contract::decode::RejectionCode;
use crate::model::time::{Time, seconds};

/// What may become of something that was posted.
pub const OUTCOMES: [&str; 6] = ["kept", "rung", "forbidden", "refused", "too_large", "later"];

/// The metrics of connectors, and what is wrong with each source.
#[derive(Debug)]
pub struct Status {
    /// What is counted and measured.
    pub metrics: Metrics,
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
        let status = Status { metrics: Metrics::new()?, standings: Mutex::default() };
        for source in sources {
            status.metrics.up.with_label_values(&[source]).set(0);
            for condition in Trouble::NAMES {
                status.metrics.conditions.with_label_values(&[source, condition]).set(0);
            }
            // A counter that appears with its first letter would hide that letter from every increase().
            let codes =
                FaultCode::ALL.map(FaultCode::name).into_iter().chain(RejectionCode::ALL.map(RejectionCode::name));
            for code in codes {
                status.metrics.letters.with_label_values(&[source, code]).inc_by(0);
            }
            status.lock().insert(source.to_owned(), Standing::default());
        }
        Ok(status)
    }

    /// Whether this instance polls.
    pub fn set_active(&self, is_active: bool) {
        self.metrics.active.set(i64::from(is_active));
    }

    /// A source takes what is posted, at every instance.
    pub fn open(&self, source: &str) {
        self.metrics.up.with_label_values(&[source]).set(1);
        for outcome in OUTCOMES {
            self.metrics.received.with_label_values(&[source, outcome]).inc_by(0);
        }
    }

    /// Another instance polls: what is wrong with these sources is its matter.
    pub fn stand_by<'a>(&self, sources: impl Iterator<Item = &'a str>) {
        self.set_active(false);
        for source in sources {
            self.clear(source);
            // What another instance measures now would stand here for ever.
            drop(self.metrics.quota_remaining.remove_label_values(&[source]));
            drop(self.metrics.subscription_expires.remove_label_values(&[source]));
        }
        self.metrics.cursors.reset();
        self.metrics.lag.reset();
    }

    /// A cycle was finished.
    pub fn finished(&self, source: &str, now: Time, remembered: usize) {
        self.succeeded(source, now);
        let remembered = i64::try_from(remembered).unwrap_or(i64::MAX);
        self.metrics.remembered.with_label_values(&[source]).set(remembered);
    }

    /// What was posted, or read of a topic, is kept.
    pub fn succeeded(&self, source: &str, now: Time) {
        self.clear(source);
        self.metrics.up.with_label_values(&[source]).set(1);
        self.metrics.last_success.with_label_values(&[source]).set(seconds(now.millis()));
        self.lock().entry(source.to_owned()).or_default().last_success_ms = Some(now.millis());
    }

    /// Nothing is wrong with a source any more, as far as is known.
    fn clear(&self, source: &str) {
        self.metrics.up.with_label_values(&[source]).set(0);
        let ended = {
            let mut standings = self.lock();
            let standing = standings.entry(source.to_owned()).or_default();
            standing.sentence = None;
            standing.condition.take()
        };
        if let Some(condition) = ended {
            self.metrics.conditions.with_label_values(&[source, condition]).set(0);
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
        self.metrics.up.with_label_values(&[source]).set(0);
        if before == Some(name) {
            return;
        }
        if let Some(before) = before {
            self.metrics.conditions.with_label_values(&[source, before]).set(0);
        }
        self.metrics.conditions.with_label_values(&[source, name]).set(1);
        warn!(source, condition = name, "{sentence}");
    }

    /// A request was sent.
    pub fn count_request(&self, source: &str, outcome: &str) {
        self.metrics.requests.with_label_values(&[source, outcome]).inc();
    }

    /// Something was posted.
    pub fn count_received(&self, source: &str, outcome: &str) {
        self.metrics.received.with_label_values(&[source, outcome]).inc();
    }

    /// A message holds nothing for which there is a rule.
    pub fn count_skipped(&self, source: &str) {
        self.metrics.skipped.with_label_values(&[source]).inc();
    }

    /// A batch was acknowledged.
    pub fn kept(&self, source: &str, batch: &Batch, topics: &Topics) {
        for event in batch.events.iter().filter(|event| topics.events.contains_key(&event.kind())) {
            self.metrics.events.with_label_values(&[source, event.kind().name()]).inc();
            if event.text("retracted") == "true" {
                self.metrics.retractions.with_label_values(&[source]).inc();
            }
        }
        for letter in &batch.letters {
            self.metrics.letters.with_label_values(&[source, letter.code]).inc();
        }
        for (stream, at) in batch.state.iter().filter_map(|(key, value)| {
            let stream = key.strip_prefix("cursor/").filter(|stream| !stream.starts_with("channel-"));
            let value = Json::parse(value.as_ref()?).ok()?;
            Some((stream?, value.word("/at")?.parse::<i64>().ok()?))
        }) {
            self.metrics.cursors.with_label_values(&[source, stream]).set(seconds(at));
        }
    }

    /// A CRM has said something of itself.
    pub fn reported(&self, source: &str, report: &CrmReport<'_>) {
        match report {
            CrmReport::SignIn(succeeds) => {
                let outcome = if *succeeds { "ok" } else { "failed" };
                self.metrics.sign_ins.with_label_values(&[source, outcome]).inc();
            }
            CrmReport::Subscribed(ends) => {
                self.metrics.subscription_expires.with_label_values(&[source]).set(seconds(*ends));
            }
            CrmReport::Unsubscribed(trouble) => {
                warn!(source, "the CRM does not notify, so that changes are seen at the next poll: {trouble}");
            }
            CrmReport::Quota { calls, remaining } => {
                self.metrics.quota_calls.with_label_values(&[source]).set(*calls);
                self.metrics.quota_remaining.with_label_values(&[source]).set(*remaining);
            }
        }
    }

    /// How many records of a partition are not read yet.
    pub fn set_lag(&self, source: &str, topic: &str, partition: i32, records: i64) {
        self.metrics.lag.with_label_values(&[source, topic, &partition.to_string()]).set(records);
    }

    /// Where everything stands.
    #[must_use]
    pub fn report(&self) -> Report {
        Report { active: self.metrics.active.get() == 1, sources: self.lock().clone() }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Standing>> {
        // Each change is one assignment, so nothing can be left half written.
        self.standings.lock().unwrap_or_else(PoisonError::into_inner)
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
        assert!(status.metrics.exposition().contains(&line(sign_in, 0)));
        status.failed("crm", &Trouble::SignIn("invalid_code".to_owned()));
        assert!(status.metrics.exposition().contains(&line(sign_in, 1)));
        assert_eq!(status.report().sources["crm"].condition, Some("sign_in"));
        status.failed("crm", &Trouble::Quota("used up".to_owned()));
        assert!(status.metrics.exposition().contains(&line(sign_in, 0)));
        status.finished("crm", Time::from_millis(7_500), 3);
        let text = status.metrics.exposition();
        assert!(text.contains(&line(r#"condition{condition="quota",source="crm"}"#, 0)), "{text}");
        assert!(text.contains(&line(r#"up{source="crm"}"#, 1)), "{text}");
        assert!(text.contains("salespulse_connect_last_success_timestamp_seconds{source=\"crm\"} 7.5\n"), "{text}");
        assert_eq!(status.report().sources["crm"].last_success_ms, Some(7_500));
    }

    #[test]
    fn a_stand_by_shows_nothing_that_only_the_active_one_knows() {
        let status = Status::new(["crm"].into_iter()).unwrap();
        status.reported("crm", &CrmReport::Subscribed(7_500));
        status.reported("crm", &CrmReport::Quota { calls: 100, remaining: 9 });
        status.set_lag("crm", "books", 0, 5);
        let shown = |name: &str| status.metrics.exposition().contains(&format!("salespulse_connect_{name}{{"));
        let of_active = ["subscription_expires_timestamp_seconds", "quota_remaining", "lag_records"];
        assert_eq!(of_active.map(shown), [true; 3]);
        status.stand_by(["crm"].into_iter());
        assert_eq!(of_active.map(shown), [false; 3]);
    }
}
