//! The words of answers.

use crate::kpi::{Better, Unit};

pub(super) const fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "count",
        Unit::Ratio => "ratio",
        Unit::Seconds => "seconds",
        Unit::Money => "money",
        Unit::Points => "points",
        Unit::OfMeasure => "of_measure",
    }
}

pub(super) const fn better(better: Better) -> &'static str {
    match better {
        Better::More => "more",
        Better::Less => "less",
        Better::Neither => "neither",
    }
}
