//! From a parcel to the bytes of its record: JSON written straight into a buffer.

use super::days::Days;
use super::delivery::{Form, Parcel};
use super::fact::{Coin, Fact, STAGES, Statement, Sum, Whose};
use super::figures::CHANNELS;
use super::random::{Actor, Random};
use super::staff::{REP, Staff, rep_number};
use crate::contract::decode::{LARGEST_VALUE, RejectionCode};
use crate::contract::encode::Object;
use crate::model::event::EventType;

/// The canonical text of a UUID, which is the key of every record.
pub type Uuid = [u8; 36];

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
    let mut writer = Writer { value, context, fault };
    writer.head(kind, &event_id, parcel);
    let key = match (parcel.form, &parcel.statement.fact) {
        (Form::Retraction, Fact::Lead { journey, .. } | Fact::Move { journey, .. }) => writer.lead_id(*journey),
        (Form::Retraction, _) => event_id,
        (_, fact) => writer.fact(fact).unwrap_or(event_id),
    };
    writer.close(begin);
    (kind, key)
}

const fn kind(fact: &Fact) -> EventType {
    match fact {
        Fact::Lead { .. } => EventType::Lead,
        Fact::Move { .. } => EventType::StageChange,
        Fact::Spend { .. } => EventType::Spend,
        Fact::Feedback { .. } => EventType::Feedback,
        Fact::Payment { .. } => EventType::Payment,
        Fact::Target { .. } => EventType::Target,
        Fact::Rep { .. } => EventType::Rep,
    }
}

struct Writer<'a> {
    value: &'a mut Vec<u8>,
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
        self.raw("{\"type\":\"");
        self.raw(name);
        self.raw(if self.has(RejectionCode::MissingField) { "\",\"eventId\":\"" } else { "\",\"event_id\":\"" });
        self.value.extend_from_slice(event_id);
        self.raw("\"");
        if self.has(RejectionCode::InvalidField) {
            self.raw(",\"version\":\"1\"");
        } else if parcel.version > 0 {
            self.raw(",\"version\":");
            self.raw(itoa::Buffer::new().format(parcel.version));
        }
        if parcel.form == Form::Retraction {
            return self.raw(",\"retracted\":true");
        }
        self.occurred_at(kind, &parcel.statement);
    }

    fn occurred_at(&mut self, kind: EventType, statement: &Statement) {
        self.raw(",\"occurred_at\":");
        match (self.fault, kind) {
            (Some(RejectionCode::InvalidTime), _) => self.raw("\"2026/03/01 10:00\""),
            (Some(RejectionCode::InFuture), _) => self.raw("\"2099-12-31T23:59:59Z\""),
            // The ledger and the survey tool count milliseconds, the CRM writes what its wall clock shows.
            (_, EventType::Payment | EventType::Feedback) => self.raw(itoa::Buffer::new().format(statement.at)),
            _ => self.time(statement.at),
        }
    }

    /// Appends what a fact says; answers its `lead_id`, where that is its key.
    fn fact(&mut self, fact: &Fact) -> Option<Uuid> {
        match *fact {
            Fact::Lead { journey, customer, row, channel } => {
                let key = self.lead_id(journey);
                self.customer_id(customer);
                self.credit(row);
                self.channel(channel);
                return Some(key);
            }
            Fact::Move { journey, stage, customer, row, amount, margin, close_at } => {
                let key = self.lead_id(journey);
                let stage = STAGES.get(usize::from(stage)).copied().unwrap_or_default();
                self.text("stage", if self.has(RejectionCode::UnknownStage) { "demo-booked" } else { stage });
                self.customer_id(customer);
                self.credit(row);
                if let Some(amount) = amount {
                    self.amount(amount, true);
                    if let Some(margin) = margin {
                        self.raw(",\"margin\":");
                        self.decimal(margin, true);
                    }
                }
                if let Some(at) = close_at {
                    self.raw(",\"expected_close_at\":");
                    self.time(at);
                }
                return Some(key);
            }
            Fact::Spend { amount, channel, campaign, row } => {
                self.amount(amount, false);
                self.channel(channel);
                if let Some(campaign) = campaign {
                    self.text("campaign", campaign);
                }
                self.credit(row);
            }
            Fact::Feedback { survey, score, scale_max, journey, customer, row } => {
                self.text("survey", survey);
                self.integer("score", score);
                if let Some(scale_max) = scale_max {
                    self.integer("scale_max", scale_max);
                }
                self.about(journey, customer, row);
            }
            Fact::Payment { refund, amount, journey, customer, row } => {
                if refund {
                    self.text("kind", "refund");
                }
                self.amount(amount, true);
                self.about(journey, customer, row);
            }
            Fact::Target { whose, month, months, amount } => self.target(whose, month, months, amount),
            Fact::Rep { person, row, active } => {
                self.credit(row);
                let name = self.context.staff.name(person);
                self.text("name", &name.replace('"', "\\\""));
                if !active {
                    self.raw(",\"active\":false");
                }
            }
        }
        None
    }

    fn about(&mut self, journey: u64, customer: u64, row: u32) {
        self.lead_id(journey);
        self.customer_id(Some(customer));
        self.credit(row);
    }

    fn target(&mut self, whose: Whose, month: i32, months: i32, amount: i64) {
        match whose {
            Whose::Row(row) => {
                self.text("scope", "rep");
                self.credit(row);
            }
            Whose::Team(team) => {
                self.text("scope", "team");
                let id = self.context.staff.teams().get(team as usize).map_or("", |team| team.id.as_str());
                // The id borrows from the staff, not from the buffer.
                field(self.value, "team_id", id);
            }
            Whose::Org => self.text("scope", "org"),
        }
        let (year, place) = (month.div_euclid(12), month.rem_euclid(12));
        let period = match months {
            1 => format!("{year:04}-{:02}", place + 1),
            3 => format!("{year:04}-Q{}", place / 3 + 1),
            _ => format!("{year:04}"),
        };
        self.text("period", &period);
        self.amount(Sum { minor: amount, coin: Coin::Cny }, true);
    }

    /// Ends the record, or cuts it off, or fills it up.
    fn close(&mut self, begin: usize) {
        match self.fault {
            Some(RejectionCode::NotJson) => {
                let length = self.value.len() - begin;
                self.value.truncate(begin + length * 2 / 3);
                return;
            }
            Some(RejectionCode::TooLarge) => {
                self.raw(",\"attachment\":\"");
                self.value.resize(begin + LARGEST_VALUE, b'A');
                self.raw("\"");
            }
            _ => {}
        }
        self.raw("}");
    }

    fn lead_id(&mut self, journey: u64) -> Uuid {
        let id = uuid(Random::of(self.context.seed, Actor::LeadId, journey).id());
        self.raw(",\"lead_id\":\"");
        self.value.extend_from_slice(&id);
        self.raw("\"");
        id
    }

    fn customer_id(&mut self, customer: Option<u64>) {
        let Some(customer) = customer else { return };
        let id = uuid(Random::of(self.context.seed, Actor::CustomerId, customer).id());
        self.raw(",\"customer_id\":\"");
        self.value.extend_from_slice(&id);
        self.raw("\"");
    }

    fn credit(&mut self, row: u32) {
        let (person, team) = self.context.staff.names(row);
        if let Some(person) = person {
            for part in [",\"rep_id\":\"", REP, itoa::Buffer::new().format(rep_number(person)), "\""] {
                self.value.extend_from_slice(part.as_bytes());
            }
        }
        if let Some(team) = team {
            field(self.value, "team_id", team);
        }
    }

    fn channel(&mut self, channel: Option<usize>) {
        if let Some(channel) = channel.and_then(|channel| CHANNELS.get(channel)) {
            self.text("channel", channel.name);
        }
    }

    fn amount(&mut self, sum: Sum, is_text: bool) {
        self.raw(",\"amount\":");
        if self.has(RejectionCode::InvalidAmount) {
            self.raw("\"1,250.00\"");
        } else {
            self.decimal(sum.minor, is_text);
        }
        self.text("currency", if self.has(RejectionCode::UnknownCurrency) { "RMB" } else { sum.coin.code() });
    }

    /// Appends an amount of two fraction digits, as a string or as a number.
    fn decimal(&mut self, minor: i64, is_text: bool) {
        let quote = if is_text { "\"" } else { "" };
        self.raw(quote);
        if minor < 0 {
            self.raw("-");
        }
        let minor = minor.unsigned_abs();
        self.raw(itoa::Buffer::new().format(minor / 100));
        let digit = |number: u64| b'0' + u8::try_from(number % 10).unwrap_or(0);
        self.value.extend_from_slice(&[b'.', digit(minor / 10), digit(minor)]);
        self.raw(quote);
    }

    fn time(&mut self, at: i64) {
        self.raw("\"");
        self.context.days.write(at, self.value);
        self.raw("\"");
    }

    fn integer(&mut self, name: &str, number: i64) {
        Object::resume(self.value).literal(name, itoa::Buffer::new().format(number));
    }

    fn text(&mut self, name: &str, text: &str) {
        field(self.value, name, text);
    }

    fn raw(&mut self, text: &str) {
        self.value.extend_from_slice(text.as_bytes());
    }
}

