//! Whether the logs that are read still are those that were read.

use std::sync::Arc;

use super::partition::Partition;
use crate::snapshot::{Changed, Log, compare};

/// Whether the logs of these partitions, which begin and end there, still are those that were read.
///
/// # Errors
/// Why the logs cannot be read now.
pub fn compare_logs(log: &dyn Log, partitions: &[(&Arc<Partition>, (i64, i64))]) -> Result<Option<Changed>, String> {
    let remembered: Vec<_> = partitions.iter().map(|(partition, ends)| partition.remembered(*ends)).collect();
    let changed = compare(log, &remembered)?;
    if changed.is_none() {
        // What had been read before the comparison began was read from the logs that it has found.
        let compared = partitions.iter().zip(&remembered);
        compared.for_each(|((partition, _), remembered)| partition.trace().trust(&remembered.read));
    }
    Ok(changed)
}
