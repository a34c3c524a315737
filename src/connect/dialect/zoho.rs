//! Zoho CRM: pages of its REST API, version 8.

mod spend;

use std::collections::BTreeMap;

use super::{Payload, Reader, Reading, void_document as void};
use crate::connect::json::Json;
use crate::connect::mapping::{FaultCode, Setting};

pub use spend::campaign_documents;

/// What kind of record a page holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Module {
    /// Deals.
    Deals,
    /// The stage history of all deals.
    DealHistory,
    /// Leads, converted ones included.
    Leads,
    /// Deals that were deleted.
    DeletedDeals,
    /// Leads that were deleted.
    DeletedLeads,
    /// Campaigns.
    Campaigns,
    /// Users.
    Users,
}

/// What is known of the CRM, by the ids of its records.
#[derive(Clone, Debug, Default)]
struct Known<'a> {
    deals: BTreeMap<&'a str, &'a Json>,
    /// By deal and then by row.
    rows: BTreeMap<&'a str, BTreeMap<&'a str, &'a Json>>,
    leads: BTreeMap<&'a str, &'a Json>,
    campaigns: BTreeMap<&'a str, &'a Json>,
    users: BTreeMap<&'a str, &'a Json>,
    deleted_deals: BTreeMap<&'a str, &'a Json>,
    deleted_leads: BTreeMap<&'a str, &'a Json>,
}

/// Reads pages of any of its modules together.
pub(super) fn read(payloads: &[Payload], reader: &Reader, setting: &Setting) -> Reading {
    let mut reading = Reading::default();
    let mut known = Known::default();
    for payload in payloads {
        if let Some(reason) = without_facts(&payload.json) {
            reading.skip(&payload.name, reason);
            continue;
        }
        for (name, record) in records(&payload.json) {
            match module_of(record, name, &payload.name) {
                Some(module) => known.note(module, record),
                None => reading.skip(&payload.name, "holds a record of a module that is not read"),
            }
        }
    }
    known.documents(reader, setting, &mut reading);
    reading
}

/// Why a payload holds no facts; `None` if it holds records.
fn without_facts(json: &Json) -> Option<&'static str> {
    if json.at("/module").is_some() && json.at("/ids").is_some() {
        return Some("is a notification, which only says where to look");
    }
    if json.at("/__timeline").is_some() {
        return Some("is a timeline; stages are read from the stage history");
    }
    let has_records = json.at("/data").is_some() || json.at("/users").is_some();
    (!has_records).then_some("holds no records")
}

fn records(json: &Json) -> impl Iterator<Item = (&'static str, &Json)> {
    let data = json.items("/data").iter().map(|record| ("", record));
    data.chain(json.items("/users").iter().map(|record| ("users", record)))
}

/// The module of a record, by the fields that only it has; deleted records have only the name of their page.
fn module_of(record: &Json, list: &str, name: &str) -> Option<Module> {
    let has = |names: &[&str]| names.iter().any(|name| has_field(record, name));
    if list == "users" {
        return Some(Module::Users);
    }
    if has(&["deleted_time"]) {
        let is_lead = name.to_ascii_lowercase().contains("lead");
        return Some(if is_lead { Module::DeletedLeads } else { Module::DeletedDeals });
    }
    if has(&["Potential_Name", "Moved_To__s"]) {
        return Some(Module::DealHistory);
    }
    if has(&["Converted__s", "Converted_Deal", "Lead_Status", "Converted_Date_Time"]) {
        return Some(Module::Leads);
    }
    if has(&["Campaign_Name", "Actual_Cost", "Budgeted_Cost"]) {
        return Some(Module::Campaigns);
    }
    if has(&["Stage", "Deal_Name"]) {
        return Some(Module::Deals);
    }
    has(&["Lead_Source"]).then_some(Module::Leads)
}

/// Whether the field is there, be it null.
fn has_field(record: &Json, name: &str) -> bool {
    matches!(record, Json::Object(fields) if fields.iter().any(|(known, _)| known == name))
}

