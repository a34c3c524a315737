//! The same plan gives the same bytes.

use salespulse::model::time::Time;
use salespulse::simulate::{BrokenStage, Plan, PlanError, Simulation};
use xxhash_rust::xxh3::Xxh3;

use crate::simulate::reader::{plan, time};

/// The records of a plan as one hash: types, keys, values and arrivals.
fn hash(plan: Plan) -> String {
    let mut hash = Xxh3::new();
    for produced in Simulation::new(plan).unwrap() {
        hash.update(produced.kind.name().as_bytes());
        hash.update(&produced.key);
        hash.update(&produced.value);
        hash.update(&produced.produced_at.millis().to_le_bytes());
    }
    format!("{:016x}", hash.digest())
}

/// This hash may change only with the simulation itself, never with the machine, the build or the order of tests.
#[test]
fn the_same_seed_gives_the_same_bytes() {
    insta::assert_snapshot!(hash(plan(42)), @"9ca415523b44532e");
    assert_eq!(hash(plan(42)), hash(plan(42)));
    assert_ne!(hash(plan(42)), hash(plan(43)));
}

#[test]
fn records_come_in_the_order_of_their_arrival() {
    let mut last = Time::MIN;
    let plan = plan(6);
    let (start, end) = (plan.start, plan.end);
    for produced in Simulation::new(plan).unwrap() {
        assert!(last <= produced.produced_at && start <= produced.produced_at);
        last = produced.produced_at;
    }
    assert!(end < last && last < end.plus(4 * salespulse::model::time::DAY), "late records arrive after the end");
}

#[test]
fn keys_are_lead_ids_or_event_ids() {
    for produced in Simulation::new(Plan { bad: 0, ..plan(7) }).unwrap() {
        let text = String::from_utf8(produced.value).unwrap();
        let name = if produced.kind.is_of_journey() { "lead_id" } else { "event_id" };
        let key = std::str::from_utf8(&produced.key).unwrap();
        assert!(text.contains(&format!("\"{name}\":\"{key}\"")), "{text}");
    }
}

#[test]
fn impossible_plans_say_what_is_allowed() {
    let broken = |team: &str, stage: &str| BrokenStage {
        team: team.to_owned(),
        stage: stage.to_owned(),
        from: time("2026-03-01T00:00:00Z"),
    };
    for (plan, why) in [
        (Plan { reps: 0, ..plan(1) }, "0 reps; allowed are 1 to 200000"),
        (Plan { end: time("2026-01-01T00:00:00Z"), ..plan(1) }, "the end must lie after the start"),
        (Plan { disorder: 10_001, ..plan(1) }, "allowed are 0 to 10000"),
        (Plan { break_stage: Some(broken("mars", "won")), ..plan(1) }, "there are east, south, north, west, overseas"),
        (Plan { break_stage: Some(broken("east", "lead")), ..plan(1) }, "there is no stage \"lead\" after \"lead\""),
    ] {
        let error: PlanError = Simulation::new(plan).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}
