//! What can be on the agenda.

use super::fact::Sum;
use super::journey::Journey;
use super::random::Random;

/// Something to be done at an instant.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all that is on the agenda are journeys")]
pub(super) enum Task {
    /// New leads of the hour that begins.
    Hour,
    /// The next step of a journey.
    Journey(Journey),
    /// The next payment of a bill.
    Bill(Bill),
    /// A customer answers a survey.
    Survey(Survey),
    /// The day's spend is booked.
    Spend,
    /// The week ends: people come and go, and hand in what they spent on their way.
    Week,
    /// Targets are set for the periods that have begun.
    Targets,
}

/// An instalment: its share in permille, and between which days after the one before it.
pub(super) type Instalment = (i64, i64, i64);

/// A bill that is not settled yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bill {
    /// Its die.
    pub random: Random,
    /// What was sold.
    pub journey: u64,
    /// To whom.
    pub customer: u64,
    /// By whom.
    pub person: Option<u32>,
    /// For how much.
    pub amount: Sum,
    /// How it is paid.
    pub plan: &'static [Instalment],
    /// Which instalment is next; after the last one some of it goes back.
    pub next: usize,
}

/// What a customer is asked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Question {
    /// How satisfied?
    Csat,
    /// Would you recommend us?
    Nps,
    /// How easy was it?
    Ces,
}

/// A question that will be answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Survey {
    /// Its die.
    pub random: Random,
    /// What is asked.
    pub question: Question,
    /// What was sold.
    pub journey: u64,
    /// To whom.
    pub customer: u64,
    /// By whom.
    pub person: Option<u32>,
}
