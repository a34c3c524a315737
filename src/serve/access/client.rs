//! Where a request comes from.

use std::net::SocketAddr;
use std::sync::Arc;

/// Who sends a request, as an extension of the request.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// Where it comes from.
    pub(crate) address: SocketAddr,
    /// Whether the connection is encrypted.
    pub(crate) is_secure: bool,
    /// Whether it has shown a certificate that was verified.
    pub(crate) has_certificate: bool,
    /// The names in it.
    pub(crate) names: Arc<[String]>,
}
