//! Tables in files as sources: a file says all of its rows, so a row that is changed is a new version of its fact, and one
//! that is gone takes its fact back.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use super::desk::{Batch, Desk, Sink};
use super::dialect::table;
use super::events::Gate;
use super::exchange::Trouble;
use super::mapping::Document;
use super::memory::Memory;
use super::sources::{Files, Source};
use super::status::Status;
use crate::contract::encode::Draft;
use crate::health::Stop;
use crate::model::time::{Clock, SECOND, Time};

/// A file that was written more recently may not be whole yet.
const SETTLED_MS: i64 = 2 * SECOND;
/// The longest table that is read again and again.
const MOST_ROWS: usize = 200_000;
/// What is remembered of a file lies in so many entries, so that none is too large for a topic.
const SHARES: u64 = 256;

/// One source of tables at work.
pub struct FileWorker {
    /// The source.
    pub source: Arc<Source>,
    /// Where its tables lie.
    pub files: Files,
    /// Our own decoder.
    pub gate: Gate,
    /// What was told.
    pub memory: Memory,
    /// Who says how it goes.
    pub status: Arc<Status>,
    /// The clock.
    pub clock: Clock,
    /// Whether to end.
    pub stop: Stop,
}

impl FileWorker {
    /// Looks for changed tables until it is asked to stop.
    ///
    /// # Errors
    /// A sentence if what was read cannot be kept: then memory must be read again.
    pub fn run(mut self, sink: &mut dyn Sink) -> Result<(), String> {
        while !self.stop.requested() {
            match self.look(sink) {
                Ok(()) => self.status.finished(&self.source.name, self.clock.now(), self.memory.len()),
                Err(Trouble::Sink(reason)) => return Err(reason),
                Err(trouble) => self.status.failed(&self.source.name, &trouble),
            }
            self.stop.rest(Duration::from_millis(self.files.interval_ms.unsigned_abs()));
        }
        Ok(())
    }

    /// Tells what has changed since the last look.
    ///
    /// # Errors
    /// [`Trouble`] if a table cannot be read, after all others were, or if what was read cannot be kept.
    pub fn look(&mut self, sink: &mut dyn Sink) -> Result<(), Trouble> {
        let mut wrong = None;
        for path in tables(&self.files.path).map_err(Trouble::Unusable)? {
            match self.look_at(&path, sink) {
                Err(Trouble::Sink(reason)) => return Err(Trouble::Sink(reason)),
                Err(trouble) => drop(wrong.get_or_insert(trouble)),
                Ok(()) => {}
            }
        }
        wrong.map_or(Ok(()), Err)
    }

    fn look_at(&mut self, path: &Path, sink: &mut dyn Sink) -> Result<(), Trouble> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let unusable = |reason: String| Trouble::Unusable(format!("{name}: {reason}"));
        let now = self.clock.now();
        let Some(bytes) = settled(path, now).map_err(unusable)? else { return Ok(()) };
        let stream = format!("file-{name}");
        let digest = xxh3_64(&bytes).cast_signed();
        if self.memory.cursor(&stream) == Some(digest) {
            return Ok(());
        }
        let rows = table::rows(&bytes, self.source.delimiter).map_err(unusable)?;
        if rows.len() > MOST_ROWS {
            return Err(unusable(format!("it has {} rows; at most {MOST_ROWS} are read", rows.len())));
        }
        let documents: Vec<Document> = rows.into_iter().map(|row| Document::new("", row)).collect();
        let refused = self.memory.refusals();
        let (source, memory) = (&self.source, &mut self.memory);
        let mut desk = Desk { source, gate: &self.gate, memory, sink, now, batch: Batch::default() };
        let mut shares: BTreeMap<u64, Vec<Draft>> = (0..SHARES).map(|share| (share, Vec::new())).collect();
        for draft in desk.map(&documents) {
            let share = xxh3_64(draft.text("event_id").as_bytes()) % SHARES;
            shares.entry(share).or_default().push(draft);
        }
        // Of a row that cannot be read nobody knows which fact it was, so then nothing is taken back.
        let is_whole = desk.memory.refusals() == refused;
        for (share, drafts) in shares {
            let key = format!("file/{name}/{share}");
            let told = if drafts.is_empty() { Vec::new() } else { desk.tell_drafts(&key, drafts) };
            if is_whole {
                desk.take_back(&key, "", &told);
            }
            desk.make_room().map_err(Trouble::Sink)?;
        }
        desk.move_cursor(&stream, digest);
        desk.commit().map_err(Trouble::Sink)
    }
}

/// The tables of a path, sorted.
fn tables(path: &Path) -> Result<Vec<PathBuf>, String> {
    let cannot = |error: std::io::Error| format!("cannot read {}: {error}", path.display());
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut tables = Vec::new();
    for entry in std::fs::read_dir(path).map_err(cannot)? {
        let file = entry.map_err(cannot)?.path();
        let is_table = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
        if is_table && file.is_file() {
            tables.push(file);
        }
    }
    tables.sort();
    Ok(tables)
}

