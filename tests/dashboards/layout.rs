//! Where panels lie, and what every one of them must say.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::dashboards::board::{self, boards, text};

/// The columns of Grafana's grid.
const COLUMNS: u64 = 24;

/// A panel's place: left, top, right, bottom.
fn place(panel: &Value) -> [u64; 4] {
    let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().expect("a place"));
    [x, y, x + w, y + h]
}

fn overlap([left, top, right, bottom]: [u64; 4], other: [u64; 4]) -> bool {
    left < other[2] && other[0] < right && top < other[3] && other[1] < bottom
}

#[test]
fn no_panels_overlap_and_none_leaves_the_grid() {
    for board in boards() {
        let items = board.items();
        for (number, panel) in items.iter().enumerate() {
            let title = &panel["title"];
            assert!(place(panel)[2] <= COLUMNS, "{}: {title} leaves the grid", board.file);
            for other in &items[number + 1..] {
                assert!(!overlap(place(panel), place(other)), "{}: {title} and {} overlap", board.file, other["title"]);
            }
        }
    }
}

#[test]
fn lines_of_panels_fill_the_grid() {
    for board in boards() {
        let tops: BTreeSet<u64> = board.items().iter().map(|panel| place(panel)[1]).collect();
        for top in tops {
            let items = board.items();
            let line = items.iter().filter(|panel| place(panel)[1] == top);
            let width: u64 = line.map(|panel| place(panel)[2] - place(panel)[0]).sum();
            assert_eq!(width, COLUMNS, "{}: the line at {top}", board.file);
        }
    }
}

#[test]
fn ids_are_unique() {
    let mut uids = BTreeSet::new();
    for board in boards() {
        assert!(uids.insert(board.json["uid"].to_string()), "{}: its uid comes twice", board.file);
        let ids: BTreeSet<u64> = board.items().iter().map(|panel| panel["id"].as_u64().expect("an id")).collect();
        assert_eq!(ids.len(), board.items().len(), "{}: an id comes twice", board.file);
    }
}

#[test]
fn every_panel_says_what_it_shows_and_in_which_unit() {
    for board in boards() {
        for panel in board.panels() {
            let name = format!("{}: {}", board.file, panel["title"]);
            assert!(!text(&panel["title"]).is_empty(), "{}: a panel without a title", board.file);
            assert!(text(&panel["description"]).len() > 15, "{name} has no description");
            assert!(!text(&panel["fieldConfig"]["defaults"]["unit"]).is_empty(), "{name} has no unit");
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{name}");
            for target in board::targets(panel) {
                assert_eq!(target["datasource"]["uid"], "${datasource}", "{name}");
            }
        }
    }
}

/// Over a range, a KPI that is absent now would show its last value as if it held: unless the query itself says that there
/// is nothing, and the number is the last of its curve, be it none.
#[test]
fn all_but_curves_ask_for_one_instant_or_end_where_the_kpi_does() {
    for board in boards() {
        for panel in board.panels() {
            let has_trend = panel["options"]["graphMode"] == "area";
            for target in board::targets(panel) {
                let is_curve = has_trend || panel["type"] == "timeseries";
                assert_eq!(target["instant"], !is_curve, "{}: {}", board.file, panel["title"]);
                let query = text(&target["expr"]);
                assert!(!has_trend || query.contains("[$__range])) * NaN"), "{}: {query}", board.file);
            }
            if has_trend {
                assert_eq!(
                    panel["options"]["reduceOptions"]["calcs"],
                    serde_json::json!(["last"]),
                    "{}",
                    panel["title"]
                );
            }
        }
    }
}

/// A dashboard answers on its first screen; the rest waits below its titles.
#[test]
fn the_first_screen_is_small() {
    for board in boards() {
        let lines = board.first().map(|panel| place(panel)[3]).max().expect("panels");
        assert!(lines <= 42, "{}: {lines} lines of the grid are open", board.file);
        assert!(board.first().count() <= 28, "{}: {} panels are open", board.file, board.first().count());
    }
}

/// With several pipelines a stage's series are one for each of them: a query that does not choose would mix them. Two releases
/// in one Prometheus likewise.
#[test]
fn every_query_chooses_a_release_and_a_pipeline() {
    let metric =
        regex::Regex::new(r"\b((?:sales|salespulse)_[a-z0-9_]+|ALERTS)(?:\{([^}]*\}?[^}]*)\})?").expect("a pattern");
    let by_stage =
        regex::Regex::new(r"_(stage_entries|funnel_conversion|cohort|stage_time|open_deals|pipeline_amount|stalled)");
    let by_stage = by_stage.expect("a pattern");
    for board in boards() {
        for target in board.panels().flat_map(board::targets) {
            let query = text(&target["expr"]);
            for found in metric.captures_iter(query) {
                let (name, matchers) = (&found[1], found.get(2).map_or("", |matchers| matchers.as_str()));
                // The connectors are another program, so `service` is not that of the release.
                let release = match name.starts_with("salespulse_connect_") {
                    true => "namespace=\"$namespace\"",
                    false => "namespace=\"$namespace\",service=\"$service\"",
                };
                assert!(matchers.contains(release), "{}: {query}", board.file);
                let chooses = matchers.contains("pipeline=~\"|${pipeline:regex}\"");
                let is_summed = query.contains("by (pipeline)");
                let needs = by_stage.is_match(name) && !name.contains("weighted") && !name.contains("open_pipeline");
                assert!(!needs || chooses || is_summed, "{}: {name} in {query}", board.file);
            }
        }
    }
}

#[test]
fn every_dashboard_begins_with_whether_it_is_current() {
    for board in boards() {
        let panels: Vec<&Value> = board.panels().take(5).collect();
        let asked: String = panels.iter().map(|panel| text(&panel["targets"][0]["expr"])).collect();
        for metric in ["salespulse_ready", "salespulse_consumer_lag_seconds", "timestamp(sales_"] {
            assert!(asked.contains(metric), "{}: the first line does not ask for {metric}", board.file);
        }
    }
}
