//! Under which changes of the configuration a snapshot may be used.

use super::*;
use crate::model::calendar::Zone;
use crate::model::money::{Currency, Rates, Ratio};
use jiff::civil::date;

fn provenance() -> Provenance {
    let topics = [("lead", "sales.leads"), ("spend", "sales.spend")];
    Provenance {
        cluster: Some("one".to_owned()),
        topics: topics.map(|(kind, topic)| (kind.to_owned(), topic.to_owned())).into(),
        zone: "Asia/Shanghai".to_owned(),
        reporting: "CNY".to_owned(),
        rates: vec!["2026-01-01 USD 7/1".to_owned()],
        stages: ["lead", "contacted", "won"].map(str::to_owned).to_vec(),
        allowed_skew: 86_400_000,
        meaning: String::new(),
    }
}

/// Other pipelines read the same records as other journeys.
#[test]
fn what_decides_the_meaning_of_records_must_be_the_same() {
    let mut rules = Rules::new(Rates::new(Currency::from_code("CNY").unwrap()));
    let plain = Provenance::new(&rules, None, BTreeMap::new());
    assert_eq!(plain.meaning, "", "what an earlier release wrote fits a configuration without anything new");
    rules.credit_through_deal = true;
    let now = Provenance::new(&rules, None, BTreeMap::new());
    let header = Header { provenance: plain.clone(), ..header() };
    assert_eq!(header.usability(&plain, Time::from_millis(0)), Usability::Same);
    let Usability::Not(reason) = header.usability(&now, Time::from_millis(0)) else { panic!("it is used") };
    assert!(reason.contains("credit_through_deal"), "{reason}");
}

fn header() -> Header {
    Header {
        written_by: "salespulse".to_owned(),
        written_at: String::new(),
        shard: 0,
        shards: 1,
        offsets: Offsets::new(),
        began: Offsets::new(),
        provenance: provenance(),
        refused: Refused::default(),
        forgotten: None,
        degraded: false,
        journeys: 0,
        fingerprints: Fingerprints::new(),
        contract: CONTRACT,
    }
}

/// A change of what is configured.
type Change = fn(&mut Provenance);

const HORIZON: Time = Time::from_millis(1_000);

fn judged(header: &Header, change: Change) -> Usability {
    let mut now = provenance();
    change(&mut now);
    header.usability(&now, HORIZON)
}

#[test]
fn what_numbers_are_derived_from_may_change_as_long_as_nothing_was_refused_by_it() {
    let rates: Change = |now| now.rates.push("2026-02-01 USD 8/1".to_owned());
    let zone: Change = |now| now.zone = "UTC".to_owned();
    let stages: Change = |now| now.stages.insert(1, "called".to_owned());
    let topic: Change = |now| drop(now.topics.insert("payment".to_owned(), "sales.payments".to_owned()));
    for (change, expected) in [
        (rates, Usability::Converted),
        (zone, Usability::Converted),
        (stages, Usability::Same),
        (topic, Usability::Same),
        ((|_| {}) as Change, Usability::Same),
        (|now| now.cluster = None, Usability::Same),
    ] {
        assert_eq!(judged(&header(), change), expected);
    }
    let refused = |by_stages, by_rates| Header { refused: Refused { by_stages, by_rates }, ..header() };
    for (header, change, is_usable) in [
        (refused(1, 0), stages, false),
        (refused(0, 1), stages, true),
        (refused(1, 0), rates, true),
        (refused(0, 1), rates, false),
        (refused(0, 1), zone, false),
        (refused(1, 1), (|_| {}) as Change, true),
    ] {
        assert_eq!(!matches!(judged(&header, change), Usability::Not(_)), is_usable, "{:?}", header.refused);
    }
}

#[test]
fn what_decided_what_was_accepted_may_not_change() {
    let changes: [(Change, &str); 4] = [
        (|now| now.cluster = Some("two".to_owned()), "of the cluster one, and this is two"),
        (|now| drop(now.topics.remove("spend")), "spend from sales.spend, which is not configured any more"),
        (|now| drop(now.topics.insert("lead".to_owned(), "leads".to_owned())), "lead from sales.leads"),
        (|now| now.allowed_skew = 0, "another allowed_skew"),
    ];
    for (change, expected) in changes {
        let Usability::Not(reason) = judged(&header(), change) else { panic!("{expected}") };
        assert!(reason.contains(expected), "{reason}");
    }
}

#[test]
fn what_a_later_contract_read_is_not_used() {
    let read_by = |contract| Header { contract, ..header() };
    assert_eq!(judged(&read_by(1), |_| {}), Usability::Same, "whether it is used is for whoever knows the topics");
    let Usability::Not(reason) = judged(&read_by(3), |_| {}) else { panic!("it is used") };
    assert!(reason.contains("version 3 of the event contract"), "{reason}");
    let mut unsaid = serde_json::to_value(header()).unwrap();
    unsaid.as_object_mut().unwrap().remove("contract");
    assert_eq!(serde_json::from_value::<Header>(unsaid).unwrap().contract, 1);
}

#[test]
fn what_was_forgotten_must_lie_before_the_horizon() {
    for (forgotten, is_usable) in [(999, true), (1_000, false)] {
        let header = Header { forgotten: Some(forgotten), ..header() };
        assert_eq!(header.usability(&provenance(), HORIZON) == Usability::Same, is_usable, "{forgotten}");
    }
}

#[test]
fn rates_are_told_one_by_one() {
    let currency = |code| Currency::from_code(code).unwrap();
    let mut rates = Rates::new(currency("CNY"));
    let rate = |numerator| Ratio { numerator, denominator: 100 };
    // However they are ordered in the configuration.
    assert!(rates.add(date(2026, 2, 1), currency("USD"), rate(710)));
    assert!(rates.add(date(2026, 1, 1), currency("USD"), rate(700)));
    assert!(rates.add(date(2026, 1, 1), currency("EUR"), rate(800)));
    assert_eq!(rates.listed(), ["2026-01-01 EUR 800/100", "2026-01-01 USD 700/100", "2026-02-01 USD 710/100"]);
    assert_eq!(Zone::new("Asia/Shanghai").unwrap().name(), "Asia/Shanghai");
}
