//! A request at one service, and the calls it makes.

use crate::ids::ServiceId;
use crate::topology::CallPolicy;
use crate::units::SimTime;

/// Whom to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReplyTo {
    /// A user: the request entered here.
    User,
    /// A call of another service; valid while the call still carries this stamp.
    Call { call: u32, stamp: u32 },
}

/// One request at one service: in the network, in a queue, or holding a worker.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub service: ServiceId,
    /// Index of the instance that it goes to or is at.
    pub instance: u32,
    /// The instance's stamp when the request was sent: a restarted process does not know it.
    pub instance_stamp: u32,
    /// Key of all its random draws: the user's request, the path of calls, the attempt.
    pub key: u64,
    /// Unique; tells a reused slab index from the original.
    pub stamp: u32,
    pub reply_to: ReplyTo,
    pub arrived_at: SimTime,
    /// Position in its instance's list.
    pub position: u32,
    /// The next stage of calls.
    pub stage: u16,
    /// Calls of the current stage that have not ended.
    pub pending: u16,
    /// A required call failed.
    pub failed: bool,
}

/// One call, seen from the caller, over all its attempts.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallState {
    /// The caller's request, valid while it still carries `parent_stamp`.
    pub parent: u32,
    pub parent_stamp: u32,
    pub from: ServiceId,
    pub to: ServiceId,
    pub optional: bool,
    pub policy: CallPolicy,
    /// Key of the call; the attempt is folded in for each try.
    pub key: u64,
    /// 1 for the first attempt.
    pub attempt: u8,
    pub attempt_at: SimTime,
    /// Where the attempt was sent, for the callers' view of that instance.
    pub at_instance: u32,
    /// Changes with each attempt and each back-off: late answers and stale timers carry an older one.
    pub stamp: u32,
}
