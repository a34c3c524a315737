//! The rows of a board, in their order.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use utoipa::ToSchema;

use super::{Leaderboard, Order};
use crate::engine::board::{Reading, Subject, SubjectName};
use crate::kpi::{Family, Instance, Query, Ranking, ranks};
use crate::model::id::UNASSIGNED;
use crate::model::rules::Scope;
use crate::model::value::Value;
use crate::serve::web::api::Context;
use crate::serve::web::api::number::Number;

/// A subject on a board.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Row {
    /// A rep and its team; a team; a channel.
    pub(super) id: Vec<String>,
    /// The name of the roster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    /// The rank among all of the scope: 1 and the number of those with a strictly better value.
    pub(super) rank: Option<usize>,
    /// The rank among those of the team that is asked for.
    pub(super) place: Option<usize>,
    /// The value; null where it is undefined.
    pub(super) value: Option<Number>,
    /// The same of the previous window, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Before>,
    /// The rank at the last local midnight, where it can be computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Before>,
    /// The target of the period that the window is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<Number>,
    /// How much of it is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attainment: Option<Number>,
    /// The values of the last seven local dates, today's last, of a KPI that is counted by date.
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<Vec<Number>>,
}

/// A rank and value of before.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Before {
    rank: Option<usize>,
    value: Option<Number>,
}

/// All subjects of a scope with what a row says of them.
pub(super) struct Board<'a> {
    asked: &'a Leaderboard,
    context: &'a Context<'a>,
    family: &'a Family,
    instance: Instance,
    ranking: &'a Ranking,
    /// Ranks among those of the team.
    places: Vec<Option<usize>>,
    previous: Option<Ranking>,
    since: Option<Ranking>,
    targets: Option<Vec<Option<Value>>>,
    attainments: Option<Vec<Option<Value>>>,
    names: HashMap<&'a str, &'a str>,
}

