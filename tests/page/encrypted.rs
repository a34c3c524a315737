//! The page with TLS, in a browser that speaks HTTP/2.

use std::process::Command;

use crate::harness::service::SOON;
use crate::harness::{Producer, Topics, announce, shared_broker, tools, wait_until};
use crate::integration::access::{ENCRYPTED, Folder};
use crate::page::browser::{packages, root};
use crate::page::service::{ANN, BO, Event};

#[test]
fn eight_tabs_are_live_over_one_connection() {
    let (Some(packages), Some(broker)) = (packages(), shared_broker()) else { return };
    let Some(chromium) = tools::on_path("chromium", "scripts/setup-test-tools.sh page") else { return };
    let topics = Topics::create(broker, 1);
    let producer = Producer::new(&broker.client(), &[]);
    for event in [Event::lead("a", ANN), Event::lead("b", BO), Event::stage("a", 1, "won", "100", ANN)] {
        producer.send_all(&[event.record(&topics)]);
    }
    let folder = Folder::new();
    folder.authority("authority");
    folder.certificate("server", "authority", "IP:127.0.0.1");
    folder.write("authorities.crt", &std::fs::read_to_string(folder.path("authority.crt")).expect("it is there"));
    folder.write("web.yml", ENCRYPTED);
    let (mut service, page) = folder.serve(&topics, "");
    let address = format!("https://{page}");
    wait_until("the page answers", SOON, || {
        (folder.curl(&format!("{address}/api/v1/leaderboard"), &[]) == Ok(200)).then_some(())
    });
    let output = Command::new("node")
        .args(["run.mjs", "encrypted", &address])
        .current_dir(root().join("tests/page/browser"))
        .env("PAGE_PACKAGES", packages)
        .env("CHROMIUM", chromium)
        .output()
        .expect("node starts");
    assert!(output.status.success(), "{}\n{}", String::from_utf8_lossy(&output.stderr), service.log());
    service.assert_running();
    announce("page: eight tabs of a browser live over HTTP/2");
}
