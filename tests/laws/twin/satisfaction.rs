//! Satisfaction (windowed; R T O).

use super::here::Here;
use super::record::Record;
use super::sample::{Sample, count, exact, ratio};
use super::windows::Windowed;

/// The section's values at one place in one window.
pub(crate) fn samples(here: &Here<'_>, window: &Windowed) -> Vec<Sample> {
    let answers: Vec<&Record> =
        here.feedback.iter().filter(|answer| window.present.holds(answer.at)).copied().collect();
    let of = |survey: &str| -> Vec<&Record> {
        answers.iter().filter(|answer| answer.id("survey") == survey).copied().collect()
    };
    let number = |answers: &[&Record], matches: fn(&Record) -> bool| answers.iter().filter(|one| matches(one)).count();

    let (csat, nps, ces) = (of("csat"), of("nps"), of("ces"));
    let satisfied = number(&csat, |answer| answer.score + 1 >= answer.scale_max);
    let promoters = number(&nps, |answer| answer.score >= 9);
    let detractors = number(&nps, |answer| answer.score <= 6);
    let points: u64 = ces.iter().map(|answer| answer.score).sum();
    let points = usize::try_from(points).expect("few");

    let mut samples: Vec<Sample> = [("csat", &csat), ("nps", &nps), ("ces", &ces)]
        .map(|(survey, answers)| count("feedback_responses", answers.len()).with("survey", survey))
        .into();
    samples.push(count("csat_satisfied", satisfied));
    samples.extend(exact("csat_ratio", ratio(satisfied as i128, csat.len() as i128)));
    samples.push(count("nps_promoters", promoters));
    samples.push(count("nps_detractors", detractors));
    samples.extend(exact("nps", ratio(100 * (promoters as i128 - detractors as i128), nps.len() as i128)));
    samples.push(count("ces_points", points));
    samples.extend(exact("ces_mean", ratio(points as i128, ces.len() as i128)));
    samples
}
