//! The example of the pages and of the README: a small sales organisation, its events and its configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use salespulse::calendar::{PeriodKind, Zone};
use salespulse::decode::{Decoded, Decoder, Record};
use salespulse::engine::Engine;
use salespulse::exposition::{Format, render};
use salespulse::kpi::Catalogue;
use salespulse::money::{Currency, Decimal, Rates, Ratio};
use salespulse::rules::{PerScope, Pipeline, Rules};
use salespulse::time::{DAY, Time};
use salespulse::window::Window;

use crate::page;

/// The instant at which all examples are read: exactly the middle of November and of the quarter.
pub(crate) const NOW: &str = "2026-11-16T00:00:00+08:00";

/// The lines of the organisation's events.
pub(crate) fn events() -> Vec<String> {
    let file = page::root().join("examples/small-team/events.jsonl");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.lines().map(str::to_owned).collect()
}

/// All series that these events make, with their values.
pub(crate) fn series<'a>(lines: impl IntoIterator<Item = &'a String>) -> BTreeMap<String, f64> {
    let now = Time::parse(NOW).unwrap();
    let rules = Arc::new(rules());
    let decoder = Decoder::new(Arc::clone(&rules));
    let mut engine = Engine::new(&rules, 3, now);
    for line in lines {
        let record = Record { value: Some(line.as_bytes()), ..Record::default() };
        match decoder.decode(&record, now) {
            Ok(Decoded::Event(event)) => engine.accept(&event, now),
            other => panic!("{line}: {other:?}"),
        };
    }
    let mut text = String::new();
    render(&Catalogue::new(&rules).unwrap(), &engine.read(now), Format::Prometheus, &mut text).unwrap();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples.map(|line| sample(line).unwrap_or_else(|| panic!("no sample: {line}"))).collect()
}

/// A series and its value.
pub(crate) fn sample(line: &str) -> Option<(String, f64)> {
    let (series, value) = line.rsplit_once(' ')?;
    Some((series.to_owned(), value.parse().ok()?))
}

/// What `examples/small-team/salespulse.toml` says.
fn rules() -> Rules {
    let mut pipeline = Pipeline::new(["lead", "contacted", "proposal", "won"].map(str::to_owned).to_vec()).unwrap();
    assert!(pipeline.set_probability("proposal", ratio("0.5")));
    assert!(pipeline.set_stalled_after("lead", 3 * DAY));
    assert!(pipeline.set_stalled_after("contacted", 14 * DAY));
    let currency = |code| Currency::from_code(code).unwrap();
    let mut rates = Rates::new(currency("CNY"));
    assert!(rates.add(jiff::civil::date(2026, 1, 1), currency("USD"), ratio("7.10")));
    let all = Window::ALL.to_vec();
    let rep = ["24h", "7d", "30d", "mtd", "qtd"].map(|name| Window::from_name(name).unwrap()).to_vec();
    Rules {
        max_series: 2_000_000,
        retention: 800 * DAY,
        allowed_skew: DAY,
        zone: Zone::new("Asia/Shanghai").unwrap(),
        rates,
        customer_period: PeriodKind::Quarter,
        market_size: Some(50),
        team_market_size: BTreeMap::from([("east".to_owned(), 40)]),
        pipeline,
        windows: PerScope { rep, team: all.clone(), org: all.clone(), channel: all },
        expose: PerScope::default(),
        leaderboard: ["revenue", "won", "quota_attainment"].map(str::to_owned).to_vec(),
    }
}

fn ratio(text: &str) -> Ratio {
    Decimal::parse(text).unwrap().to_ratio().unwrap()
}
