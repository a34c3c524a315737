//! The clock jumping under a running service: the numbers are a replay's at the instant that the service says, and never at
//! one whose events may be forgotten.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use salespulse::model::time::{DAY, HOUR, MINUTE, Time, seconds};

use super::dice::{self, Dice};
use super::facts::INSTANT_MILLIS;
use super::moments::DURABLE;
use super::stream::Stream;
use crate::harness::service::SOON;
use crate::harness::{Service, ServiceBuilder, Topics, announce, shared_broker, wait_until};

/// Jumps within the reach of the horizon unless the environment says otherwise.
const JUMPS: u32 = 12;
/// Records between two jumps.
const RECORDS: usize = 150;
/// The UTC midnight before the instant at which all events have happened.
const MIDNIGHT: Time = Time::from_millis(INSTANT_MILLIS - 12 * HOUR);
/// Longer than any event is remembered: what counts is its time and that of its record, which is the machine's.
const FAR: i64 = 4_000 * DAY;

/// A service and the file that its clock follows.
struct Timed {
    service: Service,
    file: PathBuf,
}

fn write(file: &Path, clock: Time) {
    // Nobody may read a time that is half written.
    let new = file.with_extension("new");
    std::fs::write(&new, clock.to_string()).expect("the folder can be written");
    std::fs::rename(new, file).expect("the folder can be written");
}

impl Timed {
    /// Moves the clock, sends records, and compares with a replay at the instant that the service is to tell.
    fn jump(&self, stream: &mut Stream, clock: Time, told: Time) {
        write(&self.file, clock);
        stream.send(RECORDS);
        stream.flush();
        let instant = || self.service.metrics().get("salespulse_reading_timestamp_seconds");
        wait_until("the numbers are of the new instant", SOON, || {
            (instant() == Some(seconds(told.millis()))).then_some(())
        });
        stream.wait_told_at(&self.service, told);
    }
}

#[test]
fn a_clock_that_jumps_makes_no_number_that_a_replay_does_not() {
    let Some(broker) = shared_broker() else { return };
    let (seed, jumps) = (dice::seed(), dice::number("SALESPULSE_CRASH_JUMPS").unwrap_or(JUMPS));
    announce(&format!("clock: SALESPULSE_CRASH_SEED={seed} SALESPULSE_CRASH_JUMPS={jumps}"));
    let mut dice = Dice::new(seed);
    let topics = Arc::new(Topics::create(broker, 2));
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let (store, file) = (folder.path().join("store"), folder.path().join("clock"));
    let builder = ServiceBuilder::new(broker, &topics).by_clock(&file).keeping(&store, "300ms");
    let mut stream = Stream::new(broker, &topics, dice.next());
    let start = || Timed { service: builder.start(), file: file.clone() };
    let (mut back, mut restarts) = (0, 0);

    write(&file, MIDNIGHT.plus(12 * HOUR));
    let mut timed = start();
    let (mut day, mut last) = (MIDNIGHT, MIDNIGHT.plus(12 * HOUR));
    for number in 0..jumps {
        if dice.below(3) == 0 {
            day = day.plus(DAY * i64::try_from(dice.below(40)).expect("few"));
        }
        let clock = day.plus(i64::try_from(dice.below(24 * 3_600_000)).expect("within a day"));
        back += u32::from(clock < last);
        timed.jump(&mut stream, clock, clock);
        if number % 4 == 3 {
            timed.service.kill();
            write(&file, clock.plus(-(clock.since(day) / 2)));
            timed = start();
            restarts += 1;
        }
        last = clock;
    }
    // Behind the last move of the horizon by a little: the numbers stand still there.
    day = day.plus(DAY);
    timed.jump(&mut stream, day.plus(MINUTE), day.plus(MINUTE));
    timed.jump(&mut stream, day.plus(-4 * MINUTE), day);
    timed.service.wait_for_text("/readyz", "clock_behind");
    timed.service.wait_for("salespulse_clock_behind_seconds", 240.0);
    timed.jump(&mut stream, day.plus(HOUR), day.plus(HOUR));
    assert!(!timed.service.get("/readyz", "*/*").expect("it answers").body.contains("clock_behind"));

    // By much, with nothing forgotten: it ends, and goes on from its snapshot.
    write(&file, MIDNIGHT.plus(13 * HOUR));
    assert_eq!(timed.service.wait_exit().code(), Some(71), "{}", timed.service.log());
    assert!(timed.service.log().contains("the clock went back to 2026-06-15T13:00:00.000Z"), "{}", timed.service.log());
    timed = start();
    timed.service.wait_for("salespulse_snapshots_restored_total", 1.0);
    timed.jump(&mut stream, MIDNIGHT.plus(14 * HOUR), MIDNIGHT.plus(14 * HOUR));

    // By much, with everything forgotten, in the snapshots too: it ends, and reads the topics from their beginning.
    timed.jump(&mut stream, day.plus(FAR), day.plus(FAR));
    let durable = |timed: &Timed| timed.service.log().matches(DURABLE).count();
    let before = durable(&timed);
    wait_until("no snapshot is left that has everything", SOON, || {
        stream.send(1);
        (durable(&timed) > before + 3).then_some(())
    });
    write(&file, MIDNIGHT.plus(15 * HOUR));
    assert_eq!(timed.service.wait_exit().code(), Some(71), "{}", timed.service.log());
    timed = start();
    timed.service.wait_for("salespulse_snapshots_restored_total", 0.0);
    timed.jump(&mut stream, MIDNIGHT.plus(16 * HOUR), MIDNIGHT.plus(16 * HOUR));
    timed.service.assert_audited();
    assert!(back > 0 && restarts > 0, "{back} jumps back, {restarts} restarts");
    announce(&format!(
        "clock: {jumps} jumps, {back} of them back, {restarts} restarts, 1 stand-still and 2 ends survived"
    ));
}
