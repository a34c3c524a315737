//! What events of a stream say.

use std::fmt::Write;

use proptest::prelude::*;
use salespulse::model::money::Currency;
use salespulse::model::time::Time;

use super::instant::{Moment, moments};
use super::period;
use crate::laws::twin::setting::{DEFAULT, Pipe, Setting};
use crate::laws::twin::targets::MEASURES;

pub(crate) const LEADS: [&str; 4] = ["L1", "L2", "L3", "L4"];
pub(crate) const REPS: [Option<&str>; 4] = [None, Some("ann"), Some("bob"), Some("unassigned")];
pub(crate) const TEAMS: [Option<&str>; 3] = [None, Some("east"), Some("west")];
pub(crate) const CHANNELS: [Option<&str>; 3] = [None, Some("web"), Some("fair")];
/// The last one is the name under which a journey stands for its own customer.
pub(crate) const CUSTOMERS: [Option<&str>; 4] = [None, Some("acme"), Some("beta"), Some("lead:L1")];
const REASONS: [Option<&str>; 5] = [None, Some("price"), Some("unknown"), Some("other"), Some("预算")];
const CURRENCIES: [&str; 4] = ["CNY", "USD", "JPY", "KWD"];
const AMOUNTS: [i64; 10] = [0, 1, 2, 3, 5, 25, 333, 10_000, 123_457, 999_999_999_999_999];
/// The largest that fits after conversion at any of the rates; larger ones stay in the reporting currency.
const LARGEST_CONVERTED: i64 = 1_000_000;
/// Thirds and halves of a fen, equal fractions, one who gets all, and an id that is absent.
const SPLITS: [&str; 8] = [
    "ann/east:1",
    "ann/east:0.5,bob/west:0.5",
    "bob/west:0.333333333,ann/east:0.333333333,/east:0.333333334",
    "ann/west:0.5,ann/east:0.25,bob/east:0.25",
    "bob/:0.000000001,ann/east:0.999999999",
    "/:0.1,ann/east:0.1,ann/west:0.1,bob/east:0.1,bob/west:0.1,c/x:0.1,d/x:0.1,e/x:0.1,f/x:0.1,g/x:0.10",
    "carl/south:0.70,ann/east:0.3",
    "bob/west:0.125,ann/west:0.875",
];

/// Ids among few, by their numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ids {
    pub(crate) event: u8,
    pub(crate) lead: usize,
    pub(crate) rep: usize,
    pub(crate) team: usize,
    pub(crate) channel: usize,
    pub(crate) customer: usize,
}

/// An amount by its number, its sign, and its currency.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amount {
    minor: usize,
    is_negative: bool,
    currency: usize,
}

/// What a stage change may say beside its stage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deal {
    amount: Option<Amount>,
    margin: Option<Amount>,
    splits: Option<usize>,
    close: Option<Moment>,
    started: Option<Moment>,
    reason: usize,
    has_channel: bool,
}

/// What an arrival is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Lead { pipeline: usize },
    Stage { stage: usize, pipeline: usize, by_alias: bool, deal: Deal },
    Spend(Amount),
    Payment { is_refund: bool, amount: Amount, has_lead: bool, has_owner: bool },
    Feedback { survey: u8, score: u64, has_lead: bool, has_owner: bool },
    Target { scope: u8, period: u8, measure: usize, amount: Amount },
    Rep { is_active: bool, has_name: bool },
}

impl Kind {
    /// The same without what the first version of the contract did not know.
    pub(crate) fn of_the_first_version(self) -> Kind {
        match self {
            Kind::Lead { .. } => Kind::Lead { pipeline: 0 },
            Kind::Stage { stage, deal, .. } => {
                let deal = Deal { splits: None, close: None, started: None, reason: 0, has_channel: false, ..deal };
                // A step back to `lead` becomes one to a stage.
                Kind::Stage { stage: if stage == 5 { 6 } else { stage }, pipeline: 0, by_alias: false, deal }
            }
            Kind::Target { scope: 2, period, amount, .. } => Kind::of_a_target(3, period, amount),
            Kind::Target { scope, period, amount, .. } => Kind::of_a_target(scope, period, amount),
            other => other,
        }
    }

