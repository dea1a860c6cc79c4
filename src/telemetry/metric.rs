//! Metrics and their samples.

use crate::ids::ServiceId;
use crate::units::SimTime;
use serde::{Deserialize, Serialize};

/// What is measured. Window metrics cover the last [`Metric::WINDOW_S`] seconds before the scrape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// CPU used, as a share of the limits of the running instances, 0..=1.
    CpuUtilisation,
    /// Memory of the fullest instance, as a share of its limit, 0..=1.
    MemoryUtilisation,
    /// Share of answered requests that failed, 0..=1. On an edge: as the caller saw it, time-outs included.
    ErrorRatio,
    /// Median latency in ms. On an edge: as the caller saw it, per attempt, time-outs included.
    LatencyP50,
    /// 95th percentile of latency in ms.
    LatencyP95,
    /// 99th percentile of latency in ms.
    LatencyP99,
    /// Answered requests per second (on an edge: attempts per second).
    RequestRate,
    /// Requests waiting for a worker, at the scrape.
    QueueLen,
    /// Container restarts since the run's start.
    Restarts,
    /// Instances that take traffic, at the scrape.
    ReplicasReady,
    /// Instances wanted, at the scrape.
    ReplicasDesired,
    /// Share of requests answered without error within the bound of the service's objective; entries only, 0..=1.
    GoodRatio,
}

impl Metric {
    /// Seconds that rates, ratios and percentiles look back: five scrapes, short enough to see a change soon, long
    /// enough for a percentile at tens of requests per second.
    pub const WINDOW_S: u64 = 5;

    /// All metrics, in order.
    pub const ALL: [Self; 12] = [
        Self::CpuUtilisation,
        Self::MemoryUtilisation,
        Self::ErrorRatio,
        Self::LatencyP50,
        Self::LatencyP95,
        Self::LatencyP99,
        Self::RequestRate,
        Self::QueueLen,
        Self::Restarts,
        Self::ReplicasReady,
        Self::ReplicasDesired,
        Self::GoodRatio,
    ];

    /// Position in [`Metric::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// Whom a sample is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A service, as it saw itself.
    Service(ServiceId),
    /// A call edge, as the caller saw it.
    Edge {
        /// The caller.
        from: ServiceId,
        /// The callee.
        to: ServiceId,
    },
}

/// One sample. It may be late, missing or wrong: this is all that the pipeline ever sees of the system.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// When it was scraped.
    pub at: SimTime,
    /// Whom it is about.
    pub subject: Subject,
    /// What was measured.
    pub metric: Metric,
    /// In the metric's unit.
    pub value: f64,
}
