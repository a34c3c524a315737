//! The organisation behind Pipedrive's REST API: lists that lag, changelogs that lag by another time, leads that are gone
//! when they become deals, whole seconds.

pub(crate) mod late;

use salespulse::connect::exchange::{Exchange, Request, Response};
use salespulse::connect::json::Json;
use salespulse::connect::pipedrive::{Api, Options, Pipedrive};
use salespulse::connect::poller::Crm;
use salespulse::connect::sources::Source;
use salespulse::model::time::{MINUTE, SECOND, Time};

use super::books::Person;
use super::course::{Vendor, follow};
use super::index::{Shown, shown};
use super::organisation::{Organisation, Touched, id_of_customer, id_of_rep};
use super::over_http::Served;
use crate::dice::Dice;

const SOURCE: &str = r#"
[source.pipedrive]
kind = "pipedrive"
currency = "CNY"
[source.pipedrive.tables.teams]
"*" = "east"
[source.pipedrive.tables.channels]
"0" = "channel-0"
"1" = "channel-1"
[source.pipedrive.tables.stages]
"1" = "contacted"
"2" = "qualified"
"3" = "proposal"
"4" = "negotiation"
"#;

/// What the changelog follows of a deal: its stage, its status, its owner and its value.
type Values = [String; 4];

const FIELDS: [&str; 4] = ["status", "stage_id", "user_id", "value"];

struct Change {
    at: i64,
    /// From when on the changelog has it.
    from: i64,
    field: &'static str,
    old: String,
    new: String,
}

pub(super) struct Server {
    organisation: Organisation,
    dice: Dice,
    is_busy: bool,
    page: usize,
    calls: Vec<i64>,
    deals: Vec<Shown>,
    values: Vec<Values>,
    changes: Vec<Vec<Change>>,
    /// What the next call is answered with.
    next_error: Option<String>,
    /// Whether it answers at once.
    pub(super) hurries: bool,
    /// What the token may not do, by a part of its path.
    pub(super) refuses: Option<&'static str>,
    /// Whether the token is that of an administrator.
    pub(super) is_admin: bool,
}

fn iso(at: i64) -> Json {
    Json::text_of(Time::from_millis(at).to_string().replace(".000Z", "Z"))
}

/// A time as the older parts of the API write it.
fn plain(at: i64) -> Json {
    Json::text_of(Time::from_millis(at).to_string().replace(".000Z", "").replace('T', " "))
}

impl Server {
    pub(super) fn new(seed: u64) -> Server {
        let mut dice = Dice::new(seed ^ 0xd1ce);
        let mut organisation = Organisation::new(SECOND, seed % 2 == 1);
        // Its ids are numbers, so that whoever reads them with JavaScript must be able to.
        organisation.next_id = 6_756_839_000_100_000;
        // One edit that opens a deal and moves it leaves the same changelog as two edits in one second.
        organisation.forgets_moments = true;
        Server {
            organisation,
            is_busy: true,
            page: 3 + dice.below(6),
            dice,
            calls: Vec::new(),
            deals: Vec::new(),
            values: Vec::new(),
            changes: Vec::new(),
            next_error: None,
            hurries: false,
            refuses: None,
            is_admin: true,
        }
    }

    /// One in which nobody does anything unless asked to.
    pub(super) fn at_rest(seed: u64) -> Server {
        Server { is_busy: false, ..Server::new(seed) }
    }

    /// Every changelog is without its newest change of a stage.
    pub(super) fn lose_changes(&mut self) {
        for changes in &mut self.changes {
            let newest = changes.iter().rposition(|change| change.field == "stage_id");
            if let Some(place) = newest {
                changes.remove(place);
            }
        }
    }

    /// What a deal is now; one that is won or lost stays in its stage.
    fn values_of(&self, place: usize) -> Values {
        let deal = &self.organisation.deals[place];
        let stage = deal.steps.iter().rev().find(|step| step.stage < 4).map_or(1, |step| step.stage + 1);
        let status = match deal.steps.last().map(|step| step.stage) {
            Some(4) => "won",
            Some(5) => "lost",
            _ => "open",
        };
        [status.to_owned(), stage.to_string(), id_of_rep(deal.owner), deal.amount.to_string()]
    }

