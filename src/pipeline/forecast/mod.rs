//! Forecasting one series: where it goes, how sure that is ([`Forecaster`]), and whether and when it reaches a threshold
//! ([`breach`]).
//!
//! A bank of experts (the day before again, level with damped trend and phase profiles, regressions on the past, each as measured
//! and as logarithms) forecasts together, weighted by how each did of late over the whole look ahead. Why a bank: no single way
//! is best on all series, and the average of the good ones beats the best one. Why weights by whole look-aheads, not by the next
//! sample: what follows the next sample well is often wild a day later.
//!
//! Streaming: O(experts) a sample and a look ahead every quarter of the horizon. Bounds: four of the longest periods of samples,
//! the looks that wait, 96 errors an octave of leads. Time is counted in samples.

mod bank;
pub mod breach;
mod expert;
mod history;
mod period;
mod regression;
mod residuals;
mod smoothing;

use bank::Bank;
use history::{History, Space};

/// What is known of a series beforehand. Periods are in samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Season {
    /// It has no period.
    None,
    /// To be found out: no period until the samples show one.
    Find,
    /// One period, at least two.
    One(usize),
    /// A short one and a long one, its multiple: days and weeks.
    Two(usize, usize),
}

/// Samples held where the period is to be found out; the longest found is a quarter of it.
const FIND_CAPACITY: usize = 1_024;
/// Samples before a period is looked for first; then at each doubling, up to the capacity.
const FIND_FIRST: usize = 64;
/// Longest look ahead, in samples: what a look holds per expert.
pub const HORIZON_MAX: usize = 1_024;

/// A series and how it may go on.
#[derive(Clone, Debug)]
pub struct Forecaster {
    season: Season,
    horizon: usize,
    history: History,
    bank: Bank,
    period: Option<usize>,
}

impl Forecaster {
    /// Nothing seen yet; judged on `horizon` samples ahead (1..=[`HORIZON_MAX`]).
    pub fn new(season: Season, horizon: usize) -> Self {
        let horizon = horizon.clamp(1, HORIZON_MAX);
        let (experts, capacity, period) = match season {
            Season::None => (expert::plain(), expert::PLAIN_WARM_UP + 1, None),
            Season::Find => (expert::plain(), FIND_CAPACITY, None),
            Season::One(period) => {
                let period = period.max(2);
                (expert::seasonal(period), held(period), Some(period))
            }
            Season::Two(short, long) => {
                let (short, long) = (short.max(2), long.max(2 * short.max(2)));
                (expert::doubly_seasonal(short, long), held(long), Some(short))
            }
        };
        Self { season, horizon, history: History::new(capacity), bank: Bank::new(experts, horizon), period }
    }
    /// Takes in the next sample; one that is not finite is left out.
    pub fn push(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.history.push(value);
        self.bank.learn(&self.history);
        if self.season == Season::Find {
            self.find();
        }
    }
    /// The period it goes by, in samples: given or found (the short one of two).
    pub const fn period(&self) -> Option<usize> {
        self.period
    }
    /// Writes what is expected of the next samples, at most the horizon; zeros before the first sample.
    pub fn path(&mut self, out: &mut [f64]) {
        let n = out.len().min(self.horizon);
        self.bank.path(&self.history, &mut out[..n]);
    }
    /// Where a share of outcomes around `expected` lay so far, `lead` samples (from 0) ahead; `None` before enough is known.
    pub fn interval(&self, lead: usize, expected: f64, share: f64) -> Option<(f64, f64)> {
        let errors = self.bank.residuals();
        let tail = (1.0 - share.clamp(0.0, 1.0)) / 2.0;
        Some((expected + errors.quantile(lead, tail)?, expected + errors.quantile(lead, 1.0 - tail)?))
    }
    /// Looks for a period at each doubling of the samples; a new one gets a bank of its own, taught with what is held.
    fn find(&mut self) {
        let seen = self.history.seen();
        if !(FIND_FIRST..=FIND_CAPACITY).contains(&seen) || !seen.is_power_of_two() {
            return;
        }
        let held: Vec<f64> = (self.history.oldest()..seen).map(|i| self.history.at(Space::Plain, i)).collect();
        let found = period::find(&held);
        if found.is_none() || found == self.period {
            return;
        }
        self.period = found;
        let period = found.unwrap_or(2);
        self.history = History::new(FIND_CAPACITY);
        self.bank = Bank::new(expert::seasonal(period), self.horizon);
        for value in held {
            self.history.push(value);
            self.bank.learn(&self.history);
        }
    }
}

