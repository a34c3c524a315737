//! The story of one journey: what follows from its steps in their order.

use jiff::civil::Date;

use super::{Fact, FactKind, Judge, Reason, Win, split};
use crate::engine::directory::{ChannelId, NameId, RowId};
use crate::engine::entry::{KnownStep, Move, Share, Step, StepKind};
use crate::engine::meanings::{Course, Place};
use crate::model::id::Id;
use crate::model::needs::Needs;
use crate::model::time::Time;

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
    /// To whom its payments and answers are credited that name nobody; `None` while it is void, or has no event.
    pub owner: Option<RowId>,
    /// So many facts are taken over from the story that this one goes on from.
    kept: usize,
    won: Option<Won>,
    /// From where it can go on; `None` where one more step may change what came before.
    stand: Option<Stand>,
}

/// A story before what follows from its whole course.
#[derive(Clone, Copy, Debug)]
struct Stand {
    outline: Outline<'static>,
    moves: Moves,
    /// How many facts there were.
    facts: usize,
}

#[derive(Clone, Copy, Debug)]
struct Won {
    at: Time,
    row: RowId,
    channel: ChannelId,
    amount: i64,
    margin: Option<i64>,
}

/// What the steps say of the journey as a whole.
#[derive(Clone, Copy, Debug)]
struct Outline<'a> {
    lead: Option<Began>,
    channel: ChannelId,
    pipeline: u8,
    splits: &'a [Share],
    /// The least first contact that a move names.
    started_at: Option<Time>,
    is_void: bool,
}

impl Outline<'_> {
    /// A place of the journey's facts.
    fn at(&self, at: Time, row: RowId, judge: &Judge<'_>) -> At {
        At { at, row, channel: judge.of_channels(self.channel), pipeline: self.pipeline }
    }
}

#[derive(Clone, Copy, Debug)]
struct Began {
    at: Time,
    row: RowId,
}

/// What is known of the moves read so far.
#[derive(Clone, Copy, Debug, Default)]
struct Moves {
    /// How many stages after `lead` have been reached so far.
    furthest: u8,
    /// The first stage after `lead` was reached then.
    answered_at: Option<Time>,
    run: Option<Run>,
    amount: i64,
    margin: Option<i64>,
    expected_close_at: Option<Time>,
}

/// The unbroken row of moves to one stage that ends the journey so far.
#[derive(Clone, Copy, Debug)]
struct Run {
    place: Place,
    began_at: Time,
    /// Credited with what the run's first event is.
    first_row: RowId,
    /// Credited with the deal while it is open.
    last_row: RowId,
    reason: Option<NameId>,
}

/// A fact's place: its instant and who is credited.
#[derive(Clone, Copy)]
struct At {
    at: Time,
    row: RowId,
    /// Where anything is counted of channels.
    channel: Option<ChannelId>,
    pipeline: u8,
}

impl At {
    fn fact(self, kind: FactKind) -> Fact {
        use FactKind::{Closing, Left, Open, Slipped};
        // Channels have no KPI of these.
        let is_of_rows = matches!(kind, Open { .. } | Closing { .. } | Left { .. } | Slipped);
        let channel = self.channel.filter(|_| !is_of_rows);
        Fact { at: self.at, row: self.row, channel, pipeline: self.pipeline, kind }
    }
}

impl Story {
    /// Tells a journey anew from its steps, which are in their [`order`](KnownStep::order).
    pub fn retell(&mut self, steps: &[KnownStep], judge: &Judge<'_>) {
        self.clear();
        let outline = self.outline(steps, judge);
        if outline.is_void {
            return;
        }
        let Some(course) = judge.courses.get(outline.pipeline) else { return };
        let mut moves = Moves { run: outline.lead.map(Run::of_lead), ..Moves::default() };
        for (at, step) in existing(steps, judge.horizon) {
            self.follow(at, step, &mut moves, &outline, course, judge);
        }
        if outline.splits.is_empty() && !self.rows.is_empty() {
            let outline = Outline { splits: &[], ..outline };
            self.stand = Some(Stand { outline, moves, facts: self.facts.len() });
        }
        self.conclude(&outline, &moves, course, judge);
    }

