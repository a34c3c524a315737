//! Which values are secrets, and how they are hidden.

use super::path::KeyPath;

/// What stands in the place of a secret.
pub(super) const HIDDEN: &str = "(hidden)";

/// Words in the names of properties whose values nobody may see: passwords, private keys, client
/// secrets, and the OAUTHBEARER configuration, which may hold any of them.
const SECRET_WORDS: [&str; 7] =
    ["password", "passphrase", "secret", "key.pem", "oauthbearer.config", "jaas", "credential"];

/// Words in the names of options of S3 whose values nobody may see: keys of all kinds and tokens of sessions.
const SECRET_OPTIONS: [&str; 2] = ["key", "token"];

/// Whether the value at `path` must never be shown: a secret, or a whole section that may hold one.
pub(super) fn hides(path: &KeyPath) -> bool {
    let is_option =
        |name: &str| is_secret(name) || SECRET_OPTIONS.iter().any(|word| name.to_lowercase().contains(word));
    let below = |section: &str, is_secret: &dyn Fn(&str) -> bool| {
        let section = KeyPath::new(section);
        path == &section || (path.starts_with(&section) && is_secret(path.name()))
    };
    below("kafka.properties", &is_secret) || below("snapshot.options", &is_option)
}

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
        let options = KeyPath::new("snapshot.options");
        for option in ["aws_secret_access_key", "access_key_id", "AWS_SESSION_TOKEN", "aws_sse_customer_key_base64"] {
            assert!(hides(&options.child(option)), "{option}");
        }
        assert!(hides(&options) && hides(&KeyPath::new("kafka.properties")));
        for path in ["snapshot.options.region", "snapshot.store", "kafka.property_files", "org.team_market_size.key"] {
            assert!(!hides(&KeyPath::new(path)), "{path}");
        }
    }
}
