//! The byte form of a journey: everything that is remembered of it, without gaps.
//!
//! A journey with a lead, four stage changes and UUIDs takes some 220 bytes; structures with pointers would take
//! several times as many, each step somewhere else in memory.
//!
//! Snapshots hold the same bytes. What a step has beside the fields of [`VERSION`] goes into its additional fields: older
//! releases then read every snapshot that has none of them, and say so where one has. Only another order or meaning of what
//! is there already is another version, and the form before stays readable.

mod ids;

pub(super) use self::ids::Finding;
use self::ids::{All, Ids};
use super::Journey;
use crate::engine::directory::{ChannelId, NameId, RowId, SpokenId};
use crate::engine::entry::{KnownStep, Move, Share, Stamp, Step, StepKind, Version};
use crate::engine::shard::bytes::{Broken, Reader, UUID_BYTES, Writer};
use crate::engine::shard::currencies::Currencies;
use crate::model::event::MOST_SPLITS;
use crate::model::id::Id;
use crate::model::money::Money;
use crate::model::time::{DAY, Time};

/// The version of this form. Until version 2 a move had the place of its stage among those of its writer, or one of the two
/// numbers beside them. In version 1 a step had no further flags: where one was set, the version and the days followed.
pub(in crate::engine::shard) const VERSION: u8 = 3;
/// The last version in which a move had the place of its stage.
pub(in crate::engine::shard) const LAST_WITH_PLACES: u8 = 2;

/// No step takes fewer bytes: its flags, the length of its id, its hash and its time.
const LEAST_STEP: usize = 11;

// What a step has beside its id, hash, time and kind.
const IS_MOVE: u8 = 1;
const IS_RETRACTED: u8 = 1 << 1;
const HAS_CUSTOMER: u8 = 1 << 2;
const HAS_AMOUNT: u8 = 1 << 3;
const HAS_MARGIN: u8 = 1 << 4;
/// Further flags follow its time.
const HAS_FURTHER: u8 = 1 << 5;
/// Its id is a UUID, so that nothing need say how long it is.
const HAS_UUID: u8 = 1 << 6;
/// Its money is not in the reporting currency, so the converted amounts follow.
const IS_CONVERTED: u8 = 1 << 7;

// Further flags.
/// It is a correction: its version follows.
const IS_CORRECTION: u64 = 1;
/// Its record came on a later day than it happened: the days between follow.
const CAME_LATER: u64 = 1 << 1;
/// Additional fields follow all else.
const HAS_FIELDS: u64 = 1 << 2;
/// All of them.
const FURTHER: u64 = IS_CORRECTION | CAME_LATER | HAS_FIELDS;

/// The places of `lost` and `void` in versions that have places.
pub(in crate::engine::shard) const LOST: u8 = u8::MAX - 1;
pub(in crate::engine::shard) const VOID: u8 = u8::MAX;

// Additional fields, which few steps have.
/// Its sequence.
const SEQUENCE: u32 = 1;
/// The pipeline that a lead names.
const PIPELINE: u32 = 2;
/// When the deal is expected to close, from the step's time.
const EXPECTED_CLOSE: u32 = 3;
/// Why the deal is lost.
const LOST_REASON: u32 = 4;
/// The channel of a journey without a lead.
const CHANNEL: u32 = 5;
/// The first contact of a journey without a lead, from the step's time.
const STARTED: u32 = 6;
/// Who shares the deal's money: rows and shares until the end.
const SPLITS: u32 = 7;

/// Appends the byte form of a journey.
pub(super) fn pack(journey: &Journey, writer: &mut Writer) {
    writer.id(&journey.lead_id);
    writer.number(journey.steps.len() as u64);
    let mut before = 0;
    for step in &journey.steps {
        before = pack_step(step, before, writer);
    }
}

