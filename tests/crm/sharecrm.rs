//! The organisation behind ShareCRM's open API and the functions of its tenant: answers that are always 200, an index that
//! lags, lists without voided records, pushes that come twice and out of order.

mod records;

use std::sync::Arc;

use salespulse::connect::account::SignIn;
use salespulse::connect::desk::{Batch, Desk};
use salespulse::connect::events::Gate;
use salespulse::connect::exchange::{Exchange, Request, Response, Trouble};
use salespulse::connect::inbox::{Answer, Inboxes};
use salespulse::connect::json::Json;
use salespulse::connect::memory::Memory;
use salespulse::connect::poller::{Crm, Poller};
use salespulse::connect::sharecrm::{Api, Credentials, Options, ShareCrm, take_push};
use salespulse::connect::sources::Source;
use salespulse::connect::status::Status;
use salespulse::health::Stop;
use salespulse::model::time::{HOUR, MINUTE, SECOND, Time};

use self::records::{deal, lead, payment, person};
use super::index::{Shown, shown};
use super::organisation::{Organisation, Touched};
use super::topic::{Topic, Writer, assert_same};
use super::truth;
use crate::dice::Dice;

pub(super) const SOURCE: &str = r#"
[source.sharecrm]
kind = "sharecrm"
currency = "CNY"
[source.sharecrm.tables.stages]
"0" = "contacted"
"1" = "qualified"
"2" = "proposal"
"3" = "negotiation"
"9" = "won"
"#;

pub(super) struct Server {
    pub(super) organisation: Organisation,
    dice: Dice,
    pub(super) sign_in: SignIn,
    /// Whether it answers at once.
    pub(super) hurries: bool,
    is_busy: bool,
    /// Whether no token is taken.
    refuses: bool,
    token: Option<(String, i64)>,
    tokens: Vec<i64>,
    calls: Vec<i64>,
    /// How many tokens were given in all.
    given: usize,
    leads: Vec<Shown>,
    deals: Vec<Shown>,
    payments: Vec<Shown>,
    /// What the tenant's functions have posted and nobody has taken yet.
    pushes: Vec<Json>,
}

impl Server {
    fn new(seed: u64) -> Server {
        let dice = Dice::new(seed ^ 0xfeed);
        Server {
            organisation: Organisation::new(1, seed % 2 == 1),
            sign_in: if seed.is_multiple_of(3) { SignIn::Corp } else { SignIn::Token },
            dice,
            is_busy: true,
            hurries: false,
            refuses: false,
            token: None,
            tokens: Vec::new(),
            calls: Vec::new(),
            given: 0,
            leads: Vec::new(),
            deals: Vec::new(),
            payments: Vec::new(),
            pushes: Vec::new(),
        }
    }

    /// One in which nobody does anything unless asked to.
    pub(super) fn at_rest(seed: u64) -> Server {
        Server { is_busy: false, ..Server::new(seed) }
    }

    /// The same after people have worked for a while.
    pub(super) fn lived(seed: u64, deeds: usize) -> Server {
        let mut server = Server::at_rest(seed);
        for _ in 0..deeds {
            server.act();
            server.organisation.now += 1_300;
        }
        server.organisation.now += HOUR;
        server
    }

    pub(super) fn act(&mut self) {
        // No two edits of one millisecond.
        self.organisation.now += 1;
        let stamp = self.organisation.stamp();
        let touched = match self.dice.below(10) {
            0 | 1 => Touched::Payment(self.organisation.books.pay(stamp, &mut self.dice)),
            2 if self.dice.percent(30) => return self.organisation.books.hire(stamp, &mut self.dice),
            _ => self.organisation.act(&mut self.dice),
        };
        // A deal names its lead from the first moment, so its lead says so at once.
        if let Touched::Deal(_) = touched {
            let linked = self.organisation.link();
            self.publish(&linked);
        }
        self.publish(&touched);
    }

