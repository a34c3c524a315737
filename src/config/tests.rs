//! The sentences of wrong configurations as a stranger would read them, and what right ones mean.

use super::{Config, ConfigError, Flag, Origin, Settings};
use crate::model::calendar::{Calendar, NamedBy};
use crate::model::event::{EventType, Stage};
use crate::model::money::Ratio;
use crate::model::time::DAY;
use crate::model::window::Window;

const SMALLEST: &str = "org.reporting_currency = \"CNY\"\n";

fn settings(
    file: &str,
    environment: &[(&str, &str)],
    flags: &[(&'static str, &'static str, &str)],
) -> Result<Settings, ConfigError> {
    let mut settings = Settings::defaults()?;
    settings.lay_toml(file, "salespulse.toml")?;
    settings.lay_environment(environment.iter().map(|(name, value)| (name.into(), value.into())))?;
    let flag = |(name, key, value): &(&'static str, &'static str, &str)| Flag { name, key, value: (*value).to_owned() };
    settings.lay_flags(&flags.iter().map(flag).collect::<Vec<_>>())?;
    Ok(settings)
}

fn load(file: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::new(&settings(file, environment, &[])?, || "host-1".to_owned())
}

/// The sentences of files that each begin with the one required key.
fn sentences(files: &[&str]) -> String {
    let sentence = |file: &&str| load(&format!("{SMALLEST}{file}"), &[]).expect_err(file).to_string();
    files.iter().map(sentence).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_smallest_configuration_has_the_defaults() {
    let config = load(SMALLEST, &[]).unwrap();
    assert_eq!(config.rules.max_series, 2_000_000);
    assert_eq!((config.rules.retention, config.rules.allowed_skew), (800 * DAY, DAY));
    assert_eq!((config.rules.zone.name(), config.rules.customer_period.name()), ("UTC", "quarter"));
    assert_eq!((config.rules.market_size, config.rules.team_market_size.len()), (None, 0));
    assert_eq!(config.rules.pipeline.stages(), ["lead", "contacted", "qualified", "proposal", "negotiation", "won"]);
    let short = [Window::Day, Window::Week, Window::Month, Window::MonthToDate, Window::QuarterToDate];
    assert_eq!(config.rules.windows.rep, short);
    assert_eq!(config.rules.windows.team, Window::USUAL);
    assert_eq!(config.rules.windows.org, Window::USUAL);
    assert_eq!(config.rules.windows.channel, Window::USUAL);
    assert!(config.rules.windows.region.is_empty() && config.rules.pipelines.is_empty());
    assert_eq!(config.rules.calendar, Calendar::default());
    assert!(!config.rules.credit_through_deal && !config.rules.roll_up);
    assert_eq!(config.rules.expose, Default::default());
    assert_eq!(config.rules.leaderboard, ["revenue", "won", "quota_attainment"]);
    for kind in EventType::ALL {
        assert_eq!(config.kafka.topics[&kind], kind.default_topic());
    }
    assert_eq!((config.kafka.brokers.as_str(), config.kafka.group.as_str()), ("localhost:9092", "salespulse"));
    assert_eq!(config.kafka.instance_id, "salespulse-host-1");
    assert_eq!(config.kafka.dead_letter_topic, "sales.dead-letters");
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:9464");
}

#[test]
fn later_layers_win_and_every_value_knows_its_origin() {
    let file = format!("{SMALLEST}max_series = 5\nkafka.brokers = \"file:1\"\nkafka.group = \"file\"");
    let environment = [
        ("SALESPULSE__KAFKA__BROKERS", "environment:1"),
        ("salespulse__kafka__group", "7"),
        ("SALESPULSE_CONFIG", "x"),
    ];
    let settings = settings(&file, &environment, &[("--brokers", "kafka.brokers", "flag:1")]).unwrap();
    let config = Config::new(&settings, String::new).unwrap();
    assert_eq!(
        (config.rules.max_series, config.kafka.brokers.as_str(), config.kafka.group.as_str()),
        (5, "flag:1", "7")
    );
    let origin = |key| settings.origin(key).unwrap().to_string();
    assert_eq!(origin("http.listen"), "the default");
    assert_eq!(origin("max_series"), "salespulse.toml, line 2");
    assert_eq!(origin("kafka.group"), "environment variable salespulse__kafka__group");
    assert_eq!(settings.origin("kafka.brokers"), Some(&Origin::Flag { name: "--brokers" }));
    assert_eq!(settings.origin("org.market_size"), None);
}

#[test]
fn the_environment_speaks_of_lists_tables_and_secrets() {
    let file = format!(
        "{SMALLEST}[pipeline.probabilities]\nlead = 0.2\n[[fx]]\ndate = \"2026-01-01\"\nfrom = \"USD\"\nrate = 7"
    );
    let config = load(
        &file,
        &[
            ("SALESPULSE__WINDOWS__REP", r#"["ytd", "1h"]"#),
            ("SALESPULSE__PIPELINE__PROBABILITIES__PROPOSAL", "0.40"),
            ("SALESPULSE__FX", r#"[{ date = 2026-01-01, from = "EUR", rate = "8.10" }]"#),
            ("SALESPULSE__ORG__TEAM_MARKET_SIZE", "{ East = 800 }"),
            ("SALESPULSE__KAFKA__TOPICS__SPEND", ""),
            ("SALESPULSE__KAFKA__PROPERTIES__SASL_PASSWORD", "p@ss__word=1"),
        ],
    )
    .unwrap();
    assert_eq!(config.rules.windows.rep, [Window::Hour, Window::YearToDate]);
    assert_eq!(config.rules.pipeline.probability(3), Ratio { numerator: 4, denominator: 10 });
    assert_eq!(config.rules.pipeline.probability(0), Ratio { numerator: 2, denominator: 10 });
    let currency = |code| crate::model::money::Currency::from_code(code).unwrap();
    assert!(config.rules.rates.knows(currency("EUR")) && !config.rules.rates.knows(currency("USD")));
    assert_eq!(config.rules.team_market_size["East"], 800);
    assert!(!config.kafka.topics.contains_key(&EventType::Spend));
    assert_eq!(config.kafka.properties["sasl.password"], "p@ss__word=1");
}

#[test]
fn secrets_are_never_shown() {
    let file = format!(
        "{SMALLEST}[kafka.properties]\nsasl.password = \"hunter2\"\n\"ssl.key.pem\" = \"-----BEGIN hunter2\"\nsasl.username = \"me\""
    );
    let settings = settings(&file, &[], &[]).unwrap();
    let shown = format!("{:?} {settings:?}", Config::new(&settings, String::new).unwrap());
    assert!(!shown.contains("hunter2") && shown.contains("\"sasl.username\": \"me\""), "{shown}");
    for (name, value) in [
        ("SALESPULSE__KAFKA__PROPERTIES", r#"{ "sasl.password" = "hunter2""#),
        ("SALESPULSE__KAFKA__PROPERTIES", "hunter2"),
        ("SALESPULSE__KAFKA__PROPERTIES", r#"{ "sasl.password" = ["hunter2"] }"#),
    ] {
        let sentence = load(SMALLEST, &[(name, value)]).unwrap_err().to_string();
        assert!(!sentence.contains("hunter2"), "{sentence}");
    }
}

#[test]
fn properties_come_from_files_too() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), " hunter2\r\n").unwrap();
    let files = format!("[kafka.property_files]\n\"sasl.password\" = {:?}", secret.path());
    let config = load(&format!("{SMALLEST}{files}"), &[]).unwrap();
    assert_eq!(config.kafka.properties["sasl.password"], " hunter2");
    let both = format!("{SMALLEST}kafka.properties.sasl.password = \"x\"\n{files}");
    let sentence = load(&both, &[]).unwrap_err().to_string();
    assert!(sentence.contains("kafka.properties.\"sasl.password\" is set too"), "{sentence}");
}

#[test]
fn unknown_keys_are_refused_with_those_allowed() {
    insta::assert_snapshot!(sentences(&[
        "max_serie = 1",
        "[organisation]\ntimezone = \"UTC\"",
        "[kafka]\nbroker = \"a:1\"",
        "[kafka.topics]\nleads = \"x\"",
        "[[fx]]\ndate = \"2026-01-01\"\nfrom = \"USD\"\nrate = 7\nto = \"CNY\"",
        "[windows]\nregion = []",
        "[http.tls]\ncert = \"x\"",
        "[pipeline.stalled_after.lead]\ndays = 3",
        "[org.teams]",
    ]), @r#"
    unknown key max_serie (salespulse.toml, line 2); the top level allows access, allowed_skew, board, celebrate, expose, fx, http, kafka, leaderboard, max_series, org, pipeline, pipelines, retention, snapshot, targets, web, windows
    unknown key organisation (salespulse.toml, line 2); the top level allows access, allowed_skew, board, celebrate, expose, fx, http, kafka, leaderboard, max_series, org, pipeline, pipelines, retention, snapshot, targets, web, windows
    unknown key kafka.broker (salespulse.toml, line 3); [kafka] allows brokers, dead_letter_topic, group, instance_id, on_unreadable, properties, property_files, topics
    unknown key kafka.topics.leads (salespulse.toml, line 3); [kafka.topics] allows feedback, lead, payment, rep, spend, stage_change, target
    unknown key fx[1].to (salespulse.toml, line 6); [[fx]] allows date, from, rate
    windows.region = [] (salespulse.toml, line 3) must be left out, or [org.regions] given
    unknown key http.tls (salespulse.toml, line 2); [http] allows listen
    pipeline.stalled_after.lead = {…} (salespulse.toml, line 2) must be a duration: a whole number and one of ms s m h d w, such as "30d"
    unknown key org.teams (salespulse.toml, line 2); [org] allows credit_through_deal, customer_period, fiscal_year_named_by, fiscal_year_starts, market_size, regions, reporting_currency, team_market_size, timezone, week_starts
    "#);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of wrong values, one line each")]
fn wrong_values_are_refused_with_those_allowed() {
    insta::assert_snapshot!(sentences(&[
        "max_series = -1",
        "max_series = 0",
        "max_series = \"many\"",
        "retention = \"2 years\"",
        "retention = 800",
        "allowed_skew = \"-1h\"",
        "org.timezone = \"Asia/Beijing\"",
        "org.customer_period = \"week\"",
        "org.market_size = 1.5",
        "org.team_market_size.east = \"all\"",
        "pipeline.probabilities.proposal = 1.01",
        "pipeline.probabilities.proposal = \"40%\"",
        "pipeline.probabilities.proposal = 0.1234567890123456789",
        "pipeline.stalled_after.lead = \"3 days\"",
        "windows.rep = \"24h\"",
        "windows.rep = [\"24h\", 7]",
        "expose.rep = \"sales_rep_won\"",
        "kafka.brokers = [\"a:9092\"]",
        "kafka.brokers = \"a:0\"",
        "kafka.brokers = \"http://x:9092\"",
        "kafka.properties.\"ssl.ca.location\" = \"/no/such/file\"",
        "kafka.properties.\"ssl.ca.location\" = \"/dev/null\"",
        "kafka.properties.\"ssl.key.pem\" = \"hunter2\"",
        "kafka.properties.\"sasl.passwrd\" = [\"hunter2\"]",
        "snapshot.store = \"gs://bucket\"",
        "kafka.group = \"\"",
        "kafka.instance_id = \"\"",
        "kafka.topics.lead = \"sales leads\"",
        "kafka.dead_letter_topic = \"\"",
        "kafka.properties.debug = [\"all\"]",
        "http.listen = \"localhost:9464\"",
        "http.listen = 9464",
        "org.market_size = {}",
        "fx = 7.1",
        "fx = [7.1]",
        "kafka = \"a:9092\"",
        "[[kafka]]",
    ]), @r#"
    max_series = -1 (salespulse.toml, line 2) must be a whole number above 0
    max_series = 0 (salespulse.toml, line 2) must be a whole number above 0
    max_series = "many" (salespulse.toml, line 2) must be a whole number above 0
    retention = "2 years" (salespulse.toml, line 2) must be a duration: a whole number and one of ms s m h d w, such as "30d"
    retention = 800 (salespulse.toml, line 2) must be a duration: a whole number and one of ms s m h d w, such as "30d"
    allowed_skew = "-1h" (salespulse.toml, line 2) must be a duration: a whole number and one of ms s m h d w, such as "30d"
    org.timezone = "Asia/Beijing" (salespulse.toml, line 2) must be an IANA time zone such as "UTC" or "Asia/Shanghai"
    org.customer_period = "week" (salespulse.toml, line 2) must be "month", "quarter" or "year"
    org.market_size = 1.5 (salespulse.toml, line 2) must be a whole number, not negative
    org.team_market_size.east = "all" (salespulse.toml, line 2) must be a whole number, not negative
    pipeline.probabilities.proposal = 1.01 (salespulse.toml, line 2) must be a number or decimal string from 0 to 1 with at most 18 digits, such as "0.4"
    pipeline.probabilities.proposal = "40%" (salespulse.toml, line 2) must be a number or decimal string from 0 to 1 with at most 18 digits, such as "0.4"
    pipeline.probabilities.proposal = 0.1234567890123456789 (salespulse.toml, line 2) must be a number or decimal string from 0 to 1 with at most 18 digits, such as "0.4"
    pipeline.stalled_after.lead = "3 days" (salespulse.toml, line 2) must be a duration: a whole number and one of ms s m h d w, such as "30d"
    windows.rep = "24h" (salespulse.toml, line 2) must be a list of windows, each of 1h 24h 7d 30d 90d today wtd mtd qtd ytd yesterday last_week last_month last_quarter last_year at most once
    windows.rep = ["24h", 7] (salespulse.toml, line 2) must be a list of windows, each of 1h 24h 7d 30d 90d today wtd mtd qtd ytd yesterday last_week last_month last_quarter last_year at most once
    expose.rep = "sales_rep_won" (salespulse.toml, line 2) must be a list of metric families, each once: full names, or prefixes that end in *
    kafka.brokers = ["a:9092"] (salespulse.toml, line 2) must be host:port, several separated by commas, such as "kafka-1:9092,kafka-2:9092"; a protocol before it can only be one of Kafka's, as in "SASL_SSL://kafka-1:9093"
    kafka.brokers = "a:0" (salespulse.toml, line 2) must be host:port, several separated by commas, such as "kafka-1:9092,kafka-2:9092"; a protocol before it can only be one of Kafka's, as in "SASL_SSL://kafka-1:9093"
    kafka.brokers = "http://x:9092" (salespulse.toml, line 2) must be host:port, several separated by commas, such as "kafka-1:9092,kafka-2:9092"; a protocol before it can only be one of Kafka's, as in "SASL_SSL://kafka-1:9093"
    kafka.properties."ssl.ca.location" = "/no/such/file" (salespulse.toml, line 2) must be the path of a readable file; it cannot be read: No such file or directory (os error 2)
    kafka.properties."ssl.ca.location" = "/dev/null" (salespulse.toml, line 2) must be the path of a PEM file, which has a line that begins with -----BEGIN
    kafka.properties."ssl.key.pem" = (hidden) (salespulse.toml, line 2) must be PEM: a text with a line that begins with -----BEGIN
    kafka.properties."sasl.passwrd" = (hidden) (salespulse.toml, line 2) must be a text, a number or true or false, as librdkafka takes it
    snapshot.store = "gs://bucket" (salespulse.toml, line 2) must be a directory, s3://bucket/prefix, or "" to keep nothing
    kafka.group = "" (salespulse.toml, line 2) must be the name of a consumer group, not empty
    kafka.instance_id = "" (salespulse.toml, line 2) must be a name that no other instance has, not empty
    kafka.topics.lead = "sales leads" (salespulse.toml, line 2) must be the name of a topic (1 to 249 of A-Z a-z 0-9 . _ -) that no other type has, or "" for none
    kafka.dead_letter_topic = "" (salespulse.toml, line 2) must be the name of a topic (1 to 249 of A-Z a-z 0-9 . _ -) that carries no events
    kafka.properties.debug = ["all"] (salespulse.toml, line 2) must be a text, a number or true or false, as librdkafka takes it
    http.listen = "localhost:9464" (salespulse.toml, line 2) must be an IP address and a port, such as "127.0.0.1:9464"
    http.listen = 9464 (salespulse.toml, line 2) must be an IP address and a port, such as "127.0.0.1:9464"
    org.market_size = {…} (salespulse.toml, line 2) must be a whole number, not negative
    fx = 7.1 (salespulse.toml, line 2) must be tables [[fx]] with date, from, rate
    fx = [7.1] (salespulse.toml, line 2) must be tables [[fx]] with date, from, rate
    kafka = "a:9092" (salespulse.toml, line 2) must be a table [kafka] with brokers, dead_letter_topic, group, instance_id, on_unreadable, properties, property_files, topics
    kafka = [{…}] (salespulse.toml, line 2) must be a table [kafka] with brokers, dead_letter_topic, group, instance_id, on_unreadable, properties, property_files, topics
    "#);
}

#[test]
fn values_that_do_not_fit_together_are_refused() {
    insta::assert_snapshot!(sentences(&[
        "retention = \"30d\"",
        "retention = \"275d\"",
        "retention = \"275d\"\nwindows = { rep = [], team = [], org = [], channel = [\"qtd\"] }\norg.customer_period = \"year\"",
        "windows.rep = [\"7d\", \"2d\"]",
        "windows.rep = [\"7d\", \"7d\"]",
        "expose.team = [\"sales_team_won\", \"sales_team_won\"]",
        "leaderboard.by = [\"won\", \"won\"]",
        "pipeline.stages = [\"lead\", \"a\", \"a\", \"won\"]",
        "pipeline.stages = [\"lead\", \"lost\"]",
        "pipeline.stages = [\"lead\", \"lost\", \"won\"]",
        "pipeline.probabilities.propsal = 0.5",
        "pipeline.stalled_after.won = \"1d\"",
        "fx = [{ date = 2026-01-01, from = \"CNY\", rate = 1 }]",
        "fx = [{ date = 2026-01-01, from = \"usd\", rate = 1 }]",
        "fx = [{ date = 2026-01-01, from = \"USD\", rate = 0 }]",
        "fx = [{ date = 2026-01-01, from = \"USD\", rate = -7.1 }]",
        "fx = [{ date = 2026-02-30, from = \"USD\", rate = 7.1 }]",
        "fx = [{ date = \"1 May 2026\", from = \"USD\", rate = 7.1 }]",
        "fx = [{ from = \"USD\", rate = 7.1 }]",
        "fx = [{ date = 2026-01-01, from = \"USD\", rate = 7 }, { date = \"2026-01-01\", from = \"USD\", rate = 8 }]",
        "kafka.topics.spend = \"sales.leads\"",
        "kafka.dead_letter_topic = \"sales.leads\"",
        "[kafka.topics]\nlead = \"\"\nstage_change = \"\"\nspend = \"\"\nfeedback = \"\"\npayment = \"\"\ntarget = \"\"\nrep = \"\"",
        "kafka.properties.bootstrap.servers = \"a:9092\"",
        "kafka.properties.\"enable.auto.commit\" = true",
        "kafka.property_files.\"group.id\" = \"x\"",
        "kafka.property_files.\"sasl.password\" = \"/no/such/file\"",
        "kafka.properties = { \"debug\" = \"all\", debug = \"msg\" }",
        "kafka.properties = { \"ssl.key.location\" = \"a\", ssl.key.location = \"b\" }",
        "max_series = 1\nmax_series = 2",
        "org.reporting_currency",
    ]), @r#"
    retention = "30d" (salespulse.toml, line 2) must be at least "731d", which "ytd" in windows.team needs
    retention = "275d" (salespulse.toml, line 2) must be at least "731d", which "ytd" in windows.team needs
    retention = "275d" (salespulse.toml, line 2) must be at least "1096d", which org.customer_period = "year" needs
    windows.rep = ["7d", "2d"] (salespulse.toml, line 2) must be a list of windows, each of 1h 24h 7d 30d 90d today wtd mtd qtd ytd yesterday last_week last_month last_quarter last_year at most once; "2d" is none of them
    windows.rep = ["7d", "7d"] (salespulse.toml, line 2) must be a list of windows, each of 1h 24h 7d 30d 90d today wtd mtd qtd ytd yesterday last_week last_month last_quarter last_year at most once; it names "7d" twice
    expose.team = ["sales_team_won", "sales_team_won"] (salespulse.toml, line 2) must be a list of metric families, each once: full names, or prefixes that end in *; it names "sales_team_won" twice
    leaderboard.by = ["won", "won"] (salespulse.toml, line 2) must be a list of rep KPIs without their prefix sales_rep_, each once; it names "won" twice
    pipeline.stages = ["lead", "a", "a", "won"] (salespulse.toml, line 2) must be a list of stages, each once, the first "lead" and the last "won"; it names "a" twice
    pipeline.stages = ["lead", "lost"] (salespulse.toml, line 2) must be a list of stages, but the first stage must be "lead" and the last "won"
    pipeline.stages = ["lead", "lost", "won"] (salespulse.toml, line 2) must be a list of stages, but "lost" stands beside the pipeline and cannot be a stage in it
    pipeline.probabilities.propsal = 0.5 (salespulse.toml, line 2) must be given for an open stage of pipeline.stages: lead, contacted, qualified, proposal, negotiation
    pipeline.stalled_after.won = "1d" (salespulse.toml, line 2) must be given for an open stage of pipeline.stages: lead, contacted, qualified, proposal, negotiation
    fx[1].from = "CNY" (salespulse.toml, line 2) must be an active ISO 4217 code with minor units, in upper case, other than org.reporting_currency
    fx[1].from = "usd" (salespulse.toml, line 2) must be an active ISO 4217 code with minor units, in upper case, other than org.reporting_currency
    fx[1].rate = 0 (salespulse.toml, line 2) must be a number or decimal string above 0 with at most 18 digits, such as "7.10"
    fx[1].rate = -7.1 (salespulse.toml, line 2) must be a number or decimal string above 0 with at most 18 digits, such as "7.10"
    salespulse.toml, line 2: invalid date, expected day between 01 and 28; the configuration file must be TOML
    fx[1].date = "1 May 2026" (salespulse.toml, line 2) must be the local date from which the rate holds, such as "2026-01-01"
    fx[1].date is not set and has no default; it must be the local date from which the rate holds, such as "2026-01-01"
    fx[2].from = "USD" (salespulse.toml, line 2) must be given once for 2026-01-01; another [[fx]] has that date and currency
    kafka.topics.spend = "sales.leads" (salespulse.toml, line 2) must be the name of a topic (1 to 249 of A-Z a-z 0-9 . _ -) that no other type has, or "" for none; kafka.topics.lead has this topic
    kafka.dead_letter_topic = "sales.leads" (salespulse.toml, line 2) must be the name of a topic (1 to 249 of A-Z a-z 0-9 . _ -) that carries no events; kafka.topics.lead has this topic
    kafka.topics.rep = "" (salespulse.toml, line 9) must be the name of a topic, or another of kafka.topics must be: all are off
    kafka.properties."bootstrap.servers" = "a:9092" (salespulse.toml, line 2) must be left out: use kafka.brokers
    kafka.properties."enable.auto.commit" = true (salespulse.toml, line 2) must be left out: salespulse keeps its own offsets
    kafka.property_files."group.id" = "x" (salespulse.toml, line 2) must be left out: use kafka.group
    kafka.property_files."sasl.password" = "/no/such/file" (salespulse.toml, line 2) must be the path of a readable UTF-8 file that holds the value; it cannot be read: No such file or directory (os error 2)
    salespulse.toml, line 2: duplicate key debug; the configuration file must be TOML
    kafka.properties."ssl.key.location" = "a" (salespulse.toml, line 2) must be given once; salespulse.toml, line 2 gives it too
    salespulse.toml, line 3: duplicate key max_series; the configuration file must be TOML
    salespulse.toml, line 2: key with no value, expected `=`; the configuration file must be TOML
    "#);
}

#[test]
fn the_required_key_is_asked_for() {
    insta::assert_snapshot!(load("", &[]).unwrap_err(), @r#"org.reporting_currency is not set and has no default; it must be an active ISO 4217 code with minor units, in upper case, such as "CNY""#);
    insta::assert_snapshot!(load("org.reporting_currency = \"RMB\"", &[]).unwrap_err(), @r#"org.reporting_currency = "RMB" (salespulse.toml, line 1) must be an active ISO 4217 code with minor units, in upper case, such as "CNY""#);
}

#[test]
fn wrong_variables_are_named() {
    let wrong = [
        ("SALESPULSE__KAFKA__BROKER", "a:1"),
        ("SALESPULSE__", "x"),
        ("SALESPULSE__MAX_SERIES", "many"),
        ("SALESPULSE__WINDOWS__REP", "24h,7d"),
        ("SALESPULSE__FX", "USD=7"),
        ("SALESPULSE__FX__1__RATE", "7"),
        ("SALESPULSE__ORG", "UTC"),
        ("SALESPULSE__PIPELINE__PROBABILITIES__PROPOSAL", "1e400"),
        ("SALESPULSE__KAFKA__PROPERTIES__GROUP_ID", "x"),
    ];
    let sentences: Vec<_> = wrong.map(|variable| load(SMALLEST, &[variable]).expect_err(variable.0).to_string()).into();
    insta::assert_snapshot!(sentences.join("\n"), @r#"
    unknown key kafka.broker (environment variable SALESPULSE__KAFKA__BROKER); [kafka] allows brokers, dead_letter_topic, group, instance_id, on_unreadable, properties, property_files, topics
    unknown key "" (environment variable SALESPULSE__); the top level allows access, allowed_skew, board, celebrate, expose, fx, http, kafka, leaderboard, max_series, org, pipeline, pipelines, retention, snapshot, targets, web, windows
    max_series = "many" (environment variable SALESPULSE__MAX_SERIES) must be a whole number above 0
    windows.rep = "24h,7d" (environment variable SALESPULSE__WINDOWS__REP) must be a list of windows, each of 1h 24h 7d 30d 90d today wtd mtd qtd ytd yesterday last_week last_month last_quarter last_year at most once
    fx = "USD=7" (environment variable SALESPULSE__FX) must be tables [[fx]] with date, from, rate, written inline as TOML
    unknown key fx.1.rate (environment variable SALESPULSE__FX__1__RATE); fx must be tables [[fx]] with date, from, rate
    org = "UTC" (environment variable SALESPULSE__ORG) must be a table [org] with credit_through_deal, customer_period, fiscal_year_named_by, fiscal_year_starts, market_size, regions, reporting_currency, team_market_size, timezone, week_starts, written inline as TOML
    pipeline.probabilities.proposal = 1e400 (environment variable SALESPULSE__PIPELINE__PROBABILITIES__PROPOSAL) must be a number or decimal string from 0 to 1 with at most 18 digits, such as "0.4"
    kafka.properties."group.id" = "x" (environment variable SALESPULSE__KAFKA__PROPERTIES__GROUP_ID) must be left out: use kafka.group
    "#);
    let twice = [("SALESPULSE__MAX_SERIES", "1"), ("SALESPULSE__max_series", "2")];
    insta::assert_snapshot!(load(SMALLEST, &twice).unwrap_err(), @"max_series = 2 (environment variable SALESPULSE__max_series) must be given once; environment variable SALESPULSE__MAX_SERIES gives it too");
}

#[test]
fn the_order_of_windows_in_the_file_does_not_matter() {
    let config = load(&format!("{SMALLEST}windows.org = [\"ytd\", \"1h\", \"mtd\"]"), &[]).unwrap();
    assert_eq!(config.rules.windows.org, [Window::Hour, Window::MonthToDate, Window::YearToDate]);
}

#[test]
fn retention_needs_what_the_longest_period_needs() {
    let none = "windows = { rep = [], team = [], org = [], channel = [] }";
    let least = |period: &str, window: &str| {
        let windows = none.replace("org = []", &format!("org = [{window}]"));
        let fits = |days: i64| {
            load(&format!("{SMALLEST}org.customer_period = \"{period}\"\nretention = \"{days}d\"\n{windows}"), &[])
                .is_ok()
        };
        (1..2_000).find(|days| fits(*days)).unwrap()
    };
    assert_eq!(["month", "quarter", "year"].map(|period| least(period, "")), [92, 275, 1_096]);
    let windows = ["\"1h\"", "\"30d\"", "\"90d\"", "\"mtd\"", "\"qtd\"", "\"ytd\""];
    assert_eq!(windows.map(|window| least("month", window)), [92, 92, 180, 92, 184, 731]);
    let windows = ["last_quarter", "last_year", "last_month", "last_week"].map(|window| format!("{window:?}"));
    assert_eq!(windows.each_ref().map(|window| least("month", window)), [275, 1_096, 92, 92]);
}

#[test]
fn three_quarters_of_92_days_need_a_day_more() {
    let quarter = |starts: u8, days: i64| {
        let file = format!(
            "{SMALLEST}org.fiscal_year_starts = {starts}\nretention = \"{days}d\"\nwindows = {{ rep = [], team = [], org = [], channel = [] }}"
        );
        load(&file, &[]).is_ok()
    };
    for starts in 1..=12 {
        let needed = if [2, 5, 8, 11].contains(&starts) { 276 } else { 275 };
        assert!(quarter(starts, needed) && !quarter(starts, needed - 1), "{starts}");
    }
}

#[test]
fn fiscal_years_weeks_pipelines_and_regions_are_read() {
    let file = r#"
[org]
reporting_currency = "CNY"
fiscal_year_starts = 4
fiscal_year_named_by = "start"
week_starts = "sunday"
credit_through_deal = true
[org.regions]
north = ["beijing", "tianjin"]
[pipeline.aliases]
demo = "qualified"
dropped = "lost"
[pipelines.renewals]
stages = ["lead", "notice", "won"]
probabilities = { notice = "0.7" }
[targets]
roll_up = true
[windows]
region = ["today", "last_month"]
org = ["wtd"]
"#;
    let rules = load(file, &[]).unwrap_or_else(|error| panic!("{error}")).rules;
    let week_starts = jiff::civil::Weekday::Sunday;
    let calendar = Calendar { fiscal_year_starts: 4, fiscal_year_named_by: NamedBy::Start, week_starts };
    assert_eq!(rules.calendar, calendar);
    assert!(rules.credit_through_deal && rules.roll_up);
    assert_eq!(rules.regions["north"], ["beijing", "tianjin"]);
    assert_eq!(rules.pipeline.stage("demo"), Some(Stage::Step(2)));
    assert_eq!(rules.pipeline.stage("dropped"), Some(Stage::Lost));
    assert_eq!(rules.pipelines["renewals"].stage("notice"), Some(Stage::Step(1)));
    assert_eq!(rules.pipeline_named(Some("renewals")), rules.pipelines.get("renewals"));
    assert_eq!(rules.windows.region, [Window::Today, Window::LastMonth]);
    assert_eq!(rules.windows.org, [Window::WeekToDate]);
    let regions = load(&format!("{SMALLEST}org.regions = {{ north = [] }}"), &[]).unwrap().rules;
    assert_eq!(regions.windows.region, Window::USUAL);
}

#[test]
fn what_is_wrong_with_pipelines_and_regions_is_said() {
    for (file, why) in [
        ("org.fiscal_year_starts = 13", "a month, 1 to 12"),
        ("org.week_starts = \"Monday\"", "a day of the week in lower case"),
        ("org.credit_through_deal = \"yes\"", "true or false"),
        ("org.regions = { north = [\"a\"], south = [\"a\"] }", "\"north\" has \"a\" too"),
        ("org.regions = { north = [\"\"] }", "must have 1 to 128 bytes"),
        ("org.regions = { \"\" = [\"a\"] }", "unknown key"),
        ("windows.region = [\"mtd\"]", "left out, or [org.regions] given"),
        ("expose.region = []", "left out, or [org.regions] given"),
        ("windows.org = [\"htd\"]", "\"htd\" is none of them"),
        ("pipelines = { renewals = {} }", "a table [pipelines.renewals] with"),
        ("pipelines = { renewals = { probabilities = { a = 1 } } }", "pipelines.renewals.stages is not set"),
        ("pipelines = { default = { stages = [\"lead\", \"won\"] } }", "not \"default\""),
        ("pipelines = { a = { stages = [\"won\"] } }", "the first stage must be \"lead\""),
        (
            "pipelines = { a = { stages = [\"lead\", \"won\"], stalled_after = { x = \"1d\" } } }",
            "pipelines.a.stages: lead",
        ),
        ("pipeline.aliases = { won = \"lost\" }", "given for an old name"),
        ("pipeline.aliases = { old = \"nowhere\" }", "a stage of its pipeline"),
        (
            "org.fiscal_year_starts = 2\nretention = \"275d\"\nwindows = { rep = [], team = [], org = [\"last_quarter\"], channel = [] }",
            "\"276d\"",
        ),
    ] {
        let sentence = load(&format!("{SMALLEST}{file}"), &[]).expect_err(file).to_string();
        assert!(sentence.contains(why), "{file}: {sentence}");
    }
    load(&format!("{SMALLEST}pipelines = {{}}\norg.regions = {{}}"), &[]).unwrap();
}

#[test]
fn acceptance_is_of_what_decides_it_and_of_nothing_else() {
    let rules = |text: &str| load(&format!("{SMALLEST}{text}"), &[]).unwrap().rules.acceptance();
    let as_it_is = rules("");
    for text in ["max_series = 9", "windows.rep = [\"24h\"]", "pipeline.probabilities = {contacted = 0.3}"] {
        assert_eq!(rules(text), as_it_is, "{text}");
    }
    for text in [
        "pipeline.stages = [\"lead\", \"won\"]",
        "allowed_skew = \"2h\"",
        "org.timezone = \"Asia/Tokyo\"",
        "org.week_starts = \"sunday\"",
        "pipeline.aliases = { talked = \"contacted\" }",
        "pipelines = { renewals = { stages = [\"lead\", \"won\"] } }",
        "fx = [{date = \"2026-01-01\", from = \"USD\", rate = \"7\"}]",
    ] {
        assert_ne!(rules(text), as_it_is, "{text}");
    }
}
