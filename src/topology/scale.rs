//! The scale model: one replica stands for `w`, and the traffic is divided by `w`. For loads beyond one thread.
//!
//! What happens in a replica stays exact, because a replica sees the same load per core, worker and place in the queue; what
//! changes is pooling (fewer replicas to choose from, fewer callers that share a callee), so tails at moderate load come out a
//! little longer. Nothing is dropped: every mechanism works as before.
//!
//! A service with fewer replicas than `w`, or a number that `w` does not divide, keeps at least one replica, made smaller so
//! that the service's capacity is divided by exactly `w`: less CPU, fewer workers and places, smaller pools and limits per
//! instance ([`Shrink::share`]). Below one core that makes a request's own CPU time longer ([`Shrink::slowdown`]). Machines are
//! divided in the same way, zone by zone. What a guard counts before it judges (a breaker's calls, failures in a row) stays:
//! fewer would be chance. Keys behind caches are divided, so that a cold cache fills in the same time; hit ratios then differ
//! by a few per cent where popularity is as uneven as Zipf's law with exponent 1.

use super::client::{CallPolicy, RetryBudget};
use super::server::{ConcurrencyLimit, ServerPolicy, Shedding};
use super::{Arrivals, Cluster, Service, Step, Topology};
use crate::units::{Mebibytes, Millicores, PerSecond};

/// Largest scale.
pub const SCALE_MAX: u32 = 10_000;

/// How the replicas of one service are shrunk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shrink {
    /// Replicas of the model.
    pub replicas: u32,
    /// What each of them has of what it had: 1 where the scale divides the number of replicas, else less.
    pub share: f64,
    /// Replicas of the system for which one of the model stands.
    pub stands_for: f64,
}

impl Shrink {
    /// For a service of so many replicas at this scale (1..=[`SCALE_MAX`]).
    pub fn of(replicas: u32, scale: u32) -> Self {
        let scale = scale.clamp(1, SCALE_MAX);
        let few = replicas.div_ceil(scale);
        if few == 0 {
            return Self { replicas: 0, share: 1.0, stands_for: f64::from(scale) };
        }
        let stands_for = f64::from(replicas) / f64::from(few);
        Self { replicas: few, share: stands_for / f64::from(scale), stands_for }
    }
    /// So many of the system's instances in the model's: a whole number, or `None` if it is not one.
    pub fn instances(&self, of_system: u32) -> Option<u32> {
        let count = f64::from(of_system) / self.stands_for;
        ((count - count.round()).abs() < 1e-9 && (of_system == 0 || count >= 0.5)).then_some(count.round() as u32)
    }
    /// A limit on instances: rounded up, so that what the system may do the model may, too.
    fn limit(&self, of_system: u32) -> u32 {
        (f64::from(of_system) / self.stands_for - 1e-9).ceil().max(0.0) as u32
    }
    /// How many times longer a request's own CPU time takes: more than 1 if the share leaves less than one core.
    pub fn slowdown(&self, cpu_limit: Millicores) -> f64 {
        let speed = |cores: f64| cores.min(1.0);
        let cores = cpu_limit.cores();
        if cores > 0.0 { speed(cores) / speed(cores * self.share) } else { 1.0 }
    }
    /// An amount per instance; what is without limit stays so.
    pub fn part(&self, amount: u32) -> u32 {
        if amount == u32::MAX { amount } else { (f64::from(amount) * self.share - 1e-9).ceil().max(0.0) as u32 }
    }
}

impl Topology {
    /// The model of this system in which one replica stands for `scale` (1..=[`SCALE_MAX`]; 1 changes nothing).
    #[must_use]
    pub fn scaled(&self, scale: u32) -> Self {
        let mut model = self.clone();
        for service in model.slots.iter_mut().flatten().filter(|_| scale > 1) {
            *service = service.scaled(scale);
        }
        model
    }
    /// CPU and memory of the largest reservation of an instance.
    fn largest_pod(&self) -> (u32, f64) {
        let largest = |(cpu, memory): (u32, f64), s: &Service| (cpu.max(s.cpu_request.0), memory.max(s.memory_request.0));
        self.services().map(|(_, s)| s).fold((0, 0.0), largest)
    }
}

