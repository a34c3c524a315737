//! Deals with the history of their properties, their leads and customers, and what was archived or merged.

use std::collections::{BTreeMap, BTreeSet};

use super::{DEAL_PROPERTIES, FOLLOWED, HubSpot, LEAD_PROPERTIES, RECYCLED, api, modified};
use crate::connect::desk::Desk;
use crate::connect::dialect::hubspot::stages;
use crate::connect::exchange::{Exchange, Trouble};
use crate::connect::json::Json;
use crate::connect::mapping::{Document, millis};
use crate::connect::memory::Trait;

impl HubSpot {
    /// Notes of leads which deal goes on with them; adds the deals that did not know it to `linked`.
    pub(super) fn link(
        &mut self,
        leads: &[String],
        linked: &mut BTreeSet<String>,
        desk: &mut Desk<'_>,
        exchange: &mut dyn Exchange,
    ) -> Result<(), Trouble> {
        // A lead with several deals goes on with the one that it was linked to, or else with the oldest.
        let memory = &desk.memory;
        let keeps = |lead: &str| {
            let current = memory.object(&format!("lead/{lead}"))?.current?;
            current.word("/deal").map(str::to_owned)
        };
        let deals = self.api.associated("leads", "deals", leads, &keeps, exchange)?;
        for (lead, deal) in deals {
            if desk.link(&lead, &deal) {
                linked.insert(deal);
            }
        }
        Ok(())
    }

    /// Reads deals and tells them.
    pub(super) fn tell_deals(
        &mut self,
        ids: &[String],
        linked: &mut BTreeSet<String>,
        desk: &mut Desk<'_>,
        exchange: &mut dyn Exchange,
    ) -> Result<(), Trouble> {
        for ids in ids.chunks(api::READ) {
            if self.reads_leads(desk) {
                let leads = self.api.associated("deals", "leads", ids, &|_| None, exchange)?;
                let leads: BTreeSet<String> = leads.into_values().collect();
                self.link(&leads.into_iter().collect::<Vec<_>>(), linked, desk, exchange)?;
            }
            let deals = self.api.read("deals", ids, DEAL_PROPERTIES, FOLLOWED, exchange)?;
            let companies = self.api.associated("deals", "companies", ids, &|_| None, exchange)?;
            let alone: Vec<String> = ids.iter().filter(|id| !companies.contains_key(*id)).cloned().collect();
            let contacts = self.api.associated("deals", "contacts", &alone, &|_| None, exchange)?;
            let customers: BTreeMap<String, String> = contacts.into_iter().chain(companies).collect();
            for id in ids {
                match deals.iter().find(|deal| deal.word("/id") == Some(id)) {
                    Some(deal) => tell_deal(id, deal, customers.get(id).map(String::as_str), desk),
                    // It is archived or merged: the census says when. Its lead may have turned up.
                    None => desk.move_void(id),
                }
                linked.remove(id);
                desk.make_room().map_err(Trouble::Sink)?;
            }
        }
        Ok(())
    }

    /// Lists what is archived, and looks up what was and is not any more.
    pub(super) fn census(&mut self, desk: &mut Desk<'_>, exchange: &mut dyn Exchange) -> Result<(), Trouble> {
        if self.reads_leads(desk) {
            let gone = self.archived("leads", desk, exchange)?;
            for (id, record) in &gone {
                let (at, time) = archived_at(record);
                desk.tell_gone_lead(id, at, time);
                desk.make_room().map_err(Trouble::Sink)?;
            }
            for lead in self.back("lead", "leads", &gone, LEAD_PROPERTIES, desk, exchange)? {
                let Some(id) = lead.word("/id") else { continue };
                desk.restore(&format!("lead/{id}"));
                desk.tell_lead(id, modified(&lead), lead.clone());
            }
        }
        let gone = self.archived("deals", desk, exchange)?;
        for (id, record) in &gone {
            let (at, time) = archived_at(record);
            desk.tell_gone_deal(id, at, time);
            desk.make_room().map_err(Trouble::Sink)?;
        }
        let back = self.back("deal", "deals", &gone, &["hs_lastmodifieddate"], desk, exchange)?;
        let back: Vec<String> = back.iter().filter_map(|deal| deal.word("/id").map(str::to_owned)).collect();
        self.tell_deals(&back, &mut BTreeSet::new(), desk, exchange)
    }

