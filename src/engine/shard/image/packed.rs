//! The byte form of facts that stand alone, of targets and of the roster.
//!
//! What exists ends with its additional fields. A new one needs no other version: older releases read every image that has
//! none of it, and say so where one has.

use super::translation::{Translation, Unusable, believe};
use crate::engine::entry::{RosterFact, Single, SingleKind, Stamp, TargetFact, TargetOf, Version, target_dated};
use crate::engine::shard::bytes::{Broken, Reader, Writer};
use crate::model::event::{EventType, Goal, Measure, Period, PeriodPart, Score};
use crate::model::id::Id;
use crate::model::money::Money;
use crate::model::rules::Rules;
use crate::model::time::Time;

/// The version of these forms. In version 1 there was no room for additional fields.
pub(super) const VERSION: u8 = 2;

/// The additional field of what stands alone: the journey whose owner is credited.
const DEAL: u32 = 1;

const RETRACTED: u8 = 0;
const EXISTS: u8 = 1;

const SPEND: u8 = 1;
const PAYMENT: u8 = 2;
const REFUND: u8 = 3;
const CSAT: u8 = 4;
const NPS: u8 = 5;
const CES: u8 = 6;

const OF_ROW: u8 = 1;
const OF_TEAM: u8 = 2;
const OF_ORG: u8 = 3;
const OF_REGION: u8 = 4;

const MONTH: u8 = 1;
const QUARTER: u8 = 2;
const YEAR: u8 = 3;
const HALF: u8 = 4;
const WEEK: u8 = 5;

/// The numbers of measures, from 1.
const MEASURES: [Measure; 5] =
    [Measure::Revenue, Measure::Payments, Measure::Won, Measure::Leads, Measure::NewCustomers];

pub(super) fn pack_single(((kind, id), version): &((EventType, Id), Version<Single>), writer: &mut Writer) {
    writer.byte(type_number(*kind));
    pack_version(id, version, writer, fields_of_single, |single, writer| {
        writer.number(single.row.number().into());
        writer.number(single.channel.map_or(0, |channel| u64::from(channel.number()) + 1));
        match single.kind {
            SingleKind::Spend(money) => pack_money(SPEND, money, writer),
            SingleKind::Payment(money) => pack_money(PAYMENT, money, writer),
            SingleKind::Refund(money) => pack_money(REFUND, money, writer),
            SingleKind::Feedback(Score::Csat { score, scale_max }) => {
                writer.0.extend_from_slice(&[CSAT, score, scale_max]);
            }
            SingleKind::Feedback(Score::Nps(score)) => writer.0.extend_from_slice(&[NPS, score]),
            SingleKind::Feedback(Score::Ces(score)) => writer.0.extend_from_slice(&[CES, score]),
        }
    });
}

pub(super) fn unpack_single(
    reader: &mut Reader<'_>,
    translation: &Translation,
    rules: &Rules,
    form: u8,
) -> Result<((EventType, Id), Version<Single>), Unusable> {
    let kind = type_of(reader.byte()?).ok_or(Unusable::Damaged)?;
    let content = |reader: &mut Reader<'_>, at| {
        let row = translation.row(reader.small()?)?;
        let channel = match reader.small()? {
            0 => None,
            number => Some(translation.channel(number - 1)?),
        };
        let kind = match reader.byte()? {
            SPEND => SingleKind::Spend(unpack_money(reader, at, translation, rules)?),
            PAYMENT => SingleKind::Payment(unpack_money(reader, at, translation, rules)?),
            REFUND => SingleKind::Refund(unpack_money(reader, at, translation, rules)?),
            score => SingleKind::Feedback(unpack_score(score, reader)?),
        };
        Ok(Single { row, channel, kind, deal: None })
    };
    let (id, version) = unpack_version(reader, form, content, |single, field, mut value| {
        if field == DEAL {
            single.deal = Some(Box::new(value.id()?));
        }
        Ok(field == DEAL)
    })?;
    Ok(((kind, id), dated(version, |_| None)))
}

