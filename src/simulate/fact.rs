//! What is true: the facts that events state, before anything befalls them on their way.

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

/// A fact, as the one who states it knows it. A `row` is a rep in a team, see [`Staff`](super::staff::Staff).
#[derive(Clone, Copy, Debug)]
pub(super) enum Fact {
    /// A journey begins.
    Lead { journey: u64, customer: Option<u64>, row: u32, channel: Option<usize> },
    /// A journey moves.
    Move {
        journey: u64,
        stage: u8,
        customer: Option<u64>,
        row: u32,
        amount: Option<Sum>,
        margin: Option<i64>,
        close_at: Option<i64>,
    },
    /// Money is spent.
    Spend { amount: Sum, channel: Option<usize>, campaign: Option<&'static str>, row: u32 },
    /// A customer answers: `csat` out of `scale_max`, `nps` or `ces`.
    Feedback { survey: &'static str, score: i64, scale_max: Option<i64>, journey: u64, customer: u64, row: u32 },
    /// Money comes in or goes back.
    Payment { refund: bool, amount: Sum, journey: u64, customer: u64, row: u32 },
    /// A target for so many months from a first one, counted from year 0.
    Target { whose: Whose, month: i32, months: i32, amount: i64 },
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
