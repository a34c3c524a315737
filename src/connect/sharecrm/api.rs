//! ShareCRM's open API: both ways to sign in, queries, and what its errors mean. Every answer has the status 200.

use crate::connect::account::SignIn;
use crate::connect::dialect::sharecrm::Object;
use crate::connect::exchange::{Exchange, Report, Request, Trouble};
use crate::connect::json::Json;
use crate::connect::rate_limit::RateLimit;
use crate::model::time::{MINUTE, SECOND, Time};

/// Where records are in an answer.
const RECORDS: &[&str] = &["/data/dataList/*", "/data/object_data", "/userList/*"];
/// The largest page.
pub(super) const PAGE: usize = 100;
/// At most so many calls …
const MOST_CALLS: usize = 100;
/// … in this time.
const CALL_WINDOW: i64 = 20 * SECOND;
/// At most so many tokens …
const MOST_TOKENS: usize = 10;
/// … in this time.
const TOKEN_WINDOW: i64 = MINUTE;
/// A token is asked for anew when it has so little left: from then on the gateway gives a new one, and both are taken.
const TOKEN_MARGIN: i64 = 5 * MINUTE;
/// How often one request waits because ShareCRM asks to.
const MOST_WAITS: u32 = 5;

/// What signs us in.
#[derive(Clone)]
pub struct Credentials {
    /// The id of the app.
    pub app_id: String,
    /// Its secret.
    pub app_secret: String,
    /// The tenant's permanent code.
    pub permanent_code: String,
    /// The employee whose rights the queries have.
    pub user_id: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("app_id", &self.app_id).finish_non_exhaustive()
    }
}

/// The API of one tenant.
#[derive(Debug)]
pub struct Api {
    credentials: Credentials,
    sign_in: SignIn,
    base: String,
    token: Option<Token>,
    tokens: RateLimit,
    calls: RateLimit,
    /// How far the server's clock is ahead of ours, in milliseconds, by its header `Date`.
    ahead_ms: Option<i64>,
}

struct Token {
    text: String,
    /// The tenant: its account, or its id.
    tenant: String,
    ends: Time,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("ends", &self.ends).finish_non_exhaustive()
    }
}

impl Api {
    /// An API below this URL, such as `https://open.fxiaoke.com`.
    #[must_use]
    pub fn new(credentials: Credentials, sign_in: SignIn, base: &str) -> Api {
        let base = base.to_owned();
        Api {
            credentials,
            sign_in,
            base,
            token: None,
            tokens: RateLimit::new(MOST_TOKENS, TOKEN_WINDOW),
            calls: RateLimit::new(MOST_CALLS, CALL_WINDOW),
            ahead_ms: None,
        }
    }

    fn signed_in(&mut self, exchange: &mut dyn Exchange) -> Result<(String, String), Trouble> {
        let now = exchange.now();
        if let Some(token) = self.token.as_ref().filter(|token| now.plus(TOKEN_MARGIN) < token.ends) {
            return Ok((token.text.clone(), token.tenant.clone()));
        }
        self.tokens.wait(exchange);
        let now = exchange.now();
        let mut body = Json::object([
            ("appId", Json::text_of(self.credentials.app_id.as_str())),
            ("appSecret", Json::text_of(self.credentials.app_secret.as_str())),
            ("permanentCode", Json::text_of(self.credentials.permanent_code.as_str())),
        ]);
        let url = match self.sign_in {
            SignIn::Token => {
                body.put("grantType", Json::text_of("app_secret"));
                format!("{}/oauth2.0/token?thirdTraceId={}", self.base, trace_id(now))
            }
            SignIn::Corp => format!("{}/cgi/corpAccessToken/get/V2", self.base),
        };
        let response = exchange.send(&Request::post(url, JSON, body.encode())).map_err(Trouble::Unreachable)?;
        let answer = parsed(&response.body)?;
        let names = match self.sign_in {
            SignIn::Token => ("/accessToken", "/ea"),
            SignIn::Corp => ("/corpAccessToken", "/corpId"),
        };
        exchange.report(&Report::SignIn(answer.word("/errorCode") == Some("0")));
        let (Some(text), Some(tenant), Some("0")) =
            (answer.word(names.0), answer.word(names.1), answer.word("/errorCode"))
        else {
            return Err(Trouble::SignIn(said(&answer)));
        };
        let seconds: i64 = answer.word("/expiresIn").and_then(|seconds| seconds.parse().ok()).unwrap_or(7_200);
        let (text, tenant) = (text.to_owned(), tenant.to_owned());
        self.token = Some(Token { text: text.clone(), tenant: tenant.clone(), ends: now.plus(seconds * SECOND) });
        Ok((text, tenant))
    }

