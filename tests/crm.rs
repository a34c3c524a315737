//! A model CRM: an organisation that speaks the dialects of Zoho CRM, ShareCRM, HubSpot and Pipedrive and knows the truth.
//!
//! `laws_of_crm` compares with it what the connectors make of it; the clients that the vendors publish judge whether it
//! speaks as the vendors do.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by a panic")]

pub(crate) mod asked;
mod books;
pub(crate) mod channel;
pub(crate) mod checks;
mod course;
#[allow(dead_code, reason = "mutants are made where there are no other parts")]
pub(crate) mod damaged;
pub(crate) mod hubspot;
mod index;
pub(crate) mod many;
mod organisation;
#[allow(dead_code, reason = "only clients that are not ours come by HTTP")]
pub(crate) mod over_http;
pub(crate) mod pipedrive;
pub(crate) mod prompt;
pub(crate) mod remembered;
pub(crate) mod rings;
mod settings;
pub(crate) mod sharecrm;
pub(crate) mod slips;
pub(crate) mod tenants;
pub(crate) mod topic;
mod truth;
pub(crate) mod zoho;

use std::collections::BTreeMap;

use salespulse::connect::sources::{Defaults, Source, load};
use salespulse::model::money::{Currency, Rates};
use salespulse::model::rules::Rules;

pub(crate) fn rules() -> Rules {
    Rules::new(Rates::new(Currency::from_code("CNY").expect("a currency")))
}

fn source(text: &str) -> Source {
    let sources: BTreeMap<String, Source> = load(text, "sources.toml", &Defaults::default()).expect("a source");
    sources.into_values().next().expect("one source")
}

/// A source of this kind in a generation of its events.
fn source_of(kind: &str, generation: u64) -> Source {
    let tables = tables(kind);
    source(&format!(
        r#"
[source.{kind}]
kind = "{kind}"
generation = {generation}
currency = "CNY"
{tables}"#
    ))
}

/// The tables of a source whose stages are `S0` to `S5` and whose people are all of one team.
pub(crate) fn tables(source: &str) -> String {
    format!(
        r#"[source.{source}.tables.teams]
"*" = "east"
[source.{source}.tables.stages]
"S0" = "contacted"
"S1" = "qualified"
"S2" = "proposal"
"S3" = "negotiation"
"S4" = "won"
"S5" = "lost"
"#
    )
}

/// A source of Zoho CRM in a file of sources, whose secrets lie in two files beside it.
pub(crate) const ZOHO: &str = r#"[source.crm]
kind = "zoho"
data_centre = "com.cn"
client_id = "1000.TEST"
client_secret_file = "secret"
refresh_token_file = "refresh"
"#;
