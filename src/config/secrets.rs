//! Which values may be shown. Of what is passed on to librdkafka and to S3 only those that are known to be harmless are: a
//! mistyped or an unusual name may hold a secret, and no list of secrets is ever complete.

use std::path::Path;

use super::kafka::why_owned;
use super::path::KeyPath;
use super::value::{HIDDEN, Value};

/// Properties of librdkafka whose values reveal no secret.
static PROPERTIES: [&str; 58] = [
    "api.version.fallback.ms",
    "api.version.request",
    "api.version.request.timeout.ms",
    "broker.address.family",
    "broker.address.ttl",
    "broker.version.fallback",
    "builtin.features",
    "client.dns.lookup",
    "client.id",
    "client.rack",
    "compression.codec",
    "compression.level",
    "compression.type",
    "connections.max.idle.ms",
    "debug",
    "enable.random.seed",
    "enable.sasl.oauthbearer.unsecure.jwt",
    "enable.ssl.certificate.verification",
    "fetch.error.backoff.ms",
    "fetch.max.bytes",
    "fetch.message.max.bytes",
    "fetch.min.bytes",
    "fetch.wait.max.ms",
    "linger.ms",
    "log_level",
    "max.in.flight",
    "max.in.flight.requests.per.connection",
    "max.partition.fetch.bytes",
    "max.poll.interval.ms",
    "message.copy.max.bytes",
    "metadata.max.age.ms",
    "metadata.recovery.strategy",
    "queue.buffering.max.kbytes",
    "queue.buffering.max.messages",
    "queue.buffering.max.ms",
    "queued.min.messages",
    "receive.message.max.bytes",
    "reconnect.backoff.max.ms",
    "reconnect.backoff.ms",
    "request.timeout.ms",
    "retries",
    "retry.backoff.max.ms",
    "retry.backoff.ms",
    "sasl.kerberos.service.name",
    "sasl.mechanism",
    "sasl.mechanisms",
    "sasl.oauthbearer.method",
    "sasl.username",
    "security.protocol",
    "socket.connection.setup.timeout.ms",
    "socket.keepalive.enable",
    "socket.timeout.ms",
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.cipher.suites",
    "ssl.endpoint.identification.algorithm",
    "ssl.key.location",
    "topic.metadata.refresh.interval.ms",
];

/// Options of S3 whose values reveal no secret. Each may begin with `aws_`.
static OPTIONS: [&str; 21] = [
    "allow_http",
    "bucket",
    "bucket_name",
    "checksum_algorithm",
    "conditional_put",
    "connect_timeout",
    "copy_if_not_exists",
    "default_region",
    "disable_tagging",
    "endpoint",
    "endpoint_url",
    "imdsv1_fallback",
    "metadata_endpoint",
    "pool_idle_timeout",
    "pool_max_idle_per_host",
    "region",
    "request_payer",
    "s3_express",
    "skip_signature",
    "timeout",
    "virtual_hosted_style_request",
];

/// Whether the value at `path` may be shown: to whoever reads the log, the report of a check or an error.
pub(super) fn may_show(path: &KeyPath, value: &Value) -> bool {
    let below = |section: &str| {
        let section = KeyPath::new(section);
        path.starts_with(&section).then(|| path != &section && path.parent() == section)
    };
    // A value for a section as a whole holds values of any names.
    if let Some(is_property) = below("kafka.properties") {
        is_property && property_may_be_shown(path.name())
    } else if let Some(is_option) = below("snapshot.options") {
        is_option && option_may_be_shown(path.name()) && !value.text().is_some_and(|text| text.contains('@'))
    } else if below("kafka.property_files").is_some() {
        // Somebody may have written the secret itself where the path of its file belongs.
        let is_path = |text: &str| ["/", "./", "../"].iter().any(|begin| text.starts_with(begin));
        let is_file = |text: &str| is_path(text) || Path::new(text).exists();
        property_may_be_shown(path.name()) || value.text().is_some_and(is_file)
    } else {
        true
    }
}

/// Whether the value of a property of librdkafka may be shown. What salespulse sets itself is no secret either.
#[must_use]
pub fn property_may_be_shown(property: &str) -> bool {
    PROPERTIES.contains(&property) || why_owned(property).is_some()
}

/// Whether the value of an option of S3 may be shown.
pub(super) fn option_may_be_shown(option: &str) -> bool {
    let option = option.to_ascii_lowercase();
    OPTIONS.contains(&option.strip_prefix("aws_").unwrap_or(&option))
}

/// A text as it may be shown.
pub(super) fn shown_text<'a>(path: &KeyPath, text: &'a str) -> &'a str {
    if may_show(path, &Value::Text(text.to_owned())) { text } else { HIDDEN }
}

/// A value as it may be shown.
pub(super) fn shown(path: &KeyPath, value: &Value) -> Value {
    if may_show(path, value) { value.clone() } else { Value::Hidden }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn the_lists_are_in_order() {
        assert!(PROPERTIES.is_sorted() && OPTIONS.is_sorted());
    }

    #[test]
    fn nothing_is_shown_whose_name_is_not_known() {
        let properties = KeyPath::new("kafka.properties");
        for property in [
            "sasl.password",
            "sasl.passwrd",
            "sasl.Password",
            "ssl.key.pem",
            "ssl.key.passphrasee",
            "sasl.oauthbearer.config",
            "sasl.oauthbearer.client.secret",
            "sasl.oauthbearer.token.endpoint.url",
            "sasl.oauthbearer.assertion.private.key.pem",
            "sasl.kerberos.kinit.cmd",
            "invented",
        ] {
            assert!(!may_show(&properties.child(property), &text("hunter2")), "{property}");
        }
        for property in ["sasl.username", "ssl.ca.location", "security.protocol", "debug"] {
            assert!(may_show(&properties.child(property), &text("x")), "{property}");
        }
        let options = KeyPath::new("snapshot.options");
        for option in
            ["aws_secret_access_key", "access_key_id", "AWS_SESSION_TOKEN", "aws_secret_acess_kee", "proxy_url"]
        {
            assert!(!may_show(&options.child(option), &text("hunter2")), "{option}");
        }
        for option in ["aws_region", "REGION", "aws_endpoint", "timeout"] {
            assert!(may_show(&options.child(option), &text("eu-central-1")), "{option}");
        }
        assert!(!may_show(&options.child("aws_endpoint"), &text("http://me:hunter2@minio")), "a secret in an address");
        for section in [&properties, &options, &KeyPath::new("kafka.property_files")] {
            assert!(!may_show(section, &text("{ secret = 1 }")));
        }
        for path in ["snapshot.store", "org.team_market_size.key"] {
            assert!(may_show(&KeyPath::new(path), &text("x")), "{path}");
        }
    }

    #[test]
    fn a_secret_in_the_place_of_its_file_is_not_shown() {
        let file = KeyPath::new("kafka.property_files").child("sasl.password");
        assert!(!may_show(&file, &text("hunter2")));
        assert!(may_show(&file, &text("/run/secrets/password")));
        assert!(may_show(&KeyPath::new("kafka.property_files").child("ssl.ca.location"), &text("ca.pem")));
    }
}
