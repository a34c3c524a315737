//! `salespulse history`: the KPIs of past instants as OpenMetrics, for `promtool tsdb create-blocks-from openmetrics`.
//!
//! Of each instant the KPIs are what `replay --as-of` prints for the same files: an event counts from the first instant at
//! which it is not in the future. One engine reads all instants in their order.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::AppError;
use super::replay::read_lines;
use super::values::{duration, instant};
use crate::contract::decode::{Decoded, Decoder, RejectionCode};
use crate::engine::Engine;
use crate::kpi::Catalogue;
use crate::kpi::exposition::{self, Format};
use crate::model::event::EventType;
use crate::model::rules::Rules;
use crate::model::time::Time;

/// More instants would be a file that promtool cannot take.
const MOST_INSTANTS: i64 = 100_000;

/// What `history` needs.
#[derive(Debug, Args)]
pub(super) struct HistoryArguments {
    /// Files of events, one JSON object a line; - is standard input. They are held in memory
    #[arg(required = true, value_name = "FILES")]
    files: Vec<PathBuf>,
    /// The configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "SALESPULSE_CONFIG", hide_env_values = true)]
    pub(super) config: PathBuf,
    /// The first instant, RFC 3339 with an offset
    #[arg(long, value_name = "TIME", value_parser = instant)]
    from: Time,
    /// The last instant, or the end before which it lies
    #[arg(long, value_name = "TIME", value_parser = instant)]
    to: Time,
    /// From one instant to the next, such as 1h
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = duration)]
    every: i64,
    /// A label of every series, as Prometheus gives it to what it scrapes, such as instance=localhost:9464; repeat it
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
}

fn label(text: &str) -> Result<(String, String), String> {
    let is_name = |name: &str| {
        let is_letter = |char: char| char.is_ascii_alphabetic() || char == '_';
        name.starts_with(is_letter) && name.chars().all(|char| is_letter(char) || char.is_ascii_digit())
    };
    text.split_once('=')
        .filter(|(name, _)| is_name(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| "it must be a label's name, an equals sign and a value, such as job=salespulse".to_owned())
}

/// A line that no instant has counted yet.
struct Waiting {
    line: Box<[u8]>,
    topic_type: Option<EventType>,
    starts_file: bool,
}

/// The KPIs of all instants.
///
/// # Errors
/// [`AppError`] if there is no instant or there are too many, if a file cannot be read, or a reading has too many series.
pub(super) fn history(arguments: &HistoryArguments, rules: Rules) -> Result<String, AppError> {
    let instants = instants(arguments)?;
    let catalogue = Catalogue::new(&rules).map_err(AppError::Usage)?;
    let rules = Arc::new(rules);
    let mut waiting = read(&arguments.files)?;
    let decoder = Decoder::new(Arc::clone(&rules));
    let mut engine = Engine::new(&rules, 1, arguments.from);
    let mut families = Families::new(&arguments.labels);
    for now in instants {
        waiting.retain(|waiting| match decoder.decode(&waiting.record(), now) {
            Ok(Decoded::Event(event)) => {
                engine.accept(&event, now);
                false
            }
            Ok(Decoded::Tombstone) => false,
            Err(rejection) => rejection.code == RejectionCode::InFuture,
        });
        let mut text = String::new();
        exposition::render(&catalogue, &engine.read(now), Format::OpenMetrics, &mut text)?;
        families.add(&text, now);
    }
    Ok(families.into_text())
}

fn instants(arguments: &HistoryArguments) -> Result<impl Iterator<Item = Time>, AppError> {
    let (from, every) = (arguments.from, arguments.every);
    let span = arguments.to.millis() - from.millis();
    let count = span / every + 1;
    if span < 0 {
        return Err(AppError::Usage("--to must not lie before --from".to_owned()));
    }
    if count > MOST_INSTANTS {
        return Err(AppError::Usage(format!(
            "{count} instants; at most {MOST_INSTANTS} are allowed: use a longer --every"
        )));
    }
    Ok((0..count).map(move |place| from.plus(place * every)))
}

fn read(files: &[PathBuf]) -> Result<Vec<Waiting>, AppError> {
    let mut waiting = Vec::new();
    read_lines(files, false, false, |line| {
        // What is too long to be a record is none at any instant.
        if let Ok(record) = line.record() {
            let (topic_type, starts_file) = (record.topic_type, record.starts_file);
            let line = record.value.unwrap_or_default().into();
            waiting.push(Waiting { line, topic_type, starts_file });
        }
        Ok(())
    })?;
    Ok(waiting)
}

impl Waiting {
    fn record(&self) -> crate::contract::decode::Record<'_> {
        crate::contract::decode::Record {
            topic_type: self.topic_type,
            value: Some(&self.line),
            starts_file: self.starts_file,
            ..Default::default()
        }
    }
}

/// The samples by family, since OpenMetrics wants all samples of a family together.
struct Families {
    /// The labels of every series as they stand after the brace, with a comma behind each.
    labels: String,
    samples: BTreeMap<String, String>,
}

impl Families {
    fn new(labels: &[(String, String)]) -> Families {
        let mut text = String::new();
        for (name, value) in labels {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(text, "{name}=\"{value}\",");
        }
        Families { labels: text, samples: BTreeMap::new() }
    }

    /// Adds the samples of an exposition, with the instant behind each.
    fn add(&mut self, text: &str, now: Time) {
        let labels = self.labels.trim_end_matches(',');
        // OpenMetrics counts time in seconds.
        let (seconds, millis) = (now.millis().div_euclid(1_000), now.millis().rem_euclid(1_000));
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((series, value)) = line.rsplit_once(' ') else { continue };
            let (name, rest) = series.split_once('{').unwrap_or((series, "}"));
            let samples = self.samples.entry(name.to_owned()).or_default();
            let own = if rest == "}" { labels } else { &self.labels };
            let braces = if own.is_empty() && rest == "}" { String::new() } else { format!("{{{own}{rest}") };
            let _ = writeln!(samples, "{name}{braces} {value} {seconds}.{millis:03}");
        }
    }

    fn into_text(self) -> String {
        let mut text = String::new();
        for (name, samples) in self.samples {
            let _ = writeln!(text, "# TYPE {name} gauge");
            text.push_str(&samples);
        }
        text + "# EOF\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_a_family_stand_together_with_their_instants() {
        let mut families = Families::new(&[("job".to_owned(), "a\"b".to_owned())]);
        for millis in [0, 1_500] {
            families.add("# TYPE b gauge\nb{x=\"1\"} 2\na 3\n", Time::from_millis(millis));
        }
        let text = families.into_text();
        let expected = "# TYPE a gauge\na{job=\"a\\\"b\"} 3 0.000\na{job=\"a\\\"b\"} 3 1.500\n\
                        # TYPE b gauge\nb{job=\"a\\\"b\",x=\"1\"} 2 0.000\nb{job=\"a\\\"b\",x=\"1\"} 2 1.500\n# EOF\n";
        assert_eq!(text, expected);
        let mut plain = Families::new(&[]);
        plain.add("a 3\nb{x=\"1\"} 2\n", Time::from_millis(0));
        assert_eq!(plain.into_text(), "# TYPE a gauge\na 3 0.000\n# TYPE b gauge\nb{x=\"1\"} 2 0.000\n# EOF\n");
    }

    #[test]
    fn labels_are_checked() {
        assert_eq!(label("job=a=b"), Ok(("job".to_owned(), "a=b".to_owned())));
        assert!(label("1job=a").is_err() && label("job").is_err() && label("=a").is_err());
    }
}