/// Appends a string field; the text needs no escapes.
fn field(value: &mut Vec<u8>, name: &str, text: &str) {
    Object::resume(value).plain(name, text);
}

/// The text of a UUID of version 4 with these bits.
fn uuid(bits: u128) -> Uuid {
    const VERSION: u128 = 0xf << 76;
    const VARIANT: u128 = 0b11 << 62;
    let bits = (bits & !VERSION & !VARIANT) | (4 << 76) | (0b10 << 62);
    let word = |shift: u32| hexadecimal(u32::try_from((bits >> shift) & u128::from(u32::MAX)).unwrap_or(0));
    let ([a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]) = (word(96), word(64));
    let ([q, r, s, t, u, v, w, x], [y, z, aa, ab, ac, ad, ae, af]) = (word(32), word(0));
    let dash = b'-';
    [
        a, b, c, d, e, f, g, h, dash, i, j, k, l, dash, m, n, o, p, dash, q, r, s, t, dash, u, v, w, x, y, z, aa, ab,
        ac, ad, ae, af,
    ]
}

/// The eight lower-case digits of a word, all at once: each nibble gets a byte of its own, and those above nine
/// are moved on to the letters.
fn hexadecimal(word: u32) -> [u8; 8] {
    let mut nibbles = u64::from(word);
    nibbles = ((nibbles << 16) | nibbles) & 0x0000_ffff_0000_ffff;
    nibbles = ((nibbles << 8) | nibbles) & 0x00ff_00ff_00ff_00ff;
    nibbles = ((nibbles << 4) | nibbles) & 0x0f0f_0f0f_0f0f_0f0f;
    let letters = ((nibbles + 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101;
    (nibbles + 0x3030_3030_3030_3030 + letters * 0x27).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_of_version_4() {
        let text = |bits| String::from_utf8(uuid(bits).to_vec()).unwrap();
        assert_eq!(text(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(text(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(text(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef), "01234567-89ab-4def-8123-456789abcdef");
    }
}
