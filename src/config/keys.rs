//! Every key of the configuration in one table: its kind, its default and what is allowed.
//!
//! The defaults here are the lowest layer of every configuration, and what is allowed here is what
//! the errors say, so that the three cannot drift apart.

use super::path::{KeyPath, Step};

/// What kind of value a key takes. A text from the environment is read as a TOML value where it is one
/// of this kind, and stays a text otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// A whole number.
    Whole,
    /// A number by its digits, or a decimal string.
    Number,
    /// `true` or `false`.
    Truth,
    /// A list of texts.
    Texts,
    /// Whatever librdkafka takes: a text, a number, a truth value.
    Property,
}

/// One key.
#[derive(Debug)]
pub(super) struct Key {
    /// Its dotted path. `*` stands for a name of the user's own, `[]` for a row.
    pub(super) path: &'static str,
    pub(super) kind: Kind,
    /// The default as TOML; `None` where there is none.
    pub(super) default: Option<&'static str>,
    /// What the value must be, to follow the words "must be".
    pub(super) allowed: &'static str,
}

const fn key(path: &'static str, kind: Kind, default: Option<&'static str>, allowed: &'static str) -> Key {
    Key { path, kind, default, allowed }
}

const WHOLE: &str = "a whole number, not negative";
const DURATION: &str = "a duration: a whole number and one of ms s m h d w, such as \"30d\"";
const KEPT: &str = "a whole number from 0 to 10000";
const WINDOWS: &str = "a list of windows, each of 1h 24h 7d 30d 90d today wtd mtd qtd ytd yesterday last_week last_month last_quarter last_year at most once";
const TRUTH: &str = "true or false";
const STAGES: &str = "a list of stages, each once, the first \"lead\" and the last \"won\"";
const PROBABILITY: &str = "a number or decimal string from 0 to 1 with at most 18 digits, such as \"0.4\"";
const ALIAS: &str = "the name of a stage of the same pipeline, \"lost\" or \"void\"";
const EXPOSE: &str = "a list of metric families, each once: full names, or prefixes that end in *";
const TOPIC: &str = "the name of a topic (1 to 249 of A-Z a-z 0-9 . _ -) that no other type has, or \"\" for none";
const ROLE: &str = "\"viewer\", \"rep\", \"manager\", \"admin\" or \"scraper\"";
const ALL_WINDOWS: Option<&str> = Some(r#"["1h", "24h", "7d", "30d", "90d", "mtd", "qtd", "ytd"]"#);

/// All keys, in the order in which the example explains them.
pub(super) static KEYS: &[Key] = &[
    key("max_series", Kind::Whole, Some("2000000"), "a whole number above 0"),
    key("retention", Kind::Text, Some(r#""800d""#), DURATION),
    key("allowed_skew", Kind::Text, Some(r#""24h""#), DURATION),
    key("org.timezone", Kind::Text, Some(r#""UTC""#), "an IANA time zone such as \"UTC\" or \"Asia/Shanghai\""),
    key(
        "org.reporting_currency",
        Kind::Text,
        None,
        "an active ISO 4217 code with minor units, in upper case, such as \"CNY\"",
    ),
    key("org.fiscal_year_starts", Kind::Whole, Some("1"), "a month, 1 to 12"),
    key("org.fiscal_year_named_by", Kind::Text, Some(r#""end""#), "\"end\" or \"start\""),
    key(
        "org.week_starts",
        Kind::Text,
        Some(r#""monday""#),
        "a day of the week in lower case: monday, tuesday, wednesday, thursday, friday, saturday or sunday",
    ),
    key("org.customer_period", Kind::Text, Some(r#""quarter""#), "\"month\", \"quarter\" or \"year\""),
    key("org.market_size", Kind::Whole, None, WHOLE),
    key("org.team_market_size.*", Kind::Whole, None, WHOLE),
    key("org.credit_through_deal", Kind::Truth, Some("false"), TRUTH),
    key("org.regions.*", Kind::Texts, None, "a list of teams that are in no other region, each once"),
    key(
        "pipeline.stages",
        Kind::Texts,
        Some(r#"["lead", "contacted", "qualified", "proposal", "negotiation", "won"]"#),
        STAGES,
    ),
    key("pipeline.probabilities.*", Kind::Number, None, PROBABILITY),
    key("pipeline.stalled_after.*", Kind::Text, None, DURATION),
    key("pipeline.aliases.*", Kind::Text, None, ALIAS),
    key("pipelines.*.stages", Kind::Texts, None, STAGES),
    key("pipelines.*.probabilities.*", Kind::Number, None, PROBABILITY),
    key("pipelines.*.stalled_after.*", Kind::Text, None, DURATION),
    key("pipelines.*.aliases.*", Kind::Text, None, ALIAS),
    key("fx.[].date", Kind::Text, None, "the local date from which the rate holds, such as \"2026-01-01\""),
    key(
        "fx.[].from",
        Kind::Text,
        None,
        "an active ISO 4217 code with minor units, in upper case, other than org.reporting_currency",
    ),
    key(
        "fx.[].rate",
        Kind::Number,
        None,
        "a number or decimal string above 0 with at most 18 digits, such as \"7.10\"",
    ),
    key("targets.roll_up", Kind::Truth, Some("false"), TRUTH),
    key("windows.rep", Kind::Texts, Some(r#"["24h", "7d", "30d", "mtd", "qtd"]"#), WINDOWS),
    key("windows.team", Kind::Texts, ALL_WINDOWS, WINDOWS),
    key("windows.region", Kind::Texts, None, WINDOWS),
    key("windows.org", Kind::Texts, ALL_WINDOWS, WINDOWS),
    key("windows.channel", Kind::Texts, ALL_WINDOWS, WINDOWS),
    key("expose.rep", Kind::Texts, None, EXPOSE),
    key("expose.team", Kind::Texts, None, EXPOSE),
    key("expose.region", Kind::Texts, None, EXPOSE),
    key("expose.org", Kind::Texts, None, EXPOSE),
    key("expose.channel", Kind::Texts, None, EXPOSE),
    key(
        "leaderboard.by",
        Kind::Texts,
        Some(r#"["revenue", "won", "quota_attainment"]"#),
        "a list of rep KPIs without their prefix sales_rep_, each once",
    ),
    key(
        "kafka.brokers",
        Kind::Text,
        Some(r#""localhost:9092""#),
        "host:port, several separated by commas, such as \"kafka-1:9092,kafka-2:9092\"; a protocol before it can only be one \
         of Kafka's, as in \"SASL_SSL://kafka-1:9093\"",
    ),
    key("kafka.group", Kind::Text, Some(r#""salespulse""#), "the name of a consumer group, not empty"),
    key("kafka.instance_id", Kind::Text, None, "a name that no other instance has, not empty"),
    key("kafka.topics.lead", Kind::Text, Some(r#""sales.leads""#), TOPIC),
    key("kafka.topics.stage_change", Kind::Text, Some(r#""sales.stage-changes""#), TOPIC),
    key("kafka.topics.spend", Kind::Text, Some(r#""sales.spend""#), TOPIC),
    key("kafka.topics.feedback", Kind::Text, Some(r#""sales.feedback""#), TOPIC),
    key("kafka.topics.payment", Kind::Text, Some(r#""sales.payments""#), TOPIC),
    key("kafka.topics.target", Kind::Text, Some(r#""sales.targets""#), TOPIC),
    key("kafka.topics.rep", Kind::Text, Some(r#""sales.reps""#), TOPIC),
    key(
        "kafka.dead_letter_topic",
        Kind::Text,
        Some(r#""sales.dead-letters""#),
        "the name of a topic (1 to 249 of A-Z a-z 0-9 . _ -) that carries no events",
    ),
    key("kafka.on_unreadable", Kind::Text, Some(r#""refuse""#), "\"refuse\" or \"skip\""),
    key("kafka.properties.*", Kind::Property, None, "a text, a number or true or false, as librdkafka takes it"),
    key("kafka.property_files.*", Kind::Property, None, "the path of a readable UTF-8 file that holds the value"),
    key(
        "snapshot.store",
        Kind::Text,
        Some(r#""salespulse-snapshots""#),
        "a directory, s3://bucket/prefix, or \"\" to keep nothing",
    ),
    key("snapshot.interval", Kind::Text, Some(r#""60s""#), "a duration above 0, such as \"60s\""),
    key("snapshot.audit_interval", Kind::Text, Some(r#""1h""#), "a duration such as \"1h\", or \"0s\" for never"),
    key("snapshot.keep_hourly", Kind::Whole, Some("24"), KEPT),
    key("snapshot.keep_daily", Kind::Whole, Some("7"), KEPT),
    key("snapshot.on_gap", Kind::Text, Some(r#""refuse""#), "\"refuse\" or \"degrade\""),
    key(
        "snapshot.options.*",
        Kind::Property,
        None,
        "a text, a number or true or false, as object_store takes it for S3",
    ),
    key("http.listen", Kind::Text, Some(r#""127.0.0.1:9464""#), "an IP address and a port, such as \"127.0.0.1:9464\""),
    key(
        "web.listen",
        Kind::Text,
        Some(r#""""#),
        "an IP address and a port, such as \"127.0.0.1:9465\", or \"\" for no page",
    ),
    key("web.config_file", Kind::Text, Some(r#""""#), "the path of a web configuration, or \"\" for none"),
    key("access.default", Kind::Text, None, ROLE),
    key("access.targets", Kind::Text, None, "\"all\", \"own\" or \"none\""),
    key("access.names", Kind::Text, None, "\"name\", \"alias\" or \"id\""),
    key("access.aliases.*", Kind::Text, None, "an alias that no other rep has, not empty"),
    key("access.user.[].name", Kind::Text, None, "the name of a user, not empty"),
    key("access.user.[].role", Kind::Text, None, ROLE),
    key("access.user.[].rep", Kind::Text, None, "the id of a rep"),
    key("access.user.[].teams", Kind::Texts, None, "a list of teams, each once"),
    key("access.display.[].id", Kind::Text, None, "a name for the screen"),
    key("access.display.[].key_sha256", Kind::Text, None, "64 digits 0-9 a-f: the SHA-256 of the screen's key"),
    key("access.display.[].boards", Kind::Texts, None, "a list of ids of [[board]], each once"),
    key("access.proxy.from", Kind::Texts, None, "a list of networks such as \"127.0.0.1/32\", each once"),
    key("access.proxy.user_header", Kind::Text, None, "the name of a header"),
    key("web.deal_url", Kind::Text, None, "an address that begins with https:// and has {lead_id} in it"),
    key("web.hosts", Kind::Texts, None, "a list of host names, each once"),
    key(
        "celebrate.deal_over",
        Kind::Text,
        Some(r#""""#),
        "a decimal string above 0, such as \"50000\", or \"\" for none",
    ),
    key("celebrate.quota", Kind::Texts, Some(r#"["1"]"#), "a list of shares of the target, such as [\"0.8\", \"1\"]"),
    key("celebrate.leader", Kind::Truth, Some("true"), TRUTH),
    key("board.[].id", Kind::Text, None, "1 to 40 of a-z 0-9 -, such as \"month\""),
    key("board.[].title.en", Kind::Text, None, "a text"),
    key("board.[].title.zh", Kind::Text, None, "a text"),
    key("board.[].scope", Kind::Text, None, "\"rep\", \"team\" or \"channel\""),
    key("board.[].by", Kind::Text, None, "a KPI of the scope that has windows, or \"quota_attainment\""),
    key("board.[].window", Kind::Text, None, "a window of the scope"),
    key("board.[].team", Kind::Text, None, "a team"),
    key("board.[].rows", Kind::Whole, None, "a whole number from 1 to 50"),
    key("board.[].seconds", Kind::Whole, None, "a whole number from 1 to 3600"),
];

impl Key {
    fn steps(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('.')
    }

    /// Whether this key's path begins with `path`, or is it.
    fn begins_with(&self, path: &KeyPath) -> bool {
        self.steps().count() >= path.steps().len()
            && self.steps().zip(path.steps()).all(|(pattern, step)| match step {
                Step::Row(_) => pattern == "[]",
                Step::Name(name) => pattern == name || (pattern == "*" && !name.is_empty()),
            })
    }

    /// Whether this is the key of a path.
    pub(super) fn fits(&self, path: &KeyPath) -> bool {
        self.begins_with(path) && self.steps().count() == path.steps().len()
    }
}

/// The key of this path, if there is one.
pub(super) fn find(path: &KeyPath) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.fits(path))
}

/// What may stand directly below `path`, sorted: names, `*` for any, `[]` for rows. Empty where `path`
/// is no section.
pub(super) fn below(path: &KeyPath) -> Vec<&'static str> {
    let keys = KEYS.iter().filter(|key| key.begins_with(path));
    let mut names: Vec<_> = keys.filter_map(|key| key.steps().nth(path.steps().len())).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_by_their_patterns() {
        let found = |path: &KeyPath| find(path).map(|key| key.path);
        assert_eq!(found(&KeyPath::new("org.timezone")), Some("org.timezone"));
        assert_eq!(found(&KeyPath::new("org.team_market_size.east")), Some("org.team_market_size.*"));
        assert_eq!(found(&KeyPath::new("fx").row(3).child("rate")), Some("fx.[].rate"));
        assert_eq!(found(&KeyPath::new("fx.rate")), None);
        assert_eq!(found(&KeyPath::new("org")), None);
        assert_eq!(below(&KeyPath::new("http")), ["listen"]);
        assert_eq!(below(&KeyPath::new("fx")), ["[]"]);
        assert!(below(&KeyPath::new("orgs")).is_empty());
    }
}
