//! Who is let in, by clients that are not ours: curl, openssl and Prometheus.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tempfile::TempDir;

use crate::harness::ports::free_port;
use crate::harness::prometheus::Prometheus;
use crate::harness::service::{RULES, SOON};
use crate::harness::{Service, ServiceBuilder, Topics, announce, shared_broker, tools, wait_until};

/// Of everybody in these tests.
const PASSWORD: &str = "correct horse";

fn openssl(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new("openssl");
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).output().expect("openssl starts")
}

/// A folder of certificates and the web configuration.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Folder {
        Folder(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("the folder can be written");
    }

    /// An authority: `NAME.crt` and `NAME.key`.
    pub(crate) fn authority(&self, name: &str) {
        self.certify(name, &["-addext", "basicConstraints=critical,CA:TRUE"]);
    }

    /// A certificate for a name, by an authority.
    pub(crate) fn certificate(&self, name: &str, authority: &str, subject: &str) {
        let [by, key] = ["crt", "key"].map(|ending| format!("{authority}.{ending}"));
        let alternative = format!("subjectAltName={subject}");
        let leaf = "basicConstraints=critical,CA:FALSE";
        self.certify(name, &["-CA", &by, "-CAkey", &key, "-addext", leaf, "-addext", &alternative]);
    }

    fn certify(&self, name: &str, more: &[&str]) {
        let [certificate, key] = ["crt", "key"].map(|ending| format!("{name}.{ending}"));
        let own = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
        let named = ["-subj", &format!("/CN={name}"), "-keyout", &key, "-out", &certificate];
        let output = openssl(self.0.path(), &[&own[..], &named[..], more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// The status of an answer; `Err` with what curl says if there is none.
    pub(crate) fn curl(&self, url: &str, arguments: &[&str]) -> Result<u16, String> {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--max-time", "30", "--output", "/dev/null"]);
        command.args(["--write-out", "%{http_code}", "--cacert", "authorities.crt"]).args(arguments).arg(url);
        let output = command.current_dir(self.0.path()).output().expect("curl starts");
        let (said, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if output.status.success() { Ok(said.parse().expect("a status")) } else { Err(complaint.into_owned()) }
    }

    /// A service with the web configuration of this folder, and where its page is.
    pub(crate) fn serve(&self, topics: &Topics, access: &str) -> (Service, String) {
        let broker = shared_broker().expect("it was there for the topics");
        let page = format!("127.0.0.1:{}", free_port());
        let file = self.path("web.yml");
        let rules = format!("{RULES}\n[web]\nlisten = {page:?}\nconfig_file = {:?}\n{access}", file.display());
        (ServiceBuilder::new(broker, topics).rules(&rules).spawn(), page)
    }
}

/// Users of the web configuration, all with the same password.
pub(crate) fn users(names: &[&str]) -> String {
    let hash = bcrypt::hash(PASSWORD, 4).expect("a hash");
    names.iter().fold("basic_auth_users:\n".to_owned(), |text, name| format!("{text}  {name}: {hash}\n"))
}

pub(crate) const ENCRYPTED: &str = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";

#[test]
fn both_listeners_speak_tls_and_ask_who_is_there() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let folder = Folder::new();
    folder.authority("authority");
    folder.certificate("server", "authority", "IP:127.0.0.1");
    folder.write("authorities.crt", &std::fs::read_to_string(folder.path("authority.crt")).expect("it is there"));
    folder.write("web.yml", &format!("{ENCRYPTED}{}", users(&["li", "scraper"])));
    let access = "[access]\n[[access.user]]\nname = \"scraper\"\nrole = \"scraper\"\n";
    let (mut service, page) = folder.serve(&topics, access);
    let admin = service.address().to_owned();
    let right = format!("li:{PASSWORD}");
    let is_ready = || {
        service.assert_running();
        (folder.curl(&format!("https://{page}/readyz"), &["--user", &right]) == Ok(200)).then_some(())
    };
    wait_until("the page is ready", SOON, is_ready);
    for (url, arguments, status) in [
        (format!("https://{page}/livez"), &[][..], 200),
        (format!("https://{admin}/livez"), &[], 200),
        (format!("https://{page}/"), &[], 401),
        (format!("https://{admin}/metrics"), &[], 401),
        (format!("https://{page}/api/v1/meta"), &["--user", "li:wrong"], 401),
        (format!("https://{page}/api/v1/meta"), &["--user", "somebody:wrong"], 401),
        (format!("https://{page}/api/v1/meta"), &["--user", &right], 200),
        (format!("https://{admin}/metrics"), &["--user", &right], 403),
        (format!("https://{page}/api/v1/meta"), &["--user", &format!("scraper:{PASSWORD}")], 403),
        (format!("https://{admin}/metrics"), &["--user", &format!("scraper:{PASSWORD}")], 200),
    ] {
        assert_eq!(folder.curl(&url, arguments), Ok(status), "{url} {arguments:?}");
    }
    assert!(folder.curl(&format!("http://{page}/livez"), &[]).is_err(), "plain HTTP is not answered");
    for (version, is_spoken) in [("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)] {
        // OpenSSL itself refuses what is old unless it is told not to.
        let shaken = openssl(
            folder.0.path(),
            &["s_client", "-connect", &page, version, "-cipher", "DEFAULT@SECLEVEL=0", "-CAfile", "authority.crt"],
        );
        assert_eq!(shaken.status.success(), is_spoken, "{version}: {}", String::from_utf8_lossy(&shaken.stderr));
    }

    if let Some(program) = tools::prometheus("prometheus") {
        let own = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
        let text = format!(
            "global: {{scrape_interval: 500ms, scrape_timeout: 500ms}}\nscrape_configs:\n- job_name: salespulse\n  \
             scheme: https\n  tls_config: {{ca_file: {:?}}}\n  basic_auth: {{username: scraper, password: {PASSWORD}}}\n  \
             static_configs: [{{targets: [{admin:?}]}}]\n",
            folder.path("authority.crt").display()
        );
        std::fs::write(own.path().join("prometheus.yml"), text).expect("the folder can be written");
        Prometheus::start_in(program, own).wait_for("up{job=\"salespulse\"}", |up| up > 0.0);
    }
    let told =
        |command: &mut Command| String::from_utf8_lossy(&command.output().expect("it starts").stdout).into_owned();
    let metrics = told(
        Command::new("curl")
            .args(["--silent", "--user", &format!("scraper:{PASSWORD}"), "--cacert"])
            .args([folder.path("authority.crt").to_str().expect("a text"), &format!("https://{admin}/metrics")]),
    );
    let config = service.folder().join("salespulse.toml");
    let mut check = Command::new(env!("CARGO_BIN_EXE_salespulse"));
    let effective = told(check.args(["check", "config", "--json", "--config"]).arg(&config));
    assert!(metrics.contains("salespulse_build_info") && effective.contains("web.config_file"), "{effective}");
    for text in [service.log(), metrics, effective] {
        assert!(!text.contains(PASSWORD) && !text.contains("$2b$"), "{text}");
    }
}

#[test]
fn a_renewed_certificate_is_taken_without_a_failed_request_and_a_bad_one_is_not() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let folder = Folder::new();
    for authority in ["old", "new"] {
        folder.authority(authority);
    }
    let certificate = |name: &str| std::fs::read_to_string(folder.path(name)).expect("it is there");
    folder.certificate("server", "old", "IP:127.0.0.1");
    folder.write("authorities.crt", &format!("{}{}", certificate("old.crt"), certificate("new.crt")));
    folder.write("web.yml", ENCRYPTED);
    let (service, page) = folder.serve(&topics, "");
    let ready = format!("https://{page}/readyz");
    wait_until("the page is ready", SOON, || (folder.curl(&ready, &[]) == Ok(200)).then_some(()));

    let (is_over, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                assert_eq!(folder.curl(&format!("https://{page}/livez"), &[]), Ok(200));
                asked.fetch_add(1, Ordering::Relaxed);
            }
        });
        // Two files cannot be replaced at once: meanwhile they do not fit, and those of before stay in force.
        folder.certificate("server", "new", "IP:127.0.0.1");
        let is_new = || (folder.curl(&ready, &["--cacert", "new.crt"]) == Ok(200)).then_some(());
        wait_until("the new certificate is shown", SOON, is_new);
        let before = asked.load(Ordering::Relaxed);
        wait_until("others were answered after it", SOON, || {
            (asked.load(Ordering::Relaxed) > before + 3).then_some(())
        });
        is_over.store(true, Ordering::Relaxed);
    });
    announce(&format!("{} requests while a certificate was renewed, none failed", asked.load(Ordering::Relaxed)));

    folder.write("web.yml", "basic_auth_users:\n  li: no hash\n");
    let conditions = || {
        let mut command = Command::new("curl");
        command.args(["--silent", "--cacert", "new.crt", &ready]).current_dir(folder.0.path());
        String::from_utf8_lossy(&command.output().expect("curl starts").stdout).into_owned()
    };
    wait_until("the condition holds", SOON, || conditions().contains("\"web_config\"").then_some(()));
    assert_eq!(folder.curl(&ready, &[]), Ok(200), "the one before stays in force");
    folder.write("web.yml", ENCRYPTED);
    wait_until("the condition ends", SOON, || (!conditions().contains("\"web_config\"")).then_some(()));
    assert!(service.log().contains("basic_auth_users.li"), "{}", service.log());
}

