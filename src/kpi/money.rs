//! Money.

use super::{Better, C, Formula, Kpi, O, R, T, Title, Unit};
use crate::engine::cells::{Count, Sum};
use crate::model::value::{Value, ratio};

pub(super) static KPIS: &[Kpi] = &[
    Kpi {
        name: "revenue",
        help: "Amounts of the deals won in the window.",
        unit: Unit::Money,
        title: Title { en: "Revenue", zh: "签约额" },
        better: Better::More,
        additive: true,
        scopes: &[R, T, O, C],
        formula: Formula::Windowed(|of, window| Some(Value::Money(of.sum(Sum::Revenue, window)))),
    },
    Kpi {
        name: "revenue_previous",
        help: "Amounts of the deals won in the previous window.",
        unit: Unit::Money,
        title: Title { en: "Revenue, previous window", zh: "签约额（上一窗口）" },
        better: Better::Neither,
        additive: true,
        scopes: &[R, T, O, C],
        formula: Formula::Windowed(|of, window| Some(Value::Money(of.previous_revenue(window)))),
    },
    Kpi {
        name: "revenue_growth_ratio",
        help: "Growth of revenue since the previous window, as a share of that window's revenue.",
        unit: Unit::Ratio,
        title: Title { en: "Revenue growth", zh: "签约额环比增长率" },
        better: Better::More,
        additive: false,
        scopes: &[R, T, O, C],
        formula: Formula::Windowed(|of, window| {
            let previous = of.previous_revenue(window);
            let growth = of.sum(Sum::Revenue, window) - previous;
            ratio(growth, previous).filter(|_| previous > 0).map(Value::Real)
        }),
    },
    Kpi {
        name: "deal_size",
        help: "Revenue per deal won in the window.",
        unit: Unit::Money,
        title: Title { en: "Average deal size", zh: "平均单笔签约额" },
        better: Better::More,
        additive: false,
        scopes: &[R, T, O, C],
        formula: Formula::Windowed(|of, window| of.deal_size(window).map(Value::Real)),
    },
    Kpi {
        name: "cycle_p50_seconds",
        help: "Median time from lead to win, of the deals won in the window, at most 1 % off.",
        unit: Unit::Seconds,
        title: Title { en: "Sales cycle, median", zh: "销售周期（中位数）" },
        better: Better::Less,
        additive: false,
        scopes: &[R, T, O, C],
        formula: Formula::Quantile(|of, window| of.cycle(window, 50)),
    },
    Kpi {
        name: "cycle_p90_seconds",
        help: "Time from lead to win that 90 % of the deals won in the window kept to, at most 1 % off.",
        unit: Unit::Seconds,
        title: Title { en: "Sales cycle, slowest 10 %", zh: "销售周期（最慢的 10%）" },
        better: Better::Less,
        additive: false,
        scopes: &[R, T, O, C],
        formula: Formula::Quantile(|of, window| of.cycle(window, 90)),
    },
    Kpi {
        name: "cycle_mean_seconds",
        help: "Mean time from lead to win, of the deals won in the window.",
        unit: Unit::Seconds,
        title: Title { en: "Sales cycle, mean", zh: "平均销售周期" },
        better: Better::Less,
        additive: false,
        scopes: &[R, T, O, C],
        formula: Formula::Windowed(|of, window| {
            ratio(of.sum(Sum::Cycle, window), of.count(Count::Cycles, window) * 1_000).map(Value::Real)
        }),
    },
    Kpi {
        name: "cycles",
        help: "Deals won in the window whose lead is known and not later than the win.",
        unit: Unit::Count,
        title: Title { en: "Deals with a known cycle", zh: "周期已知的赢单数" },
        better: Better::Neither,
        additive: true,
        scopes: &[R, T, O, C],
        formula: Formula::Windowed(|of, window| Some(Value::Count(of.count(Count::Cycles, window)))),
    },
    Kpi {
        name: "payments",
        help: "Money received in the window.",
        unit: Unit::Money,
        title: Title { en: "Payments received", zh: "回款额" },
        better: Better::More,
        additive: true,
        scopes: &[R, T, O],
        formula: Formula::Windowed(|of, window| Some(Value::Money(of.sum(Sum::Payments, window)))),
    },
    Kpi {
        name: "refunds",
        help: "Money given back in the window.",
        unit: Unit::Money,
        title: Title { en: "Refunds", zh: "退款额" },
        better: Better::Less,
        additive: true,
        scopes: &[R, T, O],
        formula: Formula::Windowed(|of, window| Some(Value::Money(of.sum(Sum::Refunds, window)))),
    },
    Kpi {
        name: "collection_ratio",
        help: "Payments less refunds divided by revenue, in the window (回款率).",
        unit: Unit::Ratio,
        title: Title { en: "Collection rate", zh: "回款率" },
        better: Better::More,
        additive: false,
        scopes: &[R, T, O],
        formula: Formula::Windowed(|of, window| {
            let collected = of.sum(Sum::Payments, window) - of.sum(Sum::Refunds, window);
            let revenue = of.sum(Sum::Revenue, window);
            ratio(collected, revenue).filter(|_| revenue > 0).map(Value::Real)
        }),
    },
    Kpi {
        name: "spend",
        help: "Money spent in the window, less credit notes.",
        unit: Unit::Money,
        title: Title { en: "Spend", zh: "获客费用" },
        better: Better::Less,
        additive: true,
        scopes: &[R, T, O, C],
        formula: Formula::Windowed(|of, window| Some(Value::Money(of.sum(Sum::Spend, window)))),
    },
    Kpi {
        name: "new_customers",
        help: "Customers whose first win is in the window.",
        unit: Unit::Count,
        title: Title { en: "New customers", zh: "新客户数" },
        better: Better::More,
        additive: true,
        scopes: &[R, T, O, C],
        formula: Formula::Windowed(|of, window| Some(Value::Count(of.new_customers(window)))),
    },
    Kpi {
        name: "cac",
        help: "Customer acquisition cost: spend per new customer in the window (获客成本).",
        unit: Unit::Money,
        title: Title { en: "Customer acquisition cost", zh: "获客成本" },
        better: Better::Less,
        additive: false,
        scopes: &[R, T, O, C],
        formula: Formula::Windowed(|of, window| of.cac(window).map(Value::Real)),
    },
];
