//! The record by which a log is known again lies in a batch that has been damaged since: nobody is shown numbers of which
//! nobody knows whether they are of this log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use salespulse::config::{Config, OnGap};
use salespulse::health::Condition;
use salespulse::kafka::Partition;
use salespulse::model::event::EventType;
use salespulse::model::rules::Rules;
use salespulse::model::time::Time;

use crate::dice::Dice;
use crate::recovery::cluster::{Cluster, Shared};
use crate::recovery::objects::Objects;
use crate::recovery::process::{Process, Start};

const PLACE: (EventType, usize) = (EventType::Lead, 0);

struct Town {
    cluster: Shared,
    rules: Arc<Rules>,
    dice: Dice,
    base: Instant,
}

impl Town {
    fn new() -> Town {
        let first = Time::parse("2026-07-05T00:00:00Z").expect("a time");
        let cluster = Cluster::new(11, first);
        let configuration = cluster.borrow().logs.configuration.clone();
        let rules = Arc::new(Config::of_text(&configuration, "the simulation", &[]).expect("a configuration").rules);
        Town { cluster, rules, dice: Dice::new(11), base: Instant::now() }
    }

    fn produce(&mut self) {
        self.cluster.borrow_mut().logs.produce(300, &mut self.dice);
    }

    fn now(&self) -> Instant {
        self.base + Duration::from_millis(self.cluster.borrow().now)
    }

    fn start(&self, view: Objects, on_gap: OnGap) -> Process {
        let clock = Time::parse("2026-07-05T00:00:00Z").expect("a time");
        let (kinds, is_stale) = (&EventType::ALL[..], false);
        let start = Start {
            cluster: &self.cluster,
            instance: "a",
            kinds,
            rules: &self.rules,
            shards: 2,
            clock,
            view,
            is_stale,
            on_gap,
        };
        Process::start(start, self.now())
    }

    /// Lets it live until it shows everything, or why it does not.
    fn live(&self, process: &mut Process) -> Result<(), String> {
        for _ in 0..5_000 {
            self.cluster.borrow_mut().pass(100);
            process.turn(self.now()).map_err(|failure| failure.to_string())?;
            self.cluster.borrow_mut().note_durable(&process.member().offsets());
            let logs = &self.cluster.borrow().logs;
            let has_read_all = process.member().has_read_all(|place, next| next == logs.log(place).len());
            if process.shows(self.now()) && has_read_all && !process.has_letters_in_flight() {
                return Ok(());
            }
        }
        panic!("it does not show everything");
    }

    /// Why it does not go on any more.
    fn failure(&self, process: &mut Process) -> String {
        let turn = |_| {
            self.cluster.borrow_mut().pass(100);
            process.turn(self.now()).err()
        };
        (0..5_000).find_map(turn).expect("it goes on").to_string()
    }

    /// By what offsets a process knows the log again.
    fn known(process: &Process) -> Vec<i64> {
        let of_place =
            |partition: &&Arc<Partition>| partition.topic() == PLACE.0.default_topic() && partition.number() == 0;
        let member = process.member();
        let known = member.layout().partitions().find(of_place).expect("it has this partition").known_by();
        known.iter().map(|record| record.offset).collect()
    }

    /// The batch of the last record is damaged; answers where it begins.
    fn damage_last(&self, count: usize) -> usize {
        let logs = &self.cluster.borrow().logs;
        let end = logs.log(PLACE).len();
        logs.mirror.damage(PLACE, end - count..end);
        end - count
    }
}

#[test]
fn a_start_whose_last_records_cannot_be_read_again_is_refused_or_says_so() {
    let mut town = Town::new();
    town.produce();
    let mut before = town.start(Objects::new(), OnGap::Refuse);
    town.live(&mut before).expect("nothing is wrong");
    before.stop().expect("nothing fails");
    let (expected, objects) = (before.text(), before.view.fork());
    drop(before);

    // All that is remembered lies in one batch.
    let length = town.cluster.borrow().logs.log(PLACE).len();
    town.damage_last(length);
    let mut refused = town.start(objects.fork(), OnGap::Refuse);
    let sentence = town.live(&mut refused).expect_err("nobody knows what log it is");
    let words = [" of sales.leads/0 lies in a batch that cannot be read any more", "set snapshot.on_gap"];
    assert!(words.iter().all(|words| sentence.contains(words)), "{sentence}");
    assert!(!refused.has_restored());
    drop(refused);

    let mut allowed = town.start(objects.fork(), OnGap::Degrade);
    town.live(&mut allowed).expect("that is allowed");
    assert!(allowed.has_restored() && allowed.readiness.holds(Condition::RecordsMissing));
    assert!(allowed.text() == expected, "other numbers than before");
    town.produce();
    town.live(&mut allowed).expect("it goes on");
    assert!(!allowed.readiness.holds(Condition::UnverifiedLog), "what it has read since says what log it is");
    allowed.stop().expect("nothing fails");
    let (expected, objects) = (allowed.text(), allowed.view.fork());
    drop(allowed);

    let mut after = town.start(objects, OnGap::Refuse);
    town.live(&mut after).expect("it is known again");
    assert!(after.has_restored() && after.readiness.holds(Condition::RecordsMissing), "the snapshot remembers it");
    assert!(after.text() == expected, "other numbers than before");
}

#[test]
fn a_record_that_was_found_before_says_what_log_it_is() {
    let mut town = Town::new();
    town.produce();
    let mut before = town.start(Objects::new(), OnGap::Refuse);
    town.live(&mut before).expect("nothing is wrong");
    town.cluster.borrow().logs.compared(before.member().layout());
    town.produce();
    town.live(&mut before).expect("nothing is wrong");
    town.cluster.borrow().logs.compared(before.member().layout());
    let known = Town::known(&before);
    let last = i64::try_from(town.cluster.borrow().logs.log(PLACE).len()).expect("an offset") - 1;
    assert!(known.len() > 1 && known.last() == Some(&last), "{known:?}");
    before.stop().expect("nothing fails");
    let (expected, objects) = (before.text(), before.view.fork());
    drop(before);

    town.damage_last(1);
    let mut after = town.start(objects, OnGap::Refuse);
    town.live(&mut after).expect("the record before is as it was");
    assert!(after.has_restored() && after.text() == expected);
    assert!(!after.readiness.holds(Condition::UnverifiedLog) && !after.readiness.holds(Condition::RecordsMissing));
}

/// While it reads nothing has become of the log unseen; it is said all the same, until the record is of no interest any more.
#[test]
fn a_batch_that_is_damaged_while_it_is_read_is_a_condition_and_ends_a_member_that_comes_back() {
    let mut town = Town::new();
    town.produce();
    let mut process = town.start(Objects::new(), OnGap::Refuse);
    town.live(&mut process).expect("nothing is wrong");
    let length = town.cluster.borrow().logs.log(PLACE).len();
    town.damage_last(length);
    let place = town.cluster.borrow().logs.comparison(process.member().layout()).unverified;
    assert_eq!(place.len(), 1, "{place:?}");
    assert!(process.shows(town.now()));

    // The group takes its partitions and gives them back.
    let topics = EventType::ALL.iter().map(|kind| kind.default_topic().to_owned()).collect();
    {
        let mut cluster = town.cluster.borrow_mut();
        let (client, now) = (cluster.next_client(), cluster.now);
        cluster.group.join("z", client, &topics, now);
    }
    let sentence = town.failure(&mut process);
    assert!(sentence.contains("Start salespulse anew"), "{sentence}");
}
