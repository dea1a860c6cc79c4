//! Forecasts judged: hourly series of the M4 competition, and breaches of a threshold on pods' memory.
//!
//! Reading and judging only; the forecaster is the pipeline's own, so that what is measured is what runs.

pub mod breach;
pub mod judge;
pub mod m4;
pub mod pods;
mod rivals;
pub mod simulated;
pub mod table;
