//! The census: voided records are left out of lists, so those that are missing are looked up one by one.

use std::collections::BTreeSet;

use super::{OBJECTS, PROJECTION, ShareCrm, api, key_of, take};
use crate::connect::desk::Desk;
use crate::connect::dialect::sharecrm::Object;
use crate::connect::exchange::{Exchange, Trouble};
use crate::connect::json::Json;
use crate::connect::memory::Trait;

impl ShareCrm {
    /// Lists all records, and looks up those that memory has and the list has not, or the other way round.
    ///
    /// # Errors
    /// [`Trouble`]; then the next census begins anew.
    pub fn census(&mut self, desk: &mut Desk<'_>, exchange: &mut dyn Exchange) -> Result<(), Trouble> {
        for object in OBJECTS {
            if desk.source.mapping.is_for(object.stream()) {
                self.census_of(object, desk, exchange)?;
            }
        }
        desk.commit().map_err(Trouble::Sink)
    }

    fn census_of(&mut self, object: Object, desk: &mut Desk<'_>, exchange: &mut dyn Exchange) -> Result<(), Trouble> {
        let listed = self.all_ids(object, exchange)?;
        let prefix = key_of(object, "");
        for key in desk.memory.keys(&prefix, Some(Trait::IsTold)) {
            let Some(id) = key.strip_prefix(&prefix) else { continue };
            let Some(known) = desk.memory.object(&key) else { continue };
            let (is_listed, is_deleted) = (listed.contains(id), known.deleted.is_some());
            if is_listed != is_deleted {
                continue;
            }
            let lead = known.lead.clone();
            let record = match self.api.record(object, id, exchange) {
                // Nobody knows the code of a record that is gone for good. Where a record that is listed can be read, the
                // error is not of the request.
                Err(Trouble::Unusable(reason)) => match listed.first() {
                    Some(other) if self.api.record(object, other, exchange)?.is_some() => None,
                    _ => return Err(Trouble::Unusable(reason)),
                },
                answered => answered?,
            };
            let is_there = record.as_ref().is_some_and(|record| record.word("/life_status") == Some("normal"));
            match record {
                Some(record) if is_there && is_deleted => {
                    desk.restore(&key);
                    take(object, &record, false, desk);
                }
                Some(record) if !is_deleted => take(object, &record, false, desk),
                None if !is_deleted => {
                    // Nobody says when it went: it is found missing now, and memory keeps that instant.
                    let gone = missing(id, lead.as_deref(), desk.now.millis());
                    take(object, &gone, true, desk);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn all_ids(&mut self, object: Object, exchange: &mut dyn Exchange) -> Result<BTreeSet<String>, Trouble> {
        let (mut ids, mut last) = (BTreeSet::new(), String::new());
        loop {
            let page = self.api.query(object, None, &last, PROJECTION.get(..1).unwrap_or_default(), exchange)?;
            let found: Vec<String> = page.iter().filter_map(|record| record.word("/_id").map(str::to_owned)).collect();
            let Some(end) = found.last().cloned() else { return Ok(ids) };
            ids.extend(found);
            if page.len() < api::PAGE {
                return Ok(ids);
            }
            last = end;
        }
    }
}

fn missing(id: &str, lead: Option<&str>, at: i64) -> Json {
    Json::object([
        ("_id", Json::text_of(id)),
        ("leads_id", Json::optional(lead)),
        ("last_modified_time", Json::number_of(at)),
        ("life_status", Json::text_of("invalid")),
    ])
}
