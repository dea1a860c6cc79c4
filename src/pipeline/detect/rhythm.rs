//! The rhythm of a signal, if it has one: a day, a week, a batch that comes again. Nobody says its period.
//!
//! The autocorrelation of the signal is followed at every lag up to [`LAG_MAX`], exponentially weighted. A period is the lag of
//! the first peak about as high as the highest one beyond the first fall, and its multiples make it exact to a fraction of a
//! sample. It counts once [`PERIODS`] of them were seen. 16 kB; O([`LAG_MAX`]) a sample, simple sums.

/// Longest period found, samples: a day of a sample a minute, a week of one each five minutes.
const LAG_MAX: usize = 2_048;
/// Shortest period found: what is quicker is noise to slots of a profile.
const LAG_MIN: usize = 8;
/// Periods to see before one is believed.
const PERIODS: usize = 3;
/// Least weight of a sample: a memory of 5,000.
const RATE: f32 = 2e-4;
const MEMORY: u32 = 5_000;
/// Samples between two searches.
const EVERY: u32 = 64;
/// Autocorrelation below which the signal has turned, and that of a rhythm at least.
const TURNED: f32 = 0.2;
const RHYTHM: f32 = 0.4;
/// Share of the highest peak that the first peak has: the others are its multiples.
const FIRST: f32 = 0.9;
/// The same of multiples that make the period exact.
const MULTIPLE: f32 = 0.6;
/// How far from a multiple its peak is looked for: a share of the period, samples.
const NEAR: (f32, f32) = (0.02, 1.5);
/// Change of the period, as a share, that is another rhythm; and the weight of a smaller change.
const OTHER: f32 = 0.03;
const CORRECTION: f32 = 0.2;

/// Where a sample lies in the rhythm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beat {
    /// 0 to 1.
    pub(super) phase: f32,
    /// Whether the rhythm is another one than that of the sample before.
    pub(super) is_new: bool,
}

/// The rhythm of one signal.
#[derive(Clone, Debug)]
pub(super) struct Rhythm {
    /// Past values, newest at `newest`, then older ones, around the end.
    ring: Vec<f32>,
    newest: usize,
    /// Mean products of values so many samples and one more apart.
    products: Vec<f32>,
    power: f32,
    seen: u32,
    /// What the first samples, without a past, still weigh.
    first: f32,
    period: f32,
    phase: f32,
}

