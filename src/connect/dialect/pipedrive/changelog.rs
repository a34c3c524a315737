//! The changelog of a Pipedrive deal, from which its stages are told with what held at their time.

use std::collections::BTreeMap;

use crate::connect::json::Json;

/// What changes with time and belongs to a stage.
const FOLLOWED: [&str; 6] = ["stage_id", "status", "owner_id", "value", "currency", "expected_close_date"];

/// One change of a field.
struct Change<'a> {
    /// RFC 3339 in UTC, whole seconds: as text it sorts by time.
    at: String,
    field: &'a str,
    old: Option<&'a str>,
    new: Option<&'a str>,
}

/// The changelog's time, which has no zone: it is UTC.
pub(super) fn utc(text: &str) -> Option<String> {
    let (date, time) = text.split_once(['T', ' '])?;
    let written = format!("{date}T{}Z", time.trim_end_matches('Z'));
    crate::model::time::Time::parse(&written).map(|_| written)
}

/// The followed changes, the oldest first. The changelog lists the newest first, also within one second.
fn changes(changelog: &[Json]) -> Vec<Change<'_>> {
    let mut changes: Vec<Change<'_>> = changelog
        .iter()
        .rev()
        .filter_map(|change| {
            // The owner has the name that it had in version 1 of the API.
            let field = match change.word("/field_key")? {
                "user_id" => "owner_id",
                field => field,
            };
            let at = utc(change.word("/time")?)?;
            Some(Change { at, field, old: change.word("/old_value"), new: change.word("/new_value") })
        })
        .collect();
    changes.sort_by(|left, right| left.at.cmp(&right.at));
    changes
}

/// The stages of a deal, the oldest first: its creation, and every change of its stage or status.
pub(super) fn documents(deal: &Json, changelog: &[Json], journey: &str) -> Vec<Json> {
    let changes = changes(changelog);
    let mut held = as_created(deal, &changes);
    let created = deal.word("/add_time").and_then(crate::connect::mapping::normalised);
    let mut stages: Vec<Json> = Vec::new();
    let mut last_second = String::new();
    let mut place = 0_u32;
    let mut tell = |at: &str, held: &BTreeMap<&str, Json>| {
        place = if at == last_second { place + 1 } else { 0 };
        at.clone_into(&mut last_second);
        let mut document = Json::object([
            ("deal", deal.clone()),
            ("at", Json::text_of(at)),
            ("place", Json::number_of(place)),
            ("journey", Json::text_of(journey)),
            ("is_current", Json::Bool(false)),
        ]);
        held.iter().for_each(|(field, value)| document.put(field, value.clone()));
        stages.push(document);
    };
    if let Some(created) = &created {
        tell(created, &held);
    }
    for (number, change) in changes.iter().enumerate() {
        if !FOLLOWED.contains(&change.field) || change.old == change.new {
            continue;
        }
        held.insert(change.field, Json::optional(change.new));
        // What changes in the same second belongs to the stage, in whichever order the changelog has it.
        let same_second = changes.iter().skip(number + 1).take_while(|other| other.at == change.at);
        let mut with_second = held.clone();
        for other in same_second.filter(|other| FOLLOWED.contains(&other.field) && !is_step(other.field)) {
            with_second.insert(other.field, Json::optional(other.new));
        }
        if is_step(change.field) {
            tell(&change.at, &with_second);
        }
    }
    if let Some(current) = stages.last_mut() {
        current.put("is_current", Json::Bool(true));
        for field in FOLLOWED {
            current.put(field, deal.at(&format!("/{field}")).cloned().unwrap_or(Json::Null));
        }
    }
    stages
}

fn is_step(field: &str) -> bool {
    matches!(field, "stage_id" | "status")
}

/// What a deal was when it was created: before the first change of each field, or as it is now.
fn as_created<'a>(deal: &Json, changes: &[Change<'_>]) -> BTreeMap<&'a str, Json> {
    FOLLOWED
        .into_iter()
        .map(|field| {
            let value = match changes.iter().find(|change| change.field == field) {
                Some(change) => Json::optional(change.old),
                None => deal.at(&format!("/{field}")).cloned().unwrap_or(Json::Null),
            };
            (field, value)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_have_what_held_at_their_time() {
        let deal = br#"{"id":7,"add_time":"2026-11-02T02:15:00Z","stage_id":3,"status":"won","owner_id":9,"value":50,
            "currency":"CNY","expected_close_date":null}"#;
        let changelog = br#"[
            {"field_key":"status","old_value":"open","new_value":"won","time":"2026-11-03 00:00:00"},
            {"field_key":"stage_id","old_value":"2","new_value":"3","time":"2026-11-03 00:00:00"},
            {"field_key":"value","old_value":"10","new_value":"20","time":"2026-11-02 03:00:00"},
            {"field_key":"owner_id","old_value":"8","new_value":"9","time":"2026-11-02 02:30:00"}]"#;
        let (deal, changelog) = (Json::parse(deal).unwrap(), Json::parse(changelog).unwrap());
        let stages = documents(&deal, changelog.items(""), "L");
        let shown = |stage: &Json| {
            ["at", "place", "stage_id", "status", "owner_id", "value", "is_current"]
                .map(|field| stage.word(&format!("/{field}")).unwrap_or("-").to_owned())
                .join(" ")
        };
        let shown: Vec<String> = stages.iter().map(shown).collect();
        assert_eq!(
            shown,
            [
                "2026-11-02T02:15:00Z 0 2 open 8 10 false",
                "2026-11-03T00:00:00Z 0 3 open 9 20 false",
                "2026-11-03T00:00:00Z 1 3 won 9 50 true",
            ]
        );
    }
}
