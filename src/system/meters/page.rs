//! The text that Prometheus reads: for each name what it means and of which kind it is, then its values.

use std::fmt::{Display, Write as _};

use super::{Histogram, Label, Labelled};

/// Written from top to bottom, each name once.
#[derive(Debug, Default)]
pub struct Page(String);

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// The values of one name, told apart by their labels.
pub struct Family<'a> {
    text: &'a mut String,
    name: &'static str,
}

impl Page {
    /// As what it is served.
    pub const TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    pub fn family(&mut self, name: &'static str, kind: Kind, help: &str) -> Family<'_> {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        // Writing to a string cannot fail.
        _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        Family { text: &mut self.0, name }
    }

    /// What nobody can say is explained all the same, and has no value.
    pub fn gauge(&mut self, name: &'static str, help: &str, value: impl Into<Option<f64>>) {
        let mut family = self.family(name, Kind::Gauge, help);
        if let Some(value) = value.into() {
            family.value(&[], value);
        }
    }

    pub fn counter(&mut self, name: &'static str, help: &str, count: u64) {
        self.family(name, Kind::Counter, help).value(&[], count);
    }

    pub fn counters<L: Label>(
        &mut self,
        name: &'static str,
        help: &str,
        label: &'static str,
        counts: &Labelled<L>,
    ) {
        let mut family = self.family(name, Kind::Counter, help);
        for (value, count) in counts.counts() {
            family.value(&[(label, value)], count);
        }
    }

    pub fn finish(self) -> String {
        self.0
    }
}

impl Family<'_> {
    pub fn value(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.line("", labels, None, value);
    }

    pub fn histogram(&mut self, labels: &[(&str, &str)], histogram: &Histogram) {
        let mut all = 0;
        for (bound, count) in histogram.up_to() {
            let bound = bound.map_or_else(|| "+Inf".to_owned(), |bound| bound.to_string());
            self.line("_bucket", labels, Some(&bound), count);
            all = count;
        }
        self.line("_sum", labels, None, histogram.seconds());
        self.line("_count", labels, None, all);
    }

    /// Rust quotes text as Prometheus does, as long as it is plain ASCII, which all labels are.
    fn line(&mut self, suffix: &str, labels: &[(&str, &str)], bound: Option<&str>, value: impl Display) {
        _ = write!(self.text, "{}{suffix}", self.name);
        let labels = labels.iter().copied().chain(bound.map(|bound| ("le", bound)));
        let mut before = '{';
        for (label, of) in labels {
            _ = write!(self.text, "{before}{label}={of:?}");
            before = ',';
        }
        let end = if before == ',' { "}" } else { "" };
        _ = writeln!(self.text, "{end} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_explained_once_and_labels_are_quoted() {
        let mut page = Page::default();
        page.gauge("a_seconds", "How long.", 1.5);
        page.gauge("b", "Nobody knows.", None);
        page.family("c_total", Kind::Counter, "How often.").value(&[("x", "a\"b"), ("y", "/{id}")], 7);
        assert_eq!(
            page.finish(),
            "# HELP a_seconds How long.\n# TYPE a_seconds gauge\na_seconds 1.5\n\
             # HELP b Nobody knows.\n# TYPE b gauge\n\
             # HELP c_total How often.\n# TYPE c_total counter\nc_total{x=\"a\\\"b\",y=\"/{id}\"} 7\n"
        );
    }
}
