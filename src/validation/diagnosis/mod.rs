//! Root causes of labelled incidents: the pipeline's own locator, run over recorded systems and scored against what was
//! really done to them, next to the simplest methods on the same windows.
//!
//! Reading files is the caller's; this takes their text. A case is a directory with `metrics.csv` (`time_s`, then
//! `service|metric`), `edges.csv` (optional: `caller>callee|p50_caller_ms` and `|p50_callee_ms`), `graph.csv` (optional:
//! `caller,callee`) and `truth.json` (optional unless the injection's time is told or the result is scored).

mod case;
mod floors;
mod play;
mod report;
mod score;
mod table;
mod times;

pub use crate::validation::table::Problem;
pub use case::{Case, Texts, Truth};
pub use play::{Outcome, play};
pub use report::{csv, scores};

#[cfg(test)]
mod tests;
