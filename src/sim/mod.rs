//! Ground truth: the simulated system. Nothing but `platform::simulated`, `scenario` and `session` may look inside.
//!
//! Exact discrete events, one per thing that happens to a request, in integer nanoseconds. Coarser models (fluid,
//! time-stepped) lose the verdict exactly where it matters, near collapse. The world is a plain value: cloning it forks
//! the run. [`World::run`] pops the calendar and changes state; what did happen comes out as [`Event`]s.
//!
//! Bounds: one worker slot list and one queue per instance ([`crate::topology::Service`] gives their lengths), at most
//! [`FAULTS_MAX`] faults, attempts per call by its policy (at most 10).

mod admit;
mod audit;
mod autoscale;
mod balance;
mod cache;
mod calendar;
mod calls;
mod change;
mod checker;
mod client;
mod cluster;
mod controllers;
mod cpu;
mod edit;
mod effects;
mod event;
mod exports;
pub mod fault;
mod guard;
mod heap;
mod hedge;
mod hold;
mod inject;
mod instance;
mod network;
mod nodes;
mod outage;
mod plan;
mod pool;
mod probe;
mod replicas;
mod request;
mod resilience;
mod rollout;
mod sample;
mod serve;
mod service;
mod settings;
mod slab;
mod spans;
mod steps;
mod trace;
mod wheel;
mod workload;
mod world;

pub use checker::{Account, Imbalance};
pub use event::{Event, Exit, Observer, Outcome, Rejection, TimedEvent};
pub use exports::{InstanceGauges, NodeGauges};
pub use hold::calendar_hold;
pub use inject::FAULTS_MAX;
pub use pool::{PoolCounts, PoolGauges};
pub use service::Gauges;
pub use world::World;
