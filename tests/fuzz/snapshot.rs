//! Whole snapshots: loading one never panics and never takes much memory. What is damaged is refused; what was changed
//! before its checksums were made is refused or loaded, and then read and audited like any other.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use salespulse::config::{Config, OnGap};
use salespulse::contract::decode::{Decoded, Decoder, Record};
use salespulse::engine::directory::Directory;
use salespulse::engine::entry::Interner;
use salespulse::engine::shard::Shard;
use salespulse::health::Metrics;
use salespulse::model::rules::Rules;
use salespulse::model::time::{Clock, Time};
use salespulse::snapshot::{
    Ends, Fingerprints, Header, Offsets, Provenance, Refused, Restorer, Store, encode, is_whole,
};
use salespulse::threads::ShardThreads;
use tokio::runtime::Runtime;

use crate::dice::Dice;
use crate::fuzz::mutate::damage;
use crate::fuzz::objects::changed_within;

/// 2026-11-15T16:00:00Z, the instant of the example.
const NOW: Time = Time::from_millis(1_794_758_400_000);
/// What the process may have had in memory at most, in KiB: several times what it takes.
const MOST_MEMORY: u64 = 700_000;

pub(crate) struct Base {
    rules: Arc<Rules>,
    provenance: Provenance,
    pub(crate) object: Vec<u8>,
}

/// The small team's snapshot.
pub(crate) fn base() -> &'static Base {
    static BASE: OnceLock<Base> = OnceLock::new();
    BASE.get_or_init(make)
}

fn make() -> Base {
    let config = Config::of_text(include_str!("../../examples/small-team/salespulse.toml"), "small-team", &[]);
    let rules = Arc::new(config.unwrap().rules);
    let (decoder, directory) = (Decoder::new(Arc::clone(&rules)), Arc::new(Directory::default()));
    let mut interner = Interner::new(Arc::clone(&directory), Arc::clone(&rules));
    let mut shard = Shard::new(0, Arc::clone(&rules), &directory, NOW);
    for line in include_str!("../../examples/small-team/events.jsonl").lines() {
        let record = Record { value: Some(line.as_bytes()), ..Record::default() };
        let Ok(Decoded::Event(event)) = decoder.decode(&record, NOW) else { panic!("{line}") };
        shard.apply(interner.entry(&event), NOW);
    }
    let provenance = Provenance::new(&rules, None, BTreeMap::new());
    let header = Header {
        written_by: "a test".to_owned(),
        written_at: NOW.to_string(),
        shard: 0,
        shards: 1,
        offsets: Offsets::new(),
        began: Offsets::new(),
        provenance: provenance.clone(),
        refused: Refused::default(),
        forgotten: None,
        degraded: false,
        journeys: 0,
        fingerprints: Fingerprints::new(),
        contract: salespulse::model::CONTRACT,
    };
    let (contents, payload) = encode(&header, &directory.listing(), &shard.image(false)).unwrap();
    assert!(contents.journeys > 0 && contents.singles > 0 && contents.targets > 0 && contents.roster > 0);
    Base { rules, provenance, object: payload.iter().flatten().copied().collect() }
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap())
}

fn restore(input: &[u8]) -> Result<bool, String> {
    let (base, runtime) = (base(), runtime());
    let metrics = Metrics::new(["leads"].into_iter()).unwrap();
    let directory = Arc::new(Directory::default());
    let threads = ShardThreads::start(1, &base.rules, &directory, NOW, &metrics).unwrap();
    let objects = Arc::new(InMemory::new());
    let path = Path::from("group/00000001-00000000000000000000/000-of-001.snapshot");
    runtime.block_on(objects.put(&path, input.to_vec().into())).unwrap();
    let objects: Arc<dyn ObjectStore> = objects;
    let restorer = Restorer {
        store: Store::new(objects, &Path::default(), "group", runtime.handle().clone(), "memory"),
        provenance: base.provenance.clone(),
        rules: Arc::clone(&base.rules),
        directory: Arc::clone(&directory),
        loader: threads.loader(),
        clock: Clock::Fixed(NOW),
        on_gap: OnGap::Refuse,
        metrics: Arc::clone(&metrics),
    };
    restorer.restore(&Ends::default(), None).map_err(|error| error.to_string())?;
    threads.settle().map_err(|gone| gone.to_string())?;
    threads.reader().read(NOW).map_err(|gone| gone.to_string())?;
    for image in threads.images(true).map_err(|gone| gone.to_string())? {
        let image = image.recv().map_err(|_| "a shard has ended".to_owned())?;
        let mismatches = image.audit(&base.rules, &directory);
        if !mismatches.is_empty() {
            return Err(format!("loaded, and counted wrongly: {mismatches:?}"));
        }
    }
    Ok(metrics.snapshots.restored.get() == 1)
}

fn check(input: &[u8], loaded: &AtomicU64) -> Result<(), String> {
    let restored = restore(input)?;
    loaded.fetch_add(restored.into(), Ordering::Relaxed);
    if restored && !is_whole(input) {
        return Err("what is not whole was loaded".to_owned());
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
    let peak: u64 = peak.unwrap_or(0);
    if peak > MOST_MEMORY { Err(format!("it took {peak} KiB")) } else { Ok(()) }
}

#[test]
fn a_changed_snapshot_is_refused_or_loaded_and_sound() {
    assert_eq!(restore(&base().object), Ok(true), "the snapshot itself can be loaded");
    let loaded = AtomicU64::new(0);
    crate::fuzz::run("snapshot", 2_000, |dice| changed_within(dice, &base().object), |input| check(input, &loaded));
    let loaded = loaded.into_inner();
    println!("snapshot: {loaded} of them were loaded");
    assert!(loaded > 0, "no mutant reached what stands behind the parsers");
}

#[test]
fn a_damaged_snapshot_is_refused_or_the_same() {
    let mutant = |dice: &mut Dice| {
        let mut bytes = base().object.clone();
        damage(dice, &mut bytes);
        bytes
    };
    // Whatever follows the end of an object, and nothing else, goes unnoticed.
    crate::fuzz::run("damaged", 1_000, mutant, |input| {
        let is_accepted = restore(input)?;
        if is_accepted && !input.starts_with(&base().object) { Err("damage was loaded".to_owned()) } else { Ok(()) }
    });
}
