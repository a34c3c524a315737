//! Satisfaction.

use super::{Formula, Kpi, O, R, Survey, T, Unit};
use crate::engine::cells::Count;
use crate::model::value::{Value, ratio};

pub(super) static KPIS: &[Kpi] = &[
    Kpi {
        name: "feedback_responses",
        help: "Answers to the survey in the window.",
        unit: Unit::Count,
        scopes: &[R, T, O],
        formula: Formula::Surveyed(|of, window, survey| {
            let answers = match survey {
                Survey::Csat => Count::Csat,
                Survey::Nps => Count::Nps,
                Survey::Ces => Count::Ces,
            };
            Some(Value::Count(of.count(answers, window)))
        }),
    },
    Kpi {
        name: "csat_satisfied",
        help: "Answers of the best or second best score to csat in the window.",
        unit: Unit::Count,
        scopes: &[R, T, O],
        formula: Formula::Windowed(|of, window| Some(Value::Count(of.count(Count::CsatSatisfied, window)))),
    },
    Kpi {
        name: "csat_ratio",
        help: "Share of the answers to csat in the window that are satisfied (客户满意度).",
        unit: Unit::Ratio,
        scopes: &[R, T, O],
        formula: Formula::Windowed(|of, window| {
            ratio(of.count(Count::CsatSatisfied, window), of.count(Count::Csat, window)).map(Value::Real)
        }),
    },
    Kpi {
        name: "nps_promoters",
        help: "Answers of 9 or 10 to nps in the window.",
        unit: Unit::Count,
        scopes: &[R, T, O],
        formula: Formula::Windowed(|of, window| Some(Value::Count(of.count(Count::NpsPromoters, window)))),
    },
    Kpi {
        name: "nps_detractors",
        help: "Answers of 0 to 6 to nps in the window.",
        unit: Unit::Count,
        scopes: &[R, T, O],
        formula: Formula::Windowed(|of, window| Some(Value::Count(of.count(Count::NpsDetractors, window)))),
    },
    Kpi {
        name: "nps",
        help: "Net promoter score of the window: per cent of promoters less per cent of detractors, -100 to 100.",
        unit: Unit::Points,
        scopes: &[R, T, O],
        formula: Formula::Windowed(|of, window| {
            let lead = of.count(Count::NpsPromoters, window) - of.count(Count::NpsDetractors, window);
            ratio(100 * lead, of.count(Count::Nps, window)).map(Value::Real)
        }),
    },
    Kpi {
        name: "ces_points",
        help: "Sum of the scores of ces in the window.",
        unit: Unit::Points,
        scopes: &[R, T, O],
        formula: Formula::Windowed(|of, window| Some(Value::Count(of.count(Count::CesPoints, window)))),
    },
    Kpi {
        name: "ces_mean",
        help: "Mean score of ces in the window, 1 to 7.",
        unit: Unit::Points,
        scopes: &[R, T, O],
        formula: Formula::Windowed(|of, window| {
            ratio(of.count(Count::CesPoints, window), of.count(Count::Ces, window)).map(Value::Real)
        }),
    },
];
