//! The running side of a service: its instances and what is being changed about them.

use super::change::Change;
use super::instance::{Instance, Life};
use crate::ids::ServiceId;
use crate::rng::Stream;
use crate::topology::Service;
use crate::units::SimTime;

/// One service's state.
#[derive(Clone, Debug)]
pub(super) struct ServiceState {
    /// Hash of its first name: keys its random draws; a rename changes nothing.
    pub label: u64,
    /// Indices of its instances, oldest first.
    pub instances: Vec<u32>,
    /// Those that take traffic, in the order they became ready.
    pub ready: Vec<u32>,
    /// Instances wanted.
    pub desired: u32,
    /// The change under way.
    pub change: Option<Change>,
    /// Users' arrivals.
    pub arrivals: Stream,
    /// When the next user arrives; `None` without users.
    pub next_arrival: Option<SimTime>,
    /// Sequence number of the arrival event that counts.
    pub arrival_event: u64,
    /// Users' requests per second, spikes included.
    pub rate: f64,
    /// Sum of the memory leaks on it, MiB/s per instance.
    pub leak_mib_per_s: f64,
    /// Seconds of life that a crash loop leaves it.
    pub crash_after_s: Option<f64>,
    /// Requests rejected because a queue was full, and RPC counts for the books.
    pub served: u64,
    pub rejected: u64,
}

impl ServiceState {
    pub fn new(seed: u64, service: &Service) -> Self {
        let label = crate::rng::label(&service.name);
        Self {
            label,
            instances: Vec::new(),
            ready: Vec::new(),
            desired: service.replicas,
            change: None,
            arrivals: Stream::new(seed, label),
            next_arrival: None,
            arrival_event: 0,
            rate: 0.0,
            leak_mib_per_s: 0.0,
            crash_after_s: None,
            served: 0,
            rejected: 0,
        }
    }
}

/// What can be read off a service at one moment, as its exporter would tell it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gauges {
    /// Core-nanoseconds used by its instances since the run's start.
    pub cpu_busy_core_ns: f64,
    /// Cores that its running instances may use.
    pub cpu_limit_cores: f64,
    /// Memory of the fullest instance as a share of its limit.
    pub memory_ratio_max: f64,
    /// Requests waiting for a worker.
    pub queue_len: u64,
    /// Requests holding a worker.
    pub active: u64,
    /// Restarts of its containers since the run's start.
    pub restarts: u32,
    /// Instances that take traffic.
    pub ready: u32,
    /// Instances wanted.
    pub desired: u32,
}

/// Memory of an instance in MiB, at `now`.
pub(super) fn memory_mib(service: &Service, state: &ServiceState, instance: &Instance, now: SimTime) -> f64 {
    let leaking = if instance.leaking { state.leak_mib_per_s * now.since(instance.leaked_at).as_secs_f64() } else { 0.0 };
    service.memory_base.0 + instance.leaked_mib + leaking + service.memory_per_request.0 * instance.load() as f64
}

impl super::World {
    /// What the exporters of `id` tell now. Reading changes nothing that a run depends on.
    pub fn gauges(&self, id: ServiceId) -> Option<Gauges> {
        let (service, state) = (self.topology.get(id)?, self.services.get(id.index())?.as_ref()?);
        let mut gauges = Gauges {
            desired: state.desired,
            ready: state.ready.len() as u32,
            restarts: self.restarts_gone[id.index()],
            cpu_busy_core_ns: self.cpu_gone[id.index()],
            ..Gauges::default()
        };
        for instance in state.instances.iter().filter_map(|i| self.instances.get(*i)) {
            gauges.restarts += instance.restarts;
            gauges.cpu_busy_core_ns += instance.cpu.busy_core_ns(self.now);
            gauges.queue_len += instance.queue.len() as u64;
            gauges.active += instance.active.len() as u64;
            if instance.is_running() {
                gauges.cpu_limit_cores += service.cpu_limit.cores();
                let ratio = memory_mib(service, state, instance, self.now) / service.memory_limit.0;
                gauges.memory_ratio_max = gauges.memory_ratio_max.max(ratio);
            }
        }
        Some(gauges)
    }
}

/// Where instances in any life are counted for the digest.
pub(super) fn life_code(life: Life) -> u64 {
    match life {
        Life::Starting => 1,
        Life::Ready => 2,
        Life::Draining => 3,
        Life::BackOff => 4,
    }
}
