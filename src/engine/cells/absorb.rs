//! One table taken into another.

use super::*;

impl Table {
    /// Adds the rows of another table, whose windows stand where these do, to the rows that `to` names for them.
    pub fn absorb(&mut self, other: &Table, mut to: impl FnMut(usize) -> Option<usize>) {
        for from in 0..other.rows {
            if let Some(to) = to(from) {
                self.reserve(to);
                self.absorb_row(to, other, from);
            }
        }
        self.settle();
    }

    fn absorb_row(&mut self, to: usize, other: &Table, from: usize) {
        for (own, more) in self.planes.iter_mut().zip(&other.planes) {
            if from < more.rows() {
                own.reserve(self.rows);
                own.absorb_row(to, more, from);
            }
        }
        if let (Some(own), Some(more)) = (self.responses.get_mut(to), other.responses.get(from)) {
            own.absorb(more);
        }
        if let (Some(own), Some(more)) = (self.cycles.get_mut(to), other.cycles.get(from)) {
            own.absorb(more);
        }
        if let (Some(own), Some(more)) = (self.named.get_mut(to), other.named.get(from)) {
            *own += more;
        }
        if let Some(more) = other.closing.get(from).filter(|more| **more != ClosingDeals::default())
            && let Some(own) = self.closing_mut(to)
        {
            own.add(more);
        }
        self.reasons.absorb_row(to, &other.reasons, from);
        let stages = self.stages();
        let more = other.stage_times.get(from * stages..).unwrap_or_default();
        if !more.is_empty() && self.stage_times.len() < (to + 1) * stages {
            self.stage_times.resize(self.rows * stages, Sketch::default());
        }
        let own = self.stage_times.get_mut(to * stages..).unwrap_or_default().iter_mut().take(stages);
        own.zip(more).for_each(|(own, more)| own.absorb(more));
        let own = self.open.get_mut(to * stages..).unwrap_or_default().iter_mut().take(stages);
        for (own, more) in own.zip(other.open.get(from * stages..).unwrap_or_default()) {
            own.deals += more.deals;
            own.stalled += more.stalled;
            own.amount += more.amount;
            own.weighted += more.weighted;
        }
    }
}
