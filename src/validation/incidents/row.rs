//! One line of a signature: what must come out, and what did.

use serde::Serialize;
use std::fmt;

/// What must come out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// This much or more.
    AtLeast(f64),
    /// This much or less.
    AtMost(f64),
    /// This much, give or take `within`.
    Near {
        /// The value.
        value: f64,
        /// How far off it may be.
        within: f64,
    },
    /// Anything from `from` to `to`.
    Between {
        /// Least.
        from: f64,
        /// Most.
        to: f64,
    },
}

impl Expected {
    /// Whether `measured` is as expected; what could not be measured (`NaN`) never is.
    pub fn fits(self, measured: f64) -> bool {
        match self {
            Self::AtLeast(least) => measured >= least,
            Self::AtMost(most) => measured <= most,
            Self::Near { value, within } => (measured - value).abs() <= within,
            Self::Between { from, to } => (from..=to).contains(&measured),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, ">= {}", short(*least)),
            Self::AtMost(most) => write!(f, "<= {}", short(*most)),
            Self::Near { value, within } => write!(f, "{} +- {}", short(*value), short(*within)),
            Self::Between { from, to } => write!(f, "{} to {}", short(*from), short(*to)),
        }
    }
}

/// At most four significant decimals, without trailing zeros.
pub(super) fn short(value: f64) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let decimals = if value.abs() >= 100.0 { 1 } else { 4 };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// One line of a signature.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// What is measured, when, in which unit.
    pub what: String,
    /// What must come out.
    pub expected: Expected,
    /// What did come out; not finite if it could not be measured.
    pub measured: f64,
    /// Where the expectation comes from.
    pub source: &'static str,
}

impl Row {
    /// Whether it came out as expected.
    pub fn is_good(&self) -> bool {
        self.expected.fits(self.measured)
    }
    /// `ok` or `OFF`.
    pub fn verdict(&self) -> &'static str {
        if self.is_good() { "ok" } else { "OFF" }
    }
}

/// The rows of a signature, as they are measured.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    /// So far.
    pub list: Vec<Row>,
    source: &'static str,
}

impl Rows {
    /// Rows from one source.
    pub fn from(source: &'static str) -> Self {
        Self { list: Vec::new(), source }
    }
    /// The rows that follow are from another source.
    pub fn cite(&mut self, source: &'static str) {
        self.source = source;
    }
    fn add(&mut self, what: impl Into<String>, expected: Expected, measured: f64) {
        self.list.push(Row { what: what.into(), expected, measured, source: self.source });
    }
    /// It must be this much or more.
    pub fn at_least(&mut self, what: impl Into<String>, least: f64, measured: f64) {
        self.add(what, Expected::AtLeast(least), measured);
    }
    /// It must be this much or less.
    pub fn at_most(&mut self, what: impl Into<String>, most: f64, measured: f64) {
        self.add(what, Expected::AtMost(most), measured);
    }
    /// It must be this much, give or take.
    pub fn near(&mut self, what: impl Into<String>, value: f64, within: f64, measured: f64) {
        self.add(what, Expected::Near { value, within }, measured);
    }
    /// It must lie between two values.
    pub fn between(&mut self, what: impl Into<String>, from: f64, to: f64, measured: f64) {
        self.add(what, Expected::Between { from, to }, measured);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_measured_fits_nothing() {
        let all = [
            Expected::AtLeast(0.0),
            Expected::AtMost(1.0),
            Expected::Near { value: 0.0, within: 9.0 },
            Expected::Between { from: 0.0, to: 1.0 },
        ];
        assert!(all.iter().all(|e| !e.fits(f64::NAN) && e.fits(0.5)));
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([short(0.9), short(243.0), short(1234.56), short(2.0)].join(" "), "0.9 243 1234.6 2");
    }
}
