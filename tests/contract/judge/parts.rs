//! The parts of a split: what the schema cannot say of them.

use std::collections::BTreeSet;

use super::amount;
use super::json::Json;
use super::rules::Case;
use super::{Fault, Members};

/// The most entries of a split.
const MOST: usize = 10;

/// The most bytes of an id.
const LONGEST_ID: usize = 128;

/// Fraction digits of a share.
const DIGITS: u32 = 9;

/// The entries of a split that is a list of 1 to 10 objects; `None` if it is anything else.
pub(super) fn entries(splits: &Json) -> Option<Vec<&Members>> {
    let Json::List(entries) = splits else { return None };
    let mut objects = Vec::new();
    for entry in entries {
        let Json::Object(members) = entry else { return None };
        objects.push(members);
    }
    (1..=MOST).contains(&objects.len()).then_some(objects)
}

/// The faults of a split beyond those that the schema found.
pub(super) fn faults(case: &Case<'_>, faults: &mut Vec<Fault>) {
    let Some(splits) = case.body.get("splits") else { return };
    let Some(entries) = entries(splits) else {
        faults.push(Fault::new("invalid_field", "splits"));
        return;
    };
    let id = |entry: &Members, field: &str| entry.get(field).and_then(Json::text).map(str::to_owned);
    let pair = |entry: &&Members| {
        ["rep_id", "team_id"].map(|field| id(entry, field).unwrap_or_else(|| "unassigned".to_owned()))
    };
    let pairs: Vec<[String; 2]> = entries.iter().map(pair).collect();
    for (place, field) in ["rep_id", "team_id"].into_iter().enumerate() {
        if pairs.iter().any(|pair| pair[place].len() > LONGEST_ID) {
            faults.push(Fault::new("invalid_field", field));
        }
    }
    // An id of a wrong type is a fault already, whoever it may be.
    if pairs.iter().collect::<BTreeSet<_>>().len() < pairs.len() {
        faults.push(Fault::new("invalid_field", "splits"));
    }
    if case.found.iter().any(|fault| fault.field == "share") {
        return;
    }
    let whole = 10_i128.pow(DIGITS);
    let share =
        |entry: &&Members| amount::minor_units(entry.get("share")?, DIGITS).ok().filter(|share| *share <= whole);
    match entries.iter().map(share).sum::<Option<i128>>() {
        None => faults.push(Fault::new("invalid_amount", "share")),
        Some(sum) if sum != whole => faults.push(Fault::new("invalid_amount", "splits")),
        Some(_) => {}
    }
}