    /// A target of revenue in a period that the first version of the contract knew.
    const fn of_a_target(scope: u8, period: u8, amount: Amount) -> Kind {
        Kind::Target { scope, period: period::first_version(period), measure: MEASURES.len(), amount }
    }

    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Kind::Lead { .. } => "lead",
            Kind::Stage { .. } => "stage_change",
            Kind::Spend(_) => "spend",
            Kind::Payment { .. } => "payment",
            Kind::Feedback { .. } => "feedback",
            Kind::Target { .. } => "target",
            Kind::Rep { .. } => "rep",
        }
    }

    pub(crate) fn is_of_journey(self) -> bool {
        matches!(self, Kind::Lead { .. } | Kind::Stage { .. })
    }

    /// The line's first word, and what follows its time.
    pub(crate) fn content(self, ids: &Ids, setting: &Setting, at: Time, now: Time) -> (&'static str, String) {
        let lead = LEADS[ids.lead];
        let owner = field("rep", REPS[ids.rep]) + &field("team", TEAMS[ids.team]);
        let channel = field("channel", CHANNELS[ids.channel]);
        let customer = field("customer", CUSTOMERS[ids.customer]);
        let through = |has_lead: bool, has_owner: bool| {
            (if has_owner { owner.clone() } else { String::new() }) + &field("lead", has_lead.then_some(lead))
        };
        match self {
            Kind::Lead { pipeline } => {
                let pipeline = field("pipeline", named_pipeline(pipeline, setting));
                ("lead", format!("{lead} {owner}{channel}{customer}{pipeline}"))
            }
            Kind::Stage { stage, pipeline, by_alias, deal } => {
                let named = named_pipeline(pipeline, setting);
                let stage = stage_name(stage, by_alias, setting.pipeline(named.unwrap_or(DEFAULT)));
                let channel = if deal.has_channel { channel } else { String::new() };
                let deal = deal.text(setting, now) + &field("pipeline", named);
                ("stage", format!("{lead} {stage} {owner}{channel}{customer}{deal}"))
            }
            Kind::Spend(amount) => ("spend", format!("{} {owner}{channel}", amount.text(setting))),
            Kind::Payment { is_refund, amount, has_lead, has_owner } => {
                let word = if is_refund { "refund" } else { "payment" };
                (word, format!("{} {}", amount.positive().text(setting), through(has_lead, has_owner)))
            }
            Kind::Feedback { survey, score, has_lead, has_owner } => {
                ("feedback", format!("{} {}", feedback(survey, score), through(has_lead, has_owner)))
            }
            Kind::Target { scope, period, measure, amount } => {
                let scope = target_scope(scope, TEAMS[ids.team].unwrap_or("unassigned"), REPS[ids.rep]);
                let period = period::name(period, setting, at);
                ("target", format!("{scope} {period} {}", amount.of_measure(measure, setting)))
            }
            Kind::Rep { is_active, has_name } => {
                let (rep, team) = (REPS[ids.rep].unwrap_or("eve"), TEAMS[ids.team].unwrap_or("north"));
                let name = field("name", has_name.then_some("\"The \\ rep\""));
                ("rep", format!("{rep} {team} {name}active={is_active} "))
            }
        }
    }
}

fn field(key: &str, value: Option<&str>) -> String {
    value.map_or_else(String::new, |value| format!("{key}={value} "))
}

/// The name of a pipeline, where there is any to name; none as often as one.
fn named_pipeline(number: usize, setting: &Setting) -> Option<&str> {
    let pipelines = &setting.pipelines;
    let named = pipelines.get(number.checked_sub(pipelines.len())? % pipelines.len())?;
    setting.has_pipelines().then_some(&named.name)
}

fn stage_name(number: usize, by_alias: bool, pipeline: &Pipe) -> &str {
    let stages = &pipeline.stages;
    let stage = match number {
        0 => "void",
        1 => "lost",
        2..=4 => "won",
        5 => "lead",
        other => &stages[1 + other % (stages.len() - 1)],
    };
    let alias = pipeline.aliases.iter().find(|(_, of)| by_alias && *of == stage);
    alias.map_or(stage, |(alias, _)| alias)
}

impl Deal {
    fn text(&self, setting: &Setting, now: Time) -> String {
        let mut text = money_of_deal(self.amount, self.margin, setting);
        text += &field("splits", self.splits.map(|number| SPLITS[number]));
        text += &field("reason", REASONS[self.reason]);
        for (key, moment) in [("close", self.close), ("started", self.started)] {
            // Seen from the reading, so that deals close in its month and are overdue by a moment; no skew limits them.
            let time = moment.map(|moment| moment.unlimited(now, setting).to_string());
            text += &field(key, time.as_deref());
        }
        text
    }
}

/// An amount and a margin have one currency.
fn money_of_deal(amount: Option<Amount>, margin: Option<Amount>, setting: &Setting) -> String {
    let Some(one) = amount.or(margin) else { return String::new() };
    let currency = one.currency(setting);
    let mut text = String::new();
    if let Some(amount) = amount {
        let _ = write!(text, "amount={} ", Amount { is_negative: false, ..amount }.digits(currency, setting));
    }
    if let Some(margin) = margin {
        let _ = write!(text, "margin={} ", margin.digits(currency, setting));
    }
    text + &format!("currency={} ", currency.code())
}

fn feedback(survey: u8, score: u64) -> String {
    match survey {
        0 => format!("csat {}", 1 + score % 5),
        1 => format!("csat {} scale_max={}", 1 + score % (2 + score % 9), 2 + score % 9),
        2 => format!("nps {}", score % 11),
        _ => format!("ces {}", 1 + score % 7),
    }
}

