//! Overload: storms of retries that sustain themselves, what ends them, and how servers and clients shed load.

mod collapse;
mod dagor;
mod regions;
mod shedding;
mod storm;
mod thresholds;

pub(super) use collapse::collapse_after_spike;
pub(super) use dagor::dagor;
pub(super) use regions::{osdi_pattern, region_map};
pub(super) use shedding::{adaptive_throttling, queue_sizing};
pub(super) use thresholds::{critical_bound, hidden_capacity};
