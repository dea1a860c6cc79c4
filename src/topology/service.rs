//! A service, what one of its requests costs, and whom it calls.

use super::cluster::{Autoscaler, Probes, RollOut};
use super::distribution::{Distribution, Shape};
use super::endpoint::{Call, Endpoint, Step};
use super::server::{Heap, ServerPolicy, WarmUp};
use super::workload::{Arrivals, Workload};
use crate::units::{Mebibytes, Millicores, PerSecond, Ratio, SimDuration};
use serde::{Deserialize, Serialize};

/// What a service is; drives its icon and which actions make sense.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceKind {
    /// Any instance can serve any request.
    #[default]
    Stateless,
    /// A database.
    Database,
    /// A cache.
    Cache,
    /// A message broker.
    Queue,
    /// Users or a load generator: outside the healer's reach, but its view of errors and latency is the users' view.
    Client,
}

/// What one request needs at this service itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Demand {
    /// Mean CPU time on one core, in microseconds.
    pub cpu_us_mean: f64,
    /// Mean time of waiting without CPU (disk, external I/O) while the worker slot is held, in microseconds.
    pub wait_us_mean: f64,
    /// Shape of both around their means.
    pub shape: Shape,
    /// Share of requests that fail by themselves after their CPU time.
    pub error_ratio: Ratio,
}

impl Demand {
    /// The CPU time.
    pub const fn cpu(&self) -> Distribution {
        Distribution { mean_us: self.cpu_us_mean, shape: self.shape }
    }
    /// The waiting time.
    pub const fn wait(&self) -> Distribution {
        Distribution { mean_us: self.wait_us_mean, shape: self.shape }
    }
}

/// What users may expect of an entry: a share of requests answered without error within a bound.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// Share of requests that is to be good, below 1.
    pub good: f64,
    /// Answers later than this are not good.
    pub within: SimDuration,
}

impl Default for Objective {
    /// 99.5 % within 1 s: what Google's SRE Workbook takes as an example of a user-facing service, and the second after
    /// which users lose their train of thought (Nielsen 1993).
    fn default() -> Self {
        Self { good: 0.995, within: SimDuration::from_secs(1) }
    }
}

/// A service: limits of one instance, how many instances, what a request costs, whom it calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Unique within the topology; 1..=63 characters.
    pub name: String,
    /// What it is.
    pub kind: ServiceKind,
    /// Instances wanted at the start, 0..=`replicas_max`.
    pub replicas: u32,
    /// Most instances that scaling may reach.
    pub replicas_max: u32,
    /// CPU that the scheduler reserves for one instance.
    pub cpu_request: Millicores,
    /// CPU that one instance may use.
    pub cpu_limit: Millicores,
    /// Memory that the scheduler reserves for one instance.
    pub memory_request: Mebibytes,
    /// Memory above which one instance is killed (exit code 137).
    pub memory_limit: Mebibytes,
    /// Memory of an idle instance.
    pub memory_base: Mebibytes,
    /// Memory held by one request while it is in the instance.
    pub memory_per_request: Mebibytes,
    /// Requests one instance works on at a time, waiting for callees included.
    pub workers: u32,
    /// Requests that may wait at one instance; more are rejected.
    pub queue_len_max: u32,
    /// From the start of an instance to its first request.
    pub startup: SimDuration,
    /// Cost of one request.
    pub demand: Demand,
    /// Users' requests entering here from outside, per second.
    pub entry_rate: PerSecond,
    /// How the users come.
    pub workload: Workload,
    /// Calls of the main endpoint: stages in sequence, the calls of one stage in parallel.
    pub stages: Vec<Vec<Call>>,
    /// Further endpoints.
    pub endpoints: Vec<Endpoint>,
    /// How an instance guards itself.
    pub server: ServerPolicy,
    /// Extra waiting time of a request per other request in the instance, in microseconds (contention for something that
    /// is neither CPU nor a worker).
    pub contention_us: f64,
    /// Memory that each served request leaves behind until the next restart.
    pub leak_per_request: Mebibytes,
    /// A garbage-collected heap.
    pub heap: Option<Heap>,
    /// A cold process is slower.
    pub warm_up: Option<WarmUp>,
    /// Whether the CPU limit works as CFS quotas do: full speed until the limit's share of each 100 ms is used up, then
    /// nothing. False spreads the limit evenly.
    pub cfs_quota: bool,
    /// Keys that one instance can keep, for kind `Cache`.
    pub cache_keys: u32,
    /// The kubelet's probes.
    pub probes: Probes,
    /// The horizontal pod autoscaler.
    pub autoscaler: Option<Autoscaler>,
    /// How a new version replaces an old one.
    pub roll_out: RollOut,
    /// Voluntary disruptions leave at least this many ready instances (`PodDisruptionBudget` minAvailable).
    pub ready_min: u32,
    /// What its users may expect, if it is an entry.
    #[serde(default)]
    pub objective: Objective,
}

