//! What a validation found: one line a row, totals by group.

use super::lab::Setup;
use super::measure::Measured;
use super::row::Row;
use serde::Serialize;
use std::fmt::Write;
use std::sync::Arc;

/// What was found of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// Measured, and near enough.
    Pass,
    /// Measured, and too far off.
    Fail,
    /// Not measured: what the row says is not understood or cannot be set up.
    Unsupported,
}

impl Verdict {
    /// `PASS`, `FAIL` or `UNSUPPORTED`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Unsupported => "UNSUPPORTED",
        }
    }
}

/// One row and what was found.
#[derive(Clone, Debug, Serialize)]
pub struct ReportRow {
    /// The row's name.
    pub id: String,
    /// Which law or experiment.
    pub group: String,
    /// Its settings, as written.
    pub params: String,
    /// What was measured.
    pub metric: String,
    /// The expected value, as written.
    pub expected: String,
    /// What the engine did, if it could be asked.
    pub measured: Option<Measured>,
    /// The same in words, with half the width of its 95 % interval where it is a mean; empty if unsupported.
    pub measured_text: String,
    /// Half the width of its 95 % interval, where it is a mean.
    pub half_width: Option<f64>,
    /// How near is near enough, as written.
    pub tolerance: String,
    /// From where to where it may be, where the tolerance is a range of numbers.
    pub band: Option<(f64, f64)>,
    /// Near enough or not.
    pub verdict: Verdict,
    /// Why it is unsupported; empty otherwise.
    pub reason: String,
    /// Where the expected value comes from in kind.
    pub how: String,
    /// Its source.
    pub source: String,
    /// The system that was played, where there is one in particular.
    #[serde(skip)]
    pub setup: Option<Arc<Setup>>,
}

impl ReportRow {
    /// A row that was measured (or could not be: then `Err` says why).
    pub(super) fn of(
        row: &Row,
        found: Result<(Measured, bool), String>,
        band: Option<(f64, f64)>,
        setup: Option<Arc<Setup>>,
    ) -> Self {
        let (measured, verdict, reason) = match found {
            Ok((measured, true)) => (Some(measured), Verdict::Pass, String::new()),
            Ok((measured, false)) => (Some(measured), Verdict::Fail, String::new()),
            Err(reason) => (None, Verdict::Unsupported, reason),
        };
        Self {
            id: row.id.clone(),
            group: row.group.clone(),
            params: row.params.clone(),
            metric: row.metric.clone(),
            expected: row.value.clone(),
            measured_text: measured.as_ref().map_or_else(String::new, Measured::text),
            half_width: measured.as_ref().and_then(Measured::half_width),
            measured,
            tolerance: row.tol.clone(),
            band,
            verdict,
            reason,
            how: row.how.clone(),
            source: row.source.clone(),
            setup,
        }
    }
    /// One line: id, verdict, expected, measured, tolerance, then what it is about.
    pub fn line(&self) -> String {
        let measured = if self.measured.is_some() { &self.measured_text } else { &self.reason };
        format!(
            "{:<6} {:<11} expected {:<12} measured {:<24} tolerance {:<16} | {} | {} | {}",
            self.id,
            self.verdict.name(),
            self.expected,
            measured,
            self.tolerance,
            self.group,
            self.params,
            self.metric
        )
    }
}

/// Counts by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Rows that pass.
    pub pass: usize,
    /// Rows that fail.
    pub fail: usize,
    /// Rows that were not measured.
    pub unsupported: usize,
}

impl Totals {
    fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Pass => self.pass += 1,
            Verdict::Fail => self.fail += 1,
            Verdict::Unsupported => self.unsupported += 1,
        }
    }
}

/// All rows, in the table's order.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The rows.
    pub rows: Vec<ReportRow>,
}

impl Report {
    /// Counts of all rows.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.rows.iter().for_each(|row| totals.count(row.verdict));
        totals
    }
    /// Counts by group, in the order in which groups first occur.
    pub fn by_group(&self) -> Vec<(String, Totals)> {
        let mut groups: Vec<(String, Totals)> = Vec::new();
        for row in &self.rows {
            let at = groups.iter().position(|(group, _)| *group == row.group).unwrap_or(groups.len());
            if at == groups.len() {
                groups.push((row.group.clone(), Totals::default()));
            }
            groups[at].1.count(row.verdict);
        }
        groups
    }
    /// Whether every row passes.
    pub fn is_good(&self) -> bool {
        self.rows.iter().all(|row| row.verdict == Verdict::Pass)
    }
    /// Totals by group and in all, as text.
    pub fn summary(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, totals: Totals| {
            let all = totals.pass + totals.fail + totals.unsupported;
            let mut rest = String::new();
            for (count, what) in [(totals.fail, "FAIL"), (totals.unsupported, "UNSUPPORTED")].into_iter().filter(|(n, _)| *n > 0)
            {
                let _ = write!(rest, ", {count} {what}");
            }
            let _ = writeln!(text, "{name:<62} {:>4} of {all:<4} PASS{rest}", totals.pass);
        };
        for (group, totals) in self.by_group() {
            line(&group, totals);
        }
        line("all", self.totals());
        text
    }
}
