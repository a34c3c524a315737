//! Takes what is posted: verified first, and answered once Kafka has it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::desk::Batch;
use super::door::{Door, PUSH_TOKEN};
use super::envelope::Header;
use super::events::Gate;
use super::exchange::Trouble;
use super::inbox::{Answer, Inboxes};
use super::json::Json;
use super::messages::{Message, take};
use super::outlet::Keep;
use super::signature::equal;
use super::sources::Source;
use super::status::Status;
use crate::model::time::Clock;

/// The doors of all sources.
pub struct Receiver {
    /// By the names of their sources.
    pub doors: BTreeMap<String, Door>,
    /// Where the threads that poll find what is theirs.
    pub inboxes: Arc<Inboxes>,
    /// Where facts go that need no thread.
    pub outlet: Arc<dyn Keep>,
    /// Our own decoder.
    pub gate: Gate,
    /// Who counts.
    pub status: Arc<Status>,
    /// The clock.
    pub clock: Clock,
}

impl Receiver {
    /// Whether anything may be posted to a source of this name.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.doors.contains_key(name)
    }

    /// A body was too large to be looked at.
    pub fn refuse_size(&self, name: &str) {
        if self.knows(name) {
            self.status.count_received(name, "too_large");
        }
    }

    /// Takes a body.
    #[must_use]
    pub fn take(&self, name: &str, header: Header<'_>, body: &[u8]) -> Answer {
        let Some(door) = self.doors.get(name) else { return Answer::Unknown };
        let answer = match door {
            Door::Payload { source, proof, secret } => {
                if proof.holds(secret, header, body) {
                    self.keep(source, header, body)
                } else {
                    Answer::Forbidden
                }
            }
            Door::Zoho { token } => match Json::parse(body) {
                // Nothing else of it is believed, so nothing else is looked at.
                Ok(json) if is_same(json.word("/token"), token) => self.inboxes.ring(name),
                _ => Answer::Forbidden,
            },
            Door::ShareCrm { push, callback } => {
                let given = header(PUSH_TOKEN);
                match (push, callback) {
                    (Some(secret), _) if is_same(given.as_deref(), secret) => self.push(name, body),
                    (_, Some(keys)) if given.is_none() => match Json::parse(body) {
                        Ok(envelope) if keys.open(&envelope, self.clock.now().millis()).is_ok() => {
                            self.inboxes.ring(name)
                        }
                        _ => Answer::Forbidden,
                    },
                    _ => Answer::Forbidden,
                }
            }
        };
        self.status.count_received(name, outcome(&answer));
        answer
    }

    fn push(&self, name: &str, body: &[u8]) -> Answer {
        match Json::parse_records(body, &["/data"]) {
            Ok(json) => self.inboxes.push(name, json),
            Err(fault) => Answer::Refused(fault.to_string()),
        }
    }

    /// Keeps a fact, or the message that should hold one and does not: it would not be better the next time.
    fn keep(&self, source: &Source, header: Header<'_>, body: &[u8]) -> Answer {
        let (mut batch, now) = (Batch::default(), self.clock.now());
        let message = Message { from: &source.name, bytes: body, key: None, headers: &[] };
        if !take(source, message, header, &self.gate, now, &mut batch) {
            self.status.count_skipped(&source.name);
        }
        match self.outlet.keep(&source.name, &batch) {
            Ok(()) => {
                self.status.succeeded(&source.name, now);
                Answer::Kept
            }
            Err(reason) => {
                self.status.failed(&source.name, &Trouble::Sink(reason));
                Answer::Later
            }
        }
    }
}

fn is_same(given: Option<&str>, secret: &str) -> bool {
    given.is_some_and(|given| equal(given.as_bytes(), secret.as_bytes()))
}

