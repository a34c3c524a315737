//! An audit of shards that have made a mistake: it is counted, the log names the cell, and a restart mends it.

use std::io;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};

use object_store::memory::InMemory;
use object_store::path::Path;

use super::*;
use crate::config::{Config, OnGap};
use crate::contract::decode::{Decoded, Decoder, Record};
use crate::engine::cells::{Count, Segment, Segments, Table};
use crate::engine::directory::RepInTeam;
use crate::engine::entry::Interner;
use crate::engine::shard::Shard;
use crate::model::time::Time;
use crate::model::window::Window;
use crate::snapshot::{Ends, Restorer};
use crate::threads::ShardThreads;

/// The instant of the example.
const NOW: Time = Time::from_millis(1_794_758_400_000);
const SHARDS: usize = 2;

/// The small team in two shards, and what writes and audits it.
struct Scene {
    shards: Vec<Shard>,
    writer: Writer,
    runtime: tokio::runtime::Runtime,
}

impl Scene {
    fn new() -> Scene {
        let config = Config::of_text(include_str!("../../../examples/small-team/salespulse.toml"), "team", &[]);
        let (rules, directory) = (Arc::new(config.unwrap().rules), Arc::new(Directory::default()));
        let mut shards: Vec<Shard> =
            (0..SHARDS).map(|number| Shard::new(number, Arc::clone(&rules), &directory, NOW)).collect();
        let (decoder, mut interner) =
            (Decoder::new(Arc::clone(&rules)), Interner::new(Arc::clone(&directory), Arc::clone(&rules)));
        for line in include_str!("../../../examples/small-team/events.jsonl").lines() {
            let record = Record { value: Some(line.as_bytes()), ..Record::default() };
            let Ok(Decoded::Event(event)) = decoder.decode(&record, NOW) else { panic!("{line}") };
            let entry = interner.entry(&event);
            let shard = entry.shard(SHARDS);
            shards[shard].apply(entry, NOW);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let objects = Arc::new(InMemory::new());
        let writer = Writer {
            store: Store::new(objects, &Path::default(), "group", runtime.handle().clone(), "memory"),
            provenance: Provenance::new(&rules, None, std::collections::BTreeMap::new()),
            rules,
            directory,
            clock: Clock::Fixed(NOW),
            metrics: Metrics::new(["leads"].into_iter()).unwrap(),
            throttle: LogThrottle::default(),
        };
        Scene { shards, writer, runtime }
    }

    /// Writes a round with an audit; answers what was logged.
    fn audit(&mut self) -> String {
        let image = |shard: &mut Shard| {
            let (reply, answer) = sync_channel(1);
            reply.send(shard.image(true)).unwrap();
            answer
        };
        let cut = Cut {
            offsets: Offsets::new(),
            images: self.shards.iter_mut().map(image).collect(),
            origin: Restored { lineage: 1, ..Restored::default() },
        };
        let log = Log::default();
        let copy = log.clone();
        let logs = tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || copy.clone());
        let report = tracing::subscriber::with_default(logs.finish(), || self.writer.write(cut));
        assert_eq!(report, Report::Durable(Offsets::new()));
        log.text()
    }

    fn mismatches(&self) -> u64 {
        self.writer.metrics.snapshots.mismatches.get()
    }
}

/// What is logged meanwhile.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The segment of the year to date and nothing else.
fn this_year_only(rules: &Rules) -> Segment {
    let first = rules.windows_at(NOW, rules.lanes()).range(Window::YearToDate).start;
    Segments::at(NOW, rules).of(first).unwrap()
}