    /// Tells a journey that has one more step, after all those of a story: what [`retell`](Story::retell) would tell.
    /// False if it must be told from its beginning.
    pub fn go_on(&mut self, before: &Story, last: &KnownStep, judge: &Judge<'_>) -> bool {
        let (Some(stand), Some(step)) = (before.stand, last.version.existing(judge.horizon)) else { return false };
        let (outline, StepKind::Move(moved)) = (stand.outline, &step.kind) else { return false };
        let meaning = judge.meanings.of(moved.spoken);
        let is_of_another = meaning.pipeline.is_some_and(|pipeline| pipeline != outline.pipeline);
        let (Some(course), Some(facts)) = (judge.courses.get(outline.pipeline), before.facts.get(..stand.facts)) else {
            return false;
        };
        if moved.rare.is_some() || meaning.place == Place::Void || is_of_another {
            return false;
        }
        self.clear();
        self.facts.extend_from_slice(facts);
        self.kept = facts.len();
        self.rows.extend_from_slice(&before.rows);
        self.rows.push(step.row);
        self.channels.extend_from_slice(&before.channels);
        let mut moves = stand.moves;
        self.follow(last.version.stamp.occurred_at, step, &mut moves, &outline, course, judge);
        self.conclude(&outline, &moves, course, judge);
        true
    }

    fn clear(&mut self) {
        self.facts.clear();
        self.rows.clear();
        self.channels.clear();
        (self.negative_cycle, self.negative_response, self.owner, self.won) = (false, false, None, None);
        self.stand = None;
        self.kept = 0;
    }

