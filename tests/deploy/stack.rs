//! The stack of compose.

use crate::deploy::judges::{ask, python, root, text, write};
use crate::harness::certificate::Certificate;

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

/// What adds TLS and logins.
const ACCESS: &str = "deploy/compose/access.yaml";

#[test]
fn the_switch_follows_the_schema() {
    let Some(judge) = python("check-jsonschema") else { return };
    // The schema knows values and no merging.
    let path = write("access.yaml", &text(ACCESS).replace(" !override", ""));
    let (is_content, said) = ask(&judge, &["--builtin-schema", "vendor.compose-spec", &path]);
    assert!(is_content, "{said}");
}

/// The Prometheus that logs in differs from the other by that alone.
#[test]
fn prometheus_logs_in_and_does_everything_else_as_ever() {
    let configuration = |path: &str| {
        let text = text(path);
        let lines: Vec<String> =
            text.lines().map(|line| line.trim_end().to_owned()).skip_while(|line| line.starts_with('#')).collect();
        lines
    };
    let with = configuration("deploy/compose/access/prometheus.yml");
    let login = ["scheme:", "tls_config:", "  ca_file:", "basic_auth:", "  username:", "  password_file:"];
    let is_login = |line: &&String| login.iter().any(|key| line.starts_with(&format!("    {key}")));
    assert_eq!(with.iter().filter(is_login).count(), 2 * login.len());
    let rest: Vec<String> = with.iter().filter(|line| !is_login(line)).cloned().collect();
    assert_eq!(rest, configuration("deploy/prometheus/prometheus.yml"));
}

/// The configuration that compose puts together, with the variables of its files, is one that `check` takes.
#[test]
fn what_it_sets_is_a_configuration() {
    let variables = |path: &str| {
        let text = text(path);
        let set = text.lines().filter_map(|line| line.trim().strip_prefix("SALESPULSE__")?.split_once(": "));
        let set: Vec<(String, String)> =
            set.map(|(name, value)| (format!("SALESPULSE__{name}"), value.trim_matches('\'').to_owned())).collect();
        set
    };
    let (open, access) = (variables(COMPOSE), [variables(COMPOSE), variables(ACCESS)].concat());
    for (name, set, web) in [("open", open, "open"), ("access", access, "access")] {
        let folder = std::path::Path::new(&write(&format!("web-of-{name}.yml"), "")).with_extension("");
        std::fs::create_dir_all(&folder).expect("a folder");
        let copy = |from: &str, to: &str| std::fs::copy(root(from), folder.join(to)).expect("it can be copied");
        copy(&format!("deploy/compose/{web}/web.yml"), "web.yml");
        if name == "access" {
            let certificate = Certificate::make(&folder);
            std::fs::rename(certificate.authority, folder.join("server.crt")).expect("it can be renamed");
            std::fs::rename(certificate.keystore, folder.join("server.key")).expect("it can be renamed");
        }
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_salespulse"));
        command.args(["check", "config", "--config"]).arg(root("deploy/compose/salespulse.toml")).envs(set);
        command.env("SALESPULSE__WEB__CONFIG_FILE", folder.join("web.yml"));
        let output = command.output().expect("salespulse starts");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stdout));
    }
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
