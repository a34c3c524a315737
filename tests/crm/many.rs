//! A large organisation behind Zoho's REST API: it is computed and not kept, so that reading it is all the work there is.

use std::collections::BTreeMap;
use std::sync::Arc;

use salespulse::connect::exchange::{Exchange, Request, Response};
use salespulse::connect::json::Json;
use salespulse::contract::decode::{Decoded, Decoder, Record};
use salespulse::engine::Engine;
use salespulse::model::time::{DAY, MINUTE, SECOND, Time};

use super::organisation::{STAGES, id_of_customer, id_of_rep};
use super::topic::{Topic, replay};
use super::zoho::Instance;

/// How many deals a test run reads; `SALESPULSE_CRM_DEALS` says another number.
const DEALS: usize = 1_000;
/// The stages through which each of them has gone.
pub(crate) const STEPS: usize = 5;
const PER_PAGE: usize = 200;
const FIRST_DEAL: usize = 6_756_839_000_001_000_000;
const START: i64 = 1_767_571_200_000;
/// After so many calls somebody moves a deal on.
const CALLS_BETWEEN: usize = 7;

pub(super) struct Many {
    pub(super) deals: usize,
    pub(super) now: i64,
    calls: usize,
    /// When deals were opened again, in the order of that; the number of a row follows those of the others.
    opened: Vec<(usize, i64)>,
    /// The rows of each deal that was, beside its first ones.
    later: BTreeMap<usize, Vec<usize>>,
    is_busy: bool,
}

fn iso(at: i64) -> Json {
    Json::text_of(Time::from_millis(at).to_string().replace(".000Z", "+00:00"))
}

fn id_of(deal: usize) -> String {
    (FIRST_DEAL + deal).to_string()
}

fn id_of_row(row: usize) -> String {
    (6_756_839_000_005_000_000 + row).to_string()
}

impl Many {
    fn new(deals: usize) -> Many {
        let rows = i64::try_from(deals * STEPS).expect("few rows");
        let (opened, later) = (Vec::new(), BTreeMap::new());
        Many { deals, now: START + rows * SECOND + DAY, calls: 0, opened, later, is_busy: true }
    }

    /// One in which nobody does anything meanwhile.
    pub(super) fn at_rest(deals: usize) -> Many {
        Many { is_busy: false, ..Many::new(deals) }
    }

    /// Somebody moves a deal; the id of the fact. Times are whole seconds, and no two edits are in one.
    pub(super) fn open(&mut self, deal: usize) -> String {
        self.now += SECOND;
        let row = self.rows();
        self.later.entry(deal).or_default().push(row);
        self.opened.push((deal, Time::from_millis(self.now).floor(SECOND).millis()));
        format!("deal:{}:{}", id_of(deal), id_of_row(self.rows() - 1))
    }

    fn rows(&self) -> usize {
        self.deals * STEPS + self.opened.len()
    }

    /// The deal of a row, its stage and its time: rows are numbered as they were written.
    fn row(&self, number: usize) -> (usize, usize, i64) {
        if let Some(later) = number.checked_sub(self.deals * STEPS) {
            let (deal, at) = self.opened[later];
            return (deal, 2, at);
        }
        let (deal, step) = (number % self.deals, number / self.deals);
        let stage = if step + 1 < STEPS { step } else { 4 + deal % 2 };
        (deal, stage, START + i64::try_from(number).expect("few rows") * SECOND)
    }

    /// The rows of a deal, the oldest first.
    fn rows_of(&self, deal: usize) -> Vec<usize> {
        let later = self.later.get(&deal).into_iter().flatten().copied();
        (0..STEPS).map(|step| step * self.deals + deal).chain(later).collect()
    }

    fn row_json(&self, number: usize) -> Json {
        let (deal, stage, at) = self.row(number);
        let rows = self.rows_of(deal);
        let next = rows.iter().skip_while(|row| **row != number).nth(1).map(|next| format!("S{}", self.row(*next).1));
        Json::object([
            ("id", Json::text_of(id_of_row(number))),
            ("Potential_Name", Json::object([("id", Json::text_of(id_of(deal)))])),
            ("Stage", Json::text_of(format!("S{stage}"))),
            ("Moved_To__s", Json::optional(next.as_deref())),
            ("Modified_Time", iso(at)),
            ("Amount", Json::number_of(deal + 1)),
        ])
    }

