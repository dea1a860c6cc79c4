//! The simplest methods, to know what a score is worth: each ranks services by their most conspicuous metric.
//!
//! All see the window that the locator saw and everything before it, and neither graph nor edges. BARO's own change-point
//! search is left out: the beginning is given.

use super::case::Case;
use crate::pipeline::locate::{WINDOW_MIN, WINDOW_S};

/// A simple method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floor {
    /// Largest distance from the mean, in standard deviations.
    Sigma,
    /// Largest distance from the median, in distances between the quartiles (BARO's second step).
    Baro,
    /// Number of metrics above mean and three standard deviations, or rising three times in a row.
    Seed,
}

impl Floor {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sigma, Self::Baro, Self::Seed];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sigma => "N-sigma",
            Self::Baro => "BARO",
            Self::Seed => "seed rule",
        }
    }
}

/// Services by each method, the likeliest first, those without a metric left out.
pub fn rankings(case: &Case, since_s: f64) -> Vec<(Floor, Vec<usize>)> {
    let step_s = if case.times.len() > 1 { case.times[1] - case.times[0] } else { 0.0 };
    let start = case.times.iter().position(|at_s| at_s + step_s > since_s).unwrap_or(case.times.len());
    let rows = if step_s > 0.0 { ((WINDOW_S / step_s).round() as usize).max(WINDOW_MIN) } else { WINDOW_MIN };
    let end = (start + rows).min(case.times.len());
    Floor::ALL.into_iter().map(|floor| (floor, ranking(case, floor, start, end))).collect()
}

fn ranking(case: &Case, floor: Floor, start: usize, end: usize) -> Vec<usize> {
    let mut scores: Vec<Option<f64>> = vec![None; case.layout.services.len()];
    for (i, column) in case.layout.own.iter().enumerate() {
        let values = |from: usize, to: usize| -> Vec<f64> {
            case.own[from..to].iter().map(|row| row[i]).filter(|value| value.is_finite()).collect()
        };
        let score = score(floor, &values(0, start), &values(start, end));
        let known = scores[column.service].get_or_insert(0.0);
        *known = if floor == Floor::Seed { *known + score } else { known.max(score) };
    }
    let mut ranked: Vec<(usize, f64)> = scores.into_iter().enumerate().filter_map(|(i, score)| Some((i, score?))).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    ranked.into_iter().map(|(service, _)| service).collect()
}

fn score(floor: Floor, before: &[f64], after: &[f64]) -> f64 {
    if before.is_empty() || after.is_empty() {
        return 0.0;
    }
    let n = before.len() as f64;
    let mean = before.iter().sum::<f64>() / n;
    let deviation = (before.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt();
    // As the usual scalers do: a constant series is divided by one.
    let or_one = |scale: f64| if scale > 0.0 { scale } else { 1.0 };
    let furthest = |from: f64, scale: f64| after.iter().map(|x| (x - from).abs() / or_one(scale)).fold(0.0, f64::max);
    match floor {
        Floor::Sigma => furthest(mean, deviation),
        Floor::Baro => {
            let mut sorted = before.to_vec();
            sorted.sort_by(f64::total_cmp);
            let at = |p: f64| sorted[((sorted.len() - 1) as f64 * p).round() as usize];
            furthest(at(0.5), at(0.75) - at(0.25))
        }
        Floor::Seed => {
            let is_high = after.iter().any(|x| *x > mean + 3.0 * deviation);
            let is_rising = after.windows(3).any(|three| three[0] < three[1] && three[1] < three[2]);
            f64::from(u8::from(is_high || is_rising))
        }
    }
}
