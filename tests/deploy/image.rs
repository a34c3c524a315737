//! The image.

use crate::deploy::judges::{ask, python, root, text, write};

const DOCKERFILE: &str = "deploy/Dockerfile";

#[test]
fn hadolint_finds_nothing() {
    let Some(hadolint) = python("hadolint") else { return };
    let (is_content, said) = ask(&hadolint, &[DOCKERFILE]);
    assert!(is_content, "{said}");
}

#[test]
fn hadolint_would_find_a_fault() {
    let Some(hadolint) = python("hadolint") else { return };
    let path = write("Dockerfile", &text(DOCKERFILE).replace("FROM ${PROBE_IMAGE}", "FROM busybox"));
    let (is_content, said) = ask(&hadolint, &[&path]);
    assert!(!is_content && said.contains("DL3006"), "{said}");
}

#[test]
fn the_last_stage_has_a_user_without_rights_and_no_shell() {
    let text = text(DOCKERFILE);
    let last = text.rsplit("\nFROM ").next().expect("a stage");
    assert!(text.contains("\nARG RUNTIME_IMAGE=gcr.io/distroless/"), "{text}");
    assert!(last.starts_with("${RUNTIME_IMAGE}") && last.contains("\nUSER 65532:65532\n"), "{last}");
}

/// Symbols are four fifths of the program's size, and nobody debugs in the image.
#[test]
fn the_program_is_stripped_before_it_is_copied() {
    let text = text(DOCKERFILE);
    let place = |part: &str| text.find(part).unwrap_or_else(|| panic!("there is no {part}"));
    assert!(place("cargo build") < place("strip target/release/salespulse"));
    assert!(place("strip target/release/salespulse") < place("install -D -m 0755 target/release/salespulse"));
}

/// What Cargo and the sources name is in the context. The rest stays out.
#[test]
fn the_context_has_what_the_build_needs() {
    let ignored = text("deploy/Dockerfile.dockerignore");
    let kept: Vec<&str> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    assert!(ignored.lines().any(|line| line == "*"), "an allow-list");
    let manifests = ["Cargo.toml", "Cargo.lock", ".cargo/config.toml"];
    for needed in manifests.into_iter().chain(["build.rs", "src", "benches", "deploy/config.example.toml"]) {
        assert!(kept.contains(&needed), "{needed} is not in the context");
    }
    assert!(kept.iter().all(|path| root(path).exists()), "{kept:?}");
}

/// The toolchain of the image is the one that Cargo.toml asks for.
#[test]
fn the_toolchain_is_that_of_the_manifest() {
    let manifest = text("Cargo.toml");
    let version = manifest.lines().find_map(|line| line.strip_prefix("rust-version = \"")).expect("a version");
    let from = format!("\nARG RUST_IMAGE=rust:{}-", version.trim_end_matches('"'));
    assert!(text(DOCKERFILE).contains(&from), "{from}");
}
