//! Leads: the journeys that begin, those that became deals, and those that are gone.

use super::api::time_of;
use super::{Scan, Touched, Zoho};
use crate::connect::desk::Desk;
use crate::connect::exchange::Trouble;
use crate::connect::json::Json;
use crate::connect::mapping::Document;

impl Zoho {
    /// Tells leads; answers the deals whose lead was not known before.
    pub(super) fn tell_leads(&self, scan: &Scan, desk: &mut Desk<'_>) -> Result<Touched, Trouble> {
        let mut touched = Touched::new();
        for lead in &scan.records {
            let Some(id) = lead.word("/id") else { continue };
            let key = format!("lead/{id}");
            let modified = time_of(lead, "/Modified_Time");
            let object = desk.memory.object_mut(&key);
            object.modified = object.modified.max(modified);
            let is_back = object.deleted.is_some_and(|deleted| deleted < modified);
            if is_back {
                object.deleted = None;
            }
            let deal = lead.word("/Converted_Deal/id").map(str::to_owned);
            if let Some(deal) = &deal {
                object.current = Some(Json::object([("deal", Json::text_of(deal.as_str()))]));
            }
            if is_back || deal.is_some() {
                // A restored lead was never gone, and a converted one lives on in its deal.
                let prefix = format!("{}void:lead:", desk.source.setting.id_prefix);
                desk.take_back(&key, &prefix, &[]);
            }
            desk.tell(&key, &[Document::new("leads", lead.clone())]);
            if let Some(deal) = deal {
                let key = format!("deal/{deal}");
                let journey = format!("{}{id}", desk.source.setting.id_prefix);
                let object = desk.memory.object_mut(&key);
                // Also where the link was kept and the move was not, because something ended us between the two.
                if object.lead.as_deref() != Some(id) || object.told.values().any(|told| told.journey != journey) {
                    object.lead = Some(id.to_owned());
                    desk.remember(&key);
                    touched.insert(deal);
                }
            }
            desk.make_room().map_err(Trouble::Sink)?;
        }
        Ok(touched)
    }

    /// Tells leads that were deleted. One that has become a deal lives on in it.
    pub(super) fn tell_deleted_leads(&self, scan: &Scan, desk: &mut Desk<'_>) -> Result<(), Trouble> {
        for gone in &scan.records {
            let Some(id) = gone.word("/id") else { continue };
            let at = time_of(gone, "/deleted_time");
            let object = desk.memory.object_mut(&format!("lead/{id}"));
            if object.current.is_some() || object.modified > at || object.deleted >= Some(at) {
                continue;
            }
            object.deleted = Some(at);
            let time = gone.at("/deleted_time").cloned().unwrap_or(Json::Null);
            desk.tell_void("lead", id, time, id);
            desk.make_room().map_err(Trouble::Sink)?;
        }
        Ok(())
    }
}
