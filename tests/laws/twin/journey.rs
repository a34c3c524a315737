//! Facts of a journey.

use jiff::civil::Date;
use salespulse::model::time::Time;

use super::calendar::Calendar;
use super::money;
use super::record::{Part, Record, UNASSIGNED};
use super::setting::{DEFAULT, Pipe, Setting};

/// Who is credited with a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Credit<'e> {
    pub(crate) rep: &'e str,
    pub(crate) team: &'e str,
}

/// When a fact happened, and to whose credit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment<'e> {
    pub(crate) at: Time,
    pub(crate) credit: Credit<'e>,
}

/// Where a journey stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Open at the stage of this index.
    Open(usize),
    Won,
    Lost,
}

/// A stay in an open stage that has ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stay<'e> {
    pub(crate) stage: usize,
    /// When it ended, to whose credit.
    pub(crate) end: Moment<'e>,
    /// The stage that followed.
    pub(crate) next: &'e str,
    pub(crate) millis: i64,
}

/// The facts of one journey.
#[derive(Clone, Debug)]
pub(crate) struct Journey<'e> {
    pub(crate) lead_id: &'e str,
    pub(crate) pipeline: &'e Pipe,
    pub(crate) channel: &'e str,
    /// `lead:<lead_id>` where no event names one.
    pub(crate) customer: String,
    pub(crate) created: Option<Moment<'e>>,
    /// By the index of the stage; of stages between `lead` and `won` only.
    pub(crate) reached: Vec<Option<Moment<'e>>>,
    pub(crate) status: Status,
    /// The rep and team of the last of S, or of L.
    pub(crate) last: Credit<'e>,
    /// When its present run started.
    pub(crate) entered: Time,
    pub(crate) won: Option<Moment<'e>>,
    pub(crate) lost: Option<Moment<'e>>,
    /// Why it is lost.
    pub(crate) reason: &'e str,
    pub(crate) stays: Vec<Stay<'e>>,
    pub(crate) slips: Vec<Moment<'e>>,
    pub(crate) expected_close: Option<Time>,
    /// In minor units of the reporting currency; 0 if none.
    pub(crate) amount: i128,
    pub(crate) margin: Option<i128>,
    pub(crate) splits: Option<&'e [Part]>,
    /// The least time at which a step says that the journey started.
    started: Option<Time>,
}

impl<'e> Journey<'e> {
    /// The facts of a journey from those of its events that exist, at least one; none if it is void.
    pub(crate) fn new(events: &Events<'e>, setting: &'e Setting, days: &Calendar) -> Option<Journey<'e>> {
        let Events { lead_id, leads, steps } = events;
        let first = leads.first().copied();
        let created = first.map(moment);
        let pipeline = setting.pipeline(pipeline_of(events, setting));
        let runs = runs(first, steps, setting);
        let last_run = runs.last()?;
        let status = match last_run.stage {
            "void" => return None,
            "lost" => Status::Lost,
            "won" => Status::Won,
            open => Status::Open(pipeline.index(open).expect("the last stage is one of the pipeline")),
        };
        let at_end = last_run.steps.first().map(|step| moment(step));
        let reasons = last_run.steps.iter().rev().filter(|_| status == Status::Lost);
        Some(Journey {
            lead_id,
            pipeline,
            channel: events.channel(),
            customer: customer(events),
            created,
            reached: (0..pipeline.won()).map(|index| reached(index, steps, pipeline, setting)).collect(),
            status,
            last: steps.last().or(first.as_ref())?.credit(),
            entered: last_run.start,
            won: at_end.filter(|_| status == Status::Won),
            lost: at_end.filter(|_| status == Status::Lost),
            reason: reasons.filter_map(|step| step.text("lost_reason")).next().unwrap_or("unknown"),
            stays: stays(&runs, pipeline),
            slips: slips(steps, setting, days),
            expected_close: steps.iter().rev().find_map(|step| step.expected_close),
            amount: steps.iter().rev().find_map(|step| step.amount).unwrap_or(0),
            margin: steps.iter().rev().find_map(|step| step.margin),
            splits: steps.iter().rev().find_map(|step| step.splits.as_deref()),
            started: steps.iter().filter_map(|step| step.started).min(),
        })
    }

    /// won − created in milliseconds; without a lead, won − the least `started_at`. It may be negative.
    pub(crate) fn cycle(&self) -> Option<i64> {
        let begin = self.created.map_or(self.started, |created| Some(created.at));
        Some(self.won?.at.since(begin?))
    }

    /// reached(first stage after `lead`) − created in milliseconds, if both exist; it may be negative.
    pub(crate) fn response(&self) -> Option<i64> {
        let reached = self.reached.get(1).copied().flatten()?;
        Some(reached.at.since(self.created?.at))
    }

    /// The row of its win, else of the last of S, else of L.
    pub(crate) fn owner(&self) -> Credit<'e> {
        self.won.map_or(self.last, |won| won.credit)
    }

    /// Whose parts of its money these minor units are; without splits all of it is the fact's own.
    pub(crate) fn parts(&self, minor: i128, own: Credit<'e>) -> Vec<(Credit<'e>, i128)> {
        let Some(splits) = self.splits else { return vec![(own, minor)] };
        let shares: Vec<i128> = splits.iter().map(|part| part.share).collect();
        splits.iter().map(Part::credit).zip(money::split(minor, &shares)).collect()
    }

    /// Amount × probability of the stage, rounded half-even to minor units.
    pub(crate) fn weighted(&self, stage: usize) -> i128 {
        match self.pipeline.probabilities.get(&self.pipeline.stages[stage]) {
            Some(probability) => probability.of(self.amount),
            None => money::half_even(self.amount * stage as i128, self.pipeline.won() as i128),
        }
    }
}

