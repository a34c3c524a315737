//! A deal of Zoho CRM comes back while everything is read anew.

use salespulse::connect::exchange::{Exchange, Request, Response};
use salespulse::model::time::{MINUTE, SECOND, Time};

use super::organisation::Touched;
use super::topic::{Topic, assert_same};
use super::truth;
use super::zoho::{Instance, Server};
use crate::dice::Dice;

/// Somebody restores a deal when deals are listed: the history has been read by then.
struct Restoring<'a> {
    server: &'a mut Server,
    deal: usize,
}

impl Exchange for Restoring<'_> {
    fn send(&mut self, request: &Request) -> Result<Response, String> {
        let stamp = self.server.organisation.stamp();
        let deal = &mut self.server.organisation.deals[self.deal];
        if request.url.contains("/Deals?") && deal.deleted.take().is_some() {
            deal.modified = stamp;
            self.server.publish(&Touched::Deal(self.deal));
            // The index may see it later.
            self.server.organisation.now += MINUTE;
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

/// It is told with all its stages, though the history that was read has none of them.
pub(crate) fn try_back() {
    let (mut server, mut topic) = (Server::at_rest(3), Topic::default());
    let deal = loop {
        match server.organisation.deals.iter().position(|deal| deal.deleted.is_none() && deal.steps.len() == 3) {
            Some(place) => break place,
            None => server.act(),
        }
        server.organisation.now += 2 * SECOND;
    };
    server.organisation.now += MINUTE;
    let mut active = Instance::new(&mut topic, 0);
    assert!(active.cycle(&mut server, &mut topic));
    server.organisation.deals[deal].deleted = Some(server.organisation.stamp());
    server.publish(&Touched::Deal(deal));
    server.organisation.now += MINUTE;
    assert!(active.cycle(&mut server, &mut topic));
    // The mapping was wrong, so everything is read anew.
    let mut active = Instance::new(&mut topic, 1);
    let mut restoring = Restoring { server: &mut server, deal };
    assert_eq!(active.try_cycle(&mut restoring, &mut topic), Ok(()));
    assert!(server.organisation.deals[deal].deleted.is_none());
    // Others wait for their leads.
    server.organisation.now += 4 * MINUTE;
    assert!(active.cycle(&mut server, &mut topic));
    let (now, truth) = (Time::from_millis(server.organisation.now), truth::events(&server.organisation));
    assert_same("a deal that is back", &topic, &truth, now, false, &mut Dice::new(1));
}
