//! `/leaderboard`: the subjects of a scope in the order of one KPI.

mod csv;
mod rows;

use serde::Serialize;
use utoipa::ToSchema;

use self::rows::{Board, Row};
use super::choice::{Choice, scope_word};
use super::head::{Head, Span};
use super::number::Number;
use super::parameters::{NOTHING, Parameters};
use super::problem::{Code, Problem};
use super::{Context, Known, words};
use crate::config::{Role, Targets};
use crate::kpi::Query;
use crate::model::rules::Scope;
use crate::model::value::Value;
use crate::serve::access::Asker;

/// Rows of a page.
pub(super) const MOST_ROWS: usize = 200;
const ROWS: usize = 25;
const MOST_OFFSET: usize = 1_000_000;
/// Characters of a search.
const MOST_SEARCHED: usize = 64;

pub(super) const PARAMETERS: [&str; 16] = [
    "scope", "by", "window", "period", "pipeline", "stage", "survey", "from", "to", "team", "order", "limit", "offset",
    "q", "around", "format",
];

/// Which end comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Best,
    Worst,
}

/// A board as somebody asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaderboard {
    choice: Choice,
    team: Option<String>,
    order: Order,
    limit: usize,
    offset: usize,
    search: Option<String>,
    around: Option<String>,
    is_csv: bool,
}

/// What is asked for, as it is understood.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct LeaderboardView {
    scope: &'static str,
    /// The KPI, or `quota_attainment`.
    by: String,
    #[serde(flatten)]
    labels: std::collections::BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<String>,
    order: &'static str,
    limit: usize,
    offset: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    q: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    around: Option<String>,
}

/// A board.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct LeaderboardAnswer {
    #[serde(flatten)]
    head: Head,
    view: LeaderboardView,
    /// From when to when the KPI counts, if it counts over a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<Span>,
    /// `count`, `ratio`, `seconds`, `money` or `points`.
    unit: &'static str,
    /// The currency of money.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<&'static str>,
    /// `more`, `less` or `neither`.
    better: &'static str,
    /// How many subjects there are, after the filters.
    subjects: usize,
    /// How many of them have a rank.
    ranked: usize,
    /// A page of them: by rank, then those without one, then what is unassigned.
    rows: Vec<Row>,
    /// The asker's own row.
    me: Option<Row>,
    /// The sum of those that are not on this page, for KPIs that may be added up.
    #[serde(skip_serializing_if = "Option::is_none")]
    rest: Option<Rest>,
}

/// Those that are not on the page.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Rest {
    rows: usize,
    value: Number,
}

impl Leaderboard {
    pub(super) fn parse(parameters: &Parameters, known: Known<'_>) -> Result<Leaderboard, Problem> {
        let scopes =
            [("rep", Scope::Rep), ("team", Scope::Team), ("region", Scope::Region), ("channel", Scope::Channel)];
        let scope = parameters.word("scope", &scopes)?.unwrap_or(Scope::Rep);
        let choice = Choice::ranked(scope, parameters, known)?;
        let team = parameters.get("team").map(str::to_owned);
        if team.is_some() && scope != Scope::Rep {
            let detail = "team chooses the reps of a team; leave it out, or ask for scope=rep.";
            return Err(Problem::new(Code::BadParameter, detail).of("team", NOTHING));
        }
        let search = parameters.get("q").map(str::to_lowercase).filter(|search| !search.is_empty());
        if search.as_ref().is_some_and(|search| search.chars().count() > MOST_SEARCHED) {
            let detail = format!("q has more than {MOST_SEARCHED} characters. Search for fewer.");
            return Err(Problem::new(Code::BadParameter, detail).of("q", NOTHING));
        }
        Ok(Leaderboard {
            choice,
            team,
            order: parameters.word("order", &[("best", Order::Best), ("worst", Order::Worst)])?.unwrap_or(Order::Best),
            limit: parameters.number("limit", ROWS, 1, MOST_ROWS)?,
            offset: parameters.number("offset", 0, 0, MOST_OFFSET)?,
            search,
            around: parameters.get("around").map(str::to_owned),
            is_csv: parameters.word("format", &[("json", false), ("csv", true)])?.unwrap_or(false),
        })
    }

