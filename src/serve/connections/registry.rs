//! Everybody who is connected to a listener: who is closed when there are too many, and who takes too long.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dashmap::DashMap;

use super::Limits;
use super::peer::Peer;

/// The connections of a listener. The accepting task adds, each connection's task removes, and the sweep walks over all of
/// them meanwhile.
#[derive(Debug)]
pub(super) struct Registry {
    limits: Limits,
    next: AtomicU64,
    peers: DashMap<u64, Arc<Peer>>,
}

/// A place among the connections; it is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    registry: Arc<Registry>,
    number: u64,
    /// Who has it.
    pub(super) peer: Arc<Peer>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.registry.peers.remove(&self.number);
    }
}

impl Registry {
    pub(super) fn new(limits: Limits) -> Arc<Registry> {
        Arc::new(Registry { limits, next: AtomicU64::new(0), peers: DashMap::new() })
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.peers.len()
    }

    /// Takes a place for a new client. Where there is none, the client that has waited longest is closed; where none
    /// waits, there is no place.
    pub(super) fn admit(self: &Arc<Self>) -> Option<Place> {
        if self.peers.len() >= self.limits.connections || self.waiting() >= self.limits.waiting {
            self.close_oldest_waiting()?;
        }
        let (number, peer) = (self.next.fetch_add(1, Ordering::Relaxed), Arc::new(Peer::new()));
        self.peers.insert(number, Arc::clone(&peer));
        Some(Place { registry: Arc::clone(self), number, peer })
    }

    /// How many of them have no request.
    pub(super) fn waiting(&self) -> usize {
        self.peers.iter().filter(|peer| peer.is_waiting()).count()
    }

    fn close_oldest_waiting(&self) -> Option<()> {
        let waiting = self.peers.iter().filter(|peer| peer.is_waiting());
        let (_, oldest) = waiting.map(|peer| (peer.rests_since(), *peer.key())).min()?;
        // It loses its place now, not when its task comes to notice.
        let (_, peer) = self.peers.remove(&oldest)?;
        peer.cut();
        Some(())
    }

    /// Closes whoever takes too long.
    pub(super) fn sweep(&self) {
        let limits = &self.limits;
        for peer in &self.peers {
            let patience = if peer.has_streams() { limits.stream } else { limits.answer };
            let is_late = peer.head().is_some_and(|head| head > limits.head);
            let is_idle = peer.is_waiting() && peer.since() > limits.idle;
            let takes_nothing = peer.blocked().is_some_and(|blocked| blocked > patience);
            if is_late || is_idle || takes_nothing {
                peer.cut();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::connections::peer::Asked;
    use crate::serve::connections::tests::GENEROUS;

    #[test]
    fn who_has_waited_longest_is_found_though_all_began_within_a_millisecond() {
        for round in 0..200 {
            let registry = Registry::new(GENEROUS);
            let places = [registry.admit().unwrap(), registry.admit().unwrap()];
            let (longest, other) = (&places[round % 2], &places[1 - round % 2]);
            drop(Asked::begin(&longest.peer, None));
            drop(Asked::begin(&other.peer, None));
            let _third = registry.admit().unwrap();
            let is_there = |place: &Place| registry.peers.contains_key(&place.number);
            assert!(is_there(other) && !is_there(longest), "round {round}");
        }
    }
}
