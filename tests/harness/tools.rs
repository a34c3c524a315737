//! Where the parts lie that `scripts/setup-test-tools.sh` installs, and what happens without them.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

/// The Kafka release that the setup script fetches.
const KAFKA: &str = "kafka-4.3.1";

/// The promtool that the setup script builds.
const PROMTOOL: &str = "promtool-0.314.0";

/// The class path of Apache Kafka.
pub(crate) fn kafka() -> Option<PathBuf> {
    let home = cache().join(KAFKA);
    installed(home.join("complete").exists(), "Kafka", "scripts/setup-test-tools.sh kafka", || home.join("libs/*"))
}

/// A program of the Prometheus package.
pub(crate) fn prometheus(program: &str) -> Option<PathBuf> {
    let path = cache().join("prometheus/usr/bin").join(program);
    installed(path.exists(), "Prometheus", "scripts/setup-test-tools.sh prometheus", || path)
}

/// The promtool of Prometheus 3, which is in no package.
pub(crate) fn promtool3() -> Option<PathBuf> {
    let path = cache().join(PROMTOOL).join("promtool");
    installed(path.exists(), "promtool 3", "scripts/setup-test-tools.sh promtool3", || path)
}

/// A program of the Alertmanager package.
pub(crate) fn alertmanager(program: &str) -> Option<PathBuf> {
    let path = cache().join("alertmanager/usr/bin").join(program);
    // Debian's is built to read its templates from here.
    let templates = Path::new("/usr/share/prometheus/alertmanager/default.tmpl");
    installed(path.exists() && templates.exists(), "Alertmanager", "scripts/setup-test-tools.sh alertmanager", || path)
}

/// The folder with AsyncAPI's own parser.
#[allow(dead_code, reason = "the benchmarks ask for no document")]
pub(crate) fn asyncapi() -> Option<PathBuf> {
    let home = cache_of("asyncapi");
    let present = home.join("complete").exists();
    installed(present, "AsyncAPI's parser", "scripts/setup-test-tools.sh asyncapi", || home.join("node_modules"))
}

/// The folder with the clients that vendors of CRMs publish: an environment of Python's, and `node_modules`.
#[allow(dead_code, reason = "the benchmarks ask no CRM")]
pub(crate) fn clients() -> Option<PathBuf> {
    let home = cache_of("clients");
    installed(home.join("complete").exists(), "the vendors' clients", "scripts/setup-test-tools.sh clients", || home)
}

/// The class path of Debezium and Kafka Connect, and the folder with the programs of PostgreSQL.
#[allow(dead_code, reason = "the benchmarks read no database")]
pub(crate) fn debezium() -> Option<(PathBuf, PathBuf)> {
    let home = cache_of("debezium");
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let programs = versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").exists());
    let programs = programs.max();
    let present = home.join("complete").exists() && programs.is_some();
    installed(present, "Debezium", "scripts/setup-test-tools.sh debezium", || {
        (home.join("libs/*"), programs.unwrap_or_default())
    })
}

/// Where the setup script says that a tool is.
#[allow(dead_code, reason = "the benchmarks ask for no such tool")]
fn cache_of(tool: &str) -> PathBuf {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/setup-test-tools.sh");
    let answer = Command::new(script).args(["--where", tool]).output().expect("the script runs");
    PathBuf::from(String::from_utf8(answer.stdout).expect("a path").trim_end())
}

/// The program of moto, an S3-compatible server.
#[allow(dead_code, reason = "the benchmarks keep nothing")]
pub(crate) fn moto() -> Option<PathBuf> {
    let home = cache_of("moto");
    let present = home.join("complete").exists();
    installed(present, "moto", "scripts/setup-test-tools.sh moto", || home.join("bin/moto_server"))
}

/// A program that the system has.
#[allow(dead_code, reason = "the benchmarks run none")]
pub(crate) fn on_path(program: &'static str, remedy: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| path.is_file());
    installed(found.is_some(), program, remedy, || found.unwrap_or_default())
}

/// The folder of a real data set.
pub(crate) fn data_set(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("SALESPULSE_TEST_DATA").map(|data| PathBuf::from(data).join(name));
    let present = folder.as_ref().is_some_and(|folder| folder.join("events.jsonl").exists());
    installed(present, "the real data sets", "SALESPULSE_TEST_DATA=<their folder>", || folder.unwrap_or_default())
}

/// The cache that the setup script fills.
pub(crate) fn cache() -> PathBuf {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    variable("SALESPULSE_TEST_TOOLS").unwrap_or_else(|| {
        let user_cache = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
        user_cache.unwrap_or_default().join("salespulse")
    })
}

/// Prints a line that is seen whether the test passes or not: figures, and what was not run.
pub(crate) fn announce(line: &str) {
    // The test runner hides what a passing test prints by macro, not what it writes itself.
    writeln!(std::io::stderr(), "integration: {line}").expect("standard error is open");
}

/// The part, if it is there. If not, CI fails; a developer is told which test did not run and how to mend that.
pub(crate) fn installed<T>(present: bool, part: &'static str, remedy: &str, found: impl FnOnce() -> T) -> Option<T> {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    if present {
        return Some(found());
    }
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    assert!(std::env::var_os("CI").is_none(), "{test} needs {part}, which is not here; set up with: {remedy}");
    if SAID.lock().expect("no test panicked here").insert(test.clone()) {
        announce(&format!("NOT RUN: {test} needs {part}, which is not here; set up with: {remedy}"));
    }
    None
}