fn unpack_score(kind: u8, reader: &mut Reader<'_>) -> Result<Score, Broken> {
    match kind {
        CSAT => Ok(Score::Csat { score: reader.byte()?, scale_max: reader.byte()? }),
        NPS => Ok(Score::Nps(reader.byte()?)),
        CES => Ok(Score::Ces(reader.byte()?)),
        _ => Err(Broken::Damaged),
    }
}

pub(super) fn pack_target((id, version): &(Id, Version<TargetFact>), writer: &mut Writer) {
    pack_version(id, version, writer, no_fields, |target, writer| {
        match target.of {
            TargetOf::Row(row) => pack_of(OF_ROW, row.number(), writer),
            TargetOf::Team(team) => pack_of(OF_TEAM, team.number(), writer),
            TargetOf::Org => pack_of(OF_ORG, 0, writer),
            TargetOf::Region(region) => pack_of(OF_REGION, region.number(), writer),
        }
        let (kind, part) = match target.period.part {
            PeriodPart::Month(month) => (MONTH, month),
            PeriodPart::Quarter(quarter) => (QUARTER, quarter),
            PeriodPart::Year => (YEAR, 0),
            PeriodPart::Half(half) => (HALF, half),
            PeriodPart::Week(week) => (WEEK, week),
        };
        writer.signed(target.period.year.into());
        writer.0.extend_from_slice(&[kind, part.cast_unsigned()]);
        let measure =
            (1..).zip(MEASURES).find(|(_, measure)| *measure == target.measure).map_or(0, |(number, _)| number);
        match target.amount {
            Goal::Money(money) => pack_money(measure, money, writer),
            Goal::Count(count) => {
                writer.byte(measure);
                writer.signed(count);
            }
        }
    });
}

fn pack_of(kind: u8, number: u32, writer: &mut Writer) {
    writer.byte(kind);
    writer.number(number.into());
}

pub(super) fn unpack_target(
    reader: &mut Reader<'_>,
    translation: &Translation,
    rules: &Rules,
    form: u8,
) -> Result<(Id, Version<TargetFact>), Unusable> {
    let content = |reader: &mut Reader<'_>, at| {
        let (kind, number) = (reader.byte()?, reader.small()?);
        let of = match kind {
            OF_ROW => TargetOf::Row(translation.row(number)?),
            OF_TEAM => TargetOf::Team(translation.name(number)?),
            OF_ORG => TargetOf::Org,
            OF_REGION => TargetOf::Region(translation.name(number)?),
            _ => return Err(Unusable::Damaged),
        };
        let period = unpack_period(reader)?;
        let measure = usize::from(reader.byte()?).checked_sub(1).and_then(|place| MEASURES.get(place));
        let measure = *measure.ok_or(Unusable::Damaged)?;
        let amount = if measure.is_money() {
            Goal::Money(unpack_money(reader, at, translation, rules)?)
        } else {
            Goal::Count(reader.signed()?)
        };
        Ok(TargetFact { of, period, measure, amount })
    };
    let (id, version) = unpack_version(reader, form, content, |_, _, _| Ok(false))?;
    Ok((id, dated(version, |target| Some(target_dated(target.period, rules)))))
}

fn unpack_period(reader: &mut Reader<'_>) -> Result<Period, Broken> {
    let year = i16::try_from(reader.signed()?).ok().filter(|year| (0..=9999).contains(year)).ok_or(Broken::Damaged)?;
    let (kind, part) = (reader.byte()?, reader.byte()?.cast_signed());
    let part = match (kind, part) {
        (MONTH, 1..=12) => PeriodPart::Month(part),
        (QUARTER, 1..=4) => PeriodPart::Quarter(part),
        (YEAR, 0) => PeriodPart::Year,
        (HALF, 1..=2) => PeriodPart::Half(part),
        (WEEK, 1..=53) => PeriodPart::Week(part),
        _ => return Err(Broken::Damaged),
    };
    Ok(Period { year, part })
}

pub(super) fn pack_roster((id, version): &(Id, Version<RosterFact>), writer: &mut Writer) {
    pack_version(id, version, writer, no_fields, |entry, writer| {
        writer.number(entry.row.number().into());
        writer.byte(entry.active.into());
        writer.text(&entry.name);
    });
}

