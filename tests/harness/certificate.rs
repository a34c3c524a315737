//! A self-signed certificate for a TLS listener on the loopback interface.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The files of a certificate, in PEM.
#[derive(Debug)]
pub(crate) struct Certificate {
    /// Key and certificate in one file, as Kafka reads them.
    pub(crate) keystore: PathBuf,
    /// The certificate alone, which clients trust.
    pub(crate) authority: PathBuf,
}

impl Certificate {
    /// Makes a certificate for 127.0.0.1 in a folder.
    pub(crate) fn make(folder: &Path) -> Certificate {
        let (key, authority, keystore) = (folder.join("key.pem"), folder.join("ca.pem"), folder.join("keystore.pem"));
        let output = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"])
            .args(["-addext", "subjectAltName=IP:127.0.0.1"])
            .arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&authority)
            .output()
            .expect("openssl starts");
        assert!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
        let read = |path: &Path| std::fs::read_to_string(path).expect("openssl has written it");
        std::fs::write(&keystore, read(&key) + &read(&authority)).expect("the folder can be written");
        Certificate { keystore, authority }
    }
}
