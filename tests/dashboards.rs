//! The dashboards of `deploy/grafana`: equal to what their source generates, in Grafana's own types, laid out without
//! overlaps, the same in both languages, and with data in every panel on a real Prometheus.

mod answers;
mod board;
mod connectors;
mod coverage;
mod generated;
mod languages;
mod layout;
mod links;
mod organisation;
mod pictures;
mod provisioning;
mod queries;
mod second_version;
mod typed;
mod variables;
