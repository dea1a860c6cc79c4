//! Reference tables: the engine against queueing theory, published experiments and documented rules of real platforms.
//!
//! A reference table ([`read`]) says for each row what is set up, what is measured, and what must come out. Each row
//! becomes an experiment: a topology, a load and faults for the engine itself, and an observer that counts. No measured
//! value is ever computed by a formula of our own; formulas only plan how long a run must be. Rows that speak of the same
//! system share one run. What is not understood word for word is reported as unsupported, never guessed.
//!
//! Bounds: `row`'s limit on rows, and for each run a largest number of simulated requests (`steady`) or seconds.

mod balancing;
mod experiment;
mod lab;
mod measure;
mod meter;
mod networks;
mod overload;
mod params;
mod phrase;
mod platform;
mod report;
mod retries;
mod row;
mod stations;
mod stats;
mod steady;
mod suite;
mod tail;
mod tolerance;

pub use experiment::Effort;
pub use lab::Setup;
pub use measure::Measured;
pub(in crate::validation) use measure::short;
pub use report::{Report, ReportRow, Totals, Verdict};
pub use row::{Row, read};
pub(super) use stats::mean_interval;
pub use suite::{Suite, groups};
pub use tolerance::{Expected, Tolerance};
