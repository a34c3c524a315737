//! The ports of the README, or others where these are taken.

use std::fs::File;
use std::net::TcpListener;

use crate::free_ports::free_port;

/// What the README's commands use: Kafka with its controller, our HTTP server with the page on the next port, Prometheus.
const KAFKA: u16 = 9092;
const HTTP: u16 = 9464;
const PROMETHEUS: u16 = 9090;

/// The ports of one walk.
pub(crate) struct Ports {
    kafka: u16,
    http: u16,
    prometheus: u16,
    _lock: Option<File>,
}

impl Ports {
    /// The README's own ports, if nobody listens there and no other walk is on its way.
    pub(crate) fn choose() -> Ports {
        let lock = File::create(std::env::temp_dir().join("salespulse-walk.lock"));
        let lock = lock.ok().filter(|lock| lock.try_lock().is_ok());
        let free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok() && TcpListener::bind(("::1", port)).is_ok();
        if lock.is_some() && [KAFKA, KAFKA + 1, HTTP, HTTP + 1, PROMETHEUS].into_iter().all(free) {
            return Ports { kafka: KAFKA, http: HTTP, prometheus: PROMETHEUS, _lock: lock };
        }
        // `make kafka` puts the controller on the next port, and the demo its page.
        Ports { kafka: two_ports(), http: two_ports(), prometheus: free_port(), _lock: lock }
    }

    fn are_those_of_the_readme(&self) -> bool {
        (self.kafka, self.http, self.prometheus) == (KAFKA, HTTP, PROMETHEUS)
    }

    /// A text of the README with the ports of this walk.
    pub(crate) fn rewrite(&self, text: &str) -> String {
        if self.are_those_of_the_readme() {
            return text.to_owned();
        }
        let Ports { kafka, http, prometheus, .. } = self;
        text.replace(&format!("localhost:{KAFKA}"), &format!("localhost:{kafka}"))
            .replace(&format!("localhost:{HTTP}"), &format!("localhost:{http}"))
            .replace(&format!("localhost:{PROMETHEUS}"), &format!("localhost:{prometheus}"))
            .replace(&format!("127.0.0.1:{}", HTTP + 1), &format!("127.0.0.1:{}", http + 1))
            .replace("make demo ARGS=\"", &format!("make demo ARGS=\"--listen 127.0.0.1:{http} "))
            .replace("make demo   #", &format!("make demo ARGS='--listen 127.0.0.1:{http}'   #"))
    }

    /// What stands in for flags that the README need not name.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        if self.are_those_of_the_readme() {
            return Vec::new();
        }
        vec![
            ("PORT", self.kafka.to_string()),
            ("PROMETHEUS_PORT", self.prometheus.to_string()),
            ("TARGET", format!("localhost:{}", self.http)),
            ("SALESPULSE__KAFKA__BROKERS", format!("localhost:{}", self.kafka)),
            ("SALESPULSE__HTTP__LISTEN", format!("127.0.0.1:{}", self.http)),
        ]
    }
}

/// The first of two free ports in a row.
fn two_ports() -> u16 {
    let mut next = (free_port(), free_port());
    while next.1 != next.0 + 1 {
        next = (next.1, free_port());
    }
    next.0
}
