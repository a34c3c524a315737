//! A retention must cover what the configured windows and periods look back on.

use super::error::ConfigError;
use super::path::KeyPath;
use super::settings::Settings;
use crate::model::calendar::PeriodKind;
use crate::model::rules::{Rules, Scope};
use crate::model::time::DAY;
use crate::model::window::Window;

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
    let customers =
        (of_customers(rules.customer_period), format!("org.customer_period = \"{}\"", rules.customer_period.name()));
    let windows = Scope::ALL.into_iter().flat_map(|scope| {
        let windows = rules.windows.get(scope).iter();
        windows.map(move |window| (of_window(*window), format!("\"{}\" in windows.{}", window.name(), scope.name())))
    });
    // The first of the greatest, so that the sentence does not depend on anything else.
    windows.fold(customers, |most, next| if next.0 > most.0 { next } else { most })
}

/// Two windows: the present one and the previous one that it is compared with.
fn of_window(window: Window) -> i64 {
    match (window.rolling(), window.period()) {
        (Some((length, _)), _) => 2 * length,
        (None, Some(PeriodKind::Month)) => 62 * DAY,
        (None, Some(PeriodKind::Quarter)) => 184 * DAY,
        (None, Some(PeriodKind::Year)) => 731 * DAY,
        (None, None) => 0,
    }
}

/// Three periods: the present one and the two complete ones before it.
fn of_customers(period: PeriodKind) -> i64 {
    match period {
        PeriodKind::Month => 92 * DAY,
        PeriodKind::Quarter => 275 * DAY,
        PeriodKind::Year => 1_096 * DAY,
    }
}
