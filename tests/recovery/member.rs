//! A client of the simulated cluster: the event loop's broker and its sink of dead letters, as librdkafka's clients are. What
//! a client must never be asked to do fails the seed.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use salespulse::contract::decode::Rejection;
use salespulse::kafka::membership::Held;
use salespulse::kafka::{
    Broker, Committed, DeadLetterSink, Found, KafkaFailure, Layout, Origin, Partition, PollEvent, Position,
    SourceRecord, take_survey,
};
use salespulse::model::rules::Rules;
use salespulse::snapshot::{Fingerprint, Log, Offsets};

use crate::recovery::cluster::Shared;
use crate::recovery::group::Heartbeat;
use crate::recovery::logs::{Place, place_of};
use crate::recovery::mirror::Mirror;
use crate::recovery::troubles::{FATAL, Trouble};

/// The most records that one read gives.
const BATCH: usize = 40;
/// What all say who find that a log is another.
pub(crate) const CHANGED: &str = ": the topic was created anew or its log was cut";
/// How many dead letters may be in flight before reading stops.
const ROOM: usize = 6;

/// A survey that was asked for.
struct Survey {
    number: u64,
    layout: Arc<Layout>,
}

pub(crate) struct Member {
    cluster: Shared,
    instance: String,
    topics: BTreeSet<String>,
    rules: Arc<Rules>,
    client: u64,
    /// The generation of the last assignment that this client was told of.
    generation: u64,
    events: Vec<PollEvent>,
    /// Whether a revocation waits for its answer, and whether the session has ended then.
    is_revoked: Option<bool>,
    /// What this client was given last; nothing after a revocation.
    given: Held,
    /// What is fetched: where the next record of each partition lies, and whether one was read.
    fetched: BTreeMap<Place, (usize, bool)>,
    is_assigned: bool,
    is_paused: bool,
    is_paused_at_once: bool,
    has_read_since_assignment: bool,
    survey: Option<Survey>,
    /// Whose logs are compared with what was read.
    layout: Arc<Layout>,
    /// How often logs had become others when they were last compared.
    compared: u64,
    /// How many cuts it has noticed.
    cuts: u64,
    /// Where the logs ended when this client was told so for its present assignment.
    ends: BTreeMap<Place, usize>,
    /// Whether a commit was accepted since the last assignment.
    is_confirmed: bool,
    /// Where the first assignment began to read.
    pub(crate) began: Option<BTreeMap<Place, usize>>,
    was_away: bool,
    pub(crate) has_left: bool,
    /// Whether the session ended while the client had not noticed.
    pub(crate) overslept: u64,
}

impl Member {
    pub(crate) fn join(cluster: &Shared, instance: &str, topics: BTreeSet<String>, rules: &Arc<Rules>) -> Member {
        let client = {
            let mut cluster = cluster.borrow_mut();
            let (client, now) = (cluster.next_client(), cluster.now);
            cluster.group.join(instance, client, &topics, now);
            if !cluster.used.iter().any(|used| Arc::ptr_eq(used, rules)) {
                cluster.used.push(Arc::clone(rules));
            }
            client
        };
        Member {
            cluster: Shared::clone(cluster),
            instance: instance.to_owned(),
            topics,
            rules: Arc::clone(rules),
            client,
            generation: 0,
            events: Vec::new(),
            is_revoked: None,
            given: Held::new(),
            fetched: BTreeMap::new(),
            is_assigned: false,
            is_paused: false,
            is_paused_at_once: false,
            has_read_since_assignment: false,
            survey: None,
            layout: Arc::default(),
            compared: 0,
            cuts: 0,
            ends: BTreeMap::new(),
            is_confirmed: false,
            began: None,
            was_away: false,
            has_left: false,
            overslept: 0,
        }
    }

    /// Where the first assignment began to read, as names of rounds say it.
    pub(crate) fn began_at(&self) -> u64 {
        self.began.iter().flat_map(|began| began.values()).map(|next| *next as u64).sum()
    }

    /// Whether what is fetched is read to its ends.
    pub(crate) fn has_read_all(&self, is_at_end: impl Fn(Place, usize) -> bool) -> bool {
        !self.fetched.is_empty() && self.fetched.iter().all(|(place, (next, _))| is_at_end(*place, *next))
    }

    /// The partitions, as the last survey has found them.
    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Where the next records lie.
    pub(crate) fn offsets(&self) -> Offsets {
        let mut offsets = Offsets::new();
        for (place, (next, _)) in &self.fetched {
            offsets.entry(place.0.default_topic().to_owned()).or_default().push(offset(*next));
        }
        offsets
    }

