//! Validation: laws on random systems, and incidents that were published.

pub mod incidents;
pub mod swarm;
