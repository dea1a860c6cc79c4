//! The brain: collect -> monitor -> predict -> classify -> decide -> orchestrate -> verify -> report.
//!
//! Sans I/O: time and samples are arguments, actions are results. It never sees the simulator.

mod brain;
mod collect;
mod gate;
mod monitor;
mod policy;
mod report;
mod text;
mod types;
mod wiring;

pub use brain::{ActionRequest, DecisionError, EventKind, Pipeline, PipelineEvent, StepOutcome};
pub use policy::{Band, Policy, RuleSet, Thresholds};
pub use report::{IncidentTimes, PipelineReport};
pub use types::*;
