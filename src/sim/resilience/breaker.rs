//! Circuit breaker: closed, open, half open (Nygard, Release It!, 2007), counting calls as Resilience4j does or time as
//! Hystrix does.
//!
//! Every admitted call must be recorded once, or released if it was not made after all: a half-open breaker waits for
//! its trials (as Resilience4j's does). Outcomes of calls from before it opened are of no interest while it is open; in
//! the half-open state they cannot be told from trials, but no more outcomes count than trials were let through.

use super::window::Window;
use crate::topology::Breaker;
use crate::units::SimTime;

/// Most calls a counting window remembers (8 KiB).
const CALLS_WINDOW_MAX: u32 = 65_536;
/// Slots of a window of time (Hystrix: `metrics.rollingStats.numBuckets` = 10).
const SLOTS: usize = 10;
const FAILED: usize = 0;
const GOOD: usize = 1;

/// What one caller instance knows about one callee.
#[derive(Clone, Debug)]
pub(in crate::sim) struct BreakerState {
    phase: Phase,
    last: LastCalls,
    window: Window<SLOTS>,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Closed,
    Open { until: SimTime },
    HalfOpen { admitted: u32, answered: u32, failed: u32 },
}

impl BreakerState {
    /// Closed, nothing counted.
    pub fn new() -> Self {
        Self { phase: Phase::Closed, last: LastCalls::new(), window: Window::new() }
    }
    /// Whether a call may be made now.
    pub fn admit(&mut self, policy: &Breaker, now: SimTime) -> bool {
        match &mut self.phase {
            Phase::Closed => true,
            Phase::Open { until } if now < *until => false,
            Phase::Open { .. } => {
                self.phase = Phase::HalfOpen { admitted: 1, answered: 0, failed: 0 };
                true
            }
            Phase::HalfOpen { admitted, .. } => {
                let free = *admitted < policy.trials.max(1);
                *admitted += u32::from(free);
                free
            }
        }
    }
    /// Takes back an admission: the call was not made.
    pub const fn release(&mut self) {
        if let Phase::HalfOpen { admitted, answered, .. } = &mut self.phase
            && *admitted > *answered
        {
            *admitted -= 1;
        }
    }
    /// The outcome of an admitted call. `Some(true)`: the breaker has just opened; `Some(false)`: just closed.
    pub fn record(&mut self, policy: &Breaker, now: SimTime, ok: bool) -> Option<bool> {
        match &mut self.phase {
            Phase::Closed => {
                let (counted, failed) = self.count(policy, now, ok);
                let least = if policy.calls_window > 0 { policy.calls_min.min(policy.calls_window) } else { policy.calls_min };
                (counted >= least && fails(policy, counted, failed)).then(|| self.open(policy, now))
            }
            Phase::Open { .. } => None,
            Phase::HalfOpen { admitted, answered, failed } => {
                if *answered == *admitted {
                    return None;
                }
                *answered += 1;
                *failed += u32::from(!ok);
                let (answered, failed) = (*answered, *failed);
                if answered < policy.trials.max(1) {
                    return None;
                }
                Some(if fails(policy, answered, failed) { self.open(policy, now) } else { self.close() })
            }
        }
    }

    /// Calls counted and failed so far, this one included.
    fn count(&mut self, policy: &Breaker, now: SimTime, ok: bool) -> (u32, u32) {
        if policy.calls_window > 0 {
            return self.last.push(policy.calls_window.min(CALLS_WINDOW_MAX), !ok);
        }
        self.window.advance(now, policy.window);
        self.window.count(if ok { GOOD } else { FAILED });
        let [failed, good] = self.window.sums();
        (failed + good, failed)
    }
    fn open(&mut self, policy: &Breaker, now: SimTime) -> bool {
        self.phase = Phase::Open { until: now + policy.open_for };
        self.last.clear();
        self.window.clear();
        true
    }
    const fn close(&mut self) -> bool {
        self.phase = Phase::Closed;
        false
    }
}

fn fails(policy: &Breaker, counted: u32, failed: u32) -> bool {
    failed > 0 && f64::from(failed) >= policy.failure_ratio.get() * f64::from(counted)
}

/// Outcomes that are kept without an allocation.
const FEW: usize = 128;

/// The outcomes of the last so many calls, a bit each.
#[derive(Clone, Debug)]
struct LastCalls {
    /// Up to [`FEW`] outcomes in place: most breakers look at the last 100, and a fork of a world copies thousands of them.
    few: [u64; FEW / 64],
    many: Box<[u64]>,
    size: u32,
    next: u32,
    counted: u32,
    failed: u32,
}

impl LastCalls {
    fn new() -> Self {
        Self { few: [0; FEW / 64], many: Box::default(), size: 0, next: 0, counted: 0, failed: 0 }
    }
    /// Remembers an outcome, forgets the one `size` calls ago; how many are remembered and how many of them failed.
    fn push(&mut self, size: u32, failed: bool) -> (u32, u32) {
        if size != self.size {
            let words = if size as usize > FEW { size.div_ceil(64) as usize } else { 0 };
            *self = Self { many: vec![0; words].into_boxed_slice(), size, ..Self::new() };
        }
        let (at, mask) = (self.next as usize / 64, 1 << (self.next % 64));
        let word = if self.many.is_empty() { &mut self.few[at] } else { &mut self.many[at] };
        self.failed = self.failed + u32::from(failed) - u32::from(*word & mask != 0);
        *word = if failed { *word | mask } else { *word & !mask };
        self.next = (self.next + 1) % size;
        self.counted = (self.counted + 1).min(size);
        (self.counted, self.failed)
    }
    fn clear(&mut self) {
        self.few = [0; FEW / 64];
        self.many.fill(0);
        (self.next, self.counted, self.failed) = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Ratio, SimDuration};

