//! The web configuration: the file that Prometheus' exporters share, in YAML.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use serde::Deserialize;

use super::read_file::ReadFile;
use super::tls::{self, TlsSection};

/// The greatest cost of a password's hash: beyond it a login takes seconds.
const MOST_COST: u32 = 18;
/// The headers that the file may set.
const HEADERS: [&str; 5] = [
    "Content-Security-Policy",
    "X-Frame-Options",
    "X-Content-Type-Options",
    "X-XSS-Protection",
    "Strict-Transport-Security",
];

/// The file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    tls_server_config: Option<TlsSection>,
    http_server_config: HttpSection,
    basic_auth_users: BTreeMap<String, String>,
    rate_limit: Option<RateSection>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct HttpSection {
    /// Whether connections that are encrypted may speak HTTP/2; without a word they may.
    http2: Option<bool>,
    headers: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RateSection {
    interval: String,
    burst: u32,
}

/// A valid web configuration.
#[derive(Debug, Default)]
pub(crate) struct WebFile {
    /// How connections are encrypted, if they are.
    pub(crate) tls: Option<Arc<tls::Tls>>,
    /// The hash of each user's password.
    pub(crate) users: BTreeMap<String, String>,
    /// Headers in the place of ours.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// How often a request is granted, and how many at once.
    pub(crate) rate: Option<Rate>,
    /// Whether nothing was written in it.
    is_empty: bool,
    /// The files it was read from, and when each was written.
    read_from: Vec<ReadFile>,
}

/// A limit on requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Between two grants.
    pub(crate) interval: Duration,
    /// How many may be saved.
    pub(crate) burst: u32,
}

impl WebFile {
    /// Reads and judges a file; its paths are relative to its folder.
    ///
    /// # Errors
    /// A sentence that names the file and what is wrong.
    pub(crate) fn read(path: &Path) -> Result<WebFile, String> {
        let named = |what: String| format!("{}: {what}", path.display());
        let mut read_from = vec![ReadFile::of(path)];
        let text = std::fs::read_to_string(path).map_err(|error| named(error.to_string()))?;
        let is_empty = text.trim().is_empty();
        let written: Written = if is_empty {
            Written::default()
        } else {
            serde_saphyr::from_str(&text).map_err(|error| named(error.to_string()))?
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        let tls = match &written.tls_server_config {
            Some(section) => {
                let speaks_http2 = written.http_server_config.http2.unwrap_or(true);
                Some(Arc::new(section.build(folder, speaks_http2, &mut read_from).map_err(named)?))
            }
            None => None,
        };
        for (user, hash) in &written.basic_auth_users {
            judge_hash(hash).map_err(|fault| named(format!("basic_auth_users.{user} {fault}")))?;
        }
        let rate = written.rate_limit.map(|rate| rate.judge()).transpose().map_err(named)?;
        Ok(WebFile {
            tls,
            headers: headers(&written.http_server_config.headers).map_err(named)?,
            users: written.basic_auth_users,
            rate,
            is_empty,
            read_from,
        })
    }

    /// This one, if it may take the place of another while the service runs.
    ///
    /// # Errors
    /// A sentence, where it is empty and the other one is not: so is a file that somebody has just begun to write, and
    /// it would let everybody in.
    pub(crate) fn in_place_of(self, other: &WebFile, path: &Path) -> Result<WebFile, String> {
        if self.is_empty && !other.is_empty {
            return Err(format!(
                "{}: an empty file does not take the place of another one while we run",
                path.display()
            ));
        }
        Ok(self)
    }

    /// The files it was read from as they are now.
    pub(super) fn found_now(&self) -> Vec<ReadFile> {
        self.read_from.iter().map(ReadFile::now).collect()
    }

    /// Whether any of the files was written since.
    pub(crate) fn is_old(&self) -> bool {
        self.read_from.iter().any(ReadFile::is_old)
    }

    /// Whether anybody must say who they are.
    pub(crate) fn asks_for_users(&self) -> bool {
        !self.users.is_empty()
    }
}

fn judge_hash(hash: &str) -> Result<(), String> {
    let wrong = "must be a bcrypt hash that begins with $2a$, $2b$ or $2y$, as `htpasswd -nBC 10 \"\"` makes it";
    let parts: Vec<&str> = hash.split('$').collect();
    let [_, "2a" | "2b" | "2y", cost, rest] = parts.as_slice() else { return Err(wrong.to_owned()) };
    let cost: u32 = cost.parse().map_err(|_| wrong.to_owned())?;
    if rest.len() != 53 {
        return Err(wrong.to_owned());
    }
    if !(4..=MOST_COST).contains(&cost) {
        return Err(format!("has the cost {cost}; 4 to {MOST_COST} are allowed: beyond, a login takes seconds"));
    }
    Ok(())
}

fn headers(written: &BTreeMap<String, String>) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
    let mut headers = Vec::new();
    for (name, value) in written {
        if !HEADERS.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return Err(format!("http_server_config.headers: {name} is not one of {}", HEADERS.join(", ")));
        }
        let wrong = || format!("http_server_config.headers.{name} is no header's value");
        let value = HeaderValue::from_str(value).map_err(|_| wrong())?;
        headers.push((name.parse().map_err(|_| wrong())?, value));
    }
    Ok(headers)
}

