//! What is true: the facts that events state, before anything befalls them on their way.

use super::period::Span;
use crate::model::event::Measure;

/// The currencies of the organisation's deals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coin {
    /// Renminbi, in which is reported.
    Cny,
    /// US dollars.
    Usd,
    /// Euros.
    Eur,
}

impl Coin {
    /// The ISO 4217 code. All three have two fraction digits.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Coin::Cny => "CNY",
            Coin::Usd => "USD",
            Coin::Eur => "EUR",
        }
    }
}

/// An amount in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    /// Minor units.
    pub minor: i64,
    /// Of this currency.
    pub coin: Coin,
}

/// Where a journey goes, beside the stages 1 to 5: lost.
pub(super) const LOST: u8 = 6;
/// Where a journey goes, beside the stages 1 to 5: void.
pub(super) const VOID: u8 = 7;
/// The last stage.
pub(super) const WON: u8 = 5;
/// The stages, and `lost` and `void` beside them, by their numbers.
pub(super) const STAGES: [&str; 8] =
    ["lead", "contacted", "qualified", "proposal", "negotiation", "won", "lost", "void"];
/// The same of renewals, which have two open stages after `lead`.
const RENEWAL_STAGES: [&str; 8] = ["lead", "notice", "quote", "", "", "won", "lost", "void"];

/// A line of business, each with a pipeline of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Line {
    /// New business.
    #[default]
    New,
    /// Contracts that are renewed.
    Renewal,
}

impl Line {
    /// Both.
    pub const ALL: [Line; 2] = [Line::New, Line::Renewal];

    /// The name of its pipeline.
    #[must_use]
    pub const fn pipeline(self) -> &'static str {
        match self {
            Line::New => "default",
            Line::Renewal => "renewals",
        }
    }

    /// Its stages between `lead` and `won`, by their numbers from 1.
    pub fn open_stages(self) -> impl Iterator<Item = (u8, &'static str)> {
        (1..WON).map(move |stage| (stage, self.stage_name(stage))).filter(|(_, name)| !name.is_empty())
    }

    /// What a stage is called.
    pub(super) fn stage_name(self, stage: u8) -> &'static str {
        let names = match self {
            Line::New => &STAGES,
            Line::Renewal => &RENEWAL_STAGES,
        };
        names.get(usize::from(stage)).copied().unwrap_or_default()
    }

    /// Whether it is a renewal.
    pub(super) fn is_renewal(self) -> bool {
        self == Line::Renewal
    }

    /// The last stage before `won`.
    pub(super) const fn last_open(self) -> u8 {
        match self {
            Line::New => WON - 1,
            Line::Renewal => 2,
        }
    }

    /// The stage after one.
    pub(super) const fn after(self, stage: u8) -> u8 {
        if stage >= self.last_open() { WON } else { stage + 1 }
    }

    /// From which stage on a deal that does not go on is lost at once.
    pub(super) const fn first_decided(self) -> u8 {
        match self {
            Line::New => 3,
            Line::Renewal => 1,
        }
    }
}

/// Why deals are lost; the first is that nobody says why.
pub(super) const REASONS: [&str; 7] =
    ["unknown", "no_response", "not_a_fit", "no_budget", "price", "competitor", "no_decision"];

/// How a deal's money is shared with a colleague.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    /// The colleague's row.
    pub row: u32,
    /// The colleague's part, in permille; 0: the owner is the colleague, and has all of it.
    pub permille: u16,
}

/// The first contact of a journey that has no lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FirstContact {
    /// Where it came from.
    pub channel: usize,
    /// When.
    pub at: i64,
}

/// What a stage change says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move {
    /// The journey's number.
    pub journey: u64,
    /// Its line.
    pub line: Line,
    /// The stage.
    pub stage: u8,
    /// Its turn among those of the same instant.
    pub sequence: u8,
    /// Who buys.
    pub customer: Option<u64>,
    /// Who sells.
    pub row: u32,
    /// The amount, once there is an offer.
    pub amount: Option<Sum>,
    /// The expected gross profit, once it is known.
    pub margin: Option<i64>,
    /// When the deal is expected to close.
    pub close_at: Option<i64>,
    /// With whom its money is shared.
    pub share: Option<Share>,
    /// Why it is lost, by the place among the [reasons](REASONS).
    pub reason: u8,
    /// The first contact, where no lead has it.
    pub first_contact: Option<FirstContact>,
}

/// A fact, as the one who states it knows it. A `row` is a rep in a team, see [`Staff`](super::staff::Staff).
#[derive(Clone, Copy, Debug)]
pub(super) enum Fact {
    /// A journey begins.
    Lead { journey: u64, line: Line, customer: Option<u64>, row: u32, channel: Option<usize> },
    /// A journey moves.
    Move(Move),
    /// Money is spent.
    Spend { amount: Sum, channel: Option<usize>, campaign: Option<&'static str>, row: u32 },
    /// A customer answers: `csat` out of `scale_max`, `nps` or `ces`.
    Feedback { survey: &'static str, score: i64, scale_max: Option<i64>, journey: u64, customer: u64, row: u32 },
    /// Money comes in or goes back.
    Payment { refund: bool, amount: Sum, journey: u64, customer: u64, row: u32 },
    /// A target for a period: minor units, or a count.
    Target { whose: Whose, span: Span, measure: Measure, amount: i64 },
    /// The roster has or had somebody.
    Rep { person: u32, row: u32, active: bool },
}

/// Whose target it is; a `row` or a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Whose {
    /// A rep's in a team.
    Row(u32),
    /// A team's.
    Team(u32),
    /// The organisation's.
    Org,
}

/// A fact with its identity and its time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statement {
    /// The event's id.
    pub id: u128,
    /// When it happened.
    pub at: i64,
    /// What happened.
    pub fact: Fact,
}
