//! A robust line through the last half minute of a series.
//!
//! Theil and Sen: the median of the slopes of all pairs, which a step or a few wild samples do not turn. It counts as a trend
//! only if its slope is three standard errors from zero and the newest third of the window still goes that way; otherwise
//! the line is level. So neither noise nor a step that is over reads as a coming breach (three rising points do, on half of
//! all noise). Bounds: at most [`POINTS_MAX`] points, so 120 slopes. Times in seconds relative to now.

use crate::telemetry::Metric;

/// Points after averaging neighbours.
pub const POINTS_MAX: usize = 16;
/// Standard errors of the slope from zero that make a trend.
const TREND_Z: f64 = 3.0;
/// Share of the whole window's slope that the newest third must have.
const MOMENTUM: f64 = 0.5;

/// A fitted line: level now and change per second, with their standard errors and the scatter around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub level: f64,
    pub slope: f64,
    pub level_se: f64,
    pub slope_se: f64,
    pub scatter: f64,
}

/// Averages neighbours until few enough points are left.
pub(super) fn thin(samples: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let block = samples.len().div_ceil(POINTS_MAX).max(1);
    samples
        .rchunks(block)
        .rev()
        .map(|chunk| {
            let n = chunk.len() as f64;
            (chunk.iter().map(|(t, _)| t).sum::<f64>() / n, chunk.iter().map(|(_, v)| v).sum::<f64>() / n)
        })
        .collect()
}

/// How many points one metric window spans: overlapping windows are not independent, so errors are wider.
pub(super) fn overlap(metric: Metric, spacing_s: f64) -> f64 {
    let window_s = if metric == Metric::MemoryUtilisation { 1.0 } else { Metric::WINDOW_S as f64 };
    (window_s / spacing_s).max(1.0)
}

pub(super) fn fit(points: &[(f64, f64)], overlap: f64, scatter_min: f64) -> Line {
    let line = line_of(points, slope(points), overlap, scatter_min);
    let recent = &points[points.len() - (points.len() / 3).max(3)..];
    let momentum = slope(recent);
    let is_trend = line.slope.abs() >= TREND_Z * line.slope_se && momentum * line.slope.signum() >= MOMENTUM * line.slope.abs();
    if is_trend { line } else { Line { slope_se: 0.0, ..line_of(points, 0.0, overlap, scatter_min) } }
}

fn line_of(points: &[(f64, f64)], slope: f64, overlap: f64, scatter_min: f64) -> Line {
    let n = points.len() as f64;
    let level = median(points.iter().map(|(t, v)| v - slope * t).collect());
    let squares: f64 = points.iter().map(|(t, v)| square(v - level - slope * t)).sum();
    let scatter = (squares / (n - 2.0)).sqrt().max(scatter_min);
    let mean_t = points.iter().map(|(t, _)| t).sum::<f64>() / n;
    let spread = points.iter().map(|(t, _)| square(t - mean_t)).sum::<f64>();
    let slope_se = scatter * (overlap / spread).sqrt();
    let lever = if slope == 0.0 { 0.0 } else { square(mean_t) / spread };
    let level_se = scatter * (overlap * (1.0 / n + lever)).sqrt();
    Line { level, slope, level_se, slope_se, scatter }
}

/// The median slope of all pairs, per second.
pub(super) fn slope(points: &[(f64, f64)]) -> f64 {
    let mut slopes = Vec::with_capacity(points.len() * points.len() / 2);
    for (i, (t0, v0)) in points.iter().enumerate() {
        slopes.extend(points[i + 1..].iter().filter(|(t1, _)| t1 > t0).map(|(t1, v1)| (v1 - v0) / (t1 - t0)));
    }
    median(slopes)
}

pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match (values.len(), values.len() / 2) {
        (0, _) => 0.0,
        (n, half) if n % 2 == 1 => values[half],
        (_, half) => (values[half - 1] + values[half]) / 2.0,
    }
}

pub(super) fn square(x: f64) -> f64 {
    x * x
}