    /// How many facts in front are those of the story that this one goes on from.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.kept
    }

    /// Whether the journey is won now, where customers are counted.
    #[must_use]
    pub fn is_won(&self) -> bool {
        self.won.is_some()
    }

    /// The win, if the journey is won now and customers are counted.
    #[must_use]
    pub fn win(&self, lead_id: &Id, steps: &[KnownStep], horizon: Time) -> Option<Win> {
        let Won { at, row, channel, amount, margin } = self.won?;
        let named = steps.iter().rev().find_map(|step| step.version.existing(horizon)?.customer.clone());
        let customer = named.unwrap_or_else(|| Id::new(&format!("lead:{lead_id}")));
        Some(Win { customer, lead_id: lead_id.clone(), at, row, channel, amount, margin })
    }

    /// Notes what the events name, and reads what holds for the journey as a whole.
    fn outline<'a>(&mut self, steps: &'a [KnownStep], judge: &Judge<'_>) -> Outline<'a> {
        let (mut lead, mut lead_channel, mut lead_pipeline) = (None, None, None);
        let (mut own_channel, mut spoken, mut started_at) = (None, None, None);
        let (mut splits, mut is_void): (&[Share], bool) = (&[], false);
        for (at, step) in existing(steps, judge.horizon) {
            self.rows.push(step.row);
            match &step.kind {
                StepKind::Lead { channel, pipeline } => {
                    self.channels.extend(judge.of_channels(*channel));
                    if lead.is_none() {
                        lead = Some(Began { at, row: step.row });
                        lead_channel = Some(*channel);
                        lead_pipeline = pipeline.and_then(|spoken| judge.meanings.pipeline(spoken));
                    }
                }
                StepKind::Move(moved) => {
                    let meaning = judge.meanings.of(moved.spoken);
                    spoken = meaning.pipeline.or(spoken);
                    is_void = meaning.place == Place::Void;
                    let Some(rare) = &moved.rare else { continue };
                    self.rows.extend(rare.splits.iter().map(|share| share.row));
                    own_channel = own_channel.or(rare.channel);
                    started_at = rare.started_at.into_iter().chain(started_at).min();
                    splits = if rare.splits.is_empty() { splits } else { &rare.splits };
                }
            }
        }
        let channel = lead_channel.or(own_channel).unwrap_or(judge.no_channel);
        if lead.is_none() && !self.rows.is_empty() {
            self.channels.extend(judge.of_channels(channel));
        }
        let pipeline = spoken.or(lead_pipeline).unwrap_or(0);
        Outline { lead, channel, pipeline, splits, started_at, is_void }
    }

    /// Follows a move: which stages it reaches and leaves, and whether it puts the close off.
    fn follow(
        &mut self,
        at: Time,
        step: &Step,
        moves: &mut Moves,
        outline: &Outline<'_>,
        course: &Course,
        judge: &Judge<'_>,
    ) {
        let StepKind::Move(moved) = &step.kind else { return };
        let place = judge.meanings.of(moved.spoken).place;
        let here = outline.at(at, step.row, judge);
        if judge.counts(Needs::COURSE) {
            self.facts.extend(moves.slip(moved, place, here, judge));
        }
        if judge.counts(Needs::STAGE_TIMES) {
            self.facts.extend(moves.leave(place, here, course));
        }
        moves.take(moved, place, at, step);
        let reached = course.index(place).map_or(0, |index| index.min(course.won - 1));
        if reached > moves.furthest {
            let (from, to) = (course.between(moves.furthest + 1), course.between(reached));
            self.facts.push(here.fact(FactKind::Reached { from, to }));
            moves.answered_at = moves.answered_at.or(Some(at));
            moves.furthest = reached;
        }
    }

    /// Notes how the journey stands, and what follows from its whole course.
    fn conclude(&mut self, outline: &Outline<'_>, moves: &Moves, course: &Course, judge: &Judge<'_>) {
        let Some(run) = moves.run else { return };
        let (first, last) =
            (outline.at(run.began_at, run.first_row, judge), outline.at(run.began_at, run.last_row, judge));
        self.owner = Some(if run.place == Place::WON { run.first_row } else { run.last_row });
        match run.place {
            Place::WON => {
                let began = outline.lead.map(|lead| lead.at).or(outline.started_at.filter(|_| outline.lead.is_none()));
                let cycle =
                    began.and_then(|began| self.duration(run.began_at, began, |story| &mut story.negative_cycle));
                self.put_money(first, outline.splits, [moves.amount, 0], |is_deal, [revenue, _]| FactKind::Won {
                    is_deal,
                    revenue,
                    cycle: cycle.filter(|_| is_deal),
                });
                let (at, row, channel) = (first.at, first.row, outline.channel);
                let won = Won { at, row, channel, amount: moves.amount, margin: moves.margin };
                self.won = Some(won).filter(|_| judge.counts(Needs::CUSTOMERS));
            }
            Place::Lost if judge.counts(Needs::COURSE.and(Needs::REASONS)) => {
                let reason = run.reason.map_or(Reason::Unknown, Reason::Named);
                self.put_money(first, outline.splits, [moves.amount, 0], |is_deal, [amount, _]| FactKind::Lost {
                    reason: is_deal.then_some(reason),
                    amount,
                });
            }
            Place::Lost | Place::Void => {}
            Place::Named(_) => self.stand_open(last, outline, moves, course, judge),
        }
        if let Some(lead) = outline.lead {
            let answered = moves.answered_at;
            let response = answered.and_then(|at| self.duration(at, lead.at, |story| &mut story.negative_response));
            // What becomes of it changes the fact only where that is counted.
            let (furthest, won) = (moves.furthest, run.place == Place::WON);
            let (furthest, won) = if judge.counts(Needs::COURSE) { (furthest, won) } else { (0, false) };
            let response = response.filter(|_| judge.counts(Needs::COURSE.and(Needs::RESPONSE_TIMES)));
            let kind = FactKind::Created { first: course.first_between, furthest, won, response };
            self.facts.push(outline.at(lead.at, lead.row, judge).fact(kind));
        }
    }

    /// Notes that the deal is open at its last stage, and when it is expected to close.
    fn stand_open(&mut self, here: At, outline: &Outline<'_>, moves: &Moves, course: &Course, judge: &Judge<'_>) {
        let index = moves.run.and_then(|run| course.index(run.place)).unwrap_or(0);
        let stage = course.open(index);
        // A probability is at most 1, so the product is never larger than the amount.
        let probability = judge.pipeline(outline.pipeline).probability(index);
        let money = [moves.amount, probability.scale(moves.amount, 0, 0).unwrap_or(moves.amount)];
        if judge.counts(Needs::OPEN) {
            self.put_money(here, outline.splits, money, |is_deal, [amount, weighted]| FactKind::Open {
                is_deal,
                stage,
                amount,
                weighted,
            });
        }
        if let Some(at) = moves.expected_close_at.filter(|_| judge.counts(Needs::CLOSING)) {
            let here = At { at, ..here };
            self.put_money(here, outline.splits, money, |is_deal, [amount, weighted]| FactKind::Closing {
                is_deal,
                amount,
                weighted,
            });
        }
    }

    /// Notes a fact with its money: all of it its own, or a part for everybody who shares it.
    fn put_money(&mut self, here: At, splits: &[Share], money: [i64; 2], kind: impl Fn(bool, [i64; 2]) -> FactKind) {
        if splits.is_empty() {
            self.facts.push(here.fact(kind(true, money)));
            return;
        }
        self.facts.push(here.fact(kind(true, [0, 0])));
        let [amounts, others] = money.map(|amount| split::parts(amount, splits));
        for ((share, amount), other) in splits.iter().zip(amounts).zip(others) {
            if amount != 0 || other != 0 {
                self.facts.push(At { row: share.row, ..here }.fact(kind(false, [amount, other])));
            }
        }
    }

    /// From `start` to `end`; a negative duration is not used but noted.
    fn duration(&mut self, end: Time, start: Time, fault: impl FnOnce(&mut Story) -> &mut bool) -> Option<u64> {
        let duration = u64::try_from(end.since(start)).ok();
        *fault(self) = duration.is_none();
        duration
    }
}

