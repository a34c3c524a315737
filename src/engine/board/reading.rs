//! What the board says at one instant: the subjects of each scope, in the order of their names.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::customers::{CustomerSums, Customers};
use super::reasons::Reasons;
use super::sums::Sums;
use super::targets::{Goals, Targets};
use super::{Merged, Scopes};
use crate::engine::cells::Totals;
use crate::engine::directory::{Directory, NameId, RowId};
use crate::engine::entry::TargetOf;
use crate::engine::meanings::Courses;
use crate::engine::shard::{Held, RosterValue};
use crate::model::calendar::PeriodKind;
use crate::model::rules::{PerScope, Rules};
use crate::model::time::Time;
use crate::model::value::ratio;
use crate::model::window::{Range, WINDOWS};

/// Everything that KPIs are computed from at one instant.
#[derive(Debug)]
pub struct Reading {
    /// The rules of the numbers.
    pub rules: Arc<Rules>,
    /// The instant.
    pub now: Time,
    /// Totals by scope; a subject names its row.
    pub totals: PerScope<Totals>,
    /// Who is told about, by scope, in the order of their names.
    pub subjects: PerScope<Vec<Subject>>,
    /// Which share of each present period of [`PeriodKind::OF_TARGETS`] has passed: 0 to 1.
    pub elapsed: [f64; 5],
    /// The pipelines by their stages' names.
    pub courses: Courses,
    /// What the reasons of lost deals are called.
    pub reasons: Reasons,
    /// The roster, in the order of reps.
    pub roster: Vec<RosterLine>,
    /// How much the shards hold.
    pub held: Held,
    /// How many wins the customers have.
    pub wins: usize,
    /// The deals won of late that the reading before did not have as won, as far as [`MOST_WON`] go.
    pub won: Vec<Won>,
    /// How many names, rows and channels are known.
    pub names: usize,
}

/// Of so many a reading names each.
pub const MOST_WON: usize = 100;

/// A deal that was won.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Won {
    /// The rep who won it.
    pub rep: Arc<str>,
    /// The team of the rep.
    pub team: Arc<str>,
    /// Its amount in minor units of the reporting currency.
    pub amount: i64,
}

/// Somebody or something that KPIs are told about.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its names.
    pub name: SubjectName,
    /// Its row in its scope's totals.
    pub row: usize,
    /// New customers by window.
    pub new_customers: [i64; WINDOWS],
    /// What its customers add up to.
    pub customers: CustomerSums,
    /// What it is to reach.
    pub goals: Option<Box<Goals>>,
    /// How many customers it could have.
    pub market_size: Option<u64>,
}

/// The names of a subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SubjectName {
    /// A rep in a team.
    Rep {
        /// The rep.
        rep: Arc<str>,
        /// The team.
        team: Arc<str>,
    },
    /// A team.
    Team(Arc<str>),
    /// A region.
    Region(Arc<str>),
    /// The organisation.
    Org,
    /// A channel.
    Channel(Arc<str>),
}

/// A rep of the roster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RosterLine {
    /// The rep.
    pub rep: Arc<str>,
    /// The present team.
    pub team: Arc<str>,
    /// The name to show.
    pub name: Box<str>,
}

