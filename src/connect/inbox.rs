//! What is posted for the thread of a source that polls: a record that is taken only if it is kept, or a ring at its door.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::json::Json;

/// So many bodies wait at most for the thread of their source.
pub(super) const MOST_WAITING: usize = 64;
/// How long a function may wait for its answer: it gives up after three seconds.
const PATIENCE: Duration = Duration::from_millis(2_500);

/// What becomes of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is kept.
    Kept,
    /// Somebody looks what has changed.
    Rung,
    /// There is no such source, or it takes nothing.
    Unknown,
    /// The secret or the signature is wrong.
    Forbidden,
    /// It is not what this source takes.
    Refused(String),
    /// Another instance polls, or this one is busy.
    Later,
}

/// What a thread finds.
#[derive(Debug)]
pub enum Call {
    /// A record that waits to be kept.
    Push(Push),
    /// Something has changed.
    Ring,
}

/// A body that waits to be kept.
#[derive(Debug)]
pub struct Push {
    /// What was posted.
    pub body: Json,
    /// Where the answer goes.
    pub answer: SyncSender<Answer>,
}

/// Where calls wait, by source.
#[derive(Debug, Default)]
pub struct Inboxes {
    sources: BTreeSet<String>,
    open: Mutex<BTreeMap<String, SyncSender<Call>>>,
}

impl Inboxes {
    /// Inboxes of these sources; closed until a thread opens them.
    #[must_use]
    pub fn new(sources: BTreeSet<String>) -> Arc<Inboxes> {
        Arc::new(Inboxes { sources, open: Mutex::default() })
    }

    /// Whether a source has one.
    #[must_use]
    pub fn has(&self, source: &str) -> bool {
        self.sources.contains(source)
    }

    /// Opens the inbox of a source for the thread that polls it; one that was open before is closed.
    pub fn open(&self, source: &str) -> Receiver<Call> {
        let (sender, receiver) = sync_channel(MOST_WAITING);
        self.lock().insert(source.to_owned(), sender);
        receiver
    }

    /// Closes all of them.
    pub fn close(&self) {
        self.lock().clear();
    }

    /// Takes a body, and waits until it is kept.
    #[must_use]
    pub fn push(&self, source: &str, body: Json) -> Answer {
        let Some(sender) = self.sender(source) else { return Answer::Later };
        let (answer, answered) = sync_channel(1);
        if sender.try_send(Call::Push(Push { body, answer })).is_err() {
            return Answer::Later;
        }
        match answered.recv_timeout(PATIENCE) {
            Ok(answer) => answer,
            // It may be kept later nevertheless, which is as good as being sent twice.
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Answer::Later,
        }
    }

    /// Rings, and waits for nobody.
    #[must_use]
    pub fn ring(&self, source: &str) -> Answer {
        let Some(sender) = self.sender(source) else { return Answer::Later };
        match sender.try_send(Call::Ring) {
            // Where so many wait, one of them wakes the thread as well.
            Ok(()) | Err(TrySendError::Full(_)) => Answer::Rung,
            Err(TrySendError::Disconnected(_)) => Answer::Later,
        }
    }

    fn sender(&self, source: &str) -> Option<SyncSender<Call>> {
        self.lock().get(source).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, SyncSender<Call>>> {
        // Senders are put in and taken out whole.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_kept_only_while_somebody_polls() {
        let inboxes = Inboxes::new(["crm".to_owned()].into());
        let body = || Json::object([("v", Json::number_of(1))]);
        assert_eq!((inboxes.push("crm", body()), inboxes.ring("crm")), (Answer::Later, Answer::Later));
        let receiver = inboxes.open("crm");
        let thread = std::thread::spawn(move || {
            let Call::Push(push) = receiver.recv().unwrap() else { panic!("no ring") };
            push.answer.send(Answer::Kept).unwrap();
            push.body
        });
        assert_eq!(inboxes.push("crm", body()), Answer::Kept);
        assert_eq!(thread.join().unwrap(), body());
        inboxes.close();
        assert_eq!(inboxes.push("crm", body()), Answer::Later);
    }

    #[test]
    fn rings_beyond_what_can_wait_are_rings_all_the_same() {
        let inboxes = Inboxes::new(["crm".to_owned()].into());
        let receiver = inboxes.open("crm");
        for _ in 0..2 * MOST_WAITING {
            assert_eq!(inboxes.ring("crm"), Answer::Rung);
        }
        assert_eq!(receiver.try_iter().count(), MOST_WAITING);
    }
}
