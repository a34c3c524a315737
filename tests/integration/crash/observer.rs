//! Looks at all members of a group all the time, and judges afterwards what they showed.
//!
//! An answer is from some moment between its question and its end. So a member surely showed numbers from the end of the
//! first of several answers in a row that had them until the question of the last; what is judged is what is sure.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::harness::exposition::kpi_lines;
use crate::harness::service::SOON;
use crate::harness::{Service, wait_until};

/// Between two looks at one member.
const POLL: Duration = Duration::from_millis(50);

/// How long an answer may take: what a process that stands still is asked must end before another has shown some readings.
const ANSWER: Duration = Duration::from_millis(400);

/// How many readings are to be seen between two events.
const READINGS: usize = 10;

/// A number that only ever grows: of the rep whose leads nobody corrects.
pub(super) const STEADY_LEADS: &str = "sales_rep_leads{rep=\"zoe\",team=\"east\",window=\"30d\"}";

/// What a member answered.
#[derive(Clone, Copy, Debug)]
struct Sighting {
    member: usize,
    asked: Instant,
    answered: Instant,
    /// The numbers that it showed, if any.
    shown: Option<Shown>,
}

#[derive(Clone, Copy, Debug)]
struct Shown {
    /// A digest of all KPIs.
    digest: u64,
    steady_leads: f64,
}

/// A time in which nothing was produced, so that there is but one true reading.
#[derive(Clone, Copy, Debug)]
struct Pause {
    from: Instant,
    to: Instant,
    digest: u64,
}

/// Looks at members, each from when it is named until all is over.
pub(super) struct Observer {
    seen: Arc<Mutex<Vec<Sighting>>>,
    eyes: Vec<(SyncSender<()>, JoinHandle<()>)>,
    pauses: Vec<Pause>,
}

/// What was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Seen {
    /// Answers, and those of them with numbers.
    pub(super) answers: usize,
    pub(super) readings: usize,
    /// Readings while nothing was produced.
    pub(super) in_pauses: usize,
    /// The greatest number of leads that only grow.
    pub(super) steady_leads: f64,
    /// How long an answer with numbers took on the average.
    pub(super) per_reading: Duration,
    /// How often the numbers went from one member to another.
    pub(super) hand_overs: usize,
    /// Readings of a member while another surely showed numbers.
    pub(super) together: usize,
}

impl Observer {
    pub(super) fn new() -> Observer {
        Observer { seen: Arc::default(), eyes: Vec::new(), pauses: Vec::new() }
    }

    /// Looks at a member from now on.
    pub(super) fn watch(&mut self, service: &Service) {
        let (stop, stopped) = sync_channel(1);
        let (member, seen, looker) = (self.eyes.len(), Arc::clone(&self.seen), service.looker().within(ANSWER));
        let eye = thread::spawn(move || {
            while stopped.recv_timeout(POLL) == Err(RecvTimeoutError::Timeout) {
                let asked = Instant::now();
                let text = looker.metrics_text();
                let shown = text.as_deref().and_then(Shown::read);
                seen.lock().expect("not poisoned").push(Sighting { member, asked, answered: Instant::now(), shown });
            }
        });
        self.eyes.push((stop, eye));
    }

    /// Waits until it has seen some more readings.
    pub(super) fn await_readings(&self) {
        let readings = || self.seen.lock().expect("not poisoned").iter().filter(|one| one.shown.is_some()).count();
        let before = readings();
        wait_until("the observer sees numbers", SOON, || (readings() >= before + READINGS).then_some(()));
    }

    /// Notes that until now, from an instant on, all readings had to be this one.
    pub(super) fn note_pause(&mut self, from: Instant, kpis: &str) {
        self.pauses.push(Pause { from, to: Instant::now(), digest: digest(kpis) });
    }

    /// Ends, and panics if anything shown was wrong.
    pub(super) fn end(self) -> Seen {
        for (stop, eye) in self.eyes {
            stop.send(()).expect("the thread listens");
            eye.join().expect("the thread has not panicked");
        }
        let seen = std::mem::take(&mut *self.seen.lock().expect("not poisoned"));
        judge(seen, &self.pauses).unwrap_or_else(|fault| panic!("{fault}"))
    }
}

impl Shown {
    fn read(text: &str) -> Option<Shown> {
        let kpis = kpi_lines(text);
        let steady_leads = kpis.lines().find_map(|line| line.strip_prefix(STEADY_LEADS)?.trim().parse().ok());
        // Not shown at all, as long as nobody has any.
        (!kpis.is_empty()).then(|| Shown { digest: digest(&kpis), steady_leads: steady_leads.unwrap_or(0.0) })
    }
}

fn digest(kpis: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    kpis.hash(&mut hasher);
    hasher.finish()
}

