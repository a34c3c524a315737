//! What happens to an organisation and to the instances that read it: the same for every vendor that is only polled.

use std::sync::Arc;

use salespulse::connect::desk::{Batch, Desk};
use salespulse::connect::events::Gate;
use salespulse::connect::exchange::Exchange;
use salespulse::connect::memory::Memory;
use salespulse::connect::poller::Crm;
use salespulse::connect::sources::Source;
use salespulse::model::time::{MINUTE, SECOND, Time};

use super::organisation::{Organisation, Touched};
use super::topic::{Topic, Writer, assert_same};
use super::truth;
use crate::dice::Dice;

/// The organisation behind the API of a vendor.
pub(super) trait Vendor: Exchange {
    /// What people have done.
    fn organisation(&mut self) -> &mut Organisation;
    fn dice(&mut self) -> &mut Dice;
    /// Somebody does something.
    fn act(&mut self);
    /// Lets the index see a change, some time later.
    fn publish(&mut self, touched: &Touched);
    /// Whether people go on and requests fail.
    fn be_busy(&mut self, is_busy: bool);
    /// A poller as it is when an instance has just started.
    fn poller(&self) -> Crm;
    /// The source, in this generation.
    fn source(generation: u64) -> Source;
}

/// An instance with its memory.
pub(super) struct Instance {
    crm: Crm,
    memory: Memory,
    owner: u32,
    generation: u64,
}

impl Instance {
    pub(super) fn new<V: Vendor>(server: &V, topic: &mut Topic, generation: u64) -> Instance {
        let owner = topic.own();
        Instance { crm: server.poller(), memory: topic.memory(generation), owner, generation }
    }

    pub(super) fn cycle<V: Vendor>(&mut self, server: &mut V, topic: &mut Topic) -> bool {
        let (source, gate) = (V::source(self.generation), Gate::new(Arc::new(super::rules())));
        // Each instance counts its own calls, so that two of them within a second would be too many.
        server.organisation().now += SECOND;
        server.organisation().given.clear();
        let now = server.now();
        let sink = &mut Writer { topic, owner: self.owner };
        let mut desk =
            Desk { source: &source, gate: &gate, memory: &mut self.memory, sink, now, batch: Batch::default() };
        let is_finished = self.crm.cycle(&mut desk, server).is_ok();
        if is_finished {
            topic.read.append(&mut server.organisation().given);
        }
        is_finished
    }
}

/// Follows an organisation; `owners` says whether the vendor tells whose a stage was when it was entered.
pub(super) fn follow<V: Vendor>(name: &str, seed: u64, mut server: V, owners: bool) {
    let mut topic = Topic::default();
    if seed.is_multiple_of(5) {
        // There is much to read when somebody begins to.
        for _ in 0..60 {
            server.act();
            pass(&mut server, 1_200);
        }
    }
    let mut generation = 0;
    let mut active = Instance::new(&server, &mut topic, generation);
    let mut old: Option<Instance> = None;
    for round in 0..25 {
        pass(&mut server, 90_000);
        for _ in 0..server.dice().below(6) {
            server.act();
            pass(&mut server, 1_200);
        }
        topic.dies_after = server.dice().percent(15).then(|| server.dice().below(3));
        topic.dies_late = server.dice().percent(50);
        if let Some(mut old) = old.take().filter(|_| topic.dies_after.is_none()) {
            old.cycle(&mut server, &mut topic);
        }
        let rings = if server.dice().percent(30) { 1 + server.dice().below(2) } else { 0 };
        let lives = (0..=rings).all(|_| active.cycle(&mut server, &mut topic));
        // Whoever could not read something goes on with what it remembers, unless it dies.
        let lives = lives || (round % 2 == 0 && topic.dies_after != Some(0));
        topic.dies_after = None;
        if !lives {
            active = Instance::new(&server, &mut topic, generation);
        } else if round == 12 && seed.is_multiple_of(3) {
            // The mapping was wrong, so everything is read anew while people go on.
            generation = 1;
            old = Some(std::mem::replace(&mut active, Instance::new(&server, &mut topic, generation)));
        } else if round % 7 == 3 {
            // Another takes over, and this one does not know it yet.
            old = Some(std::mem::replace(&mut active, Instance::new(&server, &mut topic, generation)));
        }
    }
    server.be_busy(false);
    while let place @ Touched::Lead(_) = server.organisation().link() {
        server.publish(&place);
    }
    for minutes in [12, 12, 61] {
        server.organisation().now += minutes * MINUTE;
        assert!(active.cycle(&mut server, &mut topic), "{name}, seed {seed}: nothing disturbs the last cycles");
    }
    let now = Time::from_millis(server.organisation().now);
    let truth = truth::knowable(server.organisation(), &topic);
    let owners = owners || !server.organisation().reassigns;
    assert!(!topic.events.is_empty());
    assert_same(&format!("{name}, seed {seed}"), &topic, &truth, now, owners, server.dice());
}

fn pass<V: Vendor>(server: &mut V, longest: usize) {
    let millis = server.dice().millis(longest);
    server.organisation().now += millis;
}
