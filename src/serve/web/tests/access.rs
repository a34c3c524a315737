//! Who may ask for what: the documented table, path by path, as every role.

use super::*;
use crate::config::{AccessConfig, Display, Names, Proxy, Role, Targets, User};

/// The documented table: a path, and for each role whether it may ask for it.
fn documented() -> Vec<(String, Vec<bool>)> {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/access.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut rows = Vec::new();
    for line in page.lines().filter(|line| line.starts_with("| `/")) {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let path = cells.next().unwrap().trim_matches('`').to_owned();
        rows.push((path, cells.map(|cell| cell == "✓").collect()));
    }
    rows
}

/// A gate with a user of each role; the password of all of them is `secret`, the display's key `key`.
fn gate(home: &Home, targets: Targets) -> (Arc<Gate>, tempfile::NamedTempFile) {
    let hash = bcrypt::hash("secret", 4).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let names = ["viewer", "rep", "manager", "admin", "scraper"];
    let lines: String = names.iter().map(|name| format!("  {name}: \"{hash}\"\n")).collect();
    std::fs::write(file.path(), format!("basic_auth_users:\n{lines}")).unwrap();
    let user = |name: &str, role| User {
        name: name.to_owned(),
        role,
        rep: (role == Role::Rep).then(|| "wang".to_owned()),
        teams: if role == Role::Manager { vec!["east".to_owned()] } else { Vec::new() },
    };
    let users = [
        user("rep", Role::Rep),
        user("manager", Role::Manager),
        user("admin", Role::Admin),
        user("scraper", Role::Scraper),
    ];
    let key_sha256 = "2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683".to_owned();
    let display = Display { id: "hall".to_owned(), key_sha256, boards: vec!["month".to_owned()] };
    let access = AccessConfig {
        default: Role::Viewer,
        targets,
        names: Names::Name,
        aliases: BTreeMap::new(),
        users: users.into(),
        displays: vec![display],
        proxy: None,
    };
    let config = WebConfig { config_file: Some(file.path().to_owned()), access: Some(access), ..WebConfig::default() };
    (Gate::new(&config, Arc::clone(&home.site.metrics), Arc::default()).unwrap(), file)
}

