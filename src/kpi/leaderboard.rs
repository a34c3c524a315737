//! The leaderboard: who stands where among the reps, and what they are called.

use super::ranks::ranks;
use super::{Better, Formula, Kpi, R, Scorecard, Title, Unit, all};
use crate::engine::board::{Reading, SubjectName};
use crate::model::calendar::PeriodKind;
use crate::model::event::Measure;
use crate::model::id::UNASSIGNED;
use crate::model::needs::Needs;
use crate::model::rules::{Rules, Scope};
use crate::model::value::Value;
use crate::model::window::Window;

pub(super) static KPIS: &[Kpi] = &[
    Kpi {
        name: "rank",
        help: "Place among all reps in teams: 1 plus the number of those with a greater value.",
        unit: Unit::Count,
        title: Title { en: "Rank", zh: "排名" },
        better: Better::Neither,
        additive: false,
        scopes: &[R],
        needs: Needs::NONE,
        formula: Formula::Rank,
    },
    Kpi {
        name: "info",
        help: "1 for every rep of the roster, with the present team and name.",
        unit: Unit::Count,
        title: Title { en: "Roster", zh: "销售名册" },
        better: Better::Neither,
        additive: false,
        scopes: &[R],
        needs: Needs::NONE,
        formula: Formula::Roster,
    },
];

/// The word for quota attainment in `leaderboard.by`.
pub(super) const QUOTA_ATTAINMENT: &str = "quota_attainment";

/// By what reps are ranked in a window.
#[derive(Clone, Debug)]
pub(super) struct RankedBy {
    /// The word in the label `by`.
    pub(super) by: String,
    /// The window.
    pub(super) window: Window,
    /// What the values are computed from.
    pub(super) needs: Needs,
    value: Ranked,
}

#[derive(Clone, Copy, Debug)]
enum Ranked {
    Windowed(fn(&Scorecard<'_>, Window) -> Option<Value>),
    Attainment(PeriodKind),
}

/// All that the configuration ranks reps by.
///
/// # Errors
/// A sentence that names the entry by which nobody can be ranked and what is allowed.
pub(super) fn ranked_by(rules: &Rules) -> Result<Vec<RankedBy>, String> {
    let mut ranked = Vec::new();
    for by in &rules.leaderboard {
        let windows = rules.windows.get(Scope::Rep).iter().copied();
        let entry = |window, needs, value| RankedBy { by: by.clone(), window, needs, value };
        if by == QUOTA_ATTAINMENT {
            let is_exposed = |kind: &PeriodKind| rules.windows.rep.contains(&Window::to_date(*kind));
            let periods = [PeriodKind::Week, PeriodKind::Month, PeriodKind::Quarter, PeriodKind::Year];
            let periods = periods.into_iter().filter(is_exposed);
            let needs = Needs::ENTRIES.and(Needs::PERIODS);
            ranked.extend(periods.map(|kind| entry(Window::to_date(kind), needs, Ranked::Attainment(kind))));
        } else {
            let (kpi, formula) = rankable().find(|(kpi, _)| kpi.name == by).ok_or_else(|| cannot_rank(by))?;
            ranked.extend(windows.map(|window| entry(window, kpi.needs, Ranked::Windowed(formula))));
        }
    }
    Ok(ranked)
}

type Windowed = fn(&Scorecard<'_>, Window) -> Option<Value>;

fn rankable() -> impl Iterator<Item = (&'static Kpi, Windowed)> {
    all().filter(|kpi| kpi.scopes.contains(&Scope::Rep)).filter_map(|kpi| match kpi.formula {
        Formula::Windowed(formula) => Some((kpi, formula)),
        _ => None,
    })
}

fn cannot_rank(by: &str) -> String {
    let allowed: Vec<&str> = rankable().map(|(kpi, _)| kpi.name).chain([QUOTA_ATTAINMENT]).collect();
    format!("leaderboard.by: nobody can be ranked by \"{by}\"; allowed are {}", allowed.join(", "))
}

impl RankedBy {
    /// The rank of each rep of a reading, in the order of its subjects; `None` for those without a value and for the
    /// rep `unassigned`.
    #[must_use]
    pub(super) fn ranks(&self, reading: &Reading) -> Vec<Option<usize>> {
        let subjects = reading.subjects.rep.iter();
        let values: Vec<Option<Value>> = subjects
            .map(|subject| {
                let takes_part = !matches!(&subject.name, SubjectName::Rep { rep, .. } if &**rep == UNASSIGNED);
                let of = Scorecard::new(reading, &reading.totals.rep, subject);
                self.value(&of).filter(|_| takes_part)
            })
            .collect();
        ranks(&values, Better::More)
    }

    fn value(&self, of: &Scorecard<'_>) -> Option<Value> {
        match self.value {
            Ranked::Windowed(formula) => formula(of, self.window),
            Ranked::Attainment(period) => of.attainment(Measure::Revenue, period).map(Value::Real),
        }
    }
}
