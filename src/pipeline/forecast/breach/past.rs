//! What one series did before: its newest values, and situations it was in together with how far it then went.
//!
//! A *situation* is where the series stood (level, two recent changes, drop from its recent high). Once the horizon is over, it
//! is remembered with the highest value reached, and votes on new situations that are like it: no distribution is assumed,
//! steps, saw-teeth and spikes speak for themselves. Bounds: [`SITUATIONS`] situations of 20 bytes, one horizon of values.

use super::Target;
use crate::math;
use std::collections::VecDeque;

/// Situations remembered: with eight a horizon, 32 horizons. Half as many cost 0.01 of average precision, twice as many gain
/// nothing.
const SITUATIONS: usize = 256;
/// Situations taken a horizon: neighbours say the same again.
pub(super) const PER_HORIZON: usize = 8;
/// Kernel widths of level, short change, long change and drop, in units of the threshold, on a series that usually rises by
/// [`USUAL`] within the horizon; they widen with how restless a series is.
const WIDTHS: [f64; 4] = [0.03, 0.02, 0.04, 0.03];
const USUAL: f64 = 0.05;
/// What is always added to the usual rise: no real metric is read more exactly than this.
const USUAL_MIN: f64 = 0.01;
/// Squared distance beyond which a situation is not like this one at all (its weight would be below 1 %).
const FAR: f64 = 9.0;
/// Weight of the level when situations are compared by course rather than by level.
const LEVEL_SHARE: f64 = 0.25;
/// Points a slope is read from at most.
const SLOPE_POINTS: usize = 32;
/// Situations after which the usual rise and the share above follow as slowly as they ever will.
const SLOW: f64 = 50.0;
/// Imagined situations with the base rate behind each vote, so that few memories do not shout.
const PRIOR: [f64; 3] = [4.0, 2.0, 1.0];

/// Where a series stands: level, change over an eighth and half of the horizon, drop from the high of one horizon.
pub(super) type Stand = [f32; 4];

#[derive(Clone, Copy, Debug)]
struct Situation {
    stand: Stand,
    /// Highest value within the horizon after it.
    high: f32,
}

/// Shares of like situations after which the threshold was reached.
#[derive(Clone, Copy, Debug)]
pub(super) struct Votes {
    /// Of all situations: those after which it rose by what is missing now.
    pub any: f64,
    /// Of those at this level: those that then reached the threshold.
    pub level: f64,
    /// Of those on this course: those that rose by what is missing now.
    pub course: f64,
}

/// A series' own past, in units of the threshold (see [`Target::scaled`]).
#[derive(Clone, Debug)]
pub(super) struct Past {
    horizon: usize,
    values: VecDeque<f32>,
    /// Falling candidates for the high of one horizon, with the sample's number.
    highs: VecDeque<(usize, f32)>,
    situations: Vec<Situation>,
    next: usize,
    remembered: f64,
    seen: usize,
    /// Usual rise within a horizon, at least zero.
    usual_rise: f64,
    /// Share of recent samples at or above the threshold.
    above: f64,
    /// Mean change from sample to sample of late.
    restlessness: f64,
}

