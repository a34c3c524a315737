//! Exchange rates: one a month, wandering a little, and how the ledger converts with them.

use super::fact::{Coin, Sum};
use super::random::{Actor, Random};

/// Rates have this many steps to one unit of the reporting currency.
const STEPS: i64 = 10_000;
/// At most so many months have rates of their own; the last stays in force.
const MOST_MONTHS: i32 = 240;
/// The foreign currencies, where their rates begin, and between which bounds they wander: assumed, near the
/// rates of 2023 to 2025.
const FOREIGN: [(Coin, i64, i64, i64); 2] = [(Coin::Usd, 71_000, 68_500, 73_500), (Coin::Eur, 78_000, 75_000, 83_000)];

/// The rates of each month.
#[derive(Debug)]
pub(super) struct Rates {
    first: i32,
    months: Vec<[i64; 2]>,
}

impl Rates {
    /// The rates of the months from `first` to `last`, counted from year 0.
    pub(super) fn new(seed: u64, first: i32, last: i32) -> Rates {
        let mut now = FOREIGN.map(|(_, begin, ..)| begin);
        let months = (first..=last.min(first + MOST_MONTHS)).map(|month| {
            let mut random = Random::of(seed, Actor::Rates, u64::from(month.unsigned_abs()));
            for (rate, (_, _, least, most)) in now.iter_mut().zip(FOREIGN) {
                *rate = (*rate + random.between(-600, 601)).clamp(least, most);
            }
            now
        });
        Rates { first, months: months.collect() }
    }

    /// The month of the first day of each rate, its currency and the rate's text.
    pub(super) fn lines(&self) -> impl Iterator<Item = (i32, Coin, String)> {
        (self.first..).zip(&self.months).flat_map(|(month, rates)| {
            let coins = FOREIGN.iter().map(|foreign| foreign.0);
            coins.zip(rates).map(move |(coin, rate)| (month, coin, format!("{}.{:04}", rate / STEPS, rate % STEPS)))
        })
    }

    /// An amount in minor units of the reporting currency, at the rate of a month, rounded half-even.
    pub(super) fn reporting(&self, sum: Sum, month: i32) -> i64 {
        let place = usize::try_from(month - self.first).unwrap_or(0).min(self.months.len().saturating_sub(1));
        let [usd, eur] = self.months.get(place).copied().unwrap_or([STEPS; 2]);
        let rate = match sum.coin {
            Coin::Cny => return sum.minor,
            Coin::Usd => usd,
            Coin::Eur => eur,
        };
        let product = sum.minor * rate;
        let (whole, rest) = (product.div_euclid(STEPS), product.rem_euclid(STEPS));
        let up = rest * 2 > STEPS || rest * 2 == STEPS && whole % 2 != 0;
        whole + i64::from(up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_rounded_half_even() {
        let rates = Rates { first: 0, months: vec![[5_000, 71_234]] };
        let usd = |minor| rates.reporting(Sum { minor, coin: Coin::Usd }, 0);
        assert_eq!([usd(1), usd(3), usd(5), usd(-1), usd(-3), usd(4)], [0, 2, 2, 0, -2, 2]);
        assert_eq!(rates.reporting(Sum { minor: 100, coin: Coin::Eur }, 99), 712);
        assert_eq!(rates.reporting(Sum { minor: -7, coin: Coin::Cny }, 0), -7);
    }
}