impl RateSection {
    fn judge(&self) -> Result<Rate, String> {
        let interval = duration(&self.interval).filter(|interval| !interval.is_zero());
        let wrong = "rate_limit needs an interval such as \"10ms\" or \"1s\" and a burst above 0";
        match interval {
            Some(interval) if self.burst > 0 => Ok(Rate { interval, burst: self.burst }),
            _ => Err(wrong.to_owned()),
        }
    }
}

/// A duration as Prometheus writes it: a whole number and a unit.
fn duration(text: &str) -> Option<Duration> {
    let split = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().ok()?;
    match unit {
        "ns" => Some(Duration::from_nanos(number)),
        "us" | "µs" => Some(Duration::from_micros(number)),
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3_600).map(Duration::from_secs),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "$2b$04$Ei4UYfU3BlVzuKH8PPrxjuKbYkT9zZHIF.K9Yz3OvO3hXqRRpaQgW";

    fn read(text: &str) -> Result<WebFile, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        WebFile::read(file.path())
    }

    #[test]
    fn an_empty_file_asks_for_nothing() {
        let file = read("").unwrap();
        assert!(!file.asks_for_users() && file.tls.is_none() && file.rate.is_none());
    }

    #[test]
    fn an_empty_file_takes_no_other_ones_place() {
        let path = Path::new("web.yml");
        let users = || read(&format!("basic_auth_users:\n  li: {HASH}\n")).unwrap();
        let fault = read(" \n").unwrap().in_place_of(&users(), path).unwrap_err();
        assert!(fault.contains("web.yml: an empty file"), "{fault}");
        assert!(read("").unwrap().in_place_of(&read("").unwrap(), path).is_ok());
        assert!(users().in_place_of(&read("").unwrap(), path).is_ok());
    }

    #[test]
    fn users_headers_and_limits_are_read() {
        let file = read(&format!(
            "basic_auth_users:\n  li: {HASH}\nhttp_server_config:\n  http2: true\n  headers:\n    X-Frame-Options: SAMEORIGIN\nrate_limit:\n  interval: 10ms\n  burst: 5\n"
        ))
        .unwrap();
        assert!(file.asks_for_users());
        assert_eq!(
            file.headers,
            [(HeaderName::from_static("x-frame-options"), HeaderValue::from_static("SAMEORIGIN"))]
        );
        assert_eq!(file.rate, Some(Rate { interval: Duration::from_millis(10), burst: 5 }));
    }

    #[test]
    fn what_means_nothing_is_refused_by_name() {
        for (text, names) in [
            ("basic_auth_user: {}", "basic_auth_user"),
            ("basic_auth_users:\n  li: secret", "basic_auth_users.li"),
            ("basic_auth_users:\n  li: $2b$19$Ei4UYfU3BlVzuKH8PPrxjuKbYkT9zZHIF.K9Yz3OvO3hXqRRpaQgW", "the cost 19"),
            ("http_server_config:\n  headers:\n    X-Powered-By: us", "X-Powered-By"),
            ("rate_limit:\n  interval: soon\n  burst: 1", "rate_limit"),
            ("tls_server_config:\n  min_version: TLS10", "TLS10"),
        ] {
            let fault = read(text).unwrap_err();
            assert!(fault.contains(names), "{fault}");
            assert!(!fault.contains("secret"), "{fault}");
        }
    }
}
