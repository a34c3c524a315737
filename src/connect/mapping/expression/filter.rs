//! The filters: the closed set of what may be done to a value.

use jiff::tz::TimeZone;

use super::{Operand, Scene};
use crate::connect::json::Json;
use crate::connect::mapping::{Fault, FaultCode, amounts, syntax, times};

/// What the errors name as allowed.
const FILTERS: &str = "text, trim, lower, upper, first, last, join, millis, seconds, micros, days, time, \
    whole_seconds, local, date_at, period_start, money, minor, base64_decimal, lookup, default, none_if, live, past, \
    required";

/// One filter.
#[derive(Clone, Debug)]
pub(super) enum Filter {
    Text,
    Trim,
    Lower,
    Upper,
    First,
    Last,
    Join(String),
    Millis,
    Seconds,
    Micros,
    Days,
    Time,
    WholeSeconds,
    Local { format: String, zone: Option<TimeZone> },
    DateAt { hour: i8, minute: i8, zone: Option<TimeZone> },
    PeriodStart,
    Money { group: char, point: char },
    Minor(usize),
    Base64Decimal(usize),
    Lookup { table: String, otherwise: Otherwise },
    Default(Operand),
    NoneIf(String),
    Live,
    Past,
    Required,
}

/// What a lookup gives for a word that its table does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Otherwise {
    /// The record cannot be mapped.
    Fault,
    /// The word itself.
    Pass,
    /// Nothing.
    Drop,
    /// This.
    Value(String),
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// A sentence that names what is allowed.
    pub(super) fn parse(text: &str) -> Result<Filter, String> {
        let words = syntax::words(text).ok_or_else(|| format!("a quote in {text:?} does not end"))?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Ok(match words.as_slice() {
            ["text"] => Filter::Text,
            ["trim"] => Filter::Trim,
            ["lower"] => Filter::Lower,
            ["upper"] => Filter::Upper,
            ["first"] => Filter::First,
            ["last"] => Filter::Last,
            ["join", separator] => Filter::Join((*separator).to_owned()),
            ["millis"] => Filter::Millis,
            ["seconds"] => Filter::Seconds,
            ["micros"] => Filter::Micros,
            ["days"] => Filter::Days,
            ["time"] => Filter::Time,
            ["whole_seconds"] => Filter::WholeSeconds,
            ["local", format] => Filter::Local { format: (*format).to_owned(), zone: None },
            ["local", format, name] => Filter::Local { format: (*format).to_owned(), zone: Some(zone(name)?) },
            ["date_at", time] => date_at(time, None)?,
            ["date_at", time, name] => date_at(time, Some(zone(name)?))?,
            ["period_start"] => Filter::PeriodStart,
            ["money", group] => Filter::Money { group: one_char(group)?, point: '.' },
            ["money", group, point] => Filter::Money { group: one_char(group)?, point: one_char(point)? },
            ["minor", places] => Filter::Minor(places_of(places)?),
            ["base64_decimal", places] => Filter::Base64Decimal(places_of(places)?),
            ["lookup", table] => Filter::Lookup { table: (*table).to_owned(), otherwise: Otherwise::Fault },
            ["lookup", table, "else", otherwise] => Filter::Lookup {
                table: (*table).to_owned(),
                otherwise: match *otherwise {
                    "pass" => Otherwise::Pass,
                    "drop" => Otherwise::Drop,
                    value => Otherwise::Value(value.to_owned()),
                },
            },
            ["default", operand] => Filter::Default(Operand::parse(operand)),
            ["none_if", value] => Filter::NoneIf((*value).to_owned()),
            ["live"] => Filter::Live,
            ["past"] => Filter::Past,
            ["required"] => Filter::Required,
            _ => return Err(format!("{text:?} is no filter with its words; the filters are {FILTERS}")),
        })
    }

    /// The table that it looks into.
    pub(super) fn table(&self) -> Option<&str> {
        match self {
            Filter::Lookup { table, .. } => Some(table),
            _ => None,
        }
    }

    /// Applies the filter to a value, or to the lack of one, which most filters pass on.
    pub(super) fn apply(&self, value: Option<Json>, scene: &Scene<'_>) -> Result<Option<Json>, Fault> {
        let Some(value) = value else { return self.apply_to_nothing(scene) };
        match self {
            Filter::Default(_) | Filter::Required => return Ok(Some(value)),
            Filter::First => return Ok(first(value, false)),
            Filter::Last => return Ok(first(value, true)),
            Filter::NoneIf(unwanted) => {
                let is_it = value.word("") == Some(unwanted);
                return Ok((!is_it).then_some(value));
            }
            Filter::Lookup { table, otherwise } => return lookup(&value, table, otherwise, scene),
            _ => {}
        }
        self.convert(&value, scene).map(Some).ok_or_else(|| scene.fault(FaultCode::Invalid, self.complaint(&value)))
    }

    fn apply_to_nothing(&self, scene: &Scene<'_>) -> Result<Option<Json>, Fault> {
        match self {
            Filter::Default(operand) => Ok(operand.value(scene)),
            Filter::Required => {
                Err(scene.fault(FaultCode::Missing, "a value is required, but there is none".to_owned()))
            }
            _ => Ok(None),
        }
    }

    fn convert(&self, value: &Json, scene: &Scene<'_>) -> Option<Json> {
        let text = || value.word("");
        let version =
            |is_current| times::millis(value).map(|ms| Json::number_of(scene.setting.version(ms, is_current)));
        Some(match self {
            Filter::Text => Json::text_of(text()?),
            Filter::Trim => Json::text_of(text()?.trim()),
            Filter::Lower => Json::text_of(text()?.to_lowercase()),
            Filter::Upper => Json::text_of(text()?.to_uppercase()),
            Filter::Join(separator) => {
                let words: Option<Vec<&str>> = value.items("").iter().map(|item| item.word("")).collect();
                Json::text_of(words?.join(separator))
            }
            Filter::Millis => Json::number_of(times::millis(value)?),
            Filter::Seconds => times::of_unit(value, |seconds| seconds.checked_mul(1000))?,
            Filter::Micros => times::of_unit(value, |micros| Some(micros.div_euclid(1000)))?,
            Filter::Days => times::date_of_days(value)?,
            Filter::Time => match value {
                Json::Number(_) => value.clone(),
                _ => Json::text_of(times::normalised(text()?)?),
            },
            Filter::WholeSeconds => times::whole_seconds(value)?,
            Filter::Local { format, zone } => {
                Json::text_of(times::local(text()?, format, zone.as_ref().unwrap_or(&scene.setting.zone))?)
            }
            Filter::DateAt { hour, minute, zone } => {
                let zone = zone.as_ref().unwrap_or(&scene.setting.zone);
                Json::text_of(times::date_at(text()?, *hour, *minute, zone)?)
            }
            Filter::PeriodStart => Json::text_of(times::period_start(text()?)?),
            Filter::Money { group, point } => Json::text_of(amounts::ungrouped(text()?, *group, *point)?),
            Filter::Minor(places) => Json::text_of(amounts::of_minor(text()?, *places)?),
            Filter::Base64Decimal(places) => Json::text_of(amounts::of_base64(text()?, *places)?),
            Filter::Live => version(true)?,
            Filter::Past => version(false)?,
            Filter::First
            | Filter::Last
            | Filter::Lookup { .. }
            | Filter::Default(_)
            | Filter::NoneIf(_)
            | Filter::Required => return None,
        })
    }

    fn complaint(&self, value: &Json) -> String {
        let wanted = match self {
            Filter::Join(_) => "a list of words",
            Filter::Millis | Filter::Live | Filter::Past => "RFC 3339 with an offset, or whole Unix milliseconds",
            Filter::Seconds => "whole Unix seconds",
            Filter::Micros => "whole Unix microseconds",
            Filter::Days => "a number of days since 1970-01-01",
            Filter::Time | Filter::WholeSeconds => "RFC 3339 with an offset",
            Filter::Local { .. } => "a time in the format of the filter \"local\"",
            Filter::DateAt { .. } => "a date such as 2026-11-30",
            Filter::PeriodStart => "a period such as 2026-11, 2026-Q4, 2026-H1, 2026 or 2026-W07",
            Filter::Money { .. } => "an amount with the separators of the filter \"money\"",
            Filter::Minor(_) => "a whole number of minor units",
            Filter::Base64Decimal(_) => "a Decimal of Kafka Connect in base64",
            _ => "a word or a number",
        };
        format!("{} is not {wanted}", shown(value))
    }
}

