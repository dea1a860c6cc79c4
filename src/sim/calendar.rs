//! The pending-event set: what *will* happen, ordered by (time, insertion).
//!
//! A wheel of short ticks in front of a heap. What is due within the wheel's turn hangs, unordered, at its tick's spoke and
//! is sorted when that tick begins; what comes into the present tick after that waits in a small heap beside it; the rest
//! waits in a heap of its own. So most happenings are sorted among a dozen, however many are pending. The order is exact,
//! whatever structure a happening passes through: one 128-bit number, time above sequence above what. Cancelling is lazy: an
//! entity remembers the sequence number of the event it waits for, and a popped event with another number is stale.
//!
//! Bounds: 2^36 events in a run (at 5 events an RPC and 20 k RPC/s that is over a week), [`ID_MAX`] entities of a kind.

use super::heap::Heap;
use super::wheel::{SPOKES, Wheel};
use crate::units::SimTime;

/// Length of a tick as a power of two in ns: 66 us, below a message's delay, so that few come into the present tick.
const TICK_BITS: u32 = 16;
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
    /// The present tick: all that is due in it or before is in `sorted` or `late`, all in `wheel` within a turn after it.
    tick: u64,
    /// The last one first.
    sorted: Vec<u128>,
    late: Heap,
    wheel: Wheel,
    far: Heap,
    seq: u64,
}

const fn time_of(entry: u128) -> SimTime {
    SimTime::from_nanos((entry >> 64) as u64)
}

fn due(entry: u128) -> Due {
    let low = entry as u64;
    let what = KINDS[(low >> ID_BITS) as usize & ((1 << KIND_BITS) - 1)];
    Due { at: time_of(entry), seq: low >> (ID_BITS + KIND_BITS), what, id: low as u32 & ID_MAX }
}

const fn tick_of(entry: u128) -> u64 {
    (entry >> (64 + TICK_BITS)) as u64
}

impl Calendar {
    /// Adds `what` of entity `id` at `at`, after everything that is already due then. Returns its sequence number,
    /// never 0.
    #[inline]
    pub fn schedule(&mut self, at: SimTime, what: Happening, id: u32) -> u64 {
        debug_assert!(id <= ID_MAX, "entity {id} has no place in an event");
        self.seq += 1;
        let low = self.seq << (ID_BITS + KIND_BITS) | (what as u64) << ID_BITS | u64::from(id);
        self.place(u128::from(at.as_nanos()) << 64 | u128::from(low));
        self.seq
    }
    /// Whether something is due by `until`.
    pub fn is_due(&mut self, until: SimTime) -> bool {
        self.first_until(until).is_some()
    }
    /// Takes the next happening if it is due by `until`.
    #[inline]
    pub fn pop_until(&mut self, until: SimTime) -> Option<Due> {
        if let Some(first) = self.sorted.last().copied().filter(|_| self.late.is_empty()) {
            if time_of(first) > until {
                return None;
            }
            self.sorted.pop();
            return Some(due(first));
        }
        self.pop_first_until(until)
    }
    fn pop_first_until(&mut self, until: SimTime) -> Option<Due> {
        let first = self.first_until(until)?;
        if self.sorted.last() == Some(&first) {
            self.sorted.pop();
        } else {
            self.late.pop();
        }
        Some(due(first))
    }
    /// How many are pending (stale ones included).
    pub fn len(&self) -> usize {
        self.sorted.len() + self.late.len() + self.wheel.len() + self.far.len()
    }
    /// How many were ever scheduled.
    pub const fn scheduled(&self) -> u64 {
        self.seq
    }

    #[inline]
    fn place(&mut self, entry: u128) {
        let tick = tick_of(entry);
        if tick <= self.tick {
            self.late.push(entry);
        } else if tick - self.tick < SPOKES {
            self.wheel.push(tick, entry);
        } else {
            self.far.push(entry);
        }
    }
    /// The first if it is due by `until`.
    #[inline]
    fn first_until(&mut self, until: SimTime) -> Option<u128> {
        loop {
            let first = match (self.sorted.last(), self.late.first()) {
                (Some(a), Some(b)) => Some((*a).min(b)),
                (a, b) => a.copied().or(b),
            };
            if first.is_some() {
                return first.filter(|first| time_of(*first) <= until);
            }
            let (in_wheel, in_far) = (self.wheel.next_after(self.tick), self.far.first().map(tick_of));
            let next = in_wheel.into_iter().chain(in_far).min().filter(|next| *next <= until.as_nanos() >> TICK_BITS)?;
            self.turn(next);
        }
    }
    /// Goes on to `tick`, before which nothing is pending.
    fn turn(&mut self, tick: u64) {
        self.tick = tick;
        self.wheel.take(tick, |entry| self.sorted.push(entry));
        self.sorted.sort_unstable_by(|a, b| b.cmp(a));
        while self.far.first().is_some_and(|first| tick_of(first) - tick < SPOKES) {
            let Some(entry) = self.far.pop() else { return };
            self.place(entry);
        }
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
    fn the_order_is_exact_over_ticks_turns_and_pauses() {
        // Gaps from nanoseconds to minutes, inserted while time goes on and stops between: against a sorted list.
        let (mut calendar, mut pending, mut keys) = (Calendar::default(), Vec::new(), rng::Stream::new(3, 1));
        let (mut now, mut popped) = (0_u64, 0);
        for round in 0..3_000_u64 {
            for _ in 0..rng::below(keys.next_key(), 5) {
                let reach = 10_u64.pow(rng::below(keys.next_key(), 12));
                let at = now + keys.next_key() % reach;
                let seq = calendar.schedule(SimTime::from_nanos(at), Happening::Reply, 7);
                pending.push((at, seq));
            }
            let until = now + keys.next_key() % 10_u64.pow(rng::below(keys.next_key(), 10));
            pending.sort_unstable_by(|a, b| b.cmp(a));
            while let Some(due) = calendar.pop_until(SimTime::from_nanos(until)) {
                assert_eq!(pending.pop(), Some((due.at.as_nanos(), due.seq)), "round {round}");
                popped += 1;
            }
            assert!(pending.last().is_none_or(|next| next.0 > until), "round {round}");
            assert_eq!(calendar.len(), pending.len());
            now = until;
        }
        assert!(popped > 1_000 && !pending.is_empty());
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
