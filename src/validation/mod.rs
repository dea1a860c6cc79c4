//! Validation: reference tables of theory and of real platforms' rules, laws on random systems, and incidents that were
//! published; and the brain's verdicts on labelled incidents of real systems.

pub mod diagnosis;
pub mod incidents;
pub mod page;
pub mod reference;
pub mod scale;
pub mod swarm;

pub use reference::Report;
