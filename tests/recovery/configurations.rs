//! The configurations that an operator might go to and fro between.

use std::sync::Arc;

use salespulse::config::Config;
use salespulse::model::rules::Rules;
use salespulse::model::time::DAY;
use toml::{Table, Value};

use crate::dice::Dice;

/// All changes of a configuration that is not the simulation's own.
type Change = fn(&mut Table);

/// Each asks something else of a snapshot: to be converted, to be told anew, or not to be used.
const CHANGES: [Change; 6] = [
    // Other rates.
    |table| rates(table).iter_mut().for_each(|rate| set(rate, "rate", "3.21")),
    // No rate for one currency: its records are refused.
    |table| {
        let rates = rates(table);
        let gone = rates.first().expect("the simulation has rates")["from"].clone();
        rates.retain(|rate| rate["from"] != gone);
    },
    // Another zone, so that dates and with them rates are others.
    |table| set(&mut table["org"], "timezone", "America/New_York"),
    // A stage less: its records are refused.
    |table| {
        stages(table).retain(|stage| stage.as_str() != Some("proposal"));
        for key in ["probabilities", "stalled_after"] {
            table["pipeline"][key].as_table_mut().expect("a table").remove("proposal");
        }
    },
    // A stage more, in the middle.
    |table| stages(table).insert(2, "demonstrated".into()),
    // What only decides how facts are told.
    |table| set(&mut table["pipeline"]["stalled_after"], "contacted", "2d"),
];

/// How long events count; the windows look back for longer than the shortest.
const RETENTIONS: [i64; 3] = [800 * DAY, 45 * DAY, 20 * DAY];

/// The simulation's configuration, changed as chance has it or not at all.
pub(crate) fn choose(text: &str, dice: &mut Dice) -> Arc<Rules> {
    let mut table: Table = text.parse().expect("TOML");
    for change in CHANGES {
        if dice.percent(20) {
            change(&mut table);
        }
    }
    let retention = if dice.percent(40) { RETENTIONS[dice.below(RETENTIONS.len())] } else { RETENTIONS[0] };
    let config = Config::of_text(&table.to_string(), "simulation", &[]).expect("a configuration");
    Arc::new(Rules { retention, ..config.rules })
}

fn rates(table: &mut Table) -> &mut Vec<Value> {
    table["fx"].as_array_mut().expect("rates")
}

fn stages(table: &mut Table) -> &mut Vec<Value> {
    table["pipeline"]["stages"].as_array_mut().expect("stages")
}

fn set(table: &mut Value, key: &str, value: &str) {
    table.as_table_mut().expect("a table").insert(key.to_owned(), value.into());
}
