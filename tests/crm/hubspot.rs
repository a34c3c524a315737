//! The organisation behind HubSpot's REST API: searches by an index that lags, histories, associations, limits of calls,
//! archived records that no search shows.

use salespulse::connect::exchange::{Exchange, Request, Response};
use salespulse::connect::hubspot::{Api, HubSpot, Options};
use salespulse::connect::json::Json;
use salespulse::connect::poller::Crm;
use salespulse::connect::sources::Source;
use salespulse::model::time::{SECOND, Time};

use super::books::Person;
use super::course::{Vendor, follow};
use super::index::{Shown, shown};
use super::organisation::{Deal, Organisation, STAGES, Touched, id_of_customer, id_of_rep};
use super::over_http::Served;
use crate::dice::Dice;

/// The values of a property of a deal, each with its time.
type Values = Vec<(i64, String)>;

#[derive(Default)]
struct History {
    owners: Values,
    amounts: Values,
}

pub(super) struct Server {
    organisation: Organisation,
    dice: Dice,
    is_busy: bool,
    page: usize,
    calls: Vec<i64>,
    searches: Vec<i64>,
    leads: Vec<Shown>,
    deals: Vec<Shown>,
    histories: Vec<History>,
    /// What the next call is answered with.
    next_error: Option<String>,
    /// Whether it answers at once.
    pub(super) hurries: bool,
    /// What the token may not do, by the end of its path.
    pub(super) refuses: Option<&'static str>,
    /// A property that the account does not have.
    pub(super) lacks: Option<&'static str>,
    /// Whether histories end before the present stage.
    pub(super) loses_history: bool,
}

/// The properties that an account has.
const PROPERTIES: &str = "amount closed_lost_reason closedate createdate deal_currency_code dealstage hs_analytics_source \
    hs_contact_analytics_source hs_createdate hs_lastmodifieddate hs_merged_object_ids hubspot_owner_id pipeline";

/// The deals that were merged into one.
fn merged(deal: &Deal) -> Json {
    if deal.merged.is_empty() { Json::Null } else { Json::text_of(deal.merged.join(";")) }
}

fn iso(at: i64) -> Json {
    Json::text_of(Time::from_millis(at).to_string())
}

fn note(values: &mut Values, at: i64, value: String) {
    if values.last().is_none_or(|(_, last)| *last != value) {
        values.push((at, value));
    }
}

impl Server {
    pub(super) fn new(seed: u64) -> Server {
        let mut dice = Dice::new(seed ^ 0xb0b);
        let mut organisation = Organisation::new(1, seed % 2 == 1);
        organisation.merges = true;
        Server {
            organisation,
            is_busy: true,
            page: 2 + dice.below(6),
            dice,
            calls: Vec::new(),
            searches: Vec::new(),
            leads: Vec::new(),
            deals: Vec::new(),
            histories: Vec::new(),
            next_error: None,
            hurries: false,
            refuses: None,
            lacks: None,
            loses_history: false,
        }
    }

    /// One in which nobody does anything unless asked to.
    pub(super) fn at_rest(seed: u64) -> Server {
        Server { is_busy: false, ..Server::new(seed) }
    }

    fn lead(&self, place: usize) -> Option<Json> {
        let lead = &self.organisation.leads[place];
        lead.deleted.is_none().then(|| {
            let properties = Json::object([
                ("hs_createdate", iso(lead.created)),
                ("hs_lastmodifieddate", iso(lead.modified)),
                ("hubspot_owner_id", Json::text_of(id_of_rep(lead.owner))),
                ("hs_contact_analytics_source", Json::text_of(format!("channel-{}", lead.channel))),
            ]);
            record(&lead.id, properties, lead.created, lead.modified)
        })
    }

    /// What the index shows of a deal: hardly anything, and that late.
    fn entry(&self, place: usize) -> Option<Json> {
        let deal = &self.organisation.deals[place];
        let properties = Json::object([("hs_lastmodifieddate", iso(deal.modified))]);
        deal.deleted.is_none().then(|| record(&deal.id, properties, deal.created, deal.modified))
    }

