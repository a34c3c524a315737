//! The form in which an object is kept, in memory and in the state topic: a fraction of what its texts would take.
//!
//! It is read together with the key of the object, which it does not repeat. Entries of an earlier format, JSON, are
//! read still. A program that knows only that one does not take these and says so, and does not start.

use std::borrow::Cow;

use super::entry::{Object, Told};
use super::words::{Reader, Writer, put_difference, put_number, take_byte, take_bytes, take_difference, take_number};
use crate::connect::json::Json;
use crate::model::event::EventType;

/// The first byte. JSON begins with another one.
const FORMAT: u8 = 1;
/// How deep the values of `current` may lie in each other.
const DEEPEST: usize = 64;

/// What the second byte says of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Trait {
    /// It came from a lead that is known.
    HasLead = 1,
    /// It is in a stage that is known.
    HasCurrent = 2,
    /// It was deleted.
    IsDeleted = 4,
    /// It waits.
    IsHeld = 8,
    /// Facts of it were taken back.
    HasFloor = 16,
    /// Facts of it hold.
    IsTold = 32,
}

/// Of a fact: its version is another one than its record gave it.
const OTHER_VERSION: u8 = 8;
/// Of a fact: when it happened is remembered.
const HAS_TIME: u8 = 16;
/// Of a fact: journey and credit are those of the fact before it.
const AS_BEFORE: u8 = 32;
const HAS_REP: u8 = 64;
const HAS_TEAM: u8 = 128;

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const NUMBER: u8 = 3;
const TEXT: u8 = 4;
const ARRAY: u8 = 5;
const OBJECT: u8 = 6;

/// Whether an object has a trait, by its packed form.
pub(super) fn has(packed: &[u8], wanted: Trait) -> bool {
    packed.get(1).is_some_and(|traits| traits & wanted as u8 != 0)
}

/// The packed form of the object of this key.
pub(super) fn pack(key: &str, object: &Object) -> Vec<u8> {
    let mut writer = Writer::of_key(key);
    let traits = [
        (object.lead.is_some(), Trait::HasLead),
        (object.current.is_some(), Trait::HasCurrent),
        (object.deleted.is_some(), Trait::IsDeleted),
        (object.held_since.is_some(), Trait::IsHeld),
        (object.floor > 0, Trait::HasFloor),
        (!object.told.is_empty(), Trait::IsTold),
    ];
    let traits = traits.into_iter().filter(|(is_so, _)| *is_so).fold(0, |all, (_, one)| all | one as u8);
    writer.bytes.extend([FORMAT, traits]);
    put_difference(&mut writer.bytes, object.modified, 0);
    for at in [object.deleted, object.held_since].into_iter().flatten() {
        put_difference(&mut writer.bytes, at, object.modified);
    }
    let first_base = first_base(object.modified);
    if object.floor > 0 {
        put_difference(&mut writer.bytes, object.floor.cast_signed(), first_base);
    }
    if let Some(lead) = &object.lead {
        writer.put(lead);
    }
    if !object.told.is_empty() {
        put_number(&mut writer.bytes, u64::try_from(object.told.len()).unwrap_or(0));
        let (mut base, mut before) = (first_base, None);
        for (id, told) in object.told.iter() {
            put_fact(&mut writer, (id, told), before, base, object.modified);
            (base, before) = (told.base.cast_signed(), Some((id, told)));
        }
    }
    if let Some(current) = &object.current {
        put_json(&mut writer, current);
    }
    writer.bytes
}

/// The version to which the first one is compared: that of the last edit.
fn first_base(modified: i64) -> i64 {
    modified.wrapping_mul(2)
}

type Fact<'a> = (&'a str, &'a Told);

/// The parts of an id.
fn parts_of(id: &str) -> Vec<&str> {
    id.split(':').collect()
}

