//! Pipedrive's REST API: pages by cursors and by places, changelogs, and what its errors mean.

use std::collections::BTreeSet;

use crate::connect::exchange::{Exchange, Request, Response, Trouble, escaped};
use crate::connect::json::Json;
use crate::connect::rate_limit::RateLimit;
use crate::model::time::{MINUTE, SECOND, Time};

/// The largest page of deals and leads.
const LISTED: usize = 500;
/// At most so many calls …
const MOST_CALLS: usize = 20;
/// … in this time: what the smallest plan allows.
const CALL_WINDOW: i64 = 2 * SECOND;
/// How often one request waits because Pipedrive asks to.
const MOST_WAITS: u32 = 5;
/// How often a list that shifts is followed.
const MOST_SHIFTS: u32 = 20;
/// Where an answer says whether a list goes on: by the documents, and by the types of the vendor's client.
const MORE: [&str; 2] =
    ["/additional_data/pagination/more_items_in_collection", "/additional_data/more_items_in_collection"];
/// Where records are in an answer.
const RECORDS: &[&str] = &["/data/*", "/data"];

/// The API of one company.
pub struct Api {
    token: String,
    base: String,
    calls: RateLimit,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").field("base", &self.base).finish_non_exhaustive()
    }
}

/// A page of a list.
#[derive(Debug)]
pub(super) struct Page {
    /// The records.
    pub(super) records: Vec<Json>,
    /// Where the next one begins, if there is one.
    pub(super) next: Option<String>,
    /// When it was asked for, by the server's clock.
    pub(super) asked: i64,
}

impl Api {
    /// An API below this URL, such as `https://api.pipedrive.com`, with the token of a user who sees everything.
    #[must_use]
    pub fn new(token: &str, base: &str) -> Api {
        Api { token: token.to_owned(), base: base.to_owned(), calls: RateLimit::new(MOST_CALLS, CALL_WINDOW) }
    }