impl Rhythm {
    /// A signal of which nothing was seen.
    pub(super) fn new() -> Self {
        let (ring, products) = (vec![0.0; LAG_MAX], vec![0.0; LAG_MAX]);
        Self { ring, newest: 0, products, power: 0.0, seen: 0, first: 1.0, period: 0.0, phase: 0.0 }
    }
    /// Takes a value in; `None` while there is no rhythm.
    pub(super) fn update(&mut self, x: f32) -> Option<Beat> {
        self.learn(x);
        let found = if self.seen.is_multiple_of(EVERY) { self.find() } else { None };
        let is_new = found.is_some_and(|period| (period - self.period).abs() > OTHER * self.period);
        if is_new {
            (self.period, self.phase) = (found?, 0.0);
        } else if self.period > 0.0 {
            self.phase = (self.phase + 1.0 / self.period).fract();
            self.period += CORRECTION * found.map_or(0.0, |period| period - self.period);
        }
        (self.period > 0.0).then_some(Beat { phase: self.phase, is_new })
    }
    /// The period in samples, 0 without one.
    pub(super) fn period(&self) -> f32 {
        self.period
    }
    fn learn(&mut self, x: f32) {
        let before = (self.seen as usize).min(LAG_MAX);
        self.seen = self.seen.saturating_add(1);
        let rate = RATE.max(1.0 / self.seen as f32);
        if self.seen > MEMORY {
            self.first *= 1.0 - RATE;
        }
        self.power += rate * (x * x - self.power);
        let (old, new) = self.ring.split_at(self.newest);
        let past = new.iter().chain(old).take(before);
        self.products.iter_mut().zip(past).for_each(|(product, y)| *product += rate * (x * y - *product));
        self.newest = (self.newest + LAG_MAX - 1) % LAG_MAX;
        self.ring[self.newest] = x;
    }
    fn correlation(&self, lag: usize) -> f32 {
        let without_past = lag as f32 / self.seen.min(MEMORY) as f32 * self.first;
        self.products[lag - 1] / (self.power.max(f32::MIN_POSITIVE) * (1.0 - without_past))
    }
    /// The lag of the highest correlation in a range.
    fn peak(&self, lags: impl Iterator<Item = usize>) -> (usize, f32) {
        let all = lags.map(|lag| (lag, self.correlation(lag)));
        all.fold((0, 0.0), |best, next| if next.1 > best.1 { next } else { best })
    }
    fn find(&self) -> Option<f32> {
        let end = (self.seen as usize / PERIODS).min(LAG_MAX - 1);
        let start = (1..end).find(|lag| self.correlation(*lag) < TURNED)?;
        let (highest, height) = self.peak(start..end);
        // A peak has two sides: what still rises at the end is none yet.
        if height < RHYTHM || highest < LAG_MIN || highest + highest / 16 >= end {
            return None;
        }
        let rises = |lag: &usize| self.correlation(*lag) >= self.correlation(lag - 1).max(FIRST * height);
        let first = (start + 1..highest).find(rises).map_or(highest, |lag| self.peak(lag..(lag + lag / 8 + 1).min(end)).0);
        Some(self.exact(first.max(LAG_MIN), end, height))
    }
    /// The period that the peaks at its multiples, up to `end`, agree on.
    fn exact(&self, first: usize, end: usize, height: f32) -> f32 {
        let mut period = first as f32;
        for multiple in 2..=LAG_MAX / LAG_MIN {
            let (middle, near) = (period * multiple as f32, (NEAR.0 * period).max(NEAR.1));
            if middle + near >= end as f32 {
                break;
            }
            let (lag, correlation) = self.peak((middle - near) as usize..=(middle + near) as usize);
            if correlation < MULTIPLE * height {
                break;
            }
            period = lag as f32 / multiple as f32;
        }
        period
    }
}

#[cfg(test)]
mod tests {
    use super::Rhythm;

    /// Scattered: multiples of the golden section have a rhythm.
    fn noise(i: u32) -> f32 {
        let x = i.wrapping_mul(2_654_435_761);
        let x = (x ^ (x >> 15)).wrapping_mul(0x85eb_ca6b);
        (x ^ (x >> 13)) as f32 / u32::MAX as f32 - 0.5
    }

    /// A day with a long low and a short high part, and noise.
    fn day(i: u32, period: f32) -> f32 {
        let phase = (i as f32 / period).fract();
        noise(i) + if phase < 0.3 { 2.0 } else { -0.8 } + if phase < 0.15 { 0.5 } else { 0.0 }
    }

    #[test]
    fn the_period_is_found_to_a_fraction_of_a_sample() {
        for period in [24.0, 96.5, 288.0, 600.0] {
            let mut rhythm = Rhythm::new();
            (0..4_000).for_each(|i| {
                rhythm.update(day(i, period));
            });
            assert!((rhythm.period() - period).abs() < 0.005 * period, "{period} {}", rhythm.period());
        }
    }

    #[test]
    fn phases_go_round_once_a_period() {
        let mut rhythm = Rhythm::new();
        let phases: Vec<f32> = (0..3_000).filter_map(|i| rhythm.update(day(i, 100.0))).map(|beat| beat.phase).collect();
        let rounds = phases[1_000..2_000].windows(2).filter(|two| two[1] < two[0]).count();
        assert!((9..=11).contains(&rounds), "{rounds}");
    }

    #[test]
    fn noise_a_constant_and_a_walk_have_no_rhythm() {
        let (mut still, mut constant, mut walking, mut walk) = (Rhythm::new(), Rhythm::new(), Rhythm::new(), 0.0);
        for i in 0..6_000_u32 {
            walk = 0.99 * walk + noise(i);
            assert!(still.update(noise(i)).is_none() && constant.update(1.0).is_none(), "{i}");
            walking.update(walk);
        }
        assert_eq!(walking.period(), 0.0);
    }
}
