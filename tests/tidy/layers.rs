//! Imports point one way, and the core is pure.

use std::collections::BTreeSet;

use crate::rust::{code, code_before_tests, paths};
use crate::tree;

/// The rooms of the library. Each imports only from rooms before it.
const ROOMS: [&str; 14] = [
    "model", "contract", "engine", "kpi", "simulate", "config", "health", "threads", "snapshot", "kafka", "connect",
    "service", "serve", "app",
];

/// The rooms that compute and know nothing of the world outside.
const PURE: [&str; 5] = ["model", "contract", "engine", "kpi", "simulate"];

/// What pure rooms must not name: crates of the edges, the world outside, and clocks.
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
const CLOCK: &str = "src/model/time/clock.rs";

/// The room of a file below `src`; `None` for the crate's roots.
fn room(path: &str) -> Option<&str> {
    let room = path.strip_prefix("src/")?.split(['/', '.']).next()?;
    (!["lib", "main"].contains(&room)).then_some(room)
}

#[test]
fn every_room_has_its_place() {
    let rooms: BTreeSet<String> =
        tree::rust_below("src/").filter_map(|file| room(&file.path).map(str::to_owned)).collect();
    assert_eq!(rooms, ROOMS.map(str::to_owned).into());
}

/// The crate's own documentation and the architecture's map name every room, in the order of the imports.
#[test]
fn the_map_of_the_house_is_the_order_of_the_rooms() {
    let root = std::fs::read_to_string(tree::root().join("src/lib.rs")).unwrap();
    let links = root.lines().filter(|line| line.starts_with("//!")).flat_map(|line| line.split("[`").skip(1));
    let named: Vec<&str> = links.filter_map(|rest| rest.split('`').next()).collect();
    assert_eq!(named, ROOMS);
    let page = std::fs::read_to_string(tree::root().join("ARCHITECTURE.md")).unwrap();
    let rows: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("| [`")).filter_map(|row| row.split('`').next()).collect();
    assert_eq!(rows, ROOMS);
}

#[test]
fn imports_point_one_way() {
    let place = |room: &str| ROOMS.iter().position(|known| *known == room);
    for file in tree::rust_below("src/") {
        let Some(own) = room(&file.path) else { continue };
        for path in paths(&code(&file.text)) {
            let Some(other) = path.strip_prefix("crate::").and_then(|rest| rest.split("::").next()) else { continue };
            let Some(other_place) = place(other).filter(|_| other != own) else { continue };
            assert!(Some(other_place) < place(own), "{}: {own} imports {other}, which comes after it", file.path);
        }
    }
}

#[test]
fn pure_rooms_are_pure() {
    for file in tree::rust_below("src/") {
        if file.path == CLOCK || !room(&file.path).is_some_and(|room| PURE.contains(&room)) {
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
