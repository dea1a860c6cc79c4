//! What can be asked of a platform and what it answers: plain data, the vocabulary of the seam.
//!
//! It stands below both sides, so that the simulator can carry actions out without knowing who decided them, and the
//! pipeline can decide them without knowing who carries them out.

use crate::ids::{ActionId, InstanceId, ServiceId};
use crate::units::{Millicores, SimDuration, SimTime};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What the healer can ask of a platform. Each changes mechanism only, takes time and can fail.
///
/// Shares are whole per cent and rates whole numbers, so that actions can be compared and ordered.
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
    /// `RESTART_SERVICE`: replaces every instance by one of the same version, within the roll-out's surge and share that
    /// may be missing.
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
    /// `SCALE_TO`: this many instances. Scaling in drains those that are not ready, then the newest.
    ScaleTo {
        /// Which service.
        service: ServiceId,
        /// How many, 1 to `replicas_max`.
        replicas: u32,
    },
    /// `RESIZE`: another CPU limit for each instance, the request in proportion, by a roll-out.
    Resize {
        /// Which service.
        service: ServiceId,
        /// The new limit, 1m to 1,000,000m.
        cpu: Millicores,
    },
    /// `EVICT`: moves one instance: it is drained, a replacement starts at once. The disruption budget can forbid it.
    Evict {
        /// Which service.
        service: ServiceId,
        /// Which instance.
        instance: InstanceId,
    },
    /// `DRAIN_ZONE`: the service's instances in a zone take no new traffic; the others get it.
    DrainZone {
        /// Which service.
        service: ServiceId,
        /// Which zone.
        zone: u8,
    },
    /// `UNDRAIN_ZONE`: takes `DRAIN_ZONE` back.
    UndrainZone {
        /// Which service.
        service: ServiceId,
        /// Which zone.
        zone: u8,
    },
    /// `ROLL_BACK`: takes the last change of version or configuration back: a configuration at once, a version by a
    /// roll-out of the one before.
    RollBack {
        /// Which service.
        service: ServiceId,
    },
    /// `PAUSE_ROLL_OUT`: no further instance is replaced for now.
    PauseRollOut {
        /// Which service.
        service: ServiceId,
    },
    /// `RESUME_ROLL_OUT`: takes `PAUSE_ROLL_OUT` back.
    ResumeRollOut {
        /// Which service.
        service: ServiceId,
    },
    /// `SHED`: the service turns away a random share of its requests; 0 restores what was there before.
    Shed {
        /// Which service.
        service: ServiceId,
        /// Per cent, 0..=100.
        percent: u8,
    },
    /// `RATE_LIMIT`: a limit at the door of each instance; 0 restores what was there before.
    RateLimit {
        /// Which service.
        service: ServiceId,
        /// Requests per second and instance.
        per_s: u32,
    },
    /// `OPEN_BREAKER`: calls on this edge fail at once, without being sent.
    OpenBreaker {
        /// The caller.
        from: ServiceId,
        /// The callee.
        to: ServiceId,
    },
    /// `CLOSE_BREAKER`: takes `OPEN_BREAKER` back.
    CloseBreaker {
        /// The caller.
        from: ServiceId,
        /// The callee.
        to: ServiceId,
    },
    /// `SET_ATTEMPTS`: how often the caller tries at most.
    SetAttempts {
        /// The caller.
        from: ServiceId,
        /// The callee.
        to: ServiceId,
        /// 1..=10; 1 is no retry.
        attempts: u8,
    },
    /// `SET_TIMEOUT`: how long the caller waits for one attempt.
    SetTimeout {
        /// The caller.
        from: ServiceId,
        /// The callee.
        to: ServiceId,
        /// 1 ms to 1 h.
        timeout: SimDuration,
    },
    /// `SET_POOL`: the caller's connections to the callee, per instance. New instances open that many; a running pool
    /// grows or shrinks to it.
    SetPool {
        /// The caller.
        from: ServiceId,
        /// The callee.
        to: ServiceId,
        /// 1..=10,000.
        size: u32,
    },
    /// `ADD_JITTER`: the caller's back-off becomes random (full jitter).
    AddJitter {
        /// The caller.
        from: ServiceId,
        /// The callee.
        to: ServiceId,
    },
    /// `FLUSH_QUEUE`: drops all requests that wait at the service's instances.
    FlushQueue {
        /// Which service.
        service: ServiceId,
    },
    /// `WARM_CACHE`: fills a cache with its most popular keys.
    WarmCache {
        /// Which cache.
        service: ServiceId,
    },
    /// `CORDON_NODE`: nothing new is placed on the node, and the service's instances leave it as the budget allows.
    CordonNode {
        /// Whose instances.
        service: ServiceId,
        /// Index of the node.
        node: u32,
    },
    /// `UNCORDON_NODE`: the node may be used again.
    UncordonNode {
        /// On whose behalf.
        service: ServiceId,
        /// Index of the node.
        node: u32,
    },
    /// `FAIL_OVER`: a database's slowest instance (the ailing primary) is fenced off for 5 s, the time to elect another,
    /// and then restarted. A database of one instance is away for that long.
    FailOver {
        /// Which database.
        service: ServiceId,
    },
    /// `THROTTLE_ENTRY`: only this share of the users is let in.
    ThrottleEntry {
        /// Where they enter.
        entry: ServiceId,
        /// Per cent, 0..=100.
        percent: u8,
    },
    /// `RESTORE_EDGE`: takes `TRAFFIC_REROUTE` of an edge back.
    RestoreEdge {
        /// The caller.
        from: ServiceId,
        /// The callee.
        to: ServiceId,
    },
}

