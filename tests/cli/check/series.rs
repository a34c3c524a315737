//! The count of series against expositions: it is reached where nothing is undefined, and never passed.

use serde_json::{Value, json};

use super::check;
use crate::cli::program::Folder;

const NOW: &str = "2026-08-20T12:30:00Z";
const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// 2026-08-20T12:30:00Z.
const NOW_MILLIS: i64 = 1_787_229_000_000;

/// How long ago each journey began: within the shortest window, within the previous one of every window, and in the last two
/// complete quarters.
const AGES: [i64; 8] =
    [25 * MINUTE, 95 * MINUTE, 36 * 60 * MINUTE, 10 * DAY, 45 * DAY, 135 * DAY, 190 * DAY, 460 * DAY];

/// An organisation of so many reps, teams and channels in which nothing is undefined.
#[derive(Clone, Copy)]
struct Size {
    reps: usize,
    teams: usize,
    channels: usize,
}

impl Size {
    fn team(self, rep: usize) -> String {
        format!("t{}", rep % self.teams)
    }

    fn events(self, stages: &[&str]) -> String {
        let mut lines: Vec<Value> = Vec::new();
        for rep in 0..self.reps {
            self.journeys(rep, stages, &mut lines);
            self.facts(rep, &mut lines);
        }
        for period in ["2026-08", "2026-Q3", "2026"] {
            let target = |scope: &str, rep: &str, team: &str| {
                let id = format!("{scope} {rep} {team} {period}");
                json!({"type": "target", "event_id": id, "occurred_at": NOW, "scope": scope, "rep_id": rep, "team_id": team,
                       "period": period, "amount": "1000000", "currency": "CNY"})
            };
            lines.extend((0..self.reps).map(|rep| target("rep", &format!("r{rep}"), &self.team(rep))));
            lines.extend((0..self.teams).map(|team| target("team", "any", &format!("t{team}"))));
            lines.push(target("org", "any", "any"));
        }
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// Journeys of new customers through every stage, a minute each.
    fn journeys(self, rep: usize, stages: &[&str], lines: &mut Vec<Value>) {
        for age in AGES {
            let id = format!("j{rep}-{age}");
            let at = |stage: usize| NOW_MILLIS - age + MINUTE * i64::try_from(stage).unwrap();
            let lead = json!({"type": "lead", "event_id": "0", "occurred_at": at(0), "lead_id": id, "customer_id": id,
                "rep_id": format!("r{rep}"), "team_id": self.team(rep), "channel": format!("c{}", rep % self.channels)});
            let change = |(number, stage): (usize, &&str)| {
                let id = number.to_string();
                let rest = json!({"type": "stage_change", "event_id": id, "occurred_at": at(number), "stage": stage,
                                  "amount": "100", "currency": "CNY"});
                with(&lead, &rest)
            };
            lines.extend(stages.iter().enumerate().skip(1).map(change));
            lines.push(lead);
        }
    }

    fn facts(self, rep: usize, lines: &mut Vec<Value>) {
        let (rep_id, team_id) = (format!("r{rep}"), self.team(rep));
        let fact = |kind: &str, rest: Value| {
            let event = json!({"type": kind, "event_id": format!("{rep}{rest}"), "occurred_at": NOW_MILLIS - MINUTE,
                               "rep_id": rep_id, "team_id": team_id});
            with(&event, &rest)
        };
        lines.push(fact("rep", json!({})));
        let channel = format!("c{}", rep % self.channels);
        lines.push(fact("spend", json!({"amount": "5", "currency": "CNY", "channel": channel})));
        lines.extend(["csat", "nps", "ces"].map(|survey| fact("feedback", json!({"survey": survey, "score": 5}))));
    }

    fn flags(self) -> [String; 3] {
        [format!("--reps={}", self.reps), format!("--teams={}", self.teams), format!("--channels={}", self.channels)]
    }
}

/// An event with other and further fields.
fn with(event: &Value, rest: &Value) -> Value {
    let fields = event.as_object().unwrap().iter().chain(rest.as_object().unwrap());
    Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// How many series the check counts, and how many the replay of these events tells.
fn counted_and_told(folder: &Folder, config: &str, size: Size, events: &str) -> (u64, u64) {
    folder.write("salespulse.toml", format!("org.reporting_currency = \"CNY\"\n{config}"));
    let flags = size.flags();
    let arguments = [&["config", "--config", "salespulse.toml"][..], &flags.each_ref().map(String::as_str)].concat();
    let counted = check(folder, &arguments).pointer("/config/series/of_size/at_most").unwrap().as_u64().unwrap();
    folder.write("events.jsonl", events);
    let replay = folder.run(&["replay", "events.jsonl", "--config", "salespulse.toml", "--as-of", NOW]);
    assert!(replay.summary().ends_with("\"rejected\":{}}"), "{}", replay.stderr);
    (counted, replay.stdout.lines().filter(|line| line.starts_with("sales_")).count() as u64)
}

const DEFAULT_STAGES: [&str; 6] = ["lead", "contacted", "qualified", "proposal", "negotiation", "won"];

#[test]
fn the_readings_of_full_organisations_are_within_the_count() {
    let folder = Folder::new();
    let markets = "org.market_size = 50\norg.team_market_size = { t0 = 9, t1 = 9, t2 = 9 }\n";
    let limits = "pipeline.stalled_after = { lead = \"3d\", proposal = \"9d\" }\n";
    let short = "pipeline.stages = [\"lead\", \"met\", \"won\"]\nwindows = { rep = [\"1h\"], team = [], org = [\"ytd\"], channel = [\"90d\", \"mtd\"] }\n";
    let chosen = "expose = { rep = [\"sales_rep_rank\", \"sales_rep_info\"], team = [\"sales_team_*\"], org = [], channel = [\"sales_channel_cac\"] }\n\
                  leaderboard.by = [\"leads\", \"quota_attainment\"]\n";
    for (config, stages, size) in [
        (String::new(), &DEFAULT_STAGES[..], Size { reps: 1, teams: 1, channels: 1 }),
        (format!("{markets}{limits}"), &DEFAULT_STAGES, Size { reps: 7, teams: 3, channels: 2 }),
        (short.to_owned(), &["lead", "met", "won"], Size { reps: 3, teams: 2, channels: 3 }),
        (chosen.to_owned(), &DEFAULT_STAGES, Size { reps: 4, teams: 2, channels: 2 }),
    ] {
        let (counted, told) = counted_and_told(&folder, &config, size, &size.events(stages));
        // The events set no weekly, half-yearly or other targets, name one reason and have no year before theirs.
        assert!(told <= counted, "{config}: {told} of {counted}");
        assert!(told > 4, "{config}");
    }
}

#[test]
fn the_count_is_never_passed() {
    let folder = Folder::new();
    let size = Size { reps: 5, teams: 2, channels: 3 };
    let all = size.events(&DEFAULT_STAGES);
    let mut most = 0;
    // Every part of the events leaves something undefined that another has.
    for part in [
        "\"type\":\"lead\"",
        "\"type\":\"stage_change\"",
        "\"type\":\"rep\"",
        "\"type\":\"spend\"",
        "\"type\":\"target\"",
    ] {
        let events: String = all.lines().filter(|line| !line.contains(part)).map(|line| format!("{line}\n")).collect();
        assert!(events.len() < all.len(), "{part}");
        let one_more = Size { channels: size.channels + 1, ..size };
        let (counted, told) = counted_and_told(&folder, "", one_more, &events);
        assert!(told < counted, "without {part}: {told} of {counted}");
        most = most.max(told);
    }
    assert!(most > 1_000, "{most}");
}
