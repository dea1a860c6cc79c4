//! The brain: collect -> monitor -> predict -> classify -> decide -> orchestrate -> verify -> report.
//!
//! Sans I/O: time and samples are arguments, actions are results. It never sees the simulator.

mod types;

pub use types::*;
