//! Events of a stream, as event lines of the notation.

use std::fmt::Write;

use proptest::prelude::*;
use salespulse::model::money::Currency;
use salespulse::model::rules::Rules;
use salespulse::model::time::Time;
use xxhash_rust::xxh3::xxh3_64;

use super::instant::{Moment, moments};
use crate::twin::local_days::LocalDays;

const LEADS: [&str; 4] = ["L1", "L2", "L3", "L4"];
const REPS: [Option<&str>; 4] = [None, Some("ann"), Some("bob"), Some("unassigned")];
const TEAMS: [Option<&str>; 3] = [None, Some("east"), Some("west")];
const CHANNELS: [Option<&str>; 3] = [None, Some("web"), Some("fair")];
/// The last one is the name under which a journey stands for its own customer.
const CUSTOMERS: [Option<&str>; 4] = [None, Some("acme"), Some("beta"), Some("lead:L1")];
const CURRENCIES: [&str; 4] = ["CNY", "USD", "JPY", "KWD"];
const AMOUNTS: [i64; 10] = [0, 1, 2, 3, 5, 25, 333, 10_000, 123_457, 999_999_999_999_999];
/// The largest that fits after conversion at any of the rates; larger ones stay in the reporting currency.
const LARGEST_CONVERTED: i64 = 1_000_000;

/// Ids among few, by their numbers.
#[derive(Clone, Copy, Debug)]
struct Ids {
    event: u8,
    lead: usize,
    rep: usize,
    team: usize,
    channel: usize,
    customer: usize,
}

/// An amount by its number, its sign, and its currency.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Amount {
    minor: usize,
    is_negative: bool,
    currency: usize,
}

/// What an arrival is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Lead,
    Stage { stage: usize, amount: Option<Amount>, margin: Option<Amount> },
    Spend(Amount),
    Payment { is_refund: bool, amount: Amount },
    Feedback { survey: u8, score: u64 },
    Target { scope: u8, period: u8, amount: Amount },
    Rep { is_active: bool, has_name: bool },
}

/// One event of a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    kind: Kind,
    ids: Ids,
    moment: Moment,
    version: u64,
    is_retracted: bool,
    /// Whether its JSON bytes leave the time out, as those of a CloudEvent do.
    has_time_elsewhere: bool,
}

impl Arrival {
    /// The event line of an event that arrives at `now`.
    pub(crate) fn line(&self, rules: &Rules, now: Time) -> String {
        let at = self.moment.seen_from(now, rules);
        let (word, rest) = self.content(rules, at);
        let mut identity = format!("id=e{} ", self.ids.event);
        if self.version > 0 {
            let _ = write!(identity, "version={} ", self.version);
        }
        if self.is_retracted {
            let lead = if matches!(self.kind, Kind::Lead | Kind::Stage { .. }) { LEADS[self.ids.lead] } else { "" };
            return format!("retract {} {lead} {identity}", self.type_name());
        }
        let mut line = format!("{word} {at} {rest} {identity}");
        if self.has_time_elsewhere {
            let bytes = format!("{word} {rest} {identity}");
            let _ = write!(line, "hash={}", xxh3_64(bytes.as_bytes()));
        }
        line
    }

    fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Lead => "lead",
            Kind::Stage { .. } => "stage_change",
            Kind::Spend(_) => "spend",
            Kind::Payment { .. } => "payment",
            Kind::Feedback { .. } => "feedback",
            Kind::Target { .. } => "target",
            Kind::Rep { .. } => "rep",
        }
    }

    /// The line's first word, and what follows its time.
    fn content(&self, rules: &Rules, at: Time) -> (&'static str, String) {
        let ids = &self.ids;
        let lead = LEADS[ids.lead];
        let owner = field("rep", REPS[ids.rep]) + &field("team", TEAMS[ids.team]);
        let channel = field("channel", CHANNELS[ids.channel]);
        let customer = field("customer", CUSTOMERS[ids.customer]);
        match self.kind {
            Kind::Lead => ("lead", format!("{lead} {owner}{channel}{customer}")),
            Kind::Stage { stage, amount, margin } => {
                let money = money_of_deal(amount, margin, rules);
                ("stage", format!("{lead} {} {owner}{customer}{money}", stage_name(stage, rules)))
            }
            Kind::Spend(amount) => ("spend", format!("{} {owner}{channel}", amount.text(rules))),
            Kind::Payment { is_refund, amount } => {
                let word = if is_refund { "refund" } else { "payment" };
                (word, format!("{} {owner}", amount.positive().text(rules)))
            }
            Kind::Feedback { survey, score } => ("feedback", format!("{} {owner}", feedback(survey, score))),
            Kind::Target { scope, period, amount } => {
                let scope = target_scope(scope, TEAMS[ids.team].unwrap_or("unassigned"), REPS[ids.rep]);
                let amount = Amount { is_negative: false, ..amount };
                ("target", format!("{scope} {} {}", period_text(period, rules, at), amount.text(rules)))
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

fn stage_name(number: usize, rules: &Rules) -> String {
    let stages = rules.pipeline.stages();
    match number {
        0 => "void".to_owned(),
        1 => "lost".to_owned(),
        2..=4 => "won".to_owned(),
        other => stages[1 + other % (stages.len() - 1)].clone(),
    }
}

/// An amount and a margin have one currency.
fn money_of_deal(amount: Option<Amount>, margin: Option<Amount>, rules: &Rules) -> String {
    let Some(one) = amount.or(margin) else { return String::new() };
    let mut text = String::new();
    if let Some(amount) = amount {
        let _ = write!(text, "amount={} ", Amount { is_negative: false, ..amount }.digits(one.currency(rules), rules));
    }
    if let Some(margin) = margin {
        let _ = write!(text, "margin={} ", margin.digits(one.currency(rules), rules));
    }
    text + &format!("currency={} ", one.currency(rules).code())
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
        _ => format!("rep:{}/{team}", rep.unwrap_or("unassigned")),
    }
}

/// A month, quarter or year around an instant.
fn period_text(number: u8, rules: &Rules, at: Time) -> String {
    let date = LocalDays::new(rules.zone.name()).date(at);
    let (year, month) = (date.year(), date.month());
    match number % 6 {
        0 | 1 => format!("{year:04}-{month:02}"),
        2 | 3 => format!("{year:04}-Q{}", (month + 2) / 3),
        4 => format!("{year:04}"),
        _ => format!("{:04}", year - 1),
    }
}

impl Amount {
    fn positive(self) -> Amount {
        Amount { minor: self.minor.max(1), is_negative: false, ..self }
    }

    fn currency(self, rules: &Rules) -> Currency {
        if AMOUNTS[self.minor] > LARGEST_CONVERTED {
            return rules.reporting_currency();
        }
        Currency::from_code(CURRENCIES[self.currency]).expect("a currency")
    }

    fn digits(self, currency: Currency, rules: &Rules) -> String {
        let fits = currency == rules.reporting_currency();
        let minor = if fits { AMOUNTS[self.minor] } else { AMOUNTS[self.minor].min(LARGEST_CONVERTED) };
        let sign = if self.is_negative && minor > 0 { "-" } else { "" };
        let (whole, part) = (minor / currency.minor_per_major(), minor % currency.minor_per_major());
        match currency.digits() as usize {
            0 => format!("{sign}{whole}"),
            digits => format!("{sign}{whole}.{part:0digits$}"),
        }
    }

    fn text(self, rules: &Rules) -> String {
        let currency = self.currency(rules);
        format!("{} {}", self.digits(currency, rules), currency.code())
    }
}

/// What differs where an earlier event of the stream comes again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    /// It is delivered twice.
    Nothing,
    /// The same bytes with another time beside them.
    Time(Moment),
    Version(u64),
    /// Another fact with the same content, at the same time.
    Id(u8),
    Journey(usize),
    Owner {
        rep: usize,
        team: usize,
    },
    Customer(usize),
    Kind(Kind),
    Retraction(u64),
}

impl Arrival {
    pub(crate) fn changed(self, change: Change) -> Arrival {
        let mut again = self;
        match change {
            Change::Nothing => {}
            Change::Time(moment) => again = Arrival { moment, has_time_elsewhere: true, ..self },
            Change::Version(version) => again.version = version,
            Change::Id(event) => again.ids.event = event,
            Change::Journey(lead) => again.ids.lead = lead,
            Change::Owner { rep, team } => again.ids = Ids { rep, team, ..self.ids },
            Change::Customer(customer) => again.ids.customer = customer,
            Change::Kind(kind) => again.kind = kind,
            Change::Retraction(version) => again = Arrival { version, is_retracted: true, ..self },
        }
        again
    }
}

pub(crate) fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![
        1 => Just(Change::Nothing),
        2 => moments().prop_map(Change::Time),
        1 => versions().prop_map(Change::Version),
        2 => (0..12_u8).prop_map(Change::Id),
        2 => (0..LEADS.len()).prop_map(Change::Journey),
        1 => (0..REPS.len(), 0..TEAMS.len()).prop_map(|(rep, team)| Change::Owner { rep, team }),
        1 => (0..CUSTOMERS.len()).prop_map(Change::Customer),
        2 => kinds().prop_map(Change::Kind),
        1 => versions().prop_map(Change::Retraction),
    ]
}

/// Few, so that corrections, superseded ones and ties come often.
fn versions() -> impl Strategy<Value = u64> {
    prop_oneof![4 => Just(0_u64), 2 => 1..3_u64, 1 => Just(u64::MAX)]
}

fn amounts() -> impl Strategy<Value = Amount> {
    (0..AMOUNTS.len(), any::<bool>(), 0..CURRENCIES.len()).prop_map(|(minor, is_negative, currency)| Amount {
        minor,
        is_negative,
        currency,
    })
}

fn kinds() -> impl Strategy<Value = Kind> {
    let stage = (0..12_usize, prop::option::of(amounts()), prop::option::weighted(0.3, amounts()));
    prop_oneof![
        5 => Just(Kind::Lead),
        12 => stage.prop_map(|(stage, amount, margin)| Kind::Stage { stage, amount, margin }),
        2 => amounts().prop_map(Kind::Spend),
        2 => (any::<bool>(), amounts()).prop_map(|(is_refund, amount)| Kind::Payment { is_refund, amount }),
        2 => (0..4_u8, 0..1000_u64).prop_map(|(survey, score)| Kind::Feedback { survey, score }),
        3 => (0..3_u8, 0..6_u8, amounts()).prop_map(|(scope, period, amount)| Kind::Target { scope, period, amount }),
        2 => (any::<bool>(), any::<bool>()).prop_map(|(is_active, has_name)| Kind::Rep { is_active, has_name }),
    ]
}

fn ids() -> impl Strategy<Value = Ids> {
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

/// Any event.
pub(crate) fn arrivals() -> impl Strategy<Value = Arrival> {
    let parts = (kinds(), ids(), moments(), versions(), prop::bool::weighted(0.08), prop::bool::weighted(0.2));
    parts.prop_map(|(kind, ids, moment, version, is_retracted, has_time_elsewhere)| Arrival {
        kind,
        ids,
        moment,
        version,
        is_retracted,
        has_time_elsewhere,
    })
}
