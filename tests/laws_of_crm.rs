//! What connectors make of a CRM is its truth.
//!
//! Whatever the interleaving of polls, rings, pushes, crashes, two active instances and a back-fill while people go on: a
//! replay of what the connectors have produced is a replay of the truth. `SALESPULSE_CRM_SEEDS` says how many organisations
//! of each dialect are tried.

use crate::crm::{
    asked, channel, checks, hubspot, many, pipedrive, prompt, remembered, rings, sharecrm, slips, tenants, zoho,
};

/// How many organisations of each dialect a test run tries.
const SEEDS: u64 = 200;

fn seeds() -> std::ops::Range<u64> {
    let wanted = std::env::var("SALESPULSE_CRM_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
    0..wanted.unwrap_or(SEEDS)
}

#[test]
fn what_zoho_says_becomes_the_truth() {
    for seed in seeds() {
        zoho::try_seed(seed);
    }
}

#[test]
fn what_sharecrm_says_becomes_the_truth() {
    for seed in seeds() {
        sharecrm::try_seed(seed);
    }
}

#[test]
fn what_hubspot_says_becomes_the_truth() {
    for seed in seeds() {
        hubspot::try_seed(seed);
    }
}

#[test]
fn what_pipedrive_says_becomes_the_truth() {
    for seed in seeds() {
        pipedrive::try_seed(seed);
    }
}

#[test]
fn a_check_of_hubspot_says_what_is_wrong() {
    checks::try_hubspot();
}

#[test]
fn a_check_of_pipedrive_says_what_is_wrong() {
    checks::try_pipedrive();
}

#[test]
fn a_check_of_zoho_says_what_is_wrong() {
    tenants::try_zoho();
}

#[test]
fn a_check_of_sharecrm_says_what_is_wrong() {
    tenants::try_sharecrm();
}

#[test]
fn a_deal_that_was_deleted_early_comes_back_with_its_lead() {
    pipedrive::late::try_deleted_early();
}

#[test]
fn a_changelog_that_comes_late_is_read_again() {
    pipedrive::late::try_late_changelog();
}

#[test]
fn a_token_that_is_refused_is_renewed_once() {
    sharecrm::try_refusal();
}

#[test]
fn a_ring_begins_the_next_cycle_and_a_forged_one_does_not() {
    rings::try_rings();
}

#[test]
fn a_ring_is_an_event_within_three_seconds_and_an_import_costs_no_more_calls() {
    prompt::try_delays();
}

#[test]
fn a_channel_is_renewed_before_it_ends_whoever_polls() {
    channel::try_channel();
}

#[test]
fn what_a_function_posts_is_kept_before_it_hears_so() {
    sharecrm::try_inbox();
}

#[test]
fn a_scan_asks_for_what_was_edited_at_its_cursor_too() {
    asked::try_cursors();
}

#[test]
fn a_page_whose_token_has_expired_is_read_anew() {
    asked::try_pages();
}

#[test]
fn a_record_that_slips_between_two_pages_is_not_missing() {
    slips::try_slips();
}

#[test]
fn a_vendor_that_answers_at_once_is_not_asked_too_often() {
    asked::try_haste();
}

#[test]
fn a_large_organisation_is_read_while_people_go_on_and_once_more() {
    many::try_many();
}

#[test]
fn a_million_records_that_are_remembered_take_less_than_200_mb() {
    remembered::try_remembered();
}
