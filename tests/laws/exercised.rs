//! The generated streams exercise every rule: how often each of them decided something is printed, and never 0.

use std::collections::BTreeMap;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::laws::notation::Script;
use crate::laws::streams::streams;
use crate::laws::twin;
use crate::laws::twin::calendar::Calendar;
use crate::laws::twin::journey::Status;
use crate::laws::twin::record::{Record, UNASSIGNED};
use crate::laws::twin::setting::{DEFAULT, Setting};
use crate::laws::twin::targets::MEASURES;
use crate::laws::twin::world::World;

/// How many streams are looked at, always the same ones.
const STREAMS: usize = 300;

/// What a stream is at its last reading.
struct Seen<'a> {
    setting: &'a Setting,
    records: &'a [Record],
    world: &'a World<'a>,
    series: &'a BTreeMap<String, f64>,
}

impl Seen<'_> {
    /// How many series begin so, hold all of these texts, and are above 0.
    fn above_zero(&self, family: &str, labels: &[&str]) -> usize {
        let own = self.series.iter().filter(|(name, _)| name.starts_with(family));
        own.filter(|(name, value)| labels.iter().all(|label| name.contains(label)) && **value > 0.0).count()
    }

    fn records_that(&self, are: impl Fn(&&Record) -> bool) -> usize {
        self.records.iter().filter(|record| !record.retracted).filter(are).count()
    }

    fn journeys_that(&self, are: impl Fn(&&twin::journey::Journey<'_>) -> bool) -> usize {
        self.world.journeys.iter().filter(are).count()
    }

    /// Targets of a row and period that nobody set.
    fn rolled_up(&self, scope: &str, period: &str, mark: fn(&str) -> bool) -> usize {
        let own = self.records_that(|record| {
            record.kind == "target" && record.id("scope") == scope && mark(record.text("period").unwrap_or(""))
        });
        let shown = self.above_zero(&format!("sales_{scope}_target"), &[&format!("period=\"{period}\"")]);
        if self.setting.roll_up && own == 0 { shown } else { 0 }
    }
}

type Rule = (&'static str, fn(&Seen<'_>) -> usize);

const CALENDAR: [Rule; 12] = [
    ("fiscal year with a target", |seen| {
        if seen.setting.fiscal_year_starts > 1 { seen.above_zero("sales_org_target", &["year"]) } else { 0 }
    }),
    ("a target's W53", |seen| {
        seen.records_that(|record| record.text("period").is_some_and(|name| name.ends_with("W53")))
    }),
    ("today", |seen| seen.above_zero("sales_org_revenue{", &["\"today\""])),
    ("week to date", |seen| seen.above_zero("sales_org_revenue{", &["\"wtd\""])),
    ("yesterday", |seen| seen.above_zero("sales_org_stage_entries{", &["\"yesterday\""])),
    ("last week", |seen| seen.above_zero("sales_org_leads{", &["\"last_week\""])),
    ("last month", |seen| seen.above_zero("sales_org_revenue{", &["\"last_month\""])),
    ("last quarter", |seen| seen.above_zero("sales_org_revenue{", &["\"last_quarter\""])),
    ("last year", |seen| seen.above_zero("sales_org_revenue{", &["\"last_year\""])),
    ("a complete window's previous", |seen| seen.above_zero("sales_org_revenue_previous", &["\"last_month\""])),
    ("a year ago, to date", |seen| seen.above_zero("sales_org_revenue_year_ago", &["td\""])),
    ("a year ago, complete", |seen| seen.above_zero("sales_org_revenue_year_ago", &["\"last_"])),
];

const JOURNEYS: [Rule; 18] = [
    ("another pipeline", |seen| seen.journeys_that(|journey| journey.pipeline.name != DEFAULT)),
    ("leads of a pipeline", |seen| seen.above_zero("sales_org_pipeline_leads", &[])),
    ("wins of a pipeline", |seen| seen.above_zero("sales_team_pipeline_won", &[])),
    ("losses of a pipeline", |seen| seen.above_zero("sales_org_pipeline_lost", &[])),
    ("revenue of a pipeline", |seen| seen.above_zero("sales_org_pipeline_revenue", &[])),
    ("alias", |seen| {
        seen.records_that(|record| {
            record.kind == "stage_change" && record.text("stage") != Some(record.stage(seen.setting))
        })
    }),
    ("back to lead", |seen| {
        seen.records_that(|record| record.kind == "stage_change" && record.stage(seen.setting) == "lead")
    }),
    ("sequence decides", |seen| same_instant(seen, |one, other| one.sequence != other.sequence)),
    ("a lead and a step equal in all", |seen| {
        same_instant(seen, |one, other| {
            one.kind != other.kind && (one.sequence, &one.event_id) == (other.sequence, &other.event_id)
        })
    }),
    ("channel of a deal without a lead", |seen| {
        seen.journeys_that(|journey| journey.created.is_none() && journey.channel != UNASSIGNED)
    }),
    ("cycle from started_at", |seen| {
        seen.journeys_that(|journey| journey.created.is_none() && journey.cycle().is_some_and(|millis| millis >= 0))
    }),
    ("started after the win", |seen| {
        seen.journeys_that(|journey| journey.created.is_none() && journey.cycle().is_some_and(|millis| millis < 0))
    }),
    ("slip", |seen| seen.above_zero("sales_org_slipped_deals", &[])),
    ("slip twice", |seen| seen.journeys_that(|journey| journey.slips.len() > 1)),
    ("stage time", |seen| seen.above_zero("sales_org_stage_times", &[])),
    ("stage time ended by void", |seen| {
        seen.journeys_that(|journey| journey.stays.iter().any(|stay| stay.next == "void"))
    }),
    ("overdue", |seen| seen.above_zero("sales_org_overdue_deals", &[])),
    ("closing this month", |seen| seen.above_zero("sales_org_closing_amount", &["month"])),
];

