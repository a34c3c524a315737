//! The deals behind a number add up to it.

use super::*;

/// The value of a KPI of a subject, with whatever labels.
async fn kpi(home: &Home, query: &str, name: &str, labels: &[(&str, &str)]) -> Value {
    let (_, answer) = home.json(&format!("/api/v1/kpis?{query}names={name}&window=mtd")).await;
    let is_it = |value: &&Value| labels.iter().all(|(label, text)| value["labels"][label] == *text);
    let values = answer["values"].as_array().unwrap();
    values.iter().find(is_it).unwrap_or_else(|| panic!("{name} {labels:?}: {answer}"))["value"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deals_behind_a_number_add_up_to_it() {
    let home = home();
    let (_, meta) = home.json("/api/v1/meta").await;
    let stages: Vec<&str> = meta["stages"].as_array().unwrap().iter().map(|stage| stage.as_str().unwrap()).collect();
    let mut seen = 0;
    for (whose, of) in [
        ("", ""),
        ("scope=team&team=east&", "team=east&"),
        ("scope=rep&rep=wang&team=east&", "rep=wang&team=east&"),
        ("scope=rep&rep=li&team=east&", "rep=li&team=east&"),
    ] {
        let (_, won) = home.json(&format!("/api/v1/deals?{of}state=won&window=mtd")).await;
        assert_eq!(won["count"], kpi(&home, whose, "won", &[]).await, "{of}: {won}");
        assert_eq!(won["amount"], kpi(&home, whose, "revenue", &[]).await, "{of}: {won}");
        seen += won["deals"].as_array().unwrap().len();
        for stage in stages.iter().filter(|stage| **stage != "won") {
            // At the proposal no deal is ever stalled: there is no limit, and no such number.
            let counts = [("open", "open_deals"), ("stalled", "stalled_deals")];
            let has_limit = ["lead", "contacted"].contains(stage);
            for (state, count) in counts.into_iter().filter(|(state, _)| *state == "open" || has_limit) {
                let (_, there) = home.json(&format!("/api/v1/deals?{of}state={state}&stage={stage}")).await;
                let labels = [("stage", *stage)];
                assert_eq!(there["count"], kpi(&home, whose, count, &labels).await, "{of} {state} {stage}: {there}");
                if state == "open" {
                    assert_eq!(there["amount"], kpi(&home, whose, "pipeline_amount", &labels).await, "{of} {stage}");
                }
                seen += there["deals"].as_array().unwrap().len();
            }
        }
    }
    assert!(seen > 10, "{seen} deals");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_of_many_are_listed_and_more_is_said() {
    let home = home();
    for number in 0..60 {
        let day = 1 + number % 14;
        let win = WIN.replace("late", &format!("many{number}")).replace("-11-15T", &format!("-11-{day:02}T"));
        home.accept(&win);
    }
    home.site.hub.fresh().await.unwrap();
    let (_, answer) = home.json("/api/v1/deals?state=won&rep=wang&limit=5").await;
    let since: Vec<&str> =
        answer["deals"].as_array().unwrap().iter().map(|deal| deal["since"].as_str().unwrap()).collect();
    assert_eq!((since.len(), &answer["more"]), (5, &json!(true)), "{answer}");
    assert!(since.is_sorted_by(|earlier, later| earlier >= later), "the latest come first: {since:?}");
    let turn = home.site.walks.try_acquire().unwrap();
    let (status, problem) = home.json("/api/v1/deals?state=won").await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (503, Some("busy")));
    drop(turn);
}
