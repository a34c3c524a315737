//! The reasons for which deals were lost, by their names in a reading.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::engine::cells::Totals;
use crate::engine::directory::Directory;
use crate::engine::facts::Reason;

/// So many reasons keep their names.
const MOST_NAMED: usize = 50;

/// The word for a reason that nobody gave.
const UNKNOWN: &str = "unknown";
/// The word for all reasons that do not keep their names.
const OTHER: &str = "other";

/// What the reasons of a reading are called.
#[derive(Clone, Debug, Default)]
pub struct Reasons {
    /// In the order of their bytes.
    names: Vec<Arc<str>>,
    /// By reason, the place of its name.
    places: HashMap<Reason, usize>,
}

impl Reasons {
    /// The reasons of the whole organisation, which has one row. Those keep their names for which most deals
    /// were lost, of equal ones the lesser; all others are one.
    pub(super) fn new(org: &Totals, directory: &Directory) -> Reasons {
        let mut by_name: BTreeMap<Arc<str>, i64> = BTreeMap::new();
        let mut named: Vec<(Reason, Arc<str>)> = Vec::new();
        for (reason, deals) in org.row(0).reasons().filter(|(_, deals)| *deals > 0) {
            let name = match reason {
                Reason::Unknown => Arc::from(UNKNOWN),
                Reason::Named(name) => directory.text(name),
            };
            *by_name.entry(Arc::clone(&name)).or_default() += deals;
            named.push((reason, name));
        }
        let mut most: Vec<(&Arc<str>, &i64)> = by_name.iter().collect();
        // The sort is stable and the names are in their order, so that of equal ones the lesser comes first.
        most.sort_by_key(|(_, deals)| std::cmp::Reverse(**deals));
        let kept: Vec<&Arc<str>> = most.into_iter().take(MOST_NAMED).map(|(name, _)| name).collect();
        let called = |name: &Arc<str>| if kept.contains(&name) { Arc::clone(name) } else { Arc::from(OTHER) };
        let mut names: Vec<Arc<str>> = by_name.keys().map(called).collect();
        names.sort_unstable();
        names.dedup();
        let place = |name: &Arc<str>| names.binary_search(&called(name)).unwrap_or(0);
        let places = named.iter().map(|(reason, name)| (*reason, place(name))).collect();
        Reasons { places, names }
    }

    /// The names, in the order of their bytes.
    #[must_use]
    pub fn names(&self) -> &[Arc<str>] {
        &self.names
    }

    /// The place of a reason's name.
    #[must_use]
    pub fn place(&self, reason: Reason) -> Option<usize> {
        self.places.get(&reason).copied()
    }
}