impl Action {
    /// All names, in the order of the variants (two of which share one).
    pub const NAMES: [&str; 26] = [
        "SCALE_UP",
        "RESTART_SERVICE",
        "TRAFFIC_REROUTE",
        "SCALE_TO",
        "RESIZE",
        "EVICT",
        "DRAIN_ZONE",
        "UNDRAIN_ZONE",
        "ROLL_BACK",
        "PAUSE_ROLL_OUT",
        "RESUME_ROLL_OUT",
        "SHED",
        "RATE_LIMIT",
        "OPEN_BREAKER",
        "CLOSE_BREAKER",
        "SET_ATTEMPTS",
        "SET_TIMEOUT",
        "SET_POOL",
        "ADD_JITTER",
        "FLUSH_QUEUE",
        "WARM_CACHE",
        "CORDON_NODE",
        "UNCORDON_NODE",
        "FAIL_OVER",
        "THROTTLE_ENTRY",
        "RESTORE_EDGE",
    ];

    /// The name that people see: `SCALE_UP`, `RESTART_SERVICE`, `TRAFFIC_REROUTE`...
    pub const fn name(self) -> &'static str {
        match self {
            Self::ScaleUp { .. } => "SCALE_UP",
            Self::Restart { .. } => "RESTART_SERVICE",
            Self::RerouteEdge { .. } | Self::RerouteService { .. } => "TRAFFIC_REROUTE",
            Self::ScaleTo { .. } => "SCALE_TO",
            Self::Resize { .. } => "RESIZE",
            Self::Evict { .. } => "EVICT",
            Self::DrainZone { .. } => "DRAIN_ZONE",
            Self::UndrainZone { .. } => "UNDRAIN_ZONE",
            Self::RollBack { .. } => "ROLL_BACK",
            Self::PauseRollOut { .. } => "PAUSE_ROLL_OUT",
            Self::ResumeRollOut { .. } => "RESUME_ROLL_OUT",
            Self::Shed { .. } => "SHED",
            Self::RateLimit { .. } => "RATE_LIMIT",
            Self::OpenBreaker { .. } => "OPEN_BREAKER",
            Self::CloseBreaker { .. } => "CLOSE_BREAKER",
            Self::SetAttempts { .. } => "SET_ATTEMPTS",
            Self::SetTimeout { .. } => "SET_TIMEOUT",
            Self::SetPool { .. } => "SET_POOL",
            Self::AddJitter { .. } => "ADD_JITTER",
            Self::FlushQueue { .. } => "FLUSH_QUEUE",
            Self::WarmCache { .. } => "WARM_CACHE",
            Self::CordonNode { .. } => "CORDON_NODE",
            Self::UncordonNode { .. } => "UNCORDON_NODE",
            Self::FailOver { .. } => "FAIL_OVER",
            Self::ThrottleEntry { .. } => "THROTTLE_ENTRY",
            Self::RestoreEdge { .. } => "RESTORE_EDGE",
        }
    }
    /// The service it is done to (for an edge: the callee).
    pub const fn service(self) -> ServiceId {
        match self {
            Self::ScaleUp { service, .. }
            | Self::Restart { service }
            | Self::RerouteService { service }
            | Self::ScaleTo { service, .. }
            | Self::Resize { service, .. }
            | Self::Evict { service, .. }
            | Self::DrainZone { service, .. }
            | Self::UndrainZone { service, .. }
            | Self::RollBack { service }
            | Self::PauseRollOut { service }
            | Self::ResumeRollOut { service }
            | Self::Shed { service, .. }
            | Self::RateLimit { service, .. }
            | Self::FlushQueue { service }
            | Self::WarmCache { service }
            | Self::CordonNode { service, .. }
            | Self::UncordonNode { service, .. }
            | Self::FailOver { service }
            | Self::ThrottleEntry { entry: service, .. } => service,
            Self::RerouteEdge { to, .. }
            | Self::OpenBreaker { to, .. }
            | Self::CloseBreaker { to, .. }
            | Self::SetAttempts { to, .. }
            | Self::SetTimeout { to, .. }
            | Self::SetPool { to, .. }
            | Self::AddJitter { to, .. }
            | Self::RestoreEdge { to, .. } => to,
        }
    }
    /// Caller and callee, if it is done to an edge.
    pub const fn edge(self) -> Option<(ServiceId, ServiceId)> {
        match self {
            Self::RerouteEdge { from, to }
            | Self::OpenBreaker { from, to }
            | Self::CloseBreaker { from, to }
            | Self::SetAttempts { from, to, .. }
            | Self::SetTimeout { from, to, .. }
            | Self::SetPool { from, to, .. }
            | Self::AddJitter { from, to }
            | Self::RestoreEdge { from, to } => Some((from, to)),
            _ => None,
        }
    }
    /// Whether it replaces or moves instances: only one such change of a service can be under way. The others switch a
    /// setting and are done as soon as the control plane has acted.
    pub const fn is_structural(self) -> bool {
        matches!(
            self,
            Self::ScaleUp { .. }
                | Self::ScaleTo { .. }
                | Self::Restart { .. }
                | Self::RerouteService { .. }
                | Self::Resize { .. }
                | Self::Evict { .. }
                | Self::CordonNode { .. }
                | Self::FailOver { .. }
                | Self::RollBack { .. }
        )
    }
}

/// Why the platform did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum ActionError {
    /// No such service, edge, instance, node or zone.
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
    /// Too few instances would be left.
    #[error("the disruption budget forbids it: {0} ready, and {1} must stay")]
    Budget(u32, u32),
    /// The action does not fit its target, or its amount is out of range.
    #[error("it does not fit: {0}")]
    Unfit(String),
    /// A roll-back or another roll-out took its place.
    #[error("given up: a later change took its place")]
    Superseded,
}

/// How far an action is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionStatus {
    /// Taken on; under way.
    Accepted,
    /// Finished. Says nothing about whether it helped.
    Done,
    /// Only rehearsed (a dry run): it would have been taken on, and nothing was changed.
    Rehearsed,
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
