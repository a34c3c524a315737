//! How many series a configuration makes, by the catalogue itself.

use std::fmt::Write as _;

use serde::Serialize;

use crate::app::check::arguments::ConfigArguments;
use crate::app::check::finding::{Finding, OriginShown, Place, Severity};
use crate::app::check::report::count;
use crate::config::Origin;
use crate::kpi::Catalogue;

/// How many `sales_*` series there are at most.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Series {
    /// Of a rep in a team, a team, a channel, and of the organisation.
    per_rep: u64,
    per_team: u64,
    per_channel: u64,
    organisation: u64,
    /// What the configuration allows.
    max_series: u64,
    /// Those of an organisation of a given size.
    #[serde(skip_serializing_if = "Option::is_none")]
    of_size: Option<SeriesOfSize>,
}

#[derive(Clone, Debug, Serialize)]
struct SeriesOfSize {
    reps: u64,
    teams: u64,
    channels: u64,
    at_most: u64,
}

impl Series {
    pub(super) fn new(catalogue: &Catalogue, max_series: u64, arguments: &ConfigArguments) -> Series {
        let most = catalogue.most_series();
        let of_size = match (arguments.reps, arguments.teams, arguments.channels) {
            (Some(reps), Some(teams), Some(channels)) => {
                let (reps, teams, channels) = (reps.into(), teams.into(), channels.into());
                // Thousands of series by 2^32 subjects stay far below 2^64.
                let at_most = most.rep * reps + most.team * teams + most.channel * channels + most.org;
                Some(SeriesOfSize { reps, teams, channels, at_most })
            }
            _ => None,
        };
        Series {
            per_rep: most.rep,
            per_team: most.team,
            per_channel: most.channel,
            organisation: most.org,
            max_series,
            of_size,
        }
    }

    /// An organisation that may come to more series than are allowed, which would then not be shown at all.
    pub(super) fn too_many(&self, origin: Option<&Origin>) -> Option<Finding> {
        let SeriesOfSize { reps, teams, channels, at_most } = self.of_size.clone()?;
        let message = format!(
            "{}, {} and {} have up to {at_most} series, more than max_series = {} allows; a reading of more is not served: raise \
             max_series, or show fewer windows ([windows]) or families ([expose])",
            count(reps, "rep"),
            count(teams, "team"),
            count(channels, "channel"),
            self.max_series,
        );
        let place = Place::Setting { key: Some("max_series".to_owned()), origin: origin.map(OriginShown::from) };
        let finding = Finding { severity: Severity::Warning, rule: "too_many_series", place, message };
        (at_most > self.max_series).then_some(finding)
    }

    pub(super) fn text(&self) -> String {
        let mut text = "Series, at most\n".to_owned();
        for (what, number) in [
            ("each rep in a team", self.per_rep),
            ("each team", self.per_team),
            ("each channel", self.per_channel),
            ("the organisation", self.organisation),
        ] {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {what:<20}{number:>8}");
        }
        if let Some(SeriesOfSize { reps, teams, channels, at_most }) = &self.of_size {
            let _ = writeln!(
                text,
                "  {}, {}, {}: at most {at_most} series; max_series allows {}",
                count(*reps, "rep"),
                count(*teams, "team"),
                count(*channels, "channel"),
                self.max_series,
            );
        }
        text.push_str("These are upper bounds: what is undefined, such as a ratio of nothing or the attainment of no target, has no\nseries. Reps, teams and channels that events leave out count as one more, unassigned.\n");
        text
    }
}
