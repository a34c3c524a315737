//! Every query of the dashboards, with its variables replaced, has data on a real Prometheus.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::dashboards::board::{Board, boards_in, targets, text};
use crate::dashboards::organisation::{Organisation, shared};
use crate::dashboards::queries::{all_have, ask, columns_fit_targets, is_finite, labels_of_table, labels_of_target};
use crate::dashboards::variables::{Values, choices, names, substitute};
use crate::harness::announce;

/// The first answer that has data, over all choices of the variables: a single rep may have no survey answers yet.
fn answered(organisation: &Organisation, target: &Value, choices: &[Values]) -> Option<Vec<Value>> {
    let queries: BTreeSet<String> = choices.iter().map(|values| substitute(text(&target["expr"]), values)).collect();
    let mut answers = queries.iter().map(|query| ask(organisation, target, query));
    answers.find(|series| series.iter().any(is_finite))
}

fn panel_has_data(organisation: &Organisation, panel: &Value, choices: &[Values], file: &str) {
    let name = format!("{file}: {}", panel["title"]);
    let mut answers = Vec::new();
    for target in targets(panel) {
        let expression = &target["expr"];
        let series =
            answered(organisation, target, choices).unwrap_or_else(|| panic!("{name}: no data for {expression}"));
        for label in labels_of_target(panel, target) {
            assert!(all_have(&series, &label), "{name}: the label {label} is missing in the answer to {expression}");
        }
        answers.push(series);
    }
    if panel["type"] == "table" {
        assert!(columns_fit_targets(panel), "{name}: the columns are not those of the queries");
        for label in labels_of_table(panel) {
            let shown = answers.iter().any(|series| all_have(series, &label));
            assert!(shown, "{name}: no query brings the column {label}");
        }
    }
}

#[test]
fn every_panel_has_data_with_the_labels_that_it_needs() {
    let Some(organisation) = shared() else { return };
    let mut queries = 0;
    for board in boards_in("en") {
        let choices = choices(&board, organisation);
        for panel in board.panels() {
            panel_has_data(organisation, panel, &choices, &board.file);
            queries += targets(panel).len();
        }
    }
    announce(&format!("{queries} queries of the dashboards have data"));
}

/// A window or a period that nobody exposes would leave a dashboard empty.
#[test]
fn every_choice_of_a_fixed_list_has_data() {
    let Some(organisation) = shared() else { return };
    for board in boards_in("en") {
        let choices = choices(&board, organisation);
        for variable in board.variables().iter().filter(|variable| variable["type"] == "custom") {
            for option in variable["options"].as_array().expect("options") {
                let (name, value) = (text(&variable["name"]), text(&option["value"]));
                assert!(
                    some_query_has_data(organisation, &board, &choices, name, value),
                    "{}: nothing has data with {name} = {value}",
                    board.file
                );
            }
        }
    }
}

fn some_query_has_data(
    organisation: &Organisation,
    board: &Board,
    choices: &[Values],
    name: &str,
    value: &str,
) -> bool {
    let chosen = |mut values: Values| {
        values.insert(name.to_owned(), value.to_owned());
        values
    };
    let choices: Vec<Values> = choices.iter().cloned().map(chosen).collect();
    let mut using = board.panels().flat_map(targets).filter(|target| names(text(&target["expr"]), name));
    using.any(|target| answered(organisation, target, &choices).is_some())
}

/// The first choice of a dashboard shows something at once: Grafana chooses the first of a list.
#[test]
fn every_query_variable_has_choices() {
    let Some(organisation) = shared() else { return };
    for board in boards_in("en") {
        for values in choices(&board, organisation) {
            for name in board.variable_names() {
                assert!(values.contains_key(name), "{}: {name} has no value", board.file);
            }
        }
    }
}
