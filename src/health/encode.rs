//! Our own health as exposition text, in either format.

use std::fmt::Write as _;

use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};

use crate::kpi::exposition::Format;

/// Suffixes of family names that are units.
const UNITS: [&str; 2] = ["seconds", "bytes"];

/// Appends families to `text`. In OpenMetrics the caller ends the exposition with `# EOF`.
pub fn encode(families: &[MetricFamily], format: Format, text: &mut String) {
    for family in families.iter().filter(|family| !family.get_metric().is_empty()) {
        encode_head(family, format, text);
        for metric in family.get_metric() {
            encode_metric(family, metric, text);
        }
    }
}

fn encode_head(family: &MetricFamily, format: Format, text: &mut String) {
    // OpenMetrics names a counter's family without the suffix of its samples.
    let name = match format {
        Format::OpenMetrics if family.get_field_type() == MetricType::COUNTER => {
            family.name().strip_suffix("_total").unwrap_or(family.name())
        }
        Format::OpenMetrics | Format::Prometheus => family.name(),
    };
    let kind = match family.get_field_type() {
        MetricType::COUNTER => "counter",
        MetricType::HISTOGRAM => "histogram",
        MetricType::GAUGE | MetricType::SUMMARY | MetricType::UNTYPED => "gauge",
    };
    text.push_str("# HELP ");
    text.push_str(name);
    text.push(' ');
    push_escaped(family.help(), format == Format::OpenMetrics, text);
    line(text, format_args!("\n# TYPE {name} {kind}"));
    let unit = UNITS.into_iter().find(|unit| name.strip_suffix(unit).is_some_and(|rest| rest.ends_with('_')));
    if let (Format::OpenMetrics, Some(unit)) = (format, unit) {
        line(text, format_args!("# UNIT {name} {unit}"));
    }
}

fn encode_metric(family: &MetricFamily, metric: &Metric, text: &mut String) {
    let name = family.name();
    let labels = metric.get_label();
    match family.get_field_type() {
        MetricType::COUNTER => sample(text, name, "", labels, None, metric.get_counter().get_value()),
        MetricType::HISTOGRAM => {
            let histogram = metric.get_histogram();
            for bucket in histogram.get_bucket().iter().filter(|bucket| bucket.upper_bound().is_finite()) {
                let bound = float(bucket.upper_bound());
                sample(text, name, "_bucket", labels, Some(&bound), bucket.cumulative_count());
            }
            sample(text, name, "_bucket", labels, Some("+Inf"), histogram.get_sample_count());
            sample(text, name, "_count", labels, None, histogram.get_sample_count());
            sample(text, name, "_sum", labels, None, histogram.get_sample_sum());
        }
        MetricType::GAUGE | MetricType::SUMMARY | MetricType::UNTYPED => {
            sample(text, name, "", labels, None, metric.get_gauge().get_value());
        }
    }
}

/// Writes one sample; `bound` is the label `le` of a bucket.
fn sample(
    text: &mut String,
    name: &str,
    suffix: &str,
    labels: &[LabelPair],
    bound: Option<&str>,
    value: impl std::fmt::Display,
) {
    text.push_str(name);
    text.push_str(suffix);
    let pairs = labels.iter().map(|pair| (pair.name(), pair.value())).chain(bound.map(|bound| ("le", bound)));
    let mut separator = '{';
    for (label, value) in pairs {
        text.push(separator);
        text.push_str(label);
        text.push_str("=\"");
        push_escaped(value, true, text);
        text.push('"');
        separator = ',';
    }
    if separator == ',' {
        text.push('}');
    }
    line(text, format_args!(" {value}"));
}

/// A bound as both formats want it: with a point, and the same in both so that a series keeps its name.
fn float(value: f64) -> String {
    format!("{value:?}")
}

fn push_escaped(value: &str, with_quotes: bool, text: &mut String) {
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '"' if with_quotes => text.push_str("\\\""),
            other => text.push(other),
        }
    }
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(arguments);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus::{Gauge, HistogramOpts, IntCounterVec, Opts, Registry};

    fn families() -> Vec<MetricFamily> {
        let registry = Registry::new();
        let counter =
            IntCounterVec::new(Opts::new("a_records_total", "Back\\slash and \"quotes\"."), &["topic"]).unwrap();
        counter.with_label_values(&["a\"b\\c\nd"]).inc_by(3);
        registry.register(Box::new(counter)).unwrap();
        let gauge = Gauge::new("b_lag_seconds", "A gauge.").unwrap();
        gauge.set(0.25);
        registry.register(Box::new(gauge)).unwrap();
        let opts = HistogramOpts::new("c_duration_seconds", "A histogram.").buckets(vec![0.5, 1.0]);
        let histogram = prometheus::Histogram::with_opts(opts).unwrap();
        histogram.observe(0.75);
        histogram.observe(4.0);
        registry.register(Box::new(histogram)).unwrap();
        registry.register(Box::new(Gauge::new("d_bytes", "Never set.").unwrap())).unwrap();
        registry.gather()
    }

    #[test]
    fn prometheus_text() {
        let mut text = String::new();
        encode(&families(), Format::Prometheus, &mut text);
        assert_eq!(
            text,
            r#"# HELP a_records_total Back\\slash and "quotes".
# TYPE a_records_total counter
a_records_total{topic="a\"b\\c\nd"} 3
# HELP b_lag_seconds A gauge.
# TYPE b_lag_seconds gauge
b_lag_seconds 0.25
# HELP c_duration_seconds A histogram.
# TYPE c_duration_seconds histogram
c_duration_seconds_bucket{le="0.5"} 0
c_duration_seconds_bucket{le="1.0"} 1
c_duration_seconds_bucket{le="+Inf"} 2
c_duration_seconds_count 2
c_duration_seconds_sum 4.75
# HELP d_bytes Never set.
# TYPE d_bytes gauge
d_bytes 0
"#
        );
    }

    #[test]
    fn open_metrics_text() {
        let mut text = String::new();
        encode(&families(), Format::OpenMetrics, &mut text);
        assert_eq!(
            text,
            r#"# HELP a_records Back\\slash and \"quotes\".
# TYPE a_records counter
a_records_total{topic="a\"b\\c\nd"} 3
# HELP b_lag_seconds A gauge.
# TYPE b_lag_seconds gauge
# UNIT b_lag_seconds seconds
b_lag_seconds 0.25
# HELP c_duration_seconds A histogram.
# TYPE c_duration_seconds histogram
# UNIT c_duration_seconds seconds
c_duration_seconds_bucket{le="0.5"} 0
c_duration_seconds_bucket{le="1.0"} 1
c_duration_seconds_bucket{le="+Inf"} 2
c_duration_seconds_count 2
c_duration_seconds_sum 4.75
# HELP d_bytes Never set.
# TYPE d_bytes gauge
# UNIT d_bytes bytes
d_bytes 0
"#
        );
    }
}
