//! Which `Host` a request may name on a listener of the loopback interface, and on one whose names are configured.
//!
//! A page of a foreign site can let its own name resolve to 127.0.0.1 and so have a browser read what is served there. Such a
//! request names the foreign host.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;

/// The names under which a listener may be asked: all of them where it is not of the loopback interface and has none of its
/// own. An address may always be named there: only names can be made to lead elsewhere.
#[derive(Clone, Debug)]
pub(super) struct Hosts {
    is_loopback: bool,
    names: Arc<[String]>,
}

impl Hosts {
    /// Those of a listener: on loopback, `localhost`, loopback addresses, and these names.
    pub(super) fn of(listener: &TcpListener, names: &[String]) -> Hosts {
        let is_loopback = listener.local_addr().is_ok_and(|address| address.ip().is_loopback());
        Hosts { is_loopback, names: names.iter().map(|name| name.to_ascii_lowercase()).collect() }
    }

    /// Every name, for tests.
    #[cfg(test)]
    pub(super) fn everywhere() -> Hosts {
        Hosts { is_loopback: false, names: Arc::new([]) }
    }

    fn allow(&self, host: &str) -> bool {
        let name = without_port(host).to_ascii_lowercase();
        let is_own = name == "localhost"
            || name.ends_with(".localhost")
            || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let is_open = !self.is_loopback && (self.names.is_empty() || name.parse::<IpAddr>().is_ok());
        is_open || is_own || self.names.contains(&name)
    }
}

fn without_port(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

/// Refuses what names a foreign host; a client of HTTP/1.0 names none, and one of HTTP/2 names it beside the path.
pub(super) async fn check(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let named = request.headers().get_all(HOST).iter().map(|host| host.to_str().unwrap_or("?"));
    let is_foreign = named.chain(request.uri().host()).any(|host| !hosts.allow(host));
    if is_foreign {
        let sentence =
            "This answers to localhost and the names in web.hosts only, and off the loopback interface to addresses.\n";
        return (StatusCode::MISDIRECTED_REQUEST, sentence).into_response();
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_host_is_refused_on_loopback_alone() {
        let names: Arc<[String]> = ["sales.example".to_owned()].into();
        let loopback = Hosts { is_loopback: true, names: Arc::clone(&names) };
        for own in ["localhost", "LOCALHOST:9464", "127.0.0.1:9464", "127.9.9.9", "[::1]:9464", "Sales.Example:80"] {
            assert!(loopback.allow(own), "{own}");
        }
        for foreign in ["evil.example", "localhost.evil.example:9464", "10.0.0.1", "", "[::2]:1"] {
            assert!(!loopback.allow(foreign), "{foreign}");
            assert!(Hosts { is_loopback: false, names: Arc::new([]) }.allow(foreign));
        }
        let named = Hosts { is_loopback: false, names };
        for own in ["localhost", "10.0.0.1:9465", "[fd00::1]:9465", "sales.example"] {
            assert!(named.allow(own), "{own}");
        }
        assert!(!named.allow("evil.example") && !named.allow("10.0.0.1.evil.example"));
    }
}