fn judge(mut seen: Vec<Sighting>, pauses: &[Pause]) -> Result<Seen, String> {
    seen.sort_by_key(|sighting| sighting.asked);
    let readings: Vec<(Sighting, Shown)> = seen.iter().filter_map(|one| Some((*one, one.shown?))).collect();
    for (number, (late, shown)) in readings.iter().enumerate() {
        let before = readings[..number].iter().rev().take(200).filter(|(early, _)| early.answered <= late.asked);
        if let Some((_, more)) = before.clone().find(|(_, early)| early.steady_leads > shown.steady_leads) {
            return Err(format!("half a number: {} leads after {}", shown.steady_leads, more.steady_leads));
        }
    }
    let mut in_pauses = 0;
    for pause in pauses {
        let within = readings.iter().filter(|(one, _)| pause.from <= one.asked && one.answered <= pause.to);
        for (one, shown) in within {
            in_pauses += 1;
            if shown.digest != pause.digest {
                return Err(format!("member {} showed what is not the replay's", one.member));
            }
        }
    }
    let runs = sure_runs(&seen);
    let is_with_another = |one: &Sighting| {
        runs.iter().any(|run| run.member != one.member && run.from <= one.asked && one.answered <= run.to)
    };
    let together = readings.iter().filter(|(one, _)| is_with_another(one)).count();
    let hand_overs = readings.windows(2).filter(|pair| pair[0].0.member != pair[1].0.member).count();
    let steady_leads = readings.last().map_or(0.0, |(_, shown)| shown.steady_leads);
    let time: Duration = readings.iter().map(|(one, _)| one.answered - one.asked).sum();
    let per_reading = time / u32::try_from(readings.len().max(1)).expect("few");
    Ok(Seen {
        answers: seen.len(),
        readings: readings.len(),
        in_pauses,
        steady_leads,
        per_reading,
        hand_overs,
        together,
    })
}

/// From when until when a member surely showed numbers.
#[derive(Clone, Copy, Debug)]
struct Run {
    member: usize,
    from: Instant,
    to: Instant,
}

/// The runs of answers with numbers, of each member.
fn sure_runs(seen: &[Sighting]) -> Vec<Run> {
    let members = seen.iter().map(|one| one.member).max().map_or(0, |most| most + 1);
    let mut runs = Vec::new();
    for member in 0..members {
        let mut run: Option<Run> = None;
        for one in seen.iter().filter(|one| one.member == member) {
            run = match (one.shown, run) {
                (None, run) => {
                    runs.extend(run);
                    None
                }
                (Some(_), None) => Some(Run { member, from: one.answered, to: one.asked }),
                (Some(_), Some(run)) => Some(Run { to: one.asked, ..run }),
            };
        }
        runs.extend(run);
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers of members, each with the millisecond of its question and that of its end.
    fn sightings(answers: &[(usize, u64, u64, Option<f64>)]) -> Vec<Sighting> {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let sighting = |&(member, asked, answered, leads): &(usize, u64, u64, Option<f64>)| Sighting {
            member,
            asked: at(asked),
            answered: at(answered),
            shown: leads.map(|steady_leads| Shown { digest: 1, steady_leads }),
        };
        answers.iter().map(sighting).collect()
    }

    #[test]
    fn what_may_have_been_one_after_the_other_is_no_fault() {
        let seen = [(0, 0, 5, Some(1.0)), (0, 50, 60, Some(1.0)), (1, 55, 65, Some(1.0)), (0, 100, 105, None)];
        let told = judge(sightings(&seen), &[]).unwrap();
        assert_eq!((told.answers, told.readings, told.hand_overs, told.together), (4, 3, 1, 0));
    }

    #[test]
    fn a_reading_while_another_showed_numbers_is_counted() {
        let seen = [(0, 0, 5, Some(1.0)), (1, 20, 25, Some(1.0)), (0, 50, 55, Some(1.0))];
        assert_eq!(judge(sightings(&seen), &[]).unwrap().together, 1);
    }

    #[test]
    fn fewer_leads_than_before_are_half_a_number() {
        let seen = [(0, 0, 5, Some(3.0)), (1, 4, 9, Some(2.0))];
        assert!(judge(sightings(&seen), &[]).is_ok(), "both are of the same time");
        let seen = [(0, 0, 5, Some(3.0)), (1, 6, 9, Some(2.0))];
        assert!(judge(sightings(&seen), &[]).unwrap_err().starts_with("half a number: 2 leads after 3"));
    }

    #[test]
    fn another_reading_in_a_pause_is_a_fault() {
        let seen = sightings(&[(0, 10, 15, Some(1.0))]);
        let pause = |digest| Pause { from: seen[0].asked, to: seen[0].answered, digest };
        assert_eq!(judge(seen.clone(), &[pause(1)]).unwrap().in_pauses, 1);
        assert!(judge(seen.clone(), &[pause(2)]).is_err());
    }
}