    /// Whether it is asked for as comma-separated values.
    pub(super) fn is_csv(&self) -> bool {
        self.is_csv
    }

    /// Whether somebody may see the order of this board: that by targets tells of them what the values would.
    pub(super) fn order_is_seen_by(&self, asker: &Asker) -> bool {
        !self.choice.shows_targets()
            || asker.targets == Targets::All
            || asker.role == Role::Admin
            || self.team.as_deref().is_some_and(|team| asker.sees_target_of(None, team))
    }

    /// Whether this is the board of a scope by a KPI, window and team.
    pub(super) fn is(&self, scope: Scope, by: &str, window: &str, team: Option<&str>) -> bool {
        let own = self.choice.label("window");
        self.choice.scope == scope && self.choice.by == by && own == Some(window) && self.team.as_deref() == team
    }

    pub(super) fn answer(&self, context: &Context<'_>) -> Result<LeaderboardAnswer, Problem> {
        let reading = &context.published.reading;
        let (family, instance) = self.choice.find(context)?;
        let kpi = family.kpi();
        let ranking = Query::new(family, instance, reading).ranking();
        let board = Board::new(self, context, family, instance, &ranking);
        let places = board.places();
        let start = match &self.around {
            Some(id) => board.start_around(&places, id, self.limit),
            None => self.offset.min(places.len()),
        };
        let page: Vec<usize> = places.iter().skip(start).take(self.limit).copied().collect();
        let currency = reading.rules.reporting_currency();
        let rest = (kpi.additive && page.len() < places.len()).then(|| {
            let others = places.iter().filter(|place| !page.contains(place));
            let sum = sum(others.filter_map(|place| ranking.values.get(*place).copied().flatten()));
            Rest { rows: places.len() - page.len(), value: Number::new(sum, kpi.unit, currency) }
        });
        Ok(LeaderboardAnswer {
            head: Head::new(context.published, context.readiness),
            view: self.view(),
            span: self.choice.span(reading.now, &reading.rules),
            unit: words::unit(kpi.unit),
            currency: (kpi.unit == crate::kpi::Unit::Money).then(|| currency.code()),
            better: words::better(kpi.better),
            subjects: places.len(),
            ranked: places.iter().filter(|place| ranking.ranks.get(**place).copied().flatten().is_some()).count(),
            rows: page.iter().filter_map(|place| board.row(*place)).collect(),
            me: board.own().and_then(|place| board.row(place)),
            rest,
        })
    }

    fn view(&self) -> LeaderboardView {
        LeaderboardView {
            scope: scope_word(self.choice.scope),
            by: self.choice.by.clone(),
            labels: self.choice.labels.iter().cloned().collect(),
            team: self.team.clone(),
            order: if self.order == Order::Best { "best" } else { "worst" },
            limit: self.limit,
            offset: self.offset,
            q: self.search.clone(),
            around: self.around.clone(),
        }
    }

    /// The answer as comma-separated values.
    pub(super) fn csv(&self, context: &Context<'_>) -> Result<String, Problem> {
        self.answer(context).map(|answer| csv::write(&answer))
    }
}

/// The sum of exact values of one kind.
fn sum(values: impl Iterator<Item = Value>) -> Value {
    let add = |sum: Value, more: Value| match (sum, more) {
        (Value::Money(sum), Value::Money(more)) => Value::Money(sum + more),
        (Value::Count(sum), Value::Count(more)) => Value::Count(sum + more),
        (sum, _) => sum,
    };
    values.reduce(add).unwrap_or(Value::Count(0))
}
