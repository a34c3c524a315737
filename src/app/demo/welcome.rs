//! What the demo prints: what begins, where to look and what is worth trying, and how it ended.

use std::net::SocketAddr;
use std::time::Duration;

use super::DemoArguments;

/// The stage whose conversion is worth a look unless another one is broken.
const STAGE: &str = "proposal";
/// Of a day, in seconds.
const DAY: u32 = 24 * 60 * 60;

/// What begins.
pub(super) fn first_words(arguments: &DemoArguments, page: Option<SocketAddr>) -> String {
    let page = page.map(|page| format!("http://{page}/\n\n")).unwrap_or_default();
    format!(
        "{page}A simulated sales organisation of {} reps, a broker in this process, and the service.\n\
         Two years of their past come first; joining the consumer group alone takes three seconds.\n",
        arguments.reps
    )
}

/// What there is to see, once the past is in the numbers.
pub(super) struct Welcome<'a> {
    /// What was asked for.
    pub(super) arguments: &'a DemoArguments,
    /// Where the metrics are.
    pub(super) address: SocketAddr,
    /// Where the page is.
    pub(super) page: Option<SocketAddr>,
}

impl Welcome<'_> {
    /// The start-up message.
    pub(super) fn text(&self, records: u64, after: Duration) -> String {
        let base = format!("http://{}", self.address);
        let stage = self.arguments.break_stage.as_ref().map_or(STAGE, |(_, stage)| stage);
        format!(
            r#"
The gauges show {records} records, {after:.1} s after the start. {pace}{broken}

{page}
  {base}/metrics   the KPIs, for Prometheus
  {base}/readyz    whether they may be read, and if not, why

Worth trying:
  curl -s {base}/metrics | grep 'sales_team_revenue{{.*window="mtd"'
  curl -s {base}/metrics | grep 'sales_team_funnel_conversion_ratio{{.*to="{stage}",window="7d"'
  curl -s {base}/metrics | grep 'salespulse_rejected_records_total{{'

And in a Prometheus that scrapes {address}:
  topk(10, sales_rep_revenue{{window="30d"}} * on(rep) group_left(name) sales_rep_info)
  sales_team_funnel_conversion_ratio{{to="{stage}",window="7d"}}
  sort_desc(sales_team_quota_pace_ratio{{period="month"}})

Ctrl-C ends it.
"#,
            page = self.page.map(|page| format!("  http://{page}/          the page, for people")).unwrap_or_default(),
            after = after.as_secs_f64(),
            pace = pace(self.arguments.speed),
            broken = self.arguments.break_stage.as_ref().map_or_else(String::new, broken),
            address = self.address,
        )
    }
}

fn pace(speed: u32) -> String {
    if speed == 1 {
        return "From now on life goes as the clock does.".to_owned();
    }
    let day = DAY / speed;
    let (length, unit) = match day {
        7_200.. => (day / 3_600, "hours"),
        120.. => (day / 60, "minutes"),
        _ => (day, "seconds"),
    };
    format!("From now on life goes {speed} times faster than the clock: a day in about {length} {unit}.")
}

fn broken((team, stage): &(String, String)) -> String {
    format!("\nThe stage {stage} of team {team} broke seven days ago: hardly anything reaches it any more.")
}

/// How it ended.
pub(super) fn last_words(records: u64, after: Duration) -> String {
    format!("Ended after {:.1} s and {records} records; nothing of it is kept.\n", after.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_told_in_a_unit_that_fits() {
        let told = |speed| pace(speed).rsplit_once("in about ").map(|(_, length)| length.to_owned());
        assert_eq!(pace(1), "From now on life goes as the clock does.");
        assert_eq!(told(2).as_deref(), Some("12 hours."));
        assert_eq!(told(60).as_deref(), Some("24 minutes."));
        assert_eq!(told(600).as_deref(), Some("2 minutes."));
        assert_eq!(told(10_000).as_deref(), Some("8 seconds."));
    }
}