/// What a file holds; `None` while it may still be written.
fn settled(path: &Path, now: Time) -> Result<Option<Vec<u8>>, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    let file = std::fs::File::open(path).map_err(cannot)?;
    let written = file.metadata().and_then(|metadata| metadata.modified()).map_err(cannot)?;
    let written = jiff::Timestamp::try_from(written).map_err(|error| error.to_string())?;
    let age = now.since(Time::from_millis(written.as_millisecond()));
    if (0..SETTLED_MS).contains(&age) {
        return Ok(None);
    }
    let largest = table::LARGEST_TABLE as u64;
    let mut bytes = Vec::new();
    let size = file.take(largest + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if size as u64 > largest {
        return Err(format!("it is larger than {largest} bytes"));
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::sources::{Defaults, load};
    use crate::model::money::{Currency, Rates};
    use crate::model::rules::Rules;

    /// Keeps what was told.
    #[derive(Default)]
    struct Kept {
        events: Vec<String>,
        letters: Vec<String>,
        state: BTreeMap<String, Vec<u8>>,
    }

    impl Sink for Kept {
        fn commit(&mut self, batch: Batch) -> Result<(), String> {
            self.events.extend(batch.events.iter().map(|event| {
                format!(
                    "{} {} {}{}",
                    event.text("event_id"),
                    event.version(),
                    event.text("amount"),
                    event.text("retracted")
                )
            }));
            self.letters.extend(batch.letters.iter().map(|letter| String::from_utf8(letter.body.clone()).unwrap()));
            self.state.extend(batch.state.into_iter().map(|(key, value)| (key, value.unwrap())));
            Ok(())
        }
    }

    struct Scene {
        folder: tempfile::TempDir,
        kept: Kept,
    }

    impl Scene {
        fn worker(&self) -> FileWorker {
            let text = "[source.plan]\nkind = \"csv\"\npath = \"/tables\"\ncurrency = \"CNY\"";
            let source = load(text, "sources.toml", &Defaults::default()).unwrap().into_values().next().unwrap();
            let mut memory = Memory::default();
            self.kept.state.iter().for_each(|(key, value)| memory.restore(key, Some(value)).unwrap());
            FileWorker {
                source: Arc::new(source),
                files: Files { path: self.folder.path().to_owned(), interval_ms: 1 },
                gate: Gate::new(Arc::new(Rules::new(Rates::new(Currency::from_code("CNY").unwrap())))),
                memory,
                status: Arc::new(Status::new(["plan"].into_iter()).unwrap()),
                clock: Clock::Fixed(Time::parse("2099-01-01T00:00:00Z").unwrap()),
                stop: Stop::default(),
            }
        }

        /// What an instance that has just started tells of a table with these rows.
        fn look(&mut self, rows: &str) -> Result<Vec<String>, Trouble> {
            let text = format!("scope,team,rep,period,amount,currency\n{rows}");
            std::fs::write(self.folder.path().join("targets.csv"), text).unwrap();
            self.kept.events.clear();
            let mut worker = self.worker();
            worker.look(&mut self.kept)?;
            self.kept.events.sort();
            Ok(self.kept.events.clone())
        }
    }

    #[test]
    fn a_table_says_all_of_its_rows() {
        let mut scene = Scene { folder: tempfile::tempdir().unwrap(), kept: Kept::default() };
        let first = "team,east,,2026-11,900,\nteam,west,,2026-11,800,\n";
        let told = scene.look(first).unwrap();
        assert_eq!(told, ["team:east:2026-11 1 900", "team:west:2026-11 1 800"]);
        assert_eq!(scene.look(first).unwrap(), [""; 0], "nothing has changed");
        let changed = scene.look("team,east,,2026-11,950,\nteam,west,,2026-11,800,\n").unwrap();
        assert_eq!(changed, ["team:east:2026-11 3 950"], "a changed row is a new version");
        let gone = scene.look("team,east,,2026-11,950,\n").unwrap();
        assert_eq!(gone, ["team:west:2026-11 3 true"], "a row that is gone takes its fact back");
    }

    #[test]
    fn a_row_that_cannot_be_read_takes_nothing_back() {
        let mut scene = Scene { folder: tempfile::tempdir().unwrap(), kept: Kept::default() };
        scene.look("team,east,,2026-11,900,\nteam,west,,2026-11,800,\n").unwrap();
        let told = scene.look("team,east,,2026-11,9 hundred,\nteam,west,,2026-11,810,\n").unwrap();
        assert_eq!(told, ["team:west:2026-11 3 810"]);
        assert_eq!(scene.kept.letters, ["team,east,,2026-11,9 hundred,"], "byte for byte");
        let mended = scene.look("team,east,,2026-11,920,\n").unwrap();
        assert_eq!(mended, ["team:east:2026-11 3 920", "team:west:2026-11 5 true"]);
    }

    #[test]
    fn what_is_no_table_is_said() {
        let mut scene = Scene { folder: tempfile::tempdir().unwrap(), kept: Kept::default() };
        let trouble = scene.look("team,east\n").unwrap_err();
        assert!(trouble.to_string().contains("targets.csv"), "{trouble}");
        let mut worker = scene.worker();
        worker.files.path = "/nowhere/targets.csv".into();
        assert!(worker.look(&mut scene.kept).is_err());
    }
}
