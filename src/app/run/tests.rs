//! The whole service in process, against librdkafka's mock cluster, on which joining a group takes three seconds.

mod bench;
mod persistence;

use std::time::Duration;

use self::bench::{Bench, DEAD_LETTERS, LEADS, SPEND, STAGE_CHANGES};

#[test]
fn events_become_gauges_and_what_is_bad_becomes_a_dead_letter() {
    let bench = Bench::new();
    bench.send_lead("L1");
    bench.send(STAGE_CHANGES, Some("L1"), &bench.stage_change("e2", "L1", "won"));
    bench.send_with_headers(LEADS, Some(""), "not JSON", &[("b", Some("2")), ("a", None), ("b", Some(""))]);
    bench.send(SPEND, None, "{}");
    let service = bench.start("a");
    service.wait_for("sales_org_won{window=\"1h\"} 1");
    service.wait_for("salespulse_dead_letters_total 2");

    let text = service.scrape();
    for line in [
        "sales_org_leads{window=\"1h\"} 1",
        "sales_org_revenue{currency=\"CNY\",window=\"1h\"} 12.5",
        "salespulse_consumed_records_total{topic=\"sales.leads\"} 2",
        "salespulse_applied_records_total 2",
        "salespulse_rejected_records_total{code=\"not_json\"} 1",
        "salespulse_rejected_records_total{code=\"missing_field\"} 1",
        "salespulse_rejected_records_total{code=\"too_large\"} 0",
        "salespulse_keyless_records_total{topic=\"sales.spend\"} 1",
        // An empty key is a key, and that of a record that names no journey cannot be wrong.
        "salespulse_keyless_records_total{topic=\"sales.leads\"} 0",
        "salespulse_misrouted_records_total{topic=\"sales.leads\"} 0",
        "salespulse_dead_letters_outstanding 0",
        "salespulse_owner 1",
        "salespulse_ready 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
    }
    let letters = bench.dead_letters(2);
    let bad_lead = letters.iter().find(|letter| letter.value.as_deref() == Some(b"not JSON")).unwrap();
    assert_eq!(bad_lead.key.as_deref(), Some(&b""[..]));
    let own: Vec<(&str, Option<&str>)> = bad_lead.headers_before("salespulse.error.topic");
    assert_eq!(own, [("b", Some("2")), ("a", None), ("b", Some(""))]);
    assert_eq!(bad_lead.header("salespulse.error.topic"), Some("sales.leads"));
    assert_eq!(bad_lead.header("salespulse.error.code"), Some("not_json"));
    let bad_spend = letters.iter().find(|letter| letter.value.as_deref() == Some(b"{}")).unwrap();
    assert_eq!(bad_spend.key, None);
    service.stop().unwrap();
}

#[test]
fn a_start_reads_everything_again_but_sends_no_dead_letter_twice() {
    let bench = Bench::new();
    bench.send_lead("L1");
    bench.send(LEADS, Some("L2"), "bad");
    let service = bench.start("a");
    service.wait_for("salespulse_dead_letters_total 1");
    service.stop().unwrap();
    bench.send(LEADS, Some("L2"), "worse");

    let service = bench.start("a");
    service.wait_for("salespulse_rejected_records_total{code=\"not_json\"} 2");
    service.wait_for("sales_org_leads{window=\"1h\"} 1");
    service.wait_for("salespulse_dead_letters_total 1");
    service.stop().unwrap();
    let values: Vec<Option<Vec<u8>>> = bench.dead_letters(2).into_iter().map(|letter| letter.value).collect();
    assert_eq!(values, [Some(b"bad".to_vec()), Some(b"worse".to_vec())]);
}

#[test]
fn dead_letters_that_find_no_room_wait_and_none_is_lost() {
    const BAD: usize = 300;
    let bench = Bench::new();
    for number in 0..BAD {
        bench.send(LEADS, Some("k"), &format!("bad {number}"));
    }
    bench.send_lead("L1");
    let service = bench.start_with("a", &[("queue.buffering.max.messages", "7"), ("linger.ms", "0")]);
    service.wait_for(&format!("salespulse_dead_letters_total {BAD}"));
    service.wait_for("sales_org_leads{window=\"1h\"} 1");
    let mut values: Vec<Vec<u8>> = bench.dead_letters(BAD).into_iter().filter_map(|letter| letter.value).collect();
    values.sort_unstable();
    values.dedup();
    assert_eq!(values.len(), BAD);
    service.stop().unwrap();
}

#[test]
fn a_dead_letter_that_the_broker_refuses_is_sent_again() {
    let bench = Bench::new();
    bench.send_with_headers(LEADS, Some("k"), "refused at first", &[("h", Some("1"))]);
    bench.refuse_the_next();
    let service = bench.start("a");
    service.wait_for("salespulse_ready 1");
    assert!(service.scrape().contains("\nsalespulse_dead_letters_outstanding 1\n"), "refused, and not tried again yet");
    service.wait_for("salespulse_dead_letters_total 1");
    service.wait_for("salespulse_dead_letters_outstanding 0");
    let letters = bench.dead_letters(1);
    assert_eq!(letters[0].value.as_deref(), Some(&b"refused at first"[..]));
    assert_eq!(letters[0].key.as_deref(), Some(&b"k"[..]));
    assert_eq!(letters[0].headers_before("salespulse.error.topic"), [("h", Some("1"))]);
    assert_eq!(letters[0].header("salespulse.error.code"), Some("not_json"));
    service.stop().unwrap();
}

