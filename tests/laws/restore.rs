//! The law of recovery: what is written and read back tells the same, wherever it is cut and whatever has changed meanwhile.

use std::sync::Arc;

use proptest::prelude::*;
use salespulse::engine::board::Board;
use salespulse::engine::directory::Directory;
use salespulse::engine::entry::Interner;
use salespulse::engine::shard::{Contents, Kind, Portion, Shard, Translation, Unpacker, Unusable};
use salespulse::kpi::Catalogue;
use salespulse::kpi::exposition::{Format, render};
use salespulse::model::event::Event;
use salespulse::model::needs::Counted;
use salespulse::model::rules::Rules;
use salespulse::model::time::Time;

use crate::laws::notation::Script;
use crate::laws::streams::{cases, last_instant, streams};

/// A process: its directory, shards and board.
struct Process {
    rules: Arc<Rules>,
    directory: Arc<Directory>,
    interner: Interner,
    shards: Vec<Shard>,
    board: Board,
}

impl Process {
    fn new(rules: &Arc<Rules>, shards: usize, now: Time) -> Process {
        let directory = Arc::new(Directory::default());
        Process {
            shards: (0..shards).map(|number| Shard::new(number, Arc::clone(rules), &directory, now)).collect(),
            interner: Interner::new(Arc::clone(&directory), Arc::clone(rules)),
            board: Board::new(Arc::clone(rules), Arc::clone(&directory), now),
            rules: Arc::clone(rules),
            directory,
        }
    }

    fn accept(&mut self, event: &Event<'static>, now: Time) {
        let entry = self.interner.entry(event);
        for entry in entry.watch().into_iter().chain([entry]) {
            let shard = entry.shard(self.shards.len());
            self.shards[shard].apply(entry, now);
        }
    }

    fn text(&mut self, now: Time) -> String {
        let readings = self.shards.iter_mut().map(|shard| shard.read(now)).collect();
        let catalogue = Catalogue::new(&self.rules).expect("a catalogue");
        let mut text = String::new();
        render(&catalogue, &self.board.read(now, readings), Format::Prometheus, &mut text).expect("few series");
        text
    }

    /// Another process that goes on with what this one remembers.
    fn restored(&mut self, rules: &Arc<Rules>, shards: usize, converts: bool, now: Time) -> Result<Process, Unusable> {
        let mut other = Process::new(rules, shards, now);
        // Names that came before give the others other numbers.
        let _ = other.directory.name("somebody else");
        for shard in &mut self.shards {
            let image = shard.image(false);
            let mut blocks = Vec::new();
            let told = image.write(|kind, block| {
                blocks.push((kind, block.to_vec()));
                Ok::<(), Unusable>(())
            })?;
            let listing = self.directory.listing();
            let stages = self.rules.pipeline.stages();
            let translation = Translation::new(&listing, stages, converts, &other.directory, rules)?;
            let unpacker = Unpacker::new(translation, Arc::clone(rules), &other.directory, shards, now);
            let mut loaded = 0;
            for (shard, portion) in unpack(unpacker, &blocks)? {
                loaded += other.shards[shard].take_in(portion, now);
            }
            let Contents { journeys, singles, targets, roster } = told;
            assert_eq!(loaded, journeys + singles + targets + roster, "everything belongs to one shard");
        }
        Ok(other)
    }

    fn assert_sound(&mut self, now: Time) {
        for shard in &mut self.shards {
            shard.advance(now);
            let mismatches = shard.image(true).audit(&self.rules, &self.directory);
            assert!(mismatches.is_empty(), "{mismatches:?}");
        }
    }
}

fn unpack(mut unpacker: Unpacker, blocks: &[(Kind, Vec<u8>)]) -> Result<Vec<(usize, Portion)>, Unusable> {
    let mut portions = Vec::new();
    for (kind, block) in blocks {
        portions.extend(unpacker.read(*kind, kind.version(), block)?);
    }
    portions.extend(unpacker.finish());
    Ok(portions)
}

