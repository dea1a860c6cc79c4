//! Random systems: which mechanisms are on, then services in layers that use them.

use crate::ids::ServiceId;
use crate::rng::{self, Stream};
use crate::topology::{
    AdaptiveThrottle, Arrivals, Autoscaler, Balancing, Breaker, CacheLookup, Call, CallMode, CallPolicy, Cluster, CoDel,
    ConcurrencyLimit, Demand, Distribution, Endpoint, Heap, OutlierEjection, Pool, Probe, Probes, QueueOrder, RateLimit,
    RetryBudget, Service, ServiceKind, Shape, Shedding, Step, Topology, WarmUp, Workload,
};
use crate::units::{Mebibytes, Millicores, PerSecond, Ratio, SimDuration};

/// Most services of a random system.
const SERVICES_MAX: u32 = 9;

/// A random system and the stream that drew it.
#[derive(Clone, Debug)]
pub struct System {
    /// The services.
    pub topology: Topology,
    /// The machines.
    pub cluster: Cluster,
    /// Its seed.
    pub seed: u64,
}

/// Draws for one system.
pub(in crate::validation) struct Dice {
    stream: Stream,
    /// Mechanisms that are on, one bit each.
    on: u64,
}

impl Dice {
    pub fn new(seed: u64, purpose: &str) -> Self {
        let mut stream = Stream::new(seed, rng::label(purpose));
        let on = stream.next_key();
        Self { stream, on }
    }
    pub fn below(&mut self, n: u32) -> u32 {
        rng::below(self.stream.next_key(), n)
    }
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * rng::uniform(self.stream.next_key())
    }
    pub fn chance(&mut self, p: f64) -> bool {
        rng::chance(self.stream.next_key(), p)
    }
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u32) as usize]
    }
    /// Whether mechanism number `bit` is on in this system, and used here.
    fn uses(&mut self, bit: u32, p: f64) -> bool {
        self.on >> bit & 1 == 1 && self.chance(p)
    }
    fn millis(&mut self, low: f64, high: f64) -> SimDuration {
        SimDuration::from_secs_f64(self.between(low, high) / 1e3)
    }
}

/// What a law needs of its systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Anything goes.
    Any,
    /// Nothing that spends CPU besides the demands of served requests, and no clock of the platform's own.
    Plain,
}

impl System {
    /// The system of `seed`.
    pub fn any(seed: u64) -> Self {
        Self::of(seed, Kind::Any)
    }
    pub(super) fn of(seed: u64, kind: Kind) -> Self {
        let mut dice = Dice::new(seed, "system");
        if kind == Kind::Plain {
            dice.on &= PLAIN;
        }
        let mut topology = Topology::default();
        let count = 2 + dice.below(SERVICES_MAX - 1);
        for n in 0..count {
            let service = service(&mut dice, n, count, &topology);
            topology.push(service);
        }
        let zones = 1 + dice.below(3) as u8;
        let mut cluster = Cluster::zones(zones, 2, Millicores(64_000), Mebibytes(64_000.0));
        cluster.endpoint_delay = dice.millis(0.0, 1_000.0);
        Self { topology, cluster, seed }
    }
}

/// Mechanisms that neither spend CPU of their own nor follow a clock of the platform: bits 0 to 15.
const PLAIN: u64 = 0xffff;

fn service(dice: &mut Dice, n: u32, count: u32, below: &Topology) -> Service {
    let is_entry = n + 1 == count || dice.chance(0.15);
    let mut service = Service {
        replicas: 1 + dice.below(3),
        cpu_limit: Millicores(200 + dice.below(20) * 100),
        cpu_request: Millicores(100),
        workers: dice.pick(&[1, 4, 20, 200]),
        queue_len_max: dice.pick(&[0, 5, 100, u32::MAX]),
        memory_limit: Mebibytes(512.0),
        startup: dice.millis(500.0, 4_000.0),
        demand: demand(dice),
        ..Service::named(format!("s{n}"))
    };
    service.server.rejection_cost = Ratio::ZERO;
    if is_entry {
        service.entry_rate = PerSecond(dice.between(2.0, 60.0));
        service.workload = workload(dice);
    }
    if !below.is_empty() {
        for _ in 0..dice.below(3) {
            let calls = (0..=dice.below(2)).map(|_| call(dice, below)).collect();
            service.stages.push(calls);
        }
        while dice.uses(3, 0.4) && service.endpoints.len() < 3 {
            service.endpoints.push(endpoint(dice, below, service.endpoints.len()));
        }
    }
    doors(dice, &mut service);
    platform(dice, &mut service);
    service
}

