//! Money (windowed; R T O C).

use super::activity::{quantile_seconds, within};
use super::here::{Here, Money};
use super::sample::{Sample, count, exact, ratio, real};
use super::windows::{Stretch, Windowed};

/// The section's values at one place in one window.
pub(crate) fn samples(here: &Here<'_>, window: &Windowed) -> Vec<Sample> {
    let money = here.reporting;
    let (revenue, previous) = (revenue(here, window.present), revenue(here, window.previous));
    let won = within(&here.won, window.present).len() as i128;
    let mut samples = vec![money.sum("revenue", revenue), money.sum("revenue_previous", previous)];
    if previous > 0 {
        samples.extend(exact("revenue_growth_ratio", ratio(revenue - previous, previous)));
    }
    if !here.place.is_rep() {
        samples.extend(year_ago(here, window, revenue));
    }
    if here.place.is_team_or_wider() {
        samples.extend(pipelines(here, window));
    }
    samples.push(money.sum("lost_amount", sum(&here.lost_money, window.present)));
    samples.extend(money.per("deal_size", revenue, won));
    samples.extend(cycles(here, window));
    if !here.place.is_channel() {
        let (payments, refunds) = (payments(here, window.present), refunds(here, window.present));
        samples.push(money.sum("payments", payments));
        samples.push(money.sum("refunds", refunds));
        if revenue > 0 {
            samples.extend(exact("collection_ratio", ratio(payments - refunds, revenue)));
        }
    }
    let (spend, new) = (spend(here, window.present), new_customers(here, window.present));
    samples.push(money.sum("spend", spend));
    samples.push(count("new_customers", new));
    samples.extend(money.per("cac", spend, new as i128));
    samples
}

fn sum(facts: &[Money<'_>], stretch: Stretch) -> i128 {
    facts.iter().filter(|(at, ..)| stretch.holds(*at)).map(|(_, minor, _)| minor).sum()
}

/// Σ won amount in minor units.
pub(crate) fn revenue(here: &Here<'_>, stretch: Stretch) -> i128 {
    sum(&here.won_money, stretch)
}

/// The same a year ago, where the window has such a one.
fn year_ago(here: &Here<'_>, window: &Windowed, present: i128) -> Vec<Sample> {
    let Some(stretch) = window.year_ago else { return Vec::new() };
    let year_ago = revenue(here, stretch);
    let growth = exact("revenue_yoy_ratio", ratio(present - year_ago, year_ago)).filter(|_| year_ago > 0);
    [Some(here.reporting.sum("revenue_year_ago", year_ago)), growth].into_iter().flatten().collect()
}

/// Revenue of each pipeline, where there are more than one.
fn pipelines(here: &Here<'_>, window: &Windowed) -> Vec<Sample> {
    let setting = here.world.setting;
    let of_pipe = |pipe: &super::setting::Pipe| {
        let own = here.won_money.iter().filter(|(_, _, journey)| journey.pipeline.name == pipe.name);
        let own: Vec<Money<'_>> = own.copied().collect();
        here.reporting.sum("pipeline_revenue", sum(&own, window.present)).with("pipeline", &pipe.name)
    };
    setting.pipelines.iter().filter(|_| setting.has_pipelines()).map(of_pipe).collect()
}

/// Σ spend in minor units.
pub(crate) fn spend(here: &Here<'_>, stretch: Stretch) -> i128 {
    let spends = here.spends.iter().filter(|spend| stretch.holds(spend.at));
    spends.map(|spend| spend.amount.expect("an amount")).sum()
}

/// Customers whose first win lies in the stretch.
pub(crate) fn new_customers(here: &Here<'_>, stretch: Stretch) -> usize {
    here.customers.iter().filter(|customer| stretch.holds(customer.first().at)).count()
}

/// The cycles in milliseconds of deals won in the stretch; negative ones are not used.
pub(crate) fn cycles_of(here: &Here<'_>, stretch: Stretch) -> Vec<i64> {
    let cycles = within(&here.won, stretch).into_iter().filter_map(|journey| journey.cycle());
    cycles.filter(|millis| *millis >= 0).collect()
}

/// Σ payments in minor units.
pub(crate) fn payments(here: &Here<'_>, stretch: Stretch) -> i128 {
    paid(here, "payment", stretch)
}

fn refunds(here: &Here<'_>, stretch: Stretch) -> i128 {
    paid(here, "refund", stretch)
}

fn paid(here: &Here<'_>, kind: &str, stretch: Stretch) -> i128 {
    let is_of_kind = |payment: &str| payment == kind;
    let own = here.payments.iter().filter(|fact| is_of_kind(fact.text("kind").unwrap_or("payment")));
    own.filter(|fact| stretch.holds(fact.at)).map(|fact| fact.amount.expect("an amount")).sum()
}

fn cycles(here: &Here<'_>, window: &Windowed) -> Vec<Sample> {
    let cycles = cycles_of(here, window.present);
    let total: i128 = cycles.iter().map(|millis| i128::from(*millis)).sum();
    let mut samples = vec![count("cycles", cycles.len())];
    samples.extend(real("cycle_p50_seconds", quantile_seconds(&cycles, 50)));
    samples.extend(real("cycle_p90_seconds", quantile_seconds(&cycles, 90)));
    samples.extend(exact("cycle_mean_seconds", ratio(total, cycles.len() as i128 * 1000)));
    samples
}