/// A value as errors show it: short, and never a whole object, which may hold what is nobody's business.
pub(in crate::connect::mapping) fn shown(value: &Json) -> String {
    const LONGEST: usize = 60;
    match value {
        Json::Array(_) => "a list".to_owned(),
        Json::Object(_) => "an object".to_owned(),
        _ => {
            let word: String = value.word("").unwrap_or_default().chars().take(LONGEST).collect();
            format!("{word:?}")
        }
    }
}

fn first(value: Json, from_the_end: bool) -> Option<Json> {
    let found = match value {
        Json::Array(mut items) if from_the_end => items.pop(),
        Json::Array(items) => items.into_iter().next(),
        value => Some(value),
    };
    found.filter(|found| *found != Json::Null)
}

fn lookup(value: &Json, table: &str, otherwise: &Otherwise, scene: &Scene<'_>) -> Result<Option<Json>, Fault> {
    let Some(word) = value.word("") else {
        let message = format!("{} is not a word that tables.{table} could have", shown(value));
        return Err(scene.fault(FaultCode::Invalid, message));
    };
    if let Some(meaning) = scene.tables.find(table, word) {
        return Ok(Some(Json::text_of(meaning)));
    }
    match otherwise {
        Otherwise::Fault => {
            Err(scene.fault(FaultCode::Unmapped, format!("tables.{table} has no entry for {}", shown(value))))
        }
        Otherwise::Pass => Ok(Some(value.clone())),
        Otherwise::Drop => Ok(None),
        Otherwise::Value(value) => Ok(Some(Json::text_of(value.as_str()))),
    }
}

fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| format!("{name:?} is not an IANA time zone such as Asia/Shanghai"))
}

fn date_at(time: &str, zone: Option<TimeZone>) -> Result<Filter, String> {
    let parts = time.split_once(':').and_then(|(hour, minute)| Some((hour.parse().ok()?, minute.parse().ok()?)));
    match parts {
        Some((hour @ 0..=23, minute @ 0..=59)) => Ok(Filter::DateAt { hour, minute, zone }),
        _ => Err(format!("{time:?} is not a time of the day such as 12:00")),
    }
}

fn one_char(text: &str) -> Result<char, String> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(char), None) => Ok(char),
        _ => Err(format!("{text:?} is not one character in quotes, such as ','")),
    }
}

fn places_of(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|places| *places <= 18).ok_or_else(|| format!("{text:?} is not a number from 0 to 18"))
}
