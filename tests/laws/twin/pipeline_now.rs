//! Pipeline now (no window; R T O), credited to the rep and team of the last of S, or of L.

use salespulse::model::time::{DAY, MINUTE, Time};

use super::activity::within;
use super::calendar::{Calendar, Length};
use super::here::{Here, OpenMoney};
use super::revenue::{cycles_of, revenue};
use super::sample::{Sample, count};
use super::setting::Pipe;
use super::windows::{self, Stretch, Windowed};

/// The section's values at one place.
pub(crate) fn samples(here: &Here<'_>, days: &Calendar, all_windows: &[Windowed], now: Time) -> Vec<Sample> {
    let money = here.reporting;
    let mut samples = Vec::new();
    for pipe in &here.world.setting.pipelines {
        samples.extend(of_stages(here, pipe, now).into_iter().map(|sample| here.of_pipeline(sample, pipe)));
    }
    let weighted = here.open_money.iter().map(|deal| deal.weighted).sum();
    samples.push(money.sum("weighted_pipeline_amount", weighted));

    let is_overdue = |close: Option<Time>| close.is_some_and(|close| close < quarter_hour(now));
    let overdue = here.open.iter().filter(|(_, deal)| is_overdue(deal.expected_close)).count();
    let overdue_money = here.open_money.iter().filter(|deal| is_overdue(deal.journey.expected_close));
    samples.push(count("overdue_deals", overdue));
    samples.push(money.sum("overdue_amount", overdue_money.map(|deal| deal.amount).sum()));

    for (word, length) in [("month", Length::Month), ("quarter", Length::Quarter)] {
        let (whole, to_date) = (days.period_of(length, now), windows::to_date(length, days, now));
        samples.extend(closing(here, whole, to_date).into_iter().map(|sample| sample.with("period", word)));
    }
    samples.extend(money.real("velocity", velocity(here, windows::named(all_windows, "90d"))));
    samples
}

/// The beginning of the quarter of an hour of UTC that holds an instant.
fn quarter_hour(instant: Time) -> Time {
    Time::from_millis(instant.millis().div_euclid(15 * MINUTE) * 15 * MINUTE)
}

fn of_stages(here: &Here<'_>, pipe: &Pipe, now: Time) -> Vec<Sample> {
    let mut samples = Vec::new();
    for (index, stage) in pipe.open_stages().iter().enumerate() {
        let deals = here.open.iter().filter(|(at, deal)| *at == index && deal.pipeline.name == pipe.name);
        let deals: Vec<_> = deals.map(|(_, deal)| *deal).collect();
        let own = |deal: &&OpenMoney<'_>| deal.stage == index && deal.journey.pipeline.name == pipe.name;
        let amount = here.open_money.iter().filter(own).map(|deal| deal.amount).sum();
        samples.push(count("open_deals", deals.len()).with("stage", stage));
        samples.push(here.reporting.sum("pipeline_amount", amount).with("stage", stage));
        if let Some(limit) = pipe.stalled_after.get(stage) {
            let before = quarter_hour(now.plus(-limit));
            let stalled = deals.iter().filter(|deal| deal.entered < before).count();
            samples.push(count("stalled_deals", stalled).with("stage", stage));
        }
    }
    samples
}

/// The open deals whose expected close lies in a whole period, and the revenue that is to be expected of it.
fn closing(here: &Here<'_>, whole: Stretch, to_date: Stretch) -> Vec<Sample> {
    let closes = |deal: &&OpenMoney<'_>| deal.journey.expected_close.is_some_and(|close| whole.holds(close));
    let deals: Vec<&OpenMoney<'_>> = here.open_money.iter().filter(closes).collect();
    let weighted: i128 = deals.iter().map(|deal| deal.weighted).sum();
    let money = here.reporting;
    vec![
        money.sum("closing_amount", deals.iter().map(|deal| deal.amount).sum()),
        money.sum("closing_weighted_amount", weighted),
        money.sum("expected_revenue", revenue(here, to_date) + weighted),
    ]
}

/// Σ amount of the open deals in minor units.
pub(crate) fn open_pipeline(here: &Here<'_>) -> i128 {
    here.open_money.iter().map(|deal| deal.amount).sum()
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
