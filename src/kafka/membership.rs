//! Who reads, who shows numbers, who hides them and when to leave: one pure state machine.
//!
//! It is given what happened ([`Event`]) and answers what to do ([`Action`]), in order. It knows no client, no clock and no
//! thread: the event loop translates what the client reports into events and carries the actions out, on Kafka as in the
//! simulation of `tests/recovery`.
//!
//! ```text
//!              Assigned: no partition 0                    Assigned: partition 0 of every topic
//!  StandingBy ◄───────────────────────── Joining ─────────────────────────────────────────────► Surveying
//!      ▲                                    ▲                                                     │ Surveyed
//!      │ the group reads other topics       │ Revoked, from everywhere                            ▼
//!      └────────────────────────────────────┴────────────────── Reading ◄──── Restored ────── Restoring
//!                                                               │      ▲
//!                                                    StoodStill ▼      │ Confirmed
//!                                                               Doubtful
//! ```
//!
//! Numbers are shown in `Reading` only, after everything that was there at the assignment is applied **and** the group has
//! accepted a commit of this assignment. A revocation hides them before anything else.

mod ownership;

pub use ownership::{GroupMember, Held, Ownership, Refusal, judge};

use std::collections::BTreeSet;

/// What this member does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The group has not said who owns the partitions.
    Joining,
    /// Another member owns them, or this one must not.
    StandingBy,
    /// This one owns them; the cluster is asked for the committed offsets and the ends of the logs.
    Surveying {
        /// The number of the survey whose answer is awaited; any other answer is of an earlier assignment.
        survey: u64,
    },
    /// The newest snapshot is loaded.
    Restoring,
    /// Records are read.
    Reading,
    /// Records are read, but the process stood still for so long that its place may be lost: nothing is shown.
    Doubtful,
    /// Asked to stop, or unable to go on.
    Stopping,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The group gave these partitions.
    Assigned(Held),
    /// The group takes all partitions back.
    Revoked {
        /// Whether the session has ended already, so that nothing can be committed any more.
        is_lost: bool,
    },
    /// The group takes this client for a second one with its instance id.
    Fenced,
    /// A survey is finished.
    Surveyed {
        /// Its number.
        survey: u64,
        /// The members of the group, where the cluster says who they are.
        members: Option<Vec<GroupMember>>,
    },
    /// Topics have new partitions: the set of all numbers now.
    Grown(BTreeSet<i32>),
    /// The state that a start begins with is in memory.
    Restored,
    /// Whether dead letters have no room.
    DeadLetters {
        /// No more can be sent now.
        are_full: bool,
    },
    /// Records that cannot be read are passed over.
    PassedOver,
    /// Everything that was there at the assignment is applied.
    CaughtUp,
    /// The process stood still while it showed numbers.
    StoodStill,
    /// It is time to ask again whether this is still a member.
    Doubt,
    /// The group accepted a commit.
    Confirmed,
    /// Somebody asked the service to stop.
    Stop,
    /// The service cannot go on.
    Failed,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Show what the member does to those who ask; everything but `Serve` hides the numbers.
    Publish(Published),
    /// Answer the group that nothing is read for now.
    AssignNothing,
    /// Answer the group that all partitions are given back.
    Unassign,
    /// Ask the cluster for committed offsets, the ends of the logs and the members of the group, as this survey.
    Survey(u64),
    /// Load the state.
    Restore,
    /// Fetch the owned partitions, each from where its reading goes on.
    Assign,
    /// Fetch nothing until [`Action::Resume`].
    Pause,
    /// Fetch again.
    Resume,
    /// Commit what is done and do not wait for the answer: the partitions are about to be somebody else's.
    CommitProgress,
    /// Commit and wait; the answer is [`Event::Confirmed`] or nothing.
    Confirm,
    /// Another member may commit from now on: forget what is known of commits.
    ForgetCommits,
    /// Say whether somebody in the group reads other topics.
    Report(Option<Refusal>),
    /// Join the group with another client.
    Rejoin,
    /// Leave the seat that the group gave back as it was, and join with another client: who had it read fewer topics.
    GiveUpSeat(Refusal),
    /// End with the sentence that another process has this one's instance id.
    EndFenced,
    /// End with the sentence that the group gave partitions of this topic, which this member does not subscribe to.
    EndMistaken(String),
    /// Apply everything, wait for dead letters, write the last snapshot and commit it.
    Finish,
    /// Leave the group, so that a stand-by need not wait for the session to end.
    Leave,
}

