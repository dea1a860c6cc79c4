//! How a caller guards one call: time-outs, retries and their budgets, hedging, breakers, outlier ejection, pools, load
//! balancing. Each *instance* of the caller keeps its own view; nothing is shared between them.
//!
//! Plain data with the real systems' defaults; the state machines are in `sim::resilience`.

use crate::units::{Ratio, SimDuration};
use serde::{Deserialize, Serialize};

/// Randomness of a back-off, so that clients do not retry in step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Jitter {
    /// Uniform in 0..back-off.
    #[default]
    Full,
    /// Half of it, plus uniform in 0..half.
    Equal,
    /// Exactly the back-off.
    None,
    /// The back-off times uniform 0.8..1.2 (gRPC's later text).
    Fifth,
}

/// Which failures are tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryOn {
    /// Error answers.
    pub error: bool,
    /// Time-outs.
    pub timeout: bool,
    /// Refused, rejected or shed without being worked on.
    pub rejected: bool,
}

/// A limit on how much retries may add.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryBudget {
    /// No limit but `attempts_max`.
    #[default]
    None,
    /// Retries may be this share of the requests of the last `window`, plus a floor (Linkerd: 0.2, 10/s, 10 s).
    Ratio {
        /// Retries per request.
        ratio: Ratio,
        /// Retries per second that are always allowed.
        floor_per_s: f64,
        /// Over how long requests count.
        window: SimDuration,
    },
    /// At most this share of the requests in flight may be retries, but always `floor` of them (Envoy: 0.2, 3).
    InFlight {
        /// Retries in flight per request in flight.
        ratio: Ratio,
        /// Retries in flight that are always allowed.
        floor: u32,
    },
    /// A bucket of tokens: starts full; a retry needs and takes `cost` (`timeout_cost` after a time-out), a success
    /// gives `per_success` (AWS SDK: 500, 5, 10, 1).
    Tokens {
        /// Capacity.
        max: f64,
        /// Taken by a retry.
        cost: f64,
        /// Taken by a retry after a time-out.
        timeout_cost: f64,
        /// Given by a success of a first attempt or a retry.
        per_success: f64,
    },
    /// gRPC retry throttling (A6): a failure takes 1, a success gives `ratio`; no retries at or below half of `max`.
    Throttle {
        /// `maxTokens`.
        max: f64,
        /// `tokenRatio`.
        ratio: f64,
    },
}

/// A circuit breaker: stops calling what fails.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Breaker {
    /// Opens when at least this share of the counted calls failed.
    pub failure_ratio: Ratio,
    /// Calls that must be counted before it can open.
    pub calls_min: u32,
    /// The last this many calls count; 0 counts by `window` instead.
    pub calls_window: u32,
    /// Over how long calls count, if `calls_window` is 0.
    pub window: SimDuration,
    /// How long it stays open.
    pub open_for: SimDuration,
    /// Trial calls let through when half open; it closes if they are good by the same ratio.
    pub trials: u32,
}

impl Breaker {
    /// Resilience4j: 50 % of the last 100 calls (at least 100), 60 s open, 10 trial calls.
    pub const RESILIENCE4J: Self = Self {
        failure_ratio: Ratio::HALF,
        calls_min: 100,
        calls_window: 100,
        window: SimDuration::ZERO,
        open_for: SimDuration::from_secs(60),
        trials: 10,
    };
    /// Hystrix: 50 % of at least 20 calls in 10 s, 5 s open, 1 trial call.
    pub const HYSTRIX: Self = Self {
        failure_ratio: Ratio::HALF,
        calls_min: 20,
        calls_window: 0,
        window: SimDuration::from_secs(10),
        open_for: SimDuration::from_secs(5),
        trials: 1,
    };
}

/// Outlier ejection: an instance that keeps failing is left out for a while.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutlierEjection {
    /// Failures in a row that eject.
    pub consecutive: u32,
    /// Ejections end at the sweep after their time (Envoy: 10 s).
    pub interval: SimDuration,
    /// Time of the first ejection; the n-th of the same instance lasts n times as long.
    pub base: SimDuration,
    /// Longest ejection.
    pub max: SimDuration,
    /// At most this share of the instances is ejected at once, but always one may be.
    pub share_max: Ratio,
}

