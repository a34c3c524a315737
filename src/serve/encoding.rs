//! Which encoding a client takes, by its `Accept-Encoding` header.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_ENCODING;

/// An encoding of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// None at all.
    Identity,
    /// gzip.
    Gzip,
}

/// The encoding of the greatest weight, gzip where both weigh the same and it is named; `None` if neither is taken.
pub(super) fn negotiate(headers: &HeaderMap) -> Option<Encoding> {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let (mut gzip, mut identity, mut any) = (None, None, None);
    for element in values.flat_map(|value| value.split(',')) {
        let (name, weight) = parse(element);
        match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => gzip = Some(weight),
            "identity" => identity = Some(weight),
            "*" => any = Some(weight),
            _ => {}
        }
    }
    let gzip = gzip.or(any).unwrap_or(0.0);
    // Without a word about it, the text as it is is always fine, and less wanted than what is named.
    let (taken, wanted) = match identity.or(any) {
        Some(weight) => (weight > 0.0, weight),
        None => (true, 0.0),
    };
    if gzip > 0.0 && gzip >= wanted { Some(Encoding::Gzip) } else { taken.then_some(Encoding::Identity) }
}

fn parse(element: &str) -> (&str, f32) {
    let mut parts = element.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    (name, weight.map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_get_what_they_take() {
        for (accept, encoding) in [
            (None, Some(Encoding::Identity)),
            (Some(""), Some(Encoding::Identity)),
            (Some("gzip"), Some(Encoding::Gzip)),
            (Some("gzip, deflate, br, zstd"), Some(Encoding::Gzip)),
            (Some("br"), Some(Encoding::Identity)),
            (Some("gzip;q=0"), Some(Encoding::Identity)),
            (Some("identity;q=1, gzip;q=0.5"), Some(Encoding::Identity)),
            (Some("*"), Some(Encoding::Gzip)),
            (Some("identity;q=0, gzip"), Some(Encoding::Gzip)),
            (Some("identity;q=0"), None),
            (Some("identity;q=0, br"), None),
            (Some("*;q=0"), None),
            (Some("gzip;q=0, *;q=0.5"), Some(Encoding::Identity)),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(ACCEPT_ENCODING, accept.parse().unwrap());
            }
            assert_eq!(negotiate(&headers), encoding, "{accept:?}");
        }
    }
}