impl<'a> Known<'a> {
    fn note(&mut self, module: Module, record: &'a Json) {
        let Some(id) = record.word("/id") else { return };
        let map = match module {
            Module::Deals => &mut self.deals,
            Module::Leads => &mut self.leads,
            Module::Campaigns => &mut self.campaigns,
            Module::Users => &mut self.users,
            Module::DeletedDeals => &mut self.deleted_deals,
            Module::DeletedLeads => &mut self.deleted_leads,
            Module::DealHistory => {
                let deal = record.word("/Potential_Name/id").or_else(|| record.word("/Potential_Name"));
                let Some(deal) = deal else { return };
                self.rows.entry(deal).or_default()
            }
        };
        // Of a record that comes twice the later edit counts, wherever it stands.
        let modified = |record: &Json| record.word("/Modified_Time").map(str::to_owned);
        let is_older = map.get(id).is_some_and(|known| modified(known) > modified(record));
        if !is_older {
            map.insert(id, record);
        }
    }

    fn documents(&self, reader: &Reader, setting: &Setting, reading: &mut Reading) {
        let journeys: BTreeMap<&str, &str> =
            self.leads.iter().filter_map(|(id, lead)| Some((lead.word("/Converted_Deal/id")?, *id))).collect();
        let journey = |deal: &'a str| journeys.get(deal).copied().unwrap_or(deal);
        for lead in self.leads.values() {
            reading.add("leads", (*lead).clone());
        }
        for (deal_id, rows) in &self.rows {
            let is_deleted = self.deleted_deals.contains_key(deal_id);
            match self.deals.get(deal_id) {
                Some(deal) => {
                    let lead = journeys.get(deal_id).copied();
                    let rows: Vec<&Json> = rows.values().copied().collect();
                    stages(deal, &rows, lead, reader).into_iter().for_each(|stage| reading.add("stages", stage));
                }
                None if is_deleted => reading.skip(deal_id, "is a deleted deal, whose history says nothing more"),
                None => reading.fault(
                    FaultCode::Missing,
                    format!("deal {deal_id}"),
                    "its stage history is there, but its record is not: add the page of Deals that holds it",
                ),
            }
        }
        for deal_id in self.deals.keys().filter(|id| !self.rows.contains_key(**id)) {
            reading.skip(deal_id, "is a deal without its stage history: add the page of DealHistory that holds it");
        }
        for (id, deleted) in &self.deleted_deals {
            reading.add("voids", void("deal", id, deleted_at(deleted), journey(id)));
        }
        for (id, deleted) in &self.deleted_leads {
            // A converted lead lives on in its deal.
            if !journeys.values().any(|lead| lead == id) {
                reading.add("voids", void("lead", id, deleted_at(deleted), id));
            }
        }
        for campaign in self.campaigns.values() {
            spend::documents(campaign, setting, reading);
        }
        for user in self.users.values() {
            reading.add("users", (*user).clone());
        }
    }
}

fn deleted_at(deleted: &Json) -> Json {
    deleted.at("/deleted_time").cloned().unwrap_or(Json::Null)
}

/// The stages of a deal: each row of its history with the deal as it is now.
#[must_use]
pub fn stages(deal: &Json, rows: &[&Json], lead: Option<&str>, reader: &Reader) -> Vec<Json> {
    let deal_id = deal.word("/id").unwrap_or_default();
    let current = current_row(rows);
    rows.iter()
        .map(|row| {
            let is_current = current.is_some_and(|current| row.word("/id") == Some(current));
            let mut document = Json::object([
                ("row", (*row).clone()),
                ("deal", deal.clone()),
                ("journey", Json::text_of(lead.unwrap_or(deal_id))),
                ("is_current", Json::Bool(is_current)),
            ]);
            if reader.deals_start_journeys && lead.is_none() {
                let field = |pointer: &str| deal.at(pointer).cloned().unwrap_or(Json::Null);
                let start = [("channel", field("/Lead_Source")), ("started_at", field("/Created_Time"))];
                document.put("start", Json::object(start));
            }
            document
        })
        .collect()
}

/// The row in which a deal is now: the one that it has not left. Should several say so, the latest of them.
#[must_use]
pub fn current_row<'a>(rows: &[&'a Json]) -> Option<&'a str> {
    let open = rows.iter().filter(|row| row.at("/Moved_To__s").is_none());
    let latest = open.max_by_key(|row| (row.word("/Modified_Time"), row.word("/id")));
    latest.and_then(|row| row.word("/id"))
}