const CREDIT: [Rule; 10] = [
    ("split", |seen| seen.journeys_that(|journey| journey.splits.is_some() && journey.status != Status::Lost)),
    ("split that leaves units over", |seen| {
        seen.journeys_that(|journey| {
            journey
                .splits
                .is_some_and(|parts| parts.iter().any(|part| journey.amount * part.share % 1_000_000_000 != 0))
        })
    }),
    ("split of a lost amount", |seen| {
        seen.journeys_that(|journey| journey.splits.is_some() && journey.lost.is_some() && journey.amount > 0)
    }),
    ("one entry", |seen| seen.journeys_that(|journey| journey.splits.is_some_and(|parts| parts.len() == 1))),
    ("lost amount", |seen| seen.above_zero("sales_rep_lost_amount", &[])),
    ("lost for a reason", |seen| seen.above_zero("sales_team_lost_by_reason", &["price"])),
    ("lost for no reason said", |seen| seen.above_zero("sales_org_lost_by_reason", &["\"unknown\""])),
    ("reasons beyond 50", |seen| {
        if seen
            .world
            .journeys
            .iter()
            .filter(|journey| journey.lost.is_some())
            .any(|journey| seen.world.reason(journey) != journey.reason)
        {
            1
        } else {
            0
        }
    }),
    ("credit through the deal", |seen| through_deal(seen, true)),
    ("credit through a void or unknown deal", |seen| through_deal(seen, false)),
];

const TARGETS: [Rule; 15] = [
    ("week", |seen| seen.above_zero("sales_", &["_target{", "\"week\""])),
    ("half", |seen| seen.above_zero("sales_", &["_target{", "\"half\""])),
    ("payments to reach", |seen| seen.above_zero("sales_", &["_measure_target{", MEASURES[0]])),
    ("wins to reach", |seen| seen.above_zero("sales_", &["_measure_target{", "\"won\""])),
    ("leads to reach", |seen| seen.above_zero("sales_", &["_measure_value{", "\"leads\""])),
    ("new customers to reach", |seen| seen.above_zero("sales_", &["_measure_attainment_ratio{", MEASURES[3]])),
    ("quarter of months", |seen| seen.rolled_up("rep", "quarter", |period| period.contains("-Q"))),
    ("half of quarters", |seen| seen.rolled_up("rep", "half", |period| period.contains("-H"))),
    ("year of halves", |seen| seen.rolled_up("rep", "year", |period| !period.contains('-'))),
    ("team of its reps", |seen| seen.rolled_up("team", "month", |_| true)),
    ("region of its teams", |seen| seen.rolled_up("region", "month", |_| true)),
    ("organisation of its teams", |seen| seen.rolled_up("org", "month", |_| true)),
    ("region", |seen| seen.above_zero("sales_region_won", &[])),
    ("target of a region", |seen| {
        let own = seen.records_that(|record| record.kind == "target" && record.id("scope") == "region");
        if own > 0 { seen.above_zero("sales_region_target", &[]) } else { 0 }
    }),
    ("market size of a region", |seen| seen.above_zero("sales_region_market_size", &[])),
];

/// Pairs of events of one journey at one instant.
fn same_instant(seen: &Seen<'_>, differ: impl Fn(&Record, &Record) -> bool) -> usize {
    let events: Vec<&Record> = seen.records.iter().filter(|one| one.is_of_journey() && !one.retracted).collect();
    let is_pair = |one: &Record, other: &Record| {
        one.at == other.at && one.text("lead_id") == other.text("lead_id") && differ(one, other)
    };
    events.iter().map(|one| events.iter().filter(|other| is_pair(one, other)).count()).sum()
}

/// Payments and answers that are credited through their deal: to somebody, or to nobody.
fn through_deal(seen: &Seen<'_>, to_somebody: bool) -> usize {
    let facts = seen.world.payments.iter().chain(&seen.world.feedback).filter(|(record, _)| {
        let asks = record.text("lead_id").is_some() && record.text("rep_id").is_none();
        asks && record.text("team_id").is_none() && seen.setting.credit_through_deal
    });
    facts.filter(|(_, credit)| (credit.rep != UNASSIGNED) == to_somebody).count()
}

#[test]
fn generated_streams_exercise_every_rule() {
    let rules: Vec<Rule> = [&CALENDAR[..], &JOURNEYS, &CREDIT, &TARGETS].concat();
    let mut counts = vec![0; rules.len()];
    let mut runner = TestRunner::deterministic();
    for _ in 0..STREAMS {
        let stream = streams().new_tree(&mut runner).expect("a stream").current();
        let Script { setting, chapters, .. } = stream.script();
        let now = chapters.last().expect("a reading").now;
        let records: Vec<Record> =
            chapters.into_iter().flat_map(|chapter| chapter.arrivals).map(|arrival| arrival.record).collect();
        let days = Calendar::new(&setting);
        let world = World::new(&records, &setting, &days, now);
        let series = twin::reading(&records, &setting, now);
        let seen = Seen { setting: &setting, records: &records, world: &world, series: &series };
        for (count, (_, rule)) in counts.iter_mut().zip(&rules) {
            *count += rule(&seen);
        }
    }
    let counted: Vec<String> =
        rules.iter().zip(&counts).map(|((rule, _), count)| format!("{count:6} {rule}")).collect();
    println!("in {STREAMS} streams:\n{}", counted.join("\n"));
    for ((rule, _), count) in rules.iter().zip(&counts) {
        assert!(*count > 0, "no stream exercises: {rule}");
    }
}
