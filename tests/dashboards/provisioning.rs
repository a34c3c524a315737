//! What Grafana is told to load is there, and the dashboards choose the data source that it is given.

use std::path::Path;

use crate::dashboards::board::{LANGUAGES, boards, folder, root, text};

fn provisioning(file: &str) -> String {
    std::fs::read_to_string(root().join("deploy/grafana/provisioning").join(file)).expect("the file is there")
}

/// The values of a key, in the order of their lines.
fn values<'a>(yaml: &'a str, key: &str) -> Vec<&'a str> {
    let value = |line: &'a str| line.trim().trim_start_matches("- ").strip_prefix(key)?.strip_prefix(": ");
    yaml.lines().filter_map(value).collect()
}

#[test]
fn dashboards_choose_the_provisioned_data_source() {
    let yaml = provisioning("datasources/salespulse.yaml");
    let [uid] = values(&yaml, "uid")[..] else { panic!("not one data source: {yaml}") };
    for board in boards() {
        let source = board.variables().iter().find(|variable| variable["type"] == "datasource").expect("a data source");
        assert_eq!(text(&source["current"]["value"]), uid, "{}", board.file);
    }
}

#[test]
fn each_language_is_a_folder_of_its_own() {
    let yaml = provisioning("dashboards/salespulse.yaml");
    let paths = values(&yaml, "path");
    let languages: Vec<&str> = paths.iter().filter_map(|path| Path::new(path).file_name()?.to_str()).collect();
    assert_eq!(languages, LANGUAGES);
    assert!(languages.iter().all(|language| folder().join(language).is_dir()));
    for key in ["name", "folder", "folderUid"] {
        let [first, second] = values(&yaml, key)[..] else { panic!("not two of {key}: {yaml}") };
        assert_ne!(first, second, "{key}");
    }
}