    /// The archived records of an object that were ever told, or may be: by their ids.
    fn archived(
        &mut self,
        object: &str,
        desk: &mut Desk<'_>,
        exchange: &mut dyn Exchange,
    ) -> Result<BTreeMap<String, Json>, Trouble> {
        let word = object.trim_end_matches('s');
        let mut gone = BTreeMap::new();
        for record in self.api.archived(object, exchange)? {
            let Some(id) = record.word("/id") else { continue };
            if object == "deals" {
                end_merged(id, &record, desk);
            }
            // Of a record that nobody has told there is nothing to take away.
            if desk.memory.object(&format!("{word}/{id}")).is_some() {
                gone.insert(id.to_owned(), record.clone());
            }
        }
        Ok(gone)
    }

    /// The records that were archived and are there again.
    fn back(
        &mut self,
        word: &str,
        object: &str,
        gone: &BTreeMap<String, Json>,
        properties: &[&str],
        desk: &mut Desk<'_>,
        exchange: &mut dyn Exchange,
    ) -> Result<Vec<Json>, Trouble> {
        let prefix = format!("{word}/");
        let earliest = desk.now.millis() - RECYCLED;
        let mut missing = Vec::new();
        for key in desk.memory.keys(&prefix, Some(Trait::IsDeleted)) {
            let Some(id) = key.strip_prefix(&prefix).filter(|id| !gone.contains_key(*id)) else { continue };
            let deleted = desk.memory.object(&key).and_then(|object| object.deleted);
            if deleted.is_some_and(|deleted| deleted > earliest) {
                missing.push(id.to_owned());
            }
        }
        let mut back = Vec::new();
        for ids in missing.chunks(api::READ) {
            back.extend(self.api.read(object, ids, properties, &[], exchange)?);
        }
        Ok(back)
    }
}

/// Tells one deal that is there.
fn tell_deal(id: &str, deal: &Json, customer: Option<&str>, desk: &mut Desk<'_>) {
    let key = format!("deal/{id}");
    let object = desk.memory.object_mut(&key);
    object.modified = object.modified.max(modified(deal));
    let lead = object.lead.clone();
    if object.deleted.is_some() {
        desk.restore(&key);
    }
    let documents: Vec<Document> = stages(deal, lead.as_deref(), customer, &desk.source.reader)
        .into_iter()
        .map(|record| Document::new("stages", record))
        .collect();
    desk.tell(&key, &documents);
    end_merged(id, deal, desk);
}

/// What was merged into a deal lives on in it, and is in no list any more.
fn end_merged(id: &str, deal: &Json, desk: &mut Desk<'_>) {
    let merged = deal.filled("/properties/hs_merged_object_ids").unwrap_or_default();
    for loser in merged.split(';').map(str::trim).filter(|loser| !loser.is_empty() && *loser != id) {
        let known = desk.memory.object(&format!("deal/{loser}"));
        if known.is_some_and(|known| known.deleted.is_none() && !known.told.is_empty()) {
            let at = modified(deal);
            desk.tell_gone_deal(loser, at, Json::number_of(at));
        }
    }
}

/// When a record was archived, in Unix milliseconds and as it is written.
fn archived_at(record: &Json) -> (i64, Json) {
    let time = record.at("/archivedAt").or_else(|| record.at("/updatedAt")).cloned().unwrap_or(Json::Null);
    (millis(&time).unwrap_or(0), time)
}
