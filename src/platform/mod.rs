//! The seam between the brain and the world. The pipeline asks for actions and reads scrapes; who answers (the
//! simulator now, a cluster in live mode) it cannot tell.

mod distorted;
mod edges;
mod inventory;
mod meter;
mod simulated;
mod spans;
mod tally;

pub use distorted::{DELAY_MAX, Distorted, Distortion};
pub use meter::UserStats;
pub use simulated::Simulated;
pub use spans::SPANS_LEN_MAX;

pub use crate::action::{Action, ActionError, ActionStatus, Receipt};

use crate::ids::ActionId;
use crate::telemetry::{Inventory, LogLine, Observation, Span};
use crate::units::SimTime;
use serde::{Deserialize, Serialize};

/// Everything that came in at one scrape.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scrape {
    /// Samples, by subject and metric. A metric without requests in its window (ratios, percentiles) is left out.
    pub observations: Vec<Observation>,
    /// What exporters tell of instances, machines, changes, and of both ends of calls.
    pub inventory: Inventory,
    /// New log lines, oldest first.
    pub logs: Vec<LogLine>,
    /// Spans of sampled requests that were answered since the last scrape, at most [`SPANS_LEN_MAX`], children mostly before
    /// their parents.
    #[serde(default)]
    pub spans: Vec<Span>,
    /// Spans of sampled requests that were left out.
    #[serde(default)]
    pub spans_dropped: u32,
    /// Actions that ended since the last scrape.
    pub receipts: Vec<Receipt>,
}

/// A system that can be watched and acted on.
pub trait Platform {
    /// All that is known at `now`.
    fn observe(&mut self, now: SimTime) -> Scrape;
    /// Starts `action` under the number `id`.
    fn apply(&mut self, now: SimTime, id: ActionId, action: Action) -> Receipt;
    /// Says what it would answer to that at first, and does nothing (Kubernetes: `dryRun=All`).
    fn rehearse(&self, now: SimTime, id: ActionId, action: Action) -> Receipt;
}
