//! The last dates beside a board.

use super::*;

/// A page turned on, with today and yesterday.
const SETTINGS: &str = "\n[web]\nlisten = \"127.0.0.1:9465\"\n[windows]\nrep = [\"today\", \"yesterday\", \"7d\", \"mtd\"]\n\
    team = [\"mtd\"]\n";

async fn days(home: &Home, query: &str, id: &[&str]) -> Value {
    let (_, answer) = home.json(&format!("/api/v1/leaderboard?{query}")).await;
    let row = answer["rows"].as_array().unwrap().iter().find(|row| row["id"] == json!(id)).unwrap();
    row["days"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_has_the_values_of_the_last_seven_dates() {
    let home = home_with(SETTINGS, WIN);
    let wang = ["wang", "east"];
    assert_eq!(
        days(&home, "by=revenue&window=mtd", &wang).await,
        json!(["0.00", "0.00", "40000.00", "0.00", "0.00", "1000000.00", "0.00"]),
        "from the 10th to the 16th"
    );
    assert_eq!(days(&home, "by=won&window=7d", &wang).await, json!([0, 0, 1, 0, 0, 1, 0]));
    assert_eq!(days(&home, "by=stage_entries&stage=won&window=7d", &wang).await, json!([0, 0, 1, 0, 0, 1, 0]));
    let team = days(&home, "scope=team&by=revenue&window=mtd", &["east"]).await;
    assert_eq!(team[5], json!("1000000.00"), "{team}");
    assert_eq!(days(&home, "by=win_ratio&window=mtd", &wang).await, Value::Null, "a quotient has none");
    let (_, yesterday) = home.json("/api/v1/leaderboard?by=revenue&window=yesterday").await;
    assert_eq!(yesterday["rows"][0]["value"], "1000000.00");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_turned_no_page_on_counts_no_dates() {
    assert_eq!(days(&home(), "by=revenue&window=mtd", &["wang", "east"]).await, Value::Null);
}
