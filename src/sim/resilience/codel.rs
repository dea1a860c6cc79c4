//! `CoDel`: drops from the head of a queue whose wait has stayed above the target for an interval, ever faster until it
//! falls below.
//!
//! RFC 8289, section 5 (the variant with the memory of the drop count, as in Linux). The pseudo-code's loop over the
//! head of the queue is turned inside out: the caller asks about each request it takes; if the answer is to drop, it
//! takes the next at the same instant and asks again. Instead of the pseudo-code's "less than one packet left", a queue
//! that the request leaves empty is never standing.

use crate::topology::CoDel;
use crate::units::{SimDuration, SimTime};

/// Drop rates are remembered for this many intervals (RFC 8289, section 5.5: `16 * INTERVAL`).
const MEMORY_INTERVALS: u64 = 16;

/// The state of one queue.
#[derive(Clone, Debug, Default)]
pub(in crate::sim) struct CoDelState {
    /// When the wait will have been above the target for an interval.
    above_until: Option<SimTime>,
    dropping: bool,
    /// A drop has been made whose successor's time is set when the queue proves to be standing still.
    unscheduled: bool,
    drop_next: SimTime,
    /// Drops since the dropping state was entered.
    count: u32,
    /// `count` when the dropping state was entered.
    count_at_entry: u32,
}

impl CoDelState {
    /// An empty queue.
    pub fn new() -> Self {
        Self::default()
    }
    /// A request that has `waited` leaves the queue. True: drop it, take the next and ask again.
    pub fn on_dequeue(&mut self, policy: &CoDel, now: SimTime, waited: SimDuration, queue_is_empty_after: bool) -> bool {
        let may_drop = self.standing(policy, now, waited, queue_is_empty_after);
        if !self.dropping {
            if may_drop {
                self.enter(policy, now);
            }
            return may_drop;
        }
        let unscheduled = std::mem::take(&mut self.unscheduled);
        if !may_drop {
            self.dropping = false;
            return false;
        }
        if unscheduled {
            self.drop_next = control_law(policy, self.drop_next, self.count);
        }
        let drop = now >= self.drop_next;
        self.count += u32::from(drop);
        self.unscheduled = drop;
        drop
    }

    /// Whether the wait has been above the target for an interval.
    fn standing(&mut self, policy: &CoDel, now: SimTime, waited: SimDuration, empty_after: bool) -> bool {
        if waited < policy.target || empty_after {
            self.above_until = None;
            return false;
        }
        now >= *self.above_until.get_or_insert(now + policy.interval) && policy.interval > SimDuration::ZERO
    }
    fn enter(&mut self, policy: &CoDel, now: SimTime) {
        self.dropping = true;
        let drops = self.count - self.count_at_entry;
        let memory = SimDuration::from_nanos(policy.interval.as_nanos().saturating_mul(MEMORY_INTERVALS));
        self.count = if drops > 1 && now.since(self.drop_next) < memory { drops } else { 1 };
        self.count_at_entry = self.count;
        self.drop_next = control_law(policy, now, self.count);
    }
}

/// When to drop next: interval / sqrt(count) after `from`.
fn control_law(policy: &CoDel, from: SimTime, count: u32) -> SimTime {
    from + SimDuration::from_nanos((policy.interval.as_nanos() as f64 / f64::from(count).sqrt()) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: CoDel = CoDel::RFC_8289;
    const STEP_NS: u64 = 10_000;

    const fn micros(count: u64) -> SimTime {
        SimTime::from_nanos(count * 1_000)
    }
    /// Takes a request every 10 us (and another after each drop) that has waited 20 ms; ms of the drops.
    fn drops(codel: &mut CoDelState, from_ms: u64, to_ms: u64) -> Vec<f64> {
        let mut dropped = Vec::new();
        for now_ns in (from_ms * 1_000_000..to_ms * 1_000_000).step_by(STEP_NS as usize) {
            let now = SimTime::from_nanos(now_ns);
            while codel.on_dequeue(&POLICY, now, SimDuration::from_millis(20), false) {
                dropped.push(now_ns as f64 / 1e6);
            }
        }
        dropped
    }

    #[test]
    fn a_standing_queue_is_dropped_from_after_an_interval_and_then_by_the_square_root_law() {
        let times = drops(&mut CoDelState::new(), 0, 480);
        assert_eq!(times[0], 100.0, "an interval after the wait first was above the target");
        let since: Vec<f64> = times[1..].iter().map(|time| time - times[0]).collect();
        let expected = [100.0, 170.7, 228.4, 278.4, 323.2, 364.0];
        assert_eq!(since.len(), expected.len());
        assert!(since.iter().zip(expected).all(|(time, expected)| (time - expected).abs() < 0.06), "{since:?}");
    }

    #[test]
    fn a_wait_below_the_target_or_an_empty_queue_starts_the_interval_again() {
        for (waited, empty) in [(SimDuration::from_micros(4_999), false), (SimDuration::from_millis(20), true)] {
            let mut codel = CoDelState::new();
            assert!(drops(&mut codel, 0, 90).is_empty());
            assert!(!codel.on_dequeue(&POLICY, micros(90_000), waited, empty));
            assert_eq!(drops(&mut codel, 91, 200), [191.0]);
        }
    }

    #[test]
    fn a_short_pause_resumes_at_the_former_rate_and_a_long_one_starts_afresh() {
        for (pause_ms, second_gap) in [(50, 100.0 / f64::sqrt(6.0)), (2_000, 100.0)] {
            let mut codel = CoDelState::new();
            assert_eq!(drops(&mut codel, 0, 480).len(), 7);
            assert!(!codel.on_dequeue(&POLICY, micros(480_000), SimDuration::ZERO, false));
            let from = 480 + pause_ms;
            let again = drops(&mut codel, from, from + 250);
            assert_eq!(again[0], (from + 100) as f64);
            assert!((again[1] - again[0] - second_gap).abs() < 0.02, "{again:?}");
        }
    }

    #[test]
    fn a_server_that_asks_rarely_drops_what_is_overdue_at_once() {
        let mut codel = CoDelState::new();
        assert!(drops(&mut codel, 0, 101).len() == 1);
        let late = SimTime::from_nanos(380_000_000);
        let at_once = (0..100).take_while(|_| codel.on_dequeue(&POLICY, late, SimDuration::from_millis(20), false)).count();
        assert_eq!(at_once, 4, "those of 200, 270.7, 328.4 and 378.4 ms");
    }

    #[test]
    fn leaving_the_dropping_state_within_a_burst_of_drops_keeps_the_rest() {
        let mut codel = CoDelState::new();
        drops(&mut codel, 0, 101);
        let now = micros(200_000);
        assert!(codel.on_dequeue(&POLICY, now, SimDuration::from_millis(20), false));
        assert!(!codel.on_dequeue(&POLICY, now, SimDuration::from_millis(1), false));
        assert!(!codel.on_dequeue(&POLICY, now, SimDuration::from_millis(20), false));
    }
}
