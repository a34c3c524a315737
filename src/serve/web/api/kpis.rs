//! `/kpis`: the values of one subject.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::choice::{default_window, scope_word, shows_targets};
use super::head::{Head, Span};
use super::number::Number;
use super::parameters::{NOTHING, Parameters};
use super::problem::{Code, Problem};
use super::{Context, Known};
use crate::engine::board::SubjectName;
use crate::kpi::Query;
use crate::model::rules::Scope;

/// KPIs that may be asked for at once.
pub(super) const MOST_NAMES: usize = 60;
/// Subjects that are one rep in several teams need one to be named.
pub(super) const PARAMETERS: [&str; 7] = ["scope", "rep", "team", "region", "channel", "window", "names"];

/// The parameters that name a subject.
const SUBJECTS: [&str; 4] = ["rep", "team", "region", "channel"];

/// The numbers of a subject as somebody asks for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kpis {
    subject: Asked,
    window: &'static str,
    names: Option<Vec<String>>,
}

/// A subject as somebody asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The organisation.
    Org,
    /// A team.
    Team(String),
    /// A region.
    Region(String),
    /// A channel.
    Channel(String),
    /// A rep, in a team where one is given.
    Rep(String, Option<String>),
}

/// What is asked for, as it is understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct KpisView {
    scope: &'static str,
    window: &'static str,
}

/// Who the numbers are of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SubjectAnswer {
    /// A rep and its team; a team; a region; a channel; nothing for the organisation.
    id: Vec<String>,
    /// The name of the roster.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// One value of a subject.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct NamedValue {
    /// The KPI.
    name: &'static str,
    /// Its labels, the currency apart.
    labels: BTreeMap<&'static str, String>,
    /// The value; null where it is undefined.
    value: Option<Number>,
}

/// The numbers of a subject.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct KpisAnswer {
    #[serde(flatten)]
    head: Head,
    view: KpisView,
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<Span>,
    subject: SubjectAnswer,
    /// The currency of money.
    currency: &'static str,
    /// Every value that is asked for: those of the window, and those that have none.
    values: Vec<NamedValue>,
}

impl Asked {
    pub(super) fn parse(parameters: &Parameters, scope: Scope) -> Result<Asked, Problem> {
        let own = |name: &str| parameters.required(name).map(str::to_owned);
        let known: &[&str] = match scope {
            Scope::Rep => &["rep", "team"],
            Scope::Team => &["team"],
            Scope::Region => &["region"],
            Scope::Channel => &["channel"],
            Scope::Org => &[],
        };
        let foreign = SUBJECTS.into_iter().find(|name| parameters.get(name).is_some() && !known.contains(name));
        if let Some(name) = foreign {
            let detail = format!("scope={} takes no {name}. Leave it out, or ask for another scope.", scope.name());
            return Err(Problem::new(Code::BadParameter, detail).of(name, NOTHING));
        }
        Ok(match scope {
            Scope::Org => Asked::Org,
            Scope::Region => Asked::Region(own("region")?),
            Scope::Team => Asked::Team(own("team")?),
            Scope::Channel => Asked::Channel(own("channel")?),
            Scope::Rep => Asked::Rep(own("rep")?, parameters.get("team").map(str::to_owned)),
        })
    }

    pub(super) fn scope(&self) -> Scope {
        match self {
            Asked::Org => Scope::Org,
            Asked::Team(_) => Scope::Team,
            Asked::Region(_) => Scope::Region,
            Asked::Channel(_) => Scope::Channel,
            Asked::Rep(..) => Scope::Rep,
        }
    }

    /// The place of the subject in the reading's list.
    pub(super) fn find(&self, context: &Context<'_>) -> Result<usize, Problem> {
        let subjects = context.published.reading.subjects.get(self.scope());
        let is = |name: &SubjectName| match (self, name) {
            (Asked::Org, SubjectName::Org) => true,
            (Asked::Team(asked), SubjectName::Team(name))
            | (Asked::Region(asked), SubjectName::Region(name))
            | (Asked::Channel(asked), SubjectName::Channel(name)) => **asked == **name,
            (Asked::Rep(asked, in_team), SubjectName::Rep { rep, team }) => {
                **asked == **rep && in_team.as_ref().is_none_or(|asked| **asked == **team)
            }
            _ => false,
        };
        let found = subjects.iter().position(|subject| is(&subject.name));
        found.ok_or_else(|| {
            let detail =
                format!("No event has named this {}. Look for it with /api/v1/leaderboard?q=.", self.scope().name());
            Problem::new(Code::NotFound, detail)
        })
    }
}

impl Kpis {
    pub(super) fn parse(parameters: &Parameters, known: Known<'_>) -> Result<Kpis, Problem> {
        let scope = scope(parameters)?;
        let names = parameters.get("names").map(|names| names.split(',').map(str::to_owned).collect::<Vec<String>>());
        if names.as_ref().is_some_and(|names| names.len() > MOST_NAMES) {
            let detail = format!("names has more than {MOST_NAMES} KPIs. Ask for fewer at once.");
            return Err(Problem::new(Code::BadParameter, detail).of("names", NOTHING));
        }
        for name in names.iter().flatten() {
            if known.catalogue.find(scope, name).is_none() {
                let families = known.catalogue.families().iter().filter(|family| family.scope() == scope);
                let allowed: Vec<&str> = families.map(|family| family.kpi().name).collect();
                let detail = format!("The scope {} has no KPI {name:?}.", scope.name());
                return Err(Problem::new(Code::UnknownKpi, detail).of("names", allowed));
            }
        }
        let window = window(parameters, scope, known)?;
        Ok(Kpis { subject: Asked::parse(parameters, scope)?, window, names })
    }

