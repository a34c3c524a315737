//! What `make dist` packs, installed into empty roots and removed again. The program is the tests' own build: how it was
//! compiled is no matter of packing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::deploy::judges::{ask, cache, helm, root};
use crate::harness::tools::{installed, on_path};

const PROGRAM: &str = env!("CARGO_BIN_EXE_salespulse");

/// Packs into a folder of its own below the tests' temporary folder.
fn pack(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("packages-{}", std::process::id())).join(name);
    let (is_packed, said) = ask(&root("scripts/dist/dist.sh"), &[PROGRAM, &text(&folder)]);
    assert!(is_packed, "{said}");
    folder
}

fn text(path: &Path) -> String {
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// The packed version, once for all tests; `None` where the tools to pack are missing.
fn dist() -> Option<&'static Path> {
    static DIST: OnceLock<PathBuf> = OnceLock::new();
    let has = |path: &str| cache().join(path).exists();
    let is_there = has("nfpm-2.45.2/nfpm") && has("cargo-cyclonedx-0.5.9/bin/cargo-cyclonedx");
    installed(is_there, "what packs", "scripts/setup-test-tools.sh dist", || ())?;
    Some(DIST.get_or_init(|| pack("once")))
}

/// The one file whose name ends so.
fn file(dist: &Path, ending: &str) -> PathBuf {
    let entries = std::fs::read_dir(dist).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut found: Vec<PathBuf> = entries.filter(|path| text(path).ends_with(ending)).collect();
    assert_eq!(found.len(), 1, "{ending}: {found:?}");
    found.remove(0)
}

