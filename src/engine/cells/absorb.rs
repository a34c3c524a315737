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

    /// Adds how the rows of another table have changed, whose windows stand where these do now, to the rows that `to` names
    /// for them. What has not changed costs next to nothing.
    pub fn absorb_changes(&mut self, before: &Table, after: &Table, mut to: impl FnMut(usize) -> Option<usize>) {
        self.segments = Arc::clone(&after.segments);
        for from in 0..after.rows.max(before.rows) {
            if let Some(to) = to(from) {
                self.reserve(to);
                self.absorb_change(to, before, after, from);
            }
        }
        self.settle();
    }

    fn absorb_change(&mut self, to: usize, before: &Table, after: &Table, from: usize) {
        for (own, (was, is)) in self.planes.iter_mut().zip(before.planes.iter().zip(&after.planes)) {
            if from < is.rows().max(was.rows()) {
                own.reserve(self.rows);
                own.absorb_change(to, was, is, from);
            }
        }
        self.reasons.absorb_change(to, &before.reasons, &after.reasons, from);
        let nothing = Sketch::default();
        let change = |own: Option<&mut Sketch>, was: &[Sketch], is: &[Sketch], place: usize| {
            let [was, is] = [was, is].map(|sketches| sketches.get(place).unwrap_or(&nothing));
            own.into_iter().for_each(|own| own.absorb_change(was, is));
        };
        change(self.responses.get_mut(to), &before.responses, &after.responses, from);
        change(self.cycles.get_mut(to), &before.cycles, &after.cycles, from);
        let stages = self.stages();
        if after.stage_times.len() >= (from + 1) * stages && self.stage_times.len() < (to + 1) * stages {
            self.stage_times.resize(self.rows * stages, Sketch::default());
        }
        for stage in 0..stages {
            let own = self.stage_times.get_mut(to * stages + stage);
            change(own, &before.stage_times, &after.stage_times, from * stages + stage);
            let place = from * stages + stage;
            let [was, is] = [before, after].map(|table| table.open.get(place).copied().unwrap_or_default());
            self.open.get_mut(to * stages + stage).into_iter().for_each(|own| own.change(&was, &is));
        }
        let [was, is] = [before, after].map(|table| table.closing(from));
        if let Some(own) = if was == is { None } else { self.closing_mut(to) } {
            own.add(&is);
            own.add(&was.opposite());
        }
        let [was, is] = [before, after].map(|table| table.named.get(from).copied().unwrap_or(0));
        self.named.get_mut(to).into_iter().for_each(|own| *own = own.wrapping_add(is).wrapping_sub(was));
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
            own.change(&OpenDeals::default(), more);
        }
    }
}
