//! The configuration that fits a plan: its zone, pipeline, rates and market, as a `salespulse.toml`.

use std::fmt::Write as _;

use super::figures::LEADS_WON;
use super::plan::Plan;
use super::rates::Rates;
use super::staff::Staff;

/// The text of the configuration.
pub(super) fn text(plan: &Plan, rates: &Rates, staff: &Staff) -> String {
    let market = market_size(plan);
    let mut text = format!(
        "# The simulated sales organisation of seed {seed}.\n\n[org]\ntimezone = \"{zone}\"\n\
         reporting_currency = \"CNY\"\ncustomer_period = \"quarter\"\nmarket_size = {market}\n\n\
         [org.team_market_size]\n",
        seed = plan.seed,
        zone = plan.zone.name(),
    );
    // Writing to a string cannot fail.
    let teams = staff.teams();
    for team in teams {
        let _ = writeln!(text, "{} = {}", team.id, market / u64::try_from(teams.len()).unwrap_or(1).max(1) + 1);
    }
    text.push_str("\n[org.regions]\n");
    for (region, teams) in staff.regions() {
        let _ = writeln!(text, "{region} = {teams:?}");
    }
    text.push_str(PIPELINE);
    if plan.renewals {
        text.push_str(RENEWALS);
    }
    for (month, coin, rate) in rates.lines() {
        let (year, month) = (month.div_euclid(12), month.rem_euclid(12) + 1);
        let _ = write!(
            text,
            "\n[[fx]]\ndate = \"{year:04}-{month:02}-01\"\nfrom = \"{}\"\nrate = \"{rate}\"\n",
            coin.code()
        );
    }
    text
}

/// The probabilities are those with which the simulation's deals are won from a stage.
const PIPELINE: &str = r#"
[pipeline]
stages = ["lead", "contacted", "qualified", "proposal", "negotiation", "won"]

[pipeline.probabilities]
lead = "0.105"
contacted = "0.17"
qualified = "0.37"
proposal = "0.63"
negotiation = "0.81"

[pipeline.stalled_after]
# Three days at work: whoever comes in on a Friday is no trouble on Monday.
lead = "5d"
contacted = "14d"
qualified = "30d"
proposal = "30d"
negotiation = "45d"

[targets]
roll_up = true
"#;

/// The second pipeline.
const RENEWALS: &str = r#"
[pipelines.renewals]
stages = ["lead", "notice", "quote", "won"]

[pipelines.renewals.probabilities]
lead = "0.70"
notice = "0.74"
quote = "0.82"

[pipelines.renewals.stalled_after]
notice = "30d"
quote = "30d"
"#;

/// Ten times as many customers as the plan wins.
fn market_size(plan: &Plan) -> u64 {
    let weeks = u64::try_from(plan.end.since(plan.start) / (7 * crate::model::time::DAY)).unwrap_or(1).min(520) + 1;
    let won = plan.journeys_per_week.saturating_mul(weeks) / 1_000 * LEADS_WON.unsigned_abs();
    (won * 10).max(5_000)
}
