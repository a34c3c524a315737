//! The listeners under those who ask too much, too slowly, or nothing at all. What is asserted is counted in answers and
//! bytes; times are announced. LISTENER_REPS and LISTENER_ROUNDS make more of it, and SALESPULSE_PROGRAM is another build.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::ports::free_port;
use crate::harness::service::{RULES, SOON};
use crate::harness::{Producer, Sent, Service, ServiceBuilder, Topics, announce, shared_broker, wait_until};
use crate::integration::events::now;

const MIB: f64 = 1_048_576.0;
/// What the address of a listener becomes where a client has connected.
const REQUEST: &str = "Host: localhost\r\nConnection: keep-alive\r\n\r\n";

/// A number of the environment, or another.
fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect("a number"))
}

/// Lets this process have so many connections; says so where it may not.
fn open_files(needed: usize) -> Option<()> {
    let own = std::process::id().to_string();
    let raised = Command::new("prlimit").args(["--pid", &own, &format!("--nofile={needed}:")]).output();
    let is_raised = raised.is_ok_and(|output| output.status.success());
    if !is_raised {
        announce(&format!("not run: this process may not open {needed} files"));
    }
    is_raised.then_some(())
}

pub(super) fn lead(topics: &Topics, number: usize) -> Sent {
    let (now, team) = (now(), number % 20);
    let value = format!(
        r#"{{"event_id":"e-{number}","occurred_at":{now},"lead_id":"l-{number}","rep_id":"r-{number}","team_id":"t-{team}","channel":"web"}}"#
    );
    Sent::new(&topics.name("lead"), &format!("l-{number}"), value)
}

/// A service with so many reps, and the address of its page.
fn serve(topics: &Topics, reps: usize) -> (Service, SocketAddr) {
    let broker = shared_broker().expect("it was there for the topics");
    let producer = Producer::new(&broker.client(), &[]);
    let leads: Vec<Sent> = (0..reps).map(|number| lead(topics, number)).collect();
    producer.send_all(&leads);
    let page = format!("127.0.0.1:{}", free_port());
    // The allocator gives back at once what is free, so that the memory of the process is that of what it holds.
    let at_once = ["env", "MIMALLOC_PURGE_DELAY=0"].map(str::to_owned);
    let rules = format!("{RULES}\n[web]\nlisten = {page:?}\n");
    let service = ServiceBuilder::new(broker, topics).rules(&rules).started_by(&at_once).start();
    service.wait_for("sales_org_leads{window=\"24h\"}", f64::from(u32::try_from(reps).expect("few")));
    (service, page.parse().expect("an address"))
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&address, SOON).expect("somebody listens");
    stream.set_read_timeout(Some(SOON)).expect("a timeout");
    stream
}

/// Sends a request and leaves the answer where it is.
fn ask(stream: &mut TcpStream, path: &str) -> std::io::Result<()> {
    stream.write_all(format!("GET {path} HTTP/1.1\r\n{REQUEST}").as_bytes())
}

/// The CPU time of a process, in seconds: the fields utime and stime of its `stat`, in hundredths.
fn cpu_seconds(id: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).expect("it runs");
    let (_, fields) = text.rsplit_once(')').expect("the name ends");
    let fields: Vec<&str> = fields.split_whitespace().collect();
    fields[11..13].iter().map(|field| field.parse::<f64>().expect("a number")).sum::<f64>() / 100.0
}

/// Asks an honest question so many times; the longest that an answer took. What is read is not kept: that would take as
/// long as to make it.
fn honest(service: &Service, path: &str, encoding: &str, rounds: usize) -> Duration {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\nAccept-Encoding: {encoding}\r\n\
         Connection: close\r\n\r\n"
    );
    let address: SocketAddr = service.address().parse().expect("an address");
    let mut buffer = vec![0; 1 << 18];
    let mut once = |_| {
        let started = Instant::now();
        let mut stream = connect(address);
        stream.write_all(request.as_bytes()).expect("it is read");
        let (mut length, mut head) = (0, String::new());
        loop {
            match stream.read(&mut buffer).unwrap_or_else(|error| panic!("{path} is not answered: {error}")) {
                0 => break,
                read if length == 0 => (head, length) = (String::from_utf8_lossy(&buffer[..read]).into_owned(), read),
                read => length += read,
            }
        }
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{path}: {head}");
        let told = head.split("\r\n\r\n").next().expect("a head");
        let body = told.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        assert_eq!(Some(length), body.map(|body| told.len() + 4 + body), "{path} ends before its end");
        started.elapsed()
    };
    (0..rounds).map(&mut once).max().expect("at least one")
}