/// With how many of the same parts two ids begin.
fn same_parts(one: &[&str], other: &[&str]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

fn put_fact<'a>(writer: &mut Writer<'a>, fact: Fact<'a>, before: Option<Fact<'_>>, base: i64, modified: i64) {
    let (id, told) = fact;
    let as_before = before.is_some_and(|(_, before)| {
        (&before.journey, &before.rep, &before.team) == (&told.journey, &told.rep, &told.team)
    });
    let kind = EventType::ALL.iter().position(|kind| *kind == told.kind);
    let mut flags = kind.and_then(|place| u8::try_from(place).ok()).unwrap_or(0);
    for (is_so, flag) in [
        (told.version != told.base, OTHER_VERSION),
        (told.at.is_some(), HAS_TIME),
        (as_before, AS_BEFORE),
        (told.rep.is_some(), HAS_REP),
        (told.team.is_some(), HAS_TEAM),
    ] {
        flags |= if is_so { flag } else { 0 };
    }
    writer.bytes.push(flags);
    put_difference(&mut writer.bytes, told.base.cast_signed(), base);
    writer.set_time(told.base.cast_signed() / 2);
    let parts = parts_of(id);
    let before = before.map(|(before, _)| parts_of(before)).filter(|before| before.len() == parts.len());
    let (written, same) = match before.map(|before| same_parts(&parts, &before)) {
        Some(same) => (2 * same + 1, same),
        None => (2 * parts.len(), 0),
    };
    put_number(&mut writer.bytes, u64::try_from(written).unwrap_or(0));
    parts.iter().skip(same).for_each(|part| writer.put(part));
    writer.name(id);
    if told.version != told.base {
        put_difference(&mut writer.bytes, told.version.cast_signed(), told.base.cast_signed());
    }
    writer.bytes.extend(told.content.to_le_bytes());
    if let Some(at) = told.at {
        put_difference(&mut writer.bytes, at, modified);
    }
    if !as_before {
        writer.put(&told.journey);
        [&told.rep, &told.team].into_iter().flatten().for_each(|text| writer.put(text));
    }
}

fn put_json<'a>(writer: &mut Writer<'a>, json: &'a Json) {
    let count = |items: usize| u64::try_from(items).unwrap_or(0);
    match json {
        Json::Null => writer.bytes.push(NULL),
        Json::Bool(value) => writer.bytes.push(if *value { TRUE } else { FALSE }),
        Json::Number(text) | Json::Text(text) => {
            writer.bytes.push(if matches!(json, Json::Text(_)) { TEXT } else { NUMBER });
            writer.put(text);
        }
        Json::Array(items) => {
            writer.bytes.push(ARRAY);
            put_number(&mut writer.bytes, count(items.len()));
            items.iter().for_each(|item| put_json(writer, item));
        }
        Json::Object(fields) => {
            writer.bytes.push(OBJECT);
            put_number(&mut writer.bytes, count(fields.iter().count()));
            for (name, value) in fields.iter() {
                writer.put(name);
                put_json(writer, value);
            }
        }
    }
}

/// The object of this key; `None` if that is not its packed form.
pub(super) fn unpack(key: &str, packed: &[u8]) -> Option<Object> {
    let mut reader = Reader::of_key(key, packed);
    if take_byte(&mut reader.bytes)? != FORMAT {
        return None;
    }
    let traits = take_byte(&mut reader.bytes)?;
    let has = |wanted: Trait| traits & wanted as u8 != 0;
    let modified = take_difference(&mut reader.bytes, 0)?;
    let mut object = Object { modified, ..Object::default() };
    if has(Trait::IsDeleted) {
        object.deleted = Some(take_difference(&mut reader.bytes, modified)?);
    }
    if has(Trait::IsHeld) {
        object.held_since = Some(take_difference(&mut reader.bytes, modified)?);
    }
    if has(Trait::HasFloor) {
        object.floor = take_difference(&mut reader.bytes, first_base(modified))?.cast_unsigned();
    }
    if has(Trait::HasLead) {
        object.lead = Some(reader.take()?.into_owned());
    }
    if has(Trait::IsTold) {
        let count = take_number(&mut reader.bytes)?;
        let (mut base, mut before) = (first_base(modified), None::<(String, Told)>);
        for _ in 0..count {
            let (id, told) = take_fact(&mut reader, before.as_ref(), base, modified)?;
            base = told.base.cast_signed();
            if let Some((id, told)) = before.replace((id, told)) {
                object.told.push(id, told)?;
            }
        }
        let (id, told) = before?;
        object.told.push(id, told)?;
    }
    if has(Trait::HasCurrent) {
        object.current = Some(take_json(&mut reader, 0)?);
    }
    reader.bytes.is_empty().then_some(object)
}