impl Service {
    /// How its replicas are shrunk at this scale.
    pub fn shrink(&self, scale: u32) -> Shrink {
        Shrink::of(self.replicas, scale)
    }
    /// The same service in a model of this scale.
    #[must_use]
    pub fn scaled(&self, scale: u32) -> Self {
        let (mut model, by) = (self.clone(), self.shrink(scale));
        if scale <= 1 {
            return model;
        }
        model.replicas = by.replicas;
        model.replicas_max = by.limit(self.replicas_max).max(by.replicas);
        model.ready_min = by.limit(self.ready_min);
        model.entry_rate = PerSecond(self.entry_rate.0 / f64::from(scale));
        model.server.connections_max = self.server.connections_max.map(|max| max.div_ceil(scale));
        if let Some(hpa) = &mut model.autoscaler {
            (hpa.min, hpa.max) = (by.limit(hpa.min), by.limit(hpa.max));
        }
        if let Arrivals::Closed { users, .. } = &mut model.workload.arrivals {
            *users = users.div_ceil(scale);
        }
        for step in model.endpoints.iter_mut().flat_map(|endpoint| &mut endpoint.steps) {
            match step {
                Step::Lock { hold, .. } => hold.mean_us /= by.share,
                Step::Cached(lookup) => lookup.keys = lookup.keys.div_ceil(scale),
                Step::Cpu(_) | Step::Wait(_) | Step::Calls { .. } => {}
            }
        }
        model.shrink_instance(&by);
        model
    }

    /// An instance that has only a share of what it had, and is asked for only that share.
    fn shrink_instance(&mut self, by: &Shrink) {
        self.cpu_limit = Millicores(by.part(self.cpu_limit.0));
        self.cpu_request = Millicores(by.part(self.cpu_request.0));
        self.workers = by.part(self.workers).max(1);
        self.queue_len_max = by.part(self.queue_len_max);
        self.cache_keys = by.part(self.cache_keys);
        self.memory_per_request = Mebibytes(self.memory_per_request.0 / by.share);
        self.leak_per_request = Mebibytes(self.leak_per_request.0 / by.share);
        self.contention_us /= by.share;
        if let Some(heap) = &mut self.heap {
            heap.allocated_per_request = Mebibytes(heap.allocated_per_request.0 / by.share);
        }
        shrink_server(&mut self.server, by);
        for call in self.calls_mut() {
            call.policy = call.policy.scaled(by);
        }
    }
}

fn shrink_server(server: &mut ServerPolicy, by: &Shrink) {
    match &mut server.concurrency {
        ConcurrencyLimit::None => {}
        ConcurrencyLimit::Static(limit) => *limit = by.part(*limit),
        ConcurrencyLimit::Aimd { min, max, .. } | ConcurrencyLimit::Gradient { min, max } => {
            (*min, *max) = (by.part(*min), by.part(*max));
        }
    }
    if let Some(limit) = &mut server.rate_limit {
        (limit.per_s, limit.burst) = (limit.per_s * by.share, (limit.burst * by.share).max(1.0));
    }
    if let Shedding::Dagor { window_requests, .. } = &mut server.shedding {
        *window_requests = by.part(*window_requests).max(1);
    }
}

impl CallPolicy {
    /// The same policy at a caller that is asked for only a share of what it was.
    #[must_use]
    pub fn scaled(mut self, by: &Shrink) -> Self {
        match &mut self.budget {
            RetryBudget::None => {}
            RetryBudget::Ratio { floor_per_s, .. } => *floor_per_s *= by.share,
            RetryBudget::InFlight { floor, .. } => *floor = by.part(*floor),
            // A bucket must still hold the dearest retry.
            RetryBudget::Tokens { max, cost, timeout_cost, .. } => {
                *max = (*max * by.share).max(cost.max(*timeout_cost)).min(*max)
            }
            RetryBudget::Throttle { max, .. } => *max = (*max * by.share).max(2.0).min(*max),
        }
        if let Some(pool) = &mut self.pool {
            pool.size = by.part(pool.size).max(1);
        }
        self.in_flight_max = self.in_flight_max.map(|max| by.part(max).max(1));
        self
    }
}

