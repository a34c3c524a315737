//! `tls_server_config`: certificates, versions and what is asked of clients.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{NamedGroup, RootCertStore, ServerConfig, SupportedProtocolVersion};
use serde::Deserialize;

use super::certificate::{self, Name};
use super::read_file::ReadFile;

/// The name of HTTP/2 in a handshake.
pub(crate) const HTTP2: &[u8] = b"h2";

/// The section as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TlsSection {
    cert: Option<String>,
    key: Option<String>,
    cert_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
    client_ca: Option<String>,
    client_ca_file: Option<PathBuf>,
    client_auth_type: Option<String>,
    client_allowed_sans: Vec<String>,
    min_version: Option<String>,
    max_version: Option<String>,
    cipher_suites: Vec<String>,
    curve_preferences: Vec<String>,
    /// Ours are always preferred.
    #[serde(rename = "prefer_server_cipher_suites")]
    _prefer_server_cipher_suites: Option<bool>,
}

/// How connections are encrypted.
#[derive(Debug)]
pub(crate) struct Tls {
    /// For rustls.
    pub(crate) config: Arc<ServerConfig>,
    asks_for_certificates: bool,
    /// The names of which a client's certificate must have one; empty: any.
    allowed: Vec<Allowed>,
}

/// A name that a client's certificate may have.
#[derive(Debug)]
enum Allowed {
    /// A host or an address, as those of servers are compared.
    Host(ServerName<'static>),
    /// An e-mail address or a URI, letter by letter.
    Exactly(Name),
}

impl Tls {
    /// Whether clients are asked for certificates.
    pub(crate) fn asks_for_certificates(&self) -> bool {
        self.asks_for_certificates
    }

    /// The names of a client's certificate, and whether the client may go on.
    pub(crate) fn judge(&self, certificate: Option<&CertificateDer<'_>>) -> (Vec<String>, bool) {
        let Some(der) = certificate else { return (Vec::new(), self.allowed.is_empty()) };
        let Ok(certificate) = webpki::EndEntityCert::try_from(der) else { return (Vec::new(), false) };
        let names = certificate::names(der);
        let is_one_of_them = |allowed: &Allowed| match allowed {
            Allowed::Host(name) => certificate.verify_is_valid_for_subject_name(name).is_ok(),
            Allowed::Exactly(name) => names.contains(name),
        };
        let is_allowed = self.allowed.is_empty() || self.allowed.iter().any(is_one_of_them);
        (names.iter().map(|name| name.text().to_owned()).collect(), is_allowed)
    }
}

impl TlsSection {
    /// Builds what rustls needs; the files that were read are added to `files`.
    pub(super) fn build(&self, folder: &Path, speaks_http2: bool, files: &mut Vec<ReadFile>) -> Result<Tls, String> {
        let versions = self.versions()?;
        let provider = self.provider()?;
        let mut read = |inline: &Option<String>, file: &Option<PathBuf>, what: &str| match (inline, file) {
            (Some(_), Some(_)) => Err(format!("tls_server_config: {what} and {what}_file exclude each other")),
            (Some(text), None) => Ok(Some(text.clone().into_bytes())),
            (None, Some(file)) => {
                let path = folder.join(file);
                files.push(ReadFile::of(&path));
                std::fs::read(&path).map(Some).map_err(|error| format!("{what}_file {}: {error}", path.display()))
            }
            (None, None) => Ok(None),
        };
        let certificate = read(&self.cert, &self.cert_file, "cert")?;
        let key = read(&self.key, &self.key_file, "key")?;
        let (Some(certificate), Some(key)) = (certificate, key) else {
            return Err("tls_server_config needs cert_file and key_file, or cert and key".to_owned());
        };
        let chain = certificates(&certificate, "cert")?;
        let key = PrivateKeyDer::from_pem_slice(&key).map_err(|error| format!("key holds no private key: {error}"))?;
        let authorities = read(&self.client_ca, &self.client_ca_file, "client_ca")?;
        let provider = Arc::new(provider);
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&versions)
            .map_err(|error| format!("tls_server_config: {error}"))?;
        let builder = match self.verifier(authorities, &provider)? {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let mut config =
            builder.with_single_cert(chain, key).map_err(|error| format!("cert and key do not fit: {error}"))?;
        // What comes first is preferred.
        let http2 = speaks_http2.then(|| HTTP2.to_vec());
        config.alpn_protocols = http2.into_iter().chain([b"http/1.1".to_vec()]).collect();
        let asks_for_certificates = self.client_ca.is_some() || self.client_ca_file.is_some();
        Ok(Tls { config: Arc::new(config), asks_for_certificates, allowed: self.allowed()? })
    }

