//! The clients that the vendors of CRMs publish read the model CRM: they judge whether it speaks as the vendors do.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::crm::over_http::OverHttp;
use crate::harness::tools;

/// What a client has read: the script is one of `scripts/clients`.
fn read(program: &Path, script: &str, crm: &OverHttp, home: &Path) -> Value {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/clients").join(script);
    let mut command = Command::new(program);
    command.arg(script).arg(crm.url()).arg(folder.path()).arg(home).current_dir(folder.path());
    let output = command.output().expect("the client starts");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the client refuses what the model says: {complaint}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Compares parts of what was read with what is there.
fn assert_read(read: &Value, crm: &OverHttp, parts: &[&str]) {
    for part in parts {
        assert!(crm.truth(part).as_array().is_some_and(|all| !all.is_empty()), "there are {part}");
        assert_eq!(&read[part], crm.truth(part), "{part}");
    }
    // An instant in the middle: what was edited at it is among what was edited since.
    let middle = read["since"][0].as_i64().expect("an instant");
    let deals = crm.truth("deals").as_array().expect("deals").iter();
    let edited = deals.filter(|deal| deal["modified"].as_i64() >= Some(middle)).map(|deal| deal["id"].clone());
    assert_eq!(read["since"][1], Value::Array(edited.collect()));
}

#[test]
fn zoho_s_own_client_reads_the_truth() {
    let Some(home) = tools::clients() else { return };
    // One organisation gives tokens of its pages, the other only their numbers.
    for seed in [3, 4] {
        let crm = OverHttp::zoho(seed);
        let read = read(&home.join("bin/python"), "zoho.py", &crm, &home);
        assert_read(&read, &crm, &["leads", "deals", "rows", "gone_leads", "gone_deals", "people", "campaigns"]);
        for pages in ["pages_of_leads", "pages_of_deals", "pages_of_rows"] {
            assert!(read[pages].as_u64() > Some(2), "{pages}: {}", read[pages]);
        }
        let first = &read["deals"][0]["id"];
        let rows = crm.truth("rows").as_array().expect("rows");
        let own: Vec<&Value> = rows.iter().filter(|row| row[0] == *first).collect();
        assert_eq!(read["rows_of_first"], json!(own));
        assert_eq!((&read["first"], &read["later"]), (first, &json!(0)));
        assert_eq!(read["opened"], json!(["success", "SUCCESS"]));
        let troubles = json!({
            "refresh": "invalid_code",
            "access": [401, "INVALID_TOKEN", "invalid oauth token"],
            "renewed": [400, "NOT_SUBSCRIBED", "not subscribed"],
            "waits": [429, "TOO_MANY_REQUESTS", "too many requests"],
        });
        assert_eq!(read["troubles"], troubles);
    }
}

#[test]
fn pipedrive_s_own_client_reads_the_truth() {
    let (Some(home), Some(node)) = (tools::clients(), tools::on_path("node", "scripts/setup-test-tools.sh clients"))
    else {
        return;
    };
    // The documents and the client have another place for whether a list goes on.
    let mut places = Vec::new();
    for seed in [4, 5] {
        let crm = OverHttp::pipedrive(seed);
        let read = read(&node, "pipedrive.cjs", &crm, &home);
        assert_read(&read, &crm, &["leads", "deals", "gone_deals", "people"]);
        for pages in ["pages_of_leads", "pages_of_deals", "pages_of_changelogs"] {
            assert!(read[pages].as_u64() > Some(1), "{pages}: {}", read[pages]);
        }
        assert_eq!(read["stages"], json!(["1", "2", "3", "4"]));
        let troubles = json!({
            "access": [401, "unauthorized access"],
            "nothing": [404, "not found"],
            "BURST": [429, "request over limit"],
            "DAILY": [429, "daily token budget is used up"],
            "502": [502, null],
        });
        assert_eq!(read["troubles"], troubles);
        places.push(read["goes_on_is_flat"].as_bool());
    }
    places.sort();
    assert_eq!(places, [Some(false), Some(true)]);
}

#[test]
fn hubspot_s_own_client_reads_the_truth() {
    let (Some(home), Some(node)) = (tools::clients(), tools::on_path("node", "scripts/setup-test-tools.sh clients"))
    else {
        return;
    };
    let crm = OverHttp::hubspot(5);
    let read = read(&node, "hubspot.cjs", &crm, &home);
    assert_read(&read, &crm, &["leads", "deals", "rows", "gone_leads", "gone_deals", "people"]);
    for pages in ["pages_of_leads", "pages_of_deals"] {
        assert!(read[pages].as_u64() > Some(2), "{pages}: {}", read[pages]);
    }
    assert_eq!(read["stages"], json!(["S0", "S1", "S2", "S3", "S4", "S5"]));
    let troubles = json!({
        "access": [401, "INVALID_AUTHENTICATION"],
        "SECONDLY": [429, "SECONDLY"],
        "TEN_SECONDLY_ROLLING": [429, "TEN_SECONDLY_ROLLING"],
        "DAILY": [429, "DAILY"],
        "502": [502, "string"],
    });
    assert_eq!(read["troubles"], troubles);
}
