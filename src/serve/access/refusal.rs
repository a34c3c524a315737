//! Why somebody is not let in.

use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};

/// Why a request is not answered, with a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// What kind it is.
    pub(crate) reason: Reason,
    /// For people.
    pub(crate) sentence: String,
}

/// What kind of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// A password is asked for.
    NoPassword,
    /// A display's key is asked for. A browser opens no dialogue for it: nobody stands before the screen.
    NoKey,
    /// The role may not ask for this.
    NotYours,
    /// There were too many requests.
    TooMany,
    /// A fault of the program.
    Bug,
}

impl Refusal {
    pub(super) fn new(reason: Reason, sentence: impl Into<String>) -> Refusal {
        Refusal { reason, sentence: sentence.into() }
    }

    /// What the client is to log in with.
    pub(super) fn challenge(&self) -> Option<HeaderValue> {
        match self.reason {
            Reason::NoPassword => Some(HeaderValue::from_static("Basic realm=\"salespulse\", charset=\"UTF-8\"")),
            Reason::NoKey => Some(HeaderValue::from_static("Display realm=\"salespulse\"")),
            Reason::NotYours | Reason::TooMany | Reason::Bug => None,
        }
    }

    /// The answer with the sentence alone.
    pub(crate) fn plain(&self) -> Response {
        let status = match self.reason {
            Reason::NoPassword | Reason::NoKey => StatusCode::UNAUTHORIZED,
            Reason::NotYours => StatusCode::FORBIDDEN,
            Reason::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Reason::Bug => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, format!("{}\n", self.sentence)).into_response()
    }

    /// An answer with what the client is to log in with.
    pub(super) fn with_challenge(&self, mut response: Response) -> Response {
        if let Some(challenge) = self.challenge() {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
