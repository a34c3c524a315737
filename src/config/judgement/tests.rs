//! A judgement finds every fault that is there, none that only follows from another, and begins as a start would end.

use super::*;

const SMALLEST: &str = "org.reporting_currency = \"CNY\"\n";

fn judge(text: &str, environment: &[(&str, &str)]) -> (Judgement, Result<Config, ConfigError>) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let environment: Vec<_> = environment.iter().map(|(name, value)| (name.into(), value.into())).collect();
    let loaded = Config::load(file.path(), &environment, &[]);
    (Config::judge(file.path(), &environment, &[]).unwrap(), loaded)
}

/// The keys that are found at fault, and what a start would say first.
fn keys_at_fault(text: &str, environment: &[(&str, &str)]) -> Vec<String> {
    let (judgement, loaded) = judge(text, environment);
    let of_a_start = match loaded.as_ref().err() {
        Some(ConfigError::Several(faults)) => faults.clone(),
        fault => fault.cloned().into_iter().collect(),
    };
    assert_eq!(judgement.faults, of_a_start, "{text}");
    assert_eq!(loaded.is_ok(), judgement.faults.is_empty(), "{text}");
    assert!(judgement.config.is_some() || !judgement.faults.is_empty(), "{text}");
    judgement.faults.iter().map(|fault| fault.key().unwrap_or(fault.rule()).to_owned()).collect()
}

