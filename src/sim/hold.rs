//! The calendar by itself: the floor under every speed.

use super::calendar::{Calendar, Happening};
use crate::rng::{self, Stream};
use crate::units::{SimDuration, SimTime};

/// Longest gap between a happening and the next of its entity, in nanoseconds (1 ms; only the order matters).
const GAP_NS_MAX: u32 = 1_000_000;
/// Most pending happenings.
const PENDING_MAX: u32 = 1_000_000;

/// The hold model: with `pending` happenings pending (1..=1,000,000), `happenings` times take the next one and schedule
/// another at a random later time. No state, no requests, no maths: the physical floor of the engine on a machine, as
/// each of its happenings costs at least this. Returns a checksum of the times, which depends only on the arguments.
pub fn calendar_hold(pending: u32, happenings: u64, seed: u64) -> u64 {
    let mut calendar = Calendar::default();
    let mut gaps = Stream::new(seed, rng::label("calendar hold"));
    let mut gap = || SimDuration::from_nanos(1 + u64::from(rng::below(gaps.next_key(), GAP_NS_MAX)));
    for id in 0..pending.clamp(1, PENDING_MAX) {
        calendar.schedule(SimTime::ZERO + gap(), Happening::CpuDone, id);
    }
    let mut checksum = 0_u64;
    for _ in 0..happenings {
        let Some(due) = calendar.pop_until(SimTime::FAR_FUTURE) else { break };
        checksum = checksum.rotate_left(1) ^ due.at.as_nanos();
        calendar.schedule(due.at + gap(), due.what, due.id);
    }
    checksum
}

#[cfg(test)]
mod tests {
    use super::calendar_hold;

    #[test]
    fn the_calendar_alone_is_deterministic_too() {
        assert_eq!(calendar_hold(100, 1_000, 7), calendar_hold(100, 1_000, 7));
        assert_ne!(calendar_hold(100, 1_000, 7), calendar_hold(100, 1_000, 8));
    }
}
