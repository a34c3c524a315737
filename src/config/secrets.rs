//! Which of librdkafka's properties are secrets, and how they are hidden.

/// What stands in the place of a secret.
pub(super) const HIDDEN: &str = "(hidden)";

/// Words in the names of properties whose values nobody may see: passwords, private keys, client
/// secrets, and the OAUTHBEARER configuration, which may hold any of them.
const SECRET_WORDS: [&str; 7] =
    ["password", "passphrase", "secret", "key.pem", "oauthbearer.config", "jaas", "credential"];

/// Whether a property's value must never be shown.
pub(super) fn is_secret(property: &str) -> bool {
    let property = property.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| property.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for property in [
            "sasl.password",
            "ssl.key.password",
            "ssl.keystore.password",
            "ssl.key.pem",
            "sasl.oauthbearer.client.secret",
            "sasl.oauthbearer.config",
            "sasl.oauthbearer.assertion.private.key.pem",
            "sasl.oauthbearer.assertion.private.key.passphrase",
        ] {
            assert!(is_secret(property), "{property}");
        }
        for property in ["sasl.username", "ssl.ca.location", "ssl.ca.pem", "security.protocol", "debug"] {
            assert!(!is_secret(property), "{property}");
        }
    }
}
