//! When a conversion counts as dropped: the test of the shipped alert, for those who have no Prometheus.

use crate::model::value::float;

/// Beyond this many standard errors chance lies once in a thousand times.
const Z: f64 = 3.09;
/// Both windows need so many entries of the two stages together before a drop is one.
const FEWEST_ENTRIES: i128 = 20;
/// A conversion below this share of the previous one is a drop.
const DROP: f64 = 0.8;

/// Whether conversion between two stages, by the entries of each in a window and in the one before, has dropped more than
/// chance explains: even the upper end of Wilson's interval for the present share `to / (from + to)` lies below what belongs
/// to so much of the previous conversion.
#[must_use]
pub fn has_dropped(from: [i128; 2], to: [i128; 2]) -> bool {
    let ([from, from_before], [to, to_before]) = (from, to);
    if from + to < FEWEST_ENTRIES || from_before + to_before < FEWEST_ENTRIES {
        return false;
    }
    let (total, converted) = (float(from + to), float(to));
    let spread = Z * (converted * float(from) / total + Z * Z / 4.0).sqrt();
    let upper = (converted + Z * Z / 2.0 + spread) / (total + Z * Z);
    let expected = DROP * float(to_before);
    upper < expected / (float(from_before) + expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drop_is_more_than_chance() {
        assert!(has_dropped([90, 104], [8, 41]), "9 % after 39 %");
        assert!(!has_dropped([120, 130], [90, 104]), "75 % after 80 %");
        assert!(!has_dropped([10, 104], [0, 41]), "too few to say");
        assert!(!has_dropped([104, 10], [0, 2]), "too few before");
        assert!(!has_dropped([40, 40], [12, 20]), "chance can do that");
    }
}
