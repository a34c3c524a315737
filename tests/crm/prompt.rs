//! How soon a ring has become an event, by the clock of a model whose CRM takes a tenth of a second for each answer.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};

use salespulse::connect::desk::{Batch, Sink};
use salespulse::connect::events::Gate;
use salespulse::connect::exchange::{Exchange, Request, Response};
use salespulse::connect::inbox::{Answer, Call, Inboxes};
use salespulse::connect::poller::Poller;
use salespulse::connect::status::Status;
use salespulse::health::Stop;
use salespulse::model::time::{HOUR, MINUTE, SECOND, Time};

use super::many::Many;
use super::topic::{Topic, Writer};
use super::zoho::{Instance, source_of};
use crate::dice::Dice;

/// When what happened: edits by the ids of their facts, and the facts that were kept.
#[derive(Default)]
struct Course {
    now: Cell<i64>,
    rung: RefCell<BTreeMap<String, i64>>,
    kept: RefCell<BTreeMap<String, i64>>,
    cycles: Cell<usize>,
}

/// A CRM that rings.
struct Ringing {
    many: Many,
    dice: Dice,
    inboxes: Arc<Inboxes>,
    course: Rc<Course>,
    /// Between two edits, on average.
    pause: usize,
    /// When somebody edits something next.
    next: i64,
    /// When nobody does any more …
    ends: i64,
    /// … and when the poller is stopped, after one more cycle.
    stops: i64,
    stop: Stop,
    can_spare: bool,
}

impl Ringing {
    /// Lets time pass; somebody edits something meanwhile, and it rings.
    fn pass(&mut self, until: i64) {
        while self.next <= until && self.next < self.ends {
            self.many.now = self.many.now.max(self.next);
            let deal = self.dice.below(self.many.deals);
            let fact = self.many.open(deal);
            self.next = self.many.now + self.dice.millis(2 * self.pause);
            self.course.rung.borrow_mut().insert(fact, self.many.now);
            assert_eq!(self.inboxes.ring("zoho"), Answer::Rung);
        }
        self.many.now = self.many.now.max(until);
        self.course.now.set(self.many.now);
        if self.many.now > self.stops {
            self.stop.request();
        }
    }
}

impl Exchange for Ringing {
    fn send(&mut self, request: &Request) -> Result<Response, String> {
        if request.url.contains("/DealHistory?") && request.url.ends_with("&per_page=200&page=1") {
            self.course.cycles.set(self.course.cycles.get() + 1);
        }
        let answer = self.many.send(request);
        self.pass(self.many.now);
        answer
    }

    fn now(&self) -> Time {
        self.many.now()
    }

    fn pause(&mut self, millis: i64) {
        self.pass(self.many.now + millis);
    }

    fn hear(&mut self, inbox: &Receiver<Call>, millis: i64) -> Result<Call, RecvTimeoutError> {
        inbox.try_recv().or_else(|_| {
            let until = self.many.now + millis;
            self.pass(until.min(self.next.max(self.many.now)));
            inbox.try_recv().map_err(|_| {
                self.pass(until);
                RecvTimeoutError::Timeout
            })
        })
    }

    fn can_spare_calls(&self) -> bool {
        self.can_spare
    }
}

/// Notes when facts are kept.
struct Noting<'a> {
    writer: Writer<'a>,
    course: Rc<Course>,
}

impl Sink for Noting<'_> {
    fn commit(&mut self, batch: Batch) -> Result<(), String> {
        for event in &batch.events {
            let known = &mut self.course.kept.borrow_mut();
            known.entry(event.text("event_id").to_owned()).or_insert(self.course.now.get());
        }
        self.writer.commit(batch)
    }
}

/// Polls every `interval_ms` while people work for so long, who edit something all so many milliseconds; what happened
/// when.
fn course(interval_ms: i64, length: i64, pause: usize, can_spare: bool) -> Rc<Course> {
    let (source, gate) = (source_of(0), Gate::new(Arc::new(super::rules())));
    let inboxes = Inboxes::new(["zoho".to_owned()].into());
    let inbox = inboxes.open("zoho");
    let (mut topic, course, stop) = (Topic::default(), Rc::<Course>::default(), Stop::default());
    let instance = Instance::new(&mut topic, 0);
    let many = Many::at_rest(200);
    let next = many.now + 5 * MINUTE;
    let mut exchange = Ringing {
        next,
        ends: next + length,
        stops: next + length + interval_ms + MINUTE,
        many,
        dice: Dice::new(5),
        inboxes,
        course: Rc::clone(&course),
        pause,
        stop: stop.clone(),
        can_spare,
    };
    let poller = Poller {
        source: &source,
        crm: instance.crm,
        interval_ms,
        gate: &gate,
        memory: instance.memory,
        inbox: Some(inbox),
        status: Arc::new(Status::new(["zoho"].into_iter()).expect("metrics")),
        stop,
    };
    let mut sink = Noting { writer: Writer { topic: &mut topic, owner: instance.owner }, course: Rc::clone(&course) };
    assert_eq!(poller.run(&mut sink, &mut exchange), Ok(()));
    course
}

/// How long it took from rings to events, the shortest first.
fn delays(course: &Course) -> Vec<i64> {
    let (rung, kept) = (course.rung.borrow(), course.kept.borrow());
    let mut delays: Vec<i64> =
        rung.iter().map(|(fact, at)| kept.get(fact).expect("every edit became an event") - at).collect();
    delays.sort_unstable();
    delays
}

/// So many in a hundred took no longer.
fn quantile(delays: &[i64], percent: usize) -> i64 {
    delays[(delays.len() - 1) * percent / 100]
}

pub(crate) fn try_delays() {
    // Somebody edits something every half a minute.
    let at_work = course(30 * MINUTE, 2 * HOUR, 30_000, true);
    let delays_at_work = delays(&at_work);
    assert!(delays_at_work.len() > 200, "{} edits", delays_at_work.len());
    assert!(quantile(&delays_at_work, 99) <= 3 * SECOND, "{delays_at_work:?}");

    // An import: something is edited all the time. Cycles are no more than one for each ten seconds, and thirty.
    let import = course(5 * MINUTE, 15 * MINUTE, 200, true);
    let (cycles, edits) = (import.cycles.get(), delays(&import).len());
    assert!(edits > 4 * cycles && cycles <= 90 + 30 + 10, "{cycles} cycles for {edits} edits");
    assert!(quantile(&delays(&import), 99) <= 20 * SECOND, "{}", quantile(&delays(&import), 99));

    // Few calls are left: polls alone.
    let spared = course(5 * MINUTE, HOUR, 30_000, false);
    assert!(spared.cycles.get() <= 12 + 5, "{} cycles: rings begin none", spared.cycles.get());
    assert!(delays(&spared).last() <= Some(&(5 * MINUTE + 10 * SECOND)), "the next poll finds it");
}
