//! A token bucket at an instance's door.
//!
//! Tokens are counted in billionths, so that a nanosecond at one request per second is worth exactly one: a regular
//! stream at the very rate of the limit passes without a rounding error that turns some of it away.

use crate::topology::RateLimit;
use crate::units::SimTime;

/// Units per token: nanoseconds in a second.
const TOKEN: f64 = 1e9;

/// The bucket of one instance.
#[derive(Clone, Debug)]
pub(in crate::sim) struct TokenBucket {
    /// Billionths of a token; `None` before the first request, when it is full.
    tokens: Option<u64>,
    filled_at: SimTime,
}

impl TokenBucket {
    /// A full bucket.
    pub const fn new() -> Self {
        Self { tokens: None, filled_at: SimTime::ZERO }
    }
    /// Takes a token if there is one. A limit lowered in a run cuts what is in the bucket to the new burst.
    pub fn admit(&mut self, policy: &RateLimit, now: SimTime) -> bool {
        let most = (policy.burst * TOKEN) as u64;
        let gained = (now.since(self.filled_at).as_nanos() as f64 * policy.per_s + 0.5) as u64;
        let tokens = self.tokens.map_or(most, |tokens| tokens.saturating_add(gained).min(most));
        self.filled_at = now;
        let left = tokens.checked_sub(TOKEN as u64);
        self.tokens = Some(left.unwrap_or(tokens));
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of `count` requests `gap_ns` apart pass.
    fn passed(bucket: &mut TokenBucket, policy: RateLimit, start: SimTime, gap_ns: u64, count: u64) -> usize {
        let at = |n| SimTime::from_nanos(start.as_nanos() + n * gap_ns);
        (0..count).filter(|&n| bucket.admit(&policy, at(n))).count()
    }

    #[test]
    fn a_burst_passes_at_once_and_then_the_rate() {
        let policy = RateLimit { per_s: 100.0, burst: 20.0 };
        let mut bucket = TokenBucket::new();
        assert_eq!(passed(&mut bucket, policy, SimTime::ZERO, 0, 1_000), 20);
        assert_eq!(passed(&mut bucket, policy, SimTime::from_nanos(1_000_000), 1_000_000, 10_000), 1_000);
    }

    #[test]
    fn a_regular_stream_at_the_rate_passes_whole() {
        for (per_s, gap_ns) in [(10.0, 100_000_000), (1_000.0, 1_000_000), (8_000.0, 125_000)] {
            let policy = RateLimit { per_s, burst: 1.0 };
            assert_eq!(passed(&mut TokenBucket::new(), policy, SimTime::ZERO, gap_ns, 20_000), 20_000);
        }
    }

    #[test]
    fn the_bucket_holds_no_more_than_its_burst_however_long_it_waits() {
        let policy = RateLimit { per_s: 100.0, burst: 5.0 };
        let mut bucket = TokenBucket::new();
        assert!(bucket.admit(&policy, SimTime::ZERO));
        assert_eq!(passed(&mut bucket, policy, SimTime::from_secs(1_000_000), 0, 100), 5);
        let lower = RateLimit { per_s: 100.0, burst: 2.0 };
        assert_eq!(passed(&mut bucket, lower, SimTime::from_secs(2_000_000), 0, 100), 2);
        let none = RateLimit { per_s: 0.0, burst: 0.0 };
        assert_eq!(passed(&mut bucket, none, SimTime::from_secs(3_000_000), 1_000_000, 100), 0);
    }
}
