//! Who may see what, in a browser that logs in.

use std::path::Path;
use std::process::Command;

use crate::harness::ports::free_port;
use crate::harness::service::RULES;
use crate::harness::{Producer, ServiceBuilder, Topics, announce, shared_broker, tools};
use crate::page::browser::{packages, root};
use crate::page::service::{ANN, BO, Event};

const PASSWORD: &str = "correct horse";
const KEY: &str = "key";
/// Its SHA-256.
const KEY_SHA256: &str = "2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683";

/// A rep, a manager of another team and a screen in the hall.
fn rules(web: &str, file: &Path) -> String {
    format!(
        r#"{RULES}
[web]
listen = {web:?}
config_file = {:?}
[[board]]
id = "day"
scope = "rep"
by = "revenue"
window = "24h"
[access]
[[access.user]]
name = "ann"
role = "rep"
rep = "ann"
[[access.user]]
name = "li"
role = "manager"
teams = ["west"]
[[access.display]]
id = "hall"
key_sha256 = "{KEY_SHA256}"
boards = ["day"]
"#,
        file.display()
    )
}

#[test]
fn each_role_sees_its_own_in_a_browser() {
    let (Some(packages), Some(broker)) = (packages(), shared_broker()) else { return };
    let Some(chromium) = tools::on_path("chromium", "scripts/setup-test-tools.sh page") else { return };
    let topics = Topics::create(broker, 1);
    let producer = Producer::new(&broker.client(), &[]);
    for event in [
        Event::lead("a", ANN),
        Event::lead("b", BO),
        Event::stage("a", 1, "won", "100", ANN),
        Event::stage("b", 1, "won", "90", BO),
    ] {
        producer.send_all(&[event.record(&topics)]);
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let file = folder.path().join("web.yml");
    let hash = bcrypt::hash(PASSWORD, 4).expect("a hash");
    let users = format!("basic_auth_users:\n  ann: {hash}\n  li: {hash}\n");
    std::fs::write(&file, users).expect("the folder can be written");
    let web = format!("127.0.0.1:{}", free_port());
    let rules = rules(&web, &file);
    let mut service = ServiceBuilder::new(broker, &topics).rules(&rules).spawn();
    let log = || service.log();
    crate::harness::wait_until("the page answers", crate::harness::service::SOON, || {
        Command::new("curl")
            .args([
                "--silent",
                "--fail",
                "--user",
                &format!("ann:{PASSWORD}"),
                &format!("http://{web}/api/v1/leaderboard"),
            ])
            .output()
            .is_ok_and(|output| output.status.success())
            .then_some(())
    });
    let output = Command::new("node")
        .args(["run.mjs", "login", &format!("http://{web}"), PASSWORD, KEY])
        .current_dir(root().join("tests/page/browser"))
        .env("PAGE_PACKAGES", packages)
        .env("CHROMIUM", chromium)
        .output()
        .expect("node starts");
    assert!(output.status.success(), "{}\n{}", String::from_utf8_lossy(&output.stderr), log());
    let log = log();
    // The manager has looked at the numbers of a rep, and the rep was refused those of another.
    let line = |user: &str, role: &str, subject: &str, status: u16| {
        format!(r#""user":"{user}","role":"{role}","path":"/stream","subject":"{subject}","status":{status}"#)
    };
    for line in [line("li", "manager", "bo", 200), line("ann", "rep", "bo", 403), line("li", "manager", "ann", 403)] {
        assert!(log.contains(&line), "{line} is not in {log}");
    }
    assert!(!log.contains(PASSWORD) && !log.contains("$2b$"), "{log}");
    service.assert_running();
    announce("page: a rep, a manager and a screen logged in by a browser");
}
