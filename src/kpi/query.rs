//! The typed query: which value has this KPI, of this subject, with these labels, in this reading?
//!
//! The text exposition, the page and its API ask through here, so that they cannot answer differently.

use super::family::{Family, Instance};
use super::leaderboard::QUOTA_ATTAINMENT;
use super::ranks::ranks;
use super::scorecard::Scorecard;
use super::{Catalogue, Formula};
use crate::engine::board::{Reading, Subject, SubjectName};
use crate::engine::cells::Count;
use crate::model::id::UNASSIGNED;
use crate::model::rules::{Rules, Scope};
use crate::model::value::Value;
use crate::model::window::Window;

/// The label that says which currency an amount is in; it is no choice.
const CURRENCY: &str = "currency";

/// One family, one combination of its labels, one reading: a value for each subject of the family's scope.
#[derive(Debug)]
pub struct Query<'a> {
    family: &'a Family,
    instance: Instance,
    reading: &'a Reading,
    /// Of a rank: that of each subject. A rank compares all subjects, so all are computed at once.
    ranks: Vec<Option<usize>>,
}

impl<'a> Query<'a> {
    /// Asks for an instance of a family in a reading.
    #[must_use]
    pub fn new(family: &'a Family, instance: Instance, reading: &'a Reading) -> Query<'a> {
        let ranks = family.ranked_by(instance).map(|by| by.ranks(reading)).unwrap_or_default();
        Query { family, instance, reading, ranks }
    }

    /// The value of the subject at a place of the reading's list; `None` where it is undefined.
    #[must_use]
    pub fn value(&self, place: usize) -> Option<Value> {
        let scope = self.family.scope();
        let subject = self.reading.subjects.get(scope).get(place)?;
        self.value_of(&Scorecard::new(self.reading, self.reading.totals.get(scope), subject), place)
    }

    /// The value of the subject of a scorecard, which stands at a place of the reading's list.
    fn value_of(&self, of: &Scorecard<'_>, place: usize) -> Option<Value> {
        if let Instance::Rank(_) = self.instance {
            let rank = self.ranks.get(place).copied().flatten()?;
            return i128::try_from(rank).ok().map(Value::Count);
        }
        self.family.value(of, self.instance)
    }

    /// The value of every subject, in the order of the reading's list.
    #[must_use]
    pub fn values(&self) -> Vec<Option<Value>> {
        (0..self.reading.subjects.get(self.family.scope()).len()).map(|place| self.value(place)).collect()
    }

    /// Where every subject stands among all of its scope by this query; the better value first. Nobody is ranked who
    /// is unassigned or without a value.
    #[must_use]
    pub fn ranking(&self) -> Ranking {
        let values = self.values();
        let subjects = self.reading.subjects.get(self.family.scope());
        let takes_part = subjects.iter().zip(&values).map(|(subject, value)| value.filter(|_| is_ranked(subject)));
        let ranks = ranks(&takes_part.collect::<Vec<_>>(), self.family.kpi().better);
        Ranking { values, ranks }
    }
}

/// Of so many subjects the first values are computed before any is told.
const AHEAD: usize = 16;

/// Calls `each` with each value of a family in a reading: the place of its subject, the place of its instance, and the value.
/// Subject by subject, in the order of both.
pub(super) fn samples(family: &Family, reading: &Reading, mut each: impl FnMut(usize, usize, Value)) {
    let queries: Vec<Query<'_>> =
        family.instances().iter().map(|instance| Query::new(family, *instance, reading)).collect();
    let Some((first, others)) = queries.split_first() else { return };
    let totals = reading.totals.get(family.scope());
    let mut firsts = Vec::with_capacity(AHEAD);
    for (block, subjects) in reading.subjects.get(family.scope()).chunks(AHEAD).enumerate() {
        let cards = || (block * AHEAD..).zip(subjects).map(|(at, of)| (at, Scorecard::new(reading, totals, of)));
        // The memory of all of them is fetched at once in this way, and not that of each when its turn comes.
        firsts.clear();
        firsts.extend(cards().map(|(place, of)| first.value_of(&of, place)));
        for ((place, of), value) in cards().zip(&firsts) {
            value.iter().for_each(|value| each(place, 0, *value));
            for (number, query) in (1..).zip(others) {
                if let Some(value) = query.value_of(&of, place) {
                    each(place, number, value);
                }
            }
        }
    }
}

/// The values of all subjects of a scope and their ranks, in the order of the reading's list.
#[derive(Clone, Debug, Default)]
pub struct Ranking {
    /// The value of each; `None` where it is undefined.
    pub values: Vec<Option<Value>>,
    /// The rank of each that has one.
    pub ranks: Vec<Option<usize>>,
}

/// Whether a subject takes part in ranks: nobody competes with what is unassigned.
#[must_use]
fn is_ranked(subject: &Subject) -> bool {
    match &subject.name {
        SubjectName::Rep { rep: name, .. }
        | SubjectName::Team(name)
        | SubjectName::Region(name)
        | SubjectName::Channel(name) => &**name != UNASSIGNED,
        SubjectName::Org => true,
    }
}