fn empty_root(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("root-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// Every file and link below a folder.
fn files(folder: &Path) -> Vec<String> {
    let (_, said) = ask(Path::new("find"), &[&text(folder), "-not", "-type", "d", "-printf", "%P\n"]);
    let mut files: Vec<String> = said.lines().map(str::to_owned).collect();
    files.sort();
    files
}

/// The installed program runs, its guides are where shells and `man` look, and the unit is one that systemd takes.
fn judge_installed(place: &Path) {
    let program = place.join("usr/bin/salespulse");
    let (is_running, said) = ask(&program, &["--version"]);
    assert!(is_running && said.contains(env!("CARGO_PKG_VERSION")), "{said}");
    for guide in [
        "usr/share/man/man1/salespulse.1.gz",
        "usr/share/man/man1/salespulse-run.1.gz",
        "usr/share/bash-completion/completions/salespulse",
        "usr/share/zsh/vendor-completions/_salespulse",
        "usr/share/fish/vendor_completions.d/salespulse.fish",
        "usr/share/doc/salespulse/config.example.toml",
    ] {
        assert!(place.join(guide).is_file(), "{guide} is not installed: {:?}", files(place));
    }
    let unit = std::fs::read_to_string(place.join("usr/lib/systemd/system/salespulse.service")).expect("a unit");
    assert!(unit.contains("\nExecStart=/usr/bin/salespulse run "), "{unit}");
    assert!(place.join("etc/salespulse").is_dir());
}

#[test]
fn the_same_program_gives_the_same_bytes() {
    let Some(once) = dist() else { return };
    let again = pack("again");
    let sums = |folder: &Path| -> BTreeMap<String, String> {
        let text = std::fs::read_to_string(folder.join("SHA256SUMS")).expect("checksums");
        text.lines().filter_map(|line| line.split_once("  ")).map(|(sum, name)| (name.into(), sum.into())).collect()
    };
    assert_eq!(sums(once), sums(&again));
    assert_eq!(sums(once).len(), 6, "{:?}", sums(once));
    let mut check = Command::new("sha256sum");
    let output = check.args(["--check", "--strict", "SHA256SUMS"]).current_dir(once).output().expect("sha256sum");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn the_deb_installs_and_leaves_nothing() {
    let (Some(dist), Some(dpkg)) = (dist(), on_path("dpkg", "apt-get install dpkg")) else { return };
    let place = empty_root("deb");
    let admin = place.join("var/lib/dpkg");
    for folder in ["info", "updates", "triggers"] {
        std::fs::create_dir_all(admin.join(folder)).expect("a folder");
    }
    std::fs::write(admin.join("status"), "").expect("a file");
    let before = files(&place);
    // An empty root has no libc6 and no shell: dependencies are judged by their text, scripts run from outside.
    let options =
        [&format!("--root={}", text(&place)), "--force-depends", "--force-script-chrootless", "--log=/dev/null"];
    let dpkg = |arguments: &[&str]| {
        let (is_content, said) = ask(&dpkg, &[&options[..], arguments].concat());
        assert!(is_content, "{said}");
    };
    dpkg(&["--install", &text(&file(dist, ".deb"))]);
    judge_installed(&place);
    dpkg(&["--purge", "salespulse"]);
    let left: Vec<String> = files(&place).into_iter().filter(|path| !path.starts_with("var/lib/dpkg/")).collect();
    assert!(left.is_empty() && before.len() <= 1, "{left:?}");
    assert!(!place.join("usr/bin/salespulse").exists());
    let (_, control) = ask(Path::new("dpkg-deb"), &["--field", &text(&file(dist, ".deb")), "Depends"]);
    assert!(control.starts_with("libc6 (>= 2."), "{control}");
}

#[test]
fn the_rpm_installs_and_leaves_nothing() {
    let (Some(dist), Some(rpm)) = (dist(), on_path("rpm", "apt-get install rpm")) else { return };
    let place = empty_root("rpm");
    let rpm = |arguments: &[&str]| {
        let options = ["--root", &text(&place), "--dbpath", "/var/lib/rpm"];
        let (is_content, said) = ask(&rpm, &[&options[..], arguments].concat());
        assert!(is_content, "{said}");
    };
    rpm(&["--install", "--nodeps", "--noscripts", &text(&file(dist, ".rpm"))]);
    judge_installed(&place);
    rpm(&["--erase", "--noscripts", "salespulse"]);
    let left: Vec<String> = files(&place).into_iter().filter(|path| !path.starts_with("var/lib/rpm/")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_archive_is_all_that_one_needs() {
    let Some(dist) = dist() else { return };
    let place = empty_root("archive");
    let archive = file(dist, "-linux.tar.gz");
    let (is_content, said) =
        ask(Path::new("tar"), &["-xzf", &text(&archive), "-C", &text(&place), "--strip-components=1"]);
    assert!(is_content, "{said}");
    let (is_running, said) = ask(&place.join("bin/salespulse"), &["--version"]);
    assert!(is_running && said.contains(env!("CARGO_PKG_VERSION")), "{said}");
    for needed in ["LICENSE", "README.md", "salespulse.service", "share/man/man1/salespulse.1.gz"] {
        assert!(place.join(needed).is_file(), "{needed}: {:?}", files(&place));
    }
}

/// The chart and the monitoring archive have the files themselves, not links that lead nowhere.
#[test]
fn the_chart_and_the_rules_are_whole() {
    let (Some(dist), Some(helm)) = (dist(), helm()) else { return };
    let chart = text(&file(dist, ".tgz"));
    let settings = "prometheusRule.enabled=true,dashboards.enabled=true";
    let least = ["--kube-version", "1.33.0", "--values", "deploy/helm/examples/least.yaml", "--set", settings];
    let options = [&["template", "release", &chart][..], &least].concat();
    let (is_rendered, said) = ask(&helm, &options);
    assert!(is_rendered && said.contains("SalesFunnelConversionDrop") && said.contains("kind: ConfigMap"), "{said}");
    let archive = std::fs::read_dir(dist).expect("a folder").map(|entry| entry.expect("an entry").path());
    let archive = archive.filter(|path| text(path).contains("salespulse-monitoring-")).last().expect("an archive");
    let (_, listed) = ask(Path::new("tar"), &["-tzf", &text(&archive)]);
    for needed in
        ["prometheus/rules/kpi-alerts.yml", "grafana/dashboards/zh/company.json", "alertmanager/alertmanager.yml"]
    {
        assert!(listed.contains(needed), "{needed}: {listed}");
    }
}

/// The list of components has every crate that the program links.
#[test]
fn the_components_are_listed() {
    let Some(dist) = dist() else { return };
    let list = std::fs::read_to_string(file(dist, ".cdx.json")).expect("a list");
    let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    assert_eq!(list["bomFormat"], "CycloneDX");
    let names: Vec<&str> =
        list["components"].as_array().expect("components").iter().filter_map(|c| c["name"].as_str()).collect();
    for needed in ["rdkafka", "rdkafka-sys", "tokio", "zstd-sys", "mimalloc"] {
        assert!(names.contains(&needed), "{needed}: {names:?}");
    }
}
