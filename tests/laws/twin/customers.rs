//! Customers (no window; T O C; credited to the rep, team and channel of the customer's first win).

use std::collections::{BTreeMap, BTreeSet};

use salespulse::model::time::Time;

use super::calendar::Calendar;
use super::here::{Here, Place};
use super::journey::{Credit, Journey};
use super::revenue::{new_customers, spend};
use super::sample::{Sample, count, exact, ratio, real};
use super::setting::Setting;
use super::windows::{self, Stretch, Windowed};

/// A won journey of a customer.
#[derive(Clone, Copy)]
pub(crate) struct Win<'e> {
    pub(crate) at: Time,
    pub(crate) credit: Credit<'e>,
    pub(crate) channel: &'e str,
    amount: i128,
    margin: Option<i128>,
}

/// A customer: at least one win, the first one first.
pub(crate) struct Customer<'e> {
    wins: Vec<Win<'e>>,
}

impl<'e> Customer<'e> {
    /// All customers with a win.
    pub(crate) fn all(journeys: &[Journey<'e>]) -> Vec<Customer<'e>> {
        // By the time of the win, ties by `lead_id`.
        let mut wins: Vec<(Time, &str, &str, Win<'e>)> = Vec::new();
        for journey in journeys {
            let Some(won) = journey.won else { continue };
            let Journey { channel, amount, margin, .. } = *journey;
            let win = Win { at: won.at, credit: won.credit, channel, amount, margin };
            wins.push((won.at, journey.lead_id, &journey.customer, win));
        }
        wins.sort_by_key(|(at, lead_id, ..)| (*at, *lead_id));
        let mut by_customer: BTreeMap<&str, Vec<Win<'e>>> = BTreeMap::new();
        for (.., customer, win) in wins {
            by_customer.entry(customer).or_default().push(win);
        }
        by_customer.into_values().map(|wins| Customer { wins }).collect()
    }

    pub(crate) fn first(&self) -> Win<'e> {
        self.wins[0]
    }

    fn wins_in(&self, stretch: Stretch) -> impl Iterator<Item = &Win<'e>> {
        self.wins.iter().filter(move |win| stretch.holds(win.at))
    }

    fn is_active(&self, stretch: Stretch) -> bool {
        self.wins_in(stretch).next().is_some()
    }

    fn is_repeat(&self, days: &Calendar) -> bool {
        self.wins.iter().map(|win| days.day(win.at)).collect::<BTreeSet<_>>().len() >= 2
    }

    /// Σ margin of all wins, revenue where the margin is unknown.
    fn value(&self) -> i128 {
        self.wins.iter().map(|win| win.margin.unwrap_or(win.amount)).sum()
    }
}

/// The section's values at one place.
pub(crate) fn samples(here: &Here<'_>, days: &Calendar, all_windows: &[Windowed], now: Time) -> Vec<Sample> {
    let money = here.reporting;
    let customers = here.customers.len();
    let repeat = here.customers.iter().filter(|customer| customer.is_repeat(days)).count();
    let periods = Periods::new(here.world.setting, days, now);
    let [current, last, before] = [periods.current, periods.last, periods.before].map(|period| active(here, period));
    let retained =
        here.customers.iter().filter(|one| one.is_active(periods.last) && one.is_active(periods.before)).count();

    let mut samples = vec![count("customers", customers), count("repeat_customers", repeat)];
    samples.extend(exact("repeat_purchase_ratio", ratio(repeat as i128, customers as i128)));
    for (word, active) in [("current", current), ("last", last), ("before", before)] {
        samples.push(count("active_customers", active).with("period", word));
    }
    samples.push(count("retained_customers", retained));
    samples.extend(exact("retention_ratio", ratio(retained as i128, before as i128)));
    let value = here.customers.iter().map(|customer| customer.value()).sum();
    samples.extend(money.per("customer_value", value, customers as i128));

    let ltv = ltv(here, &periods, last, retained, before);
    samples.extend(money.real("ltv", ltv));
    let window = windows::named(all_windows, "90d").present;
    let (spend, new) = (spend(here, window), new_customers(here, window));
    if let Some(ltv) = ltv.filter(|_| spend > 0 && new > 0) {
        samples.extend(real("ltv_per_cac", Some(ltv / (spend as f64 / new as f64))));
    }
    samples.extend(market(here, here.world.setting, customers));
    samples
}

/// The customer period that holds `now`, the last complete one, and the one before that.
struct Periods {
    current: Stretch,
    last: Stretch,
    before: Stretch,
    /// How many of them 36 months are.
    longest_lifetime: f64,
}

impl Periods {
    fn new(setting: &Setting, days: &Calendar, now: Time) -> Periods {
        let length = setting.customer_period;
        let current = days.first_day(length, days.day(now));
        let last = length.previous(current);
        let before = length.previous(last);
        Periods {
            current: days.period_from(length, current),
            last: days.period_from(length, last),
            before: days.period_from(length, before),
            longest_lifetime: 36.0 / f64::from(length.months()),
        }
    }
}

fn active(here: &Here<'_>, period: Stretch) -> usize {
    here.customers.iter().filter(|customer| customer.is_active(period)).count()
}

/// [Σ revenue of wins in `last` / active(`last`)] × margin share × lifetime, in minor units.
fn ltv(here: &Here<'_>, periods: &Periods, last: usize, retained: usize, before: usize) -> Option<f64> {
    if last == 0 {
        return None;
    }
    let wins: Vec<&Win<'_>> = here.customers.iter().flat_map(|customer| customer.wins_in(periods.last)).collect();
    let revenue: i128 = wins.iter().map(|win| win.amount).sum();
    let with_margin = wins.iter().filter_map(|win| Some((win.margin?, win.amount)));
    let (margins, amounts) = with_margin.fold((0, 0), |sums, win| (sums.0 + win.0, sums.1 + win.1));
    let margin_share = if amounts > 0 { margins as f64 / amounts as f64 } else { 1.0 };
    // 1 / (1 − retained/before)
    let lifetime = if before == 0 || retained == before {
        periods.longest_lifetime
    } else {
        (before as f64 / (before - retained) as f64).min(periods.longest_lifetime)
    };
    Some(revenue as f64 / last as f64 * margin_share * lifetime)
}

/// The configured market size, and the share of it that are customers. A region's is the sum of its teams',
/// if it has teams and all of them have one.
fn market(here: &Here<'_>, setting: &Setting, customers: usize) -> Vec<Sample> {
    let of_team = |team: &str| setting.team_market_size.get(team).copied();
    let size = match here.place {
        Place::Org => setting.market_size,
        Place::Team(team) => of_team(team),
        Place::Region(_, teams) if !teams.is_empty() => teams.iter().map(|team| of_team(team)).sum(),
        Place::Region(..) | Place::Rep(_) | Place::Channel(_) => None,
    };
    let Some(size) = size else { return Vec::new() };
    let share = exact("penetration_ratio", ratio(customers as i128, size));
    exact("market_size", ratio(size, 1)).into_iter().chain(share).collect()
}
