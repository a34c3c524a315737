//! AsyncAPI's own parser takes the document of our topics, its payloads are schemas, and its examples fit them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::tools;

fn schemas() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas"))
}

/// What is wrong with the document of a folder, a line for each finding.
fn findings(parser: &Path, folder: &Path) -> Vec<String> {
    let judge = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/asyncapi/judge.cjs");
    let mut node = Command::new("node");
    node.env("NODE_PATH", parser).arg(judge).arg(folder.join("asyncapi.yaml"));
    let output = node.output().expect("node starts");
    assert!(output.status.success(), "the judge ended with {output:?}");
    String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
}

#[test]
fn the_document_is_sound() {
    let Some(parser) = tools::asyncapi() else { return };
    assert_eq!(findings(&parser, &schemas()), Vec::<String>::new());
}

/// A judge that finds nothing anywhere would pass the document too.
#[test]
fn planted_faults_are_found() {
    let Some(parser) = tools::asyncapi() else { return };
    for (file, right, wrong, words) in [
        ("asyncapi.yaml", "action: send", "action: give", "error asyncapi-document-resolved operations.sendDeadLetter"),
        ("asyncapi.yaml", "'#/channels/rep'", "'#/channels/reps'", "error invalid-ref operations.receiveRep"),
        ("asyncapi.yaml", "asyncapi: 3.1.0", "asyncapi: 3.0.0", "information asyncapi-latest-version"),
        ("asyncapi.yaml", "stage: \"lost\"", "stage: 3", "error payload stageChange: example full: /stage must be"),
        ("lead.schema.json", "\"type\": \"object\"", "\"type\": \"objekt\"", "error payload lead: schema is invalid"),
        ("common.schema.json", "\"maxLength\"", "\"maxLenght\"", "error payload rep: strict mode: unknown keyword"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(schemas()).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
            fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
        let text = fs::read_to_string(folder.path().join(file)).unwrap();
        assert!(text.contains(right), "{file} lacks {right}");
        fs::write(folder.path().join(file), text.replacen(right, wrong, 1)).unwrap();
        let found = findings(&parser, folder.path());
        assert!(found.iter().any(|finding| finding.starts_with(words)), "{right} as {wrong}: {found:#?}");
    }
}
