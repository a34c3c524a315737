//! What is out of proportion: more series than allowed, and journeys and customers as a CRM makes them that writes
//! "unknown" or "walk-in" for thousands of others.

use std::sync::Arc;

use salespulse::engine::Engine;
use salespulse::kpi::Catalogue;
use salespulse::kpi::exposition::{Format, TooManySeries, render, render_in_pieces};
use salespulse::model::time::Time;

use crate::laws::notation::{Chapter, Script};
use crate::laws::subject::Subject;

const STORY: &str = "lead 2026-03-09T09:00 L1 rep=ann team=east channel=web\nat 2026-03-10T12:00\n";

/// What the writer answers under a limit, and what it has written after what was there.
fn render_under(limit: u64) -> (Result<u64, TooManySeries>, String) {
    let script = Script::parse(&format!("max_series {limit}\n{STORY}"));
    let chapter = &script.chapters[0];
    let rules = Arc::new(script.rules.clone());
    let mut engine = Engine::new(&rules, 1, chapter.now);
    for arrival in &chapter.arrivals {
        engine.accept(&arrival.event, chapter.now);
    }
    let mut text = "before\n".to_owned();
    let catalogue = Catalogue::new(&rules).expect("a catalogue");
    let told = render(&catalogue, &engine.read(chapter.now), Format::Prometheus, &mut text);
    (told, text)
}

#[test]
fn as_many_series_as_allowed_are_told_and_one_more_is_refused_whole() {
    let (told, whole) = render_under(2_000_000);
    let series = told.expect("few series");
    assert!(whole.starts_with("before\n#"));
    assert_eq!(render_under(series), (Ok(series), whole));
    let (told, text) = render_under(series - 1);
    let refusal = told.expect_err("a series too many");
    assert_eq!((refusal.series, refusal.limit, text.as_str()), (series, series - 1, "before\n"));
    // The team and the organisation are shown in all windows, and each is one name.
    assert_eq!(refusal.subjects, 1);
    assert!(refusal.of_scope > series / 5 && refusal.of_scope < series, "{refusal}");
    let most =
        format!("; {} of them are of the 1 names of {}; raise max_series", refusal.of_scope, refusal.scope.name());
    assert!(refusal.to_string().contains(&most), "{refusal}");
}

#[test]
fn a_text_that_is_taken_in_pieces_is_the_same_text() {
    let lead = |number| format!("lead 2026-03-09T09:00 L{number} rep=r{number} team=east channel=web\n");
    let script = Script::parse(&format!("{}at 2026-03-10T12:00\n", (0..100).map(lead).collect::<String>()));
    let (chapter, rules) = (&script.chapters[0], Arc::new(script.rules.clone()));
    let mut engine = Engine::new(&rules, 1, chapter.now);
    for arrival in &chapter.arrivals {
        engine.accept(&arrival.event, chapter.now);
    }
    let (reading, catalogue) = (engine.read(chapter.now), Catalogue::new(&rules).expect("a catalogue"));
    let (mut whole, mut rest, mut pieces) = (String::new(), String::new(), Vec::new());
    let series = render(&catalogue, &reading, Format::OpenMetrics, &mut whole).expect("few series");
    let mut take = |piece: &mut String| pieces.push(std::mem::take(piece));
    assert_eq!(render_in_pieces(&catalogue, &reading, Format::OpenMetrics, &mut rest, &mut take), Ok(series));
    assert!(pieces.len() > 3 && pieces.iter().all(|piece| piece.len() < 66_000), "{} pieces", pieces.len());
    assert_eq!(pieces.concat() + &rest, whole);
}

/// So many that the square of it would be felt.
const VERY_MANY: i64 = 30_000;

/// Very many lines, one second after another, that `line` writes from its number and time; all in one chapter.
fn very_many(line: impl Fn(i64, Time) -> String) -> Script {
    let start = Time::parse("2026-03-02T00:00:00Z").expect("a time");
    let lines: Vec<String> = (0..VERY_MANY).map(|number| line(number, start.plus(number * 1_000))).collect();
    Script::parse(&format!("{}\nat 2026-03-10T12:00\n", lines.join("\n")))
}

/// The series of a chapter's events in an order, with some readings on the way.
fn told(script: &Script, chapter: &Chapter, backwards: bool) -> String {
    let mut subject = Subject::new(&script.rules, 1, chapter.now);
    let mut events: Vec<_> = chapter.arrivals.iter().map(|arrival| &arrival.event).collect();
    if backwards {
        events.reverse();
    }
    for (number, event) in events.into_iter().enumerate() {
        subject.accept(event, chapter.now);
        if number % 9_000 == 5_000 {
            subject.text(chapter.now);
        }
    }
    subject.text(chapter.now)
}

#[test]
fn very_many_steps_of_one_journey_are_one_journey() {
    let stages = ["contacted", "qualified", "lost", "contacted"];
    let script = very_many(|number, at| match number {
        0 => format!("lead {at} unknown rep=ann team=east channel=web"),
        _ => {
            let stage = stages[usize::try_from(number).expect("a small number") % stages.len()];
            format!("stage {at} unknown {stage} {number}.00 CNY rep=rep-{} team=east", number % 7)
        }
    });
    let chapter = &script.chapters[0];
    let text = told(&script, chapter, false);
    for line in [
        "sales_org_leads{window=\"mtd\"} 1",
        "sales_org_stage_entries{stage=\"qualified\",window=\"mtd\"} 1",
        "sales_org_lost{window=\"mtd\"} 0",
        "sales_org_open_deals{stage=\"contacted\"} 1",
        "sales_org_pipeline_amount{currency=\"CNY\",stage=\"contacted\"} 29999",
    ] {
        assert!(
            text.lines().any(|told| told == line),
            "no {line}: {:?}",
            text.lines().find(|told| told.starts_with(line.split(" ").next().unwrap()))
        );
    }
    assert!(text == told(&script, chapter, true), "the order of arrival makes a difference");
}

#[test]
fn very_many_wins_of_one_customer_are_one_customer() {
    let script =
        very_many(|number, at| format!("stage {at} L{number} won 2.00 CNY customer=walk-in team=east rep=ann"));
    let chapter = &script.chapters[0];
    let text = told(&script, chapter, false);
    for line in [
        "sales_org_won{window=\"mtd\"} 30000",
        "sales_org_customers 1",
        "sales_org_new_customers{window=\"mtd\"} 1",
        "sales_org_repeat_customers 0",
        "sales_org_customer_value{currency=\"CNY\"} 60000.0",
    ] {
        assert!(
            text.lines().any(|told| told == line),
            "no {line}: {:?}",
            text.lines().find(|told| told.starts_with(line.split(" ").next().unwrap()))
        );
    }
    assert!(text == told(&script, chapter, true), "the order of arrival makes a difference");
}