    /// Reads what is at a path; `None` if there is nothing.
    ///
    /// # Errors
    /// [`Trouble`] with what the answer means.
    pub(super) fn get(&mut self, path: &str, exchange: &mut dyn Exchange) -> Result<(Option<Json>, Response), Trouble> {
        let request = Request::get(format!("{}{path}", self.base)).header("x-api-token", self.token.as_str());
        let mut patience = MOST_WAITS;
        loop {
            self.calls.wait(exchange);
            let response = exchange.send(&request);
            self.calls.answered(exchange.now());
            let response = response.map_err(Trouble::Unreachable)?;
            match response.status {
                200..=299 => {
                    let json = Json::parse_records(&response.body, RECORDS)
                        .map_err(|fault| Trouble::Unusable(format!("{path}: {fault}")))?;
                    return Ok((Some(json), response));
                }
                404 | 410 => return Ok((None, response)),
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

    /// A page of deals that were edited since an instant, in the order of their ids, which no edit shifts.
    ///
    /// # Errors
    /// [`Trouble`] with what the answer means.
    pub(super) fn deals(
        &mut self,
        list: &str,
        since: Option<i64>,
        cursor: Option<&str>,
        exchange: &mut dyn Exchange,
    ) -> Result<Page, Trouble> {
        let separator = if list.contains('?') { '&' } else { '?' };
        let mut path = format!(
            "/api/v2/{list}{separator}sort_by=id&sort_direction=asc&include_fields=source_lead_id&limit={LISTED}"
        );
        if let Some(since) = since {
            path = format!("{path}&updated_since={}", escaped(&whole_second(since)));
        }
        if let Some(cursor) = cursor {
            path = format!("{path}&cursor={}", escaped(cursor));
        }
        let (answer, response) = self.get(&path, exchange)?;
        let answer = answer.unwrap_or(Json::Null);
        let next = answer.filled("/additional_data/next_cursor").map(str::to_owned);
        let asked = asked(&response, exchange);
        Ok(Page { records: answer.items("/data").to_vec(), next, asked })
    }

    /// One deal; `None` if it is not there, or deleted.
    ///
    /// # Errors
    /// [`Trouble`] with what the answer means.
    pub(super) fn deal(&mut self, id: &str, exchange: &mut dyn Exchange) -> Result<Option<Json>, Trouble> {
        let path = format!("/api/v2/deals/{}?include_fields=source_lead_id", escaped(id));
        let (answer, _) = self.get(&path, exchange)?;
        let deal = answer.and_then(|answer| answer.at("/data").cloned());
        Ok(deal.filter(|deal| deal.word("/is_deleted") != Some("true")))
    }

    /// The whole changelog of a deal, the newest change first.
    ///
    /// # Errors
    /// [`Trouble`] with what an answer means.
    pub(super) fn changelog(&mut self, id: &str, exchange: &mut dyn Exchange) -> Result<Vec<Json>, Trouble> {
        let (mut changes, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let place = cursor.as_deref().map(|cursor| format!("&cursor={}", escaped(cursor))).unwrap_or_default();
            let path = format!("/v1/deals/{}/changelog?limit={LISTED}{place}", escaped(id));
            let Some(answer) = self.get(&path, exchange)?.0 else { return Ok(changes) };
            changes.extend(answer.items("/data").iter().cloned());
            match answer.filled("/additional_data/next_cursor") {
                Some(next) if cursor.as_deref() != Some(next) => cursor = Some(next.to_owned()),
                _ => return Ok(changes),
            }
        }
    }

    /// All leads of a list, in the order of their creation, and when that was asked for first.
    ///
    /// The list goes on by places, so that a lead that is deleted meanwhile shifts those after it. Each page therefore begins
    /// with a lead of the one before; where it does not, the list has shifted, and a page before it is read again.
    ///
    /// # Errors
    /// [`Trouble`] with what an answer means.
    pub(super) fn leads(
        &mut self,
        list: &str,
        since: Option<i64>,
        exchange: &mut dyn Exchange,
    ) -> Result<(Vec<Json>, i64), Trouble> {
        let since = since.map(|since| format!("&updated_since={}", escaped(&whole_second(since)))).unwrap_or_default();
        let (mut leads, mut known, mut first_asked) = (Vec::new(), BTreeSet::<String>::new(), None::<i64>);
        let (mut start, mut patience) = (0_usize, MOST_SHIFTS);
        loop {
            let path = format!("/v1/{list}?sort=add_time%20ASC&limit={LISTED}&start={start}{since}");
            let (answer, response) = self.get(&path, exchange)?;
            let started = *first_asked.get_or_insert(asked(&response, exchange));
            let answer = answer.unwrap_or(Json::Null);
            let page = answer.items("/data");
            let id = |lead: &Json| lead.word("/id").unwrap_or_default().to_owned();
            if start > 0 && !page.first().is_some_and(|lead| known.contains(&id(lead))) {
                if patience == 0 {
                    return Err(Trouble::Unusable(format!("{list} shifts while it is read")));
                }
                patience -= 1;
                start = start.saturating_sub(LISTED);
                continue;
            }
            let more = MORE.iter().any(|pointer| answer.word(pointer) == Some("true"));
            start += page.len().saturating_sub(1);
            leads.extend(page.iter().filter(|lead| known.insert(id(lead))).cloned());
            if !more || page.len() < 2 {
                return Ok((leads, started));
            }
        }
    }

    /// One lead; `None` if it is not there.
    ///
    /// # Errors
    /// [`Trouble`] with what the answer means.
    pub(super) fn lead(&mut self, id: &str, exchange: &mut dyn Exchange) -> Result<Option<Json>, Trouble> {
        let (answer, _) = self.get(&format!("/v1/leads/{}", escaped(id)), exchange)?;
        Ok(answer.and_then(|answer| answer.at("/data").cloned()))
    }

    /// A list that has a single page.
    ///
    /// # Errors
    /// [`Trouble`] with what the answer means.
    pub(super) fn all(&mut self, path: &str, exchange: &mut dyn Exchange) -> Result<Vec<Json>, Trouble> {
        let (answer, _) = self.get(path, exchange)?;
        Ok(answer.map(|answer| answer.items("/data").to_vec()).unwrap_or_default())
    }
}

/// When a request was sent, by the server's clock. Without it ours counts, and it may be ahead.
fn asked(response: &Response, exchange: &dyn Exchange) -> i64 {
    response.date.map_or_else(|| exchange.now().millis() - 2 * MINUTE, Time::millis)
}

/// The comparison is inclusive, so a fraction is cut off.
fn whole_second(millis: i64) -> String {
    Time::from_millis(millis).floor(SECOND).to_string().replace(".000Z", "Z")
}

/// What an answer means that is no success.
fn trouble(response: &Response) -> Trouble {
    let answer = Json::parse(&response.body).unwrap_or(Json::Null);
    let message = answer.word("/error").or_else(|| answer.word("/message")).unwrap_or("no error").to_owned();
    match response.status {
        429 if message.to_ascii_lowercase().contains("daily") => Trouble::Quota(message),
        429 => Trouble::Throttled { wait_ms: response.retry_after_ms.unwrap_or(CALL_WINDOW) },
        401 => Trouble::SignIn(message),
        402 | 403 => Trouble::Permission(message),
        500..=599 => Trouble::Unreachable(format!("status {}", response.status)),
        status => Trouble::Unusable(format!("status {status}, {message}")),
    }
}
