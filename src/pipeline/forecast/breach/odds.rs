//! From signs to a probability and a time, learned from what then happened on all series together.
//!
//! An additive model: each sign has a curve of [`KNOTS`] values with straight lines between them, the curves' sum is the log odds
//! (and, in three more models, a quantile of the logarithm of the time it takes). Each decision whose outcome is known moves
//! the curves it used a little (AdaGrad: Duchi, Hazan, Singer, JMLR 2011), by the logarithmic loss or the pinball loss. So the
//! probabilities are calibrated by construction as long as the world goes on as it did, and each has its reasons: the
//! contributions of the signs. Bound: 4 x 91 numbers, twice, whatever the number of series.

use super::signs::{FIRST_WEIGHTS, NAMES, RANGES, SIGNS, Signs, TREND};
use crate::math;

/// Values of a curve.
const KNOTS: usize = 9;
const WEIGHTS: usize = SIGNS * KNOTS + 1;
/// Step of learning; chosen on made-up pods, where half of it and thrice of it do about as well.
const STEP: f64 = 0.02;
/// Step of learning times. Small, because each breach teaches in a burst, from its earliest decision to its last: a larger step
/// would remember the last ones best and expect too little time (with 0.1 the medians are 40 % quantiles, with this 48 %).
const STEP_TIME: f64 = 0.02;
/// The quantiles of the time it takes: a 90 % interval and its middle.
const QUANTILES: [f64; 3] = [0.05, 0.5, 0.95];
/// Logarithms by which the first guess of the outer quantiles differs from the middle.
const FIRST_SPREAD: f64 = 1.0;
/// Imagined decisions behind the base rate: one in fifty came so.
const BASE_PRIOR: (f64, f64) = (1.0, 50.0);

/// The curves and how far each has been moved.
#[derive(Clone, Debug)]
struct Curves {
    weights: [f64; WEIGHTS],
    squares: [f64; WEIGHTS],
}

/// Where signs lie on their curves: the lower knot's weight number and the share of the next one.
#[derive(Clone, Copy, Debug)]
struct Place {
    knot: usize,
    share: f64,
}

/// What all series together taught.
#[derive(Clone, Debug)]
pub struct Odds {
    reach: Curves,
    times: [Curves; 3],
    hits: f64,
    decisions: f64,
}

impl Odds {
    /// Nothing learned yet, for look-aheads of `horizon` samples.
    pub fn new(horizon: usize) -> Self {
        let mut reach = Curves::flat();
        for (sign, weight) in FIRST_WEIGHTS.iter().enumerate() {
            reach.draw(sign, |x| weight * x);
        }
        let horizon = horizon.max(1) as f64;
        let times = [-1.0, 0.0, 1.0].map(|side| {
            let mut curves = Curves::flat();
            // At this trend, in ways to go per horizon, the rest takes so many samples.
            curves.draw(TREND, |trend| math::ln((horizon / trend.max(0.5)).max(1.0)) + side * FIRST_SPREAD);
            curves
        });
        Self { reach, times, hits: BASE_PRIOR.0, decisions: BASE_PRIOR.1 }
    }
    /// How often it came so, of all decisions learned from.
    pub fn base(&self) -> f64 {
        self.hits / self.decisions
    }
    pub(super) fn probability(&self, signs: &Signs) -> f64 {
        logistic(self.reach.sum(&places(signs)))
    }
    /// Quantiles of the time it takes, in samples, if it comes.
    pub(super) fn time(&self, signs: &Signs) -> [f64; 3] {
        let places = places(signs);
        let [low, median, high] = [0, 1, 2].map(|i| math::exp(self.times[i].sum(&places).clamp(0.0, 20.0)));
        [low.min(median), median, high.max(median)]
    }
    /// What each sign adds to the log odds, with its name.
    pub(super) fn reasons(&self, signs: &Signs) -> [(&'static str, f64); SIGNS] {
        let places = places(signs);
        std::array::from_fn(|i| (NAMES[i], self.reach.at(places[i])))
    }
    pub(super) fn learn(&mut self, signs: &Signs, came: bool) {
        let places = places(signs);
        let came = f64::from(u8::from(came));
        self.hits += came;
        self.decisions += 1.0;
        let slope = logistic(self.reach.sum(&places)) - came;
        self.reach.step(&places, slope, STEP);
    }
    pub(super) fn learn_time(&mut self, signs: &Signs, samples: usize) {
        let places = places(signs);
        let actual = math::ln(samples.max(1) as f64);
        for (curves, quantile) in self.times.iter_mut().zip(QUANTILES) {
            let is_late = actual > curves.sum(&places);
            let slope = if is_late { -quantile } else { 1.0 - quantile };
            curves.step(&places, slope, STEP_TIME);
        }
    }
}

impl Curves {
    const fn flat() -> Self {
        Self { weights: [0.0; WEIGHTS], squares: [1.0; WEIGHTS] }
    }
    /// Sets one sign's curve.
    fn draw(&mut self, sign: usize, curve: impl Fn(f64) -> f64) {
        let (low, high) = RANGES[sign];
        for knot in 0..KNOTS {
            self.weights[sign * KNOTS + knot] = curve(low + (high - low) * knot as f64 / (KNOTS - 1) as f64);
        }
    }
    fn at(&self, place: Place) -> f64 {
        self.weights[place.knot] * (1.0 - place.share) + self.weights[place.knot + 1] * place.share
    }
    fn sum(&self, places: &[Place; SIGNS]) -> f64 {
        self.weights[WEIGHTS - 1] + places.iter().map(|place| self.at(*place)).sum::<f64>()
    }
    fn step(&mut self, places: &[Place; SIGNS], slope: f64, step: f64) {
        self.move_one(WEIGHTS - 1, slope, step);
        for place in places {
            self.move_one(place.knot, slope * (1.0 - place.share), step);
            self.move_one(place.knot + 1, slope * place.share, step);
        }
    }
    fn move_one(&mut self, weight: usize, slope: f64, step: f64) {
        self.squares[weight] += slope * slope;
        self.weights[weight] -= step * slope / self.squares[weight].sqrt();
    }
}

fn places(signs: &Signs) -> [Place; SIGNS] {
    std::array::from_fn(|sign| {
        let (low, high) = RANGES[sign];
        let along = ((f64::from(signs[sign]) - low) / (high - low)).clamp(0.0, 1.0) * (KNOTS - 1) as f64;
        let knot = (along as usize).min(KNOTS - 2);
        Place { knot: sign * KNOTS + knot, share: along - knot as f64 }
    })
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + math::exp(-x))
}
