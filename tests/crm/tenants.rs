//! What `connect check` says of organisations of Zoho CRM and of tenants of ShareCRM, where something is wrong too.

use salespulse::connect::account::SignIn;
use salespulse::connect::exchange::{Exchange, Request, Response};
use salespulse::connect::finding::Finding;
use salespulse::connect::json::Json;
use salespulse::connect::sharecrm::{Api, Credentials, Options, ShareCrm};
use salespulse::connect::sources::Source;
use salespulse::model::time::{MINUTE, Time};

use super::checks::{assert_begin, shown};
use super::{sharecrm, zoho};

/// Whether a request is one of these, and what is answered instead.
type Change<'a> = &'a dyn Fn(&Request, Response) -> Result<Response, String>;

/// A server of whose answers some are others.
struct Changed<'a, S> {
    server: &'a mut S,
    change: Change<'a>,
}

impl<S: Exchange> Exchange for Changed<'_, S> {
    fn send(&mut self, request: &Request) -> Result<Response, String> {
        let answer = self.server.send(request)?;
        (self.change)(request, answer)
    }

    fn now(&self) -> Time {
        self.server.now()
    }

    fn pause(&mut self, millis: i64) {
        self.server.pause(millis);
    }
}

fn answer(status: u16, body: &str) -> Response {
    Response { status, body: body.as_bytes().to_vec(), ..Response::default() }
}

/// The answer with what it says changed.
fn edited(response: Response, edit: impl FnOnce(&mut Json)) -> Response {
    let Ok(mut body) = Json::parse(&response.body) else { return response };
    edit(&mut body);
    Response { body: body.encode(), ..response }
}

/// The records of a page with each of them changed.
fn each_record(response: Response, edit: impl Fn(&mut Json)) -> Response {
    edited(response, |body| {
        let mut records = body.items("/data").to_vec();
        records.iter_mut().for_each(edit);
        body.put("data", Json::Array(records));
    })
}

fn said_by_zoho(source: &Source, change: Change<'_>) -> Vec<String> {
    let mut server = zoho::Server::at_rest(1);
    for _ in 0..60 {
        server.act();
        server.organisation.now += 1_000;
    }
    server.organisation.now += 10 * MINUTE;
    let mut zoho = zoho::poller();
    let findings: Vec<Finding> = zoho.check(source, &mut Changed { server: &mut server, change });
    shown(findings)
}

/// Stages as the settings list them.
fn with_stages(response: Response, stages: &[&str]) -> Response {
    edited(response, |body| {
        let value = |name: &&str| Json::object([("actual_value", Json::text_of(*name))]);
        let values = Json::Array(stages.iter().map(value).collect());
        let field = Json::object([("api_name", Json::text_of("Stage")), ("pick_list_values", values)]);
        body.put("fields", Json::Array(vec![field]));
    })
}

const STAGES: [&str; 7] = ["-None-", "S0", "S1", "S2", "S3", "S4", "S5"];

