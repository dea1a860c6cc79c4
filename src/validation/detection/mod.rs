//! How good a detector is: the Numenta benchmark's scoring, events found, and area under the precision-recall curve.
//!
//! Pure functions from scores and labels; who made the scores does not matter. The point-adjusted F1 of many papers is left
//! out on purpose: random scores reach 0.9 by it.

pub mod events;
pub mod nab;
pub mod seed_rule;
pub mod simulated;
pub mod timestamp;
