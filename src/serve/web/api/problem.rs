//! Answers that are no answers: RFC 9457 problems with a code of a closed list.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// Why there is no answer. It is returned from everywhere, so it is small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(Box<ProblemAnswer>);

/// The problem as it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ProblemAnswer {
    /// Always `about:blank`: the code says more.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// One word of a closed list.
    #[schema(value_type = String)]
    code: Code,
    /// A sentence that says what to do.
    detail: String,
    /// The parameter that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<String>,
    /// What it may be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allowed: Vec<String>,
    /// Where the instance stands, while it shows no numbers: as `/readyz` has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    readiness: Option<&'static str>,
}

/// The closed list of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// No such parameter.
    UnknownParameter,
    /// The parameter has no such value.
    BadParameter,
    /// The scope has no such KPI.
    UnknownKpi,
    /// Nobody is ranked by it.
    NotRankable,
    /// The scope does not show this window or period.
    UnknownWindow,
    /// The parameter must be given.
    MissingParameter,
    /// Nobody has logged in.
    Unauthorized,
    /// The role may not see this.
    Forbidden,
    /// There is nothing of this name.
    NotFound,
    /// The numbers cannot be read here yet.
    NotReady,
    /// Another instance shows the numbers.
    NotOwner,
    /// There are as many streams as may be.
    TooManyStreams,
    /// There are as many different views as may be.
    TooManyViews,
    /// There were too many requests.
    TooManyRequests,
    /// What is asked for is being done for somebody else.
    Busy,
    /// A fault of the program.
    Bug,
}

impl Code {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Code::UnknownParameter
            | Code::BadParameter
            | Code::UnknownKpi
            | Code::NotRankable
            | Code::UnknownWindow
            | Code::MissingParameter => StatusCode::BAD_REQUEST,
            Code::Unauthorized => StatusCode::UNAUTHORIZED,
            Code::Forbidden => StatusCode::FORBIDDEN,
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::NotReady | Code::NotOwner | Code::TooManyStreams | Code::TooManyViews | Code::Busy => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Code::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Code::Bug => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn retry_after(self) -> Option<HeaderValue> {
        let seconds = match self {
            Code::NotReady => "2",
            Code::NotOwner | Code::TooManyRequests | Code::Busy => "1",
            Code::TooManyStreams | Code::TooManyViews => "10",
            _ => return None,
        };
        Some(HeaderValue::from_static(seconds))
    }
}

impl Problem {
    /// A problem of this code, with a sentence that says what to do.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Problem {
        let status = code.status();
        Problem(Box::new(ProblemAnswer {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            code,
            detail: detail.into(),
            parameter: None,
            allowed: Vec::new(),
            readiness: None,
        }))
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The sentence that says what to do.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// Of a parameter, with what it may be.
    #[must_use]
    pub fn of(mut self, parameter: &str, allowed: impl IntoIterator<Item = impl Into<String>>) -> Problem {
        self.0.parameter = Some(parameter.to_owned());
        self.0.allowed = allowed.into_iter().map(Into::into).collect();
        self
    }

    /// With the word of `/readyz`.
    #[must_use]
    pub fn while_in(mut self, readiness: &'static str) -> Problem {
        self.0.readiness = Some(readiness);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry_after) = (self.0.code.status(), self.0.code.retry_after());
        // A struct of plain fields always has a JSON text.
        let json = serde_json::to_string(&self.0).unwrap_or_default();
        let headers = [(CONTENT_TYPE, "application/problem+json"), (CACHE_CONTROL, "no-store")];
        let mut response = (status, headers, json).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        response
    }
}
