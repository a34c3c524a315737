//! What is celebrated: what happens between two readings, once, for those who may see it.

use super::*;
use crate::config::{Celebrate, Names, Role, Targets};
use crate::serve::access::Asker;

/// A deal of yesterday evening by a rep who has a target of 50,000 this month, of which 40,000 are booked.
fn win(lead: &str, rep: &str, team: &str, amount: &str) -> String {
    format!(
        r#"{{"type":"stage_change","event_id":"{lead}-won","occurred_at":"2026-11-15T20:00:00+08:00","lead_id":"{lead}","rep_id":"{rep}","team_id":"{team}","stage":"won","amount":"{amount}","currency":"CNY"}}"#
    )
}

fn celebrating(deal_over: &str) -> Home {
    let home = home();
    let celebrate = Celebrate { deal_over: deal_over.to_owned(), quota: vec![0.8, 1.0, 1.2], leader: true };
    let site = Arc::into_inner(home.site).unwrap();
    Home { site: Arc::new(Site { celebrate, ..site }), ..home }
}

impl Home {
    async fn tick(&self) {
        let published = self.site.hub.fresh().await.unwrap();
        self.site.views.update(&self.site, &published);
        self.site.views.wake();
    }
}

/// The moments of a stream up to the next change of its view.
async fn until_change(events: &mut Events) -> Vec<Value> {
    let mut moments = Vec::new();
    loop {
        match events.next().await.unwrap() {
            (name, moment) if name == "moment" => moments.push(moment),
            (name, _) if name == "change" || name == "picture" => return moments,
            _ => {}
        }
    }
}

const BOARD: &str = "view=%2Fleaderboard%3Flimit%3D200";

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_told_once_and_what_was_there_never() {
    let home = celebrating("5000");
    home.accept(&win("before", "li", "east", "9000"));
    home.tick().await;
    let mut events = Events::open(&home, BOARD).await;
    assert_eq!(until_change(&mut events).await, Vec::<Value>::new(), "it was there at the first reading");

    home.accept(&win("small", "chen", "north", "4999.99"));
    home.tick().await;
    assert_eq!(until_change(&mut events).await, Vec::<Value>::new(), "too small, and no threshold was crossed");

    home.accept(&win("large", "wang", "east", "12000.50"));
    home.tick().await;
    let moments = until_change(&mut events).await;
    let at = home.now.millis();
    let quota = |id: &[&str], name: Option<&str>, threshold: f64, window: &str| {
        let scope = if id.len() == 2 { "rep" } else { "team" };
        let mut quota = json!({"kind": "quota", "scope": scope, "id": id, "team": "east", "threshold": threshold,
            "window": window, "at_ms": at});
        quota.as_object_mut().unwrap().extend(name.map(|name| ("name".to_owned(), json!(name))));
        quota
    };
    // 52,000.50 of 50,000 by the rep, and 81,000.50 of 80,000 by the team.
    let expected = [
        quota(&["wang", "east"], Some("王芳"), 1.0, "mtd"),
        quota(&["east"], None, 1.0, "mtd"),
        json!({"kind": "won", "scope": "rep", "id": ["wang", "east"], "name": "王芳", "team": "east", "at_ms": at,
            "amount": "12000.50", "currency": "CNY"}),
    ];
    assert_eq!(moments, expected);

    home.accept(&win("first", "zhao", "north", "900000"));
    home.tick().await;
    let kinds: Vec<Value> = until_change(&mut events).await.iter().map(|moment| moment["kind"].clone()).collect();
    assert_eq!(kinds, ["quota", "won", "leader"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_are_a_number_and_those_who_come_back_hear_what_they_missed() {
    let home = celebrating("5000");
    home.tick().await;
    let seen = home.site.hub.fresh().await.unwrap().number;
    for number in 0..6 {
        home.accept(&win(&format!("many-{number}"), "chen", "north", "6000"));
    }
    home.tick().await;
    let headers = format!("{}.{seen}", home.site.boot);
    let path = format!("/api/v1/stream?{BOARD}");
    let (_, _, body) = home.get_through(&Gate::open(), &path, &[("last-event-id", &headers)], HERE).await;
    let mut events = Events { body: body.into_data_stream(), text: String::new() };
    assert_eq!(events.next_of("moment").await, json!({"more": 6}));
    let mut others = Events::open(&home, BOARD).await;
    assert_eq!(until_change(&mut others).await, Vec::<Value>::new(), "who comes now has missed nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_pause_nothing_is_news() {
    let home = celebrating("5000");
    home.tick().await;
    let mut events = Events::open(&home, BOARD).await;
    until_change(&mut events).await;
    home.site.views.moments.forget();
    home.accept(&win("meanwhile", "wang", "east", "12000"));
    home.tick().await;
    assert_eq!(until_change(&mut events).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_says_nothing_that_its_viewer_may_not_see() {
    let home = celebrating("5000");
    let viewer = Asker { role: Role::Viewer, targets: Targets::Own, names: Names::Id, ..Asker::everybody("v") };
    let display = |board: &str| Asker { role: Role::Display, boards: [board.to_owned()].into(), ..viewer.clone() };
    let manager = Asker { role: Role::Manager, teams: ["east".to_owned()].into(), ..viewer.clone() };
    home.tick().await;
    let before = home.site.views.moments.after(0).0;
    home.accept(&win("large", "wang", "east", "12000.50"));
    home.tick().await;
    let (_, news) = home.site.views.moments.after(before);
    let kinds = |asker: &Asker| -> Vec<(String, bool)> {
        let seen = news.iter().filter_map(|news| news.for_asker(&home.site, asker));
        seen.map(|moment| (moment["kind"].as_str().unwrap().to_owned(), moment.get("name").is_some())).collect()
    };
    assert_eq!(kinds(&viewer), [("won".to_owned(), false)], "no target, no name");
    let all = [("quota".to_owned(), true), ("quota".to_owned(), false), ("won".to_owned(), true)];
    assert_eq!(kinds(&manager), all);
    assert_eq!(kinds(&display("month")), kinds(&viewer));
    assert_eq!(kinds(&display("of another team")), [], "a screen celebrates those of its boards");
}
