//! A bounded time series.

use crate::units::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// A ring of samples in time order; the oldest falls out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    samples: VecDeque<(SimTime, f64)>,
    len_max: usize,
}

impl Series {
    /// An empty series that keeps the newest `len_max` samples.
    pub fn new(len_max: usize) -> Self {
        Self { samples: VecDeque::new(), len_max }
    }
    /// Adds a sample, which must not be older than the newest; an older or non-finite one is dropped.
    pub fn push(&mut self, at: SimTime, value: f64) {
        if !value.is_finite() || self.samples.back().is_some_and(|(newest, _)| *newest > at) {
            return;
        }
        if self.samples.len() >= self.len_max {
            self.samples.pop_front();
        }
        self.samples.push_back((at, value));
    }
    /// Samples, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (SimTime, f64)> + ExactSizeIterator + '_ {
        self.samples.iter().copied()
    }
    /// The newest sample.
    pub fn last(&self) -> Option<(SimTime, f64)> {
        self.samples.back().copied()
    }
    /// Samples kept now.
    pub fn len(&self) -> usize {
        self.samples.len()
    }
    /// Whether nothing was kept.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
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
}
