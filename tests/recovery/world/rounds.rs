//! Snapshots in the world: who writes which round, and what becomes of it.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

impl World {
    /// A process has written a snapshot, which may not come to its end, and which another may write at the same time.
    pub(super) fn snapshot(&mut self, place: usize) {
        let mut rounds = vec![self.round(&self.running[place].process)];
        let mut writers = vec![place];
        if self.dice.percent(40)
            && let Some(other) = self.other_writer(place)
        {
            rounds.push(self.round(&self.running[other].process));
            writers.push(other);
            self.survived.count("two writers at once", 1);
        }
        let is_alone = self.running.iter().filter(|running| running.process.has_begun).count() == 1;
        // What is written while the clock is behind has forgotten what a start by that clock needs.
        let knows_logs = |writer: &usize| self.running[*writer].process.member().knows_logs();
        self.has_stale_rounds |= !writers.iter().all(knows_logs);
        let process = &self.running[place].process;
        let is_usable = is_alone
            && !self.has_stale_rounds
            && rounds[0].is_all_new()
            && process.present.ahead_millis() == 0
            && Arc::ptr_eq(&process.rules, &self.rules);
        let (rules, durable) = (Arc::clone(&process.rules), rounds[0].durable.clone());
        let objects: usize = rounds.iter().map(|round| round.objects.len()).sum();
        let is_gone = !self.is_over && self.dice.percent(15);
        let gone_after = is_gone.then(|| self.dice.below(objects + 1));
        let reached: Vec<Offsets> = rounds.iter().map(|round| round.durable.clone()).collect();
        if !self.put(rounds, gone_after) {
            writers.sort_unstable();
            writers.into_iter().rev().for_each(|writer| self.crash_of(writer));
            return;
        }
        self.survived.count("a snapshot", 1);
        self.survived.count("an audit", 1);
        reached.iter().for_each(|offsets| self.cluster.borrow_mut().note_durable(offsets));
        self.intact = Some(durable.clone()).filter(|_| is_usable && !self.objects.has_mixed_round());
        // Of other logs than those of now nothing is durable.
        if !self.has_stale_rounds {
            self.durable = Some((rules, durable));
        }
        if !self.is_over && self.dice.percent(10) {
            self.survived.count("a crash between durability and commit", 1);
            self.crash_of(place);
        }
    }

    /// The rounds of a service with other topics lie in the same store, and it deletes its own beside them.
    pub(super) fn share_foreign(&mut self, place: usize) {
        let rounds = self.running[place].process.view.all();
        self.survived.count("a round of other topics", 1);
        self.put_beside(rounds.into_iter().collect());
    }

    /// A service of another cluster with the same group and store writes rounds of a later lineage and a farther position.
    pub(super) fn write_foreign_rounds(&mut self) {
        let (lineage, from) = (1 + self.dice.below(20) as u64, 1_000_000 + self.dice.below(1_000_000) as u64);
        let home = Home::of(Some("golden"), &BTreeMap::new());
        let written = golden::written();
        let round = |position| {
            let name = RoundName { lineage, position, home };
            let objects = written.iter().cloned().enumerate();
            objects.map(move |(shard, bytes)| (ObjectName { round: name, shard, shards: 2 }, bytes))
        };
        self.survived.count("rounds of another cluster", 1);
        self.put_beside((from..from + 4).flat_map(round).collect());
    }

    /// Puts rounds of another home into the store; whoever wrote them prunes. Ours are none of theirs.
    fn put_beside(&mut self, rounds: Vec<(ObjectName, Vec<u8>)>) {
        let ours = |objects: &Objects| objects.all().into_keys().filter(|name| name.round.home == home());
        let before: Vec<ObjectName> = ours(&self.objects).collect();
        let homes: BTreeSet<Home> = rounds.iter().map(|(name, _)| name.round.home).collect();
        rounds.into_iter().for_each(|(name, bytes)| self.objects.overwrite(name, bytes));
        let store = self.objects.store().keeping(Kept { hourly: 0, daily: 0 });
        homes.into_iter().for_each(|home| store.prune(home).expect("memory"));
        assert!(ours(&self.objects).eq(before), "rounds of others were deleted");
        self.changes += 1;
    }

    /// Another process that writes a snapshot now, whoever owns the partitions.
    pub(super) fn other_writer(&mut self, place: usize) -> Option<usize> {
        let has_begun = |other: &usize| {
            let running = &self.running[*other];
            *other != place && running.process.has_begun && !running.is_foreign()
        };
        let other = (0..self.running.len()).find(has_begun)?;
        self.show_store(other);
        let now = self.now() + INTERVAL;
        let process = &mut self.running[other].process;
        let written = process.written();
        if let Err(failure) = process.turn(now) {
            // It is looked at again when it takes its own turn.
            assert!(process.member().has_left, "it has ended and has not left: {failure}");
            return None;
        }
        let has_written = self.running[other].process.written() > written;
        self.survived.count("a snapshot of a zombie", has_written.into());
        has_written.then_some(other)
    }

    /// The round that a process has written into its view of the store.
    pub(super) fn round(&self, process: &Process) -> Round {
        let before = self.objects.all();
        let is_new = |object: &(ObjectName, Vec<u8>)| before.get(&object.0) != Some(&object.1);
        let objects: VecDeque<(ObjectName, Vec<u8>)> = process.view.all().into_iter().filter(is_new).collect();
        let written = objects.front().and_then(|(_, bytes)| header(bytes));
        Round { objects, durable: written.map_or_else(|| process.member().offsets(), |header| header.offsets) }
    }

    /// Puts the objects of rounds that are written at the same time, in any order; false if the writers are gone after so many
    /// of them.
    pub(super) fn put(&mut self, mut rounds: Vec<Round>, gone_after: Option<usize>) -> bool {
        self.changes += 1;
        let mut put = 0;
        loop {
            rounds.retain(|round| !round.objects.is_empty());
            let next = if rounds.is_empty() { None } else { Some(self.dice.below(rounds.len())) };
            let next = next.and_then(|next| rounds[next].objects.pop_front());
            if gone_after == Some(put) {
                self.survived.count("a crash between two objects", u64::from(put > 0 && next.is_some()));
                next.into_iter().for_each(|(name, bytes)| self.tear(name, bytes));
                return false;
            }
            let Some((name, bytes)) = next else { break };
            self.objects.store().put(name, bytes.into()).expect("memory");
            put += 1;
            // A round that is all there is durable, whatever becomes of its writer.
            let whole = rounds.iter().filter(|round| round.objects.is_empty());
            whole.for_each(|round| self.cluster.borrow_mut().note_durable(&round.durable));
        }
        self.objects.store().prune(home()).expect("memory");
        true
    }

    /// Gone in the middle of an object, which some stores do not write whole.
    pub(super) fn tear(&mut self, name: ObjectName, mut bytes: Vec<u8>) {
        if self.dice.percent(50) && !self.objects.all().contains_key(&name) {
            bytes.truncate(self.dice.below(bytes.len()));
            self.objects.overwrite(name, bytes);
            self.survived.count("a torn object", 1);
        }
    }
}