/// What those who ask see of the member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// It waits for the group.
    Joining,
    /// It stands by.
    StandingBy,
    /// It owns the partitions and shows nothing yet.
    CatchingUp,
    /// It shows numbers.
    Serving,
    /// It ends.
    Stopping,
}

/// The state that the shards hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Memory {
    /// Nothing has been read.
    Empty,
    /// A snapshot is being loaded.
    Loading,
    /// Everything before each partition's next offset. It outlives an assignment: no snapshot is fresher.
    Loaded,
}

/// The machine.
#[derive(Clone, Debug)]
pub struct Membership {
    /// The topics that this member subscribes to.
    topics: BTreeSet<String>,
    /// The numbers of all partitions of these topics.
    numbers: BTreeSet<i32>,
    state: State,
    /// What the group gave at the last assignment.
    held: Held,
    /// The numbers of the partitions that this member owns in every topic; today all or none.
    owned: BTreeSet<i32>,
    memory: Memory,
    /// How many surveys were asked for.
    surveys: u64,
    /// Whether the owned partitions are being fetched, paused or not.
    is_assigned: bool,
    is_paused: bool,
    /// Whether dead letters have no room.
    are_letters_full: bool,
    /// Whether the group has accepted a commit of this assignment, and nothing has made it doubtful since.
    is_confirmed: bool,
    shows: bool,
    /// Whether the session has ended and no other has begun.
    has_lost_session: bool,
    /// Whether the group has given this process nothing yet, so that what it gives may be what the one before had.
    is_new: bool,
}

impl Membership {
    /// A member that subscribes to these topics, with partitions of these numbers.
    #[must_use]
    pub fn new(topics: BTreeSet<String>, numbers: BTreeSet<i32>) -> Membership {
        Membership {
            topics,
            numbers,
            state: State::Joining,
            held: Held::new(),
            owned: BTreeSet::new(),
            memory: Memory::Empty,
            surveys: 0,
            is_assigned: false,
            is_paused: false,
            are_letters_full: false,
            is_confirmed: false,
            shows: false,
            has_lost_session: false,
            is_new: true,
        }
    }

    /// What it does now.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// Whether numbers are shown.
    #[must_use]
    pub fn shows(&self) -> bool {
        self.shows
    }

    /// Whether this member owns a partition of this number, of every topic that has one.
    #[must_use]
    pub fn owns(&self, number: i32) -> bool {
        self.owned.contains(&number)
    }

