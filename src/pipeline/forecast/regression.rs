//! A sample as a weighted sum of samples some lags ago: recursive least squares with slow forgetting.
//!
//! The look ahead feeds its own forecasts back in. Values are centred and scaled by what the first periods showed, so that the
//! ridge means the same on every series, and forecasts stay within a tenth of the range seen beyond it: an autoregression that
//! is a little unstable would else explode. Bounds: at most [`LAGS_MAX`] lags; O(lags squared) a sample.

use super::history::{History, Space};

/// Lags of one regression; with the constant, a matrix of 12 x 12.
pub(super) const LAGS_MAX: usize = 11;
const SIZE: usize = LAGS_MAX + 1;
/// What remains of a sample's weight one sample later: a memory of 1,000 samples, six weeks of hours.
const FORGETTING: f64 = 0.999;
/// Weight of the first guess, in samples.
const RIDGE: f64 = 1.0;
/// The constant's regressor: smaller than the scaled samples, so that the ridge prefers lags to a constant.
const CONSTANT: f64 = 0.3;
/// Share of the range seen by which forecasts may leave it.
const BEYOND: f64 = 0.1;

/// One lag in samples and the first guess of its weight.
pub(super) type Lag = (usize, f64);

/// A regression on the past of the series itself.
#[derive(Clone, Debug)]
pub(super) struct Regression {
    space: Space,
    lags: Vec<usize>,
    warm_up: usize,
    weights: [f64; SIZE],
    precision: [[f64; SIZE]; SIZE],
    centre: f64,
    scale: f64,
    range: (f64, f64),
    is_ready: bool,
}

impl Regression {
    /// A regression on `lags` (the first [`LAGS_MAX`] of them) that starts after `warm_up` samples, all of which the history
    /// holds.
    pub fn new(space: Space, lags: &[Lag], warm_up: usize) -> Self {
        let lags = &lags[..lags.len().min(LAGS_MAX)];
        let longest = lags.iter().map(|lag| lag.0).max().unwrap_or(0);
        let mut weights = [0.0; SIZE];
        weights.iter_mut().skip(1).zip(lags).for_each(|(weight, lag)| *weight = lag.1);
        let mut precision = [[0.0; SIZE]; SIZE];
        precision.iter_mut().enumerate().for_each(|(i, row)| row[i] = 1.0 / RIDGE);
        Self {
            space,
            lags: lags.iter().map(|lag| lag.0.max(1)).collect(),
            warm_up: warm_up.max(longest + 1),
            weights,
            precision,
            centre: 0.0,
            scale: 1.0,
            range: (f64::MAX, f64::MIN),
            is_ready: false,
        }
    }
    /// Whether it can forecast.
    pub const fn is_ready(&self) -> bool {
        self.is_ready
    }
    /// Takes in the newest sample of `history`.
    pub fn learn(&mut self, history: &History) {
        let seen = history.seen();
        if self.is_ready {
            self.step(history, seen - 1);
        } else if seen == self.warm_up {
            self.start(history);
        }
    }
    /// Centre and scale from all that is held, and then learns it.
    fn start(&mut self, history: &History) {
        let (centre, sd) = history.spread(self.space);
        self.centre = centre;
        self.scale = if sd > 1e-9 * centre.abs() && sd > 0.0 { sd } else { 1.0 };
        self.is_ready = true;
        let longest = self.lags.iter().copied().max().unwrap_or(0);
        for t in history.oldest()..history.seen() {
            self.widen(self.scaled(history, t));
            if t >= history.oldest() + longest {
                self.step(history, t);
            }
        }
    }
    fn widen(&mut self, value: f64) {
        self.range = (self.range.0.min(value), self.range.1.max(value));
    }
    fn scaled(&self, history: &History, t: usize) -> f64 {
        (history.at(self.space, t) - self.centre) / self.scale
    }
    fn step(&mut self, history: &History, t: usize) {
        let value = self.scaled(history, t);
        self.widen(value);
        let mut regressors = [0.0; SIZE];
        regressors[0] = CONSTANT;
        for (slot, lag) in regressors[1..].iter_mut().zip(&self.lags) {
            *slot = self.scaled(history, t - lag);
        }
        self.update(&regressors, value);
    }
    /// One step of recursive least squares.
    fn update(&mut self, regressors: &[f64; SIZE], value: f64) {
        let size = self.lags.len() + 1;
        let error = value - dot(&self.weights, regressors, size);
        let mut gain = [0.0; SIZE];
        for (slot, row) in gain.iter_mut().zip(&self.precision).take(size) {
            *slot = dot(row, regressors, size);
        }
        let spread = FORGETTING + dot(&gain, regressors, size);
        for i in 0..size {
            self.weights[i] += gain[i] / spread * error;
            for j in 0..size {
                self.precision[i][j] = (self.precision[i][j] - gain[i] * gain[j] / spread) / FORGETTING;
            }
        }
    }
    /// The samples after the newest, in the measured unit.
    pub fn path(&self, history: &History, out: &mut [f64]) {
        let seen = history.seen();
        let room = BEYOND * (self.range.1 - self.range.0);
        let (low, high) = (self.range.0 - room, self.range.1 + room);
        for lead in 0..out.len() {
            let mut value = self.weights[0] * CONSTANT;
            for (weight, lag) in self.weights[1..].iter().zip(&self.lags) {
                let past = if *lag <= lead { out[lead - lag] } else { self.scaled(history, seen + lead - lag) };
                value += weight * past;
            }
            out[lead] = value.clamp(low, high);
        }
        out.iter_mut().for_each(|value| *value = self.space.undo(*value * self.scale + self.centre));
    }
}

fn dot(a: &[f64; SIZE], b: &[f64; SIZE], size: usize) -> f64 {
    a[..size].iter().zip(&b[..size]).map(|(x, y)| x * y).sum()
}