fn demand(dice: &mut Dice) -> Demand {
    let shape = match dice.below(6) {
        0 => Shape::Constant,
        1 => Shape::Exponential,
        2 => Shape::Bimodal { slow: 0.05, factor: 20.0 },
        3 => Shape::Pareto { alpha: 1.8, cap: 50.0 },
        4 => Shape::Scv(dice.between(0.2, 5.0)),
        _ => Shape::Lognormal(dice.between(0.2, 1.2)),
    };
    Demand {
        cpu_us_mean: dice.between(200.0, 15_000.0),
        wait_us_mean: if dice.chance(0.4) { dice.between(0.0, 30_000.0) } else { 0.0 },
        shape,
        error_ratio: Ratio::saturating(if dice.uses(0, 0.5) { dice.between(0.0, 0.2) } else { 0.0 }),
    }
}

fn call(dice: &mut Dice, below: &Topology) -> Call {
    let to = ServiceId(dice.below(below.slots() as u32));
    let mode = if dice.uses(1, 0.2) { CallMode::Async } else { CallMode::Wait };
    Call {
        endpoint: dice.below(3) as u16,
        probability: Ratio::saturating(dice.between(0.3, 1.3)),
        count: 1 + dice.below(2) as u16,
        optional: dice.chance(0.2),
        mode,
        policy: policy(dice),
        ..Call::to(to)
    }
}

fn policy(dice: &mut Dice) -> CallPolicy {
    let mut policy = CallPolicy {
        timeout: dice.millis(20.0, 2_000.0),
        attempts_max: 1 + dice.below(4) as u8,
        cancel: dice.uses(2, 0.5),
        balancing: dice.pick(&[
            Balancing::RoundRobin,
            Balancing::Random,
            Balancing::LeastOf(2),
            Balancing::LeastBusy,
            Balancing::RingHash,
        ]),
        zone_aware: dice.uses(4, 0.3),
        ..CallPolicy::default()
    };
    if dice.uses(5, 0.5) {
        policy.deadline = Some(dice.millis(100.0, 3_000.0));
        policy.propagate_deadline = dice.chance(0.7);
    }
    if dice.uses(6, 0.5) {
        policy.budget = dice.pick(&[
            RetryBudget::Ratio { ratio: Ratio::TENTH, floor_per_s: 1.0, window: SimDuration::from_secs(10) },
            RetryBudget::InFlight { ratio: Ratio::QUARTER, floor: 3 },
            RetryBudget::Tokens { max: 500.0, cost: 5.0, timeout_cost: 10.0, per_success: 1.0 },
            RetryBudget::Throttle { max: 10.0, ratio: 0.1 },
        ]);
    }
    policy.breaker = dice.uses(7, 0.4).then_some(Breaker::HYSTRIX);
    policy.outlier = dice.uses(8, 0.4).then_some(OutlierEjection::ENVOY);
    policy.throttle = dice.uses(9, 0.3).then_some(AdaptiveThrottle { k: 2.0, window: SimDuration::from_secs(120) });
    policy.hedge_after = dice.uses(10, 0.3).then(|| dice.millis(5.0, 200.0));
    if dice.uses(11, 0.3) {
        policy.pool = Some(Pool { size: 1 + dice.below(12), wait_max: dice.millis(10.0, 5_000.0) });
    }
    policy.in_flight_max = dice.uses(12, 0.3).then(|| 1 + dice.below(30));
    policy
}

