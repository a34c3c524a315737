//! The state that was restored.

use crate::model::CONTRACT;
use crate::snapshot::header::{Offsets, Refused};
use crate::snapshot::identity::Fingerprints;

/// The state that was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The lineage that its snapshots belong to.
    pub lineage: u64,
    /// Where reading goes on; where nothing is said, at the beginning.
    pub offsets: Offsets,
    /// Where reading once began.
    pub began: Offsets,
    /// Records that other rules might have accepted.
    pub refused: Refused,
    /// Whether records are missing.
    pub degraded: bool,
    /// The records by which every log is known again.
    pub fingerprints: Fingerprints,
    /// Whether a log is another than before, so that what was committed of it means nothing any more.
    pub begins_anew: bool,
    /// The earliest version of the event contract by which anything of it was read.
    pub contract: u32,
}

impl Default for Restored {
    fn default() -> Restored {
        Restored {
            lineage: 0,
            offsets: Offsets::new(),
            began: Offsets::new(),
            refused: Refused::default(),
            degraded: false,
            fingerprints: Fingerprints::new(),
            begins_anew: false,
            contract: CONTRACT,
        }
    }
}
