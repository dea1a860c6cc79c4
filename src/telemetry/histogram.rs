//! A latency histogram with log-linear buckets: constant memory, mergeable and subtractable, so that percentiles of a
//! window come from the difference of two scrapes, never from averages of percentiles.

use crate::units::SimDuration;
use serde::{Deserialize, Serialize};

/// Linear sub-buckets of each power of two: the relative width of a bucket is at most 1/16.
const SUB_BITS: u32 = 4;
const SUB: u64 = 1 << SUB_BITS;
/// Buckets start at 1.024 us (2^10 ns); smaller values share bucket 0.
const UNIT_BITS: u32 = 10;
/// Enough for 2^10 ns * 2^30 = 18 minutes; longer values share the last bucket.
const BUCKETS: usize = ((30 - SUB_BITS + 1) as usize) << SUB_BITS;

/// Counts of latencies by size. One that was never used takes no memory.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Histogram {
    /// All buckets, or none as long as nothing was counted.
    counts: Vec<u32>,
    total: u64,
}

impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        self.total == other.total && (self.total == 0 || self.counts == other.counts)
    }
}
impl Eq for Histogram {}

impl Histogram {
    /// Counts one latency.
    pub fn record(&mut self, latency: SimDuration) {
        self.open();
        self.counts[bucket(latency)] += 1;
        self.total += 1;
    }
    /// Adds all counts of `other`.
    pub fn add(&mut self, other: &Self) {
        if other.total == 0 {
            return;
        }
        self.open();
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
    }
    /// Takes away all counts of `other`, which must have been added before.
    pub fn subtract(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine -= theirs;
        }
        self.total -= other.total;
    }
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.counts.fill(0);
        self.total = 0;
    }
    fn open(&mut self) {
        if self.counts.is_empty() {
            self.counts = vec![0; BUCKETS];
        }
    }
    /// How many were counted.
    pub const fn total(&self) -> u64 {
        self.total
    }
    /// The `q`-quantile (0..=1) in milliseconds, linear within a bucket (relative error at most 1/16); `None` if empty.
    pub fn quantile_ms(&self, q: f64) -> Option<f64> {
        if self.total == 0 {
            return None;
        }
        let rank = q * self.total as f64;
        let mut below = 0.0;
        for (i, &count) in self.counts.iter().enumerate().filter(|(_, c)| **c > 0) {
            let count = f64::from(count);
            if below + count >= rank {
                let (low, high) = (edge(i), edge(i + 1));
                return Some((low + (high - low) * ((rank - below) / count)) / 1e6);
            }
            below += count;
        }
        None
    }
}

fn bucket(latency: SimDuration) -> usize {
    let units = latency.as_nanos() >> UNIT_BITS;
    if units < SUB {
        return units as usize;
    }
    let power = 63 - units.leading_zeros();
    let sub = (units >> (power - SUB_BITS)) - SUB;
    ((u64::from(power - SUB_BITS + 1) * SUB + sub) as usize).min(BUCKETS - 1)
}

/// Lower edge of bucket `i` in nanoseconds.
fn edge(i: usize) -> f64 {
    let (power, sub) = ((i >> SUB_BITS) as u32, (i as u64) & (SUB - 1));
    let units = if power == 0 { sub } else { (SUB + sub) << (power - 1) };
    (units << UNIT_BITS) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_a_bucket_of_the_truth() {
        let mut histogram = Histogram::default();
        for ms in 1..=1_000 {
            histogram.record(SimDuration::from_millis(ms));
        }
        for (q, truth) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0)] {
            let got = histogram.quantile_ms(q).expect("not empty");
            assert!((got / truth - 1.0).abs() < 1.0 / 16.0, "{q}: {got}");
        }
    }

    #[test]
    fn buckets_tile_the_line() {
        for nanos in [0, 1, 1_023, 1_024, 16_384, 20_000, 1_000_000, 123_456_789, 60_000_000_000, u64::MAX] {
            let i = bucket(SimDuration::from_nanos(nanos));
            assert!(edge(i) <= nanos as f64 && (i == BUCKETS - 1 || (nanos as f64) < edge(i + 1)), "{nanos}: {i}");
        }
    }

    #[test]
    fn subtracting_what_was_added_leaves_nothing() {
        let (mut all, mut part) = (Histogram::default(), Histogram::default());
        part.record(SimDuration::from_millis(3));
        all.add(&part);
        all.subtract(&part);
        assert_eq!(all, Histogram::default());
        assert_eq!(all.quantile_ms(0.5), None);
    }
}