/// Builds a reading from the merged shards and the customers.
pub(super) fn build(
    rules: &Arc<Rules>,
    directory: &Directory,
    now: Time,
    mut sum: Merged,
    customers: &Customers,
    scopes: &mut Scopes,
) -> Reading {
    let regions: HashMap<NameId, Vec<NameId>> = rules
        .regions
        .iter()
        .map(|(name, teams)| (directory.name(name), teams.iter().map(|team| directory.name(team)).collect()))
        .collect();
    let targets = Targets::new(std::mem::take(&mut sum.targets), &directory.rows(), &regions, rules, now);
    let roster = roster_lines(directory, &sum);
    let reps = reps(directory, &sum, customers, &targets, &mut scopes.reps);
    let (team_totals, teams) = teams(rules, directory, &sum, &reps, &targets, &mut scopes.teams);
    let (region_totals, region) = self::regions(rules, directory, &team_totals, &teams, &targets, &mut scopes.regions);
    let (org_totals, org) = org(rules, &sum, &reps, &targets, &mut scopes.org);
    let channels = channels(directory, &sum, customers);
    Reading {
        rules: Arc::clone(rules),
        now,
        elapsed: PeriodKind::OF_TARGETS.map(|kind| elapsed(rules, now, kind)),
        courses: Courses::new(rules),
        reasons: Reasons::new(&org_totals, directory),
        totals: PerScope {
            rep: sum.rows,
            team: team_totals,
            region: region_totals,
            org: org_totals,
            channel: sum.channels,
        },
        subjects: PerScope {
            rep: reps.into_iter().map(|(_, subject)| subject).collect(),
            team: teams,
            region,
            org: vec![org],
            channel: channels,
        },
        roster,
        held: sum.held,
        wins: customers.wins(),
        won: Vec::new(),
        names: directory.len(),
    }
}

fn roster_lines(directory: &Directory, sum: &Merged) -> Vec<RosterLine> {
    let rows = directory.rows();
    let line = |entry: &RosterValue| {
        let team = rows.get(entry.row.index()).map(|pair| directory.text(pair.team));
        let team = team.unwrap_or_else(|| Arc::from(""));
        RosterLine { rep: directory.text(entry.rep), team, name: entry.name.clone() }
    };
    let mut lines: Vec<RosterLine> = sum.roster.values().map(line).collect();
    lines.sort_unstable();
    lines
}

/// The reps that are shown, in the order of their names, kept from reading to reading: names never change.
#[derive(Debug, Default)]
pub(super) struct Reps {
    rows: Vec<usize>,
    ordered: Vec<(SubjectName, RowId, NameId)>,
}

impl Reps {
    /// Those of these rows with their teams, in the order of their names.
    fn of(&mut self, rows: Vec<usize>, directory: &Directory) -> &[(SubjectName, RowId, NameId)] {
        if rows != self.rows {
            let pairs = directory.rows();
            let rep = |row: &usize| {
                let pair = *pairs.get(*row)?;
                let name = SubjectName::Rep { rep: directory.text(pair.rep), team: directory.text(pair.team) };
                Some((name, directory.row(pair), pair.team))
            };
            self.ordered = rows.iter().filter_map(rep).collect();
            self.ordered.sort_unstable_by(|left, right| left.0.cmp(&right.0));
            self.rows = rows;
        }
        &self.ordered
    }
}

/// Every rep in a team that an existing event names, or the roster as active, with its team's name.
fn reps(
    directory: &Directory,
    sum: &Merged,
    customers: &Customers,
    targets: &Targets<'_>,
    kept: &mut Reps,
) -> Vec<(NameId, Subject)> {
    let active: BTreeSet<usize> =
        sum.roster.values().filter(|entry| entry.active).map(|entry| entry.row.index()).collect();
    let shown = (0..directory.row_count()).filter(|row| sum.rows.is_named(*row) || active.contains(row));
    let reps = kept.of(shown.collect(), directory).iter().map(|(name, id, team)| {
        let row = id.index();
        let subject = Subject {
            name: name.clone(),
            row,
            new_customers: customers.new_of_row(row),
            customers: customers.of_row(row),
            goals: targets.goals(TargetOf::Row(*id)),
            market_size: None,
        };
        (*team, subject)
    });
    reps.collect()
}

