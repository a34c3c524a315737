//! The KPI families as exposition text.
//!
//! Written straight from the sums, with the labels of each subject escaped once, and without the second copy of every
//! series that filling gauge vectors and encoding them would need.

use crate::engine::board::{Reading, Subject, SubjectName};
use crate::kpi::family::Instance;
use crate::kpi::query::samples;
use crate::kpi::{Catalogue, Family, Unit};
use crate::model::rules::Scope;
use crate::model::value::Value;

/// Which text format to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text 0.0.4.
    Prometheus,
    /// OpenMetrics 1.0; the caller ends the exposition with `# EOF`.
    OpenMetrics,
}

/// A reading of more series than `max_series` is never served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this reading has {series} sales_* series, more than max_series = {limit} allows; {of_scope} of them are of the {subjects} \
     names of {}; raise max_series, or expose less of [expose] and [windows]", scope.name()
)]
pub struct TooManySeries {
    /// How many there are.
    pub series: u64,
    /// How many are allowed.
    pub limit: u64,
    /// The scope that has the most of them.
    pub scope: Scope,
    /// How many it has.
    pub of_scope: u64,
    /// Of how many names.
    pub subjects: usize,
}

/// A piece of a text has so many bytes, and the end of its last line.
const PIECE_BYTES: usize = 64 * 1024;

/// Appends all `sales_*` families and `salespulse_data_errors` to `text`; answers how many `sales_*` series that were.
///
/// # Errors
/// [`TooManySeries`] if there are more `sales_*` series than allowed; `text` is then as it was.
pub fn render(
    catalogue: &Catalogue,
    reading: &Reading,
    format: Format,
    text: &mut String,
) -> Result<u64, TooManySeries> {
    render_in_pieces(catalogue, reading, format, text, &mut |_| {})
}

/// The same for a text that is never there as a whole: whenever `text` has grown to a piece, `take` may take it away. What
/// is left in it at the end belongs to the text too.
///
/// # Errors
/// [`TooManySeries`]; what has been taken is then no exposition.
pub fn render_in_pieces(
    catalogue: &Catalogue,
    reading: &Reading,
    format: Format,
    text: &mut String,
    take: &mut dyn FnMut(&mut String),
) -> Result<u64, TooManySeries> {
    let length = text.len();
    let prefixes = Prefixes::of(reading, catalogue);
    let limit = reading.rules.max_series;
    let mut writer = Writer { text, take, format, series: 0, limit };
    let mut of_scopes = Scope::ALL.map(|scope| (scope, 0));
    for family in catalogue.families() {
        let before = writer.series;
        writer.family(family, reading, prefixes.get(family.scope()));
        let of_scope = of_scopes.iter_mut().find(|(scope, _)| *scope == family.scope());
        of_scope.into_iter().for_each(|(_, series)| *series += writer.series - before);
    }
    let series = writer.series;
    if series > limit {
        text.truncate(length);
        let (scope, of_scope) = of_scopes.into_iter().max_by_key(|(_, series)| *series).unwrap_or((Scope::Org, series));
        let subjects = reading.subjects.get(scope).len();
        return Err(TooManySeries { series, limit, scope, of_scope, subjects });
    }
    write_data_errors(reading, text);
    Ok(series)
}

/// The labels of every subject of which there are families, as they stand in a line after the brace.
struct Prefixes([Vec<String>; 5]);

impl Prefixes {
    fn of(reading: &Reading, catalogue: &Catalogue) -> Prefixes {
        Prefixes(Scope::ALL.map(|scope| {
            let is_shown = catalogue.families().iter().any(|family| family.scope() == scope);
            let subjects = reading.subjects.get(scope).iter().filter(|_| is_shown);
            subjects.map(labels_of).collect()
        }))
    }

    fn get(&self, scope: Scope) -> &[String] {
        self.0.get(scope as usize).map_or(&[], Vec::as_slice)
    }
}

fn labels_of(subject: &Subject) -> String {
    let mut text = String::new();
    match &subject.name {
        SubjectName::Rep { rep, team } => {
            push_label(&mut text, "rep", rep);
            push_label(&mut text, "team", team);
        }
        SubjectName::Team(team) => push_label(&mut text, "team", team),
        SubjectName::Region(region) => push_label(&mut text, "region", region),
        SubjectName::Org => {}
        SubjectName::Channel(channel) => push_label(&mut text, "channel", channel),
    }
    text
}

