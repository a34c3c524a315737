//! What comes to Pipedrive late, or what somebody reads too late.

use salespulse::model::time::{HOUR, MINUTE, SECOND, Time};

use super::Server;
use crate::crm::course::{Instance, Vendor};
use crate::crm::organisation::{Deal, Touched};
use crate::crm::topic::{Topic, assert_same};
use crate::crm::truth;

/// The lead of a deal that was deleted before anybody has read either: it is read while it can be, for the deal may come back.
pub(crate) fn try_deleted_early() {
    let (mut server, mut topic) = (Server::new(4), Topic::default());
    server.be_busy(false);
    let is_early = |deal: &Deal| deal.came_from.is_some() && deal.deleted.is_none() && deal.steps.len() == 2;
    let early = loop {
        match server.organisation.deals.iter().position(is_early) {
            Some(place) => break place,
            None => server.act(),
        }
        server.organisation.now += 2 * SECOND;
    };
    server.organisation.deals[early].deleted = Some(server.organisation.stamp());
    server.publish(&Touched::Deal(early));
    server.organisation.now += MINUTE;
    let mut active = Instance::new(&server, &mut topic, 0);
    assert!(active.cycle(&mut server, &mut topic));
    let check = |server: &mut Server, topic: &Topic| {
        let (now, truth) = (Time::from_millis(server.organisation.now), truth::events(&server.organisation));
        assert_same("a deal that was deleted early", topic, &truth, now, false, &mut server.dice);
    };
    check(&mut server, &topic);
    server.organisation.now += HOUR;
    let lead = server.organisation.deals[early].came_from.clone();
    let lead = server.organisation.leads.iter().position(|known| Some(&known.id) == lead.as_ref()).expect("its lead");
    assert!(!server.can_be_read(lead));
    let stamp = server.organisation.stamp();
    let deal = &mut server.organisation.deals[early];
    (deal.deleted, deal.modified) = (None, stamp);
    server.publish(&Touched::Deal(early));
    server.organisation.now += MINUTE;
    assert!(active.cycle(&mut server, &mut topic));
    check(&mut server, &topic);
}

/// A changelog that lags behind for longer than a deal waits: it is read again until it is there.
pub(crate) fn try_late_changelog() {
    let (mut server, mut topic) = (Server::new(2), Topic::default());
    server.be_busy(false);
    let late = loop {
        let is_moved = |deal: &Deal| deal.steps.len() == 3 && deal.deleted.is_none();
        match server.organisation.deals.iter().position(is_moved) {
            Some(place) => break place,
            None => server.act(),
        }
        server.organisation.now += 2 * SECOND;
    };
    let there = server.organisation.now + 20 * MINUTE;
    server.changes[late].iter_mut().for_each(|change| change.from = there);
    server.organisation.now += MINUTE;
    let mut active = Instance::new(&server, &mut topic, 0);
    let id = format!("deal:{}:", server.organisation.deals[late].id);
    let told = |topic: &Topic| topic.events.iter().filter(|event| event.contains(&id)).count();
    assert!(active.cycle(&mut server, &mut topic));
    assert_eq!(told(&topic), 0, "it waits for its changelog");
    // Others are edited, so that no list of what has changed has this one.
    server.organisation.now += 3 * MINUTE;
    for other in (0..server.organisation.deals.len()).filter(|place| *place != late) {
        let stamp = server.organisation.stamp();
        let deal = &mut server.organisation.deals[other];
        if deal.deleted.is_none() {
            deal.modified = stamp;
            server.publish(&Touched::Deal(other));
        }
    }
    server.organisation.now += MINUTE;
    assert!(active.cycle(&mut server, &mut topic));
    let first = told(&topic);
    assert!(first > 0, "it waits no longer");
    server.organisation.now = there + 15 * MINUTE;
    assert!(active.cycle(&mut server, &mut topic));
    assert!(told(&topic) > first, "what it says is mended");
    let (now, truth) = (Time::from_millis(server.organisation.now), truth::events(&server.organisation));
    assert_same("a late changelog", &topic, &truth, now, true, &mut server.dice);
}
