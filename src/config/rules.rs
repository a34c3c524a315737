//! Everything that the numbers depend on, read into [`Rules`].

use std::collections::BTreeMap;

use jiff::civil::Weekday;

use super::error::ConfigError;
use super::path::KeyPath;
use super::settings::{Settings, allowed};
use super::{pipeline, rates, retention};
use crate::model::calendar::{Calendar, NamedBy, PeriodKind, Zone};
use crate::model::id::LONGEST_ID;
use crate::model::needs::Counted;
use crate::model::rules::{PerScope, Rules, Scope};
use crate::model::time::parse_duration;
use crate::model::window::Window;

pub(super) fn read(settings: &Settings) -> Result<Rules, ConfigError> {
    let path = KeyPath::new;
    let rules = Rules {
        max_series: settings.required(&path("max_series"), |value| value.whole().filter(|most| *most > 0))?,
        retention: duration(settings, "retention")?,
        allowed_skew: duration(settings, "allowed_skew")?,
        zone: settings.required(&path("org.timezone"), |value| Zone::new(value.text()?))?,
        rates: rates::read(settings)?,
        calendar: calendar(settings)?,
        customer_period: settings.required(&path("org.customer_period"), |value| {
            let name = value.text()?;
            PeriodKind::OF_CUSTOMERS.into_iter().find(|kind| kind.name() == name)
        })?,
        market_size: settings.optional(&path("org.market_size"), super::value::Value::whole)?,
        team_market_size: team_market_size(settings)?,
        regions: regions(settings)?,
        credit_through_deal: settings.required(&path("org.credit_through_deal"), super::value::Value::truth)?,
        roll_up: settings.required(&path("targets.roll_up"), super::value::Value::truth)?,
        pipeline: pipeline::read(settings)?,
        pipelines: pipeline::read_others(settings)?,
        windows: per_scope(|scope| windows(settings, scope))?,
        expose: per_scope(|scope| settings.texts(&path("expose").child(scope.name())))?,
        leaderboard: settings.texts(&path("leaderboard.by"))?.unwrap_or_default(),
        counted: Counted::PAGE,
    };
    for key in ["windows.region", "expose.region"].map(path) {
        if rules.regions.is_empty() && settings.value(&key).is_some() {
            return Err(settings.refuse(&key, "left out, or [org.regions] given"));
        }
    }
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

fn calendar(settings: &Settings) -> Result<Calendar, ConfigError> {
    Ok(Calendar {
        fiscal_year_starts: settings.required(&KeyPath::new("org.fiscal_year_starts"), |value| {
            value.whole().and_then(|month| i8::try_from(month).ok()).filter(|month| (1..=12).contains(month))
        })?,
        fiscal_year_named_by: settings.required(&KeyPath::new("org.fiscal_year_named_by"), |value| {
            match value.text()? {
                "end" => Some(NamedBy::End),
                "start" => Some(NamedBy::Start),
                _ => None,
            }
        })?,
        week_starts: settings.required(&KeyPath::new("org.week_starts"), |value| weekday(value.text()?))?,
    })
}

fn weekday(name: &str) -> Option<Weekday> {
    Some(match name {
        "monday" => Weekday::Monday,
        "tuesday" => Weekday::Tuesday,
        "wednesday" => Weekday::Wednesday,
        "thursday" => Weekday::Thursday,
        "friday" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

fn regions(settings: &Settings) -> Result<BTreeMap<String, Vec<String>>, ConfigError> {
    let mut regions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in settings.below(&KeyPath::new("org.regions")) {
        let teams = settings.texts(path)?.unwrap_or_default();
        if !is_id(path.name()) {
            return Err(settings.refuse(path, format!("given for a region of 1 to {LONGEST_ID} bytes")));
        }
        if let Some(team) = teams.iter().find(|team| !is_id(team)) {
            let allowed = allowed(path);
            return Err(settings.refuse(path, format!("{allowed}; {team:?} must have 1 to {LONGEST_ID} bytes")));
        }
        for (other, known) in &regions {
            if let Some(team) = teams.iter().find(|team| known.contains(team)) {
                return Err(settings.refuse(path, format!("{}; {other:?} has {team:?} too", allowed(path))));
            }
        }
        regions.insert(path.name().to_owned(), teams);
    }
    Ok(regions)
}

fn is_id(name: &str) -> bool {
    (1..=LONGEST_ID).contains(&name.len())
}

/// The windows of a scope, in the order of [`Window::ALL`] whatever the order in the file.
fn windows(settings: &Settings, scope: Scope) -> Result<Vec<Window>, ConfigError> {
    let path = KeyPath::new("windows").child(scope.name());
    let Some(names) = settings.texts(&path)? else {
        // Regions have the usual windows as soon as there are any.
        let has_regions = settings.below(&KeyPath::new("org.regions")).next().is_some();
        return Ok(if has_regions { Window::USUAL.to_vec() } else { Vec::new() });
    };
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
        region: read(Scope::Region)?,
        org: read(Scope::Org)?,
        channel: read(Scope::Channel)?,
    })
}
