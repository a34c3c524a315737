//! Values that several commands take as arguments.

use crate::model::time::{Time, parse_duration};

/// An instant.
pub(super) fn instant(text: &str) -> Result<Time, String> {
    Time::parse(text).ok_or_else(|| "it must be RFC 3339 with an offset, such as 2026-03-31T18:00:00+08:00".to_owned())
}

/// Milliseconds, more than none.
pub(super) fn duration(text: &str) -> Result<i64, String> {
    parse_duration(text)
        .filter(|millis| *millis > 0)
        .ok_or_else(|| "it must be a whole number and one of ms s m h d w, such as 90d".to_owned())
}

/// A team and a stage.
pub(super) fn team_and_stage(text: &str) -> Result<(String, String), String> {
    text.split_once(':')
        .map(|(team, stage)| (team.to_owned(), stage.to_owned()))
        .ok_or_else(|| "it must be a team and a stage with a colon between, such as east:proposal".to_owned())
}
