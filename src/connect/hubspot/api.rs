//! HubSpot's REST API: pages of a search, records with their history, associations, and what its errors mean.

use std::collections::{BTreeMap, BTreeSet};

use crate::connect::exchange::{Exchange, Request, Response, Trouble, escaped};
use crate::connect::json::Json;
use crate::connect::rate_limit::RateLimit;
use crate::model::time::{MINUTE, SECOND, Time};

/// The largest page of a search.
pub(super) const SEARCHED: usize = 200;
/// So many records with history are read at once.
pub(super) const READ: usize = 50;
/// So many archived records or owners are in a page.
const LISTED: usize = 100;
/// At most so many searches in a second …
const MOST_SEARCHES: usize = 4;
/// … and so many calls of any kind, of the 100 that are allowed, since a search that waits is sent later than it counts …
const MOST_CALLS: usize = 90;
/// … in this time.
const CALL_WINDOW: i64 = 10 * SECOND;
/// How often one request waits because HubSpot asks to.
const MOST_WAITS: u32 = 5;
/// Where records are in an answer.
const RECORDS: &[&str] = &["/results/*"];
/// The association that HubSpot itself calls the primary company of a deal.
const PRIMARY_COMPANY: &str = "5";

/// The API of one account.
pub struct Api {
    token: String,
    base: String,
    searches: RateLimit,
    calls: RateLimit,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("base", &self.base).finish_non_exhaustive()
    }
}

/// A page of a search.
#[derive(Debug)]
pub(super) struct Found {
    /// The records.
    pub(super) records: Vec<Json>,
    /// Whether there are more.
    pub(super) has_more: bool,
    /// When it was asked for, by the server's clock.
    pub(super) asked: i64,
}

impl Api {
    /// An API below this URL, such as `https://api.hubapi.com`, with the access token of a private app.
    #[must_use]
    pub fn new(token: &str, base: &str) -> Api {
        Api {
            token: token.to_owned(),
            base: base.to_owned(),
            searches: RateLimit::new(MOST_SEARCHES, SECOND),
            calls: RateLimit::new(MOST_CALLS, CALL_WINDOW),
        }
    }

    /// Sends a request below the base.
    ///
    /// # Errors
    /// [`Trouble`] with what the answer means.
    pub(super) fn call(&mut self, request: &Request, exchange: &mut dyn Exchange) -> Result<(Json, Response), Trouble> {
        let mut signed = request.clone().header("authorization", format!("Bearer {}", self.token));
        signed.url = format!("{}{}", self.base, request.url);
        let mut patience = MOST_WAITS;
        loop {
            self.calls.wait(exchange);
            if request.url.ends_with("/search") {
                // Last, so that it is sent when it is counted; and also when it is sent again.
                self.searches.wait(exchange);
            }
            let response = exchange.send(&signed);
            self.calls.answered(exchange.now());
            if request.url.ends_with("/search") {
                self.searches.answered(exchange.now());
            }
            let response = response.map_err(Trouble::Unreachable)?;
            if matches!(response.status, 200..=299) {
                let json = Json::parse_records(&response.body, RECORDS)
                    .map_err(|fault| Trouble::Unusable(format!("{}: {fault}", request.url)))?;
                return Ok((json, response));
            }
            match trouble(&response) {
                Trouble::Throttled { wait_ms } if patience > 0 => {
                    patience -= 1;
                    exchange.pause(wait_ms);
                }
                trouble => return Err(trouble),
            }
        }
    }

    fn get(&mut self, path: String, exchange: &mut dyn Exchange) -> Result<Json, Trouble> {
        self.call(&Request::get(path), exchange).map(|(json, _)| json)
    }

    fn post(&mut self, path: String, body: &Json, exchange: &mut dyn Exchange) -> Result<Json, Trouble> {
        self.call(&Request::post(path, "application/json", body.encode()), exchange).map(|(json, _)| json)
    }

