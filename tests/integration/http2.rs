//! HTTP/2 on both listeners, by clients that are not ours: curl, the crate h2, and some that break its rules.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::harness::service::SOON;
use crate::harness::{Producer, Service, Topics, announce, shared_broker, wait_until};
use crate::integration::access::{ENCRYPTED, Folder};
use crate::integration::listeners::lead;

/// A service with TLS and some reps, and where its page is.
fn serve(topics: &Topics, web: &str) -> (Folder, Service, String) {
    let broker = shared_broker().expect("it was there for the topics");
    let leads: Vec<_> = (0..100).map(|number| lead(topics, number)).collect();
    Producer::new(&broker.client(), &[]).send_all(&leads);
    let folder = Folder::new();
    folder.authority("authority");
    folder.certificate("server", "authority", "IP:127.0.0.1");
    folder.write("authorities.crt", &std::fs::read_to_string(folder.path("authority.crt")).expect("it is there"));
    folder.write("web.yml", &format!("{ENCRYPTED}{web}"));
    let (service, page) = folder.serve(topics, "");
    let ready = format!("https://{page}/readyz");
    wait_until("the page is ready", SOON, || (folder.curl(&ready, &[]) == Ok(200)).then_some(()));
    (folder, service, page)
}

/// What curl prints of an answer.
fn printed(folder: &Folder, url: &str, arguments: &[&str]) -> String {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--max-time", "30", "--cacert"]).arg(folder.path("authority.crt"));
    let output = command.args(arguments).arg(url).output().expect("curl starts");
    assert!(output.status.success(), "{url}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A metric of the service, asked for by HTTP/2.
fn metric(folder: &Folder, service: &Service, name: &str) -> f64 {
    let text = printed(folder, &format!("https://{}/metrics", service.address()), &["--http2"]);
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).map(str::parse);
    value.unwrap_or_else(|| panic!("there is no {name}")).expect("a number")
}

#[test]
fn both_listeners_speak_http2_unless_the_file_says_no() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    for (web, spoken) in [("", "2"), ("http_server_config:\n  http2: false\n", "1.1")] {
        let (folder, service, page) = serve(&topics, web);
        for url in [format!("https://{page}/api/v1/leaderboard"), format!("https://{}/metrics", service.address())] {
            let version = ["--output", "/dev/null", "--write-out", "%{http_version} %{http_code}"];
            assert_eq!(printed(&folder, &url, &version), format!("{spoken} 200"), "{url}");
            assert_eq!(printed(&folder, &url, &[&version[..], &["--http1.1"]].concat()), "1.1 200", "{url}");
        }
        // By HTTP/2 a client names the host beside the path.
        let foreign = ["--connect-to", &format!("evil.example:443:{page}"), "--insecure"];
        let status = [&foreign[..], &["--output", "/dev/null", "--write-out", "%{http_code}"]].concat();
        assert_eq!(printed(&folder, "https://evil.example/livez", &status), "421");
    }
}

/// TLS for clients that speak HTTP/2.
fn tls(folder: &Folder) -> Arc<ClientConfig> {
    let pem = std::fs::read(folder.path("authority.crt")).expect("it is there");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&pem).expect("a certificate")).expect("an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = builder.expect("versions").with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

#[test]
fn a_hundred_streams_come_over_one_connection() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let (folder, service, page) = serve(&topics, "");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let opened = async {
        let socket = tokio::net::TcpStream::connect(&page).await.expect("somebody listens");
        let name = ServerName::try_from("127.0.0.1").expect("a name");
        let socket = tokio_rustls::TlsConnector::from(tls(&folder)).connect(name, socket).await.expect("a handshake");
        // As a browser does, it leaves room for what it reads later.
        let mut client = h2::client::Builder::new();
        client.initial_window_size(1 << 20).initial_connection_window_size(16 << 20);
        let (mut asking, connection) = client.handshake::<_, bytes::Bytes>(socket).await.expect("HTTP/2");
        tokio::spawn(async move { drop(connection.await) });
        let mut streams = Vec::new();
        for number in 0..100 {
            let window = ["24h", "7d", "30d", "mtd"][number % 4];
            let view = format!("%2Fleaderboard%3Fwindow%3D{window}");
            let url = format!("https://{page}/api/v1/stream?view={view}");
            asking = asking.ready().await.expect("there is room");
            let request = axum::http::Request::get(url).body(()).expect("a request");
            streams.push(asking.send_request(request, true).expect("it is sent").0);
        }
        let mut bodies = Vec::new();
        for stream in streams {
            let mut body = stream.await.expect("an answer").into_body();
            let mut text = String::new();
            while !text.contains("event: picture") {
                let bytes = body.data().await.expect("it goes on").expect("bytes");
                body.flow_control().release_capacity(bytes.len()).expect("it was held");
                text += &String::from_utf8_lossy(&bytes);
            }
            bodies.push(body);
        }
        // Between two looks nothing else is on its way.
        let (streams, connections) = tokio::task::block_in_place(|| {
            let connections = "salespulse_http_connections{listener=\"web\"}";
            (metric(&folder, &service, "salespulse_http_streams"), metric(&folder, &service, connections))
        });
        assert!((streams, connections) == (100.0, 1.0), "{streams} streams over {connections} connections");
    };
    runtime.block_on(async { tokio::time::timeout(SOON * 2, opened).await.expect("in time") });
    wait_until("the streams have ended", SOON, || {
        (metric(&folder, &service, "salespulse_http_streams") == 0.0).then_some(())
    });
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A frame: its length, kind, flags and stream, and what it holds.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The head of a GET: its method and scheme by number, path and host by name.
fn head(path: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).expect("short")], text.as_bytes()].concat();
    [&[0x82, 0x87, 0x04][..], &text(path), &[0x01], &text("localhost")].concat()
}

