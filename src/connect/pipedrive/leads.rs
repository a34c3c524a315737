//! Leads: the journeys that begin, and the census for those that are gone.

use std::collections::BTreeSet;

use super::{Pipedrive, modified};
use crate::connect::desk::Desk;
use crate::connect::exchange::{Exchange, Trouble};
use crate::connect::json::Json;
use crate::connect::memory::Trait;

impl Pipedrive {
    /// Tells the leads that have changed.
    pub(super) fn scan_leads(&mut self, desk: &mut Desk<'_>, exchange: &mut dyn Exchange) -> Result<(), Trouble> {
        if !desk.source.mapping.is_for("leads") {
            return Ok(());
        }
        let (known, since) = (desk.memory.cursor("leads"), self.since("leads", desk));
        let (leads, started) = self.api.leads("leads", since, exchange)?;
        for lead in &leads {
            tell(lead, desk)?;
        }
        let greatest = leads.iter().map(modified).max().max(known);
        if let Some(greatest) = greatest {
            desk.move_cursor("leads", greatest.min(started).max(known.unwrap_or(i64::MIN)));
        }
        desk.commit().map_err(Trouble::Sink)
    }

    /// Lists all leads, archived ones too, and looks up those that memory has and the lists have not.
    pub(super) fn census(&mut self, desk: &mut Desk<'_>, exchange: &mut dyn Exchange) -> Result<(), Trouble> {
        if !desk.source.mapping.is_for("leads") {
            return Ok(());
        }
        let (mut listed, mut looked_at) = (BTreeSet::new(), i64::MAX);
        for list in ["leads", "leads/archived"] {
            let (leads, started) = self.api.leads(list, None, exchange)?;
            looked_at = looked_at.min(started);
            for lead in leads {
                listed.extend(lead.word("/id").map(str::to_owned));
                tell(&lead, desk)?;
            }
        }
        for key in desk.memory.keys("lead/", Some(Trait::IsTold)) {
            let Some(id) = key.strip_prefix("lead/").filter(|id| !listed.contains(*id)) else { continue };
            let known = desk.memory.object(&key).filter(|known| known.current.is_none() && known.deleted.is_none());
            if known.is_none() {
                continue;
            }
            match self.api.lead(id, exchange)? {
                Some(lead) => tell(&lead, desk)?,
                None => {
                    // Nobody says when it went: it was found missing then, and memory keeps that instant.
                    desk.tell_gone_lead(id, looked_at, Json::number_of(looked_at));
                }
            }
        }
        desk.commit().map_err(Trouble::Sink)
    }
}

/// Tells one lead. The deal that it was made of lives on in it.
pub(super) fn tell(lead: &Json, desk: &mut Desk<'_>) -> Result<(), Trouble> {
    let Some(id) = lead.word("/id") else { return Ok(()) };
    let key = format!("lead/{id}");
    if desk.memory.object(&key).is_some_and(|known| known.deleted.is_some()) {
        desk.restore(&key);
    }
    if let Some(deal) = lead.word("/source_deal_id") {
        let key = format!("deal/{deal}");
        let object = desk.memory.object_mut(&key);
        object.current = Some(Json::object([("lead", Json::text_of(id))]));
        if object.deleted.is_some() {
            desk.take_back(&key, "", &[]);
        }
        desk.remember(&key);
    }
    desk.tell_lead(id, modified(lead), lead.clone());
    desk.make_room().map_err(Trouble::Sink)
}
