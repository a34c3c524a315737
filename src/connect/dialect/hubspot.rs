//! HubSpot: deals with the history of their properties, and batches of webhooks.

use super::{Payload, Reader, Reading, void_document as void};
use crate::connect::json::Json;
use crate::connect::mapping::millis;

/// Reads deals with history, leads and owners, and of webhooks what has no record to look at: deletions and merges.
pub(super) fn read(payloads: &[Payload], reader: &Reader) -> Reading {
    let mut reading = Reading::default();
    for payload in payloads {
        match &payload.json {
            Json::Array(events) => {
                for event in events {
                    webhook(event, &payload.name, &mut reading);
                }
            }
            json if !json.items("/results").is_empty() => {
                json.items("/results").iter().for_each(|result| record(result, &payload.name, reader, &mut reading));
            }
            json if json.at("/id").is_some() => record(json, &payload.name, reader, &mut reading),
            _ => reading.skip(&payload.name, "holds no records"),
        }
    }
    reading
}

/// A deal, a lead or an owner, by the fields that only it has.
fn record(record: &Json, name: &str, reader: &Reader, reading: &mut Reading) {
    let has = |pointer: &str| record.at(pointer).is_some();
    match () {
        () if has("/propertiesWithHistory") => deal(record, reader, reading),
        () if has("/properties/hs_lead_name")
            || has("/properties/hs_lead_type")
            || has("/properties/hs_lead_label") =>
        {
            reading.add("leads", record.clone());
        }
        () if has("/userId") && has("/createdAt") => reading.add("users", owner(record)),
        () => reading.skip(name, "lists records without the history of their stages"),
    }
}

/// An owner with the primary team, else the first one.
#[must_use]
pub fn owner(record: &Json) -> Json {
    let teams = record.items("/teams");
    let primary = teams.iter().find(|team| team.word("/primary") == Some("true")).or_else(|| teams.first());
    let mut owner = record.clone();
    owner.put("team", Json::optional(primary.and_then(|team| team.word("/id"))));
    owner
}

fn webhook(event: &Json, name: &str, reading: &mut Reading) {
    let at = event.at("/occurredAt").cloned().unwrap_or(Json::Null);
    let object = match event.word("/subscriptionType").and_then(|kind| kind.split_once('.')) {
        Some(("deal", what)) => ("deal", what),
        Some(("lead", what)) => ("lead", what),
        Some(("object", what)) if event.word("/objectTypeId") == Some("0-3") => ("deal", what),
        _ => return reading.skip(name, "is a notification of an object that is not read"),
    };
    match object {
        (object, "deletion" | "privacyDeletion") => {
            let id = event.word("/objectId").unwrap_or_default();
            reading.add("voids", void(object, id, at, id));
        }
        (object, "merge") => {
            let winner = event.word("/newObjectId").or_else(|| event.word("/primaryObjectId"));
            for loser in event.items("/mergedObjectIds").iter().filter_map(|id| id.word("")) {
                if Some(loser) != winner {
                    reading.add("voids", void(object, loser, at.clone(), loser));
                }
            }
        }
        _ => reading.skip(name, "is a notification, which only says where to look"),
    }
}

/// One value that a property had, and since when.
struct Entry<'a> {
    value: &'a str,
    at: i64,
    json: &'a Json,
}

/// The values of a property, the oldest first.
fn history<'a>(deal: &'a Json, property: &str) -> Vec<Entry<'a>> {
    let entries = deal.items(&format!("/propertiesWithHistory/{property}")).iter();
    let mut entries: Vec<Entry<'a>> = entries
        .filter_map(|json| Some(Entry { value: json.word("/value")?, at: millis(json.at("/timestamp")?)?, json }))
        .collect();
    entries.sort_by_key(|entry| entry.at);
    entries
}

/// A property as it was at an instant: by its history where that is given, else as it is now.
fn in_force(deal: &Json, property: &str, at: i64) -> Json {
    let entries = history(deal, property);
    let value = match entries.as_slice() {
        [] => deal.filled(&format!("/properties/{property}")),
        entries => entries.iter().rev().find(|entry| entry.at <= at).map(|entry| entry.value),
    };
    Json::optional(value.filter(|value| !value.is_empty()))
}

fn deal(deal: &Json, reader: &Reader, reading: &mut Reading) {
    let id = deal.word("/id").unwrap_or_default();
    if deal.word("/archived") == Some("true") {
        let at = deal.at("/archivedAt").or_else(|| deal.at("/updatedAt")).cloned().unwrap_or(Json::Null);
        return reading.add("voids", void("deal", id, at, id));
    }
    let lead = deal.word("/associations/leads/results/0/id");
    let company = deal.word("/associations/companies/results/0/id");
    let contact = deal.word("/associations/contacts/results/0/id");
    stages(deal, lead, company.or(contact), reader).into_iter().for_each(|stage| reading.add("stages", stage));
}

/// The stages of a deal: each entry of its history with the deal as it is now, and with the owner and the amount of then.
#[must_use]
pub fn stages(deal: &Json, lead: Option<&str>, customer: Option<&str>, reader: &Reader) -> Vec<Json> {
    let id = deal.word("/id").unwrap_or_default();
    let stages = history(deal, "dealstage");
    let last = stages.len().saturating_sub(1);
    let document = |(place, entry): (usize, &Entry<'_>)| {
        let mut document = Json::object([
            ("entry", entry.json.clone()),
            ("deal", deal.clone()),
            ("owner", in_force(deal, "hubspot_owner_id", entry.at)),
            ("amount", in_force(deal, "amount", entry.at)),
            ("customer", Json::optional(customer)),
            ("journey", Json::text_of(lead.unwrap_or(id))),
            ("is_current", Json::Bool(place == last)),
        ]);
        if reader.deals_start_journeys && lead.is_none() {
            let field = |pointer: &str| deal.at(pointer).cloned().unwrap_or(Json::Null);
            let channel = field("/properties/hs_analytics_source");
            let start = [("channel", channel), ("started_at", field("/properties/createdate"))];
            document.put("start", Json::object(start));
        }
        document
    };
    stages.iter().enumerate().filter(|(_, entry)| !entry.value.is_empty()).map(document).collect()
}
