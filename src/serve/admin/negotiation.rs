//! Which text format a scraper wants, by its `Accept` header.

use crate::kpi::exposition::Format;

/// A weight between 0 and 1, in thousandths.
type Weight = u16;

const FULL_WEIGHT: Weight = 1_000;

/// The media type of a format, with its version.
pub(super) const fn content_type(format: Format) -> &'static str {
    match format {
        Format::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
    }
}

/// The format of the greatest weight. Where both weigh the same it is the one that is named more exactly and, so
/// that a browser's `*/*` gives text, else Prometheus text; which is also what those get who accept neither.
pub(super) fn negotiate(accept: &str) -> Format {
    let ranges: Vec<Range<'_>> = accept.split(',').filter_map(Range::parse).collect();
    let weigh = |format| {
        let best = ranges.iter().filter_map(|range| range.matches(format).map(|precision| (precision, range.weight)));
        // The most exact range decides a type's weight, as RFC 9110 has it.
        best.max_by_key(|(precision, weight)| (*precision, *weight))
            .map_or((0, 0), |(precision, weight)| (weight, precision))
    };
    if weigh(Format::OpenMetrics) > weigh(Format::Prometheus) { Format::OpenMetrics } else { Format::Prometheus }
}

/// One element of an `Accept` header.
struct Range<'a> {
    media_type: &'a str,
    version: Option<&'a str>,
    weight: Weight,
}

impl<'a> Range<'a> {
    fn parse(element: &'a str) -> Option<Range<'a>> {
        let mut parts = element.split(';').map(str::trim);
        let media_type = parts.next().filter(|media_type| !media_type.is_empty())?;
        let mut range = Range { media_type, version: None, weight: FULL_WEIGHT };
        for (name, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "q" => range.weight = parse_weight(value)?,
                "version" => range.version = Some(value),
                _ => {}
            }
        }
        Some(range)
    }

    /// How exactly this range names a format; `None` if it does not cover it.
    fn matches(&self, format: Format) -> Option<u8> {
        let (media_type, family, version) = match format {
            Format::Prometheus => ("text/plain", "text/*", "0.0.4"),
            Format::OpenMetrics => ("application/openmetrics-text", "application/*", "1.0.0"),
        };
        if self.media_type.eq_ignore_ascii_case(media_type) {
            return match self.version {
                Some(wanted) => (wanted == version).then_some(4),
                None => Some(3),
            };
        }
        // The wildcards are how browsers and curl say "anything": they prefer nothing.
        (self.media_type.eq_ignore_ascii_case(family) || self.media_type == "*/*").then_some(1)
    }
}

/// A `q` value: `0` to `1` with at most three digits after the point.
fn parse_weight(text: &str) -> Option<Weight> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths = format!("{fraction:0<3}").parse::<Weight>().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(FULL_WEIGHT),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scrapers_get_what_they_prefer() {
        for (accept, format) in [
            ("", Format::Prometheus),
            ("*/*", Format::Prometheus),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Format::Prometheus),
            ("text/plain", Format::Prometheus),
            ("application/json", Format::Prometheus),
            ("application/openmetrics-text", Format::OpenMetrics),
            ("Application/OpenMetrics-Text; Version=\"1.0.0\"; charset=utf-8", Format::OpenMetrics),
            ("application/openmetrics-text;version=0.0.1", Format::Prometheus),
            // Prometheus 2.42 and 3.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                Format::OpenMetrics,
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                Format::OpenMetrics,
            ),
            ("application/openmetrics-text;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.4", Format::Prometheus),
            ("text/plain;version=0.0.4;q=0.3,application/openmetrics-text;version=1.0.0;q=0.301", Format::OpenMetrics),
            ("application/openmetrics-text;q=0,text/plain;q=0.1", Format::Prometheus),
            ("application/openmetrics-text;q=0,*/*", Format::Prometheus),
            // A weight that is no weight makes its element count for nothing.
            ("application/openmetrics-text;q=2,text/plain;q=0.1", Format::Prometheus),
            ("application/openmetrics-text;q=0.1234,text/plain;q=0.1", Format::Prometheus),
        ] {
            assert_eq!(negotiate(accept), format, "{accept}");
        }
    }
}
