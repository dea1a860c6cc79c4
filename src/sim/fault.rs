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
    /// Multiplies the users' requests that enter here (or, for an inner service, of every entry that leads here). Below
    /// 1 it is a drop.
    TrafficSpike,
    /// Nothing in these instances moves any more: no request is worked on, no probe answered. A restart cures it. On a
    /// service: this many of its instances.
    Hang,
    /// Every request, on later instances too, waits this many ms more without using CPU (a slow disk or outside interface).
    SlowResponses,
    /// A roll-out of a version that fails this share of its requests begins. A roll-back cures it, a restart does not.
    BadDeploy,
    /// A configuration under which this share of requests fails reaches all instances at once, later ones too. A roll-back
    /// cures it.
    BadConfig,
    /// A cache loses this share of what it holds, once.
    CacheFlush,
    /// This share of requests falls on one key: with ring hashing, on one instance.
    HotKey,
    /// New connections to the service fail (an expired certificate, a name that does not resolve); established ones live
    /// on until they are renewed. The magnitude is the age in seconds at which connections are renewed.
    NoNewConnections,
    /// This share of the attempts keeps its connection of the caller's pool for good (an error path that does not close it), of
    /// later instances too: on an edge its pool, on a service the pools of all its calls. A restart of the caller frees what
    /// leaked, a larger pool lasts longer.
    PoolLeak,
    /// A node or a zone is gone: power, network, everything. The magnitude is not used.
    Outage,
    /// Another tenant takes this share of the node's CPU.
    NoisyNeighbour,
    /// What monitoring is told comes this many seconds late.
    TelemetryLate,
    /// This share of samples never reaches monitoring.
    TelemetryMissing,
    /// This share of the series goes on telling the values it had, as a hung exporter does.
    TelemetryFrozen,
    /// Rates, shares, latencies and queues are told as this many times what they are.
    TelemetryWrong,
}

impl FaultKind {
    /// All kinds, in menu order: those of the system, then those of its telemetry.
    pub const ALL: [Self; 22] = {
        let mut all = [Self::TelemetryLate; 22];
        let mut i = 0;
        while i < Self::OF_SYSTEM.len() {
            all[i] = Self::OF_SYSTEM[i];
            i += 1;
        }
        (all[19], all[20], all[21]) = (Self::TelemetryMissing, Self::TelemetryFrozen, Self::TelemetryWrong);
        all
    };
    /// Kinds that break the system itself; the others break only what monitoring is told of it.
    pub const OF_SYSTEM: [Self; 18] = [
        Self::InstanceKill,
        Self::CrashLoop,
        Self::Hang,
        Self::Latency,
        Self::SlowResponses,
        Self::ErrorBurst,
        Self::CpuHog,
        Self::MemoryLeak,
        Self::BadDeploy,
        Self::BadConfig,
        Self::Partition,
        Self::NoNewConnections,
        Self::PoolLeak,
        Self::TrafficSpike,
        Self::HotKey,
        Self::CacheFlush,
        Self::Outage,
        Self::NoisyNeighbour,
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
            Self::Hang => "hang",
            Self::SlowResponses => "slow_responses",
            Self::BadDeploy => "bad_deploy",
            Self::BadConfig => "bad_config",
            Self::CacheFlush => "cache_flush",
            Self::HotKey => "hot_key",
            Self::NoNewConnections => "no_new_connections",
            Self::PoolLeak => "pool_leak",
            Self::Outage => "outage",
            Self::NoisyNeighbour => "noisy_neighbour",
            Self::TelemetryLate => "telemetry_late",
            Self::TelemetryMissing => "telemetry_missing",
            Self::TelemetryFrozen => "telemetry_frozen",
            Self::TelemetryWrong => "telemetry_wrong",
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
            Self::TrafficSpike => ("Traffic spike", "times", 0.0, 3.0, 100.0),
            Self::Hang => ("Hang", "instances", 1.0, 1.0, 1_000.0),
            Self::SlowResponses => ("Slow responses", "ms", 1.0, 500.0, 60_000.0),
            Self::BadDeploy => ("Bad deploy", "share of requests", 0.01, 0.3, 1.0),
            Self::BadConfig => ("Bad configuration", "share of requests", 0.01, 0.5, 1.0),
            Self::CacheFlush => ("Cache flush", "share of keys", 0.01, 1.0, 1.0),
            Self::HotKey => ("Hot key", "share of requests", 0.01, 0.3, 1.0),
            Self::NoNewConnections => ("No new connections", "s of connection age", 1.0, 300.0, 3_600.0),
            Self::PoolLeak => ("Connection leak", "share of attempts", 0.001, 0.02, 1.0),
            Self::Outage => ("Outage", "", 1.0, 1.0, 1.0),
            Self::NoisyNeighbour => ("Noisy neighbour", "share of the node's CPU", 0.05, 0.6, 0.95),
            Self::TelemetryLate => ("Late telemetry", "s", 1.0, 15.0, 60.0),
            Self::TelemetryMissing => ("Missing telemetry", "share of samples", 0.01, 1.0, 1.0),
            Self::TelemetryFrozen => ("Frozen telemetry", "share of series", 0.01, 1.0, 1.0),
            Self::TelemetryWrong => ("Wrong telemetry", "times", 0.01, 4.0, 100.0),
        };
        FaultScale { label, unit, min, usual, max }
    }
    /// Whether it breaks what monitoring is told, and nothing else.
    pub const fn is_of_telemetry(self) -> bool {
        matches!(self, Self::TelemetryLate | Self::TelemetryMissing | Self::TelemetryFrozen | Self::TelemetryWrong)
    }
    /// Whether it can be put on the whole monitoring.
    pub const fn fits_monitoring(self) -> bool {
        self.is_of_telemetry()
    }
    /// Whether it can be put on a service.
    pub const fn fits_service(self) -> bool {
        !matches!(self, Self::Partition | Self::Outage | Self::NoisyNeighbour)
    }
    /// Whether it can be put on an edge.
    pub const fn fits_edge(self) -> bool {
        matches!(self, Self::Partition | Self::Latency | Self::PoolLeak)
    }
    /// Whether it can be put on one instance.
    pub const fn fits_instance(self) -> bool {
        matches!(self, Self::CpuHog | Self::ErrorBurst | Self::Latency | Self::InstanceKill | Self::Hang | Self::SlowResponses)
    }
    /// Whether it can be put on a node or a zone.
    pub const fn fits_node(self) -> bool {
        matches!(self, Self::Outage | Self::NoisyNeighbour)
    }
    /// Whether it can be put on the network between two zones.
    pub const fn fits_zones(self) -> bool {
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
    /// One instance of a service, by its ordinal: 0 is the first pod.
    Instance {
        /// Whose.
        service: ServiceId,
        /// Which, 0-based.
        ordinal: u32,
    },
    /// A node, by its index in the cluster.
    Node(u32),
    /// All nodes of a zone.
    Zone(u8),
    /// Messages from one zone to the other and back.
    Zones(u8, u8),
    /// What monitoring is told of every service.
    Monitoring,
}

