//! Asks a service over HTTP.

use std::time::Duration;

/// Who asks a service, from any thread and as long as anybody answers.
#[derive(Clone, Debug)]
pub(crate) struct Looker {
    listen: String,
    /// How long an answer may take.
    patience: Duration,
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// The content type.
    pub(crate) content_type: String,
    /// The body, uncompressed.
    pub(crate) body: String,
}

impl Looker {
    /// Asks at a host and port.
    pub(crate) fn new(listen: &str) -> Looker {
        Looker { listen: listen.to_owned(), patience: Duration::from_secs(20) }
    }

    /// The same with another patience.
    #[allow(dead_code, reason = "the benchmarks are patient")]
    pub(crate) fn within(self, patience: Duration) -> Looker {
        Looker { patience, ..self }
    }

    /// Fetches a path with an `Accept` header; `None` while nobody answers.
    pub(crate) fn get(&self, path: &str, accept: &str) -> Option<Answer> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(self.patience))
            .build()
            .into();
        let request = agent.get(format!("http://{}{path}", self.listen)).header("Accept", accept);
        // To compress would only take time.
        let mut response = request.header("Accept-Encoding", "identity").call().ok()?;
        let content_type = response.headers().get("content-type").and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(1 << 30).read_to_string().ok()?;
        Some(Answer { status, content_type, body })
    }

    /// The text of `/metrics`; `None` while that is not served.
    pub(crate) fn metrics_text(&self) -> Option<String> {
        self.get("/metrics", "text/plain;version=0.0.4").filter(|answer| answer.status == 200).map(|answer| answer.body)
    }
}
