//! What an accepted record says: one event of one of the seven types, already valid.

use std::borrow::Cow;
use std::fmt;

use crate::model::money::Money;
use crate::model::time::Time;

/// The seven types of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventType {
    /// A journey begins.
    Lead,
    /// A journey moves to a stage, to won, lost or void.
    StageChange,
    /// Money spent to win customers.
    Spend,
    /// A customer's answer to a survey.
    Feedback,
    /// Money received, or given back.
    Payment,
    /// A target of a rep, a team or the organisation for a period.
    Target,
    /// An entry of the roster.
    Rep,
}

impl EventType {
    /// All seven, in the order of the contract.
    pub const ALL: [EventType; 7] = [
        EventType::Lead,
        EventType::StageChange,
        EventType::Spend,
        EventType::Feedback,
        EventType::Payment,
        EventType::Target,
        EventType::Rep,
    ];

    /// The word in the field `type`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            EventType::Lead => "lead",
            EventType::StageChange => "stage_change",
            EventType::Spend => "spend",
            EventType::Feedback => "feedback",
            EventType::Payment => "payment",
            EventType::Target => "target",
            EventType::Rep => "rep",
        }
    }

    /// The topic that carries this type unless the configuration names another.
    #[must_use]
    pub const fn default_topic(self) -> &'static str {
        match self {
            EventType::Lead => "sales.leads",
            EventType::StageChange => "sales.stage-changes",
            EventType::Spend => "sales.spend",
            EventType::Feedback => "sales.feedback",
            EventType::Payment => "sales.payments",
            EventType::Target => "sales.targets",
            EventType::Rep => "sales.reps",
        }
    }

    /// The type of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<EventType> {
        EventType::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether events of this type are keyed by `lead_id` and belong to a journey.
    #[must_use]
    pub const fn is_of_journey(self) -> bool {
        matches!(self, EventType::Lead | EventType::StageChange)
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that borrows from the record unless it had escapes.
pub type Text<'a> = Cow<'a, str>;

/// One accepted event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// Identity of the fact within its type (and, for a journey's events, its `lead_id`).
    pub event_id: Text<'a>,
    /// The highest version is the truth.
    pub version: u64,
    /// XXH3-64 (seed 0) of the JSON bytes: decides between equal versions.
    pub hash: u64,
    /// When it happened in the business; for a retraction, when its record was written.
    pub occurred_at: Time,
    /// The record's Kafka timestamp, or the clock where it has none.
    pub recorded_at: Time,
    /// What happened.
    pub body: Body<'a>,
}

