//! Limits on how much retries may add to a caller's load: Linkerd's ratio, Envoy's share in flight, the AWS SDK's tokens
//! and gRPC's throttle.
//!
//! One per caller instance and edge. The order of calls matters where failures themselves lower the allowance: first
//! [`Budget::note_outcome`] of the failed attempt, then [`Budget::allow_retry`], as gRPC A6 has it.

use super::window::Window;
use crate::topology::RetryBudget;
use crate::units::{Ratio, SimDuration, SimTime};

/// Slots of the ratio's window (tower's and Finagle's `RetryBudget` have ten).
const SLOTS: usize = 10;
const REQUESTS: usize = 0;
const RETRIES: usize = 1;
/// gRPC counts thousandths of a token; further decimals of `tokenRatio` are dropped (gRPC A6).
const MILLI: f64 = 1_000.0;

/// What is left of a retry budget.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Budget {
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Unlimited,
    Ratio { ratio: Ratio, floor: f64, length: SimDuration, window: Box<Window<SLOTS>> },
    InFlight { ratio: Ratio, floor: u32, requests: u32, retries: u32 },
    Tokens { max: f64, cost: f64, timeout_cost: f64, per_success: f64, left: f64 },
    Throttle { max_milli: u64, ratio_milli: u64, left_milli: u64 },
}

