//! The simulator against theory and its own laws.

mod aligned;
mod conservation;
mod faults;
mod platform_nodes;
mod platform_pods;
mod platform_rollout;
mod pools;
mod queueing;
mod spans;
mod world;
