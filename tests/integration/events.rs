//! Records that the tests send.

use crate::harness::{Sent, Topics};

/// The present instant in Unix milliseconds.
pub(crate) fn now() -> i64 {
    salespulse::model::time::Clock::System.now().millis()
}

/// A lead that happened now, of Ann's in the team east, through the channel web.
pub(crate) fn lead(topics: &Topics, id: &str) -> Sent {
    let now = now();
    let value = format!(
        r#"{{"event_id":"e-{id}","occurred_at":{now},"lead_id":"{id}","rep_id":"ann","team_id":"east","channel":"web"}}"#
    );
    Sent::new(&topics.name("lead"), id, value)
}

/// A stage change that happened now, by Ann.
pub(crate) fn stage_change(topics: &Topics, id: &str, stage: &str, amount: &str) -> Sent {
    let now = now();
    let value = format!(
        r#"{{"event_id":"s-{id}-{stage}","occurred_at":{now},"lead_id":"{id}","stage":"{stage}","rep_id":"ann","team_id":"east","amount":"{amount}","currency":"EUR"}}"#
    );
    Sent::new(&topics.name("stage_change"), id, value)
}

/// The value of spending that happened now.
pub(crate) fn spend_value(id: &str, amount: &str) -> String {
    format!(r#"{{"event_id":"{id}","occurred_at":{},"amount":"{amount}","currency":"EUR","channel":"web"}}"#, now())
}

/// Spending that happened now, for the channel web.
pub(crate) fn spend(topics: &Topics, id: &str, amount: &str) -> Sent {
    Sent::new(&topics.name("spend"), id, spend_value(id, amount))
}

/// A record that is no JSON.
pub(crate) fn garbage(topics: &Topics, word: &str) -> Sent {
    Sent::new(&topics.name("spend"), word, format!("garbage {word}"))
}

/// The organisation's leads of the last day.
pub(crate) const ORG_LEADS: &str = "sales_org_leads{window=\"24h\"}";

/// The organisation's spending of the last day.
pub(crate) const ORG_SPEND: &str = "sales_org_spend{currency=\"EUR\",window=\"24h\"}";
