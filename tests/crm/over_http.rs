//! The API of an organisation over real HTTP, for clients that others have written, and what they must read from it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request as Asked;
use axum::http::StatusCode;
use axum::response::Response as Answer;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use salespulse::connect::exchange::{Exchange, Request, Response};
use salespulse::model::time::HOUR;

use super::many::Many;
use super::organisation::{Organisation, id_of_customer, id_of_rep};
use super::{hubspot, pipedrive, zoho};

/// Where the organisation believes to be, and where it is asked.
const BASE: &str = "https://api";
/// The headers that an organisation reads.
const HEADERS: [&str; 4] = ["authorization", "content-type", "if-modified-since", "x-api-token"];
/// How much people have done before somebody reads it.
const DEEDS: usize = 400;

/// An organisation that can be made to answer with an error of its vendor's.
pub(super) trait Served: Exchange + Send + 'static {
    fn organisation(&mut self) -> &mut Organisation;
    /// Somebody does something.
    fn live(&mut self);
    /// What the next call is answered with, by the name of the error.
    fn fail_next(&mut self, error: &str);
}

/// An organisation that listens as long as this exists.
pub(crate) struct OverHttp {
    address: SocketAddr,
    truth: Value,
    _runtime: Runtime,
}

impl OverHttp {
    /// An organisation behind Zoho's API.
    pub(crate) fn zoho(seed: u64) -> OverHttp {
        OverHttp::serve(zoho::Server::at_rest(seed), |truth| {
            // Zoho writes the amount of each row of the history.
            truth["rows"] = truth["rows_with_amounts"].clone();
        })
    }

    /// An account behind HubSpot's API.
    pub(crate) fn hubspot(seed: u64) -> OverHttp {
        OverHttp::serve(hubspot::Server::at_rest(seed), |_| {})
    }

    /// A company behind Pipedrive's API.
    pub(crate) fn pipedrive(seed: u64) -> OverHttp {
        OverHttp::serve(pipedrive::Server::at_rest(seed), |truth| {
            // A lead that has become a deal is in no list.
            truth["leads"].as_array_mut().expect("a list").retain(|lead| lead["deal"].is_null());
        })
    }

    /// Lets people work for a while, and answers then.
    fn serve(mut server: impl Served, adapt: impl FnOnce(&mut Value)) -> OverHttp {
        for _ in 0..DEEDS {
            server.live();
            server.organisation().now += 1_300;
        }
        // By then the index shows everything.
        server.organisation().now += HOUR;
        let mut truth = truth(server.organisation());
        adapt(&mut truth);
        OverHttp::listen(server, truth, |server, path| {
            if let Some(error) = path.strip_prefix("/fail-next/") {
                server.fail_next(error);
                return false;
            }
            // Nobody over HTTP is as fast as to exceed a limit.
            server.organisation().now += 300;
            true
        })
    }

    /// A large organisation behind Zoho's API.
    pub(crate) fn many(deals: usize) -> OverHttp {
        OverHttp::listen(Many::at_rest(deals), Value::Null, |_, _| true)
    }

    /// Answers calls; `prepare` says whether a path is one.
    fn listen<S: Exchange + Send + 'static>(server: S, truth: Value, prepare: fn(&mut S, &str) -> bool) -> OverHttp {
        let runtime = Runtime::new().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let server = Arc::new(Mutex::new(server));
        let app = Router::new().fallback(move |asked: Asked| {
            let server = Arc::clone(&server);
            async move { answer(asked, &server, address, prepare).await }
        });
        runtime.spawn(async move { axum::serve(listener, app).await });
        OverHttp { address, truth, _runtime: runtime }
    }

    /// Where it is found.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A part of what a client must have read.
    pub(crate) fn truth(&self, part: &str) -> &Value {
        &self.truth[part]
    }
}

