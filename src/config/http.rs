//! `[http]`: where the gauges are served.

use std::net::SocketAddr;

use super::error::ConfigError;
use super::path::KeyPath;
use super::settings::Settings;

/// Where the gauges are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpConfig {
    /// The address to listen on: loopback unless the user says otherwise.
    pub listen: SocketAddr,
}

pub(super) fn read(settings: &Settings) -> Result<HttpConfig, ConfigError> {
    let listen = settings.required(&KeyPath::new("http.listen"), |value| value.text()?.parse().ok())?;
    Ok(HttpConfig { listen })
}
