//! A measured value as a mark on a line: the shaded part is what the tolerance allows, the bar is the 95 % interval.
//!
//! It repeats what the cells beside it say in figures, so it is hidden from those who listen.

use crate::validation::reference::{Measured, ReportRow};
use std::fmt::Write;

/// Size in CSS px.
const WIDTH: f64 = 104.0;
const HEIGHT: f64 = 18.0;
/// Where the allowed part begins and ends, px.
const BAND: (f64, f64) = (20.0, 84.0);

/// The strip of a row; empty where the tolerance is no range of numbers.
pub(super) fn strip(row: &ReportRow) -> String {
    let (Some((low, high)), Some(measured)) = (row.band, &row.measured) else { return String::new() };
    if high.partial_cmp(&low) != Some(std::cmp::Ordering::Greater) {
        return String::new();
    }
    let place = |value: f64| {
        let share = (value - low) / (high - low);
        (BAND.0 + share * (BAND.1 - BAND.0)).clamp(2.0, WIDTH - 2.0)
    };
    let mut marks = String::new();
    if let Some(half) = measured.half_width() {
        let value = values(measured).first().copied().unwrap_or_default();
        let (from, to) = (place(value - half), place(value + half));
        // Writing to a string cannot fail.
        let _ =
            write!(marks, "<rect class=\"interval\" x=\"{from:.1}\" y=\"7\" width=\"{:.1}\" height=\"4\" rx=\"2\"/>", to - from);
    }
    for value in values(measured) {
        let _ = write!(marks, "<circle class=\"point\" cx=\"{:.1}\" cy=\"9\" r=\"3\"/>", place(value));
    }
    format!(
        "<svg class=\"strip\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" aria-hidden=\"true\">\
         <line class=\"axis\" x1=\"0\" x2=\"{WIDTH}\" y1=\"9\" y2=\"9\"/>\
         <rect class=\"allowed\" x=\"{}\" y=\"2\" width=\"{}\" height=\"14\" rx=\"3\"/>{marks}</svg>",
        BAND.0,
        BAND.1 - BAND.0
    )
}

fn values(measured: &Measured) -> Vec<f64> {
    match measured {
        Measured::Number { value, .. } => vec![*value],
        Measured::List(values) => values.clone(),
        Measured::Each(cases) => cases.iter().map(|(_, value)| *value).collect(),
    }
}
