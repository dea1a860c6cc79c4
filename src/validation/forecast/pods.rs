//! Made-up memory of pods, for breach forecasts: ours, not recorded. Each series is a pure function of seed and number.
//!
//! Six kinds, drawn with equal chance, each with its own levels, paces and noise per pod: *steady*; *cache* (what is loaded
//! stays until it is evicted: steps up and down near a ceiling); *collector* (a saw-tooth: garbage until it is collected); *leak*
//! (a ramp, faster or slower, until the kernel kills the pod); *burst* (spikes of heavy-tailed height for some samples); *daily*
//! (a wave that follows the load). All may restart. A sample each 56 s, as in a month of a serving cluster: 32 samples are half
//! an hour. Unit: share of the limit, 0..=1.

use crate::math;
use crate::rng::{self, Stream, label};

/// Seconds between samples.
pub const SPACING_S: f64 = 56.0;
/// Shortest and longest series, in samples: half a day to a day and a half.
const LENGTH: (f64, f64) = (700.0, 2_300.0);
/// Samples a day.
const DAY: f64 = 86_400.0 / SPACING_S;
/// Chance per sample that a pod restarts for no reason of its own: once in five days.
const RESTART: f64 = 1.0 / (5.0 * DAY);

/// What a pod's memory does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// About a level.
    Steady,
    /// Steps: loads and evictions.
    Cache,
    /// Saw-tooth.
    Collector,
    /// Ramp to a kill.
    Leak,
    /// Spikes.
    Burst,
    /// A wave a day.
    Daily,
}

impl Kind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 6] = [Self::Steady, Self::Cache, Self::Collector, Self::Leak, Self::Burst, Self::Daily];
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Cache => "cache",
            Self::Collector => "collector",
            Self::Leak => "leak",
            Self::Burst => "burst",
            Self::Daily => "daily",
        }
    }
}

/// Draws for one pod.
struct Dice(Stream);

impl Dice {
    fn within(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * rng::uniform(self.0.next_key())
    }
    /// Evenly spread in the logarithm.
    fn scale(&mut self, low: f64, high: f64) -> f64 {
        low * math::pow(high / low, rng::uniform(self.0.next_key()))
    }
    fn normal(&mut self) -> f64 {
        math::normal_quantile(rng::uniform(self.0.next_key()))
    }
    fn chance(&mut self, p: f64) -> bool {
        rng::chance(self.0.next_key(), p)
    }
    fn exponential(&mut self) -> f64 {
        rng::exponential(self.0.next_key())
    }
}

/// The kind of pod `number`.
pub fn kind(seed: u64, number: u64) -> Kind {
    Kind::ALL[rng::below(rng::fold(rng::fold(seed, number), label("kind")), Kind::ALL.len() as u32) as usize]
}

/// The samples of pod `number`.
pub fn pod(seed: u64, number: u64) -> Vec<f64> {
    let mut dice = Dice(Stream::new(rng::fold(seed, number), label("pod")));
    let length = dice.within(LENGTH.0, LENGTH.1) as usize;
    let noise = dice.scale(0.001, 0.02);
    let values = match kind(seed, number) {
        Kind::Steady => steady(&mut dice, length),
        Kind::Cache => cache(&mut dice, length),
        Kind::Collector => collector(&mut dice, length),
        Kind::Leak => leak(&mut dice, length),
        Kind::Burst => burst(&mut dice, length),
        Kind::Daily => daily(&mut dice, length),
    };
    let mut settled = 0.0;
    let mut warm = 1.0;
    let mut out = Vec::with_capacity(length);
    for value in values {
        // Half of the noise is slow (first-order, a memory of ten samples), half is measured anew each time.
        settled = 0.9 * settled + 0.3 * noise * dice.normal();
        warm = if dice.chance(RESTART) { 0.1 } else { warm + 0.2 * (1.0 - warm) };
        out.push((value * warm + settled + 0.5 * noise * dice.normal()).clamp(0.01, 1.0));
    }
    out
}

fn steady(dice: &mut Dice, length: usize) -> Vec<f64> {
    let mut level = dice.within(0.15, 0.8);
    let (every, step) = (dice.scale(200.0, 3_000.0), dice.scale(0.01, 0.15));
    let mut next = |_| {
        if dice.chance(1.0 / every) {
            level = (level + step * dice.normal()).clamp(0.1, 0.9);
        }
        level
    };
    (0..length).map(&mut next).collect()
}

