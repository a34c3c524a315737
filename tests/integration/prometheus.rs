//! A real Prometheus scrapes the service.

use std::collections::BTreeMap;
use std::process::Command;

use crate::harness::prometheus::{Prometheus, check_metrics};
use crate::harness::{Producer, ServiceBuilder, Topics, announce, shared_broker, tools};
use crate::integration::alerting::shipped;
use crate::integration::events::{lead, spend, stage_change};

#[test]
fn prometheus_ingests_every_series() {
    let (Some(program), Some(broker)) = (tools::prometheus("prometheus"), shared_broker()) else { return };
    let topics = Topics::create(broker, 1);
    Producer::new(&broker.client(), &[]).send_all(&[
        lead(&topics, "a"),
        stage_change(&topics, "a", "won", "7.25"),
        spend(&topics, "s", "1.00"),
    ]);
    let service = ServiceBuilder::new(broker, &topics).start();
    let prometheus = Prometheus::start(program, service.address());

    prometheus.wait_for("up{job=\"salespulse\"}", |up| up == 1.0);
    // Prometheus asks for OpenMetrics, which has the same samples. Both may gain one while the service warms up.
    let exposed = || f64::from(u32::try_from(service.metrics().len()).expect("few"));
    let ingested = prometheus.wait_for("scrape_samples_post_metric_relabeling", |samples| samples == exposed());
    assert!(ingested > 500.0, "{ingested}");
    let stored = prometheus.wait_for("count({job=\"salespulse\",__name__=~\"sales.*\"})", |count| count == ingested);
    announce(&format!("Prometheus scraped {ingested} samples and holds {stored} series"));
    let revenue = "sales_rep_revenue{rep=\"ann\",team=\"east\",window=\"24h\",currency=\"EUR\"}";
    prometheus.wait_for(revenue, |value| value == 7.25);
}

/// The shipped configuration scrapes the numbers and the health of the service apart: all of both, and nothing twice.
#[test]
fn the_shipped_configuration_ingests_every_series_once() {
    let (Some(program), Some(broker)) = (tools::prometheus("prometheus"), shared_broker()) else { return };
    let topics = Topics::create(broker, 1);
    Producer::new(&broker.client(), &[]).send_all(&[lead(&topics, "a")]);
    let service = ServiceBuilder::new(broker, &topics).start();
    let folder = shipped::prometheus_at(service.address(), "127.0.0.1:1");
    let path = folder.path().join("prometheus.yml");
    let keys = ["scrape_interval", "scrape_timeout", "evaluation_interval"];
    std::fs::write(&path, shipped::set_durations(&shipped::read(&path), &keys, "1s")).expect("the folder");
    let prometheus = Prometheus::start_in(program, folder);
    let exposed = || f64::from(u32::try_from(service.metrics().len()).expect("few"));
    prometheus.wait_for("count(up == 1)", |up| up >= 2.0);
    prometheus.wait_for("count({job=\"salespulse\",__name__=~\"sales.*\"})", |count| count == exposed());
    prometheus.wait_for("sum(scrape_samples_post_metric_relabeling{job=~\"salespulse.*\"})", |sum| sum == exposed());
}

#[test]
fn promtool_finds_nothing_to_say() {
    let (Some(promtool), Some(broker)) = (tools::prometheus("promtool"), shared_broker()) else { return };
    let topics = Topics::create(broker, 1);
    // A name with everything that exposition text escapes, and more.
    let mut odd = lead(&topics, "a");
    let value = String::from_utf8(odd.value.take().expect("a value")).expect("text");
    odd.value = Some(value.replace("\"ann\"", r#""a\"n\\n\n 上\u007f""#).into_bytes());
    Producer::new(&broker.client(), &[]).send_all(&[odd, stage_change(&topics, "b", "won", "7.25")]);
    let service = ServiceBuilder::new(broker, &topics).start();
    service.wait_for("sales_rep_leads{rep=\"a\\\"n\\\\n\\n 上\u{7f}\",team=\"east\",window=\"24h\"}", 1.0);
    assert_eq!(check_metrics(promtool, &service.metrics_text()), "");
}

#[test]
fn promtool_would_find_a_fault() {
    let Some(promtool) = tools::prometheus("promtool") else { return };
    let said = check_metrics(promtool, "# TYPE a_total gauge\na_total 1\n");
    assert!(said.contains("a_total"), "{said}");
}

/// What a program of ours or of Prometheus prints; it must end well.
fn printed(command: &mut Command) -> String {
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("it starts");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The samples of lines such as `name{a="b"} 1`, by name and sorted labels.
fn samples<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeMap<Vec<String>, f64> {
    let sample = |line: &str| {
        let (series, value) = line.rsplit_once(' ').expect("a value");
        let (name, labels) = series.trim_end_matches('}').split_once('{').unwrap_or((series, ""));
        let mut parts: Vec<String> = labels.split(',').map(|part| part.trim().to_owned()).collect();
        parts.retain(|part| !part.is_empty() && !part.starts_with("job="));
        parts.push(if name.is_empty() { String::new() } else { format!("__name__=\"{name}\"") });
        parts.retain(|part| !part.is_empty());
        parts.sort();
        (parts, value.parse().expect("a number"))
    };
    lines.map(sample).collect()
}

/// What `history` writes becomes Prometheus's past: promtool takes it, and each instant is what `replay` prints for it.
#[test]
fn promtool_makes_blocks_of_history() {
    const SMALL: [&str; 3] = ["examples/small-team/events.jsonl", "--config", "examples/small-team/salespulse.toml"];
    let Some(promtool) = tools::prometheus("promtool") else { return };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let (written, blocks) = (folder.path().join("history"), folder.path().join("data"));
    let salespulse = || Command::new(env!("CARGO_BIN_EXE_salespulse"));
    let span = ["--from=2026-11-15T00:00:00+08:00", "--to=2026-11-16T00:00:00+08:00", "--every=6h"];
    let text = printed(salespulse().arg("history").args(SMALL).args(span).arg("--label=job=salespulse"));
    std::fs::write(&written, text).expect("the folder can be written");
    printed(
        Command::new(&promtool).args(["tsdb", "create-blocks-from", "openmetrics", "-q"]).args([&written, &blocks]),
    );
    // What a server would write, and promtool opens.
    std::fs::create_dir(blocks.join("wal")).expect("the folder can be written");
    let dumped = printed(Command::new(&promtool).args(["tsdb", "dump"]).arg(&blocks));
    let mut count = 0;
    for (instant, millis) in
        [("2026-11-15T06:00:00+08:00", "1794693600000"), ("2026-11-16T00:00:00+08:00", "1794758400000")]
    {
        let replayed = printed(salespulse().arg("replay").args(SMALL).args(["--as-of", instant]));
        let replayed = samples(replayed.lines().filter(|line| !line.starts_with('#')));
        let ending = format!(" {millis}");
        assert_eq!(samples(dumped.lines().filter_map(|line| line.strip_suffix(&ending))), replayed, "{instant}");
        count += replayed.len();
    }
    announce(&format!("{count} samples of two instants are in the blocks as replay prints them"));
}
