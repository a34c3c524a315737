//! From the numbers and the rules under which an image was written to those of now.

use crate::engine::directory::{ChannelId, Directory, Listing, NameId, RepInTeam, RowId, Spoken, SpokenId};
use crate::engine::entry::{KnownStep, Move, StepKind};
use crate::engine::shard::bytes::Broken;
use crate::engine::shard::currencies::Currencies;
use crate::engine::shard::journeys;
use crate::model::event::WHOLE_SHARE;
use crate::model::money::Money;
use crate::model::rules::Rules;
use crate::model::time::Time;

/// Why an image cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// Its bytes are not what was written.
    #[error("its bytes are damaged")]
    Damaged,
    /// The rules of now would not accept what it holds.
    #[error("{0}")]
    OtherRules(String),
    /// It holds what only another version of salespulse knows.
    #[error(
        "it holds {0}, which this version of salespulse does not know; use the version that wrote it, or let salespulse read \
         the topics from their beginning"
    )]
    OtherVersion(String),
}

impl From<Broken> for Unusable {
    fn from(broken: Broken) -> Unusable {
        match broken {
            Broken::Damaged => Unusable::Damaged,
            Broken::Field(number) => Unusable::OtherVersion(format!("the additional field {number} of an event")),
            Broken::Currency(code) => {
                Unusable::OtherVersion(format!("an amount in the currency {}", code.escape_ascii()))
            }
        }
    }
}

/// What the numbers of an image mean now, and what must be derived anew.
#[derive(Clone, Debug)]
pub struct Translation {
    names: Vec<NameId>,
    rows: Vec<(RowId, NameId)>,
    channels: Vec<ChannelId>,
    /// What steps say of pipeline and stage.
    spoken: Vec<Said>,
    /// The stages by their places then, in versions that have places.
    places: Vec<Said>,
    /// `lost` and `void`.
    beside: [Said; 2],
    currencies: Currencies,
    converts: bool,
    is_identity: bool,
}

impl Translation {
    /// Takes the names of an image into the directory. `stages` are those under which it was written, from `lead` to
    /// `won`; `converts` if amounts must be converted anew.
    ///
    /// # Errors
    /// [`Unusable::Damaged`] if the listing contradicts itself.
    pub fn new(
        listing: &Listing,
        stages: &[String],
        converts: bool,
        directory: &Directory,
        rules: &Rules,
    ) -> Result<Translation, Unusable> {
        let names: Vec<NameId> = listing.names.iter().map(|name| directory.name(name)).collect();
        let name = |number: u32| names.get(number as usize).copied().ok_or(Unusable::Damaged);
        let rows = listing.rows.iter().map(|(team, rep)| {
            let pair = RepInTeam { team: name(*team)?, rep: name(*rep)? };
            Ok((directory.row(pair), pair.rep))
        });
        let rows = rows.collect::<Result<Vec<_>, Unusable>>()?;
        let channels = listing.channels.iter().map(|number| Ok(directory.channel(name(*number)?)));
        let channels = channels.collect::<Result<Vec<_>, Unusable>>()?;
        let same_numbers = is_counting(rows.iter().map(|(row, _)| row.number()))
            && is_counting(channels.iter().map(|channel| channel.number()));
        let text = |number: Option<u32>| {
            let text = |number: u32| listing.names.get(number as usize).map(String::as_str).ok_or(Unusable::Damaged);
            number.map(text).transpose()
        };
        let said = |(pipeline, stage): &(Option<u32>, Option<u32>)| {
            Ok(spoken(text(*pipeline)?, text(*stage)?, directory, rules))
        };
        let said = listing.spoken.iter().map(said).collect::<Result<Vec<Said>, Unusable>>()?;
        let of_default = |stage: &str| spoken(None, Some(stage), directory, rules);
        let places = stages.iter().map(|stage| of_default(stage)).collect();
        let same_spoken =
            said.iter().all(Result::is_ok) && is_counting(said.iter().flatten().map(|spoken| spoken.number()));
        let currencies = Currencies::of(&listing.currencies)?;
        let same_names = is_counting(names.iter().map(|name| name.number()));
        let is_identity = same_numbers && same_names && same_spoken && currencies.are_own() && !converts;
        let beside = ["lost", "void"].map(of_default);
        Ok(Translation { names, rows, channels, spoken: said, places, beside, currencies, converts, is_identity })
    }

    /// Whether the bytes of a journey mean the same now.
    pub(super) fn is_identity(&self) -> bool {
        self.is_identity
    }

    /// What the numbers of currencies mean.
    pub(super) fn currencies(&self) -> &Currencies {
        &self.currencies
    }

    pub(super) fn name(&self, number: u32) -> Result<NameId, Unusable> {
        at(&self.names, number).copied()
    }

    pub(super) fn row(&self, number: u32) -> Result<RowId, Unusable> {
        at(&self.rows, number).map(|(row, _)| *row)
    }

