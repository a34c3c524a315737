//! The records on their way from the simulation to the broker, never further ahead of the service than the broker keeps.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cluster::PARTITIONS;
use crate::app::AppError;
use crate::app::simulate::broker::Broker;
use crate::app::simulate::files::Files;
use crate::health::{Metrics, TopicMetrics};
use crate::model::event::EventType;
use crate::model::time::Time;
use crate::simulate::{Simulation, Written};

/// What a topic may hold that the service has not read: of the 5 MiB that each partition keeps less than a half, since
/// keys do not fill them evenly. If a record were dropped all the same, the service would end and say so: it takes no
/// offset but the next.
const ROOM_BYTES: u64 = PARTITIONS.unsigned_abs() as u64 * 2 * 1024 * 1024;

/// Produces the records of a simulation.
pub(super) struct Feed {
    simulation: Simulation,
    broker: Broker,
    record: Option<Files>,
    metrics: Arc<Metrics>,
    lanes: BTreeMap<EventType, Lane>,
    /// The record that comes next, and its value.
    next: Option<Written>,
    value: Vec<u8>,
}

/// What was sent to a topic, and what the service has made of it.
#[derive(Clone)]
struct Lane {
    records: u64,
    bytes: u64,
    metrics: TopicMetrics,
}

impl Lane {
    fn has_room(&self) -> bool {
        let unread = u128::from(self.records.saturating_sub(self.metrics.consumed.get()));
        // Which records are unread is not known, only how many.
        unread * u128::from(self.bytes) <= u128::from(ROOM_BYTES) * u128::from(self.records)
    }
}

impl Feed {
    /// The way from a simulation to a broker, and into a file if there is one; `metrics` are those of the service.
    pub(super) fn new(simulation: Simulation, broker: Broker, record: Option<Files>, metrics: Arc<Metrics>) -> Feed {
        let lane = |kind: EventType| {
            let metrics = metrics.topic(kind.default_topic())?.clone();
            Some((kind, Lane { records: 0, bytes: 0, metrics }))
        };
        let lanes = EventType::ALL.into_iter().filter_map(lane).collect();
        let mut feed = Feed { simulation, broker, record, metrics, lanes, next: None, value: Vec::new() };
        feed.prepare();
        feed
    }

    /// When the next record arrives; `None` if there are no more.
    pub(super) fn due(&self) -> Option<Time> {
        self.next.map(|record| record.produced_at)
    }

    /// Whether the broker can keep one more record of the next one's type.
    pub(super) fn has_room(&self) -> bool {
        self.next.and_then(|record| self.lanes.get(&record.kind)).is_none_or(Lane::has_room)
    }

    /// Sends the next record.
    pub(super) fn send(&mut self) -> Result<(), AppError> {
        let Some(record) = self.next else { return Ok(()) };
        self.broker.send(&record, &self.value)?;
        if let Some(file) = &mut self.record {
            file.write(record.kind, &self.value)?;
        }
        if let Some(lane) = self.lanes.get_mut(&record.kind) {
            lane.records += 1;
            lane.bytes += self.value.len() as u64;
        }
        self.prepare();
        Ok(())
    }

    /// Waits until the broker has all that was sent, and hands the file to the system.
    pub(super) fn flush(&mut self) -> Result<(), AppError> {
        self.broker.flush()?;
        self.record.as_mut().map_or(Ok(()), Files::flush)
    }

    /// How many records were sent.
    pub(super) fn sent(&self) -> u64 {
        self.lanes.values().map(|lane| lane.records).sum()
    }

    /// How many records the service has done with: applied, or found beyond use.
    pub(super) fn applied(&self) -> u64 {
        let unusable = self.lanes.values().map(|lane| {
            let (decoded, consumed) = (lane.metrics.decoded.get(), lane.metrics.consumed.get());
            consumed.saturating_sub(decoded)
        });
        self.metrics.applied.get() + unusable.sum::<u64>()
    }

    /// Whether the service has done with all that was sent.
    pub(super) fn is_applied(&self) -> bool {
        self.applied() >= self.sent()
    }

    fn prepare(&mut self) {
        self.value.clear();
        self.next = self.simulation.write_next(&mut self.value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_full_until_the_service_has_read_enough() {
        let metrics = Metrics::new(["sales.leads"].into_iter()).unwrap();
        let metrics = metrics.topic("sales.leads").unwrap().clone();
        // As many bytes as there is room for, in a thousand records.
        let full = Lane { records: 1_000, bytes: ROOM_BYTES, metrics };
        let one_more = Lane { records: 1_001, bytes: ROOM_BYTES + ROOM_BYTES / 1_000, ..full.clone() };
        assert!(full.has_room() && !one_more.has_room());
        one_more.metrics.consumed.inc();
        assert!(one_more.has_room());
        assert!(Lane { records: 0, bytes: 0, ..full }.has_room());
    }
}