#[test]
fn of_two_members_one_owns_everything_and_the_other_takes_over() {
    let bench = Bench::new();
    bench.send_lead("L1");
    let first = bench.start("a");
    first.wait_for("sales_org_leads{window=\"1h\"} 1");
    let second = bench.start("b");
    second.wait_until_status("standing_by");
    first.wait_for("sales_org_leads{window=\"1h\"} 1");
    let text = second.scrape();
    assert!(!text.contains("\nsales_"), "{text}");
    assert!(text.contains("\nsalespulse_owner 0\n"), "{text}");
    first.stop().unwrap();
    second.wait_for("sales_org_leads{window=\"1h\"} 1");
    second.stop().unwrap();
}

/// A late commit brings that about where a broker comes back at the wrong moment; here the joining does.
#[test]
fn a_member_that_is_fenced_after_its_session_ended_joins_anew() {
    let bench = Bench::new();
    bench.send_lead("L1");
    let service = bench.start("a");
    service.wait_for("sales_org_leads{window=\"1h\"} 1");
    service.wait_for("salespulse_rebalances_total 1");
    bench.go_away();
    service.wait_for("salespulse_rebalances_total 2");
    assert!(!service.scrape().contains("\nsales_"), "without a session nothing is shown");
    bench.come_back_and_fence();
    bench.send_lead("L2");
    service.wait_for("sales_org_leads{window=\"1h\"} 2");
    service.wait_for("salespulse_rebalances_total 3");
    service.stop().unwrap();
}

#[test]
fn a_missing_topic_is_refused_with_the_command_that_creates_it() {
    let bench = Bench::empty();
    bench.create(&[(LEADS, 3), (STAGE_CHANGES, 3), (DEAD_LETTERS, 1)]);
    let refused = bench.start("a").wait().unwrap_err();
    assert_eq!(refused.exit_code(), 69);
    let command =
        format!("kafka-topics.sh --bootstrap-server {} --create --topic sales.spend --partitions 4", bench.brokers());
    assert!(refused.to_string().contains(&command), "{refused}");
}

#[test]
fn unequal_partitions_are_refused() {
    let bench = Bench::empty();
    bench.create(&[(LEADS, 3), (STAGE_CHANGES, 2), (SPEND, 1), (DEAD_LETTERS, 1)]);
    let refused = bench.start("a").wait().unwrap_err();
    assert!(refused.to_string().contains("--alter --topic sales.stage-changes --partitions 3"), "{refused}");
}

#[test]
fn the_probes_and_pages_answer_while_kafka_does_not() {
    let bench = Bench::new();
    let service = bench.start_at("127.0.0.1:1", "a");
    assert_eq!(service.get("/livez"), (200, "ok\n".to_owned()));
    let (code, body) = service.get("/readyz");
    assert_eq!(code, 503);
    assert!(body.starts_with("{\"ready\":false,\"status\":\"connecting\",\"reason\":\""), "{body}");
    assert_eq!(service.get("/metrics").0, 200);
    assert_eq!(service.get("/").0, 200);
    assert_eq!(service.get("/nothing").0, 404);
    assert_eq!(service.head("/metrics"), 200);
    assert_eq!(service.post("/metrics"), 405);
    let asked = std::time::Instant::now();
    service.stop().unwrap();
    assert!(asked.elapsed() < Duration::from_secs(20), "a stop is heard while trying");
}

#[test]
fn open_metrics_ends_once_and_gzip_is_honoured() {
    let bench = Bench::new();
    let service = bench.start("a");
    service.wait_for("salespulse_ready 1");
    let (content_type, text) = service.scrape_as("application/openmetrics-text;version=1.0.0");
    assert_eq!(content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(text.ends_with("\n# EOF\n") && text.matches("# EOF").count() == 1);
    assert!(text.contains("\n# TYPE salespulse_applied_records counter\n"));
    let (content_type, text) = service.scrape_as("*/*");
    assert_eq!(content_type, "text/plain; version=0.0.4; charset=utf-8");
    assert!(!text.contains("# EOF") && text.contains("\n# TYPE salespulse_applied_records_total counter\n"));
    let ask = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    let (head, body) = service.raw(&format!("{ask}Accept-Encoding: gzip\r\n\r\n"));
    assert!(head.contains("content-encoding: gzip"), "{head}");
    assert!(body.len() < text.len() / 4, "{} of {} bytes", body.len(), text.len());
    let (head, _) = service.raw(&format!("{ask}\r\n"));
    assert!(!head.contains("content-encoding"), "{head}");
    service.stop().unwrap();
}
