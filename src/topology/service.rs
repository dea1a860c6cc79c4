//! A service, what one of its requests costs, and whom it calls.

use crate::ids::ServiceId;
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
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Demand {
    /// Mean CPU time on one core, in microseconds.
    pub cpu_us_mean: f64,
    /// Mean time of waiting without CPU (disk, external I/O) while the worker slot is held, in microseconds.
    pub wait_us_mean: f64,
    /// Lognormal shape of both (standard deviation of the logarithm); 0 is constant.
    pub sigma: f64,
    /// Share of requests that fail by themselves after their CPU time.
    pub error_ratio: Ratio,
}

/// How a caller guards one call.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallPolicy {
    /// Longest wait for one attempt; the callee's work is not cancelled.
    pub timeout: SimDuration,
    /// Attempts in all, 1..=10.
    pub attempts_max: u8,
    /// Back-off before the second attempt; doubles at each further one. Full jitter: uniform in 0..back-off.
    pub backoff_base: SimDuration,
    /// Longest back-off before jitter.
    pub backoff_max: SimDuration,
}

impl Default for CallPolicy {
    /// 1 s a try, one retry, back-off 25 ms doubling to 250 ms with full jitter (Envoy's defaults for a route with a
    /// retry policy; its route time-out of 15 s is replaced by 1 s a try, the Hystrix default).
    fn default() -> Self {
        Self {
            timeout: SimDuration::from_secs(1),
            attempts_max: 2,
            backoff_base: SimDuration::from_millis(25),
            backoff_max: SimDuration::from_millis(250),
        }
    }
}

/// One edge of the call graph, seen from the caller.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The callee.
    pub to: ServiceId,
    /// Share of the caller's requests that make this call.
    pub probability: Ratio,
    /// Whether the caller can answer without it: a failed optional call does not fail the request.
    pub optional: bool,
    /// Time-out and retries.
    pub policy: CallPolicy,
}

impl Call {
    /// A required call made by every request, with the default policy.
    pub fn to(to: ServiceId) -> Self {
        Self { to, probability: Ratio::ONE, optional: false, policy: CallPolicy::default() }
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
    /// Users' requests entering here from outside, per second (open loop, Poisson).
    pub entry_rate: PerSecond,
    /// Calls: stages in sequence, the calls of one stage in parallel.
    pub stages: Vec<Vec<Call>>,
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
            demand: Demand { cpu_us_mean: 5_000.0, wait_us_mean: 0.0, sigma: 0.5, error_ratio: Ratio::ZERO },
            entry_rate: PerSecond(0.0),
            stages: Vec::new(),
        }
    }
    /// All calls in call order.
    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.stages.iter().flatten()
    }
    /// Whether the healer may act on it.
    pub fn is_healable(&self) -> bool {
        self.kind != ServiceKind::Client
    }
}
