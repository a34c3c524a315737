//! How much memory takes what is remembered.

use salespulse::connect::json::Json;
use salespulse::connect::memory::Memory;
use salespulse::contract::encode::{Draft, FieldValue};
use salespulse::model::event::EventType;
use salespulse::model::time::{MINUTE, Time};

use crate::dice::Dice;

/// How many records of each kind a test run remembers; `SALESPULSE_CRM_REMEMBERED` says another number.
const RECORDS: usize = 5_000;
/// What is held in advance: a chunk that is not full yet, and the lists of chunks.
const ADVANCE: usize = 270_000;
/// What a record takes beside its entry: its key and its place.
const BESIDE: usize = 45;
const START: i64 = 1_767_571_200_000;

/// How many records of each kind are remembered.
pub(crate) fn records() -> usize {
    let wanted = std::env::var("SALESPULSE_CRM_REMEMBERED").ok().and_then(|records| records.parse().ok());
    wanted.unwrap_or(RECORDS)
}

/// Records begin one after the other in a year.
fn began(number: usize) -> i64 {
    START + i64::try_from(number * 365 * 86_400 / records()).expect("a year") * 1_000
}

/// Milliseconds of whole seconds, within so many days.
fn seconds(days: usize, dice: &mut Dice) -> i64 {
    dice.millis(days * 86_400) * 1_000
}

/// The ids of a vendor.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ids {
    /// Nineteen digits: those of one organisation begin alike.
    Zoho,
    /// Twenty-four hexadecimal digits.
    ShareCrm,
    /// Eleven digits, and an instant for each stage.
    HubSpot,
}

impl Ids {
    fn id(self, number: usize, at: i64) -> String {
        match self {
            // An organisation numbers all that it writes, some forty a second.
            Ids::Zoho => format!("67568390{:011}", (at - START) / 25 + i64::try_from(number % 40).expect("few")),
            Ids::ShareCrm => format!("{:08x}{:016x}", at / 1_000, number.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            Ids::HubSpot => (11_000_000_000 + number * 13).to_string(),
        }
    }

    fn fact(self, deal: &str, number: usize, at: i64) -> String {
        match self {
            Ids::Zoho => format!("deal:{deal}:{}", self.id(number, at)),
            Ids::ShareCrm => format!("deal:{deal}:{at}:1"),
            Ids::HubSpot => format!("deal:{deal}:{at}"),
        }
    }

    fn current(self, deal: &str, number: usize, at: i64) -> Option<Json> {
        match self {
            Ids::Zoho => Some(Json::object([
                ("id", Json::text_of(self.id(number, at))),
                ("Stage", Json::text_of("Negotiation/Review")),
                ("Modified_Time", Json::text_of(Time::from_millis(at).to_string().replace(".000Z", "+00:00"))),
            ])),
            Ids::ShareCrm => Some(Json::object([
                ("since", Json::number_of(at)),
                ("status", Json::text_of("1")),
                ("id", Json::text_of(self.fact(deal, number, at))),
            ])),
            Ids::HubSpot => None,
        }
    }
}

fn draft(kind: EventType, fields: &[(&str, &str)], version: i64) -> Draft {
    let mut draft = Draft::new(kind);
    fields.iter().for_each(|(name, value)| draft.set(name, FieldValue::Text((*value).to_owned())));
    draft.set_version(u64::try_from(version).expect("a version"));
    draft
}

/// Remembers a deal with so many stages; its key.
pub(crate) fn remember_deal(memory: &mut Memory, ids: Ids, number: usize, stages: usize, dice: &mut Dice) -> String {
    let mut at = began(number);
    let (lead, deal) = (ids.id(2 * number, at), ids.id(2 * number + 1, at + MINUTE));
    let key = format!("deal/{deal}");
    let (rep, mut drafts, mut last) = (ids.id(number % 50, START), Vec::new(), at);
    for stage in 0..stages {
        last = at;
        let id = ids.fact(&deal, number + stage, at);
        let fields = [("event_id", id.as_str()), ("lead_id", &lead), ("rep_id", &rep), ("team_id", "华东一部")];
        drafts.push(draft(EventType::StageChange, &fields, 2 * at + i64::from(stage + 1 == stages)));
        at += seconds(20, dice);
    }
    let object = memory.object_mut(&key);
    assert_eq!(object.tell(drafts).len(), stages);
    object.lead = Some(lead);
    object.modified = last;
    object.current = ids.current(&deal, number + stages - 1, last);
    key
}

fn remember_lead(memory: &mut Memory, ids: Ids, number: usize) -> String {
    let at = began(number);
    let (lead, rep) = (ids.id(2 * number, at), ids.id(number % 50, START));
    let (key, id) = (format!("lead/{lead}"), format!("lead:{lead}"));
    let fields = [("event_id", id.as_str()), ("lead_id", &lead), ("rep_id", &rep), ("team_id", "华东一部")];
    let object = memory.object_mut(&key);
    object.tell(vec![draft(EventType::Lead, &fields, 2 * at)]);
    object.modified = at;
    object.current = Some(Json::object([("deal", Json::text_of(ids.id(2 * number + 1, at + MINUTE)))]));
    key
}

/// Bytes for each record: `most` in the state topic, and in memory those and its key and place.
#[expect(clippy::print_stderr, reason = "whoever runs it with another number wants to see the figures")]
fn measured(what: &str, most: usize, mut remember: impl FnMut(&mut Memory, usize, &mut Dice) -> String) {
    let (mut memory, mut dice, records) = (Memory::default(), Dice::new(7), records());
    let mut entries = 0;
    for number in 0..records {
        let key = remember(&mut memory, number, &mut dice);
        entries += memory.changed_entry(&key).expect("it is new").len();
    }
    assert_eq!(memory.len(), records, "{what}");
    let bytes = memory.packed_bytes();
    eprintln!("{what}: {} bytes in memory, {} in the state topic", bytes / records, entries / records);
    assert!(entries <= most * records, "{what}: {} bytes in the state topic", entries / records);
    assert!(bytes <= entries + BESIDE * records + ADVANCE, "{what}: {} bytes in memory", bytes / records);
    assert!(bytes <= 200 * records + ADVANCE, "{what}: {} bytes in memory", bytes / records);
}

/// A million of the largest take less than 200 MB.
pub(crate) fn try_remembered() {
    for (ids, five, one, lead) in [(Ids::Zoho, 170, 85, 55), (Ids::ShareCrm, 158, 82, 70), (Ids::HubSpot, 121, 50, 50)]
    {
        let of = |what: &str| format!("{ids:?}, {what}");
        measured(&of("a deal of five stages"), five, |memory, number, dice| {
            remember_deal(memory, ids, number, 5, dice)
        });
        measured(&of("a deal of one stage"), one, |memory, number, dice| remember_deal(memory, ids, number, 1, dice));
        measured(&of("a lead"), lead, |memory, number, _| remember_lead(memory, ids, number));
    }
}