fn take_fact(
    reader: &mut Reader<'_>,
    before: Option<&(String, Told)>,
    base: i64,
    modified: i64,
) -> Option<(String, Told)> {
    let flags = take_byte(&mut reader.bytes)?;
    let kind = *EventType::ALL.get(usize::from(flags & 7))?;
    let base = take_difference(&mut reader.bytes, base)?;
    reader.set_time(base / 2);
    let id = take_id(reader, before.map(|(id, _)| id.as_str()))?;
    let version =
        if flags & OTHER_VERSION == 0 { base } else { take_difference(&mut reader.bytes, base)? }.cast_unsigned();
    let content = u64::from_le_bytes(*take_bytes(&mut reader.bytes, 8)?.first_chunk()?);
    let at = if flags & HAS_TIME == 0 { None } else { Some(take_difference(&mut reader.bytes, modified)?) };
    let mut told =
        Told { kind, journey: String::new(), base: base.cast_unsigned(), version, content, rep: None, team: None, at };
    if flags & AS_BEFORE == 0 {
        told.journey = reader.take()?.into_owned();
        for (flag, place) in [(HAS_REP, &mut told.rep), (HAS_TEAM, &mut told.team)] {
            if flags & flag != 0 {
                *place = Some(reader.take()?.into_owned());
            }
        }
    } else {
        let (_, before) = before?;
        told.journey.clone_from(&before.journey);
        told.rep.clone_from(&before.rep);
        told.team.clone_from(&before.team);
    }
    Some((id, told))
}

fn take_id(reader: &mut Reader<'_>, before: Option<&str>) -> Option<String> {
    let written = take_number(&mut reader.bytes)?;
    let number = usize::try_from(written >> 1).ok()?;
    let (mut parts, mut count) = (Vec::new(), number);
    if written & 1 != 0 {
        let before = parts_of(before?);
        parts.extend(before.get(..number)?.iter().copied().map(Cow::Borrowed));
        count = before.len();
    }
    while parts.len() < count {
        parts.push(reader.take()?);
    }
    let id = parts.join(":");
    reader.name(&id);
    Some(id)
}

