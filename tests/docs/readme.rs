//! The README shows what the program prints, and commands that are there.

use std::collections::BTreeSet;

use crate::docs::page::root;
use crate::docs::small_team;

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// The fenced blocks of a language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    text.split(&opening).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn the_excerpt_is_what_the_example_prints() {
    let text = small_team::exposition(&small_team::events());
    let printed: BTreeSet<&str> = text.lines().collect();
    let readme = readme();
    let excerpts = blocks(&readme, "prometheus");
    assert_eq!(excerpts.len(), 1);
    for line in excerpts.iter().flat_map(|excerpt| excerpt.lines()) {
        assert!(printed.contains(line), "the example does not print {line}");
    }
}

#[test]
fn the_commands_of_make_are_there() {
    let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
    let readme = readme();
    let commands = blocks(&readme, "sh").into_iter().flat_map(str::lines);
    let targets: Vec<&str> =
        commands.filter_map(|line| line.strip_prefix("make ")?.split_whitespace().next()).collect();
    assert!(targets.contains(&"example") && targets.contains(&"test"), "{targets:?}");
    for target in targets {
        assert!(makefile.lines().any(|line| line.starts_with(&format!("{target}:"))), "make has no target {target}");
    }
}

/// `make example` is the example of the pages, at their instant.
#[test]
fn the_example_is_that_of_the_pages() {
    let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
    let (_, recipe) = makefile.split_once("\nexample:\n").unwrap();
    let recipe = recipe.split("\n\n").next().unwrap();
    for part in ["examples/small-team/events.jsonl", "examples/small-team/salespulse.toml", small_team::NOW] {
        assert!(recipe.contains(part), "make example lacks {part}");
    }
}
