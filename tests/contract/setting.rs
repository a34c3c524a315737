//! The configuration and the instant at which the examples and the mutants are judged.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::{Date, date};
use salespulse::contract::decode::Decoder;
use salespulse::model::calendar::{PeriodKind, Zone};
use salespulse::model::money::{Currency, Decimal, Rates};
use salespulse::model::rules::{PerScope, Pipeline, Rules};
use salespulse::model::time::{DAY, Time};

/// When every record arrives: 2026-11-24T12:00:00Z.
pub(crate) const NOW: Time = Time::from_millis(1_795_521_600_000);

/// The stages after `lead`.
pub(crate) const STAGES: [&str; 5] = ["contacted", "qualified", "proposal", "negotiation", "won"];

/// The rates to CNY: from this date in Asia/Shanghai on, one unit of a currency is so many yuan.
pub(crate) const RATES: [(Date, &str, &str); 10] = [
    (date(2026, 1, 1), "USD", "7.10"),
    (date(2026, 3, 1), "USD", "7.00"),
    (date(2026, 1, 1), "JPY", "0.048"),
    (date(2026, 1, 1), "KWD", "23.1"),
    (date(2026, 1, 1), "CLF", "275.5"),
    (date(2026, 1, 1), "HKD", "1"),
    // Of 10^15 minor units half a unit too much, which rounds to the even 10^15.
    (date(2026, 1, 1), "SGD", "1.0000000000000005"),
    (date(2026, 1, 1), "TWD", "0.5"),
    (date(2000, 1, 1), "VND", "0.00027"),
    // No rate before the summer of 2026.
    (date(2026, 6, 1), "EUR", "8"),
];

/// The rules that the decoder follows.
pub(crate) fn rules() -> Rules {
    let currency = |code: &str| Currency::from_code(code).unwrap();
    let mut rates = Rates::new(currency("CNY"));
    for (from, code, rate) in RATES {
        assert!(rates.add(from, currency(code), Decimal::parse(rate).unwrap().to_ratio().unwrap()));
    }
    let stages = ["lead"].into_iter().chain(STAGES).map(str::to_owned).collect();
    Rules {
        max_series: 2_000_000,
        retention: 800 * DAY,
        allowed_skew: DAY,
        zone: Zone::new("Asia/Shanghai").unwrap(),
        rates,
        customer_period: PeriodKind::Quarter,
        market_size: None,
        team_market_size: BTreeMap::new(),
        pipeline: Pipeline::new(stages).unwrap(),
        windows: PerScope::default(),
        expose: PerScope::default(),
        leaderboard: Vec::new(),
        ..Rules::new(Rates::new(currency("CNY")))
    }
}

/// A decoder that follows them.
pub(crate) fn decoder() -> Decoder {
    Decoder::new(Arc::new(rules()))
}

#[test]
fn now_is_what_it_says() {
    assert_eq!(NOW.to_string(), "2026-11-24T12:00:00.000Z");
}
