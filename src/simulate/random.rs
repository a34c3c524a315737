//! The dice: SplitMix64, so that the same seed rolls the same on every machine and in every version.
//!
//! Every actor of the simulation rolls its own dice, seeded by what it is and its number. What one actor does then
//! never changes what befalls another: breaking a stage of one team leaves the journeys of the others as they were.

/// The increment of SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014).
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// Who rolls: keeps actors of the same number apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Actor {
    /// What befalls a journey.
    Journey = 1,
    /// The id of a journey.
    LeadId,
    /// The id of a customer.
    CustomerId,
    /// The leads of an hour.
    Hour,
    /// A person's traits.
    Person,
    /// A person's name.
    Name,
    /// Who comes, goes and moves in a week.
    Week,
    /// What a team spends on a day.
    Spend,
    /// What people spend on their way in a week.
    Travel,
    /// The targets of a month.
    Targets,
    /// The exchange rates of a month.
    Rates,
    /// What happens to a record on its way.
    Delivery,
    /// When a journey's expected close is put off, and by how much.
    PutOff,
}

/// A die of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// The die of an actor.
    pub(super) fn of(seed: u64, actor: Actor, number: u64) -> Random {
        Random(mix(mix(seed ^ mix(actor as u64)) ^ number))
    }

    /// A new die that rolls apart from this one.
    pub(super) fn child(&mut self) -> Random {
        Random(mix(self.bits() ^ GOLDEN))
    }

    /// 64 even bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// 128 even bits, for an id.
    pub(super) fn id(&mut self) -> u128 {
        (u128::from(self.bits()) << 64) | u128::from(self.bits())
    }

    /// A whole number from 0 up to, not including, `end`; 0 if there is none.
    pub(super) fn below(&mut self, end: i64) -> i64 {
        let end = u64::try_from(end).unwrap_or(0);
        let scaled = (u128::from(self.bits()) * u128::from(end)) >> 64;
        i64::try_from(scaled).unwrap_or(0)
    }

    /// A whole number from `low` up to, not including, `high`.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(high - low)
    }

    /// True so many times in ten thousand.
    pub(super) fn chance(&mut self, per_myriad: i64) -> bool {
        self.below(10_000) < per_myriad
    }

    /// A place in a list of weights, each as often as it weighs.
    pub(super) fn weighted(&mut self, weights: &[i64]) -> usize {
        let mut rest = self.below(weights.iter().sum());
        for (place, weight) in weights.iter().enumerate() {
            rest -= weight;
            if rest < 0 {
                return place;
            }
        }
        0
    }

    /// An entry of a list, each as often as the others.
    pub(super) fn any<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        let place = self.below(i64::try_from(list.len()).unwrap_or(0));
        list.get(usize::try_from(place).unwrap_or(0))
    }

    /// A value of a distribution that is given by its quantiles at equal steps: even between any two of them.
    pub(super) fn quantile(&mut self, quantiles: &[i64]) -> i64 {
        let steps = i64::try_from(quantiles.len()).unwrap_or(1) - 1;
        let place = usize::try_from(self.below(steps)).unwrap_or(0);
        match quantiles.get(place..place + 2) {
            Some(&[low, high]) => self.between(low, high.max(low + 1)),
            _ => quantiles.first().copied().unwrap_or(0),
        }
    }
}

/// The finaliser of SplitMix64.
const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rolls_what_the_published_algorithm_rolls() {
        let mut random = Random(1_234_567);
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(std::array::from_fn(|_| random.bits()), expected);
    }

    #[test]
    fn ranges_weights_and_quantiles_keep_within_their_bounds() {
        let mut random = Random::of(1, Actor::Journey, 1);
        let mut places = [0; 3];
        for _ in 0..10_000 {
            assert!((-3..4).contains(&random.between(-3, 4)));
            assert!((10..40).contains(&random.quantile(&[10, 20, 40])));
            if let Some(count) = places.get_mut(random.weighted(&[1, 0, 3])) {
                *count += 1;
            }
        }
        assert_eq!(places[1], 0);
        assert!((2_200..2_800).contains(&places[0]), "{places:?}");
        assert_eq!(random.below(0), 0);
        assert_eq!(random.any::<u8>(&[]), None);
    }
}
