//! Forty thousand damaged records: the decoder says of each what the judge says.

mod dice;
mod mutate;
mod pool;

use std::collections::BTreeMap;
use std::fmt::Write;

use salespulse::contract::decode::{CloudEventHeaders, Decoded, Decoder, Headers, Record};
use salespulse::model::event::EventType;
use salespulse::model::time::Time;

use crate::contract::judge::{CODES, Judge, Refusal};
use crate::contract::setting::{NOW, decoder};
use crate::contract::told::{Told, tell};
use dice::Dice;

/// Printed with every disagreement; record `n` depends on this and `n` alone.
const SEED: u64 = 20_261_124;

/// How many records are judged.
const RECORDS: u64 = 40_000;

/// Disagreements that are shown in full.
const SHOWN: usize = 20;

/// A record that owns its parts.
#[derive(Clone, Debug, Default)]
struct Mutant {
    topic_type: Option<EventType>,
    value: Vec<u8>,
    may_be_framed: bool,
    starts_file: bool,
    ce_id: Option<Vec<u8>>,
    ce_time: Option<Vec<u8>>,
    ce_type: Option<Vec<u8>>,
    timestamp: Option<Time>,
}

impl Mutant {
    fn record(&self) -> Record<'_> {
        Record {
            topic_type: self.topic_type,
            value: Some(&self.value),
            may_be_framed: self.may_be_framed,
            starts_file: self.starts_file,
            headers: Headers::Known(CloudEventHeaders {
                id: self.ce_id.as_deref(),
                time: self.ce_time.as_deref(),
                kind: self.ce_type.as_deref(),
            }),
            timestamp: self.timestamp,
        }
    }

    fn describe(&self) -> String {
        let text = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| bytes.escape_ascii().to_string());
        let value = match std::str::from_utf8(&self.value) {
            Ok(text) => text.to_owned(),
            Err(_) => self.value.escape_ascii().to_string(),
        };
        let shown: String = value.chars().take(1_200).collect();
        format!(
            "topic {:?}, framed {}, first {}, ce_id {:?}, ce_time {:?}, ce_type {:?}, timestamp {:?}, {} bytes\n  {shown}",
            self.topic_type,
            self.may_be_framed,
            self.starts_file,
            text(&self.ce_id),
            text(&self.ce_time),
            text(&self.ce_type),
            self.timestamp.map(Time::millis),
            self.value.len(),
        )
    }
}

/// What the decoder makes of a record, in the words of the judge; the message of a rejection beside it.
fn decode(decoder: &Decoder, mutant: &Mutant) -> Result<Told, (&'static str, String)> {
    match decoder.decode(&mutant.record(), NOW) {
        Ok(Decoded::Event(event)) => Ok(tell(&event)),
        Ok(Decoded::Tombstone) => panic!("a tombstone: {}", mutant.describe()),
        Err(rejection) => Err((rejection.code.name(), rejection.message)),
    }
}

/// How the two differ; `None` if they agree.
fn difference(judged: &Result<Told, Refusal>, decoded: &Result<Told, (&'static str, String)>) -> Option<String> {
    match (judged, decoded) {
        (Ok(left), Ok(right)) if left == right => None,
        (Ok(left), Ok(right)) => Some(format!("judge reads {left:?}\n  decoder reads {right:?}")),
        (Ok(_), Err((code, message))) => Some(format!("judge accepts, decoder says {code}: {message}")),
        (Err(refusal), Ok(_)) => Some(format!("judge says {refusal}, decoder accepts")),
        (Err(refusal), Err((code, message))) if refusal.code != *code => {
            Some(format!("judge says {refusal}, decoder says {code}: {message}"))
        }
        (Err(refusal), Err((code, message))) => {
            let named = refusal.fields.iter().any(|field| message.contains(field.as_str()));
            (!named).then(|| format!("{code} of {:?}, which the message does not name: {message}", refusal.fields))
        }
    }
}

#[test]
fn the_decoder_says_of_damaged_records_what_the_judge_says() {
    let (judge, decoder, bases) = (Judge::new(), decoder(), mutate::bases());
    let mut outcomes: BTreeMap<&str, u32> = BTreeMap::new();
    let mut differences = Vec::new();
    for number in 0..RECORDS {
        let mutant = mutate::mutant(&mut Dice::new(SEED, number), &bases);
        let judged = judge.judge(&mutant.record(), NOW).map(|told| told.expect("no tombstones here"));
        *outcomes.entry(judged.as_ref().map_or_else(|refusal| refusal.code, |_| "accepted")).or_default() += 1;
        if let Some(difference) = difference(&judged, &decode(&decoder, &mutant)) {
            differences.push(format!("record {number}: {}\n  {difference}", mutant.describe()));
        }
    }
    println!("seed {SEED}, {RECORDS} records: {outcomes:?}");
    let mut report = String::new();
    for text in differences.iter().take(SHOWN) {
        writeln!(report, "{text}\n").unwrap();
    }
    assert!(differences.is_empty(), "seed {SEED}: {} of {RECORDS} differ\n{report}", differences.len());
    for outcome in CODES.into_iter().chain(["accepted"]) {
        let count = outcomes.get(outcome).copied().unwrap_or_default();
        assert!(u64::from(count) * 200 >= RECORDS, "only {count} of {RECORDS} records are {outcome}");
    }
}
