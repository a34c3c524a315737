//! Who may post to a webhook, and how they prove it.

use std::path::PathBuf;

use super::mapping::{LoadFault, Section};
use super::signature::{Encoding, equal, is_signed};

/// A webhook, as its section says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// How a sender proves that it knows the secret.
    pub proof: Proof,
    /// Holds the secret.
    pub secret_file: PathBuf,
}

/// How a sender proves that it knows a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// By naming it in a header.
    Token {
        /// The header, in lower case.
        header: String,
    },
    /// By signing the body: HMAC-SHA256.
    Signature {
        /// The header of the signature, in lower case.
        header: String,
        /// How it is written there.
        encoding: Encoding,
    },
}

impl Hook {
    /// The table `verify` of a source; `None` without one.
    ///
    /// # Errors
    /// [`LoadFault`] with the line and the key.
    pub(super) fn of(section: &Section<'_>) -> Result<Option<Hook>, LoadFault> {
        let Some(verify) = section.section("verify")? else { return Ok(None) };
        let encoding = match verify.text("encoding")?.as_deref() {
            None => None,
            Some("hex") => Some(Encoding::Hex),
            Some("base64") => Some(Encoding::Base64),
            Some(_) => return Err(verify.fault("encoding", "must be \"hex\" or \"base64\"")),
        };
        let proof = match (verify.text("token")?, verify.text("hmac_sha256")?, encoding) {
            (Some(header), None, None) => Proof::Token { header: header.to_ascii_lowercase() },
            (None, Some(header), encoding) => {
                let encoding = encoding.unwrap_or(Encoding::Hex);
                Proof::Signature { header: header.to_ascii_lowercase(), encoding }
            }
            _ => {
                let message = "needs either token, the header of a shared secret, or hmac_sha256, that of a signature, \
                     which alone may have an encoding";
                return Err(verify.fault("", message));
            }
        };
        let hook = Hook { proof, secret_file: verify.required("secret_file")?.into() };
        verify.finish()?;
        Ok(Some(hook))
    }
}

impl Proof {
    /// Whether a request proves it.
    #[must_use]
    pub fn holds(&self, secret: &str, header: &dyn Fn(&str) -> Option<String>, body: &[u8]) -> bool {
        match self {
            Proof::Token { header: name } => {
                let given = header(name).unwrap_or_default();
                // `Authorization` has a word before the secret that says of what kind it is.
                let given =
                    given.split_once(' ').filter(|_| name == "authorization").map_or(&*given, |(_, token)| token);
                equal(given.trim().as_bytes(), secret.as_bytes())
            }
            Proof::Signature { header: name, encoding } => {
                header(name).is_some_and(|given| is_signed(body, &given, secret.as_bytes(), *encoding))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_secret_or_a_signature_proves_it() {
        let (body, secret) = (b"The quick brown fox jumps over the lazy dog", "key");
        let signed = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
        let holds = |proof: &Proof, name: &str, value: &str, body: &[u8]| {
            proof.holds(secret, &|wanted| (wanted == name).then(|| value.to_owned()), body)
        };
        let token = Proof::Token { header: "x-api-key".to_owned() };
        assert!(holds(&token, "x-api-key", "key", body));
        for (name, value) in [("x-api-key", "ke"), ("x-api-key", "key2"), ("x-api-key", ""), ("authorization", "key")] {
            assert!(!holds(&token, name, value, body), "{name}: {value}");
        }
        let bearer = Proof::Token { header: "authorization".to_owned() };
        assert!(holds(&bearer, "authorization", "Bearer key", body));
        let signature = Proof::Signature { header: "x-signature".to_owned(), encoding: Encoding::Hex };
        assert!(holds(&signature, "x-signature", signed, body));
        assert!(!holds(&signature, "x-signature", signed, &body[1..]), "another body");
        assert!(!holds(&signature, "x-other", signed, body), "no signature");
        assert!(!holds(&signature, "x-signature", "key", body), "the secret is no signature");
    }
}
