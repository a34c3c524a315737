//! The page's files, built into the program.
//!
//! They lie below a path that names the hash of all of them, so that a page never mixes the files of two builds and browsers keep
//! them for ever. The page itself is asked for anew each time.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

// `FILES: &[(&str, &[u8])]`, by name, and `HASH: &str` over all of them: written by `build.rs`.
include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// The page's first file.
const INDEX: &str = "index.html";

static INDEX_TEXT: LazyLock<String> = LazyLock::new(|| {
    let bytes = find(INDEX).unwrap_or_default();
    let assets = format!("assets/{HASH}");
    String::from_utf8_lossy(bytes).replace("{{assets}}", &assets).replace("{{build}}", HASH)
});

fn find(name: &str) -> Option<&'static [u8]> {
    let place = FILES.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    FILES.get(place).map(|(_, bytes)| *bytes)
}

pub(super) async fn index(headers: HeaderMap) -> Response {
    let tag = format!("\"{HASH}\"");
    let cached = [(ETAG, tag.as_str()), (CACHE_CONTROL, "no-cache")];
    if headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, cached).into_response();
    }
    (cached, [(CONTENT_TYPE, content_type(INDEX))], INDEX_TEXT.as_str()).into_response()
}

pub(super) async fn asset(Path((hash, path)): Path<(String, String)>) -> Response {
    // The files of another build are gone, and the page of that build has to know.
    match find(&path).filter(|_| hash == HASH) {
        Some(bytes) => {
            let headers = [(CONTENT_TYPE, content_type(&path)), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
            (headers, bytes).into_response()
        }
        None => (StatusCode::NOT_FOUND, "This build of the page has no such file.\n").into_response(),
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_in_order_and_the_page_is_among_them() {
        assert!(FILES.is_sorted_by_key(|(name, _)| *name));
        assert!(find(INDEX).is_some() && find("nothing.js").is_none());
        assert!(!INDEX_TEXT.contains("{{"), "every mark of the page is filled in");
    }
}