    /// The rep whose numbers these are, with the team where one is asked for.
    pub(super) fn rep(&self) -> Option<(&str, Option<&str>)> {
        match &self.subject {
            Asked::Rep(rep, team) => Some((rep, team.as_deref())),
            _ => None,
        }
    }

    pub(super) fn answer(&self, context: &Context<'_>) -> Result<KpisAnswer, Problem> {
        let reading = &context.published.reading;
        let scope = self.subject.scope();
        let place = self.subject.find(context)?;
        let subject = reading.subjects.get(scope).get(place).map(|subject| &subject.name);
        self.permit(subject, context)?;
        let (rules, currency) = (&reading.rules, reading.rules.reporting_currency());
        let sees_target = sees_target(subject, context);
        let mut values = Vec::new();
        for family in context.catalogue.families().iter().filter(|family| family.scope() == scope) {
            let name = family.kpi().name;
            if family.is_roster() || self.names.as_ref().is_some_and(|names| !names.iter().any(|own| own == name)) {
                continue;
            }
            if !sees_target && shows_targets(name) {
                continue;
            }
            for instance in family.instances() {
                let labels: BTreeMap<&str, String> = family
                    .labels_in(*instance, reading)
                    .into_iter()
                    .filter(|(label, _)| *label != "currency")
                    .map(|(label, value)| (label, value.to_owned()))
                    .collect();
                // A reading names fewer reasons than a family has room for.
                if labels.get("reason").is_some_and(String::is_empty) {
                    continue;
                }
                if labels.get("window").is_none_or(|window| window == self.window) {
                    let value = Query::new(family, *instance, reading).value(place);
                    let value = value.map(|value| Number::new(value, family.kpi().unit, currency));
                    values.push(NamedValue { name, labels, value });
                }
            }
        }
        Ok(KpisAnswer {
            head: Head::new(context.published, context.readiness),
            view: KpisView { scope: scope_word(scope), window: self.window },
            span: Span::of_window(self.window, reading.now, rules),
            subject: subject_answer(subject, context),
            currency: currency.code(),
            values,
        })
    }

    /// Everything of a rep is for the rep and those who lead it.
    fn permit(&self, subject: Option<&SubjectName>, context: &Context<'_>) -> Result<(), Problem> {
        match subject {
            Some(SubjectName::Rep { rep, team }) if !context.asker.sees_all_of(rep, team) => {
                let detail = "The numbers of a rep are for the rep, the manager of the team, and admins.";
                Err(Problem::new(Code::Forbidden, detail))
            }
            _ => Ok(()),
        }
    }
}

/// Targets of others are left out where the configuration says so; those of the company are nobody's secret.
fn sees_target(subject: Option<&SubjectName>, context: &Context<'_>) -> bool {
    match subject {
        Some(SubjectName::Rep { rep, team }) => context.asker.sees_target_of(Some(rep), team),
        Some(SubjectName::Team(team)) => context.asker.sees_target_of(None, team),
        _ => true,
    }
}

pub(super) fn subject_answer(subject: Option<&SubjectName>, context: &Context<'_>) -> SubjectAnswer {
    match subject {
        Some(SubjectName::Rep { rep, team }) => {
            let line = context.published.reading.roster.iter().find(|line| line.rep == *rep);
            let name = line.map(|line| line.name.to_string()).filter(|name| !name.is_empty());
            SubjectAnswer { id: vec![rep.to_string(), team.to_string()], name }
        }
        Some(SubjectName::Team(name) | SubjectName::Region(name) | SubjectName::Channel(name)) => {
            SubjectAnswer { id: vec![name.to_string()], name: None }
        }
        Some(SubjectName::Org) | None => SubjectAnswer { id: Vec::new(), name: None },
    }
}

pub(super) fn scope(parameters: &Parameters) -> Result<Scope, Problem> {
    let scopes = [
        ("org", Scope::Org),
        ("team", Scope::Team),
        ("region", Scope::Region),
        ("channel", Scope::Channel),
        ("rep", Scope::Rep),
    ];
    Ok(parameters.word("scope", &scopes)?.unwrap_or(Scope::Org))
}

/// The window that is asked for, if the scope shows it.
pub(super) fn window(parameters: &Parameters, scope: Scope, known: Known<'_>) -> Result<&'static str, Problem> {
    let rules = known.rules;
    let asked = parameters.get("window").unwrap_or_else(|| default_window(scope, rules));
    let windows = rules.windows.get(scope);
    if let Some(window) = windows.iter().find(|window| window.name() == asked) {
        return Ok(window.name());
    }
    let detail = format!("The scope {} shows no window {asked:?}.", scope.name());
    Err(Problem::new(Code::UnknownWindow, detail).of("window", windows.iter().map(|window| window.name())))
}