    /// Whether this member owns any partition.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        !self.owned.is_empty()
    }

    /// Whether what is read is this member's to keep: it may write snapshots and commit.
    #[must_use]
    pub fn may_commit(&self) -> bool {
        matches!(self.state, State::Reading | State::Doubtful)
    }

    /// Whether nothing is fetched because dead letters have no room.
    #[must_use]
    pub fn is_held_by_dead_letters(&self) -> bool {
        self.may_commit() && self.are_letters_full
    }

    /// What to do now that something happened.
    #[must_use]
    pub fn on(&mut self, event: Event) -> Vec<Action> {
        match event {
            Event::Assigned(held) => self.assigned(held),
            Event::Revoked { is_lost } => self.revoked(is_lost),
            Event::Fenced => self.fenced(),
            Event::Surveyed { survey, members } => self.surveyed(survey, members.as_deref()),
            Event::Grown(numbers) => self.grown(numbers),
            Event::Restored => self.restored(),
            Event::DeadLetters { are_full } => {
                self.are_letters_full = are_full;
                self.fetch_or_pause()
            }
            Event::PassedOver => self.fetch_anew(),
            Event::CaughtUp => self.caught_up(),
            Event::StoodStill => self.stood_still(),
            Event::Doubt if self.state == State::Doubtful => vec![Action::Confirm],
            Event::Doubt => Vec::new(),
            Event::Confirmed => self.confirmed(),
            Event::Stop => self.stop(),
            Event::Failed => self.end(false),
        }
    }

    fn assigned(&mut self, held: Held) -> Vec<Action> {
        if self.state == State::Stopping {
            return vec![Action::AssignNothing];
        }
        self.has_lost_session = false;
        // A process that read other topics was killed, and the group gives its seat back as it was, for as long as this one
        // holds it. Whoever leaves gives the seat up, so that the next start is given what it asks for.
        if let Some((topic, _)) = held.iter().find(|(topic, _)| !self.topics.contains(topic)) {
            return vec![Action::AssignNothing, Action::EndMistaken(topic.clone())];
        }
        let is_new = std::mem::replace(&mut self.is_new, false);
        let ownership = Ownership::of(&held, &self.topics);
        self.held = held;
        match ownership {
            // A process that read fewer topics was killed: what is missing nobody else may have. If somebody has it, the group
            // says so again.
            Ownership::Torn(refusal) if is_new => vec![Action::AssignNothing, Action::GiveUpSeat(refusal)],
            Ownership::Every => {
                self.owned.clone_from(&self.numbers);
                let survey = self.next_survey();
                vec![Action::Publish(Published::CatchingUp), Action::AssignNothing, survey]
            }
            Ownership::None => self.stand_by(None),
            Ownership::Torn(refusal) => self.stand_by(Some(refusal)),
        }
    }

    /// Owns nothing until the group shares out its partitions again.
    fn stand_by(&mut self, refusal: Option<Refusal>) -> Vec<Action> {
        self.let_go();
        self.state = State::StandingBy;
        vec![Action::Publish(Published::StandingBy), Action::AssignNothing, Action::Report(refusal)]
    }

    fn revoked(&mut self, is_lost: bool) -> Vec<Action> {
        if self.state == State::Stopping {
            return vec![Action::Unassign];
        }
        self.has_lost_session = is_lost;
        let mut actions = vec![Action::Publish(Published::Joining)];
        if self.may_commit() && !is_lost {
            actions.push(Action::CommitProgress);
        }
        actions.extend(self.let_go());
        actions.extend([Action::Unassign, Action::ForgetCommits]);
        self.state = State::Joining;
        actions
    }

    /// Owns nothing and fetches nothing any more. A pause would outlive the assignment and hold the next one.
    fn let_go(&mut self) -> Option<Action> {
        self.owned.clear();
        (self.shows, self.is_confirmed) = (false, false);
        self.stop_fetching()
    }

    fn stop_fetching(&mut self) -> Option<Action> {
        self.is_assigned = false;
        std::mem::take(&mut self.is_paused).then_some(Action::Resume)
    }

    /// A commit that came late is taken for one of a second member with our instance id if the session had ended: then the
    /// place is nobody's and can be taken again. Otherwise there is such a second member.
    fn fenced(&mut self) -> Vec<Action> {
        if self.state == State::Stopping {
            return Vec::new();
        }
        if !self.has_lost_session {
            return vec![Action::EndFenced];
        }
        self.state = State::Joining;
        vec![Action::Publish(Published::Joining), Action::Rejoin]
    }

    fn next_survey(&mut self) -> Action {
        self.surveys += 1;
        self.state = State::Surveying { survey: self.surveys };
        Action::Survey(self.surveys)
    }

    fn surveyed(&mut self, survey: u64, members: Option<&[GroupMember]>) -> Vec<Action> {
        if self.state != (State::Surveying { survey }) {
            return Vec::new();
        }
        let mut actions = Vec::new();
        if let Some(members) = members {
            match judge(&self.held, &self.topics, members) {
                Ok(foreign) => actions.push(Action::Report(foreign)),
                Err(refusal) => return self.stand_by(Some(refusal)),
            }
        }
        match self.memory {
            Memory::Loaded => {
                self.state = State::Reading;
                actions.extend(self.fetch_or_pause());
            }
            Memory::Loading => self.state = State::Restoring,
            Memory::Empty => {
                (self.state, self.memory) = (State::Restoring, Memory::Loading);
                actions.push(Action::Restore);
            }
        }
        actions
    }

    /// Numbers that are shown stay: what was there at the assignment is in them.
    fn grown(&mut self, numbers: BTreeSet<i32>) -> Vec<Action> {
        self.numbers = numbers;
        if !self.is_owner() || self.state == State::Stopping {
            return Vec::new();
        }
        self.owned.clone_from(&self.numbers);
        let mut actions: Vec<Action> = self.stop_fetching().into_iter().collect();
        actions.extend([Action::AssignNothing, self.next_survey()]);
        actions
    }

    fn restored(&mut self) -> Vec<Action> {
        self.memory = Memory::Loaded;
        if self.state != State::Restoring {
            return Vec::new();
        }
        self.state = State::Reading;
        self.fetch_or_pause()
    }

    /// Begins to fetch once nothing speaks against it; from then on pauses and resumes.
    fn fetch_or_pause(&mut self) -> Vec<Action> {
        let pauses = self.are_letters_full;
        if !self.may_commit() {
            return Vec::new();
        }
        if !self.is_assigned {
            self.is_assigned = !pauses;
            return if pauses { Vec::new() } else { vec![Action::Assign] };
        }
        if pauses == std::mem::replace(&mut self.is_paused, pauses) {
            return Vec::new();
        }
        vec![if pauses { Action::Pause } else { Action::Resume }]
    }

    fn caught_up(&mut self) -> Vec<Action> {
        if self.state != State::Reading || self.shows {
            return Vec::new();
        }
        if !self.is_confirmed {
            return vec![Action::Confirm];
        }
        self.shows = true;
        vec![Action::Publish(Published::Serving)]
    }

    /// Fetches from where the partitions go on now.
    fn fetch_anew(&mut self) -> Vec<Action> {
        if !self.may_commit() || !self.is_assigned {
            return Vec::new();
        }
        let mut actions: Vec<Action> = self.stop_fetching().into_iter().collect();
        actions.push(Action::AssignNothing);
        actions.extend(self.fetch_or_pause());
        actions
    }

    /// Whether the session has ended meanwhile and another member shows the numbers, librdkafka finds out only later.
    fn stood_still(&mut self) -> Vec<Action> {
        if !self.shows {
            return Vec::new();
        }
        (self.shows, self.is_confirmed) = (false, false);
        if self.state == State::Reading {
            self.state = State::Doubtful;
        }
        vec![Action::Publish(Published::CatchingUp)]
    }

    fn confirmed(&mut self) -> Vec<Action> {
        if self.may_commit() {
            self.is_confirmed = true;
            self.state = State::Reading;
        }
        Vec::new()
    }

    fn stop(&mut self) -> Vec<Action> {
        let has_work = self.may_commit();
        self.end(has_work)
    }

    fn end(&mut self, has_work: bool) -> Vec<Action> {
        if self.state == State::Stopping {
            return Vec::new();
        }
        (self.state, self.shows) = (State::Stopping, false);
        let mut actions = vec![Action::Publish(Published::Stopping)];
        if has_work {
            if self.is_assigned && !self.is_paused {
                actions.push(Action::Pause);
            }
            actions.push(Action::Finish);
        }
        actions.push(Action::Leave);
        actions
    }
}

#[cfg(test)]
mod tests;
