//! What became of the records of a replay.

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::contract::decode::RejectionCode;
use crate::engine::shard::Arrival;

/// What became of the records: one line of JSON with its keys in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// All: accepted, tombstones and rejected.
    pub records: u64,
    /// Usable events, of which the next three are parts.
    pub accepted: u64,
    /// Those that say what is known already.
    pub duplicate: u64,
    /// Those that lose to what is known.
    pub superseded: u64,
    /// Those that lie before the horizon.
    pub expired: u64,
    /// Records with a null value.
    pub tombstones: u64,
    /// How many records were rejected by each code that came up, in the order of the codes.
    #[serde(serialize_with = "by_name")]
    pub rejected: BTreeMap<RejectionCode, u64>,
}

impl Summary {
    pub(in crate::app) fn accept(&mut self, arrival: Arrival) {
        self.records += 1;
        self.accepted += 1;
        self.duplicate += u64::from(arrival.duplicate);
        self.superseded += u64::from(arrival.superseded);
        self.expired += u64::from(arrival.expired);
    }

    pub(in crate::app) fn skip_tombstone(&mut self) {
        self.records += 1;
        self.tombstones += 1;
    }

    pub(in crate::app) fn reject(&mut self, code: RejectionCode) {
        self.records += 1;
        *self.rejected.entry(code).or_default() += 1;
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

fn by_name<S: Serializer>(rejected: &BTreeMap<RejectionCode, u64>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(rejected.len()))?;
    for (code, count) in rejected {
        map.serialize_entry(code.name(), count)?;
    }
    map.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_line_of_json_in_a_fixed_order() {
        let mut summary = Summary::default();
        summary.accept(Arrival { duplicate: true, ..Arrival::default() });
        summary.accept(Arrival { superseded: true, expired: true, ..Arrival::default() });
        summary.skip_tombstone();
        summary.reject(RejectionCode::InFuture);
        summary.reject(RejectionCode::NotJson);
        summary.reject(RejectionCode::NotJson);
        insta::assert_snapshot!(summary, @r#"{"records":6,"accepted":2,"duplicate":1,"superseded":1,"expired":1,"tombstones":1,"rejected":{"not_json":2,"in_future":1}}"#);
    }
}
