//! The pictures of the documents: there for every dashboard, small, and named for what they are.

use crate::dashboards::board::{names, root};

/// The most bytes of a picture.
const MOST: u64 = 200_000;

#[test]
fn every_dashboard_has_a_picture_in_the_documents() {
    let page = std::fs::read_to_string(root().join("docs/dashboards.md")).expect("the page is there");
    for name in names("en") {
        let picture = format!("pictures/{}", name.replace(".json", ".png"));
        assert!(page.contains(&format!("]({picture})")), "docs/dashboards.md does not show {picture}");
        let size = std::fs::metadata(root().join("docs").join(&picture)).expect("the picture is there").len();
        assert!(size < MOST, "{picture} has {size} bytes");
    }
    assert!(page.contains("not Grafana"), "the page must say that the pictures are not of Grafana itself");
}
