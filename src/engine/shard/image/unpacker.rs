//! Reads the blocks of an image for the shards that will hold what is in them.

use std::sync::Arc;

use super::portion::{Head, Portion};
use super::{Kind, Translation, Unusable, packed};
use crate::engine::directory::{ChannelId, Directory};
use crate::engine::entry::shard_of;
use crate::engine::facts::{Judge, Story};
use crate::engine::meanings::{Courses, Meanings};
use crate::engine::shard::bytes::Reader;
use crate::engine::shard::journeys::{Journey, Journeys};
use crate::model::id::{Id, UNASSIGNED};
use crate::model::rules::Rules;
use crate::model::time::Time;

/// A portion is handed on when it has so many facts: enough to bring together what lies together, and some ten megabytes.
const PORTION: usize = 150_000;

/// Judges and tells the items of an image under the rules of now, and sorts them by the shard that each belongs to.
#[derive(Debug)]
pub struct Unpacker {
    rules: Arc<Rules>,
    courses: Courses,
    meanings: Meanings,
    translation: Translation,
    horizon: Time,
    no_channel: ChannelId,
    /// By shard.
    portions: Vec<Portion>,
    journey: Journey,
    story: Story,
}

impl Unpacker {
    /// For so many shards, at an instant.
    #[must_use]
    pub fn new(
        translation: Translation,
        rules: Arc<Rules>,
        directory: &Directory,
        shards: usize,
        now: Time,
    ) -> Unpacker {
        let courses = Courses::new(&rules);
        let mut meanings = Meanings::default();
        meanings.learn(directory, &courses, &rules);
        Unpacker {
            courses,
            meanings,
            horizon: rules.horizon(now),
            no_channel: directory.channel(directory.name(UNASSIGNED)),
            rules,
            translation,
            portions: (0..shards.max(1)).map(|_| Portion::default()).collect(),
            journey: Journey::default(),
            story: Story::default(),
        }
    }

    /// Reads a block in a version of its kind that is known; answers the portions that are worth handing on now.
    ///
    /// # Errors
    /// [`Unusable`]: the image cannot be used, and what was handed on must be thrown away.
    pub fn read(&mut self, kind: Kind, version: u8, block: &[u8]) -> Result<Vec<(usize, Portion)>, Unusable> {
        let mut reader = Reader(block);
        while !reader.0.is_empty() {
            match kind {
                Kind::Journeys => self.read_journey(&mut reader, version)?,
                Kind::Singles => {
                    let single = packed::unpack_single(&mut reader, &self.translation, &self.rules, version)?;
                    if let Some(deal) = single.1.content.as_ref().and_then(|content| content.deal.as_deref()) {
                        let shard = shard_of(deal, self.portions.len());
                        self.portions.get_mut(shard).into_iter().for_each(|portion| portion.deals.push(deal.clone()));
                    }
                    self.portion(&single.0.1)?.singles.push(single);
                }
                Kind::Targets => {
                    let target = packed::unpack_target(&mut reader, &self.translation, &self.rules, version)?;
                    self.portion(&target.0)?.targets.push(target);
                }
                Kind::Roster => {
                    let entry = packed::unpack_roster(&mut reader, &self.translation, version)?;
                    self.portion(&entry.0)?.roster.push(entry);
                }
            }
        }
        Ok(self.take(PORTION))
    }

    /// What is left at the end.
    #[must_use]
    pub fn finish(mut self) -> Vec<(usize, Portion)> {
        self.take(0)
    }

    fn take(&mut self, least: usize) -> Vec<(usize, Portion)> {
        let heavy = self.portions.iter_mut().enumerate().filter(|(_, portion)| portion.weight() >= least);
        heavy.map(|(shard, portion)| (shard, portion.take())).collect()
    }

    /// The portion that gets the item of this identity, which is counted.
    fn portion(&mut self, id: &Id) -> Result<&mut Portion, Unusable> {
        let shard = shard_of(id, self.portions.len());
        let portion = self.portions.get_mut(shard).ok_or(Unusable::Damaged)?;
        portion.items += 1;
        Ok(portion)
    }

    fn read_journey(&mut self, reader: &mut Reader<'_>, version: u8) -> Result<(), Unusable> {
        let bytes = reader.bytes()?;
        let mut journey = std::mem::take(&mut self.journey);
        let read = self.read_packed(bytes, version, &mut journey);
        self.journey = journey;
        read
    }

    fn read_packed(&mut self, bytes: &[u8], version: u8, journey: &mut Journey) -> Result<(), Unusable> {
        Journeys::unpack(bytes, version, self.translation.currencies(), journey)?;
        let (steps, mut forgotten) = (journey.steps.len(), None);
        journey.steps.retain(|step| {
            let is_kept = step.version.remembered >= self.horizon;
            if !is_kept {
                forgotten = forgotten.max(Some(step.version.remembered));
            }
            is_kept
        });
        journey.steps.iter_mut().try_for_each(|step| self.translation.step(step, version, &self.rules))?;
        let is_written_so = version == Kind::Journeys.version() && self.translation.is_identity();
        let is_same = is_written_so && journey.steps.len() == steps;
        let judge = Judge {
            rules: &self.rules,
            courses: &self.courses,
            meanings: &self.meanings,
            horizon: self.horizon,
            no_channel: self.no_channel,
        };
        let mut story = std::mem::take(&mut self.story);
        story.retell(&journey.steps, &judge);
        let portion = self.portion(&journey.lead_id)?;
        portion.forgotten = portion.forgotten.max(forgotten);
        if !journey.steps.is_empty() {
            portion.count(&story);
            if story.is_won() {
                portion.won.push(u32::try_from(portion.journeys.len()).unwrap_or(u32::MAX));
            }
            let before = portion.packed.0.len();
            if is_same {
                portion.packed.0.extend_from_slice(bytes)
            } else {
                Journeys::pack(journey, &mut portion.packed)
            }
            let (length, earliest_day) = (portion.packed.0.len() - before, journey.earliest_day());
            portion.journeys.push(Head { lead_id: journey.lead_id.clone(), length, earliest_day });
        }
        self.story = story;
        Ok(())
    }
}
