//! `connect map`: payloads of CRMs in, events out.

use std::path::PathBuf;

use crate::cli::program::{Ended, Folder};

/// A time after every event of the payloads.
const NOW: &str = "2026-11-29T00:00:00Z";

/// What the organisation of the payloads calls its things.
const SOURCES: &str = r#"
[source.zoho]
kind = "zoho"
timezone = "Asia/Shanghai"
currency = "CNY"
[source.zoho.tables.teams]
"*" = "east"
[source.zoho.tables.channels]
"Trade Show" = "expo"

[source.sharecrm]
kind = "sharecrm"
timezone = "Asia/Shanghai"
currency = "CNY"
id_prefix = ""

[source.hubspot]
kind = "hubspot"
currency = "CNY"
[source.hubspot.tables.teams]
"*" = "east"

[source.pipedrive]
kind = "pipedrive"
[source.pipedrive.tables.teams]
"*" = "east"
[source.pipedrive.tables.stages]
426 = "lead"
427 = "contacted"
428 = "proposal"
429 = "negotiation"

[source.salesforce]
kind = "salesforce"
currency = "CNY"
[source.salesforce.tables.teams]
"*" = "east"

[source.debezium]
kind = "debezium"

[source.csv]
kind = "csv"
timezone = "Asia/Shanghai"
"#;

/// The vendors of which there are payloads beside the events that they must become.
const VENDORS: [&str; 7] = ["zoho", "sharecrm", "hubspot", "pipedrive", "salesforce", "debezium", "csv"];

/// The folder of a vendor's payloads, where the environment names the real data.
fn payloads(vendor: &str) -> Option<PathBuf> {
    let root = std::env::var_os("SALESPULSE_TEST_DATA");
    assert!(root.is_some() || std::env::var_os("CI").is_none(), "SALESPULSE_TEST_DATA must name the real data in CI");
    root.map(|root| PathBuf::from(root).join("crm").join(vendor))
}

/// One source of [`SOURCES`] in a folder of its own.
fn folder(vendor: &str) -> Folder {
    let folder = Folder::new();
    let begin = SOURCES.find(&format!("[source.{vendor}]")).unwrap();
    let rest = &SOURCES[begin..];
    let end = rest.find("\n\n[source.").unwrap_or(rest.len());
    folder.write("sources.toml", &rest[..end]);
    folder
}

fn map(folder: &Folder, source: &str, files: &[&str]) -> Ended {
    let fixed = ["connect", "map", "--sources", "sources.toml", "--as-of", NOW, "--source", source];
    folder.run(&[&fixed[..], files].concat())
}

fn events(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn payloads_become_the_events_beside_them() {
    for vendor in VENDORS {
        let Some(data) = payloads(vendor) else {
            eprintln!("NOT RUN: {vendor}: the payloads of CRMs; SALESPULSE_TEST_DATA does not name them");
            continue;
        };
        let folder = folder(vendor);
        let mapped = map(&folder, vendor, &[data.to_str().unwrap()]);
        assert_eq!(mapped.code, Some(0), "{vendor}: {}", mapped.stderr);
        let expected = std::fs::read_to_string(data.join("expected.events.jsonl")).unwrap();
        assert_eq!(events(&mapped.stdout), events(&expected), "{vendor}: {}", mapped.stderr);
        folder.write("events.jsonl", &mapped.stdout);
        let replayed =
            folder.run(&["replay", "events.jsonl", "--config", "salespulse.toml", "--as-of", "2026-11-29T00:00:00Z"]);
        let summary: serde_json::Value = serde_json::from_str(replayed.summary()).unwrap();
        assert_eq!(replayed.code, Some(0), "{vendor}: {}", replayed.stderr);
        assert_eq!(summary["rejected"], serde_json::json!({}), "{vendor}: {summary}");
    }
}

#[test]
fn a_generic_source_is_mapped_by_its_own_rules() {
    let folder = Folder::new();
    folder.write(
        "sources.toml",
        r#"
[source.books]
kind = "webhook"
timezone = "Asia/Shanghai"
each = "/data"
[[source.books.map]]
when = [{ at = "/event", is = ["payment.created", "payment.updated"] }]
to = "payment"
event_id = "payment:{/payment/id}"
version = "/payment/updated | millis"
occurred_at = "/payment/date | date_at 12:00"
amount = "/payment/amount"
currency = "/payment/currency_code"
customer_id = "/payment/customer/id"
rep_id = "/payment/owner | lookup reps else pass"
[tables.reps]
"501" = "wang"
"#,
    );
    folder.write(
        "payload.json",
        r#"{"data":[
            {"event":"payment.created","payment":{"id":9007199254740993,"updated":"2026-11-10T09:00:00Z","date":"2026-11-10",
             "amount":1234567890123.45,"currency_code":"CNY","customer":{"id":"c"},"owner":501}},
            {"event":"invoice.created","payment":{}}]}"#,
    );
    let mapped = map(&folder, "books", &["payload.json"]);
    assert_eq!(
        mapped.stdout,
        concat!(
            r#"{"type":"payment","event_id":"payment:9007199254740993","version":1794301200000,"#,
            r#""occurred_at":"2026-11-10T12:00:00+08:00","amount":"1234567890123.45","currency":"CNY","#,
            r#""customer_id":"c","rep_id":"wang"}"#,
            "\n"
        ),
        "{}",
        mapped.stderr
    );
    assert_eq!(mapped.code, Some(0));
    assert!(mapped.stderr.contains("skipped: books "), "{}", mapped.stderr);
}

