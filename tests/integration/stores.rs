//! One behaviour of every place where snapshots are kept: a directory, memory, and a real S3-compatible server.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use object_store::PutPayload;
use object_store::memory::InMemory;
use object_store::path::Path;
use salespulse::config::Config;
use salespulse::engine::directory::Directory;
use salespulse::engine::shard::Shard;
use salespulse::health::{LogThrottle, Metrics};
use salespulse::model::rules::Rules;
use salespulse::model::time::{Clock, Time};
use salespulse::snapshot::{
    Cut, Fingerprints, Header, Home, Kept, ObjectName, Offsets, Provenance, Refused, Report, Restored, RoundName,
    Store, Writer, encode, is_whole,
};
use tokio::runtime::Runtime;

use crate::harness::proxy::{Proxy, Way};
use crate::harness::service::RULES;
use crate::harness::tools;
use crate::integration::s3::S3;

fn rules() -> Arc<Rules> {
    Arc::new(Config::of_text(RULES, "the rules", &[]).expect("rules").rules)
}

/// The bytes of a whole object that says it was written at `written_at`.
fn object(written_at: &str) -> Vec<u8> {
    let rules = rules();
    let directory = Arc::new(Directory::default());
    let header = Header {
        written_by: "a test".to_owned(),
        written_at: written_at.to_owned(),
        shard: 0,
        shards: 1,
        offsets: Offsets::new(),
        began: Offsets::new(),
        provenance: Provenance::new(&rules, None, BTreeMap::new()),
        refused: Refused::default(),
        forgotten: None,
        degraded: false,
        journeys: 0,
        fingerprints: Fingerprints::new(),
        contract: salespulse::model::CONTRACT,
    };
    let mut shard = Shard::new(0, rules, &directory, Time::from_millis(1_800_000_000_000));
    let (_, payload) = encode(&header, &directory.listing(), &shard.image(false)).expect("memory");
    payload.iter().flatten().copied().collect()
}

/// Where the rounds of these objects lie.
fn home() -> Home {
    Home::of(None, &BTreeMap::new())
}

fn name(lineage: u64, position: u64, shard: usize) -> ObjectName {
    ObjectName { round: RoundName { lineage, position, home: home() }, shard, shards: 2 }
}

fn put(store: &Store, name: ObjectName, bytes: &[u8]) {
    store.put(name, PutPayload::from(bytes.to_vec())).expect("the store takes it");
}

fn get(store: &Store, name: ObjectName) -> Vec<u8> {
    let (mut pieces, mut bytes) = (store.get(name).expect("it is there"), Vec::new());
    while let Some(piece) = pieces.take().expect("it can be read") {
        bytes.extend_from_slice(&piece);
    }
    bytes
}

/// The rounds that are listed: lineage, position, and whether complete.
fn listed(store: &Store) -> Vec<(u64, u64, bool)> {
    let rounds = store.rounds().expect("the store answers");
    rounds.iter().map(|round| (round.name.lineage, round.name.position, round.is_complete)).collect()
}

/// All that a store promises, from an empty one on.
fn check(store: &Store) {
    // Of rounds that are all of one hour only the newest stay.
    let store = &store.clone().keeping(Kept { hourly: 0, daily: 0 });
    assert!(listed(store).is_empty());
    let (first, second) = (object("first"), object("second"));
    assert!(is_whole(&first) && is_whole(&second) && first != second);

    put(store, name(1, 10, 0), &first);
    put(store, name(1, 10, 0), &second);
    assert!(get(store, name(1, 10, 0)) == first, "a whole object stays");
    put(store, name(1, 10, 1), &first[..first.len() / 2]);
    assert!(get(store, name(1, 10, 1)) == first[..first.len() / 2], "it is there as it was put");
    put(store, name(1, 10, 1), &second);
    assert!(get(store, name(1, 10, 1)) == second, "a damaged object is replaced");
    put(store, name(1, 10, 1), &first);
    assert!(get(store, name(1, 10, 1)) == second, "what replaced it is whole, and stays");
    assert!(store.get(name(1, 11, 0)).is_err(), "what was never put is not there");

    let large: Vec<u8> =
        (0..3_000_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    put(store, name(1, 20, 0), &large);
    assert!(get(store, name(1, 20, 0)) == large, "twelve megabytes come back");

    for (lineage, position) in [(1, 30), (1, 40), (2, 5), (2, 6)] {
        put(store, name(lineage, position, 0), &first);
        put(store, name(lineage, position, 1), &first);
    }
    put(store, name(2, 7, 1), &first);
    put(store, name(1, 50, 1), &first);
    let kept = [(2, 7, false), (2, 6, true), (2, 5, true), (1, 40, true)];
    let all = [kept[0], kept[1], kept[2], (1, 50, false), kept[3], (1, 30, true), (1, 20, false), (1, 10, true)];
    assert_eq!(listed(store), all);
    store.prune(Home::of(Some("another cluster"), &BTreeMap::new())).expect("it can be pruned");
    assert_eq!(listed(store), all, "who reads something else deletes nothing here");
    store.prune(home()).expect("it can be pruned");
    assert_eq!(listed(store), kept, "three complete rounds stay, and what may still become one");
    store.prune(home()).expect("it can be pruned");
    assert_eq!(listed(store), kept);
}

#[test]
fn a_directory_keeps_what_it_promises() {
    let (runtime, folder) = (Runtime::new().expect("a runtime"), tempfile::tempdir().expect("a folder"));
    let place = folder.path().join("deep/snapshots");
    let open = |group| Store::open(&place.to_string_lossy(), &BTreeMap::new(), group, runtime.handle().clone());
    let store = open("group").expect("a directory");
    check(&store);
    assert!(listed(&open("other").expect("a directory")).is_empty(), "another group has its own");

    // A file stands where the round's folder should be made.
    let round = place.join("group").join(name(9, 1, 0).round.to_string());
    std::fs::write(&round, "in the way").expect("the folder can be written");
    assert!(store.put(name(9, 1, 0), PutPayload::from(object("third"))).is_err());
    std::fs::remove_file(&round).expect("the file can be removed");
    assert!(listed(&store).iter().all(|(lineage, ..)| *lineage != 9), "a put that failed left something");
}

/// Whatever the process lets others do with its files, and whatever an earlier release let them do.
#[test]
#[cfg(unix)]
fn nobody_else_reads_what_a_directory_keeps() {
    use std::os::unix::fs::PermissionsExt as _;
    let (runtime, folder) = (Runtime::new().expect("a runtime"), tempfile::tempdir().expect("a folder"));
    let place = folder.path().join("made/snapshots");
    let open = || Store::open(&place.to_string_lossy(), &BTreeMap::new(), "group", runtime.handle().clone());
    put(&open().expect("a directory"), name(1, 10, 0), &object("first"));
    let written = place.join("group").join(name(1, 10, 0).to_string());
    let folders =
        || written.ancestors().skip(1).take_while(|path| *path != folder.path()).map(std::path::Path::to_owned);
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&written), 0o600);
    assert_eq!(
        folders().map(|path| mode(&path)).collect::<Vec<_>>(),
        [0o700; 5],
        "{:?}",
        folders().collect::<Vec<_>>()
    );

    std::fs::set_permissions(&written, std::fs::Permissions::from_mode(0o644)).expect("it is ours");
    folders().take(2).for_each(|path| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    });
    open().expect("a directory");
    assert_eq!(
        (mode(&written), mode(written.parent().expect("a folder"))),
        (0o600, 0o700),
        "as an earlier release left it"
    );
}

