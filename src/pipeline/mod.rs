//! The brain: collect -> monitor -> predict -> classify -> decide -> orchestrate -> verify -> report.
//!
//! Sans I/O: time and samples are arguments, actions are results. It never sees the simulator.

mod aim;
mod alert;
mod api;
mod attribution;
pub mod bandit;
mod blame;
mod brain;
pub mod catalogue;
mod changes;
mod classify;
mod collect;
mod controls;
mod course;
mod decide;
pub mod detect;
mod effect;
mod envelope;
mod failure;
pub mod forecast;
mod gate;
mod graph;
mod join;
mod ledger;
pub mod locate;
mod monitor;
mod network;
mod orchestrate;
mod policy;
mod policy_rules;
mod policy_seed;
pub mod predict;
mod report;
mod situation;
mod slo;
mod span_shift;
mod surge;
pub mod suspects;
mod templates;
mod text;
mod trust;
mod types;
mod verify;
mod watch;
mod wiring;

pub use alert::CALM_SCRAPES;
pub use api::{ActionRequest, DecisionError, EventKind, PipelineEvent, StepOutcome};
pub use brain::Pipeline;
pub use envelope::LEARNING;
pub use failure::FailureClass;
pub use graph::{AMPLIFIED, ObservedEdge, TraceCounts};
pub use policy::{Band, Policy, RuleSet, Thresholds};
pub use report::{IncidentTimes, PipelineReport};
pub use situation::Case;
pub use slo::{BurnRate, SloStatus, TIME_SCALE};
pub use templates::LogTemplate;
pub use types::*;
pub use watch::{LANES, SeriesAlarm, ServiceAlarm, TOGETHER, WATCHED};

#[cfg(test)]
mod tests;