/// Appends `name="value"`, after a comma where it is not the first.
fn push_label(text: &mut String, name: &str, value: &str) {
    if !text.is_empty() {
        text.push(',');
    }
    text.push_str(name);
    text.push_str("=\"");
    for char in value.chars() {
        match char {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            _ => text.push(char),
        }
    }
    text.push('"');
}

struct Writer<'a> {
    text: &'a mut String,
    take: &'a mut dyn FnMut(&mut String),
    format: Format,
    series: u64,
    limit: u64,
}

impl Writer<'_> {
    /// Writes a family that has samples; past the limit it only counts on.
    fn family(&mut self, family: &Family, reading: &Reading, prefixes: &[String]) {
        let head = self.text.len();
        self.head(family);
        let first = self.series;
        if family.is_roster() {
            let lead = format!("{}{{", family.name());
            for line in &reading.roster {
                let mut labels = String::new();
                push_label(&mut labels, "rep", &line.rep);
                push_label(&mut labels, "team", &line.team);
                push_label(&mut labels, "name", &line.name);
                labels.push_str("} ");
                self.sample(&lead, &labels, Value::Count(1), 1);
            }
        } else {
            let suffixes: Vec<String> =
                family.instances().iter().map(|instance| suffix(family, *instance, reading)).collect();
            let minor_per_major = reading.rules.reporting_currency().minor_per_major();
            // A subject has many series of a family one after the other, which begin alike.
            let (mut lead, mut of) = (String::new(), None);
            samples(family, reading, |subject, instance, value| {
                if of != Some(subject) {
                    of = Some(subject);
                    lead.clear();
                    lead.push_str(family.name());
                    let labels = prefixes.get(subject).filter(|labels| !labels.is_empty());
                    labels.into_iter().for_each(|labels| lead.extend(["{", labels]));
                }
                self.sample(&lead, suffixes.get(instance).map_or(" ", String::as_str), value, minor_per_major);
            });
        }
        if self.series == first {
            self.text.truncate(head);
        }
    }

    fn head(&mut self, family: &Family) {
        let name = family.name();
        self.text.extend(["# HELP ", name, " ", family.help(), "\n# TYPE ", name, " gauge\n"]);
        let unit = match family.unit() {
            Unit::Seconds => "seconds",
            Unit::Ratio => "ratio",
            Unit::Count | Unit::Money | Unit::Points | Unit::OfMeasure => return,
        };
        if self.format == Format::OpenMetrics && name.ends_with(unit) {
            self.text.extend(["# UNIT ", name, " ", unit, "\n"]);
        }
    }

    /// Writes a line, of which `lead` is what it has in common with others and `suffix` what follows until the value.
    fn sample(&mut self, lead: &str, suffix: &str, value: Value, minor_per_major: i64) {
        self.series += 1;
        if self.series > self.limit {
            return;
        }
        self.text.push_str(lead);
        self.text.push_str(suffix);
        value.write(self.text, minor_per_major);
        self.text.push('\n');
        // A head without a sample behind it is never taken: it may have to go again.
        if self.text.len() >= PIECE_BYTES {
            (self.take)(self.text);
        }
    }
}

/// What follows the labels of a subject in the lines of an instance: its own labels, and the end of them.
fn suffix(family: &Family, instance: Instance, reading: &Reading) -> String {
    let mut labels = String::new();
    family.labels_in(instance, reading).into_iter().for_each(|(name, value)| push_label(&mut labels, name, value));
    match (family.scope(), labels.is_empty()) {
        (Scope::Org, true) => " ".to_owned(),
        (Scope::Org, false) => format!("{{{labels}}} "),
        (_, true) => "} ".to_owned(),
        (_, false) => format!(",{labels}}} "),
    }
}

fn write_data_errors(reading: &Reading, text: &mut String) {
    text.push_str("# HELP salespulse_data_errors Journeys whose times contradict each other, by reason.\n");
    text.push_str("# TYPE salespulse_data_errors gauge\n");
    let reasons =
        [("negative_cycle", reading.held.negative_cycles), ("negative_response", reading.held.negative_responses)];
    for (reason, journeys) in reasons {
        text.extend(["salespulse_data_errors{reason=\"", reason, "\"} ", itoa::Buffer::new().format(journeys), "\n"]);
    }
}