    pub(super) fn publish(&mut self, touched: &Touched) {
        let now = self.organisation.now;
        let lag = if self.dice.percent(30) { self.dice.millis(50_000) } else { 0 };
        let (all, place, record) = match *touched {
            Touched::Nothing => return,
            Touched::Lead(place) => (&mut self.leads, place, lead(&self.organisation, place)),
            Touched::Deal(place) => (&mut self.deals, place, deal(&self.organisation, place)),
            Touched::Payment(place) => (&mut self.payments, place, payment(&self.organisation, place)),
        };
        let object = match touched {
            Touched::Lead(_) => "LeadsObj",
            Touched::Payment(place) if self.organisation.books.payments[*place].is_refund => "RefundObj",
            Touched::Payment(_) => "PaymentObj",
            _ => "NewOpportunityObj",
        };
        let is_void = record.word("/life_status") == Some("invalid");
        if all.len() <= place {
            all.resize(place + 1, Vec::new());
        }
        let from = all[place].last().map_or(now + lag, |(last, _)| (now + lag).max(*last));
        all[place].push((if is_void { from.min(now) } else { from }, (!is_void).then(|| record.clone())));
        let push = Json::object([
            ("object", Json::text_of(object)),
            ("trigger", Json::text_of(if is_void { "void" } else { "edit" })),
            ("data", record),
        ]);
        if self.dice.percent(20) {
            self.pushes.push(push.clone());
        }
        self.pushes.push(push);
    }

    fn answer(&mut self, request: &Request) -> Json {
        let now = self.organisation.now;
        let body = Json::parse(request.body.as_deref().unwrap_or_default()).expect("JSON");
        let failed =
            |code: i64| Json::object([("errorCode", Json::number_of(code)), ("errorMessage", Json::text_of("no"))]);
        if request.url.contains("/oauth2.0/token") || request.url.contains("/corpAccessToken/") {
            self.tokens.retain(|at| now - at < MINUTE);
            self.tokens.push(now);
            assert!(self.tokens.len() <= 10, "more than ten tokens in a minute");
            self.given += 1;
            assert!(!self.refuses || self.given < 5, "a token that is refused is asked for again and again");
            let token = format!("token-{now}");
            self.token = Some((token.clone(), now + 7_200 * SECOND));
            return Json::object([
                ("errorCode", Json::number_of(0)),
                ("accessToken", Json::text_of(token.as_str())),
                ("corpAccessToken", Json::text_of(token)),
                ("ea", Json::text_of("tenant")),
                ("corpId", Json::text_of("tenant")),
                ("expiresIn", Json::number_of(7_200)),
            ]);
        }
        self.calls.retain(|at| now - at <= 20 * SECOND);
        self.calls.push(now);
        assert!(self.calls.len() <= 100, "more than a hundred calls in twenty seconds");
        let given = match self.sign_in {
            SignIn::Corp => body.word("/corpAccessToken").map(str::to_owned),
            SignIn::Token => request.headers.iter().find_map(|(name, value)| {
                (*name == "authorization").then(|| value.trim_start_matches("Bearer ").to_owned())
            }),
        };
        if self.refuses || self.token.as_ref().is_none_or(|(token, ends)| given.as_ref() != Some(token) || now >= *ends)
        {
            return failed(20_016);
        }
        if self.is_busy && self.dice.percent(4) {
            // The tenant's token was revoked, or the gateway is busy.
            if self.dice.percent(30) {
                self.token = None;
                return failed(20_016);
            }
            return failed(if self.dice.percent(50) { -1 } else { 30_004 });
        }
        if request.url.ends_with("/user/list") {
            let people = self.organisation.books.people.iter().map(person).collect();
            return Json::object([("errorCode", Json::number_of(0)), ("userList", Json::Array(people))]);
        }
        let wants_refunds = body.word("/data/dataObjectApiName") == Some("RefundObj");
        let paid = self.payments.iter().zip(&self.organisation.books.payments);
        let paid = paid.filter(|(_, payment)| payment.is_refund == wants_refunds).map(|(shown, _)| shown);
        let records: Vec<&Shown> = match body.word("/data/dataObjectApiName") {
            Some("LeadsObj") => self.leads.iter().collect(),
            Some("NewOpportunityObj") => self.deals.iter().collect(),
            Some("PaymentObj" | "RefundObj") => paid.collect(),
            _ => Vec::new(),
        };
        if request.url.ends_with("/data/get") {
            let id = body.word("/data/objectDataId").expect("an id");
            let of_deals = self.organisation.deals.iter().position(|deal| deal.id == id);
            let of_leads = self.organisation.leads.iter().position(|lead| lead.id == id);
            let of_payments = self.organisation.books.payments.iter().position(|payment| payment.id == id);
            let record = match (of_deals, of_leads, of_payments) {
                (Some(place), _, _) => deal(&self.organisation, place),
                (None, Some(place), _) => lead(&self.organisation, place),
                (None, None, place) => payment(&self.organisation, place.expect("a record of ours")),
            };
            let data = Json::object([("object_data", record)]);
            return Json::object([("errorCode", Json::number_of(0)), ("data", data)]);
        }
        Json::object([("errorCode", Json::number_of(0)), ("data", query(&records, &body, now))])
    }
}