impl OutlierEjection {
    /// Envoy: 5 consecutive 5xx, sweep 10 s, 30 s times the number of ejections up to 300 s, at most 10 % of the hosts.
    pub const ENVOY: Self = Self {
        consecutive: 5,
        interval: SimDuration::from_secs(10),
        base: SimDuration::from_secs(30),
        max: SimDuration::from_secs(300),
        share_max: Ratio::TENTH,
    };
}

/// Client-side adaptive throttling (Google SRE book, ch. 21): rejects locally with
/// max(0, (requests - k accepts) / (requests + 1)).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdaptiveThrottle {
    /// Requests let through per accepted one; 2 by default.
    pub k: f64,
    /// Over how long both are counted; 2 min by default.
    pub window: SimDuration,
}

/// A bounded set of connections of one caller instance to one callee.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pool {
    /// Connections, each carrying one attempt at a time; opened when the caller starts, as far as the callee lets it.
    pub size: u32,
    /// How long an attempt waits for one before it fails (HikariCP: 10 connections, 30 s).
    pub wait_max: SimDuration,
}

/// How an instance is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Balancing {
    /// In turn.
    RoundRobin,
    /// Uniformly at random.
    Random,
    /// The least busy of this many drawn at random, busy by the client's own count (2: power of two choices, Envoy's
    /// `LEAST_REQUEST`). 1 is random.
    LeastOf(u8),
    /// The least busy of all by the client's own count.
    LeastBusy,
    /// The instance that owns the request's key on a hash ring: sticky, blind to load.
    RingHash,
}

impl Default for Balancing {
    /// Power of two choices.
    fn default() -> Self {
        Self::LeastOf(2)
    }
}

/// How a caller guards one call.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallPolicy {
    /// Longest wait for one attempt.
    pub timeout: SimDuration,
    /// Longest wait for the call with all its attempts and back-offs; `None` is no limit.
    pub deadline: Option<SimDuration>,
    /// Whether the callee learns by when the answer is of use (gRPC deadlines), so that it can drop late work.
    pub propagate_deadline: bool,
    /// Whether giving up an attempt stops the callee's work on it. False, as in most systems: the work goes on.
    pub cancel: bool,
    /// Attempts in all, 1..=10.
    pub attempts_max: u8,
    /// Which failures are tried again.
    pub retry_on: RetryOn,
    /// Back-off before the second attempt, before jitter.
    pub backoff_base: SimDuration,
    /// Factor per further attempt, 1..=10.
    pub backoff_factor: f64,
    /// Longest back-off before jitter.
    pub backoff_max: SimDuration,
    /// Randomness of the back-off.
    pub jitter: Jitter,
    /// Limit on retries.
    pub budget: RetryBudget,
    /// A second copy is sent to another instance when the first has not answered by then; the first good answer counts.
    pub hedge_after: Option<SimDuration>,
    /// Circuit breaker.
    pub breaker: Option<Breaker>,
    /// Outlier ejection.
    pub outlier: Option<OutlierEjection>,
    /// Adaptive throttling.
    pub throttle: Option<AdaptiveThrottle>,
    /// Connection pool.
    pub pool: Option<Pool>,
    /// Calls in flight to this callee per caller instance; more fail at once (a bulkhead).
    pub in_flight_max: Option<u32>,
    /// How an instance is chosen.
    pub balancing: Balancing,
    /// Instances in the caller's own zone are preferred while there are any.
    pub zone_aware: bool,
    /// Below this share of usable instances, ejections and zones are ignored (Envoy's panic threshold: 0.5).
    pub panic_below: Ratio,
}

impl Default for CallPolicy {
    /// 1 s a try, one retry of anything, back-off 25 ms doubling to 250 ms with full jitter (Envoy's defaults for a route
    /// with a retry policy; its route time-out of 15 s is replaced by 1 s a try, the Hystrix default), the less busy of
    /// two. No budget, breaker, ejection, pool or deadline.
    fn default() -> Self {
        Self {
            timeout: SimDuration::from_secs(1),
            deadline: None,
            propagate_deadline: false,
            cancel: false,
            attempts_max: 2,
            retry_on: RetryOn { error: true, timeout: true, rejected: true },
            backoff_base: SimDuration::from_millis(25),
            backoff_factor: 2.0,
            backoff_max: SimDuration::from_millis(250),
            jitter: Jitter::Full,
            budget: RetryBudget::None,
            hedge_after: None,
            breaker: None,
            outlier: None,
            throttle: None,
            pool: None,
            in_flight_max: None,
            balancing: Balancing::LeastOf(2),
            zone_aware: false,
            panic_below: Ratio::HALF,
        }
    }
}