/// The events of a journey that exist, each kind sorted by (`occurred_at`, `sequence`, `event_id`).
pub(crate) struct Events<'e> {
    lead_id: &'e str,
    leads: Vec<&'e Record>,
    steps: Vec<&'e Record>,
}

impl<'e> Events<'e> {
    pub(crate) fn new(lead_id: &'e str, mut events: Vec<&'e Record>) -> Events<'e> {
        events.sort_by_key(|event| (event.at, event.sequence, &event.event_id));
        let (leads, steps) = events.into_iter().partition(|event| event.is_lead());
        Events { lead_id, leads, steps }
    }

    pub(crate) fn has_lead(&self) -> bool {
        !self.leads.is_empty()
    }

    /// That of the earliest lead; without one that of the first step that names one.
    pub(crate) fn channel(&self) -> &'e str {
        match self.leads.first() {
            Some(lead) => lead.id("channel"),
            None => self.steps.iter().find_map(|step| step.text("channel")).unwrap_or(UNASSIGNED),
        }
    }
}

fn moment(event: &Record) -> Moment<'_> {
    Moment { at: event.at, credit: event.credit() }
}

/// The pipeline that the last step which speaks of one speaks of, else the one that the lead names.
fn pipeline_of<'e>(events: &Events<'e>, setting: &'e Setting) -> &'e str {
    let speaks_of = |step: &&'e Record| match step.named_pipeline(setting) {
        Some(named) => Some(named),
        // Every pipeline knows these four.
        None if matches!(step.stage(setting), "lead" | "won" | "lost" | "void") => None,
        None => Some(DEFAULT),
    };
    let of_lead = events.leads.first().and_then(|lead| lead.named_pipeline(setting));
    events.steps.iter().rev().find_map(speaks_of).or(of_lead).unwrap_or(DEFAULT)
}

/// An unbroken row of steps with one stage.
struct Run<'e> {
    stage: &'e str,
    start: Time,
    steps: Vec<&'e Record>,
}

/// The runs of a journey; with a lead the first is of `lead`, be it empty, and starts with the lead.
fn runs<'e>(lead: Option<&'e Record>, steps: &[&'e Record], setting: &'e Setting) -> Vec<Run<'e>> {
    let mut runs: Vec<Run<'e>> =
        lead.into_iter().map(|lead| Run { stage: "lead", start: lead.at, steps: Vec::new() }).collect();
    for step in steps {
        let stage = step.stage(setting);
        match runs.last_mut() {
            Some(run) if run.stage == stage => run.steps.push(step),
            _ => runs.push(Run { stage, start: step.at, steps: vec![step] }),
        }
    }
    runs
}

/// The runs of open stages of the pipeline that have ended; negative ones are not used.
fn stays<'e>(runs: &[Run<'e>], pipeline: &Pipe) -> Vec<Stay<'e>> {
    let mut stays = Vec::new();
    for (run, next) in runs.iter().zip(runs.iter().skip(1)) {
        let stage = pipeline.index(run.stage).filter(|stage| *stage < pipeline.won());
        let end = moment(next.steps[0]);
        let millis = end.at.since(run.start);
        stays.extend(stage.filter(|_| millis >= 0).map(|stage| Stay { stage, end, next: next.stage, millis }));
    }
    stays
}

/// The steps, none of which closes the deal, that put the expected close into a later local month.
fn slips<'e>(steps: &[&'e Record], setting: &Setting, days: &Calendar) -> Vec<Moment<'e>> {
    let month = |time: Time| -> Date { days.day(time).first_of_month() };
    let mut slips = Vec::new();
    let mut before = None;
    for step in steps {
        let Some(close) = step.expected_close.map(month) else { continue };
        let closes = matches!(step.stage(setting), "won" | "lost" | "void");
        if !closes && before.is_some_and(|before| close > before) {
            slips.push(moment(step));
        }
        before = Some(close);
    }
    slips
}

/// The first step whose stage is at this index or later, `won` included. `lead` and `won` are not reached
/// in this sense.
fn reached<'e>(index: usize, steps: &[&'e Record], pipeline: &Pipe, setting: &Setting) -> Option<Moment<'e>> {
    let between = index > 0 && index < pipeline.won();
    let reaches = |step: &&&Record| pipeline.index(step.stage(setting)).is_some_and(|stage| stage >= index);
    steps.iter().find(reaches).filter(|_| between).map(|step| moment(step))
}

/// The customer named by the latest event that names one: of two equal ones by the stage change.
fn customer(events: &Events<'_>) -> String {
    let by_leads = events.leads.iter().map(|event| (false, event));
    let by_steps = events.steps.iter().map(|event| (true, event));
    by_leads
        .chain(by_steps)
        .filter_map(|(is_step, event)| {
            Some((event.at, event.sequence, &event.event_id, is_step, event.text("customer_id")?))
        })
        .max()
        .map_or_else(|| format!("lead:{}", events.lead_id), |(.., id)| id.to_owned())
}
