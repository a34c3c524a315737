//! Derives the cells of a shard anew from what it remembers, to see whether counting differences has ever gone wrong.

use std::sync::Arc;

use super::Image;
use super::image::Counted;
use super::journeys::{Journey, Journeys};
use super::ledger::Ledger;
use crate::cells::Difference;
use crate::directory::Directory;
use crate::entry::TargetOf;
use crate::facts::{Judge, Story};
use crate::id::UNASSIGNED;
use crate::rules::Rules;

impl Image {
    /// The cells that the shard had counted otherwise than they follow from what it remembered, each as a sentence; none
    /// if the image was taken without its counts.
    #[must_use]
    pub fn audit(&self, rules: &Arc<Rules>, directory: &Directory) -> Vec<String> {
        let Some(counted) = &self.counted else { return Vec::new() };
        let derived = self.derive(counted, rules, directory);
        let rows = counted.ledger.rows.differences(&derived.rows);
        let channels = counted.ledger.channels.differences(&derived.channels);
        let pairs = directory.rows();
        let row = |difference: Difference| {
            let Some(pair) = pairs.get(difference.row) else { return format!("row {}", difference.row) };
            let (rep, team) = (directory.text(pair.rep), directory.text(pair.team));
            format!("rep \"{rep}\" in team \"{team}\": {}", difference.cell)
        };
        let names = directory.channels();
        let channel = |difference: Difference| {
            let name = names.get(difference.row).map(|name| directory.text(*name)).unwrap_or_default();
            format!("channel \"{name}\": {}", difference.cell)
        };
        rows.into_iter().map(row).chain(channels.into_iter().map(channel)).collect()
    }

    fn derive(&self, counted: &Counted, rules: &Arc<Rules>, directory: &Directory) -> Ledger {
        let horizon = counted.horizon;
        let no_channel = directory.channel(directory.name(UNASSIGNED));
        let judge = Judge { pipeline: &rules.pipeline, horizon, no_channel };
        let mut ledger = Ledger::new(Arc::clone(rules), counted.ledger.now());
        let (mut journey, mut story) = (Journey::default(), Story::default());
        for bytes in self.journeys.contents() {
            if Journeys::unpack(bytes, &mut journey).is_some() {
                story.retell(&journey.steps, &judge);
                story.facts.iter().for_each(|fact| ledger.put(fact, 1));
                story.rows.iter().for_each(|row| ledger.rows.name(row.index(), 1));
                story.channels.iter().for_each(|channel| ledger.channels.name(channel.index(), 1));
            }
        }
        for (_, at, single) in super::register::all(&self.singles, horizon) {
            ledger.put(&single.fact(at), 1);
            ledger.rows.name(single.row.index(), 1);
            single.channel.iter().for_each(|channel| ledger.channels.name(channel.index(), 1));
        }
        for (_, _, target) in super::register::all(&self.targets, horizon) {
            if let TargetOf::Row(row) = target.of {
                ledger.rows.name(row.index(), 1);
            }
        }
        ledger
    }
}
