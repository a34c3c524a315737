//! Polling HubSpot.
//!
//! A search says which records have changed, by an index that lags; what they are and were is read from the records with
//! the history of their properties. So a fact never depends on what was seen in between. Archived records are in no search:
//! a census lists them.

mod api;
mod check;
mod deals;

use std::collections::BTreeSet;

use super::chore::Chore;
use super::desk::Desk;
use super::dialect::hubspot::owner;
use super::exchange::{Exchange, Trouble};
use super::json::Json;
use super::mapping::{Document, millis};
use crate::model::time::{DAY, HOUR, MINUTE, Time};

pub use api::Api;

/// How an account is polled.
#[derive(Clone, Debug)]
pub struct Options {
    /// How far behind its cursor a scan begins: what the index shows late is found so.
    pub overlap_ms: i64,
    /// From when on records are read at first; everything if none is given.
    pub since: Option<Time>,
    /// How often owners are read.
    pub slow_ms: i64,
    /// How often archived records are listed.
    pub census_ms: i64,
    /// Whether the account has leads.
    pub has_leads: bool,
}

impl Default for Options {
    fn default() -> Options {
        let (overlap_ms, slow_ms, census_ms) = (5 * MINUTE, HOUR, 10 * MINUTE);
        Options { overlap_ms, since: None, slow_ms, census_ms, has_leads: false }
    }
}

/// An account that is polled.
#[derive(Debug)]
pub struct HubSpot {
    api: Api,
    options: Options,
    owners: Chore,
    census: Chore,
}

/// Archived records can be restored for so long.
const RECYCLED: i64 = 90 * DAY;

impl HubSpot {
    /// An account behind this API.
    #[must_use]
    pub const fn new(api: Api, options: Options) -> HubSpot {
        let (owners, census) = (Chore::new(options.slow_ms), Chore::new(options.census_ms));
        HubSpot { api, options, owners, census }
    }

    /// Reads everything that has changed, tells it, and moves the cursors.
    ///
    /// # Errors
    /// [`Trouble`]; then the cursors have not moved.
    pub fn cycle(&mut self, desk: &mut Desk<'_>, exchange: &mut dyn Exchange) -> Result<(), Trouble> {
        desk.now = exchange.now();
        if self.owners.is_due(desk.now) {
            self.owners(desk, exchange)?;
            self.owners.done(desk.now);
        }
        // Leads first, so that a deal's lead is known before the deal.
        let mut linked = BTreeSet::new();
        let leads = if self.reads_leads(desk) { self.scan_leads(&mut linked, desk, exchange)? } else { None };
        let deals = self.scan_deals(&mut linked, desk, exchange)?;
        for (stream, cursor) in [("leads", leads), ("deals", deals)] {
            if let Some(cursor) = cursor {
                desk.move_cursor(stream, cursor);
            }
        }
        desk.commit().map_err(Trouble::Sink)?;
        if self.census.is_due(desk.now) {
            self.census(desk, exchange)?;
            self.census.done(desk.now);
        }
        desk.commit().map_err(Trouble::Sink)
    }

    fn reads_leads(&self, desk: &Desk<'_>) -> bool {
        self.options.has_leads && desk.source.mapping.is_for("leads")
    }

    /// Tells the leads that have changed, and notes the deals whose lead was not known; answers where the next scan begins.
    fn scan_leads(
        &mut self,
        linked: &mut BTreeSet<String>,
        desk: &mut Desk<'_>,
        exchange: &mut dyn Exchange,
    ) -> Result<Option<i64>, Trouble> {
        self.scan("leads", LEAD_PROPERTIES, desk, exchange, &mut |hubspot, page, desk, exchange| {
            let mut ids = Vec::new();
            for lead in page {
                let Some(id) = lead.word("/id") else { continue };
                desk.tell_lead(id, modified(lead), lead.clone());
                ids.push(id.to_owned());
            }
            hubspot.link(&ids, linked, desk, exchange)?;
            desk.make_room().map_err(Trouble::Sink)
        })
    }