    /// A page of the records of an object that were edited since an instant, in the order of their ids, after this id.
    ///
    /// A page that is asked for by the id before it is not shifted by what is edited meanwhile, and a search that goes on by
    /// places ends after 10,000 records.
    ///
    /// # Errors
    /// [`Trouble`] with what the answer means.
    pub(super) fn search(
        &mut self,
        object: &str,
        since: Option<i64>,
        after: &str,
        properties: &[&str],
        exchange: &mut dyn Exchange,
    ) -> Result<Found, Trouble> {
        let mut filters = Vec::new();
        if let Some(since) = since {
            filters.push(filter("hs_lastmodifieddate", "GTE", &since.to_string()));
        }
        if !after.is_empty() {
            filters.push(filter("hs_object_id", "GT", after));
        }
        let groups =
            if filters.is_empty() { Vec::new() } else { vec![Json::object([("filters", Json::Array(filters))])] };
        let sort = [("propertyName", Json::text_of("hs_object_id")), ("direction", Json::text_of("ASCENDING"))];
        let body = Json::object([
            ("filterGroups", Json::Array(groups)),
            ("sorts", Json::Array(vec![Json::object(sort)])),
            ("properties", texts(properties)),
            ("limit", Json::number_of(SEARCHED)),
        ]);
        let request = Request::post(format!("/crm/v3/objects/{object}/search"), "application/json", body.encode());
        let (answer, response) = self.call(&request, exchange)?;
        // Without the server's clock ours counts, and it may be ahead.
        let asked = response.date.map_or(exchange.now().millis() - 2 * MINUTE, Time::millis);
        let records = answer.items("/results").to_vec();
        let has_more = answer.at("/paging/next").is_some() && !records.is_empty();
        let last = records.last().and_then(|record| record.word("/id")).unwrap_or_default();
        if has_more && !is_greater(last, after) {
            return Err(Trouble::Unusable(format!("a search of {object} is not in the order of its ids")));
        }
        Ok(Found { records, has_more, asked })
    }

    /// Records with the history of some properties; those that are archived or merged into others are left out.
    ///
    /// # Errors
    /// [`Trouble`] with what the answer means.
    pub(super) fn read(
        &mut self,
        object: &str,
        ids: &[String],
        properties: &[&str],
        with_history: &[&str],
        exchange: &mut dyn Exchange,
    ) -> Result<Vec<Json>, Trouble> {
        let body = Json::object([
            ("inputs", inputs(ids)),
            ("properties", texts(properties)),
            ("propertiesWithHistory", texts(with_history)),
        ]);
        let answer = self.post(format!("/crm/v3/objects/{object}/batch/read?archived=false"), &body, exchange)?;
        let is_asked = |record: &&Json| record.word("/id").is_some_and(|id| ids.iter().any(|asked| asked == id));
        Ok(answer.items("/results").iter().filter(is_asked).cloned().collect())
    }

    /// The one record with which each of these is associated: the primary company, else that with the smallest id; and
    /// `keeps` where that is among them.
    ///
    /// # Errors
    /// [`Trouble`] with what the answer means.
    pub(super) fn associated(
        &mut self,
        from: &str,
        to: &str,
        ids: &[String],
        keeps: &dyn Fn(&str) -> Option<String>,
        exchange: &mut dyn Exchange,
    ) -> Result<BTreeMap<String, String>, Trouble> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let body = Json::object([("inputs", inputs(ids))]);
        let answer = self.post(format!("/crm/v4/associations/{from}/{to}/batch/read"), &body, exchange)?;
        let mut found = BTreeMap::new();
        for result in answer.items("/results") {
            let Some(id) = result.word("/from/id") else { continue };
            let others = || result.items("/to").iter().filter_map(|other| Some((other.word("/toObjectId")?, other)));
            let kept = keeps(id).filter(|kept| others().any(|(other, _)| other == kept));
            let is_primary = |other: &Json| {
                let mut types = other.items("/associationTypes").iter();
                types.any(|kind| kind.word("/typeId") == Some(PRIMARY_COMPANY) && to == "companies")
            };
            let primary = others().find(|(_, other)| is_primary(other)).map(|(other, _)| other.to_owned());
            let first = || others().map(|(other, _)| other).min_by_key(|other| in_order(other)).map(str::to_owned);
            if let Some(other) = kept.or(primary).or_else(first) {
                found.insert(id.to_owned(), other);
            }
        }
        Ok(found)
    }

    /// All archived records of an object, with what was merged into them.
    ///
    /// # Errors
    /// [`Trouble`] with what the answer means.
    pub(super) fn archived(&mut self, object: &str, exchange: &mut dyn Exchange) -> Result<Vec<Json>, Trouble> {
        let properties = "hs_lastmodifieddate,hs_merged_object_ids";
        self.all(&format!("/crm/v3/objects/{object}?archived=true&properties={properties}"), exchange)
    }

    /// The names of the properties that an object has in this account.
    ///
    /// # Errors
    /// [`Trouble`] with what the answer means.
    pub(super) fn properties(
        &mut self,
        object: &str,
        exchange: &mut dyn Exchange,
    ) -> Result<BTreeSet<String>, Trouble> {
        let answer = self.get(format!("/crm/v3/properties/{object}"), exchange)?;
        Ok(answer.items("/results").iter().filter_map(|property| property.word("/name").map(str::to_owned)).collect())
    }

    /// All owners, those that have left included.
    ///
    /// # Errors
    /// [`Trouble`] with what the answer means.
    pub(super) fn owners(&mut self, exchange: &mut dyn Exchange) -> Result<Vec<Json>, Trouble> {
        let mut owners = self.all("/crm/v3/owners/?archived=false", exchange)?;
        owners.extend(self.all("/crm/v3/owners/?archived=true", exchange)?);
        Ok(owners)
    }

    /// The pipelines of deals with their stages.
    ///
    /// # Errors
    /// [`Trouble`] with what the answer means.
    pub(super) fn pipelines(&mut self, exchange: &mut dyn Exchange) -> Result<Vec<Json>, Trouble> {
        Ok(self.get("/crm/v3/pipelines/deals".to_owned(), exchange)?.items("/results").to_vec())
    }

    fn all(&mut self, path: &str, exchange: &mut dyn Exchange) -> Result<Vec<Json>, Trouble> {
        let (mut all, mut after) = (Vec::new(), None::<String>);
        loop {
            let place = after.as_deref().map(|after| format!("&after={}", escaped(after))).unwrap_or_default();
            let answer = self.get(format!("{path}&limit={LISTED}{place}"), exchange)?;
            all.extend(answer.items("/results").iter().cloned());
            match answer.word("/paging/next/after") {
                Some(next) if after.as_deref() != Some(next) => after = Some(next.to_owned()),
                _ => return Ok(all),
            }
        }
    }
}

