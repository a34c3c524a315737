//! The organisation behind Zoho's REST API: pages, tokens and their limits, an index that lags, rows that shift.

use std::borrow::Cow;
use std::sync::Arc;

use salespulse::connect::desk::{Batch, Desk};
use salespulse::connect::events::Gate;
use salespulse::connect::exchange::{Exchange, Request, Response, Trouble};
use salespulse::connect::json::Json;
use salespulse::connect::poller::Crm;
use salespulse::connect::sources::Source;
use salespulse::connect::zoho::{Api, Channel, Credentials, Options, Zoho};
use salespulse::model::time::{DAY, HOUR, MINUTE, SECOND, Time};

use super::books::{Campaign, Person, day};
use super::index::{Shown, all_shown, newest};
use super::organisation::{Organisation, STAGES, Touched, id_of_customer, id_of_rep};
use super::over_http::Served;
use super::settings;
use super::topic::{Topic, Writer, assert_same};
use super::truth;
use crate::dice::Dice;

/// How long a token of a page lives. With what name Zoho refuses a later one is presumed.
const TOKEN_OF_PAGE: i64 = MINUTE / 2;
/// Who asks for the longest page gets a short one, and for each record less than that one more: what shows with thousands of
/// records shows with some so.
const LONGEST_PAGE: usize = 200;
/// So many records are listed by the numbers of pages.
const MOST_BY_NUMBER: usize = 2_000;
/// So much people do at most while somebody reads. What each of them does costs the next reading more than one call, so with
/// small pages people who act at every other call would never let a reading end.
const MOST_DEEDS: usize = 60;

pub(super) struct Server {
    pub(super) organisation: Organisation,
    dice: Dice,
    /// How long the longest page is.
    pub(super) page: usize,
    pub(super) by_token: bool,
    pub(super) is_busy: bool,
    /// Until when the channel is open, and how often somebody has asked for that.
    pub(super) channel: Option<i64>,
    pub(super) watches: usize,
    token: Option<(String, i64)>,
    tokens: Vec<i64>,
    leads: Vec<Shown>,
    deals: Vec<Shown>,
    rows: Vec<Shown>,
    deaths: usize,
    /// Whether the next call is one too many.
    throttles: bool,
    /// What people have done while somebody read, since a reading began.
    deeds: usize,
}

fn iso(at: i64) -> Json {
    Json::text_of(Time::from_millis(at).to_string().replace(".000Z", "+00:00"))
}

impl Server {
    pub(super) fn new(seed: u64) -> Server {
        let mut dice = Dice::new(seed);
        Server {
            organisation: Organisation::new(SECOND, seed % 2 == 1),
            page: 2 + dice.below(6),
            by_token: dice.percent(50),
            dice,
            is_busy: true,
            channel: None,
            watches: 0,
            token: None,
            tokens: Vec::new(),
            leads: Vec::new(),
            deals: Vec::new(),
            rows: Vec::new(),
            deaths: 0,
            throttles: false,
            deeds: 0,
        }
    }

    /// One in which nobody does anything unless asked to.
    pub(super) fn at_rest(seed: u64) -> Server {
        Server { is_busy: false, ..Server::new(seed) }
    }

    pub(super) fn act(&mut self) {
        let stamp = self.organisation.stamp();
        match self.dice.below(20) {
            0 => return self.organisation.books.spend(stamp, &mut self.dice),
            1 => return self.organisation.books.hire(stamp, &mut self.dice),
            _ => {}
        }
        let touched = self.organisation.act(&mut self.dice);
        self.publish(&touched);
    }

    /// Lets the index see a change, some time later.
    pub(super) fn publish(&mut self, touched: &Touched) {
        let lag = |dice: &mut Dice| if dice.percent(30) { dice.millis(50_000) } else { 0 };
        let now = self.organisation.now;
        let show = |all: &mut Vec<Shown>, place: usize, json: Option<Json>, dice: &mut Dice| {
            if all.len() <= place {
                all.resize(place + 1, Vec::new());
            }
            // What is gone is gone at once.
            let from = if json.is_none() { now } else { now + lag(dice) };
            let from = all[place].last().map_or(from, |(last, _)| from.max(*last));
            all[place].push((from, json));
        };
        match *touched {
            Touched::Nothing | Touched::Payment(_) => {}
            Touched::Lead(place) => {
                let json = self.lead(place);
                show(&mut self.leads, place, json, &mut self.dice);
            }
            Touched::Deal(place) => {
                let (deal, rows) = (self.deal(place), self.rows(place));
                show(&mut self.deals, place, deal, &mut self.dice);
                show(&mut self.rows, place, rows, &mut self.dice);
            }
        }
    }

