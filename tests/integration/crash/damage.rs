//! Snapshots damaged between kills: the numbers stay exact, and what cannot be used is counted.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::dice::{self, Dice};
use super::facts::INSTANT;
use super::moments::DURABLE;
use super::stream::Stream;
use crate::harness::service::SOON;
use crate::harness::{ServiceBuilder, Topics, announce, shared_broker, wait_until};

/// How often snapshots are damaged.
const ROUNDS: u32 = 10;
/// Records between two damages.
const RECORDS: usize = 300;

#[test]
fn damaged_snapshots_change_no_number() {
    let Some(broker) = shared_broker() else { return };
    let seed = dice::seed();
    announce(&format!("damaged snapshots: SALESPULSE_CRASH_SEED={seed}"));
    let (mut dice, topics) = (Dice::new(seed), Arc::new(Topics::create(broker, 2)));
    let store = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let builder = ServiceBuilder::new(broker, &topics).at_instant(INSTANT).keeping(store.path(), "200ms");
    let mut stream = Stream::new(broker, &topics, dice.next());
    let (mut unusable, mut counted, mut restores) = (0, 0, 0);
    for _ in 0..ROUNDS {
        stream.send(RECORDS);
        stream.flush();
        let mut service = builder.start();
        stream.assert_told_by(&service);
        let metric = |name: &str| service.metrics().get(&format!("salespulse_snapshots_{name}_total"));
        let found = metric("unusable").expect("it is shown");
        assert!(found >= f64::from(unusable), "{unusable} snapshots are damaged, {found} counted: {}", service.log());
        counted += u32::from(found > 0.0);
        restores += u32::from(metric("restored") == Some(1.0));
        stream.send(RECORDS);
        stream.flush();
        wait_until("two snapshots are durable", SOON, || {
            let log = service.log();
            if log.matches(DURABLE).count() < 2 {
                stream.send(1);
            }
            (log.matches(DURABLE).count() >= 2).then_some(())
        });
        service.assert_audited();
        service.kill();
        unusable = damage(store.path(), &mut dice);
    }
    assert!(counted > 0, "no round had a damaged snapshot to count");
    announce(&format!("damaged snapshots: {ROUNDS} rounds, {counted} with unusable ones, {restores} restores"));
}

/// Damages some of the newest snapshots; answers how many a start must find and cannot use.
fn damage(store: &Path, dice: &mut Dice) -> u32 {
    let mut objects = Vec::new();
    collect(store, &mut objects);
    objects.sort();
    assert!(!objects.is_empty(), "there are snapshots");
    let count = dice.below(1 + u64::try_from(objects.len()).expect("few"));
    let mut rounds = BTreeSet::new();
    for object in objects.iter().rev().take(usize::try_from(count).expect("few")) {
        let mut bytes = std::fs::read(object).expect("it can be read");
        let place = usize::try_from(dice.below(bytes.len() as u64)).expect("within the object");
        match dice.below(4) {
            0 => {
                std::fs::remove_file(object).expect("it can be deleted");
                continue;
            }
            1 => bytes.truncate(place),
            // One bit is the least that can go wrong.
            _ => bytes[place] ^= 1 << dice.below(8),
        }
        std::fs::write(object, bytes).expect("it can be written");
        rounds.insert(object.parent().expect("a round"));
    }
    u32::try_from(rounds.len()).expect("few")
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "snapshot") {
            into.push(path);
        }
    }
}
