//! From the steps of one journey to its facts: a pure function of the set of its existing events.

use crate::engine::directory::{ChannelId, RowId};
use crate::engine::entry::{Single, SingleKind, Step, StepKind, Version};
use crate::model::event::{Score, Stage};
use crate::model::id::Id;
use crate::model::rules::Pipeline;
use crate::model::time::Time;

/// Something that counts: what, when, and to whose credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// When it counts.
    pub at: Time,
    /// The rep in a team who is credited.
    pub row: RowId,
    /// The channel that is credited, where the fact has one.
    pub channel: Option<ChannelId>,
    /// What it is.
    pub kind: FactKind,
}

impl Fact {
    /// Whether this is what another fact of the same journey has become without leaving its instant, its row or its
    /// channel. A journey is created once, so there is one such fact at most.
    #[must_use]
    pub fn succeeds(&self, earlier: &Fact) -> bool {
        let both_created = matches!((self.kind, earlier.kind), (FactKind::Created { .. }, FactKind::Created { .. }));
        both_created && (self.at, self.row, self.channel) == (earlier.at, earlier.row, earlier.channel)
    }
}

/// What a fact is. Amounts are minor units of the reporting currency, durations milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactKind {
    /// A journey began.
    Created {
        /// The furthest stage between `lead` and `won` that it has reached, whenever that was; 0: none.
        furthest: u8,
        /// Whether it is won now.
        won: bool,
        /// From its creation to its first stage after `lead`.
        response: Option<u64>,
    },
    /// A journey reached these stages between `lead` and `won`, all at once.
    Reached {
        /// The first.
        from: u8,
        /// The last.
        to: u8,
    },
    /// A deal was won.
    Won {
        /// Its amount.
        revenue: i64,
        /// From its creation to its win.
        cycle: Option<u64>,
    },
    /// A deal was lost.
    Lost,
    /// A deal has been open at this stage since then.
    Open {
        /// The stage: 0 is `lead`.
        stage: u8,
        /// Its amount.
        amount: i64,
        /// Its amount times the stage's probability.
        weighted: i64,
    },
    /// Money was spent.
    Spent(i64),
    /// Money was received.
    Paid(i64),
    /// Money was given back.
    Refunded(i64),
    /// A survey was answered.
    Answered(Score),
}

/// One known step of a journey, existing or not.
#[derive(Clone, Debug)]
pub struct KnownStep {
    /// Identity within the journey and the type.
    pub event_id: Id,
    /// Whether it is a stage change rather than a lead; of two steps at the same time and with the same
    /// `event_id` the stage change is the later one.
    pub is_move: bool,
    /// Its truth.
    pub version: Version<Step>,
}

impl KnownStep {
    /// The order of steps: by time, then by id, then the stage change.
    #[must_use]
    pub fn order(&self) -> (Time, &Id, bool) {
        (self.version.stamp.occurred_at, &self.event_id, self.is_move)
    }
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

/// What one journey contributes.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// Its facts; none while it is void.
    pub facts: Vec<Fact>,
    /// The rows that its events name, once for each event.
    pub rows: Vec<RowId>,
    /// The channels that its events name.
    pub channels: Vec<ChannelId>,
    /// Won before it was created: a fault of the data.
    pub negative_cycle: bool,
    /// Answered before it was created: a fault of the data.
    pub negative_response: bool,
    won: Option<Won>,
}

#[derive(Clone, Copy, Debug)]
struct Won {
    at: Time,
    row: RowId,
    channel: ChannelId,
    amount: i64,
    margin: Option<i64>,
}

/// What journeys are judged by.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'a> {
    /// The stages.
    pub pipeline: &'a Pipeline,
    /// Events dated before it do not exist.
    pub horizon: Time,
    /// The channel of journeys without a lead.
    pub no_channel: ChannelId,
}

/// What is known of the stage changes read so far.
#[derive(Default)]
struct Moves {
    /// The furthest stage reached so far.
    furthest: u8,
    /// The first stage after `lead` was reached then.
    answered_at: Option<Time>,
    last: Option<Run>,
    amount: i64,
    margin: Option<i64>,
}

/// The unbroken run of stage changes to one stage that ends the journey so far.
#[derive(Clone, Copy)]
struct Run {
    stage: Stage,
    began_at: Time,
    /// Credited with what the run's first event is.
    first_row: RowId,
    /// Credited with the deal while it is open.
    last_row: RowId,
}

impl Story {
    /// Tells a journey anew from its steps, which are in their [`order`](KnownStep::order).
    pub fn retell(&mut self, steps: &[KnownStep], judge: &Judge<'_>) {
        self.facts.clear();
        self.rows.clear();
        self.channels.clear();
        (self.negative_cycle, self.negative_response, self.won) = (false, false, None);
        let lead = self.name(steps, judge);
        let channel = lead.map_or(judge.no_channel, |lead| lead.channel);
        let moves = self.follow(steps, judge, channel);
        if moves.last.is_some_and(|run| run.stage == Stage::Void) {
            self.facts.clear();
            return;
        }
        self.conclude(lead, channel, &moves, judge);
    }

    /// Whether the journey is won now.
    #[must_use]
    pub fn is_won(&self) -> bool {
        self.won.is_some()
    }

