//! One service after another over the same stream and the same snapshots.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::dice::Dice;
use super::facts::INSTANT;
use super::moments::{Aim, CAUGHT_UP, Struck, letters_in};
use super::stream::{Flow, Stream};
use crate::harness::process::{Signal, Tail};
use crate::harness::reader::{end_of, read_all};
use crate::harness::service::SOON;
use crate::harness::{Broker, Service, ServiceBuilder, Topics, wait_closely};

/// Records that nobody can read, sent at once so that some are in flight at the kill.
const BURST: u64 = 60;

/// What all services of a loop share.
pub(super) struct Stage<'a> {
    broker: &'a Broker,
    topics: Arc<Topics>,
    builder: ServiceBuilder,
    flow: Flow,
    _store: TempDir,
}

impl Stage<'_> {
    /// A stream that flows, and no service yet.
    pub(super) fn set(broker: &Broker, seed: u64) -> Stage<'_> {
        let topics = Arc::new(Topics::create(broker, 2));
        let store = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
        let builder = ServiceBuilder::new(broker, &topics)
            .at_instant(INSTANT)
            .keeping(store.path(), "300ms")
            .snapshot("audit_interval", "1s")
            .logging("info,salespulse=debug");
        let flow = Flow::start(Stream::new(broker, &topics, seed));
        Stage { broker, topics, builder, flow, _store: store }
    }

    /// Starts a service and kills it.
    pub(super) fn kill(&self, aim: Aim, dice: &mut Dice) -> Struck {
        let before = self.letters();
        self.strike(self.builder.spawn(), before, aim, dice)
    }

    /// Starts a service, compares its numbers, and then kills it.
    pub(super) fn read_and_kill(&self, aim: Aim, dice: &mut Dice) -> Struck {
        let before = self.letters();
        let service = self.read();
        self.flow.resume();
        self.strike(service, before, aim, dice)
    }

    /// Compares once more, and sees that every poison record has a dead letter; answers how many records there were.
    pub(super) fn end(self) -> u64 {
        let mut service = self.read();
        assert_eq!(service.end_with(Signal::Terminate).code(), Some(0), "{}", service.log());
        let letters = read_all(&self.broker.client(), &self.topics.name("dead_letters"));
        let stream = self.flow.end();
        let stream = stream.lock().expect("not poisoned");
        let sent = stream.poison().iter().map(|line| (line.key.as_bytes(), line.value.as_bytes()));
        let kept = letters.iter().map(|letter| (letter.key.as_deref(), letter.value.as_deref()));
        let kept: BTreeSet<_> = kept.filter_map(|(key, value)| key.zip(value)).collect();
        let sent: BTreeSet<_> = sent.collect();
        assert_eq!(sent.difference(&kept).count(), 0, "records that are not in the dead-letter topic");
        assert_eq!(kept.difference(&sent).count(), 0, "dead letters of what was no poison");
        stream.sent()
    }

    /// A service that has read everything, and tells what a replay tells. The stream stands still.
    fn read(&self) -> Service {
        self.flow.pause();
        let service = self.builder.start();
        self.flow.stream().assert_told_by(&service);
        assert_eq!(service.metrics().get("salespulse_audit_mismatches_total"), Some(0.0), "{}", service.log());
        service
    }

    fn strike(&self, mut service: Service, before: i64, aim: Aim, dice: &mut Dice) -> Struck {
        let mut tail = service.follow_log();
        self.wait_for(aim, &mut tail, dice);
        service.kill();
        Struck::read(tail.read(), self.letters() - before)
    }

    fn wait_for(&self, aim: Aim, tail: &mut Tail, dice: &mut Dice) {
        let start = Instant::now();
        let mut letters = 0;
        if let Aim::After(millis) = aim {
            return wait_closely("the moment of the kill", SOON, || {
                (start.elapsed() >= Duration::from_millis(millis)).then_some(())
            });
        }
        if let Aim::DeadLetters = aim {
            wait_closely("the service has caught up", SOON, || tail.read().contains(CAUGHT_UP).then_some(()));
            letters = letters_in(tail.read());
            let count = usize::try_from(1 + dice.below(BURST)).expect("few");
            self.flow.stream().send_poison(count);
        }
        wait_closely(&format!("{aim:?}"), SOON, || aim.is_reached(tail.read(), letters).then_some(()));
    }

    /// How many dead letters have arrived.
    fn letters(&self) -> i64 {
        end_of(&self.broker.client(), &self.topics.name("dead_letters"))
    }
}
