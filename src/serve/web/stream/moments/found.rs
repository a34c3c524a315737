//! What has happened between two readings.

use std::sync::Arc;

use super::{Event, Moment};
use crate::config::Board;
use crate::engine::board::{Reading, SubjectName};
use crate::kpi::{Query, ranks};
use crate::model::calendar::PeriodKind;
use crate::model::id::UNASSIGNED;
use crate::model::rules::Scope;
use crate::model::time::Time;
use crate::model::value::Value;
use crate::model::window::{Lanes, Window};
use crate::serve::web::Site;
use crate::serve::web::api::shows_targets;
use crate::service::reading_hub::Published;

/// The word of boards for the attainment of the target of a window's period.
const QUOTA_ATTAINMENT: &str = "quota_attainment";
const ATTAINMENT: &str = "quota_attainment_ratio";

/// Who is the first on a board.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Leader {
    /// When the window began.
    since: Time,
    /// `None`: nobody, or more than one.
    who: Option<SubjectName>,
}

pub(super) fn is_about_targets(by: &str) -> bool {
    by == QUOTA_ATTAINMENT || shows_targets(by)
}

/// The boards on which another first place is news: those of the configuration, else that of all reps.
fn boards(site: &Site) -> Vec<(Scope, String, Window, Option<String>)> {
    let of = |board: &Board| (board.scope, board.by.clone(), board.window, board.team.clone());
    let named = site.boards.iter().filter(|board| matches!(board.scope, Scope::Rep | Scope::Team));
    let named: Vec<_> = named.map(of).collect();
    let by = site.rules.leaderboard.first().filter(|_| site.boards.is_empty()).cloned();
    let usual = by.map(|by| (Scope::Rep, by, Window::MonthToDate, None));
    named.into_iter().chain(usual).collect()
}

/// The first of each board; none where the configuration does not celebrate them.
pub(super) fn leaders(site: &Site, reading: &Reading) -> Vec<Leader> {
    if !site.celebrate.leader {
        return Vec::new();
    }
    let leader = |(scope, by, window, team): (Scope, String, Window, Option<String>)| {
        let since = site.rules.windows_at(reading.now, Lanes::present([window])).range(window).start;
        Leader { since, who: first(site, reading, scope, &by, window, team.as_deref()) }
    };
    boards(site).into_iter().map(leader).collect()
}

fn first(
    site: &Site,
    reading: &Reading,
    scope: Scope,
    by: &str,
    window: Window,
    team: Option<&str>,
) -> Option<SubjectName> {
    let (name, label, value) = match (by, window.period()) {
        (QUOTA_ATTAINMENT, period) => (ATTAINMENT, "period", period?.name()),
        _ => (by, "window", window.name()),
    };
    let family = site.catalogue.find(scope, name)?;
    let instance = family.instance(&[(label, value)], &reading.rules).ok()?;
    let subjects = reading.subjects.get(scope);
    let takes_part = |subject: &SubjectName| match subject {
        SubjectName::Rep { rep, team: own } => &**rep != UNASSIGNED && team.is_none_or(|team| *team == **own),
        SubjectName::Team(team) => &**team != UNASSIGNED,
        SubjectName::Region(_) | SubjectName::Org | SubjectName::Channel(_) => false,
    };
    let values = Query::new(family, instance, reading).values();
    let values: Vec<Option<Value>> =
        values.into_iter().zip(subjects).map(|(value, subject)| value.filter(|_| takes_part(&subject.name))).collect();
    let ranks = ranks(&values, family.kpi().better);
    let mut firsts = ranks.iter().zip(subjects).filter(|(rank, _)| **rank == Some(1)).map(|(_, subject)| &subject.name);
    let first = firsts.next()?;
    firsts.next().is_none().then(|| first.clone())
}