    fn deal_json(&self, deal: usize) -> Json {
        let last = *self.rows_of(deal).last().expect("five rows");
        let (_, stage, at) = self.row(last);
        Json::object([
            ("id", Json::text_of(id_of(deal))),
            ("Stage", Json::text_of(format!("S{stage}"))),
            ("Amount", Json::number_of(deal + 1)),
            ("Currency", Json::text_of("CNY")),
            ("Account_Name", Json::object([("id", Json::text_of(id_of_customer(&id_of(deal))))])),
            ("Owner", Json::object([("id", Json::text_of(id_of_rep(deal % 3)))])),
            ("Created_Time", iso(self.row(deal).2)),
            ("Modified_Time", iso(at)),
        ])
    }

    fn modified(&self, deal: usize) -> i64 {
        self.rows_of(deal).last().map_or(0, |row| self.row(*row).2)
    }

    fn page(&self, path: &str, from: usize, length: usize, since: Option<i64>) -> (Vec<Json>, bool) {
        match path.split('/').collect::<Vec<_>>().as_slice() {
            ["DealHistory"] => {
                let rows = (0..self.rows()).rev().skip(from);
                (rows.take(length).map(|row| self.row_json(row)).collect(), self.rows() > from + length)
            }
            ["Deals"] if since.is_none() => {
                let deals = (from..self.deals).take(length);
                (deals.map(|deal| self.deal_json(deal)).collect(), self.deals > from + length)
            }
            ["Deals"] => {
                let edited: Vec<usize> = (0..self.deals).filter(|deal| Some(self.modified(*deal)) >= since).collect();
                let page = edited.iter().skip(from).take(length).map(|deal| self.deal_json(*deal)).collect();
                (page, edited.len() > from + length)
            }
            ["Deals", "deleted"] => (Vec::new(), false),
            ["Deals", id, rest @ ..] => {
                let deal = id.parse::<usize>().expect("a number") - FIRST_DEAL;
                let rows = || self.rows_of(deal).into_iter().map(|row| self.row_json(row)).collect();
                (if rest.is_empty() { vec![self.deal_json(deal)] } else { rows() }, false)
            }
            _ => (Vec::new(), false),
        }
    }

    /// What is true, by somebody who knows.
    fn truth(&self) -> Vec<String> {
        let line = |number: usize| {
            let (deal, stage, at) = self.row(number);
            let (id, rep) = (id_of(deal), id_of_rep(deal % 3));
            format!(
                r#"{{"type":"stage_change","event_id":"{number:08}","occurred_at":{at},"lead_id":"{id}","customer_id":"{}","stage":"{}","amount":"{}","currency":"CNY","rep_id":"{rep}","team_id":"east"}}"#,
                id_of_customer(&id),
                STAGES[stage],
                deal + 1
            )
        };
        (0..self.rows()).map(line).collect()
    }
}

impl Exchange for Many {
    fn send(&mut self, request: &Request) -> Result<Response, String> {
        self.now += 100;
        self.calls += 1;
        if self.is_busy && self.calls.is_multiple_of(CALLS_BETWEEN) {
            let _ = self.open(self.calls * 37 % self.deals);
        }
        let date = Some(Time::from_millis(self.now).floor(SECOND));
        if request.url.ends_with("/oauth/v2/token") {
            let body = br#"{"access_token":"token","api_domain":"https://api","expires_in":360000}"#.to_vec();
            return Ok(Response { status: 200, date, body, ..Response::default() });
        }
        let (path, query) = request.url.split_once("/crm/v8/").expect("the API").1.split_once('?').expect("a query");
        let parameter = |name: &str| query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        let number = parameter("page_token").or_else(|| parameter("page")).unwrap_or("1");
        let number: usize = number.parse().expect("a number");
        let since = request.headers.iter().find(|(name, _)| *name == "if-modified-since");
        let since = since.map(|(_, text)| Time::parse(text).expect("a time").millis());
        let length = parameter("per_page").map_or(PER_PAGE, |length| length.parse().expect("a number"));
        let (records, has_more) = self.page(path, (number - 1) * length, length, since);
        if records.is_empty() {
            return Ok(Response { status: 204, date, ..Response::default() });
        }
        let token = Json::text_of((number + 1).to_string());
        let info = Json::object([("more_records", Json::Bool(has_more)), ("next_page_token", token)]);
        let body = Json::object([("data", Json::Array(records)), ("info", info)]).encode();
        Ok(Response { status: 200, date, body, ..Response::default() })
    }

