//! How processes end that nobody has asked to, and what an operator then does.

use super::*;

impl World {
    /// A process has ended by itself. Whatever ends it, it leaves the group.
    pub(super) fn ended(&mut self, process: &Process, failure: &LoopFailure) {
        assert!(process.member().has_left, "it has ended and has not left: {failure}");
        assert!(!process.shows(self.now()), "it has ended and shows numbers");
        match failure {
            LoopFailure::Restore(sentence) if process.instance != FOREIGN => self.refused(process, sentence),
            LoopFailure::Kafka(failure) if failure.to_string().contains("instance_id") => {
                self.survived.count("an end because another has the seat", 1);
            }
            LoopFailure::Kafka(failure) if failure.to_string().contains(CHANGED) => {
                assert!(self.cluster.borrow().logs.mirror.changes() > 0, "no log is another: {failure}");
                self.survived.count("an end because a log is another", 1);
            }
            LoopFailure::Kafka(failure) if failure.to_string() == FATAL => {
                self.survived.count("an end because the client cannot go on", 1);
            }
            LoopFailure::Kafka(_) => {
                self.survived.count("an end because records are deleted that were not read", 1);
            }
            LoopFailure::Clock { .. } => self.survived.count("an end because the clock does not catch up", 1),
            LoopFailure::Restore(_) => {}
            LoopFailure::Shard(gone) => panic!("{gone}"),
        }
    }

    fn refused(&mut self, process: &Process, sentence: &str) {
        if sentence.contains(CHANGED) {
            return self.refused_for_another_log(process, sentence);
        }
        assert!(self.cluster.borrow().logs.is_trimmed(), "refused although nothing was deleted: {sentence}");
        let intact = self.intact.clone().filter(|offsets| !process.is_stale && self.has_what_follows(offsets));
        let is_there = intact.is_some() && !self.has_begun_late && Arc::ptr_eq(&process.rules, &self.rules);
        assert!(!is_there, "refused although the newest snapshot is there: {sentence}");
        self.survived.count("a refused start", 1);
        self.intact = None;
        // An operator takes the last change of the configuration back, or gets the records from a backup.
        match self.rules_before.take() {
            Some(before) if self.dice.percent(50) => {
                self.survived.count("a configuration taken back", 1);
                self.rules = before;
            }
            _ => self.cluster.borrow_mut().logs.mend(),
        }
    }

    /// A start finds that a log is another. An operator brings back what else was deleted, and lets the next one begin anew.
    fn refused_for_another_log(&mut self, process: &Process, sentence: &str) {
        let mut cluster = self.cluster.borrow_mut();
        assert!(cluster.logs.mirror.changes() > 0, "no log is another: {sentence}");
        let is_there = self.intact.is_some() && !process.is_stale && !self.has_begun_late;
        assert!(!is_there, "refused although the newest snapshot is of these logs: {sentence}");
        cluster.logs.mend();
        drop(cluster);
        self.running.clear();
        (self.intact, self.durable, self.may_begin_anew) = (None, None, true);
        self.survived.count("a refused start because a log is another", 1);
    }
}
