//! Simple ways to foresee a breach, for comparison: what a better one has to beat.

use crate::math;
use std::collections::VecDeque;

/// Samples that slopes are read from.
const WINDOW: usize = 32;
/// Lag of the differences whose median is the robust slope.
const LAG: usize = 4;

/// What the rivals say of a series now: scores of which a higher one means sooner.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scores {
    /// The newest value.
    pub level: f64,
    /// Where a least-squares line over 32 samples is after the horizon.
    pub line: f64,
    /// A smoothed level and the median slope, extrapolated.
    pub robust: f64,
    /// Holt's level and trend with a normal distribution of their errors: a probability.
    pub holt: f64,
}

/// The names of [`Scores`], in order.
pub const NAMES: [&str; 4] = ["level", "least-squares line", "smoothed level + median slope", "Holt + normal distribution"];

/// One series as the rivals see it.
#[derive(Clone, Debug)]
pub struct Rivals {
    threshold: f64,
    horizon: f64,
    window: VecDeque<f64>,
    smooth: f64,
    holt: (f64, f64),
    variance: f64,
    is_first: bool,
}

impl Rivals {
    /// Nothing seen yet.
    pub fn new(threshold: f64, horizon: usize) -> Self {
        Self {
            threshold,
            horizon: horizon as f64,
            window: VecDeque::with_capacity(WINDOW),
            smooth: 0.0,
            holt: (0.0, 0.0),
            variance: 0.0,
            is_first: true,
        }
    }
    /// Takes in the next sample.
    pub fn push(&mut self, value: f64) {
        if self.is_first {
            (self.smooth, self.holt.0, self.is_first) = (value, value, false);
        }
        if self.window.len() == WINDOW {
            self.window.pop_front();
        }
        self.window.push_back(value);
        self.smooth += 0.3 * (value - self.smooth);
        let (level, trend) = self.holt;
        let error = value - level - trend;
        self.variance += 0.02 * (error * error - self.variance);
        let new = level + trend + 0.3 * error;
        self.holt = (new, trend + 0.05 * (new - level - trend));
    }
    /// What they say now.
    pub fn scores(&self) -> Scores {
        let newest = self.window.back().copied().unwrap_or(0.0);
        let (middle, slope) = self.line();
        let sd = (self.variance * self.horizon).sqrt().max(1e-9 * self.threshold.abs()).max(f64::MIN_POSITIVE);
        let expected = self.holt.0 + self.holt.1 * self.horizon;
        Scores {
            level: newest,
            line: middle + slope * (self.window.len() as f64 / 2.0 + self.horizon),
            robust: self.smooth + self.median_slope() * self.horizon,
            holt: math::normal_cdf((expected - self.threshold) / sd),
        }
    }
    fn line(&self) -> (f64, f64) {
        let n = self.window.len() as f64;
        let mean = self.window.iter().sum::<f64>() / n.max(1.0);
        let centre = (n - 1.0) / 2.0;
        let offsets = || self.window.iter().enumerate().map(|(i, v)| (i as f64 - centre, v));
        let spread: f64 = offsets().map(|(t, _)| t * t).sum();
        let sum: f64 = offsets().map(|(t, v)| t * (v - mean)).sum();
        (mean, if spread > 0.0 { sum / spread } else { 0.0 })
    }
    fn median_slope(&self) -> f64 {
        let pairs = self.window.iter().zip(self.window.iter().skip(LAG));
        let mut slopes: Vec<f64> = pairs.map(|(before, after)| (after - before) / LAG as f64).collect();
        slopes.sort_by(f64::total_cmp);
        slopes.get(slopes.len() / 2).copied().unwrap_or(0.0)
    }
}

impl Scores {
    /// In the order of [`NAMES`].
    pub const fn all(self) -> [f64; 4] {
        [self.level, self.line, self.robust, self.holt]
    }
}