fn target_scope(scope: u8, team: &str, rep: Option<&str>) -> String {
    match scope {
        0 => "org".to_owned(),
        1 => format!("team:{team}"),
        // `south` has teams of which some are named; nobody configures `mars`.
        2 => ["region:north", "region:south", "region:mars"][team.len() % 3].to_owned(),
        _ => format!("rep:{}/{team}", rep.unwrap_or("unassigned")),
    }
}

impl Amount {
    fn positive(self) -> Amount {
        Amount { minor: self.minor.max(1), is_negative: false, ..self }
    }

    fn currency(self, setting: &Setting) -> Currency {
        if AMOUNTS[self.minor] > LARGEST_CONVERTED {
            return setting.currency;
        }
        Currency::from_code(CURRENCIES[self.currency]).expect("a currency")
    }

    fn digits(self, currency: Currency, setting: &Setting) -> String {
        let fits = currency == setting.currency;
        let minor = if fits { AMOUNTS[self.minor] } else { AMOUNTS[self.minor].min(LARGEST_CONVERTED) };
        let sign = if self.is_negative && minor > 0 { "-" } else { "" };
        let (whole, part) = (minor / currency.minor_per_major(), minor % currency.minor_per_major());
        match currency.digits() as usize {
            0 => format!("{sign}{whole}"),
            digits => format!("{sign}{whole}.{part:0digits$}"),
        }
    }

    fn text(self, setting: &Setting) -> String {
        let currency = self.currency(setting);
        format!("{} {}", self.digits(currency, setting), currency.code())
    }

    /// The amount of a target: of most measures a number of things.
    pub(crate) fn of_measure(self, measure: usize, setting: &Setting) -> String {
        let amount = Amount { is_negative: false, ..self };
        match MEASURES.get(measure) {
            None => amount.text(setting),
            Some(&"payments") => format!("{} measure=payments", amount.text(setting)),
            Some(counted) => format!("{} measure={counted}", AMOUNTS[self.minor] % 1000),
        }
    }
}

pub(crate) fn amounts() -> impl Strategy<Value = Amount> {
    (0..AMOUNTS.len(), any::<bool>(), 0..CURRENCIES.len()).prop_map(|(minor, is_negative, currency)| Amount {
        minor,
        is_negative,
        currency,
    })
}

fn deals() -> impl Strategy<Value = Deal> {
    let money = (prop::option::of(amounts()), prop::option::weighted(0.3, amounts()));
    let splits = prop::option::weighted(0.25, 0..SPLITS.len());
    let times = (prop::option::weighted(0.6, moments()), prop::option::weighted(0.2, moments()));
    (money, splits, times, 0..REASONS.len(), prop::bool::weighted(0.4)).prop_map(
        |((amount, margin), splits, (close, started), reason, has_channel)| Deal {
            amount,
            margin,
            splits,
            close,
            started,
            reason,
            has_channel,
        },
    )
}

/// Mostly revenue.
pub(crate) fn measures() -> impl Strategy<Value = usize> {
    prop_oneof![3 => Just(MEASURES.len()), 2 => 0..MEASURES.len()]
}

pub(crate) fn kinds() -> impl Strategy<Value = Kind> {
    let stage = (0..14_usize, 0..8_usize, prop::bool::weighted(0.3), deals());
    let through = || (any::<bool>(), any::<bool>());
    let target = (0..4_u8, 0..period::NAMES, measures(), amounts());
    prop_oneof![
        5 => (0..8_usize).prop_map(|pipeline| Kind::Lead { pipeline }),
        14 => stage.prop_map(|(stage, pipeline, by_alias, deal)| Kind::Stage { stage, pipeline, by_alias, deal }),
        2 => amounts().prop_map(Kind::Spend),
        2 => (any::<bool>(), amounts(), through()).prop_map(|(is_refund, amount, (has_lead, has_owner))| {
            Kind::Payment { is_refund, amount, has_lead, has_owner }
        }),
        2 => (0..4_u8, 0..1000_u64, through()).prop_map(|(survey, score, (has_lead, has_owner))| {
            Kind::Feedback { survey, score, has_lead, has_owner }
        }),
        3 => target.prop_map(|(scope, period, measure, amount)| Kind::Target { scope, period, measure, amount }),
        2 => (any::<bool>(), any::<bool>()).prop_map(|(is_active, has_name)| Kind::Rep { is_active, has_name }),
    ]
}

pub(crate) fn ids() -> impl Strategy<Value = Ids> {
    let named = (0..REPS.len(), 0..TEAMS.len(), 0..CHANNELS.len(), 0..CUSTOMERS.len());
    (0..12_u8, 0..LEADS.len(), named).prop_map(|(event, lead, (rep, team, channel, customer))| Ids {
        event,
        lead,
        rep,
        team,
        channel,
        customer,
    })
}
