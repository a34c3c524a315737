//! Which rounds stay: the newest that are whole, and of older ones some that are far apart, so that a bad hour cannot evict
//! a good day.
//!
//! Only rounds of one home are looked at. A damaged round takes nobody's place. What a later release wrote is no damage, and
//! is left alone.

use std::collections::BTreeSet;
use std::time::SystemTime;

use super::rounds::{Home, Round};

/// How many whole rounds are kept whatever their age: one may be damaged later, and another may just be read by somebody.
pub(super) const NEWEST: usize = 3;
const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

/// How long older rounds are kept, and how far apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// For so many hours, the present one included, the first round of each.
    pub hourly: u64,
    /// For so many UTC days, the present one included, the first round of each.
    pub daily: u64,
}

impl Default for Kept {
    fn default() -> Kept {
        Kept { hourly: 24, daily: 7 }
    }
}

/// What became of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It can be read to its end.
    Whole,
    /// Nobody will ever use it.
    Damaged,
    /// It is not of this home, or a later release wrote it.
    NotOurs,
}

/// The rounds, from all that there are, that may be deleted.
///
/// # Errors
/// Whatever `judge` fails with.
pub(super) fn superfluous<E>(
    rounds: &[Round],
    home: Home,
    kept: Kept,
    judge: impl Fn(&Round) -> Result<Verdict, E>,
) -> Result<Vec<&Round>, E> {
    let (mut newest, mut older, mut useless): (Vec<&Round>, Vec<&Round>, Vec<&Round>) = Default::default();
    for round in rounds.iter().filter(|round| [home, Home::Group].contains(&round.name.home)) {
        // What is in the home and was once among the newest was whole then.
        let is_known = round.name.home == home && round.is_complete && newest.len() >= NEWEST;
        let verdict = if is_known { Verdict::Whole } else { judge(round)? };
        match verdict {
            Verdict::Whole if newest.len() < NEWEST => newest.push(round),
            Verdict::Whole => older.push(round),
            // Before the newest one it may just be written by another instance.
            Verdict::Damaged if !newest.is_empty() => useless.push(round),
            Verdict::Damaged | Verdict::NotOurs => {}
        }
    }
    let now = newest.iter().map(|round| round.written).max().unwrap_or(SystemTime::UNIX_EPOCH);
    useless.extend(too_close(older, now, kept));
    Ok(useless)
}

/// The older rounds that are not the first of an hour or a day for which one is kept. The time is that of the newest round,
/// by the store's own clock.
fn too_close(mut older: Vec<&Round>, now: SystemTime, kept: Kept) -> Vec<&Round> {
    older.sort_by_key(|round| round.written);
    let number = |time: SystemTime, length: u64| {
        time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs() / length)
    };
    let (mut hours, mut days) = (BTreeSet::new(), BTreeSet::new());
    let is_first = |seen: &mut BTreeSet<u64>, round: &Round, length: u64, kept: u64| {
        let (number, now) = (number(round.written, length), number(now, length));
        now.saturating_sub(number) < kept && seen.insert(number)
    };
    older.retain(|round| {
        let of_hour = is_first(&mut hours, round, HOUR, kept.hourly);
        let of_day = is_first(&mut days, round, DAY, kept.daily);
        !of_hour && !of_day
    });
    older
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::snapshot::rounds::{ObjectName, RoundName};

    const OURS: Home = Home::Of(1);
    /// A day's first hour.
    const BEGIN: u64 = 20_000 * DAY;

    fn round(position: u64, home: Home, seconds: u64) -> Round {
        let name = RoundName { lineage: 1, position, home };
        let objects = vec![ObjectName { round: name, shard: 0, shards: 1 }];
        Round { name, objects, is_complete: true, written: SystemTime::UNIX_EPOCH + Duration::from_secs(seconds) }
    }

    /// The positions of what goes; `damaged` and `foreign` are positions, too.
    fn gone(rounds: &[Round], kept: Kept, damaged: &[u64], foreign: &[u64]) -> Vec<u64> {
        let judge = |round: &Round| {
            let is_among = |positions: &[u64]| positions.contains(&round.name.position);
            Ok::<_, std::convert::Infallible>(match (round.is_complete && !is_among(damaged), is_among(foreign)) {
                (_, true) => Verdict::NotOurs,
                (true, false) => Verdict::Whole,
                (false, false) => Verdict::Damaged,
            })
        };
        let mut rounds = rounds.to_vec();
        rounds.sort_by_key(|round| std::cmp::Reverse(round.name));
        let mut gone: Vec<u64> =
            superfluous(&rounds, OURS, kept, judge).unwrap().iter().map(|r| r.name.position).collect();
        gone.sort_unstable();
        gone
    }

    const NEWEST_ONLY: Kept = Kept { hourly: 0, daily: 0 };

    #[test]
    fn the_newest_whole_rounds_of_its_own_home_stay_and_nothing_elsewhere_is_touched() {
        let mut rounds: Vec<Round> = (1..=6).map(|n| round(n, OURS, BEGIN + n)).collect();
        rounds.extend((10..=14).map(|n| round(n, Home::Of(2), BEGIN + n)));
        rounds.extend([round(20, Home::Group, BEGIN), round(21, Home::Group, BEGIN)]);
        assert_eq!(gone(&rounds, NEWEST_ONLY, &[], &[20]), [1, 2, 3, 4], "21 is ours, and the newest");
        // Junk takes nobody's place, and goes itself.
        assert_eq!(gone(&rounds, NEWEST_ONLY, &[5, 4], &[20, 21]), [1, 4, 5], "6, 3 and 2 are the newest");
        // What a later release wrote stays, and takes nobody's place, either.
        assert_eq!(gone(&rounds, NEWEST_ONLY, &[], &[6, 5, 20, 21]), [1]);
    }

    #[test]
    fn what_is_just_written_by_another_is_left_alone() {
        let mut rounds: Vec<Round> = (1..=3).map(|n| round(n, OURS, BEGIN + n)).collect();
        rounds[2].is_complete = false;
        assert_eq!(gone(&rounds, NEWEST_ONLY, &[], &[]), [0_u64; 0]);
        rounds.push(round(4, OURS, BEGIN + 4));
        assert_eq!(gone(&rounds, NEWEST_ONLY, &[], &[]), [3], "a whole one lies before it");
    }

    /// A round every ten minutes for ten days; then some of the last day and of the last week are left.
    #[test]
    fn of_older_rounds_the_first_of_each_hour_and_of_each_day_stays() {
        let mut rounds: Vec<Round> = Vec::new();
        for n in 0..10 * 24 * 6 {
            rounds.push(round(n, OURS, BEGIN + n * 600));
            let gone = gone(&rounds, Kept::default(), &[], &[]);
            rounds.retain(|round| !gone.contains(&round.name.position));
            assert!(rounds.len() <= NEWEST + 24 + 7, "{} are kept", rounds.len());
        }
        let last = 10 * 24 * 6 - 1;
        let kept: Vec<u64> = rounds.iter().map(|round| round.name.position).collect();
        let days = (3..10).map(|day| day * 24 * 6);
        let hours = (9 * 24..10 * 24).map(|hour| hour * 6);
        let expected: BTreeSet<u64> = days.chain(hours).chain(last - 2..=last).collect();
        assert_eq!(kept, expected.into_iter().collect::<Vec<_>>());
    }
}
