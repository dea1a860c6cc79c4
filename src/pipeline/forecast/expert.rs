//! The members of a bank: each a way to go on with a series, none of which is best for all.

use super::history::{History, Space};
use super::regression::{Lag, Regression};
use super::smoothing::{Rates, Smoothing};

/// Weight of one more period into the past, in an average over periods.
const FADING: f64 = 0.6;
/// Periods averaged.
pub(super) const PERIODS_AVERAGED: usize = 4;

/// One way to forecast.
#[derive(Clone, Debug)]
pub(super) enum Expert {
    /// What was one period ago (period 1: the newest sample).
    Again(usize),
    /// A fading average over the same phase of the newest periods.
    Average(usize),
    /// Level, damped trend, phase profiles.
    Smoothing(Box<Smoothing>, Space),
    /// A regression on its own past.
    Regression(Box<Regression>, Space),
}

impl Expert {
    /// Learns the newest sample.
    pub fn learn(&mut self, history: &History) {
        match self {
            Self::Again(_) | Self::Average(_) => {}
            Self::Smoothing(model, space) if history.serves(*space) => model.learn(history),
            Self::Regression(model, space) if history.serves(*space) => model.learn(history),
            Self::Smoothing(..) | Self::Regression(..) => {}
        }
    }
    /// Whether it has seen enough, and nothing that it cannot stand.
    pub fn is_ready(&self, history: &History) -> bool {
        match self {
            Self::Again(period) => history.seen() >= *period,
            Self::Average(period) => history.seen() >= 2 * period,
            Self::Smoothing(model, space) => model.is_ready() && history.serves(*space),
            Self::Regression(model, space) => model.is_ready() && history.serves(*space),
        }
    }
    /// Writes the samples after the newest.
    pub fn path(&self, history: &History, out: &mut [f64]) {
        match self {
            Self::Again(period) => {
                for (lead, value) in out.iter_mut().enumerate() {
                    *value = history.at(Space::Plain, history.seen() - period + lead % period);
                }
            }
            Self::Average(period) => {
                for (lead, value) in out.iter_mut().enumerate() {
                    *value = average(history, *period, lead);
                }
            }
            Self::Smoothing(model, _) => model.path(history, out),
            Self::Regression(model, _) => model.path(history, out),
        }
    }
}

fn average(history: &History, period: usize, lead: usize) -> f64 {
    let newest = history.seen() - period + lead % period;
    let (mut sum, mut weights, mut weight) = (0.0, 0.0, 1.0);
    for back in 0..PERIODS_AVERAGED {
        let Some(index) = newest.checked_sub(back * period).filter(|index| *index >= history.oldest()) else { break };
        sum += weight * history.at(Space::Plain, index);
        weights += weight;
        weight *= FADING;
    }
    sum / weights
}

/// The members for a series without a period.
pub(super) fn plain() -> Vec<Expert> {
    let trend = |level, trend| Rates { level, trend, damping: 0.95, profile: [0.0; 2], echo: 0.0 };
    let models = [trend(0.3, 0.1), trend(0.1, 0.3), trend(0.5, 0.3), trend(0.1, 0.0)];
    let smooth = models.map(|rates| Expert::Smoothing(Box::new(Smoothing::new(Space::Plain, [1, 1], rates)), Space::Plain));
    let regress = regression(Space::Plain, &[(1, 0.9), (2, 0.0), (3, 0.0)], PLAIN_WARM_UP);
    [Expert::Again(1)].into_iter().chain(smooth).chain([regress]).collect()
}

/// Samples before a regression without a period starts: three for each of its weights and some to scale by.
pub(super) const PLAIN_WARM_UP: usize = 16;

/// The members for a series with one period.
pub(super) fn seasonal(period: usize) -> Vec<Expert> {
    let mut experts = vec![Expert::Again(period), Expert::Average(period)];
    for (space, level, profile) in [(Space::Plain, 0.02, 0.4), (Space::Log, 0.05, 0.2)] {
        let rates = Rates { level, trend: 0.02, damping: 0.95, profile: [profile, 0.0], echo: 0.0 };
        experts.push(Expert::Smoothing(Box::new(Smoothing::new(space, [period, 1], rates)), space));
    }
    let near = [(1, 0.9), (2, 0.0), (period, 0.8), (period + 1, -0.72), (2 * period, 0.2), (2 * period + 1, -0.18)];
    experts.extend([Space::Plain, Space::Log].map(|space| regression(space, &near, 2 * period + 2)));
    experts
}

/// The members for a series with a short and a long period, the long one a multiple of the short one: days and weeks.
pub(super) fn doubly_seasonal(short: usize, long: usize) -> Vec<Expert> {
    let mut experts = vec![Expert::Again(short), Expert::Again(long), Expert::Average(long)];
    for (space, level, profile) in [(Space::Plain, 0.02, 0.4), (Space::Log, 0.05, 0.2)] {
        let rates = Rates { level, trend: 0.02, damping: 0.95, profile: [profile, 0.0], echo: 0.0 };
        experts.push(Expert::Smoothing(Box::new(Smoothing::new(space, [short, 1], rates)), space));
    }
    for (level, echo) in [(0.03, 0.8), (0.05, 0.0)] {
        let rates = Rates { level, trend: 0.0, damping: 0.9, profile: [0.1, 0.3], echo };
        experts.push(Expert::Smoothing(Box::new(Smoothing::new(Space::Log, [short, long], rates)), Space::Log));
    }
    for space in [Space::Plain, Space::Log] {
        experts.extend(regressions(short, long).map(|lags| regression(space, &lags, 2 * long + 1)));
    }
    experts
}

/// From near lags that carry the newest level on, to seasonal lags alone that no wild hour can bend.
fn regressions(short: usize, long: usize) -> [Vec<Lag>; 4] {
    let near = vec![(1, 0.9), (2, 0.0), (short, 0.3), (short + 1, -0.25), (long, 0.7), (long + 1, -0.65)];
    let wide = vec![
        (1, 0.8),
        (2, 0.0),
        (3, 0.0),
        (short - 1, 0.0),
        (short, 0.2),
        (short + 1, -0.2),
        (2 * short, 0.0),
        (long - 1, 0.0),
        (long, 0.6),
        (long + 1, -0.5),
        (2 * long, 0.1),
    ];
    let days = |first: usize| -> Vec<Lag> {
        let before = (first..=6).map(|days| (days * short, if days == first { 0.3 } else { 0.0 }));
        before.chain([(long, 0.5), (long + short, 0.0), (2 * long, 0.2)]).collect()
    };
    [near, wide, days(1), days(2)]
}

fn regression(space: Space, lags: &[Lag], warm_up: usize) -> Expert {
    Expert::Regression(Box::new(Regression::new(space, lags, warm_up)), space)
}
