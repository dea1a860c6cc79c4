//! Injected faults: what can break, how much, how long. Applying them is the world's business.

use crate::ids::{FaultId, ServiceId};
use crate::units::{SimDuration, SimTime};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What breaks. The unit of the magnitude and what the fault does depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// A stray process in each instance running now takes this share of its CPU limit. Dies with the instance.
    CpuHog,
    /// Every instance, later ones too, leaks this many MiB per second. A restart frees what was leaked.
    MemoryLeak,
    /// Each instance running now fails this share of its requests (corrupt state). Dies with the instance.
    ErrorBurst,
    /// Adds this many ms to every message: on an edge's direct path, or to and from one instance of a service (its host's
    /// network).
    Latency,
    /// Kills this many instances at once, and again every 10 s as long as it lasts.
    InstanceKill,
    /// Every instance, later ones too, exits this many seconds after it became ready.
    CrashLoop,
    /// This share of messages on an edge's direct path is lost without an answer.
    Partition,
    /// Multiplies the users' requests that enter here (or, for an inner service, of every entry that leads here).
    TrafficSpike,
}

impl FaultKind {
    /// All kinds, in menu order.
    pub const ALL: [Self; 8] = [
        Self::InstanceKill,
        Self::CrashLoop,
        Self::Latency,
        Self::ErrorBurst,
        Self::CpuHog,
        Self::MemoryLeak,
        Self::Partition,
        Self::TrafficSpike,
    ];

    /// Name in files, commands and messages: `cpu_hog`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CpuHog => "cpu_hog",
            Self::MemoryLeak => "memory_leak",
            Self::ErrorBurst => "error_burst",
            Self::Latency => "latency",
            Self::InstanceKill => "instance_kill",
            Self::CrashLoop => "crash_loop",
            Self::Partition => "partition",
            Self::TrafficSpike => "traffic_spike",
        }
    }
    /// Label, unit, smallest, usual and largest magnitude.
    pub const fn scale(self) -> FaultScale {
        let (label, unit, min, usual, max) = match self {
            Self::CpuHog => ("CPU hog", "share of CPU", 0.05, 0.8, 0.99),
            Self::MemoryLeak => ("Memory leak", "MiB/s", 0.1, 3.0, 100.0),
            Self::ErrorBurst => ("Error burst", "share of requests", 0.01, 0.6, 1.0),
            Self::Latency => ("Latency", "ms", 1.0, 200.0, 10_000.0),
            Self::InstanceKill => ("Kill instances", "instances", 1.0, 1.0, 100.0),
            Self::CrashLoop => ("Crash loop", "s of life", 0.0, 2.0, 60.0),
            Self::Partition => ("Partition", "share of messages", 0.05, 1.0, 1.0),
            Self::TrafficSpike => ("Traffic spike", "times", 1.1, 3.0, 100.0),
        };
        FaultScale { label, unit, min, usual, max }
    }
    /// Whether it can be put on a service.
    pub const fn fits_service(self) -> bool {
        !matches!(self, Self::Partition)
    }
    /// Whether it can be put on an edge.
    pub const fn fits_edge(self) -> bool {
        matches!(self, Self::Partition | Self::Latency)
    }
}

/// The magnitude's label, unit and range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FaultScale {
    /// What people see.
    pub label: &'static str,
    /// Unit of the magnitude.
    pub unit: &'static str,
    /// Smallest magnitude.
    pub min: f64,
    /// Magnitude offered first.
    pub usual: f64,
    /// Largest magnitude.
    pub max: f64,
}

/// Where it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultTarget {
    /// A service.
    Service(ServiceId),
    /// A call edge.
    Edge {
        /// The caller.
        from: ServiceId,
        /// The callee.
        to: ServiceId,
    },
}

/// One fault to inject.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultSpec {
    /// Where.
    pub target: FaultTarget,
    /// What.
    pub kind: FaultKind,
    /// How much, in the kind's unit.
    pub magnitude: f64,
    /// How long; `None` is until removed.
    pub duration: Option<SimDuration>,
}

/// A fault in the world.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActiveFault {
    /// Its number.
    pub id: FaultId,
    /// What was asked for.
    pub spec: FaultSpec,
    /// Since when.
    pub since: SimTime,
}

/// Why a fault was refused.
#[derive(Clone, Debug, PartialEq, Error, Serialize, Deserialize)]
pub enum FaultError {
    /// The target is gone.
    #[error("E0201 the target of the fault does not exist")]
    NoTarget,
    /// The kind does not fit the target.
    #[error("E0202 {0} cannot be put on {1}")]
    WrongTarget(String, String),
    /// The magnitude is out of range.
    #[error("E0203 {kind} takes {min} to {max} {unit}, not {got}")]
    OutOfRange {
        /// The kind's label.
        kind: String,
        /// Smallest magnitude.
        min: f64,
        /// Largest magnitude.
        max: f64,
        /// Unit.
        unit: String,
        /// What was asked for.
        got: f64,
    },
    /// No entry leads to the service.
    #[error("E0204 no users' requests reach this service, so there is no traffic to multiply")]
    NoTraffic,
    /// Too many at once.
    #[error("E0205 at most {0} faults can be active at once")]
    TooMany(usize),
}
