//! Activity and funnel (windowed; R T O C).

use salespulse::model::rules::{Rules, Scope};

use super::here::{Dated, Here};
use super::journey::Journey;
use super::sample::{Sample, count, exact, ratio, real};
use super::windows::{Stretch, Windowed};

/// The section's values at one place in one window.
pub(crate) fn samples(here: &Here<'_>, rules: &Rules, window: &Windowed) -> Vec<Sample> {
    let stages = rules.pipeline.stages();
    let mut samples = vec![count("leads", within(&here.created, window.present).len())];
    for (index, stage) in stages.iter().enumerate().skip(1) {
        samples.push(count("stage_entries", entries(here, index, window.present)).with("stage", stage));
    }
    if here.scope() != Scope::Rep {
        samples.push(count("leads_previous", within(&here.created, window.previous).len()));
        for (index, stage) in stages.iter().enumerate().skip(1) {
            let entries = entries(here, index, window.previous);
            samples.push(count("stage_entries_previous", entries).with("stage", stage));
        }
    }
    samples.extend(funnel(here, stages, window));
    samples.extend(cohorts(here, stages, window));
    let (won, lost) = (within(&here.won, window.present).len(), within(&here.lost, window.present).len());
    samples.push(count("won", won));
    samples.push(count("lost", lost));
    samples.extend(exact("win_ratio", ratio(won as i128, (won + lost) as i128)));
    samples.extend(responses(here, window));
    samples
}

/// The facts within a stretch of time.
pub(crate) fn within<'w>(facts: &[Dated<'w>], stretch: Stretch) -> Vec<&'w Journey<'w>> {
    facts.iter().filter(|(at, _)| stretch.holds(*at)).map(|(_, journey)| *journey).collect()
}

/// Entries of a stage: leads, reached(stage), or won.
fn entries(here: &Here<'_>, stage: usize, stretch: Stretch) -> usize {
    let facts = match stage {
        0 => &here.created,
        between if between < here.reached.len() => &here.reached[between],
        _ => &here.won,
    };
    within(facts, stretch).len()
}

/// Entries of a stage by entries of the stage before it, and `won` by `lead`.
fn funnel(here: &Here<'_>, stages: &[String], window: &Windowed) -> Vec<Sample> {
    let won = stages.len() - 1;
    let mut steps: Vec<(usize, usize)> = (0..won).map(|from| (from, from + 1)).collect();
    if !steps.contains(&(0, won)) {
        steps.push((0, won));
    }
    let conversion = |(from, to): (usize, usize)| {
        let [numerator, denominator] = [to, from].map(|stage| entries(here, stage, window.present) as i128);
        let sample = exact("funnel_conversion_ratio", ratio(numerator, denominator))?;
        Some(sample.with("from", &stages[from]).with("to", &stages[to]))
    };
    steps.into_iter().filter_map(conversion).collect()
}

/// Of the journeys created in the window, those that have reached a stage or are won, whenever that was.
fn cohorts(here: &Here<'_>, stages: &[String], window: &Windowed) -> Vec<Sample> {
    let cohort = within(&here.created, window.present);
    let mut samples = Vec::new();
    for (index, stage) in stages.iter().enumerate().skip(1) {
        let is_won = index == stages.len() - 1;
        let has =
            |journey: &&&Journey<'_>| if is_won { journey.won.is_some() } else { journey.reached[index].is_some() };
        let reached = cohort.iter().filter(has).count();
        samples.push(count("cohort_reached", reached).with("stage", stage));
        let share = exact("cohort_conversion_ratio", ratio(reached as i128, cohort.len() as i128));
        samples.extend(share.map(|share| share.with("stage", stage)));
    }
    samples
}

/// Responses whose lead was created in the window; negative ones are not used.
fn responses(here: &Here<'_>, window: &Windowed) -> Vec<Sample> {
    let cohort = within(&here.created, window.present);
    let responses: Vec<i64> = cohort.iter().filter_map(|lead| lead.response()).filter(|millis| *millis >= 0).collect();
    let mut samples = vec![count("lead_responses", responses.len())];
    samples.extend(real("lead_response_p50_seconds", quantile_seconds(&responses, 50)));
    samples.extend(real("lead_response_p90_seconds", quantile_seconds(&responses, 90)));
    samples
}

/// The exact value at rank `ceil(q·n)` in ascending order.
pub(crate) fn quantile_seconds(millis: &[i64], percent: usize) -> Option<f64> {
    let mut ascending = millis.to_vec();
    ascending.sort_unstable();
    let rank = (percent * ascending.len()).div_ceil(100);
    let found = ascending.get(rank.checked_sub(1)?)?;
    Some(*found as f64 / 1000.0)
}
