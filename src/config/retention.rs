//! A retention must cover what the configured windows and periods look back on.

use super::error::ConfigError;
use super::path::KeyPath;
use super::settings::Settings;
use crate::model::calendar::{Calendar, PeriodKind};
use crate::model::rules::{Rules, Scope};
use crate::model::time::DAY;
use crate::model::window::{Shape, Window};

pub(super) fn check(settings: &Settings, rules: &Rules) -> Result<(), ConfigError> {
    let (needed, because) = needed(rules);
    if rules.retention >= needed {
        return Ok(());
    }
    let days = needed / DAY;
    Err(settings.refuse(&KeyPath::new("retention"), format!("at least \"{days}d\", which {because} needs")))
}

/// How long events must be kept, and the setting that asks for it.
fn needed(rules: &Rules) -> (i64, String) {
    let period = rules.customer_period;
    let customers = (of_customers(period, rules.calendar), format!("org.customer_period = \"{}\"", period.name()));
    let windows = Scope::ALL.into_iter().flat_map(|scope| {
        let windows = rules.windows.get(scope).iter();
        windows.map(move |window| {
            (of_window(*window, rules.calendar), format!("\"{}\" in windows.{}", window.name(), scope.name()))
        })
    });
    // The first of the greatest, so that the sentence does not depend on anything else.
    windows.fold(customers, |most, next| if next.0 > most.0 { next } else { most })
}

/// Two windows: the present one and the previous one that it is compared with; of complete ones the present period too.
fn of_window(window: Window, calendar: Calendar) -> i64 {
    match window.shape() {
        Shape::Rolling { length, .. } => 2 * length,
        Shape::ToDate(PeriodKind::Day) => 2 * DAY,
        Shape::ToDate(PeriodKind::Week) => 14 * DAY,
        Shape::ToDate(PeriodKind::Month) => 62 * DAY,
        Shape::ToDate(PeriodKind::Quarter | PeriodKind::Half) => 184 * DAY,
        Shape::ToDate(PeriodKind::Year) => 731 * DAY,
        Shape::Complete(kind) => three_of(kind, calendar),
    }
}

/// Three periods: the present one and the two complete ones before it.
fn of_customers(period: PeriodKind, calendar: Calendar) -> i64 {
    three_of(period, calendar)
}

fn three_of(kind: PeriodKind, calendar: Calendar) -> i64 {
    match kind {
        PeriodKind::Day => 3 * DAY,
        PeriodKind::Week => 21 * DAY,
        PeriodKind::Month => 92 * DAY,
        // May to July, August to October and November to January have 92 days each.
        PeriodKind::Quarter | PeriodKind::Half if calendar.fiscal_year_starts % 3 == 2 => 276 * DAY,
        PeriodKind::Quarter | PeriodKind::Half => 275 * DAY,
        PeriodKind::Year => 1_096 * DAY,
    }
}
