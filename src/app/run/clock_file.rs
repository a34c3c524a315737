//! A clock that follows a file: tests of what a clock that jumps does to a running service. No release has it.

use std::path::Path;
use std::thread;
use std::time::Duration;

use super::RunError;
use crate::model::time::{Clock, ManualClock, Time};

/// Between two looks at the file.
const PAUSE: Duration = Duration::from_millis(5);

/// A clock that shows the instant in a file, and any other that is written there later.
///
/// # Errors
/// [`RunError::Configuration`] if there is none now, [`RunError::System`] without a thread.
pub(in crate::app) fn follow(file: &Path) -> Result<Clock, RunError> {
    let none = || RunError::Configuration(format!("{} does not hold a time", file.display()));
    // It lives as long as the process, whose clock it is.
    let manual: &'static ManualClock = Box::leak(Box::new(ManualClock::at(read(file).ok_or_else(none)?)));
    let file = file.to_owned();
    let work = move || loop {
        if let Some(time) = read(&file) {
            manual.set(time);
        }
        thread::sleep(PAUSE);
    };
    let thread = thread::Builder::new().name("clock".to_owned()).spawn(work);
    thread.map_err(|error| RunError::System(format!("cannot start threads: {error}")))?;
    Ok(Clock::Manual(manual))
}

fn read(file: &Path) -> Option<Time> {
    Time::parse(std::fs::read_to_string(file).ok()?.trim())
}
