//! A snapshot of version 2 of the event contract, with everything that version 1 did not read.

use std::sync::Arc;

use salespulse::config::OnGap;
use salespulse::engine::directory::Directory;
use salespulse::model::rules::Rules;
use salespulse::snapshot::Ends;

use super::{FIRST_CONTRACT, begun, golden, replayed_of, rules_of, with_other_rates, with_others, written_of};
use crate::recovery::blocks::{JOURNEYS, taken_apart};

const EVENTS: &str = include_str!("contract-2.jsonl");
const CONFIGURATION: &str = include_str!("contract-2.toml");
const FOLDER: &str = "contract-2";

/// By what it is seen that a snapshot has all that version 2 of the contract reads: series with their values, as a manager
/// would work them out from the events.
const SHOWN: [&str; 26] = [
    // A deal in three: two of the three fen that are cut off go to the greatest fractions, of equal ones to the first.
    "sales_team_revenue{team=\"east\",currency=\"CNY\",window=\"mtd\"} 33.34",
    "sales_team_revenue{team=\"south\",currency=\"CNY\",window=\"mtd\"} 1233.33",
    "sales_team_revenue{team=\"north\",currency=\"CNY\",window=\"mtd\"} 733.34",
    "sales_region_revenue{region=\"coast\",currency=\"CNY\",window=\"mtd\"} 1266.67",
    "sales_org_revenue{currency=\"CNY\",window=\"mtd\"} 2000.01",
    // The fiscal year begins in April; the deal of November 2025 is of the one before.
    "sales_org_revenue_year_ago{currency=\"CNY\",window=\"ytd\"} 8000",
    "sales_team_overdue_amount{team=\"south\",currency=\"CNY\"} 14200",
    "sales_org_overdue_deals 1",
    // All of it is somebody else's.
    "sales_team_open_pipeline_amount{team=\"north\",currency=\"CNY\"} 7050",
    "sales_team_open_pipeline_amount{team=\"east\",currency=\"CNY\"} 3000",
    "sales_org_slipped_deals{window=\"30d\"} 1",
    "sales_org_slipped_deals{window=\"90d\"} 2",
    "sales_org_lost_by_reason{reason=\"价格太高\",window=\"mtd\"} 1",
    "sales_org_lost_by_reason{reason=\"unknown\",window=\"mtd\"} 1",
    "sales_org_lost_amount{currency=\"CNY\",window=\"mtd\"} 3850",
    // An alias of it, and then itself, are one stay.
    "sales_org_stage_times{pipeline=\"default\",stage=\"proposal\",window=\"mtd\"} 1",
    "sales_org_stage_times{pipeline=\"renewals\",stage=\"notice\",window=\"mtd\"} 1",
    "sales_org_open_deals{pipeline=\"renewals\",stage=\"notice\"} 1",
    "sales_org_closing_weighted_amount{currency=\"CNY\",period=\"month\"} 7133.33",
    "sales_org_expected_revenue{currency=\"CNY\",period=\"month\"} 9133.34",
    "sales_org_measure_attainment_ratio{measure=\"won\",period=\"month\"} 0.25",
    // Through the deal.
    "sales_team_measure_attainment_ratio{team=\"east\",measure=\"payments\",period=\"month\"} 0.24",
    "sales_rep_csat_satisfied{rep=\"wang\",team=\"east\",window=\"mtd\"} 1",
    // The week begins on Sunday; the organisation's target of the month rolls up from two teams.
    "sales_team_target{team=\"east\",currency=\"CNY\",period=\"week\"} 900",
    "sales_org_target{currency=\"CNY\",period=\"half\"} 90000",
    "sales_org_target{currency=\"CNY\",period=\"month\"} 9000",
];

/// The rules under which the snapshot was written.
pub(crate) fn rules() -> Arc<Rules> {
    rules_of(CONFIGURATION)
}

/// Other ones, under which all amounts are converted anew.
fn other_rates() -> Arc<Rules> {
    rules_of(&with_other_rates(CONFIGURATION))
}

/// The pinned objects, by their shards.
pub(crate) fn objects() -> Vec<Vec<u8>> {
    golden(FOLDER)
}

/// The exposition of a replay.
pub(crate) fn replayed(rules: &Arc<Rules>) -> String {
    replayed_of(EVENTS, rules)
}

#[test]
fn the_events_have_all_that_version_2_reads() {
    let text = replayed(&rules());
    let has = |series: &&str| !text.lines().any(|line| line == *series);
    let missing: Vec<&str> = SHOWN.into_iter().filter(has).collect();
    assert!(missing.is_empty(), "not shown: {missing:#?}\n{text}");
}

#[test]
fn the_pinned_snapshot_gives_the_numbers_of_a_replay() {
    for rules in [rules(), other_rates()] {
        let expected = replayed(&rules);
        for (objects, directory) in
            [(objects(), Directory::default()), (objects(), with_others()), (written_of(EVENTS, &rules), with_others())]
        {
            // The topics hold all of it: a snapshot of the present contract is used all the same.
            let begun =
                begun(&[objects], &rules, directory, &Ends::default(), OnGap::Refuse).expect("nothing is missing");
            assert_eq!((begun.restored, begun.contract), (1, salespulse::model::CONTRACT));
            assert!(begun.text == expected, "other numbers than a replay:\n{}", begun.text);
        }
    }
}

/// The releases of version 1 read two versions of journeys, and name the third to whoever goes back to them.
#[test]
fn a_release_of_version_1_says_that_it_does_not_know_these_journeys() {
    let versions = |objects: Vec<Vec<u8>>| {
        let blocks = objects.into_iter().flat_map(|object| taken_apart(&object));
        blocks.filter(|block| block.kind == JOURNEYS).map(|block| block.version).collect::<Vec<u8>>()
    };
    let second = versions(objects());
    assert!(!second.is_empty() && second.iter().all(|version| *version == 3), "{second:?}");
    for (_, folder) in FIRST_CONTRACT {
        let first = versions(golden(folder));
        assert!(!first.is_empty() && first.iter().all(|version| *version < 3), "{folder}: {first:?}");
    }
}
