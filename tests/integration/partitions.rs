//! Where records lie must not matter to the numbers.

use crate::harness::{Producer, Sent, ServiceBuilder, Topics, shared_broker};
use crate::integration::events::{ORG_LEADS, lead, spend, stage_change};

#[test]
fn misrouted_and_keyless_records_count_in_full() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 3);
    let producer = Producer::new(&broker.client(), &[]);
    let keyless = |sent: Sent| Sent { key: None, ..sent };
    let misrouted = |sent: Sent| Sent { key: Some(b"other".to_vec()), ..sent };
    // One journey's records lie in three partitions, another's in two.
    producer.send_all(&[
        keyless(lead(&topics, "a")).in_partition(0),
        misrouted(stage_change(&topics, "a", "contacted", "5.00")).in_partition(1),
        misrouted(stage_change(&topics, "a", "won", "7.00")).in_partition(2),
        lead(&topics, "b").in_partition(0),
        keyless(stage_change(&topics, "b", "won", "1.00")).in_partition(2),
        keyless(spend(&topics, "s", "4.00")),
        keyless(Sent::new(&topics.name("lead"), "", "garbage")).in_partition(1),
    ]);
    let service = ServiceBuilder::new(broker, &topics).start();
    let metrics = service.metrics();
    for (series, value) in [
        (ORG_LEADS, 2.0),
        ("sales_org_won{window=\"24h\"}", 2.0),
        ("sales_org_revenue{window=\"24h\",currency=\"EUR\"}", 8.0),
        ("sales_org_stage_entries{stage=\"contacted\",window=\"24h\"}", 2.0),
        ("sales_channel_won{channel=\"web\",window=\"24h\"}", 2.0),
        ("sales_org_cycles{window=\"24h\"}", 2.0),
    ] {
        assert_eq!(metrics.get(series), Some(value), "{series}");
    }
    let counted = |name: &str, kind: &str| {
        metrics.get(&format!("salespulse_{name}_records_total{{topic={:?}}}", topics.name(kind)))
    };
    assert_eq!(counted("keyless", "lead"), Some(2.0), "the rejected one too");
    assert_eq!(counted("keyless", "stage_change"), Some(1.0));
    assert_eq!(counted("keyless", "spend"), Some(1.0));
    assert_eq!(counted("misrouted", "stage_change"), Some(2.0));
    assert_eq!(counted("misrouted", "lead"), Some(0.0));
}

#[test]
fn tombstones_are_counted_and_change_nothing() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 1);
    let tombstone = Sent { value: None, ..lead(&topics, "a") };
    Producer::new(&broker.client(), &[]).send_all(&[lead(&topics, "a"), tombstone.clone(), tombstone]);
    let service = ServiceBuilder::new(broker, &topics).start();
    let metrics = service.metrics();
    assert_eq!(metrics.get(ORG_LEADS), Some(1.0));
    let series = format!("salespulse_tombstone_records_total{{topic={:?}}}", topics.name("lead"));
    assert_eq!(metrics.get(&series), Some(2.0));
    assert_eq!(metrics.get("salespulse_dead_letters_total"), Some(0.0));
}
