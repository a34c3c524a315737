//! The ledger equals the gauges.

use std::collections::BTreeMap;

use salespulse::contract::decode::{Decoder, Record};
use salespulse::model::event::Measure;
use salespulse::model::time::{MINUTE, Time};
use salespulse::simulate::{Ledger, Line, OpenTally, Plan, Simulation, Span, Tally};

use crate::simulate::reader::{Readout, plan, rules, time};

/// Months counted from year 0, as the ledger counts them, that the windows to date of an August hold.
const AUGUST: i32 = 2026 * 12 + 7;
const WINDOWS: [(&str, i32); 3] = [("mtd", AUGUST), ("qtd", 2026 * 12 + 6), ("ytd", 2026 * 12)];

fn assert_money(actual: f64, minor: i64, what: &str) {
    // Gauges tell major units; whole cents below 2^53 are told exactly, so half a cent is no tolerance.
    assert!((actual * 100.0 - minor as f64).abs() < 0.5, "{what}: the gauge says {actual}, the ledger {minor} cents");
}

/// Holds a tally against the gauges of one scope, subject and window.
fn assert_tally(readout: &Readout, scope: &str, subject: &str, window: &str, tally: &Tally) {
    let labels = |more: &str| {
        let parts: Vec<&str> = [subject, more].into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(",")
    };
    let count = |name: &str, more: &str, expected: i64| {
        let series = format!("sales_{scope}_{name}{{{}}}", labels(&format!("{more}window=\"{window}\"")));
        assert_eq!(readout.value(&series), expected as f64, "{series}");
    };
    count("leads", "", tally.leads);
    count("won", "", tally.won);
    count("lost", "", tally.lost);
    for line in Line::ALL {
        let pipeline = line.pipeline();
        for ((_, stage), reached) in line.open_stages().zip(tally.reached[line as usize]) {
            count("stage_entries", &format!("pipeline=\"{pipeline}\",stage=\"{stage}\","), reached);
        }
        let of_line = tally.line(line);
        count("pipeline_leads", &format!("pipeline=\"{pipeline}\","), of_line.leads);
        if scope != "rep" {
            count("pipeline_won", &format!("pipeline=\"{pipeline}\","), of_line.won);
            count("pipeline_lost", &format!("pipeline=\"{pipeline}\","), of_line.lost);
        }
    }
    if scope != "rep" {
        count("slipped_deals", "", tally.slips);
        for (reason, lost) in Ledger::reasons().into_iter().zip(tally.reasons) {
            count("lost_by_reason", &format!("reason=\"{reason}\","), lost);
        }
    }
    count("cycles", "", tally.cycles);
    for (survey, answers) in ["csat", "nps", "ces"].into_iter().zip(tally.answers) {
        count("feedback_responses", &format!("survey=\"{survey}\","), answers);
    }
    count("csat_satisfied", "", tally.satisfied);
    for (name, minor) in [
        ("revenue", tally.revenue),
        ("lost_amount", tally.lost_amount),
        ("spend", tally.spend),
        ("payments", tally.payments),
        ("refunds", tally.refunds),
    ] {
        let series = format!("sales_{scope}_{name}{{{}}}", labels(&format!("currency=\"CNY\",window=\"{window}\"")));
        assert_money(readout.value(&series), minor, &series);
    }
    for line in Line::ALL.into_iter().filter(|_| scope != "rep") {
        let more = format!("currency=\"CNY\",pipeline=\"{}\",window=\"{window}\"", line.pipeline());
        let series = format!("sales_{scope}_pipeline_revenue{{{}}}", labels(&more));
        assert_money(readout.value(&series), tally.line(line).revenue, &series);
    }
    if tally.cycles > 0 {
        let series = format!("sales_{scope}_cycle_mean_seconds{{{}}}", labels(&format!("window=\"{window}\"")));
        let mean = tally.cycle_millis as f64 / 1_000.0 / tally.cycles as f64;
        assert!((readout.value(&series) - mean).abs() < mean * 1e-9, "{series}: {mean}");
    }
}

