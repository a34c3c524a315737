//! Why nothing is fetched, for now.

/// Why nothing is fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hold {
    /// The survey with this number has not been finished: it is not known which dead letters are done already.
    pub(super) survey: Option<u64>,
    /// The shards are being restored.
    pub(super) restoring: bool,
    /// The dead letters have no room.
    pub(super) dead_letters: bool,
}

impl Hold {
    /// Whether there is a reason.
    pub(super) fn any(self) -> bool {
        self.survey.is_some() || self.restoring || self.dead_letters
    }
}
