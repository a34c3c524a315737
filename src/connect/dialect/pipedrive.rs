//! Pipedrive: deals, their changelogs, leads, and webhooks of version 2.

mod changelog;

use std::collections::{BTreeMap, BTreeSet};

use super::{Payload, Reader, Reading, void_document as void};
use crate::connect::json::Json;
use crate::connect::mapping::{millis, normalised};

pub use changelog::{agrees, stages};

/// What is known of the CRM.
#[derive(Default)]
struct Known<'a> {
    deals: BTreeMap<&'a str, &'a Json>,
    leads: BTreeMap<&'a str, &'a Json>,
    changelogs: Vec<(&'a str, &'a [Json])>,
    webhooks: Vec<&'a Json>,
}

/// Reads payloads of any kind together.
pub(super) fn read(payloads: &[Payload], reader: &Reader) -> Reading {
    let mut reading = Reading::default();
    let mut known = Known::default();
    for payload in payloads {
        known.note(payload, &mut reading);
    }
    let journeys: BTreeMap<&str, &str> =
        known.deals.iter().filter_map(|(id, deal)| Some((*id, deal.filled("/source_lead_id")?))).collect();
    for lead in known.leads.values() {
        reading.add("leads", (*lead).clone());
    }
    let mut with_changelog = BTreeSet::new();
    for (name, changes) in &known.changelogs {
        match known.deal_of(name, changes) {
            Some((id, deal)) => {
                with_changelog.insert(id);
                let lead = journeys.get(id).copied();
                let starts = reader.deals_start_journeys && lead.is_none();
                stages(deal, changes, lead, starts).into_iter().for_each(|stage| reading.add("stages", stage));
            }
            None => reading.skip(name, "is a changelog of a deal that is not among the payloads"),
        }
    }
    for (id, deal) in known.deals.iter().filter(|(id, _)| !with_changelog.contains(*id)) {
        let journey = journeys.get(id).copied().unwrap_or(id);
        now(deal, journey, &mut reading);
    }
    for webhook in &known.webhooks {
        read_webhook(webhook, &journeys, &mut reading);
    }
    reading
}

impl<'a> Known<'a> {
    fn note(&mut self, payload: &'a Payload, reading: &mut Reading) {
        let json = &payload.json;
        if json.at("/meta/entity").is_some() {
            return self.webhooks.push(json);
        }
        let records = json.items("/data");
        if records.iter().any(|record| record.at("/field_key").is_some()) {
            return self.changelogs.push((&payload.name, records));
        }
        if records.is_empty() {
            return reading.skip(&payload.name, "holds no records");
        }
        for record in records {
            let Some(id) = record.word("/id") else { continue };
            if record.at("/stage_id").is_some() {
                self.deals.insert(id, record);
            } else if record.at("/active_flag").is_some() && record.at("/created").is_some() {
                reading.add("users", record.clone());
            } else if record.at("/source_name").is_some() || record.at("/is_archived").is_some() {
                self.leads.insert(id, record);
            } else {
                reading.skip(&payload.name, "holds a record that is neither a deal nor a lead");
            }
        }
    }

    /// The deal of a changelog, which does not name it: the name of the payload does, or the time of its creation.
    fn deal_of(&self, name: &str, changes: &[Json]) -> Option<(&'a str, &'a Json)> {
        let deals = || self.deals.iter().map(|(id, deal)| (*id, *deal));
        let mut words = name.split(|char: char| !char.is_ascii_digit());
        if let Some(found) = words.find_map(|word| self.deals.get_key_value(word)) {
            return Some((found.0, found.1));
        }
        let created = changes.iter().find(|change| change.word("/field_key") == Some("add_time"));
        let created = created.and_then(|change| changelog::utc(change.word("/new_value")?));
        let mut fitting = deals().filter(|(_, deal)| created.is_some() && deal.word("/add_time") == created.as_deref());
        match (fitting.next(), fitting.next(), self.deals.len()) {
            (Some(found), None, _) => Some(found),
            (_, _, 1) => deals().next(),
            _ => None,
        }
    }
}