/// By the id of a region, the ids of its teams.
fn region_of(regions: &[(&'static str, Vec<&str>)], team: &str) -> Option<&'static str> {
    regions.iter().find(|(_, teams)| teams.contains(&team)).map(|(region, _)| *region)
}

fn assert_everything(readout: &Readout) {
    assert_windows(readout);
    assert_pipeline_now(readout);
    assert_targets(readout);
    let ledger = readout.simulation.ledger();
    assert_eq!(readout.value("sales_org_customers"), ledger.customers() as f64);
}

fn assert_windows(readout: &Readout) {
    let ledger = readout.simulation.ledger();
    let all_regions = readout.simulation.regions();
    for (window, first) in WINDOWS {
        let mut org = Tally::default();
        let mut teams = BTreeMap::<&str, Tally>::new();
        let mut regions = BTreeMap::<&str, Tally>::new();
        for row in 0..readout.simulation.rows() {
            let tally = ledger.tally(row, first, AUGUST);
            org.add(&tally);
            let (rep, team) = readout.simulation.subject(row);
            teams.entry(team).or_default().add(&tally);
            if let Some(region) = region_of(&all_regions, team) {
                regions.entry(region).or_default().add(&tally);
            }
            // Reps have no `ytd` by default.
            if window != "ytd" {
                assert_tally(readout, "rep", &format!("rep=\"{rep}\",team=\"{team}\""), window, &tally);
            }
        }
        for (team, tally) in teams {
            assert_tally(readout, "team", &format!("team=\"{team}\""), window, &tally);
        }
        assert_eq!(regions.len(), 2);
        for (region, tally) in regions {
            assert_tally(readout, "region", &format!("region=\"{region}\""), window, &tally);
        }
        assert_tally(readout, "org", "", window, &org);
        if window == "ytd" {
            assert_eq!(org, ledger.total(), "all of it lies in one year");
            assert!(org.slips > 0 && org.renewals.won > 0 && org.reasons.iter().all(|lost| *lost > 0), "{org:?}");
        }
    }
}

fn assert_pipeline_now(readout: &Readout) {
    let ledger = readout.simulation.ledger();
    let now = Time::from_millis(readout.now.millis() / (15 * MINUTE) * (15 * MINUTE));
    let mut overdue = OpenTally::default();
    for row in 0..readout.simulation.rows() {
        let (rep, team) = readout.simulation.subject(row);
        let labels = format!("rep=\"{rep}\",team=\"{team}\"");
        for line in Line::ALL {
            let stages = std::iter::once((0, "lead")).chain(line.open_stages());
            for ((stage, name), pipeline) in stages.zip(std::iter::repeat(line.pipeline())) {
                let open = ledger.open(row, line)[usize::from(stage)];
                let of = format!("{labels},pipeline=\"{pipeline}\",stage=\"{name}\"");
                let series = format!("sales_rep_open_deals{{{of}}}");
                assert_eq!(readout.value(&series), open.deals as f64, "{series}");
                let series = format!("sales_rep_pipeline_amount{{{of},currency=\"CNY\"}}");
                assert_money(readout.value(&series), open.amount, &series);
            }
        }
        let late = ledger.overdue(row, now);
        assert_eq!(readout.value(&format!("sales_rep_overdue_deals{{{labels}}}")), late.deals as f64, "{labels}");
        let series = format!("sales_rep_overdue_amount{{{labels},currency=\"CNY\"}}");
        assert_money(readout.value(&series), late.amount, &series);
        overdue.deals += late.deals;
        overdue.amount += late.amount;
    }
    assert!(overdue.deals > 0 && overdue.amount > 0, "{overdue:?}");
    assert_eq!(readout.value("sales_org_overdue_deals"), overdue.deals as f64);
}

fn assert_targets(readout: &Readout) {
    let ledger = readout.simulation.ledger();
    let today = readout.simulation.date_of(readout.now);
    let [_, month, quarter, year] = Span::holding(today);
    let periods = [("month", month), ("quarter", quarter), ("year", year)];
    let (mut of_rows, mut units) = (0, BTreeMap::<&str, i64>::new());
    for row in 0..readout.simulation.rows() {
        let (rep, team) = readout.simulation.subject(row);
        let labels = format!("rep=\"{rep}\",team=\"{team}\"");
        for (period, span) in periods {
            if let Some(target) = ledger.target_of_row(row, span, Measure::Revenue) {
                let series = format!("sales_rep_target{{{labels},currency=\"CNY\",period=\"{period}\"}}");
                assert_money(readout.value(&series), target, &series);
                of_rows += 1;
            }
        }
        if let Some(target) = ledger.target_of_row(row, month, Measure::Won) {
            let series = format!("sales_rep_measure_target{{{labels},measure=\"won\",period=\"month\"}}");
            assert_eq!(readout.value(&series), target as f64, "{series}");
            *units.entry(team).or_default() += target;
        }
    }
    assert!(of_rows > 60 && !units.is_empty(), "{of_rows}");
    // Nobody sets these: they roll up.
    for (team, target) in &units {
        let series = format!("sales_team_measure_target{{team=\"{team}\",measure=\"won\",period=\"month\"}}");
        assert_eq!(readout.value(&series), *target as f64, "{series}");
    }
    let all: i64 = units.values().sum();
    assert_eq!(readout.value("sales_org_measure_target{measure=\"won\",period=\"month\"}"), all as f64);
    let target = ledger.target(year, Measure::Revenue).unwrap();
    assert_money(readout.value("sales_org_target{currency=\"CNY\",period=\"year\"}"), target, "the year's target");
}

/// The week's targets are those of teams; regions and the organisation have theirs by roll-up.
#[test]
fn weekly_targets_roll_up() {
    // A Thursday, so that the week's targets are set.
    let end = time("2026-03-12T00:00:00Z");
    let readout = Readout::at(Plan { end, disorder: 0, bad: 0, ..plan(15) }, end.plus(MINUTE));
    let ledger = readout.simulation.ledger();
    let [week, ..] = Span::holding(readout.simulation.date_of(readout.now));
    let (mut of_week, mut regions) = (0, BTreeMap::<&str, i64>::new());
    for (place, team) in (0..).zip(readout.simulation.teams()) {
        let Some(target) = ledger.target_of_team(place, week, Measure::Revenue) else { continue };
        let series = format!("sales_team_target{{team=\"{team}\",currency=\"CNY\",period=\"week\"}}");
        assert_money(readout.value(&series), target, &series);
        of_week += target;
        if let Some(region) = region_of(&readout.simulation.regions(), team) {
            *regions.entry(region).or_default() += target;
        }
    }
    assert!(of_week > 0 && regions.len() == 2);
    assert_money(readout.value("sales_org_target{currency=\"CNY\",period=\"week\"}"), of_week, "the week's target");
    for (region, target) in regions {
        let series = format!("sales_region_target{{region=\"{region}\",currency=\"CNY\",period=\"week\"}}");
        assert_money(readout.value(&series), target, &series);
    }
}

#[test]
fn the_ledger_equals_the_gauges() {
    let readout = Readout::of(plan(1));
    let stories = readout.simulation.ledger().stories;
    let all = [
        stories.walk_ins,
        stories.repeat,
        stories.renewals,
        stories.shared,
        stories.rushed,
        stories.dropped,
        stories.slipped,
        stories.put_off,
        stories.stalled,
        stories.stepped_back,
        stories.handed_over,
        stories.reopened,
        stories.amended,
        stories.voided,
        stories.revived,
        stories.moved_people,
    ];
    assert!(all.into_iter().all(|count| count > 0), "everything happens: {stories:?}");
    assert_everything(&readout);
}

#[test]
fn the_ledger_equals_the_gauges_of_a_large_and_disorderly_organisation() {
    let plan = plan(2);
    let reps = 130;
    let journeys_per_week = Plan::journeys_of(reps);
    assert_everything(&Readout::of(Plan { reps, journeys_per_week, disorder: 4_000, bad: 300, ..plan }));
}

#[test]
fn disorder_on_the_way_changes_nothing() {
    let calm = Readout::of(Plan { disorder: 0, bad: 0, ..plan(3) });
    let wild = Readout::of(Plan { disorder: 6_000, bad: 400, ..plan(3) });
    assert!(calm.rejected.is_empty() && wild.records > calm.records * 5 / 4);
    assert_eq!(calm.text, wild.text);
}

#[test]
fn what_is_refused_is_what_was_spoilt() {
    let readout = Readout::of(Plan { bad: 300, ..plan(4) });
    let deliveries = readout.simulation.deliveries();
    let codes = salespulse::contract::decode::RejectionCode::ALL;
    for (code, spoilt) in codes.into_iter().zip(deliveries.rejected) {
        assert_eq!(readout.rejected.get(&code).copied().unwrap_or(0), spoilt, "{code}");
        assert!(spoilt > 0, "{code}");
    }
    assert_eq!(readout.records, deliveries.records);
    let befallen =
        [deliveries.late, deliveries.repeated, deliveries.corrected, deliveries.retracted, deliveries.restored];
    assert!(befallen.into_iter().all(|count| count > 0), "{deliveries:?}");
}

/// In one file of all types no topic decides the type; a bad record must be of no use there either.
#[test]
fn a_bad_record_is_refused_without_a_topic_too() {
    let plan = Plan { bad: 300, ..plan(4) };
    let now = plan.end.plus(salespulse::model::time::DAY * 8);
    let mut simulation = Simulation::new(plan).unwrap();
    let decoder = Decoder::new(rules(&simulation));
    let decode = |value: &[u8]| decoder.decode(&Record { value: Some(value), ..Record::default() }, now).is_ok();
    let refused = simulation.by_ref().filter(|produced| !decode(&produced.value)).count();
    let spoilt: u64 = simulation.deliveries().rejected.iter().sum();
    assert_eq!(refused as u64, spoilt);
}

#[test]
fn a_faster_life_has_the_same_truths() {
    let from = time("2026-08-20T00:00:00Z");
    let plan = plan(5);
    let faster = salespulse::simulate::Faster { from, times: 200 };
    let readout = Readout::of(Plan { start: time("2026-06-01T00:00:00Z"), faster: Some(faster), ..plan });
    let won = readout.simulation.ledger().total().won;
    assert!(won > 150, "16 hours at this speed are 133 days: {won} won");
    assert_everything(&readout);
}
