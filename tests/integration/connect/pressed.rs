//! The receiver under pressure: so many senders a second as no CRM has.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ring::hmac::{HMAC_SHA256, Key, sign};

use super::Instance;
use super::streams::{RULES, counted, payment, payments};
use crate::harness::service::SOON;
use crate::harness::{Topics, announce, shared_broker, wait_until};

/// So many are posted in a second …
const A_SECOND: usize = 200;
/// … that is one in so long …
const BETWEEN: Duration = Duration::from_millis(5);
/// … for so many seconds; `SALESPULSE_CRM_PRESSED` says another number.
const SECONDS: usize = 5;
/// So many may wait for their answer at once.
const SENDERS: usize = 32;
/// Every so many one comes whose signature is of another body.
const FORGED: usize = 20;

fn signature(body: &str) -> String {
    let tag = sign(&Key::new(HMAC_SHA256, b"hunter-two"), body.as_bytes());
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Posts a body; the status of the answer.
fn post(agent: &ureq::Agent, url: &str, body: &str, signature: &str) -> Option<u16> {
    let request = agent.post(url).config().http_status_as_error(false).build().header("x-signature", signature);
    request.send(body).map(|answer| answer.status().as_u16()).ok()
}

#[test]
fn two_hundred_in_a_second_are_all_kept_once() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 2);
    let sources = format!(
        "[source.books]\nkind = \"webhook\"\n[source.books.verify]\nhmac_sha256 = \"x-signature\"\n\
         secret_file = \"secret\"\n[[source.books.map]]{RULES}"
    );
    let instance = Instance::with(broker, &topics, &sources);
    let url = format!("http://127.0.0.1:{}/in/books", instance.receiver);
    let first = payment(0, "0.10");
    wait_until("the first payment is kept", SOON, || {
        (post(&ureq::agent(), &url, &first, &signature(&first)) == Some(200)).then_some(())
    });

    let seconds = std::env::var("SALESPULSE_CRM_PRESSED").ok().and_then(|seconds| seconds.parse().ok());
    let count = A_SECOND * seconds.unwrap_or(SECONDS);
    let (next, began) = (AtomicUsize::new(1), Instant::now());
    let send = || {
        let (agent, mut took) = (ureq::agent(), Vec::new());
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number > count {
                return took;
            }
            let due = began + BETWEEN * u32::try_from(number).expect("few");
            while let Some(left) = due.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
                std::thread::park_timeout(left);
            }
            let body = payment(u32::try_from(number).expect("few"), "10.50");
            let is_forged = number % FORGED == 0;
            let signature = signature(if is_forged { &first } else { &body });
            let status = post(&agent, &url, &body, &signature);
            assert_eq!(status, Some(if is_forged { 401 } else { 200 }), "of {number}");
            // From the moment at which it was due, so that who waits for a slow answer delays nobody unseen.
            took.push(due.elapsed());
        }
    };
    let mut took: Vec<Duration> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS).map(|_| scope.spawn(send)).collect();
        senders.into_iter().flat_map(|sender| sender.join().expect("all are answered")).collect()
    });
    took.sort();
    let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)];
    announce(&format!(
        "{A_SECOND} posted in a second, {count} in all: half are answered within {:?}, 99 of 100 within {:?}, all within {:?}",
        at(50),
        at(99),
        at(100)
    ));

    let mut counted = counted(&payments(broker, &topics));
    // It may have been kept before somebody could say so.
    assert!(counted.remove("payment:0").is_some());
    let wanted: Vec<String> =
        (1..=count).filter(|number| number % FORGED != 0).map(|number| format!("payment:{number}")).collect();
    assert_eq!(counted.len(), wanted.len());
    let twice: Vec<&String> = wanted.iter().filter(|id| counted.get(*id) != Some(&1)).collect();
    assert!(twice.is_empty(), "not there exactly once: {twice:?}");
    let metrics = instance.get("/metrics").expect("metrics");
    let forbidden =
        format!("salespulse_connect_received_total{{outcome=\"forbidden\",source=\"books\"}} {}\n", count / FORGED);
    assert!(metrics.contains(&forbidden), "{metrics}");
}
