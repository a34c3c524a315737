//! The changelog of a Pipedrive deal, from which its stages are told with what held at their time.

use std::collections::BTreeMap;

use crate::connect::json::Json;
use crate::connect::mapping::{millis, normalised};
use crate::model::time::{SECOND, Time};

/// What changes with time and belongs to a stage.
const FOLLOWED: [&str; 6] = ["stage_id", "status", OWNER, "value", "currency", "expected_close_date"];

/// Whose it is, which has the name that it had in version 1 of the API in changelogs.
const OWNER: &str = "owner_id";

/// What makes a stage of its own.
const STEPS: [&str; 2] = ["stage_id", "status"];

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
    Time::parse(&written).map(|_| written)
}

/// The followed changes, the oldest first. The changelog lists the newest first, also within one second.
fn changes(changelog: &[Json]) -> Vec<Change<'_>> {
    let mut changes: Vec<Change<'_>> = changelog
        .iter()
        .rev()
        .filter_map(|change| {
            let field = match change.word("/field_key")? {
                "user_id" => OWNER,
                field => field,
            };
            let at = utc(change.word("/time")?)?;
            // A deal that is restored is what it was: its deletion is no stage.
            if field == "status" && change.word("/new_value") == Some("deleted") {
                return None;
            }
            Some(Change { at, field, old: change.word("/old_value"), new: change.word("/new_value") })
        })
        .collect();
    changes.sort_by(|left, right| left.at.cmp(&right.at));
    changes
}

/// Between a record's time of a change and the changelog's may lie so much, in milliseconds.
const TOLERANCE: i64 = 5 * SECOND;

/// Whether a changelog ends with the stage and the status that the record of the deal has. One that lags behind ends before
/// the record's last move, or has nothing of how a deal was closed that was open when it was created.
#[must_use]
pub fn agrees(deal: &Json, changelog: &[Json]) -> bool {
    let changes = changes(changelog);
    let last = |field: &str| changes.iter().rev().find(|change| change.field == field);
    let is_same = |field: &&str| last(field).is_none_or(|last| last.new == deal.word(&format!("/{field}")));
    let at = |pointer: &str| deal.at(pointer).and_then(millis);
    let created = at("/add_time");
    let is_then = |known: Option<i64>, then: Option<i64>| match (known, then) {
        (Some(known), Some(then)) => known + TOLERANCE >= then,
        _ => true,
    };
    let moved = last("stage_id").and_then(|last| Time::parse(&last.at)).map(Time::millis).or(created);
    let closed = match (last("status"), deal.word("/status")) {
        (None, Some("won")) => at("/won_time"),
        (None, Some("lost")) => at("/lost_time"),
        _ => None,
    };
    STEPS.iter().all(is_same) && is_then(moved, at("/stage_change_time")) && is_then(created, closed)
}

/// The stages of a deal, the oldest first: its creation, and every change of its stage or status. `starts` says whether
/// they begin its journey, for want of a lead.
#[must_use]
pub fn stages(deal: &Json, changelog: &[Json], lead: Option<&str>, starts: bool) -> Vec<Json> {
    let journey = lead.or_else(|| deal.word("/id")).unwrap_or_default();
    let changes = changes(changelog);
    let mut held = as_created(deal, &changes);
    let created = deal.word("/add_time").and_then(normalised);
    let mut stages: Vec<Json> = Vec::new();
    let mut last_second = String::new();
    let mut place = 0_u32;
    let mut tell = |stages: &mut Vec<Json>, at: &str, held: &BTreeMap<&str, Json>| {
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
        if starts {
            let field = |pointer: &str| deal.at(pointer).cloned().unwrap_or(Json::Null);
            let (channel, origin) = (field("/channel"), field("/origin"));
            let start = [("channel", channel), ("origin", origin), ("started_at", field("/add_time"))];
            document.put("start", Json::object(start));
        }
        stages.push(document);
    };
    if let Some(created) = &created {
        tell(&mut stages, created, &held);
    }
    for (number, change) in changes.iter().enumerate() {
        let is_same = held.get(change.field).and_then(|held| held.word("")) == change.new;
        if !FOLLOWED.contains(&change.field) || is_same {
            continue;
        }
        held.insert(change.field, Json::optional(change.new));
        if !is_step(change.field) {
            // An edit counts for the stage in which it was made; whose the stage is was decided when it was entered.
            if change.field != OWNER
                && let Some(stage) = stages.last_mut()
            {
                stage.put(change.field, Json::optional(change.new));
            }
            continue;
        }
        // What changes in the same second belongs to the stage, in whichever order the changelog has it.
        let same_second = changes.iter().skip(number + 1).take_while(|other| other.at == change.at);
        let mut with_second = held.clone();
        for other in same_second.filter(|other| FOLLOWED.contains(&other.field) && !is_step(other.field)) {
            with_second.insert(other.field, Json::optional(other.new));
        }
        let (earlier, later) = (changes.get(..number), changes.get(number + 1..));
        let is_between = is_between(change, &held, earlier.unwrap_or_default(), later.unwrap_or_default());
        if !is_between {
            tell(&mut stages, &change.at, &with_second);
        }
    }
    if let Some(current) = stages.last_mut() {
        current.put("is_current", Json::Bool(true));
        // What its record says counts, while it is in this stage; whose it is was decided when it was entered.
        for field in ["value", "currency", "expected_close_date"] {
            current.put(field, deal.at(&format!("/{field}")).cloned().unwrap_or(Json::Null));
        }
    }
    stages
}

