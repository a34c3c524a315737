//! What every answer with numbers begins with: which instant they are of, and how the instance is.

use serde::Serialize;
use utoipa::ToSchema;

use crate::health::{Holding, Readiness};
use crate::model::calendar::{PeriodKind, Zone};
use crate::model::rules::Rules;
use crate::model::time::Time;
use crate::model::window::{Lanes, Window, Windows};
use crate::service::reading_hub::Published;

/// The instant of the numbers and the state of the instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Head {
    /// The instant of the numbers, RFC 3339 in the organisation's zone; `replay --as-of` it computes the same numbers.
    as_of: String,
    /// The same as milliseconds since the Unix epoch.
    as_of_ms: i64,
    /// The number of the reading.
    tick: u64,
    /// The word of `/readyz`; other than `ready` means that the numbers stand still.
    status: &'static str,
    /// What is wrong, as `/readyz` has it.
    #[schema(value_type = Vec<Object>)]
    conditions: Vec<Holding>,
}

impl Head {
    pub(super) fn new(published: &Published, readiness: &Readiness) -> Head {
        let status = readiness.status();
        let now = published.reading.now;
        Head {
            as_of: published.reading.rules.zone.text(now),
            as_of_ms: now.millis(),
            tick: published.number,
            status: status.status,
            conditions: status.conditions,
        }
    }
}

/// From when to when a window or period counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Span {
    /// The first instant inside.
    from: String,
    /// The first instant after it.
    to: String,
}

impl Span {
    pub(super) fn of_window(name: &str, now: Time, rules: &Rules) -> Option<Span> {
        let window = Window::from_name(name)?;
        let range = Windows::at(now, &rules.zone, rules.calendar, Lanes::present([window])).range(window);
        Some(Span::new(range.start, range.end, &rules.zone))
    }

    pub(super) fn of_period(name: &str, now: Time, rules: &Rules) -> Option<Span> {
        let kind = PeriodKind::OF_TARGETS.into_iter().find(|kind| kind.name() == name)?;
        let first = rules.calendar.first_day(kind, rules.zone.date_of(now));
        let (from, to) = rules.zone.bounds(rules.calendar, rules.calendar.period(kind, first)?);
        Some(Span::new(from, to, &rules.zone))
    }

    fn new(from: Time, to: Time, zone: &Zone) -> Span {
        Span { from: zone.text(from), to: zone.text(to) }
    }
}
