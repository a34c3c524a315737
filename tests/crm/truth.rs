//! What the organisation's events are, told by somebody who knows everything.

use super::books::day;
use super::organisation::{Organisation, STAGES, id_of_customer, id_of_rep};
use super::topic::Topic;

/// The events of an organisation as lines of JSON.
pub(super) fn events(organisation: &Organisation) -> Vec<String> {
    let mut events = Vec::new();
    for lead in &organisation.leads {
        let id = &lead.id;
        events.push(format!(
            r#"{{"type":"lead","event_id":"l","occurred_at":{},"lead_id":"{id}","rep_id":"{}","team_id":"east","channel":"channel-{}"}}"#,
            lead.created,
            id_of_rep(lead.owner),
            lead.channel
        ));
        if let Some(at) = lead.deleted {
            events.push(void(id, at));
        }
    }
    for deal in &organisation.deals {
        let linked = organisation.leads.iter().find(|lead| lead.deal.as_ref() == Some(&deal.id));
        let journey = linked.map_or(&deal.id, |lead| &lead.id);
        for (place, step) in deal.steps.iter().enumerate() {
            events.push(format!(
                r#"{{"type":"stage_change","event_id":"{place:04}","occurred_at":{},"lead_id":"{journey}","customer_id":"{}","stage":"{}","amount":"{}","currency":"CNY","rep_id":"{}","team_id":"east"}}"#,
                step.at,
                id_of_customer(&deal.id),
                STAGES[step.stage],
                step.amount,
                id_of_rep(step.owner)
            ));
        }
        if let Some(at) = deal.deleted {
            events.push(void(journey, at));
        }
    }
    events.extend(of_books(organisation));
    events
}

/// The events without those that nobody can know where what is deleted is in no list: a journey that was over before anybody
/// has read its record. All that it leaves in the truth is a row of zeros, for `unassigned`.
///
/// Whatever a finished cycle was given was read, and so was whatever anything was produced of.
pub(super) fn knowable(organisation: &Organisation, produced: &Topic) -> Vec<String> {
    let is_linked = |deal: &str| organisation.leads.iter().any(|lead| lead.deal.as_deref() == Some(deal));
    let leads = organisation.leads.iter().filter(|lead| lead.deleted.is_some()).map(|lead| &lead.id);
    let deals = organisation.deals.iter().filter(|deal| deal.deleted.is_some()).map(|deal| &deal.id);
    let unread: Vec<String> = leads
        .chain(deals.filter(|deal| !is_linked(deal)))
        .filter(|journey| !produced.read.contains(*journey))
        .map(|journey| format!(r#""lead_id":"{journey}""#))
        .filter(|journey| !produced.events.iter().any(|event| event.contains(journey)))
        .collect();
    let mut events = events(organisation);
    events.retain(|event| !unread.iter().any(|journey| event.contains(journey)));
    events
}

fn of_books(organisation: &Organisation) -> Vec<String> {
    let books = &organisation.books;
    let mut events = Vec::new();
    for payment in books.payments.iter().filter(|payment| payment.deleted.is_none()) {
        let kind = if payment.is_refund { "refund" } else { "payment" };
        events.push(format!(
            r#"{{"type":"payment","event_id":"{}","occurred_at":{},"kind":"{kind}","amount":"{}","currency":"CNY","customer_id":"customer","rep_id":"{}","team_id":"east"}}"#,
            payment.id,
            payment.created,
            payment.amount,
            id_of_rep(payment.owner)
        ));
    }
    for campaign in &books.campaigns {
        for number in campaign.first..campaign.first + campaign.days {
            let day = day(number);
            events.push(format!(
                r#"{{"type":"spend","event_id":"{}:{day}","occurred_at":"{day}T12:00:00Z","amount":"{}","currency":"CNY","channel":"channel-{}","campaign":"{}"}}"#,
                campaign.id, campaign.cost_of_day, campaign.channel, campaign.id
            ));
        }
    }
    for person in &books.people {
        events.push(format!(
            r#"{{"type":"rep","event_id":"{}","occurred_at":{},"rep_id":"{}","team_id":"east","active":{}}}"#,
            person.id, person.joined, person.id, person.is_active
        ));
    }
    events
}

fn void(journey: &str, at: i64) -> String {
    format!(r#"{{"type":"stage_change","event_id":"void","occurred_at":{at},"lead_id":"{journey}","stage":"void"}}"#)
}