/// Breaks the rules until somebody is cut; what was sent counts.
type Break = fn(&mut dyn FnMut(&[u8]) -> bool, &AtomicBool, &AtomicUsize);

/// Asks and takes it back, again and again.
fn resets(send: &mut dyn FnMut(&[u8]) -> bool, is_over: &AtomicBool, sent: &AtomicUsize) {
    let head = head("/api/v1/leaderboard?limit=200");
    for stream in (1..).step_by(2) {
        let both = [frame(1, 5, stream, &head), frame(3, 0, stream, &8_u32.to_be_bytes())].concat();
        if is_over.load(Ordering::Relaxed) || !send(&both) {
            return;
        }
        sent.fetch_add(1, Ordering::Relaxed);
    }
}

/// A head that never ends.
fn endless(send: &mut dyn FnMut(&[u8]) -> bool, is_over: &AtomicBool, sent: &AtomicUsize) {
    let mut goes_on = send(&frame(1, 1, 1, &head("/")));
    let more = [&[0x00, 1, b'x', 0x7f, 0x81, 0x7e][..], &[b'x'; 16_256]].concat();
    while goes_on && !is_over.load(Ordering::Relaxed) {
        goes_on = send(&frame(9, 0, 1, &more));
        sent.fetch_add(1, Ordering::Relaxed);
    }
}

/// A hundred answers of which nothing may be sent.
fn unread(send: &mut dyn FnMut(&[u8]) -> bool, is_over: &AtomicBool, sent: &AtomicUsize) {
    // SETTINGS_INITIAL_WINDOW_SIZE is 0.
    let mut goes_on = send(&frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]));
    for stream in (1..200).step_by(2) {
        goes_on &= send(&frame(1, 5, stream, &head("/api/v1/leaderboard?limit=200")));
        sent.fetch_add(1, Ordering::Relaxed);
    }
    // It shows that it is there until it is cut.
    while goes_on && !is_over.load(Ordering::Relaxed) {
        goes_on = send(&frame(6, 0, 0, &[0; 8]));
    }
}

#[test]
fn floods_of_frames_leave_every_scrape_answered() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let (folder, service, page) = serve(&topics, "");
    let scrape = format!("https://{}/metrics", service.address());
    let memory = || metric(&folder, &service, "salespulse_resident_memory_bytes");
    let before = memory();
    let tls = tls(&folder);
    let kinds: [(&str, Break); 3] = [("resets", resets), ("endless heads", endless), ("unread answers", unread)];
    let counts = kinds.map(|_| AtomicUsize::new(0));
    let is_over = AtomicBool::new(false);
    let (slowest, most) = thread::scope(|scope| {
        for (number, ((_, flood), sent)) in kinds.iter().zip(&counts).cycle().take(6).enumerate() {
            let address = if number < 3 { &page } else { service.address() };
            let (tls, is_over) = (&tls, &is_over);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let name = ServerName::try_from("127.0.0.1").expect("a name");
                    let connection = ClientConnection::new(Arc::clone(tls), name).expect("a client");
                    let Ok(socket) = TcpStream::connect(address) else { continue };
                    socket.set_read_timeout(Some(SOON)).expect("a timeout");
                    let mut stream = StreamOwned::new(connection, socket);
                    let mut send = |bytes: &[u8]| stream.write_all(bytes).and_then(|()| stream.flush()).is_ok();
                    if send(&[PREFACE, &frame(4, 0, 0, &[])].concat()) {
                        flood(&mut send, is_over, sent);
                    }
                    // What the server said last, or that it has closed.
                    let _ = stream.read(&mut [0; 1_024]);
                }
            });
        }
        wait_until("all floods run", SOON, || {
            counts.iter().all(|sent| sent.load(Ordering::Relaxed) > 200).then_some(())
        });
        let once = |_| {
            let started = Instant::now();
            assert_eq!(folder.curl(&scrape, &[]), Ok(200));
            (started.elapsed(), memory())
        };
        let looks: Vec<_> = (0..20).map(once).collect();
        is_over.store(true, Ordering::Relaxed);
        (looks.iter().map(|look| look.0).max(), looks.iter().map(|look| look.1).fold(0.0, f64::max))
    });
    let sent: Vec<String> =
        kinds.iter().zip(&counts).map(|((name, _), sent)| format!("{} {name}", sent.load(Ordering::Relaxed))).collect();
    let more = (most - before) / 1_048_576.0;
    announce(&format!("beside {}: a scrape within {slowest:?}, {more:.1} MiB more", sent.join(", ")));
    // What a thousandth of the requests would hold for ever is more.
    assert!(more < 200.0, "{more} MiB more");
}