#[test]
fn every_fault_is_found() {
    let text = "max_series = -1
retention = \"30d\"
allowed_skew = \"soon\"
org.timezone = \"Mars\"
org.reporting_currency = \"RMB\"
org.timezome = \"UTC\"
org.customer_period = \"decade\"
pipeline.stages = [\"lead\", \"a\", \"a\", \"won\"]
pipeline.probabilities.a = 2
windows.rep = [\"2d\"]
windows.team = []
windows.org = []
windows.channel = []
expose.rep = [\"sales_rep_winz\"]
leaderboard.by = [\"luck\"]
kafka.topics.lead = \"two words\"
kafka.properties.\"enable.auto.commit\" = true
kafka.brokers = \"a b\"
http.listen = \"everywhere\"
fx = [{ date = 2026-01-01, from = \"USD\", rate = 0 }, { date = 2026-01-01, from = \"JPY\" }]
";
    let expected = [
        "org.timezome",
        "org.colour",
        "max_series",
        "retention",
        "allowed_skew",
        "org.timezone",
        "org.reporting_currency",
        "fx[1].rate",
        "fx[2].rate",
        "org.customer_period",
        "pipeline.stages",
        "windows.rep",
        "expose.rep",
        "leaderboard.by",
        "kafka.topics.lead",
        "kafka.brokers",
        "kafka.properties.\"enable.auto.commit\"",
        "http.listen",
    ];
    let mut found = keys_at_fault(text, &[("SALESPULSE__ORG__COLOUR", "red")]);
    let place = |key: &String| expected.iter().position(|known| known == key);
    found.sort_by_key(place);
    assert_eq!(found, expected);
}

#[test]
fn nothing_is_found_that_only_follows() {
    for (line, keys) in [
        // The stages that the probability names are the faulty ones.
        ("pipeline = { stages = [\"lead\", \"a\"], probabilities = { a = 0.5 } }", &["pipeline.stages"][..]),
        // The default windows would need two years.
        (
            "retention = \"200d\"\norg.customer_period = \"month\"\nwindows = { team = [\"2d\"], org = [], channel = [] }",
            &["windows.team"],
        ),
        ("kafka.topics = { lead = \"a b\", spend = \"sales.leads\" }", &["kafka.topics.lead"]),
        ("fx = [{ from = \"USD\" }]", &["fx[1].date"]),
        ("max_series = 1\nmax_series = 2", &["syntax"]),
        (
            "[kafka]\ntopics = { lead = \"\", stage_change = \"\", spend = \"\", feedback = \"\", payment = \"\", target = \"\", rep = \"\" }",
            &["kafka.topics.rep"],
        ),
    ] {
        assert_eq!(keys_at_fault(&format!("{SMALLEST}{line}"), &[]), keys, "{line}");
    }
    assert_eq!(keys_at_fault("", &[]), ["org.reporting_currency"]);
    assert_eq!(
        keys_at_fault("fx = [{ date = 2026-01-01, from = \"AED\", rate = 1 }]", &[]),
        ["org.reporting_currency"]
    );
}

#[test]
fn a_file_that_is_not_there_is_no_judgement() {
    let judged = Config::judge(Path::new("no/such/file.toml"), &[], &[]);
    assert!(matches!(judged, Err(ConfigError::Unreadable { .. })), "{judged:?}");
}

#[test]
fn values_are_listed_with_their_origins_and_without_secrets() {
    let text = format!(
        "{SMALLEST}kafka.properties.sasl.password = \"hunter2\"\nkafka.properties.\"fetch.min.bytes\" = 7\n\
         fx = [{{ rate = \"7.10\", from = \"USD\", date = 2026-01-01 }}]\npipeline.probabilities.proposal = 0.40\n\
         snapshot.options = {{ region = \"eu-1\", secret_access_key = \"hunter2\", token = \"hunter2\" }}\n"
    );
    let (judgement, _) = judge(&text, &[("SALESPULSE__ORG__TIMEZONE", "Asia/Shanghai"), ("HOSTNAME", "pod-7")]);
    let lines: Vec<String> = judgement
        .effective
        .iter()
        .map(|value| {
            let origin = match &value.origin {
                Origin::File { line, .. } => format!("line {line}"),
                other => other.to_string(),
            };
            format!("{} = {} ({origin})", value.key, value.written)
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    max_series = 2000000 (the default)
    retention = "800d" (the default)
    allowed_skew = "24h" (the default)
    org.timezone = "Asia/Shanghai" (environment variable SALESPULSE__ORG__TIMEZONE)
    org.reporting_currency = "CNY" (line 1)
    org.fiscal_year_starts = 1 (the default)
    org.fiscal_year_named_by = "end" (the default)
    org.week_starts = "monday" (the default)
    org.customer_period = "quarter" (the default)
    org.credit_through_deal = false (the default)
    pipeline.stages = ["lead", "contacted", "qualified", "proposal", "negotiation", "won"] (the default)
    pipeline.probabilities.proposal = 0.40 (line 5)
    fx[1].date = 2026-01-01 (line 4)
    fx[1].from = "USD" (line 4)
    fx[1].rate = "7.10" (line 4)
    targets.roll_up = false (the default)
    windows.rep = ["24h", "7d", "30d", "mtd", "qtd"] (the default)
    windows.team = ["1h", "24h", "7d", "30d", "90d", "mtd", "qtd", "ytd"] (the default)
    windows.org = ["1h", "24h", "7d", "30d", "90d", "mtd", "qtd", "ytd"] (the default)
    windows.channel = ["1h", "24h", "7d", "30d", "90d", "mtd", "qtd", "ytd"] (the default)
    leaderboard.by = ["revenue", "won", "quota_attainment"] (the default)
    kafka.brokers = "localhost:9092" (the default)
    kafka.group = "salespulse" (the default)
    kafka.instance_id = "salespulse-pod-7" (the default)
    kafka.topics.lead = "sales.leads" (the default)
    kafka.topics.stage_change = "sales.stage-changes" (the default)
    kafka.topics.spend = "sales.spend" (the default)
    kafka.topics.feedback = "sales.feedback" (the default)
    kafka.topics.payment = "sales.payments" (the default)
    kafka.topics.target = "sales.targets" (the default)
    kafka.topics.rep = "sales.reps" (the default)
    kafka.dead_letter_topic = "sales.dead-letters" (the default)
    kafka.on_unreadable = "refuse" (the default)
    kafka.properties."fetch.min.bytes" = 7 (line 3)
    kafka.properties."sasl.password" = "(hidden)" (line 2)
    snapshot.store = "salespulse-snapshots" (the default)
    snapshot.interval = "60s" (the default)
    snapshot.audit_interval = "1h" (the default)
    snapshot.keep_hourly = 24 (the default)
    snapshot.keep_daily = 7 (the default)
    snapshot.on_gap = "refuse" (the default)
    snapshot.options.region = "eu-1" (line 6)
    snapshot.options.secret_access_key = "(hidden)" (line 6)
    snapshot.options.token = "(hidden)" (line 6)
    http.listen = "127.0.0.1:9464" (the default)
    web.listen = "" (the default)
    web.config_file = "" (the default)
    celebrate.deal_over = "" (the default)
    celebrate.quota = ["1"] (the default)
    celebrate.leader = true (the default)
    "#);
    assert!(!format!("{judgement:?}").contains("hunter2"), "a secret shows");
}