    /// The server's time at an instant of ours, as far as it is known.
    pub(super) const fn server_time(&self, at: Time) -> i64 {
        match self.ahead_ms {
            Some(ahead) => at.plus(ahead).millis(),
            None => at.millis(),
        }
    }

    /// What its clock says now, if it has said so.
    pub(super) fn clock(&self, now: Time) -> Option<Time> {
        self.ahead_ms.map(|ahead| now.plus(ahead))
    }

    /// Posts a body below the host; waits where ShareCRM asks to.
    ///
    /// # Errors
    /// [`Trouble`] with what the answer means.
    pub fn call(&mut self, path: &str, body: &Json, exchange: &mut dyn Exchange) -> Result<Json, Trouble> {
        let (mut has_renewed, mut patience) = (false, MOST_WAITS);
        loop {
            let (token, tenant) = self.signed_in(exchange)?;
            self.calls.wait(exchange);
            let request = self.request(path, body, &token, &tenant);
            let response = exchange.send(&request);
            self.calls.answered(exchange.now());
            let response = response.map_err(Trouble::Unreachable)?;
            if let Some(date) = response.date {
                self.ahead_ms = Some(date.since(exchange.now()));
            }
            let answer = parsed(&response.body)?;
            match answer.word("/errorCode").and_then(|code| code.parse::<i64>().ok()) {
                Some(0) => return Ok(answer),
                // Once: a second time the token is not what is wrong.
                Some(20_016) if !has_renewed => (self.token, has_renewed) = (None, true),
                Some(20_016 | 20_017) => return Err(Trouble::SignIn(said(&answer))),
                Some(-1 | 50_009 | 30_004 | 14_001) if patience > 0 => {
                    patience -= 1;
                    exchange.pause(response.retry_after_ms.unwrap_or(CALL_WINDOW));
                }
                Some(-1 | 50_009 | 30_004 | 14_001) => return Err(Trouble::Throttled { wait_ms: MINUTE }),
                Some(30_002 | 30_003) => return Err(Trouble::Quota(said(&answer))),
                Some(20_021 | 20_022) => return Err(Trouble::Permission(said(&answer))),
                _ => return Err(Trouble::Unusable(said(&answer))),
            }
        }
    }

    fn request(&self, path: &str, body: &Json, token: &str, tenant: &str) -> Request {
        let url = format!("{}{path}", self.base);
        let user = self.credentials.user_id.as_str();
        match self.sign_in {
            SignIn::Token => Request::post(url, JSON, body.encode())
                .header("authorization", format!("Bearer {token}"))
                .header("x-fs-ea", tenant)
                .header("x-fs-userid", user),
            SignIn::Corp => {
                let mut body = body.clone();
                body.put("corpAccessToken", Json::text_of(token));
                body.put("corpId", Json::text_of(tenant));
                body.put("currentOpenUserId", Json::text_of(user));
                Request::post(url, JSON, body.encode())
            }
        }
    }

