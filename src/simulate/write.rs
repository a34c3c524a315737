//! From a parcel to the bytes of its record: which fields it has, and what is spoilt of one that is beyond use.

use super::days::Days;
use super::delivery::{Form, Parcel};
use super::fact::{Coin, Fact, Line, Move, REASONS, Share, Statement, Sum, Whose};
use super::figures::CHANNELS;
use super::period::Span;
use super::random::{Actor, Random};
use super::staff::{REP, Staff, rep_number};
use crate::contract::decode::{LARGEST_VALUE, RejectionCode};
use crate::contract::encode::{Object, Uuid, uuid};
use crate::model::event::{EventType, Measure};

/// What the writer looks up.
pub(super) struct Context<'a> {
    pub seed: u64,
    pub staff: &'a Staff,
    pub days: &'a mut Days,
}

/// Appends the value of a record; answers its type and its key.
pub(super) fn write(parcel: &Parcel, context: Context<'_>, value: &mut Vec<u8>) -> (EventType, Uuid) {
    let begin = value.len();
    let kind = kind(&parcel.statement.fact);
    let fault = match parcel.form {
        Form::Unusable(code) => Some(code),
        _ => None,
    };
    let event_id = uuid(parcel.statement.id);
    let mut writer = Writer { object: Object::begin(value), context, fault };
    writer.head(kind, &event_id, parcel);
    let key = match (parcel.form, &parcel.statement.fact) {
        (Form::Retraction, Fact::Lead { journey, .. } | Fact::Move(Move { journey, .. })) => writer.lead_id(*journey),
        (Form::Retraction, _) => event_id,
        (_, fact) => writer.fact(fact).unwrap_or(event_id),
    };
    if writer.has(RejectionCode::TooLarge) {
        writer.object.text_by("attachment", |value| value.resize(begin + LARGEST_VALUE, b'A'));
    }
    writer.object.end();
    if fault == Some(RejectionCode::NotJson) {
        // It was cut off on its way.
        let length = value.len() - begin;
        value.truncate(begin + length * 2 / 3);
    }
    (kind, key)
}

const fn kind(fact: &Fact) -> EventType {
    match fact {
        Fact::Lead { .. } => EventType::Lead,
        Fact::Move(_) => EventType::StageChange,
        Fact::Spend { .. } => EventType::Spend,
        Fact::Feedback { .. } => EventType::Feedback,
        Fact::Payment { .. } => EventType::Payment,
        Fact::Target { .. } => EventType::Target,
        Fact::Rep { .. } => EventType::Rep,
    }
}

struct Writer<'a> {
    object: Object<'a>,
    context: Context<'a>,
    fault: Option<RejectionCode>,
}

