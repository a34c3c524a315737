//! The records of a sample, each judged as the service would judge it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Groups;
use super::key::{cut, shown};
use super::placement::{Placement, Placements};
use crate::app::check::finding::{Finding, Place, Severity};
use crate::app::check::unread::Unread;
use crate::config::KafkaConfig;
use crate::contract::decode::{Decoded, Decoder, RejectionCode, lead_id_of};
use crate::kafka::{Counts, SourceRecord};
use crate::model::event::EventType;
use crate::model::rules::Rules;
use crate::model::time::Time;

/// What was seen of a sample.
pub(super) struct Records {
    decoder: Decoder,
    now: Time,
    sampled: BTreeMap<EventType, u64>,
    pub(super) tombstones: u64,
    groups: Groups,
    placements: Placements,
    pub(super) unread: Unread,
}

impl Records {
    pub(super) fn new(rules: Arc<Rules>, now: Time) -> Records {
        Records {
            decoder: Decoder::new(rules),
            now,
            sampled: BTreeMap::new(),
            tombstones: 0,
            groups: Groups::new(),
            placements: Placements::default(),
            unread: Unread::default(),
        }
    }

    /// How many records of a type's topic were looked at.
    pub(super) fn sampled(&self, kind: EventType) -> u64 {
        self.sampled.get(&kind).copied().unwrap_or(0)
    }

    /// Looks at one record.
    pub(super) fn take(&mut self, kind: EventType, source: &SourceRecord<'_>) {
        *self.sampled.entry(kind).or_default() += 1;
        let record = source.decodable(kind);
        match self.decoder.decode(&record, self.now) {
            Ok(Decoded::Event(event)) => self.unread.note(&record, &event),
            Ok(Decoded::Tombstone) => self.tombstones += 1,
            Err(rejection) => {
                // Each unknown stage and currency is worth a line of its own.
                let detail = match rejection.code {
                    RejectionCode::UnknownStage | RejectionCode::UnknownCurrency => rejection.message.clone(),
                    _ => String::new(),
                };
                let field = rejection.field;
                self.group(kind, source, rejection.code.name(), detail, (Severity::Error, field, rejection.message));
            }
        }
        let Some(key) = source.key else {
            self.group(kind, source, "keyless", String::new(), (Severity::Warning, None, keyless(kind)));
            return;
        };
        if !kind.is_of_journey() {
            return;
        }
        self.placements.note(kind, key, source.partition);
        if let Some(lead_id) = lead_id_of(&record).filter(|lead_id| lead_id.as_bytes() != key) {
            let sentence = format!(
                "the key {} is not the lead_id {:?}; the record counts, but records of its journey may lie in several \
                 partitions: produce it with its lead_id as key",
                shown(key),
                cut(&lead_id),
            );
            self.group(kind, source, "misrouted", String::new(), (Severity::Warning, Some("lead_id"), sentence));
        }
    }

    /// Counts a finding with those that are like it.
    fn group(
        &mut self,
        kind: EventType,
        source: &SourceRecord<'_>,
        rule: &'static str,
        detail: String,
        (severity, field, sentence): (Severity, Option<&'static str>, String),
    ) {
        let first = || {
            let topic = source.topic.to_owned();
            let place = Place::Records { topic, partition: source.partition, offset: source.offset, field, count: 0 };
            Finding { severity, rule, place, message: sentence }
        };
        let group = self.groups.entry((kind, rule, detail)).or_insert_with(first);
        if let Place::Records { count, .. } = &mut group.place {
            *count += 1;
        }
    }

    /// What puts the keys of journeys where they lie.
    pub(super) fn placement(&self, kafka: &KafkaConfig, counts: &Counts) -> Placement {
        self.placements.judge(|kind| kafka.topics.get(&kind).map_or(0, |topic| counts.of(topic)))
    }

    /// What was found, by topic.
    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.groups.into_values().collect()
    }
}

fn keyless(kind: EventType) -> String {
    let key = if kind.is_of_journey() { "its lead_id" } else { "one that is the same for all versions of its event" };
    format!(
        "the record has no key; it counts, but versions of one event may lie in several partitions: produce it with {key} as key"
    )
}
