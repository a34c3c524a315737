//! Derives the cells of a shard anew from what it remembers, to see whether counting differences has ever gone wrong.
//!
//! Everything that a shard has counted is compared: all cells of both tables, what readings tell of them, and the journeys
//! whose order of time cannot be.

use std::fmt;
use std::sync::Arc;

use super::Image;
use super::image::Counted;
use super::journeys::{Journey, Journeys};
use super::ledger::Ledger;
#[cfg(test)]
use crate::engine::cells::Table;
use crate::engine::cells::{Content, Count, Difference, Sum};
use crate::engine::directory::Directory;
use crate::engine::entry::TargetOf;
use crate::engine::facts::{Judge, Story};
use crate::engine::meanings::{Courses, Meanings};
use crate::model::id::UNASSIGNED;
use crate::model::rules::Rules;

/// A cell that a shard had counted otherwise than it follows from the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The table: `reps`, `channels`, or `journeys` for what is counted of all of them.
    pub table: &'static str,
    /// The row, by its names.
    pub row: String,
    /// What is counted there.
    pub metric: String,
    /// The window, or `now` for what is of no window.
    pub window: String,
    /// What the shard had.
    pub counted: i128,
    /// What follows from the events.
    pub derived: i128,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch { table, row, metric, window, counted, derived } = self;
        write!(f, "{table}, {row}, {metric}, {window}: {counted} and not {derived}")
    }
}

impl Image {
    /// The cells that the shard had counted otherwise than they follow from what it remembered; none if the image was
    /// taken without its counts.
    #[must_use]
    pub fn audit(&self, rules: &Arc<Rules>, directory: &Directory) -> Vec<Mismatch> {
        let Some(counted) = &self.counted else { return Vec::new() };
        let derived = self.derive(counted, rules, directory);
        let words = Words::new(rules);
        let (pairs, channels) = (directory.rows(), directory.channels());
        let rep = |row: usize| match pairs.get(row) {
            Some(pair) => format!("rep \"{}\" in team \"{}\"", directory.text(pair.rep), directory.text(pair.team)),
            None => format!("row {row}"),
        };
        let channel = |row: usize| match channels.get(row) {
            Some(name) => format!("channel \"{}\"", directory.text(*name)),
            None => format!("row {row}"),
        };
        let mut mismatches = Vec::new();
        let [of_rows, of_channels] = counted.ledger.differences(&derived.ledger);
        mismatches.extend(of_rows.into_iter().map(|found| mismatch("reps", rep(found.row), found, &words)));
        mismatches.extend(of_channels.into_iter().map(|found| mismatch("channels", channel(found.row), found, &words)));
        for (metric, counted, derived) in [
            ("negative_cycle", counted.negative_cycles, derived.negative_cycles),
            ("negative_response", counted.negative_responses, derived.negative_responses),
        ] {
            if counted != derived {
                let (row, metric, window) = ("all".to_owned(), metric.to_owned(), "now".to_owned());
                let (counted, derived) = (counted.into(), derived.into());
                mismatches.push(Mismatch { table: "journeys", row, metric, window, counted, derived });
            }
        }
        mismatches
    }

    fn derive(&self, counted: &Counted, rules: &Arc<Rules>, directory: &Directory) -> Counted {
        let horizon = counted.horizon;
        let no_channel = directory.channel(directory.name(UNASSIGNED));
        let (courses, mut meanings) = (Courses::new(rules), Meanings::default());
        meanings.learn(directory, &courses, rules);
        let judge = Judge { rules, courses: &courses, meanings: &meanings, horizon, no_channel };
        let mut ledger = Ledger::new(Arc::clone(rules), counted.ledger.now());
        let (mut negative_cycles, mut negative_responses) = (0, 0);
        let (mut journey, mut story) = (Journey::default(), Story::default());
        for bytes in self.journeys.contents() {
            if Journeys::read(bytes, &mut journey).is_ok() {
                story.retell(&journey.steps, &judge);
                story.facts.iter().for_each(|fact| ledger.put(fact, 1));
                let (rows, channels) = ledger.tables_mut();
                story.rows.iter().for_each(|row| rows.name(row.index(), 1));
                story.channels.iter().for_each(|channel| channels.name(channel.index(), 1));
                negative_cycles += i64::from(story.negative_cycle);
                negative_responses += i64::from(story.negative_response);
            }
        }
        let singles = super::register::all(&self.singles, horizon);
        for (_, at, single) in singles.filter(|(.., single)| single.deal.is_none()) {
            ledger.put(&single.fact(at), 1);
            let (rows, channels) = ledger.tables_mut();
            rows.name(single.row.index(), 1);
            single.channel.iter().for_each(|channel| channels.name(channel.index(), 1));
        }
        for (_, _, target) in super::register::all(&self.targets, horizon) {
            if let TargetOf::Row(row) = target.of {
                ledger.tables_mut().0.name(row.index(), 1);
            }
        }
        Counted { ledger, horizon, negative_cycles, negative_responses }
    }
}

