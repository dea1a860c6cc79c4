//! Client-side adaptive throttling: a caller turns its own requests away when the callee accepts too few of them.
//!
//! Google, Site Reliability Engineering (2016), ch. 21, eq. 2101: the share max(0, (requests - K accepts) / (requests + 1))
//! of the last two minutes' counts is rejected locally. Local rejections count as requests, so the share rises until
//! about K requests reach the callee per accepted one.

use super::window::Window;
use crate::rng;
use crate::topology::AdaptiveThrottle;
use crate::units::{SimDuration, SimTime};

/// Slots of the window: 6 s each of the usual 2 min (our choice; the book names none).
const SLOTS: usize = 20;
const REQUESTS: usize = 0;
const ACCEPTS: usize = 1;

/// What one caller instance has counted on one edge.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Throttle {
    window: Window<SLOTS>,
    length: SimDuration,
}

impl Throttle {
    /// Nothing counted: everything passes.
    pub const fn new() -> Self {
        Self { window: Window::new(), length: SimDuration::ZERO }
    }
    /// Counts a request and says whether it may be sent. `key` is the random key of this decision.
    pub fn admit(&mut self, policy: &AdaptiveThrottle, now: SimTime, key: u64) -> bool {
        self.length = policy.window;
        self.window.advance(now, self.length);
        let [requests, accepts] = self.window.sums().map(f64::from);
        self.window.count(REQUESTS);
        !rng::chance(key, (requests - policy.k * accepts) / (requests + 1.0))
    }
    /// The callee has accepted a request (whatever its answer was).
    pub fn accepted(&mut self, now: SimTime) {
        self.window.advance(now, self.length);
        self.window.count(ACCEPTS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: AdaptiveThrottle = AdaptiveThrottle { k: 2.0, window: SimDuration::from_secs(120) };

    /// Requests 1 ms apart to a callee with a short queue that has room for one in `nth`; the share turned away here.
    fn rejected(nth: u64, policy: &AdaptiveThrottle) -> f64 {
        let mut throttle = Throttle::new();
        let (mut kept, mut room, total) = (0, 0.0, 400_000);
        for n in 0..total {
            let now = SimTime::from_nanos(n * 1_000_000);
            room = (room + 1.0 / nth as f64).min(20.0);
            if !throttle.admit(policy, now, rng::fold(7, n)) {
                kept += 1;
            } else if room >= 1.0 {
                room -= 1.0;
                throttle.accepted(now);
            }
        }
        f64::from(kept) / total as f64
    }

    #[test]
    fn a_healthy_callee_is_never_throttled() {
        assert!(rejected(1, &POLICY) == 0.0);
    }

    #[test]
    fn at_four_times_the_capacity_half_is_turned_away_so_the_callee_sees_twice_its_capacity() {
        let share = rejected(4, &POLICY);
        assert!((share - 0.5).abs() < 0.03, "{share}");
    }

    #[test]
    fn when_nothing_is_accepted_next_to_nothing_is_sent_until_the_window_is_over() {
        let mut throttle = Throttle::new();
        let mut sent = |now, keys: std::ops::Range<u64>| keys.filter(|&key| throttle.admit(&POLICY, now, key)).count();
        assert!(sent(SimTime::ZERO, 0..1_000) < 20);
        assert!(sent(SimTime::from_secs(100), 1_000..2_000) < 10);
        assert!(sent(SimTime::from_secs(500), 5_000..5_001) == 1);
    }
}