/// Appends the byte form of a journey that has one more step, after those in `bytes`, from which it was opened. `None` if it
/// cannot be made of them; something may have been appended then.
pub(super) fn append(bytes: &[u8], journey: &Journey, writer: &mut Writer) -> Option<()> {
    let [.., before, step] = &*journey.steps else { return None };
    let mut reader = Reader(bytes);
    reader.skip_id().ok()?;
    // A number of so few steps is one byte, and so was the one before.
    let (Ok(count @ ..0x80), head) = (u8::try_from(journey.steps.len()), bytes.len() - reader.0.len()) else {
        return None;
    };
    writer.0.extend_from_slice(bytes.get(..journey.packed)?);
    *writer.0.get_mut(head)? = count;
    pack_step(step, before.version.stamp.occurred_at.millis(), writer);
    Some(())
}

/// Reads only whose journey it is.
pub(super) fn lead_id(bytes: &[u8]) -> Option<Id> {
    Reader(bytes).id().ok()
}

/// Whether these are the bytes of this journey.
pub(super) fn is_of(bytes: &[u8], lead_id: &Id) -> bool {
    Reader(bytes).is_id(lead_id)
}

/// When the first step happened and who is credited with it; `None` where a look does not say so.
pub(super) fn beginning(bytes: &[u8]) -> Option<(Time, RowId)> {
    let read = |mut reader: Reader<'_>| {
        reader.skip_id()?;
        let _ = reader.number()?;
        let flags = reader.byte()?;
        if flags & (IS_RETRACTED | HAS_FURTHER) != 0 {
            return Err(Broken::Damaged);
        }
        if flags & HAS_UUID != 0 {
            reader.take(UUID_BYTES).map(drop)?
        } else {
            reader.skip_id()?
        };
        let _ = reader.word()?;
        Ok((Time::from_millis(reader.signed()?), RowId::from_number(reader.small()?)))
    };
    read(Reader(bytes)).ok()
}

/// Reads a journey in a version of this form into `journey`, whose memory is used again.
pub(super) fn unpack(bytes: &[u8], version: u8, currencies: &Currencies, journey: &mut Journey) -> Result<(), Broken> {
    journey.lead_id = Reader(bytes).id()?;
    unpack_steps(bytes, version, currencies, &mut All, journey)
}

/// Reads the steps of a journey of this version, and finds a step among them, without the ids of their events.
pub(super) fn unpack_finding(bytes: &[u8], finding: &mut Finding<'_>, journey: &mut Journey) -> Result<(), Broken> {
    unpack_steps(bytes, VERSION, &Currencies::OWN, finding, journey)
}

fn unpack_steps(
    bytes: &[u8],
    version: u8,
    currencies: &Currencies,
    ids: &mut impl Ids,
    journey: &mut Journey,
) -> Result<(), Broken> {
    let mut reader = Reader(bytes);
    reader.skip_id()?;
    let most = bytes.len() / LEAST_STEP;
    let count = usize::try_from(reader.number()?).ok().filter(|count| *count <= most).ok_or(Broken::Damaged)?;
    journey.steps.resize_with(count, KnownStep::default);
    let mut before = 0;
    for step in &mut journey.steps {
        unpack_step(&mut reader, before, version, currencies, ids, step)?;
        before = step.version.stamp.occurred_at.millis();
    }
    journey.packed = bytes.len() - reader.0.len();
    Ok(())
}

