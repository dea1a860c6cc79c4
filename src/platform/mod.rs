//! The seam between the brain and the world. The pipeline asks for actions and reads scrapes; who answers (the
//! simulator now, a cluster in live mode) it cannot tell.

mod meter;
mod simulated;

pub use meter::UserStats;
pub use simulated::Simulated;

use crate::ids::{ActionId, ServiceId};
use crate::telemetry::{LogLine, Observation};
use crate::units::SimTime;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What the healer can ask of a platform. Each changes mechanism only, takes time and can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// `SCALE_UP`: more instances; they need room on the nodes and time to start.
    ScaleUp {
        /// Which service.
        service: ServiceId,
        /// How many more, at least 1.
        by: u32,
    },
    /// `RESTART_SERVICE`: replaces every instance, one after the other, each only when its successor is ready
    /// (a rolling restart with one surge instance).
    Restart {
        /// Which service.
        service: ServiceId,
    },
    /// `TRAFFIC_REROUTE`: new requests on this edge take the network's detour (another zone) instead of the direct path.
    RerouteEdge {
        /// The caller.
        from: ServiceId,
        /// The callee.
        to: ServiceId,
    },
    /// `TRAFFIC_REROUTE`: takes the slowest instance of a service out of load balancing; a replacement starts first.
    RerouteService {
        /// Which service.
        service: ServiceId,
    },
}

impl Action {
    /// The name that people see: `SCALE_UP`, `RESTART_SERVICE` or `TRAFFIC_REROUTE`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ScaleUp { .. } => "SCALE_UP",
            Self::Restart { .. } => "RESTART_SERVICE",
            Self::RerouteEdge { .. } | Self::RerouteService { .. } => "TRAFFIC_REROUTE",
        }
    }
    /// The service it is done to (for an edge: the callee).
    pub const fn service(self) -> ServiceId {
        match self {
            Self::ScaleUp { service, .. } | Self::Restart { service } | Self::RerouteService { service } => service,
            Self::RerouteEdge { to, .. } => to,
        }
    }
}

/// Why the platform did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum ActionError {
    /// No such service or edge.
    #[error("the target does not exist")]
    NoTarget,
    /// The nodes are full.
    #[error("no node has room: {0}m CPU wanted, {1}m free")]
    NoRoom(u32, u32),
    /// The service has as many instances as it may have.
    #[error("already at the limit of {0} instances")]
    AtLimit(u32),
    /// A change of the same service is still under way.
    #[error("another change of this service is still under way")]
    Busy,
    /// It is so already.
    #[error("nothing to change: {0}")]
    Already(String),
    /// New instances did not become ready in time.
    #[error("gave up after {0} s: new instances did not become ready")]
    Deadline(u64),
}

/// How far an action is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionStatus {
    /// Taken on; under way.
    Accepted,
    /// Finished. Says nothing about whether it helped.
    Done,
    /// Not done, or given up half-way.
    Failed(ActionError),
}

/// What a platform answers: one at once, one more when an accepted action ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The action's number.
    pub id: ActionId,
    /// What was asked.
    pub action: Action,
    /// When this was answered.
    pub at: SimTime,
    /// The answer.
    pub status: ActionStatus,
}

/// Everything that came in at one scrape.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scrape {
    /// Samples, by subject and metric. A metric without requests in its window (ratios, percentiles) is left out.
    pub observations: Vec<Observation>,
    /// New log lines, oldest first.
    pub logs: Vec<LogLine>,
    /// Actions that ended since the last scrape.
    pub receipts: Vec<Receipt>,
}

/// A system that can be watched and acted on.
pub trait Platform {
    /// All that is known at `now`.
    fn observe(&mut self, now: SimTime) -> Scrape;
    /// Starts `action` under the number `id`.
    fn apply(&mut self, now: SimTime, id: ActionId, action: Action) -> Receipt;
}
