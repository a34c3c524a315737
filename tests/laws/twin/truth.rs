//! Which of the accepted records are true, and which of those exist at an instant.

use std::collections::BTreeMap;

use salespulse::model::time::Time;

use super::calendar::Calendar;
use super::record::Record;
use super::setting::Setting;

/// The identity of a fact: `(type, event_id)`, for a journey's events `(type, lead_id, event_id)`.
fn identity(record: &Record) -> (&str, &str, &str) {
    let lead_id = if record.is_of_journey() { record.text("lead_id").expect("a journey") } else { "" };
    (&record.kind, lead_id, &record.event_id)
}

/// The records that exist: of each identity the highest version, then the greater hash, then the later
/// time; without those retracted and those that retention has let go.
pub(crate) fn existing<'e>(accepted: &'e [Record], setting: &Setting, days: &Calendar, now: Time) -> Vec<&'e Record> {
    let mut truths: BTreeMap<_, &Record> = BTreeMap::new();
    for record in accepted {
        let rank = |record: &Record| (record.version, record.hash, record.at);
        let truth = truths.entry(identity(record)).or_insert(record);
        if rank(record) > rank(truth) {
            *truth = record;
        }
    }
    let horizon = setting.horizon(now);
    truths.into_values().filter(|record| exists(record, horizon, days)).collect()
}

fn exists(record: &Record, horizon: Time, days: &Calendar) -> bool {
    !record.retracted
        && match record.kind.as_str() {
            "rep" => true,
            "target" => days.named(record.text("period").expect("a period")).end > horizon,
            _ => record.at >= horizon,
        }
}
