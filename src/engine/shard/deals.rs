//! The deals behind a number, read from what a shard remembers.

use std::sync::Arc;

use super::Image;
use super::journeys::{Journey, Journeys};
use super::ledger::Edges;
use crate::engine::directory::{Directory, RowId};
use crate::engine::facts::{FactKind, Judge, Story};
use crate::engine::meanings::{Courses, Meanings};
use crate::model::id::{Id, UNASSIGNED};
use crate::model::rules::Rules;
use crate::model::time::Time;

/// A deal as it is credited to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deal {
    /// Its journey.
    pub lead_id: Id,
    /// The rep in a team who is credited.
    pub row: RowId,
    /// Where it stands.
    pub standing: Standing,
    /// Since when.
    pub since: Time,
    /// Whether it counts as a deal for them, rather than a share of its money alone.
    pub is_deal: bool,
    /// The money that they are credited with, in minor units of the reporting currency.
    pub amount: i64,
}

/// Where a deal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is won.
    Won,
    /// It is open.
    Open {
        /// The stage, among the open ones of all pipelines.
        stage: u16,
        /// Whether it has been there for too long.
        is_stalled: bool,
    },
}

impl Image {
    /// Visits every deal that is won or open at an instant, once for each rep in a team who is credited.
    pub fn each_deal(&self, rules: &Arc<Rules>, directory: &Directory, now: Time, mut visit: impl FnMut(Deal)) {
        let (courses, mut meanings) = (Courses::new(rules), Meanings::default());
        meanings.learn(directory, &courses, rules);
        let no_channel = directory.channel(directory.name(UNASSIGNED));
        let judge = Judge { rules, courses: &courses, meanings: &meanings, horizon: rules.horizon(now), no_channel };
        let edges = Edges::at(now, rules);
        let (mut journey, mut story) = (Journey::default(), Story::default());
        let mut deals: Vec<Deal> = Vec::new();
        for bytes in self.journeys.contents() {
            if Journeys::read(bytes, &mut journey).is_err() {
                continue;
            }
            story.retell(&journey.steps, &judge);
            for fact in &story.facts {
                let (is_deal, amount, standing) = match fact.kind {
                    FactKind::Won { is_deal, revenue, .. } => (is_deal, revenue, Standing::Won),
                    FactKind::Open { is_deal, stage, amount, .. } => {
                        (is_deal, amount, Standing::Open { stage, is_stalled: edges.is_stalled(fact.at, stage) })
                    }
                    _ => continue,
                };
                let known = deals.iter_mut().find(|deal| deal.row == fact.row && deal.standing == standing);
                if let Some(known) = known {
                    known.is_deal |= is_deal;
                    known.amount = known.amount.saturating_add(amount);
                } else {
                    let lead_id = journey.lead_id.clone();
                    deals.push(Deal { lead_id, row: fact.row, standing, since: fact.at, is_deal, amount });
                }
            }
            deals.drain(..).for_each(&mut visit);
        }
    }
}