fn take_json(reader: &mut Reader<'_>, depth: usize) -> Option<Json> {
    if depth > DEEPEST {
        return None;
    }
    Some(match take_byte(&mut reader.bytes)? {
        NULL => Json::Null,
        FALSE => Json::Bool(false),
        TRUE => Json::Bool(true),
        NUMBER => Json::Number(reader.take()?.into_owned()),
        TEXT => Json::Text(reader.take()?.into_owned()),
        ARRAY => {
            let count = take_number(&mut reader.bytes)?;
            Json::Array((0..count).map(|_| take_json(reader, depth + 1)).collect::<Option<_>>()?)
        }
        OBJECT => {
            let count = take_number(&mut reader.bytes)?;
            let field = |_| {
                let name = reader.take()?.into_owned();
                Some((name, take_json(reader, depth + 1)?))
            };
            Json::Object((0..count).map(field).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(journey: &str, base: u64, version: u64, rep: Option<&str>, at: Option<i64>) -> Told {
        let rep = rep.map(str::to_owned);
        let kind = EventType::StageChange;
        Told { kind, journey: journey.to_owned(), base, version, content: base << 20, rep, team: None, at }
    }

    fn deal() -> Object {
        let facts = [
            (
                "deal:6756839000001000000:6756839000001000100",
                told("6756839000000900000", 3_535_142_400_000, 9, None, None),
            ),
            (
                "deal:6756839000001000000:6756839000001000200",
                told("6756839000000900000", 3_535_142_900_001, 9, None, None),
            ),
            ("deal:x", told("7", 1 << 51, 1 << 51, Some("6756839000000000042"), Some(1_767_571_200_000))),
            ("plain", told("", 0, 0, Some("a rep"), None)),
            ("void:deal:6756839000001000000:1767571200000", told("", 5, u64::MAX, None, None)),
        ];
        let mut current = Json::object([("id", Json::text_of("6756839000001000200"))]);
        current.put("Stage", Json::text_of("Négociation"));
        current.put("Modified_Time", Json::text_of("2026-01-05T09:00:00+08:00"));
        current.put(
            "changes",
            Json::Array(vec![Json::Null, Json::Bool(true), Json::number_of("1200.0"), Json::object([])]),
        );
        Object {
            lead: Some("6756839000000900000".to_owned()),
            modified: 1_767_571_200_000,
            current: Some(current),
            deleted: Some(1_767_571_260_000),
            held_since: Some(0),
            floor: 1 << 51,
            told: facts.into_iter().map(|(id, told)| (id.to_owned(), told)).collect(),
        }
    }

    const KEY: &str = "deal/6756839000001000000";

    #[test]
    fn an_object_comes_back_as_it_was() {
        let whole = deal();
        let objects = [
            Object::default(),
            Object { modified: i64::MIN, floor: u64::MAX, ..Object::default() },
            Object { current: None, lead: None, ..whole.clone() },
            Object { deleted: None, held_since: None, floor: 0, ..whole.clone() },
            Object { told: Default::default(), ..whole.clone() },
            whole,
        ];
        for object in objects {
            for key in [KEY, "lead/0f8fad5b-d9cb-469f-a165-70867728950e", "file/targets.csv/17", ""] {
                let packed = pack(key, &object);
                assert_eq!(unpack(key, &packed).as_ref(), Some(&object), "{key}");
                assert_eq!(has(&packed, Trait::IsDeleted), object.deleted.is_some());
                assert_eq!(has(&packed, Trait::IsTold), !object.told.is_empty());
            }
        }
    }

    #[test]
    fn what_was_cut_or_has_more_is_no_object() {
        let packed = pack(KEY, &deal());
        for length in 0..packed.len() {
            assert_eq!(unpack(KEY, &packed[..length]), None, "{length}");
        }
        assert_eq!(unpack(KEY, &[packed.as_slice(), &[0]].concat()), None);
        // Whatever a byte becomes, it ends.
        for place in 0..packed.len() {
            for byte in [0, 1, 0x7f, 0x80, 0xff] {
                let mut other = packed.clone();
                other[place] = byte;
                drop(unpack(KEY, &other));
            }
        }
    }

    /// The state topics of all installations have this form: another one needs another first byte and a reader of this one.
    #[test]
    fn the_format_is_what_it_was() {
        let format = [
            "013f80e0a0b7f166c0a907ffdfa0b7f16680c0be919db2fe0705bf9a0c05090006003a05889c0cedbfc1eee2cd010000",
            "0000836e71333c29c2843d0505c801afc4feeee2cd0100001012fd6e713351bebb81919db2fe07040011780000000000",
            "00000000030703aae085fcd6a8c7e25d41ffffffffffffff070251706c61696e00000000000000003651612072657009",
            "0a0804003a0380b0d0dbb8330b00005000000000003606040604420804c1014ec3a9676f63696174696f6e0a040da0b4",
            "d8950dc0071c050400020361313230302e300600",
        ];
        let packed = pack(KEY, &deal());
        let digits: String = packed.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digits, format.concat());
    }
}