/// Appends a step whose time is told from the time of the one before; answers its time.
fn pack_step(step: &KnownStep, before: i64, writer: &mut Writer) -> i64 {
    let Version { stamp, remembered, content, .. } = &step.version;
    let longer = day(*remembered).saturating_sub(day(stamp.occurred_at)).max(0);
    let further = |flag: u64, is_set: bool| if is_set { flag } else { 0 };
    let at = stamp.occurred_at;
    let fields = content.as_ref().map_or_else(Writer::default, |content| fields(content, at));
    let further = further(IS_CORRECTION, stamp.version != 0)
        | further(CAME_LATER, longer > 0)
        | further(HAS_FIELDS, !fields.0.is_empty());
    let uuid = step.event_id.uuid();
    let (amount, margin) = match content.as_ref().map(|content| &content.kind) {
        Some(StepKind::Move(moved)) => (moved.amount, moved.margin),
        _ => (None, None),
    };
    let converted = [amount, margin].into_iter().flatten().any(|money| money.minor != money.reporting_minor);
    let flag = |bit: u8, is_set: bool| if is_set { bit } else { 0 };
    let flags = flag(IS_MOVE, step.is_move)
        | flag(IS_RETRACTED, content.is_none())
        | flag(HAS_CUSTOMER, content.as_ref().is_some_and(|content| content.customer.is_some()))
        | flag(HAS_AMOUNT, amount.is_some())
        | flag(HAS_MARGIN, margin.is_some())
        | flag(HAS_FURTHER, further != 0)
        | flag(HAS_UUID, uuid.is_some())
        | flag(IS_CONVERTED, converted);
    writer.byte(flags);
    match uuid {
        Some(uuid) => writer.0.extend_from_slice(&uuid),
        None => writer.id(&step.event_id),
    }
    writer.word(stamp.hash);
    let at = at.millis();
    writer.signed(at.wrapping_sub(before));
    if further != 0 {
        writer.number(further);
    }
    if further & IS_CORRECTION != 0 {
        writer.number(stamp.version);
    }
    if further & CAME_LATER != 0 {
        writer.signed(longer);
    }
    if let Some(content) = content {
        pack_content(content, amount, margin, converted, writer);
    }
    if further & HAS_FIELDS != 0 {
        writer.bytes(&fields.0);
    }
    at
}

/// What a step has that few have.
fn fields(content: &Step, at: Time) -> Writer {
    let mut fields = Writer::default();
    let mut add = |field: u32, write: &dyn Fn(&mut Writer)| {
        let mut value = Writer::default();
        write(&mut value);
        fields.number(field.into());
        fields.bytes(&value.0);
    };
    let since = |time: Time| time.since(at);
    if content.sequence != 0 {
        add(SEQUENCE, &|value| value.number(content.sequence.into()));
    }
    let rare = match &content.kind {
        StepKind::Lead { pipeline, .. } => {
            pipeline.iter().for_each(|named| add(PIPELINE, &|value| value.number(named.number().into())));
            None
        }
        StepKind::Move(moved) => moved.rare.as_deref(),
    };
    let Some(rare) = rare else { return fields };
    rare.expected_close_at.iter().for_each(|time| add(EXPECTED_CLOSE, &|value| value.signed(since(*time))));
    rare.lost_reason.iter().for_each(|reason| add(LOST_REASON, &|value| value.number(reason.number().into())));
    rare.channel.iter().for_each(|channel| add(CHANNEL, &|value| value.number(channel.number().into())));
    rare.started_at.iter().for_each(|time| add(STARTED, &|value| value.signed(since(*time))));
    if !rare.splits.is_empty() {
        add(SPLITS, &|value| {
            for share in &*rare.splits {
                value.number(share.row.number().into());
                value.number(share.parts.into());
            }
        });
    }
    fields
}

/// Reads an additional field of a step; false if there is no such field.
fn read_field(content: &mut Step, at: Time, field: u32, mut value: Reader<'_>) -> Result<bool, Broken> {
    let later = |millis: i64| at.millis().checked_add(millis).map(Time::from_millis).ok_or(Broken::Damaged);
    match (field, &mut content.kind) {
        (SEQUENCE, _) => content.sequence = value.small()?,
        (PIPELINE, StepKind::Lead { pipeline, .. }) => *pipeline = Some(SpokenId::from_number(value.small()?)),
        (EXPECTED_CLOSE | LOST_REASON | CHANNEL | STARTED | SPLITS, StepKind::Move(moved)) => {
            let rare = moved.rare.get_or_insert_default();
            match field {
                EXPECTED_CLOSE => rare.expected_close_at = Some(later(value.signed()?)?),
                LOST_REASON => rare.lost_reason = Some(NameId::from_number(value.small()?)),
                CHANNEL => rare.channel = Some(ChannelId::from_number(value.small()?)),
                STARTED => rare.started_at = Some(later(value.signed()?)?),
                _ => {
                    let mut splits = Vec::new();
                    while !value.0.is_empty() && splits.len() < MOST_SPLITS {
                        let row = RowId::from_number(value.small()?);
                        splits.push(Share { row, parts: value.small()? });
                    }
                    rare.splits = splits.into();
                }
            }
        }
        _ => return Ok(false),
    }
    if value.0.is_empty() { Ok(true) } else { Err(Broken::Damaged) }
}

