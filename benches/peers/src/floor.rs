//! The floor: a poll loop that only counts. Whoever reads these topics with librdkafka pays at least this.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};

use crate::{TOPICS, broker, group};

pub(crate) fn run() {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", broker())
        .set("group.id", group("floor"))
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .set("fetch.queue.backoff.ms", "10")
        .create()
        .expect("a consumer");
    consumer.subscribe(&TOPICS).expect("a subscription");
    let counted = Arc::new(AtomicU64::new(0));
    tell(&counted);
    loop {
        if let Some(message) = consumer.poll(Duration::from_millis(50)) {
            message.expect("a record");
            counted.fetch_add(1, Relaxed);
        }
    }
}

/// Prints how many events were counted, ten times a second.
pub(crate) fn tell(counted: &Arc<AtomicU64>) {
    let counted = Arc::clone(counted);
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(100));
            println!("PROGRESS {}", counted.load(Relaxed));
        }
    });
}
