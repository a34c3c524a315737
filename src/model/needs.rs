//! What of the events is counted: only what somebody can be shown. The rest takes no memory and no time.

/// Parts of what can be counted, as a set.
///
/// A KPI says which parts its formula reads; a configuration needs those of the KPIs that it exposes, and all of them
/// where it has a page, which shows every KPI. What a part lacks is read as 0, so a formula may read nothing that its KPI
/// does not name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs(u16);

impl Needs {
    /// Nothing.
    pub const NONE: Needs = Needs(0);
    /// Entries into stages, deals won and their revenue.
    pub const ENTRIES: Needs = Needs(1);
    /// What becomes of journeys: cohorts, how many responses and cycles there are, losses and slips.
    pub const COURSE: Needs = Needs(1 << 1);
    /// Quantiles of response times.
    pub const RESPONSE_TIMES: Needs = Needs(1 << 2);
    /// Quantiles of cycles.
    pub const CYCLE_TIMES: Needs = Needs(1 << 3);
    /// How long deals are at a stage.
    pub const STAGE_TIMES: Needs = Needs(1 << 4);
    /// Why deals are lost.
    pub const REASONS: Needs = Needs(1 << 5);
    /// Open deals.
    pub const OPEN: Needs = Needs(1 << 6);
    /// When open deals are expected to close.
    pub const CLOSING: Needs = Needs(1 << 7);
    /// What stands beside journeys: answers, spending and payments.
    pub const BESIDE: Needs = Needs(1 << 8);
    /// Customers.
    pub const CUSTOMERS: Needs = Needs(1 << 9);
    /// Entries in the windows before.
    pub const PREVIOUS: Needs = Needs(1 << 10);
    /// Entries in the windows a year before.
    pub const YEAR_AGO: Needs = Needs(1 << 11);
    /// The periods to date that targets may be for, and the 90 days of lifetime value and velocity, whether or not a scope
    /// exposes them as windows.
    pub const PERIODS: Needs = Needs(1 << 12);
    /// Entries on the last local dates, one by one.
    pub const DAYS: Needs = Needs(1 << 13);
    /// Everything that a gauge can show.
    pub const GAUGES: Needs = Needs((1 << 13) - 1);
    /// Everything that a gauge of a channel can show.
    pub const GAUGES_OF_CHANNELS: Needs =
        Needs::GAUGES.without(Needs::STAGE_TIMES.and(Needs::REASONS).and(Needs::OPEN).and(Needs::CLOSING));

    /// Both.
    #[must_use]
    pub const fn and(self, other: Needs) -> Needs {
        Needs(self.0 | other.0)
    }

    const fn without(self, other: Needs) -> Needs {
        Needs(self.0 & !other.0)
    }

    /// Whether any of these parts is in it.
    #[must_use]
    pub const fn has(self, any: Needs) -> bool {
        self.0 & any.0 != 0
    }
}

/// What is counted of reps in teams, of whom teams, regions and the organisation are sums, and of channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Of reps in teams.
    pub reps: Needs,
    /// Of channels.
    pub channels: Needs,
}

impl Counted {
    /// Everything that gauges can show.
    pub const GAUGES: Counted = Counted { reps: Needs::GAUGES, channels: Needs::GAUGES_OF_CHANNELS };

    /// Everything that a page can show.
    pub const PAGE: Counted = Counted { reps: Needs::GAUGES.and(Needs::DAYS), ..Counted::GAUGES };

    /// Whether either needs any of these parts.
    #[must_use]
    pub const fn has(self, any: Needs) -> bool {
        self.reps.and(self.channels).has(any)
    }
}
