//! What is served of several pipelines, of regions and of reasons.

use super::*;

const SETTINGS: &str = r#"
[org.regions]
coast = ["east"]

[pipelines.renewals]
stages = ["lead", "notice", "won"]
"#;

const EVENTS: &str = r#"{"type":"lead","event_id":"r-1","occurred_at":"2026-11-02T09:00:00+08:00","lead_id":"r","pipeline":"renewals","rep_id":"wang","team_id":"east"}
{"type":"stage_change","event_id":"r-2","occurred_at":"2026-11-03T09:00:00+08:00","lead_id":"r","pipeline":"renewals","stage":"notice","rep_id":"wang","team_id":"east"}
{"type":"stage_change","event_id":"r-3","occurred_at":"2026-11-04T09:00:00+08:00","lead_id":"r","pipeline":"renewals","stage":"lost","lost_reason":"price","rep_id":"wang","team_id":"east"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn answers_with_pipelines_are_as_the_document_says() {
    let home = home_with(SETTINGS, EVENTS);
    let (_, document) = home.json("/openapi.json").await;
    for (path, query) in [
        ("/api/v1/kpis", "?scope=region&region=coast&window=mtd"),
        ("/api/v1/kpis", "?scope=team&team=east"),
        ("/api/v1/funnel", ""),
        ("/api/v1/funnel", "?scope=region&region=coast&pipeline=renewals&window=mtd"),
        ("/api/v1/leaderboard", "?scope=region&by=revenue&window=mtd"),
        ("/api/v1/leaderboard", "?by=stage_entries&pipeline=renewals&stage=notice"),
        ("/api/v1/leaderboard", "?by=stage_entries&stage=won"),
    ] {
        let (code, answer) = home.json(&format!("{path}{query}")).await;
        assert_eq!(code, StatusCode::OK, "{path}{query}: {answer}");
        let faults: Vec<String> =
            validator(&document, path, "200").iter_errors(&answer).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{path}{query}: {faults:?}\n{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_funnel_is_that_of_one_pipeline() {
    let home = home_with(SETTINGS, EVENTS);
    let (_, renewals) = home.json("/api/v1/funnel?pipeline=renewals&window=mtd").await;
    assert_eq!(renewals["view"]["pipeline"], "renewals");
    let step = |number: usize| renewals["steps"][number].clone();
    assert_eq!((step(0)["stage"].clone(), step(0)["entries"].clone()), (json!("lead"), json!(1)));
    assert_eq!((step(0)["previous"].clone(), step(1)["previous_ratio"].clone()), (Value::Null, Value::Null));
    assert_eq!(
        (step(1)["stage"].clone(), step(1)["entries"].clone(), step(1)["ratio"].clone()),
        (json!("notice"), json!(1), json!(1.0))
    );
    assert_eq!((step(2)["entries"].clone(), step(2)["previous"].clone()), (json!(0), json!(0)));
    // The others are as they are without it.
    let (_, default) = home.json("/api/v1/funnel?window=mtd").await;
    let (_, alone) = super::home().json("/api/v1/funnel?window=mtd").await;
    assert_eq!(default["steps"][1]["entries"], alone["steps"][1]["entries"]);
    assert_eq!(default["steps"][0]["entries"], alone["steps"][0]["entries"]);
    assert!(alone["view"].get("pipeline").is_none() && alone["steps"][0]["previous"].is_number());
    let (code, problem) = home.json("/api/v1/funnel?pipeline=nothing").await;
    assert_eq!((code, problem["allowed"].clone()), (StatusCode::BAD_REQUEST, json!(["default", "renewals"])));
}

#[tokio::test(flavor = "multi_thread")]
async fn reasons_and_regions_have_their_values() {
    let home = home_with(SETTINGS, EVENTS);
    for (query, expected) in [
        ("", json!(1)),
        ("scope=region&region=coast&", json!(1)),
        ("scope=team&team=east&", json!(1)),
        ("scope=team&team=north&", Value::Null),
    ] {
        let (_, answer) = home.json(&format!("/api/v1/kpis?{query}window=mtd&names=lost_by_reason,lost")).await;
        let values = answer["values"].as_array().unwrap_or_else(|| panic!("{query}: {answer}"));
        let price = values.iter().find(|value| value["labels"]["reason"] == "price").expect("it is named");
        assert_eq!(price["value"], expected, "{query}: {answer}");
        assert!(values.iter().all(|value| value["labels"]["reason"] != ""), "{answer}");
    }
    let (_, board) = home.json("/api/v1/leaderboard?scope=region&by=lost&window=mtd").await;
    assert_eq!(board["rows"][0]["id"], json!(["coast"]));
    let (code, _) = home.json("/api/v1/kpis?scope=region&region=nowhere").await;
    assert_eq!(code, StatusCode::NOT_FOUND);
}
