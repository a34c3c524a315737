//! The end of Kafka clients, which may take longer than anybody waits: librdkafka's consumer waits for what it has asked a
//! broker, though that may have gone for good.

use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use tracing::warn;

/// How long clients may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Ends clients, and waits for that a while. What is not done by then goes on in a thread of its own, and ends with the process.
pub fn end<T: Send + 'static>(clients: T) {
    end_within(PATIENCE, clients);
}

/// Whether they have ended within so long.
fn end_within<T: Send + 'static>(patience: Duration, clients: T) -> bool {
    let (sender, ended) = sync_channel(1);
    let work = move || {
        drop(clients);
        // Who waited may have gone.
        let _ = sender.send(());
    };
    // Where there is no thread to be had, they end with the closure here.
    let has_thread = thread::Builder::new().name("ending".to_owned()).spawn(work).is_ok();
    let in_time = !has_thread || ended.recv_timeout(patience).is_ok();
    if !in_time {
        warn!("a Kafka client has not ended after {patience:?}, because it waits for a broker; it is left behind");
    }
    in_time
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::Receiver;

    use super::*;

    /// It ends when somebody says so, or goes.
    struct Slow(Receiver<()>);

    impl Drop for Slow {
        fn drop(&mut self) {
            let _ = self.0.recv();
        }
    }

    #[test]
    fn a_client_that_does_not_end_is_left_behind() {
        let (sender, receiver) = sync_channel::<()>(1);
        assert!(!end_within(Duration::from_millis(10), Slow(receiver)));
        drop(sender);
        let (sender, receiver) = sync_channel::<()>(1);
        drop(sender);
        assert!(end_within(Duration::from_secs(60), Slow(receiver)));
    }
}
