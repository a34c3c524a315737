//! The engine equals the twin at every reading of every stream.

use proptest::prelude::*;
use salespulse::model::event::Event;

use crate::notation::Script;
use crate::streams::{cases, streams};
use crate::subject::{Subject, assert_decodes};
use crate::{series, twin};

/// Runs a script through a long-lived engine and holds every reading against the twin's.
pub(crate) fn engine_equals_twin(script: &Script, shards: usize) -> Result<(), String> {
    let mut subject = Subject::new(&script.rules, shards, script.chapters[0].now);
    let mut accepted: Vec<Event<'static>> = Vec::new();
    for chapter in &script.chapters {
        for (json, event) in &chapter.arrivals {
            assert_decodes(&script.rules, json, event, chapter.now);
            subject.accept(event, chapter.now);
            accepted.push(event.clone());
        }
        let expected = twin::reading(&accepted, &script.rules, chapter.now);
        series::equal(&expected, &subject.series(chapter.now), &format!("the reading at {}", chapter.now))?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn engine_equals_twin_on_any_stream(stream in streams(), shards in 1..4_usize) {
        engine_equals_twin(&stream.script(), shards).map_err(TestCaseError::fail)?;
    }
}
