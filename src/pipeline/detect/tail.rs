//! How surprising a score is, by its own history.
//!
//! Scores of different detectors, and of one detector on different series, are not comparable; their tail probabilities are.
//! The [`QUANTILE`] of the scores is tracked by stochastic approximation, and what exceeds it is taken as exponential with
//! its tracked mean (peaks over a threshold: Pickands' theorem, with the shape at 0). So the surprise, minus the logarithm
//! of the tail probability, is linear in the score.
//!
//! Excursions come in episodes, and what came before as high as this is not news: a nightly batch is rare among samples and
//! common among episodes. So the highest peak of past episodes is remembered, fades slowly, and a score that does not top it
//! counts for less. O(1) a sample, 28 bytes.

/// Share of the scores below the threshold.
const QUANTILE: f32 = 0.98;
/// Minus the logarithm of the share above it.
const AT_THRESHOLD: f32 = 3.912;
/// Weight of a new score: a memory of 500.
const RATE: f32 = 0.002;
/// Threshold while scores settle, in means: that of exponential scores is 3.9, of half-normal ones 2.9.
const FIRST_THRESHOLD: f32 = 4.0;
/// Steps of the threshold, in means and weights: a quantile in the tail is left by one step in fifty.
const QUANTILE_GAIN: f32 = 10.0;
/// The same among exceedances, of which there is one in fifty.
const EXCESS_RATE: f32 = 0.02;
/// Scores before any surprise is told.
const SETTLED: u16 = 60;
/// Mean excesses that one excess counts at most when the mean is learned.
const EXCESS_CLIP: f32 = 6.0;
/// Least mean excess for that clipping: scores are of order one.
const EXCESS_MIN: f32 = 0.3;
/// Greatest surprise, in nats: beyond e^-20 the tail's shape is anybody's guess.
const SURPRISE_MAX: f32 = 20.0;
/// What the remembered peak keeps per sample: half of it in 8,000.
const PEAK_KEPT: f32 = 0.999_913_4;
/// Samples without a new highest score that end an episode.
const EPISODE: u8 = 20;
/// Shares of the remembered peak at which a score counts least and fully.
const PEAK_SHARES: (f32, f32) = (0.7, 1.2);
/// What a score that past episodes topped counts.
const TOPPED: f32 = 0.3;

/// The running distribution of a score.
#[derive(Clone, Debug, Default)]
pub(super) struct Tail {
    threshold: f32,
    mean: f32,
    excess: f32,
    peak: f32,
    episode: f32,
    seen: u16,
    exceeding: u16,
    quiet: u8,
}

impl Tail {
    /// Takes a score in; returns the nats by which its surprise exceeds that of the threshold, 0 to 16.
    pub(super) fn update(&mut self, score: f64) -> f32 {
        let x = score as f32;
        self.seen = self.seen.saturating_add(1);
        let surprise = if self.seen > SETTLED { self.surprise(x) } else { 0.0 };
        let novelty = self.novelty(x);
        self.learn(x);
        (surprise * novelty - AT_THRESHOLD).max(0.0)
    }
    /// The score that the threshold stands at.
    pub(super) fn threshold(&self) -> f64 {
        f64::from(self.threshold)
    }
    fn surprise(&self, x: f32) -> f32 {
        let excess = self.excess.max(0.05 * self.threshold + 1e-6);
        (AT_THRESHOLD + (x - self.threshold) / excess).clamp(0.0, SURPRISE_MAX)
    }
    /// How much a score counts, given the peaks of past episodes; remembers this one when it is over.
    fn novelty(&mut self, x: f32) -> f32 {
        let (least, full) = PEAK_SHARES;
        let share = if self.seen > SETTLED && self.peak > 0.0 { x / self.peak } else { full };
        self.peak *= PEAK_KEPT;
        self.quiet += 1;
        if x > self.episode {
            (self.episode, self.quiet) = (x, 0);
        } else if self.quiet >= EPISODE {
            self.peak = self.peak.max(self.episode);
            (self.episode, self.quiet) = (0.0, 0);
        }
        TOPPED + (1.0 - TOPPED) * ((share - least) / (full - least)).clamp(0.0, 1.0)
    }
    fn learn(&mut self, x: f32) {
        let rate = RATE.max(1.0 / f32::from(self.seen));
        self.mean += rate * (x - self.mean);
        if self.seen <= SETTLED {
            self.threshold = FIRST_THRESHOLD * self.mean;
            return;
        }
        let step = QUANTILE_GAIN * rate * (self.mean + 1e-3);
        self.threshold = (self.threshold + step * if x > self.threshold { QUANTILE } else { QUANTILE - 1.0 }).max(0.0);
        if x > self.threshold {
            self.exceeding = self.exceeding.saturating_add(1);
            let rate = EXCESS_RATE.max(1.0 / f32::from(self.exceeding));
            let excess = (x - self.threshold).min(EXCESS_CLIP * self.excess.max(EXCESS_MIN));
            self.excess += rate * (excess - self.excess);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tail;
    use crate::math;

    /// Exponential scores with mean one, without a generator.
    fn exponential(i: u32) -> f64 {
        -math::ln((f64::from(i) * 0.618_033_988_749_894_9).fract().max(1e-9))
    }

    #[test]
    fn the_threshold_finds_the_quantile() {
        let mut tail = Tail::default();
        (0..5_000).for_each(|i| {
            tail.update(exponential(i));
        });
        // Exponential with mean one: the 98 % quantile is 3.9.
        assert!((tail.threshold() - 3.9).abs() < 0.8, "{tail:?}");
        assert!(tail.update(3.0) == 0.0 && tail.update(20.0) > 8.0);
    }

    #[test]
    fn what_came_before_counts_for_less() {
        let mut tail = Tail::default();
        let mut days = Vec::new();
        for i in 0..3_000 {
            let surprise = tail.update(if i % 288 == 287 { 30.0 } else { exponential(i) });
            if i % 288 == 287 {
                days.push(surprise);
            }
        }
        assert!(days[0] > 10.0 && days[2..].iter().all(|s| *s < days[0] / 2.0), "{days:?}");
        assert!(tail.update(60.0) > *days.last().expect("ten days"));
    }
}
