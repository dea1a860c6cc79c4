//! A request at one service, the calls it makes, and the user it may come from.

use crate::ids::ServiceId;
use crate::units::SimTime;

/// No entity.
pub(super) const NOBODY: u32 = u32::MAX;

/// One request at one service: in the network, in a queue, or holding a worker.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    /// Key of all its random draws: the user's request, the path of calls, the attempt.
    pub key: u64,
    /// The event it waits for, if any.
    pub event: u64,
    /// When it reached its instance (before: when it was sent).
    pub arrived_at: SimTime,
    /// When it got a worker.
    pub began_at: SimTime,
    /// After this nobody wants the answer, as far as the server is told.
    pub deadline: SimTime,
    /// CPU time of its demand in ns.
    pub work_ns: f64,
    pub service: ServiceId,
    /// Index of the instance that it goes to or is at.
    pub instance: u32,
    /// The instance's stamp when the request was sent: a restarted process does not know it.
    pub instance_stamp: u32,
    /// Unique; tells a reused slab index from the original.
    pub stamp: u32,
    /// The trace that it belongs to and the span that asked for it; 0 for none.
    pub trace: u32,
    pub parent_span: u32,
    pub reply_to: ReplyTo,
    /// Position in its instance's list.
    pub position: u32,
    /// The next operation of its endpoint's program.
    pub op: u32,
    /// Calls of the current step that have not ended.
    pub pending: u16,
    /// Good answers that the current step still needs; 0 if it needs all required ones.
    pub wanted: u16,
    /// Number of the current step: calls of earlier steps no longer matter.
    pub step: u16,
    pub endpoint: u16,
    /// Priority: 0 is the most important; the same on every service that a user's request reaches.
    pub level: u16,
    /// How often it was handed on.
    pub hops: u8,
    pub place: Place,
    /// A required call failed.
    pub failed: bool,
    /// The calls of the current step are just being made.
    pub issuing: bool,
    /// The current step needs only some of its calls.
    pub needs_some: bool,
    /// It holds the lock of its current operation.
    pub locked: bool,
    /// The caller has given up and said so.
    pub cancelled: bool,
}

/// Whom to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReplyTo {
    /// A user; valid while the visitor still carries this stamp.
    User { visitor: u32, stamp: u32 },
    /// A call of another service; valid while the call still carries this stamp.
    Call { call: u32, stamp: u32 },
    /// The kubelet, about the instance that the request is at.
    Probe { liveness: bool },
}

/// Where a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// On the wire.
    Sent,
    /// Waiting for a worker.
    Queued,
    /// Holding a worker.
    Active,
}

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A plain call of a step.
    Plain,
    /// The question to the cache in a look-up.
    Cache,
    /// A call to the origin after a miss.
    Origin,
}

/// One call, seen from the caller, over all its attempts.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallState {
    /// Key of the call; the attempt is folded in for each try.
    pub key: u64,
    pub attempt_at: SimTime,
    /// The whole call fails then.
    pub deadline: SimTime,
    /// The reply on its way.
    pub reply_event: u64,
    /// Its own timer: back-off, time-out out of order, pool wait.
    pub timer: u64,
    pub hedge_event: u64,
    /// The caller's request, valid while it still carries `parent_stamp`; [`NOBODY`] if nobody waits for the call.
    pub parent: u32,
    pub parent_stamp: u32,
    /// The caller's instance, valid while it still carries `caller_stamp`; [`NOBODY`] for users.
    pub caller: u32,
    pub caller_stamp: u32,
    pub edge: u32,
    /// The request of the attempt in flight and its stamp, for cancelling.
    pub request: u32,
    pub request_stamp: u32,
    /// The instance that the attempt went to, and its slot number in the callee.
    pub at_instance: u32,
    pub at_slot: u32,
    /// Changes with each attempt and each back-off: late answers and stale timers carry an older one.
    pub stamp: u32,
    /// The trace of the caller's request; 0 for none.
    pub trace: u32,
    /// The other copy of a hedged call.
    pub twin: u32,
    /// The parent's step at the time.
    pub step: u16,
    pub endpoint: u16,
    pub level: u16,
    /// 1 for the first attempt.
    pub attempt: u8,
    pub role: Role,
    pub phase: Phase,
    pub optional: bool,
    /// How the reply on its way ends the attempt.
    pub reply_ok: ReplyKind,
    /// Whether it is counted as in flight at its client, and holds a pooled connection.
    pub counted: bool,
    pub pooled: bool,
}

/// What a call waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// An answer.
    Sent,
    /// A connection of the pool.
    Pool,
    /// The end of its back-off.
    BackOff,
}

/// What a reply says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReplyKind {
    Ok,
    Error,
    Rejected,
}

/// One user's request, or in a closed loop one user.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visitor {
    pub entry: ServiceId,
    pub entered_at: SimTime,
    /// Key of the present request.
    pub key: u64,
    /// The slot of the instance that the present request entered at.
    pub slot: u32,
    /// Patience or thinking.
    pub event: u64,
    /// Changes with each request: an answer to an earlier one is of no use any more.
    pub stamp: u32,
    /// Requests made, of a session or a closed loop.
    pub made: u32,
    /// Failures in a row.
    pub failures: u32,
    /// Whether the user waits for an answer (otherwise thinks).
    pub waiting: bool,
}