fn endpoint(dice: &mut Dice, below: &Topology, n: usize) -> Endpoint {
    let mut steps = Vec::new();
    for _ in 0..=dice.below(3) {
        let caches: Vec<ServiceId> = below.services().filter(|(_, s)| s.kind == ServiceKind::Cache).map(|(id, _)| id).collect();
        steps.push(match dice.below(5) {
            0 => Step::Wait(Distribution::exponential(dice.between(100.0, 20_000.0))),
            1 => Step::Lock { lock: dice.below(2) as u8, hold: Distribution::exponential(dice.between(50.0, 3_000.0)) },
            2 if !caches.is_empty() => Step::Cached(Box::new(CacheLookup {
                cache: Call { optional: true, ..Call::to(caches[0]) },
                keys: 1_000,
                zipf: 0.9,
                origin: vec![call(dice, below)],
                coalesce: dice.chance(0.5),
            })),
            _ => {
                let calls: Vec<Call> = (0..=dice.below(3)).map(|_| call(dice, below)).collect();
                Step::Calls { need: dice.below(calls.len() as u32 + 1) as u16, calls }
            }
        });
    }
    Endpoint { name: format!("e{n}"), share: dice.between(0.0, 2.0), demand: demand(dice), steps }
}

fn workload(dice: &mut Dice) -> Workload {
    let think = Distribution::exponential(dice.between(10_000.0, 500_000.0));
    let arrivals = match dice.below(6) {
        0 => Arrivals::Regular,
        1 => Arrivals::Renewal(dice.between(0.2, 6.0)),
        2 => Arrivals::Mmpp { rates: [0.5, 2.0], leave: [0.5, 1.0] },
        3 => Arrivals::Closed { users: 1 + dice.below(30), think },
        4 => Arrivals::Sessions { requests: 1 + dice.below(5), think, failures_max: 1 + dice.below(3) },
        _ => Arrivals::Poisson,
    };
    let patience = dice.uses(13, 0.4).then(|| Distribution::exponential(dice.between(50_000.0, 3_000_000.0)));
    Workload { arrivals, patience, ..Workload::default() }
}

fn doors(dice: &mut Dice, service: &mut Service) {
    let server = &mut service.server;
    if dice.uses(14, 0.6) {
        server.order = dice.pick(&[QueueOrder::Fifo, QueueOrder::Lifo, QueueOrder::AdaptiveLifo]);
        server.drop_expired = dice.chance(0.6);
        server.codel = dice.chance(0.4).then_some(CoDel::RFC_8289);
    }
    if dice.uses(15, 0.6) {
        server.rate_limit = dice.chance(0.3).then(|| RateLimit { per_s: dice.between(5.0, 200.0), burst: 10.0 });
        server.concurrency = dice.pick(&[
            ConcurrencyLimit::None,
            ConcurrencyLimit::Static(20),
            ConcurrencyLimit::Aimd { latency_max: SimDuration::from_millis(200), backoff: 0.9, min: 2, max: 200 },
            ConcurrencyLimit::Gradient { min: 2, max: 200 },
        ]);
        server.shedding = dice.pick(&[Shedding::None, Shedding::Share(Ratio::TENTH), Shedding::DAGOR]);
        server.connections_max = dice.chance(0.2).then_some(20);
    }
}

fn platform(dice: &mut Dice, service: &mut Service) {
    if dice.uses(16, 0.3) {
        service.kind = ServiceKind::Cache;
        service.cache_keys = 200;
    }
    if dice.uses(17, 0.4) {
        let readiness = dice.chance(0.6).then(|| Probe { deep: dice.chance(0.3), ..Probe::default() });
        service.probes = Probes { readiness, liveness: dice.chance(0.6).then(Probe::default) };
    }
    if dice.uses(18, 0.4) {
        let target = dice.between(0.3, 0.9);
        service.autoscaler = Some(Autoscaler { max: 6, target, ..Autoscaler::default() });
    }
    if dice.uses(19, 0.3) {
        service.heap = Some(Heap {
            size: Mebibytes(256.0),
            live_base: Mebibytes(60.0),
            allocated_per_request: Mebibytes(1.0),
            trace_mib_per_s: 1_000.0,
        });
    }
    service.warm_up = dice.uses(20, 0.3).then(|| WarmUp { factor: 3.0, tau: SimDuration::from_secs(10) });
    service.cfs_quota = dice.uses(21, 0.3);
    if dice.uses(22, 0.3) {
        service.leak_per_request = Mebibytes(0.5);
    }
    if dice.uses(23, 0.4) {
        service.contention_us = dice.between(0.0, 500.0);
    }
    if dice.uses(24, 0.5) {
        service.server.rejection_cost = Ratio::TWENTIETH;
    }
    service.ready_min = dice.below(2);
}
