//! A real Prometheus scrapes the service.

use crate::harness::prometheus::{Prometheus, check_metrics};
use crate::harness::{Producer, ServiceBuilder, Topics, announce, shared_broker, tools};
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
