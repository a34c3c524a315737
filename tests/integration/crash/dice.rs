//! Chance that a seed repeats.

/// SplitMix64.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// The next number.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below another.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// One of several.
    pub(super) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let count = u64::try_from(choices.len()).expect("few");
        &choices[usize::try_from(self.below(count)).expect("below their number")]
    }
}

/// The seed of this run: that of the environment, or another for each run.
pub(super) fn seed() -> u64 {
    number("SALESPULSE_CRASH_SEED")
        .unwrap_or_else(|| u64::try_from(crate::integration::events::now()).expect("after 1970"))
}

/// A number from the environment.
pub(super) fn number<T: std::str::FromStr>(variable: &str) -> Option<T> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} must be a number, not {text:?}")))
}

#[test]
fn a_seed_repeats_its_numbers() {
    let numbers = |seed| {
        let mut dice = Dice::new(seed);
        [dice.next(), dice.below(10), *dice.pick(&[1, 2, 3])]
    };
    assert_eq!(numbers(7), numbers(7));
    assert_ne!(numbers(7), numbers(8));
}