/// Samples held for a longest period: what an average over periods and lags of two of them need.
const fn held(period: usize) -> usize {
    period * expert::PERIODS_AVERAGED + 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math;

    fn wave(t: usize, period: usize) -> f64 {
        math::sin(std::f64::consts::TAU * (t % period) as f64 / period as f64)
    }

    fn ahead(values: impl Iterator<Item = f64>, season: Season, horizon: usize) -> (Forecaster, Vec<f64>) {
        let mut forecaster = Forecaster::new(season, horizon);
        values.for_each(|v| forecaster.push(v));
        let mut path = vec![0.0; horizon];
        forecaster.path(&mut path);
        (forecaster, path)
    }

    #[test]
    fn a_constant_goes_on_and_its_interval_is_a_point() {
        let (forecaster, path) = ahead(std::iter::repeat_n(5.0, 100), Season::None, 10);
        assert!(path.iter().all(|v| (v - 5.0).abs() < 1e-6), "{path:?}");
        let (low, high) = forecaster.interval(9, 5.0, 0.9).expect("enough seen");
        assert!((low - 5.0).abs() < 1e-6 && (high - 5.0).abs() < 1e-6);
    }

    #[test]
    fn a_wave_goes_on_whether_its_period_is_given_or_found() {
        for season in [Season::One(20), Season::Find] {
            let (forecaster, path) = ahead((0..300).map(|t| 10.0 + wave(t, 20)), season, 20);
            assert_eq!(forecaster.period(), Some(20));
            for (lead, value) in path.iter().enumerate() {
                let truth = 10.0 + wave(300 + lead, 20);
                assert!((value - truth).abs() < 0.1, "{season:?} lead {lead}: {value} for {truth}");
            }
        }
    }

    #[test]
    fn a_ramp_goes_up_but_not_for_ever_at_its_pace() {
        let (_, path) = ahead((0..100).map(f64::from), Season::None, 10);
        assert!(path[9] > 102.0 && path[9] < 112.0, "{path:?}");
    }

    #[test]
    fn a_step_is_a_new_level_and_noise_is_none() {
        let (_, path) = ahead((0..200).map(|t| if t < 150 { 1.0 } else { 2.0 }), Season::None, 10);
        assert!(path.iter().all(|v| (v - 2.0).abs() < 0.1), "{path:?}");
        // A linear congruential generator (Knuth's MMIX constants): the pipeline has no randomness to borrow.
        let mut state = 1_u64;
        let mut noise = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            9.5 + (state >> 40) as f64 / f64::from(1 << 24)
        };
        let (forecaster, path) = ahead((0..400).map(|_| noise()), Season::Find, 10);
        assert!(path.iter().all(|v| (v - 10.0).abs() < 0.5), "{path:?}");
        let (low, high) = forecaster.interval(5, path[5], 0.9).expect("enough seen");
        assert!(high - low > 0.6 && high - low < 1.4, "{low}..{high}");
    }

    #[test]
    fn odd_samples_and_odd_settings_do_no_harm() {
        let odd = [f64::NAN, 0.0, f64::INFINITY, -1.0, 1e9, 1e-9];
        for season in [Season::None, Season::Find, Season::One(0), Season::Two(0, 1)] {
            let (_, path) = ahead((0..400).map(|t| odd[t % odd.len()]), season, 5);
            assert!(path.iter().all(|v| v.is_finite()), "{season:?}: {path:?}");
            let (_, path) = ahead([].into_iter(), season, 5);
            assert_eq!(path, [0.0; 5]);
        }
    }
}