#[test]
fn a_wrong_file_of_sources_names_line_and_key() {
    let folder = Folder::new();
    for (text, sentence) in [
        ("[source.a]\nkind = \"zohoo\"", "sources.toml, line 2: source.a.kind: \"zohoo\" is none of zoho, sharecrm"),
        ("[source.a]\nkind = \"zoho\"\nmaps = 1", "sources.toml, line 3: source.a.maps: is unknown; known here: "),
        (
            "[source.a]\nkind = \"webhook\"\n[[source.a.map]]\nto = \"lead\"\nevent_id = \"x\"\nstage = \"won\"",
            "sources.toml, line 6: source.a.map[1].stage: is no field of \"lead\"",
        ),
        (
            "[source.a]\nkind = \"webhook\"\n[[source.a.map]]\nto = \"lead\"\nevent_id = \"/a | round\"",
            "sources.toml, line 5: source.a.map[1].event_id: \"round\" is no filter",
        ),
        (
            "[source.a]\nkind = \"webhook\"\n[[source.a.map]]\nto = \"lead\"\nevent_id = \"/a | lookup nowhere\"",
            "there is no [tables.nowhere]",
        ),
        ("[source.a]\nkind = \"zoho\"\n[source.b]\nkind = \"zoho\"", "give one of them an id_prefix"),
        ("[source.a\n", "sources.toml, line 1: TOML: "),
    ] {
        folder.write("sources.toml", text);
        let line = map(&folder, "a", &["sources.toml"]).failed_with(64);
        assert!(line.contains(sentence), "{line}");
    }
}

#[test]
fn a_record_that_cannot_be_mapped_is_refused_and_the_rest_is_not() {
    let folder = folder("sharecrm");
    let record = |id: &str, stage: &str| {
        format!(
            r#"{{"_id":"{id}","sales_stage":"{stage}","sales_status":"1","stg_changed_time":1794301200000,
                "last_modified_time":1794301200000,"life_status":"normal"}}"#
        )
    };
    let page = format!(r#"{{"data":{{"dataList":[{},{}]}}}}"#, record("a", "77"), record("b", "5"));
    folder.write("page.json", page);
    let mapped = map(&folder, "sharecrm", &["page.json"]);
    assert_eq!(mapped.code, Some(1));
    assert_eq!(events(&mapped.stdout).len(), 1);
    assert!(
        mapped.stderr.contains("refused: record a, stage: tables.stages has no entry for \"77\""),
        "{}",
        mapped.stderr
    );
}

#[test]
fn the_mappings_that_come_with_the_program_can_be_changed_in_a_copy() {
    let folder = Folder::new();
    for vendor in VENDORS {
        let printed = folder.run(&["connect", "map", "--print", vendor]);
        assert_eq!(printed.code, Some(0));
        let copy = printed.stdout.replace("[[map]]", "[[source.copy.map]]").replace("[tables.", "[source.copy.tables.");
        folder.write("sources.toml", format!("[source.copy]\nkind = \"{vendor}\"\n{copy}"));
        folder.write("empty.json", "{}");
        assert_eq!(map(&folder, "copy", &["empty.json"]).code.filter(|code| *code > 1), None, "{vendor}");
    }
}
