//! A snapshot of every format that was ever written, pinned in the tree: whoever upgrades continues from it with the
//! numbers of a replay.
//!
//! `GOLDEN_SNAPSHOT=write cargo test --test pure recovery:: golden` writes the present format's. A format that has been released is
//! never written again: a new one stands beside it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use salespulse::config::{Config, OnGap};
use salespulse::contract::decode::{Decoded, Decoder, Record};
use salespulse::engine::Engine;
use salespulse::engine::board::Board;
use salespulse::engine::directory::{Directory, RepInTeam};
use salespulse::engine::entry::Interner;
use salespulse::engine::shard::Shard;
use salespulse::health::Metrics;
use salespulse::kpi::Catalogue;
use salespulse::kpi::exposition::{Format, render};
use salespulse::model::rules::Rules;
use salespulse::model::time::{Clock, Time};
use salespulse::snapshot::{Ends, FORMAT, Fingerprints, Header, Offsets, Provenance, Refused, Restorer, Store, encode};
use salespulse::threads::ShardThreads;
use tokio::runtime::Runtime;

/// 2026-11-15T16:00:00Z, the instant of the events.
pub(crate) const NOW: Time = Time::from_millis(1_794_758_400_000);
const SHARDS: usize = 2;
const EVENTS: &str = include_str!("golden/events.jsonl");

fn folder(format: u32) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/recovery/golden/format-{format}"))
}

const CONFIGURATION: &str = include_str!("golden/salespulse.toml");

fn rules_of(configuration: &str) -> Arc<Rules> {
    Arc::new(Config::of_text(configuration, "golden", &[]).expect("a configuration").rules)
}

/// The rules under which the snapshots were written.
pub(crate) fn rules() -> Arc<Rules> {
    rules_of(CONFIGURATION)
}

/// Other ones, under which all amounts are converted anew.
pub(crate) fn other_rates() -> Arc<Rules> {
    let other = CONFIGURATION.replace("\"7.70\"", "\"8.80\"").replace("\"0.31\"", "\"0.29\"");
    assert_ne!(other, CONFIGURATION);
    rules_of(&other)
}

fn provenance(rules: &Rules) -> Provenance {
    Provenance::new(rules, Some("golden".to_owned()), BTreeMap::new())
}

/// The objects of the present format, by their shards.
pub(crate) fn written() -> Vec<Vec<u8>> {
    let (rules, directory) = (rules(), Arc::new(Directory::default()));
    let mut shards: Vec<Shard> =
        (0..SHARDS).map(|number| Shard::new(number, Arc::clone(&rules), &directory, NOW)).collect();
    let (decoder, mut interner) =
        (Decoder::new(Arc::clone(&rules)), Interner::new(Arc::clone(&directory), Arc::clone(&rules)));
    for line in EVENTS.lines() {
        let record = Record { value: Some(line.as_bytes()), ..Record::default() };
        let Ok(Decoded::Event(event)) = decoder.decode(&record, NOW) else { panic!("{line}") };
        let entry = interner.entry(&event);
        shards[entry.shard(SHARDS)].apply(entry, NOW);
    }
    let header = |shard| Header {
        written_by: concat!("salespulse ", env!("CARGO_PKG_VERSION")).to_owned(),
        written_at: NOW.to_string(),
        shard,
        shards: SHARDS,
        offsets: Offsets::new(),
        began: Offsets::new(),
        provenance: provenance(&rules),
        refused: Refused::default(),
        forgotten: None,
        degraded: false,
        journeys: 0,
        fingerprints: Fingerprints::new(),
    };
    let bytes = |(number, shard): (usize, &mut Shard)| {
        let (_, payload) = encode(&header(number), &directory.listing(), &shard.image(false)).expect("memory");
        payload.iter().flatten().copied().collect()
    };
    shards.iter_mut().enumerate().map(bytes).collect()
}

/// The exposition of a replay.
pub(crate) fn replayed(rules: &Arc<Rules>) -> String {
    let (decoder, mut engine) = (Decoder::new(Arc::clone(rules)), Engine::new(rules, 1, NOW));
    for line in EVENTS.lines() {
        let record = Record { value: Some(line.as_bytes()), ..Record::default() };
        let Ok(Decoded::Event(event)) = decoder.decode(&record, NOW) else { panic!("{line}") };
        engine.accept(&event, NOW);
    }
    let mut text = String::new();
    render(&Catalogue::new(rules).expect("a catalogue"), &engine.read(NOW), Format::Prometheus, &mut text)
        .expect("few series");
    text
}