/// What happened. Absent `rep_id`, `team_id` and `channel` stay `None` here; everywhere later they
/// are the id [`UNASSIGNED`](crate::model::id::UNASSIGNED).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// A journey begins.
    Lead(Lead<'a>),
    /// A journey moves.
    StageChange(StageChange<'a>),
    /// Money spent.
    Spend(Spend<'a>),
    /// An answer to a survey.
    Feedback(Feedback<'a>),
    /// Money received or given back.
    Payment(Payment<'a>),
    /// A target.
    Target(Target<'a>),
    /// An entry of the roster.
    Rep(Rep<'a>),
    /// The fact never happened.
    Retraction(Retraction<'a>),
}

impl Body<'_> {
    /// The type of the fact, also where it is retracted.
    #[must_use]
    pub const fn kind(&self) -> EventType {
        match self {
            Body::Lead(_) => EventType::Lead,
            Body::StageChange(_) => EventType::StageChange,
            Body::Spend(_) => EventType::Spend,
            Body::Feedback(_) => EventType::Feedback,
            Body::Payment(_) => EventType::Payment,
            Body::Target(_) => EventType::Target,
            Body::Rep(_) => EventType::Rep,
            Body::Retraction(retraction) => retraction.kind,
        }
    }
}

/// The start of a journey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lead<'a> {
    /// The journey.
    pub lead_id: Text<'a>,
    /// Its place among the journey's events of the same time.
    pub sequence: u32,
    /// The pipeline that it names.
    pub pipeline: Option<Text<'a>>,
    /// Who it may be sold to.
    pub customer_id: Option<Text<'a>>,
    /// Who is credited with the lead.
    pub rep_id: Option<Text<'a>>,
    /// That rep's team.
    pub team_id: Option<Text<'a>>,
    /// Where the lead came from.
    pub channel: Option<Text<'a>>,
}

/// A stage of a pipeline, or what stands beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// A stage of the pipeline by its index: 0 is `lead`, the last is `won`.
    Step(u8),
    /// The deal is lost.
    Lost,
    /// The journey was deleted or voided in the CRM (作废).
    Void,
}

/// A journey moves to a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageChange<'a> {
    /// The journey.
    pub lead_id: Text<'a>,
    /// The stage as the record names it: one of its pipeline, an alias of one, `lost` or `void`.
    pub stage: Text<'a>,
    /// Its place among the journey's events of the same time.
    pub sequence: u32,
    /// The pipeline that it names.
    pub pipeline: Option<Text<'a>>,
    /// Who it is sold to.
    pub customer_id: Option<Text<'a>>,
    /// Who is credited.
    pub rep_id: Option<Text<'a>>,
    /// That rep's team.
    pub team_id: Option<Text<'a>>,
    /// The deal's amount from here on; not negative.
    pub amount: Option<Money>,
    /// The deal's expected gross profit, any sign.
    pub margin: Option<Money>,
    /// Who shares the deal's money from here on: none, or shares that add up to 1.
    pub splits: Vec<Split<'a>>,
    /// When the deal is expected to close.
    pub expected_close_at: Option<Time>,
    /// Why the deal is lost; of a stage change to `lost` only.
    pub lost_reason: Option<Text<'a>>,
    /// Where a journey without a lead came from.
    pub channel: Option<Text<'a>>,
    /// The first contact of a journey without a lead.
    pub started_at: Option<Time>,
}

/// What the share of a [`Split`] is a part of: shares have at most nine fraction digits.
pub const WHOLE_SHARE: u32 = 1_000_000_000;

/// The most entries of a split.
pub const MOST_SPLITS: usize = 10;

/// One who shares a deal's money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split<'a> {
    /// The rep.
    pub rep_id: Option<Text<'a>>,
    /// That rep's team.
    pub team_id: Option<Text<'a>>,
    /// The share in parts of [`WHOLE_SHARE`], 1 to all of it.
    pub share: u32,
}

/// Money spent to win customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spend<'a> {
    /// Negative for a credit note.
    pub amount: Money,
    /// The channel it was spent on.
    pub channel: Option<Text<'a>>,
    /// The campaign it was spent on.
    pub campaign: Option<Text<'a>>,
    /// Who spent it.
    pub rep_id: Option<Text<'a>>,
    /// That rep's team.
    pub team_id: Option<Text<'a>>,
}

/// A survey's score, within its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Score {
    /// Customer satisfaction: 1 … `scale_max`.
    Csat {
        /// The answer.
        score: u8,
        /// The best possible answer, 2 … 100.
        scale_max: u8,
    },
    /// Net promoter score: 0 … 10.
    Nps(u8),
    /// Customer effort score: 1 … 7.
    Ces(u8),
}

/// A customer's answer to a survey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback<'a> {
    /// The survey and its answer.
    pub score: Score,
    /// Who answered.
    pub customer_id: Option<Text<'a>>,
    /// Who is rated.
    pub rep_id: Option<Text<'a>>,
    /// That rep's team.
    pub team_id: Option<Text<'a>>,
    /// The journey it is about.
    pub lead_id: Option<Text<'a>>,
}

/// Whether money came in or went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentKind {
    /// The customer paid.
    Payment,
    /// The customer was paid back.
    Refund,
}

/// Money received from a customer, or given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment<'a> {
    /// In or out.
    pub kind: PaymentKind,
    /// More than zero.
    pub amount: Money,
    /// The journey that is paid for.
    pub lead_id: Option<Text<'a>>,
    /// Who paid.
    pub customer_id: Option<Text<'a>>,
    /// Who is credited.
    pub rep_id: Option<Text<'a>>,
    /// That rep's team.
    pub team_id: Option<Text<'a>>,
}

/// Whose target it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetScope<'a> {
    /// One rep in one team.
    Rep {
        /// The rep.
        rep_id: Text<'a>,
        /// The team.
        team_id: Text<'a>,
    },
    /// One team.
    Team {
        /// The team.
        team_id: Text<'a>,
    },
    /// One region.
    Region {
        /// The region.
        region_id: Text<'a>,
    },
    /// The whole organisation.
    Org,
}

/// A month, a week, or a quarter, half or whole of a fiscal year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// The year by its name, 0–9999.
    pub year: i16,
    /// Which part of it.
    pub part: PeriodPart,
}

/// The part of a year that a period covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeriodPart {
    /// A calendar month, 1–12.
    Month(i8),
    /// A quarter, 1–4.
    Quarter(i8),
    /// A half, 1–2.
    Half(i8),
    /// The whole year.
    Year,
    /// A week, 1–53.
    Week(i8),
}