#[test]
fn a_client_certificate_logs_in_and_a_foreign_one_does_not() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let folder = Folder::new();
    for authority in ["authority", "foreign"] {
        folder.authority(authority);
    }
    folder.write("authorities.crt", &std::fs::read_to_string(folder.path("authority.crt")).expect("it is there"));
    folder.certificate("server", "authority", "IP:127.0.0.1");
    folder.certificate("scraper", "authority", "DNS:scraper.example");
    folder.certificate("guest", "authority", "DNS:guest.example");
    folder.certificate("stranger", "foreign", "DNS:scraper.example");
    folder.certificate("other", "authority", "DNS:other.example,email:other@example.com");
    folder.certificate("person", "authority", "DNS:laptop.example,email:li@example.com");
    folder.certificate("workload", "authority", "URI:spiffe://example/prometheus");
    folder.write(
        "web.yml",
        &format!(
            "{ENCRYPTED}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: authority.crt\n  \
             client_allowed_sans: [scraper.example, guest.example, li@example.com, \"spiffe://example/prometheus\"]\n"
        ),
    );
    let user = |name: &str, role: &str| format!("[[access.user]]\nname = {name:?}\nrole = {role:?}\n");
    let users =
        [("scraper.example", "scraper"), ("li@example.com", "admin"), ("spiffe://example/prometheus", "scraper")];
    let users = users.map(|(name, role)| user(name, role)).concat();
    let (service, page) = folder.serve(&topics, &format!("[access]\n{users}"));
    let admin = service.address().to_owned();
    let as_client = |name: &str, url: &str| {
        let [certificate, key] = ["crt", "key"].map(|ending| format!("{name}.{ending}"));
        folder.curl(url, &["--cert", &certificate, "--key", &key])
    };
    let metrics = format!("https://{admin}/metrics");
    wait_until("the scraper is answered", SOON, || (as_client("scraper", &metrics) == Ok(200)).then_some(()));
    assert_eq!(as_client("guest", &metrics), Ok(403), "a viewer");
    assert_eq!(as_client("guest", &format!("https://{page}/api/v1/meta")), Ok(200));
    assert_eq!(as_client("person", &metrics), Ok(200), "an admin by e-mail, whatever the first name is");
    assert_eq!(as_client("workload", &metrics), Ok(200), "a scraper by URI");
    assert_eq!(as_client("workload", &format!("https://{page}/api/v1/meta")), Ok(403));
    for refused in ["stranger", "other"] {
        assert!(as_client(refused, &metrics).is_err(), "{refused}");
    }
    assert!(folder.curl(&metrics, &[]).is_err(), "without a certificate");
}