impl Writer<'_> {
    fn has(&self, code: RejectionCode) -> bool {
        self.fault == Some(code)
    }

    /// Appends what all records have.
    fn head(&mut self, kind: EventType, event_id: &Uuid, parcel: &Parcel) {
        let name = match self.fault {
            Some(RejectionCode::UnknownType) => "opportunity",
            // A type that lacks a field then, so that the record is of no use wherever it is read.
            Some(RejectionCode::TypeMismatch) if kind == EventType::Feedback => "payment",
            Some(RejectionCode::TypeMismatch) => "feedback",
            _ => kind.name(),
        };
        self.object.plain("type", name);
        self.object.uuid(if self.has(RejectionCode::MissingField) { "eventId" } else { "event_id" }, event_id);
        if self.has(RejectionCode::InvalidField) {
            self.object.plain("version", "1");
        } else if parcel.version > 0 {
            self.object.integer("version", parcel.version);
        }
        if parcel.form == Form::Retraction {
            return self.object.literal("retracted", "true");
        }
        self.occurred_at(kind, &parcel.statement);
    }

    fn occurred_at(&mut self, kind: EventType, statement: &Statement) {
        const NAME: &str = "occurred_at";
        match (self.fault, kind) {
            (Some(RejectionCode::InvalidTime), _) => self.object.plain(NAME, "2026/03/01 10:00"),
            (Some(RejectionCode::InFuture), _) => self.object.plain(NAME, "2099-12-31T23:59:59Z"),
            // The ledger and the survey tool count milliseconds, the CRM writes what its wall clock shows.
            (_, EventType::Payment | EventType::Feedback) => self.object.integer(NAME, statement.at),
            _ => self.time(NAME, statement.at),
        }
    }

    /// Appends what a fact says; answers its `lead_id`, where that is its key.
    fn fact(&mut self, fact: &Fact) -> Option<Uuid> {
        match *fact {
            Fact::Lead { journey, line, customer, row, channel } => {
                let key = self.lead_id(journey);
                self.pipeline(line);
                self.customer_id(customer);
                self.credit(row);
                self.channel(channel);
                return Some(key);
            }
            Fact::Move(ref moved) => return Some(self.moved(moved)),
            Fact::Spend { amount, channel, campaign, row } => {
                self.amount(amount, false);
                self.channel(channel);
                if let Some(campaign) = campaign {
                    self.object.plain("campaign", campaign);
                }
                self.credit(row);
            }
            Fact::Feedback { survey, score, scale_max, journey, customer, row } => {
                self.object.plain("survey", survey);
                self.object.integer("score", score);
                if let Some(scale_max) = scale_max {
                    self.object.integer("scale_max", scale_max);
                }
                self.about(journey, customer, row);
            }
            Fact::Payment { refund, amount, journey, customer, row } => {
                if refund {
                    self.object.plain("kind", "refund");
                }
                self.amount(amount, true);
                self.about(journey, customer, row);
            }
            Fact::Target { whose, span, measure, amount } => self.target(whose, span, measure, amount),
            Fact::Rep { person, row, active } => {
                self.credit(row);
                self.object.text("name", &self.context.staff.name(person));
                if !active {
                    self.object.literal("active", "false");
                }
            }
        }
        None
    }

    fn moved(&mut self, moved: &Move) -> Uuid {
        let key = self.lead_id(moved.journey);
        if moved.sequence > 0 {
            self.object.integer("sequence", moved.sequence);
        }
        self.pipeline(moved.line);
        self.customer_id(moved.customer);
        let stage = moved.line.stage_name(moved.stage);
        self.object.plain("stage", if self.has(RejectionCode::UnknownStage) { "demo-booked" } else { stage });
        if let Some(amount) = moved.amount {
            self.amount(amount, true);
            if let Some(margin) = moved.margin {
                self.object.cents("margin", margin, true);
            }
        }
        if let Some(share) = moved.share {
            self.splits(moved.row, share);
        }
        if let Some(at) = moved.close_at {
            self.time("expected_close_at", at);
        }
        if let Some(reason) = REASONS.get(usize::from(moved.reason)).filter(|_| moved.reason > 0) {
            self.object.plain("lost_reason", reason);
        }
        self.credit(moved.row);
        if let Some(contact) = moved.first_contact {
            self.channel(Some(contact.channel));
            self.time("started_at", contact.at);
        }
        key
    }

    /// The owner's share and the colleague's.
    fn splits(&mut self, owner: u32, share: Share) {
        let staff = self.context.staff;
        let shares = [(owner, 1_000 - share.permille), (share.row, share.permille)];
        self.object.objects(
            "splits",
            shares.into_iter().filter(|(_, permille)| *permille > 0),
            |entry, (row, permille)| {
                credit(entry, staff, row);
                if permille == 1_000 {
                    entry.plain("share", "1")
                } else {
                    entry.plain("share", &format!("0.{permille:03}"))
                }
            },
        );
    }

    fn about(&mut self, journey: u64, customer: u64, row: u32) {
        self.lead_id(journey);
        self.customer_id(Some(customer));
        self.credit(row);
    }

    fn target(&mut self, whose: Whose, span: Span, measure: Measure, amount: i64) {
        match whose {
            Whose::Row(row) => {
                self.object.plain("scope", "rep");
                self.credit(row);
            }
            Whose::Team(team) => {
                self.object.plain("scope", "team");
                let id = self.context.staff.teams().get(team as usize).map_or("", |team| team.id.as_str());
                self.object.plain("team_id", id);
            }
            Whose::Org => self.object.plain("scope", "org"),
        }
        self.object.plain("period", &span.name());
        if measure == Measure::Revenue {
            self.amount(Sum { minor: amount, coin: Coin::Cny }, true);
        } else {
            self.object.plain("measure", measure.name());
            self.object.integer("amount", amount);
        }
    }

    fn lead_id(&mut self, journey: u64) -> Uuid {
        let id = uuid(Random::of(self.context.seed, Actor::LeadId, journey).id());
        self.object.uuid("lead_id", &id);
        id
    }

    fn pipeline(&mut self, line: Line) {
        if line != Line::New {
            self.object.plain("pipeline", line.pipeline());
        }
    }

    fn customer_id(&mut self, customer: Option<u64>) {
        if let Some(customer) = customer {
            self.object.uuid("customer_id", &uuid(Random::of(self.context.seed, Actor::CustomerId, customer).id()));
        }
    }

    fn credit(&mut self, row: u32) {
        credit(&mut self.object, self.context.staff, row);
    }

    fn channel(&mut self, channel: Option<usize>) {
        if let Some(channel) = channel.and_then(|channel| CHANNELS.get(channel)) {
            self.object.plain("channel", channel.name);
        }
    }

    fn amount(&mut self, sum: Sum, is_text: bool) {
        if self.has(RejectionCode::InvalidAmount) {
            self.object.plain("amount", "1,250.00");
        } else {
            self.object.cents("amount", sum.minor, is_text);
        }
        let code = if self.has(RejectionCode::UnknownCurrency) { "RMB" } else { sum.coin.code() };
        self.object.plain("currency", code);
    }

    fn time(&mut self, name: &str, at: i64) {
        let days = &mut *self.context.days;
        self.object.text_by(name, |value| days.write(at, value));
    }
}

/// Appends the rep and the team of a row.
fn credit(object: &mut Object<'_>, staff: &Staff, row: u32) {
    let (person, team) = staff.names(row);
    if let Some(person) = person {
        object.text_by("rep_id", |value| {
            value.extend_from_slice(REP.as_bytes());
            value.extend_from_slice(itoa::Buffer::new().format(rep_number(person)).as_bytes());
        });
    }
    if let Some(team) = team {
        object.plain("team_id", team);
    }
}
