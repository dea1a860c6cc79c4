//! Several counters over the metric window of whole scrapes, exact.

use crate::telemetry::Metric;

/// Scrapes in the window.
const SLOTS: usize = Metric::WINDOW_S as usize;

/// `K` counters and their sums over the window.
#[derive(Clone, Debug)]
pub(super) struct Tally<const K: usize> {
    now: [u64; K],
    past: [[u64; K]; SLOTS],
    sums: [u64; K],
    rolled: usize,
}

impl<const K: usize> Default for Tally<K> {
    fn default() -> Self {
        Self { now: [0; K], past: [[0; K]; SLOTS], sums: [0; K], rolled: 0 }
    }
}

impl<const K: usize> Tally<K> {
    /// Adds to one counter.
    pub fn add(&mut self, counter: usize, amount: u64) {
        self.now[counter] += amount;
    }
    /// Ends a scrape: what is older than the window is forgotten.
    pub fn roll(&mut self) {
        let now = std::mem::replace(&mut self.now, [0; K]);
        let oldest = std::mem::replace(&mut self.past[self.rolled % SLOTS], now);
        for ((sum, new), old) in self.sums.iter_mut().zip(now).zip(oldest) {
            *sum = *sum + new - old;
        }
        self.rolled += 1;
    }
    /// The counter's sum over the window.
    pub const fn sum(&self, counter: usize) -> u64 {
        self.sums[counter]
    }
    /// Scrapes that the window holds.
    pub fn span(&self) -> usize {
        self.rolled.min(SLOTS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_covers_the_window_and_no_more() {
        let mut tally = Tally::<2>::default();
        tally.add(0, 7);
        tally.roll();
        for _ in 1..SLOTS {
            tally.add(1, 1);
            tally.roll();
        }
        assert_eq!((tally.sum(0), tally.sum(1), tally.span()), (7, SLOTS as u64 - 1, SLOTS));
        tally.roll();
        assert_eq!((tally.sum(0), tally.sum(1)), (0, SLOTS as u64 - 1));
    }
}
