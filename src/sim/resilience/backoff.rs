//! How long a caller waits before it tries again: exponential, capped, with jitter.
//!
//! The cap is before the jitter, as in the AWS Architecture Blog (Exponential Backoff and Jitter, 2015) and gRPC A6.

use crate::rng;
use crate::topology::{CallPolicy, Jitter};
use crate::units::SimDuration;

/// The wait after attempt number `attempt` (from 1) has failed. `key` is the random key of this very wait.
pub(in crate::sim) fn back_off(policy: &CallPolicy, attempt: u8, key: u64) -> SimDuration {
    let most_ns = policy.backoff_max.as_nanos() as f64;
    let mut wait_ns = (policy.backoff_base.as_nanos() as f64).min(most_ns);
    for _ in 1..attempt {
        wait_ns = (wait_ns * policy.backoff_factor).min(most_ns);
    }
    let share = match policy.jitter {
        Jitter::Full => rng::uniform(key),
        Jitter::Equal => 0.5 + 0.5 * rng::uniform(key),
        Jitter::None => 1.0,
        // gRPC A6, later text: random(0.8, 1.2).
        Jitter::Fifth => 0.8 + 0.4 * rng::uniform(key),
    };
    SimDuration::from_nanos((wait_ns * share) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(policy: &CallPolicy, attempt: u8, key: u64) -> f64 {
        back_off(policy, attempt, key).as_millis_f64()
    }

    #[test]
    fn envoys_default_doubles_from_25_ms_to_250_ms() {
        let policy = CallPolicy { jitter: Jitter::None, ..CallPolicy::default() };
        let waits: Vec<f64> = (1..=6).map(|attempt| millis(&policy, attempt, 7)).collect();
        assert_eq!(waits, [25.0, 50.0, 100.0, 200.0, 250.0, 250.0]);
    }

    #[test]
    fn each_jitter_keeps_to_its_range_and_has_its_mean() {
        for (jitter, least, most) in [(Jitter::Full, 0.0, 100.0), (Jitter::Equal, 50.0, 100.0), (Jitter::Fifth, 80.0, 120.0)] {
            let policy = CallPolicy { jitter, ..CallPolicy::default() };
            let waits: Vec<f64> = (0..10_000).map(|key| millis(&policy, 3, key)).collect();
            assert!(waits.iter().all(|wait| (least..=most).contains(wait)), "{jitter:?}");
            let mean = waits.iter().sum::<f64>() / waits.len() as f64;
            assert!((mean - (least + most) / 2.0).abs() < 1.0, "{jitter:?}: {mean}");
        }
    }

    #[test]
    fn a_cap_below_the_base_wins_and_a_huge_factor_does_not_overflow() {
        let mut policy = CallPolicy { jitter: Jitter::None, backoff_factor: 1e300, ..CallPolicy::default() };
        assert_eq!(back_off(&policy, u8::MAX, 1), policy.backoff_max);
        policy.backoff_max = SimDuration::from_millis(1);
        assert_eq!(back_off(&policy, 1, 1), policy.backoff_max);
    }
}
