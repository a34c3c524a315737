//! Targets of the periods that hold now.

use super::{Better, Formula, Kpi, O, R, T, Title, Unit};
use crate::model::event::Measure;
use crate::model::needs::Needs;
use crate::model::value::{Value, float, ratio};

/// What measures are reached in: any of them.
const MEASURED: Needs = Needs::ENTRIES.and(Needs::PERIODS).and(Needs::BESIDE).and(Needs::CUSTOMERS);

pub(super) static KPIS: &[Kpi] = &[
    Kpi {
        name: "target",
        help: "Revenue to reach in the period.",
        unit: Unit::Money,
        title: Title { en: "Revenue target", zh: "签约额目标" },
        better: Better::Neither,
        additive: false,
        scopes: &[R, T, O],
        needs: Needs::NONE,
        formula: Formula::Periodic(|of, period| of.target(period).map(Value::Money)),
    },
    Kpi {
        name: "booked_revenue",
        help: "Revenue of the period to date.",
        unit: Unit::Money,
        title: Title { en: "Revenue booked in the period", zh: "本期签约额" },
        better: Better::More,
        additive: true,
        scopes: &[R, T, O],
        needs: Needs::ENTRIES.and(Needs::PERIODS),
        formula: Formula::Periodic(|of, period| Some(Value::Money(of.booked(period)))),
    },
    Kpi {
        name: "quota_attainment_ratio",
        help: "Booked revenue divided by the target (目标达成率).",
        unit: Unit::Ratio,
        title: Title { en: "Quota attainment", zh: "目标达成率" },
        better: Better::More,
        additive: false,
        scopes: &[R, T, O],
        needs: Needs::ENTRIES.and(Needs::PERIODS),
        formula: Formula::Periodic(|of, period| of.attainment(Measure::Revenue, period).map(Value::Real)),
    },
    Kpi {
        name: "quota_pace_ratio",
        help: "Quota attainment divided by the elapsed share of the period; 1 is on track.",
        unit: Unit::Ratio,
        title: Title { en: "Quota pace", zh: "进度达成率" },
        better: Better::More,
        additive: false,
        scopes: &[R, T, O],
        needs: Needs::ENTRIES.and(Needs::PERIODS),
        formula: Formula::Periodic(|of, period| {
            Some(Value::Real(of.attainment(Measure::Revenue, period)? / of.elapsed(period)?))
        }),
    },
    Kpi {
        name: "forecast_revenue",
        help: "Booked revenue divided by the elapsed share of the period: the period's revenue at this pace.",
        unit: Unit::Money,
        title: Title { en: "Revenue forecast at this pace", zh: "按当前进度预测签约额" },
        better: Better::More,
        additive: false,
        scopes: &[R, T, O],
        needs: Needs::ENTRIES.and(Needs::PERIODS),
        formula: Formula::Periodic(|of, period| {
            Some(Value::Real(of.major(float(of.booked(period))) / of.elapsed(period)?))
        }),
    },
    Kpi {
        name: "open_pipeline_amount",
        help: "Amounts of all open deals.",
        unit: Unit::Money,
        title: Title { en: "Open pipeline", zh: "在跟商机金额" },
        better: Better::More,
        additive: true,
        scopes: &[R, T, O],
        needs: Needs::OPEN,
        formula: Formula::Plain(|of| Some(Value::Money(of.all_open().amount))),
    },
    Kpi {
        name: "pipeline_coverage_ratio",
        help: "Open pipeline divided by the revenue that is still missing to the target.",
        unit: Unit::Ratio,
        title: Title { en: "Pipeline coverage", zh: "商机覆盖倍数" },
        better: Better::More,
        additive: false,
        scopes: &[R, T, O],
        needs: Needs::ENTRIES.and(Needs::PERIODS).and(Needs::OPEN),
        formula: Formula::Periodic(|of, period| {
            let missing = of.target(period)? - of.booked(period);
            ratio(of.all_open().amount, missing).filter(|_| missing > 0).map(Value::Real)
        }),
    },
    Kpi {
        name: "measure_target",
        help: "What to reach of the measure in the period.",
        unit: Unit::OfMeasure,
        title: Title { en: "Target of another measure", zh: "其他口径的目标" },
        better: Better::Neither,
        additive: false,
        scopes: &[R, T, O],
        needs: Needs::NONE,
        formula: Formula::Measured(|of, measure, period| {
            of.goal(measure, period).map(|goal| of.measured(measure, goal))
        }),
    },
    Kpi {
        name: "measure_value",
        help: "What was reached of the measure in the period to date.",
        unit: Unit::OfMeasure,
        title: Title { en: "What is reached of it", zh: "该口径的完成值" },
        better: Better::More,
        additive: true,
        scopes: &[R, T, O],
        needs: MEASURED,
        formula: Formula::Measured(|of, measure, period| Some(of.measured(measure, of.reached(measure, period)))),
    },
    Kpi {
        name: "measure_attainment_ratio",
        help: "What was reached of the measure divided by its target (目标达成率).",
        unit: Unit::Ratio,
        title: Title { en: "Attainment of it", zh: "该口径的达成率" },
        better: Better::More,
        additive: false,
        scopes: &[R, T, O],
        needs: MEASURED,
        formula: Formula::Measured(|of, measure, period| of.attainment(measure, period).map(Value::Real)),
    },
    Kpi {
        name: "measure_pace_ratio",
        help: "Attainment of the measure's target divided by the elapsed share of the period; 1 is on track.",
        unit: Unit::Ratio,
        title: Title { en: "Pace of it", zh: "该口径的进度达成率" },
        better: Better::More,
        additive: false,
        scopes: &[R, T, O],
        needs: MEASURED,
        formula: Formula::Measured(|of, measure, period| {
            Some(Value::Real(of.attainment(measure, period)? / of.elapsed(period)?))
        }),
    },
];
