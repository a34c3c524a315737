//! Everything that the numbers depend on, read into [`Rules`].

use std::collections::BTreeMap;

use super::error::ConfigError;
use super::path::KeyPath;
use super::settings::{Settings, allowed};
use super::{pipeline, rates, retention};
use crate::model::calendar::{PeriodKind, Zone};
use crate::model::id::LONGEST_ID;
use crate::model::rules::{PerScope, Rules, Scope};
use crate::model::time::parse_duration;
use crate::model::window::Window;

pub(super) fn read(settings: &Settings) -> Result<Rules, ConfigError> {
    let path = KeyPath::new;
    let rules = Rules {
        max_series: settings.required(&path("max_series"), super::value::Value::whole)?,
        retention: duration(settings, "retention")?,
        allowed_skew: duration(settings, "allowed_skew")?,
        zone: settings.required(&path("org.timezone"), |value| Zone::new(value.text()?))?,
        rates: rates::read(settings)?,
        customer_period: settings.required(&path("org.customer_period"), |value| {
            let name = value.text()?;
            PeriodKind::ALL.into_iter().find(|kind| kind.name() == name)
        })?,
        market_size: settings.optional(&path("org.market_size"), super::value::Value::whole)?,
        team_market_size: team_market_size(settings)?,
        pipeline: pipeline::read(settings)?,
        windows: per_scope(|scope| windows(settings, scope))?,
        expose: per_scope(|scope| settings.texts(&path("expose").child(scope.name())))?,
        leaderboard: settings.texts(&path("leaderboard.by"))?.unwrap_or_default(),
    };
    retention::check(settings, &rules)?;
    Ok(rules)
}

fn duration(settings: &Settings, key: &str) -> Result<i64, ConfigError> {
    settings.required(&KeyPath::new(key), |value| parse_duration(value.text()?))
}

fn team_market_size(settings: &Settings) -> Result<BTreeMap<String, u64>, ConfigError> {
    let mut sizes = BTreeMap::new();
    for path in settings.below(&KeyPath::new("org.team_market_size")) {
        let size = settings.required(path, super::value::Value::whole)?;
        if path.name().is_empty() || path.name().len() > LONGEST_ID {
            return Err(settings.refuse(path, format!("given for a team_id of 1 to {LONGEST_ID} bytes")));
        }
        sizes.insert(path.name().to_owned(), size);
    }
    Ok(sizes)
}

/// The windows of a scope, in the order of [`Window::ALL`] whatever the order in the file.
fn windows(settings: &Settings, scope: Scope) -> Result<Vec<Window>, ConfigError> {
    let path = KeyPath::new("windows").child(scope.name());
    let names = settings.texts(&path)?.unwrap_or_default();
    let unknown = names.iter().find(|name| Window::from_name(name).is_none());
    if let Some(name) = unknown {
        return Err(settings.refuse(&path, format!("{}; {name:?} is none of them", allowed(&path))));
    }
    Ok(Window::ALL.into_iter().filter(|window| names.iter().any(|name| name == window.name())).collect())
}

fn per_scope<T>(mut read: impl FnMut(Scope) -> Result<T, ConfigError>) -> Result<PerScope<T>, ConfigError> {
    Ok(PerScope {
        rep: read(Scope::Rep)?,
        team: read(Scope::Team)?,
        org: read(Scope::Org)?,
        channel: read(Scope::Channel)?,
    })
}
