//! Satisfaction (windowed; R T O).

use salespulse::model::event::Score;

use super::here::Here;
use super::sample::{Sample, count, exact, ratio};
use super::windows::Windowed;

/// The section's values at one place in one window.
pub(crate) fn samples(here: &Here<'_>, window: &Windowed) -> Vec<Sample> {
    let answers = here.feedback.iter().filter(|(event, _)| window.present.holds(event.occurred_at));
    let scores: Vec<Score> = answers.map(|(_, feedback)| feedback.score).collect();
    let number = |matches: fn(&Score) -> bool| scores.iter().filter(|score| matches(score)).count();

    let csat = number(|score| matches!(score, Score::Csat { .. }));
    let satisfied = number(|score| matches!(score, Score::Csat { score, scale_max } if score + 1 >= *scale_max));
    let nps = number(|score| matches!(score, Score::Nps(_)));
    let promoters = number(|score| matches!(score, Score::Nps(9..=10)));
    let detractors = number(|score| matches!(score, Score::Nps(0..=6)));
    let ces = number(|score| matches!(score, Score::Ces(_)));
    let points: usize =
        scores.iter().map(|score| if let Score::Ces(points) = score { usize::from(*points) } else { 0 }).sum();

    let mut samples: Vec<Sample> = [("csat", csat), ("nps", nps), ("ces", ces)]
        .map(|(survey, answers)| count("feedback_responses", answers).with("survey", survey))
        .into();
    samples.push(count("csat_satisfied", satisfied));
    samples.extend(exact("csat_ratio", ratio(satisfied as i128, csat as i128)));
    samples.push(count("nps_promoters", promoters));
    samples.push(count("nps_detractors", detractors));
    samples.extend(exact("nps", ratio(100 * (promoters as i128 - detractors as i128), nps as i128)));
    samples.push(count("ces_points", points));
    samples.extend(exact("ces_mean", ratio(points as i128, ces as i128)));
    samples
}
