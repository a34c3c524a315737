//! Zoho's REST API: signing in, pages, and what its errors mean.

use crate::connect::exchange::{Exchange, Report, Request, Response, Trouble, escaped};
use crate::connect::json::Json;
use crate::connect::mapping::millis;
use crate::connect::rate_limit::RateLimit;
use crate::model::time::{MINUTE, SECOND, Time};

/// Zoho gives at most so many access tokens …
const MOST_TOKENS: usize = 10;
/// … in this time, to one refresh token.
const TOKEN_WINDOW: i64 = 10 * MINUTE;
/// A token is not used in its last minute.
const TOKEN_MARGIN: i64 = MINUTE;
/// How often one request waits because Zoho asks to.
const MOST_WAITS: u32 = 3;
/// Where records are in an answer.
const RECORDS: &[&str] = &["/data/*", "/users/*"];
/// The longest page.
pub(super) const LONGEST_PAGE: usize = 200;
/// So many records are listed by the number of a page; beyond them only by tokens.
const MOST_BY_NUMBER: usize = 2_000;

/// What signs us in.
#[derive(Clone)]
pub struct Credentials {
    /// The id of the client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// The refresh token, which does not change.
    pub refresh_token: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// The API of one organisation.
#[derive(Debug)]
pub struct Api {
    credentials: Credentials,
    accounts: String,
    base: String,
    token: Option<Token>,
    /// How often tokens may be asked for.
    tokens: RateLimit,
}

struct Token {
    text: String,
    ends: Time,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("ends", &self.ends).finish_non_exhaustive()
    }
}

/// A page of a list.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) records: Vec<Json>,
    /// The server's time at its request: no earlier than this …
    pub(super) started: i64,
    /// … and no later than that.
    pub(super) ended: i64,
    /// Whether nothing comes behind it.
    pub(super) is_last: bool,
}

/// How a list is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pages<'a> {
    pub(super) path: &'a str,
    /// Under which key the records are.
    pub(super) list: &'a str,
    /// From when on, by the header for it.
    pub(super) since: Option<i64>,
    /// How many records a page has.
    pub(super) length: usize,
}

impl<'a> Pages<'a> {
    pub(super) const fn all(path: &'a str, list: &'a str) -> Pages<'a> {
        Pages { path, list, since: None, length: LONGEST_PAGE }
    }
}

/// Takes a page; answers whether to go on.
type TakePage<'a> = &'a mut dyn FnMut(Page) -> bool;

impl Api {
    /// An API at these addresses: where tokens are given, and where records are until a token says otherwise.
    #[must_use]
    pub fn at(credentials: Credentials, accounts: &str, base: &str) -> Api {
        let (accounts, base) = (accounts.to_owned(), base.to_owned());
        Api { credentials, accounts, base, token: None, tokens: RateLimit::new(MOST_TOKENS, TOKEN_WINDOW) }
    }

    fn sign_in(&mut self, exchange: &mut dyn Exchange) -> Result<String, Trouble> {
        let now = exchange.now();
        if let Some(token) = self.token.as_ref().filter(|token| now.plus(TOKEN_MARGIN) < token.ends) {
            return Ok(token.text.clone());
        }
        self.tokens.take(now).map_err(|wait_ms| Trouble::Throttled { wait_ms })?;
        let form = format!(
            "grant_type=refresh_token&refresh_token={}&client_id={}&client_secret={}",
            escaped(&self.credentials.refresh_token),
            escaped(&self.credentials.client_id),
            escaped(&self.credentials.client_secret)
        );
        let url = format!("{}/oauth/v2/token", self.accounts);
        let request = Request::post(url, "application/x-www-form-urlencoded", form.into_bytes());
        let response = exchange.send(&request).map_err(Trouble::Unreachable)?;
        let answer = Json::parse(&response.body)
            .map_err(|_| Trouble::Unreachable(format!("the sign-in answered {} without JSON", response.status)))?;
        exchange.report(&Report::SignIn(answer.word("/access_token").is_some()));
        let Some(token) = answer.word("/access_token") else {
            let reason = answer.word("/error").unwrap_or("no access_token");
            return Err(Trouble::SignIn(format!(
                "{reason}; is the data centre right, and the refresh token of this client?"
            )));
        };
        if let Some(base) = answer.word("/api_domain") {
            base.clone_into(&mut self.base);
        }
        let seconds: i64 = answer.word("/expires_in").and_then(|seconds| seconds.parse().ok()).unwrap_or(3_600);
        self.token = Some(Token { text: token.to_owned(), ends: now.plus(seconds * SECOND) });
        Ok(token.to_owned())
    }

