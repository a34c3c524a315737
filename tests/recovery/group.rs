//! The coordinator of a consumer group, as a broker is one: seats, generations, sessions, and who is given what.

use std::collections::{BTreeMap, BTreeSet};

use salespulse::kafka::membership::{GroupMember, Held};

/// How long a member may be silent, in milliseconds.
pub(crate) const SESSION: u64 = 10_000;

/// A seat of the group, which outlives the client that has it until the session ends.
struct Seat {
    /// Which client has it.
    client: u64,
    topics: BTreeSet<String>,
    heard_at: u64,
    /// Whether the client has joined the generation that is being prepared.
    has_joined: bool,
    /// What it was given, until it has been told.
    news: Option<Held>,
    /// What it holds since.
    held: Held,
}

#[derive(Default)]
pub(crate) struct Group {
    pub(crate) generation: u64,
    is_preparing: bool,
    seats: BTreeMap<String, Seat>,
}

/// What a member finds when it speaks to the group.
pub(crate) enum Heartbeat {
    /// Nothing has changed.
    Quiet,
    /// The group shares out its partitions again: give back what is held, and join.
    Rebalance,
    /// It was given partitions.
    Given(Held),
    /// The seat is another client's.
    Fenced,
    /// The session has ended.
    Unknown,
}

impl Group {
    pub(crate) fn join(&mut self, instance: &str, client: u64, topics: &BTreeSet<String>, now: u64) {
        if let Some(seat) = self.seats.get_mut(instance)
            && !self.is_preparing
            && seat.topics == *topics
            && seat.client != client
        {
            // A member that comes back to its seat gets what it had, and nobody else hears of it.
            let given = seat.news.take().unwrap_or_else(|| seat.held.clone());
            (seat.client, seat.heard_at, seat.news) = (client, now, Some(given));
            return;
        }
        let (news, held, topics) = (None, Held::new(), topics.clone());
        let seat = Seat { client, topics, heard_at: now, has_joined: true, news, held };
        self.seats.insert(instance.to_owned(), seat);
        self.prepare();
        self.finish();
    }

    pub(crate) fn leave(&mut self, instance: &str, client: u64) {
        if self.is_member(instance, client) {
            self.seats.remove(instance);
            self.prepare();
            self.finish();
        }
    }

    pub(crate) fn is_member(&self, instance: &str, client: u64) -> bool {
        self.seats.get(instance).is_some_and(|seat| seat.client == client)
    }

    /// Whether a commit of a generation is that of a member.
    pub(crate) fn accepts(&self, instance: &str, client: u64, generation: u64) -> bool {
        self.is_member(instance, client) && self.generation == generation
    }

    pub(crate) fn heartbeat(&mut self, instance: &str, client: u64, now: u64) -> Heartbeat {
        let Some(seat) = self.seats.get_mut(instance) else { return Heartbeat::Unknown };
        if seat.client != client {
            return Heartbeat::Fenced;
        }
        seat.heard_at = now;
        if self.is_preparing && !seat.has_joined {
            return Heartbeat::Rebalance;
        }
        match seat.news.take() {
            Some(held) => {
                seat.held.clone_from(&held);
                Heartbeat::Given(held)
            }
            None => Heartbeat::Quiet,
        }
    }

    /// A member has given back what it held.
    pub(crate) fn rejoin(&mut self, instance: &str, client: u64) {
        if let Some(seat) = self.seats.get_mut(instance)
            && seat.client == client
        {
            seat.has_joined = true;
            seat.held.clear();
        }
        self.finish();
    }

    /// Ends the sessions of those who were silent for too long.
    pub(crate) fn expire(&mut self, now: u64) {
        let before = self.seats.len();
        self.seats.retain(|_, seat| seat.heard_at + SESSION >= now);
        if self.seats.len() < before {
            self.prepare();
            self.finish();
        }
    }

    /// Nobody's session has gone on while the broker was away.
    pub(crate) fn come_back(&mut self, now: u64) {
        self.seats.values_mut().for_each(|seat| seat.heard_at = now);
    }

    /// The members, once each knows its partitions.
    pub(crate) fn members(&self) -> Option<Vec<GroupMember>> {
        let member = |(name, seat): (&String, &Seat)| GroupMember { name: name.clone(), topics: seat.topics.clone() };
        (!self.is_preparing).then(|| self.seats.iter().map(member).collect())
    }

    fn prepare(&mut self) {
        if !self.is_preparing {
            self.is_preparing = true;
            for seat in self.seats.values_mut() {
                // Whoever holds nothing and awaits nothing has nothing to give back.
                seat.has_joined = seat.held.is_empty() && seat.news.is_none();
            }
        }
        self.seats.values_mut().for_each(|seat| {
            if seat.news.take().is_some() {
                seat.has_joined = seat.held.is_empty();
            }
        });
    }

    /// Shares out the partitions once everybody has joined: of each topic a range for each member that reads it.
    fn finish(&mut self) {
        if !self.is_preparing || self.seats.values().any(|seat| !seat.has_joined) {
            return;
        }
        self.is_preparing = false;
        self.generation += 1;
        let topics: BTreeSet<String> = self.seats.values().flat_map(|seat| seat.topics.clone()).collect();
        let mut given: BTreeMap<u64, Held> = BTreeMap::new();
        for topic in topics {
            // The ids of members are random, so their order is any.
            let reads = self.seats.values().filter(|seat| seat.topics.contains(&topic));
            let mut readers: Vec<u64> = reads.map(|seat| seat.client).collect();
            readers.sort_by_key(|client| client.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let count = readers.len();
            for number in 0..crate::recovery::logs::PARTITIONS {
                let share = crate::recovery::logs::PARTITIONS.div_ceil(count);
                let reader = readers[(number / share).min(count - 1)];
                let number = i32::try_from(number).expect("few");
                given.entry(reader).or_default().insert((topic.clone(), number));
            }
        }
        for seat in self.seats.values_mut() {
            seat.news = Some(given.remove(&seat.client).unwrap_or_default());
        }
    }
}
