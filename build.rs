//! Tells the program the commit that it is built from.
//!
//! In this order: the environment variable `SALESPULSE_COMMIT`, for those who build without a clone; git, in a clone; the
//! file that `git archive` fills in, in a source archive. Where all are silent it is "unknown".

use std::fs;
use std::path::Path;
use std::process::Command;

/// What the program is made of. The rest of the repository may change without a build.
const SOURCES: [&str; 4] = ["src", "build.rs", "Cargo.toml", "Cargo.lock"];

/// `git archive` writes the commit into this file, because `.gitattributes` asks for it.
const ARCHIVE: &str = ".git_archival.txt";

/// Enough to tell the commits of a large repository apart.
const DIGITS: usize = 12;

fn main() {
    // Looking at HEAD instead would compile everything again after every commit. The answer stays true without it: it
    // names the commit at which these sources were first built, and says if they were not those of the commit.
    for path in SOURCES.iter().chain([&ARCHIVE]) {
        println!("cargo:rerun-if-changed={path}");
    }
    println!("cargo:rerun-if-env-changed=SALESPULSE_COMMIT");
    let told = std::env::var("SALESPULSE_COMMIT").ok().filter(|told| !told.is_empty());
    let commit = told.or_else(of_clone).or_else(of_archive);
    println!("cargo:rustc-env=SALESPULSE_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
}

/// The commit of the clone, with a mark if its sources have been changed since.
fn of_clone() -> Option<String> {
    // An archive that was unpacked within some other repository is none of that repository's commits.
    let top = fs::canonicalize(git(&["rev-parse", "--show-toplevel"])?).ok()?;
    if top != fs::canonicalize(".").ok()? {
        return None;
    }
    let commit = git(&["rev-parse", &format!("--short={DIGITS}"), "HEAD"])?;
    let changes = git(&[&["status", "--porcelain", "--"][..], &SOURCES].concat())?;
    Some(if changes.is_empty() { commit } else { commit + "-modified" })
}

fn of_archive() -> Option<String> {
    let text = fs::read_to_string(Path::new(ARCHIVE)).ok()?;
    let commit = text.strip_prefix("node: ")?.get(..DIGITS)?;
    commit.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| commit.to_owned())
}

/// What git answers, if it can.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
