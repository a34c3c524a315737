//! Deals: a stage is told at the instant at which it was entered, one without a history of its own.

use super::modified;
use crate::connect::desk::Desk;
use crate::connect::dialect::sharecrm::{Object, document};
use crate::connect::json::Json;
use crate::connect::mapping::Document;
use crate::contract::encode::{Draft, FieldValue};

/// Tells what one state of a deal says.
pub(super) fn take(record: &Json, is_void: bool, desk: &mut Desk<'_>) {
    let Some(id) = record.word("/_id").map(str::to_owned) else { return };
    note_lead(record, desk);
    let key = format!("deal/{id}");
    let document = document(Object::Deals, record, is_void, false, &desk.source.reader);
    let state = document.word("/state").unwrap_or_default().to_owned();
    let at = modified(record);
    let object = desk.memory.object_mut(&key);
    let is_late = at < object.modified;
    object.modified = object.modified.max(at);
    if let Some(lead) = record.filled("/leads_id") {
        object.lead = Some(lead.to_owned());
    }
    match (state.as_str(), object.deleted) {
        // One that was restored and voided again meanwhile is void since the second time.
        ("void", deleted) if !is_late && deleted < Some(at) => {
            object.deleted = Some(at);
            let told = desk.tell(&key, &[Document::new("deals", document)]);
            let prefix = format!("{}void:deal:", desk.source.setting.id_prefix);
            desk.take_back(&key, &prefix, &told);
        }
        ("live", deleted) => {
            if deleted.is_some() && !is_late {
                desk.restore(&key);
            }
            tell_stage(&key, record, document, is_late, desk);
        }
        // Not yet approved, gone already, or an older state than what is known.
        _ => {}
    }
}

/// Remembers of a lead that a deal goes on with it.
fn note_lead(record: &Json, desk: &mut Desk<'_>) {
    let Some(lead) = record.filled("/leads_id") else { return };
    let key = format!("lead/{lead}");
    let object = desk.memory.object_mut(&key);
    if object.current.is_some() {
        return;
    }
    object.current = Some(Json::object([("deal", record.at("/_id").cloned().unwrap_or(Json::Null))]));
    object.deleted = None;
    let prefix = format!("{}void:lead:", desk.source.setting.id_prefix);
    desk.take_back(&key, &prefix, &[]);
    desk.remember(&key);
}

/// Tells the stage of a live deal.
fn tell_stage(key: &str, record: &Json, document: Json, is_late: bool, desk: &mut Desk<'_>) {
    let Some(mut draft) = desk.map(&[Document::new("deals", document)]).into_iter().next() else {
        return;
    };
    let stage = Json::object([
        ("since", record.at("/stg_changed_time").cloned().unwrap_or(Json::Null)),
        ("status", record.at("/sales_status").cloned().unwrap_or(Json::Null)),
    ]);
    let at = modified(record);
    let current = desk.memory.object_mut(key).current.clone();
    let is_same = |pointer: &str| current.as_ref().is_some_and(|known| known.at(pointer) == stage.at(pointer));
    let (same_instant, same_status) = (is_same("/since"), is_same("/status"));
    let mut happened = None;
    if is_late && same_instant {
        // An older edit of the same stage.
        return;
    }
    if same_instant && same_status {
        let id = current.as_ref().and_then(|known| known.word("/id")).unwrap_or_default();
        draft.set("event_id", FieldValue::Text(id.to_owned()));
    } else if same_instant {
        // The status changed and the stage did not: nothing but the edit says when.
        happened = Some(at);
        if desk.memory.object_mut(key).told.contains_key(draft.text("event_id")) {
            let id = format!("{}:{at}", draft.text("event_id"));
            draft.set("event_id", FieldValue::Text(id));
        }
        draft.set("occurred_at", FieldValue::Literal(at.to_string()));
    }
    move_journey(key, &draft, desk);
    let id = draft.text("event_id").to_owned();
    if !is_late {
        let mut current = stage;
        current.put("id", Json::text_of(id.as_str()));
        desk.memory.object_mut(key).current = Some(current);
    }
    desk.tell_drafts(key, vec![draft]);
    if let (Some(at), Some(told)) = (happened, desk.memory.object_mut(key).told.get_mut(&id)) {
        told.at = told.at.or(Some(at));
        desk.remember(key);
    }
}

/// Takes back what was told under another journey, where a deal was given another lead. Only its stage of the moment can
/// be told again: of the stages before it nobody has the amounts any more.
fn move_journey(key: &str, draft: &Draft, desk: &mut Desk<'_>) {
    let journey = draft.text("lead_id");
    let moved = desk.memory.object_mut(key).told.values().any(|told| told.journey != journey);
    if moved {
        desk.take_back(key, "", &[]);
    }
}
