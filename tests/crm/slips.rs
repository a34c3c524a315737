//! Records that slip between two pages of Zoho's while others are deleted and come back.

use salespulse::connect::exchange::{Exchange, Request, Response};
use salespulse::model::time::{HOUR, MINUTE, SECOND, Time};

use super::organisation::{STAGES, Touched};
use super::topic::{Topic, assert_same};
use super::truth;
use super::zoho::{Instance, Server};
use crate::dice::Dice;

/// A server in which some lead and deal are away from the second page of a list on.
struct Slipping {
    server: Server,
    list: &'static str,
    /// Which of all.
    away: usize,
    /// Whether they stay away until all of the list is read, and not for one page only.
    stays: bool,
    course: Course,
}

#[derive(PartialEq)]
enum Course {
    Begins,
    Away,
    Over,
}

impl Slipping {
    /// Deletes them, or restores them.
    fn turn(&mut self, is_gone: bool) {
        let Slipping { server, away, .. } = self;
        server.organisation.now += SECOND;
        let stamp = server.organisation.stamp();
        let (lead, deal) = (&mut server.organisation.leads[*away], &mut server.organisation.deals[*away]);
        for (deleted, modified) in [(&mut lead.deleted, &mut lead.modified), (&mut deal.deleted, &mut deal.modified)] {
            *deleted = is_gone.then_some(stamp);
            *modified = if is_gone { *modified } else { stamp };
        }
        server.publish(&Touched::Lead(*away));
        server.publish(&Touched::Deal(*away));
        server.organisation.now += SECOND;
    }
}

impl Slipping {
    /// Moves the deal to another stage and back, so that its stage does not tell.
    fn move_on_and_back(&mut self) {
        let organisation = &mut self.server.organisation;
        let stage = organisation.deals[self.away].steps.last().expect("a stage").stage;
        for stage in [(stage + 1) % STAGES.len(), stage] {
            organisation.now += MINUTE;
            let (at, id) = (organisation.stamp(), organisation.id());
            organisation.deals[self.away].step(stage, at, id);
            organisation.deals[self.away].modified = at;
        }
        self.server.publish(&Touched::Deal(self.away));
    }
}

impl Exchange for Slipping {
    fn send(&mut self, request: &Request) -> Result<Response, String> {
        let path = request.url.split("/crm/v8/").nth(1).unwrap_or_default();
        let is_of_list = path.starts_with(self.list);
        match self.course {
            Course::Begins if is_of_list && !path.contains("&page=1") => {
                self.turn(true);
                self.course = Course::Away;
            }
            Course::Away if !(self.stays && is_of_list) => {
                self.turn(false);
                self.course = Course::Over;
            }
            _ => {}
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

const RECORDS: usize = 14;

/// Whatever list it is, and whoever is away: neither they are missing afterwards nor what slipped meanwhile.
pub(crate) fn try_slips() {
    for seed in 0..10 {
        for list in ["Leads?", "Deals?", "DealHistory?"] {
            (0..RECORDS).for_each(|away| try_slip(seed, list, away));
        }
    }
}

fn try_slip(seed: u64, list: &'static str, away: usize) {
    let mut server = Server::at_rest(seed);
    while server.organisation.deals.len() < RECORDS || server.organisation.leads.len() < RECORDS {
        server.act();
        server.organisation.now += 2 * SECOND;
    }
    let mut exchange = Slipping { server, list, away, stays: seed % 2 == 1, course: Course::Over };
    exchange.turn(false);
    exchange.server.organisation.now += HOUR;
    let mut topic = Topic::default();
    let mut instance = Instance::new(&mut topic, 0);
    if seed >= 5 {
        // What there is was read before, but for what people do from now on.
        assert_eq!(instance.try_cycle(&mut exchange, &mut topic), Ok(()));
        exchange.move_on_and_back();
    }
    // Until a moment ago, so that a later cycle need not look far back.
    for _ in 0..60 {
        exchange.server.act();
        exchange.server.organisation.now += 10 * SECOND;
    }
    exchange.course = Course::Begins;
    for minutes in [0, 0, 61] {
        exchange.server.organisation.now += minutes * MINUTE;
        assert_eq!(instance.try_cycle(&mut exchange, &mut topic), Ok(()));
    }
    assert!(exchange.course == Course::Over || seed >= 5, "seed {seed}: {list} has two pages");
    let organisation = &exchange.server.organisation;
    let (now, truth) = (Time::from_millis(organisation.now), truth::events(organisation));
    let name = format!("seed {seed}, {away} away from {list}");
    assert_same(&name, &topic, &truth, now, !organisation.reassigns, &mut Dice::new(seed));
}
