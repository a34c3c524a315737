//! From a produced record to a gauge, and the HTTP surface beside it.

use std::time::Instant;

use crate::harness::process::Signal;
use crate::harness::service::RULES;
use crate::harness::{Producer, ServiceBuilder, Topics, announce, shared_broker};
use crate::integration::events::{ORG_LEADS, lead, stage_change};

#[test]
fn a_produced_record_changes_the_gauges() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 4);
    let producer = Producer::new(&broker.client(), &[]);
    let mut service = ServiceBuilder::new(broker, &topics).start();
    service.wait_for(ORG_LEADS, 0.0);

    producer.send_all(&[lead(&topics, "a"), lead(&topics, "b")]);
    service.wait_for(ORG_LEADS, 2.0);

    producer.send_all(&[stage_change(&topics, "a", "won", "12.50")]);
    let acknowledged = Instant::now();
    service.wait_for("sales_rep_revenue{rep=\"ann\",team=\"east\",window=\"24h\",currency=\"EUR\"}", 12.5);
    announce(&format!("acknowledged record to changed gauge: {:?}", acknowledged.elapsed()));
    service.wait_for("sales_channel_won{channel=\"web\",window=\"24h\"}", 1.0);
    service.wait_for("sales_team_funnel_conversion_ratio{team=\"east\",from=\"lead\",to=\"won\",window=\"24h\"}", 0.5);

    assert_eq!(service.end_with(Signal::Terminate).code(), Some(0));
}

#[test]
fn whoever_asks_it_to_stop_it_ends_with_0_and_a_last_snapshot() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let store = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let builder = ServiceBuilder::new(broker, &topics).keeping(store.path(), "60s");
    for (signal, count) in [(Signal::Interrupt, 1.0), (Signal::Hangup, 2.0)] {
        let mut service = builder.start();
        Producer::new(&broker.client(), &[]).send_all(&[lead(&topics, &format!("{signal:?}"))]);
        service.wait_for(ORG_LEADS, count);
        assert_eq!(service.end_with(signal).code(), Some(0), "{signal:?}");
        assert!(service.get("/livez", "*/*").is_none(), "nobody may answer after the end");
        assert!(service.log().contains("a snapshot is durable"), "{signal:?}: {}", service.log());
    }
}

#[test]
fn every_path_answers_in_the_format_asked_for() {
    let Some(broker) = shared_broker() else { return };
    let service = ServiceBuilder::new(broker, &Topics::create(broker, 1)).start();
    for path in ["/livez", "/readyz"] {
        assert_eq!(service.get(path, "*/*").map(|answer| answer.status), Some(200), "{path}");
    }
    assert_eq!(service.get("/nothing", "*/*").map(|answer| answer.status), Some(404));

    let plain = service.get("/metrics", "text/plain;version=0.0.4").expect("an answer");
    assert!(plain.content_type.starts_with("text/plain; version=0.0.4"), "{}", plain.content_type);
    let head = service.head_of_compressed("/metrics");
    assert!(head.contains("content-encoding: gzip"), "a client that takes gzip is given it: {head}");
    assert!(!plain.body.contains("# EOF"), "EOF is a word of OpenMetrics only");

    let open =
        service.get("/metrics", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5").expect("an answer");
    assert!(open.content_type.starts_with("application/openmetrics-text; version=1.0.0"), "{}", open.content_type);
    assert!(open.body.ends_with("\n# EOF\n"), "{}", open.body);
    assert_eq!(open.body.matches("# EOF").count(), 1);
}

#[test]
fn more_series_than_allowed_are_refused_whole() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let service = ServiceBuilder::new(broker, &topics).rules(&format!("max_series = 7\n{RULES}")).start();
    let answer = service.get("/metrics", "text/plain").expect("an answer");
    assert_eq!(answer.status, 500);
    assert!(answer.body.contains("max_series = 7"), "{}", answer.body);
    assert!(!answer.body.contains("sales_org"), "never a part of it: {}", answer.body);
}
