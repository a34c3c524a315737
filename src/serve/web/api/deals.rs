//! `/deals`: the deals behind a number.

use std::cmp::Reverse;

use serde::Serialize;
use utoipa::ToSchema;

use super::head::{Head, Span};
use super::number::Number;
use super::parameters::{NOTHING, Parameters};
use super::problem::{Code, Problem};
use super::{Context, Known};
use crate::config::Role;
use crate::engine::shard::{Deal, Standing};
use crate::kpi::Unit;
use crate::model::rules::{Rules, Scope};
use crate::model::time::Time;
use crate::model::value::Value;
use crate::model::window::{Lanes, Range, Window, Windows};
use crate::serve::access::Asker;
use crate::service::reading_hub::ReadingHub;

pub(super) const PARAMETERS: [&str; 6] = ["state", "rep", "team", "window", "stage", "limit"];

const MOST: usize = 200;
const USUAL: usize = 50;

/// Which deals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Those won in the window.
    Won,
    /// Those open now.
    Open,
    /// Of these, those that have been at their stage for too long.
    Stalled,
    /// Of these, those that are where they began.
    Untouched,
}

const STATES: [(&str, State); 4] =
    [("won", State::Won), ("open", State::Open), ("stalled", State::Stalled), ("untouched", State::Untouched)];

/// Deals as somebody asks for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Deals {
    state: State,
    rep: Option<String>,
    team: Option<String>,
    window: Option<&'static str>,
    stage: Option<String>,
    limit: usize,
}

/// What is asked for, as it is understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct DealsView {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rep: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<String>,
    limit: usize,
}

/// A deal.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct DealRow {
    /// Its journey.
    lead_id: String,
    /// The rep who is credited.
    rep: String,
    /// The team of the credit.
    team: String,
    /// Its stage.
    stage: String,
    /// Since when it is there, RFC 3339 in the organisation's zone.
    since: String,
    /// The money that the rep is credited with.
    amount: Number,
}

/// The deals behind a number.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct DealsAnswer {
    #[serde(flatten)]
    head: Head,
    view: DealsView,
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<Span>,
    /// The currency of money.
    currency: &'static str,
    /// Won ones the latest first, open ones the largest first, the others the oldest first.
    deals: Vec<DealRow>,
    /// How many deals there are in all; a share of the money of another's deal is none.
    count: usize,
    /// The money of all of them.
    amount: Number,
    /// Whether there are more than are listed.
    more: bool,
}

impl Deals {
    pub(super) fn parse(parameters: &Parameters, known: Known<'_>) -> Result<Deals, Problem> {
        parameters.required("state")?;
        let state = parameters.word("state", &STATES)?.unwrap_or(State::Won);
        let given = |name: &str| parameters.get(name).map(str::to_owned);
        let (rep, team) = (given("rep"), given("team"));
        let foreign = if state == State::Won { "stage" } else { "window" };
        if parameters.get(foreign).is_some() {
            let detail = format!("Deals of this state take no {foreign}. Leave it out.");
            return Err(Problem::new(Code::BadParameter, detail).of(foreign, NOTHING));
        }
        let scope = match (&rep, &team) {
            (Some(_), _) => Scope::Rep,
            (None, Some(_)) => Scope::Team,
            (None, None) => Scope::Org,
        };
        let window = if state == State::Won { Some(super::kpis::window(parameters, scope, known)?) } else { None };
        let stage = given("stage");
        if let Some(stage) = stage.as_ref().filter(|stage| !stages(known.rules).contains(&stage.as_str())) {
            let detail = format!("There is no open stage {stage:?}.");
            return Err(Problem::new(Code::BadParameter, detail).of("stage", stages(known.rules)));
        }
        Ok(Deals { state, rep, team, window, stage, limit: parameters.number("limit", USUAL, 1, MOST)? })
    }

    /// Whose deals they are, for the log.
    pub(super) fn subject(&self) -> String {
        match (&self.rep, &self.team) {
            (Some(rep), _) => rep.clone(),
            (None, Some(team)) => format!("team {team}"),
            (None, None) => "everybody".to_owned(),
        }
    }

    /// Whether they are somebody else's than the asker's.
    pub(super) fn is_of_others(&self, asker: &Asker) -> bool {
        !self.rep.as_deref().is_some_and(|rep| asker.is(rep))
    }

    /// Everything of a rep is for the rep and those who lead the team.
    pub(super) fn permit(&self, asker: &Asker) -> Result<(), Problem> {
        let is_own = !self.is_of_others(asker) && matches!(asker.role, Role::Rep | Role::Manager);
        let leads = self.team.as_deref().is_some_and(|team| asker.leads(team));
        if asker.role == Role::Admin || is_own || leads {
            return Ok(());
        }
        let detail = "Deals are for the rep, for the manager of the team that is asked for, and for admins.";
        Err(Problem::new(Code::Forbidden, detail))
    }

