//! `salespulse connect map`: payloads in, events out, and no network.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use super::arguments::MapArguments;
use super::{clock, configuration, defaults, files, read_text};
use crate::app::AppError;
use crate::connect::builtin;
use crate::connect::dialect::Kind;
use crate::connect::events::{Gate, map as map_payloads};
use crate::connect::sources::{self, Defaults, Source};

/// The exit code of a mapping that has refused something.
const REFUSED: u8 = 1;

/// Prints the events of payloads.
pub(super) fn map(
    arguments: &MapArguments,
    environment: &[(OsString, OsString)],
    print: &dyn Fn(&str) -> Result<(), AppError>,
    say: &dyn Fn(&str),
) -> Result<ExitCode, AppError> {
    if let Some(kind) = &arguments.print {
        let text = Kind::from_name(kind).and_then(builtin::text);
        return print(text.ok_or_else(|| unknown_kind(kind))?).map(|()| ExitCode::SUCCESS);
    }
    let config = configuration(arguments.config.as_deref(), environment)?;
    let defaults = defaults(&config, arguments.config.is_some())?;
    let source = source(arguments, &defaults)?;
    let loaded = files::load(&arguments.files, &source)?;
    let gate = Gate::new(Arc::new(config.rules));
    let mapped = map_payloads(&source, &loaded.payloads, &gate, clock(arguments.as_of).now());

    let mut text = String::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for event in &mapped.events {
        *counts.entry(event.kind().name()).or_default() += 1;
        text.push_str(&event.to_json());
        text.push('\n');
    }
    print(&text)?;
    for skipped in loaded.skipped.iter().chain(&mapped.skipped) {
        say(&format!("skipped: {} {}\n", skipped.name, skipped.reason));
    }
    for refused in &mapped.refused {
        say(&format!("refused: {refused}\n"));
    }
    for unreadable in &loaded.unreadable {
        say(&format!("refused: {unreadable}\n"));
    }
    let refused = mapped.refused.len() + loaded.unreadable.len();
    let summary = serde_json::json!({
        "payloads": loaded.payloads.len(),
        "events": counts,
        "skipped": loaded.skipped.len() + mapped.skipped.len(),
        "refused": refused,
    });
    say(&format!("{summary}\n"));
    Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) })
}

fn source(arguments: &MapArguments, defaults: &Defaults) -> Result<Source, AppError> {
    let name = arguments.source.as_deref().unwrap_or_default();
    let Some(path) = &arguments.sources else {
        let kind = Kind::from_name(name).ok_or_else(|| unknown_kind(name))?;
        return Source::builtin(kind, defaults)?.ok_or_else(|| unknown_kind(name));
    };
    let mut all = sources::load(&read_text(path)?, &path.display().to_string(), defaults)?;
    let names = all.keys().cloned().collect::<Vec<_>>().join(", ");
    all.remove(name).ok_or_else(|| {
        AppError::Usage(format!("--source {name:?} is no source of {}, which has {names}", path.display()))
    })
}

fn unknown_kind(name: &str) -> AppError {
    let kinds = builtin::kinds().map(Kind::name).collect::<Vec<_>>().join(", ");
    AppError::Usage(format!("{name:?} has no mapping that comes with the program; these have: {kinds}"))
}