    const fn at(seconds: u64) -> SimTime {
        SimTime::from_secs(seconds)
    }
    fn opened(policy: &Breaker) -> BreakerState {
        let mut breaker = BreakerState::new();
        while breaker.record(policy, at(0), false).is_none() {}
        breaker
    }

    #[test]
    fn resilience4j_opens_after_exactly_a_hundred_failing_calls() {
        let mut breaker = BreakerState::new();
        let first = (1..=200).find(|_| breaker.record(&Breaker::RESILIENCE4J, at(0), false) == Some(true));
        assert_eq!(first, Some(100));
    }

    #[test]
    fn hystrix_opens_after_twenty_failing_calls_within_ten_seconds_but_not_when_they_are_spread() {
        let mut breaker = BreakerState::new();
        let first = (1..=50).find(|_| breaker.record(&Breaker::HYSTRIX, at(0), false) == Some(true));
        assert_eq!(first, Some(20));
        let mut slow = BreakerState::new();
        assert!((0..500).all(|second| slow.record(&Breaker::HYSTRIX, at(second), false).is_none()), "ten in ten seconds");
    }

    #[test]
    fn half_of_the_last_hundred_opens_it_and_less_does_not() {
        let mut breaker = BreakerState::new();
        let mut record = |ok| breaker.record(&Breaker::RESILIENCE4J, at(0), ok);
        assert!((0..1_000).all(|call| record(call % 2 == 0 || call % 50 == 1).is_none()));
        assert!((0..100).all(|_| record(true).is_none()));
        assert!((0..49).all(|_| record(false).is_none()), "49 of the last 100");
        assert_eq!(record(false), Some(true));
    }

    #[test]
    fn an_open_breaker_admits_nothing_until_its_time_and_then_its_trials() {
        let mut breaker = opened(&Breaker::RESILIENCE4J);
        let mut admitted = |now| (0..50).filter(|_| breaker.admit(&Breaker::RESILIENCE4J, now)).count();
        assert_eq!(admitted(at(59)), 0);
        assert_eq!(admitted(at(60)), 10);
    }

    #[test]
    fn good_trials_close_it_and_it_starts_counting_afresh() {
        let policy = Breaker::RESILIENCE4J;
        let mut breaker = opened(&policy);
        (0..10).for_each(|_| assert!(breaker.admit(&policy, at(60))));
        let outcomes: Vec<_> = (0..10).map(|trial| breaker.record(&policy, at(61), trial > 3)).collect();
        assert_eq!((&outcomes[..9], outcomes[9]), (&[None; 9][..], Some(false)));
        assert!((0..99).all(|_| breaker.record(&policy, at(62), false).is_none()));
        assert_eq!(breaker.record(&policy, at(62), false), Some(true));
    }

    #[test]
    fn a_bad_trial_opens_hystrix_again_for_another_five_seconds() {
        let mut breaker = opened(&Breaker::HYSTRIX);
        assert!(breaker.admit(&Breaker::HYSTRIX, at(5)) && !breaker.admit(&Breaker::HYSTRIX, at(5)));
        assert_eq!(breaker.record(&Breaker::HYSTRIX, at(6), false), Some(true));
        assert!(!breaker.admit(&Breaker::HYSTRIX, at(10)) && breaker.admit(&Breaker::HYSTRIX, at(11)));
    }

    #[test]
    fn late_answers_move_no_open_breaker_and_a_released_trial_is_free_again() {
        let mut breaker = opened(&Breaker::HYSTRIX);
        assert_eq!(breaker.record(&Breaker::HYSTRIX, at(1), true), None);
        assert!(breaker.admit(&Breaker::HYSTRIX, at(5)));
        breaker.release();
        assert_eq!(breaker.record(&Breaker::HYSTRIX, at(5), true), None, "no trial is out");
        assert!(breaker.admit(&Breaker::HYSTRIX, at(5)));
        assert_eq!(breaker.record(&Breaker::HYSTRIX, at(6), true), Some(false));
    }

    #[test]
    fn the_ring_agrees_with_a_list_of_the_last_outcomes() {
        for size in [1, 3, 64, 65, 100, 130] {
            let (mut ring, mut list) = (LastCalls::new(), Vec::new());
            for call in 0..1_000 {
                list.push(crate::rng::chance(call, 0.4));
                let last = &list[list.len().saturating_sub(size as usize)..];
                let expected = (last.len() as u32, last.iter().filter(|&&failed| failed).count() as u32);
                assert_eq!(ring.push(size, list[list.len() - 1]), expected, "{size}");
            }
        }
    }

    #[test]
    fn a_window_shorter_than_the_least_number_of_calls_can_still_open() {
        let policy = Breaker { calls_window: 3, open_for: SimDuration::from_secs(1), ..Breaker::RESILIENCE4J };
        let mut breaker = BreakerState::new();
        let outcomes = [false, true, false].map(|ok| breaker.record(&policy, at(0), ok));
        assert_eq!(outcomes, [None, None, Some(true)]);
        let never = Breaker { failure_ratio: Ratio::ZERO, ..policy };
        assert!((0..9).all(|_| BreakerState::new().record(&never, at(0), true).is_none()), "successes open nothing");
    }
}
