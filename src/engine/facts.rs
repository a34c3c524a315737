//! From the steps of one journey to its facts: a pure function of the set of its existing events.

mod journey;
mod split;

pub use self::journey::Story;

use crate::engine::directory::{ChannelId, NameId, RowId};
use crate::engine::entry::{Single, SingleKind};
use crate::engine::meanings::{Courses, Meanings};
use crate::model::calendar::Zone;
use crate::model::event::Score;
use crate::model::id::Id;
use crate::model::needs::Needs;
use crate::model::rules::{Pipeline, Rules};
use crate::model::time::Time;

/// Something that counts: what, when, and to whose credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fact {
    /// When it counts.
    pub at: Time,
    /// The rep in a team who is credited.
    pub row: RowId,
    /// The channel that is credited, where the fact has one.
    pub channel: Option<ChannelId>,
    /// The pipeline of its journey; 0 of what is of none.
    pub pipeline: u8,
    /// What it is.
    pub kind: FactKind,
}

impl Fact {
    /// Whether this is what another fact of the same journey has become without leaving its instant, its row or its
    /// channel. A journey is created once, so there is one such fact at most.
    #[must_use]
    pub fn succeeds(&self, earlier: &Fact) -> bool {
        let both_created = matches!((self.kind, earlier.kind), (FactKind::Created { .. }, FactKind::Created { .. }));
        let place = |fact: &Fact| (fact.at, fact.row, fact.channel, fact.pipeline);
        both_created && place(self) == place(earlier)
    }
}

/// What a fact is. Amounts are minor units of the reporting currency, durations milliseconds. Stages are numbered through
/// all pipelines. Of a deal whose money is split, the fact itself has none of it, and a part of it for each who shares has
/// no deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FactKind {
    /// A journey began.
    Created {
        /// The first stage between `lead` and `won` of its pipeline, among those of all pipelines.
        first: u16,
        /// How many of them it has reached, whenever that was.
        furthest: u8,
        /// Whether it is won now.
        won: bool,
        /// From its creation to its first stage after `lead`.
        response: Option<u64>,
    },
    /// A journey reached these stages between `lead` and `won`, all at once.
    Reached {
        /// The first, among those of all pipelines.
        from: u16,
        /// The last.
        to: u16,
    },
    /// A deal was won.
    Won {
        /// Whether it is the deal rather than a share of its money.
        is_deal: bool,
        /// Its amount.
        revenue: i64,
        /// From its creation to its win.
        cycle: Option<u64>,
    },
    /// A deal was lost.
    Lost {
        /// Why, where it is the deal rather than a share of its money.
        reason: Option<Reason>,
        /// Its amount.
        amount: i64,
    },
    /// A deal has been open at this stage since then.
    Open {
        /// Whether it is the deal rather than a share of its money.
        is_deal: bool,
        /// The stage, among the open ones of all pipelines.
        stage: u16,
        /// Its amount.
        amount: i64,
        /// Its amount times the stage's probability.
        weighted: i64,
    },
    /// An open deal is expected to close then.
    Closing {
        /// Whether it is the deal rather than a share of its money.
        is_deal: bool,
        /// Its amount.
        amount: i64,
        /// Its amount times its stage's probability.
        weighted: i64,
    },
    /// A deal left a stage.
    Left {
        /// The stage, among the open ones of all pipelines.
        stage: u16,
        /// How long it was there.
        after: u64,
    },
    /// The expected close of a deal was moved to a later month.
    Slipped,
    /// Money was spent.
    Spent(i64),
    /// Money was received.
    Paid(i64),
    /// Money was given back.
    Refunded(i64),
    /// A survey was answered.
    Answered(Score),
}

/// Why a deal was lost: by the number of the reason's name, or for no reason that anybody named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Nobody said.
    Unknown,
    /// This.
    Named(NameId),
}

/// A journey that is won now, as its customer's history needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Win {
    /// The customer, who may be the journey itself.
    pub customer: Id,
    /// The journey.
    pub lead_id: Id,
    /// When it was won.
    pub at: Time,
    /// The rep in a team who won it.
    pub row: RowId,
    /// The channel it came from.
    pub channel: ChannelId,
    /// Its amount in minor units of the reporting currency.
    pub amount: i64,
    /// Its margin in minor units of the reporting currency, where it is known.
    pub margin: Option<i64>,
}

/// What journeys are judged by.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'a> {
    /// The rules of the numbers.
    pub rules: &'a Rules,
    /// The pipelines by their stages' names.
    pub courses: &'a Courses,
    /// What stages are called in events.
    pub meanings: &'a Meanings,
    /// Events dated before it do not exist.
    pub horizon: Time,
    /// The channel of journeys that name none.
    pub no_channel: ChannelId,
}

impl Judge<'_> {
    /// The stages of a pipeline with their probabilities.
    fn pipeline(&self, number: u8) -> &Pipeline {
        let other = usize::from(number).checked_sub(1).and_then(|place| self.rules.pipelines.values().nth(place));
        other.unwrap_or(&self.rules.pipeline)
    }

    /// Whether any of these parts is counted.
    fn counts(&self, any: Needs) -> bool {
        self.rules.counted.has(any)
    }

    /// A channel, if anything is counted of channels.
    fn of_channels(&self, channel: ChannelId) -> Option<ChannelId> {
        Some(channel).filter(|_| self.rules.counted.channels != Needs::NONE)
    }

    fn zone(&self) -> &Zone {
        &self.rules.zone
    }
}

impl Single {
    /// The fact that it is, at the instant it is dated.
    #[must_use]
    pub fn fact(&self, at: Time) -> Fact {
        let kind = match self.kind {
            SingleKind::Spend(money) => FactKind::Spent(money.reporting_minor),
            SingleKind::Payment(money) => FactKind::Paid(money.reporting_minor),
            SingleKind::Refund(money) => FactKind::Refunded(money.reporting_minor),
            SingleKind::Feedback(score) => FactKind::Answered(score),
        };
        Fact { at, row: self.row, channel: self.channel, pipeline: 0, kind }
    }
}
