//! The newest samples of a series, as they are and as logarithms: what all experts of a bank look back on.
//!
//! Bound: `capacity` samples of 16 bytes. Time is counted in samples since the first.

use crate::math;

/// Which form of the samples an expert works on. Where the noise grows with the level, logarithms are the better form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// As measured.
    Plain,
    /// Natural logarithms; of no use once a sample was not positive.
    Log,
}

/// A ring of samples.
#[derive(Clone, Debug)]
pub(super) struct History {
    plain: Vec<f64>,
    log: Vec<f64>,
    capacity: usize,
    seen: usize,
    is_positive: bool,
}

impl History {
    /// Room for `capacity` samples, at least one.
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.max(1);
        Self { plain: Vec::with_capacity(capacity), log: Vec::with_capacity(capacity), capacity, seen: 0, is_positive: true }
    }
    /// Takes in one finite sample; the oldest gives way.
    pub fn push(&mut self, value: f64) {
        self.is_positive &= value > 0.0;
        let log = if value > 0.0 { math::ln(value) } else { 0.0 };
        if self.plain.len() < self.capacity {
            self.plain.push(value);
            self.log.push(log);
        } else {
            let slot = self.seen % self.capacity;
            self.plain[slot] = value;
            self.log[slot] = log;
        }
        self.seen += 1;
    }
    /// Samples taken in so far, those that gave way included.
    pub const fn seen(&self) -> usize {
        self.seen
    }
    /// Whether this form of the samples means something.
    pub fn serves(&self, space: Space) -> bool {
        space == Space::Plain || self.is_positive
    }
    /// Sample number `index`, which must be among the newest `capacity`; the newest is `seen() - 1`.
    pub fn at(&self, space: Space, index: usize) -> f64 {
        debug_assert!(index < self.seen && index + self.capacity >= self.seen, "sample {index} is not held");
        let ring = if space == Space::Plain { &self.plain } else { &self.log };
        ring[index % self.capacity]
    }
    /// Number of the oldest sample still held.
    pub const fn oldest(&self) -> usize {
        self.seen.saturating_sub(self.capacity)
    }
    /// Mean and standard deviation of what is held (zero and zero without samples).
    pub fn spread(&self, space: Space) -> (f64, f64) {
        let held = || (self.oldest()..self.seen).map(|i| self.at(space, i));
        let n = (self.seen - self.oldest()).max(1) as f64;
        let mean = held().sum::<f64>() / n;
        (mean, (held().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt())
    }
}

impl Space {
    /// Back from this form to the measured unit.
    pub fn undo(self, value: f64) -> f64 {
        match self {
            Self::Plain => value,
            // Above e^700 there is no number any more.
            Self::Log => math::exp(value.clamp(-700.0, 700.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_holds_the_newest_samples_in_both_forms() {
        let mut history = History::new(3);
        for value in [1.0, 2.0, 4.0, 8.0] {
            history.push(value);
        }
        assert_eq!((history.oldest(), history.seen()), (1, 4));
        assert_eq!(history.at(Space::Plain, 1), 2.0);
        assert!((Space::Log.undo(history.at(Space::Log, 3)) - 8.0).abs() < 1e-12);
    }

    #[test]
    fn logarithms_serve_only_positive_series() {
        let mut history = History::new(3);
        history.push(1.0);
        assert!(history.serves(Space::Log));
        history.push(0.0);
        assert!(!history.serves(Space::Log) && history.serves(Space::Plain));
    }
}
