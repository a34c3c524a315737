//! Whoever reads something else with the same group and store, for a while or for ever, costs nobody a snapshot; and what is
//! known of no snapshot is judged by where the log begins.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use salespulse::config::{Config, OnGap};
use salespulse::engine::directory::Directory;
use salespulse::model::event::EventType;
use salespulse::model::rules::Rules;
use salespulse::model::time::Time;
use salespulse::snapshot::{Ends, Home, Kept, ObjectName, Offsets, RoundName};

use crate::dice::Dice;
use crate::recovery::cluster::{Cluster, Shared};
use crate::recovery::golden::{begun, rules, written};
use crate::recovery::objects::Objects;
use crate::recovery::process::{Process, Start, home};

/// Lets a process that reads these topics live in a cluster until it shows everything.
fn live(cluster: &Shared, rules: &Arc<Rules>, kinds: &[EventType], view: Objects) -> Process {
    let base = Instant::now();
    let now = || base + Duration::from_millis(cluster.borrow().now);
    let clock = Time::parse("2026-07-05T00:00:00Z").expect("a time");
    let (is_stale, on_gap) = (false, OnGap::Refuse);
    let start = Start { cluster, instance: "a", kinds, rules, shards: 2, clock, view, is_stale, on_gap };
    let mut process = Process::start(start, now());
    for _ in 0..5_000 {
        cluster.borrow_mut().pass(100);
        process.turn(now()).expect("nothing is deleted");
        cluster.borrow_mut().note_durable(&process.member().offsets());
        let logs = &cluster.borrow().logs;
        let has_read_all = process.member().has_read_all(|place, next| next == logs.log(place).len());
        if process.shows(now()) && has_read_all && !process.has_letters_in_flight() {
            return process;
        }
    }
    panic!("it does not show everything");
}

/// A cluster with some records.
fn cluster() -> (Shared, Arc<Rules>) {
    let first = Time::parse("2026-07-05T00:00:00Z").expect("a time");
    let (cluster, mut dice) = (Cluster::new(11, first), Dice::new(11));
    let configuration = cluster.borrow().logs.configuration.clone();
    let rules = Arc::new(Config::of_text(&configuration, "the simulation", &[]).expect("a configuration").rules);
    cluster.borrow_mut().logs.produce(500, &mut dice);
    (cluster, rules)
}

/// Somebody has read a topic since retention had deleted its beginning, and adds topics now: there never was more.
#[test]
fn a_service_that_is_given_more_topics_goes_on_where_it_was() {
    let (cluster, rules) = cluster();
    let deleted = Offsets::from([("sales.spend".to_owned(), vec![3, 3])]);
    cluster.borrow_mut().logs.trim(&deleted);
    let mut before = live(&cluster, &rules, &[EventType::Spend, EventType::Feedback], Objects::new());
    before.stop().expect("nothing fails");
    let after = live(&cluster, &rules, &EventType::ALL, before.view);
    assert!(after.has_restored());
}

#[test]
fn a_start_with_the_wrong_cluster_or_topics_evicts_nothing() {
    let (cluster, rules) = cluster();
    let mut right = live(&cluster, &rules, &EventType::ALL, Objects::new());
    let (expected, durable) = (right.text(), right.member().offsets());
    right.stop().expect("nothing fails");
    let objects = right.view;

    // Somebody else writes more rounds than are kept, of a later lineage and a farther position, and prunes.
    let other = Home::of(Some("golden"), &BTreeMap::new());
    for position in 1_000_000..1_000_005 {
        for (shard, bytes) in written().into_iter().enumerate() {
            let round = RoundName { lineage: 7, position, home: other };
            objects.overwrite(ObjectName { round, shard, shards: 2 }, bytes);
        }
    }
    // Of one hour nothing older stays, which would hide that it was deleted.
    objects.store().keeping(Kept { hourly: 0, daily: 0 }).prune(other).expect("memory");
    let rounds = objects.store().rounds().expect("memory");
    assert!(rounds.iter().any(|round| round.name.home == home()), "the right ones are gone");

    // Of the topics nothing is left that the right snapshot holds.
    cluster.borrow_mut().logs.trim(&durable);
    let mut again = live(&cluster, &rules, &EventType::ALL, objects);
    assert!(again.has_restored());
    assert!(again.text() == expected, "other numbers than before");
}

fn ends(low: i64) -> Ends {
    let offsets = |offset| Offsets::from([("sales.leads".to_owned(), vec![offset])]);
    Ends { lows: offsets(low), highs: offsets(100) }
}

/// The snapshots hold nothing of this partition: it is new, or its topic is.
#[test]
fn an_unknown_partition_that_has_lost_its_beginning_is_a_gap() {
    let begun = |low, on_gap| begun(&[written()], &rules(), Directory::default(), &ends(low), on_gap);
    let whole = begun(0, OnGap::Refuse).expect("it begins at its beginning");
    assert_eq!((whole.restored, whole.degraded), (1, false));
    let refused = begun(3, OnGap::Refuse).err().expect("three records are missing");
    let sentence = "the newest snapshots know nothing of sales.leads/0, which begins at offset 3: retention has deleted the \
                    records before; the numbers would lack them.";
    assert!(refused.starts_with(sentence), "{refused}");
    let degraded = begun(3, OnGap::Degrade).expect("that is allowed");
    assert_eq!((degraded.restored, degraded.degraded), (1, true));
}

/// Nothing can be read of the snapshots, so nothing says where reading once began.
#[test]
fn what_unusable_snapshots_held_is_missed() {
    let torn: Vec<Vec<u8>> = written().into_iter().map(|object| object[..30].to_vec()).collect();
    let begun = |low, on_gap| begun(std::slice::from_ref(&torn), &rules(), Directory::default(), &ends(low), on_gap);
    assert!(begun(0, OnGap::Refuse).is_ok_and(|begun| !begun.degraded));
    let refused = begun(3, OnGap::Refuse).err().expect("three records are missing");
    assert!(refused.contains("sales.leads/0 now begins at offset 3"), "{refused}");
    assert!(begun(3, OnGap::Degrade).is_ok_and(|begun| begun.degraded));
}