    fn deal(&self, place: usize) -> Json {
        let deal = &self.organisation.deals[place];
        let [status, stage, owner, value] = self.values_of(place);
        let changes = self.changes[place].iter().rev();
        let moved = changes.clone().find(|change| change.field == "stage_id").map(|change| change.at);
        let closed = deal.steps.last().map_or(Json::Null, |step| iso(step.at));
        Json::object([
            ("id", Json::number_of(deal.id.as_str())),
            ("status", Json::text_of(status.as_str())),
            ("stage_id", Json::number_of(stage)),
            ("owner_id", Json::number_of(owner)),
            ("value", Json::number_of(value)),
            ("currency", Json::text_of("CNY")),
            ("org_id", Json::number_of(id_of_customer(&deal.id))),
            ("source_lead_id", Json::optional(deal.came_from.as_deref())),
            ("add_time", iso(deal.created)),
            ("update_time", iso(deal.deleted.unwrap_or(deal.modified))),
            ("stage_change_time", moved.map_or(Json::Null, iso)),
            ("won_time", if status == "won" { closed.clone() } else { Json::Null }),
            ("lost_time", if status == "lost" { closed } else { Json::Null }),
            ("is_deleted", Json::Bool(deal.deleted.is_some())),
        ])
    }

    fn lead(&self, place: usize) -> Json {
        let lead = &self.organisation.leads[place];
        let mut record = Json::object([
            ("id", Json::text_of(lead.id.as_str())),
            ("owner_id", Json::number_of(id_of_rep(lead.owner))),
            ("creator_id", Json::number_of(id_of_rep(lead.owner))),
            ("channel", Json::number_of(lead.channel)),
            ("label_ids", Json::Array(Vec::new())),
            ("is_archived", Json::Bool(false)),
            ("was_seen", Json::Bool(true)),
            ("add_time", iso(lead.created)),
            ("update_time", iso(lead.modified)),
        ]);
        for (name, text) in
            [("title", "A lead"), ("source_name", "API"), ("origin", "API"), ("visible_to", "3"), ("cc_email", "")]
        {
            record.put(name, Json::text_of(text));
        }
        for name in ["person_id", "organization_id", "origin_id", "channel_id", "source_deal_id", "value"] {
            record.put(name, Json::Null);
        }
        for name in ["expected_close_date", "next_activity_id"] {
            record.put(name, Json::Null);
        }
        record
    }

    /// Whether a lead can still be read by its id: one that has become a deal can for a while.
    fn can_be_read(&self, place: usize) -> bool {
        let lead = &self.organisation.leads[place];
        lead.deleted.is_none() && (lead.deal.is_none() || self.organisation.now < lead.modified + 30 * MINUTE)
    }

    /// Deals go on by a cursor: the id after which the next page begins.
    fn list_of_deals(&self, path: &str, query: &dyn Fn(&str) -> Option<String>) -> Json {
        let now = self.organisation.now;
        let all = || self.organisation.deals.iter().enumerate();
        let found: Vec<Json> = match (path.ends_with("archived"), query("status").as_deref()) {
            (true, _) => Vec::new(),
            (false, Some("deleted")) => {
                all().filter(|(_, deal)| deal.deleted.is_some()).map(|(place, _)| self.deal(place)).collect()
            }
            (false, _) => self.deals.iter().filter_map(|all| shown(all, now)).cloned().collect(),
        };
        assert_eq!(query("sort_by").as_deref(), Some("id"), "by what no edit changes");
        let since = query("updated_since").and_then(|since| Time::parse(&since.replace("%3A", ":")));
        let number = |deal: &Json| deal.word("/id").expect("an id").parse::<u64>().expect("a number");
        let after: u64 = query("cursor").map_or(0, |cursor| cursor.parse().expect("our cursor"));
        let mut found: Vec<Json> = found
            .into_iter()
            .filter(|deal| {
                let at = deal.word("/update_time").and_then(Time::parse).expect("a time");
                since.is_none_or(|since| at >= since) && number(deal) > after
            })
            .collect();
        found.sort_by_key(number);
        let has_more = found.len() > self.page;
        found.truncate(self.page);
        let next = found.last().filter(|_| has_more).map(|deal| number(deal).to_string());
        answer(found, next_cursor(next))
    }

