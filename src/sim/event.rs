//! What *did* happen. The world's only output: metrics, logs, the checker and the page are readers ([`Observer`]s), and
//! without any reader a run is bit for bit the same.

use super::fault::ActiveFault;
use crate::action::Receipt;
use crate::ids::{InstanceId, ServiceId};
use crate::telemetry::Span;
use crate::units::{SimDuration, SimTime};

/// How one attempt of a call ended, for its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Answered well.
    Ok,
    /// Answered with an error, or reset half-way.
    Error,
    /// Not answered in time.
    Timeout,
    /// Turned away without being worked on: a full queue, a limit, no instance, a refused connection.
    Rejected,
}

/// Why a request or an attempt was turned away without being worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rejection {
    /// The queue was full.
    QueueFull,
    /// No instance takes traffic.
    NoInstance,
    /// The instance that was chosen is dead: the connection was refused.
    Refused,
    /// Its deadline was past, or too near, when its turn came.
    Expired,
    /// Controlled delay dropped it.
    CoDel,
    /// Above the rate limit.
    RateLimit,
    /// Above the concurrency limit.
    Concurrency,
    /// Shed by priority or by an operator's share.
    Shed,
    /// The caller's circuit breaker was open.
    BreakerOpen,
    /// No connection of the caller's pool became free in time.
    PoolTimeout,
    /// The caller's bulkhead was full.
    Bulkhead,
    /// The caller throttled itself.
    Throttled,
    /// The caller gave up and the request was cancelled.
    Cancelled,
    /// A new connection could not be made.
    Handshake,
    /// It was handed on more often than allowed.
    TooManyHops,
}

