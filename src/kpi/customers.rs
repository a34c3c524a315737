//! Customers, credited to the rep, team and channel of their first win.

use super::{Better, C, Formula, Kpi, O, Scorecard, T, Title, Unit};
use crate::engine::board::CustomerPeriod;
use crate::model::needs::Needs;
use crate::model::value::{Value, ratio};
use crate::model::window::Window;

/// A lifetime is taken to be at most this long.
const LONGEST_LIFETIME_MONTHS: i128 = 36;

pub(super) static KPIS: &[Kpi] = &[
    Kpi {
        name: "customers",
        help: "Customers with a win.",
        unit: Unit::Count,
        title: Title { en: "Customers", zh: "客户数" },
        better: Better::More,
        additive: true,
        scopes: &[T, O, C],
        needs: Needs::CUSTOMERS,
        formula: Formula::Plain(|of| Some(Value::Count(of.subject.customers.customers.into()))),
    },
    Kpi {
        name: "repeat_customers",
        help: "Customers with wins on two local dates or more.",
        unit: Unit::Count,
        title: Title { en: "Repeat customers", zh: "复购客户数" },
        better: Better::More,
        additive: true,
        scopes: &[T, O, C],
        needs: Needs::CUSTOMERS,
        formula: Formula::Plain(|of| Some(Value::Count(of.subject.customers.repeat.into()))),
    },
    Kpi {
        name: "repeat_purchase_ratio",
        help: "Share of the customers with wins on two local dates or more (复购率).",
        unit: Unit::Ratio,
        title: Title { en: "Repeat purchase rate", zh: "复购率" },
        better: Better::More,
        additive: false,
        scopes: &[T, O, C],
        needs: Needs::CUSTOMERS,
        formula: Formula::Plain(|of| {
            let sums = of.subject.customers;
            ratio(sums.repeat.into(), sums.customers.into()).map(Value::Real)
        }),
    },
    Kpi {
        name: "active_customers",
        help: "Customers with a win in the customer period: the current one, the last complete one, the one before.",
        unit: Unit::Count,
        title: Title { en: "Active customers", zh: "活跃客户数" },
        better: Better::More,
        additive: true,
        scopes: &[T, O, C],
        needs: Needs::CUSTOMERS,
        formula: Formula::Active(|of, period| Some(Value::Count(of.active(period)))),
    },
    Kpi {
        name: "retained_customers",
        help: "Customers active in the last complete period and in the one before.",
        unit: Unit::Count,
        title: Title { en: "Retained customers", zh: "留存客户数" },
        better: Better::More,
        additive: true,
        scopes: &[T, O, C],
        needs: Needs::CUSTOMERS,
        formula: Formula::Plain(|of| Some(Value::Count(of.subject.customers.retained.into()))),
    },
    Kpi {
        name: "retention_ratio",
        help: "Share of the customers active in the period before the last complete one that were active in that one too (留存率).",
        unit: Unit::Ratio,
        title: Title { en: "Customer retention", zh: "留存率" },
        better: Better::More,
        additive: false,
        scopes: &[T, O, C],
        needs: Needs::CUSTOMERS,
        formula: Formula::Plain(|of| of.retention().map(Value::Real)),
    },
    Kpi {
        name: "customer_value",
        help: "Historic lifetime value: margins of all wins, or revenue where the margin is unknown, per customer.",
        unit: Unit::Money,
        title: Title { en: "Customer value to date", zh: "客户历史价值" },
        better: Better::More,
        additive: false,
        scopes: &[T, O, C],
        needs: Needs::CUSTOMERS,
        formula: Formula::Plain(|of| {
            let sums = of.subject.customers;
            of.per(sums.value, sums.customers.into()).map(Value::Real)
        }),
    },
    Kpi {
        name: "ltv",
        help: "Lifetime value: revenue per customer of the last complete period times margin share times lifetime in periods.",
        unit: Unit::Money,
        title: Title { en: "Customer lifetime value (LTV)", zh: "客户终身价值（LTV）" },
        better: Better::More,
        additive: false,
        scopes: &[T, O, C],
        needs: Needs::CUSTOMERS,
        formula: Formula::Plain(|of| ltv(of).map(Value::Real)),
    },
    Kpi {
        name: "ltv_per_cac",
        help: "LTV : CAC: lifetime value divided by customer acquisition cost of 90 days.",
        unit: Unit::Ratio,
        title: Title { en: "LTV : CAC", zh: "LTV : CAC" },
        better: Better::More,
        additive: false,
        scopes: &[T, O, C],
        needs: Needs::CUSTOMERS.and(Needs::BESIDE).and(Needs::PERIODS),
        formula: Formula::Plain(|of| {
            let cac = of.cac(Window::Quarter).filter(|cac| *cac > 0.0)?;
            Some(Value::Real(ltv(of)? / cac))
        }),
    },
    Kpi {
        name: "market_size",
        help: "How many customers there could be, as configured.",
        unit: Unit::Count,
        title: Title { en: "Market size", zh: "市场容量" },
        better: Better::Neither,
        additive: false,
        scopes: &[T, O],
        needs: Needs::NONE,
        formula: Formula::Market(|of| of.subject.market_size.map(|size| Value::Count(size.into()))),
    },
    Kpi {
        name: "penetration_ratio",
        help: "Customers as a share of the market (渗透率).",
        unit: Unit::Ratio,
        title: Title { en: "Market penetration", zh: "渗透率" },
        better: Better::More,
        additive: false,
        scopes: &[T, O],
        needs: Needs::CUSTOMERS,
        formula: Formula::Market(|of| {
            let size = of.subject.market_size?;
            ratio(of.subject.customers.customers.into(), size.into()).map(Value::Real)
        }),
    },
];

fn ltv(of: &Scorecard<'_>) -> Option<f64> {
    let sums = of.subject.customers;
    let revenue = of.per(sums.last_revenue, of.active(CustomerPeriod::Last))?;
    let margin_share =
        if sums.last_margin_amount > 0 { ratio(sums.last_margin, sums.last_margin_amount).unwrap_or(1.0) } else { 1.0 };
    let longest = ratio(LONGEST_LIFETIME_MONTHS, of.customer_period_months())?;
    let lifetime = match of.retention() {
        Some(retention) if retention < 1.0 => (1.0 / (1.0 - retention)).min(longest),
        _ => longest,
    };
    Some(revenue * margin_share * lifetime)
}