    fn now(&self) -> Time {
        Time::from_millis(self.now)
    }

    fn pause(&mut self, millis: i64) {
        self.now += millis;
    }
}

/// How many deals are read.
pub(crate) fn deals() -> usize {
    let wanted = std::env::var("SALESPULSE_CRM_DEALS").ok().and_then(|deals| deals.parse().ok());
    wanted.unwrap_or(DEALS)
}

/// Everything is read while people go on, and later once more by somebody who remembers nothing.
pub(crate) fn try_many() {
    let mut many = Many::new(deals());
    let mut topic = Topic::default();
    let mut instance = Instance::new(&mut topic, 0);
    assert_eq!(instance.try_cycle(&mut many, &mut topic), Ok(()));
    // What is listed, twice, and where pages of two lengths end at one record three times; and for each deal that somebody
    // moves meanwhile at most its record and its history.
    let readings = |records: usize| if records < PER_PAGE * (PER_PAGE - 1) { 2 } else { 3 };
    let pages = |records: usize| readings(records) * (records.div_ceil(PER_PAGE) + 1);
    let (lists, moved) = (pages(many.deals) + pages(many.rows()), 2 * many.opened.len());
    assert!(many.opened.len() > 3, "people go on");
    assert!(many.calls <= lists + moved + 10, "{} calls for {lists} pages and {moved} of moved deals", many.calls);

    many.is_busy = false;
    many.now += 5 * MINUTE;
    assert_eq!(instance.try_cycle(&mut many, &mut topic), Ok(()));
    let (now, rules) = (many.now(), super::rules());
    let same = |events: &[String], what: &str| {
        let (told, truth) = (replay(&rules, events, now, None), replay(&rules, &many.truth(), now, None));
        let other = told.iter().zip(&truth).find(|(told, truth)| told != truth);
        assert!(other.is_none() && told.len() == truth.len(), "{what}: {other:?}");
    };
    same(&topic.events, "what was read while people went on");

    // Somebody moves one deal, and a ring begins a cycle: each of its few calls is a tenth of a second.
    many.now += 5 * MINUTE;
    let _ = many.open(7);
    let (asked, known) = (many.calls, topic.events.len());
    assert_eq!(instance.try_cycle(&mut many, &mut topic), Ok(()));
    assert!(topic.events.len() > known, "the move is told");
    assert!(many.calls - asked <= 10, "{} calls for one deal", many.calls - asked);

    let mut again = Topic::default();
    let mut forgetful = Instance::new(&mut again, 0);
    assert_eq!(forgetful.try_cycle(&mut many, &mut again), Ok(()));
    assert!(again.events.len() >= many.rows(), "everything is read again");
    let news = news(&topic.events, &again.events, many.now());
    assert!(news.is_empty(), "{} events are new, such as {}", news.len(), news[0]);
}

/// Those of later events that are neither repeated nor superseded by earlier ones.
fn news<'a>(earlier: &'a [String], later: &'a [String], now: Time) -> Vec<&'a String> {
    let rules = Arc::new(super::rules());
    let (mut engine, decoder) = (Engine::new(&rules, 1, now), Decoder::new(rules));
    let mut news = Vec::new();
    for (place, line) in earlier.iter().chain(later).enumerate() {
        let record = Record { value: Some(line.as_bytes()), ..Record::default() };
        let Ok(Decoded::Event(event)) = decoder.decode(&record, now) else { panic!("{line} is no event") };
        let arrival = engine.accept(&event, now);
        if place >= earlier.len() && !arrival.duplicate && !arrival.superseded {
            news.push(line);
        }
    }
    news
}