impl Budget {
    /// A fresh budget: token buckets are full.
    pub fn new(policy: &RetryBudget) -> Self {
        let state = match *policy {
            RetryBudget::None => State::Unlimited,
            RetryBudget::Ratio { ratio, floor_per_s, window: length } => {
                State::Ratio { ratio, floor: floor_per_s * length.as_secs_f64(), length, window: Box::new(Window::new()) }
            }
            RetryBudget::InFlight { ratio, floor } => State::InFlight { ratio, floor, requests: 0, retries: 0 },
            RetryBudget::Tokens { max, cost, timeout_cost, per_success } => {
                State::Tokens { max, cost, timeout_cost, per_success, left: max }
            }
            RetryBudget::Throttle { max, ratio } => {
                let max_milli = (max * MILLI) as u64;
                State::Throttle { max_milli, ratio_milli: (ratio * MILLI) as u64, left_milli: max_milli }
            }
        };
        Self { state }
    }
    /// A request (a call's first attempt) begins.
    pub fn note_request(&mut self, now: SimTime) {
        match &mut self.state {
            State::Ratio { length, window, .. } => {
                window.advance(now, *length);
                window.count(REQUESTS);
            }
            State::InFlight { requests, .. } => *requests += 1,
            State::Unlimited | State::Tokens { .. } | State::Throttle { .. } => {}
        }
    }
    /// An attempt, first or later, has ended well or badly.
    pub fn note_outcome(&mut self, _now: SimTime, ok: bool) {
        match &mut self.state {
            State::Tokens { max, per_success, left, .. } if ok => *left = (*left + *per_success).min(*max),
            State::Throttle { max_milli, ratio_milli, left_milli } if ok => {
                *left_milli = (*left_milli + *ratio_milli).min(*max_milli);
            }
            State::Throttle { left_milli, .. } => *left_milli = left_milli.saturating_sub(MILLI as u64),
            State::Unlimited | State::Ratio { .. } | State::InFlight { .. } | State::Tokens { .. } => {}
        }
    }
    /// Whether a retry may be made; if so, it is counted. `timed_out` says how the attempt before failed.
    pub fn allow_retry(&mut self, now: SimTime, timed_out: bool) -> bool {
        match &mut self.state {
            State::Unlimited => true,
            State::Ratio { ratio, floor, length, window } => {
                window.advance(now, *length);
                let [requests, retries] = window.sums();
                let allowed = f64::from(retries + 1) <= ratio.get() * f64::from(requests) + *floor;
                if allowed {
                    window.count(RETRIES);
                }
                allowed
            }
            State::InFlight { ratio, floor, requests, retries } => {
                let most = ((ratio.get() * f64::from(*requests)) as u32).max(*floor);
                let allowed = *retries < most;
                *retries += u32::from(allowed);
                allowed
            }
            State::Tokens { cost, timeout_cost, left, .. } => {
                let cost = if timed_out { *timeout_cost } else { *cost };
                let allowed = *left >= cost;
                *left -= if allowed { cost } else { 0.0 };
                allowed
            }
            State::Throttle { max_milli, left_milli, .. } => *left_milli > *max_milli / 2,
        }
    }
    /// A retry that was allowed has ended or was given up.
    pub const fn retry_ended(&mut self) {
        if let State::InFlight { retries, .. } = &mut self.state {
            *retries = retries.saturating_sub(1);
        }
    }
    /// A request has ended with all its attempts.
    pub const fn request_ended(&mut self) {
        if let State::InFlight { requests, .. } = &mut self.state {
            *requests = requests.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: SimTime = SimTime::ZERO;
    const AWS: RetryBudget = RetryBudget::Tokens { max: 500.0, cost: 5.0, timeout_cost: 10.0, per_success: 1.0 };

    fn allowed(budget: &mut Budget, now: SimTime, tries: u32, timed_out: bool) -> usize {
        (0..tries).filter(|_| budget.allow_retry(now, timed_out)).count()
    }

    #[test]
    fn without_a_budget_everything_is_allowed() {
        assert_eq!(allowed(&mut Budget::new(&RetryBudget::None), NOW, 1_000, true), 1_000);
    }

    #[test]
    fn linkerd_allows_a_fifth_of_the_requests_of_ten_seconds_and_ten_a_second() {
        let window = SimDuration::from_secs(10);
        let ratio = Ratio::saturating(0.2);
        let mut budget = Budget::new(&RetryBudget::Ratio { ratio, floor_per_s: 10.0, window });
        assert_eq!(allowed(&mut budget, NOW, 1_000, false), 100, "the floor alone");
        (0..1_000).for_each(|_| budget.note_request(NOW));
        assert_eq!(allowed(&mut budget, NOW, 1_000, false), 200);
        assert_eq!(allowed(&mut budget, SimTime::from_secs(9), 1_000, false), 0);
        assert_eq!(allowed(&mut budget, SimTime::from_secs(10), 1_000, false), 100, "the old ones are forgotten");
    }

    #[test]
    fn envoy_allows_a_fifth_of_the_requests_in_flight_and_always_three() {
        let mut budget = Budget::new(&RetryBudget::InFlight { ratio: Ratio::saturating(0.2), floor: 3 });
        assert_eq!(allowed(&mut budget, NOW, 10, false), 3);
        (0..50).for_each(|_| budget.note_request(NOW));
        assert_eq!(allowed(&mut budget, NOW, 100, false), 7, "ten in all");
        (0..2).for_each(|_| budget.retry_ended());
        assert_eq!(allowed(&mut budget, NOW, 100, false), 2);
        (0..40).for_each(|_| budget.request_ended());
        assert!(!budget.allow_retry(NOW, false));
        (0..8).for_each(|_| budget.retry_ended());
        assert!(budget.allow_retry(NOW, false));
    }

    #[test]
    fn the_aws_bucket_pays_for_a_hundred_retries_or_fifty_after_time_outs() {
        assert_eq!(allowed(&mut Budget::new(&AWS), NOW, 1_000, false), 100);
        let mut budget = Budget::new(&AWS);
        assert_eq!(allowed(&mut budget, NOW, 1_000, true), 50);
        (0..9).for_each(|_| budget.note_outcome(NOW, true));
        assert!(!budget.allow_retry(NOW, true), "nine successes do not pay for a time-out");
        assert_eq!(allowed(&mut budget, NOW, 10, false), 1);
        (0..1_000).for_each(|_| budget.note_outcome(NOW, true));
        assert_eq!(allowed(&mut budget, NOW, 1_000, false), 100, "and never more than full");
    }

    #[test]
    fn grpc_stops_retrying_after_five_failures_of_ten_tokens_and_ten_successes_pay_for_one() {
        let mut budget = Budget::new(&RetryBudget::Throttle { max: 10.0, ratio: 0.1 });
        let fail = |budget: &mut Budget| {
            budget.note_outcome(NOW, false);
            budget.allow_retry(NOW, false)
        };
        let verdicts: Vec<bool> = (0..6).map(|_| fail(&mut budget)).collect();
        assert_eq!(verdicts, [true, true, true, true, false, false]);
        (0..10).for_each(|_| budget.note_outcome(NOW, true));
        assert!(!budget.allow_retry(NOW, false), "exactly half is not above half");
        budget.note_outcome(NOW, true);
        assert!(budget.allow_retry(NOW, false));
    }

    #[test]
    fn a_throttle_falls_no_lower_than_zero_and_rises_no_higher_than_full() {
        let mut budget = Budget::new(&RetryBudget::Throttle { max: 10.0, ratio: 1.0 });
        (0..100).for_each(|_| budget.note_outcome(NOW, false));
        (0..6).for_each(|_| budget.note_outcome(NOW, true));
        assert!(budget.allow_retry(NOW, false));
        (0..100).for_each(|_| budget.note_outcome(NOW, true));
        (0..5).for_each(|_| budget.note_outcome(NOW, false));
        assert!(!budget.allow_retry(NOW, false));
    }
}
