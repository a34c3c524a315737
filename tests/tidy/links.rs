//! Links of the documents lead to files.

use std::path::Path;

use crate::tree::{self, File};

/// The targets of a document's links.
fn targets(file: &File) -> impl Iterator<Item = &str> {
    file.text.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

#[test]
fn links_lead_to_files() {
    let mut links = 0;
    for file in tree::files(&[".md"]) {
        let folder = tree::root().join(&file.path).parent().map(Path::to_path_buf).unwrap_or_default();
        for target in targets(&file) {
            let path = target.split('#').next().unwrap_or_default();
            if path.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            assert!(folder.join(path).exists(), "{}: {target} is not there", file.path);
            links += 1;
        }
    }
    assert!(links > 0, "no link was found");
}
