//! The pictures of the page in the documents: there in both languages, and as small as a clone can bear.

use crate::page::browser::root;

/// What is drawn, each in both languages.
const PICTURES: [&str; 9] = [
    "page-company",
    "page-team",
    "page-rep",
    "page-board",
    "page-tv",
    "page-phone",
    "page-number",
    "page-celebration",
    "page-states",
];
const MOST_BYTES: u64 = 200_000;

#[test]
fn every_page_has_a_picture_in_both_languages() {
    for (document, ending) in [("docs/page.md", ".png"), ("docs/page.zh-CN.md", ".zh-CN.png")] {
        let text = std::fs::read_to_string(root().join(document)).expect("the page is there");
        for picture in PICTURES {
            let name = format!("pictures/{picture}{ending}");
            assert!(text.contains(&format!("]({name})")), "{document} does not show {name}");
            let bytes = std::fs::metadata(root().join("docs").join(&name)).expect("the picture is there").len();
            assert!(bytes < MOST_BYTES, "{name} has {bytes} bytes");
        }
    }
}