const fn outcome(answer: &Answer) -> &'static str {
    match answer {
        Answer::Kept => "kept",
        Answer::Rung => "rung",
        Answer::Forbidden => "forbidden",
        Answer::Refused(_) | Answer::Unknown => "refused",
        Answer::Later => "later",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::connect::hook::Proof;
    use crate::connect::inbox::Call;
    use crate::connect::sharecrm::Keys;
    use crate::connect::signature::Encoding;
    use crate::connect::sources::{Defaults, load};
    use crate::model::money::{Currency, Rates};
    use crate::model::rules::Rules;
    use crate::model::time::Time;

    /// Keeps batches, or refuses to.
    #[derive(Default)]
    struct Kept {
        batches: Mutex<Vec<Batch>>,
        is_down: Mutex<bool>,
    }

    impl Keep for Kept {
        fn keep(&self, _source: &str, batch: &Batch) -> Result<(), String> {
            if *self.is_down.lock().unwrap() {
                return Err("no broker".to_owned());
            }
            self.batches.lock().unwrap().push(batch.clone());
            Ok(())
        }
    }

    const BOOKS: &str = r#"
[source.books]
kind = "webhook"
each = "/data"
[[source.books.map]]
to = "payment"
when = [{ at = "^/event", is = "paid" }]
event_id = "payment:{/id}"
version = "/updated | live"
occurred_at = "/paid"
amount = "/amount"
currency = "CNY"
"#;
    const PAID: &str = r#"{"event":"paid","data":[{"id":9007199254740993,"updated":1794301200000,"paid":1794301200000,"amount":1234567890123.45}]}"#;

    /// The envelope whose signature the vendor's own code has confirmed, and the instant at which it was sealed.
    const CALLBACK: &str = r#"{"nonce":"4f9c2a","timeStamp":"1793674800000","content":"G03RMqTIQKMpMWSfCOnAQlLG0BoPELd96UURKAUTzx5IMsgvB0hxOnMi3dWxkoT1hiKLmVekFyg0TZhb77A+cESOOusHlms7PkId+DQn4WxC0FvrRhJckwExXWLKVld9JGWJ2un0bxutIzJKsrduhc6hJKYyboMGJScxXLx/Hn0=","sig":"450fdc40bb275be803298d6e9f4d286d333c8330"}"#;
    const SEALED: i64 = 1_793_674_800_000;

    fn receiver(kept: &Arc<Kept>) -> Receiver {
        let source = load(BOOKS, "sources.toml", &Defaults::default()).unwrap().into_values().next().unwrap();
        let source = Arc::new(source);
        let signed = Proof::Signature { header: "x-signature".to_owned(), encoding: Encoding::Hex };
        let named = Proof::Token { header: "x-api-key".to_owned() };
        let secret = "s3cret".to_owned();
        let books = Door::Payload { source: Arc::clone(&source), proof: named, secret: secret.clone() };
        let keys = Keys::new("test-token-not-real", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap();
        Receiver {
            doors: BTreeMap::from([
                ("books".to_owned(), books),
                ("signed".to_owned(), Door::Payload { source, proof: signed, secret: secret.clone() }),
                ("zoho".to_owned(), Door::Zoho { token: secret.clone() }),
                ("share".to_owned(), Door::ShareCrm { push: Some(secret), callback: Some(keys) }),
            ]),
            inboxes: Inboxes::new(["zoho".to_owned(), "share".to_owned()].into()),
            outlet: Arc::clone(kept) as Arc<dyn Keep>,
            gate: Gate::new(Arc::new(Rules::new(Rates::new(Currency::from_code("CNY").unwrap())))),
            status: Arc::new(Status::new(["books"].into_iter()).unwrap()),
            clock: Clock::Fixed(Time::from_millis(SEALED + 700_000_000)),
        }
    }

    fn post(receiver: &Receiver, name: &str, header: (&str, &str), body: &str) -> Answer {
        receiver.take(name, &|wanted| (wanted == header.0).then(|| header.1.to_owned()), body.as_bytes())
    }

    const KEY: (&str, &str) = ("x-api-key", "s3cret");

    #[test]
    fn a_fact_is_kept_before_its_sender_hears_so() {
        let kept = Arc::<Kept>::default();
        let receiver = receiver(&kept);
        *kept.is_down.lock().unwrap() = true;
        assert_eq!(post(&receiver, "books", KEY, PAID), Answer::Later);
        assert_eq!(receiver.status.report().sources["books"].condition, Some("sink"));
        *kept.is_down.lock().unwrap() = false;
        assert_eq!(post(&receiver, "books", KEY, PAID), Answer::Kept);
        assert_eq!(receiver.status.report().sources["books"].condition, None);
        let batches = kept.batches.lock().unwrap();
        let [event] = batches[0].events.as_slice() else { panic!("{batches:?}") };
        assert_eq!(event.text("event_id"), "payment:9007199254740993");
        assert_eq!(event.text("amount"), "1234567890123.45", "by its digits");
    }

    #[test]
    fn what_is_no_event_is_a_letter_byte_for_byte_and_taken() {
        let kept = Arc::<Kept>::default();
        let receiver = receiver(&kept);
        let wrong =
            r#"{ "event":"paid",  "data":[{"id":1,"updated":1794301200000,"paid":1794301200000,"amount":"\u6c34"}]}"#;
        let other = r#"{"event":"sent","data":[{"id":1}]}"#;
        for body in [wrong, "<xml/>", other] {
            assert_eq!(post(&receiver, "books", KEY, body), Answer::Kept, "{body}");
        }
        let batches = kept.batches.lock().unwrap();
        let letters: Vec<(&str, &[u8])> = batches
            .iter()
            .flat_map(|batch| &batch.letters)
            .map(|letter| (letter.code, letter.body.as_slice()))
            .collect();
        assert_eq!(letters.len(), 2);
        assert_eq!(letters[0].1, wrong.as_bytes());
        assert_eq!(letters[1], ("not_json", b"<xml/>".as_slice()));
        let text = receiver.status.metrics.exposition();
        assert!(text.contains("salespulse_connect_skipped_total{source=\"books\"} 1\n"), "{text}");
        assert!(text.contains("salespulse_connect_received_total{outcome=\"kept\",source=\"books\"} 3\n"), "{text}");
    }

    #[test]
    fn who_does_not_know_the_secret_is_not_heard() {
        let kept = Arc::<Kept>::default();
        let receiver = receiver(&kept);
        let (zoho, share) = (receiver.inboxes.open("zoho"), receiver.inboxes.open("share"));
        assert_eq!(post(&receiver, "nobody", KEY, PAID), Answer::Unknown);
        let forged = CALLBACK.replace("450f", "450e");
        for (name, header, body) in [
            ("books", ("x-api-key", "S3cret"), PAID),
            ("books", ("x-signature", "s3cret"), PAID),
            ("signed", KEY, PAID),
            ("signed", ("x-signature", "00"), PAID),
            ("zoho", KEY, r#"{"module":"Deals","ids":["1"]}"#),
            ("zoho", KEY, r#"{"module":"Deals","ids":["1"],"token":"s3cre"}"#),
            ("zoho", KEY, "not JSON"),
            ("share", ("x-salespulse-token", "wrong"), r#"{"object":"NewOpportunityObj"}"#),
            ("share", KEY, forged.as_str()),
            // The right seal, too long ago.
            ("share", KEY, CALLBACK),
        ] {
            assert_eq!(post(&receiver, name, header, body), Answer::Forbidden, "{name}: {header:?}: {body}");
        }
        assert!(kept.batches.lock().unwrap().is_empty());
        assert!(zoho.try_recv().is_err() && share.try_recv().is_err());
    }

    #[test]
    fn a_ring_says_no_more_than_that() {
        let kept = Arc::<Kept>::default();
        let mut receiver = receiver(&kept);
        receiver.clock = Clock::Fixed(Time::from_millis(SEALED + 1_000));
        let ring = r#"{"server_time":1,"module":"Deals","ids":["6"],"operation":"delete","token":"s3cret"}"#;
        assert_eq!(post(&receiver, "zoho", KEY, ring), Answer::Later, "nobody polls here");
        let (zoho, share) = (receiver.inboxes.open("zoho"), receiver.inboxes.open("share"));
        assert_eq!(post(&receiver, "zoho", KEY, ring), Answer::Rung);
        assert_eq!(post(&receiver, "share", KEY, CALLBACK), Answer::Rung);
        assert!(matches!(zoho.try_recv(), Ok(Call::Ring)));
        assert!(matches!(share.try_recv(), Ok(Call::Ring)));
        assert!(kept.batches.lock().unwrap().is_empty(), "it is no fact");
    }

    #[test]
    fn a_signature_is_of_the_bytes_that_came() {
        let kept = Arc::<Kept>::default();
        let receiver = receiver(&kept);
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"s3cret");
        let digest: String =
            ring::hmac::sign(&key, PAID.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(post(&receiver, "signed", ("x-signature", &digest), PAID), Answer::Kept);
        let spaced = PAID.replace(":[", ": [");
        assert_eq!(post(&receiver, "signed", ("x-signature", &digest), &spaced), Answer::Forbidden);
    }
}
