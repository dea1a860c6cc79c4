//! Streaming anomaly detectors: one small state a series, O(1) a sample, each verdict with its reasons.
//!
//! A series has five views of itself: level and phase profile, short-against-long shift of mean and spread, the course of
//! its last samples (delay-window subspace), the spread of its values over bins (relative entropy), and the range ever seen.
//! None of their scores has a fixed threshold: each is judged by its own history as a tail probability, and what is left is
//! summed and followed by a rest. See docs/benchmarks.md for what each is worth alone.
//!
//! A service is watched by [`ServiceDetector`] on top: which sample breaks the ways in which its metrics usually move, together
//! and over its day (or whatever rhythm it has: that is found)?
//!
//! Bounds: [`SeriesDetector`] is at most 1.5 kB and never allocates. Time is counted in samples.

mod alarm;
mod entropy;
mod level;
mod lowrank;
mod profile;
mod range;
mod rhythm;
mod seasonal;
mod series;
mod service;
mod shift;
mod subspace;
mod tail;

pub use alarm::{ALARM_SCORE, Refractory};
pub use range::Range;
pub use series::{Evidence, Kind, Reading, SeriesDetector};
pub use service::{Contribution, METRICS_MAX, ServiceDetector, ServiceReading, TOP};

#[cfg(test)]
mod tests {
    use super::SeriesDetector;

    #[test]
    fn a_series_takes_at_most_1500_bytes() {
        assert!(size_of::<SeriesDetector>() <= 1_500, "{}", size_of::<SeriesDetector>());
    }
}