#[test]
fn silent_and_looping_clients_keep_nobody_from_an_answer() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let (service, _) = serve(&topics, number("LISTENER_REPS", 100));
    let admin: SocketAddr = service.address().parse().expect("an address");
    let silent: Vec<TcpStream> = (0..200).map(|_| connect(admin)).collect();
    let (is_over, looped) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (probe, scrape) = thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                let looker = service.looker();
                while !is_over.load(Ordering::Relaxed) {
                    // A loop that is sent away comes again.
                    looped.fetch_add(usize::from(looker.get("/metrics", "text/plain").is_some()), Ordering::Relaxed);
                }
            });
        }
        wait_until("all are at it", SOON, || (looped.load(Ordering::Relaxed) > 40).then_some(()));
        let rounds = number("LISTENER_ROUNDS", 10);
        let slowest = (honest(&service, "/livez", "gzip", 10 * rounds), honest(&service, "/metrics", "gzip", rounds));
        is_over.store(true, Ordering::Relaxed);
        slowest
    });
    drop(silent);
    announce(&format!("beside 200 silent and 20 looping clients: /livez within {probe:?}, a scrape within {scrape:?}"));
}

#[test]
fn readers_that_never_read_share_the_bytes_of_a_scrape() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let (service, _) = serve(&topics, number("LISTENER_REPS", 300));
    let admin: SocketAddr = service.address().parse().expect("an address");
    let size = service.metrics_text().len();
    let before = service.memory();
    let mut readers: Vec<TcpStream> = (0..40).map(|_| connect(admin)).collect();
    let mut most = before;
    for _ in 0..3 {
        for reader in &mut readers {
            // One that was sent away comes again.
            if ask(reader, "/metrics").is_err() {
                *reader = connect(admin);
                ask(reader, "/metrics").expect("it is new");
            }
        }
        honest(&service, "/metrics", "gzip", 1);
        most = most.max(service.memory());
    }
    let more = (most - before) / MIB;
    announce(&format!("40 readers of {size} bytes that never read: {more:.1} MiB more"));
    assert!(more < 150.0, "{more} MiB more");
    let all = f64::from(u32::try_from(40 * size).expect("some MiB")) / MIB;
    assert!(size < 4 << 20 || more < all / 2.0, "{more} MiB for {all} MiB of answers");
}

/// The memory of a service that does nothing but this: the least of many looks, since a reading takes some for a moment.
/// Scrapes would take more than some streams, so the system is asked.
fn settled(service: &Service) -> f64 {
    let looker = service.looker();
    let look = |_| {
        looker.get("/livez", "*/*").expect("an answer");
        let pages = std::fs::read_to_string(format!("/proc/{}/statm", service.id())).expect("it runs");
        pages.split(' ').nth(1).and_then(|pages| pages.parse::<f64>().ok()).expect("a number") * 4_096.0
    };
    (0..200).map(look).fold(f64::INFINITY, f64::min)
}

/// Reads from a stream until it has said something.
fn read_until(stream: &mut TcpStream, is_said: impl Fn(&str) -> bool) {
    let (mut text, mut buffer) = (String::new(), [0; 4_096]);
    while !is_said(&text) {
        match stream.read(&mut buffer) {
            Ok(0) => panic!("the stream has ended: {text}"),
            Ok(read) => text += &String::from_utf8_lossy(&buffer[..read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => panic!("{error}: {text}"),
        }
    }
}

/// Opens a stream of a board and reads until its picture is there.
fn open_stream(page: SocketAddr, number: usize) -> TcpStream {
    let mut stream = connect(page);
    let window = ["24h", "7d", "30d", "mtd"][number % 4];
    let by = ["leads", "won"][number / 4 % 2];
    let view = format!("%2Fleaderboard%3Fby%3D{by}%26window%3D{window}");
    ask(&mut stream, &format!("/api/v1/stream?view={view}")).expect("the stream is asked for");
    // The chunk that holds the event ends behind it.
    read_until(&mut stream, |text| text.contains("event: picture") && text.ends_with("\n\n\r\n"));
    stream
}

/// An organisation that changes, and the one client that reads what it is sent.
struct Changes<'a> {
    producer: &'a Producer,
    topics: &'a Topics,
    reader: TcpStream,
    leads: usize,
}

impl Changes<'_> {
    /// Changes every board so many times; the longest from a record's way into Kafka to the event of it.
    fn make(&mut self, rounds: usize) -> Duration {
        let once = |_| {
            let produced = Instant::now();
            self.producer.send_all(&[lead(self.topics, self.leads)]);
            self.leads += 1;
            let value = format!("\"value\":{}}}", self.leads);
            read_until(&mut self.reader, |text| text.contains(&value));
            produced.elapsed()
        };
        (0..rounds).map(once).max().expect("at least one")
    }
}

