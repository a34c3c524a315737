//! What the cells hold, window by window.

use super::*;

impl Table {
    /// A count of a row in a window.
    #[must_use]
    pub fn count(&self, row: usize, what: Count, window: Window) -> i64 {
        let (plane, place) = self.layout.count(what);
        let (plane, span) = self.plane(plane, window);
        plane.count(row, span, place)
    }

    /// A count of a row in the previous window; 0 for counts that have none.
    #[must_use]
    pub fn previous_count(&self, row: usize, what: Count, window: Window) -> i64 {
        match self.layout.count(what) {
            (In::Flow, place) => self.flow().count(row, self.segments.fine(window, Part::Previous), place),
            _ => 0,
        }
    }

    /// How many of the last local dates are counted one by one.
    #[must_use]
    pub fn days(&self) -> usize {
        self.segments.days()
    }

    /// A count of a row on one of the last local dates; 0 for counts that previous windows do not have.
    #[must_use]
    pub fn day_count(&self, row: usize, what: Count, day: usize) -> i64 {
        match self.layout.count(what) {
            (In::Flow, place) => self.flow().count(row, self.segments.day(day), place),
            _ => 0,
        }
    }

    /// The revenue of a row and a pipeline on one of the last local dates.
    #[must_use]
    pub fn day_revenue(&self, row: usize, pipeline: u8, day: usize) -> i128 {
        let (_, place) = Layout::sum(Sum::Revenue(pipeline));
        self.flow().sum(row, self.segments.day(day), place)
    }

    /// A sum of a row in a window.
    #[must_use]
    pub fn sum(&self, row: usize, what: Sum, window: Window) -> i128 {
        let (plane, place) = Layout::sum(what);
        let (plane, span) = self.plane(plane, window);
        plane.sum(row, span, place)
    }

    /// The revenue of a row and a pipeline in the previous window.
    #[must_use]
    pub fn previous_revenue(&self, row: usize, pipeline: u8, window: Window) -> i128 {
        let (_, place) = Layout::sum(Sum::Revenue(pipeline));
        self.flow().sum(row, self.segments.fine(window, Part::Previous), place)
    }

    /// The revenue of a row and a pipeline in the window a year before.
    #[must_use]
    pub fn year_ago_revenue(&self, row: usize, pipeline: u8, window: Window) -> i128 {
        let (_, place) = Layout::sum(Sum::Revenue(pipeline));
        self.flow().sum(row, self.segments.fine(window, Part::YearAgo), place)
    }

    /// A quantile of how long deals of a row that left an open stage in a window were there, in milliseconds.
    #[must_use]
    pub fn stage_time(&self, row: usize, stage: u16, window: Window, percent: u8) -> Option<u64> {
        self.stage_times_of(row, stage)?.quantile(self.segments.coarse(window), percent)
    }

    /// How many deals of a row left an open stage in a window.
    #[must_use]
    pub fn stage_times(&self, row: usize, stage: u16, window: Window) -> i64 {
        self.stage_times_of(row, stage).map_or(0, |times| times.count(self.segments.coarse(window)))
    }

    fn stage_times_of(&self, row: usize, stage: u16) -> Option<&Sketch> {
        self.stage_times.get(row * self.stages() + usize::from(stage))
    }

    /// The reasons for which deals of a row were lost, and how many were, whenever that was.
    pub fn reasons(&self, row: usize) -> impl Iterator<Item = (Reason, i64)> {
        self.reasons.of(row)
    }

    /// How many deals of a row were lost for a reason in a window.
    #[must_use]
    pub fn lost_for(&self, row: usize, reason: Reason, window: Window) -> i64 {
        self.reasons.count(row, reason, self.segments.coarse(window))
    }

    /// What of a row is expected to close.
    #[must_use]
    pub fn closing(&self, row: usize) -> ClosingDeals {
        self.closing.get(row).copied().unwrap_or_default()
    }

    /// A quantile of a row's response times in a window, in milliseconds.
    #[must_use]
    pub fn response(&self, row: usize, window: Window, percent: u8) -> Option<u64> {
        self.responses.get(row)?.quantile(self.segments.coarse(window), percent)
    }

    /// A quantile of a row's cycles in a window, in milliseconds.
    #[must_use]
    pub fn cycle(&self, row: usize, window: Window, percent: u8) -> Option<u64> {
        self.cycles.get(row)?.quantile(self.segments.coarse(window), percent)
    }

    /// Brings the sketches into their order, so that reading them needs no work.
    pub fn settle(&mut self) {
        let sketches = self.responses.iter_mut().chain(&mut self.cycles).chain(&mut self.stage_times);
        sketches.for_each(Sketch::settle);
    }

    /// The open deals of a row at a stage.
    #[must_use]
    pub fn open(&self, row: usize, stage: u16) -> OpenDeals {
        let (stages, stage) = (self.stages(), usize::from(stage));
        let open = self.open.get(row * stages + stage).filter(|_| stage < stages);
        open.copied().unwrap_or_default()
    }
}
