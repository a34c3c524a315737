//! Records that are not as they must be: found by rule, topic, partition and offset.

use super::{check, found, topic};
use crate::harness::{Producer, Sent, ServiceBuilder, Topics, shared_broker};
use crate::integration::events::{garbage, lead, now, spend, spend_value, stage_change};

#[test]
fn every_planted_record_is_found_where_it_is() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 2);
    let of_nobody = Sent { key: None, ..spend(&topics, "s0", "1.00") };
    let misrouted = Sent { key: Some(b"other".to_vec()), ..lead(&topics, "a") };
    let with_chanel = |sent: Sent| {
        let value = String::from_utf8(sent.value.clone().expect("a value")).expect("text");
        Sent { value: Some(value.replace("\"channel\"", "\"chanel\"").into_bytes()), ..sent }
    };
    let leads = [
        lead(&topics, "good"),
        misrouted.clone(),
        Sent { key: None, ..lead(&topics, "b") },
        misrouted,
        with_chanel(lead(&topics, "c")),
    ];
    let changes = [
        stage_change(&topics, "d", "signed", "1.00"),
        stage_change(&topics, "d", "won", "1.00"),
        stage_change(&topics, "d", "signed", "2.00"),
        stage_change(&topics, "d", "closed", "1.00"),
    ];
    let in_pounds = Sent::new(&topics.name("spend"), "p", spend_value("1", "1.00").replace("EUR", "GBP"));
    let in_nothing = Sent::new(&topics.name("spend"), "p", spend_value("2", "1.00").replace("EUR", "RMB"));
    let spends = [of_nobody, garbage(&topics, "one"), in_pounds, garbage(&topics, "two"), in_nothing];
    let late = format!(r#"{{"event_id":"1","occurred_at":{},"rep_id":"r","team_id":"t"}}"#, now() + 48 * 3_600_000);
    let reps =
        [Sent::new(&topics.name("rep"), "1", late), Sent { value: None, ..Sent::new(&topics.name("rep"), "2", "") }];
    let in_one = [&leads[..], &changes, &spends, &reps].concat();
    // All in the second partition, where each lies at the offset of its place.
    let in_one: Vec<Sent> = in_one.into_iter().map(|sent| sent.in_partition(1)).collect();
    Producer::new(&broker.client(), &[]).send_all(&in_one);

    let builder = ServiceBuilder::new(broker, &topics);
    let document = check(broker, &builder, &[]);
    let told = found(&topics, &document, &["partition", "offset", "count", "field", "severity"]);
    let told: Vec<&String> = told.iter().filter(|line| !line.starts_with("mixed_partitioners")).collect();
    assert_eq!(
        told,
        [
            "keyless lead 1 2 1 null warning",
            "misrouted lead 1 1 2 lead_id warning",
            "unknown_stage stage_change 1 3 1 stage error",
            "unknown_stage stage_change 1 0 2 stage error",
            "keyless spend 1 0 1 null warning",
            "not_json spend 1 1 2 null error",
            "unknown_currency spend 1 4 1 currency error",
            "unknown_currency spend 1 2 1 currency error",
            "in_future rep 1 0 1 occurred_at error",
        ]
    );
    let messages = document["findings"].to_string();
    for words in [
        "\\\"signed\\\"",
        "\\\"closed\\\"",
        "GBP has no rate",
        "\\\"RMB\\\"",
        "the key \\\"other\\\" is not the lead_id \\\"a\\\"",
    ] {
        assert!(messages.contains(words), "no {words} in {messages}");
    }
    let notes = document["notes"].to_string();
    for words in ["1 tombstone in the sample", "\\\"chanel\\\" of lead (1)"] {
        assert!(notes.contains(words), "no {words} in {notes}");
    }
}

#[test]
fn a_sample_is_the_last_records_of_each_partition() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 2);
    let many = (0..20).map(|number| garbage(&topics, &number.to_string()).in_partition(number % 2));
    let good = (0..6).map(|number| spend(&topics, &format!("s{number}"), "1.00").in_partition(number % 2));
    Producer::new(&broker.client(), &[]).send_all(&many.chain(good).collect::<Vec<Sent>>());
    let builder = ServiceBuilder::new(broker, &topics);
    let sampled = |most: &str| {
        let document = check(broker, &builder, &["--sample", most]);
        (
            found(&topics, &document, &["partition", "offset", "count"]),
            topic(&topics, &document, "spend")["sampled_records"].clone(),
        )
    };
    assert_eq!(sampled("0"), (vec![], 0.into()));
    assert_eq!(sampled("3"), (vec![], 6.into()));
    let (found, records) = sampled("5");
    assert_eq!((found.len(), records), (1, 10.into()));
    assert!(found[0].ends_with(" 8 4"), "{found:?}");
    assert_eq!(sampled("100").1, 26);
}

#[test]
fn logs_that_end_in_a_transaction_are_read_to_their_end() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let id = topics.unique("transaction");
    let producer = Producer::new(&broker.client(), &[("transactional.id", &id)]);
    producer.init_transactions();
    producer.send_in_transaction(&[spend(&topics, "a", "1.00")], true);
    producer.send_in_transaction(&[garbage(&topics, "aborted")], false);
    let document = check(broker, &ServiceBuilder::new(broker, &topics), &[]);
    assert_eq!(found(&topics, &document, &["message"]), Vec::<String>::new());
    assert_eq!(document["cluster"]["sampled_records"], 1);
}