fn mismatch(table: &'static str, row: String, found: Difference, words: &Words) -> Mismatch {
    let window = match found.window {
        None => "now".to_owned(),
        Some(window) if found.is_previous => format!("the {} before", window.name()),
        Some(window) => window.name().to_owned(),
    };
    Mismatch { table, row, metric: words.metric(found.what), window, counted: found.own, derived: found.other }
}

/// What pipelines and stages are called.
struct Words {
    pipelines: Vec<String>,
    between: Vec<String>,
    open: Vec<String>,
}

impl Words {
    fn new(rules: &Rules) -> Words {
        let has_others = !rules.pipelines.is_empty();
        let mut words = Words { pipelines: Vec::new(), between: Vec::new(), open: Vec::new() };
        for (name, pipeline) in rules.all_pipelines() {
            let of = if has_others { format!(" of {name}") } else { String::new() };
            let open = pipeline.open_stages().iter().map(|stage| format!("{stage}{of}"));
            words.open.extend(open.clone());
            words.between.extend(open.skip(1));
            words.pipelines.push(of);
        }
        words
    }

    /// What a cell holds, in words.
    fn metric(&self, what: Content) -> String {
        let at = |names: &[String], place: u16| {
            names.get(usize::from(place)).map_or_else(|| place.to_string(), Clone::clone)
        };
        let of = |word: &str, pipeline: u8| format!("{word}{}", at(&self.pipelines, pipeline.into()));
        let word = match what {
            Content::Count(Count::Reached(stage)) => return format!("reached {}", at(&self.between, stage)),
            Content::Count(Count::Cohort(stage)) => return format!("cohort reached {}", at(&self.between, stage)),
            Content::Responses(millis) => return format!("responses of about {millis} ms"),
            Content::Cycles(millis) => return format!("cycles of about {millis} ms"),
            Content::StageTimes(stage, millis) => {
                return format!("about {millis} ms at {}", at(&self.open, stage));
            }
            Content::Open(stage) => return format!("open at {}", at(&self.open, stage)),
            Content::Stalled(stage) => return format!("stalled at {}", at(&self.open, stage)),
            Content::OpenAmount(stage) => return format!("amount open at {}", at(&self.open, stage)),
            Content::OpenWeighted(stage) => return format!("weighted amount open at {}", at(&self.open, stage)),
            Content::Count(Count::Leads(pipeline)) => return of("leads", pipeline),
            Content::Count(Count::Won(pipeline)) => return of("won", pipeline),
            Content::Count(Count::Lost(pipeline)) => return of("lost", pipeline),
            Content::Count(Count::CohortWon(pipeline)) => return of("cohort won", pipeline),
            Content::Sum(Sum::Revenue(pipeline)) => return of("revenue", pipeline),
            Content::Waiting => "what no present or previous window holds",
            Content::Named => "events that name it",
            Content::Overdue => "overdue",
            Content::OverdueAmount => "overdue amount",
            Content::ClosingAmount => "closing amounts",
            Content::Reasons => "reasons of lost deals",
            Content::Count(Count::Responses) => "responses",
            Content::Count(Count::Cycles) => "cycles",
            Content::Count(Count::Slips) => "slips",
            Content::Count(Count::Csat) => "csat",
            Content::Count(Count::CsatSatisfied) => "csat satisfied",
            Content::Count(Count::Nps) => "nps",
            Content::Count(Count::NpsPromoters) => "nps promoters",
            Content::Count(Count::NpsDetractors) => "nps detractors",
            Content::Count(Count::Ces) => "ces",
            Content::Count(Count::CesPoints) => "ces points",
            Content::Sum(Sum::Cycle) => "cycle milliseconds",
            Content::Sum(Sum::LostAmount) => "lost amount",
            Content::Sum(Sum::Spend) => "spend",
            Content::Sum(Sum::Payments) => "payments",
            Content::Sum(Sum::Refunds) => "refunds",
        };
        word.to_owned()
    }
}

#[cfg(test)]
impl super::Shard {
    /// Lets a shard make mistakes in its rows and its channels.
    pub(crate) fn miscount(&mut self, mistake: impl FnOnce(&mut Table, &mut Table)) {
        let (rows, channels) = self.ledger.tables_mut();
        mistake(rows, channels);
    }
}