/// What comes of the objects of a round: the exposition and how many snapshots were restored; or why they are refused.
pub(crate) fn restored(objects: &[Vec<u8>], rules: &Arc<Rules>, directory: Directory) -> Result<(String, u64), String> {
    let begun = begun(objects, rules, directory, &Ends::default(), OnGap::Refuse)?;
    Ok((begun.text, begun.restored))
}

/// What a start makes of a round.
pub(crate) struct Begun {
    pub(crate) text: String,
    /// How many snapshots were restored.
    pub(crate) restored: u64,
    /// Whether records are missing.
    pub(crate) degraded: bool,
}

/// What comes of the objects of a round where logs begin and end there.
pub(crate) fn begun(
    objects: &[Vec<u8>],
    rules: &Arc<Rules>,
    directory: Directory,
    ends: &Ends,
    on_gap: OnGap,
) -> Result<Begun, String> {
    let runtime = Runtime::new().expect("a runtime");
    let store = Arc::new(InMemory::new());
    for (shard, bytes) in objects.iter().enumerate() {
        let name = format!("group/00000001-00000000000000000000/{shard:03}-of-{:03}.snapshot", objects.len());
        runtime.block_on(store.put(&Path::from(name), bytes.clone().into())).expect("memory");
    }
    let metrics = Metrics::new(["leads"].into_iter()).expect("metrics");
    let directory = Arc::new(directory);
    let threads = ShardThreads::start(SHARDS, rules, &directory, NOW, &metrics).expect("threads");
    let objects: Arc<dyn ObjectStore> = store;
    let restorer = Restorer {
        store: Store::new(objects, &Path::default(), "group", runtime.handle().clone(), "memory"),
        provenance: provenance(rules),
        rules: Arc::clone(rules),
        directory: Arc::clone(&directory),
        loader: threads.loader(),
        clock: Clock::Fixed(NOW),
        on_gap,
        metrics: Arc::clone(&metrics),
    };
    let degraded = restorer.restore(ends, None).map_err(|error| error.to_string())?.degraded;
    for image in threads.images(true).expect("shards") {
        assert_eq!(image.recv().expect("a shard").audit(rules, &directory), [], "counted wrongly");
    }
    let mut board = Board::new(Arc::clone(rules), directory, NOW);
    let (readings, mut text) = (threads.reader().read(NOW).expect("shards"), String::new());
    render(&Catalogue::new(rules).expect("a catalogue"), &board.read(NOW, readings), Format::Prometheus, &mut text)
        .expect("few series");
    Ok(Begun { text, restored: metrics.snapshots.restored.get(), degraded })
}

/// A directory in which the numbers of the snapshot mean something else.
fn with_others() -> Directory {
    let directory = Directory::default();
    let names = ["zoo", "müller", "nobody"].map(|name| directory.name(name));
    let _ = (directory.row(RepInTeam { team: names[2], rep: names[1] }), directory.channel(names[0]));
    directory
}

#[test]
fn a_golden_snapshot_of_every_format_gives_the_numbers_of_a_replay() {
    if std::env::var("GOLDEN_SNAPSHOT").is_ok_and(|value| value == "write") {
        std::fs::create_dir_all(folder(FORMAT)).expect("a folder");
        for (shard, bytes) in written().into_iter().enumerate() {
            let name = format!("{shard:03}-of-{SHARDS:03}.snapshot");
            std::fs::write(folder(FORMAT).join(name), bytes).expect("a file");
        }
    }
    for (rules, format) in
        [rules(), other_rates()].iter().flat_map(|rules| (1..=FORMAT).map(move |format| (rules, format)))
    {
        let expected = replayed(rules);
        assert!(expected.lines().filter(|line| !line.starts_with('#')).count() > 100, "{expected}");
        let object = |shard| folder(format).join(format!("{shard:03}-of-{SHARDS:03}.snapshot"));
        let objects: Vec<_> = (0..SHARDS).map(|shard| std::fs::read(object(shard)).expect("a golden object")).collect();
        assert_eq!(objects[0][16..20], format.to_le_bytes(), "the folder says which format it is");
        for directory in [Directory::default(), with_others()] {
            let (text, restored) = restored(&objects, rules, directory).expect("nothing is missing");
            assert_eq!(restored, 1, "format {format} is not read");
            assert!(text == expected, "format {format} gives other numbers than a replay:\n{text}");
        }
    }
}
