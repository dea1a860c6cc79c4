//! Will a series reach a threshold within a horizon, and when?
//!
//! One [`Watch`] a series holds its own past; one [`Odds`] for all holds what was learned of how such things go on. Why not a
//! line and a normal distribution: memory moves by steps, saw-teeth and spikes, and on the recorded pods that were measured a
//! Gaussian look ahead is no better calibrated than always saying the base rate, while the level alone orders decisions better
//! than its trend does. So the signs are what the series itself did before in like situations, and how they are weighed is
//! learned from outcomes.
//!
//! Causal: a decision is learned from once its horizon is over. Bounds: about 9 kB a series, O(horizon) at most a decision and
//! O(1) a sample. Time is counted in samples.

mod odds;
mod past;
mod signs;
mod watch;

pub use odds::Odds;
pub use watch::{Outlook, PATIENCE, Watch};

/// What is asked of a series: will it reach `threshold` within `horizon` samples?
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// In the unit of the series.
    pub threshold: f64,
    /// Samples, at least one.
    pub horizon: usize,
}

impl Target {
    /// A value in units of the threshold, so that widths mean the same on shares and on bytes.
    fn scaled(self, value: f64) -> f64 {
        if self.threshold == 0.0 { value } else { value / self.threshold.abs() }
    }
    /// The threshold in its own unit.
    fn goal(self) -> f64 {
        self.scaled(self.threshold)
    }
}