impl<'a> Board<'a> {
    pub(super) fn new(
        asked: &'a Leaderboard,
        context: &'a Context<'a>,
        family: &'a Family,
        instance: Instance,
        ranking: &'a Ranking,
    ) -> Board<'a> {
        let reading = &context.published.reading;
        let of_period = |name: &str| {
            let period = asked.choice.window_period()?;
            let family = context.catalogue.find(asked.choice.scope, name)?;
            let instance = family.instance(&[("period", period)], &reading.rules).ok()?;
            Some(Query::new(family, instance, reading).values())
        };
        let names = reading.roster.iter().filter(|line| !line.name.is_empty());
        let mut board = Board {
            asked,
            context,
            family,
            instance,
            ranking,
            places: Vec::new(),
            previous: family.previous(instance, reading),
            since: since(family, asked, context, ranking),
            targets: of_period("target"),
            attainments: of_period("quota_attainment_ratio"),
            names: names.map(|line| (&*line.rep, &*line.name)).collect(),
        };
        let ranked = ranking.ranks.iter().zip(&ranking.values).enumerate();
        let values: Vec<Option<Value>> =
            ranked.map(|(place, (rank, value))| value.filter(|_| rank.is_some() && board.is_of_team(place))).collect();
        board.places = ranks(&values, family.kpi().better);
        board
    }

    fn reading(&self) -> &'a Reading {
        &self.context.published.reading
    }

    fn subjects(&self) -> &'a [Subject] {
        self.reading().subjects.get(self.asked.choice.scope)
    }

    fn is_of_team(&self, place: usize) -> bool {
        match (&self.asked.team, self.subjects().get(place).map(|subject| &subject.name)) {
            (None, _) => true,
            (Some(wanted), Some(SubjectName::Rep { team, .. })) => **wanted == **team,
            _ => false,
        }
    }

    /// What is shown, in its order: by rank, then those without one, then what is unassigned; the same rank by name.
    pub(super) fn places(&self) -> Vec<usize> {
        let all = 0..self.subjects().len();
        let mut shown: Vec<usize> = all.filter(|place| self.is_of_team(*place) && self.is_found(*place)).collect();
        shown.sort_by(|left, right| self.compare(*left, *right));
        shown
    }

    fn compare(&self, left: usize, right: usize) -> Ordering {
        let key = |place: usize| {
            let rank = self.ranking.ranks.get(place).copied().flatten();
            let group = match rank {
                Some(_) => 0,
                None if self.is_unassigned(place) => 2,
                None => 1,
            };
            (group, rank)
        };
        let ((left_group, left_rank), (right_group, right_rank)) = (key(left), key(right));
        let by_rank = match self.asked.order {
            Order::Best => left_rank.cmp(&right_rank),
            Order::Worst => right_rank.cmp(&left_rank),
        };
        let named = |place: usize| (self.name(place).unwrap_or_default(), place);
        left_group.cmp(&right_group).then(by_rank).then_with(|| named(left).cmp(&named(right)))
    }

    fn is_unassigned(&self, place: usize) -> bool {
        self.id(place).first().is_some_and(|id| id == UNASSIGNED)
    }

    fn is_found(&self, place: usize) -> bool {
        let Some(search) = &self.asked.search else { return true };
        let id = self.id(place);
        let texts = self.name(place).into_iter().chain(id.first().map(String::as_str));
        texts.map(str::to_lowercase).any(|text| text.contains(search))
    }

    fn id(&self, place: usize) -> Vec<String> {
        match self.subjects().get(place).map(|subject| &subject.name) {
            Some(SubjectName::Rep { rep, team }) => vec![rep.to_string(), team.to_string()],
            Some(SubjectName::Team(name) | SubjectName::Region(name) | SubjectName::Channel(name)) => {
                vec![name.to_string()]
            }
            Some(SubjectName::Org) | None => Vec::new(),
        }
    }

    fn name(&self, place: usize) -> Option<&str> {
        let Some(SubjectName::Rep { rep, team }) = self.subjects().get(place).map(|subject| &subject.name) else {
            return None;
        };
        self.context.asker.calls(rep, team, self.names.get(&**rep).copied())
    }

    /// The first place of a page with a subject in its middle.
    pub(super) fn start_around(&self, shown: &[usize], id: &str, limit: usize) -> usize {
        let at = shown.iter().position(|place| self.id(*place).first().is_some_and(|own| own == id));
        let latest = shown.len().saturating_sub(limit);
        at.map_or(0, |at| at.saturating_sub(limit / 2).min(latest))
    }

    /// The best place of the asker.
    pub(super) fn own(&self) -> Option<usize> {
        if self.asked.choice.scope != Scope::Rep {
            return None;
        }
        let own = |place: &usize| match self.subjects().get(*place).map(|subject| &subject.name) {
            Some(SubjectName::Rep { rep, .. }) => self.context.asker.is(rep) && self.is_of_team(*place),
            _ => false,
        };
        (0..self.subjects().len()).filter(own).min_by(|left, right| self.compare(*left, *right))
    }

    pub(super) fn row(&self, place: usize) -> Option<Row> {
        let before = |ranking: &Option<Ranking>| {
            let ranking = ranking.as_ref()?;
            Some(Before {
                rank: ranking.ranks.get(place).copied()?,
                value: self.number(ranking.values.get(place).copied()?, self.family),
            })
        };
        let sees_target = self.sees_target(place);
        let of_period = |values: &Option<Vec<Option<Value>>>, name: &str| {
            let value = values.as_ref()?.get(place).copied().flatten().filter(|_| sees_target);
            self.number(value, self.context.catalogue.find(self.asked.choice.scope, name)?)
        };
        let is_hidden = self.asked.choice.shows_targets() && !sees_target;
        let value = self.ranking.values.get(place).copied()?.filter(|_| !is_hidden);
        Some(Row {
            id: self.id(place),
            name: self.name(place).map(str::to_owned),
            rank: self.ranking.ranks.get(place).copied().flatten(),
            place: self.places.get(place).copied().flatten(),
            value: self.number(value, self.family),
            previous: before(&self.previous),
            since: before(&self.since),
            target: of_period(&self.targets, "target"),
            attainment: of_period(&self.attainments, "quota_attainment_ratio"),
            days: self.days(place),
        })
    }

    fn days(&self, place: usize) -> Option<Vec<Number>> {
        let days = self.family.days(self.instance, self.reading(), place)?;
        Some(days.into_iter().filter_map(|value| self.number(Some(value), self.family)).collect())
    }

    fn number(&self, value: Option<Value>, family: &Family) -> Option<Number> {
        value.map(|value| Number::new(value, family.kpi().unit, self.reading().rules.reporting_currency()))
    }

    fn sees_target(&self, place: usize) -> bool {
        match self.subjects().get(place).map(|subject| &subject.name) {
            Some(SubjectName::Rep { rep, team }) => self.context.asker.sees_target_of(Some(rep), team),
            Some(SubjectName::Team(team)) => self.context.asker.sees_target_of(None, team),
            Some(SubjectName::Org | SubjectName::Region(_) | SubjectName::Channel(_)) | None => false,
        }
    }
}

/// The ranking at the last local midnight: what the window to date counts less what today counts.
fn since(family: &Family, asked: &Leaderboard, context: &Context<'_>, ranking: &Ranking) -> Option<Ranking> {
    let reading = &context.published.reading;
    asked.choice.window_period()?;
    let mut labels: BTreeMap<&str, &str> =
        asked.choice.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    labels.insert("window", "today");
    let labels: Vec<(&str, &str)> = labels.into_iter().collect();
    let today = family.instance(&labels, &reading.rules).ok().filter(|_| family.kpi().additive)?;
    let today = Query::new(family, today, reading).values();
    let before = ranking.values.iter().zip(today).map(|pair| match pair {
        (Some(Value::Count(now)), Some(Value::Count(today))) => Some(Value::Count(now - today)),
        (Some(Value::Money(now)), Some(Value::Money(today))) => Some(Value::Money(now - today)),
        _ => None,
    });
    let values: Vec<Option<Value>> = before.collect();
    let taking_part = values.iter().zip(&ranking.ranks).map(|(value, rank)| value.filter(|_| rank.is_some()));
    let ranks = ranks(&taking_part.collect::<Vec<_>>(), family.kpi().better);
    Some(Ranking { values, ranks })
}