fn query(records: &[&Shown], body: &Json, now: i64) -> Json {
    let mut found: Vec<&Json> = records.iter().filter_map(|all| shown(all, now)).collect();
    for filter in body.items("/data/search_query_info/filters") {
        let part = |pointer: &str| filter.word(pointer).expect("a filter");
        let (field, operator, value) = (part("/field_name"), part("/operator"), part("/field_values/0"));
        assert!(field == "_id" || operator == "GTE", "what was edited at the instant itself is asked for too");
        found.retain(|record| {
            let own = record.word(&format!("/{field}")).expect("a field of the record");
            // Instants are as long as each other, and so are ids.
            match operator {
                "GT" => own > value,
                "GTE" => own >= value,
                other => panic!("nobody has said what {other} is"),
            }
        });
    }
    found.sort_by_key(|record| record.word("/_id"));
    Json::object([("dataList", Json::Array(found.into_iter().take(100).cloned().collect()))])
}

impl Exchange for Server {
    fn send(&mut self, request: &Request) -> Result<Response, String> {
        self.organisation.now += if self.hurries { 0 } else { 50 + self.dice.millis(1_500) };
        if self.is_busy && self.dice.percent(40) {
            self.act();
        }
        let body = self.answer(request).encode();
        let date = Some(Time::from_millis(self.organisation.now).floor(SECOND));
        Ok(Response { status: 200, date, body, ..Response::default() })
    }

    fn now(&self) -> Time {
        // Our own clock is wrong.
        Time::from_millis(self.organisation.now + 90_000)
    }

    fn pause(&mut self, millis: i64) {
        self.organisation.now += millis;
    }
}

/// A poller as it is when an instance has just started.
pub(super) fn poller(sign_in: SignIn) -> Crm {
    let text = str::to_owned;
    let credentials = Credentials {
        app_id: text("app"),
        app_secret: text("secret"),
        permanent_code: text("code"),
        user_id: text("1000"),
    };
    let options = Options { census_ms: 5 * MINUTE, ..Options::default() };
    Crm::ShareCrm(Box::new(ShareCrm::new(Api::new(credentials, sign_in, "https://host"), options)))
}

/// The source, in this generation.
pub(super) fn source(generation: u64) -> Source {
    super::source(&SOURCE.replace("currency", &format!("generation = {generation}\ncurrency")))
}

pub(super) struct Instance {
    crm: Crm,
    memory: Memory,
    owner: u32,
    generation: u64,
}

impl Instance {
    pub(super) fn new(topic: &mut Topic, sign_in: SignIn, generation: u64) -> Instance {
        let owner = topic.own();
        Instance { crm: poller(sign_in), memory: topic.memory(generation), owner, generation }
    }

