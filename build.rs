//! Tells the program the commit that it is built from.
//!
//! In this order: the environment variable `SALESPULSE_COMMIT`, for those who build without a clone; git, in a clone; the
//! file that `git archive` fills in, in a source archive. Where all are silent it is "unknown".
//!
//! And it lists the page's files, so that they are built in whatever they are called.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

/// What the program is made of. The rest of the repository may change without a build.
const SOURCES: [&str; 4] = ["src", "build.rs", "Cargo.toml", "Cargo.lock"];

/// `git archive` writes the commit into this file, because `.gitattributes` asks for it.
const ARCHIVE: &str = ".git_archival.txt";

/// Enough to tell the commits of a large repository apart.
const DIGITS: usize = 12;

/// The page's files, which are built into the program.
const PAGE: &str = "src/serve/web/page";

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
    if let Err(error) = write_page() {
        println!("cargo::error={PAGE}: {error}");
    }
}

/// Writes the list of the page's files as Rust, with a hash over all of them.
fn write_page() -> io::Result<()> {
    let mut files = Vec::new();
    collect(Path::new(PAGE), &mut files)?;
    // The order of their names as text, in which they are looked up.
    files.sort_by_key(|file| file.to_string_lossy().into_owned());
    let (mut list, mut hash) = (String::new(), 0xcbf2_9ce4_8422_2325_u64);
    for file in &files {
        let name = file.strip_prefix(PAGE).unwrap_or(file).to_string_lossy().replace('\\', "/");
        // FNV-1a: nobody chooses the files to collide.
        for byte in name.bytes().chain(fs::read(file)?) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        list += &format!("    ({name:?}, include_bytes!({:?})),\n", fs::canonicalize(file)?);
    }
    let code =
        format!("const FILES: &[(&str, &[u8])] = &[\n{list}];\npub(super) const HASH: &str = \"{hash:016x}\";\n");
    let folder = std::env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&folder).join("page.rs"), code)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { collect(&path, files)? } else { files.push(path) }
    }
    Ok(())
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