impl Service {
    /// A stateless service with the platform's usual limits and nobody to call.
    ///
    /// 1 instance of 500m and 256 MiB, 200 workers and 100 waiting places (Tomcat's `maxThreads` and `acceptCount`),
    /// 5 s to start (the upper bound of Kubernetes' pod start-up objective, image pull excluded), 5 ms of CPU a request.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            kind: ServiceKind::Stateless,
            replicas: 1,
            replicas_max: 10,
            cpu_request: Millicores(250),
            cpu_limit: Millicores(500),
            memory_request: Mebibytes(128.0),
            memory_limit: Mebibytes(256.0),
            memory_base: Mebibytes(96.0),
            memory_per_request: Mebibytes(0.25),
            workers: 200,
            queue_len_max: 100,
            startup: SimDuration::from_secs(5),
            demand: Demand { cpu_us_mean: 5_000.0, ..Demand::default() },
            entry_rate: PerSecond(0.0),
            workload: Workload::default(),
            stages: Vec::new(),
            endpoints: Vec::new(),
            server: ServerPolicy::default(),
            contention_us: 0.0,
            leak_per_request: Mebibytes(0.0),
            heap: None,
            warm_up: None,
            cfs_quota: false,
            cache_keys: 100_000,
            probes: Probes::default(),
            autoscaler: None,
            roll_out: RollOut::default(),
            ready_min: 0,
            objective: Objective::default(),
        }
    }
    /// A client outside the system: no work of its own, any number of requests at once, never overloaded.
    pub fn client(name: impl Into<String>) -> Self {
        Self {
            kind: ServiceKind::Client,
            cpu_limit: Millicores(1_000_000),
            cpu_request: Millicores(0),
            memory_request: Mebibytes(0.0),
            memory_limit: Mebibytes(1e9),
            memory_per_request: Mebibytes(0.0),
            workers: u32::MAX,
            demand: Demand::default(),
            startup: SimDuration::ZERO,
            ..Self::named(name)
        }
    }
    /// All calls in call order, those of the main endpoint first.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        let further = self.endpoints.iter().flat_map(|e| e.steps.iter().flat_map(Step::calls));
        self.stages.iter().flatten().chain(further)
    }
    /// All calls, for changing.
    pub fn calls_mut(&mut self) -> impl Iterator<Item = &mut Call> {
        let further = self.endpoints.iter_mut().flat_map(|e| e.steps.iter_mut().flat_map(Step::calls_mut));
        self.stages.iter_mut().flatten().chain(further)
    }
    /// Number of endpoints, the main one included.
    pub fn endpoint_count(&self) -> usize {
        1 + self.endpoints.len()
    }
    /// Whether users come in here.
    pub const fn is_entry(&self) -> bool {
        self.entry_rate.0 > 0.0 || matches!(self.workload.arrivals, Arrivals::Closed { .. })
    }
    /// Whether the healer may act on it.
    pub fn is_healable(&self) -> bool {
        self.kind != ServiceKind::Client
    }
}
