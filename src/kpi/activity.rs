//! Activity and funnel.

use super::{C, Formula, Kpi, O, R, T, Unit};
use crate::engine::cells::Count;
use crate::model::value::{Value, ratio};

pub(super) static KPIS: &[Kpi] = &[
    Kpi {
        name: "leads",
        help: "Journeys created in the window.",
        unit: Unit::Count,
        scopes: &[R, T, O, C],
        formula: Formula::Windowed(|of, window| Some(Value::Count(of.count(Count::Leads, window)))),
    },
    Kpi {
        name: "leads_previous",
        help: "Journeys created in the previous window.",
        unit: Unit::Count,
        scopes: &[T, O, C],
        formula: Formula::Windowed(|of, window| Some(Value::Count(of.previous_count(Count::Leads, window)))),
    },
    Kpi {
        name: "stage_entries",
        help: "Journeys that reached the stage in the window; skipping a stage counts as reaching it.",
        unit: Unit::Count,
        scopes: &[R, T, O, C],
        formula: Formula::Staged(|of, window, stage| Some(Value::Count(of.entries(stage, window)))),
    },
    Kpi {
        name: "stage_entries_previous",
        help: "Journeys that reached the stage in the previous window.",
        unit: Unit::Count,
        scopes: &[T, O, C],
        formula: Formula::Staged(|of, window, stage| Some(Value::Count(of.previous_count(of.entry(stage), window)))),
    },
    Kpi {
        name: "funnel_conversion_ratio",
        help: "Entries of one stage by entries of another in the window; it may exceed 1.",
        unit: Unit::Ratio,
        scopes: &[R, T, O, C],
        formula: Formula::Funnel(|of, window, from, to| {
            ratio(of.entries(to, window), of.entries(from, window)).map(Value::Real)
        }),
    },
    Kpi {
        name: "cohort_reached",
        help: "Of the journeys created in the window, those that have reached the stage or are won by now.",
        unit: Unit::Count,
        scopes: &[R, T, O, C],
        formula: Formula::Staged(|of, window, stage| Some(Value::Count(of.count(of.cohort(stage), window)))),
    },
    Kpi {
        name: "cohort_conversion_ratio",
        help: "Share of the journeys created in the window that have reached the stage or are won by now.",
        unit: Unit::Ratio,
        scopes: &[R, T, O, C],
        formula: Formula::Staged(|of, window, stage| {
            ratio(of.count(of.cohort(stage), window), of.count(Count::Leads, window)).map(Value::Real)
        }),
    },
    Kpi {
        name: "won",
        help: "Deals won in the window.",
        unit: Unit::Count,
        scopes: &[R, T, O, C],
        formula: Formula::Windowed(|of, window| Some(Value::Count(of.count(Count::Won, window)))),
    },
    Kpi {
        name: "lost",
        help: "Deals lost in the window.",
        unit: Unit::Count,
        scopes: &[R, T, O, C],
        formula: Formula::Windowed(|of, window| Some(Value::Count(of.count(Count::Lost, window)))),
    },
    Kpi {
        name: "win_ratio",
        help: "Deals won by deals won or lost in the window.",
        unit: Unit::Ratio,
        scopes: &[R, T, O, C],
        formula: Formula::Windowed(|of, window| of.win_ratio(window).map(Value::Real)),
    },
    Kpi {
        name: "lead_response_p50_seconds",
        help: "Median time from a lead to its first stage, of the leads created in the window, at most 1 % off.",
        unit: Unit::Seconds,
        scopes: &[R, T, O, C],
        formula: Formula::Quantile(|of, window| of.response(window, 50)),
    },
    Kpi {
        name: "lead_response_p90_seconds",
        help: "Time within which 90 % of the answered leads created in the window had their first stage, at most 1 % off.",
        unit: Unit::Seconds,
        scopes: &[R, T, O, C],
        formula: Formula::Quantile(|of, window| of.response(window, 90)),
    },
    Kpi {
        name: "lead_responses",
        help: "Leads created in the window that have had a first stage.",
        unit: Unit::Count,
        scopes: &[R, T, O, C],
        formula: Formula::Windowed(|of, window| Some(Value::Count(of.count(Count::Responses, window)))),
    },
];
