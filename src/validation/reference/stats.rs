//! Streaming statistics with honest intervals: ratios and quantiles over batches, so that correlated samples (a queue
//! remembers) do not look more certain than they are.

use crate::units::SimDuration;

/// Student's quantile at 97.5 % for this many degrees of freedom (tables; within 1 % by this expansion from 3 on).
fn student(degrees: usize) -> f64 {
    let n = degrees.max(1) as f64;
    1.96 + 2.372 / n + 2.822 / (n * n) + 2.556 / (n * n * n) + 3.0 / (n * n * n * n)
}

/// Mean and half the width of its 95 % interval over independent values; no interval below three.
pub(in crate::validation) fn mean_interval(values: &[f64]) -> (f64, Option<f64>) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n.max(1.0);
    if values.len() < 3 {
        return (mean, None);
    }
    let squares = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>();
    (mean, Some(student(values.len() - 1) * (squares / (n * (n - 1.0))).sqrt()))
}

/// A ratio of two sums, such as total waiting time over requests, by batch.
#[derive(Clone, Debug, Default)]
pub(super) struct RatioBatches {
    last: (f64, f64),
    batches: Vec<(f64, f64)>,
}

impl RatioBatches {
    /// The batch before this one ends with these sums so far (call once at the start).
    pub const fn begin(&mut self, sums: (f64, f64)) {
        self.last = sums;
    }
    /// A batch ends with these sums so far.
    pub fn end(&mut self, sums: (f64, f64)) {
        self.batches.push((sums.0 - self.last.0, sums.1 - self.last.1));
        self.last = sums;
    }
    /// The ratio of all and half the width of its 95 % interval (the classic ratio estimator over batches).
    pub fn estimate(&self) -> (f64, Option<f64>) {
        let n = self.batches.len();
        let (above, below) = self.batches.iter().fold((0.0, 0.0), |sum, b| (sum.0 + b.0, sum.1 + b.1));
        if below == 0.0 {
            return (f64::NAN, None);
        }
        let ratio = above / below;
        if n < 3 {
            return (ratio, None);
        }
        let squares: f64 = self.batches.iter().map(|b| (b.0 - ratio * b.1) * (b.0 - ratio * b.1)).sum();
        let deviation = (squares * n as f64 / (n as f64 - 1.0)).sqrt() / below;
        (ratio, Some(student(n - 1) * deviation))
    }
}

/// Linear sub-buckets of each power of two: a bucket is at most 1/256 of its value wide.
const SUB_BITS: u32 = 8;
const SUB: u64 = 1 << SUB_BITS;
/// Buckets for every possible number of nanoseconds.
const BUCKETS: usize = ((64 - SUB_BITS + 1) as usize) << SUB_BITS;

/// A histogram fine enough for tolerances of one per cent.
#[derive(Clone, Debug)]
pub(super) struct FineHistogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for FineHistogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0 }
    }
}

impl FineHistogram {
    /// Counts one time.
    pub fn record(&mut self, time: SimDuration) {
        self.counts[bucket(time.as_nanos())] += 1;
        self.total += 1;
    }
    /// The `q`-quantile in ms, linear within a bucket; 0 if empty.
    pub fn quantile_ms(&self, q: f64) -> f64 {
        let rank = q * self.total as f64;
        let mut below = 0.0;
        for (i, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let count = *count as f64;
            if below + count >= rank {
                let share = if i == 0 { 0.0 } else { (rank - below) / count };
                return (edge(i) + (edge(i + 1) - edge(i)) * share) / 1e6;
            }
            below += count;
        }
        0.0
    }
}

fn bucket(nanos: u64) -> usize {
    if nanos < SUB {
        return nanos as usize;
    }
    let power = 63 - nanos.leading_zeros();
    let sub = (nanos >> (power - SUB_BITS)) - SUB;
    (u64::from(power - SUB_BITS + 1) * SUB + sub) as usize
}

/// Lower edge of bucket `i` in nanoseconds.
fn edge(i: usize) -> f64 {
    let (power, sub) = ((i >> SUB_BITS) as u32, (i as u64) & (SUB - 1));
    if power == 0 { sub as f64 } else { (SUB + sub) as f64 * (1_u64 << (power - 1)) as f64 }
}

/// A quantile over a run and over each of its batches.
#[derive(Clone, Debug, Default)]
pub(super) struct QuantileBatches {
    whole: FineHistogram,
    batch: FineHistogram,
    batches: Vec<f64>,
}

impl QuantileBatches {
    /// Counts one time.
    pub fn record(&mut self, time: SimDuration) {
        self.whole.record(time);
        self.batch.record(time);
    }
    /// A batch ends.
    pub fn end(&mut self, q: f64) {
        self.batches.push(self.batch.quantile_ms(q));
        self.batch.counts.fill(0);
        self.batch.total = 0;
    }
    /// The quantile of all in ms, and half the width of its 95 % interval.
    pub fn estimate(&self, q: f64) -> (f64, Option<f64>) {
        (self.whole.quantile_ms(q), mean_interval(&self.batches).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng;

    #[test]
    fn quantiles_are_within_half_a_per_cent() {
        let mut histogram = FineHistogram::default();
        for micros in 1..=100_000 {
            histogram.record(SimDuration::from_micros(micros));
        }
        for q in [0.01, 0.5, 0.99] {
            assert!((histogram.quantile_ms(q) / (q * 100.0) - 1.0).abs() < 0.005, "{q}: {}", histogram.quantile_ms(q));
        }
    }

    #[test]
    fn buckets_tile_the_line() {
        for nanos in [0, 1, 255, 256, 1_000, 123_456_789, 1 << 40, u64::MAX] {
            let i = bucket(nanos);
            assert!(i < BUCKETS && edge(i) <= nanos as f64 && nanos as f64 <= edge(i + 1), "{nanos}: {i}");
        }
    }

    #[test]
    fn the_interval_of_a_mean_covers_the_truth_about_19_times_in_20() {
        let covered = (0..1_000_u64).filter(|trial| {
            let values: Vec<f64> = (0..10_u64).map(|i| rng::uniform(rng::fold(*trial, i))).collect();
            let (mean, half) = mean_interval(&values);
            (mean - 0.5).abs() <= half.expect("ten values")
        });
        let covered = covered.count();
        assert!((920..=975).contains(&covered), "{covered}");
    }

    #[test]
    fn a_ratio_of_batches_is_the_ratio_of_sums() {
        let mut ratio = RatioBatches::default();
        ratio.begin((5.0, 1.0));
        for sums in [(7.0, 2.0), (9.0, 3.0), (11.0, 4.0)] {
            ratio.end(sums);
        }
        assert_eq!(ratio.estimate(), (2.0, Some(0.0)));
    }
}
