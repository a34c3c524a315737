//! A snapshot of every format in which version 1 of the event contract was ever kept, and one of version 2, pinned in the
//! tree: whoever upgrades continues from it with the numbers of a replay. What has been released is never written again.

pub(crate) mod second;

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
use salespulse::snapshot::{Ends, Fingerprints, Header, Offsets, Provenance, Refused, Restorer, Store, encode};
use salespulse::threads::ShardThreads;
use tokio::runtime::Runtime;

use crate::recovery::blocks::{Block, HEADER, changed, json};

/// 2026-11-15T16:00:00Z, the instant of the events.
pub(crate) const NOW: Time = Time::from_millis(1_794_758_400_000);
const SHARDS: usize = 2;
const EVENTS: &str = include_str!("golden/events.jsonl");

/// The folders of version 1, each with its format.
const FIRST_CONTRACT: [(u32, &str); 2] = [(1, "format-1"), (2, "format-2")];

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recovery/golden").join(name)
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
    rules_of(&with_other_rates(CONFIGURATION))
}

fn with_other_rates(configuration: &str) -> String {
    let other = configuration.replace("\"7.70\"", "\"8.80\"").replace("\"0.31\"", "\"0.29\"");
    assert_ne!(other, configuration);
    other
}

fn provenance(rules: &Rules) -> Provenance {
    Provenance::new(rules, Some("golden".to_owned()), BTreeMap::new())
}

/// The objects of the present format, by their shards.
pub(crate) fn written() -> Vec<Vec<u8>> {
    written_of(EVENTS, &rules())
}

fn written_of(events: &str, rules: &Arc<Rules>) -> Vec<Vec<u8>> {
    let directory = Arc::new(Directory::default());
    let mut shards: Vec<Shard> =
        (0..SHARDS).map(|number| Shard::new(number, Arc::clone(rules), &directory, NOW)).collect();
    let (decoder, mut interner) =
        (Decoder::new(Arc::clone(rules)), Interner::new(Arc::clone(&directory), Arc::clone(rules)));
    for line in events.lines() {
        let record = Record { value: Some(line.as_bytes()), ..Record::default() };
        let Ok(Decoded::Event(event)) = decoder.decode(&record, NOW) else { panic!("{line}") };
        let entry = interner.entry(&event);
        for entry in entry.watch().into_iter().chain([entry]) {
            let shard = entry.shard(SHARDS);
            shards[shard].apply(entry, NOW);
        }
    }
    let header = |shard| Header {
        written_by: concat!("salespulse ", env!("CARGO_PKG_VERSION")).to_owned(),
        written_at: NOW.to_string(),
        shard,
        shards: SHARDS,
        offsets: Offsets::new(),
        began: Offsets::new(),
        provenance: provenance(rules),
        refused: Refused::default(),
        forgotten: None,
        degraded: false,
        journeys: 0,
        fingerprints: Fingerprints::new(),
        contract: salespulse::model::CONTRACT,
    };
    let bytes = |(number, shard): (usize, &mut Shard)| {
        let (_, payload) = encode(&header(number), &directory.listing(), &shard.image(false)).expect("memory");
        payload.iter().flatten().copied().collect()
    };
    shards.iter_mut().enumerate().map(bytes).collect()
}

/// The exposition of a replay.
pub(crate) fn replayed(rules: &Arc<Rules>) -> String {
    replayed_of(EVENTS, rules)
}

