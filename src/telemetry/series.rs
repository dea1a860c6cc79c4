//! A bounded time series.

use crate::units::SimTime;
use std::collections::VecDeque;
use std::sync::Arc;

/// Samples of a block: a fork of a run copies no more than this of each series.
const BLOCK: usize = 64;

type Sample = (SimTime, f64);

/// A ring of samples in time order; the oldest falls out.
///
/// Samples stand in blocks that never change once they are full, so clones share them: a fork of half an hour's history
/// costs a pointer for each minute of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    full: VecDeque<Arc<[Sample]>>,
    newest: Vec<Sample>,
    /// Samples of the first block that have fallen out.
    fallen: usize,
    len_max: usize,
}

impl Series {
    /// An empty series that keeps the newest `len_max` samples.
    pub fn new(len_max: usize) -> Self {
        Self { full: VecDeque::new(), newest: Vec::new(), fallen: 0, len_max }
    }
    /// Adds a sample, which must not be older than the newest; an older or non-finite one is dropped.
    pub fn push(&mut self, at: SimTime, value: f64) {
        if !value.is_finite() || self.last().is_some_and(|(newest, _)| newest > at) {
            return;
        }
        self.newest.push((at, value));
        if self.newest.len() >= BLOCK {
            self.full.push_back(self.newest.as_slice().into());
            self.newest.clear();
        }
        if self.len() > self.len_max {
            self.fall();
        }
    }
    /// The oldest sample falls out.
    fn fall(&mut self) {
        if self.full.is_empty() {
            self.newest.remove(0);
            return;
        }
        self.fallen += 1;
        if self.fallen == BLOCK {
            self.fallen = 0;
            self.full.pop_front();
        }
    }
    /// Samples, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (SimTime, f64)> + ExactSizeIterator + '_ {
        (self.fallen..self.fallen + self.len()).map(|i| self.full.get(i / BLOCK).map_or(&*self.newest, |block| block)[i % BLOCK])
    }
    /// The newest sample.
    pub fn last(&self) -> Option<(SimTime, f64)> {
        self.newest.last().or_else(|| self.full.back()?.last()).copied()
    }
    /// Samples kept now.
    pub fn len(&self) -> usize {
        self.full.len() * BLOCK + self.newest.len() - self.fallen
    }
    /// Whether nothing was kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_series_drops_its_oldest_sample_and_refuses_the_past() {
        let mut series = Series::new(2);
        for (second, value) in [(1, 1.0), (2, 2.0), (3, 3.0), (2, 9.0), (4, f64::NAN)] {
            series.push(SimTime::from_secs(second), value);
        }
        assert_eq!(series.iter().map(|(_, v)| v).collect::<Vec<_>>(), [2.0, 3.0]);
    }

    #[test]
    fn whatever_its_length_it_holds_the_newest_samples_in_order_and_a_clone_goes_its_own_way() {
        for len_max in [1, 63, 64, 65, 130, 1_000] {
            let mut series = Series::new(len_max);
            for n in 1..=500_u64 {
                series.push(SimTime::from_secs(n), n as f64);
                let kept = len_max.min(n as usize);
                assert_eq!((series.len(), series.iter().len()), (kept, kept));
                assert_eq!(series.last(), Some((SimTime::from_secs(n), n as f64)));
                assert_eq!(series.iter().next(), Some((SimTime::from_secs(n + 1 - kept as u64), (n + 1 - kept as u64) as f64)));
            }
            let kept: Vec<f64> = series.iter().map(|(_, v)| v).collect();
            assert!(kept.windows(2).all(|pair| pair[1] == pair[0] + 1.0), "{len_max}: {kept:?}");
            let before = series.clone();
            series.push(SimTime::from_secs(501), 0.0);
            assert_eq!(before.last(), Some((SimTime::from_secs(500), 500.0)));
            assert_ne!(before, series);
        }
    }
}
