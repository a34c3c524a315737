//! A snapshot store that takes its requests and does not answer: reading goes on, and nothing waits for it for ever.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::dice;
use super::facts::INSTANT;
use super::stream::Stream;
use crate::harness::process::Signal;
use crate::harness::proxy::{Proxy, Way};
use crate::harness::{Service, ServiceBuilder, Topics, announce, shared_broker, tools, wait_until};
use crate::integration::s3::S3;

/// Records that are read while the store does not answer.
const RECORDS: usize = 20_000;
/// How much memory these may take, with all that is copied because a snapshot is under way.
const GROWTH: f64 = 96.0 * 1024.0 * 1024.0;
/// How long an end may take: a minute for the last snapshot, and some seconds for all else.
const END: Duration = Duration::from_secs(90);

fn written(service: &Service) -> f64 {
    service.metrics().get("salespulse_snapshots_written_total").expect("it is shown")
}

fn wait_for_a_snapshot(service: &Service, stream: &mut Stream) {
    let before = written(service);
    wait_until("another snapshot is durable", END, || {
        stream.send(1);
        (written(service) > before).then_some(())
    });
}

#[test]
fn a_store_that_does_not_answer_holds_up_nothing() {
    let (Some(broker), Some(program)) = (shared_broker(), tools::moto()) else { return };
    let seed = dice::seed();
    announce(&format!("slow store: SALESPULSE_CRASH_SEED={seed}"));
    let server = S3::start(program);
    let proxy = Proxy::start(server.port());
    let topics = Arc::new(Topics::create(broker, 2));
    let mut builder = ServiceBuilder::new(broker, &topics).at_instant(INSTANT);
    builder = builder
        .snapshot("store", "s3://snapshots/slow")
        .snapshot("interval", "200ms")
        .snapshot("audit_interval", "200ms");
    for (name, value) in server.options() {
        let value = if name == "aws_endpoint" { format!("http://{}", proxy.address()) } else { value };
        builder = builder.snapshot(&format!("options.{name}"), &value);
    }
    let mut stream = Stream::new(broker, &topics, seed);
    stream.send(1_000);
    stream.flush();
    let mut service = builder.start();
    wait_for_a_snapshot(&service, &mut stream);
    assert!(!service.holds("snapshot_slow"));
    let memory = service.memory();

    proxy.set(Way::Holding);
    stream.send(RECORDS);
    stream.flush();
    service.wait_condition("snapshot_slow", true);
    let (status, told) = service.readiness();
    assert_eq!((status, &told["status"]), (200, &"ready".into()), "the numbers are right: {told}");
    stream.assert_soon_told_by(&service);
    let growth = service.memory() - memory;
    assert!(growth < GROWTH, "{growth} bytes more");

    proxy.set(Way::Open);
    wait_for_a_snapshot(&service, &mut stream);
    service.wait_condition("snapshot_slow", false);
    assert_eq!(service.changes_of("snapshot_slow"), 2, "one line each: {}", service.log());

    proxy.set(Way::Holding);
    stream.send(100);
    stream.flush();
    service.wait_condition("snapshot_slow", true);
    let start = Instant::now();
    assert_eq!(service.end_within(Signal::Terminate, END).code(), Some(0), "{}", service.log());
    let took = start.elapsed();

    proxy.set(Way::Open);
    let service = builder.start();
    service.wait_for("salespulse_snapshots_restored_total", 1.0);
    stream.assert_soon_told_by(&service);
    wait_for_a_snapshot(&service, &mut stream);
    service.assert_audited();
    announce(&format!("slow store: {RECORDS} records read meanwhile, {growth} bytes more, the end took {took:?}"));
}
