//! What pollers ask for, whatever comes back: from when on, at what pace, and once more from the first page.

use std::collections::BTreeMap;
use std::sync::Arc;

use salespulse::connect::desk::{Batch, Desk};
use salespulse::connect::events::Gate;
use salespulse::connect::exchange::{Exchange, Request, Response, Trouble};
use salespulse::connect::zoho::Options;
use salespulse::model::time::{HOUR, MINUTE, SECOND, Time};

use super::course;
use super::hubspot;
use super::organisation::Touched;
use super::sharecrm;
use super::topic::{Topic, Writer, replay};
use super::zoho::{Instance, Server, source_of};

/// A server of which somebody writes down what it is asked, and which stands still in the middle of a list.
struct Overheard {
    server: Server,
    /// The header `If-Modified-Since` of the last request for each list.
    since: BTreeMap<String, Time>,
    /// How long it stands still before the second page of deals.
    rest_ms: i64,
}

impl Exchange for Overheard {
    fn send(&mut self, request: &Request) -> Result<Response, String> {
        let path = request.url.split("/crm/v8/").nth(1).unwrap_or_default();
        let list = path.split('?').next().unwrap_or_default();
        if let Some((_, since)) = request.headers.iter().find(|(name, _)| *name == "if-modified-since") {
            self.since.insert(list.to_owned(), Time::parse(since).expect("a time"));
        }
        if list == "Deals" && path.contains("page_token=") {
            self.server.organisation.now += std::mem::take(&mut self.rest_ms);
        }
        self.server.send(request)
    }

    fn now(&self) -> Time {
        self.server.now()
    }

    fn pause(&mut self, millis: i64) {
        self.server.pause(millis);
    }
}

fn overheard(seed: u64) -> Overheard {
    let mut server = Server::at_rest(seed);
    for _ in 0..80 {
        server.act();
        server.organisation.now += 1_300;
    }
    server.organisation.now += HOUR;
    Overheard { server, since: BTreeMap::new(), rest_ms: 0 }
}

fn cycle(instance: &mut Instance, topic: &mut Topic, exchange: &mut Overheard) -> Result<(), Trouble> {
    let (source, gate, now) = (source_of(0), Gate::new(Arc::new(super::rules())), exchange.now());
    let sink = &mut Writer { topic, owner: instance.owner };
    let memory = &mut instance.memory;
    let mut desk = Desk { source: &source, gate: &gate, memory, sink, now, batch: Batch::default() };
    instance.zoho.cycle(&mut desk, exchange)
}

/// The comparison of the vendor is inclusive and has whole seconds, so what is asked is never later than the cursor less
/// the overlap.
pub(crate) fn try_cursors() {
    let (mut exchange, mut topic) = (overheard(9), Topic::default());
    let mut instance = Instance::new(&mut topic, 0);
    assert_eq!(cycle(&mut instance, &mut topic, &mut exchange), Ok(()));
    assert!(exchange.since.is_empty(), "at first everything is asked for");
    let streams = [("Leads", "leads"), ("Deals", "deals"), ("Deals/deleted", "gone_deals")];
    let cursors = streams.map(|(_, stream)| instance.memory.cursor(stream).expect("a cursor"));
    assert_eq!(cycle(&mut instance, &mut topic, &mut exchange), Ok(()));
    for ((list, _), cursor) in streams.into_iter().zip(cursors) {
        let from = Time::from_millis(cursor - Options::default().overlap_ms).floor(SECOND);
        assert_eq!(exchange.since.get(list), Some(&from), "{list}");
    }
}

/// A token of a page that has expired meanwhile: the next scan begins at the first page.
pub(crate) fn try_pages() {
    let seed = (0..100).find(|seed| Server::at_rest(*seed).by_token).expect("one of two");
    let (mut exchange, mut topic) = (overheard(seed), Topic::default());
    let mut instance = Instance::new(&mut topic, 0);
    exchange.rest_ms = MINUTE;
    let trouble = cycle(&mut instance, &mut topic, &mut exchange);
    assert!(matches!(trouble, Err(Trouble::Unusable(_))), "{trouble:?}");
    assert_eq!(exchange.rest_ms, 0, "there are two pages of deals");
    assert_eq!(cycle(&mut instance, &mut topic, &mut exchange), Ok(()));
    let now = Time::from_millis(exchange.server.organisation.now);
    // Deals whose lead is not known yet are told two minutes later.
    exchange.server.organisation.now += 3 * MINUTE;
    assert_eq!(cycle(&mut instance, &mut topic, &mut exchange), Ok(()));
    let truth = super::truth::events(&exchange.server.organisation);
    let org = |lines: Vec<String>| -> Vec<String> { lines.into_iter().filter(|line| line.contains("_org_")).collect() };
    let rules = super::rules();
    assert_eq!(org(replay(&rules, &topic.events, now, None)), org(replay(&rules, &truth, now, None)));
}

/// A vendor that answers at once is not asked more often than it allows: the fakes count, and end the test.
pub(crate) fn try_haste() {
    let (mut server, mut topic) = (hubspot::Server::at_rest(3), Topic::default());
    server.hurries = true;
    for _ in 0..400 {
        course::Vendor::act(&mut server);
    }
    server.organisation.now += HOUR;
    let mut instance = course::Instance::new(&server, &mut topic, 0);
    assert!(instance.cycle(&mut server, &mut topic));

    let (mut server, mut topic) = (sharecrm::Server::at_rest(4), Topic::default());
    server.hurries = true;
    while server.organisation.deals.len() < 150 {
        server.act();
    }
    server.organisation.now += HOUR;
    let mut instance = sharecrm::Instance::new(&mut topic, server.sign_in, 0);
    assert!(instance.cycle(&mut server, &mut topic));
    // The census looks each of them up.
    server.organisation.now += HOUR;
    let at = server.organisation.stamp();
    for place in 0..server.organisation.deals.len() {
        server.organisation.deals[place].deleted = Some(at);
        server.publish(&Touched::Deal(place));
    }
    server.organisation.now += HOUR;
    assert!(instance.cycle(&mut server, &mut topic));
    assert!(topic.events.iter().filter(|event| event.contains("void")).count() >= 150);
}
