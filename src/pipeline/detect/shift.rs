//! Detector (b): the short past against the long one, in mean and in spread.
//!
//! A short average of the standardised samples is compared with its own usual level and scale, and so is the logarithm of a
//! short average of the absolute steps: a service whose metric begins to rattle, or falls silent, shifts only in the second.
//! O(1) a sample, 56 bytes.

use super::level::{Following, Level};
use crate::math;

/// Weight of a sample in the short mean: five samples.
const SHORT: f64 = 0.2;
/// Weight of a step in the short spread: fifty samples, since a spread needs more of them than a mean.
const SHORT_SPREAD: f64 = 0.02;
/// The long past: some 300 samples.
const LONG: Following = Following { rate: 0.003, clip: 3.0 };
/// Standard deviations that a sample counts at most: one spike is not a shift.
const CLIP: f64 = 12.0;
/// Least scale of the short mean, in standard deviations of the samples.
const MEAN_FLOOR: f64 = 0.05;
/// Least scale of the logarithm of the spread: changes below 10 % are not worth telling.
const SPREAD_FLOOR: f64 = 0.1;
/// Added to the spread before its logarithm is taken, so that a flat series has one.
const QUIET: f64 = 0.02;

/// Short averages and the long past of each.
#[derive(Clone, Debug, Default)]
pub(super) struct Shift {
    mean: f64,
    mean_past: Level,
    steps: Level,
    last: Option<f64>,
    spread: f64,
    spread_past: Level,
    seen: u32,
}

/// What a shift is, in standard deviations and in the units of what shifted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shifted {
    /// Standard deviations of the short average from its usual level, without sign.
    pub(super) score: f64,
    /// The short average.
    pub(super) short: f64,
    /// Its usual level.
    pub(super) long: f64,
}

impl Shift {
    /// Takes a standardised sample and the raw one; returns the shift of the mean and that of the spread.
    pub(super) fn update(&mut self, z: f64, x: f64, floor: f64) -> (Shifted, Shifted) {
        self.seen = self.seen.saturating_add(1);
        let growing = 1.0 / f64::from(self.seen);
        self.mean += SHORT.max(growing) * (z.clamp(-CLIP, CLIP) - self.mean);
        let mean = compared(&mut self.mean_past, self.mean, MEAN_FLOOR);
        let step = self.steps.update(x - self.last.unwrap_or(x), LONG, floor);
        self.last = Some(x);
        self.spread += SHORT_SPREAD.max(growing) * (step.abs().min(CLIP) - self.spread);
        (mean, compared(&mut self.spread_past, math::ln(self.spread + QUIET), SPREAD_FLOOR))
    }
}

fn compared(past: &mut Level, short: f64, floor: f64) -> Shifted {
    let long = past.mean();
    Shifted { score: past.update(short, LONG, floor).abs(), short, long }
}

#[cfg(test)]
mod tests {
    use super::Shift;

    fn noise(i: u32) -> f64 {
        (f64::from(i) * 0.618_033_988_749_894_9).fract() * 2.0 - 1.0
    }

    /// Greatest shifts of mean and spread after 1,000 quiet samples, when 60 of `then` follow.
    fn after(then: impl Fn(u32) -> f64) -> (f64, f64) {
        let mut shift = Shift::default();
        (0..1_000).for_each(|i| {
            shift.update(noise(i), noise(i), 1e-6);
        });
        let scores = (1_000..1_060).map(|i| shift.update(then(i), then(i), 1e-6));
        scores.fold((0.0, 0.0), |most, (mean, spread)| (f64::max(most.0, mean.score), f64::max(most.1, spread.score)))
    }

    #[test]
    fn a_step_shifts_the_mean_and_rattling_the_spread() {
        let (quiet, step, rattle) = (after(noise), after(|i| noise(i) + 3.0), after(|i| noise(i) * 4.0));
        assert!(step.0 > 3.0 * quiet.0 && step.0 > 5.0, "{step:?} against {quiet:?}");
        assert!(rattle.1 > 3.0 * quiet.1 && rattle.1 > 2.5, "{rattle:?} against {quiet:?}");
    }

    #[test]
    fn falling_silent_shifts_the_spread() {
        assert!(after(|_| 0.0).1 > 2.5);
    }
}
