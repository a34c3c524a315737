//! What the clock changes: facts that an edge of a window passes, and the horizon.

use super::*;

impl Shard {
    /// Moves the windows and the horizon to `now`.
    pub fn advance(&mut self, now: Time) {
        if self.ledger.now() == now {
            return;
        }
        if let Some(moved) = self.ledger.advance(now) {
            let mut story = self.after.take().unwrap_or_default();
            let due = by_number(self.journeys_due.within(&moved.spans));
            for due in due.chunk_by(|(_, number), (_, next)| number == next) {
                let Some((_, number)) = due.first() else { continue };
                let _ = self.retell(*number, &mut story);
                self.shift(&mut story.facts, due, &moved);
            }
            self.after = Some(story);
            for (at, number) in self.singles_due.within(&moved.spans) {
                let existing = self.singles.existing(number, self.horizon);
                let existing = existing.filter(|(dated, single)| *dated == at && single.deal.is_none());
                existing.iter().for_each(|(at, single)| self.ledger.shift(&single.fact(*at), &moved));
            }
        }
        let horizon = self.rules.horizon(now);
        if horizon != self.horizon {
            self.move_horizon(horizon);
        }
    }

    /// Lets events before the horizon cease to exist (or exist again, if the clock went back), and forgets
    /// identities that nothing can need any more. Once in a day, so it looks at everything.
    fn move_horizon(&mut self, horizon: Time) {
        self.settle_long();
        let earlier = self.horizon;
        let (mut journey, mut before) = (std::mem::take(&mut self.open), self.before.take().unwrap_or_default());
        for number in self.journeys.reaching_before(horizon.max(earlier)) {
            self.journeys.open(number, &mut journey);
            self.horizon = earlier;
            let win_before = self.tell(&journey, &mut before);
            self.horizon = horizon;
            self.settle(number, &journey, &before, win_before);
            let steps = journey.steps.len();
            let mut forgotten = self.forgotten;
            journey.steps.retain(|step| {
                let is_kept = step.version.remembered >= horizon;
                if !is_kept {
                    forgotten = forgotten.max(step.version.remembered);
                }
                is_kept
            });
            self.forgotten = forgotten;
            if journey.steps.len() < steps {
                self.journeys.write(number, &journey);
            }
        }
        (self.open, self.before) = (journey, Some(before));
        let moved = self.singles.move_horizon(earlier, horizon);
        self.note_forgotten(moved.forgotten);
        for change in moved.changes {
            let is_counted = |(_, single): &(Time, Single)| single.deal.is_none();
            let (was, is) = (change.was.filter(is_counted), change.is.filter(is_counted));
            was.iter().for_each(|(at, single)| self.put_single(&single.fact(*at), -1));
            if let Some((at, single)) = is {
                self.put_single(&single.fact(at), 1);
                self.singles_due.note(at, change.number);
            }
        }
        let moved = self.targets.move_horizon(earlier, horizon);
        self.note_forgotten(moved.forgotten);
        for change in moved.changes {
            change.was.iter().for_each(|(_, target)| self.name_target(target, -1));
            change.is.iter().for_each(|(_, target)| self.name_target(target, 1));
        }
        // A deal may be expected to close before the horizon and still count in the quarter that holds now, or in the one
        // that holds the instant to which a clock goes back: nobody tells such a deal anew when the horizon goes back.
        let quarter = self.rules.present(PeriodKind::Quarter, self.ledger.now()).start;
        self.journeys_due.forget_before(horizon.plus(-self.rules.retention).min(quarter));
        self.singles_due.forget_before(horizon);
        self.horizon = horizon;
    }
}
