//! Which of the accepted records are true, and which of those exist at an instant.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use salespulse::model::event::{Body, Event, EventType};
use salespulse::model::rules::Rules;
use salespulse::model::time::{DAY, Time};

use super::local_days::LocalDays;

/// The identity of a fact: `(type, event_id)`, for a journey's events `(type, lead_id, event_id)`.
fn identity<'e>(event: &'e Event<'static>) -> (EventType, &'e str, &'e str) {
    let lead_id = match &event.body {
        Body::Lead(lead) => &lead.lead_id,
        Body::StageChange(change) => &change.lead_id,
        Body::Retraction(retraction) => retraction.lead_id.as_deref().unwrap_or(""),
        _ => "",
    };
    (event.body.kind(), lead_id, &event.event_id)
}

/// The events that exist: of each identity the highest version, then the greater hash, then the later
/// time; without those retracted and those that retention has let go.
pub(crate) fn existing<'e>(
    accepted: &'e [Event<'static>],
    rules: &Rules,
    days: &LocalDays,
    now: Time,
) -> Vec<&'e Event<'static>> {
    let mut truths: BTreeMap<_, &Event<'static>> = BTreeMap::new();
    for event in accepted {
        match truths.entry(identity(event)) {
            Entry::Vacant(place) => {
                place.insert(event);
            }
            Entry::Occupied(mut place) => {
                let rank = |event: &Event<'_>| (event.version, event.hash, event.occurred_at);
                if rank(event) > rank(place.get()) {
                    place.insert(event);
                }
            }
        }
    }
    let horizon = Time::from_millis((now.millis() - rules.retention).div_euclid(DAY) * DAY);
    truths.into_values().filter(|event| exists(event, horizon, days)).collect()
}

fn exists(event: &Event<'_>, horizon: Time, days: &LocalDays) -> bool {
    match &event.body {
        Body::Retraction(_) => false,
        Body::Rep(_) => true,
        Body::Target(target) => days.of_target(target.period).end > horizon,
        _ => event.occurred_at >= horizon,
    }
}
