//! Leaderboard (R): ranks, and who is who.

use salespulse::model::id::UNASSIGNED;
use salespulse::model::rules::Rules;

use super::here::Here;
use super::journey::Credit;
use super::sample::{Fraction, Sample, Value, count};
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
        rules: &Rules,
        windows: &[Windowed],
        quota: Vec<(&'static str, Option<Fraction>)>,
    ) -> Contestant<'e> {
        let attained = |(window, value): (_, Option<Fraction>)| Some(("quota_attainment", window, value?));
        let mut values: Vec<_> = quota.into_iter().filter_map(attained).collect();
        for window in windows {
            // No label but `window` and `currency`, and no quantile.
            for sample in super::windowed(here, rules, window) {
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
pub(crate) fn ranks<'e>(pairs: &[Contestant<'e>], rules: &Rules) -> Vec<(Credit<'e>, Sample)> {
    let mut ranks = Vec::new();
    for by in &rules.leaderboard {
        for window in rules.windows.rep.iter().map(|window| window.name()) {
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
    let of_roster = world
        .roster
        .values()
        .map(|(_, rep)| (Credit { rep: &rep.rep_id, team: &rep.team_id }, info(rep.name.as_deref().unwrap_or(""))));
    of_roster.collect()
}
