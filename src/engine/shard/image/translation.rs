//! From the numbers and the rules under which an image was written to those of now.

use crate::engine::directory::{ChannelId, Directory, Listing, NameId, RepInTeam, RowId};
use crate::engine::entry::StepKind;
use crate::engine::facts::KnownStep;
use crate::engine::shard::bytes::Broken;
use crate::engine::shard::currencies::Currencies;
use crate::model::event::Stage;
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
    /// By the stage's number then; `None`: the stages are the same.
    stages: Option<Vec<Option<u8>>>,
    /// The stages as they were called then.
    stage_names: Vec<String>,
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
        let same_stages = stages == rules.pipeline.stages();
        let number = |stage: &String| {
            let place = rules.pipeline.stages().iter().position(|known| known == stage)?;
            u8::try_from(place).ok()
        };
        let currencies = Currencies::of(&listing.currencies)?;
        let is_identity = same_numbers && same_stages && currencies.are_own() && !converts;
        let stage_names = stages.to_vec();
        let stages = (!same_stages).then(|| stages.iter().map(number).collect());
        Ok(Translation { names, rows, channels, stages, stage_names, currencies, converts, is_identity })
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
    pub(super) fn step(&self, step: &mut KnownStep, rules: &Rules) -> Result<(), Unusable> {
        let at = step.version.stamp.occurred_at;
        let Some(content) = &mut step.version.content else { return Ok(()) };
        believe(at)?;
        content.row = self.row(content.row.number())?;
        match &mut content.kind {
            StepKind::Lead(channel) => *channel = self.channel(channel.number())?,
            StepKind::Move { stage, amount, margin } => {
                *stage = self.stage(*stage)?;
                for money in [amount, margin].into_iter().flatten() {
                    *money = self.money(*money, at, rules)?;
                }
            }
        }
        Ok(())
    }

    fn stage(&self, stage: Stage) -> Result<Stage, Unusable> {
        let Stage::Step(number) = stage else { return Ok(stage) };
        if !(1..self.stage_names.len()).contains(&usize::from(number)) {
            return Err(Unusable::Damaged);
        }
        let Some(stages) = &self.stages else { return Ok(stage) };
        let now = at(stages, number.into())?;
        now.map(Stage::Step).ok_or_else(|| {
            let name = self.stage_names.get(usize::from(number)).map_or("", String::as_str);
            Unusable::OtherRules(format!(
                "it holds stage changes to \"{name}\", which is no stage of the pipeline any more"
            ))
        })
    }
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
