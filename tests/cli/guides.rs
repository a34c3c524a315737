//! What helps while typing says all that can be typed, because it is made of the same definition.

use crate::cli::program::Folder;

/// The commands that the help lists.
fn commands(folder: &Folder) -> Vec<String> {
    let help = folder.run(&["--help"]).stdout;
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let commands: Vec<String> = listed.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    assert!(commands.len() > 3, "{help}");
    commands
}

/// The long flags in a text, such as `--config`.
fn flags(text: &str) -> Vec<&str> {
    let words = text.split(|char: char| !char.is_ascii_alphanumeric() && char != '-');
    words.filter(|word| word.len() > 2 && word.starts_with("--")).collect()
}

#[test]
fn every_shell_completes_every_command_and_flag() {
    let folder = Folder::new();
    let commands = commands(&folder);
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ended = folder.run(&["completions", shell]);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{shell}");
        for command in &commands {
            assert!(ended.stdout.contains(command.as_str()), "{shell} does not complete {command}");
            for flag in flags(&folder.run(&[command, "--help"]).stdout) {
                // Elvish and fish name a flag by its letters alone.
                let letters = flag.trim_start_matches('-');
                assert!(ended.stdout.contains(letters), "{shell} does not complete {command} {flag}");
            }
        }
    }
}

#[test]
fn every_command_has_its_man_page() {
    let folder = Folder::new();
    let ended = folder.run(&["man", "--output-dir", "new/man1"]);
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""));
    let page = |name: String| std::fs::read_to_string(folder.path("new/man1").join(name)).unwrap();
    let program = page("salespulse.1".to_owned());
    assert_eq!(folder.run(&["man"]).stdout, program);
    let commands = commands(&folder);
    for command in &commands {
        assert!(program.contains(&format!(r"salespulse\-{command}(1)")), "{command}");
        let page = page(format!("salespulse-{command}.1"));
        for flag in flags(&folder.run(&[command, "--help"]).stdout) {
            assert!(page.contains(&flag.replace('-', r"\-")), "the page of {command} lacks {flag}");
        }
    }
    // What can be checked are commands of their own, and so is what connectors do.
    let below = [
        ("check", "config"),
        ("check", "events"),
        ("check", "cluster"),
        ("connect", "map"),
        ("connect", "run"),
        ("connect", "check"),
    ];
    for (command, what) in below {
        let page = page(format!("salespulse-{command}-{what}.1"));
        assert!(page.contains(if command == "check" { r"\-\-json" } else { r"\-\-config" }), "{page}");
    }
    assert_eq!(std::fs::read_dir(folder.path("new/man1")).unwrap().count(), commands.len() + below.len() + 1);
}

#[test]
fn a_folder_that_cannot_be_made_ends_with_74() {
    let folder = Folder::new();
    let line = folder.run(&["man", "--output-dir", "salespulse.toml/man1"]).failed_with(74);
    assert!(line.contains("cannot write the man pages to salespulse.toml/man1: "), "{line}");
}

/// What a newcomer is told to type first is typed here, but for what goes on until it is stopped.
#[test]
fn the_first_steps_can_be_taken() {
    let folder = Folder::new();
    let first_steps = folder.run(&[]).stderr;
    let typed = first_steps.lines().filter_map(|line| line.strip_prefix("  salespulse "));
    let typed: Vec<Vec<&str>> = typed.map(|line| line.split(' ').collect()).collect();
    let mut printed = String::new();
    for arguments in typed.iter().filter(|arguments| ["simulate", "replay"].contains(&arguments[0])) {
        let ended = folder.run(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.stderr);
        printed += &ended.stdout;
    }
    assert!(printed.contains("sales_org_won{window=\"mtd\"}"), "{first_steps}{printed}");
}
