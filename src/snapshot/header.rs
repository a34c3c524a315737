//! Where a snapshot comes from, how far it reaches, and whether it may be used here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::identity::Fingerprints;
use super::rounds::Home;
use crate::model::CONTRACT;
use crate::model::calendar::Calendar;
use crate::model::rules::Rules;
use crate::model::time::Time;

/// Offsets by topic and partition.
pub type Offsets = BTreeMap<String, Vec<i64>>;

/// All offsets together: the more, the later.
#[must_use]
pub fn total(offsets: &Offsets) -> u64 {
    offsets.values().flatten().map(|offset| u64::try_from(*offset).unwrap_or(0)).sum()
}

/// What precedes the content of a snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// The program and its version, for people.
    pub written_by: String,
    /// When it was written, for people.
    pub written_at: String,
    /// Which shard this is.
    pub shard: usize,
    /// Of how many.
    pub shards: usize,
    /// The next offset of every partition: everything before it is in the content, or in the dead-letter topic.
    pub offsets: Offsets,
    /// The first offset that was read of every partition.
    pub began: Offsets,
    /// What it was read under.
    pub provenance: Provenance,
    /// Records that other rules might have accepted.
    pub refused: Refused,
    /// Until when the last identity that was forgotten was to be remembered, in Unix milliseconds.
    pub forgotten: Option<i64>,
    /// Whether records are missing that retention had deleted before they were read.
    pub degraded: bool,
    /// How many journeys are in the content, so that whoever reads it can make room; older objects do not say.
    #[serde(default)]
    pub journeys: u64,
    /// The records by which the log of every partition is known again; older objects do not say.
    #[serde(default)]
    pub fingerprints: Fingerprints,
    /// The earliest version of the event contract by which anything in the content was read. Objects that do not say were
    /// written when there was only the first.
    #[serde(default = "first")]
    pub contract: u32,
}

const fn first() -> u32 {
    1
}

/// Records that were refused and that other rules might have let pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// With other stages.
    pub by_stages: u64,
    /// With other rates, or another time zone.
    pub by_rates: u64,
}

/// Where records came from, and the rules by which they were judged. Everything that decides whether a record is accepted,
/// or what of it is kept, is here; what only decides how facts are counted is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The cluster, where it says which it is.
    pub cluster: Option<String>,
    /// The topic of each type.
    pub topics: BTreeMap<String, String>,
    /// The time zone, which decides the date of a rate.
    pub zone: String,
    /// The reporting currency.
    pub reporting: String,
    /// All rates.
    pub rates: Vec<String>,
    /// The stages, from `lead` to `won`.
    pub stages: Vec<String>,
    /// How far in the future an event might lie, in milliseconds.
    pub allowed_skew: i64,
    /// More pipelines, aliases, the first day of a week and credit through the deal, which decide what records mean; empty
    /// where nothing of it is configured, as of what an earlier release wrote.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub meaning: String,
}

/// How a snapshot may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Usability {
    /// As it is.
    Same,
    /// Amounts must be converted anew.
    Converted,
    /// Not at all, for this reason.
    Not(String),
}

impl Provenance {
    /// The provenance of what is read from these topics of this cluster under these rules.
    #[must_use]
    pub fn new(rules: &Rules, cluster: Option<String>, topics: BTreeMap<String, String>) -> Provenance {
        Provenance {
            cluster,
            topics,
            zone: rules.zone.name().to_owned(),
            reporting: rules.reporting_currency().code().to_owned(),
            rates: rules.rates.listed(),
            stages: rules.pipeline.stages().to_vec(),
            allowed_skew: rules.allowed_skew,
            meaning: meaning(rules),
        }
    }

    /// Where its rounds lie.
    #[must_use]
    pub fn home(&self) -> Home {
        Home::of(self.cluster.as_deref(), &self.topics)
    }

    /// Whether both say of which cluster they are, and it is not the same.
    pub(super) fn is_of_another_cluster(&self, other: &Provenance) -> bool {
        self.cluster.as_ref().zip(other.cluster.as_ref()).is_some_and(|(own, other)| own != other)
    }

    fn same_money(&self, other: &Provenance) -> bool {
        self.zone == other.zone && self.reporting == other.reporting && self.rates == other.rates
    }
}

/// What decides the meaning of records beside stages and money, as a text that differs where it does.
fn meaning(rules: &Rules) -> String {
    let default = std::iter::once(("default", &rules.pipeline));
    let more = rules.pipelines.iter().map(|(name, pipeline)| (name.as_str(), pipeline));
    let pipelines = default.chain(more).map(|(name, pipeline)| {
        let stages: &[String] = if name == "default" { &[] } else { pipeline.stages() };
        (!stages.is_empty() || !pipeline.aliases().is_empty())
            .then(|| format!("{name} {stages:?} {:?}", pipeline.aliases()))
    });
    let week = rules.calendar.week_starts;
    let week = (week != Calendar::default().week_starts).then(|| format!("week {week:?}"));
    let credit = rules.credit_through_deal.then(|| "credit through the deal".to_owned());
    pipelines.chain([week, credit]).flatten().collect::<Vec<_>>().join("; ")
}

impl Header {
    /// Whether an earlier version of the contract read some of it: then what only this one reads is missing.
    pub(super) const fn is_of_an_older_contract(&self) -> bool {
        self.contract < CONTRACT
    }

    /// Whether the numbers that follow from this snapshot are those of a replay of everything under the rules of now.
    #[must_use]
    pub fn usability(&self, now: &Provenance, horizon: Time) -> Usability {
        let then = &self.provenance;
        if then.is_of_another_cluster(now) {
            let [then, now] = [then, now].map(|provenance| provenance.cluster.as_deref().unwrap_or_default());
            return Usability::Not(format!("it is of the cluster {then}, and this is {now}"));
        }
        if self.contract > CONTRACT {
            return Usability::Not(format!(
                "it was read by version {} of the event contract, and this version of salespulse knows versions 1 to {}",
                self.contract, CONTRACT
            ));
        }
        if let Some((kind, topic)) = then.topics.iter().find(|(kind, topic)| now.topics.get(*kind) != Some(topic)) {
            return Usability::Not(format!(
                "it holds what was read as {kind} from {topic}, which is not configured any more"
            ));
        }
        if then.allowed_skew != now.allowed_skew {
            return Usability::Not(
                "it was written with another allowed_skew, which decides what is accepted".to_owned(),
            );
        }
        if then.meaning != now.meaning {
            return Usability::Not(
                "it was written with other pipelines, aliases, week_starts or credit_through_deal, which decide what records \
                 mean"
                    .to_owned(),
            );
        }
        if self.forgotten.is_some_and(|forgotten| forgotten >= horizon.millis()) {
            return Usability::Not(
                "it was written with a shorter retention, or at a later time, and has forgotten what counts now"
                    .to_owned(),
            );
        }
        if then.stages != now.stages && self.refused.by_stages > 0 {
            let refused = self.refused.by_stages;
            return Usability::Not(format!(
                "the stages have changed, and {refused} records were refused by the earlier ones"
            ));
        }
        let same_money = then.same_money(now);
        if !same_money && self.refused.by_rates > 0 {
            let refused = self.refused.by_rates;
            return Usability::Not(format!(
                "the rates have changed, and {refused} records were refused by the earlier ones"
            ));
        }
        if same_money { Usability::Same } else { Usability::Converted }
    }
}

#[cfg(test)]
mod tests;