fn pack_content(content: &Step, amount: Option<Money>, margin: Option<Money>, converted: bool, writer: &mut Writer) {
    writer.number(content.row.number().into());
    if let Some(customer) = &content.customer {
        writer.id(customer);
    }
    match &content.kind {
        StepKind::Lead { channel, .. } => writer.number(channel.number().into()),
        StepKind::Move(moved) => writer.number(moved.spoken.number().into()),
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

/// Reads a step in its place: it is large to be moved.
fn unpack_step(
    reader: &mut Reader<'_>,
    before: i64,
    version: u8,
    currencies: &Currencies,
    ids: &mut impl Ids,
    step: &mut KnownStep,
) -> Result<(), Broken> {
    let flags = reader.byte()?;
    let has = |bit: u8| flags & bit != 0;
    step.is_move = has(IS_MOVE);
    step.event_id = ids.event(reader, step.is_move, has(HAS_UUID))?;
    let hash = reader.word()?;
    let occurred_at = Time::from_millis(before.wrapping_add(reader.signed()?));
    let further = match version {
        _ if !has(HAS_FURTHER) => 0,
        1 => IS_CORRECTION | CAME_LATER,
        _ => reader.number()?,
    };
    let also = |bit: u64| further & bit != 0;
    let correction = if also(IS_CORRECTION) { reader.number()? } else { 0 };
    let longer = if also(CAME_LATER) { reader.signed()? } else { 0 };
    let known = &mut step.version;
    known.stamp = Stamp { version: correction, hash, occurred_at };
    known.dated = occurred_at;
    known.remembered = remembered(occurred_at, longer).filter(|_| !also(!FURTHER)).ok_or(Broken::Damaged)?;
    known.content = match has(IS_RETRACTED) {
        true => None,
        false => Some(unpack_content(reader, flags, version, currencies, ids)?),
    };
    if also(HAS_FIELDS) {
        reader.fields(|field, value| match &mut known.content {
            Some(content) if version > LAST_WITH_PLACES => read_field(content, occurred_at, field, value),
            _ => Ok(false),
        })?;
    }
    Ok(())
}

/// Until when a step is remembered whose record came so many days later. The horizon is the start of a day, so the day is
/// all that matters.
fn remembered(occurred_at: Time, longer: i64) -> Option<Time> {
    match longer {
        0 => Some(occurred_at),
        longer => Some(Time::from_millis(day(occurred_at).checked_add(longer)?.checked_mul(DAY)?)),
    }
}

fn unpack_content(
    reader: &mut Reader<'_>,
    flags: u8,
    version: u8,
    currencies: &Currencies,
    ids: &mut impl Ids,
) -> Result<Step, Broken> {
    let has = |bit: u8| flags & bit != 0;
    let row = RowId::from_number(reader.small()?);
    let customer = if has(HAS_CUSTOMER) { ids.customer(reader)? } else { None };
    if !has(IS_MOVE) {
        let channel = ChannelId::from_number(reader.small()?);
        return Ok(Step { row, sequence: 0, customer, kind: StepKind::Lead { channel, pipeline: None } });
    }
    let spoken = if version > LAST_WITH_PLACES { reader.small()? } else { reader.byte()?.into() };
    let currency = if has(HAS_AMOUNT | HAS_MARGIN) { Some(currencies.at(reader.byte()?)?) } else { None };
    let mut money = |is_there: bool| {
        let Some(currency) = currency.filter(|_| is_there) else { return Ok(None) };
        let minor = reader.signed()?;
        let reporting_minor = if has(IS_CONVERTED) { reader.signed()? } else { minor };
        Ok(Some(Money { minor, currency, reporting_minor }))
    };
    let amount = money(has(HAS_AMOUNT))?;
    let margin = money(has(HAS_MARGIN))?;
    let spoken = SpokenId::from_number(spoken);
    Ok(Step { row, sequence: 0, customer, kind: StepKind::Move(Move { spoken, amount, margin, rare: None }) })
}

/// The UTC day of an instant.
fn day(time: Time) -> i64 {
    time.millis().div_euclid(DAY)
}

#[cfg(test)]
mod tests;