/// Loads come at random; when the ceiling is near, the oldest go first, soon and not at once.
fn cache(dice: &mut Dice, length: usize) -> Vec<f64> {
    let (base, ceiling) = (dice.within(0.1, 0.5), dice.within(0.6, 0.98));
    let (every, size, keeps) = (dice.scale(10.0, 200.0), dice.scale(0.02, 0.2), dice.scale(50.0, 2_000.0));
    let mut loaded: Vec<f64> = Vec::new();
    let mut out = Vec::with_capacity(length);
    for _ in 0..length {
        if dice.chance(1.0 / every) {
            loaded.push(size * dice.within(0.3, 1.7));
        }
        let sum = loaded.iter().sum::<f64>() + base;
        if !loaded.is_empty() && (sum > ceiling && dice.chance(0.5) || dice.chance(1.0 / keeps)) {
            loaded.remove(0);
        }
        out.push(loaded.iter().sum::<f64>() + base);
    }
    out
}

fn collector(dice: &mut Dice, length: usize) -> Vec<f64> {
    let (floor, ceiling) = (dice.within(0.1, 0.5), dice.within(0.5, 0.97));
    let (pace, jitter, spread) = (dice.scale(0.002, 0.03), dice.scale(0.2, 1.5), dice.scale(0.005, 0.1));
    let (mut value, mut top) = (floor, ceiling);
    let mut out = Vec::with_capacity(length);
    for _ in 0..length {
        value += pace * (1.0 + jitter * dice.normal()).max(0.0);
        if value > top {
            value = floor + spread * dice.normal().abs();
            top = ceiling + spread * dice.normal();
        }
        out.push(value);
    }
    out
}

fn leak(dice: &mut Dice, length: usize) -> Vec<f64> {
    let (base, slowness, jitter) = (dice.within(0.1, 0.6), dice.scale(80.0, 6_000.0), dice.scale(0.3, 3.0));
    // Some leak only while something is on.
    let (on, off) = (dice.scale(50.0, 1_000.0), if dice.chance(0.5) { dice.scale(20.0, 800.0) } else { 0.0 });
    let (mut value, mut is_on) = (base, true);
    let mut out = Vec::with_capacity(length);
    for _ in 0..length {
        if is_on {
            value += (1.0 - base) / slowness * (1.0 + jitter * dice.normal());
            is_on = off == 0.0 || !dice.chance(1.0 / on);
        } else {
            is_on = dice.chance(1.0 / off);
        }
        if value >= 1.0 {
            value = base;
        }
        value = value.max(0.5 * base);
        out.push(value);
    }
    out
}

fn burst(dice: &mut Dice, length: usize) -> Vec<f64> {
    let (base, every) = (dice.within(0.2, 0.7), dice.scale(20.0, 1_000.0));
    let (height, lasts) = (dice.scale(0.02, 0.2), dice.scale(1.0, 30.0));
    let (mut extra, mut left) = (0.0, 0.0);
    let mut out = Vec::with_capacity(length);
    for _ in 0..length {
        left -= 1.0;
        if left <= 0.0 {
            extra *= 0.3;
            if dice.chance(1.0 / every) {
                extra = height * math::exp(0.8 * dice.normal());
                left = lasts * dice.exponential();
            }
        }
        out.push(base + extra);
    }
    out
}

fn daily(dice: &mut Dice, length: usize) -> Vec<f64> {
    let (level, height, phase) = (dice.within(0.2, 0.75), dice.scale(0.03, 0.25), dice.within(0.0, DAY));
    let (mut wander, pace) = (0.0, dice.scale(0.001, 0.01));
    let mut out = Vec::with_capacity(length);
    for t in 0..length {
        wander = 0.995 * wander + pace * dice.normal();
        let angle = std::f64::consts::TAU * (t as f64 + phase) / DAY;
        out.push(level + height * math::sin(angle) + wander);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_repeat_by_seed_and_stay_within_their_limit() {
        for number in 0..24 {
            let series = pod(1, number);
            assert_eq!(series, pod(1, number));
            assert!(series.iter().all(|v| (0.0..=1.0).contains(v)) && series.len() >= 700);
        }
        assert_ne!(pod(1, 0), pod(2, 0));
    }

    #[test]
    fn every_kind_occurs() {
        let kinds: Vec<Kind> = (0..60).map(|number| kind(1, number)).collect();
        assert!(Kind::ALL.iter().all(|kind| kinds.contains(kind)));
    }
}
