//! The rows of a real PostgreSQL, by a real Debezium: with the mapping that the documents show.

mod postgres;
mod worker;

use serde_json::Value;

use self::postgres::{Postgres, Session};
use self::worker::{Form, Worker};
use super::Instance;
use crate::crm::{rules, topic::replay};
use crate::dice::Dice;
use crate::harness::reader::read_all;
use crate::harness::service::SOON;
use crate::harness::{Broker, Topics, announce, shared_broker, tools, wait_until};
use salespulse::model::time::{Clock, SECOND, Time};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/connect.md");
const CONNECTORS: [&str; 2] = ["described", "bare"];

/// The tables before anybody thinks of us, and somebody who writes down the truth beside them.
const TABLES: &str = "
CREATE TABLE deals (id bigint PRIMARY KEY, customer text, stage text NOT NULL, amount numeric(14, 2), currency text,
  owner text NOT NULL, team text NOT NULL, channel text, created_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE payments (id bigint PRIMARY KEY, deal_id bigint, amount numeric(14, 2) NOT NULL, currency text NOT NULL,
  paid_at timestamp NOT NULL, rep text);
CREATE TABLE truth (deal bigint, since timestamptz, line json, PRIMARY KEY (deal, since));
CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO truth VALUES (NEW.id, NEW.stage_since, json_build_object(
    'type', 'stage_change', 'event_id', to_char(NEW.stage_since, 'YYYYMMDDHH24MISSUS'),
    'occurred_at', to_char(NEW.stage_since AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),
    'lead_id', NEW.id::text, 'customer_id', NEW.customer, 'amount', NEW.amount::text, 'currency', 'CNY',
    'stage', CASE NEW.stage WHEN 'New' THEN 'contacted' WHEN 'Offer' THEN 'proposal' ELSE lower(NEW.stage) END,
    'rep_id', NEW.stage_owner, 'team_id', NEW.team, 'channel', NEW.channel,
    'started_at', to_char(NEW.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')))
  ON CONFLICT (deal, since) DO UPDATE SET line = EXCLUDED.line;
  RETURN NULL;
END $$";
const TRUTH: &str = "
SELECT line FROM truth
UNION ALL SELECT json_build_object('type', 'stage_change', 'event_id', 'void', 'lead_id', deal::text, 'stage', 'void',
  'occurred_at', to_char((max(since) + '1 ms') AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'))
  FROM truth WHERE deal NOT IN (SELECT id FROM deals) GROUP BY deal
UNION ALL SELECT json_build_object('type', 'payment', 'event_id', id::text, 'amount', amount::text,
  'currency', currency, 'lead_id', deal_id::text, 'rep_id', rep,
  'occurred_at', to_char(paid_at, 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')) FROM payments";

/// A block of code of the document, by its language and a line of it.
fn block(language: &str, line: &str) -> String {
    let document = std::fs::read_to_string(DOCUMENT).expect("the document");
    let blocks = document.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix(language));
    blocks.into_iter().find(|block| block.lines().any(|found| found == line)).expect("it is in the document").to_owned()
}

fn prepare(session: &mut Session) {
    session.run(TABLES);
    session.run("INSERT INTO deals VALUES (1, 'c1', 'New', 1234567890.12, NULL, 'wang', 'east', 'web')");
    session.run(block("sql", "ALTER TABLE deals ADD stage_since timestamptz, ADD stage_owner text;").trim_end());
    session.run("CREATE TRIGGER told AFTER INSERT OR UPDATE ON deals FOR EACH ROW EXECUTE FUNCTION told()");
    session
        .run("INSERT INTO payments VALUES (9007199254740993, 1, 10.10, 'CNY', '2026-11-10 09:00:00.123456', 'wang')");
}

/// One thing that somebody does.
fn change(dice: &mut Dice) -> String {
    let (deal, cents) = (dice.below(30), dice.below(10_000_000));
    let amount = format!("{}.{:02}", cents / 100, cents % 100);
    let stage = ["New", "Offer", "Won", "Lost"][dice.below(4)];
    let (owner, team) = [("wang", "east"), ("li", "east"), ("zhao", "west")][dice.below(3)];
    match dice.below(12) {
        0..4 => format!(
            "INSERT INTO deals VALUES ({deal}, 'c{}', '{stage}', {amount}, NULL, '{owner}', '{team}', 'web') \
             ON CONFLICT (id) DO UPDATE SET stage = EXCLUDED.stage",
            deal % 7
        ),
        4..6 => format!("UPDATE deals SET stage = '{stage}', amount = {amount} WHERE id = {deal}"),
        6 => format!("UPDATE deals SET amount = {amount} WHERE id = {deal}"),
        7 => format!("UPDATE deals SET owner = '{owner}', amount = NULL WHERE id = {deal}"),
        8 => format!("DELETE FROM deals WHERE id = {deal}"),
        9 => format!("DELETE FROM payments WHERE id = {deal}"),
        _ => format!(
            "INSERT INTO payments VALUES ({deal}, {deal}, {amount}, 'CNY', clock_timestamp(), '{owner}') \
             ON CONFLICT (id) DO UPDATE SET amount = EXCLUDED.amount"
        ),
    }
}

/// Transactions of one to three changes each; some come to nothing.
fn work(session: &mut Session, transactions: usize, dice: &mut Dice) {
    for _ in 0..transactions {
        let changes: Vec<String> = (0..=dice.below(3)).map(|_| change(dice)).collect();
        let end = if dice.percent(10) { "ROLLBACK" } else { "COMMIT" };
        session.run(&format!("BEGIN; {}; {end}", changes.join("; ")));
    }
}

/// Starts the connectors so that a change is made by a transaction that is older than their first reading, and which they
/// do not see in it: its number in the log is less than that of the reading.
fn begin_beside_a_transaction(postgres: &Postgres, start: impl FnOnce() -> Worker) -> Worker {
    let [mut looker, mut first, mut second, mut late] = [(); 4].map(|()| postgres.session());
    let begin = |session: &mut Session| session.value("BEGIN; SELECT pg_current_xact_id()");
    let awaited = |looker: &mut Session, what: &str, transaction: &str| {
        wait_until(what, 2 * SOON, || {
            let waiting =
                format!("SELECT count(*) FROM pg_locks WHERE transactionid = '{transaction}' AND NOT granted");
            (looker.value(&waiting) == CONNECTORS.len().to_string()).then_some(())
        });
    };
    let transaction = begin(&mut first);
    let mut worker = start();
    awaited(&mut looker, "the connectors wait for who was there before", &transaction);
    let transaction = begin(&mut second);
    first.run("COMMIT");
    awaited(&mut looker, "they wait once more", &transaction);
    late.run("BEGIN; UPDATE deals SET amount = 77.25 WHERE id = 1");
    second.run("COMMIT");
    worker.await_running();
    let streaming = "SELECT count(*) FROM pg_replication_slots WHERE active";
    wait_until("the first reading is over", 2 * SOON, || (looker.value(streaming) == "2").then_some(()));
    late.run("COMMIT");
    worker
}

/// The events that are told in the topics of one instance.
fn told(broker: &Broker, topics: &Topics) -> Vec<String> {
    let records = ["stage_change", "payment"].map(|kind| read_all(&broker.client(), &topics.name(kind)));
    let text = |value: Option<Vec<u8>>| String::from_utf8(value.expect("a value")).expect("text");
    records.into_iter().flatten().map(|record| text(record.value)).collect()
}

fn instance(broker: &Broker, topics: &Topics) -> Instance {
    let mapping = block("toml", "[source.deals]").replace("crm.public.deals", &topics.name("public.deals"));
    let payments = format!("[source.books]\nkind = \"debezium\"\ntopics = {:?}\n", topics.name("public.payments"));
    Instance::with(broker, topics, &format!("{mapping}{payments}"))
}

/// Waits until the events have the same gauges as the truth, at an instant after all of them.
fn await_truth(broker: &Broker, topics: &Topics, truth: &[String], now: Time) -> usize {
    let (rules, mut events) = (rules(), Vec::new());
    let wanted = replay(&rules, truth, now, None);
    let found = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        wait_until("the numbers are those of the truth", SOON, || {
            events = told(broker, topics);
            (replay(&rules, &events, now, None) == wanted).then_some(())
        });
    }));
    if found.is_err() {
        let gauges = replay(&rules, &events, now, None);
        let other = gauges.iter().zip(&wanted).find(|(gauge, wanted)| gauge != wanted);
        panic!("{other:?}\ntold:\n{}\ntruth:\n{}", events.join("\n"), truth.join("\n"));
    }
    events.len()
}

#[test]
fn rows_of_a_real_database_become_the_truth_whoever_dies() {
    let (Some(broker), Some((class_path, programs))) = (shared_broker(), tools::debezium()) else { return };
    let postgres = Postgres::start(programs);
    let (mut session, mut dice) = (postgres.session(), Dice::new(11));
    prepare(&mut session);
    work(&mut session, 30, &mut dice);
    // Nobody can know what was before the first reading.
    session.run("DELETE FROM truth; UPDATE deals SET amount = amount");
    let [described, bare] = [(); 2].map(|()| Topics::create(broker, 2));
    for topics in [&described, &bare] {
        topics.create_another("public.deals", 2);
        topics.create_another("public.payments", 2);
    }
    let connectors = [(CONNECTORS[0], Form::Described, &described), (CONNECTORS[1], Form::Bare, &bare)];
    let mut worker =
        begin_beside_a_transaction(&postgres, || Worker::start(class_path, broker, &postgres, &connectors));

    let mut instances = [&described, &bare].map(|topics| instance(broker, topics));
    work(&mut session, 60, &mut dice);
    worker.crash(&CONNECTORS);
    work(&mut session, 60, &mut dice);
    instances[0].process.kill();
    instances[0] = instance(broker, &described);
    worker.await_running();
    work(&mut session, 60, &mut dice);

    let truth = session.run(TRUTH);
    let now = Clock::System.now().plus(2 * SECOND);
    for (name, topics) in CONNECTORS.iter().zip([&described, &bare]) {
        let events = await_truth(broker, topics, &truth, now);
        announce(&format!("{name}: {events} events of {} facts", truth.len()));
        assert_eq!(read_all(&broker.client(), &topics.unique("letters")), [], "{name}");
    }
    // The digits are those of the database.
    let large = |line: &&String| line.contains("payment:9007199254740993");
    let event = told(broker, &described).iter().find(large).cloned().expect("the first payment");
    let event: Value = serde_json::from_str(&event).expect("JSON");
    assert_eq!((&event["amount"], &event["lead_id"]), (&Value::from("10.10"), &Value::from("1")));
    drop((instances, worker, session));
    postgres.stop();
}