    /// Leads go on by places. One that has become a deal is gone.
    fn list_of_leads(&self, query: &dyn Fn(&str) -> Option<String>) -> Json {
        let since = query("updated_since").and_then(|since| Time::parse(&since.replace("%3A", ":")));
        let start: usize = query("start").map_or(0, |start| start.parse().expect("a place"));
        let leads = self.organisation.leads.iter().enumerate();
        let leads = leads.filter(|(_, lead)| lead.deleted.is_none() && lead.deal.is_none());
        let leads = leads.filter(|(_, lead)| since.is_none_or(|since| lead.modified >= since.millis()));
        let all: Vec<Json> = leads.map(|(place, _)| self.lead(place)).collect();
        let has_more = all.len() > start + self.page;
        let page = all.into_iter().skip(start).take(self.page).collect();
        let mut more = Json::object([("start", Json::number_of(start)), ("limit", Json::number_of(self.page))]);
        more.put("more_items_in_collection", Json::Bool(has_more));
        // The documents show it one level deeper than the types of the vendor's client have it.
        answer(page, if self.page.is_multiple_of(2) { more } else { Json::object([("pagination", more)]) })
    }

    fn changelog(&self, id: &str, query: &dyn Fn(&str) -> Option<String>) -> Option<Json> {
        let place = self.organisation.deals.iter().position(|deal| deal.id == id)?;
        let seen = self.changes[place].iter().rev().filter(|change| change.from <= self.organisation.now);
        let change = |change: &Change| {
            Json::object([
                ("field_key", Json::text_of(change.field)),
                ("old_value", Json::text_of(change.old.as_str())),
                ("new_value", Json::text_of(change.new.as_str())),
                ("actor_user_id", Json::number_of(id_of_rep(0))),
                ("time", plain(change.at)),
                ("is_bulk_update_flag", Json::Bool(false)),
            ])
        };
        let all: Vec<Json> = seen.map(change).collect();
        let from: usize = query("cursor").map_or(0, |cursor| cursor.parse().expect("our cursor"));
        let next = (all.len() > from + self.page).then(|| (from + self.page).to_string());
        let page = all.into_iter().skip(from).take(self.page).collect();
        Some(answer(page, next_cursor(next)))
    }

