//! The byte form of a journey: everything that is remembered of it, without gaps.
//!
//! A journey with a lead, four stage changes and UUIDs takes some 220 bytes; structures with pointers would take
//! several times as many, each step somewhere else in memory.

use super::Journey;
use crate::engine::directory::{ChannelId, RowId};
use crate::engine::entry::{Stamp, Step, StepKind, Version};
use crate::engine::facts::KnownStep;
use crate::engine::shard::bytes::{Reader, Writer};
use crate::model::event::Stage;
use crate::model::id::Id;
use crate::model::money::{Currency, Money};
use crate::model::time::{DAY, Time};

// What a step has beside its id, hash, time and kind.
const IS_MOVE: u8 = 1;
const IS_RETRACTED: u8 = 1 << 1;
const HAS_CUSTOMER: u8 = 1 << 2;
const HAS_AMOUNT: u8 = 1 << 3;
const HAS_MARGIN: u8 = 1 << 4;
/// It is a correction, or its record came on a later day than it happened: then the version and the days follow.
const IS_UNUSUAL: u8 = 1 << 5;
/// Its id is a UUID, so that nothing need say how long it is.
const HAS_UUID: u8 = 1 << 6;
/// Its money is not in the reporting currency, so the converted amounts follow.
const IS_CONVERTED: u8 = 1 << 7;

const LOST: u8 = u8::MAX - 1;
const VOID: u8 = u8::MAX;

/// Appends the byte form of a journey.
pub(super) fn pack(journey: &Journey, writer: &mut Writer) {
    writer.id(&journey.lead_id);
    writer.number(journey.steps.len() as u64);
    let mut before = 0;
    for step in &journey.steps {
        before = pack_step(step, before, writer);
    }
}

/// Reads only whose journey it is.
pub(super) fn lead_id(bytes: &[u8]) -> Option<Id> {
    Reader(bytes).id()
}

/// Whether these are the bytes of this journey.
pub(super) fn is_of(bytes: &[u8], lead_id: &Id) -> bool {
    Reader(bytes).is_id(lead_id)
}

/// Reads a journey into `journey`, whose memory is used again. `None` if these are not the bytes of a journey.
pub(super) fn unpack(bytes: &[u8], journey: &mut Journey) -> Option<()> {
    let mut reader = Reader(bytes);
    journey.steps.clear();
    journey.lead_id = reader.id()?;
    let mut before = 0;
    for _ in 0..reader.number()? {
        let step = unpack_step(&mut reader, before)?;
        before = step.version.stamp.occurred_at.millis();
        journey.steps.push(step);
    }
    Some(())
}

/// Appends a step whose time is told from the time of the one before; answers its time.
fn pack_step(step: &KnownStep, before: i64, writer: &mut Writer) -> i64 {
    let Version { stamp, remembered, content, .. } = &step.version;
    let longer = day(*remembered).saturating_sub(day(stamp.occurred_at)).max(0);
    let (is_unusual, uuid) = (stamp.version != 0 || longer > 0, step.event_id.uuid());
    let (amount, margin) = match content.as_ref().map(|content| content.kind) {
        Some(StepKind::Move { amount, margin, .. }) => (amount, margin),
        _ => (None, None),
    };
    let converted = [amount, margin].into_iter().flatten().any(|money| money.minor != money.reporting_minor);
    let flag = |bit: u8, is_set: bool| if is_set { bit } else { 0 };
    let flags = flag(IS_MOVE, step.is_move)
        | flag(IS_RETRACTED, content.is_none())
        | flag(HAS_CUSTOMER, content.as_ref().is_some_and(|content| content.customer.is_some()))
        | flag(HAS_AMOUNT, amount.is_some())
        | flag(HAS_MARGIN, margin.is_some())
        | flag(IS_UNUSUAL, is_unusual)
        | flag(HAS_UUID, uuid.is_some())
        | flag(IS_CONVERTED, converted);
    writer.byte(flags);
    match uuid {
        Some(uuid) => writer.0.extend_from_slice(&uuid),
        None => writer.id(&step.event_id),
    }
    writer.word(stamp.hash);
    let at = stamp.occurred_at.millis();
    writer.signed(at.wrapping_sub(before));
    if is_unusual {
        writer.number(stamp.version);
        writer.signed(longer);
    }
    if let Some(content) = content {
        pack_content(content, amount, margin, converted, writer);
    }
    at
}

fn pack_content(content: &Step, amount: Option<Money>, margin: Option<Money>, converted: bool, writer: &mut Writer) {
    writer.number(content.row.number().into());
    if let Some(customer) = &content.customer {
        writer.id(customer);
    }
    match content.kind {
        StepKind::Lead(channel) => writer.number(channel.number().into()),
        StepKind::Move { stage, .. } => writer.byte(match stage {
            Stage::Step(index) => index,
            Stage::Lost => LOST,
            Stage::Void => VOID,
        }),
    }
    if let Some(money) = amount.or(margin) {
        // A record has one currency.
        writer.byte(money.currency.place());
    }
    for money in [amount, margin].into_iter().flatten() {
        writer.signed(money.minor);
        if converted {
            writer.signed(money.reporting_minor);
        }
    }
}

