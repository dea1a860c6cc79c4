//! The running side of a service: its instances, what callers know of them, and what is being changed about it.

use super::autoscale::AutoscaleState;
use super::cache::CacheState;
use super::change::Change;
use super::client::ClientState;
use super::instance::{Instance, Life};
use super::rollout::Versions;
use super::settings::Settings;
use super::workload::EntryState;
use crate::ids::{InstanceId, ServiceId};
use crate::topology::Service;
use crate::units::SimTime;
use std::sync::Arc;

/// What callers know of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub instance: u32,
    pub slot: u32,
    pub zone: u8,
    pub id: InstanceId,
}

/// One service's state.
#[derive(Clone, Debug)]
pub(super) struct ServiceState {
    /// Indices of its instances, oldest first. This and the next two change seldom: forks of a world share them.
    pub instances: Arc<Vec<u32>>,
    /// Those in service, in the order they came into service.
    pub ready: Arc<Vec<u32>>,
    /// Those that callers know, as of the last publication.
    pub published: Arc<[Target]>,
    /// Instances wanted.
    pub desired: u32,
    /// The healer's change under way.
    pub change: Option<Change>,
    /// Settings changed by hand.
    pub settings: Settings,
    /// Versions and the roll-out under way.
    pub versions: Versions,
    /// The autoscaler's memory; shared, as it changes only at a sync.
    pub autoscale: Option<Arc<AutoscaleState>>,
    /// How users enter here.
    pub entry: EntryState,
    /// The users' balancer in front of it.
    pub ingress: ClientState,
    /// What it keeps, if it is a cache.
    pub cache: Option<Box<CacheState>>,
    /// Connections that callers' pools hold to it.
    pub connections: u32,
    /// Zones whose instances take no traffic, one bit each.
    pub zones_drained: u16,
    /// Sum of the memory leaks on it, MiB/s per instance.
    pub leak_mib_per_s: f64,
    /// Seconds of life that a crash loop leaves it.
    pub crash_after_s: Option<f64>,
    /// Extra wait of every request in ns (fault).
    pub slow_ns: f64,
    /// Share of requests that fall on one key (fault).
    pub hot_key: f64,
    /// Since when new connections fail, and the age in ns at which connections are renewed (fault).
    pub no_new_connections: Option<(SimTime, u64)>,
    /// Requests served and rejected, for the books.
    pub served: u64,
    pub rejected: u64,
}

impl ServiceState {
    pub fn new(seed: u64, service: &Service) -> Self {
        let label = crate::rng::label(&service.name);
        Self {
            instances: Arc::default(),
            ready: Arc::default(),
            published: Arc::default(),
            desired: service.replicas,
            change: None,
            settings: Settings::default(),
            versions: Versions::default(),
            autoscale: None,
            entry: EntryState::new(seed, label),
            ingress: ClientState::default(),
            cache: None,
            connections: 0,
            zones_drained: 0,
            leak_mib_per_s: 0.0,
            crash_after_s: None,
            slow_ns: 0.0,
            hot_key: 0.0,
            no_new_connections: None,
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
    /// Instances that exist, pending ones included.
    pub pods: u32,
    /// Of these, instances that take no new traffic and go away when they are empty (terminating pods).
    pub draining: u32,
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
            pods: state.instances.len() as u32,
            restarts: self.restarts_gone[id.index()],
            cpu_busy_core_ns: self.cpu_gone[id.index()],
            ..Gauges::default()
        };
        for instance in state.instances.iter().filter_map(|i| self.instances.get(*i)) {
            gauges.restarts += instance.restarts;
            gauges.draining += u32::from(instance.life == Life::Draining);
            gauges.cpu_busy_core_ns += instance.cpu.busy_core_ns(self.now);
            gauges.queue_len += instance.queue.len() as u64;
            gauges.active += instance.active.len() as u64;
            if instance.is_running() {
                gauges.cpu_limit_cores += instance.cores;
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
        Life::Pending => 5,
    }
}