    pub(super) fn answer(&self, context: &Context<'_>, hub: &ReadingHub) -> Result<DealsAnswer, Problem> {
        let reading = &context.published.reading;
        let (rules, now) = (&*reading.rules, reading.now);
        let range = self.window.and_then(|name| range(name, now, rules));
        let (names, firsts) = (stages(rules), first_stages(rules));
        let stage_of = |number: u16| names.get(usize::from(number)).copied().unwrap_or_default();
        let mut found = Found::new(self.state, self.limit);
        hub.each_deal(reading, |deal, rep, team| {
            let is_whose = |asked: &Option<String>, own: &str| asked.as_ref().is_none_or(|asked| asked.as_str() == own);
            let is_there = match (self.state, deal.standing) {
                (State::Won, Standing::Won) => range.is_some_and(|range| range.holds(deal.since)),
                (State::Won, Standing::Open { .. }) | (_, Standing::Won) => false,
                (State::Open, Standing::Open { stage, .. }) => is_whose(&self.stage, stage_of(stage)),
                (State::Stalled, Standing::Open { stage, is_stalled }) => {
                    is_stalled && is_whose(&self.stage, stage_of(stage))
                }
                (State::Untouched, Standing::Open { stage, .. }) => {
                    firsts.contains(&stage) && is_whose(&self.stage, stage_of(stage))
                }
            };
            if is_there && is_whose(&self.rep, rep) && is_whose(&self.team, team) {
                found.add(deal, rep, team);
            }
        })?;
        let money = |minor: i128| Number::new(Value::Money(minor), Unit::Money, rules.reporting_currency());
        let won = rules.pipeline.stages().last().map_or("won", String::as_str);
        let (count, amount, more) = (found.count, money(found.amount), found.more());
        let row = |Kept { deal, rep, team }: Kept| DealRow {
            lead_id: deal.lead_id.to_string(),
            rep,
            team,
            stage: match deal.standing {
                Standing::Won => won.to_owned(),
                Standing::Open { stage, .. } => stage_of(stage).to_owned(),
            },
            since: rules.zone.text(deal.since),
            amount: money(deal.amount.into()),
        };
        Ok(DealsAnswer {
            head: Head::new(context.published, context.readiness),
            view: self.view(),
            span: self.window.and_then(|window| Span::of_window(window, now, rules)),
            currency: rules.reporting_currency().code(),
            deals: found.into_rows().into_iter().map(row).collect(),
            count,
            amount,
            more,
        })
    }

    fn view(&self) -> DealsView {
        DealsView {
            state: STATES.iter().find(|(_, state)| *state == self.state).map_or("", |(word, _)| word),
            rep: self.rep.clone(),
            team: self.team.clone(),
            window: self.window,
            stage: self.stage.clone(),
            limit: self.limit,
        }
    }
}

/// The open stages of all pipelines, as they are numbered.
fn stages(rules: &Rules) -> Vec<&str> {
    rules.all_pipelines().flat_map(|(_, pipeline)| pipeline.open_stages()).map(String::as_str).collect()
}

/// Of these, the first of each pipeline.
fn first_stages(rules: &Rules) -> Vec<u16> {
    let mut next = 0;
    let mut firsts = Vec::new();
    for (_, pipeline) in rules.all_pipelines() {
        firsts.push(next);
        next += u16::from(pipeline.won());
    }
    firsts
}

fn range(name: &str, now: Time, rules: &Rules) -> Option<Range> {
    let window = Window::from_name(name)?;
    Some(Windows::at(now, &rules.zone, rules.calendar, Lanes::present([window])).range(window))
}

/// A deal that is kept, with whose it is.
#[derive(Debug)]
struct Kept {
    deal: Deal,
    rep: String,
    team: String,
}

/// The deals found so far: of very many, those that come first.
struct Found {
    state: State,
    limit: usize,
    kept: Vec<Kept>,
    rows: usize,
    count: usize,
    amount: i128,
}

impl Found {
    fn new(state: State, limit: usize) -> Found {
        Found { state, limit, kept: Vec::new(), rows: 0, count: 0, amount: 0 }
    }

    fn add(&mut self, deal: Deal, rep: &str, team: &str) {
        self.rows += 1;
        self.count += usize::from(deal.is_deal);
        self.amount += i128::from(deal.amount);
        self.kept.push(Kept { deal, rep: rep.to_owned(), team: team.to_owned() });
        if self.kept.len() >= 8 * MOST {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let state = self.state;
        self.kept.sort_by_cached_key(|Kept { deal, rep, team }| {
            let (since, amount) = (i128::from(deal.since.millis()), i128::from(deal.amount));
            let place = match state {
                State::Won => Reverse(since),
                State::Open => Reverse(amount),
                State::Stalled | State::Untouched => Reverse(-since),
            };
            (place, deal.lead_id.to_string(), rep.clone(), team.clone())
        });
        self.kept.truncate(self.limit);
    }

    fn more(&self) -> bool {
        self.rows > self.limit
    }

    fn into_rows(mut self) -> Vec<Kept> {
        self.cut();
        self.kept
    }
}
