//! One service after another over the same stream and the same snapshots.

mod outage;
mod upset;

pub(super) use upset::Upset;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::dice::Dice;
use super::facts::INSTANT;
use super::moments::{Aim, CAUGHT_UP, Struck, letters_in};
use super::stream::{Flow, Stream};
use crate::harness::process::{Signal, Tail};
use crate::harness::reader::{Watcher, read_all};
use crate::harness::service::SOON;
use crate::harness::{Broker, Service, ServiceBuilder, Topics, wait_closely};

/// Records that nobody can read, sent at once so that some are in flight at the kill.
const BURST: u64 = 60;
/// Records sent before the first start, and before one that is to be killed while it catches up.
const BACKLOG: usize = 1_000;

/// What all services of a loop share.
pub(super) struct Stage<'a> {
    broker: &'a Broker,
    topics: Arc<Topics>,
    builder: ServiceBuilder,
    flow: Flow,
    /// Sees the dead letters arrive.
    watcher: Watcher,
    _store: TempDir,
}

/// A service, and how many dead letters there were when it started.
pub(super) struct Life {
    service: Service,
    letters_before: i64,
}

impl Stage<'_> {
    /// A stream that flows, and no service yet.
    pub(super) fn set(broker: &Broker, seed: u64) -> Stage<'_> {
        let topics = Arc::new(Topics::create(broker, 2));
        let store = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
        let builder = ServiceBuilder::new(broker, &topics)
            .at_instant(INSTANT)
            .keeping(store.path(), "300ms")
            // Dead letters are under way for longer than it takes to write a snapshot.
            .property("linger.ms", "400")
            .logging("info,salespulse=debug");
        let mut stream = Stream::new(broker, &topics, seed);
        stream.send(BACKLOG);
        let flow = Flow::start(stream);
        let watcher = Watcher::new(&broker.client(), &topics.name("dead_letters"));
        Stage { broker, topics, builder, flow, watcher, _store: store }
    }

    /// Starts a service, and compares its numbers when it has read everything. The stream stands still from then on.
    pub(super) fn start(&self) -> Life {
        self.flow.pause();
        let mut life = self.spawn();
        life.service.wait_ready();
        self.flow.stream().assert_told_as_by_twin(&life.service);
        life
    }

    /// Kills a service that was started, or the next one while it starts.
    pub(super) fn kill(&self, mut life: Life, aim: Aim, dice: &mut Dice) -> Struck {
        self.flow.resume();
        if aim.is_of_a_start() {
            life.service.kill();
            self.flow.stream().send(BACKLOG);
            life = self.spawn();
        }
        let Life { mut service, letters_before } = life;
        let mut tail = service.follow_log();
        self.wait_for(aim, &mut tail, dice);
        service.kill();
        Struck::read(tail.read(), self.watcher.end() - letters_before)
    }

    /// Ends a service whose numbers have been compared, and sees that every poison record has a dead letter, and that what
    /// the numbers were compared with is what a replay tells; answers how many records there were.
    pub(super) fn end(self, mut life: Life) -> u64 {
        assert_eq!(life.service.end_with(Signal::Terminate).code(), Some(0), "{}", life.service.log());
        let letters = read_all(&self.broker.client(), &self.topics.name("dead_letters"));
        let stream = self.flow.end();
        let mut stream = stream.lock().expect("not poisoned");
        stream.assert_twin_is_replay();
        let sent = stream.poison().iter().map(|line| (line.key.as_bytes(), line.value.as_bytes()));
        let kept = letters.iter().map(|letter| (letter.key.as_deref(), letter.value.as_deref()));
        let kept: BTreeSet<_> = kept.filter_map(|(key, value)| key.zip(value)).collect();
        let sent: BTreeSet<_> = sent.collect();
        assert_eq!(sent.difference(&kept).count(), 0, "records that are not in the dead-letter topic");
        assert_eq!(kept.difference(&sent).count(), 0, "dead letters of what was no poison");
        stream.sent()
    }

    fn spawn(&self) -> Life {
        Life { letters_before: self.watcher.end(), service: self.builder.spawn() }
    }

    fn wait_for(&self, aim: Aim, tail: &mut Tail, dice: &mut Dice) {
        let start = Instant::now();
        let mut letters = 0;
        if let Aim::Serving(millis) | Aim::Starting(millis) = aim {
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
}
