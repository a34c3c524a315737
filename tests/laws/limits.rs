//! The limit on series: a reading is served whole or not at all.

use std::sync::Arc;

use salespulse::engine::Engine;
use salespulse::kpi::Catalogue;
use salespulse::kpi::exposition::{Format, TooManySeries, render};

use crate::notation::Script;

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
