//! Rounds that an earlier version of the event contract read: they lack what only the present one reads.

use super::{Known, Logs, Reject, RestoreError, Restored, Restorer, partitions};
use crate::config::OnGap;
use crate::health::{SnapshotOfOlderContract, SnapshotUnusable};
use crate::snapshot::header::{Header, Offsets};
use crate::snapshot::rounds::Round;

/// In spite of what a round may be used.
#[derive(Clone, Copy)]
pub(super) struct Allowed {
    /// Records that are missing after it.
    pub gap: OnGap,
    /// An earlier version of the contract.
    pub older_contract: bool,
    /// Nobody knows whether the topics are those that it was read from.
    pub unverified: bool,
}

impl Allowed {
    pub(super) const NOTHING: Allowed = Allowed { gap: OnGap::Refuse, older_contract: false, unverified: false };
    pub(super) const UNVERIFIED: Allowed = Allowed { unverified: true, ..Allowed::NOTHING };
    /// What cannot be verified was judged before the contract was looked at.
    pub(super) const OLDER_CONTRACT: Allowed = Allowed { older_contract: true, ..Allowed::UNVERIFIED };
    pub(super) const EVERYTHING: Allowed = Allowed { gap: OnGap::Degrade, ..Allowed::OLDER_CONTRACT };
}

impl Restorer {
    /// Uses the first of these rounds, unless the logs still hold all that it has read: then reading that again gives more.
    pub(super) fn of_an_older_contract(
        &self,
        rounds: &[(&Round, Box<Header>)],
        lineage: u64,
        logs: Logs<'_>,
    ) -> Result<Option<Restored>, RestoreError> {
        for (round, header) in rounds {
            if holds(&logs.ends.lows, &header.began) {
                SnapshotOfOlderContract { round: &round.name, contract: header.contract }.report(&self.metrics);
                let (began, degraded) = (logs.ends.lows.clone(), header.degraded);
                return Ok(Some(Restored { lineage, began, degraded, ..Restored::default() }));
            }
            let rejected = match self.attempt(round, logs, Allowed::OLDER_CONTRACT, &mut Known::default()) {
                Ok(restored) => return Ok(Some(restored)),
                Err(Reject::Error(error)) => return Err(error),
                Err(Reject::Unusable(reason) | Reject::Gap(reason)) => reason,
                Err(Reject::Changed(changed)) => changed.to_string(),
                Err(Reject::Unverified(record)) => record.unverified(),
                Err(Reject::Older(_)) => continue,
            };
            SnapshotUnusable { round: &round.name, reason: &rejected }.report(&self.metrics);
            self.loader.reset(self.clock.now())?;
        }
        Ok(None)
    }
}

/// Whether the logs that begin there still hold everything since reading began.
fn holds(lows: &Offsets, began: &Offsets) -> bool {
    let low = |topic: &str, number: usize| lows.get(topic)?.get(number).copied();
    partitions(began).all(|(topic, number, began)| low(topic, number).is_some_and(|low| low <= began))
}
