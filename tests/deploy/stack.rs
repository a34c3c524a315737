//! The stack of compose.

use crate::deploy::judges::{ask, python, root, text, write};

const COMPOSE: &str = "deploy/compose.yaml";

#[test]
fn it_follows_the_schema() {
    let Some(judge) = python("check-jsonschema") else { return };
    let (is_content, said) = ask(&judge, &["--builtin-schema", "vendor.compose-spec", COMPOSE]);
    assert!(is_content, "{said}");
}

#[test]
fn the_schema_would_find_a_fault() {
    let Some(judge) = python("check-jsonschema") else { return };
    let path = write("compose.yaml", &text(COMPOSE).replace("read_only: true", "readonly: true"));
    let (is_content, said) = ask(&judge, &["--builtin-schema", "vendor.compose-spec", &path]);
    assert!(!is_content && said.contains("readonly"), "{said}");
}

/// The files that it mounts.
#[test]
fn what_it_mounts_is_there() {
    let text = text(COMPOSE);
    let mounts = text.lines().filter_map(|line| line.trim().strip_prefix("- ./")?.split_once(':'));
    let mounts: Vec<&str> = mounts.map(|(path, _)| path).collect();
    assert!(mounts.len() >= 6, "{mounts:?}");
    for path in mounts.into_iter().filter(|path| !path.starts_with("grafana/") || root("deploy/grafana").exists()) {
        assert!(root("deploy").join(path).exists(), "deploy/{path} is mounted and not there");
    }
}

/// Sales figures without a password are for this machine only.
#[test]
fn nothing_is_published_beyond_loopback() {
    let text = text(COMPOSE);
    let lines: Vec<&str> = text.lines().collect();
    let published = lines.iter().enumerate().filter(|(_, line)| line.trim() == "ports:");
    let published: Vec<&str> = published.map(|(place, _)| lines[place + 1].trim()).collect();
    assert!(published.len() >= 5, "{published:?}");
    assert!(published.iter().all(|port| port.starts_with("- 127.0.0.1:")), "{published:?}");
}

/// The addresses in the files of the neighbours are the names of services.
#[test]
fn the_neighbours_find_each_other() {
    let compose = text(COMPOSE);
    for (file, address) in [
        ("deploy/prometheus/prometheus.yml", "salespulse:9464"),
        ("deploy/prometheus/prometheus.yml", "alertmanager:9093"),
        ("deploy/kafka/server.properties", "kafka:9092"),
    ] {
        let service = address.split(':').next().unwrap_or_default();
        assert!(text(file).contains(address), "{file} does not name {address}");
        assert!(compose.contains(&format!("\n  {service}:\n")), "no service {service}");
    }
}
