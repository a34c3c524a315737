//! The receivers that the shipped files offer: Alertmanager takes each, and what it sends is what people should read.

use serde_json::{Value, json};

use super::shipped::{self, set_durations};
use crate::harness::alertmanager::Alertmanager;
use crate::harness::service::SOON;
use crate::harness::webhook::Webhook;
use crate::harness::{tools, wait_until};

/// An alert of the sales with its sentences in both languages.
fn alert() -> Value {
    json!([{
        "labels": {"alertname": "SalesFunnelConversionDrop", "category": "kpi", "job": "salespulse", "team": "east"},
        "annotations": {
            "summary": "Team east: conversion has dropped", "description": "Far fewer journeys went on.",
            "summary_zh": "团队 east：转化率下降", "description_zh": "继续推进的商机少得多。",
        },
    }])
}

/// The files of receivers/, by name.
fn offered() -> Vec<(String, String)> {
    let files = shipped::files(&shipped::alertmanager().with_file_name("receivers"), ".yml");
    let name = |file: &std::path::Path| file.file_stem().expect("a name").to_string_lossy().into_owned();
    files.iter().map(|file| (name(file), shipped::read(file))).collect()
}

#[test]
fn alertmanager_takes_each() {
    let Some(amtool) = tools::alertmanager("amtool") else { return };
    let offered = offered();
    let names: Vec<&str> = offered.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["dingtalk", "email", "feishu", "slack", "wecom"]);
    let folder = tempfile::tempdir().expect("a folder");
    for (name, receivers) in offered {
        let path = folder.path().join(format!("{name}.yml"));
        std::fs::write(&path, shipped::with_receivers(&receivers)).expect("the folder can be written");
        let output =
            std::process::Command::new(&amtool).arg("check-config").arg(&path).output().expect("amtool starts");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// What a file's receiver sends to a server of ours, in place of the vendor's address.
fn sent(name: &str, address: &str) -> Option<Vec<(String, Value)>> {
    let program = tools::alertmanager("prometheus-alertmanager")?;
    let webhook = Webhook::start();
    let (_, receivers) = offered().into_iter().find(|(known, _)| known == name).expect("it is offered");
    let ours = format!("http://{}/", webhook.address());
    let receivers = match name {
        // The vendor's address is Alertmanager's own default.
        "wecom" => receivers.replace("      - corp_id:", &format!("      - api_url: {ours}\n        corp_id:")),
        _ => shipped::replace(&receivers, address, &ours),
    };
    let config = set_durations(&shipped::with_receivers(&receivers), &["group_wait", "group_interval"], "1s");
    let alertmanager = Alertmanager::start(program, &config);
    alertmanager.send(&alert());
    Some(wait_until("the message arrives", SOON, || {
        let requests = webhook.requests();
        requests.iter().any(|(_, body)| !body.is_null()).then_some(requests)
    }))
}

#[test]
fn wecom_gets_a_chinese_message() {
    let Some(requests) = sent("wecom", "") else { return };
    assert!(requests.iter().any(|(path, _)| path.starts_with("/gettoken?")), "{requests:?}");
    let (path, body) = requests.iter().find(|(_, body)| !body.is_null()).expect("a message");
    assert!(path.starts_with("/message/send"), "{path}");
    let text = body["text"]["content"].as_str().expect("a text");
    assert!(text.contains("告警（1）SalesFunnelConversionDrop"), "{text}");
    assert!(text.contains("团队 east：转化率下降") && text.contains("继续推进的商机少得多。"), "{text}");
    assert_eq!(body["toparty"], "2");
}

#[test]
fn slack_gets_an_english_message() {
    let Some(requests) = sent("slack", "https://hooks.slack.com/services/REPLACE/") else { return };
    let (path, body) = &requests[0];
    assert_eq!(path, "/SALES/WEBHOOK");
    assert_eq!(body["attachments"][0]["title"], "[1] SalesFunnelConversionDrop");
    let text = body["attachments"][0]["text"].as_str().expect("a text");
    assert!(text.contains("Team east: conversion has dropped") && !text.contains("团队"), "{text}");
}

/// The adapters of these read the webhook's own JSON, with the annotations of both languages.
#[test]
fn dingtalk_and_feishu_get_the_annotations() {
    for (name, address) in
        [("dingtalk", "http://prometheus-webhook-dingtalk:8060/"), ("feishu", "http://prometheusalert:8080/")]
    {
        let Some(requests) = sent(name, address) else { return };
        assert_eq!(requests[0].1["alerts"][0]["annotations"]["summary_zh"], "团队 east：转化率下降", "{name}");
    }
}
