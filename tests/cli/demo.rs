//! `salespulse demo`: what cannot be is refused before anything begins.

use std::net::TcpListener;

use crate::cli::program::Folder;

#[test]
fn what_cannot_be_is_one_sentence() {
    let folder = Folder::new();
    let wrong = |arguments: &[&str]| folder.run(&[&["demo"], arguments].concat()).failed_with(64);
    let sentences = [
        wrong(&["--speed", "0"]),
        wrong(&["--reps", "100000"]),
        wrong(&["--break-stage", "east"]),
        wrong(&["--break-stage", "moon:won"]),
        wrong(&["--duration", "0s"]),
        wrong(&["--listen", "everywhere"]),
    ];
    insta::assert_snapshot!(sentences.join("\n"), @r#"
    error: invalid value '0' for '--speed <TIMES>': 0 is not in 1..=10000
    error: invalid value '100000' for '--reps <NUMBER>': 100000 is not in 1..=10000
    error: invalid value 'east' for '--break-stage <TEAM:STAGE>': it must be a team and a stage with a colon between, such as east:proposal
    error: there is no team "moon"; there are east, south, north, west, overseas
    error: invalid value '0s' for '--duration <DURATION>': it must be a whole number and one of ms s m h d w, such as 90d
    error: http.listen = "everywhere" (flag --listen) must be an IP address and a port, such as "127.0.0.1:9464"
    "#);
    let ended = folder.run(&["demo", "--record", "no/such/folder"]);
    assert!(ended.failed_with(74).contains("cannot write events to no/such/folder"));
}

#[test]
fn an_address_that_is_taken_is_told() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let line = Folder::new().run(&["demo", "--listen", &address]).failed_with(71);
    assert!(line.contains(&format!("cannot listen at {address} (http.listen)")), "{line}");
}
