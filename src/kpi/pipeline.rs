//! The pipeline as it stands now.

use super::{Better, Formula, Kpi, O, R, T, Title, Unit};
use crate::model::needs::Needs;
use crate::model::time::DAY;
use crate::model::value::{Value, float};
use crate::model::window::Window;

pub(super) static KPIS: &[Kpi] = &[
    Kpi {
        name: "open_deals",
        help: "Open journeys at the stage.",
        unit: Unit::Count,
        title: Title { en: "Open deals", zh: "在跟商机数" },
        better: Better::Neither,
        additive: true,
        scopes: &[R, T, O],
        needs: Needs::OPEN,
        formula: Formula::Open(|of, stage| Some(Value::Count(of.open(stage).deals.into()))),
    },
    Kpi {
        name: "pipeline_amount",
        help: "Amounts of the open journeys at the stage.",
        unit: Unit::Money,
        title: Title { en: "Pipeline by stage", zh: "各阶段商机金额" },
        better: Better::More,
        additive: true,
        scopes: &[R, T, O],
        needs: Needs::OPEN,
        formula: Formula::Open(|of, stage| Some(Value::Money(of.open(stage).amount))),
    },
    Kpi {
        name: "weighted_pipeline_amount",
        help: "Amounts of all open journeys, each times the probability of its stage.",
        unit: Unit::Money,
        title: Title { en: "Weighted pipeline", zh: "加权商机金额" },
        better: Better::More,
        additive: true,
        scopes: &[R, T, O],
        needs: Needs::OPEN,
        formula: Formula::Plain(|of| Some(Value::Money(of.all_open().weighted))),
    },
    Kpi {
        name: "stalled_deals",
        help: "Open journeys that have been at the stage for longer than its limit.",
        unit: Unit::Count,
        title: Title { en: "Stalled deals", zh: "停滞商机数" },
        better: Better::Less,
        additive: true,
        scopes: &[R, T, O],
        needs: Needs::OPEN,
        formula: Formula::Stalled(|of, stage| Some(Value::Count(of.open(stage).stalled.into()))),
    },
    Kpi {
        name: "overdue_deals",
        help: "Open deals whose expected close has passed.",
        unit: Unit::Count,
        title: Title { en: "Overdue deals", zh: "逾期商机数" },
        better: Better::Less,
        additive: true,
        scopes: &[R, T, O],
        needs: Needs::CLOSING,
        formula: Formula::Plain(|of| Some(Value::Count(of.closing().overdue.into()))),
    },
    Kpi {
        name: "overdue_amount",
        help: "Amounts of the open deals whose expected close has passed.",
        unit: Unit::Money,
        title: Title { en: "Overdue amount", zh: "逾期金额" },
        better: Better::Less,
        additive: true,
        scopes: &[R, T, O],
        needs: Needs::CLOSING,
        formula: Formula::Plain(|of| Some(Value::Money(of.closing().overdue_amount))),
    },
    Kpi {
        name: "closing_amount",
        help: "Amounts of the open deals that are expected to close in the period.",
        unit: Unit::Money,
        title: Title { en: "Closing amount", zh: "本期预计成交金额" },
        better: Better::More,
        additive: true,
        scopes: &[R, T, O],
        needs: Needs::CLOSING,
        formula: Formula::Closing(|of, period| {
            let [amount, _] = of.closing_in(period);
            Some(Value::Money(amount))
        }),
    },
    Kpi {
        name: "closing_weighted_amount",
        help: "Amounts of the open deals that are expected to close in the period, each times the probability of its stage.",
        unit: Unit::Money,
        title: Title { en: "Weighted closing amount", zh: "本期预计成交加权金额" },
        better: Better::More,
        additive: true,
        scopes: &[R, T, O],
        needs: Needs::CLOSING,
        formula: Formula::Closing(|of, period| {
            let [_, weighted] = of.closing_in(period);
            Some(Value::Money(weighted))
        }),
    },
    Kpi {
        name: "expected_revenue",
        help: "Booked revenue of the period plus the weighted amounts of the open deals expected to close in it.",
        unit: Unit::Money,
        title: Title { en: "Expected revenue", zh: "预期签约额" },
        better: Better::More,
        additive: true,
        scopes: &[R, T, O],
        needs: Needs::ENTRIES.and(Needs::PERIODS).and(Needs::CLOSING),
        formula: Formula::Closing(|of, period| {
            let [_, weighted] = of.closing_in(period);
            Some(Value::Money(of.booked(period) + weighted))
        }),
    },
    Kpi {
        name: "velocity",
        help: "Sales velocity: open deals times win ratio times deal size divided by mean cycle in days, over 90 days; money per day.",
        unit: Unit::Money,
        title: Title { en: "Sales velocity", zh: "销售速度" },
        better: Better::More,
        additive: false,
        scopes: &[R, T, O],
        needs: Needs::ENTRIES.and(Needs::PERIODS).and(Needs::COURSE).and(Needs::OPEN),
        formula: Formula::Plain(|of| {
            let window = Window::Quarter;
            let days = of.mean_cycle(window).filter(|cycle| *cycle > 0.0)? / float(DAY.into());
            let won = float(of.all_open().deals.into()) * of.win_ratio(window)? * of.deal_size(window)?;
            Some(Value::Real(won / days))
        }),
    },
];
