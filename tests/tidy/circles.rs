//! Files of one room do not import each other in a circle.
//!
//! A file and the files beneath it (`a.rs` and `a/b.rs`) are one thing in several pieces: what they import of each other is no
//! arrow. What a file takes from another by way of a re-export is an arrow to where it comes from.

use std::collections::{BTreeMap, BTreeSet};

use crate::rust::{code_before_tests, paths};
use crate::tree;

/// The files by the paths of their modules.
struct Modules {
    files: BTreeMap<String, String>,
    /// What a file re-exports, by its name there.
    exports: BTreeMap<(String, String), Vec<String>>,
}

impl Modules {
    fn read() -> Modules {
        let mut files = BTreeMap::new();
        for file in tree::rust_below("src/") {
            let module = file.path.trim_start_matches("src/").trim_end_matches(".rs").replace('/', "::");
            let is_of_tests = module.ends_with("::tests") || module.contains("::tests::");
            if !["lib", "main"].contains(&module.as_str()) && !is_of_tests {
                files.insert(module, code_before_tests(&file.text));
            }
        }
        let mut modules = Modules { files, exports: BTreeMap::new() };
        let exported = |(module, code): (&String, &String)| {
            let public = code.split(';').filter(|item| item.contains("pub use ") || item.contains(") use "));
            let items: String =
                public.filter_map(|item| item.rsplit_once("use ")).map(|(_, item)| format!("use {item};\n")).collect();
            let found = paths(&items).into_iter().filter_map(|path| modules.absolute(module, &path));
            found.filter_map(|path| Some(((module.clone(), path.last()?.clone()), path))).collect::<Vec<_>>()
        };
        modules.exports = modules.files.iter().flat_map(exported).collect();
        modules
    }

    /// A path as code in a module writes it, from the crate's root; `None` if it leads out of the crate.
    fn absolute(&self, module: &str, path: &str) -> Option<Vec<String>> {
        let mut base: Vec<String> = module.split("::").map(str::to_owned).collect();
        let mut segments: Vec<&str> = path.split("::").collect();
        match *segments.first()? {
            "crate" => base.clear(),
            "self" => {}
            "super" => {
                while segments.get(1) == Some(&"super") {
                    segments.remove(0);
                    base.pop();
                }
                base.pop();
            }
            child => {
                self.files.get(&format!("{module}::{child}"))?;
                segments.insert(0, "self");
            }
        }
        base.extend(segments.into_iter().skip(1).map(str::to_owned));
        Some(base)
    }

    /// The file in which what a path names is written.
    fn file(&self, mut path: Vec<String>) -> Option<String> {
        loop {
            let known = (1..=path.len()).rev().find(|length| self.files.contains_key(&path[..*length].join("::")))?;
            let module = path[..known].join("::");
            let name = path.get(known).cloned().unwrap_or_default();
            match self.exports.get(&(module.clone(), name)) {
                Some(target) if target[..] != path[..=known] => {
                    path = target.iter().chain(path.iter().skip(known + 1)).cloned().collect();
                }
                _ => return Some(module),
            }
        }
    }

    /// The files of the same room that a file imports.
    fn imports(&self, module: &str, code: &str) -> BTreeSet<String> {
        let room = |path: &str| path.split("::").next().map(str::to_owned);
        let is_of = |one: &str, other: &str| one == other || one.starts_with(&format!("{other}::"));
        let found = paths(code).into_iter().filter_map(|path| self.file(self.absolute(module, &path)?));
        found.filter(|other| room(other) == room(module) && !is_of(other, module) && !is_of(module, other)).collect()
    }
}

/// Whether a file can be reached from another by imports.
fn reaches(imports: &BTreeMap<String, BTreeSet<String>>, from: &str, to: &str) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(next) = open.pop() {
        for other in imports.get(next).into_iter().flatten() {
            if other == to {
                return true;
            }
            if seen.insert(other) {
                open.push(other);
            }
        }
    }
    false
}

#[test]
fn files_of_a_room_do_not_import_each_other_in_a_circle() {
    let modules = Modules::read();
    let imports: BTreeMap<String, BTreeSet<String>> =
        modules.files.iter().map(|(module, code)| (module.clone(), modules.imports(module, code))).collect();
    assert!(imports.values().map(BTreeSet::len).sum::<usize>() > 100, "imports are found");
    let in_circle: Vec<&String> = imports.keys().filter(|module| reaches(&imports, module, module)).collect();
    assert!(in_circle.is_empty(), "these import each other in a circle: {in_circle:?}");
}
