//! Detector (d): how the values of the short past are spread over a few bins, against all spreads seen before.
//!
//! After Wang, Viswanathan, Choudur, Talwar, Satterfield and Schwan, "Statistical techniques for online anomaly detection in
//! data centers" (IM 2011): the share of the last samples in each of a few bins is tested against a handful of known spreads
//! by relative entropy. What fits none becomes known itself, so a change is told once. Here the short past is weighted
//! exponentially (no ring of samples), the statistic `2 n KL` itself is the score, and the bins divide the range *seen so
//! far*: when a sample widens it, the mass of old bins is poured into the new ones. O(BINS x KNOWN) a sample.

use super::range::Range;
use crate::math;

/// Spreads that are remembered; the one that fitted least lately is forgotten first.
const KNOWN: usize = 4;
/// Statistic per bin above which no known spread fits. The chi-square quantile at 1 % is 2.7 a degree of freedom for five
/// bins; samples of a metric are not independent, so a little more.
const FIT: f32 = 3.0;
/// How far a known spread moves towards what fits it, per sample.
const DRIFT: f32 = 0.005;
/// Share of its age weight that a spread loses per sample: a memory of 1,000 samples.
const FADING: f32 = 0.001;
/// Mass of an even spread mixed into a known one, so that an empty bin is unlikely and not impossible.
const EVEN: f32 = 0.02;

/// The spread of the last samples over `BINS` bins, and known ones.
#[derive(Clone, Debug)]
pub(super) struct Entropy<const BINS: usize> {
    now: [f32; BINS],
    known: [[f32; BINS]; KNOWN],
    weight: [f32; KNOWN],
    seen: u32,
    /// Samples of the short past.
    window: u16,
    used: u8,
}

impl<const BINS: usize> Entropy<BINS> {
    /// A short past of `window` samples.
    pub(super) fn new(window: u16) -> Self {
        let even = [1.0 / BINS as f32; BINS];
        Self { now: even, known: [even; KNOWN], weight: [0.0; KNOWN], seen: 0, window, used: 0 }
    }
    /// Takes a sample in, `before` and `after` being the range without and with it. Returns `2 n KL` to the best known
    /// spread, 0 while the first one forms.
    pub(super) fn update(&mut self, x: f64, before: Range, after: Range) -> f64 {
        if after != before && before.width() > 0.0 {
            self.pour(before, after);
        }
        self.seen = self.seen.saturating_add(1);
        let bin = after.bin(x, BINS);
        let rate = (1.0 / f32::from(self.window)).max(1.0 / self.seen as f32);
        for (i, mass) in self.now.iter_mut().enumerate() {
            *mass += rate * (f32::from(u8::from(i == bin)) - *mass);
        }
        if self.seen < u32::from(self.window) { 0.0 } else { f64::from(self.test()) }
    }
    /// Compares with the known spreads and learns.
    fn test(&mut self) -> f32 {
        let used = usize::from(self.used);
        if used == 0 {
            self.remember(0);
            return 0.0;
        }
        let statistics = self.known[..used].iter().map(|known| 2.0 * f32::from(self.window) * divergence(&self.now, known));
        let best = statistics.enumerate().fold((0, f32::INFINITY), |best, next| if next.1 < best.1 { next } else { best });
        self.weight.iter_mut().for_each(|w| *w *= 1.0 - FADING);
        if best.1 <= FIT * BINS as f32 {
            self.weight[best.0] += 1.0;
            let fitting = &mut self.known[best.0];
            fitting.iter_mut().zip(&self.now).for_each(|(k, now)| *k += DRIFT * (now - *k));
        } else if used < KNOWN {
            self.remember(used);
        } else {
            let least = (1..KNOWN).fold(0, |least, i| if self.weight[i] < self.weight[least] { i } else { least });
            self.remember(least);
        }
        best.1
    }
    fn remember(&mut self, place: usize) {
        self.known[place] = self.now;
        self.weight[place] = 1.0;
        self.used = self.used.max(place as u8 + 1);
    }
    /// Pours all spreads into the bins of a wider range.
    fn pour(&mut self, before: Range, after: Range) {
        self.now = poured(&self.now, before, after);
        let used = usize::from(self.used);
        self.known[..used].iter_mut().for_each(|known| *known = poured(known, before, after));
    }
}

/// Kullback and Leibler's divergence of `now` from `known` (nats), the latter with a little even mass.
fn divergence<const BINS: usize>(now: &[f32; BINS], known: &[f32; BINS]) -> f32 {
    let term = |(p, q): (&f32, &f32)| {
        let usual = q * (1.0 - EVEN) + EVEN / BINS as f32;
        // Below a thousandth the term is under a hundredth and the logarithm wasted.
        if *p < 1e-3 { 0.0 } else { f64::from(*p) * math::ln_quick(f64::from(*p / usual)) }
    };
    (now.iter().zip(known).map(term).sum::<f64>() as f32).max(0.0)
}

/// The mass of the old bins where the new ones lie, spread evenly inside each.
fn poured<const BINS: usize>(mass: &[f32; BINS], before: Range, after: Range) -> [f32; BINS] {
    let mut out = [0.0; BINS];
    let width = before.width() / after.width();
    let start = (before.low - after.low) / after.width() * BINS as f64;
    for (i, m) in mass.iter().enumerate() {
        let (from, to) = (start + width * i as f64, start + width * (i + 1) as f64);
        let mut bin = (from.max(0.0) as usize).min(BINS - 1);
        let mut left = *m;
        while left > 0.0 && bin < BINS - 1 && to > (bin + 1) as f64 {
            let here = m * (((bin + 1) as f64 - from.max(bin as f64)) / (to - from)) as f32;
            out[bin] += here.min(left);
            left -= here.min(left);
            bin += 1;
        }
        out[bin] += left;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Entropy, poured};
    use crate::pipeline::detect::range::Range;

    const RANGE: Range = Range { low: 0.0, high: 10.0 };

    #[test]
    fn pouring_keeps_the_mass_and_its_place() {
        let wide = Range { low: -10.0, high: 30.0 };
        let out = poured(&[0.5_f32, 0.0, 0.0, 0.5], RANGE, wide);
        assert!((out.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!(out, [0.0, 1.0, 0.0, 0.0]);
        let half = poured(&[1.0_f32, 0.0], RANGE, Range { low: -2.5, high: 17.5 });
        assert_eq!(half, [1.0, 0.0]);
    }

    #[test]
    fn a_new_spread_is_told_and_then_known() {
        let mut entropy = Entropy::<5>::new(50);
        let mut phase = |level: f64, samples: u32| {
            let score = |i: u32| entropy.update(level + (f64::from(i) * 0.618_034).fract(), RANGE, RANGE);
            (0..samples).map(score).fold(0.0, f64::max)
        };
        let (quiet, first) = (phase(1.0, 400), phase(6.0, 400));
        phase(1.0, 400);
        let again = phase(6.0, 400);
        assert!(quiet < 15.0 && first > 15.0, "{quiet} {first}");
        assert!(again < first, "{again} {first}");
    }
}