fn authorization(role: &str) -> String {
    use base64::Engine as _;
    if role == "display" {
        return "Display key".to_owned();
    }
    format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(format!("{role}:secret")))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_gets_what_the_table_says() {
    let home = home();
    let (gate, _file) = gate(&home, Targets::All);
    let rows = documented();
    assert!(rows.len() > 12, "{rows:?}");
    for (number, (path, allowed)) in rows.into_iter().enumerate() {
        // Each asks from elsewhere: who has failed often from one address has to wait.
        let there = format!("127.0.{number}.1:1");
        for (role, is_allowed) in Role::ALL.into_iter().zip(allowed) {
            let (status, _, _) =
                home.get_through(&gate, &path, &[("authorization", &authorization(role.name()))], HERE).await;
            let expected = if is_allowed { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(status, expected, "{path} as {}", role.name());
        }
        let expected = if path == "/livez" { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
        for stranger in [&[][..], &[("authorization", "Basic d2FuZzpzZWNyZXQ=")], &[("authorization", "Display other")]]
        {
            let (status, headers, _) = home.get_through(&gate, &path, stranger, &there).await;
            // A screen needs the page before it can show its key.
            let expected = if path == "/" { StatusCode::OK } else { expected };
            assert_eq!(status, expected, "{path} as {stranger:?}");
            assert_eq!(headers.contains_key("www-authenticate"), status == StatusCode::UNAUTHORIZED);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_of_others_are_left_out_where_the_configuration_says_so() {
    let home = home();
    let (gate, _file) = gate(&home, Targets::Own);
    let mut with_target: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for role in ["viewer", "rep", "manager", "admin"] {
        let path = "/api/v1/leaderboard?by=revenue&window=mtd";
        let (_, _, body) = home.get_through(&gate, path, &[("authorization", &authorization(role))], HERE).await;
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let answer: Value = serde_json::from_slice(&bytes).unwrap();
        let rows = answer["rows"].as_array().unwrap().iter().filter(|row| row.get("target").is_some());
        with_target.insert(role, rows.map(|row| row["id"][0].as_str().unwrap().to_owned()).collect());
    }
    assert!(with_target["viewer"].is_empty());
    assert_eq!(with_target["rep"], ["wang"]);
    assert!(with_target["manager"].len() <= with_target["admin"].len() && !with_target["admin"].is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_display_gets_a_cookie_that_scripts_cannot_read() {
    let home = home();
    let (gate, _file) = gate(&home, Targets::All);
    let (_, headers, _) = home.get_through(&gate, "/api/v1/meta", &[("authorization", "Display key")], HERE).await;
    let cookie = &headers["set-cookie"];
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().unwrap();
    let (status, _, _) = home.get_through(&gate, "/api/v1/meta", &[("cookie", cookie)], HERE).await;
    assert_eq!(status, StatusCode::OK, "a stream, which sends no headers, is let in by it");
    let far = "10.0.0.9:1";
    let (status, _, _) = home.get_through(&gate, "/api/v1/meta", &[("cookie", cookie)], far).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "anybody on the way could read it");
    let (_, headers, _) = home.get_through(&gate, "/api/v1/meta", &[("authorization", "Display other")], HERE).await;
    assert!(headers["www-authenticate"].starts_with("Display"), "nobody stands before a screen to fill in a dialogue");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_names_users_from_its_own_address_alone() {
    let home = home();
    let user = User { name: "li".to_owned(), role: Role::Manager, rep: None, teams: vec!["east".to_owned()] };
    let proxy = Proxy { from: vec![("127.0.0.1".parse().unwrap(), 32)], user_header: "X-User".to_owned() };
    let access = AccessConfig {
        default: Role::Viewer,
        targets: Targets::All,
        names: Names::Name,
        aliases: BTreeMap::new(),
        users: vec![user],
        displays: Vec::new(),
        proxy: Some(proxy),
    };
    let config = WebConfig { access: Some(access), ..WebConfig::default() };
    let gate = Gate::new(&config, Arc::clone(&home.site.metrics), Arc::default()).unwrap();
    for (headers, address, expected) in [
        (&[("x-user", "li")][..], HERE, Some("manager")),
        (&[("x-user", "zhao")], HERE, Some("viewer")),
        (&[("x-user", "li")], "10.0.0.9:1", None),
        (&[("x-user", "li"), ("x-user", "root")], HERE, None),
        (&[("x-user", "")], HERE, None),
        (&[], HERE, None),
    ] {
        let (status, _, body) = home.get_through(&gate, "/api/v1/meta", headers, address).await;
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let answer: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(answer["me"]["role"].as_str(), expected, "{headers:?} from {address}");
        assert_eq!(status == StatusCode::OK, expected.is_some(), "{headers:?} from {address}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_order_by_targets_is_kept_back_with_the_targets() {
    let home = home();
    for (targets, path, role, is_seen) in [
        (Targets::All, "/api/v1/leaderboard?by=quota_attainment&window=mtd", "viewer", true),
        (Targets::Own, "/api/v1/leaderboard?by=quota_attainment&window=mtd", "viewer", false),
        (Targets::Own, "/api/v1/leaderboard?by=quota_attainment&window=mtd", "rep", false),
        (Targets::Own, "/api/v1/leaderboard?by=quota_attainment&window=mtd", "manager", false),
        (Targets::Own, "/api/v1/leaderboard?by=quota_attainment&window=mtd&team=east", "manager", true),
        (Targets::None, "/api/v1/leaderboard?by=target&period=month", "viewer", false),
        (Targets::None, "/api/v1/leaderboard?by=quota_attainment&window=mtd", "admin", true),
    ] {
        let (gate, _file) = gate(&home, targets);
        let (status, _, _) = home.get_through(&gate, path, &[("authorization", &authorization(role))], HERE).await;
        assert_eq!(status == StatusCode::OK, is_seen, "{path} as {role} with {targets:?}: {status}");
    }
    let (gate, _file) = gate(&home, Targets::Own);
    for (role, tells) in [("viewer", false), ("manager", true), ("admin", true)] {
        let path = "/api/v1/kpis?scope=team&team=east&window=mtd";
        let (_, _, body) = home.get_through(&gate, path, &[("authorization", &authorization(role))], HERE).await;
        let text = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(text.to_vec()).unwrap();
        assert_eq!(text.contains("\"quota_attainment_ratio\""), tells, "{role}");
    }
}
