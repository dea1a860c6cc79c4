//! What *did* happen. The world's only output: metrics, logs, the checker and the page are readers, and without any
//! reader a run is bit for bit the same.

use super::fault::ActiveFault;
use crate::action::Receipt;
use crate::ids::{InstanceId, ServiceId};
use crate::units::{SimDuration, SimTime};

/// How one attempt of a call ended, for its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Answered well.
    Ok,
    /// Answered with an error, refused or reset.
    Error,
    /// Not answered in time.
    Timeout,
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
    /// Replaced by a newer instance or scaled in; drained first.
    Retired,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A service finished a request (its own view: from arrival at the instance to its answer).
    Served {
        /// Who.
        service: ServiceId,
        /// How long it took.
        latency: SimDuration,
        /// Whether it was a good answer.
        ok: bool,
    },
    /// A service's instance refused a request because its queue was full.
    Rejected {
        /// Who.
        service: ServiceId,
    },
    /// An attempt of a call ended (the caller's view).
    Attempted {
        /// The caller.
        from: ServiceId,
        /// The callee.
        to: ServiceId,
        /// From sending to the end.
        latency: SimDuration,
        /// How.
        outcome: Outcome,
    },
    /// A user's request ended.
    UserServed {
        /// Where it entered.
        entry: ServiceId,
        /// From arrival to the end.
        latency: SimDuration,
        /// Whether it was a good answer.
        ok: bool,
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
    /// A fault began.
    FaultBegan(ActiveFault),
    /// A fault ended, by itself or by hand.
    FaultEnded(ActiveFault),
    /// A change asked for by the healer ended.
    ActionEnded(Receipt),
}

/// An event and its time.
pub type TimedEvent = (SimTime, Event);