    /// Fails unless this member may show numbers, as far as it can know.
    pub(crate) fn assert_may_show(&self) {
        let has_every = self.topics.iter().all(|topic| self.given.contains(&(topic.clone(), 0)));
        assert!(has_every, "numbers are shown by a member that does not hold the partition of every topic");
        assert!(self.is_confirmed, "numbers are shown before a commit was accepted");
        for (place, end) in &self.ends {
            let position = self.fetched.get(place).map(|(next, _)| *next);
            assert!(
                position.is_none_or(|next| next >= *end),
                "numbers are shown without what was there at the assignment"
            );
        }
    }

    /// Speaks to the group, as the client's own thread does.
    fn heartbeat(&mut self) {
        if self.is_revoked.is_some() || self.has_left {
            return;
        }
        let cluster = Shared::clone(&self.cluster);
        let mut cluster = cluster.borrow_mut();
        let now = cluster.now;
        match cluster.group.heartbeat(&self.instance, self.client, now) {
            Heartbeat::Quiet => {}
            Heartbeat::Rebalance if self.given.is_empty() => cluster.group.rejoin(&self.instance, self.client),
            Heartbeat::Rebalance => self.revoke(false),
            Heartbeat::Given(held) => {
                self.generation = cluster.group.generation;
                (self.is_confirmed, self.survey) = (false, None);
                self.given.clone_from(&held);
                self.events.push(PollEvent::Assigned(held));
            }
            // A client finds out only later, and reads on what it has fetched until then.
            Heartbeat::Fenced | Heartbeat::Unknown if !self.given.is_empty() && cluster.dice.percent(50) => {
                self.overslept += 1;
            }
            Heartbeat::Fenced => self.events.push(PollEvent::Fenced),
            Heartbeat::Unknown => self.revoke(true),
        }
    }

    fn revoke(&mut self, is_lost: bool) {
        self.is_revoked = Some(is_lost);
        self.events.push(PollEvent::Revoked { is_lost });
    }

    /// Whether a broker answers; the client reports when that changes.
    fn is_reachable(&mut self) -> bool {
        let is_away = self.cluster.borrow().is_away;
        if is_away != self.was_away {
            self.was_away = is_away;
            self.events.push(PollEvent::Reachable(!is_away));
        }
        !is_away
    }

    fn answer_survey(&mut self) {
        let cluster = Shared::clone(&self.cluster);
        let mut cluster = cluster.borrow_mut();
        if self.survey.is_none() || cluster.dice.percent(40) {
            return;
        }
        let Some(members) = cluster.group.members() else { return };
        let Some(Survey { number, layout }) = self.survey.take() else { return };
        self.ends.clear();
        self.layout = Arc::clone(&layout);
        let mut found = Vec::new();
        for partition in layout.partitions() {
            let place = place_of(partition);
            let (low, high) = (cluster.logs.low(place), cluster.logs.log(place).len());
            let committed = cluster.logs.committed(place, self.rules.acceptance());
            found.push(Found { partition, committed, ends: (offset(low), offset(high)) });
            self.ends.insert(place, high);
        }
        let comparison = take_survey(&*cluster.logs.mirror, found).expect("the logs are in memory");
        self.events.push(PollEvent::Unverified { records: comparison.unverified, is_assignment: true });
        if let Some(changed) = comparison.changed {
            self.events.push(PollEvent::LogChanged(changed));
            return;
        }
        self.compared = cluster.logs.mirror.changes();
        self.events.push(PollEvent::Surveyed { survey: number, members: Some(members) });
    }

    /// Looks now and then whether the logs still are those that were read.
    fn compare_logs(&mut self) {
        let cluster = Shared::clone(&self.cluster);
        let mut cluster = cluster.borrow_mut();
        if !self.fetched.is_empty() && cluster.dice.percent(10) {
            self.compared = cluster.logs.mirror.changes();
            self.events.extend(cluster.logs.compared(&self.layout).map(PollEvent::LogChanged));
        }
    }

    /// A log is cut when its leader is lost, and with it the connection.
    fn notice_cuts(&mut self) {
        let cuts = self.cluster.borrow().logs.mirror.cuts();
        if std::mem::replace(&mut self.cuts, cuts) != cuts {
            self.layout.partitions().for_each(|partition| partition.trace().doubt());
        }
    }

    /// An error of the client, where it meets one.
    fn meet_trouble(&self) -> Result<(), KafkaFailure> {
        match self.cluster.borrow_mut().troubles.take(&self.instance) {
            Some(Trouble::Fatal) => return Err(KafkaFailure::Ended(FATAL.to_owned())),
            Some(Trouble::Passing) => self.layout.partitions().for_each(|partition| partition.trace().doubt()),
            None => {}
        }
        Ok(())
    }