/// Whether a deal was in no stage of its own after this change: one that is closed is moved unseen, and of a deal that is
/// opened again and moved in one second the changelog does not say whether it was in the stage before for a moment.
fn is_between(change: &Change<'_>, held: &BTreeMap<&str, Json>, earlier: &[Change<'_>], later: &[Change<'_>]) -> bool {
    if is_closed(held.get("status").and_then(|status| status.word(""))) {
        return change.field == "stage_id";
    }
    let in_second = |other: &&Change<'_>| other.at == change.at;
    let opens = |other: &Change<'_>| other.field == "status" && is_closed(other.old);
    let is_opened = opens(change) || earlier.iter().rev().take_while(in_second).any(opens);
    // Until it is closed again.
    let mut steps = later.iter().take_while(in_second).filter(|other| is_step(other.field));
    is_opened && steps.next().is_some_and(|next| next.field == "stage_id")
}

fn is_closed(status: Option<&str>) -> bool {
    matches!(status, Some("won" | "lost"))
}

fn is_step(field: &str) -> bool {
    STEPS.contains(&field)
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
            "currency":"CNY","expected_close_date":null,"won_time":"2026-11-03T00:00:00Z"}"#;
        let changelog = br#"[
            {"field_key":"status","old_value":"open","new_value":"won","time":"2026-11-03 00:00:00"},
            {"field_key":"stage_id","old_value":"2","new_value":"3","time":"2026-11-03 00:00:00"},
            {"field_key":"value","old_value":"10","new_value":"20","time":"2026-11-02 03:00:00"},
            {"field_key":"owner_id","old_value":"8","new_value":"9","time":"2026-11-02 02:30:00"}]"#;
        let (deal, changelog) = (Json::parse(deal).unwrap(), Json::parse(changelog).unwrap());
        let stages = stages(&deal, changelog.items(""), Some("L"), false);
        let shown = |stage: &Json| {
            ["at", "place", "stage_id", "status", "owner_id", "value", "is_current"]
                .map(|field| stage.word(&format!("/{field}")).unwrap_or("-").to_owned())
                .join(" ")
        };
        let shown: Vec<String> = stages.iter().map(shown).collect();
        assert_eq!(
            shown,
            [
                "2026-11-02T02:15:00Z 0 2 open 8 20 false",
                "2026-11-03T00:00:00Z 0 3 open 9 20 false",
                "2026-11-03T00:00:00Z 1 3 won 9 50 true",
            ]
        );
        assert!(agrees(&deal, changelog.items("")));
        assert!(!agrees(&deal, changelog.items("").get(1..).unwrap()), "the record is newer than what is left");
    }

    #[test]
    fn a_deal_that_is_opened_and_moved_at_once_is_in_one_stage() {
        let deal =
            br#"{"id":7,"add_time":"2026-11-02T02:15:00Z","stage_id":2,"status":"open","owner_id":9,"value":50}"#;
        let opened = r#"{"field_key":"status","old_value":"won","new_value":"open","time":"2026-11-04 00:00:00"}"#;
        let moved = r#"{"field_key":"stage_id","old_value":"3","new_value":"2","time":"2026-11-04 00:00:00"}"#;
        let won = r#"{"field_key":"status","old_value":"open","new_value":"won","time":"2026-11-03 00:00:00"}"#;
        let deal = Json::parse(deal).unwrap();
        for (first, second) in [(opened, moved), (moved, opened)] {
            let changelog = Json::parse(format!("[{first},{second},{won}]").as_bytes()).unwrap();
            let stages = stages(&deal, changelog.items(""), None, false);
            let shown: Vec<String> = stages
                .iter()
                .map(|stage| ["/status", "/stage_id", "/place"].map(|field| stage.word(field).unwrap_or("-")).join(" "))
                .collect();
            assert_eq!(shown, ["open 3 0", "won 3 0", "open 2 0"], "{first}");
        }
    }

    #[test]
    fn each_time_that_a_deal_is_opened_in_a_second_is_a_stage() {
        let deal =
            br#"{"id":7,"add_time":"2026-11-02T02:15:00Z","stage_id":2,"status":"open","owner_id":9,"value":50}"#;
        let changelog = br#"[
            {"field_key":"stage_id","old_value":"1","new_value":"2","time":"2026-11-04 00:00:00"},
            {"field_key":"stage_id","old_value":"3","new_value":"1","time":"2026-11-04 00:00:00"},
            {"field_key":"status","old_value":"won","new_value":"open","time":"2026-11-04 00:00:00"},
            {"field_key":"status","old_value":"open","new_value":"won","time":"2026-11-04 00:00:00"},
            {"field_key":"status","old_value":"won","new_value":"open","time":"2026-11-04 00:00:00"},
            {"field_key":"status","old_value":"open","new_value":"won","time":"2026-11-03 00:00:00"}]"#;
        let (deal, changelog) = (Json::parse(deal).unwrap(), Json::parse(changelog).unwrap());
        let stages = stages(&deal, changelog.items(""), None, false);
        let shown: Vec<String> = stages
            .iter()
            .map(|stage| ["/status", "/stage_id", "/place"].map(|field| stage.word(field).unwrap_or("-")).join(" "))
            .collect();
        // It was opened and won at once; then it was opened again, and moved until it was left in the second stage.
        assert_eq!(shown, ["open 3 0", "won 3 0", "open 3 0", "won 3 1", "open 2 2"]);
    }

    #[test]
    fn a_changelog_that_lags_behind_does_not_agree() {
        let agreed = |fields: &str, changelog: &str| {
            let deal = format!(r#"{{"id":7,"add_time":"2026-11-02T02:15:00Z","stage_id":3,{fields}}}"#);
            let (deal, changelog) = (Json::parse(deal.as_bytes()).unwrap(), Json::parse(changelog.as_bytes()).unwrap());
            agrees(&deal, changelog.items(""))
        };
        let moved = r#"[{"field_key":"stage_id","old_value":"2","new_value":"3","time":"2026-11-03 00:00:00"}]"#;
        let open = r#""status":"open","stage_change_time":"2026-11-03T00:00:01Z""#;
        assert!(agreed(open, moved));
        assert!(!agreed(open, "[]"), "it was moved after it was created");
        assert!(!agreed(r#""status":"open","stage_change_time":"2026-11-04T00:00:00Z""#, moved), "and back since");
        assert!(agreed(r#""status":"open","stage_change_time":null"#, "[]"));
        assert!(
            !agreed(r#""status":"won","won_time":"2026-11-03T00:00:00Z""#, "[]"),
            "it was open when it was created"
        );
        assert!(agreed(r#""status":"won","won_time":"2026-11-02T02:15:00Z""#, "[]"), "it was created as won");
    }

    #[test]
    fn a_deal_that_was_restored_is_what_it_was() {
        let deal = br#"{"id":7,"add_time":"2026-11-02T02:15:00Z","stage_id":3,"status":"won","owner_id":9,"value":50}"#;
        let changelog = br#"[
            {"field_key":"status","old_value":"deleted","new_value":"won","time":"2026-11-05 00:00:00"},
            {"field_key":"status","old_value":"won","new_value":"deleted","time":"2026-11-04 00:00:00"},
            {"field_key":"status","old_value":"open","new_value":"won","time":"2026-11-03 00:00:00"}]"#;
        let (deal, changelog) = (Json::parse(deal).unwrap(), Json::parse(changelog).unwrap());
        let stages = stages(&deal, changelog.items(""), None, true);
        let shown: Vec<Option<&str>> = stages.iter().map(|stage| stage.word("/status")).collect();
        assert_eq!(shown, [Some("open"), Some("won")]);
        assert_eq!(stages[0].word("/start/started_at"), Some("2026-11-02T02:15:00Z"));
    }
}