pub(crate) fn try_zoho() {
    let source = zoho::source_of(0);
    let is_of = |request: &Request, part: &str| request.url.contains(part);
    let whole = |request: &Request, response: Response| {
        Ok(if is_of(request, "settings/fields") { with_stages(response, &STAGES) } else { response })
    };
    let well = said_by_zoho(&source, &whole);
    let expected = [
        "ok: the refresh token is taken",
        "note: this machine's clock is -89 s away from Zoho's; ",
        "ok: Deals can be read",
        "ok: Leads can be read",
        "ok: DealHistory can be read",
        "ok: Campaigns can be read",
        "ok: Deals/deleted can be read",
        "ok: Leads/deleted can be read",
        "ok: users can be read",
        "ok: the stage history is listed with the newest row first",
        "ok: the times of the stage history are those of entering a stage (",
        "ok: all 6 stages are in [tables.stages]",
    ];
    assert_begin(&well, &expected);
    let all =
        |change: Change<'_>| said_by_zoho(&source, &|request, response| change(request, whole(request, response)?));
    let differs = |part: &str, change: &dyn Fn(Response) -> Response, expected: &[&str]| {
        let said = all(&|request, response| Ok(if is_of(request, part) { change(response) } else { response }));
        let new: Vec<String> = said.into_iter().filter(|line| !well.contains(line)).collect();
        assert_begin(&new, expected);
    };

    let refused = |_: Response| answer(200, r#"{"error":"invalid_code"}"#);
    differs("/oauth/v2/token", &refused, &["WRONG: the CRM does not take the credentials: invalid_code"]);
    let silent = all(&|_, _| Err("nobody is there".to_owned()));
    assert_begin(&silent, &["WRONG: the CRM does not answer: nobody is there"]);

    let no_scope = |_: Response| answer(401, r#"{"code":"OAUTH_SCOPE_MISMATCH","message":"no scope"}"#);
    for (part, name) in [
        ("/Leads?", "Leads"),
        ("/Campaigns?", "Campaigns"),
        ("/Deals/deleted", "Deals/deleted"),
        ("/Leads/deleted", "Leads/deleted"),
        ("/users?", "users"),
    ] {
        let wrong = format!("WRONG: {name} cannot be read: the CRM does not allow this: ");
        differs(part, &no_scope, &[&wrong]);
    }

    // What the documents leave open: whether a row's time is that of entering its stage, and the order of the list.
    let later = |response: Response| {
        each_record(response, |row| row.put("Modified_Time", Json::text_of("2099-01-01T00:00:00+00:00")))
    };
    let meaning = "WRONG: the stage history of the deals ";
    differs("/Stage_History?", &later, &[meaning]);
    let stage_modified = |at: &'static str| {
        move |response: Response| each_record(response, |deal| deal.put("Stage_Modified_Time", Json::text_of(at)))
    };
    differs("/Deals?", &stage_modified("2020-01-01T00:00:00+00:00"), &[meaning]);
    differs("/Deals?", &|_| answer(204, ""), &["note: no deal has a stage history yet, so it is not proved"]);
    let reversed = |response: Response| {
        edited(response, |body| body.put("data", Json::Array(body.items("/data").iter().rev().cloned().collect())))
    };
    differs("/DealHistory?", &reversed, &["WRONG: the stage history is not listed with the newest row first"]);

    let stages = "settings/fields";
    let strange = |response: Response| with_stages(response, &["S0", "Strange"]);
    differs(stages, &strange, &["WRONG: [tables.stages] has no entry for \"Strange\": "]);
    differs(stages, &|response| with_stages(response, &[]), &["note: Zoho lists no stages, so they are not compared"]);
    differs(stages, &|_| answer(204, ""), &["note: Zoho lists no fields of deals"]);
    differs(stages, &no_scope, &["note: the stages cannot be compared: "]);
}

fn said_by_sharecrm(change: Change<'_>) -> Vec<String> {
    let mut server = sharecrm::Server::at_rest(1);
    for _ in 0..60 {
        server.act();
        server.organisation.now += 1_000;
    }
    server.organisation.now += 10 * MINUTE;
    server.sign_in = SignIn::Token;
    let text = str::to_owned;
    let credentials =
        Credentials { app_id: text("app"), app_secret: text("s"), permanent_code: text("c"), user_id: text("1000") };
    let api = Api::new(credentials, SignIn::Token, "https://host");
    let mut crm = ShareCrm::new(api, Options::default());
    let source = super::source(sharecrm::SOURCE);
    shown(crm.check(&source, &mut Changed { server: &mut server, change }))
}

/// What ShareCRM says of the fields of deals.
fn described(stages: &[&str], statuses: &[&str]) -> Response {
    let options = |values: &[&str]| {
        let option = |value: &&str| {
            Json::object([("value", Json::text_of(*value)), ("label", Json::text_of(format!("选项 {value}")))])
        };
        Json::object([("options", Json::Array(values.iter().map(option).collect()))])
    };
    let fields = Json::object([("sales_stage", options(stages)), ("sales_status", options(statuses))]);
    let data = Json::object([("describe", Json::object([("fields", fields)]))]);
    let body = Json::object([("errorCode", Json::number_of(0)), ("data", data)]);
    Response { status: 200, body: body.encode(), ..Response::default() }
}

pub(crate) fn try_sharecrm() {
    let asks = |request: &Request, part: &str| {
        let body = String::from_utf8_lossy(request.body.as_deref().unwrap_or_default()).into_owned();
        request.url.contains(part) || body.contains(part)
    };
    let (stages, statuses) = (["0", "1", "2", "3", "9"], ["1", "2", "3", "4"]);
    let whole = |request: &Request, response: Response| {
        Ok(if asks(request, "/object/describe") { described(&stages, &statuses) } else { response })
    };
    let well = said_by_sharecrm(&whole);
    let expected = [
        "ok: LeadsObj can be read",
        "ok: NewOpportunityObj can be read",
        "ok: PaymentObj can be read",
        "ok: RefundObj can be read",
        "note: this machine's clock is 90 s away from ShareCRM's; ",
        "ok: all 5 options of sales_stage are in [tables.stages]",
        "ok: all 4 options of sales_status are in [tables.statuses]",
    ];
    assert_begin(&well, &expected);
    let differs = |part: &str, change: &dyn Fn() -> Response, expected: &[&str]| {
        let said = said_by_sharecrm(&|request, response| {
            if asks(request, part) { Ok(change()) } else { whole(request, response) }
        });
        let new: Vec<String> = said.into_iter().filter(|line| !well.contains(line)).collect();
        assert_begin(&new, expected);
    };
    let failed = |code: i64| move || answer(200, &format!(r#"{{"errorCode":{code},"errorMessage":"no"}}"#));

    let hint = "; the app needs its API quota, this machine's address on its list (IP 白名单), and developer mode";
    let wrong = |what: &str| format!("WRONG: {what}{hint}");
    differs("/oauth2.0/token", &failed(10_006), &[&wrong("the CRM does not take the credentials: 10006: no")]);
    differs("/data/query", &failed(20_016), &[&wrong("the CRM does not take the credentials: 20016: no")]);
    differs("/data/query", &failed(30_002), &[&wrong("the CRM's quota of calls is used up: 30002: no")]);
    let silent = said_by_sharecrm(&|_, _| Err("nobody is there".to_owned()));
    assert_begin(&silent, &[&wrong("the CRM does not answer: nobody is there")]);
    let denied = "WRONG: PaymentObj cannot be read: the CRM does not allow this: 20021: no";
    differs("PaymentObj", &failed(20_021), &[denied]);
    let page = || answer(200, "<html>a page of the web</html>");
    let elsewhere = ["LeadsObj", "NewOpportunityObj", "PaymentObj", "RefundObj"].map(|name| {
        format!("WRONG: {name} cannot be read: the CRM's answer cannot be used: it is no JSON; is the host ")
    });
    differs("/data/query", &page, &elsewhere.each_ref().map(String::as_str));

    let strange = || described(&["0", "strange"], &["1", "8"]);
    let unmapped = [
        "WRONG: [tables.stages] has no entry for \"strange\" (选项 strange): ",
        "WRONG: [tables.statuses] has no entry for \"8\" (选项 8): ",
    ];
    differs("/object/describe", &strange, &unmapped);
    let none = ["sales_stage", "sales_status"].map(|field| format!("note: ShareCRM lists no options of {field}, so "));
    differs("/object/describe", &|| described(&[], &[]), &none.each_ref().map(String::as_str));
    let denied = ["stages", "statuses"].map(|table| format!("note: [tables.{table}] cannot be compared: "));
    differs("/object/describe", &failed(20_021), &denied.each_ref().map(String::as_str));
}