    fn lead(&self, place: usize) -> Option<Json> {
        let lead = &self.organisation.leads[place];
        let deal = lead.deal.as_ref().map_or(Json::Null, |id| Json::object([("id", Json::text_of(id.as_str()))]));
        lead.deleted.is_none().then(|| {
            Json::object([
                ("id", Json::text_of(lead.id.as_str())),
                ("Lead_Source", Json::text_of(format!("channel-{}", lead.channel))),
                ("Owner", Json::object([("id", Json::text_of(id_of_rep(lead.owner)))])),
                ("Created_Time", iso(lead.created)),
                ("Modified_Time", iso(lead.modified)),
                ("Converted__s", Json::Bool(lead.deal.is_some())),
                ("Converted_Deal", deal),
            ])
        })
    }

    fn deal(&self, place: usize) -> Option<Json> {
        let deal = &self.organisation.deals[place];
        let conversion = if deal.came_from.is_some() { Json::number_of(3) } else { Json::Null };
        deal.deleted.is_none().then(|| {
            Json::object([
                ("id", Json::text_of(deal.id.as_str())),
                ("Stage", Json::text_of(format!("S{}", deal.steps.last().map_or(0, |step| step.stage)))),
                ("Amount", Json::number_of(deal.amount)),
                ("Currency", Json::text_of("CNY")),
                ("Account_Name", Json::object([("id", Json::text_of(id_of_customer(&deal.id)))])),
                ("Owner", Json::object([("id", Json::text_of(id_of_rep(deal.owner)))])),
                ("Created_Time", iso(deal.created)),
                ("Modified_Time", iso(deal.modified)),
                ("Lead_Conversion_Time", conversion),
            ])
        })
    }

    fn rows(&self, place: usize) -> Option<Json> {
        let deal = &self.organisation.deals[place];
        let next = |number: usize| deal.steps.get(number + 1).map(|step| format!("S{}", step.stage));
        let row = |(number, step): (usize, &super::organisation::Step)| {
            Json::object([
                ("id", Json::text_of(step.id.as_str())),
                ("Potential_Name", Json::object([("id", Json::text_of(deal.id.as_str()))])),
                ("Stage", Json::text_of(format!("S{}", step.stage))),
                ("Moved_To__s", Json::optional(next(number).as_deref())),
                ("Modified_Time", iso(step.at)),
                ("Amount", Json::number_of(step.amount)),
            ])
        };
        deal.deleted.is_none().then(|| Json::Array(deal.steps.iter().enumerate().map(row).collect()))
    }

    fn gone(&self, leads: bool) -> Vec<Json> {
        let record = |id: &str, at: i64| Json::object([("id", Json::text_of(id)), ("deleted_time", iso(at))]);
        if leads {
            return self.organisation.leads.iter().filter_map(|lead| Some(record(&lead.id, lead.deleted?))).collect();
        }
        self.organisation.deals.iter().filter_map(|deal| Some(record(&deal.id, deal.deleted?))).collect()
    }

