//! What Prometheus is answered where the numbers cannot be, and by what an answer varies.

use super::*;

async fn text(body: Body) -> String {
    String::from_utf8(axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_too_many_series_the_health_of_the_service_goes_on() {
    let home = home_of("max_series = 7\n", "", "");
    let (status, _, body) = home.get("/metrics").await;
    let refusal = text(body).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(refusal.contains("max_series = 7") && refusal.contains(" names of "), "{refusal}");

    let (status, _, body) = home.get("/metrics/health").await;
    let health = text(body).await;
    assert_eq!(status, StatusCode::OK);
    assert!(health.contains("salespulse_condition{condition=\"series_limit\"} 1\n"), "{health}");
    assert!(!health.contains("\nsales_"), "{health}");

    // The numbers are right, and whoever takes the instance out of service has none at all.
    let (status, _, body) = home.get("/readyz").await;
    let ready: Value = serde_json::from_str(&text(body).await).unwrap();
    assert_eq!((status, &ready["conditions"][0]["condition"]), (StatusCode::OK, &json!("series_limit")), "{ready}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_varies_by_what_a_client_takes_and_one_that_takes_nothing_gets_nothing() {
    let home = home();
    for (path, taken, status, is_packed) in [
        ("/metrics", "gzip", StatusCode::OK, true),
        ("/metrics", "identity", StatusCode::OK, false),
        ("/metrics", "identity;q=0", StatusCode::NOT_ACCEPTABLE, false),
        ("/metrics/health", "gzip", StatusCode::OK, false),
    ] {
        let headers = [("accept-encoding", taken)];
        let (told, headers, body) = home.get_through(&Gate::open(), path, &headers, HERE).await;
        assert_eq!(told, status, "{path} {taken}");
        assert_eq!(headers["vary"], "accept, accept-encoding", "{path} {taken}");
        assert_eq!(headers.contains_key("content-encoding"), is_packed, "{path} {taken}");
        if !status.is_success() {
            assert!(!text(body).await.contains("sales_"), "{taken}");
        }
    }
}