    /// Tells the deals that have changed and those that were linked.
    fn scan_deals(
        &mut self,
        linked: &mut BTreeSet<String>,
        desk: &mut Desk<'_>,
        exchange: &mut dyn Exchange,
    ) -> Result<Option<i64>, Trouble> {
        let cursor =
            self.scan("deals", &["hs_lastmodifieddate"], desk, exchange, &mut |hubspot, page, desk, exchange| {
                let ids: Vec<String> = page.iter().filter_map(|deal| deal.word("/id").map(str::to_owned)).collect();
                hubspot.tell_deals(&ids, linked, desk, exchange)
            })?;
        let rest: Vec<String> = std::mem::take(linked).into_iter().collect();
        self.tell_deals(&rest, linked, desk, exchange)?;
        Ok(cursor)
    }

    /// Reads what has changed of an object page by page; answers where the next scan begins.
    fn scan(
        &mut self,
        object: &'static str,
        properties: &[&str],
        desk: &mut Desk<'_>,
        exchange: &mut dyn Exchange,
        take: &mut TakePage<'_>,
    ) -> Result<Option<i64>, Trouble> {
        let known = desk.memory.cursor(object);
        let since = known.map(|cursor| cursor - self.options.overlap_ms).or(self.options.since.map(Time::millis));
        let (mut greatest, mut started, mut last) = (known, None::<i64>, String::new());
        loop {
            let found = self.api.search(object, since, &last, properties, exchange)?;
            started = started.or(Some(found.asked));
            greatest = found.records.iter().map(modified).max().max(greatest);
            take(self, &found.records, desk, exchange)?;
            match found.records.last().and_then(|record| record.word("/id")).filter(|_| found.has_more) {
                Some(id) => id.clone_into(&mut last),
                None => break,
            }
        }
        // A record that is edited while pages are read may be seen as it was: the next scan begins before this one did.
        let reached = greatest.map(|greatest| greatest.min(started.unwrap_or(greatest)));
        Ok(reached.map(|reached| reached.max(known.unwrap_or(i64::MIN))))
    }

    fn owners(&mut self, desk: &mut Desk<'_>, exchange: &mut dyn Exchange) -> Result<(), Trouble> {
        if !desk.source.mapping.is_for("users") {
            return Ok(());
        }
        for record in self.api.owners(exchange)? {
            let Some(id) = record.word("/id") else { continue };
            let key = format!("user/{id}");
            desk.tell(&key, &[Document::new("users", owner(&record))]);
            desk.make_room().map_err(Trouble::Sink)?;
        }
        Ok(())
    }
}

/// Takes a page of a scan.
type TakePage<'a> = dyn FnMut(&mut HubSpot, &[Json], &mut Desk<'_>, &mut dyn Exchange) -> Result<(), Trouble> + 'a;

/// When a record was edited last, in Unix milliseconds.
fn modified(record: &Json) -> i64 {
    let pointers = ["/properties/hs_lastmodifieddate", "/updatedAt"];
    pointers.iter().find_map(|pointer| record.at(pointer).and_then(millis)).unwrap_or(0)
}

/// The properties that the mapping needs; none of them is a name, a phone number or an address.
const LEAD_PROPERTIES: &[&str] =
    &["hs_createdate", "hs_lastmodifieddate", "hubspot_owner_id", "hs_contact_analytics_source"];
const DEAL_PROPERTIES: &[&str] = &[
    "amount",
    "closed_lost_reason",
    "closedate",
    "createdate",
    "deal_currency_code",
    "dealstage",
    "hs_analytics_source",
    "hs_lastmodifieddate",
    "hs_merged_object_ids",
    "hubspot_owner_id",
    "pipeline",
];
/// What is read with its history.
const FOLLOWED: &[&str] = &["dealstage", "hubspot_owner_id", "amount"];