impl Past {
    pub fn new(target: Target) -> Self {
        let horizon = target.horizon;
        Self {
            horizon,
            values: VecDeque::with_capacity(horizon + 1),
            highs: VecDeque::with_capacity(horizon + 1),
            situations: Vec::with_capacity(SITUATIONS),
            next: 0,
            remembered: 0.0,
            seen: 0,
            usual_rise: 0.0,
            above: 0.0,
            restlessness: 0.0,
        }
    }
    /// Takes in a scaled value: 1 is the threshold for positive thresholds.
    pub fn push(&mut self, value: f64, is_above: bool) {
        if let Some(before) = self.values.back() {
            let share = 1.0 / (self.seen as f64).min(self.horizon as f64 / 2.0).max(1.0);
            self.restlessness += share * ((value - f64::from(*before)).abs() - self.restlessness);
        }
        self.seen += 1;
        let share = 1.0 / (self.seen as f64).min(SLOW * self.horizon as f64 / PER_HORIZON as f64 * 2.0);
        self.above += share * (f64::from(u8::from(is_above)) - self.above);
        if self.values.len() > self.horizon {
            self.values.pop_front();
        }
        self.values.push_back(value as f32);
        while self.highs.back().is_some_and(|(_, high)| *high <= value as f32) {
            self.highs.pop_back();
        }
        self.highs.push_back((self.seen, value as f32));
        while self.highs.front().is_some_and(|(at, _)| at + self.horizon <= self.seen) {
            self.highs.pop_front();
        }
    }
    /// Remembers a situation whose horizon is over.
    pub fn remember(&mut self, stand: Stand, high: f32) {
        self.remembered += 1.0;
        let rise = f64::from(high - stand[0]).max(0.0);
        self.usual_rise += (rise - self.usual_rise) / self.remembered.min(SLOW);
        let situation = Situation { stand, high };
        if self.situations.len() < SITUATIONS {
            self.situations.push(situation);
        } else {
            self.situations[self.next] = situation;
            self.next = (self.next + 1) % SITUATIONS;
        }
    }
    /// The newest value; zero before the first.
    pub fn level(&self) -> f64 {
        self.values.back().map_or(0.0, |v| f64::from(*v))
    }
    /// Highest of the newest horizon.
    pub fn high(&self) -> f64 {
        self.highs.front().map_or(0.0, |(_, high)| f64::from(*high))
    }
    pub const fn usual_rise(&self) -> f64 {
        self.usual_rise
    }
    pub const fn above(&self) -> f64 {
        self.above
    }
    pub const fn restlessness(&self) -> f64 {
        self.restlessness
    }
    /// Where it stands now.
    pub fn stand(&self) -> Stand {
        let level = self.level();
        let change = |back: usize| level - self.back(back.max(1));
        let values = [level, change(self.horizon / 8), change(self.horizon / 2), self.high() - level];
        values.map(|v| v as f32)
    }
    fn back(&self, samples: usize) -> f64 {
        let newest = self.values.len().saturating_sub(1);
        self.values.get(newest.saturating_sub(samples)).map_or(0.0, |v| f64::from(*v))
    }
    /// Least-squares slope over the newest `window` samples, per sample; zero with fewer than four.
    pub fn slope(&self, window: usize) -> f64 {
        let held = window.min(self.values.len());
        if held < 4 {
            return 0.0;
        }
        let every = held.div_ceil(SLOPE_POINTS);
        let points = held.div_ceil(every);
        let middle = (points - 1) as f64 / 2.0;
        let sum: f64 = (0..points).map(|i| (middle - i as f64) * self.back(i * every)).sum();
        let spread: f64 = (0..points).map(|i| (middle - i as f64) * (middle - i as f64)).sum();
        sum / spread / every as f64
    }
    /// What like situations say, with `gap` missing to the threshold at `goal`, and `base` where nothing is remembered.
    pub fn votes(&self, goal: f64, base: f64) -> Votes {
        let now = self.stand().map(f64::from);
        let gap = goal - now[0];
        let wider = (self.usual_rise + USUAL_MIN) / USUAL;
        let (mut any, mut level, mut course) = ((0.0, 0.0), (0.0, 0.0), (0.0, 0.0));
        for Situation { stand, high } in &self.situations {
            let high = f64::from(*high);
            let rose = f64::from(u8::from(high - f64::from(stand[0]) >= gap));
            any = (any.0 + rose, any.1 + 1.0);
            let mut distances = [0.0; 4];
            for (i, distance) in distances.iter_mut().enumerate() {
                let z = (f64::from(stand[i]) - now[i]) / (WIDTHS[i] * wider);
                *distance = z * z;
            }
            if f64::from(stand[0]) < goal && distances[0] < FAR {
                let weight = math::exp(-0.5 * distances[0]);
                level = (level.0 + weight * f64::from(u8::from(high >= goal)), level.1 + weight);
            }
            let far = LEVEL_SHARE * distances[0] + distances[1] + distances[2] + distances[3];
            if far < FAR {
                let weight = math::exp(-0.5 * far);
                course = (course.0 + weight * rose, course.1 + weight);
            }
        }
        let share = |(hits, all): (f64, f64), prior: f64, base: f64| (hits + prior * base) / (all + prior);
        let any = share(any, PRIOR[0], base);
        Votes { any, level: share(level, PRIOR[1], base), course: share(course, PRIOR[2], any) }
    }
}