impl FaultTarget {
    /// In words, with the names that `name` knows: `cart`, `web -> cart`, `cart[0]`, `node 2`, `zone a`, `zones a, b`,
    /// `monitoring`.
    pub fn words(self, name: impl Fn(ServiceId) -> String) -> String {
        let zone = |zone: u8| char::from(b'a' + zone.min(25));
        match self {
            Self::Service(id) => name(id),
            Self::Edge { from, to } => format!("{} -> {}", name(from), name(to)),
            Self::Instance { service, ordinal } => format!("{}[{ordinal}]", name(service)),
            Self::Node(node) => format!("node {node}"),
            Self::Zone(z) => format!("zone {}", zone(z)),
            Self::Zones(a, b) => format!("zones {}, {}", zone(a), zone(b)),
            Self::Monitoring => "monitoring".to_owned(),
        }
    }
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

impl FaultSpec {
    /// Whether the magnitude is within its kind's range.
    ///
    /// # Errors
    /// [`FaultError::OutOfRange`] if it is not; a magnitude that is not used need not be right.
    pub fn check_magnitude(&self) -> Result<(), FaultError> {
        let scale = self.kind.scale();
        if self.kind == FaultKind::Outage || (scale.min..=scale.max).contains(&self.magnitude) {
            return Ok(());
        }
        Err(FaultError::OutOfRange {
            kind: scale.label.to_owned(),
            min: scale.min,
            max: scale.max,
            unit: scale.unit.to_owned(),
            got: self.magnitude,
        })
    }
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
    /// There is no such node.
    #[error("E0206 there is no node {0}; the cluster has {1}, counted from 0")]
    NoNode(u32, usize),
    /// There is no such zone.
    #[error("E0207 there is no zone {0}; the cluster has {1}, a to {2}")]
    NoZone(char, u8, char),
    /// The service has no such instance now.
    #[error("E0208 '{0}' has no instance {1} now")]
    NoInstance(String, u32),
    /// No call there takes a connection of a pool.
    #[error("E0209 no connection can leak at {0}: its calls have no pool; give one a `pool` in a scenario file first")]
    NoPool(String),
}
