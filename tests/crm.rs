//! A model CRM: an organisation that speaks the dialects of Zoho CRM, ShareCRM, HubSpot and Pipedrive and knows the truth.
//!
//! Whatever the interleaving of polls, rings, pushes, crashes, two active instances and a back-fill while people go on: a
//! replay of what the connectors have produced is a replay of the truth. `SALESPULSE_CRM_SEEDS` says how many organisations
//! of each dialect are tried.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by a panic")]

mod books;
mod channel;
mod course;
mod hubspot;
mod index;
mod organisation;
mod pipedrive;
mod rings;
mod sharecrm;
mod topic;
mod truth;
mod zoho;

use std::collections::BTreeMap;

use salespulse::connect::sources::{Defaults, Source, load};
use salespulse::model::money::{Currency, Rates};
use salespulse::model::rules::Rules;

/// How many organisations of each dialect a test run tries.
const SEEDS: u64 = 200;

fn seeds() -> std::ops::Range<u64> {
    let wanted = std::env::var("SALESPULSE_CRM_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
    0..wanted.unwrap_or(SEEDS)
}

fn rules() -> Rules {
    Rules::new(Rates::new(Currency::from_code("CNY").expect("a currency")))
}

fn source(text: &str) -> Source {
    let sources: BTreeMap<String, Source> = load(text, "sources.toml", &Defaults::default()).expect("a source");
    sources.into_values().next().expect("one source")
}

/// A source of this kind in a generation of its events, whose stages are `S0` to `S5` and whose people are all of one team.
fn source_of(kind: &str, generation: u64) -> Source {
    source(&format!(
        r#"
[source.{kind}]
kind = "{kind}"
generation = {generation}
currency = "CNY"
[source.{kind}.tables.teams]
"*" = "east"
[source.{kind}.tables.stages]
"S0" = "contacted"
"S1" = "qualified"
"S2" = "proposal"
"S3" = "negotiation"
"S4" = "won"
"S5" = "lost"
"#
    ))
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
fn a_changelog_that_comes_late_is_read_again() {
    pipedrive::try_late_changelog();
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
fn a_channel_is_renewed_before_it_ends_whoever_polls() {
    channel::try_channel();
}

#[test]
fn what_a_function_posts_is_kept_before_it_hears_so() {
    sharecrm::try_inbox();
}
