//! The pipeline as it stands now.

use super::{Formula, Kpi, O, R, T, Unit};
use crate::model::time::DAY;
use crate::model::value::{Value, float};
use crate::model::window::Window;

pub(super) static KPIS: &[Kpi] = &[
    Kpi {
        name: "open_deals",
        help: "Open journeys at the stage.",
        unit: Unit::Count,
        scopes: &[R, T, O],
        formula: Formula::Open(|of, stage| Some(Value::Count(of.open(stage).deals.into()))),
    },
    Kpi {
        name: "pipeline_amount",
        help: "Amounts of the open journeys at the stage.",
        unit: Unit::Money,
        scopes: &[R, T, O],
        formula: Formula::Open(|of, stage| Some(Value::Money(of.open(stage).amount))),
    },
    Kpi {
        name: "weighted_pipeline_amount",
        help: "Amounts of all open journeys, each times the probability of its stage.",
        unit: Unit::Money,
        scopes: &[R, T, O],
        formula: Formula::Plain(|of| Some(Value::Money(of.all_open().weighted))),
    },
    Kpi {
        name: "stalled_deals",
        help: "Open journeys that have been at the stage for longer than its limit.",
        unit: Unit::Count,
        scopes: &[R, T, O],
        formula: Formula::Stalled(|of, stage| Some(Value::Count(of.open(stage).stalled.into()))),
    },
    Kpi {
        name: "velocity",
        help: "Sales velocity: open deals times win ratio times deal size by mean cycle in days, over 90 days; money a day.",
        unit: Unit::Money,
        scopes: &[R, T, O],
        formula: Formula::Plain(|of| {
            let window = Window::Quarter;
            let days = of.mean_cycle(window).filter(|cycle| *cycle > 0.0)? / float(DAY.into());
            let won = float(of.all_open().deals.into()) * of.win_ratio(window)? * of.deal_size(window)?;
            Some(Value::Real(won / days))
        }),
    },
];
