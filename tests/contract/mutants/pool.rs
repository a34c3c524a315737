//! Nasty values, as they stand in JSON text.

use super::dice::Dice;

#[rustfmt::skip]
const ANY: [&str; 30] = [
    "null", "true", "false", "[]", "{}", r#""""#, "0", "-0", "1", "-1", "1.0", "1e2", "1E-2", "1e400", "-1e400",
    "1e-400", "18446744073709551615", "18446744073709551616", "9223372036854775808", r#""\u0000""#,
    r#""\ud83d\ude00""#, r#""\ud83d""#, r#""\ude00\ud83d""#, r#"[1,[2,{"a":null}]]"#, r#"{"a":"\ud800"}"#,
    "NaN", "01", r#""\x""#, "'a'", "nul",
];

#[rustfmt::skip]
const IDS: [&str; 10] = [
    r#""L-1""#, r#""王芳""#, r#"" ""#, r#""\n""#, r#""\u0041""#, r#""lead:1""#, r#""unassigned""#,
    r#""\"\\\/\b\f\r\t""#, "17", r#""""#,
];

#[rustfmt::skip]
const TIMES: [&str; 66] = [
    r#""2026-11-24T12:00:00Z""#, r#""2026-11-24T20:00:00+08:00""#, r#""2026-11-24t12:00:00z""#,
    r#""2026-11-24T12:00:00-00:00""#, r#""2026-11-24T12:00:00.1Z""#, r#""2026-11-24T12:00:00.12""#,
    r#""2026-11-24T12:00:00.123456789123456789Z""#, r#""2026-11-24T12:00:00.Z""#, r#""2026-11-24T12:00:00,5Z""#,
    r#""2026-11-24 12:00:00Z""#, r#""2026-11-24T12:00:00""#, r#""2026-11-24T12:00Z""#, r#""2026-11-24""#,
    r#""20261124T120000Z""#, r#""2026-11-24T12:00:60Z""#, r#""2016-12-31T23:59:60Z""#,
    r#""2026-11-24T24:00:00Z""#, r#""2026-11-24T12:60:00Z""#, r#""2026-02-29T00:00:00Z""#,
    r#""2024-02-29T00:00:00Z""#, r#""1900-02-29T00:00:00Z""#, r#""2000-02-29T00:00:00Z""#,
    r#""2026-04-31T00:00:00Z""#, r#""2026-13-01T00:00:00Z""#, r#""2026-00-01T00:00:00Z""#,
    r#""2026-01-00T00:00:00Z""#, r#""0000-01-01T00:00:00Z""#, r#""0000-01-01T00:00:00+23:59""#,
    r#""0001-01-01T00:00:00Z""#, r#""-0001-01-01T00:00:00Z""#, r#""9999-12-31T23:59:59.999Z""#,
    r#""9999-12-31T23:59:59-23:59""#, r#""10000-01-01T00:00:00Z""#, r#""2026-11-24T12:00:00+24:00""#,
    r#""2026-11-24T12:00:00+8:00""#, r#""2026-11-24T12:00:00+0800""#, r#""2026-11-24T12:00:00+08""#,
    r#""2026-11-24T12:00:00+08:60""#, r#""2026-11-24T12:00:00Z ""#, r#"" 2026-11-24T12:00:00Z""#,
    r#""2026-11-24T12:00:00Z\n""#, r#""\u0032026-11-24T12:00:00Z""#, r#""２026-11-24T12:00:00Z""#,
    r#""2026-11-24T12:00:00\u005a""#, r#""2026-11-25T12:00:00Z""#, r#""2026-11-25T12:00:00.001Z""#,
    r#""2026-11-25T12:00:00.0009Z""#, "1795608000000", "1795608000001", "1795521600000", "1795521600000.0",
    "1795521600e3", "-0", "0", "-1", "-62135596800000", "-62135596800001", "253402300799999", "253402300800000",
    "99999999999", "100000000000", "1795521600", "-100000000000",
    "99999999999999999999", r#""1795521600000""#, r#""2025-12-31T23:59:59.999+08:00""#,
];