#[test]
fn of_a_round_that_fails_nothing_is_left() {
    let (runtime, folder) = (Runtime::new().expect("a runtime"), tempfile::tempdir().expect("a folder"));
    let open = || Store::open(&folder.path().to_string_lossy(), &BTreeMap::new(), "group", runtime.handle().clone());
    let (store, rules) = (open().expect("a directory"), rules());
    let (directory, now) = (Arc::new(Directory::default()), Time::from_millis(1_800_000_000_000));
    let writer = Writer {
        store: open().expect("a directory"),
        provenance: Provenance::new(&rules, None, BTreeMap::new()),
        rules: Arc::clone(&rules),
        directory: Arc::clone(&directory),
        clock: Clock::Fixed(now),
        metrics: Metrics::new(std::iter::empty()).expect("metrics"),
        throttle: LogThrottle::default(),
    };
    let cut = || {
        let image = |number| {
            let (sender, image) = sync_channel(1);
            sender.send(Shard::new(number, Arc::clone(&rules), &directory, now).image(false)).expect("there is room");
            image
        };
        let origin = Restored { lineage: 1, ..Restored::default() };
        Cut { offsets: Offsets::new(), images: vec![image(0), image(1)], origin }
    };
    // A folder stands where the second object should be.
    let second = folder.path().join("group").join(name(1, 0, 1).to_string());
    std::fs::create_dir_all(&second).expect("the folder can be written");
    assert_eq!(writer.write(cut()), Report::Failed);
    assert!(listed(&store).is_empty(), "the first object is of no use: {:?}", listed(&store));
    std::fs::remove_dir(&second).expect("it is empty");
    assert_eq!(writer.write(cut()), Report::Durable(Offsets::new()));
    assert_eq!(listed(&store), [(1, 0, true)]);
}

#[test]
fn memory_keeps_what_a_directory_promises() {
    let runtime = Runtime::new().expect("a runtime");
    check(&Store::new(Arc::new(InMemory::new()), &Path::default(), "group", runtime.handle().clone(), "memory"));
}

#[test]
fn s3_keeps_what_a_directory_promises() {
    let Some(program) = tools::moto() else { return };
    let (runtime, mut server) = (Runtime::new().expect("a runtime"), S3::start(program));
    let open = |prefix: &str| {
        let place = format!("s3://snapshots{prefix}");
        Store::open(&place, &server.options(), "group", runtime.handle().clone()).expect("options")
    };
    let (store, other) = (open("/sales/eu"), open(""));
    check(&store);
    check(&other);

    server.kill();
    assert!(store.put(name(9, 1, 0), PutPayload::from(object("third"))).is_err(), "nobody is there");
    server.restart();
    assert!(listed(&store).is_empty(), "a put that failed left something");
    put(&store, name(9, 1, 0), &object("third"));
}

/// Without an end to its patience the test would not end either.
#[test]
fn a_request_to_s3_that_is_not_answered_fails() {
    let Some(program) = tools::moto() else { return };
    let (runtime, server) = (Runtime::new().expect("a runtime"), S3::start(program));
    let proxy = Proxy::start(server.port());
    let mut options = server.options();
    options.insert("aws_endpoint".to_owned(), format!("http://{}", proxy.address()));
    options.insert("timeout".to_owned(), "1s".to_owned());
    let store = Store::open("s3://snapshots", &options, "group", runtime.handle().clone()).expect("options");
    put(&store, name(1, 10, 0), &object("first"));
    proxy.set(Way::Holding);
    assert!(store.put(name(1, 20, 0), PutPayload::from(object("second"))).is_err());
    assert!(store.rounds().is_err());
    proxy.set(Way::Open);
    assert_eq!(listed(&store).last(), Some(&(1, 10, false)), "what was there is there");
}
