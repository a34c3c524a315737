//! Salesforce's change events in a topic, which name only what has changed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Instance;
use crate::harness::reader::read_all;
use crate::harness::service::SOON;
use crate::harness::{Broker, Producer, Sent, Topics, shared_broker, wait_until};

const CREATED: i64 = 1_767_578_400_000;

/// A change event as the connectors of Confluent and of others write it: with or without wrappers.
fn change(entity: &str, kind: &str, id: &str, minute: i64, fields: &Value) -> Value {
    let mut body = fields.clone();
    body["ChangeEventHeader"] = json!({
        "entityName": entity, "recordIds": [id], "changeType": kind, "commitTimestamp": CREATED + minute * 60_000,
        "commitNumber": 1_100_823_480_000_i64 + minute, "commitUser": "0055", "nulledFields": [],
    });
    if minute % 2 == 0 { body } else { json!({ "data": { "payload": body }, "channel": "/data/ChangeEvents" }) }
}

struct Room {
    topics: Topics,
    producer: Producer,
    broker: &'static Broker,
}

impl Room {
    fn send(&self, key: &str, message: &Value) {
        self.producer.send_all(&[Sent::new(&self.topics.name("changes"), key, message.to_string())]);
    }

    fn instance(&self) -> Instance {
        let name = self.topics.name("changes");
        let sources = format!(
            "[source.sf]\nkind = \"salesforce\"\ntopics = {name:?}\ncurrency = \"CNY\"\n[source.sf.tables.teams]\n\
             \"*\" = \"east\"\n"
        );
        Instance::with(self.broker, &self.topics, &sources)
    }

    /// The stages that hold: journey, stage, amount and rep, by the id of the event.
    fn stages(&self) -> BTreeMap<String, String> {
        let mut newest: BTreeMap<(String, String), Value> = BTreeMap::new();
        for record in read_all(&self.broker.client(), &self.topics.name("stage_change")) {
            let json: Value = serde_json::from_slice(record.value.as_ref().expect("a value")).expect("JSON");
            let text = |name: &str| json[name].as_str().expect("a text").to_owned();
            let known = newest.entry((text("lead_id"), text("event_id"))).or_insert_with(|| json.clone());
            if known["version"].as_u64() < json["version"].as_u64() {
                *known = json;
            }
        }
        newest.retain(|_, event| event["retracted"] != true);
        let line = |event: &Value| {
            ["lead_id", "stage", "amount", "rep_id"]
                .map(|name| event[name].as_str().unwrap_or("-").to_owned())
                .join(" ")
        };
        newest.iter().map(|((_, id), event)| (id.clone(), line(event))).collect()
    }

    fn letters(&self) -> Vec<String> {
        let letters = read_all(&self.broker.client(), &self.topics.unique("letters"));
        letters.iter().map(|letter| letter.header("salespulse.connect.message").to_owned()).collect()
    }
}

fn id(deal: &str, minute: i64) -> String {
    format!("deal:{deal}:{}:{:020}", CREATED + minute * 60_000, 1_100_823_480_000_i64 + minute)
}

#[test]
fn what_change_events_leave_out_is_remembered_whoever_reads_them() {
    let Some(broker) = shared_broker() else { return };
    let topics = Topics::create(broker, 2);
    topics.create_another("changes", 2);
    let room = Room { topics, producer: Producer::new(&broker.client(), &[]), broker };
    let holds = |what: &str, id: &str, line: &str| {
        wait_until(what, SOON, || (room.stages().get(id).map(String::as_str) == Some(line)).then_some(()));
    };

    let created = json!({ "StageName": "Prospecting", "Amount": 1200.5, "OwnerId": "r1", "AccountId": "a1" });
    room.send("006A", &change("Opportunity", "CREATE", "006A", 1, &created));
    let mut instance = room.instance();
    holds("the deal is there", &id("006A", 1), "006A contacted 1200.5 r1");

    // It was made of a lead, which says so itself; and whoever reads now dies.
    room.send("00QA", &change("Lead", "CREATE", "00QA", 0, &json!({ "OwnerId": "r2", "LeadSource": "Web" })));
    let converted = json!({ "ConvertedOpportunityId": "006A", "ConvertedAccountId": "a1" });
    room.send("00QA", &change("Lead", "UPDATE", "00QA", 2, &converted));
    holds("the deal goes on with its lead", &id("006A", 1), "00QA contacted 1200.5 r1");
    instance.process.kill();

    // The next one knows the amount that this event leaves out, and the owner since.
    room.send("006A", &change("Opportunity", "UPDATE", "006A", 3, &json!({ "OwnerId": "r3", "Amount": null })));
    room.send("006A", &change("Opportunity", "UPDATE", "006A", 4, &json!({ "StageName": "Proposal/Price Quote" })));
    // Of another deal nobody knows the amount, until its whole record is there.
    room.send("006B", &change("Opportunity", "UPDATE", "006B", 5, &json!({ "StageName": "Closed Won" })));
    let _second = room.instance();
    holds("the next stage is there", &id("006A", 4), "00QA proposal 1200.5 r3");
    wait_until("the other deal waits", SOON, || (room.letters().len() == 1).then_some(()));
    assert!(
        room.letters()[0].contains("006B: is an opportunity of which something is missing"),
        "{:?}",
        room.letters()
    );
    assert!(!room.stages().contains_key(&id("006B", 5)), "a win without its amount would be wrong");
    let record = |id: &str| {
        json!({
            "attributes": { "type": "Opportunity" }, "Id": id, "StageName": "Closed Won", "Amount": 77.25, "OwnerId": "r1",
            "SystemModstamp": "2026-01-05T03:00:00.000+0000", "LastStageChangeDate": "2026-01-05T02:05:00.000+0000",
        })
    };
    room.send("006B", &record("006B"));
    holds("the other deal is there", &id("006B", 5), "006B won 77.25 r1");

    // A record that comes before the event of its stage is followed by it under one identity.
    room.send("006C", &record("006C"));
    let by_itself = format!("deal:006C:{}:{:020}", CREATED + 5 * 60_000, 0);
    holds("a third deal is there", &by_itself, "006C won 77.25 r1");
    room.send("006C", &change("Opportunity", "UPDATE", "006C", 5, &json!({ "StageName": "Closed Won" })));
    holds("its stage is known by its event", &id("006C", 5), "006C won 77.25 r1");
    assert!(!room.stages().contains_key(&by_itself), "one stage is told once: {:?}", room.stages());

    // What has become of a deal in a gap nobody says, and it waits again; one that is deleted does not.
    room.send("006B", &change("Opportunity", "GAP_UPDATE", "006B", 90, &json!({})));
    room.send("006B", &change("Opportunity", "UPDATE", "006B", 91, &json!({ "Amount": 1 })));
    room.send("006A", &change("Opportunity", "DELETE", "006A", 92, &json!({})));
    let void = format!("void:deal:006A:{}", CREATED + 92 * 60_000);
    holds("the deal is gone", &void, "00QA void - -");
    wait_until("the gap is known", SOON, || (room.letters().len() == 3).then_some(()));
    assert_eq!(room.stages()[&id("006B", 5)], "006B won 77.25 r1");
}