#[rustfmt::skip]
const AMOUNTS: [&str; 68] = [
    r#""0""#, r#""-0""#, r#""-0.00""#, r#""0.00""#, r#""0.000""#, r#""1.""#, r#"".5""#, r#""+1""#, r#""1e-2""#,
    r#""1e2""#, r#""-1""#, r#""-0.01""#, r#""--1""#, r#""-""#, r#""1 ""#, r#""1\n""#, r#""1,000""#,
    r#""1_000""#, r#""0x10""#, r#""１""#, r#""NaN""#, r#""\u0031.\u0032""#, r#""12.340""#, r#""12.34""#,
    r#""12.3""#, r#""12.345""#, r#""12.3456""#, r#""12.34567""#,
    r#""0000000000000000000000000000000000000000000012.3""#, r#""10000000000000""#, r#""10000000000000.00""#,
    r#""10000000000000.01""#, r#""1000000000000000""#, r#""1000000000000001""#, r#""1000000000000.000""#,
    r#""1000000000000.001""#, r#""-10000000000000.01""#,
    r#""99999999999999999999999999999999999999999999999999""#, "12.34", "12.340", "12.345", "1e-2", "1e-3",
    "1.2340e1", "1234000E-5", "1e13", "1e+15", "10000000000000.1", "0e99999999999999999999", "0.000e0",
    "1e-99999999999999999999", "1e99999999999999999999", "-0.000", "-1e-400", "1e-400", "3.0",
    // The largest amounts that convert to 10^15 fen and the next larger ones: USD, JPY, KWD, CLF, EUR, HKD and SGD.
    r#""1428571428571.42""#, r#""1428571428571.43""#, "208333333333333", "208333333333334",
    r#""432900432900.432""#, r#""432900432900.433""#, r#""36297640653.3575""#, r#""36297640653.3576""#,
    "1250000000000.00", "-1250000000000.01", "9999999999999.99", "-10000000000000",
];

#[rustfmt::skip]
const CURRENCIES: [&str; 24] = [
    r#""CNY""#, r#""CNY""#, r#""USD""#, r#""USD""#, r#""JPY""#, r#""KWD""#, r#""CLF""#, r#""HKD""#, r#""SGD""#,
    r#""TWD""#, r#""VND""#, r#""EUR""#, r#""EUR""#, r#""GBP""#, r#""XXX""#, r#""XAU""#, r#""usd""#, r#""US""#,
    r#""USDT""#, r#""US\u0044""#, r#""HRK""#, r#""""#, "156", r#""\u00a5""#,
];

