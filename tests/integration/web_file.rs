//! The web configuration replaced while people ask: each is judged by one file, the old one or the new one.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::harness::service::SOON;
use crate::harness::{Topics, announce, shared_broker, wait_until};
use crate::integration::access::Folder;

/// A file: the password of its only user, and a header of every answer, by which one sees who has judged.
struct File {
    password: &'static str,
    header: &'static str,
}

const FILES: [File; 2] =
    [File { password: "first", header: "SAMEORIGIN" }, File { password: "second", header: "DENY, by the second" }];

impl File {
    fn text(&self) -> String {
        let hash = bcrypt::hash(self.password, 4).expect("a hash");
        let header = self.header;
        format!("basic_auth_users:\n  li: {hash}\nhttp_server_config:\n  headers:\n    X-Frame-Options: {header}\n")
    }
}

/// The head and the body of an answer to somebody with this password.
fn ask(address: &str, path: &str, password: Option<&str>) -> (String, String) {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    stream.set_read_timeout(Some(SOON)).expect("a timeout");
    let login = password.map(|password| BASE64_STANDARD.encode(format!("li:{password}")));
    let login = login.map(|login| format!("Authorization: Basic {login}\r\n")).unwrap_or_default();
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{login}Connection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("it is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("it is answered");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer}"));
    (head.to_owned(), body.to_owned())
}

/// Which file has judged, by status and header.
fn judge(address: &str, path: &str, password: Option<&str>) -> Option<usize> {
    let (head, _) = ask(address, path, password);
    let status: u16 = head.split(' ').nth(1).and_then(|status| status.parse().ok())?;
    let header = head.lines().find_map(|line| line.strip_prefix("x-frame-options: "))?;
    let judge = FILES.iter().position(|file| file.header == header)?;
    let is_right = password == Some(FILES[judge].password);
    assert_eq!(status, if is_right { 200 } else { 401 }, "{password:?} is judged by a mix: {head}");
    Some(judge)
}

#[test]
fn a_file_that_is_replaced_under_load_judges_whole_or_not_at_all() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let folder = Folder::new();
    folder.write("web.yml", &FILES[0].text());
    let (service, page) = folder.serve(&topics, "");
    let first = Some(FILES[0].password);
    let is_ready = || TcpStream::connect(&page).is_ok() && ask(&page, "/readyz", first).0.contains(" 200 ");
    wait_until("the page is ready", SOON, || is_ready().then_some(()));

    let passwords = [first, Some(FILES[1].password), None];
    let (is_over, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let last = passwords.map(|_| Mutex::new(None));
    thread::scope(|scope| {
        for (password, last) in passwords.into_iter().zip(&last) {
            let (page, is_over, asked) = (&page, &is_over, &asked);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let judge = judge(page, "/api/v1/meta", password).expect("one of the two");
                    *last.lock().expect("nobody panicked") = Some(judge);
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for round in 1..=4 {
            let file = &FILES[round % 2];
            if round < 3 {
                folder.write("next.yml", &file.text());
                std::fs::rename(folder.path("next.yml"), folder.path("web.yml")).expect("it is replaced");
            } else {
                // As an editor may: it is empty first, and for a moment it lets everybody in.
                folder.write("web.yml", "");
                folder.write("web.yml", &file.text());
            }
            for last in &last {
                let is_new = || (*last.lock().expect("nobody panicked") == Some(round % 2)).then_some(());
                wait_until("the new file judges", SOON, is_new);
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    announce(&format!("{} requests while a file was replaced four times, each judged by one", asked.into_inner()));

    for (broken, says) in [
        ("basic_auth_users:\n  li: no hash\n", "basic_auth_users.li"),
        ("", "an empty file does not take the place"),
        ("basic_auth_users:\n  li: [", "web.yml"),
    ] {
        let readyz = || ask(&page, "/readyz", first).1;
        folder.write("web.yml", broken);
        wait_until("the condition holds", SOON, || readyz().contains("\"web_config\"").then_some(()));
        let metric = "salespulse_condition{condition=\"web_config\"} 1";
        let (_, metrics) = ask(service.address(), "/metrics/health", first);
        assert!(metrics.contains(metric), "{metrics}");
        for password in passwords {
            assert_eq!(judge(&page, "/api/v1/meta", password), Some(0), "the one before judges {password:?}");
        }
        assert!(service.log().contains(says), "{says:?} is not in {}", service.log());
        folder.write("web.yml", &FILES[0].text());
        wait_until("the condition ends", SOON, || (!readyz().contains("\"web_config\"")).then_some(()));
    }
}
