//! Events of a stream, as event lines of the notation.

use std::fmt::Write;

use proptest::prelude::*;
use salespulse::model::time::Time;
use xxhash_rust::xxh3::xxh3_64;

use super::content::{Ids, Kind, LEADS, ids, kinds};
use super::instant::{Moment, moments};
use crate::laws::twin::setting::Setting;

/// One event of a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    kind: Kind,
    ids: Ids,
    moment: Moment,
    version: u64,
    /// Which of the events of one instant comes first.
    sequence: u32,
    is_retracted: bool,
    /// Whether its JSON bytes leave the time out, as those of a CloudEvent do.
    has_time_elsewhere: bool,
}

impl Arrival {
    /// The same without what the first version of the contract did not know.
    pub(crate) fn of_the_first_version(self) -> Arrival {
        Arrival { kind: self.kind.of_the_first_version(), sequence: 0, ..self }
    }

    /// The event line of an event that arrives at `now`.
    pub(crate) fn line(&self, setting: &Setting, now: Time) -> String {
        let at = self.moment.seen_from(now, setting);
        let (word, rest) = self.kind.content(&self.ids, setting, at, now);
        let mut identity = format!("id=e{} ", self.ids.event);
        if self.version > 0 {
            let _ = write!(identity, "version={} ", self.version);
        }
        if self.is_retracted {
            let lead = if self.kind.is_of_journey() { LEADS[self.ids.lead] } else { "" };
            return format!("retract {} {lead} {identity}", self.kind.type_name());
        }
        if self.sequence > 0 && self.kind.is_of_journey() {
            let _ = write!(identity, "seq={} ", self.sequence);
        }
        let mut line = format!("{word} {at} {rest} {identity}");
        if self.has_time_elsewhere {
            let bytes = format!("{word} {rest} {identity}");
            let _ = write!(line, "hash={}", xxh3_64(bytes.as_bytes()));
        }
        line
    }
}

/// What differs where an earlier event of the stream comes again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    /// It is delivered twice.
    Nothing,
    /// The same bytes with another time beside them.
    Time(Moment),
    Version(u64),
    /// Another place among the events of its instant.
    Sequence(u32),
    /// Another fact with the same content, at the same time.
    Id(u8),
    Journey(usize),
    Owner {
        rep: usize,
        team: usize,
    },
    Customer(usize),
    Kind(Kind),
    Retraction(u64),
}

impl Change {
    /// The same, if the first version of the contract knew it.
    pub(crate) fn of_the_first_version(self) -> Option<Change> {
        match self {
            Change::Sequence(_) => None,
            Change::Kind(kind) => Some(Change::Kind(kind.of_the_first_version())),
            other => Some(other),
        }
    }
}

impl Arrival {
    pub(crate) fn changed(self, change: Change) -> Arrival {
        let mut again = self;
        match change {
            Change::Nothing => {}
            Change::Time(moment) => again = Arrival { moment, has_time_elsewhere: true, ..self },
            Change::Version(version) => again.version = version,
            Change::Sequence(sequence) => again.sequence = sequence,
            Change::Id(event) => again.ids.event = event,
            Change::Journey(lead) => again.ids.lead = lead,
            Change::Owner { rep, team } => again.ids = Ids { rep, team, ..self.ids },
            Change::Customer(customer) => again.ids.customer = customer,
            Change::Kind(kind) => again.kind = kind,
            Change::Retraction(version) => again = Arrival { version, is_retracted: true, ..self },
        }
        again
    }
}

pub(crate) fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![
        1 => Just(Change::Nothing),
        2 => moments().prop_map(Change::Time),
        1 => versions().prop_map(Change::Version),
        2 => sequences().prop_map(Change::Sequence),
        2 => (0..12_u8).prop_map(Change::Id),
        2 => (0..LEADS.len()).prop_map(Change::Journey),
        1 => (0..super::content::REPS.len(), 0..super::content::TEAMS.len())
            .prop_map(|(rep, team)| Change::Owner { rep, team }),
        1 => (0..super::content::CUSTOMERS.len()).prop_map(Change::Customer),
        3 => kinds().prop_map(Change::Kind),
        1 => versions().prop_map(Change::Retraction),
    ]
}

/// Few, so that corrections, superseded ones and ties come often.
fn versions() -> impl Strategy<Value = u64> {
    prop_oneof![4 => Just(0_u64), 2 => 1..3_u64, 1 => Just(u64::MAX)]
}

fn sequences() -> impl Strategy<Value = u32> {
    prop_oneof![4 => Just(0_u32), 2 => 1..3_u32, 1 => Just(u32::MAX)]
}

/// Any event.
pub(crate) fn arrivals() -> impl Strategy<Value = Arrival> {
    let identity = (versions(), sequences(), prop::bool::weighted(0.08), prop::bool::weighted(0.2));
    (kinds(), ids(), moments(), identity).prop_map(
        |(kind, ids, moment, (version, sequence, is_retracted, has_time_elsewhere))| Arrival {
            kind,
            ids,
            moment,
            version,
            sequence,
            is_retracted,
            has_time_elsewhere,
        },
    )
}