/// The status of an answer to a request on a connection of its own.
fn status(address: &str, path: &str, user: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(SOON)).ok()?;
    let login = BASE64_STANDARD.encode(user);
    let head =
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {login}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).ok()?;
    let mut answer = Vec::new();
    // A connection that was closed for another one has no answer.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).split(' ').nth(1)?.parse().ok()
}

/// So many ask at once, again and again.
const FLOODING: usize = 64;

#[test]
fn a_flood_of_wrong_logins_keeps_no_scrape_from_its_answer() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let folder = Folder::new();
    folder.write("web.yml", &users(&["scraper", "li"]));
    let (service, _) = folder.serve(&topics, "[access]\n[[access.user]]\nname = \"scraper\"\nrole = \"scraper\"\n");
    let admin = service.address().to_owned();
    let scraper = format!("scraper:{PASSWORD}");
    wait_until("the scraper is answered", SOON, || (status(&admin, "/metrics", &scraper) == Some(200)).then_some(()));
    let (is_over, refused, flooded) = (AtomicBool::new(false), AtomicU32::new(0), AtomicU32::new(0));
    let (rate, scrapes) = thread::scope(|scope| {
        // Who has failed often is let wait, so that it takes many at once to ask often.
        for number in 0..FLOODING {
            let (admin, is_over, refused, flooded) = (&admin, &is_over, &refused, &flooded);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let user = if number % 2 == 0 { "li:wrong" } else { "nobody:wrong" };
                    match status(admin, "/metrics", user) {
                        Some(401) => refused.fetch_add(1, Ordering::Relaxed),
                        Some(429) => flooded.fetch_add(1, Ordering::Relaxed),
                        other => panic!("{user} is answered {other:?}"),
                    };
                }
            });
        }
        wait_until("the flood has begun", SOON, || (refused.load(Ordering::Relaxed) > 10).then_some(()));
        let asked = || refused.load(Ordering::Relaxed) + flooded.load(Ordering::Relaxed);
        let (before, began) = (asked(), Instant::now());
        let once = |_| {
            let started = Instant::now();
            assert_eq!(status(&admin, "/metrics", &scraper), Some(200));
            started.elapsed()
        };
        let mut scrapes: Vec<_> = (0..100).map(once).collect();
        let rate = f64::from(asked() - before) / began.elapsed().as_secs_f64();
        is_over.store(true, Ordering::Relaxed);
        scrapes.sort_unstable();
        (rate, scrapes)
    });
    let (refused, flooded) = (refused.into_inner(), flooded.into_inner());
    announce(&format!(
        "beside {rate:.0} wrong logins a second, {refused} refused and {flooded} sent away: 99 of 100 scrapes within {:.0?}",
        scrapes[98]
    ));
    assert!(refused > 10 && flooded > refused, "who asks too often is sent away before a password costs anything");
}
