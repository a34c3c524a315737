//! A shell takes our completions, and a typesetter our man pages.

use std::process::{Command, Stdio};

use crate::harness::tools;

/// What the program prints.
fn printed(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_salespulse")).args(arguments).output().expect("the program starts");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Asks a fresh bash as its Tab key does, for words of which the last is being typed.
const TAB: &str = r#"
set -eu
source <("$0" completions bash)
read -ra registered <<< "$(complete -p salespulse)"
function=$(sed -n 's/.* -F \([^ ]*\) .*/\1/p' <<< "${registered[*]}")
COMP_WORDS=(salespulse "$@") COMP_CWORD=$#
"$function" salespulse "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;

#[test]
fn bash_completes_what_is_typed() {
    let Some(bash) = tools::on_path("bash", "your system's package bash") else { return };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("salespulse.toml"), "").unwrap();
    for (typed, completed) in [
        (&["re"][..], &["replay"][..]),
        (&["simulate", "--break"], &["--break-stage", "--break-from"]),
        (&["run", "--config", "sales"], &["salespulse.toml"]),
        (&["completions", "b"], &["bash"]),
        (&["fly"], &[]),
    ] {
        let mut command = Command::new(&bash);
        command.args(["--norc", "-c", TAB, env!("CARGO_BIN_EXE_salespulse")]).args(typed).current_dir(folder.path());
        let output = command.output().expect("bash starts");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{typed:?}");
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(answer.split_whitespace().collect::<Vec<_>>(), completed, "{typed:?}");
    }
}

#[test]
fn man_pages_are_set_without_a_warning() {
    let Some(groff) = tools::on_path("groff", "scripts/setup-test-tools.sh groff") else { return };
    let folder = tempfile::tempdir().unwrap();
    printed(&["man", "--output-dir", &folder.path().display().to_string()]);
    for entry in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        let mut command = Command::new(&groff);
        command.args(["-k", "-man", "-ww", "-Tutf8"]).arg(entry.path()).stdin(Stdio::null());
        let output = command.output().expect("groff starts");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{:?}", entry.file_name());
        let page = String::from_utf8_lossy(&output.stdout).into_owned();
        let name = entry.file_name().to_string_lossy().trim_end_matches(".1").to_owned();
        assert!(page.contains(&name) && page.contains("Print help"), "{page}");
    }
}