    pub(super) fn channel(&self, number: u32) -> Result<ChannelId, Unusable> {
        at(&self.channels, number).copied()
    }

    /// A row with its rep.
    pub(super) fn row_and_rep(&self, number: u32) -> Result<(RowId, NameId), Unusable> {
        at(&self.rows, number).copied()
    }

    /// An amount at the rates of now.
    pub(super) fn money(&self, money: Money, at: Time, rules: &Rules) -> Result<Money, Unusable> {
        if !self.converts {
            return Ok(money);
        }
        let converted = rules.rates.convert(money.minor, money.currency, || rules.zone.date_of(at));
        let reporting_minor = converted.map_err(|_| {
            let date = rules.zone.date_of(at);
            Unusable::OtherRules(format!(
                "it holds an amount in {} of {date}, which the rates of [[fx]] cannot convert to {}",
                money.currency.code(),
                rules.reporting_currency().code()
            ))
        })?;
        Ok(Money { reporting_minor, ..money })
    }

    /// A step in the numbers and at the rates of now. What no event could have said is refused, even where nothing changes.
    pub(super) fn step(&self, step: &mut KnownStep, version: u8, rules: &Rules) -> Result<(), Unusable> {
        let at = step.version.stamp.occurred_at;
        let Some(content) = &mut step.version.content else { return Ok(()) };
        believe(at)?;
        content.row = self.row(content.row.number())?;
        match &mut content.kind {
            StepKind::Lead { channel, pipeline } => {
                *channel = self.channel(channel.number())?;
                let Some(named) = pipeline else { return Ok(()) };
                let said = self.spoken.get(named.index()).ok_or(Unusable::Damaged)?;
                *named = said.as_ref().map_err(|why| Unusable::OtherRules(why.clone())).copied()?;
                Ok(())
            }
            StepKind::Move(moved) => self.moved(moved, at, version, rules),
        }
    }

    /// A move in the numbers and at the rates of now; in a version with places it has the place of its stage.
    fn moved(&self, moved: &mut Move, at: Time, version: u8, rules: &Rules) -> Result<(), Unusable> {
        let number = moved.spoken.number();
        let said = if version > journeys::LAST_WITH_PLACES {
            self.spoken.get(number as usize)
        } else {
            match u8::try_from(number) {
                Ok(journeys::LOST) => self.beside.first(),
                Ok(journeys::VOID) => self.beside.last(),
                _ => self.places.get(number as usize).filter(|_| number > 0),
            }
        };
        moved.spoken =
            said.ok_or(Unusable::Damaged)?.as_ref().map_err(|why| Unusable::OtherRules(why.clone())).copied()?;
        for money in [&mut moved.amount, &mut moved.margin].into_iter().flatten() {
            *money = self.money(*money, at, rules)?;
        }
        let Some(rare) = &mut moved.rare else { return Ok(()) };
        if let Some(reason) = &mut rare.lost_reason {
            *reason = self.name(reason.number())?;
        }
        if let Some(channel) = &mut rare.channel {
            *channel = self.channel(channel.number())?;
        }
        let parts: u64 = rare.splits.iter().map(|share| u64::from(share.parts)).sum();
        if !rare.splits.is_empty() && parts != u64::from(WHOLE_SHARE) {
            return Err(Unusable::Damaged);
        }
        for share in &mut *rare.splits {
            share.row = self.row(share.row.number())?;
        }
        rare.expected_close_at.into_iter().chain(rare.started_at).try_for_each(believe)
    }
}

/// The number of now of what a step says of pipeline and stage, or why the rules of now do not accept it.
type Said = Result<SpokenId, String>;

/// What steps say, in the numbers of now.
fn spoken(pipeline: Option<&str>, stage: Option<&str>, directory: &Directory, rules: &Rules) -> Said {
    let known =
        rules.pipeline_named(pipeline).filter(|pipeline| stage.is_none_or(|stage| pipeline.stage(stage).is_some()));
    if known.is_none() {
        return Err(match pipeline {
            Some(pipeline) => format!("it holds events of the pipeline \"{pipeline}\" that are not accepted any more"),
            None => format!(
                "it holds stage changes to \"{}\", which is no stage of the pipeline any more",
                stage.unwrap_or_default()
            ),
        });
    }
    let name = |text: &str| directory.name(text);
    Ok(directory.spoken(Spoken { pipeline: pipeline.map(name), stage: stage.map(name) }))
}

/// Refuses a time that no event can have; a retraction's is its record's, which can be any.
pub(super) fn believe(at: Time) -> Result<(), Unusable> {
    if at.is_of_an_event() { Ok(()) } else { Err(Unusable::Damaged) }
}

fn at<T>(list: &[T], number: u32) -> Result<&T, Unusable> {
    list.get(number as usize).ok_or(Unusable::Damaged)
}

/// Whether these are 0, 1, 2 …
fn is_counting(numbers: impl Iterator<Item = u32>) -> bool {
    (0..).zip(numbers).all(|(place, number): (u32, u32)| place == number)
}
