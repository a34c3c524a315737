//! What a tenant's function posts: taken only if it is kept, and while this instance polls.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::json::Json;

/// So many bodies wait at most for the thread of their source.
const MOST_WAITING: usize = 64;
/// How long a function may wait for its answer: it gives up after three seconds.
const PATIENCE: Duration = Duration::from_millis(2_500);

/// What becomes of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is kept.
    Kept,
    /// There is no such source, or it takes nothing.
    Unknown,
    /// The secret is wrong.
    Forbidden,
    /// It is not what a function posts.
    Refused(String),
    /// Another instance polls, or this one is busy.
    Later,
}

/// A body that waits to be kept.
#[derive(Debug)]
pub struct Push {
    /// What was posted.
    pub body: Json,
    /// Where the answer goes.
    pub answer: SyncSender<Answer>,
}

/// Where bodies wait, by source.
#[derive(Debug, Default)]
pub struct Inboxes {
    secrets: BTreeMap<String, String>,
    open: Mutex<BTreeMap<String, SyncSender<Push>>>,
}

impl Inboxes {
    /// Inboxes of the sources with these secrets; closed until a thread opens them.
    #[must_use]
    pub fn new(secrets: BTreeMap<String, String>) -> Arc<Inboxes> {
        Arc::new(Inboxes { secrets, open: Mutex::default() })
    }

    /// Whether a source has one.
    #[must_use]
    pub fn has(&self, source: &str) -> bool {
        self.secrets.contains_key(source)
    }

    /// Opens the inbox of a source for the thread that polls it; one that was open before is closed.
    pub fn open(&self, source: &str) -> Receiver<Push> {
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
    pub fn take(&self, source: &str, secret: &[u8], body: &[u8]) -> Answer {
        let Some(known) = self.secrets.get(source) else { return Answer::Unknown };
        if !is_same(secret, known.as_bytes()) {
            return Answer::Forbidden;
        }
        let body = match Json::parse(body) {
            Ok(body) => body,
            Err(fault) => return Answer::Refused(fault.to_string()),
        };
        let Some(sender) = self.lock().get(source).cloned() else { return Answer::Later };
        let (answer, answered) = sync_channel(1);
        if sender.try_send(Push { body, answer }).is_err() {
            return Answer::Later;
        }
        match answered.recv_timeout(PATIENCE) {
            Ok(answer) => answer,
            // It may be kept later nevertheless, which is as good as being sent twice.
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Answer::Later,
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, SyncSender<Push>>> {
        // Senders are put in and taken out whole.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether two secrets are the same. The time that it takes says at most how long they are.
fn is_same(given: &[u8], secret: &[u8]) -> bool {
    let differing =
        given.iter().zip(secret).fold(0, |found, (given, secret)| std::hint::black_box(found | (given ^ secret)));
    given.len() == secret.len() && differing == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_knows_the_secret_is_heard_and_only_while_somebody_polls() {
        let inboxes = Inboxes::new([("crm".to_owned(), "s3cret".to_owned())].into());
        assert_eq!(inboxes.take("other", b"s3cret", b"{}"), Answer::Unknown);
        for wrong in ["", "s3cre", "s3cret ", "S3cret"] {
            assert_eq!(inboxes.take("crm", wrong.as_bytes(), b"{}"), Answer::Forbidden, "{wrong}");
        }
        assert!(matches!(inboxes.take("crm", b"s3cret", b"{"), Answer::Refused(_)));
        assert_eq!(inboxes.take("crm", b"s3cret", b"{}"), Answer::Later);
        let receiver = inboxes.open("crm");
        let thread = std::thread::spawn(move || {
            let push = receiver.recv().unwrap();
            push.answer.send(Answer::Kept).unwrap();
            push.body
        });
        assert_eq!(inboxes.take("crm", b"s3cret", br#"{"v":1}"#), Answer::Kept);
        assert_eq!(thread.join().unwrap().word("/v"), Some("1"));
        inboxes.close();
        assert_eq!(inboxes.take("crm", b"s3cret", b"{}"), Answer::Later);
    }
}