async fn answer<S: Exchange>(
    asked: Asked,
    server: &Mutex<S>,
    address: SocketAddr,
    prepare: fn(&mut S, &str) -> bool,
) -> Answer {
    let (parts, body) = asked.into_parts();
    let body = to_bytes(body, 1 << 20).await.expect("a body");
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut server = server.lock().expect("no call has panicked");
    if !prepare(&mut server, path) {
        return Answer::new(Body::empty());
    }
    let method = ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().find(|method| parts.method == *method);
    let value = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let request = Request {
        method: method.expect("a method"),
        url: format!("{BASE}{path}"),
        headers: HEADERS.into_iter().filter_map(|name| Some((name, value(name)?.to_owned()))).collect(),
        body: (!body.is_empty()).then(|| body.to_vec()),
    };
    let Response { status, retry_after_ms, body, .. } = server.send(&request).expect("an answer");
    let text = String::from_utf8(body).expect("text").replace(BASE, &format!("http://{address}"));
    let mut answer = Answer::builder().status(StatusCode::from_u16(status).expect("a status"));
    if !text.is_empty() {
        let kind = if text.starts_with('<') { "text/html" } else { "application/json;charset=utf-8" };
        answer = answer.header("content-type", kind);
    }
    if let Some(wait) = retry_after_ms {
        answer = answer.header("retry-after", wait / 1_000);
    }
    answer.body(Body::from(text)).expect("an answer")
}

/// What is there, by somebody who knows: the same for every vendor, whatever the vendor calls it.
fn truth(organisation: &Organisation) -> Value {
    let leads = organisation.leads.iter().filter(|lead| lead.deleted.is_none());
    let deals = || organisation.deals.iter().filter(|deal| deal.deleted.is_none());
    let rows = |with_amounts: bool| {
        let rows = deals().flat_map(|deal| deal.steps.iter().map(move |step| (deal, step)));
        let mut rows: Vec<Value> = rows
            .map(|(deal, step)| {
                let amount = with_amounts.then(|| step.amount.to_string());
                json!([deal.id, format!("S{}", step.stage), step.at, amount])
            })
            .collect();
        sort(&mut rows);
        rows
    };
    let gone_leads = organisation.leads.iter().filter_map(|lead| Some(json!([lead.id, lead.deleted?])));
    let gone_deals = organisation
        .deals
        .iter()
        .filter(|deal| !deal.is_merged)
        .filter_map(|deal| Some(json!([deal.id, deal.deleted?])));
    let books = &organisation.books;
    let mut truth = json!({
        "leads": leads.map(|lead| json!({
            "id": lead.id, "owner": id_of_rep(lead.owner), "channel": format!("channel-{}", lead.channel), "deal": lead.deal,
            "created": lead.created, "modified": lead.modified,
        })).collect::<Vec<_>>(),
        "deals": deals().map(|deal| json!({
            "id": deal.id, "owner": id_of_rep(deal.owner), "customer": id_of_customer(&deal.id), "amount": deal.amount.to_string(),
            "stage": format!("S{}", deal.steps.last().expect("a stage").stage),
            "created": deal.created, "modified": deal.modified,
        })).collect::<Vec<_>>(),
        "gone_leads": gone_leads.collect::<Vec<_>>(),
        "gone_deals": gone_deals.collect::<Vec<_>>(),
        "people": books.people.iter().map(|person| json!([person.id, person.is_active])).collect::<Vec<_>>(),
        "campaigns": books.campaigns.iter().map(|campaign| json!([
            campaign.id, (campaign.cost_of_day * campaign.days).to_string(), super::books::day(campaign.first),
            super::books::day(campaign.first + campaign.days - 1), format!("channel-{}", campaign.channel),
        ])).collect::<Vec<_>>(),
        "rows": rows(false),
        "rows_with_amounts": rows(true),
    });
    for part in ["gone_leads", "gone_deals", "people", "campaigns"] {
        sort(truth[part].as_array_mut().expect("a list"));
    }
    truth
}

fn sort(rows: &mut [Value]) {
    rows.sort_by_key(Value::to_string);
}
