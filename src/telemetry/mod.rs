//! What a monitor may know: samples, log lines, and the bounded stores that hold them.

mod histogram;
mod inventory;
mod log;
mod metric;
mod series;
mod span;

pub use histogram::Histogram;
pub use inventory::{EdgeFacts, Exits, Inventory, NodeFacts, PathFacts, PoolFacts, ServiceFacts};
pub use log::{Level, LogLine};
pub use metric::{Metric, Observation, Subject};
pub use series::Series;
pub use span::Span;
