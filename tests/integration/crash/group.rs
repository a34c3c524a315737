//! Three members of a group over the same snapshots: standing still, dying and leaving, until the last one is compared.
//!
//! What is checked of two members that show numbers at once is that it ends: a member that stood still for longer than its
//! session cannot know, when it goes on, that another has taken over. How long that took is printed.

use std::sync::Arc;
use std::time::Instant;

use super::dice;
use super::facts::INSTANT;
use super::stream::Stream;
use crate::harness::process::Signal;
use crate::harness::service::SOON;
use crate::harness::{Exposition, Service, ServiceBuilder, Topics, announce, shared_broker, wait_until};

/// Records between two changes of the owner.
const RECORDS: usize = 500;

fn shows_numbers(service: &Service) -> bool {
    let answer = service.get("/metrics", "text/plain;version=0.0.4").filter(|answer| answer.status == 200);
    answer.is_some_and(|answer| Exposition::parse(&answer.body).has_kpis())
}

/// Waits until one of the members shows numbers, and takes it out.
fn take_owner(members: &mut Vec<Service>) -> Service {
    let place = wait_until("a member shows numbers", SOON, || members.iter().position(shows_numbers));
    members.remove(place)
}

#[test]
fn the_last_member_left_tells_what_a_replay_tells() {
    let Some(broker) = shared_broker() else { return };
    let seed = dice::seed();
    announce(&format!("three members: SALESPULSE_CRASH_SEED={seed}"));
    let topics = Arc::new(Topics::create(broker, 2));
    let store = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let builder = ServiceBuilder::new(broker, &topics).at_instant(INSTANT).keeping(store.path(), "300ms");
    let mut stream = Stream::new(broker, &topics, seed);
    let send = |stream: &mut Stream| {
        stream.send(RECORDS);
        stream.flush();
    };
    send(&mut stream);
    let still = builder.start();
    stream.assert_told_by(&still);
    still.assert_audited();
    let mut members: Vec<Service> = ["b", "c"].map(|word| builder.clone().member(word).spawn()).into();
    members.iter().for_each(|member| member.wait_for_text("/readyz", "standing_by"));
    // Newcomers make the group share out its partitions again.
    wait_until("the first member shows numbers", SOON, || shows_numbers(&still).then_some(()));

    still.signal(Signal::Stop);
    let start = Instant::now();
    send(&mut stream);
    let mut owner = take_owner(&mut members);
    let took = start.elapsed();
    still.signal(Signal::Continue);
    let start = Instant::now();
    wait_until("the one that stood still shows no numbers", SOON, || (!shows_numbers(&still)).then_some(()));
    announce(&format!(
        "take-over after SIGSTOP: {took:?}; after SIGCONT two showed numbers for {:?} at most",
        start.elapsed()
    ));
    drop(still);
    owner.wait_ready();
    stream.assert_told_by(&owner);
    owner.assert_audited();

    send(&mut stream);
    let start = Instant::now();
    owner.kill();
    let mut owner = take_owner(&mut members);
    announce(&format!("take-over after SIGKILL, with snapshots: {:?}", start.elapsed()));
    owner.wait_ready();
    stream.assert_told_by(&owner);
    owner.assert_audited();

    members.push(builder.member("d").spawn());
    members[0].wait_for_text("/readyz", "standing_by");
    send(&mut stream);
    let start = Instant::now();
    assert_eq!(owner.end_with(Signal::Terminate).code(), Some(0), "{}", owner.log());
    let mut last = take_owner(&mut members);
    announce(&format!("take-over after SIGTERM, with snapshots: {:?}", start.elapsed()));
    last.wait_ready();
    stream.assert_told_by(&last);
    last.wait_for("salespulse_snapshots_restored_total", 1.0);
    // Where nothing is new, no snapshot is written and none is audited.
    send(&mut stream);
    last.assert_audited();
}