const SCORES: [&str; 17] =
    ["0", "1", "2", "5", "6", "7", "8", "10", "11", "99", "100", "101", "-0", "-1", "5.0", "5e0", r#""5""#];

const VERSIONS: [&str; 10] =
    ["0", "-0", "1", "7", "18446744073709551615", "18446744073709551616", "1.0", "1e0", "-1", r#""1""#];

#[rustfmt::skip]
const PERIODS: [&str; 28] = [
    r#""2026""#, r#""2026-11""#, r#""2026-Q4""#, r#""2026-Q5""#, r#""2026-Q0""#, r#""2026-q4""#, r#""2026-13""#,
    r#""2026-00""#, r#""2026-1""#, r#""2026-011""#, r#""0000""#, r#""9999-12""#, r#""+026""#, r#""2026-11\n""#,
    "2026", r#""２026""#, r#""2026-H1""#, r#""2026-H2""#, r#""2026-H0""#, r#""2026-H3""#, r#""2026-W01""#,
    r#""2026-W53""#, r#""2025-W53""#, r#""2025-W52""#, r#""2020-W53""#, r#""2026-W54""#, r#""2026-W00""#, r#""2026-w07""#,
];

#[rustfmt::skip]
const WORDS: [&str; 20] = [
    r#""csat""#, r#""nps""#, r#""ces""#, r#""CSAT""#, r#""payment""#, r#""refund""#, r#""Refund""#, r#""rep""#,
    r#""team""#, r#""org""#, r#""channel""#, r#""c\u0073at""#, r#""""#, r#""region""#, r#""revenue""#, r#""payments""#, r#""won""#,
    r#""leads""#, r#""new_customers""#, r#""Won""#,
];

#[rustfmt::skip]
const STAGES: [&str; 16] = [
    r#""contacted""#, r#""proposal""#, r#""won""#, r#""lost""#, r#""void""#, r#""lead""#, r#""WON""#,
    r#""demo""#, r#""\u0077on""#, r#""won ""#, r#""""#, r#""Lost""#, r#""intro""#, r#""dropped""#,
    r#""notice""#, r#""reminded""#,
];

#[rustfmt::skip]
const TYPES: [&str; 13] = [
    r#""lead""#, r#""stage_change""#, r#""spend""#, r#""feedback""#, r#""payment""#, r#""target""#, r#""rep""#,
    r#""Lead""#, r#""leads""#, r#""""#, r#""l\u0065ad""#, "1", "null",
];

#[rustfmt::skip]
const PIPELINES: [&str; 9] = [
    r#""default""#, r#""renewals""#, r#""renewals""#, r#""Renewals""#, r#""partners""#, r#""""#, "5", r#""r\u0065newals""#,
    "null",
];

#[rustfmt::skip]
const SEQUENCES: [&str; 9] =
    ["0", "1", "-0", "4294967295", "4294967296", "-1", "1.0", "1e0", r#""1""#];

/// Shares; many of them are good.
#[rustfmt::skip]
const SHARES: [&str; 24] = [
    "1", r#""1""#, r#""0.5""#, r#""0.5""#, "0.5", "5e-1", r#""0.500000000""#, r#""0.50000000000""#, r#""0.25""#, "0.25",
    r#""0.333333333""#, r#""0.333333334""#, r#""0.0000000001""#, "1e-10", r#""0""#, "0.0", r#""-0.5""#, r#""50%""#, r#"".5""#,
    "1e400", "true", "null", "[]", r#""1.5""#,
];

const BOOLS: [&str; 7] = ["true", "true", "false", "null", r#""true""#, "1", "0"];

/// A value that is nasty for this field: of its own kind mostly.
pub(super) fn value(dice: &mut Dice, field: &str) -> String {
    if dice.percent(12) {
        return (*dice.pick(&ANY)).to_owned();
    }
    let pool: &[&str] = match field {
        "type" => &TYPES,
        "version" => &VERSIONS,
        "sequence" => &SEQUENCES,
        "pipeline" => &PIPELINES,
        "splits" => return splits(dice),
        "retracted" | "active" => &BOOLS,
        "occurred_at" | "expected_close_at" | "started_at" | "time" => &TIMES,
        "amount" | "margin" => &AMOUNTS,
        "currency" => &CURRENCIES,
        "score" | "scale_max" => &SCORES,
        "period" => &PERIODS,
        "stage" => &STAGES,
        "survey" | "kind" | "scope" | "measure" => &WORDS,
        _ => return if dice.percent(60) { id(dice) } else { (*dice.pick(&IDS)).to_owned() },
    };
    (*dice.pick(pool)).to_owned()
}

/// A list of entries, or what is nearly one.
fn splits(dice: &mut Dice) -> String {
    let length = *dice.pick(&[0, 1, 1, 2, 2, 2, 2, 3, 3, 4, 10, 11]);
    let tenth = length >= 10;
    let entries: Vec<String> = (0..length).map(|number| split(dice, number, tenth)).collect();
    let list = format!("[{}]", entries.join(", "));
    if dice.percent(3) { format!("{{\"0\": {list}}}") } else { list }
}

fn split(dice: &mut Dice, number: usize, tenth: bool) -> String {
    if dice.percent(3) {
        return (*dice.pick(&ANY)).to_owned();
    }
    let mut members = Vec::new();
    if dice.percent(80) {
        let rep = if dice.percent(90) { format!("\"r{number}\"") } else { value(dice, "rep_id") };
        members.push(format!("\"rep_id\": {rep}"));
    }
    if dice.percent(40) {
        members.push(format!("\"team_id\": {}", if dice.percent(80) { "\"unassigned\"".to_owned() } else { id(dice) }));
    }
    if dice.percent(95) {
        members.push(format!("\"share\": {}", if tenth { "\"0.1\"" } else { *dice.pick(&SHARES) }));
    }
    format!("{{{}}}", members.join(", "))
}

/// An id around its greatest length, in characters of one to four bytes or escapes.
fn id(dice: &mut Dice) -> String {
    let (text, bytes) =
        *dice.pick(&[("x", 1), ("é", 2), ("王", 3), ("😀", 4), ("\\u0041", 1), ("\\u738b", 3), ("\\ud83d\\ude00", 4)]);
    let length = *dice.pick(&[126, 127, 128, 129, 130, 200]);
    let count = length / bytes;
    format!("\"{}{}\"", text.repeat(count), "y".repeat(length - count * bytes))
}

/// A nested value of this depth.
pub(super) fn nested(dice: &mut Dice) -> String {
    let depth = *dice.pick(&[1, 2, 29, 30, 31, 32, 33, 40, 500]);
    if dice.percent(50) {
        format!("{}{}", "[".repeat(depth), "]".repeat(depth))
    } else {
        format!("{}0{}", "{\"a\":".repeat(depth), "}".repeat(depth))
    }
}
