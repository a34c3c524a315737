//! A snapshot store with no room: the numbers stay right, and a kill loses nothing.
//!
//! The room ends by a limit on the size of files, which needs no privilege and no mount; the error is another than that of
//! a full disk, and the same write fails.

use std::sync::Arc;

use super::dice;
use super::facts::INSTANT;
use super::moments::{DURABLE, NOT_WRITTEN};
use super::stream::Stream;
use crate::harness::service::SOON;
use crate::harness::{Service, ServiceBuilder, Topics, announce, shared_broker, wait_until};

/// 32 KiB: room for a first snapshot and for the log, and not for what comes then.
const BLOCKS: u32 = 64;
/// More than fits.
const RECORDS: usize = 10_000;
/// How many snapshots fail.
const FAILURES: f64 = 8.0;

#[test]
fn a_store_without_room_changes_no_number() {
    let Some(broker) = shared_broker() else { return };
    let seed = dice::seed();
    announce(&format!("store without room: SALESPULSE_CRASH_SEED={seed}"));
    let topics = Arc::new(Topics::create(broker, 2));
    let store = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let builder = ServiceBuilder::new(broker, &topics).at_instant(INSTANT).keeping(store.path(), "200ms");
    let mut stream = Stream::new(broker, &topics, seed);

    stream.send(100);
    stream.flush();
    let mut service = builder.clone().file_limit(BLOCKS).start();
    wait_until("a small snapshot is durable", SOON, || service.log().contains(DURABLE).then_some(()));
    stream.send(RECORDS);
    let failed = |service: &Service| service.metrics().get("salespulse_snapshots_failed_total").expect("it is shown");
    wait_until("snapshots fail", SOON, || (failed(&service) >= 1.0).then_some(()));
    let age = |service: &Service| service.metrics().get("salespulse_snapshot_age_seconds").expect("it is shown");
    let younger = age(&service);
    wait_until("more snapshots fail", SOON, || {
        stream.send(1);
        (failed(&service) >= FAILURES).then_some(())
    });
    assert!(age(&service) > younger, "nothing has become durable");
    assert!(service.is_ready(), "a store without room is no reason to hide right numbers");
    let told = service.log().matches(NOT_WRITTEN).count();
    let seconds = age(&service);
    assert!(told >= 1, "{}", service.log());
    assert!(f64::from(u32::try_from(told).expect("few")) <= 1.0 + seconds / 10.0 + 1.0, "{told} times in {seconds} s");
    service.kill();

    stream.flush();
    let service = builder.start();
    stream.assert_told_by(&service);
    service.wait_for("salespulse_snapshots_restored_total", 1.0);
    let written = |service: &Service| service.metrics().get("salespulse_snapshots_written_total");
    wait_until("with room again a snapshot is durable", SOON, || (written(&service) > Some(0.0)).then_some(()));
    service.assert_audited();
    announce(&format!("store without room: {FAILURES} failed snapshots survived, told {told} times"));
}