impl Period {
    /// Parses `2026-11`, `2026-Q4`, `2026-H1`, `2026` or `2026-W07`; `None` if it is no such text. Whether the year has
    /// a 53rd week is up to the [`Calendar`](crate::model::calendar::Calendar).
    #[must_use]
    pub fn parse(text: &str) -> Option<Period> {
        let (year, part) = text.split_at_checked(4)?;
        if !year.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let digit = |byte: u8| i8::try_from(byte - b'0').ok();
        let two = |tens: u8, units: u8| Some(digit(tens)? * 10 + digit(units)?);
        let part = match *part.as_bytes() {
            [] => PeriodPart::Year,
            [b'-', b'Q', quarter @ b'1'..=b'4'] => PeriodPart::Quarter(digit(quarter)?),
            [b'-', b'H', half @ b'1'..=b'2'] => PeriodPart::Half(digit(half)?),
            [b'-', b'W', tens @ b'0'..=b'5', units @ b'0'..=b'9'] => {
                PeriodPart::Week(two(tens, units).filter(|week| (1..=53).contains(week))?)
            }
            [b'-', tens @ b'0'..=b'1', units @ b'0'..=b'9'] => {
                PeriodPart::Month(two(tens, units).filter(|month| (1..=12).contains(month))?)
            }
            _ => return None,
        };
        Some(Period { year: year.parse().ok()?, part })
    }
}

/// What is to be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Amounts of deals won.
    Revenue,
    /// Money received.
    Payments,
    /// Deals won.
    Won,
    /// Journeys created.
    Leads,
    /// Customers whose first win it is.
    NewCustomers,
}

impl Measure {
    /// All five.
    pub const ALL: [Measure; 5] =
        [Measure::Revenue, Measure::Payments, Measure::Won, Measure::Leads, Measure::NewCustomers];
    /// Those beside revenue, which has families of its own.
    pub const BESIDE_REVENUE: [Measure; 4] = [Measure::Payments, Measure::Won, Measure::Leads, Measure::NewCustomers];

    /// The word in the field `measure` and in the label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Measure::Revenue => "revenue",
            Measure::Payments => "payments",
            Measure::Won => "won",
            Measure::Leads => "leads",
            Measure::NewCustomers => "new_customers",
        }
    }

    /// The measure of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Measure> {
        Measure::ALL.into_iter().find(|measure| measure.name() == name)
    }

    /// Whether it is measured in money rather than counted.
    #[must_use]
    pub const fn is_money(self) -> bool {
        matches!(self, Measure::Revenue | Measure::Payments)
    }
}

/// How much is to be reached; not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Money.
    Money(Money),
    /// A number of things, at most 10^15.
    Count(i64),
}

/// A target for a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// Whose it is.
    pub scope: TargetScope<'a>,
    /// The period it is for.
    pub period: Period,
    /// What is to be reached.
    pub measure: Measure,
    /// How much of it: money for measures of money, a count for the others.
    pub amount: Goal,
}

/// An entry of the roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rep<'a> {
    /// The rep.
    pub rep_id: Text<'a>,
    /// The rep's present team.
    pub team_id: Text<'a>,
    /// The name to show.
    pub name: Option<Text<'a>>,
    /// Whether the rep works here now.
    pub active: bool,
}

/// A retraction: the fact of this identity never happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retraction<'a> {
    /// The type of the fact.
    pub kind: EventType,
    /// The journey, for a lead or a stage change.
    pub lead_id: Option<Text<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods() {
        assert_eq!(Period::parse("2026-11"), Some(Period { year: 2026, part: PeriodPart::Month(11) }));
        assert_eq!(Period::parse("2026-Q4"), Some(Period { year: 2026, part: PeriodPart::Quarter(4) }));
        assert_eq!(Period::parse("2026"), Some(Period { year: 2026, part: PeriodPart::Year }));
        assert_eq!(Period::parse("2026-H1"), Some(Period { year: 2026, part: PeriodPart::Half(1) }));
        assert_eq!(Period::parse("2026-W07"), Some(Period { year: 2026, part: PeriodPart::Week(7) }));
        for text in [
            "", "26", "2026-", "2026-13", "2026-00", "2026-1", "2026-Q5", "2026-Q0", "2026-q1", "2026Q1", "２026",
            "2026-011", "2026-H0", "2026-H3", "2026-W00", "2026-W54", "2026-W7", "2026W07", "2026-w07",
        ] {
            assert_eq!(Period::parse(text), None, "{text}");
        }
    }

    #[test]
    fn names_and_topics_are_distinct() {
        for kind in EventType::ALL {
            assert_eq!(EventType::from_name(kind.name()), Some(kind));
        }
        assert_eq!(EventType::from_name("Lead"), None);
    }
}