    /// The win, if the journey is won now.
    #[must_use]
    pub fn win(&self, lead_id: &Id, steps: &[KnownStep], horizon: Time) -> Option<Win> {
        let Won { at, row, channel, amount, margin } = self.won?;
        let named = steps.iter().rev().find_map(|step| step.version.existing(horizon)?.customer.clone());
        let customer = named.unwrap_or_else(|| Id::new(&format!("lead:{lead_id}")));
        Some(Win { customer, lead_id: lead_id.clone(), at, row, channel, amount, margin })
    }

    /// Notes what the events name, and finds the earliest lead.
    fn name(&mut self, steps: &[KnownStep], judge: &Judge<'_>) -> Option<Began> {
        let mut earliest = None;
        for step in steps {
            let Some(existing) = step.version.existing(judge.horizon) else { continue };
            self.rows.push(existing.row);
            if let StepKind::Lead(channel) = existing.kind {
                self.channels.push(channel);
                let began = Began { at: step.version.stamp.occurred_at, row: existing.row, channel };
                earliest = earliest.or(Some(began));
            }
        }
        if earliest.is_none() && !self.rows.is_empty() {
            self.channels.push(judge.no_channel);
        }
        earliest
    }

    /// Follows the stage changes and notes which stages they reach.
    fn follow(&mut self, steps: &[KnownStep], judge: &Judge<'_>, channel: ChannelId) -> Moves {
        let mut moves = Moves::default();
        let won = judge.pipeline.won();
        for step in steps {
            let Some(existing) = step.version.existing(judge.horizon) else { continue };
            let StepKind::Move { stage, amount, margin } = existing.kind else { continue };
            let at = step.version.stamp.occurred_at;
            moves.amount = amount.map_or(moves.amount, |amount| amount.reporting_minor);
            moves.margin = margin.map(|margin| margin.reporting_minor).or(moves.margin);
            moves.last = Some(match moves.last {
                Some(run) if run.stage == stage => Run { last_row: existing.row, ..run },
                _ => Run { stage, began_at: at, first_row: existing.row, last_row: existing.row },
            });
            let Stage::Step(index) = stage else { continue };
            let reached = index.min(won - 1);
            if reached > moves.furthest {
                let kind = FactKind::Reached { from: moves.furthest + 1, to: reached };
                self.facts.push(Fact { at, row: existing.row, channel: Some(channel), kind });
                moves.answered_at = moves.answered_at.or(Some(at));
                moves.furthest = reached;
            }
        }
        moves
    }

    /// Notes how the journey stands, and what follows from its whole course.
    fn conclude(&mut self, lead: Option<Began>, channel: ChannelId, moves: &Moves, judge: &Judge<'_>) {
        let mut is_won = false;
        match moves.last {
            Some(run) if run.stage == Stage::Step(judge.pipeline.won()) => {
                is_won = true;
                let cycle =
                    lead.and_then(|lead| self.duration(run.began_at, lead.at, |story| &mut story.negative_cycle));
                let kind = FactKind::Won { revenue: moves.amount, cycle };
                self.facts.push(Fact { at: run.began_at, row: run.first_row, channel: Some(channel), kind });
                let (at, row, amount, margin) = (run.began_at, run.first_row, moves.amount, moves.margin);
                self.won = Some(Won { at, row, channel, amount, margin });
            }
            Some(Run { stage: Stage::Step(stage), began_at, last_row, .. }) => {
                self.facts.push(open(began_at, last_row, channel, stage, moves.amount, judge.pipeline));
            }
            Some(run) => {
                self.facts.push(Fact {
                    at: run.began_at,
                    row: run.first_row,
                    channel: Some(channel),
                    kind: FactKind::Lost,
                });
            }
            None => self.facts.extend(lead.map(|lead| open(lead.at, lead.row, channel, 0, 0, judge.pipeline))),
        }
        if let Some(lead) = lead {
            let answered = moves.answered_at;
            let response = answered.and_then(|at| self.duration(at, lead.at, |story| &mut story.negative_response));
            let kind = FactKind::Created { furthest: moves.furthest, won: is_won, response };
            self.facts.push(Fact { at: lead.at, row: lead.row, channel: Some(channel), kind });
        }
    }

    /// From `start` to `end`; a negative duration is not used but noted.
    fn duration(&mut self, end: Time, start: Time, fault: impl FnOnce(&mut Story) -> &mut bool) -> Option<u64> {
        let duration = u64::try_from(end.since(start)).ok();
        *fault(self) = duration.is_none();
        duration
    }
}

#[derive(Clone, Copy)]
struct Began {
    at: Time,
    row: RowId,
    channel: ChannelId,
}

fn open(at: Time, row: RowId, channel: ChannelId, stage: u8, amount: i64, pipeline: &Pipeline) -> Fact {
    // A probability is at most 1, so the product is never larger than the amount.
    let weighted = pipeline.probability(stage).scale(amount, 0, 0).unwrap_or(amount);
    Fact { at, row, channel: Some(channel), kind: FactKind::Open { stage, amount, weighted } }
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
        Fact { at, row: self.row, channel: self.channel, kind }
    }
}
