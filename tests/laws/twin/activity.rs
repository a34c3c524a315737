//! Activity and funnel (windowed; R T O C).

use std::collections::BTreeSet;

use super::here::{Dated, Here};
use super::journey::Journey;
use super::sample::{Sample, count, exact, ratio, real};
use super::setting::Pipe;
use super::windows::{Stretch, Windowed};

/// The section's values at one place in one window.
pub(crate) fn samples(here: &Here<'_>, window: &Windowed) -> Vec<Sample> {
    let mut samples = vec![count("leads", within(&here.created, window.present).len())];
    if !here.place.is_rep() {
        samples.push(count("leads_previous", within(&here.created, window.previous).len()));
    }
    for pipe in &here.world.setting.pipelines {
        samples.extend(of_stages(here, pipe, window).into_iter().map(|sample| here.of_pipeline(sample, pipe)));
        samples.extend(of_pipeline(here, pipe, window).into_iter().map(|sample| sample.with("pipeline", &pipe.name)));
    }
    let (won, lost) = (within(&here.won, window.present).len(), within(&here.lost, window.present).len());
    samples.push(count("won", won));
    samples.push(count("lost", lost));
    samples.extend(exact("win_ratio", ratio(won as i128, (won + lost) as i128)));
    samples.extend(responses(here, window));
    if here.place.is_team_or_wider() {
        samples.extend(lost_by_reason(here, window));
        samples.push(count("slipped_deals", within(&here.slips, window.present).len()));
    }
    samples
}

impl Here<'_> {
    /// With more pipelines than one, what is labelled with a stage is labelled with its pipeline too.
    pub(crate) fn of_pipeline(&self, sample: Sample, pipe: &Pipe) -> Sample {
        if self.world.setting.has_pipelines() { sample.with("pipeline", &pipe.name) } else { sample }
    }
}

/// The facts within a stretch of time.
pub(crate) fn within<'w>(facts: &[Dated<'w>], stretch: Stretch) -> Vec<&'w Journey<'w>> {
    facts.iter().filter(|(at, _)| stretch.holds(*at)).map(|(_, journey)| *journey).collect()
}

/// Those of one pipeline.
pub(crate) fn of_pipe<'w>(journeys: Vec<&'w Journey<'w>>, pipe: &Pipe) -> Vec<&'w Journey<'w>> {
    journeys.into_iter().filter(|journey| journey.pipeline.name == pipe.name).collect()
}

/// What is labelled with a stage.
fn of_stages(here: &Here<'_>, pipe: &Pipe, window: &Windowed) -> Vec<Sample> {
    let mut samples = Vec::new();
    for (index, stage) in pipe.stages.iter().enumerate().skip(1) {
        samples.push(count("stage_entries", entries(here, pipe, index, window.present)).with("stage", stage));
        if !here.place.is_rep() {
            let entries = entries(here, pipe, index, window.previous);
            samples.push(count("stage_entries_previous", entries).with("stage", stage));
        }
    }
    samples.extend(funnel(here, pipe, window));
    samples.extend(cohorts(here, pipe, window));
    if here.place.is_team_or_wider() {
        samples.extend(stage_times(here, pipe, window));
    }
    samples
}

/// Leads, wins and losses of one pipeline, where there are more than one.
fn of_pipeline(here: &Here<'_>, pipe: &Pipe, window: &Windowed) -> Vec<Sample> {
    if !here.world.setting.has_pipelines() {
        return Vec::new();
    }
    let number = |facts: &[Dated<'_>]| of_pipe(within(facts, window.present), pipe).len();
    let mut samples = vec![count("pipeline_leads", number(&here.created))];
    if here.place.is_team_or_wider() {
        let (won, lost) = (number(&here.won), number(&here.lost));
        samples.push(count("pipeline_won", won));
        samples.push(count("pipeline_lost", lost));
        samples.extend(exact("pipeline_win_ratio", ratio(won as i128, (won + lost) as i128)));
    }
    samples
}

/// Entries of a stage: leads, reached(stage), or won.
fn entries(here: &Here<'_>, pipe: &Pipe, stage: usize, stretch: Stretch) -> usize {
    let facts: Vec<Dated<'_>> = match stage {
        0 => here.created.clone(),
        between if between < pipe.won() => {
            here.reached.iter().filter(|(index, _)| *index == between).map(|(_, fact)| *fact).collect()
        }
        _ => here.won.clone(),
    };
    of_pipe(within(&facts, stretch), pipe).len()
}

/// Entries of a stage by entries of the stage before it, and `won` by `lead`.
fn funnel(here: &Here<'_>, pipe: &Pipe, window: &Windowed) -> Vec<Sample> {
    let won = pipe.won();
    let mut steps: Vec<(usize, usize)> = (0..won).map(|from| (from, from + 1)).collect();
    if !steps.contains(&(0, won)) {
        steps.push((0, won));
    }
    let conversion = |(from, to): (usize, usize)| {
        let [numerator, denominator] = [to, from].map(|stage| entries(here, pipe, stage, window.present) as i128);
        let sample = exact("funnel_conversion_ratio", ratio(numerator, denominator))?;
        Some(sample.with("from", &pipe.stages[from]).with("to", &pipe.stages[to]))
    };
    steps.into_iter().filter_map(conversion).collect()
}

/// Of the journeys created in the window, those that have reached a stage or are won, whenever that was.
fn cohorts(here: &Here<'_>, pipe: &Pipe, window: &Windowed) -> Vec<Sample> {
    let cohort = of_pipe(within(&here.created, window.present), pipe);
    let mut samples = Vec::new();
    for (index, stage) in pipe.stages.iter().enumerate().skip(1) {
        let is_won = index == pipe.won();
        let has =
            |journey: &&&Journey<'_>| if is_won { journey.won.is_some() } else { journey.reached[index].is_some() };
        let reached = cohort.iter().filter(has).count();
        samples.push(count("cohort_reached", reached).with("stage", stage));
        let share = exact("cohort_conversion_ratio", ratio(reached as i128, cohort.len() as i128));
        samples.extend(share.map(|share| share.with("stage", stage)));
    }
    samples
}

/// Stays in open stages that ended in the window.
fn stage_times(here: &Here<'_>, pipe: &Pipe, window: &Windowed) -> Vec<Sample> {
    let mut samples = Vec::new();
    for (index, stage) in pipe.open_stages().iter().enumerate() {
        let own = here.stays.iter().filter(|(stay, journey)| {
            journey.pipeline.name == pipe.name && stay.stage == index && window.present.holds(stay.end.at)
        });
        let times: Vec<i64> = own.map(|(stay, _)| stay.millis).collect();
        let p50 = real("stage_time_p50_seconds", quantile_seconds(&times, 50));
        let p90 = real("stage_time_p90_seconds", quantile_seconds(&times, 90));
        let of_stage = [Some(count("stage_times", times.len())), p50, p90];
        samples.extend(of_stage.into_iter().flatten().map(|sample| sample.with("stage", stage)));
    }
    samples
}

/// Deals lost in the window by their reasons: every reason that one of the place's lost journeys has.
fn lost_by_reason(here: &Here<'_>, window: &Windowed) -> Vec<Sample> {
    let reasons: BTreeSet<&str> = here.lost.iter().map(|(_, journey)| here.world.reason(journey)).collect();
    let lost = within(&here.lost, window.present);
    let of_reason = |reason: &str| {
        let number = lost.iter().filter(|journey| here.world.reason(journey) == reason).count();
        count("lost_by_reason", number).with("reason", reason)
    };
    reasons.into_iter().map(of_reason).collect()
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
