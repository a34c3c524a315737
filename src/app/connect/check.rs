//! `salespulse connect check`: asks each CRM what documents leave open, and says what is wrong in sentences.

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

use super::arguments::LiveArguments;
use super::run::polled;
use super::{Loaded, load_sources};
use crate::app::AppError;
use crate::app::run::RunError;
use crate::connect::finding::Finding;
use crate::connect::http::HttpExchange;
use crate::connect::poller::Crm;
use crate::connect::sources::Source;
use crate::connect::status::Status;

use crate::health::Stop;
use crate::model::time::Clock;

/// The exit code of a check that has found something wrong.
const FOUND: u8 = 1;

/// Checks every source that names an account.
pub(super) fn check(
    arguments: &LiveArguments,
    environment: &[(OsString, OsString)],
    print: &dyn Fn(&str) -> Result<(), AppError>,
) -> Result<ExitCode, AppError> {
    let Loaded { sources, .. } = load_sources(arguments, environment)?;
    let mut is_right = true;
    for source in polled(sources, arguments)? {
        for finding in findings(&source)? {
            let (word, sentence) = match &finding {
                Finding::Right(sentence) => ("ok", sentence),
                Finding::Note(sentence) => ("note", sentence),
                Finding::Wrong(sentence) => ("WRONG", sentence),
            };
            is_right &= !matches!(finding, Finding::Wrong(_));
            print(&format!("{}: {word}: {sentence}\n", source.name))?;
        }
    }
    Ok(if is_right { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}

fn findings(source: &Source) -> Result<Vec<Finding>, AppError> {
    let Some(polling) = source.polling() else { return Ok(Vec::new()) };
    let mut crm = match Crm::of(polling) {
        Ok(crm) => crm,
        Err(sentence) => return Ok(vec![Finding::Wrong(sentence)]),
    };
    let status = Status::new([source.name.as_str()].into_iter())
        .map_err(|error| RunError::Bug(format!("the metrics are malformed: {error}")))?;
    let exchange = HttpExchange::new(&source.name, None, Clock::System, Stop::default(), Arc::new(status));
    let mut exchange = exchange.map_err(RunError::System)?;
    Ok(crm.check(source, &mut exchange))
}
