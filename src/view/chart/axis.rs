//! An axis for plotters with ticks of our own. Values outside of it are drawn at its ends.

use super::ticks::{time_label, time_ticks, value_label, value_step, value_ticks};
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use std::ops::Range;

/// What the labels say.
enum Labels {
    /// `m:ss`.
    Time,
    /// Numbers this far apart.
    Value(f64),
}

/// An axis from `from` to a larger `to`.
pub(super) struct Axis {
    from: f64,
    to: f64,
    ticks: Vec<f64>,
    labels: Labels,
}

impl Axis {
    /// Times in s.
    pub(super) fn time(window_s: (f64, f64), ticks_max: usize) -> Self {
        Self { from: window_s.0, to: window_s.1, ticks: time_ticks(window_s, ticks_max), labels: Labels::Time }
    }
    /// Values.
    pub(super) fn value(range: (f64, f64), ticks_max: usize) -> Self {
        let step = value_step(range, ticks_max);
        Self { from: range.0, to: range.1, ticks: value_ticks(range, ticks_max), labels: Labels::Value(step) }
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let share = ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0);
        (f64::from(limit.0) + share * f64::from(limit.1 - limit.0)).round() as i32
    }
    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.clone() }
    }
    fn range(&self) -> Range<f64> {
        self.from..self.to
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        match self.labels {
            Labels::Time => time_label(*value),
            Labels::Value(step) => value_label(*value, step),
        }
    }
}
