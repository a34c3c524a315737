//! A receiver of notifications: an HTTP server that says yes to everything and remembers it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use super::ports::free_port;

/// The answer to everything. Its body is what WeCom's API says of a token and of a message that it has taken.
const YES: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 46\r\nConnection: close\r\n\r\n\
{\"errcode\":0,\"errmsg\":\"ok\",\"access_token\":\"t\"}";

/// A receiver of a test's own. Its thread ends with the test program.
#[derive(Debug)]
pub(crate) struct Webhook {
    address: String,
    received: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Webhook {
    /// Starts to listen.
    pub(crate) fn start() -> Webhook {
        let address = format!("127.0.0.1:{}", free_port());
        let listener = TcpListener::bind(&address).expect("the port is free");
        let received = Arc::new(Mutex::new(Vec::new()));
        let webhook = Webhook { address, received: Arc::clone(&received) };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A connection that breaks is sent anew.
                let Some(request) = read(&stream) else { continue };
                received.lock().expect("no reader panicked").push(request);
                drop((&stream).write_all(YES.as_bytes()));
            }
        });
        webhook
    }

    /// Its host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The path and the JSON of every request; null where it has no body.
    pub(crate) fn requests(&self) -> Vec<(String, Value)> {
        self.received.lock().expect("the thread did not panic").clone()
    }

    /// The alerts of all notifications that came to a path.
    pub(crate) fn alerts(&self, path: &str) -> Vec<Value> {
        let received = self.received.lock().expect("the thread did not panic");
        let here = received.iter().filter(|(there, _)| there == path);
        here.flat_map(|(_, body)| body["alerts"].as_array().cloned().unwrap_or_default()).collect()
    }
}

/// The path and the JSON of one request.
fn read(stream: &TcpStream) -> Option<(String, Value)> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    while line.trim() != "" {
        line.clear();
        reader.read_line(&mut line).ok()?;
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let json = if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).ok()? };
    Some((path, json))
}
