//! A model CRM: an organisation that speaks the dialects of Zoho CRM and ShareCRM and knows the truth.
//!
//! Whatever the interleaving of polls, pushes, crashes and two active instances: a replay of what the connectors have
//! produced is a replay of the truth. `SALESPULSE_CRM_SEEDS` says how many organisations of each dialect are tried.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by a panic")]

mod index;
mod organisation;
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
fn what_a_function_posts_is_kept_before_it_hears_so() {
    sharecrm::try_inbox();
}
