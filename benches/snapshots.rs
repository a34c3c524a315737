//! What it costs to keep the state, and to continue from it: the pause of a shard, the write, the object, the restore.
//!
//! Times are those of the wall, since they are about waiting; compare the figures of one run. `cargo bench --bench snapshots
//! -- JOURNEYS` measures that size alone.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark ends at its first surprise, and prints"
)]
#![allow(clippy::indexing_slicing, reason = "as above")]

#[expect(dead_code, reason = "the benchmark of the core needs the rest")]
mod scene;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use salespulse::config::OnGap;
use salespulse::contract::decode::Decoder;
use salespulse::engine::directory::Directory;
use salespulse::engine::entry::{Entry, Interner};
use salespulse::health::{LogThrottle, Metrics};
use salespulse::model::event::EventType;
use salespulse::model::rules::Rules;
use salespulse::model::time::Clock;
use salespulse::snapshot::{Cut, Ends, Offsets, Provenance, Report, Restored, Restorer, Store, Writer};
use salespulse::threads::ShardThreads;
use tokio::runtime::Runtime;

use self::scene::{NOW, decode, journey_lines, resident_bytes, rules};

const REPS: u64 = 10_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["restore", folder] => restore(Path::new(folder)),
        [journeys] => measure(journeys.parse().expect("a number of journeys")),
        _ => [1_000_000, 5_000_000].into_iter().for_each(measure),
    }
}

/// The parts of a service that keep the state.
struct Service {
    rules: Arc<Rules>,
    directory: Arc<Directory>,
    metrics: Arc<Metrics>,
    shards: ShardThreads,
    store: Store,
    provenance: Provenance,
    _runtime: Runtime,
}

impl Service {
    fn new(folder: &Path) -> Service {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
        let (rules, directory) = (Arc::new(rules()), Arc::new(Directory::default()));
        let metrics = Metrics::new(EventType::ALL.map(EventType::default_topic).into_iter()).expect("metrics");
        let place = folder.to_str().expect("a path");
        let store = Store::open(place, &std::collections::BTreeMap::new(), "group", runtime.handle().clone());
        Service {
            shards: ShardThreads::start(1, &rules, &directory, NOW, &metrics).expect("threads"),
            provenance: Provenance::new(&rules, None, std::collections::BTreeMap::new()),
            store: store.expect("a store"),
            rules,
            directory,
            metrics,
            _runtime: runtime,
        }
    }

    fn restorer(&self) -> Restorer {
        Restorer {
            store: self.store.clone(),
            provenance: self.provenance.clone(),
            rules: Arc::clone(&self.rules),
            directory: Arc::clone(&self.directory),
            loader: self.shards.loader(),
            clock: Clock::Fixed(NOW),
            on_gap: OnGap::Refuse,
            metrics: Arc::clone(&self.metrics),
        }
    }

    fn writer(&self) -> Writer {
        Writer {
            store: self.store.clone(),
            provenance: self.provenance.clone(),
            rules: Arc::clone(&self.rules),
            directory: Arc::clone(&self.directory),
            clock: Clock::Fixed(NOW),
            metrics: Arc::clone(&self.metrics),
            throttle: LogThrottle::default(),
        }
    }

    /// Applies the events of some journeys; answers how long it took without the decoding.
    fn apply(&self, interner: &mut Interner, journeys: impl Iterator<Item = u64>) -> Duration {
        let decoder = Decoder::new(Arc::clone(&self.rules));
        let (mut spent, mut lines) = (Duration::ZERO, Vec::new());
        for journey in journeys {
            journey_lines(journey, REPS, &mut lines);
            let entries: Vec<Entry> = lines.drain(..).map(|line| interner.entry(&decode(&decoder, &line))).collect();
            let started = Instant::now();
            self.shards.apply(0, entries, NOW).expect("a shard");
            spent += started.elapsed();
        }
        let started = Instant::now();
        self.shards.settle().expect("a shard");
        spent + started.elapsed()
    }
}

fn measure(journeys: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let service = Service::new(folder.path());
    let mut interner = Interner::new(Arc::clone(&service.directory), Arc::clone(&service.rules));
    service.apply(&mut interner, 0..journeys);
    let held = &service.shards.reader().read(NOW).expect("a shard")[0].held;
    println!("{journeys} journeys of a lead and four stage changes, {REPS} reps, one shard");
    println!("  journeys              {:>8} bytes/journey, index included", held.journey_bytes as u64 / journeys);

    let touched = journeys.min(100_000);
    let alone = service.apply(&mut interner, journeys..journeys + touched);
    let images = service.shards.images(false).expect("a shard");
    service.shards.settle().expect("a shard");
    let beside = service.apply(&mut interner, journeys + touched..journeys + 2 * touched);
    drop(images);
    println!("  pause                 {:>8.2} ms", service.metrics.snapshots.pause.get_sample_sum() * 1e3);
    println!("  apply beside an image {:>8.2} times as long as alone", beside.as_secs_f64() / alone.as_secs_f64());

    let started = Instant::now();
    let offsets = Offsets::from([("sales.leads".to_owned(), vec![1])]);
    let cut = Cut {
        offsets,
        images: service.shards.images(false).expect("a shard"),
        origin: Restored { lineage: 1, ..Restored::default() },
    };
    assert!(matches!(service.writer().write(cut), Report::Durable(_)), "written");
    let bytes = u64::try_from(service.metrics.snapshots.bytes.get()).expect("a length");
    println!("  write                 {:>8} ms, fsync included", started.elapsed().as_millis());
    println!("  object                {:>8} MB, {} bytes/journey", bytes / 1_000_000, bytes / (journeys + 2 * touched));
    let image = service.shards.images(true).expect("a shard").remove(0).recv().expect("an image");
    let started = Instant::now();
    assert_eq!(image.audit(&service.rules, &service.directory), [], "every cell is right");
    println!("  audit                 {:>8} ms, while the shard goes on", started.elapsed().as_millis());
    drop(image);
    drop(service);
    // In a process of its own, so that its memory is that of a restore.
    let own = std::env::current_exe().expect("this program");
    let status = Command::new(own).arg("restore").arg(folder.path()).status().expect("it starts");
    assert!(status.success(), "restored");
}

fn restore(folder: &Path) {
    let service = Service::new(folder);
    let ends = Offsets::from([("sales.leads".to_owned(), vec![1])]);
    let started = Instant::now();
    let lows = Offsets::from([("sales.leads".to_owned(), vec![0])]);
    service.restorer().restore(&Ends { lows, highs: ends }, None).expect("restored");
    let took = started.elapsed();
    assert_eq!(service.metrics.snapshots.restored.get(), 1, "from the snapshot");
    let loaded = resident_bytes();
    let held = service.shards.reader().read(NOW).expect("a shard")[0].held;
    println!(
        "  restore               {:>8} ms, {} journeys/ms",
        took.as_millis(),
        held.journeys as u128 / took.as_millis().max(1)
    );
    println!("  resident              {:>8} MB, cells included", loaded / 1_000_000);
    println!("  at most               {:>8} MB", peak_bytes() / 1_000_000);
}

/// The most memory that this process has ever held.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().map_or(0, |kibibytes| kibibytes * 1024)
}