impl Run {
    /// A journey with a lead begins with a run of `lead`, be it empty.
    fn of_lead(lead: Began) -> Run {
        Run { place: Place::LEAD, began_at: lead.at, first_row: lead.row, last_row: lead.row, reason: None }
    }
}

impl Moves {
    /// The fact that a move puts the expected close off to a later month.
    fn slip(&self, moved: &Move, place: Place, here: At, judge: &Judge<'_>) -> Option<Fact> {
        let (before, now) = (self.expected_close_at?, moved.rare.as_ref()?.expected_close_at?);
        if matches!(place, Place::WON | Place::Lost | Place::Void) {
            return None;
        }
        let month = |date: Date| (date.year(), date.month());
        let [before, now] = [before, now].map(|at| month(judge.zone().date_of(at)));
        (now > before).then(|| here.fact(FactKind::Slipped))
    }

    /// The fact that a move to another stage ends a run of an open one.
    fn leave(&self, place: Place, here: At, course: &Course) -> Option<Fact> {
        let run = self.run.filter(|run| run.place != place)?;
        let index = course.index(run.place).filter(|index| *index < course.won)?;
        let after = u64::try_from(here.at.since(run.began_at)).ok()?;
        Some(here.fact(FactKind::Left { stage: course.open(index), after }))
    }

    /// Takes in what a move says.
    fn take(&mut self, moved: &Move, place: Place, at: Time, step: &Step) {
        self.amount = moved.amount.map_or(self.amount, |amount| amount.reporting_minor);
        self.margin = moved.margin.map(|margin| margin.reporting_minor).or(self.margin);
        let rare = moved.rare.as_deref();
        self.expected_close_at = rare.and_then(|rare| rare.expected_close_at).or(self.expected_close_at);
        let reason = rare.and_then(|rare| rare.lost_reason);
        self.run = Some(match self.run {
            Some(run) if run.place == place => Run { last_row: step.row, reason: reason.or(run.reason), ..run },
            _ => Run { place, began_at: at, first_row: step.row, last_row: step.row, reason },
        });
    }
}

/// The steps that exist, with when they happened.
fn existing(steps: &[KnownStep], horizon: Time) -> impl Iterator<Item = (Time, &Step)> {
    steps.iter().filter_map(move |step| Some((step.version.stamp.occurred_at, step.version.existing(horizon)?)))
}