/// Judges whether a scope is ranked by a KPI in a window.
///
/// # Errors
/// What would be allowed instead.
pub fn judge_ranked(rules: &Rules, scope: Scope, by: &str, window: Window) -> Result<(), String> {
    if by == QUOTA_ATTAINMENT {
        let is_ranked = window.period().is_some() && scope != Scope::Channel;
        return if is_ranked { Ok(()) } else { Err(format!("something else: {by} needs a window to date")) };
    }
    let catalogue = Catalogue::whole(rules)?;
    let labels = [("window", window.name())];
    let is_ranked = |family: &&Family| {
        family.scope() == scope
            && family.is_rankable()
            && family.instance(&labels, rules).is_ok()
            && family.instances().iter().all(|instance| matches!(instance, Instance::Window(_)))
    };
    let mut ranked = catalogue.families().iter().filter(is_ranked).map(|family| family.kpi().name);
    if ranked.clone().any(|name| name == by) {
        return Ok(());
    }
    let first = ranked.next().unwrap_or_default();
    Err(format!("a KPI of the scope {} that has windows, such as \"{first}\"", scope.name()))
}

/// Labels by name, as somebody asks for them.
pub type Labels<'a> = [(&'a str, &'a str)];

/// Why labels choose no instance of a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoInstance {
    /// The family has this label, and nobody gave it.
    Missing {
        /// The label.
        label: &'static str,
        /// Its values.
        allowed: Vec<String>,
    },
    /// The family has no instance with this value of the label beside the values of the labels before it.
    Unknown {
        /// The label.
        label: &'static str,
        /// Its values.
        allowed: Vec<String>,
    },
    /// The family has no instance at all under this configuration.
    Nothing,
}

impl Family {
    /// The instance with these labels; labels that the family does not have are not looked at.
    ///
    /// # Errors
    /// [`NoInstance`], which names the label and its values.
    pub fn instance(&self, labels: &Labels<'_>, rules: &Rules) -> Result<Instance, NoInstance> {
        let mut left: Vec<Instance> = self.instances().to_vec();
        let first = left.first().copied().ok_or(NoInstance::Nothing)?;
        let names: Vec<&'static str> =
            self.labels(first, rules).into_iter().map(|(name, _)| name).filter(|name| *name != CURRENCY).collect();
        for label in names {
            let of = |instance: &Instance| {
                let labels = self.labels(*instance, rules);
                labels.into_iter().find(|(name, _)| *name == label).map_or("", |(_, value)| value)
            };
            let mut allowed: Vec<String> = Vec::new();
            for value in left.iter().map(of) {
                if !allowed.iter().any(|known| known == value) {
                    allowed.push(value.to_owned());
                }
            }
            let Some((_, wanted)) = labels.iter().find(|(name, _)| *name == label) else {
                return Err(NoInstance::Missing { label, allowed });
            };
            left.retain(|instance| of(instance) == *wanted);
            if left.is_empty() {
                return Err(NoInstance::Unknown { label, allowed });
            }
        }
        left.first().copied().ok_or(NoInstance::Nothing)
    }

    /// Whether subjects can be ranked by it: an estimate ranks nobody, and a rank is one already.
    #[must_use]
    pub fn is_rankable(&self) -> bool {
        !matches!(self.kpi().formula, Formula::Quantile(_) | Formula::Rank | Formula::Roster)
    }

    /// The values of the last local dates of the subject at a place of the reading's list, today's last; `None` where the
    /// cells do not have them.
    #[must_use]
    pub fn days(&self, instance: Instance, reading: &Reading, place: usize) -> Option<Vec<Value>> {
        let scope = self.scope();
        let subject = reading.subjects.get(scope).get(place)?;
        let of = Scorecard::new(reading, reading.totals.get(scope), subject);
        let value = |day: usize| match (self.kpi().name, instance) {
            ("leads", Instance::Window(_)) => Some(Value::Count(of.day_count_all(Count::Leads, day))),
            ("won", Instance::Window(_)) => Some(Value::Count(of.day_count_all(Count::Won, day))),
            ("stage_entries", Instance::Stage(_, stage)) => Some(Value::Count(of.day_count(of.entry(stage), day))),
            ("revenue", Instance::Window(_)) => Some(Value::Money(of.day_revenue(day))),
            _ => None,
        };
        let days: Option<Vec<Value>> = (0..of.days()).map(value).collect();
        days.filter(|days| !days.is_empty())
    }

    /// The value of the previous window, where the cells have it for every subject; `None` where they do not.
    #[must_use]
    pub fn previous(&self, instance: Instance, reading: &Reading) -> Option<Ranking> {
        let scope = self.scope();
        let totals = reading.totals.get(scope);
        let previous = |of: &Scorecard<'_>| match (self.kpi().name, instance) {
            ("leads", Instance::Window(window)) => Some(Value::Count(of.previous_leads(window))),
            ("won", Instance::Window(window)) => Some(Value::Count(of.previous_won(window))),
            ("stage_entries", Instance::Stage(window, stage)) => {
                Some(Value::Count(of.previous_count(of.entry(stage), window)))
            }
            ("revenue", Instance::Window(window)) => Some(Value::Money(of.previous_revenue(window))),
            _ => None,
        };
        let subjects = reading.subjects.get(scope);
        let values: Vec<Option<Value>> =
            subjects.iter().map(|subject| previous(&Scorecard::new(reading, totals, subject))).collect();
        values.iter().any(Option::is_some).then(|| {
            let takes_part = subjects.iter().zip(&values).map(|(subject, value)| value.filter(|_| is_ranked(subject)));
            let ranks = ranks(&takes_part.collect::<Vec<_>>(), self.kpi().better);
            Ranking { values, ranks }
        })
    }
}
