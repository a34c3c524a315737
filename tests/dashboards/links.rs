//! Links lead somewhere, with variables that are known there.

use std::collections::BTreeMap;

use crate::dashboards::board::{Board, boards, root, text, texts};

/// All links of a dashboard.
fn links(board: &Board) -> Vec<&str> {
    let mut found = Vec::new();
    texts(&board.json, "", &mut found);
    found.into_iter().filter(|(key, _)| *key == "url").map(|(_, url)| url).collect()
}

/// The name of the variable that a part of a link's query sets where it leads.
fn parameter(part: &str) -> Option<&str> {
    let set = part.strip_prefix("var-").and_then(|rest| rest.split('=').next());
    set.or_else(|| part.strip_prefix("${")?.strip_suffix(":queryparam}"))
}

#[test]
fn links_between_dashboards_lead_to_one_that_knows_their_variables() {
    let boards = boards();
    let by_uid: BTreeMap<&str, &Board> = boards.iter().map(|board| (text(&board.json["uid"]), board)).collect();
    let mut count = 0;
    for board in &boards {
        for url in links(board) {
            let Some(rest) = url.strip_prefix("/d/") else { continue };
            let (uid, query) = rest.split_once('?').unwrap_or((rest, ""));
            let target = by_uid.get(uid).unwrap_or_else(|| panic!("{}: {url} leads nowhere", board.file));
            for name in query.split('&').filter_map(parameter) {
                let knows = |board: &Board| board.variable_names().contains(&name);
                assert!(knows(target), "{}: {url} sets {name}, which {} does not have", board.file, target.file);
                let takes = query.contains(&format!("${{{name}:queryparam}}"));
                assert!(!takes || knows(board), "{}: {url} hands down {name}, which is not here", board.file);
            }
            count += 1;
        }
    }
    assert!(count > 50, "only {count} links were found");
}

#[test]
fn the_company_leads_to_teams_and_teams_lead_to_reps() {
    let boards = boards();
    let leads = |file: &str, uid: &str| {
        let board = boards.iter().find(|board| board.file == file).expect("the dashboard is there");
        links(board).iter().any(|url| url.starts_with(&format!("/d/{uid}?var-")))
    };
    for language in ["en", "zh"] {
        for (file, uid) in [("company", "team"), ("team", "rep"), ("leaderboard", "rep"), ("leaderboard", "team")] {
            assert!(leads(&format!("{language}/{file}.json"), &format!("salespulse-{uid}-{language}")), "{file} {uid}");
        }
    }
}

#[test]
fn links_to_documents_lead_to_pages() {
    for board in boards() {
        for url in links(&board) {
            let Some(page) = url.strip_prefix("${docs}/") else {
                assert!(url.starts_with("/d/"), "{}: {url} leads out of what is known", board.file);
                continue;
            };
            // A cell's value names the page: an alert, each of which has one.
            let page = page.replace("${__value.raw}", "SalesCsatDrop");
            assert!(root().join("docs").join(&page).exists(), "{}: docs/{page} is not there", board.file);
        }
    }
}

/// An alert about silence has no panel of its own: nothing can be seen where nothing happens.
#[test]
fn every_runbook_but_those_of_silence_is_led_to() {
    let boards = boards();
    let entries = std::fs::read_dir(root().join("docs/runbooks")).expect("the folder is there");
    for entry in entries {
        let page = entry.unwrap().file_name().into_string().unwrap();
        let is_led_to_by_name = ["en/company.json", "zh/company.json"].iter().all(|file| {
            let board = boards.iter().find(|board| board.file == *file).expect("the dashboard is there");
            links(board).iter().any(|url| url.contains("runbooks/${__value.raw}"))
        });
        assert!(is_led_to_by_name, "the alerts that fire do not lead to their runbooks");
        let is_led_to =
            boards.iter().any(|board| links(board).contains(&format!("${{docs}}/runbooks/{page}").as_str()));
        assert!(is_led_to || page.contains("Silent"), "no panel leads to docs/runbooks/{page}");
    }
}
