//! Whoever reads something else with the same group and store, for a while or for ever, costs nobody a snapshot; and what is
//! known of no snapshot is judged by where the log begins.

use std::collections::BTreeMap;
use std::sync::Arc;

use salespulse::config::{Config, OnGap};
use salespulse::engine::directory::Directory;
use salespulse::model::time::Time;
use salespulse::snapshot::{Ends, Home, ObjectName, Offsets, RoundName};

use crate::dice::Dice;
use crate::golden::{begun, rules, written};
use crate::logs::Logs;
use crate::objects::Objects;
use crate::process::{Process, home};
use crate::world::reads_everything;

#[test]
fn a_start_with_the_wrong_cluster_or_topics_evicts_nothing() {
    let (mut logs, mut dice, objects) = (Logs::new(11), Dice::new(11), Objects::new());
    let rules = Arc::new(Config::of_text(&logs.configuration, "the simulation", &[]).expect("a configuration").rules);
    let now = Time::parse("2026-07-05T00:00:00Z").expect("a time");
    logs.produce(500, &mut dice);
    let mut right = Process::start(&logs, &objects.store(), &rules, 2, now).expect("nothing to restore");
    assert!(reads_everything(&mut right, &logs), "nothing is deleted");
    let durable = right.write(objects.store());
    let expected = right.text();
    drop(right);

    // Somebody else writes more rounds than are kept, of a later lineage and a farther position, and prunes.
    let other = Home::of(Some("golden"), &BTreeMap::new());
    for position in 1_000_000..1_000_005 {
        for (shard, bytes) in written().into_iter().enumerate() {
            let round = RoundName { lineage: 7, position, home: other };
            objects.overwrite(ObjectName { round, shard, shards: 2 }, bytes);
        }
    }
    objects.store().prune(other).expect("memory");
    let rounds = objects.store().rounds().expect("memory");
    assert_eq!(rounds.iter().filter(|round| round.name.home == home()).count(), 1, "the right one is gone");

    // Of the topics nothing is left that the right snapshot holds.
    logs.trim(&durable);
    let mut again = Process::start(&logs, &objects.store(), &rules, 2, now).expect("its snapshot is there");
    assert!(again.has_restored() && reads_everything(&mut again, &logs));
    assert!(again.text() == expected, "other numbers than before");
}

fn ends(low: i64) -> Ends {
    let offsets = |offset| Offsets::from([("sales.leads".to_owned(), vec![offset])]);
    Ends { lows: offsets(low), highs: offsets(100) }
}

/// The snapshots hold nothing of this partition: it is new, or its topic is.
#[test]
fn an_unknown_partition_that_has_lost_its_beginning_is_a_gap() {
    let begun = |low, on_gap| begun(&written(), &rules(), Directory::default(), &ends(low), on_gap);
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
    let begun = |low, on_gap| begun(&torn, &rules(), Directory::default(), &ends(low), on_gap);
    assert!(begun(0, OnGap::Refuse).is_ok_and(|begun| !begun.degraded));
    let refused = begun(3, OnGap::Refuse).err().expect("three records are missing");
    assert!(refused.contains("sales.leads/0 now begins at offset 3"), "{refused}");
    assert!(begun(3, OnGap::Degrade).is_ok_and(|begun| begun.degraded));
}