pub(super) fn unpack_roster(
    reader: &mut Reader<'_>,
    translation: &Translation,
    form: u8,
) -> Result<(Id, Version<RosterFact>), Unusable> {
    let content = |reader: &mut Reader<'_>, _| {
        let (row, rep) = translation.row_and_rep(reader.small()?)?;
        let active = reader.byte()? != 0;
        let name = reader.text()?.into();
        Ok(RosterFact { rep, row, name, active })
    };
    let (id, version) = unpack_version(reader, form, content, |_, _, _| Ok(false))?;
    // The roster stays, and so does the memory of what left it.
    Ok((id, Version { dated: Time::MAX, remembered: Time::MAX, ..version }))
}

fn fields_of_single(single: &Single) -> Writer {
    let mut fields = Writer::default();
    if let Some(deal) = &single.deal {
        let mut value = Writer::default();
        value.id(deal);
        fields.number(DEAL.into());
        fields.bytes(&value.0);
    }
    fields
}

fn no_fields<T>(_: &T) -> Writer {
    Writer::default()
}

fn pack_version<T>(
    id: &Id,
    version: &Version<T>,
    writer: &mut Writer,
    fields: impl FnOnce(&T) -> Writer,
    pack: impl FnOnce(&T, &mut Writer),
) {
    writer.id(id);
    writer.word(version.stamp.hash);
    writer.number(version.stamp.version);
    writer.signed(version.stamp.occurred_at.millis());
    writer.signed(version.remembered.millis());
    match &version.content {
        None => writer.byte(RETRACTED),
        Some(content) => {
            writer.byte(EXISTS);
            pack(content, writer);
            writer.bytes(&fields(content).0);
        }
    }
}

/// Reads a version in a version of this form; `unpack` gets the time at which it happened. It is dated then, unless
/// [`dated`] says otherwise.
fn unpack_version<'a, T>(
    reader: &mut Reader<'a>,
    form: u8,
    unpack: impl FnOnce(&mut Reader<'a>, Time) -> Result<T, Unusable>,
    read_field: impl Fn(&mut T, u32, Reader<'a>) -> Result<bool, Broken>,
) -> Result<(Id, Version<T>), Unusable> {
    let id = reader.id()?;
    let (hash, version) = (reader.word()?, reader.number()?);
    let occurred_at = Time::from_millis(reader.signed()?);
    let remembered = Time::from_millis(reader.signed()?);
    let stamp = Stamp { version, hash, occurred_at };
    let content = match reader.byte()? {
        RETRACTED => None,
        EXISTS => {
            believe(stamp.occurred_at)?;
            let mut content = unpack(reader, stamp.occurred_at)?;
            if form > 1 {
                reader.fields(|field, value| read_field(&mut content, field, value))?;
            }
            Some(content)
        }
        _ => return Err(Unusable::Damaged),
    };
    Ok((id, Version { stamp, dated: stamp.occurred_at, remembered, content }))
}

/// A version, dated as its content says.
fn dated<T>(mut version: Version<T>, of_content: impl FnOnce(&T) -> Option<Time>) -> Version<T> {
    if let Some(dated) = version.content.as_ref().and_then(of_content) {
        version.dated = dated;
        version.remembered = version.remembered.max(dated);
    }
    version
}

fn pack_money(kind: u8, money: Money, writer: &mut Writer) {
    writer.byte(kind);
    writer.byte(money.currency.place());
    writer.signed(money.minor);
    writer.signed(money.reporting_minor);
}

fn unpack_money(
    reader: &mut Reader<'_>,
    at: Time,
    translation: &Translation,
    rules: &Rules,
) -> Result<Money, Unusable> {
    let currency = translation.currencies().at(reader.byte()?)?;
    let money = Money { currency, minor: reader.signed()?, reporting_minor: reader.signed()? };
    translation.money(money, at, rules)
}

const fn type_number(kind: EventType) -> u8 {
    match kind {
        EventType::Lead => 0,
        EventType::StageChange => 1,
        EventType::Spend => 2,
        EventType::Feedback => 3,
        EventType::Payment => 4,
        EventType::Target => 5,
        EventType::Rep => 6,
    }
}

fn type_of(number: u8) -> Option<EventType> {
    EventType::ALL.into_iter().find(|kind| type_number(*kind) == number)
}