    fn deal(&self, id: &str) -> Option<Json> {
        let place = self.organisation.deals.iter().position(|deal| deal.id == id && deal.deleted.is_none())?;
        let (deal, history) = (&self.organisation.deals[place], &self.histories[place]);
        let mut stages: Values = deal.steps.iter().map(|step| (step.at, format!("S{}", step.stage))).collect();
        let entries = |values: &Values| {
            let entry = |(at, value): &(i64, String)| {
                Json::object([
                    ("value", Json::text_of(value.as_str())),
                    ("timestamp", iso(*at)),
                    ("sourceType", Json::text_of("CRM_UI")),
                ])
            };
            Json::Array(values.iter().rev().map(entry).collect())
        };
        let now = |values: &Values| Json::optional(values.last().map(|(_, value)| value.as_str()));
        let properties = Json::object([
            ("dealstage", now(&stages)),
            ("hubspot_owner_id", now(&history.owners)),
            ("amount", now(&history.amounts)),
            ("deal_currency_code", Json::text_of("CNY")),
            ("createdate", iso(deal.created)),
            ("hs_lastmodifieddate", iso(deal.modified)),
            ("hs_merged_object_ids", merged(deal)),
        ]);
        if self.loses_history {
            stages.pop();
        }
        let with_history = Json::object([
            ("dealstage", entries(&stages)),
            ("hubspot_owner_id", entries(&history.owners)),
            ("amount", entries(&history.amounts)),
        ]);
        let mut found = record(id, properties, deal.created, deal.modified);
        found.put("propertiesWithHistory", with_history);
        Some(found)
    }

    fn associated(&self, path: &str, id: &str) -> Vec<String> {
        let leads = || self.organisation.leads.iter();
        match path {
            "leads/deals" => leads().filter(|lead| lead.id == id).filter_map(|lead| lead.deal.clone()).collect(),
            "deals/leads" => {
                leads().filter(|lead| lead.deal.as_deref() == Some(id)).map(|lead| lead.id.clone()).collect()
            }
            "deals/companies" => vec![id_of_customer(id)],
            other => panic!("nobody is to ask for {other}: every deal has a company"),
        }
    }

    fn search(&self, object: &str, body: &Json) -> Json {
        let condition = |name: &str| {
            let mut filters = body.items("/filterGroups/0/filters").iter();
            filters.find(|filter| filter.word("/propertyName") == Some(name))
        };
        let value = |name: &str| condition(name).and_then(|filter| filter.word("/value"));
        let operator = |name: &str| condition(name).and_then(|filter| filter.word("/operator"));
        assert!(operator("hs_lastmodifieddate").is_none_or(|operator| operator == "GTE"), "inclusive");
        let since: Option<i64> = value("hs_lastmodifieddate").map(|since| since.parse().expect("a time"));
        let after: u64 = value("hs_object_id").map_or(0, |after| after.parse().expect("an id"));
        let all = if object == "leads" { &self.leads } else { &self.deals };
        let number = |record: &Json| record.word("/id").expect("an id").parse::<u64>().expect("a number");
        let mut found: Vec<&Json> = all.iter().filter_map(|all| shown(all, self.organisation.now)).collect();
        found.retain(|record| {
            let at = record.word("/properties/hs_lastmodifieddate").and_then(Time::parse).expect("a time").millis();
            since.is_none_or(|since| at >= since) && number(record) > after
        });
        found.sort_by_key(|record| number(record));
        let total = found.len();
        let page = found.into_iter().take(self.page).cloned().collect();
        let mut answer = Json::object([("total", Json::number_of(total)), ("results", Json::Array(page))]);
        if total > self.page {
            answer.put("paging", next_page(self.page));
        }
        answer
    }

    fn archived(&self, object: &str, query: &str) -> Json {
        let gone = |id: &str, at: i64, merged: Json| {
            let properties = Json::object([("hs_lastmodifieddate", iso(at)), ("hs_merged_object_ids", merged)]);
            let mut gone = record(id, properties, at, at);
            gone.put("archived", Json::Bool(true));
            gone.put("archivedAt", iso(at));
            gone
        };
        let all: Vec<Json> = if object == "leads" {
            self.organisation.leads.iter().filter_map(|lead| Some(gone(&lead.id, lead.deleted?, Json::Null))).collect()
        } else {
            // What was merged into another one is in no list.
            let deals = self.organisation.deals.iter().filter(|deal| !deal.is_merged);
            deals.filter_map(|deal| Some(gone(&deal.id, deal.deleted?, merged(deal)))).collect()
        };
        self.list(all, query)
    }

    /// A list that goes on by places: what is restored meanwhile shifts it.
    fn list(&self, all: Vec<Json>, query: &str) -> Json {
        let after = query.split('&').find_map(|part| part.strip_prefix("after="));
        let from: usize = after.map_or(0, |after| after.parse().expect("a place"));
        let has_more = all.len() > from + self.page;
        let page = all.into_iter().skip(from).take(self.page).collect();
        let mut answer = Json::object([("results", Json::Array(page))]);
        if has_more {
            answer.put("paging", next_page(from + self.page));
        }
        answer
    }

