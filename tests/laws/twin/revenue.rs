//! Money (windowed; R T O C).

use salespulse::model::event::PaymentKind;
use salespulse::model::rules::Scope;

use super::activity::{quantile_seconds, within};
use super::here::Here;
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
    samples.extend(money.per("deal_size", revenue, won));
    samples.extend(cycles(here, window));
    if here.scope() != Scope::Channel {
        let payments = paid(here, PaymentKind::Payment, window.present);
        let refunds = paid(here, PaymentKind::Refund, window.present);
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

/// Σ won amount in minor units.
pub(crate) fn revenue(here: &Here<'_>, stretch: Stretch) -> i128 {
    within(&here.won, stretch).iter().map(|journey| i128::from(journey.amount)).sum()
}

/// Σ spend in minor units.
pub(crate) fn spend(here: &Here<'_>, stretch: Stretch) -> i128 {
    let spends = here.spends.iter().filter(|(event, _)| stretch.holds(event.occurred_at));
    spends.map(|(_, spend)| i128::from(spend.amount.reporting_minor)).sum()
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

fn paid(here: &Here<'_>, kind: PaymentKind, stretch: Stretch) -> i128 {
    let payments =
        here.payments.iter().filter(|(event, payment)| payment.kind == kind && stretch.holds(event.occurred_at));
    payments.map(|(_, payment)| i128::from(payment.amount.reporting_minor)).sum()
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
