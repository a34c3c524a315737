//! Pipeline now (no window; R T O), credited to the rep and team of the last of S, or of L.

use salespulse::model::rules::Rules;
use salespulse::model::time::{DAY, MINUTE, Time};

use super::activity::within;
use super::here::Here;
use super::journey::{Journey, Status};
use super::revenue::{cycles_of, revenue};
use super::sample::{Sample, count};
use super::windows::{self, Windowed};

/// The section's values at one place.
pub(crate) fn samples(here: &Here<'_>, rules: &Rules, all_windows: &[Windowed], now: Time) -> Vec<Sample> {
    let money = here.reporting;
    let mut samples = Vec::new();
    for (index, stage) in (0_u8..).zip(rules.pipeline.open_stages()) {
        let deals: Vec<&Journey<'_>> =
            here.open.iter().filter(|deal| deal.status == Status::Open(index)).copied().collect();
        let amount = deals.iter().map(|deal| i128::from(deal.amount)).sum();
        samples.push(count("open_deals", deals.len()).with("stage", stage));
        samples.push(money.sum("pipeline_amount", amount).with("stage", stage));
        if let Some(limit) = rules.pipeline.stalled_after(index) {
            let before = Time::from_millis((now.millis() - limit).div_euclid(15 * MINUTE) * 15 * MINUTE);
            let stalled = deals.iter().filter(|deal| deal.entered < before).count();
            samples.push(count("stalled_deals", stalled).with("stage", stage));
        }
    }
    let weighted = here.open.iter().map(|deal| weighted(deal, rules)).sum();
    samples.push(money.sum("weighted_pipeline_amount", weighted));
    samples.extend(money.real("velocity", velocity(here, windows::named(all_windows, "90d"))));
    samples
}

/// Σ amount of the open deals in minor units.
pub(crate) fn open_pipeline(here: &Here<'_>) -> i128 {
    here.open.iter().map(|deal| i128::from(deal.amount)).sum()
}

/// Amount × probability of the stage, rounded half-even to minor units.
fn weighted(deal: &Journey<'_>, rules: &Rules) -> i128 {
    let Status::Open(stage) = deal.status else { panic!("not open: {deal:?}") };
    let probability = rules.pipeline.probability(stage);
    let numerator = i128::from(deal.amount) * i128::try_from(probability.numerator).expect("small");
    let denominator = i128::try_from(probability.denominator).expect("small");
    let down = numerator.div_euclid(denominator);
    let twice_rest = 2 * numerator.rem_euclid(denominator);
    let up = twice_rest > denominator || (twice_rest == denominator && down % 2 != 0);
    down + i128::from(up)
}

/// Open deals × win ratio × deal size / mean cycle in days, over 90 days: minor units a day.
fn velocity(here: &Here<'_>, window: Windowed) -> Option<f64> {
    let [won, lost] = [&here.won, &here.lost].map(|facts| within(facts, window.present).len() as f64);
    let cycles = cycles_of(here, window.present);
    if won == 0.0 || cycles.is_empty() {
        return None;
    }
    let win_ratio = won / (won + lost);
    let deal_size = revenue(here, window.present) as f64 / won;
    let cycle_days = cycles.iter().sum::<i64>() as f64 / cycles.len() as f64 / DAY as f64;
    (cycle_days > 0.0).then(|| here.open.len() as f64 * win_ratio * deal_size / cycle_days)
}