impl Cluster {
    /// The machines of a model of this scale: of each zone's nodes one for `scale`, or smaller ones where it does not divide
    /// their number. The largest pod of `model` still fits on a node.
    #[must_use]
    pub fn scaled(&self, scale: u32, model: &Topology) -> Self {
        let mut cluster = self.clone();
        if scale <= 1 {
            return cluster;
        }
        let (cpu, memory) = model.largest_pod();
        let by: Vec<Shrink> = self.nodes_of_zones().into_iter().map(|nodes| Shrink::of(nodes, scale)).collect();
        let mut kept = vec![0; by.len()];
        cluster.nodes.retain_mut(|node| {
            let (by, kept) = (by[usize::from(node.zone)], &mut kept[usize::from(node.zone)]);
            *kept += 1;
            node.cpu = Millicores(by.part(node.cpu.0).max(cpu));
            node.memory = Mebibytes((node.memory.0 * by.share).max(memory));
            node.pods_max = by.part(node.pods_max).max(1);
            *kept <= by.replicas
        });
        cluster
    }
    /// Whether one node of a model of this scale stands for several.
    pub fn is_merged(&self, scale: u32) -> bool {
        scale > 1 && self.nodes_of_zones().into_iter().any(|nodes| nodes > 1)
    }
    /// Number of nodes, by zone.
    fn nodes_of_zones(&self) -> Vec<u32> {
        let mut nodes = vec![0; usize::from(self.zone_count())];
        for node in &self.nodes {
            nodes[usize::from(node.zone)] += 1;
        }
        nodes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::{Autoscaler, Call, Pool};
    use crate::units::SimDuration;

    #[test]
    fn capacity_and_load_shrink_alike_and_a_replica_stays_what_it_was() {
        let mut topology = Topology::default();
        let big = Service { replicas: 40, entry_rate: PerSecond(4_000.0), ..Service::named("big") };
        let id = topology.push(big.clone());
        let small = topology.push(Service { replicas: 3, ..Service::named("small") });
        let model = topology.scaled(10);
        let (scaled, odd) = (model.get(id).expect("there"), model.get(small).expect("there"));
        assert_eq!((scaled.replicas, scaled.cpu_limit, scaled.workers), (4, big.cpu_limit, big.workers));
        assert_eq!(scaled.entry_rate.0, 400.0);
        assert_eq!((odd.replicas, odd.cpu_limit, odd.workers), (1, Millicores(150), 60));
        assert_eq!(topology.scaled(1), topology);
    }

    #[test]
    fn limits_on_instances_follow_what_one_stands_for() {
        let hpa = Autoscaler { min: 2, max: 12, ..Autoscaler::default() };
        let service = Service { replicas: 3, replicas_max: 12, autoscaler: Some(hpa), ..Service::named("three") };
        let model = service.scaled(10);
        let scaled = model.autoscaler.expect("kept");
        assert_eq!((model.replicas, model.replicas_max, scaled.min, scaled.max), (1, 4, 1, 4));
        let by = service.shrink(10);
        assert_eq!((by.instances(3), by.instances(6), by.instances(1)), (Some(1), Some(2), None));
        assert!((by.slowdown(Millicores(500)) - 10.0 / 3.0).abs() < 1e-9);
        assert!((by.slowdown(Millicores(8_000)) - 1.0).abs() < 1e-9, "2.4 cores are still more than one request needs");
    }

    #[test]
    fn pools_belong_to_the_caller_and_shrink_with_it() {
        let pool = Some(Pool { size: 20, wait_max: SimDuration::from_secs(1) });
        let mut call = Call::to(crate::ids::ServiceId(0));
        call.policy.pool = pool;
        let size = |replicas: u32| {
            let caller = Service { replicas, stages: vec![vec![call]], ..Service::named("caller") };
            caller.scaled(10).calls().next().and_then(|c| c.policy.pool).map(|p| p.size)
        };
        assert_eq!((size(10), size(1), size(5)), (Some(20), Some(2), Some(10)));
    }

    #[test]
    fn machines_shrink_zone_by_zone_and_hold_the_largest_pod() {
        let mut topology = Topology::default();
        topology.push(Service { cpu_request: Millicores(4_000), ..Service::named("large") });
        let cluster = Cluster::zones(3, 20, Millicores(16_000), Mebibytes(64_000.0));
        let model = cluster.scaled(10, &topology);
        assert_eq!((model.nodes.len(), model.zone_count(), model.cpu().0), (6, 3, cluster.cpu().0 / 10));
        let few = Cluster::zones(3, 1, Millicores(16_000), Mebibytes(64_000.0));
        assert_eq!((few.scaled(10, &topology).nodes.len(), few.scaled(10, &topology).nodes[0].cpu.0), (3, 4_000));
        assert!(cluster.is_merged(10) && !few.is_merged(10));
    }
}
