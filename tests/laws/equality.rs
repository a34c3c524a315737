//! The engine equals the twin at every reading of every stream.

use proptest::prelude::*;

use crate::laws::notation::Script;
use crate::laws::streams::{cases, first_streams, streams};
use crate::laws::subject::{Subject, of_the_catalogue};
use crate::laws::twin::record::Record;
use crate::laws::{series, twin};

/// Runs a script through a long-lived engine and holds every reading against the twin's.
pub(crate) fn engine_equals_twin(script: &Script, shards: usize) -> Result<(), String> {
    let mut subject = Subject::new(&script.rules, shards, script.chapters[0].now);
    let mut accepted: Vec<Record> = Vec::new();
    for chapter in &script.chapters {
        for arrival in &chapter.arrivals {
            subject.accept(&arrival.event, chapter.now);
            accepted.push(arrival.record.clone());
        }
        let expected = of_the_catalogue(twin::reading(&accepted, &script.setting, chapter.now));
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

    #[test]
    fn engine_equals_twin_on_streams_of_the_first_version(stream in first_streams(), shards in 1..4_usize) {
        engine_equals_twin(&stream.script(), shards).map_err(TestCaseError::fail)?;
    }
}
