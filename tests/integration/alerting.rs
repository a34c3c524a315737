//! What `deploy/prometheus` and `deploy/alertmanager` ship, by the programs that it is for.

mod delivery;
mod inhibition;
mod noise;
mod pages;
mod receivers;
mod rules;
pub(super) mod shipped;