    /// A page of records edited since an instant, in the order of their ids, after this id.
    ///
    /// # Errors
    /// [`Trouble`] with what the answer means.
    pub fn query(
        &mut self,
        object: Object,
        since: Option<i64>,
        after: &str,
        fields: &[&str],
        exchange: &mut dyn Exchange,
    ) -> Result<Vec<Json>, Trouble> {
        let mut filters = Vec::new();
        if let Some(since) = since {
            filters.push(filter("last_modified_time", "GTE", &since.to_string()));
        }
        if !after.is_empty() {
            filters.push(filter("_id", "GT", after));
        }
        let order = Json::object([("fieldName", Json::text_of("_id")), ("isAsc", Json::Bool(true))]);
        let search = Json::object([
            ("limit", Json::number_of(PAGE)),
            ("offset", Json::number_of(0)),
            ("filters", Json::Array(filters)),
            ("orders", Json::Array(vec![order])),
            ("fieldProjection", Json::Array(fields.iter().map(|field| Json::text_of(*field)).collect())),
        ]);
        let data = Json::object([
            ("dataObjectApiName", Json::text_of(object.api_name())),
            ("find_explicit_total_num", Json::Bool(false)),
            ("search_query_info", search),
        ]);
        let body = Json::object([("returnTotalNum", Json::number_of(3)), ("data", data)]);
        let answer = self.call("/cgi/crm/v2/data/query", &body, exchange)?;
        Ok(answer.items("/data/dataList").to_vec())
    }

    /// One record; `None` if there is none.
    ///
    /// # Errors
    /// [`Trouble`] with what the answer means.
    pub fn record(&mut self, object: Object, id: &str, exchange: &mut dyn Exchange) -> Result<Option<Json>, Trouble> {
        let data = Json::object([
            ("dataObjectApiName", Json::text_of(object.api_name())),
            ("objectDataId", Json::text_of(id)),
        ]);
        let answer = self.call("/cgi/crm/v2/data/get", &Json::object([("data", data)]), exchange)?;
        let record = answer.at("/data/object_data").or_else(|| answer.at("/data"));
        Ok(record.filter(|record| record.word("/_id") == Some(id)).cloned())
    }

    /// All users, those that have left included.
    ///
    /// # Errors
    /// [`Trouble`] with what the answer means.
    pub fn users(&mut self, exchange: &mut dyn Exchange) -> Result<Vec<Json>, Trouble> {
        /// The whole company.
        const EVERYBODY: u32 = 999_999;
        let body = Json::object([
            ("departmentId", Json::number_of(EVERYBODY)),
            ("fetchChild", Json::Bool(true)),
            ("showDepartmentIdsDetail", Json::Bool(true)),
        ]);
        Ok(self.call("/cgi/user/list", &body, exchange)?.items("/userList").to_vec())
    }

    /// The options of a field that is a choice: value and label.
    ///
    /// # Errors
    /// [`Trouble`] with what the answer means.
    pub fn options(
        &mut self,
        object: Object,
        field: &str,
        exchange: &mut dyn Exchange,
    ) -> Result<Vec<(String, String)>, Trouble> {
        let body = Json::object([("includeDetail", Json::Bool(true)), ("apiName", Json::text_of(object.api_name()))]);
        let answer = self.call("/cgi/crm/v2/object/describe", &body, exchange)?;
        let options = answer.items(&format!("/data/describe/fields/{field}/options"));
        let option = |option: &Json| Some((option.word("/value")?.to_owned(), option.word("/label")?.to_owned()));
        Ok(options.iter().filter_map(option).collect())
    }
}

const JSON: &str = "application/json";

fn filter(field: &str, operator: &str, value: &str) -> Json {
    Json::object([
        ("field_name", Json::text_of(field)),
        ("field_values", Json::Array(vec![Json::text_of(value)])),
        ("operator", Json::text_of(operator)),
    ])
}

fn parsed(body: &[u8]) -> Result<Json, Trouble> {
    // A wrong host answers with a web page.
    Json::parse_records(body, RECORDS)
        .map_err(|_| Trouble::Unusable("it is no JSON; is the host one of those of the API?".to_owned()))
}

fn said(answer: &Json) -> String {
    let code = answer.word("/errorCode").unwrap_or("no errorCode");
    format!("{code}: {}", answer.word("/errorMessage").unwrap_or("no errorMessage"))
}

/// An id in the form of a UUID, by which the vendor's support finds a call.
fn trace_id(now: Time) -> String {
    let millis = now.millis().unsigned_abs();
    format!("{:08x}-{:04x}-4000-8000-{millis:012x}", millis >> 16 & 0xffff_ffff, millis & 0xffff)
}