    fn associations(&self, path: &str, body: &Json) -> Json {
        // That of a deal's primary company, and any other.
        let kind = if path.ends_with("/companies") { 5 } else { 341 };
        let types = Json::Array(vec![Json::object([
            ("category", Json::text_of("HUBSPOT_DEFINED")),
            ("typeId", Json::number_of(kind)),
            ("label", Json::Null),
        ])]);
        let result = |id: &str| {
            let to: Vec<Json> = self
                .associated(path, id)
                .into_iter()
                .map(|id| Json::object([("toObjectId", Json::text_of(id)), ("associationTypes", types.clone())]))
                .collect();
            let from = Json::object([("id", Json::text_of(id))]);
            (!to.is_empty()).then(|| Json::object([("from", from), ("to", Json::Array(to))]))
        };
        let ids = body.items("/inputs").iter().filter_map(|input| input.word("/id"));
        batch(ids.filter_map(result).collect())
    }

    fn answer(&mut self, request: &Request) -> Response {
        let now = self.organisation.now;
        let date = Some(Time::from_millis(now).floor(SECOND));
        self.calls.retain(|at| now - at < 10 * SECOND);
        self.calls.push(now);
        assert!(self.calls.len() <= 100, "more than a hundred calls in ten seconds");
        let path = request.url.strip_prefix("https://api").expect("our base");
        if path.ends_with("/search") {
            self.searches.retain(|at| now - at < SECOND);
            self.searches.push(now);
            assert!(self.searches.len() <= 4, "more than four searches in a second");
        }
        let is_signed = request.headers.iter().any(|(name, value)| *name == "authorization" && value == "Bearer TOKEN");
        if !is_signed {
            assert!(!self.is_busy, "the token is in every call of ours");
            let body = r#"{"status":"error","category":"INVALID_AUTHENTICATION","message":"invalid credentials"}"#;
            return Response { status: 401, body: body.as_bytes().to_vec(), ..Response::default() };
        }
        if self.is_busy && self.dice.percent(4) {
            let errors = ["502", "SECONDLY", "TEN_SECONDLY_ROLLING"];
            self.next_error = Some(errors[self.dice.below(3)].to_owned());
        }
        if let Some(error) = self.next_error.take() {
            return error_of(&error);
        }
        let body = request.body.as_deref().map(|body| Json::parse(body).expect("JSON")).unwrap_or(Json::Null);
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let path = path.trim_end_matches('/');
        if self.refuses.is_some_and(|refused| path.ends_with(refused)) {
            let body = r#"{"status":"error","category":"MISSING_SCOPES","message":"no scope"}"#;
            return Response { status: 403, date, body: body.as_bytes().to_vec(), ..Response::default() };
        }
        let answer = match path.split('/').skip(2).collect::<Vec<_>>().as_slice() {
            ["v3", "objects", object, "search"] => {
                let found = self.search(object, &body);
                if *object == "leads" {
                    // Of a deal the search says no more than that it is there.
                    self.organisation.give(found.items("/results"));
                }
                found
            }
            ["v3", "objects", object, "batch", "read"] => {
                let ids: Vec<&str> = body.items("/inputs").iter().filter_map(|input| input.word("/id")).collect();
                assert!(ids.len() <= 50, "at most fifty with their history");
                let lead = |id: &&str| self.organisation.leads.iter().position(|lead| lead.id == **id);
                let found: Vec<Json> = if *object == "leads" {
                    ids.iter().filter_map(|id| self.lead(lead(id)?)).collect()
                } else {
                    ids.iter().filter_map(|id| self.deal(id)).collect()
                };
                self.organisation.give(&found);
                batch(found)
            }
            ["v3", "pipelines", "deals"] => pipelines(),
            ["v3", "objects", object] => self.archived(object, query),
            ["v3", "properties", _] => {
                let names = PROPERTIES.split_whitespace().filter(|name| self.lacks != Some(*name));
                let all = names.map(|name| Json::object([("name", Json::text_of(name))])).collect();
                Json::object([("results", Json::Array(all))])
            }
            ["v3", "owners"] => {
                let wants = query.contains("archived=true");
                let people = self.organisation.books.people.iter().filter(|person| person.is_active != wants);
                let people = people.map(person).collect();
                self.list(people, query)
            }
            ["v4", "associations", from, to, "batch", "read"] => self.associations(&format!("{from}/{to}"), &body),
            other => panic!("nobody answers at {other:?}"),
        };
        Response { status: 200, date, body: answer.encode(), ..Response::default() }
    }
}

fn pipelines() -> Json {
    let stage = |place: usize| {
        let name = Json::text_of(format!("S{place}"));
        Json::object([("id", name.clone()), ("label", name), ("displayOrder", Json::number_of(place))])
    };
    let stages = Json::Array((0..STAGES.len()).map(stage).collect());
    let named = [("id", Json::text_of("default")), ("label", Json::text_of("Sales")), ("stages", stages)];
    Json::object([("results", Json::Array(vec![Json::object(named)]))])
}

fn record(id: &str, properties: Json, created: i64, modified: i64) -> Json {
    Json::object([
        ("id", Json::text_of(id)),
        ("properties", properties),
        ("createdAt", iso(created)),
        ("updatedAt", iso(modified)),
        ("archived", Json::Bool(false)),
    ])
}