    fn with_desk<R>(&mut self, topic: &mut Topic, now: Time, act: impl FnOnce(&mut Crm, &mut Desk<'_>) -> R) -> R {
        let (source, gate) = (source(self.generation), Gate::new(Arc::new(super::rules())));
        let memory = &mut self.memory;
        let sink = &mut Writer { topic, owner: self.owner };
        let mut desk = Desk { source: &source, gate: &gate, memory, sink, now, batch: Batch::default() };
        act(&mut self.crm, &mut desk)
    }

    pub(super) fn cycle(&mut self, server: &mut Server, topic: &mut Topic) -> bool {
        let now = server.now();
        self.with_desk(topic, now, |crm, desk| crm.cycle(desk, server).is_ok())
    }

    /// Takes pushes in any order; one that is not kept comes again, as a function that retries would send it.
    fn take(&mut self, server: &mut Server, topic: &mut Topic) -> bool {
        let now = server.now();
        while !server.pushes.is_empty() {
            let place = server.dice.below(server.pushes.len());
            let push = server.pushes[place].clone();
            if self.with_desk(topic, now, |_, desk| take_push(&push, desk)).is_err() {
                return false;
            }
            server.pushes.swap_remove(place);
        }
        true
    }
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
    let mut active = Instance::new(&mut topic, server.sign_in, generation);
    let mut old: Option<Instance> = None;
    for round in 0..25 {
        server.organisation.now += server.dice.millis(90_000);
        for _ in 0..server.dice.below(6) {
            server.act();
            server.organisation.now += server.dice.millis(1_200);
        }
        topic.dies_after = server.dice.percent(15).then(|| server.dice.below(6));
        topic.dies_late = server.dice.percent(50);
        if let Some(mut old) = old.take().filter(|_| topic.dies_after.is_none()) {
            old.cycle(&mut server, &mut topic);
        }
        let pushes_first = server.dice.percent(50);
        let lives = (!pushes_first || active.take(&mut server, &mut topic))
            && active.cycle(&mut server, &mut topic)
            && active.take(&mut server, &mut topic);
        // Whoever could not read something goes on with what it remembers, unless it dies.
        let lives = lives || (round % 2 == 0 && topic.dies_after != Some(0));
        topic.dies_after = None;
        if !lives {
            active = Instance::new(&mut topic, server.sign_in, generation);
            server.tokens.clear();
        } else if round == 12 && seed % 3 == 1 {
            // The mapping was wrong, so everything is read anew while people go on.
            generation = 1;
            old = Some(std::mem::replace(&mut active, Instance::new(&mut topic, server.sign_in, generation)));
            server.tokens.clear();
        } else if round % 7 == 3 {
            // Another takes over, and this one does not know it yet.
            old = Some(std::mem::replace(&mut active, Instance::new(&mut topic, server.sign_in, generation)));
            server.tokens.clear();
        }
    }
    server.is_busy = false;
    for minutes in [6, 6, 61] {
        server.organisation.now += minutes * MINUTE;
        assert!(
            active.take(&mut server, &mut topic) && active.cycle(&mut server, &mut topic),
            "seed {seed}: quiet cycles"
        );
    }
    let now = Time::from_millis(server.organisation.now);
    let truth = truth::events(&server.organisation);
    let owners = !server.organisation.reassigns;
    assert_same(&format!("sharecrm, seed {seed}"), &topic, &truth, now, owners, &mut server.dice);
}

/// What a function posts is kept before it hears so, and nothing is taken once nobody polls.
pub(crate) fn try_inbox() {
    let (source, gate) = (super::source(SOURCE), Gate::new(Arc::new(super::rules())));
    let inboxes = Inboxes::new(["sharecrm".to_owned()].into());
    let post = |body: &str| inboxes.push("sharecrm", Json::parse(body.as_bytes()).expect("JSON"));
    // A busy machine may let a function wait for too long; it posts again then.
    let insist = |body: &str| loop {
        match post(body) {
            Answer::Later => {}
            answer => break answer,
        }
    };
    let deal = r#"{"v":1,"object":"NewOpportunityObj","trigger":"edit","data":{"_id":"D","sales_stage":"2","sales_status":"1",
        "stg_changed_time":1793500000000,"last_modified_time":1793500000000,"owner":["r"],"name":"Zhang Wei"}}"#;
    assert_eq!(post(deal), Answer::Later, "nobody polls yet");

    let (mut server, mut topic) = (Server::new(1), Topic::default());
    server.is_busy = false;
    let (stop, status) = (Stop::default(), Status::new(["sharecrm"].into_iter()).expect("metrics"));
    let instance = Instance::new(&mut topic, server.sign_in, 0);
    let poller = Poller {
        source: &source,
        crm: instance.crm,
        interval_ms: MINUTE,
        gate: &gate,
        memory: instance.memory,
        inbox: Some(inboxes.open("sharecrm")),
        status: Arc::new(status),
        stop: stop.clone(),
    };
    std::thread::scope(|scope| {
        let mut writer = Writer { topic: &mut topic, owner: instance.owner };
        let polling = scope.spawn(move || poller.run(&mut writer, &mut server));
        assert!(matches!(insist(r#"{"object":"NewOpportunityObj"}"#), Answer::Refused(_)));
        assert_eq!(insist(deal), Answer::Kept);
        stop.request();
        assert_eq!(polling.join().expect("no panic"), Ok(()));
    });
    topic.events.retain(|event| event.contains("stage_change"));
    let events = topic.events.concat();
    assert!(topic.events.len() == 1 && events.contains(r#""stage":"proposal""#), "{events}");
    assert!(!events.contains("Zhang"), "{events}");
    assert_eq!(post(deal), Answer::Later, "nobody polls any more");
}

/// A token that is refused again and again is not asked for again and again.
pub(crate) fn try_refusal() {
    let (mut server, mut topic) = (Server::new(2), Topic::default());
    server.is_busy = false;
    server.refuses = true;
    let mut active = Instance::new(&mut topic, server.sign_in, 0);
    let now = server.now();
    let trouble = active.with_desk(&mut topic, now, |crm, desk| crm.cycle(desk, &mut server));
    assert!(matches!(trouble, Err(Trouble::SignIn(_))), "{trouble:?}");
    assert_eq!((server.tokens.len(), server.calls.len()), (2, 2), "one more try with a new token");
}