fn unpack_step(reader: &mut Reader<'_>, before: i64) -> Option<KnownStep> {
    let flags = reader.byte()?;
    let has = |bit: u8| flags & bit != 0;
    let event_id = if has(HAS_UUID) { reader.uuid()? } else { reader.id()? };
    let hash = reader.word()?;
    let occurred_at = Time::from_millis(before.wrapping_add(reader.signed()?));
    let (version, longer) = if has(IS_UNUSUAL) { (reader.number()?, reader.signed()?) } else { (0, 0) };
    // The horizon is the start of a day, so the day is all that matters.
    let remembered = match longer {
        0 => occurred_at,
        longer => Time::from_millis(day(occurred_at).checked_add(longer)?.checked_mul(DAY)?),
    };
    let content = if has(IS_RETRACTED) { None } else { Some(unpack_content(reader, flags)?) };
    let stamp = Stamp { version, hash, occurred_at };
    let version = Version { stamp, dated: occurred_at, remembered, content };
    Some(KnownStep { event_id, is_move: has(IS_MOVE), version })
}

fn unpack_content(reader: &mut Reader<'_>, flags: u8) -> Option<Step> {
    let has = |bit: u8| flags & bit != 0;
    let row = RowId::from_number(u32::try_from(reader.number()?).ok()?);
    let customer = if has(HAS_CUSTOMER) { Some(reader.id()?) } else { None };
    if !has(IS_MOVE) {
        let channel = ChannelId::from_number(u32::try_from(reader.number()?).ok()?);
        return Some(Step { row, customer, kind: StepKind::Lead(channel) });
    }
    let stage = match reader.byte()? {
        LOST => Stage::Lost,
        VOID => Stage::Void,
        index => Stage::Step(index),
    };
    let currency = if has(HAS_AMOUNT | HAS_MARGIN) { Some(Currency::from_place(reader.byte()?)?) } else { None };
    let mut money = |is_there: bool| {
        let Some(currency) = currency.filter(|_| is_there) else { return Some(None) };
        let minor = reader.signed()?;
        let reporting_minor = if has(IS_CONVERTED) { reader.signed()? } else { minor };
        Some(Some(Money { minor, currency, reporting_minor }))
    };
    let amount = money(has(HAS_AMOUNT))?;
    let margin = money(has(HAS_MARGIN))?;
    Some(Step { row, customer, kind: StepKind::Move { stage, amount, margin } })
}

/// The UTC day of an instant.
fn day(time: Time) -> i64 {
    time.millis().div_euclid(DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id() -> impl Strategy<Value = Id> {
        prop_oneof![
            any::<u128>().prop_map(|bits| Id::from_uuid(bits.to_le_bytes())),
            "[a-z王:]{1,40}".prop_map(|text| Id::new(&text)),
            Just(Id::new(&"x".repeat(128))),
        ]
    }

    fn money(place: u8) -> impl Strategy<Value = Option<Money>> {
        let currency = Currency::from_place(place).unwrap();
        proptest::option::of((any::<i64>(), any::<i64>(), any::<bool>())).prop_map(move |money| {
            let (minor, other, same) = money?;
            Some(Money { minor, currency, reporting_minor: if same { minor } else { other } })
        })
    }

    fn kind() -> impl Strategy<Value = StepKind> {
        let stage = prop_oneof![Just(Stage::Lost), Just(Stage::Void), (1_u8..63).prop_map(Stage::Step)];
        let money = (0_u8..165).prop_flat_map(|place| (money(place), money(place)));
        prop_oneof![
            any::<u32>().prop_map(|channel| StepKind::Lead(ChannelId::from_number(channel))),
            (stage, money).prop_map(|(stage, (amount, margin))| StepKind::Move { stage, amount, margin }),
        ]
    }

    fn step() -> impl Strategy<Value = KnownStep> {
        let content = (any::<u32>(), proptest::option::of(id()), kind());
        let stamp = (prop_oneof![Just(0), any::<u64>()], any::<u64>(), -70_000_000_000_000_i64..260_000_000_000_000);
        (id(), any::<bool>(), stamp, 0_i64..40, content).prop_map(|(event_id, retracted, stamp, longer, content)| {
            let (version, hash, at) = stamp;
            let occurred_at = Time::from_millis(at);
            let (row, customer, kind) = content;
            let is_move = matches!(kind, StepKind::Move { .. });
            let remembered = if longer == 0 { occurred_at } else { occurred_at.floor(DAY).plus(longer * DAY) };
            let content = (!retracted).then_some(Step { row: RowId::from_number(row), customer, kind });
            let stamp = Stamp { version, hash, occurred_at };
            KnownStep { event_id, is_move, version: Version { stamp, dated: occurred_at, remembered, content } }
        })
    }

    proptest! {
        #[test]
        fn a_journey_comes_back_from_its_bytes(lead_id in id(), steps in proptest::collection::vec(step(), 0..6)) {
            let journey = Journey { lead_id, steps };
            let mut writer = Writer::default();
            pack(&journey, &mut writer);
            let mut back = Journey::default();
            prop_assert!(unpack(&writer.0, &mut back).is_some());
            prop_assert_eq!(format!("{journey:?}"), format!("{back:?}"));
            // Cut anywhere, it is refused and nothing panics.
            for length in 0..writer.0.len() {
                prop_assert!(unpack(&writer.0[..length], &mut back).is_none());
            }
        }
    }
}
