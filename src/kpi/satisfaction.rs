//! Satisfaction.

use super::{Better, Formula, Kpi, O, R, Survey, T, Title, Unit};
use crate::engine::cells::Count;
use crate::model::needs::Needs;
use crate::model::value::{Value, ratio};

pub(super) static KPIS: &[Kpi] = &[
    Kpi {
        name: "feedback_responses",
        help: "Answers to the survey in the window.",
        unit: Unit::Count,
        title: Title { en: "Survey answers", zh: "问卷回答数" },
        better: Better::More,
        additive: true,
        scopes: &[R, T, O],
        needs: Needs::BESIDE,
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
        title: Title { en: "Satisfied customers (CSAT)", zh: "满意回答数（CSAT）" },
        better: Better::More,
        additive: true,
        scopes: &[R, T, O],
        needs: Needs::BESIDE,
        formula: Formula::Windowed(|of, window| Some(Value::Count(of.count(Count::CsatSatisfied, window)))),
    },
    Kpi {
        name: "csat_ratio",
        help: "Share of the answers to csat in the window that are satisfied (客户满意度).",
        unit: Unit::Ratio,
        title: Title { en: "Customer satisfaction (CSAT)", zh: "客户满意度（CSAT）" },
        better: Better::More,
        additive: false,
        scopes: &[R, T, O],
        needs: Needs::BESIDE,
        formula: Formula::Windowed(|of, window| {
            ratio(of.count(Count::CsatSatisfied, window), of.count(Count::Csat, window)).map(Value::Real)
        }),
    },
    Kpi {
        name: "nps_promoters",
        help: "Answers of 9 or 10 to nps in the window.",
        unit: Unit::Count,
        title: Title { en: "Promoters (NPS)", zh: "推荐者（NPS）" },
        better: Better::More,
        additive: true,
        scopes: &[R, T, O],
        needs: Needs::BESIDE,
        formula: Formula::Windowed(|of, window| Some(Value::Count(of.count(Count::NpsPromoters, window)))),
    },
    Kpi {
        name: "nps_detractors",
        help: "Answers of 0 to 6 to nps in the window.",
        unit: Unit::Count,
        title: Title { en: "Detractors (NPS)", zh: "贬损者（NPS）" },
        better: Better::Less,
        additive: true,
        scopes: &[R, T, O],
        needs: Needs::BESIDE,
        formula: Formula::Windowed(|of, window| Some(Value::Count(of.count(Count::NpsDetractors, window)))),
    },
    Kpi {
        name: "nps",
        help: "Net promoter score of the window: per cent of promoters less per cent of detractors, -100 to 100.",
        unit: Unit::Points,
        title: Title { en: "Net promoter score (NPS)", zh: "净推荐值（NPS）" },
        better: Better::More,
        additive: false,
        scopes: &[R, T, O],
        needs: Needs::BESIDE,
        formula: Formula::Windowed(|of, window| {
            let lead = of.count(Count::NpsPromoters, window) - of.count(Count::NpsDetractors, window);
            ratio(100 * lead, of.count(Count::Nps, window)).map(Value::Real)
        }),
    },
    Kpi {
        name: "ces_points",
        help: "Sum of the scores of ces in the window.",
        unit: Unit::Points,
        title: Title { en: "Effort score points (CES)", zh: "费力度总分（CES）" },
        better: Better::Neither,
        additive: true,
        scopes: &[R, T, O],
        needs: Needs::BESIDE,
        formula: Formula::Windowed(|of, window| Some(Value::Count(of.count(Count::CesPoints, window)))),
    },
    Kpi {
        name: "ces_mean",
        help: "Mean score of ces in the window, 1 to 7.",
        unit: Unit::Points,
        title: Title { en: "Customer effort score (CES)", zh: "客户费力度（CES）" },
        better: Better::More,
        additive: false,
        scopes: &[R, T, O],
        needs: Needs::BESIDE,
        formula: Formula::Windowed(|of, window| {
            ratio(of.count(Count::CesPoints, window), of.count(Count::Ces, window)).map(Value::Real)
        }),
    },
];
