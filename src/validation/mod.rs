//! Validation: reference tables of theory and of real platforms' rules, laws on random systems, and incidents that were
//! published; the brain's verdicts on labelled incidents of real systems, its forecasts of recorded series, and how good a
//! detector of anomalies is; healing policies against each other (`arena`).

pub mod arena;
pub mod detection;
pub mod diagnosis;
pub mod forecast;
pub mod incidents;
pub mod page;
mod parallel;
pub mod reference;
pub mod scale;
pub mod swarm;
pub mod table;

pub use reference::Report;