/// The stage in which a deal is, and since when, where there is no changelog.
fn now(deal: &Json, journey: &str, reading: &mut Reading) {
    let id = deal.word("/id").unwrap_or_default();
    if deal.word("/is_deleted") == Some("true") || deal.word("/status") == Some("deleted") {
        let at = deal.word("/update_time").and_then(whole_seconds);
        return reading.add("voids", void("deal", id, Json::optional(at.as_deref()), journey));
    }
    let since = match deal.word("/status") {
        Some("won") => deal.word("/won_time"),
        Some("lost") => deal.word("/lost_time"),
        _ => deal.word("/stage_change_time").or_else(|| deal.word("/add_time")),
    };
    if let Some(document) = since.and_then(|since| stage(deal, since, journey)) {
        reading.add("stages", document);
    }
}

fn stage(deal: &Json, at: &str, journey: &str) -> Option<Json> {
    let at = normalised(at)?;
    let field = |pointer: &str| deal.at(pointer).cloned().unwrap_or(Json::Null);
    Some(Json::object([
        ("deal", deal.clone()),
        ("at", Json::text_of(at)),
        ("place", Json::number_of(0)),
        ("stage_id", field("/stage_id")),
        ("status", field("/status")),
        ("owner_id", field("/owner_id")),
        ("value", field("/value")),
        ("currency", field("/currency")),
        ("expected_close_date", field("/expected_close_date")),
        ("journey", Json::text_of(journey)),
        ("is_current", Json::Bool(true)),
    ]))
}

fn read_webhook(webhook: &Json, journeys: &BTreeMap<&str, &str>, reading: &mut Reading) {
    let id = webhook.word("/meta/entity_id").or_else(|| webhook.word("/data/id")).unwrap_or_default();
    let name = format!("webhook {}", webhook.word("/meta/id").unwrap_or_default());
    let is_conversion_source = || journeys.values().any(|lead| *lead == id);
    match (webhook.word("/meta/entity"), webhook.word("/meta/action")) {
        (Some("deal"), Some("delete")) => {
            let at = webhook.word("/meta/timestamp").and_then(whole_seconds);
            let journey = journeys.get(id).copied().unwrap_or(id);
            reading.add("voids", void("deal", id, Json::optional(at.as_deref()), journey));
        }
        (Some("deal"), _) => read_change(webhook, journeys.get(id).copied().unwrap_or(id), &name, reading),
        (Some("lead"), Some("delete")) if is_conversion_source() => {
            reading.skip(&name, "is a lead that became a deal, which Pipedrive marks as deleted");
        }
        (Some("lead"), Some("delete")) => {
            let at = webhook.word("/meta/timestamp").and_then(whole_seconds);
            reading.add("voids", void("lead", id, Json::optional(at.as_deref()), id));
        }
        (Some("lead"), _) => match webhook.at("/data") {
            Some(lead) => reading.add("leads", lead.clone()),
            None => reading.skip(&name, "has no data"),
        },
        _ => reading.skip(&name, "is of an entity that is not read"),
    }
}

/// A change of a deal: a stage if its stage or status is among what changed.
fn read_change(webhook: &Json, journey: &str, name: &str, reading: &mut Reading) {
    let Some(deal) = webhook.at("/data") else { return reading.skip(name, "has no data") };
    let was = |field: &str| webhook.word(&format!("/previous/{field}"));
    let is_new = matches!(webhook.word("/meta/action"), Some("create" | "add" | "added"));
    let was_closed = matches!(was("status"), Some("won" | "lost"));
    let since = match deal.word("/status") {
        Some("won") => deal.word("/won_time"),
        Some("lost") => deal.word("/lost_time"),
        _ if was_closed => deal.word("/update_time"),
        _ if was("stage_id").is_some() => deal.word("/stage_change_time"),
        _ => deal.word("/add_time"),
    };
    if !is_new && was("status").is_none() && was("stage_id").is_none() {
        return reading.skip(name, "changes neither the stage nor the status");
    }
    match since.or_else(|| deal.word("/update_time")).and_then(|since| stage(deal, since, journey)) {
        Some(document) => reading.add("stages", document),
        None => reading.skip(name, "says no time of its change"),
    }
}

/// An instant as Pipedrive's lists have it: in whole seconds.
fn whole_seconds(text: &str) -> Option<String> {
    let at = millis(&Json::text_of(text))?;
    let second = crate::model::time::Time::from_millis(at).floor(crate::model::time::SECOND);
    second.to_string().split_once('.').map(|(whole, _)| format!("{whole}Z"))
}
