//! Requests over HTTP, for a thread that does nothing else.

use std::error::Error as _;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::fmt::rfc2822;
use tokio::runtime::{Builder, Runtime};

use super::exchange::{Exchange, LARGEST_RESPONSE, Request, Response};
use super::status::Status;
use crate::health::Stop;
use crate::model::time::{Clock, SECOND, Time};

/// How long a response may take as a whole.
const PATIENCE: Duration = Duration::from_secs(60);
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
}

impl HttpExchange {
    /// A client for a source, which gives up when it is asked to stop.
    ///
    /// # Errors
    /// A sentence on what the system refuses.
    pub fn new(source: &str, clock: Clock, stop: Stop, status: Arc<Status>) -> Result<HttpExchange, String> {
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
        Ok(HttpExchange { client, runtime, clock, stop, source: source.to_owned(), status })
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
