//! Rings at the door of a poller that would else rest for a month.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant as Clocked};

use salespulse::connect::desk::Batch;
use salespulse::connect::door::Door;
use salespulse::connect::events::Gate;
use salespulse::connect::exchange::{Exchange, Request, Response};
use salespulse::connect::inbox::{Answer, Inboxes};
use salespulse::connect::outlet::Keep;
use salespulse::connect::poller::Poller;
use salespulse::connect::receiver::Receiver;
use salespulse::connect::status::Status;
use salespulse::health::Stop;
use salespulse::model::time::{Clock, DAY, SECOND, Time};

use super::topic::{Topic, Writer};
use super::zoho::{Instance, Server, source_of};

/// A server whose clock goes on whenever somebody looks at it, and who writes down when cycles begin.
struct Ticking {
    server: Server,
    passed: Arc<AtomicI64>,
    cycles: Arc<Mutex<Vec<i64>>>,
    /// Whoever holds it lets cycles begin and not end.
    held: Arc<Mutex<()>>,
}

impl Exchange for Ticking {
    fn send(&mut self, request: &Request) -> Result<Response, String> {
        if request.url.contains("/DealHistory?") {
            self.cycles.lock().expect("no panic").push(self.now().millis());
            drop(self.held.lock().expect("no panic"));
        }
        self.server.send(request)
    }

    fn now(&self) -> Time {
        self.server.now().plus(self.passed.fetch_add(SECOND, Ordering::Relaxed) + SECOND)
    }

    fn pause(&mut self, millis: i64) {
        self.passed.fetch_add(millis, Ordering::Relaxed);
    }
}

/// Nothing is a fact here.
struct Nothing;

impl Keep for Nothing {
    fn keep(&self, _source: &str, _batch: &Batch) -> Result<(), String> {
        Err("a ring is no fact".to_owned())
    }
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let began = Clocked::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(60), "not within a minute: {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

pub(crate) fn try_rings() {
    let (source, gate) = (source_of(0), Gate::new(Arc::new(super::rules())));
    let status = Arc::new(Status::new(["zoho"].into_iter()).expect("metrics"));
    let inboxes = Inboxes::new(["zoho".to_owned()].into());
    let receiver = Receiver {
        doors: BTreeMap::from([("zoho".to_owned(), Door::Zoho { token: "TEST-TOKEN".to_owned() })]),
        inboxes: Arc::clone(&inboxes),
        outlet: Arc::new(Nothing),
        gate: gate.clone(),
        status: Arc::clone(&status),
        clock: Clock::System,
    };
    let ring = |token: &str| {
        let body =
            format!(r#"{{"server_time":1,"module":"Deals","ids":["1"],"operation":"update","token":"{token}"}}"#);
        receiver.take("zoho", &|_| None, body.as_bytes())
    };
    assert_eq!(ring("TEST-TOKEN"), Answer::Later, "nobody polls yet");

    let (mut server, mut topic) = (Server::new(3), Topic::default());
    server.is_busy = false;
    let (cycles, held) = (Arc::<Mutex<Vec<i64>>>::default(), Arc::<Mutex<()>>::default());
    let passed = Arc::<AtomicI64>::default();
    let seen = || cycles.lock().expect("no panic").len();
    let stop = Stop::default();
    let instance = Instance::new(&mut topic, 0);
    let mut exchange =
        Ticking { server, passed: Arc::clone(&passed), cycles: Arc::clone(&cycles), held: Arc::clone(&held) };
    let poller = Poller {
        source: &source,
        crm: instance.crm,
        interval_ms: 30 * DAY,
        gate: &gate,
        memory: instance.memory,
        inbox: Some(inboxes.open("zoho")),
        status: Arc::clone(&status),
        stop: stop.clone(),
    };
    std::thread::scope(|scope| {
        let mut writer = Writer { topic: &mut topic, owner: instance.owner };
        let polling = scope.spawn(move || poller.run(&mut writer, &mut exchange));
        wait_until("the first cycle", || seen() == 1);
        assert_eq!(ring("FORGED"), Answer::Forbidden);
        assert_eq!(ring("TEST-TOKEN"), Answer::Rung);
        wait_until("the ring is heard", || seen() == 2);
        // Many rings while a cycle lasts begin one more, however the threads run.
        let cycle = held.lock().expect("no panic");
        assert_eq!(ring("TEST-TOKEN"), Answer::Rung);
        wait_until("a cycle is held", || seen() == 3);
        for _ in 0..40 {
            assert_eq!(ring("TEST-TOKEN"), Answer::Rung);
        }
        drop(cycle);
        wait_until("the rings are heard", || seen() == 4);
        let heard = passed.load(Ordering::Relaxed);
        wait_until("time for more cycles", || passed.load(Ordering::Relaxed) > heard + 40 * SECOND);
        stop.request();
        assert_eq!(polling.join().expect("no panic"), Ok(()));
    });
    let begun = cycles.lock().expect("no panic").clone();
    assert_eq!(begun.len(), 4, "40 rings are one cycle: {begun:?}");
    let pauses: Vec<i64> = begun.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses.iter().all(|pause| (SECOND..DAY).contains(pause)), "{pauses:?}");
}
