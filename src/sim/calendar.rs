//! The pending-event set: what *will* happen, ordered by (time, insertion).
//!
//! A 4-ary heap of 16-byte entries: among the structures measured for this model it is the fastest up to a few thousand
//! pending events, in wasm too, and never collapses. An entry is one 128-bit number, time above sequence above what, so
//! that an order is one comparison. Cancelling is lazy: an entity remembers the sequence number of the event it waits
//! for, and a popped event with another number is stale.
//!
//! Bounds: 2^36 events in a run (at 5 events an RPC and 20 k RPC/s that is over a week), [`ID_MAX`] entities of a kind.

use crate::units::SimTime;

/// Children of a heap node.
const ARITY: usize = 4;
/// Bits of an entity's index.
const ID_BITS: u32 = 23;
/// Bits of a kind.
const KIND_BITS: u32 = 5;
/// Largest index an entity may have: 8 million requests at once.
pub(super) const ID_MAX: u32 = (1 << ID_BITS) - 1;

/// What will happen to the entity with the event's index. Private to the simulator: the world speaks in
/// [`super::Event`]s of what did happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Happening {
    /// A user's request enters at a service.
    Arrive,
    /// The rate at which users enter at a service changes by itself.
    RateTurn,
    /// A user has thought for long enough, or has no patience left.
    UserTurn,
    /// A request's message reaches its instance.
    Deliver,
    /// An instance's CPU finishes its next job, or its quota.
    CpuDone,
    /// A request's wait is over.
    WaitDone,
    /// An answer reaches the caller.
    Reply,
    /// The oldest attempt of an edge is overdue.
    EdgeTimeout,
    /// A call's own timer: back-off over, time-out, pool wait over.
    CallTimer,
    /// A call's hedge is due.
    Hedge,
    /// Callers learn which instances of a service are ready.
    Publish,
    /// The kubelet starts an instance's process (again).
    Start,
    /// An instance's process has started.
    Ready,
    /// A leaking instance's memory grew.
    Leak,
    /// A process exits because of a crash loop.
    CrashExit,
    /// The grace period of a draining instance is over.
    GraceOver,
    /// An instance's probe is due, or its answer overdue.
    Probe,
    /// A fault's time is over.
    FaultEnd,
    /// A repeating fault strikes again.
    FaultRepeat,
    /// The control plane works on a change of a service.
    ChangeStep,
    /// A change of a service has taken too long.
    ChangeDeadline,
    /// A roll-out of a service goes on, or has taken too long.
    RollOutStep,
    /// The autoscaler looks at a service.
    Autoscale,
    /// The cluster looks for room for waiting instances, and at lost nodes.
    Schedule,
    /// A node's state is noticed by the control plane.
    NodeTurn,
}

const KINDS: [Happening; 25] = [
    Happening::Arrive,
    Happening::RateTurn,
    Happening::UserTurn,
    Happening::Deliver,
    Happening::CpuDone,
    Happening::WaitDone,
    Happening::Reply,
    Happening::EdgeTimeout,
    Happening::CallTimer,
    Happening::Hedge,
    Happening::Publish,
    Happening::Start,
    Happening::Ready,
    Happening::Leak,
    Happening::CrashExit,
    Happening::GraceOver,
    Happening::Probe,
    Happening::FaultEnd,
    Happening::FaultRepeat,
    Happening::ChangeStep,
    Happening::ChangeDeadline,
    Happening::RollOutStep,
    Happening::Autoscale,
    Happening::Schedule,
    Happening::NodeTurn,
];

/// A popped event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub at: SimTime,
    pub seq: u64,
    pub what: Happening,
    pub id: u32,
}

/// Pending happenings.
#[derive(Clone, Debug, Default)]
pub(super) struct Calendar {
    heap: Vec<u128>,
    seq: u64,
}

impl Calendar {
    /// Adds `what` of entity `id` at `at`, after everything that is already due then. Returns its sequence number,
    /// never 0.
    pub fn schedule(&mut self, at: SimTime, what: Happening, id: u32) -> u64 {
        debug_assert!(id <= ID_MAX, "entity {id} has no place in an event");
        self.seq += 1;
        let low = self.seq << (ID_BITS + KIND_BITS) | (what as u64) << ID_BITS | u64::from(id);
        self.heap.push(u128::from(at.as_nanos()) << 64 | u128::from(low));
        self.sift_up(self.heap.len() - 1);
        self.seq
    }
    /// When the next happening is due.
    pub fn next_at(&self) -> Option<SimTime> {
        self.heap.first().map(|e| SimTime::from_nanos((e >> 64) as u64))
    }
    /// Takes the next happening if it is due by `until`.
    pub fn pop_until(&mut self, until: SimTime) -> Option<Due> {
        let first = *self.heap.first()?;
        let at = SimTime::from_nanos((first >> 64) as u64);
        if at > until {
            return None;
        }
        let last = self.heap.pop()?;
        if !self.heap.is_empty() {
            self.heap[0] = last;
            self.sift_down();
        }
        let low = first as u64;
        let what = KINDS[(low >> ID_BITS) as usize & ((1 << KIND_BITS) - 1)];
        Some(Due { at, seq: low >> (ID_BITS + KIND_BITS), what, id: low as u32 & ID_MAX })
    }
    /// How many are pending (stale ones included).
    pub fn len(&self) -> usize {
        self.heap.len()
    }
    /// How many were ever scheduled.
    pub const fn scheduled(&self) -> u64 {
        self.seq
    }

    fn sift_up(&mut self, mut i: usize) {
        let entry = self.heap[i];
        while i > 0 {
            let parent = (i - 1) / ARITY;
            if entry >= self.heap[parent] {
                break;
            }
            self.heap[i] = self.heap[parent];
            i = parent;
        }
        self.heap[i] = entry;
    }
    fn sift_down(&mut self) {
        let heap = self.heap.as_mut_slice();
        let (entry, len, mut i) = (heap[0], heap.len(), 0);
        loop {
            let first = i * ARITY + 1;
            if first >= len {
                break;
            }
            let mut least = first;
            for child in first + 1..(first + ARITY).min(len) {
                if heap[child] < heap[least] {
                    least = child;
                }
            }
            if heap[least] >= entry {
                break;
            }
            heap[i] = heap[least];
            i = least;
        }
        heap[i] = entry;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng;

    #[test]
    fn happenings_come_in_time_order_and_equal_times_in_insertion_order() {
        let mut calendar = Calendar::default();
        for i in 0..2_000_u32 {
            let at = SimTime::from_nanos(u64::from(rng::below(u64::from(i), 50)));
            calendar.schedule(at, Happening::CpuDone, i);
        }
        let mut popped = Vec::new();
        while let Some(due) = calendar.pop_until(SimTime::FAR_FUTURE) {
            assert_eq!((due.what, u64::from(due.id) + 1), (Happening::CpuDone, due.seq));
            popped.push((due.at, due.seq));
        }
        assert_eq!(popped.len(), 2_000);
        assert!(popped.is_sorted());
    }

    #[test]
    fn every_kind_survives_packing() {
        for (i, kind) in KINDS.into_iter().enumerate() {
            assert_eq!(kind as usize, i);
            let mut calendar = Calendar::default();
            calendar.schedule(SimTime::from_secs(9), kind, ID_MAX);
            assert_eq!(calendar.pop_until(SimTime::from_secs(8)), None);
            let due = calendar.pop_until(SimTime::from_secs(9)).expect("due");
            assert_eq!((due.what, due.id, due.seq), (kind, ID_MAX, 1));
        }
    }
}
