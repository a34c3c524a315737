//! A cluster of one broker: the logs, the group, what is committed and what lies in the dead-letter topic; and what no
//! client may ever do to it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use salespulse::contract::decode::Decoder;
use salespulse::kafka::{Committed, Partition};
use salespulse::model::event::EventType;
use salespulse::model::rules::Rules;
use salespulse::model::time::Time;

use crate::dice::Dice;
use crate::recovery::group::Group;
use crate::recovery::logs::{Commit, Logs, Place, place_of};
use crate::recovery::process::record;
use crate::recovery::troubles::Troubles;

pub(crate) struct Cluster {
    pub(crate) logs: Logs,
    pub(crate) group: Group,
    /// Records whose dead letters the broker has.
    pub(crate) letters: BTreeSet<(Place, usize)>,
    /// Up to where a whole round in some store reaches.
    pub(crate) durable: BTreeMap<Place, i64>,
    /// All rules that somebody has read under.
    pub(crate) used: Vec<Arc<Rules>>,
    /// The dice of everything that a client meets.
    pub(crate) dice: Dice,
    /// The time of sessions, in milliseconds.
    pub(crate) now: u64,
    /// Whether no broker answers.
    pub(crate) is_away: bool,
    /// What clients meet.
    pub(crate) troubles: Troubles,
    /// When somebody judges the records for dead letters.
    judged_at: Time,
    clients: u64,
}

/// The cluster, as everybody has it.
pub(crate) type Shared = Rc<RefCell<Cluster>>;

impl Cluster {
    pub(crate) fn new(seed: u64, judged_at: Time) -> Shared {
        Rc::new(RefCell::new(Cluster {
            logs: Logs::new(seed),
            group: Group::default(),
            letters: BTreeSet::new(),
            durable: BTreeMap::new(),
            used: Vec::new(),
            dice: Dice::new(seed ^ 0x5EED),
            now: 0,
            is_away: false,
            troubles: Troubles::default(),
            judged_at,
            clients: 0,
        }))
    }

    /// The id of another client.
    pub(crate) fn next_client(&mut self) -> u64 {
        self.clients += 1;
        self.clients
    }

    pub(crate) fn pass(&mut self, millis: u64) {
        self.now += millis;
        if self.is_away {
            self.group.come_back(self.now);
        } else {
            self.group.expire(self.now);
        }
    }

    /// A topic is created anew: what was read of it is no more.
    pub(crate) fn recreate(&mut self, kind: EventType, dice: &mut Dice) {
        self.logs.recreate(kind, dice);
        self.letters.retain(|(place, _)| place.0 != kind);
    }

    /// A log is cut, and perhaps grows again.
    pub(crate) fn cut(&mut self, place: Place, dice: &mut Dice) {
        let Some(kept) = self.logs.cut(place, dice) else { return };
        self.letters.retain(|(other, offset)| *other != place || *offset < kept);
    }

    /// Takes a commit of a member. It may say only what is true, as long as the logs are those that the member has read.
    pub(crate) fn take_commit(
        &mut self,
        rules: &Arc<Rules>,
        commits: &[(Arc<Partition>, Committed)],
        knows_logs: bool,
    ) {
        let acceptance = rules.acceptance();
        for (partition, committed) in commits {
            let place = place_of(partition);
            // What it says of another log nobody believes who finds this one.
            let is_of_this_log = committed.log.iter().all(|record| self.logs.mirror.holds(place, record));
            if !knows_logs || !is_of_this_log {
                self.logs.commits.insert(place, Commit::of(committed, acceptance));
                continue;
            }
            let low = i64::try_from(self.logs.low(place)).expect("an offset");
            let known = self.logs.committed_of_this_log(place, acceptance);
            let deleted = i64::try_from(self.logs.was_deleted_to(place)).expect("an offset");
            let durable = self.durable.get(&place).copied().unwrap_or(0).max(deleted);
            let before = known.as_ref().map_or(0, |known| known.offset);
            assert!(
                committed.offset <= durable.max(before),
                "{partition}: {} is committed, but only {durable} is durable",
                committed.offset
            );
            let begin = known.map_or(0, |known| known.settled).max(low);
            self.assert_settled(place, begin, committed.settled);
            self.logs.commits.insert(place, Commit::of(committed, acceptance));
        }
    }

    /// Every record below an offset that all rules reject is in the dead-letter topic.
    fn assert_settled(&self, place: Place, begin: i64, end: i64) {
        let decoders: Vec<Decoder> = self.used.iter().map(|rules| Decoder::new(Arc::clone(rules))).collect();
        let range = [begin.min(end), end].map(|offset| usize::try_from(offset).expect("an offset"));
        for (offset, produced) in self.logs.log(place).iter().enumerate().take(range[1]).skip(range[0]) {
            let is_rejected = decoders.iter().all(|decoder| decoder.decode(&record(produced), self.judged_at).is_err());
            let is_letter = self.letters.contains(&(place, offset));
            assert!(!is_rejected || is_letter, "no dead letter of {offset} of {place:?}, which a commit says is there");
        }
    }

    /// Notes that a round in a store reaches to these offsets.
    pub(crate) fn note_durable(&mut self, offsets: &salespulse::snapshot::Offsets) {
        for place in self.logs.places() {
            let offset = offsets.get(place.0.default_topic()).map_or(0, |offsets| offsets[place.1]);
            let known = self.durable.entry(place).or_default();
            *known = offset.max(*known);
        }
    }
}
