//! Level and scale of a series, exponentially weighted and hard to pull.
//!
//! The mean moves by at most a few scales per sample (Huber's winsorising), so an outlier neither drags it nor blows up the
//! scale. The scale is 1.2533 times the weighted mean absolute deviation, which is the standard deviation for normal noise
//! (`sqrt(pi / 2)`) and less at the mercy of tails. At first the weight of a sample is 1 / (number seen), so a short history
//! is used fully. 20 bytes, no allocation.

/// Standard deviations in one mean absolute deviation of normal noise: sqrt(pi / 2).
const SIGMAS_IN_DEVIATION: f64 = 1.253_314_137_315_500_3;
/// Samples before anything is said or clipped: below that the scale itself is a guess.
const SETTLED: u32 = 10;
/// Samples before clipping begins.
const CLIPPING: u32 = 20;

/// A robust running level and scale.
#[derive(Clone, Debug, Default)]
pub(super) struct Level {
    mean: f64,
    deviation: f64,
    seen: u32,
}

/// How quickly a [`Level`] follows and how much of a deviation counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Following {
    /// Weight of a new sample, 0 to 1: its reciprocal is the memory in samples.
    pub(super) rate: f64,
    /// Scales of a deviation that count at most.
    pub(super) clip: f64,
}

impl Level {
    /// The level.
    pub(super) fn mean(&self) -> f64 {
        self.mean
    }
    /// The standard deviation around it, at least `floor`.
    pub(super) fn sigma(&self, floor: f64) -> f64 {
        (self.deviation * SIGMAS_IN_DEVIATION).max(floor)
    }
    /// Takes a sample in; returns how many standard deviations it lay from the level before (0 for the first few).
    pub(super) fn update(&mut self, x: f64, following: Following, floor: f64) -> f64 {
        self.seen = self.seen.saturating_add(1);
        if self.seen == 1 {
            self.mean = x;
            return 0.0;
        }
        let rate = following.rate.max(1.0 / f64::from(self.seen));
        let (distance, sigma) = (x - self.mean, self.sigma(floor));
        let limit = if self.seen > CLIPPING { following.clip * sigma } else { f64::INFINITY };
        self.mean += rate * distance.clamp(-limit, limit);
        self.deviation += rate * (distance.abs().min(2.0 * limit) - self.deviation);
        if self.seen > SETTLED { distance / sigma } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::{Following, Level};

    const FOLLOWING: Following = Following { rate: 0.01, clip: 4.0 };

    /// Noise without a generator: multiples of the golden section, -1 to 1.
    fn noise(i: u32) -> f64 {
        (f64::from(i) * 0.618_033_988_749_894_9).fract() * 2.0 - 1.0
    }

    #[test]
    fn the_level_and_scale_of_even_noise_are_found() {
        let mut level = Level::default();
        (0..2_000).for_each(|i| {
            level.update(5.0 + noise(i), FOLLOWING, 1e-9);
        });
        assert!((level.mean() - 5.0).abs() < 0.1, "{level:?}");
        // The mean absolute deviation of an even distribution on -1..1 is 1/2.
        assert!((level.sigma(0.0) - 0.627).abs() < 0.05, "{level:?}");
    }

    #[test]
    fn one_wild_sample_hardly_moves_the_level() {
        let mut level = Level::default();
        (0..500).for_each(|i| {
            level.update(noise(i), FOLLOWING, 1e-9);
        });
        let z = level.update(1e6, FOLLOWING, 1e-9);
        assert!(z > 1e5 && level.mean().abs() < 0.1 && level.sigma(0.0) < 0.8, "{z} {level:?}");
    }
}
