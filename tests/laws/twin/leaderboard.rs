//! Leaderboard (R): ranks, and who is who.

use super::here::Here;
use super::journey::Credit;
use super::record::UNASSIGNED;
use super::sample::{Fraction, Sample, Value, count};
use super::setting::Setting;
use super::windows::Windowed;
use super::world::World;

/// A (rep, team) pair with the values by which it may be ranked.
pub(crate) struct Contestant<'e> {
    credit: Credit<'e>,
    /// By KPI and window.
    values: Vec<(&'static str, &'static str, Fraction)>,
}

impl<'e> Contestant<'e> {
    pub(crate) fn new(
        credit: Credit<'e>,
        here: &Here<'_>,
        windows: &[Windowed],
        quota: Vec<(&'static str, Option<Fraction>)>,
    ) -> Contestant<'e> {
        let attained = |(window, value): (_, Option<Fraction>)| Some(("quota_attainment", window, value?));
        let mut values: Vec<_> = quota.into_iter().filter_map(attained).collect();
        for window in windows {
            // No label but `window` and `currency`, and no quantile.
            for sample in super::windowed(here, window) {
                if let (Value::Exact(value), true) =
                    (sample.value, sample.labels.iter().all(|(key, _)| *key == "currency"))
                {
                    values.push((sample.kpi, window.name, value));
                }
            }
        }
        Contestant { credit, values }
    }

    fn value(&self, by: &str, window: &str) -> Option<Fraction> {
        let found = self.values.iter().find(|(kpi, of, _)| *kpi == by && *of == window);
        found.map(|(.., value)| *value)
    }
}

/// 1 + the number of pairs with a strictly greater value, for each pair that has one. Pairs whose rep is
/// `unassigned` take no part.
pub(crate) fn ranks<'e>(pairs: &[Contestant<'e>], setting: &Setting) -> Vec<(Credit<'e>, Sample)> {
    let mut ranks = Vec::new();
    for by in &setting.leaderboard {
        for window in &setting.windows["rep"] {
            let entrants = pairs.iter().filter(|pair| pair.credit.rep != UNASSIGNED);
            let values: Vec<(Credit<'e>, Fraction)> =
                entrants.filter_map(|pair| Some((pair.credit, pair.value(by, window)?))).collect();
            for (credit, value) in &values {
                let greater = values.iter().filter(|(_, other)| other.exceeds(*value)).count();
                ranks.push((*credit, count("rank", 1 + greater).with("by", by).with("window", window)));
            }
        }
    }
    ranks
}

/// 1 for every rep of the roster, by its last event.
pub(crate) fn infos<'e>(world: &World<'e>) -> Vec<(Credit<'e>, Sample)> {
    let info = |name: &str| count("info", 1).with("name", name);
    world.roster.values().map(|rep| (rep.credit(), info(rep.text("name").unwrap_or("")))).collect()
}
