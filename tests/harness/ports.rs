//! Free ports of the loopback interface.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Ports from here to [`LAST`] lie below the range from which Linux takes the ports of outgoing
/// connections: a port given out here stays free until its server binds it, also across a restart.
const FIRST: u16 = 20_000;
const LAST: u16 = 32_000;

/// A port that nobody listens on and that this process has not given out before.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Another run of the tests starts elsewhere in the range.
    let start = u16::try_from(std::process::id() * 97 % u32::from(LAST - FIRST)).expect("within the range");
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        assert!(step < LAST - FIRST, "no free port from {FIRST} to {LAST}");
        let port = FIRST + (start + step) % (LAST - FIRST);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
