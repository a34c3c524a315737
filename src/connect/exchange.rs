//! Requests to a CRM and its responses, as plain values: whoever polls neither opens a socket nor reads a clock.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::inbox::Call;
use crate::model::time::Time;

/// The largest response that is read, in bytes.
pub const LARGEST_RESPONSE: usize = 32 << 20;

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: &'static str,
    /// The whole URL.
    pub url: String,
    /// The headers, secrets among them.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
}

impl Request {
    /// A request without a body.
    #[must_use]
    pub fn get(url: String) -> Request {
        Request { method: "GET", url, ..Request::default() }
    }

    /// A request with a body of this type.
    #[must_use]
    pub fn post(url: String, content_type: &str, body: Vec<u8>) -> Request {
        let headers = vec![("content-type", content_type.to_owned())];
        Request { method: "POST", url, headers, body: Some(body) }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Request {
        self.headers.push((name, value.into()));
        self
    }
}

/// A response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The server's clock, by its header `Date`.
    pub date: Option<Time>,
    /// How long to wait before the next request, in milliseconds, by its header `Retry-After`.
    pub retry_after_ms: Option<i64>,
    /// The body.
    pub body: Vec<u8>,
}

/// Sends requests.
pub trait Exchange {
    /// Sends a request and waits for the response.
    ///
    /// # Errors
    /// A sentence on why there is none.
    fn send(&mut self, request: &Request) -> Result<Response, String>;

    /// The present instant.
    fn now(&self) -> Time;

    /// Lets so many milliseconds pass.
    fn pause(&mut self, millis: i64);

    /// Waits so many milliseconds at most for a call.
    ///
    /// # Errors
    /// If none came, or none can come any more.
    fn hear(&mut self, inbox: &Receiver<Call>, millis: i64) -> Result<Call, RecvTimeoutError> {
        inbox.recv_timeout(Duration::from_millis(u64::try_from(millis).unwrap_or(0)))
    }

    /// Whether so many calls are left of the day's that not only the polls may take some.
    fn can_spare_calls(&self) -> bool {
        true
    }

    /// Takes note of what the CRM has said of itself.
    fn report(&mut self, _report: &Report<'_>) {}
}

/// What a CRM says of itself.
#[derive(Debug)]
pub enum Report<'a> {
    /// Whether it gave a token.
    SignIn(bool),
    /// It notifies until then, in Unix milliseconds.
    Subscribed(i64),
    /// It does not notify.
    Unsubscribed(&'a Trouble),
    /// Its calls in 24 hours.
    Quota {
        /// How many it allows.
        calls: i64,
        /// How many are left.
        remaining: i64,
    },
}

/// Why a scan could not be finished. Its cursor has not moved, so the next one begins where it began.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The CRM does not take the credentials.
    #[error("the CRM does not take the credentials: {0}")]
    SignIn(String),
    /// The credentials may not do this.
    #[error("the CRM does not allow this: {0}")]
    Permission(String),
    /// The day's calls are used up.
    #[error("the CRM's quota of calls is used up: {0}")]
    Quota(String),
    /// Too many calls at once.
    #[error("the CRM asks to wait")]
    Throttled {
        /// How long, in milliseconds.
        wait_ms: i64,
    },
    /// No response.
    #[error("the CRM does not answer: {0}")]
    Unreachable(String),
    /// A response that nobody can use.
    #[error("the CRM's answer cannot be used: {0}")]
    Unusable(String),
    /// What was read could not be kept.
    #[error("{0}")]
    Sink(String),
}

impl Trouble {
    /// The words of all of them.
    pub const NAMES: [&str; 7] = ["sign_in", "permission", "quota", "throttled", "unreachable", "unusable", "sink"];

    /// The word in metrics and conditions.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Trouble::SignIn(_) => "sign_in",
            Trouble::Permission(_) => "permission",
            Trouble::Quota(_) => "quota",
            Trouble::Throttled { .. } => "throttled",
            Trouble::Unreachable(_) => "unreachable",
            Trouble::Unusable(_) => "unusable",
            Trouble::Sink(_) => "sink",
        }
    }
}

/// Texts as parts of a URL's query or of a form: everything but letters, digits and `-._~` is escaped.
#[must_use]
pub fn escaped(text: &str) -> String {
    use std::fmt::Write as _;
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => escaped.push(char::from(byte)),
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "%{byte:02X}");
            }
        }
    }
    escaped
}
