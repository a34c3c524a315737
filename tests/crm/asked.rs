//! What pollers ask for, whatever comes back: from when on, at what pace, and once more from the first page.

use std::collections::BTreeMap;

use salespulse::connect::exchange::{Exchange, Request, Response, Trouble};
use salespulse::connect::zoho::Options;
use salespulse::model::time::{HOUR, MINUTE, SECOND, Time};

use super::course;
use super::hubspot;
use super::organisation::Touched;
use super::pipedrive;
use super::sharecrm;
use super::topic::{Topic, assert_same};
use super::truth;
use super::zoho::{Instance, Server};
use crate::dice::Dice;

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
    for _ in 0..200 {
        server.act();
        server.organisation.now += 1_300;
    }
    // Every lead says which deal it has become.
    while let place @ Touched::Lead(_) = server.organisation.link() {
        server.publish(&place);
    }
    server.organisation.now += HOUR;
    Overheard { server, since: BTreeMap::new(), rest_ms: 0 }
}

/// The comparison of the vendor is inclusive and has whole seconds, so what is asked is never later than the cursor less
/// the overlap.
pub(crate) fn try_cursors() {
    let (mut exchange, mut topic) = (overheard(9), Topic::default());
    let mut instance = Instance::new(&mut topic, 0);
    assert_eq!(instance.try_cycle(&mut exchange, &mut topic), Ok(()));
    assert!(exchange.since.is_empty(), "at first everything is asked for");
    let streams = [("Leads", "leads"), ("Deals", "deals"), ("Deals/deleted", "gone_deals")];
    let cursors = streams.map(|(_, stream)| instance.memory.cursor(stream).expect("a cursor"));
    assert_eq!(instance.try_cycle(&mut exchange, &mut topic), Ok(()));
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
    let trouble = instance.try_cycle(&mut exchange, &mut topic);
    assert!(matches!(trouble, Err(Trouble::Unusable(_))), "{trouble:?}");
    assert_eq!(exchange.rest_ms, 0, "there are two pages of deals");
    assert_eq!(instance.try_cycle(&mut exchange, &mut topic), Ok(()));
    let server = &mut exchange.server;
    let (now, owners) = (Time::from_millis(server.organisation.now), !server.organisation.reassigns);
    let truth = truth::events(&server.organisation);
    assert_same("a page's token has expired", &topic, &truth, now, owners, &mut Dice::new(seed));
}

/// A vendor that answers at once is not asked more often than it allows: the fakes count, and end the test.
pub(crate) fn try_haste() {
    let mut server = hubspot::Server::at_rest(3);
    server.hurries = true;
    read_in_haste(server);
    // One says at another place than the other whether a list goes on.
    for seed in [4, 5] {
        let mut server = pipedrive::Server::at_rest(seed);
        server.hurries = true;
        read_in_haste(server);
    }

    let (mut server, mut topic) = (sharecrm::Server::at_rest(4), Topic::default());
    server.hurries = true;
    while server.organisation.deals.len() < 300 {
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
    let voids = topic.events.iter().filter(|event| event.contains("void")).count();
    assert!(voids > 150, "{voids} were looked up");
}

/// Reads all that people have done at first.
fn read_in_haste<V: course::Vendor>(mut server: V) {
    for _ in 0..1_200 {
        server.act();
        server.organisation().now += SECOND;
    }
    server.organisation().now += HOUR;
    let mut topic = Topic::default();
    let mut instance = course::Instance::new(&server, &mut topic, 0);
    assert!(instance.cycle(&mut server, &mut topic));
    let leads: Vec<&String> = topic.events.iter().filter(|event| event.contains(r#""type":"lead""#)).collect();
    for lead in server.organisation().leads.iter().filter(|lead| lead.deleted.is_none() && lead.deal.is_none()) {
        assert!(leads.iter().any(|event| event.contains(&lead.id)), "nobody has read lead {}", lead.id);
    }
}