/// What everything says to one that was never stopped.
fn straight(script: &Script, rules: &Rules, now: Time) -> String {
    let mut process = Process::new(&Arc::new(rules.clone()), 1, now);
    let all = script.chapters.iter().flat_map(|chapter| &chapter.arrivals);
    all.for_each(|arrival| process.accept(&arrival.event, now));
    process.text(now)
}

/// Stops after some readings, goes on from what was remembered, with other shards, and takes in again what came before.
fn stops_change_nothing(script: &Script, stops: &[prop::sample::Index], shards: &[usize]) -> Result<(), String> {
    // No gauge depends on dates, but the audit looks at what they count.
    let rules = Arc::new(Rules { counted: Counted::PAGE, ..script.rules.clone() });
    let stops: Vec<usize> = stops.iter().map(|stop| stop.index(script.chapters.len())).collect();
    let mut process = Process::new(&rules, shards[0], script.chapters[0].now);
    for (number, chapter) in script.chapters.iter().enumerate() {
        chapter.arrivals.iter().for_each(|arrival| process.accept(&arrival.event, chapter.now));
        if stops.contains(&number) {
            let shards = shards[(number + 1) % shards.len()];
            process = process.restored(&rules, shards, false, chapter.now).map_err(|error| error.to_string())?;
            chapter.arrivals.iter().rev().step_by(2).for_each(|arrival| process.accept(&arrival.event, chapter.now));
        } else {
            process.text(chapter.now);
        }
        process.assert_sound(chapter.now);
    }
    let now = last_instant(script);
    let (told, expected) = (process.text(now), straight(script, &rules, now));
    if told == expected { Ok(()) } else { Err(difference(&expected, &told)) }
}

fn difference(expected: &str, told: &str) -> String {
    let missing = expected.lines().find(|line| !told.lines().any(|other| other == *line));
    let extra = told.lines().find(|line| !expected.lines().any(|other| other == *line));
    format!("{missing:?} became {extra:?}")
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn a_restored_process_tells_what_one_that_never_stopped_tells(
        stream in streams(),
        stops in proptest::collection::vec(any::<prop::sample::Index>(), 1..4),
        shards in proptest::collection::vec(1_usize..4, 1..4),
    ) {
        let result = stops_change_nothing(&stream.script(), &stops, &shards);
        prop_assert!(result.is_ok(), "{}", result.unwrap_err());
    }

    /// Cut or changed anywhere, a block is refused or says something else, and nothing panics.
    #[test]
    fn damaged_blocks_never_panic(stream in streams(), place in any::<prop::sample::Index>(), bits in 1_u8.., cut in any::<bool>()) {
        let script = stream.script();
        let (rules, now) = (Arc::new(script.rules.clone()), last_instant(&script));
        let mut process = Process::new(&rules, 1, now);
        let all = script.chapters.iter().flat_map(|chapter| &chapter.arrivals);
        all.for_each(|arrival| process.accept(&arrival.event, now));
        let listing = process.directory.listing();
        let mut blocks = Vec::new();
        process.shards[0].image(false).write(|kind, block| {
            blocks.push((kind, block.to_vec()));
            Ok::<(), Unusable>(())
        }).expect("written");
        for (kind, mut block) in blocks {
            let place = place.index(block.len());
            block[place] ^= bits;
            if cut {
                block.truncate(place);
            }
            let mut other = Process::new(&rules, 1, now);
            let translation = Translation::new(&listing, rules.pipeline.stages(), false, &other.directory, &rules);
            let translation = translation.expect("the listing is whole");
            let unpacker = Unpacker::new(translation, Arc::clone(&rules), &other.directory, 1, now);
            if let Ok(portions) = unpack(unpacker, &[(kind, block)]) {
                for (shard, portion) in portions {
                    other.shards[shard].take_in(portion, now);
                }
                other.text(now);
            }
        }
    }
}
