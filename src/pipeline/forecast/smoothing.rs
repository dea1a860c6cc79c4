//! Level, damped trend and up to two phase profiles by exponential smoothing (Holt-Winters; two profiles and the
//! autocorrelated error after Taylor, "Short-term electricity demand forecasting using double seasonal exponential
//! smoothing", 2003).
//!
//! Errors are winsorised at [`WINSOR`] mean absolute errors, so that one wild sample does not bend a profile. Bounds: one
//! number a phase; O(1) a sample.

use super::history::{History, Space};

/// Mean absolute errors beyond which an error counts no more: 3.2 standard deviations of normal noise.
const WINSOR: f64 = 4.0;
/// Share of a new error in the mean absolute error: a memory of 50 samples.
const SCALE_WEIGHT: f64 = 0.02;
/// Share of the first period's deviation put into the long profile: half of it is noise.
const FIRST_SHARE: f64 = 0.5;

/// How quickly each part follows, as shares of a new error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    /// Level.
    pub level: f64,
    /// Trend, as a share of the level's move.
    pub trend: f64,
    /// What of the trend is left after each sample.
    pub damping: f64,
    /// Phase profiles, the short and the long one.
    pub profile: [f64; 2],
    /// Autocorrelation of the errors that are not yet learned.
    pub echo: f64,
}

/// One smoothed model of a series.
#[derive(Clone, Debug)]
pub(super) struct Smoothing {
    space: Space,
    periods: [usize; 2],
    rates: Rates,
    level: f64,
    trend: f64,
    profiles: [Vec<f64>; 2],
    error: f64,
    scale: f64,
    is_ready: bool,
}

impl Smoothing {
    /// A model with these periods in samples (1: no profile).
    pub fn new(space: Space, periods: [usize; 2], rates: Rates) -> Self {
        let profiles = periods.map(|period| vec![0.0; period.max(1)]);
        let periods = periods.map(|period| period.max(1));
        Self { space, periods, rates, level: 0.0, trend: 0.0, profiles, error: 0.0, scale: 0.0, is_ready: false }
    }
    /// Samples that must have been seen before it starts.
    pub fn warm_up(&self) -> usize {
        match self.periods {
            [1, 1] => 2,
            [period, 1] => 2 * period,
            [_, long] => long,
        }
    }
    /// Takes in the newest sample of `history`.
    pub fn learn(&mut self, history: &History) {
        let seen = history.seen();
        if self.is_ready {
            self.step(seen - 1, history.at(self.space, seen - 1), true);
        } else if seen == self.warm_up() {
            self.start(history);
        }
    }
    /// Whether it can forecast.
    pub const fn is_ready(&self) -> bool {
        self.is_ready
    }
    /// First guesses from the first periods, which are then learned as if they came again.
    fn start(&mut self, history: &History) {
        let n = history.seen();
        let samples = || (0..n).map(|t| history.at(self.space, t));
        let level = samples().sum::<f64>() / n as f64;
        let [short, long] = self.periods;
        let mut profile = vec![0.0; short];
        if short > 1 {
            samples().enumerate().for_each(|(t, v)| profile[t % short] += (v - level) * short as f64 / n as f64);
        }
        if long > 1 {
            let rest = samples().enumerate().map(|(t, v)| FIRST_SHARE * (v - level - profile[t % short]));
            self.profiles[1] = rest.collect();
        }
        self.profiles[0] = profile;
        self.level = level;
        self.is_ready = true;
        for t in 0..n {
            self.step(t, history.at(self.space, t), false);
        }
    }
    fn step(&mut self, t: usize, value: f64, is_winsorised: bool) {
        let Rates { level, trend, damping, profile, echo } = self.rates;
        let expected = self.level + damping * self.trend + self.season(t);
        let limit = WINSOR * self.scale;
        let error = value - expected;
        let error = if is_winsorised && limit > 0.0 { error.clamp(-limit, limit) } else { error };
        self.scale = if self.scale == 0.0 { error.abs() } else { self.scale + SCALE_WEIGHT * (error.abs() - self.scale) };
        let news = error - echo * self.error;
        self.level += damping * self.trend + level * news;
        self.trend = damping * self.trend + level * trend * news;
        for ((values, period), rate) in self.profiles.iter_mut().zip(self.periods).zip(profile) {
            if period > 1 {
                values[t % period] += rate * news;
            }
        }
        self.error = error;
    }
    fn season(&self, t: usize) -> f64 {
        self.profiles.iter().zip(self.periods).map(|(values, period)| values[t % period]).sum()
    }
    /// The samples after the newest, in the measured unit.
    pub fn path(&self, history: &History, out: &mut [f64]) {
        let (mut drift, mut damping, mut echo) = (0.0, self.rates.damping, self.rates.echo * self.error);
        for (lead, value) in out.iter_mut().enumerate() {
            drift += damping * self.trend;
            damping *= self.rates.damping;
            *value = self.space.undo(self.level + drift + self.season(history.seen() + lead) + echo);
            echo *= self.rates.echo;
        }
    }
}