    /// Sends a request below `/crm/v8`; `None` if there is nothing there.
    ///
    /// # Errors
    /// [`Trouble`] with what the answer means.
    pub fn call(
        &mut self,
        request: &Request,
        exchange: &mut dyn Exchange,
    ) -> Result<(Option<Json>, Response), Trouble> {
        let (mut is_last, mut patience) = (false, MOST_WAITS);
        loop {
            let token = self.sign_in(exchange)?;
            let mut signed = request.clone().header("authorization", format!("Zoho-oauthtoken {token}"));
            signed.url = format!("{}/crm/v8/{}", self.base, request.url);
            let response = exchange.send(&signed).map_err(Trouble::Unreachable)?;
            match response.status {
                204 | 304 | 404 => return Ok((None, response)),
                200..=299 => {
                    let json = Json::parse_records(&response.body, RECORDS)
                        .map_err(|fault| Trouble::Unusable(format!("{}: {fault}", request.url)))?;
                    return Ok((Some(json), response));
                }
                401 if !is_last => (self.token, is_last) = (None, true),
                _ => match trouble(&response) {
                    Trouble::Throttled { wait_ms } if patience > 0 => {
                        patience -= 1;
                        exchange.pause(wait_ms);
                    }
                    trouble => return Err(trouble),
                },
            }
        }
    }

    /// Reads one record, or one list that has a single page.
    ///
    /// # Errors
    /// [`Trouble`] with what the answer means.
    pub fn get(&mut self, path: &str, exchange: &mut dyn Exchange) -> Result<Option<Json>, Trouble> {
        self.call(&Request::get(path.to_owned()), exchange).map(|(json, _)| json)
    }

    /// Reads a list page by page, as far as `take` wants.
    ///
    /// # Errors
    /// [`Trouble`] with what an answer means; a token of a page that has expired is one, and the scan begins anew.
    pub(super) fn pages(
        &mut self,
        pages: Pages<'_>,
        exchange: &mut dyn Exchange,
        take: TakePage<'_>,
    ) -> Result<(), Trouble> {
        let Pages { path, list, since, length } = pages;
        let (mut number, mut token, mut seen) = (1_usize, None::<String>, 0_usize);
        let separator = if path.contains('?') { '&' } else { '?' };
        loop {
            let place = match &token {
                Some(token) => format!("page_token={}", escaped(token)),
                None => format!("page={number}"),
            };
            let mut request = Request::get(format!("{path}{separator}per_page={length}&{place}"));
            if let Some(since) = since {
                // Whole seconds, rounded down: the comparison is inclusive.
                let since = Time::from_millis(since).floor(SECOND).to_string().replace(".000Z", "+00:00");
                request = request.header("if-modified-since", since);
            }
            let (page, response) = self.call(&request, exchange)?;
            // Without the server's clock ours counts, and it may be wrong.
            let now = exchange.now().millis();
            let (started, ended) =
                response.date.map_or((now - 2 * MINUTE, now + 2 * MINUTE), |date| (date.millis(), date.millis()));
            let Some(page) = page else {
                take(Page { records: Vec::new(), started, ended, is_last: true });
                return Ok(());
            };
            let records = page.items(&format!("/{list}")).to_vec();
            seen += records.len();
            let is_last = page.word("/info/more_records") != Some("true");
            let wants_more = take(Page { records, started, ended, is_last });
            if is_last || !wants_more {
                return Ok(());
            }
            token = page.word("/info/next_page_token").map(str::to_owned);
            number += 1;
            if token.is_none() && seen >= MOST_BY_NUMBER {
                return Err(Trouble::Unusable(format!(
                    "{path} has more than {MOST_BY_NUMBER} records and no page token"
                )));
            }
        }
    }
}

/// What an answer means that is no success.
fn trouble(response: &Response) -> Trouble {
    let answer = Json::parse(&response.body).unwrap_or(Json::Null);
    let code = answer.word("/code").unwrap_or("no code").to_owned();
    let message = format!("{code}: {}", answer.word("/message").unwrap_or("no message"));
    match (response.status, code.as_str()) {
        (429, _) | (_, "TOO_MANY_REQUESTS") => {
            Trouble::Throttled { wait_ms: response.retry_after_ms.unwrap_or(MINUTE) }
        }
        // A missing scope has the status of a token that is not taken.
        (403, _) | (_, "OAUTH_SCOPE_MISMATCH" | "NO_PERMISSION" | "AUTHORIZATION_FAILED") => {
            Trouble::Permission(message)
        }
        (401, _) => Trouble::SignIn(message),
        (500..=599, _) => Trouble::Unreachable(format!("status {}", response.status)),
        (status, _) => Trouble::Unusable(format!("status {status}, {message}")),
    }
}

/// A time of Zoho's in Unix milliseconds.
pub(super) fn time_of(record: &Json, pointer: &str) -> i64 {
    record.at(pointer).and_then(millis).unwrap_or(0)
}
