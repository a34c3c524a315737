//! Two and three members of a group over the same snapshots, joining, leaving, dying and standing still, while a observer
//! watches all of them: no two may show numbers together, and none may show half a number.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::dice;
use super::facts::INSTANT;
use super::observer::Observer;
use super::stream::{Flow, Stream};
use crate::harness::process::Signal;
use crate::harness::service::SOON;
use crate::harness::{Service, ServiceBuilder, Topics, announce, shared_broker, wait_until};

/// Records before the first member starts.
const BACKLOG: usize = 1_000;

/// How often the numbers go from one process to another at least.
const HAND_OVERS: usize = 6;

/// A member and what its id ends in.
struct Member {
    name: &'static str,
    service: Service,
}

/// A group, the owner first.
struct Group {
    builder: ServiceBuilder,
    flow: Flow,
    observer: Observer,
    members: Vec<Member>,
    /// Since when the stream stands still.
    paused: Option<Instant>,
}

impl Group {
    /// Starts another member, which stands by unless it is the first.
    fn join(&mut self, name: &'static str) {
        let member = self.spawn(name);
        self.members.push(member);
        self.settle();
    }

    fn spawn(&mut self, name: &'static str) -> Member {
        let service = self.builder.clone().member(name).spawn();
        self.observer.watch(&service);
        Member { name, service }
    }

    /// Waits until one member shows numbers and all others stand by, and puts the one first; lets it show some.
    fn settle(&mut self) {
        let members = &mut self.members;
        let owner = wait_until("one member owns, and the others stand by", SOON, || {
            members.iter_mut().for_each(|member| member.service.assert_running());
            let status = |member: &Member| member.service.looker().get("/readyz", "*/*").map(|answer| answer.body);
            let told = members.iter().map(status).collect::<Option<Vec<String>>>()?;
            let owner = told.iter().position(|told| told.contains("\"ready\":true"))?;
            let standing_by = told.iter().filter(|told| told.contains("\"standing_by\"")).count();
            (standing_by + 1 == told.len()).then_some(owner)
        });
        members.swap(0, owner);
        self.observer.await_readings();
    }

    /// Waits until another than the owner shows numbers; answers how long that took.
    fn await_successor(&self) -> Duration {
        let start = Instant::now();
        let others = &self.members[1..];
        wait_until("a stand-by shows numbers", SOON, || others.iter().any(shows_numbers).then_some(()));
        start.elapsed()
    }

    /// Stands still until the owner tells what a twin tells.
    fn compare(&mut self) {
        self.flow.pause();
        let mut stream = self.flow.stream();
        let owner = &self.members[0].service;
        wait_until("the owner tells everything", SOON, || stream.is_told_as_by_twin(owner).then_some(()));
        self.paused.get_or_insert_with(Instant::now);
    }

    /// Flows on.
    fn resume(&mut self) {
        if let Some(from) = self.paused.take() {
            self.observer.note_pause(from, &self.flow.stream().told_by_twin());
        }
        self.flow.resume();
    }

    /// Ends the owner with a signal, and compares what its successor tells; answers how long nobody showed numbers.
    fn end_owner(&mut self, signal: Signal) -> Duration {
        self.members[0].service.signal(signal);
        let took = self.await_successor();
        let status = self.members.remove(0).service.wait_exit();
        assert_eq!(status.success(), signal == Signal::Terminate, "{status}");
        self.settle();
        self.compare();
        took
    }

    /// Lets the owner stand still until another has taken over, and go on.
    fn stop_owner(&mut self) -> Duration {
        self.members[0].service.signal(Signal::Stop);
        let took = self.await_successor();
        // Whatever the one that stood still answers from now on was asked while the other showed numbers.
        self.observer.await_readings();
        self.members[0].service.signal(Signal::Continue);
        self.settle();
        self.compare();
        took
    }

    /// Kills the owner and starts it again at once; answers how long nobody showed numbers.
    fn restart_owner(&mut self) -> Duration {
        let Member { name, mut service } = self.members.remove(0);
        service.kill();
        let start = Instant::now();
        let mut owner = self.spawn(name);
        owner.service.wait_ready();
        let took = start.elapsed();
        self.members.insert(0, owner);
        self.settle();
        self.compare();
        assert_eq!(self.members[0].name, name, "the seat was kept");
        took
    }
}

fn shows_numbers(member: &Member) -> bool {
    member.service.looker().metrics_text().is_some_and(|text| text.contains("\nsales_"))
}

#[test]
fn no_two_members_show_numbers_and_none_shows_half_a_number() {
    let Some(broker) = shared_broker() else { return };
    let seed = dice::seed();
    announce(&format!("group: SALESPULSE_CRASH_SEED={seed}"));
    let topics = Arc::new(Topics::create(broker, 2));
    let store = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let builder = ServiceBuilder::new(broker, &topics).at_instant(INSTANT).keeping(store.path(), "300ms");
    let mut stream = Stream::new(broker, &topics, seed);
    stream.send(BACKLOG);
    let flow = Flow::start(stream);
    let mut group = Group { builder, flow, observer: Observer::new(), members: Vec::new(), paused: None };
    let told = |what: &str, took: Duration| announce(&format!("hand-over after {what}: {took:?}"));

    group.join("a");
    group.join("b");
    group.compare();
    told("SIGTERM, of two members", group.end_owner(Signal::Terminate));
    group.resume();
    group.join("c");
    group.join("d");
    told("SIGTERM, of three, while records flow", group.end_owner(Signal::Terminate));
    group.resume();
    group.join("e");
    told("SIGSTOP, of three, while records flow", group.stop_owner());
    told("SIGKILL, of three", group.end_owner(Signal::Kill));
    group.resume();
    told("SIGKILL and a start in the same seat", group.restart_owner());
    group.resume();
    told("SIGKILL, of two, while records flow", group.end_owner(Signal::Kill));

    group.resume();
    let Group { flow, observer, members, .. } = group;
    let seen = observer.end();
    announce(&format!("group: {seen:?}"));
    assert_eq!(seen.together, 0, "two members showed numbers together");
    assert!(seen.in_pauses > 0 && seen.hand_overs >= HAND_OVERS, "{seen:?}");
    flow.pause();
    let stream = flow.end();
    let mut stream = stream.lock().expect("not poisoned");
    let [last] = members.as_slice() else { panic!("one member is left") };
    let tells_all = || stream.is_told_as_by_twin(&last.service).then_some(());
    wait_until("the last one tells everything", SOON, tells_all);
    stream.assert_twin_is_replay();
    stream.assert_told_by(&last.service);
    last.service.assert_audited();
}