fn filter(property: &str, operator: &str, value: &str) -> Json {
    Json::object([
        ("propertyName", Json::text_of(property)),
        ("operator", Json::text_of(operator)),
        ("value", Json::text_of(value)),
    ])
}

fn texts(words: &[&str]) -> Json {
    Json::Array(words.iter().map(|word| Json::text_of(*word)).collect())
}

fn inputs(ids: &[String]) -> Json {
    Json::Array(ids.iter().map(|id| Json::object([("id", Json::text_of(id.as_str()))])).collect())
}

/// Ids are whole numbers, so a longer one is the greater.
fn in_order(id: &str) -> (usize, &str) {
    (id.len(), id)
}

fn is_greater(id: &str, other: &str) -> bool {
    in_order(id) > in_order(other)
}

/// What an answer means that is no success.
fn trouble(response: &Response) -> Trouble {
    let answer = Json::parse(&response.body).unwrap_or(Json::Null);
    let category = answer.filled("/category").or_else(|| answer.filled("/errorType")).unwrap_or("no category");
    let message = format!("{category}: {}", answer.word("/message").unwrap_or("no message"));
    match response.status {
        429 if answer.word("/policyName") == Some("DAILY") => Trouble::Quota(message),
        429 => Trouble::Throttled { wait_ms: response.retry_after_ms.unwrap_or(CALL_WINDOW) },
        401 => Trouble::SignIn(message),
        403 => Trouble::Permission(message),
        500..=599 => Trouble::Unreachable(format!("status {}", response.status)),
        status => Trouble::Unusable(format!("status {status}, {message}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_compared_as_numbers() {
        assert!(is_greater("10", "9"));
        assert!(!is_greater("9", "10"));
        assert!(is_greater("1", ""));
        assert!(!is_greater("7", "7"));
    }

    #[test]
    fn a_day_without_calls_is_no_short_pause() {
        let answered = |status: u16, body: &str| {
            trouble(&Response { status, body: body.as_bytes().to_vec(), ..Response::default() }).name()
        };
        let short = r#"{"errorType":"RATE_LIMIT","policyName":"TEN_SECONDLY_ROLLING","message":"wait"}"#;
        let long = r#"{"errorType":"RATE_LIMIT","policyName":"DAILY","message":"tomorrow"}"#;
        assert_eq!([answered(429, short), answered(429, long)], ["throttled", "quota"]);
        assert_eq!([answered(401, "{}"), answered(403, "{}")], ["sign_in", "permission"]);
        assert_eq!([answered(502, "<html>"), answered(400, "{}")], ["unreachable", "unusable"]);
    }
}
