//! Rules by hand: the defaults of the catalogue page, for tests to change.

use std::collections::BTreeMap;

use salespulse::model::calendar::{PeriodKind, Zone};
use salespulse::model::money::{Currency, Decimal, Rates, Ratio};
use salespulse::model::rules::{PerScope, Pipeline, Rules};
use salespulse::model::time::{DAY, HOUR};
use salespulse::model::window::Window;

/// The defaults, in a zone and a reporting currency, with a pipeline of these stages.
pub(crate) fn rules(zone: &str, currency: &str, stages: &[&str]) -> Rules {
    let all = Window::USUAL.to_vec();
    let rep = ["24h", "7d", "30d", "mtd", "qtd"].map(|name| Window::from_name(name).expect("a window"));
    Rules {
        max_series: 2_000_000,
        retention: 800 * DAY,
        allowed_skew: 24 * HOUR,
        zone: Zone::new(zone).expect("a zone"),
        rates: Rates::new(Currency::from_code(currency).expect("a currency")),
        customer_period: PeriodKind::Quarter,
        market_size: None,
        team_market_size: BTreeMap::new(),
        pipeline: Pipeline::new(stages.iter().map(|stage| (*stage).to_owned()).collect()).expect("a pipeline"),
        windows: PerScope { rep: rep.into(), team: all.clone(), region: Vec::new(), org: all.clone(), channel: all },
        expose: PerScope { rep: None, team: None, region: None, org: None, channel: None },
        leaderboard: ["revenue", "won", "quota_attainment"].map(str::to_owned).into(),
        ..Rules::new(Rates::new(Currency::from_code(currency).expect("a currency")))
    }
}

/// A probability or a rate.
pub(crate) fn ratio(text: &str) -> Ratio {
    Decimal::parse(text).and_then(Decimal::to_ratio).expect("a decimal")
}