/// What happened between two readings, each with its leaders.
pub(super) fn between(
    site: &Site,
    (before, leaders_before): (&Published, &[Leader]),
    (after, leaders): (&Published, &[Leader]),
) -> Vec<Moment> {
    let mut found = targets_reached(site, &before.reading, &after.reading);
    found.extend(deals_won(site, before.number, &after.reading));
    let boards = boards(site);
    for ((_, by, window, _), (earlier, now)) in boards.into_iter().zip(leaders_before.iter().zip(leaders)) {
        let (Some(first), Some(was)) = (&now.who, &earlier.who) else { continue };
        // A window that has moved on takes everybody's past away at once.
        if first != was && now.since == earlier.since && place_of(&before.reading, first).is_some() {
            found.push(moment(&after.reading, first.clone(), Event::Leader { by, window: window.name() }));
        }
    }
    found
}

fn moment(reading: &Reading, subject: SubjectName, event: Event) -> Moment {
    let name = match &subject {
        SubjectName::Rep { rep, .. } => {
            let line = reading.roster.binary_search_by(|line| line.rep.cmp(rep)).ok();
            line.and_then(|line| reading.roster.get(line)).map(|line| line.name.clone()).filter(|name| !name.is_empty())
        }
        _ => None,
    };
    Moment { subject, event, name, at: reading.now }
}

/// The place of a subject in a reading's list, which is in the order of names.
fn place_of(reading: &Reading, name: &SubjectName) -> Option<usize> {
    let scope = if matches!(name, SubjectName::Rep { .. }) { Scope::Rep } else { Scope::Team };
    reading.subjects.get(scope).binary_search_by(|subject| subject.name.cmp(name)).ok()
}

/// Attainments that have crossed a threshold, of targets and periods that are the same as before.
fn targets_reached(site: &Site, before: &Reading, after: &Reading) -> Vec<Moment> {
    let mut found = Vec::new();
    for scope in [Scope::Rep, Scope::Team] {
        for kind in PeriodKind::OF_TARGETS {
            let start = |reading: &Reading| site.rules.present(kind, reading.now).start;
            if start(before) != start(after) || site.celebrate.quota.is_empty() {
                continue;
            }
            let query = |name: &str, reading| {
                let family = site.catalogue.find(scope, name)?;
                let instance = family.instance(&[("period", kind.name())], &site.rules).ok()?;
                Some(Query::new(family, instance, reading))
            };
            let all =
                [query("target", before), query("target", after), query(ATTAINMENT, before), query(ATTAINMENT, after)];
            let [Some(target_before), Some(target), Some(attained_before), Some(attained)] = all else { continue };
            for (place, subject) in after.subjects.get(scope).iter().enumerate() {
                let Some(Value::Real(now)) = attained.value(place) else { continue };
                let Some(was_at) = place_of(before, &subject.name) else { continue };
                let Some(Value::Real(earlier)) = attained_before.value(was_at) else { continue };
                let crossed = site.celebrate.quota.iter().copied().filter(|share| earlier < *share && *share <= now);
                let Some(threshold) = crossed.reduce(f64::max) else { continue };
                // A target that has become another is no achievement.
                if target_before.value(was_at) == target.value(place) {
                    let event = Event::Quota { threshold, window: Window::to_date(kind).name() };
                    found.push(moment(after, subject.name.clone(), event));
                }
            }
        }
    }
    found
}

/// The deals won since the reading of a number that are large enough.
fn deals_won(site: &Site, number: u64, reading: &Reading) -> Vec<Moment> {
    // An empty text celebrates no deal.
    let Ok(over) = site.celebrate.deal_over.parse::<f64>() else { return Vec::new() };
    let minor = over * f64::from(i32::try_from(site.rules.reporting_currency().minor_per_major()).unwrap_or(i32::MAX));
    let is_large = |amount: i64| crate::model::value::float(amount.into()) >= minor;
    let won = site.hub.won_since(number).into_iter().filter(|won| is_large(won.amount) && &*won.rep != UNASSIGNED);
    won.map(|won| {
        let subject = SubjectName::Rep { rep: Arc::clone(&won.rep), team: Arc::clone(&won.team) };
        moment(reading, subject, Event::Won { amount: won.amount })
    })
    .collect()
}
