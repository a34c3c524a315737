//! Leads: the journeys that begin, and those that became deals.

use super::api::time_of;
use super::shelf::board_of;
use super::{Scan, Touched, Zoho};
use crate::connect::desk::Desk;
use crate::connect::exchange::Trouble;

impl Zoho {
    /// Tells leads; answers the deals whose lead was not known before.
    pub(super) fn tell_leads(&self, scan: &Scan, desk: &mut Desk<'_>) -> Result<Touched, Trouble> {
        let mut touched = Touched::new();
        scan.try_each(|lead| {
            let Some(id) = lead.word("/id") else { return Ok(()) };
            desk.tell_lead(id, time_of(&lead, "/Modified_Time"), lead.clone());
            if let Some(deal) = lead.word("/Converted_Deal/id")
                && desk.link(id, deal)
            {
                touched.entry(board_of(deal)).or_default().insert(deal.to_owned());
            }
            desk.make_room().map_err(Trouble::Sink)
        })?;
        Ok(touched)
    }
}