#[test]
fn a_cell_that_is_wrong_is_counted_named_and_mended_by_a_restart() {
    let mut scene = Scene::new();
    let quiet = scene.audit();
    assert_eq!(scene.writer.metrics.snapshots.audits.get(), SHARDS as u64);
    assert_eq!((scene.mismatches(), quiet.contains("an audit found a cell")), (0, false), "{quiet}");

    let directory = Arc::clone(&scene.writer.directory);
    let row = directory.row(RepInTeam { team: directory.name("east"), rep: directory.name("wang") });
    let right = scene.shards[1].read(NOW).rows.row(row.index()).open(2).deals;
    scene.shards[1].miscount(|rows, _| rows.open_mut(row.index(), 2).unwrap().deals += 1);
    let log = scene.audit();
    assert_eq!(scene.writer.metrics.snapshots.audits.get(), 2 * SHARDS as u64);
    assert_eq!(scene.mismatches(), 1);
    let told: Vec<&str> = log.lines().filter(|line| line.contains("an audit found a cell")).collect();
    let [told] = told[..] else { panic!("not told once: {log}") };
    for words in [
        r#""level":"ERROR""#,
        r#""shard":1"#,
        r#""table":"reps""#,
        r#""row":"rep \"wang\" in team \"east\"""#,
        r#""metric":"open at proposal""#,
        r#""window":"now""#,
        &format!(r#""counted":"{}""#, right + 1),
        &format!(r#""derived":"{right}""#),
    ] {
        assert!(told.contains(words), "no {words} in {told}");
    }

    let restored = restored(&scene);
    assert_eq!(scene.writer.metrics.snapshots.restored.get(), 1);
    assert_eq!(
        restored.iter().map(|shard| shard.rows.row(row.index()).open(2).deals).sum::<i64>(),
        right_of_both(&mut scene, row.index())
    );
}

/// The sum over both shards, without the deal too many.
fn right_of_both(scene: &mut Scene, row: usize) -> i64 {
    scene.shards.iter_mut().map(|shard| shard.read(NOW).rows.row(row).open(2).deals).sum::<i64>() - 1
}

/// What shards say that are restored from what the scene has written.
fn restored(scene: &Scene) -> Vec<crate::engine::shard::ShardReading> {
    let Writer { store, provenance, rules, directory, metrics, .. } = &scene.writer;
    let threads = ShardThreads::start(SHARDS, rules, directory, NOW, metrics).unwrap();
    let restorer = Restorer {
        store: store.clone(),
        provenance: provenance.clone(),
        rules: Arc::clone(rules),
        directory: Arc::clone(directory),
        loader: threads.loader(),
        clock: Clock::Fixed(NOW),
        on_gap: OnGap::Refuse,
        metrics: Arc::clone(metrics),
    };
    let _guard = scene.runtime.enter();
    restorer.restore(&Ends::default(), None).unwrap();
    threads.reader().read(NOW).unwrap()
}

#[test]
fn every_kind_of_cell_is_audited_and_named() {
    type Mistake = fn(&mut Table, &mut Table, usize, Segment);
    let mistakes: [(Mistake, &str); 7] = [
        (|rows, _, row, segment| rows.count_in(row, Count::Won(0), segment, 1), "reps, wang, won, ytd: +1"),
        (
            |rows, _, row, segment| rows.count_in(row, Count::Reached(1), segment, -1),
            "reps, wang, reached proposal, ytd: -1",
        ),
        (|_, channels, _, segment| channels.count_in(0, Count::Leads(0), segment, 3), "channels, 0, leads, ytd: +3"),
        (|rows, _, row, _| rows.open_mut(row, 1).unwrap().stalled += 2, "reps, wang, stalled at contacted, now: +2"),
        (|rows, _, row, _| rows.open_mut(row, 0).unwrap().amount -= 5, "reps, wang, amount open at lead, now: -5"),
        (|rows, _, row, _| rows.name(row, 1), "reps, wang, events that name it, now: +1"),
        (|_, channels, _, _| channels.name(0, 1), "channels, 0, events that name it, now: +1"),
    ];
    for (mistake, expected) in mistakes {
        let mut scene = Scene::new();
        let (directory, rules) = (Arc::clone(&scene.writer.directory), Arc::clone(&scene.writer.rules));
        let row = directory.row(RepInTeam { team: directory.name("east"), rep: directory.name("wang") });
        scene.shards[0].miscount(|rows, channels| mistake(rows, channels, row.index(), this_year_only(&rules)));
        let channel = directory.text(directory.channels()[0]);
        let found = scene.shards[0].image(true).audit(&rules, &directory);
        let [found] = &found[..] else { panic!("{expected}: {found:?}") };
        let row =
            found.row.replace("rep \"wang\" in team \"east\"", "wang").replace(&format!("channel \"{channel}\""), "0");
        let off = found.counted - found.derived;
        assert_eq!(format!("{}, {row}, {}, {}: {off:+}", found.table, found.metric, found.window), expected);
        scene.audit();
        assert_eq!(scene.mismatches(), 1);
    }
}

/// The cells are right, and a reading tells something else of them.
#[test]
fn what_readings_tell_of_the_cells_is_audited() {
    let mut scene = Scene::new();
    let (directory, rules) = (Arc::clone(&scene.writer.directory), Arc::clone(&scene.writer.rules));
    let row = directory.row(RepInTeam { team: directory.name("east"), rep: directory.name("wang") }).index();
    let won = |rows: &mut Table, times| rows.count_in(row, Count::Won(0), this_year_only(&rules), times);
    scene.shards[0].miscount(|rows, _| won(rows, 1));
    drop(scene.shards[0].read(NOW));
    scene.shards[0].miscount(|rows, _| {
        won(rows, -1);
        rows.overlook_changes();
    });
    let found = scene.shards[0].image(true).audit(&rules, &directory);
    let [found] = &found[..] else { panic!("{found:?}") };
    assert_eq!((found.metric.as_str(), found.window.as_str(), found.counted - found.derived), ("won", "ytd", 1));
}