fn next_page(after: usize) -> Json {
    Json::object([("next", Json::object([("after", Json::text_of(after.to_string()))]))])
}

/// What was asked for by a list of ids.
fn batch(results: Vec<Json>) -> Json {
    // When it was looked up is nobody's matter.
    Json::object([
        ("status", Json::text_of("COMPLETE")),
        ("results", Json::Array(results)),
        ("startedAt", iso(0)),
        ("completedAt", iso(0)),
    ])
}

fn error_of(error: &str) -> Response {
    if error == "502" {
        return Response { status: 502, body: b"<html>".to_vec(), ..Response::default() };
    }
    let message = if error == "SECONDLY" { "You have reached your secondly limit." } else { "Too many calls." };
    let body = format!(r#"{{"status":"error","errorType":"RATE_LIMIT","policyName":"{error}","message":"{message}"}}"#);
    let retry_after_ms = (error == "SECONDLY").then_some(SECOND);
    Response { status: 429, retry_after_ms, body: body.into_bytes(), ..Response::default() }
}

fn person(person: &Person) -> Json {
    let team = |id: &str, is_primary: bool| {
        let (id, name) = (Json::text_of(id), Json::text_of(id));
        Json::object([("id", id), ("name", name), ("primary", Json::Bool(is_primary))])
    };
    Json::object([
        ("id", Json::text_of(person.id.as_str())),
        ("type", Json::text_of("PERSON")),
        ("createdAt", iso(person.joined)),
        ("updatedAt", iso(person.modified)),
        ("archived", Json::Bool(!person.is_active)),
        ("teams", Json::Array(vec![team("west", false), team("east", true)])),
    ])
}

impl Exchange for Server {
    fn send(&mut self, request: &Request) -> Result<Response, String> {
        self.organisation.now += if self.hurries { 0 } else { 50 + self.dice.millis(600) };
        if self.is_busy && self.dice.percent(20) {
            self.act();
        }
        Ok(self.answer(request))
    }

    fn now(&self) -> Time {
        // Our own clock is wrong.
        Time::from_millis(self.organisation.now + 90_000)
    }

    fn pause(&mut self, millis: i64) {
        self.organisation.now += millis;
    }
}

impl Served for Server {
    fn organisation(&mut self) -> &mut Organisation {
        &mut self.organisation
    }

    fn live(&mut self) {
        Vendor::act(self);
    }

    fn fail_next(&mut self, error: &str) {
        self.next_error = Some(error.to_owned());
    }
}

impl Vendor for Server {
    fn organisation(&mut self) -> &mut Organisation {
        &mut self.organisation
    }

    fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }

    fn act(&mut self) {
        // No two edits of one millisecond.
        self.organisation.now += 1;
        let stamp = self.organisation.stamp();
        if self.dice.percent(5) {
            return self.organisation.books.hire(stamp, &mut self.dice);
        }
        let touched = self.organisation.act(&mut self.dice);
        self.publish(&touched);
        while let Some(loser) = self.organisation.just_merged.pop() {
            self.publish(&Touched::Deal(loser));
        }
    }

    fn publish(&mut self, touched: &Touched) {
        let now = self.organisation.now;
        let lag = if self.dice.percent(30) { self.dice.millis(200_000) } else { 0 };
        let (place, json) = match *touched {
            Touched::Nothing | Touched::Payment(_) => return,
            Touched::Lead(place) => (place, self.lead(place)),
            Touched::Deal(place) => {
                let deal = &self.organisation.deals[place];
                if self.histories.len() <= place {
                    self.histories.resize_with(place + 1, History::default);
                }
                let history = &mut self.histories[place];
                note(&mut history.owners, deal.modified, id_of_rep(deal.owner));
                note(&mut history.amounts, deal.modified, deal.amount.to_string());
                (place, self.entry(place))
            }
        };
        let all = if let Touched::Deal(_) = touched { &mut self.deals } else { &mut self.leads };
        if all.len() <= place {
            all.resize(place + 1, Vec::new());
        }
        let from = all[place].last().map_or(now + lag, |(last, _)| (now + lag).max(*last));
        all[place].push((from, json));
    }

    fn be_busy(&mut self, is_busy: bool) {
        self.is_busy = is_busy;
    }

    fn poller(&self) -> Crm {
        let options = Options { has_leads: true, ..Options::default() };
        Crm::HubSpot(Box::new(HubSpot::new(Api::new("TOKEN", "https://api"), options)))
    }

    fn source(generation: u64) -> Source {
        super::source_of("hubspot", generation)
    }
}

pub(crate) fn try_seed(seed: u64) {
    follow("hubspot", seed, Server::new(seed), true);
}
