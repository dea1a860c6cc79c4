//! What can be asked of a platform and what it answers: plain data, the vocabulary of the seam.
//!
//! It stands below both sides, so that the simulator can carry actions out without knowing who decided them, and the
//! pipeline can decide them without knowing who carries them out.

use crate::ids::{ActionId, ServiceId};
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
