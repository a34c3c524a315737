//! Requests over HTTP, for a thread that does nothing else.

use std::collections::VecDeque;
use std::error::Error as _;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::fmt::rfc2822;
use tokio::runtime::{Builder, Runtime};

use super::exchange::{Exchange, LARGEST_RESPONSE, Report, Request, Response};
use super::status::Status;
use crate::health::Stop;
use crate::model::time::{Clock, HOUR, SECOND, Time};

/// How long a response may take as a whole.
const PATIENCE: Duration = Duration::from_secs(60);
/// The calls of so many hours are counted together.
const DAY_HOURS: i64 = 24;
/// How long a connection may take.
const CONNECTING: Duration = Duration::from_secs(10);
/// How soon a request to stop is heard.
const GLANCE: Duration = Duration::from_millis(100);

/// Sends the requests of one source.
pub struct HttpExchange {
    client: reqwest::Client,
    runtime: Runtime,
    clock: Clock,
    stop: Stop,
    source: String,
    status: Arc<Status>,
    quota: Option<Quota>,
}

/// The calls of the last 24 hours, by the hour, beside what the CRM allows.
struct Quota {
    calls: i64,
    sent: VecDeque<(i64, i64)>,
}

impl Quota {
    /// Counts a call, and answers how many are left.
    fn count(&mut self, now: Time) -> i64 {
        let hour = now.millis().div_euclid(HOUR);
        while self.sent.front().is_some_and(|(first, _)| hour - first >= DAY_HOURS) {
            self.sent.pop_front();
        }
        match self.sent.back_mut().filter(|(last, _)| *last == hour) {
            Some((_, count)) => *count += 1,
            None => self.sent.push_back((hour, 1)),
        }
        self.left(now)
    }

    /// How many are left.
    fn left(&self, now: Time) -> i64 {
        let hour = now.millis().div_euclid(HOUR);
        let of_today = self.sent.iter().filter(|(sent, _)| hour - sent < DAY_HOURS);
        (self.calls - of_today.map(|(_, count)| count).sum::<i64>()).max(0)
    }

    /// Whether there are more than the quarter that is for polls alone.
    fn can_spare(&self, now: Time) -> bool {
        self.left(now) > self.calls / 4
    }
}

impl HttpExchange {
    /// A client for a source, which gives up when it is asked to stop.
    ///
    /// # Errors
    /// A sentence on what the system refuses.
    pub fn new(
        source: &str,
        daily_calls: Option<u64>,
        clock: Clock,
        stop: Stop,
        status: Arc<Status>,
    ) -> Result<HttpExchange, String> {
        // Somebody else in this process may have installed one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            // An address that sends us elsewhere is the wrong one, and the secrets are not for others.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECTING)
            .timeout(PATIENCE)
            .user_agent(concat!("salespulse/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("there is no HTTP client: {error}"))?;
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| format!("there is no thread for HTTP: {error}"))?;
        let calls = daily_calls.map(|calls| i64::try_from(calls).unwrap_or(i64::MAX));
        let quota = calls.map(|calls| Quota { calls, sent: VecDeque::new() });
        Ok(HttpExchange { client, runtime, clock, stop, source: source.to_owned(), status, quota })
    }
}

impl Exchange for HttpExchange {
    fn send(&mut self, request: &Request) -> Result<Response, String> {
        let method = reqwest::Method::from_bytes(request.method.as_bytes()).map_err(|error| error.to_string())?;
        let mut builder = self.client.request(method, &request.url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        let answered = self.runtime.block_on(unless_stopped(&self.stop, receive(builder)));
        let outcome = match &answered {
            Err(_) => "none",
            Ok(Response { status: 429, .. }) => "throttled",
            Ok(Response { status: 500.., .. }) => "server_error",
            Ok(Response { status: 400.., .. }) => "client_error",
            Ok(_) => "ok",
        };
        self.status.count_request(&self.source, outcome);
        if let Some(quota) = &mut self.quota {
            let (calls, remaining) = (quota.calls, quota.count(self.clock.now()));
            self.status.reported(&self.source, &Report::Quota { calls, remaining });
        }
        answered
    }

    fn now(&self) -> Time {
        self.clock.now()
    }

    fn pause(&mut self, millis: i64) {
        let millis = u64::try_from(millis).unwrap_or(0);
        // What comes after a pause that was cut short is a request, which hears of the end too.
        let pause = async {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            Ok(())
        };
        let _ = self.runtime.block_on(unless_stopped(&self.stop, pause));
    }

    fn can_spare_calls(&self) -> bool {
        self.quota.as_ref().is_none_or(|quota| quota.can_spare(self.clock.now()))
    }

    fn report(&mut self, report: &Report<'_>) {
        self.status.reported(&self.source, report);
    }
}

async fn unless_stopped<T>(stop: &Stop, work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let mut work = std::pin::pin!(work);
    loop {
        match tokio::time::timeout(GLANCE, work.as_mut()).await {
            Ok(result) => return result,
            Err(_) if stop.requested() => return Err("stopped meanwhile".to_owned()),
            Err(_) => {}
        }
    }
}

async fn receive(request: reqwest::RequestBuilder) -> Result<Response, String> {
    let mut answer = request.send().await.map_err(sentence)?;
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
    let date = header("date").and_then(|text| rfc2822::parse(text).ok());
    let date = date.map(|zoned| Time::from_millis(zoned.timestamp().as_millisecond()));
    let retry_after_ms = header("retry-after").and_then(|text| text.parse::<i64>().ok()?.checked_mul(SECOND));
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(sentence)? {
        if body.len() + chunk.len() > LARGEST_RESPONSE {
            return Err(format!("the answer is larger than {LARGEST_RESPONSE} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, date, retry_after_ms, body })
}

/// What went wrong, down to its cause, without the URL: queries are nobody else's matter.
fn sentence(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_the_calls_is_for_polls_alone() {
        let mut quota = Quota { calls: 8, sent: VecDeque::new() };
        let at = |hour: i64| Time::from_millis(hour * HOUR);
        let spared = (0..8).map(|_| {
            quota.count(at(0));
            quota.can_spare(at(1))
        });
        assert_eq!(spared.collect::<Vec<_>>(), [true, true, true, true, true, false, false, false]);
        assert!(quota.can_spare(at(24)), "without a call that shows it");
    }

    #[test]
    fn calls_of_a_day_ago_are_left_again() {
        let mut quota = Quota { calls: 10, sent: VecDeque::new() };
        let mut at = |hour: i64| quota.count(Time::from_millis(hour * HOUR + 5));
        assert_eq!([at(0), at(0), at(1), at(23)], [9, 8, 7, 6]);
        assert_eq!([at(24), at(25)], [7, 7], "those of the first hours count no more");
        assert_eq!((0..20).map(|_| at(25)).last(), Some(0));
    }
}
