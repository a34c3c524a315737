//! Imports point one way, and the core is pure.

use std::collections::BTreeSet;

use crate::rust::{code, code_before_tests, paths};
use crate::tree;

/// The modules of the library. Each imports only from those before it.
const LAYERS: [(&str, &[&str]); 5] = [
    ("words", &["time", "money", "id", "value", "event", "calendar", "window", "rules"]),
    (
        "core",
        &[
            "decode",
            "directory",
            "entry",
            "facts",
            "sketch",
            "timeline",
            "cells",
            "shard",
            "board",
            "kpi",
            "exposition",
            "engine",
            "simulate",
        ],
    ),
    (
        "edges",
        &["config", "lifecycle", "telemetry", "present", "shard_threads", "snapshot", "source", "deadletter", "http"],
    ),
    ("pipeline", &["pipeline"]),
    ("app", &["app"]),
];

/// What words and core must not name: crates of the edges, the world outside, and clocks.
const IMPURE: [&str; 16] = [
    "tokio",
    "rdkafka",
    "axum",
    "tower_http",
    "prometheus",
    "tracing",
    "tracing_subscriber",
    "clap",
    "indicatif",
    "std::net",
    "std::fs",
    "std::io",
    "std::env",
    "std::process",
    "std::thread",
    "std::time",
];

/// Where the clock is read.
const CLOCK: &str = "src/time/clock.rs";

fn order() -> Vec<&'static str> {
    LAYERS.iter().flat_map(|(_, modules)| modules.iter().copied()).collect()
}

/// The top-level module of a file below `src`; `None` for the crate's roots.
fn module(path: &str) -> Option<&str> {
    let module = path.strip_prefix("src/")?.split(['/', '.']).next()?;
    (!["lib", "main"].contains(&module)).then_some(module)
}

#[test]
fn every_module_has_its_place() {
    let order = order();
    let modules: BTreeSet<String> =
        tree::rust_below("src/").filter_map(|file| module(&file.path).map(str::to_owned)).collect();
    for module in &modules {
        assert!(order.contains(&module.as_str()), "{module} has no place in the layers");
    }
    for module in order {
        assert!(modules.contains(module), "{module} is in the layers and not in src");
    }
}

/// The crate's own documentation is the map of the house, so it names every module in the order of the layers.
#[test]
fn the_map_of_the_house_is_the_order_of_the_layers() {
    let root = std::fs::read_to_string(tree::root().join("src/lib.rs")).unwrap();
    let links = root.lines().filter(|line| line.starts_with("//!")).flat_map(|line| line.split("[`").skip(1));
    let named: Vec<&str> = links.filter_map(|rest| rest.split('`').next()).collect();
    assert_eq!(named, order());
}

#[test]
fn imports_point_one_way() {
    let order = order();
    let place = |module: &str| order.iter().position(|known| *known == module);
    for file in tree::rust_below("src/") {
        let Some(own) = module(&file.path) else { continue };
        for path in paths(&code(&file.text)) {
            let Some(other) = path.strip_prefix("crate::").and_then(|rest| rest.split("::").next()) else { continue };
            let Some(other_place) = place(other).filter(|_| other != own) else { continue };
            assert!(Some(other_place) < place(own), "{}: {own} imports {other}, which comes after it", file.path);
        }
    }
}

#[test]
fn words_and_core_are_pure() {
    let pure: Vec<&str> = LAYERS.iter().take(2).flat_map(|(_, modules)| modules.iter().copied()).collect();
    for file in tree::rust_below("src/") {
        if file.path == CLOCK || !module(&file.path).is_some_and(|module| pure.contains(&module)) {
            continue;
        }
        for path in paths(&code_before_tests(&file.text)) {
            for impure in IMPURE {
                let names_it = path.strip_prefix(impure).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
                assert!(!names_it, "{} names {path}, but is of the pure core", file.path);
            }
        }
    }
}
