//! What goes wrong in the world.

use super::*;

impl World {
    pub(super) fn crash(&mut self) {
        if let Some(place) = self.any() {
            self.crash_of(place);
        }
    }

    pub(super) fn crash_of(&mut self, place: usize) {
        let Running { process, .. } = self.running.remove(place);
        self.survived.count("a crash", 1);
        self.survived.count("a crash with dead letters under way", process.has_letters_in_flight().into());
        drop(process);
        if self.dice.percent(30) {
            let rules = configurations::choose(&self.cluster.borrow().logs.configuration, &mut self.dice);
            self.intact = None;
            self.rules_before = Some(std::mem::replace(&mut self.rules, rules));
            self.survived.count("another configuration", 1);
        }
    }

    /// Only what the newest snapshot holds.
    pub(super) fn delete_by_retention(&mut self) {
        let Some((_, durable)) = &self.durable else { return };
        if self.dice.percent(30) {
            let mut cluster = self.cluster.borrow_mut();
            cluster.logs.trim(durable);
            self.survived.count("a deletion by retention", cluster.logs.is_trimmed().into());
            if !self.earlier.has_any_of(home()) {
                // No listing is older than a topic's retention.
                self.earlier = self.objects.fork();
            }
        }
    }

    /// A topic is created anew, or an election cuts a log.
    pub(super) fn change_log(&mut self) {
        // By what has been read of a log, and by nothing else, somebody knows it again.
        if self.durable.is_none() || self.dice.percent(70) {
            return;
        }
        let World { cluster, dice, .. } = self;
        let mut cluster = cluster.borrow_mut();
        let event = if dice.percent(50) {
            cluster.recreate(EventType::ALL[dice.below(EventType::ALL.len())], dice);
            "a topic created anew"
        } else {
            let places: Vec<Place> = cluster.logs.places().collect();
            cluster.cut(places[dice.below(places.len())], dice);
            "a log that was cut"
        };
        (self.intact, self.durable, self.has_stale_rounds) = (None, None, true);
        self.survived.count(event, 1);
    }

    pub(super) fn reset_commits(&mut self) {
        self.cluster.borrow_mut().logs.reset_commits();
        self.survived.count("offsets that an operator has set to the end", 1);
    }

    pub(super) fn lose_broker(&mut self) {
        let mut cluster = self.cluster.borrow_mut();
        cluster.is_away = !cluster.is_away;
        self.survived.count("a broker that is away", cluster.is_away.into());
    }

    /// A client meets an error that passes, or that it cannot go on from; or a batch cannot be read for a while.
    pub(super) fn meet_trouble(&mut self) {
        let Some(place) = self.any() else { return };
        let World { cluster, dice, running, survived, .. } = self;
        let (mut cluster, seat) = (cluster.borrow_mut(), &running[place].process.instance);
        match dice.below(4) {
            0 => {
                cluster.troubles.meet(seat, Trouble::Passing);
                survived.count("an error from which the client recovers", 1);
            }
            1 => cluster.troubles.meet(seat, Trouble::Fatal),
            _ => {
                let places: Vec<Place> = cluster.logs.places().collect();
                let until = cluster.now + 1_000 + dice.below(20_000) as u64;
                cluster.troubles.damage(places[dice.below(places.len())], until);
                survived.count("records that cannot be read for a while", 1);
            }
        }
    }

    pub(super) fn damage(&mut self) {
        let objects: Vec<(ObjectName, Vec<u8>)> = self.objects.all().into_iter().collect();
        if objects.is_empty() {
            return;
        }
        let (name, mut bytes) = objects[self.dice.below(objects.len())].clone();
        if bytes.is_empty() {
            return;
        }
        let place = self.dice.below(bytes.len());
        bytes[place] ^= 1 << self.dice.below(8);
        self.changes += 1;
        self.objects.overwrite(name, bytes);
        self.intact = None;
        self.survived.count("a damaged object", 1);
    }

    /// The clock jumps, forward or back, under the processes that live.
    pub(super) fn move_clock(&mut self) {
        let jump = JUMPS[self.dice.below(JUMPS.len())];
        let before = self.clock;
        self.clock = self.clock.plus(jump).max(self.first).min(self.first.plus(LATEST));
        self.survived.count("a clock that jumps forward", u64::from(self.clock > before));
        self.survived.count("a clock that jumps back", u64::from(self.clock < before));
        if self.clock < before {
            self.intact = None;
        }
        for running in &self.running {
            running.process.set_clock(self.clock);
            let is_ahead = running.process.present.ahead_millis() > 0;
            self.survived.count("numbers that stand still until the clock has caught up", is_ahead.into());
        }
    }
}
