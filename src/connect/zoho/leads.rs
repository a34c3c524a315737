//! Leads: the journeys that begin, those that became deals, and those that are gone.

use super::api::time_of;
use super::shelf::{BOARDS, board_of};
use super::{Scan, Touched, Zoho};
use crate::connect::desk::Desk;
use crate::connect::exchange::Trouble;
use crate::connect::json::Json;

impl Zoho {
    /// Tells leads; answers the deals whose lead was not known before.
    pub(super) fn tell_leads(&self, scan: &Scan, desk: &mut Desk<'_>) -> Result<Touched, Trouble> {
        let mut touched = Touched::new();
        for board in 0..BOARDS {
            for lead in scan.board(board)? {
                let Some(id) = lead.word("/id") else { continue };
                desk.tell_lead(id, time_of(&lead, "/Modified_Time"), lead.clone());
                if let Some(deal) = lead.word("/Converted_Deal/id")
                    && desk.link(id, deal)
                {
                    touched.entry(board_of(deal)).or_default().insert(deal.to_owned());
                }
                desk.make_room().map_err(Trouble::Sink)?;
            }
        }
        Ok(touched)
    }

    /// Tells leads that were deleted.
    pub(super) fn tell_deleted_leads(&self, scan: &Scan, desk: &mut Desk<'_>) -> Result<(), Trouble> {
        for board in 0..BOARDS {
            for gone in scan.board(board)? {
                let Some(id) = gone.word("/id") else { continue };
                let at = time_of(&gone, "/deleted_time");
                if desk.memory.object_mut(&format!("lead/{id}")).modified > at {
                    // It has come back since.
                    continue;
                }
                desk.tell_gone_lead(id, at, gone.at("/deleted_time").cloned().unwrap_or(Json::Null));
                desk.make_room().map_err(Trouble::Sink)?;
            }
        }
        Ok(())
    }
}