#[test]
fn a_thousand_streams_cost_little_whether_they_are_read_or_not() {
    let Some(broker) = shared_broker() else { return };
    let Some(()) = open_files(4_096) else { return };
    let topics = Topics::create(broker, 1);
    let reps = number("LISTENER_REPS", 50);
    let (service, page) = serve(&topics, reps);
    let (producer, rounds) = (Producer::new(&broker.client(), &[]), number("LISTENER_ROUNDS", 10));
    let mut reader = connect(page);
    ask(&mut reader, "/api/v1/stream?view=%2Fkpis%3Fnames%3Dleads%26window%3D24h").expect("the stream is asked for");
    let mut changes = Changes { producer: &producer, topics: &topics, reader, leads: reps };
    // What readings, scrapes and the eight views cost by themselves is no part of what a thousand streams cost.
    let first: Vec<TcpStream> = (0..8).map(|number| open_stream(page, number)).collect();
    changes.make(rounds);
    assert!(service.metrics().get("salespulse_http_streams").is_some());
    let before = settled(&service);
    let opened = Instant::now();
    let streams: Vec<TcpStream> = (9..1_000).map(|number| open_stream(page, number)).collect();
    let opened = opened.elapsed();
    let each =
        |memory: f64| (memory - before).max(0.0) / 1_024.0 / f64::from(u32::try_from(streams.len()).expect("few"));
    let fresh = each(settled(&service));
    assert_eq!(service.metrics().get("salespulse_http_streams"), Some(1_000.0));

    // From here on one of them reads, and the boards change.
    let (started, spent) = (Instant::now(), cpu_seconds(service.id()));
    let slowest = changes.make(rounds);
    let (taken, spent) = (started.elapsed().as_secs_f64(), cpu_seconds(service.id()) - spent);
    let unread = each(settled(&service));
    let is_over = AtomicBool::new(false);
    let scrape = thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                changes.make(1);
            }
        });
        let scrape = ["gzip", "identity"].map(|encoding| honest(&service, "/metrics", encoding, rounds));
        is_over.store(true, Ordering::Relaxed);
        scrape
    });
    announce(&format!(
        "1000 streams of 9 views, {reps} reps: opened in {opened:.1?}, {fresh:.1} KiB each, {unread:.1} KiB each when nobody \
         reads; {:.2} of a core while boards change, within {slowest:.1?}; a scrape within {:.1?}, without gzip {:.1?}",
        spent / taken,
        scrape[0],
        scrape[1]
    ));
    assert!(fresh < 24.0 && unread < 24.0, "{fresh} and {unread} KiB a stream");

    let mut one_more = connect(page);
    ask(&mut one_more, "/api/v1/stream?view=%2Fleaderboard").expect("it is asked for");
    read_until(&mut one_more, |text| text.contains("too_many_streams"));
    drop((first, streams, changes));
    service.wait_for("salespulse_http_streams", 0.0);
}

#[test]
fn ten_thousand_hostile_connections_leave_every_scrape_answered() {
    let Some(broker) = shared_broker() else { return };
    let Some(()) = open_files(12_000) else { return };
    let topics = Topics::create(broker, 1);
    let (service, page) = serve(&topics, number("LISTENER_REPS", 100));
    let admin: SocketAddr = service.address().parse().expect("an address");
    honest(&service, "/metrics", "gzip", 3);
    let before = service.memory();
    let mut hostile = Vec::new();
    let mut slowest = Duration::ZERO;
    let huge = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(60_000));
    for number in 0..10_000 {
        let mut stream = connect(if number % 2 == 0 { page } else { admin });
        // Whoever was closed meanwhile does not matter.
        let _ = match number / 2 % 4 {
            0 => Ok(()),
            1 => stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: local"),
            2 => stream.write_all(huge.as_bytes()),
            _ => ask(&mut stream, "/api/v1/leaderboard?limit=200"),
        };
        hostile.push(stream);
        if number % 500 == 499 {
            slowest = slowest.max(honest(&service, "/metrics", "gzip", 1));
        }
    }
    let more = (service.memory() - before) / MIB;
    announce(&format!("beside 10000 hostile connections: a scrape within {slowest:?}, {more:.1} MiB more"));
    assert!(more < 100.0, "{more} MiB more");
}