/// The teams, each the sum of its reps.
fn teams(
    rules: &Rules,
    directory: &Directory,
    sum: &Merged,
    reps: &[(NameId, Subject)],
    targets: &Targets<'_>,
    sums: &mut Sums,
) -> (Totals, Vec<Subject>) {
    let named = reps.iter().map(|(team, _)| *team).chain(sum.teams.iter().copied());
    let names: BTreeMap<Arc<str>, NameId> = named.map(|team| (directory.text(team), team)).collect();
    let mut place: HashMap<NameId, usize> = HashMap::new();
    let mut subjects = Vec::with_capacity(names.len());
    for (row, (text, team)) in names.into_iter().enumerate() {
        place.insert(team, row);
        let market_size = rules.team_market_size.get(&*text).copied();
        subjects.push(empty(SubjectName::Team(text), row, targets.goals(TargetOf::Team(team)), market_size));
    }
    let mut to = vec![None; sum.rows.rows()];
    for (team, rep) in reps {
        let Some(row) = place.get(team).copied() else { continue };
        if let Some(entry) = to.get_mut(rep.row) {
            *entry = Some(row);
        }
        if let Some(team) = subjects.get_mut(row) {
            add_customers(team, rep);
        }
    }
    (sums.of(&sum.rows, to, subjects.len()), subjects)
}

/// The regions that are configured, each the sum of its teams.
fn regions(
    rules: &Rules,
    directory: &Directory,
    team_totals: &Totals,
    teams: &[Subject],
    targets: &Targets<'_>,
    sums: &mut Sums,
) -> (Totals, Vec<Subject>) {
    let mut subjects = Vec::with_capacity(rules.regions.len());
    let mut to = vec![None; team_totals.rows()];
    for (row, (name, of_region)) in rules.regions.iter().enumerate() {
        let sizes = of_region.iter().map(|team| rules.team_market_size.get(team).copied());
        let size = sizes.sum::<Option<u64>>().filter(|_| !of_region.is_empty());
        let goals = targets.goals(TargetOf::Region(directory.name(name)));
        let mut region = empty(SubjectName::Region(Arc::from(name.as_str())), row, goals, size);
        for team in teams {
            let SubjectName::Team(name) = &team.name else { continue };
            if of_region.iter().any(|own| **own == **name) {
                add_customers(&mut region, team);
                to.get_mut(team.row).into_iter().for_each(|to| *to = Some(row));
            }
        }
        subjects.push(region);
    }
    (sums.of(team_totals, to, subjects.len()), subjects)
}

/// The organisation: the sum of all reps.
fn org(
    rules: &Rules,
    sum: &Merged,
    reps: &[(NameId, Subject)],
    targets: &Targets<'_>,
    sums: &mut Sums,
) -> (Totals, Subject) {
    let totals = sums.of(&sum.rows, vec![Some(0); sum.rows.rows()], 1);
    let mut subject = empty(SubjectName::Org, 0, targets.goals(TargetOf::Org), rules.market_size);
    reps.iter().for_each(|(_, rep)| add_customers(&mut subject, rep));
    (totals, subject)
}

fn channels(directory: &Directory, sum: &Merged, customers: &Customers) -> Vec<Subject> {
    let channels = directory.channels().into_iter().enumerate();
    let told = channels.filter(|(row, _)| sum.channels.is_named(*row));
    let mut subjects: Vec<Subject> = told
        .map(|(row, name)| Subject {
            new_customers: customers.new_of_channel(row),
            customers: customers.of_channel(row),
            ..empty(SubjectName::Channel(directory.text(name)), row, None, None)
        })
        .collect();
    subjects.sort_unstable_by(|left, right| left.name.cmp(&right.name));
    subjects
}

fn empty(name: SubjectName, row: usize, goals: Option<Box<Goals>>, market_size: Option<u64>) -> Subject {
    let customers = CustomerSums::default();
    Subject { name, row, new_customers: [0; WINDOWS], customers, goals, market_size }
}

fn add_customers(sum: &mut Subject, part: &Subject) {
    sum.customers.add(&part.customers, 1);
    sum.new_customers.iter_mut().zip(part.new_customers).for_each(|(sum, more)| *sum += more);
}

/// Which share of the period that holds `now` has passed.
fn elapsed(rules: &Rules, now: Time, kind: PeriodKind) -> f64 {
    let Range { start, end } = rules.present(kind, now);
    ratio(i128::from(now.since(start)), i128::from(end.since(start))).unwrap_or(0.0)
}