    fn list(&self, path: &str) -> Vec<Cow<'_, Json>> {
        let (now, books) = (self.organisation.now, &self.organisation.books);
        let of_deal = |id: &str| self.organisation.deals.iter().position(|deal| deal.id == id);
        let found = match path.split('/').collect::<Vec<_>>().as_slice() {
            ["users"] => return books.people.iter().map(person).map(Cow::Owned).collect(),
            ["Campaigns"] => return books.campaigns.iter().map(campaign).map(Cow::Owned).collect(),
            ["Deals", "deleted"] => return self.gone(false).into_iter().map(Cow::Owned).collect(),
            ["Leads", "deleted"] => return self.gone(true).into_iter().map(Cow::Owned).collect(),
            ["Leads"] => all_shown(&self.leads, now).collect(),
            ["Deals"] => all_shown(&self.deals, now).collect(),
            ["Deals", id] => of_deal(id).and_then(|place| newest(&self.deals[place])).into_iter().collect(),
            ["Deals", id, "Stage_History"] => {
                let rows = of_deal(id).and_then(|place| newest(&self.rows[place]));
                rows.map_or(&[][..], |rows| rows.items("")).iter().collect()
            }
            ["DealHistory"] => {
                let mut rows: Vec<&Json> = all_shown(&self.rows, now).flat_map(|rows| rows.items("")).collect();
                rows.sort_by_key(|row| {
                    let row = *row;
                    std::cmp::Reverse((row.word("/Modified_Time"), row.word("/id")))
                });
                rows
            }
            _ => Vec::new(),
        };
        found.into_iter().map(Cow::Borrowed).collect()
    }

    fn sign_in(&mut self, request: &Request) -> Response {
        let now = self.organisation.now;
        let answered = |body: &str| Response { status: 200, body: body.as_bytes().to_vec(), ..Response::default() };
        let form = String::from_utf8_lossy(request.body.as_deref().unwrap_or_default());
        if !form.split('&').any(|field| field == "refresh_token=refresh") {
            return answered(r#"{"error":"invalid_code"}"#);
        }
        self.tokens.retain(|at| now - at < 10 * MINUTE);
        self.tokens.push(now);
        assert!(self.tokens.len() <= 10, "more than ten tokens in ten minutes");
        let token = format!("token-{now}");
        self.token = Some((token.clone(), now + HOUR));
        answered(&format!(r#"{{"access_token":"{token}","api_domain":"https://api","expires_in":3600}}"#))
    }

    fn answer(&mut self, request: &Request) -> Response {
        let now = self.organisation.now;
        let date = Some(Time::from_millis(now).floor(SECOND));
        let plain =
            |status: u16, body: &str| Response { status, date, body: body.as_bytes().to_vec(), ..Response::default() };
        if request.url.ends_with("/oauth/v2/token") {
            return self.sign_in(request);
        }
        let header =
            |name: &str| request.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        let authorization = header("authorization").unwrap_or_default().to_owned();
        let is_known = self
            .token
            .as_ref()
            .is_some_and(|(token, ends)| authorization == format!("Zoho-oauthtoken {token}") && now < *ends);
        if !is_known {
            return plain(401, r#"{"code":"INVALID_TOKEN","message":"invalid oauth token","status":"error"}"#);
        }
        if std::mem::take(&mut self.throttles) || self.is_busy && self.dice.percent(3) {
            return plain(429, r#"{"code":"TOO_MANY_REQUESTS","message":"too many requests","status":"error"}"#);
        }
        if request.url.ends_with("/actions/watch") {
            return self.watch(request);
        }
        let path = request.url.split_once("/crm/v8/").expect("the API").1;
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        if let Some(answer) = settings::answer(path, query) {
            return plain(200, &answer);
        }
        let parameter = |name: &str| query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        let since = header("if-modified-since").map(|text| Time::parse(text).expect("a time").millis());
        let mut records = self.list(path);
        records.retain(|record| {
            let at = record.word("/Modified_Time").or_else(|| record.word("/deleted_time"));
            since.is_none_or(|since| at.and_then(Time::parse).is_none_or(|at| at.millis() >= since))
        });
        if parameter("sort_by") == Some("id") {
            records.sort_by(|one, other| one.word("/id").cmp(&other.word("/id")));
        }
        let asked = parameter("per_page").map_or(LONGEST_PAGE, |length| length.parse().expect("a number"));
        let length = self.page + LONGEST_PAGE.checked_sub(asked).expect("no longer page is given");
        let number: usize = match (parameter("page"), parameter("page_token")) {
            (_, Some(token)) => {
                let (number, given) = token.split_once('-').expect("our token");
                if now - given.parse::<i64>().expect("an instant") > TOKEN_OF_PAGE {
                    return plain(400, r#"{"code":"EXPIRED_PAGE_TOKEN","message":"read anew","status":"error"}"#);
                }
                number.parse().expect("a number")
            }
            (Some(page), None) => {
                let number: usize = page.parse().expect("a number");
                assert!((number - 1) * length < MOST_BY_NUMBER, "by a token, for want of a number");
                number
            }
            (None, None) => 1,
        };
        let rest = records.split_off(records.len().min((number - 1) * length));
        let more = rest.len() > length;
        let page: Vec<Json> = rest.into_iter().take(length).map(Cow::into_owned).collect();
        if page.is_empty() {
            return plain(204, "");
        }
        // Beyond so many records there is no other way on than by a token.
        let by_token = self.by_token || number * length >= MOST_BY_NUMBER;
        let token = if more && by_token { Json::text_of(format!("{}-{now}", number + 1)) } else { Json::Null };
        let info = Json::object([("more_records", Json::Bool(more)), ("next_page_token", token)]);
        let list = if path == "users" { "users" } else { "data" };
        let body = Json::object([(list, Json::Array(page)), ("info", info)]).encode();
        Response { status: 200, date, body, ..Response::default() }
    }
}

impl Server {
    /// Opens the channel, or lets one that is open live longer.
    fn watch(&mut self, request: &Request) -> Response {
        let now = self.organisation.now;
        self.watches += 1;
        let body = Json::parse(request.body.as_deref().unwrap_or_default()).expect("JSON");
        let ends = body.word("/watch/0/channel_expiry").and_then(Time::parse).expect("an end").millis();
        // Its clock may be wrong by as much as that.
        assert!(ends <= now + 7 * DAY + 2 * MINUTE, "a channel lives for a week at most");
        if request.method == "PUT" && self.channel.is_none_or(|open| open <= now) {
            let body = br#"{"code":"NOT_SUBSCRIBED","details":{},"message":"not subscribed","status":"error"}"#;
            return Response { status: 400, body: body.to_vec(), ..Response::default() };
        }
        self.channel = Some(ends);
        let event = |channel: &Json, name: &Json| {
            Json::object([
                ("channel_id", channel.at("/channel_id").cloned().unwrap_or(Json::Null)),
                ("resource_name", Json::text_of(name.word("").unwrap_or_default().trim_end_matches(".all"))),
                ("channel_expiry", iso(ends)),
            ])
        };
        let channel = body.at("/watch/0").expect("a channel");
        let events = channel.items("/events").iter().map(|name| event(channel, name)).collect();
        let part = Json::object([
            ("status", Json::text_of("success")),
            ("code", Json::text_of("SUCCESS")),
            ("message", Json::text_of("Successfully subscribed for actions-watch of the given module")),
            ("details", Json::object([("events", Json::Array(events))])),
        ]);
        let body = Json::object([("watch", Json::Array(vec![part]))]).encode();
        Response { status: 201, body, ..Response::default() }
    }
}

fn person(person: &Person) -> Json {
    Json::object([
        ("id", Json::text_of(person.id.as_str())),
        // What it says of a team counts for nothing: the table of teams does.
        ("role", Json::object([("id", Json::text_of("6756839000000900001")), ("name", Json::text_of("Seller"))])),
        ("status", Json::text_of(if person.is_active { "active" } else { "disabled" })),
        ("created_time", iso(person.joined)),
        ("Modified_Time", iso(person.modified)),
    ])
}

fn campaign(campaign: &Campaign) -> Json {
    Json::object([
        ("id", Json::text_of(campaign.id.as_str())),
        ("Type", Json::text_of(format!("channel-{}", campaign.channel))),
        ("Start_Date", Json::text_of(day(campaign.first))),
        ("End_Date", Json::text_of(day(campaign.first + campaign.days - 1))),
        ("Actual_Cost", Json::number_of(campaign.cost_of_day * campaign.days)),
        ("Currency", Json::text_of("CNY")),
        ("Modified_Time", iso(campaign.modified)),
    ])
}

impl Served for Server {
    fn organisation(&mut self) -> &mut Organisation {
        &mut self.organisation
    }

    fn live(&mut self) {
        Server::act(self);
    }

    fn fail_next(&mut self, error: &str) {
        assert_eq!(error, "TOO_MANY_REQUESTS");
        self.throttles = true;
    }
}

impl Exchange for Server {
    fn send(&mut self, request: &Request) -> Result<Response, String> {
        self.organisation.now += 50 + self.dice.millis(1_500);
        if self.is_busy && self.deeds < MOST_DEEDS && self.dice.percent(40) {
            self.deeds += 1;
            self.act();
        }
        if self.is_busy && self.dice.percent(self.deaths) {
            return Err("the instance has died".to_owned());
        }
        Ok(self.answer(request))
    }

    fn now(&self) -> Time {
        // Our own clock is wrong.
        Time::from_millis(self.organisation.now - 90_000)
    }

    fn pause(&mut self, millis: i64) {
        self.organisation.now += millis;
    }
}

/// An instance with its memory.
pub(super) struct Instance {
    pub(super) crm: Crm,
    pub(super) memory: salespulse::connect::memory::Memory,
    pub(super) owner: u32,
    generation: u64,
}

pub(super) fn poller() -> Zoho {
    let credentials = Credentials {
        client_id: "client".to_owned(),
        client_secret: "secret".to_owned(),
        refresh_token: "refresh".to_owned(),
    };
    Zoho::new(Api::at(credentials, "https://accounts", "https://wrong"), Options::default())
}

impl Instance {
    pub(super) fn new(topic: &mut Topic, generation: u64) -> Instance {
        let (crm, owner) = (Crm::Zoho(Box::new(poller())), topic.own());
        Instance { crm, memory: topic.memory(generation), owner, generation }
    }

    /// The same, rung at over a channel.
    pub(super) fn with_channel(self) -> Instance {
        let channel = Channel::new("https://connect.example.test/in/zoho", "token").expect("a channel");
        Instance { crm: Crm::Zoho(Box::new(poller().with_channel(Some(channel)))), ..self }
    }

    pub(super) fn cycle(&mut self, server: &mut Server, topic: &mut Topic) -> bool {
        self.try_cycle(server, topic).is_ok()
    }

    pub(super) fn try_cycle(&mut self, server: &mut dyn Exchange, topic: &mut Topic) -> Result<(), Trouble> {
        let (source, gate) = (source_of(self.generation), Gate::new(Arc::new(super::rules())));
        let now = server.now();
        let sink = &mut Writer { topic, owner: self.owner };
        let mut desk =
            Desk { source: &source, gate: &gate, memory: &mut self.memory, sink, now, batch: Batch::default() };
        self.crm.cycle(&mut desk, server)
    }
}

pub(super) fn source_of(generation: u64) -> Source {
    super::source_of("zoho", generation)
}

pub(crate) fn try_seed(seed: u64) {
    let mut server = Server::new(seed);
    let mut topic = Topic::default();
    if seed.is_multiple_of(5) {
        // There is much to read when somebody begins to.
        for _ in 0..60 {
            server.act();
            server.organisation.now += server.dice.millis(1_200);
        }
    }
    let mut generation = 0;
    let mut active = Instance::new(&mut topic, generation);
    let mut old: Option<Instance> = None;
    for round in 0..25 {
        server.organisation.now += server.dice.millis(90_000);
        server.deeds = 0;
        for _ in 0..server.dice.below(6) {
            server.act();
            server.organisation.now += server.dice.millis(1_200);
        }
        server.deaths = if server.dice.percent(15) { 10 } else { 0 };
        topic.dies_after = server.dice.percent(10).then(|| server.dice.below(2));
        topic.dies_late = server.dice.percent(50);
        if let Some(mut old) = old.take().filter(|_| topic.dies_after.is_none()) {
            old.cycle(&mut server, &mut topic);
        }
        // Somebody rings, with a reason or without one, once or twice.
        let rings = if server.dice.percent(30) { 1 + server.dice.below(2) } else { 0 };
        if !(0..=rings).all(|_| active.cycle(&mut server, &mut topic)) {
            topic.dies_after = None;
            active = Instance::new(&mut topic, generation);
            server.tokens.clear();
        } else if round == 12 && seed.is_multiple_of(3) {
            // The mapping was wrong, so everything is read anew while people go on.
            generation = 1;
            old = Some(std::mem::replace(&mut active, Instance::new(&mut topic, generation)));
            server.tokens.clear();
        } else if round % 7 == 3 {
            // Another takes over, and this one does not know it yet.
            old = Some(std::mem::replace(&mut active, Instance::new(&mut topic, generation)));
            server.tokens.clear();
        }
    }
    server.is_busy = false;
    topic.dies_after = None;
    while let place @ Touched::Lead(_) = server.organisation.link() {
        server.publish(&place);
    }
    for minutes in [4, 4, 61] {
        server.organisation.now += minutes * MINUTE;
        assert!(active.cycle(&mut server, &mut topic), "seed {seed}: nothing disturbs the last cycles");
    }
    let now = Time::from_millis(server.organisation.now);
    let truth = truth::events(&server.organisation);
    let owners = !server.organisation.reassigns;
    assert_same(&format!("zoho, seed {seed}"), &topic, &truth, now, owners, &mut server.dice);
    assert!(STAGES.len() == 6 && !topic.events.is_empty());
}
