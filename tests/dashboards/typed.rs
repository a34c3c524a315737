//! The dashboards are in the types that Grafana publishes, of the oldest and of the newest version they are meant for.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::dashboards::board::{LANGUAGES, folder, names, root};
use crate::harness::tools::{cache, installed};

/// The versions, by the names under which `package.json` has their types.
const VERSIONS: [&str; 2] = ["grafana-11", "grafana-13"];

/// The installed packages of `package-lock.json`, as it is now.
fn packages() -> Option<PathBuf> {
    let home = cache().join("dashboards/types");
    let lock = std::fs::read(root().join("scripts/dashboards/types/package-lock.json")).expect("it is ours");
    let is_current = std::fs::read(home.join("complete")).is_ok_and(|installed| installed == lock);
    installed(is_current, "Grafana's types", "scripts/setup-test-tools.sh dashboards", || home.join("node_modules"))
}

/// What the compiler says of the dashboards under a version's types; empty if they fit.
fn compile(packages: &Path, version: &str, dashboards: &[(String, String)]) -> String {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("it can be written");
    std::os::unix::fs::symlink(packages, folder.path().join("node_modules")).expect("a link");
    let shapes = root().join("scripts/dashboards/types/shapes.ts");
    write("shapes.ts", &std::fs::read_to_string(shapes).expect("it is ours"));
    for (name, json) in dashboards {
        let file = format!("import type {{ File }} from './shapes';\nexport const file: File = {json};\n");
        write(&format!("{name}.ts"), &file);
    }
    let options = format!(
        r#"{{"compilerOptions": {{"strict": true, "noEmit": true, "target": "es2022", "module": "esnext",
            "moduleResolution": "bundler", "skipLibCheck": true, "types": [],
            "paths": {{"grafana": ["./node_modules/{version}"], "grafana/*": ["./node_modules/{version}/*"]}}}},
          "include": ["*.ts"]}}"#
    );
    write("tsconfig.json", &options);
    let compiler = packages.join("typescript/bin/tsc");
    let output = Command::new("node").arg(compiler).args(["-p", "."]).current_dir(folder.path()).output();
    let output = output.expect("node starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.success(), said.is_empty(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

fn committed() -> Vec<(String, String)> {
    let of = |language: &'static str| {
        names(language).into_iter().map(move |name| {
            let json = std::fs::read_to_string(folder().join(language).join(&name)).expect("a file");
            (format!("{language}-{}", name.trim_end_matches(".json")), json)
        })
    };
    LANGUAGES.into_iter().flat_map(of).collect()
}

#[test]
fn every_dashboard_is_in_grafanas_types() {
    let Some(packages) = packages() else { return };
    for version in VERSIONS {
        let said = compile(&packages, version, &committed());
        assert_eq!(said, "", "{version}");
    }
}

#[test]
fn the_types_would_find_a_fault() {
    let Some(packages) = packages() else { return };
    let (name, sound) = committed().swap_remove(0);
    let faults = [
        ("\"graphMode\": \"none\"", "\"graphMode\": \"sparkle\""),
        ("\"refresh\": \"30s\"", "\"refreshes\": \"30s\""),
        ("\"type\": \"stat\"", "\"type\": \"number\""),
        ("\"schemaVersion\": 41", "\"schemaVersion\": \"41\""),
    ];
    let broken: Vec<(String, String)> = faults
        .iter()
        .enumerate()
        .map(|(number, (good, bad))| {
            assert!(sound.contains(good), "{name} has no {good} to break");
            (format!("fault-{number}"), sound.replacen(good, bad, 1))
        })
        .collect();
    for version in VERSIONS {
        let said = compile(&packages, version, &broken);
        for (file, _) in &broken {
            assert!(said.contains(&format!("{file}.ts")), "{version} finds nothing wrong with {file}: {said}");
        }
    }
}
