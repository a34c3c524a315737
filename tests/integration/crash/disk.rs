//! A snapshot store on a disk that is full: the numbers stay right, a kill loses nothing, and it goes on with room again.

use std::sync::Arc;

use super::dice;
use super::facts::INSTANT;
use super::moments::{DURABLE, NOT_WRITTEN};
use super::stream::Stream;
use crate::harness::room::Room;
use crate::harness::service::SOON;
use crate::harness::{Service, ServiceBuilder, Topics, announce, shared_broker, wait_until};

/// Room for some small snapshots, and not for what comes then.
const SMALL_KIB: u32 = 256;
/// Room for everything.
const LARGE_KIB: u32 = 64 * 1024;
/// More than fits.
const RECORDS: usize = 10_000;
/// How many snapshots fail.
const FAILURES: f64 = 8.0;

fn metric(service: &Service, name: &str) -> f64 {
    service.metrics().get(&format!("salespulse_{name}")).expect("it is shown")
}

fn wait_for_failures(service: &Service, stream: &mut Stream, count: f64) {
    wait_until(&format!("{count} snapshots fail"), SOON, || {
        stream.send(1);
        (metric(service, "snapshots_failed_total") >= count).then_some(())
    });
}

#[test]
fn a_full_disk_changes_no_number() {
    let (Some(broker), Some(room)) = (shared_broker(), Room::make(SMALL_KIB)) else { return };
    let seed = dice::seed();
    announce(&format!("full disk: SALESPULSE_CRASH_SEED={seed}"));
    let topics = Arc::new(Topics::create(broker, 2));
    let builder = ServiceBuilder::new(broker, &topics).at_instant(INSTANT).keeping(room.path(), "200ms");
    let builder = builder.started_by(&room.door());
    let mut stream = Stream::new(broker, &topics, seed);

    stream.send(100);
    stream.flush();
    let mut service = builder.start();
    wait_until("a small snapshot is durable", SOON, || service.log().contains(DURABLE).then_some(()));
    assert!(!service.holds("snapshots_failing"));
    stream.send(RECORDS);
    wait_for_failures(&service, &mut stream, 1.0);
    let younger = metric(&service, "snapshot_age_seconds");
    wait_for_failures(&service, &mut stream, FAILURES);
    assert!(metric(&service, "snapshot_age_seconds") > younger, "nothing has become durable");
    assert!(service.log().contains("No space left on device"), "{}", service.log());
    assert!(service.is_ready(), "a full disk is no reason to hide right numbers");
    assert!(service.holds("snapshots_failing"));
    assert_eq!(service.changes_of("snapshots_failing"), 1, "{}", service.log());
    let told = service.log().matches(NOT_WRITTEN).count();
    assert!((1..=3).contains(&told), "{FAILURES} failures are told {told} times: {}", service.log());
    assert_eq!(room.files().matches('#').count(), 0, "what does not fit is taken away: {}", room.files());
    service.kill();

    stream.flush();
    let service = builder.start();
    stream.assert_soon_told_by(&service);
    service.wait_for("salespulse_snapshots_restored_total", 1.0);
    wait_for_failures(&service, &mut stream, 1.0);
    service.wait_condition("snapshots_failing", true);
    room.resize(LARGE_KIB);
    service.wait_condition("snapshots_failing", false);
    assert!(metric(&service, "snapshots_written_total") > 0.0, "with room again a snapshot is durable");
    assert_eq!(service.changes_of("snapshots_failing"), 2, "one line each: {}", service.log());
    stream.flush();
    stream.assert_soon_told_by(&service);
    service.assert_audited();
    announce(&format!("full disk: {FAILURES} failed snapshots survived, told {told} times"));
}
