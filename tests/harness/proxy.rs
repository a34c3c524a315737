//! A way to a broker that a test can cut.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// How often a connection that has nothing to say looks whether the way has changed.
const LOOK: Duration = Duration::from_millis(10);

/// What happens to what is sent, in either direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// It arrives.
    Open,
    /// Connections end at once, and new ones as soon as they are made.
    Cut,
    /// Connections are taken, and what is sent on them is lost without a word. They end when the way is open again.
    Swallowing,
    /// It arrives when the way is open again: a network that is gone for a while, as TCP sees it.
    Holding,
    /// It arrives later, by so much for each piece.
    Slow(Duration),
}

/// Connections to a broker's port. They and the threads end when this is dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// The way, and whether everything is to end.
    way: Mutex<(Way, bool)>,
    changed: Condvar,
    /// Connections ended, and pieces lost, held or delayed.
    harmed: AtomicU64,
}

impl Proxy {
    /// A proxy with an open way to a port of the loopback interface.
    pub(crate) fn start(to: u16) -> Proxy {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("it is bound").port();
        let shared = Arc::new(Shared {
            way: Mutex::new((Way::Open, false)),
            changed: Condvar::new(),
            harmed: AtomicU64::new(0),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming() {
                match accepting.way() {
                    (_, true) => return,
                    (Way::Cut, _) => accepting.harm(),
                    _ => accepting.connect(&client.expect("a connection"), to),
                }
            }
        });
        Proxy { port, shared }
    }

    /// Where clients connect.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where clients find the broker.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Changes what happens from now on.
    pub(crate) fn set(&self, way: Way) {
        self.shared.way.lock().expect("not poisoned").0 = way;
        self.shared.changed.notify_all();
    }

    /// How often anything was harmed so far: a connection ended, or a piece lost, held or delayed.
    pub(crate) fn harmed(&self) -> u64 {
        self.shared.harmed.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        *self.shared.way.lock().expect("not poisoned") = (Way::Cut, true);
        self.shared.changed.notify_all();
        // The thread that accepts has to see it.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

impl Shared {
    fn way(&self) -> (Way, bool) {
        *self.way.lock().expect("not poisoned")
    }

    fn harm(&self) {
        self.harmed.fetch_add(1, Ordering::SeqCst);
    }

    /// Joins a client with the broker; a broker that is not there ends the connection.
    fn connect(self: &Arc<Shared>, client: &TcpStream, to: u16) {
        let Ok(broker) = TcpStream::connect(("127.0.0.1", to)) else { return };
        for (from, into) in [(client, &broker), (&broker, client)] {
            from.set_nodelay(true).expect("our own socket");
            from.set_read_timeout(Some(LOOK)).expect("our own socket");
            let (shared, from, into) = (Arc::clone(self), from.try_clone(), into.try_clone());
            let (from, into) = (from.expect("a second handle"), into.expect("a second handle"));
            thread::spawn(move || {
                shared.pump(&from, &into);
                // The other direction ends with this one.
                drop(from.shutdown(Shutdown::Both));
                drop(into.shutdown(Shutdown::Both));
            });
        }
    }

    /// Carries what comes from one end to the other, until either ends or the way does.
    fn pump(&self, mut from: &TcpStream, mut into: &TcpStream) {
        let mut piece = [0; 65_536];
        let mut has_lost = false;
        loop {
            let read = from.read(&mut piece);
            let (way, _) = self.way();
            if way == Way::Cut || (has_lost && way != Way::Swallowing) {
                return self.harm();
            }
            let length = match read {
                Ok(0) => return,
                Ok(length) => length,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => continue,
                Err(_) => return,
            };
            match self.wait_for_way() {
                Way::Cut => return self.harm(),
                Way::Swallowing => {
                    self.harm();
                    has_lost = true;
                }
                _ if into.write_all(&piece[..length]).is_err() => return,
                _ => {}
            }
        }
    }

    /// Waits as long as a piece has to; answers what is to become of it.
    fn wait_for_way(&self) -> Way {
        let mut guard = self.way.lock().expect("not poisoned");
        if matches!(guard.0, Way::Holding | Way::Slow(_)) {
            self.harm();
        }
        if let Way::Slow(delay) = guard.0 {
            let is_slow = |(way, _): &mut (Way, bool)| matches!(way, Way::Slow(_));
            guard = self.changed.wait_timeout_while(guard, delay, is_slow).expect("not poisoned").0;
        }
        self.changed.wait_while(guard, |(way, _)| *way == Way::Holding).expect("not poisoned").0
    }
}

/// A server that answers each byte with the next one.
#[cfg(test)]
fn counting_server() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for client in listener.incoming() {
            thread::spawn(move || {
                let (mut client, mut byte) = (client.expect("a connection"), [0]);
                while client.read(&mut byte).is_ok_and(|length| length == 1) {
                    drop(client.write_all(&[byte[0] + 1]));
                }
            });
        }
    });
    port
}

#[test]
fn each_way_does_what_it_says() {
    const SOON: Duration = Duration::from_secs(10);
    let proxy = Proxy::start(counting_server());
    let connect = || TcpStream::connect(proxy.address()).expect("the proxy listens");
    let ask = |mut stream: &TcpStream, byte: u8, patience: Duration| -> Result<u8, ErrorKind> {
        let mut answer = [0];
        stream.set_read_timeout(Some(patience)).map_err(|error| error.kind())?;
        stream.write_all(&[byte]).map_err(|error| error.kind())?;
        stream.read_exact(&mut answer).map_err(|error| error.kind())?;
        Ok(answer[0])
    };
    let ends = |stream: &TcpStream| ask(stream, 0, LOOK).is_err_and(|kind| kind != ErrorKind::WouldBlock).then_some(());
    let stream = connect();
    assert_eq!(ask(&stream, 1, SOON), Ok(2));
    assert_eq!(proxy.harmed(), 0);

    proxy.set(Way::Holding);
    assert_eq!(ask(&stream, 2, LOOK * 5), Err(ErrorKind::WouldBlock));
    proxy.set(Way::Open);
    assert_eq!(ask(&stream, 3, SOON), Ok(3), "the answer that was held comes first");
    assert_eq!(proxy.harmed(), 1);

    let stream = connect();
    assert_eq!(ask(&stream, 4, SOON), Ok(5));
    proxy.set(Way::Swallowing);
    assert_eq!(ask(&stream, 5, LOOK * 5), Err(ErrorKind::WouldBlock));
    proxy.set(Way::Open);
    super::wait_until("a connection that lost something ends", SOON, || ends(&stream));

    let stream = connect();
    assert_eq!(ask(&stream, 6, SOON), Ok(7));
    proxy.set(Way::Cut);
    super::wait_until("a connection that is cut ends", SOON, || ends(&stream));
    let stream = connect();
    super::wait_until("a new one ends too", SOON, || ends(&stream));

    proxy.set(Way::Slow(LOOK * 5));
    let (stream, start) = (connect(), std::time::Instant::now());
    assert_eq!(ask(&stream, 7, SOON), Ok(8));
    assert!(start.elapsed() >= LOOK * 10, "both ways");
}