    fn versions(&self) -> Result<Vec<&'static SupportedProtocolVersion>, String> {
        let number = |text: &Option<String>, otherwise: u8| match text.as_deref() {
            None => Ok(otherwise),
            Some("TLS12") => Ok(2),
            Some("TLS13") => Ok(3),
            Some(other) => Err(format!("tls_server_config: the version {other} is not one of TLS12, TLS13")),
        };
        let (least, most) = (number(&self.min_version, 2)?, number(&self.max_version, 3)?);
        let all = [(2, &rustls::version::TLS12), (3, &rustls::version::TLS13)];
        let versions: Vec<_> =
            all.into_iter().filter(|(number, _)| (least..=most).contains(number)).map(|(_, version)| version).collect();
        if versions.is_empty() {
            Err("tls_server_config: min_version is above max_version".to_owned())
        } else {
            Ok(versions)
        }
    }

    fn provider(&self) -> Result<CryptoProvider, String> {
        let mut provider = ring::default_provider();
        if !self.cipher_suites.is_empty() {
            let known = provider.cipher_suites.clone();
            provider.cipher_suites = chosen(&self.cipher_suites, "cipher_suites", |name| {
                // Go and rustls call those of TLS 1.3 differently.
                let name = name.replacen("TLS_AES", "TLS13_AES", 1).replacen("TLS_CHACHA20", "TLS13_CHACHA20", 1);
                known.iter().copied().find(|suite| format!("{:?}", suite.suite()) == name)
            })?;
        }
        if !self.curve_preferences.is_empty() {
            let known = provider.kx_groups.clone();
            provider.kx_groups = chosen(&self.curve_preferences, "curve_preferences", |name| {
                let group = match name {
                    "X25519" => NamedGroup::X25519,
                    "CurveP256" => NamedGroup::secp256r1,
                    "CurveP384" => NamedGroup::secp384r1,
                    _ => return None,
                };
                known.iter().copied().find(|known| known.name() == group)
            })?;
        }
        Ok(provider)
    }

    fn verifier(
        &self,
        authorities: Option<Vec<u8>>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Option<Arc<dyn ClientCertVerifier>>, String> {
        let kind = self.client_auth_type.as_deref().unwrap_or("NoClientCert");
        let is_needed = match kind {
            "NoClientCert" if authorities.is_none() => return Ok(None),
            "NoClientCert" => return Err("client_ca_file needs a client_auth_type that verifies".to_owned()),
            "VerifyClientCertIfGiven" => false,
            "RequireAndVerifyClientCert" => true,
            "RequestClientCert" | "RequireAnyClientCert" => {
                return Err(format!("client_auth_type {kind} verifies nothing; take RequireAndVerifyClientCert"));
            }
            other => return Err(format!("client_auth_type {other} is none that there is")),
        };
        let authorities = authorities.ok_or_else(|| format!("client_auth_type {kind} needs client_ca_file"))?;
        let mut roots = RootCertStore::empty();
        for authority in certificates(&authorities, "client_ca")? {
            roots.add(authority).map_err(|error| format!("client_ca: {error}"))?;
        }
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        let builder = if is_needed { builder } else { builder.allow_unauthenticated() };
        builder.build().map(Some).map_err(|error| format!("client_ca: {error}"))
    }

    fn allowed(&self) -> Result<Vec<Allowed>, String> {
        let name = |text: &String| {
            if text.contains("://") {
                return Ok(Allowed::Exactly(Name::Uri(text.clone())));
            }
            if text.contains('@') {
                return Ok(Allowed::Exactly(Name::Email(text.clone())));
            }
            let wrong =
                || format!("client_allowed_sans: {text:?} is no DNS name, IP address, e-mail address or URI with ://");
            ServerName::try_from(text.clone()).map(Allowed::Host).map_err(|_| wrong())
        };
        self.client_allowed_sans.iter().map(name).collect()
    }
}

fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        Ok(_) => Err(format!("{what} holds no certificate")),
        Err(error) => Err(format!("{what} holds no certificate: {error}")),
    }
}

fn chosen<T>(names: &[String], key: &str, find: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, String> {
    let all =
        names.iter().map(|name| find(name).ok_or_else(|| format!("tls_server_config: {key}: there is no {name} here")));
    all.collect()
}
