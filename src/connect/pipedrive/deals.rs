//! Deals: their stages by their changelogs, and those that are gone.

use super::{Pipedrive, leads, modified};
use crate::connect::desk::Desk;
use crate::connect::dialect::pipedrive::{agrees, stages};
use crate::connect::exchange::{Exchange, Trouble};
use crate::connect::json::Json;
use crate::connect::mapping::Document;
use crate::connect::memory::Trait;
use crate::model::time::DAY;

/// For so long a changelog that lags behind is read again.
const LONGEST_LAG: i64 = DAY;

impl Pipedrive {
    /// Tells a deal that is there; answers from when on it must be read again, where its changelog lags behind it.
    pub(super) fn tell_deal(
        &mut self,
        listed: &Json,
        desk: &mut Desk<'_>,
        exchange: &mut dyn Exchange,
    ) -> Result<Option<i64>, Trouble> {
        let Some(id) = listed.word("/id").map(str::to_owned) else { return Ok(None) };
        let mut deal = listed.clone();
        let mut changelog = self.api.changelog(&id, exchange)?;
        if !agrees(&deal, &changelog) {
            // One of the two is newer than the other.
            match self.api.deal(&id, exchange)? {
                Some(now) => deal = now,
                None => return Ok(None),
            }
            changelog = self.api.changelog(&id, exchange)?;
        }
        let key = format!("deal/{id}");
        let object = desk.memory.object_mut(&key);
        if modified(&deal) < object.modified {
            // A newer state of it was told.
            return Ok(None);
        }
        let agrees = agrees(&deal, &changelog);
        if agrees || object.modified < modified(&deal) {
            object.held_since = None;
        }
        object.modified = modified(&deal);
        if !agrees {
            let since = *object.held_since.get_or_insert(desk.now.millis());
            if desk.now.millis() - since < self.options.hold_ms {
                desk.remember(&key);
                return Ok(Some(modified(&deal)));
            }
        }
        // It is there, so it is no lead again.
        object.current = None;
        if object.deleted.is_some_and(|deleted| deleted < modified(&deal)) {
            desk.restore(&key);
        }
        let lead = deal.filled("/source_lead_id");
        if let Some(lead) = lead {
            self.link(lead, &id, desk, exchange)?;
        }
        let starts = desk.source.reader.deals_start_journeys && !lead.is_some_and(|lead| is_told(lead, desk));
        let documents: Vec<Document> =
            stages(&deal, &changelog, lead, starts).into_iter().map(|record| Document::new("stages", record)).collect();
        desk.tell_history(&key, &documents);
        Ok(None)
    }

    /// Notes the lead that has become a deal. Nobody may have read it before, and for a while it can be read still.
    fn link(
        &mut self,
        lead: &str,
        deal: &str,
        desk: &mut Desk<'_>,
        exchange: &mut dyn Exchange,
    ) -> Result<(), Trouble> {
        if !is_told(lead, desk)
            && let Some(record) = self.api.lead(lead, exchange)?
        {
            leads::tell(&record, desk)?;
        }
        desk.link(lead, deal);
        Ok(())
    }

    /// Reads the deals again whose changelogs lagged behind for longer than one waits.
    pub(super) fn revisit(&mut self, desk: &mut Desk<'_>, exchange: &mut dyn Exchange) -> Result<(), Trouble> {
        for key in desk.memory.keys("deal/", Some(Trait::IsHeld)) {
            let held_since =
                desk.memory.object(&key).filter(|deal| deal.deleted.is_none()).and_then(|deal| deal.held_since);
            if held_since.is_none_or(|since| desk.now.millis() - since > LONGEST_LAG) {
                continue;
            }
            if let Some(deal) = key.strip_prefix("deal/").map(|id| self.api.deal(id, exchange)).transpose()?.flatten() {
                self.tell_deal(&deal, desk, exchange)?;
                desk.make_room().map_err(Trouble::Sink)?;
            }
        }
        Ok(())
    }

    /// Tells that a deal is gone. One that was made a lead again lives on in it.
    pub(super) fn tell_gone(
        &mut self,
        deal: &Json,
        desk: &mut Desk<'_>,
        exchange: &mut dyn Exchange,
    ) -> Result<(), Trouble> {
        let Some(id) = deal.word("/id") else { return Ok(()) };
        let key = format!("deal/{id}");
        let at = modified(deal);
        let object = desk.memory.object_mut(&key);
        if object.modified > at || object.deleted >= Some(at) {
            return Ok(());
        }
        // Of two edits in one second nobody knows which came last, unless the deal says so itself.
        if object.modified == at && self.api.deal(id, exchange)?.is_some() {
            return Ok(());
        }
        if let Some(lead) = deal.filled("/source_lead_id") {
            // Should the deal come back, its lead may be read no more.
            self.link(lead, id, desk, exchange)?;
        }
        let is_lead = desk.memory.object(&key).is_some_and(|object| object.current.is_some());
        if is_lead {
            desk.memory.object_mut(&key).deleted = Some(at);
            desk.take_back(&key, "", &[]);
            desk.remember(&key);
        } else {
            desk.tell_gone_deal(id, at, Json::number_of(at));
        }
        Ok(())
    }
}

/// Whether a lead was told, and not only noted as that of a deal.
fn is_told(lead: &str, desk: &Desk<'_>) -> bool {
    desk.memory.object(&format!("lead/{lead}")).is_some_and(|lead| !lead.told.is_empty())
}
