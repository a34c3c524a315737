//! Answers of a CRM that are damaged on their way. Whatever they have become, a cycle ends, and what it tells is an event.

use std::sync::Arc;

use salespulse::connect::account::SignIn;
use salespulse::connect::desk::{Batch, Desk};
use salespulse::connect::events::Gate;
use salespulse::connect::exchange::{Exchange, Request, Response};
use salespulse::connect::memory::Memory;
use salespulse::connect::poller::Crm;
use salespulse::connect::sources::Source;
use salespulse::model::time::{HOUR, Time};

use super::course::Vendor as _;
use super::over_http::Served;
use super::topic::{Topic, Writer, replay};
use super::{hubspot, pipedrive, sharecrm, zoho};
use crate::dice::Dice;

/// How much people have done before somebody reads it.
const DEEDS: usize = 60;
/// So many calls are answered at most: a list that never ends is no fault of whoever reads it.
const CALLS: usize = 300;

/// What was asked, and what was said.
type Said = Vec<(String, Response)>;

/// Writes down what is said.
struct Recorder<'a> {
    server: &'a mut dyn Exchange,
    said: Said,
}

impl Exchange for Recorder<'_> {
    fn send(&mut self, request: &Request) -> Result<Response, String> {
        let response = self.server.send(request)?;
        self.said.push((request.url.clone(), response.clone()));
        Ok(response)
    }

    fn now(&self) -> Time {
        self.server.now()
    }

    fn pause(&mut self, millis: i64) {
        self.server.pause(millis);
    }
}

/// Says once more what was said, and not always whole.
struct Damaged<'a> {
    said: &'a Said,
    now: i64,
    calls: usize,
    dice: Dice,
    damage: fn(&mut Dice, &mut Vec<u8>),
    percent: usize,
}

impl Exchange for Damaged<'_> {
    fn send(&mut self, request: &Request) -> Result<Response, String> {
        self.now += 100;
        self.calls += 1;
        if self.calls > CALLS {
            return Err("the line is cut".to_owned());
        }
        let any = self.dice.below(self.said.len());
        let same = self.said.iter().find(|(url, _)| *url == request.url);
        let mut response = same.map_or_else(|| self.said[any].1.clone(), |(_, response)| response.clone());
        if self.dice.percent(self.percent) {
            match self.dice.below(10) {
                0 => response.status = [200, 204, 301, 401, 403, 404, 429, 500][self.dice.below(8)],
                1 => response.body = self.said[any].1.body.clone(),
                _ => (self.damage)(&mut self.dice, &mut response.body),
            }
        }
        Ok(response)
    }

    fn now(&self) -> Time {
        Time::from_millis(self.now)
    }

    fn pause(&mut self, millis: i64) {
        self.now += millis;
    }
}

/// One cycle.
fn cycle(crm: &mut Crm, source: &Source, memory: &mut Memory, topic: &mut Topic, exchange: &mut dyn Exchange) {
    let gate = Gate::new(Arc::new(super::rules()));
    let (owner, now) = (topic.own(), exchange.now());
    let sink = &mut Writer { topic, owner };
    let mut desk = Desk { source, gate: &gate, memory, sink, now, batch: Batch::default() };
    // What it says of the CRM is not looked at.
    let _ = crm.cycle(&mut desk, exchange);
}

fn lived<S: Served>(mut server: S) -> S {
    for _ in 0..DEEDS {
        server.live();
        server.organisation().now += 1_300;
    }
    server.organisation().now += HOUR;
    server
}

/// Reads an organisation of one of the dialects whole, and then some of what it has said damaged, for some cycles.
pub(crate) fn try_damaged(seed: u64, damage: fn(&mut Dice, &mut Vec<u8>)) {
    type Made = (Box<dyn Exchange>, Box<dyn Fn() -> Crm>, Source);
    let (mut server, make, source): Made = match seed % 4 {
        0 => (
            Box::new(lived(zoho::Server::at_rest(seed))),
            Box::new(|| Crm::Zoho(Box::new(zoho::poller()))),
            zoho::source_of(0),
        ),
        1 => {
            let server = sharecrm::Server::lived(seed, DEEDS);
            (Box::new(server), Box::new(|| sharecrm::poller(SignIn::Token)), sharecrm::source(0))
        }
        2 => {
            let server = lived(hubspot::Server::at_rest(seed));
            (Box::new(server), Box::new(|| hubspot::Server::at_rest(0).poller()), hubspot::Server::source(0))
        }
        _ => {
            let server = lived(pipedrive::Server::at_rest(seed));
            (Box::new(server), Box::new(|| pipedrive::Server::at_rest(0).poller()), pipedrive::Server::source(0))
        }
    };
    let mut recorder = Recorder { server: &mut *server, said: Vec::new() };
    cycle(&mut make(), &source, &mut Memory::default(), &mut Topic::default(), &mut recorder);
    let (said, now) = (recorder.said, server.now().millis());
    assert!(said.len() > 2, "something was asked");

    let (mut topic, mut memory, mut crm) = (Topic::default(), Memory::default(), make());
    let mut dice = Dice::new(seed);
    for round in 0..4 {
        // The last answers are whole again.
        let percent = if round < 3 { 10 + dice.below(60) } else { 0 };
        let dice = Dice::new(seed ^ round);
        let mut exchange = Damaged { said: &said, now: now + HOUR, calls: 0, dice, damage, percent };
        cycle(&mut crm, &source, &mut memory, &mut topic, &mut exchange);
    }
    // What is no event ends the test there.
    assert!(!replay(&super::rules(), &topic.events, Time::from_millis(now + 2 * HOUR), None).is_empty());
}