    fn answer(&mut self, request: &Request) -> Response {
        let now = self.organisation.now;
        let date = Some(Time::from_millis(now).floor(SECOND));
        let failed =
            |status: u16, body: &str| Response { status, date, body: body.as_bytes().to_vec(), ..Response::default() };
        self.calls.retain(|at| now - at < 2 * SECOND);
        self.calls.push(now);
        assert!(self.calls.len() <= 20, "more than twenty calls in two seconds");
        let is_signed = request.headers.iter().any(|(name, value)| *name == "x-api-token" && value == "TOKEN");
        if !is_signed {
            assert!(!self.is_busy, "the token is in every call of ours, and in no URL");
            return failed(401, r#"{"success":false,"error":"unauthorized access","errorCode":401}"#);
        }
        if self.is_busy && self.dice.percent(3) {
            self.next_error = Some(if self.dice.percent(50) { "502" } else { "BURST" }.to_owned());
        }
        if let Some(error) = self.next_error.take() {
            let again = |retry_after_ms| Response {
                retry_after_ms,
                ..failed(429, r#"{"success":false,"error":"request over limit","errorCode":429}"#)
            };
            return match error.as_str() {
                "502" => failed(502, "<html>"),
                "BURST" => again(Some(SECOND)),
                _ => failed(429, r#"{"success":false,"error":"daily token budget is used up","errorCode":429}"#),
            };
        }
        let path = request.url.strip_prefix("https://api").expect("our base");
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query = |name: &str| {
            query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
        };
        if self.refuses.is_some_and(|refused| path.contains(refused)) {
            return failed(403, r#"{"success":false,"error":"scope and URL mismatch","errorCode":403}"#);
        }
        let one = |record: Json| Json::object([("success", Json::Bool(true)), ("data", record)]);
        let of_deals = |id: &str| self.organisation.deals.iter().position(|deal| deal.id == id);
        let of_leads = |id: &str| self.organisation.leads.iter().position(|lead| lead.id == id);
        let found = match path.split('/').skip(1).collect::<Vec<_>>().as_slice() {
            ["api", "v2", "deals"] | ["api", "v2", "deals", "archived"] => Some(self.list_of_deals(path, &query)),
            ["api", "v2", "deals", id] => of_deals(id).map(|place| one(self.deal(place))),
            ["v1", "deals", id, "changelog"] => self.changelog(id, &query),
            ["v1", "leads"] => {
                let leads = self.list_of_leads(&query);
                self.organisation.give(leads.items("/data"));
                Some(leads)
            }
            ["v1", "leads", "archived"] => Some(answer(Vec::new(), Json::object([]))),
            ["v1", "leads", id] => {
                let place = of_leads(id).filter(|place| self.can_be_read(*place));
                let lead = place.map(|place| self.lead(place));
                self.organisation.give(lead.as_slice());
                lead.map(one)
            }
            ["api", "v2", "stages"] => Some(answer((1..5).map(stage).collect(), Json::object([]))),
            ["v1", "users", "me"] => {
                let mut me = person(&self.organisation.books.people[0]);
                let access = [("app", Json::text_of("sales")), ("admin", Json::Bool(self.is_admin))];
                me.put("access", Json::Array(vec![Json::object(access)]));
                Some(one(me))
            }
            ["v1", "users"] => {
                Some(answer(self.organisation.books.people.iter().map(person).collect(), Json::object([])))
            }
            other => panic!("nobody answers at {other:?}"),
        };
        match found {
            Some(found) => Response { status: 200, date, body: found.encode(), ..Response::default() },
            None => failed(404, r#"{"success":false,"error":"not found","errorCode":404}"#),
        }
    }
}

fn answer(records: Vec<Json>, beside: Json) -> Json {
    Json::object([("success", Json::Bool(true)), ("data", Json::Array(records)), ("additional_data", beside)])
}

fn next_cursor(next: Option<String>) -> Json {
    let mut beside = Json::object([]);
    if let Some(next) = next {
        beside.put("next_cursor", Json::text_of(next));
    }
    beside
}

fn stage(number: usize) -> Json {
    Json::object([("id", Json::number_of(number)), ("name", Json::text_of(format!("stage {number}")))])
}

fn person(person: &Person) -> Json {
    Json::object([
        ("id", Json::number_of(person.id.as_str())),
        ("created", plain(person.joined)),
        ("modified", plain(person.modified)),
        ("active_flag", Json::Bool(person.is_active)),
        ("role_id", Json::number_of(1)),
    ])
}

impl Exchange for Server {
    fn send(&mut self, request: &Request) -> Result<Response, String> {
        self.organisation.now += if self.hurries { 0 } else { 50 + self.dice.millis(600) };
        if self.is_busy && self.dice.percent(15) {
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
        let stamp = self.organisation.stamp();
        if self.dice.percent(5) {
            return self.organisation.books.hire(stamp, &mut self.dice);
        }
        let touched = self.organisation.act(&mut self.dice);
        // A deal names its lead from the first moment, and the lead is gone in that moment.
        if let Touched::Deal(_) = touched {
            self.organisation.link();
        }
        self.publish(&touched);
    }

    fn publish(&mut self, touched: &Touched) {
        let Touched::Deal(place) = *touched else { return };
        let now = self.organisation.now;
        let (values, stamp) = (self.values_of(place), self.organisation.stamp());
        if self.values.len() <= place {
            self.values.push(values.clone());
            self.changes.push(Vec::new());
            self.deals.push(Vec::new());
        }
        let lag = |dice: &mut Dice| if dice.percent(30) { dice.millis(40_000) } else { 0 };
        let from = (now + lag(&mut self.dice)).max(self.changes[place].last().map_or(0, |change| change.from));
        let before = std::mem::replace(&mut self.values[place], values.clone());
        let mut changes: Vec<Change> = FIELDS
            .into_iter()
            .zip(before.into_iter().zip(values))
            .filter(|(_, (old, new))| old != new)
            .map(|(field, (old, new))| Change { at: stamp, from, field, old, new })
            .collect();
        if self.dice.percent(50) {
            // Nobody promises in which order the changelog has what one edit has changed.
            changes.reverse();
        }
        self.changes[place].extend(changes);
        let deal = self.deal(place);
        let is_gone = deal.word("/is_deleted") == Some("true");
        let from = if is_gone { now } else { now + lag(&mut self.dice) };
        let from = self.deals[place].last().map_or(from, |(last, _)| from.max(*last));
        self.deals[place].push((from, (!is_gone).then_some(deal)));
    }

    fn be_busy(&mut self, is_busy: bool) {
        self.is_busy = is_busy;
    }

    fn poller(&self) -> Crm {
        let options = Options { census_ms: 10 * MINUTE, ..Options::default() };
        Crm::Pipedrive(Box::new(Pipedrive::new(Api::new("TOKEN", "https://api"), options)))
    }

    fn source(generation: u64) -> Source {
        super::source(&SOURCE.replace("currency", &format!("generation = {generation}\ncurrency")))
    }
}

pub(crate) fn try_seed(seed: u64) {
    // What changes in the second of a stage belongs to it, so an owner that changes then may be the earlier one.
    follow("pipedrive", seed, Server::new(seed), false);
}