    /// Whether it has compared the logs since one became another.
    pub(crate) fn knows_logs(&self) -> bool {
        self.compared == self.cluster.borrow().logs.mirror.changes()
    }

    fn take_commit(&self, offsets: &[(Arc<Partition>, Committed)]) {
        let knows_logs = self.knows_logs();
        self.cluster.borrow_mut().take_commit(&self.rules, offsets, knows_logs);
    }

    fn accepts(&self) -> bool {
        let cluster = self.cluster.borrow();
        !cluster.is_away && cluster.group.accepts(&self.instance, self.client, self.generation)
    }
}

fn offset(offset: usize) -> i64 {
    i64::try_from(offset).expect("an offset")
}

impl Broker for Member {
    fn read(
        &mut self,
        most: usize,
        take: &mut dyn FnMut(&SourceRecord<'_>) -> ControlFlow<()>,
    ) -> Result<(), KafkaFailure> {
        if !self.is_reachable() {
            return Ok(());
        }
        self.heartbeat();
        self.answer_survey();
        self.compare_logs();
        self.notice_cuts();
        self.meet_trouble()?;
        if self.is_paused || self.fetched.is_empty() {
            return Ok(());
        }
        self.has_read_since_assignment = true;
        let cluster = Shared::clone(&self.cluster);
        let mut cluster = cluster.borrow_mut();
        let places: Vec<Place> = self.fetched.keys().copied().collect();
        for _ in 0..3 {
            let is_waiting = |place: &&Place| self.fetched[*place].0 < cluster.logs.log(**place).len();
            let (waiting, damaged): (Vec<Place>, Vec<Place>) =
                (places.iter().filter(is_waiting)).partition(|place| cluster.troubles.can_read(**place, cluster.now));
            self.events.extend(damaged.first().map(|_| PollEvent::Unreadable("a batch is damaged".to_owned())));
            if waiting.is_empty() {
                return Ok(());
            }
            let place = waiting[cluster.dice.below(waiting.len())];
            let count = 1 + cluster.dice.below(BATCH.min(most));
            let (next, _) = self.fetched[&place];
            if places.iter().any(|place| self.fetched[place].0 > cluster.logs.log(*place).len()) {
                return Err(KafkaFailure::Ended(format!("a log ends before the next record{CHANGED}")));
            }
            if next < cluster.logs.low(place) {
                return Err(KafkaFailure::Ended("retention deleted the next record".to_owned()));
            }
            let records: Vec<_> = cluster.logs.log(place).iter().enumerate().skip(next).take(count).collect();
            for (number, produced) in records {
                let topic = place.0.default_topic();
                let partition = i32::try_from(place.1).expect("few");
                let (timestamp, key) = (Some(produced.produced_at.millis()), Some(&produced.key[..]));
                let (value, headers) = (Some(&*produced.value), &None);
                let record = SourceRecord { topic, partition, offset: offset(number), timestamp, key, value, headers };
                self.fetched.insert(place, (number + 1, true));
                if take(&record).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn events(&mut self) -> Vec<PollEvent> {
        std::mem::take(&mut self.events)
    }

    fn survey(&mut self, survey: u64, layout: Arc<Layout>) {
        self.survey = Some(Survey { number: survey, layout });
    }

    fn pass_over(&mut self, _at: Vec<(Arc<Partition>, i64)>) {
        // Nobody here is allowed to go on without records.
    }

    fn log(&self) -> Arc<dyn Log> {
        let mirror: Arc<Mirror> = Arc::clone(&self.cluster.borrow().logs.mirror);
        mirror
    }

    fn assign(&mut self, from: &[(Arc<Partition>, i64)]) -> Result<(), KafkaFailure> {
        if from.is_empty() {
            (self.is_assigned, self.fetched) = (false, BTreeMap::new());
            return Ok(());
        }
        assert!(!self.is_assigned, "assigned twice: what was fetched is thrown away");
        self.is_assigned = true;
        self.has_read_since_assignment = false;
        self.fetched = from
            .iter()
            .map(|(partition, from)| {
                let from = usize::try_from(*from).expect("an offset");
                (place_of(partition), (from, false))
            })
            .collect();
        let begins = || self.fetched.iter().map(|(place, (next, _))| (*place, *next)).collect();
        self.began.get_or_insert_with(begins);
        Ok(())
    }

    fn unassign(&mut self) -> Result<(), KafkaFailure> {
        assert!(!self.is_paused, "a pause outlives the assignment");
        (self.is_assigned, self.fetched, self.given) = (false, BTreeMap::new(), Held::new());
        self.is_confirmed = false;
        let cluster = Shared::clone(&self.cluster);
        let mut cluster = cluster.borrow_mut();
        match self.is_revoked.take() {
            Some(true) => {
                let now = cluster.now;
                cluster.group.join(&self.instance, self.client, &self.topics, now);
            }
            Some(false) => cluster.group.rejoin(&self.instance, self.client),
            None => {}
        }
        Ok(())
    }

    fn pause(&mut self, _layout: &Layout) -> Result<(), KafkaFailure> {
        self.is_paused_at_once = self.is_assigned && !self.has_read_since_assignment;
        self.is_paused = true;
        Ok(())
    }

    fn resume(&mut self, _layout: &Layout) -> Result<(), KafkaFailure> {
        // At the end nobody reads on, and nothing is lost.
        assert!(!self.is_paused_at_once, "paused at once, so that what is fetched then is thrown away for good");
        self.is_paused = false;
        Ok(())
    }

    fn positions(&self, layout: &Layout) -> Result<Vec<Position>, KafkaFailure> {
        let position = |partition: &Arc<Partition>| {
            let (next, is_read) = self.fetched.get(&place_of(partition)).copied()?;
            is_read.then(|| offset(next))
        };
        Ok(layout.partitions().map(|partition| (Arc::clone(partition), position(partition))).collect())
    }

    fn commit(&mut self, offsets: &[(Arc<Partition>, Committed)]) {
        let is_lost = self.cluster.borrow_mut().dice.percent(15);
        if !is_lost && self.accepts() {
            self.take_commit(offsets);
        }
    }

    fn commit_and_wait(&mut self, offsets: &[(Arc<Partition>, Committed)]) -> Result<(), KafkaFailure> {
        if !self.accepts() || self.cluster.borrow_mut().dice.percent(10) {
            return Err(KafkaFailure::Ended("the group has no such member".to_owned()));
        }
        self.take_commit(offsets);
        self.is_confirmed = true;
        Ok(())
    }

    fn instance_id(&self) -> &str {
        &self.instance
    }

    fn rejoin(&mut self) -> Result<(), KafkaFailure> {
        let cluster = Shared::clone(&self.cluster);
        let mut cluster = cluster.borrow_mut();
        let now = cluster.now;
        self.client = cluster.next_client();
        (self.is_revoked, self.given, self.fetched, self.is_assigned) = (None, Held::new(), BTreeMap::new(), false);
        cluster.group.join(&self.instance, self.client, &self.topics, now);
        Ok(())
    }

    fn leave(&mut self) {
        self.has_left = true;
        self.cluster.borrow_mut().group.leave(&self.instance, self.client);
    }
}

/// A dead letter that the broker has not acknowledged.
struct InFlight {
    place: Place,
    record: Fingerprint,
    origin: Origin,
}

pub(crate) struct Letters {
    cluster: Shared,
    in_flight: Vec<InFlight>,
    is_full: bool,
}

impl Letters {
    pub(crate) fn new(cluster: &Shared) -> Letters {
        Letters { cluster: Shared::clone(cluster), in_flight: Vec::new(), is_full: false }
    }

    pub(crate) fn has_any(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// The broker acknowledges some, in any order.
    fn acknowledge(&mut self, percent: usize) {
        let cluster = Shared::clone(&self.cluster);
        let mut cluster = cluster.borrow_mut();
        if cluster.is_away {
            return;
        }
        self.in_flight.retain(|letter| {
            let is_acknowledged = cluster.dice.percent(percent);
            if is_acknowledged {
                // That of a record which is no more says nothing of the one that lies there now.
                if cluster.logs.mirror.holds(letter.place, &letter.record) {
                    let offset = usize::try_from(letter.record.offset).expect("an offset");
                    cluster.letters.insert((letter.place, offset));
                }
                letter.origin.partition.acknowledge(letter.origin.offset);
            }
            !is_acknowledged
        });
    }
}

impl DeadLetterSink for Letters {
    fn send(&mut self, record: &SourceRecord<'_>, origin: Origin, _rejection: &Rejection) {
        let (place, record) = (place_of(&origin.partition), record.fingerprint());
        self.in_flight.push(InFlight { place, record, origin });
        self.is_full |= self.in_flight.len() >= ROOM;
    }

    fn is_full(&self) -> bool {
        self.is_full
    }

    fn pump(&mut self) -> Result<(), KafkaFailure> {
        self.acknowledge(30);
        self.is_full = self.in_flight.len() >= if self.is_full { ROOM / 2 } else { ROOM };
        Ok(())
    }

    fn drain(&mut self, _patience: Duration) -> Result<u64, KafkaFailure> {
        self.acknowledge(95);
        Ok(self.in_flight.len() as u64)
    }
}
