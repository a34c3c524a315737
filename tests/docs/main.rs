//! The documents say what the program does: the KPI pages hold the whole catalogue, and their examples are run.

mod catalogue;
mod examples;
mod languages;
mod page;
mod small_team;