fn replayed_of(events: &str, rules: &Arc<Rules>) -> String {
    let (decoder, mut engine) = (Decoder::new(Arc::clone(rules)), Engine::new(rules, 1, NOW));
    for line in events.lines() {
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
    let begun = begun(&[objects.to_vec()], rules, directory, &Ends::default(), OnGap::Refuse)?;
    Ok((begun.text, begun.restored))
}

/// What a start makes of a round.
pub(crate) struct Begun {
    pub(crate) text: String,
    /// How many snapshots were restored.
    pub(crate) restored: u64,
    /// Whether records are missing.
    pub(crate) degraded: bool,
    /// The earliest version of the contract by which anything was read.
    pub(crate) contract: u32,
}

/// What comes of rounds, each later than the one before, where logs begin and end there.
pub(crate) fn begun(
    rounds: &[Vec<Vec<u8>>],
    rules: &Arc<Rules>,
    directory: Directory,
    ends: &Ends,
    on_gap: OnGap,
) -> Result<Begun, String> {
    let runtime = Runtime::new().expect("a runtime");
    let store = Arc::new(InMemory::new());
    let objects = |objects: &[Vec<u8>]| objects.iter().cloned().enumerate().collect::<Vec<_>>();
    let all = rounds
        .iter()
        .enumerate()
        .flat_map(|(round, each)| objects(each).into_iter().map(move |object| (round, object)));
    for (round, (shard, bytes)) in all {
        let name = format!("group/00000001-{round:020}/{shard:03}-of-{SHARDS:03}.snapshot");
        runtime.block_on(store.put(&Path::from(name), bytes.into())).expect("memory");
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
    let state = restorer.restore(ends, None).map_err(|error| error.to_string())?;
    for image in threads.images(true).expect("shards") {
        assert_eq!(image.recv().expect("a shard").audit(rules, &directory), [], "counted wrongly");
    }
    let mut board = Board::new(Arc::clone(rules), directory, NOW);
    let (readings, mut text) = (threads.reader().read(NOW).expect("shards"), String::new());
    render(&Catalogue::new(rules).expect("a catalogue"), &board.read(NOW, readings), Format::Prometheus, &mut text)
        .expect("few series");
    let restored = metrics.snapshots.restored.get();
    Ok(Begun { text, restored, degraded: state.degraded, contract: state.contract })
}

/// A directory in which the numbers of the snapshot mean something else.
fn with_others() -> Directory {
    let directory = Directory::default();
    let names = ["zoo", "müller", "nobody"].map(|name| directory.name(name));
    let _ = (directory.row(RepInTeam { team: names[2], rep: names[1] }), directory.channel(names[0]));
    directory
}

/// The golden objects of a folder.
fn golden(name: &str) -> Vec<Vec<u8>> {
    let object = |shard| folder(name).join(format!("{shard:03}-of-{SHARDS:03}.snapshot"));
    (0..SHARDS).map(|shard| std::fs::read(object(shard)).expect("a golden object")).collect()
}

/// Those that version 1 of the contract read, as if reading had begun at an offset of the leads.
pub(crate) fn of_the_first_contract(began: i64) -> Vec<Vec<Vec<u8>>> {
    let began = |blocks: &mut Vec<Block>| {
        json(blocks, HEADER, |header| header["began"] = serde_json::json!({ "sales.leads": [began] }));
    };
    FIRST_CONTRACT.map(|(_, name)| changed(golden(name), began)).into()
}

#[test]
fn a_golden_snapshot_of_every_format_gives_the_numbers_of_a_replay() {
    // The topics no longer hold what these have read; else they would not be used.
    let (mut ends, began) = (Ends::default(), 0);
    ends.lows.insert("sales.leads".to_owned(), vec![5]);
    ends.highs.insert("sales.leads".to_owned(), vec![9]);
    for (rules, (format, _), objects) in [rules(), other_rates()].iter().flat_map(|rules| {
        FIRST_CONTRACT
            .into_iter()
            .zip(of_the_first_contract(began))
            .map(move |(folder, objects)| (rules, folder, objects))
    }) {
        let expected = replayed(rules);
        assert!(expected.lines().filter(|line| !line.starts_with('#')).count() > 100, "{expected}");
        assert_eq!(objects[0][16..20], format.to_le_bytes(), "the folder says which format it is");
        for directory in [Directory::default(), with_others()] {
            let rounds = [objects.clone()];
            let begun = begun(&rounds, rules, directory, &ends, OnGap::Degrade).expect("that is allowed");
            assert_eq!((begun.restored, begun.contract), (1, 1), "format {format} is not read");
            assert!(begun.text == expected, "format {format} gives other numbers than a replay:\n{}", begun.text);
        }
    }
}