/// Why a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Memory above the limit: killed by the kernel, exit code 137.
    OutOfMemory,
    /// Killed from outside (fault), exit code 137.
    Killed,
    /// It gave up by itself (crash loop), exit code 1.
    Crashed,
    /// Killed by the kubelet because its liveness probe failed, exit code 137.
    Unhealthy,
    /// Its node went away.
    NodeLost,
    /// Replaced by a newer instance, moved or scaled in; drained first.
    Retired,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// An instance finished a request (its own view: from arrival at the instance to its answer).
    Served {
        /// Who.
        service: ServiceId,
        /// Which instance.
        instance: InstanceId,
        /// Which endpoint (0 is the main one).
        endpoint: u16,
        /// From arrival to answer.
        latency: SimDuration,
        /// The part of it spent waiting for a worker.
        waited: SimDuration,
        /// CPU time it needed here before its steps, on an idle core.
        work: SimDuration,
        /// Whether it was a good answer.
        ok: bool,
    },
    /// An instance (or, without an instance, the service as a whole) turned a request away.
    Rejected {
        /// Who.
        service: ServiceId,
        /// Why.
        reason: Rejection,
        /// How long it had waited.
        waited: SimDuration,
    },
    /// An attempt of a call ended (the caller's view).
    Attempted {
        /// The caller.
        from: ServiceId,
        /// The callee.
        to: ServiceId,
        /// The edge's number in this run: counted from 0, never used again.
        edge: u32,
        /// 1 for the first attempt of its call.
        attempt: u8,
        /// From sending to the end.
        latency: SimDuration,
        /// How.
        outcome: Outcome,
        /// The caller's zone and that of the instance that was chosen; [`u8::MAX`] outside the system or if there was none.
        zones: (u8, u8),
    },
    /// The caller's own guard stopped an attempt before it was sent.
    Held {
        /// The caller.
        from: ServiceId,
        /// The callee.
        to: ServiceId,
        /// The edge's number in this run.
        edge: u32,
        /// Why.
        reason: Rejection,
    },
    /// A user's request ended.
    UserServed {
        /// Where it entered.
        entry: ServiceId,
        /// From arrival to the end.
        latency: SimDuration,
        /// Whether it was a good answer, in time for the user.
        ok: bool,
    },
    /// A cache was asked.
    CacheAsked {
        /// Who asked.
        from: ServiceId,
        /// The cache.
        cache: ServiceId,
        /// Whether it knew.
        hit: bool,
    },
    /// A caller's breaker opened (or, when `open` is false, closed).
    Breaker {
        /// The caller.
        from: ServiceId,
        /// The caller's instance.
        instance: InstanceId,
        /// The callee.
        to: ServiceId,
        /// Its new state.
        open: bool,
    },
    /// A caller leaves an instance out for a while.
    Ejected {
        /// The caller.
        from: ServiceId,
        /// The callee.
        to: ServiceId,
        /// The callee's instance.
        instance: InstanceId,
        /// For how long.
        time: SimDuration,
    },
    /// An instance waits for room on a node.
    Pending {
        /// Whose.
        service: ServiceId,
        /// Which.
        instance: InstanceId,
    },
    /// An instance's process starts.
    Started {
        /// Whose.
        service: ServiceId,
        /// Which.
        instance: InstanceId,
    },
    /// An instance takes traffic.
    BecameReady {
        /// Whose.
        service: ServiceId,
        /// Which.
        instance: InstanceId,
    },
    /// An instance's readiness probe failed: it takes no new traffic for now.
    BecameUnready {
        /// Whose.
        service: ServiceId,
        /// Which.
        instance: InstanceId,
    },
    /// An instance takes no new traffic, finishes what it has and goes.
    Draining {
        /// Whose.
        service: ServiceId,
        /// Which.
        instance: InstanceId,
    },
    /// An instance's process ended.
    Exited {
        /// Whose.
        service: ServiceId,
        /// Which.
        instance: InstanceId,
        /// Why.
        exit: Exit,
        /// How long until it is started again, if it will be.
        back_off: Option<SimDuration>,
    },
    /// The number of instances wanted changed.
    Scaled {
        /// Whose.
        service: ServiceId,
        /// Before.
        from: u32,
        /// Now.
        to: u32,
        /// Whether the autoscaler did it.
        by_autoscaler: bool,
    },
    /// A version of a service begins to replace another.
    RollOutBegan {
        /// Whose.
        service: ServiceId,
        /// The new version's number.
        version: u32,
    },
    /// A roll-out ended.
    RollOutEnded {
        /// Whose.
        service: ServiceId,
        /// The version's number.
        version: u32,
        /// Whether all instances run it.
        complete: bool,
    },
    /// A node went away.
    NodeLost {
        /// Its index.
        node: u32,
    },
    /// A node joined or came back.
    NodeJoined {
        /// Its index.
        node: u32,
    },
    /// A fault began.
    FaultBegan(ActiveFault),
    /// A fault ended, by itself or by hand.
    FaultEnded(ActiveFault),
    /// A change asked for by the healer ended.
    ActionEnded(Receipt),
}

impl Event {
    /// Whether it is about single requests: there are thousands a second of these, the others are read one by one.
    pub const fn is_traffic(&self) -> bool {
        matches!(
            self,
            Self::Served { .. }
                | Self::Rejected { .. }
                | Self::Attempted { .. }
                | Self::Held { .. }
                | Self::UserServed { .. }
                | Self::CacheAsked { .. }
        )
    }
}

/// An event and its time.
pub type TimedEvent = (SimTime, Event);

/// Reads what happens, as it happens. It is given no way to change the world.
pub trait Observer {
    /// `event` happened at `at`; times never go back.
    fn see(&mut self, at: SimTime, event: &Event);
    /// A request that is followed was answered by a service. Told after the event that it comes of.
    fn see_span(&mut self, _span: &Span) {}
}

/// Keeps everything: for tests and small runs.
impl Observer for Vec<TimedEvent> {
    fn see(&mut self, at: SimTime, event: &Event) {
        self.push((at, event.clone()));
    }
}

/// Nobody watches.
impl Observer for () {
    fn see(&mut self, _at: SimTime, _event: &Event) {}
}
