//! How an instance guards itself: queue order, deadlines, CoDel, concurrency and rate limits, priority shedding, and what
//! saying no costs. Memory, garbage collection and warm-up are here too: they decide how fast an instance is.

use crate::units::{Mebibytes, Ratio, SimDuration};
use serde::{Deserialize, Serialize};

/// Who is next when a worker becomes free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueOrder {
    /// First come, first served.
    #[default]
    Fifo,
    /// Last come, first served.
    Lifo,
    /// First come, first served while the queue was empty within the last CoDel interval (100 ms without CoDel),
    /// last come, first served otherwise (Facebook, Fail at Scale, 2015).
    AdaptiveLifo,
}

/// Controlled delay (RFC 8289): drops from the head while the wait stays above `target` for longer than `interval`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoDel {
    /// Acceptable standing wait.
    pub target: SimDuration,
    /// How long it may be exceeded.
    pub interval: SimDuration,
}

impl CoDel {
    /// RFC 8289: 5 ms, 100 ms.
    pub const RFC_8289: Self = Self { target: SimDuration::from_millis(5), interval: SimDuration::from_millis(100) };
}

/// A limit on requests inside an instance, waiting ones included; more are rejected at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConcurrencyLimit {
    /// Workers and queue are the only limits.
    #[default]
    None,
    /// A constant.
    Static(u32),
    /// Grows by one per window of good answers, shrinks by `backoff` when latency passes `latency_max` or a request fails.
    Aimd {
        /// Answers slower than this count as a sign of overload.
        latency_max: SimDuration,
        /// Factor of the decrease, 0.5..1.
        backoff: f64,
        /// Smallest and largest limit.
        min: u32,
        /// Largest limit.
        max: u32,
    },
    /// Follows the ratio of the long-term to the present latency, plus a queue allowance of its square root (Netflix
    /// concurrency-limits, Gradient2).
    Gradient {
        /// Smallest limit.
        min: u32,
        /// Largest limit.
        max: u32,
    },
}

/// A token bucket at the door of each instance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateLimit {
    /// Requests per second.
    pub per_s: f64,
    /// Requests that may come at once.
    pub burst: f64,
}

/// Turning requests away before the queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shedding {
    /// None.
    #[default]
    None,
    /// A random share of all requests (what an operator sets by hand).
    Share(Ratio),
    /// DAGOR (Zhou et al., SoCC 2018): while the mean queuing time of a window is above `queue_max`, a threshold over the
    /// users' and tasks' priorities falls; requests of a task keep their priority on every service.
    Dagor {
        /// Mean queuing time above which a window counts as overloaded (20 ms).
        queue_max: SimDuration,
        /// Length of a window (1 s)...
        window: SimDuration,
        /// ...or this many requests, whichever comes first (2,000).
        window_requests: u32,
        /// Share by which the threshold cuts admission after an overloaded window (0.05).
        alpha: f64,
        /// Share by which it raises admission after a good one (0.01).
        beta: f64,
    },
}

impl Shedding {
    /// DAGOR with the paper's settings.
    pub const DAGOR: Self = Self::Dagor {
        queue_max: SimDuration::from_millis(20),
        window: SimDuration::from_secs(1),
        window_requests: 2_000,
        alpha: 0.05,
        beta: 0.01,
    };
}

/// How an instance guards itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerPolicy {
    /// Who is next.
    pub order: QueueOrder,
    /// Requests whose deadline is past, or too near for `deadline_margin`, are dropped when their turn comes.
    pub drop_expired: bool,
    /// Time that must be left until the deadline for the work to begin.
    pub deadline_margin: SimDuration,
    /// Controlled delay.
    pub codel: Option<CoDel>,
    /// Limit on requests inside.
    pub concurrency: ConcurrencyLimit,
    /// Limit on requests per second.
    pub rate_limit: Option<RateLimit>,
    /// Turning requests away early.
    pub shedding: Shedding,
    /// CPU that saying no costs, as a share of the main endpoint's mean CPU demand (assumption: 5 %).
    pub rejection_cost: Ratio,
    /// Connections that all callers' pools together may open to this service; `None` is no limit (Postgres: 100).
    pub connections_max: Option<u32>,
}

impl Default for ServerPolicy {
    /// First come, first served; nothing but workers and queue length; a rejection costs 5 % of a request.
    fn default() -> Self {
        Self {
            order: QueueOrder::Fifo,
            drop_expired: false,
            deadline_margin: SimDuration::ZERO,
            codel: None,
            concurrency: ConcurrencyLimit::None,
            rate_limit: None,
            shedding: Shedding::None,
            rejection_cost: Ratio::TWENTIETH,
            connections_max: None,
        }
    }
}

/// A garbage-collected heap: the share of CPU lost is allocation rate times live memory over free memory times the
/// collector's speed (the loop of Huang et al., OSDI 2022, section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Heap {
    /// Size of the heap in MiB.
    pub size: Mebibytes,
    /// Live memory of an idle instance in MiB.
    pub live_base: Mebibytes,
    /// Garbage made by one request, MiB.
    pub allocated_per_request: Mebibytes,
    /// Live memory that one core traces per second, MiB/s (about 1,000 for a tracing collector; assumption).
    pub trace_mib_per_s: f64,
}

/// A cold process is slower: demand times 1 + (factor - 1) exp(-t / tau) since it became ready.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WarmUp {
    /// How many times the demand is at the very start, 1..=100 (3, assumption).
    pub factor: f64,
    /// Time constant (30 s, assumption).
    pub tau: SimDuration,
}
