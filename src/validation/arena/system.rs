//! Random systems as teams run them: users, front services, a layer or two of services behind them, databases, caches and
//! brokers at the bottom, on nodes in three zones. Without a fault they are well: CPU at 15 to 50 % of the limits, a few
//! tens of milliseconds for the users' requests (the swarm's systems are meant to be odd; these are meant to be normal).
//!
//! Bounds: at most 12 services (2 stores, a cache, 6 behind the fronts, 2 fronts, the users), some hundred calls a second
//! altogether.

use crate::ids::ServiceId;
use crate::topology::{
    Arrivals, Balancing, Breaker, CacheLookup, Call, CallPolicy, Cluster, Demand, Distribution, Endpoint, OutlierEjection, Pool,
    Probe, Probes, RateChange, RetryBudget, Service, ServiceKind, Shape, Step, Topology, Workload,
};
use crate::units::{Mebibytes, Millicores, PerSecond, Ratio, SimDuration, SimTime};
use crate::validation::swarm::Dice;

/// Zones: the usual number in a region.
const ZONES: u8 = 3;
/// Keys of a cache: few enough that it is warm when the fault begins.
const KEYS: u32 = 1_500;
/// Share of the questions that a warm cache answers, for sizing what stands behind it (Zipf 0.9, measured on these systems).
const HITS: f64 = 0.85;

/// What the fault needs to find.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wants {
    /// A cache with something behind it.
    pub cache: bool,
    /// A service of several instances whose callers choose by key.
    pub ring: bool,
    /// A call with a connection pool.
    pub pool: bool,
}

/// A random system.
#[derive(Clone, Debug)]
pub(super) struct System {
    pub topology: Topology,
    pub cluster: Cluster,
    /// The service that callers choose instances of by key, if one was wanted.
    pub ring: Option<ServiceId>,
    /// The cache, if there is one.
    pub cache: Option<ServiceId>,
}

/// A system that has what is wanted.
pub(super) fn system(dice: &mut Dice, wants: Wants) -> System {
    let mut topology = Topology::default();
    for n in 0..=dice.below(2) {
        let store = store(dice, n);
        topology.push(store);
    }
    let cache = (wants.cache || dice.chance(0.3)).then(|| topology.push(cache(dice)));
    for n in 0..2 + dice.below(5) {
        let middle = middle(dice, n, &topology, cache.filter(|_| n == 0));
        topology.push(middle);
    }
    let fronts = 1 + dice.below(2);
    for n in 0..fronts {
        let front = front(dice, n, fronts, &topology);
        topology.push(front);
    }
    if dice.chance(0.5) {
        users(dice, &mut topology);
    }
    pools(dice, &mut topology, wants.pool);
    let ring = wants.ring.then(|| ring(dice, &mut topology)).flatten();
    let origin = wants.cache.then_some(ServiceId(0));
    size_all(dice, &mut topology, &[ring, origin]);
    let cluster = cluster(dice, &topology);
    System { topology, cluster, ring, cache }
}

fn plain(dice: &mut Dice, name: String, cpu_ms: (f64, f64), wait_ms: (f64, f64)) -> Service {
    let shape = dice.pick(&[Shape::Exponential, Shape::Lognormal(0.5), Shape::Lognormal(0.8), Shape::Constant]);
    let wait = if dice.chance(0.5) { dice.between(wait_ms.0, wait_ms.1) * 1e3 } else { 0.0 };
    let fails = if dice.chance(0.3) { dice.between(0.0, 0.003) } else { 0.0 };
    let demand = Demand {
        cpu_us_mean: dice.between(cpu_ms.0, cpu_ms.1) * 1e3,
        wait_us_mean: wait,
        shape,
        error_ratio: Ratio::saturating(fails),
    };
    let probe = || Probe::default();
    let probes = if dice.chance(0.7) {
        Probes { readiness: Some(Probe { deep: dice.chance(0.1), ..probe() }), liveness: dice.chance(0.8).then(probe) }
    } else {
        Probes::default()
    };
    let limit = dice.pick(&[256.0, 512.0, 1_024.0]);
    Service {
        demand,
        probes,
        workers: dice.pick(&[32, 64, 200, 200]),
        startup: SimDuration::from_secs_f64(dice.between(1.0, 6.0)),
        memory_limit: Mebibytes(limit),
        memory_request: Mebibytes(limit * 0.6),
        memory_base: Mebibytes(limit * dice.between(0.25, 0.5)),
        cfs_quota: dice.chance(0.2),
        ..Service::named(name)
    }
}

fn store(dice: &mut Dice, n: u32) -> Service {
    let kind = if dice.chance(0.8) { ServiceKind::Database } else { ServiceKind::Queue };
    let demand_of = plain(dice, format!("store-{n}"), (0.5, 3.0), (2.0, 8.0));
    Service { kind, replicas: 1 + dice.below(2), ..demand_of }
}

fn cache(dice: &mut Dice) -> Service {
    let cache = plain(dice, "cache".to_owned(), (0.2, 0.6), (0.0, 0.0));
    Service { kind: ServiceKind::Cache, cache_keys: KEYS, replicas: 1, ..cache }
}

fn call(dice: &mut Dice, to: ServiceId, is_needed: bool) -> Call {
    let probability = if is_needed || dice.chance(0.6) { 1.0 } else { dice.between(0.3, 1.0) };
    Call { probability: Ratio::saturating(probability), optional: !is_needed && dice.chance(0.15), ..policy(dice, Call::to(to)) }
}

fn policy(dice: &mut Dice, call: Call) -> Call {
    let mut policy = CallPolicy {
        timeout: SimDuration::from_millis(u64::from(300 + dice.below(1_200))),
        attempts_max: 1 + dice.below(3) as u8,
        cancel: dice.chance(0.3),
        balancing: dice.pick(&[Balancing::LeastOf(2), Balancing::LeastOf(2), Balancing::RoundRobin, Balancing::Random]),
        zone_aware: dice.chance(0.2),
        ..CallPolicy::default()
    };
    if dice.chance(0.3) {
        let window = SimDuration::from_secs(10);
        policy.budget = RetryBudget::Ratio { ratio: Ratio::saturating(0.2), floor_per_s: 10.0, window };
    }
    policy.breaker = dice.chance(0.25).then_some(Breaker::HYSTRIX);
    policy.outlier = dice.chance(0.2).then_some(OutlierEjection::ENVOY);
    Call { policy, ..call }
}

/// Connection pools as they are found: most clients of databases have one, some of other services; if `is_wanted`, at least one.
fn pools(dice: &mut Dice, topology: &mut Topology, is_wanted: bool) {
    let databases: Vec<ServiceId> =
        topology.services().filter(|(_, s)| s.kind == ServiceKind::Database).map(|(id, _)| id).collect();
    let callers: Vec<ServiceId> = topology.services().filter(|(_, s)| s.kind != ServiceKind::Client).map(|(id, _)| id).collect();
    let mut is_there = false;
    for id in &callers {
        for call in topology.get_mut(*id).into_iter().flat_map(Service::calls_mut) {
            let is_usual = dice.chance(if databases.contains(&call.to) { POOLED_DATABASE } else { POOLED });
            call.policy.pool = is_usual.then(|| pool(dice));
            is_there |= is_usual;
        }
    }
    if is_wanted && !is_there {
        let called = |id: &ServiceId| topology.get(*id).is_some_and(|s| s.calls().next().is_some());
        let fit: Vec<ServiceId> = callers.into_iter().filter(called).collect();
        let chosen = dice.pick(&fit);
        let made = pool(dice);
        if let Some(call) = topology.get_mut(chosen).and_then(|s| s.calls_mut().next()) {
            call.policy.pool = Some(made);
        }
    }
}

/// Ten or so connections (HikariCP's usual number) that are waited for from half a second to five.
fn pool(dice: &mut Dice) -> Pool {
    let wait_ms = dice.pick(&[500_u64, 1_000, 1_000, 2_000, 5_000]);
    Pool { size: 8 + dice.below(12), wait_max: SimDuration::from_millis(wait_ms) }
}

/// Share of calls to databases, and to others, that take connections of a pool.
const POOLED_DATABASE: f64 = 0.7;
const POOLED: f64 = 0.1;

/// A service behind the fronts: it calls one to three of those below it; with a cache, it asks that before a store.
fn middle(dice: &mut Dice, n: u32, below: &Topology, cache: Option<ServiceId>) -> Service {
    let mut service = plain(dice, format!("service-{n}"), (1.0, 6.0), (0.5, 5.0));
    service.replicas = 1 + dice.below(4);
    if let Some(cache) = cache {
        service.endpoints.push(lookup(dice, cache));
        return service;
    }
    let is_open = |id: &ServiceId| below.get(*id).is_some_and(|s| s.kind != ServiceKind::Cache);
    let candidates: Vec<ServiceId> = below.services().map(|(id, _)| id).filter(is_open).collect();
    for to in some_of(dice, &candidates, 3) {
        let call = call(dice, to, false);
        service.stages.push(vec![Call { endpoint: endpoint_of(below, to), ..call }]);
    }
    service
}

/// The endpoint that a service with a cache is asked at.
fn endpoint_of(topology: &Topology, to: ServiceId) -> u16 {
    topology.get(to).map_or(0, |s| s.endpoints.len() as u16)
}

fn lookup(dice: &mut Dice, cache: ServiceId) -> Endpoint {
    let origin = vec![policy(dice, Call::to(ServiceId(0)))];
    let asked = Call { optional: true, ..policy(dice, Call::to(cache)) };
    let lookup = CacheLookup { cache: asked, keys: KEYS, zipf: 0.9, origin, coalesce: dice.chance(0.3) };
    let demand = Demand { cpu_us_mean: dice.between(0.5, 2.0) * 1e3, shape: Shape::Exponential, ..Demand::default() };
    Endpoint { name: "get".to_owned(), share: 1.0, demand, steps: vec![Step::Cached(Box::new(lookup))] }
}

/// `at_most` different ones, at least one.
fn some_of(dice: &mut Dice, from: &[ServiceId], at_most: u32) -> Vec<ServiceId> {
    let mut left = from.to_vec();
    let count = (1 + dice.below(at_most)).min(left.len() as u32);
    (0..count).map(|_| left.remove(dice.below(left.len() as u32) as usize)).collect()
}

/// Where users' requests arrive: each front calls some services, and together they call every service that nobody calls yet.
fn front(dice: &mut Dice, n: u32, fronts: u32, below: &Topology) -> Service {
    let mut service = plain(dice, format!("front-{n}"), (1.0, 4.0), (0.0, 0.0));
    service.replicas = 2 + dice.below(3);
    service.entry_rate = PerSecond(dice.between(40.0, 100.0) / f64::from(fronts));
    service.workload = workload(dice);
    let is_front = |id: ServiceId| below.get(id).is_some_and(|s| s.entry_rate.0 > 0.0);
    let is_middle = |id: &ServiceId| below.name(*id).starts_with("service");
    let uncalled = |id: &ServiceId| below.callers(*id).is_empty() && !is_front(*id);
    let middles: Vec<ServiceId> = below.services().map(|(id, _)| id).filter(is_middle).collect();
    let mut called: Vec<ServiceId> = below.services().map(|(id, _)| id).filter(uncalled).collect();
    if n > 0 {
        // The first front has seen to those that nobody else calls.
        called = some_of(dice, &middles, 3);
    }
    let mut stage = Vec::new();
    for to in called {
        let call = call(dice, to, n == 0);
        stage.push(Call { endpoint: endpoint_of(below, to), ..call });
        if dice.chance(0.5) {
            service.stages.push(std::mem::take(&mut stage));
        }
    }
    if !stage.is_empty() {
        service.stages.push(stage);
    }
    service
}

fn workload(dice: &mut Dice) -> Workload {
    let arrivals = match dice.below(4) {
        0 => Arrivals::Renewal(2.0),
        1 => Arrivals::Mmpp { rates: [0.8, 1.2], leave: [0.1, 0.1] },
        _ => Arrivals::Poisson,
    };
    let mut workload = Workload { arrivals, patience: Some(Distribution::constant(5e6)), ..Workload::default() };
    if dice.chance(0.2) {
        (workload.swing, workload.swing_period) = (0.15, SimDuration::from_secs(120));
    }
    if dice.chance(0.3) {
        let ramp = SimDuration::from_secs(u64::from(10 + dice.below(30)));
        let at = SimTime::from_secs(u64::from(40 + dice.below(180)));
        workload.changes.push(RateChange { at, ramp, factor: dice.between(0.75, 1.3) });
    }
    workload
}

/// A load generator that calls the fronts in the users' place: the users' view is then measured, too.
fn users(dice: &mut Dice, topology: &mut Topology) {
    let fronts: Vec<ServiceId> = topology.services().filter(|(_, s)| s.entry_rate.0 > 0.0).map(|(id, _)| id).collect();
    let mut client = Service { replicas: 1, ..Service::client("users") };
    let all: f64 = fronts.iter().filter_map(|id| topology.get(*id)).map(|s| s.entry_rate.0).sum();
    for id in fronts {
        let Some(front) = topology.get_mut(id) else { continue };
        let share = Ratio::saturating(front.entry_rate.0 / all);
        client.workload = std::mem::take(&mut front.workload);
        front.entry_rate = PerSecond(0.0);
        let policy =
            CallPolicy { timeout: SimDuration::from_secs(5), attempts_max: 1 + dice.below(2) as u8, ..CallPolicy::default() };
        client.stages.push(vec![Call { probability: share, policy, ..Call::to(id) }]);
    }
    client.entry_rate = PerSecond(all);
    topology.push(client);
}

/// Lets all callers of one service behind the fronts choose its instances by key.
fn ring(dice: &mut Dice, topology: &mut Topology) -> Option<ServiceId> {
    let is_fit =
        |(id, s): (ServiceId, &Service)| (s.name.starts_with("service") && !topology.callers(id).is_empty()).then_some(id);
    let fit: Vec<ServiceId> = topology.services().filter_map(is_fit).collect();
    let chosen = (!fit.is_empty()).then(|| dice.pick(&fit))?;
    for caller in topology.callers(chosen) {
        let calls = topology.get_mut(caller).into_iter().flat_map(Service::calls_mut);
        for call in calls.filter(|call| call.to == chosen) {
            call.policy.balancing = Balancing::RingHash;
        }
    }
    Some(chosen)
}

/// Requests a second at each service without retries.
fn rates(topology: &Topology) -> Vec<f64> {
    let mut rates: Vec<f64> = topology.services().map(|(_, s)| s.entry_rate.0).collect();
    // Callers were made after those whom they call.
    for from in (0..rates.len()).rev() {
        let Some(service) = topology.get(ServiceId(from as u32)) else { continue };
        let looked_up = service.endpoints.iter().flat_map(|e| &e.steps).any(|step| matches!(step, Step::Cached(_)));
        for call in service.calls() {
            let is_origin = looked_up && topology.get(call.to).is_some_and(|s| s.kind != ServiceKind::Cache);
            let share = if is_origin { 1.0 - HITS } else { call.probability.get() };
            rates[call.to.index()] += rates[from] * share;
        }
    }
    rates
}

/// Demands and limits that the owners have found to keep to the lab's objective, and instances busy for a part of the time.
/// Those in `tight` (whose callers choose by key; what stands behind the cache) have little to spare.
fn size_all(dice: &mut Dice, topology: &mut Topology, tight: &[Option<ServiceId>; 2]) {
    let estimates = times_us(topology);
    let slowest = topology.services().map(|(id, _)| estimates[id.index()]).fold(0.0, f64::max);
    let factor = (TIME_US / slowest).min(1.0);
    let rates = rates(topology);
    for (id, rate) in rates.iter().enumerate() {
        let id = ServiceId(id as u32);
        let Some(service) = topology.get_mut(id).filter(|s| s.kind != ServiceKind::Client) else { continue };
        scale(service, factor);
        let [ring, origin] = tight.map(|tight| tight == Some(id));
        let (busy, limit_min) = if ring || origin { (BUSY_TIGHT, LIMIT_TIGHT) } else { (dice.between(0.15, 0.5), LIMIT_MIN) };
        let replicas_min = if ring { 3 } else { 1 + u32::from(dice.chance(0.5)) };
        if ring || origin {
            service.replicas = if ring { 3 } else { 1 };
            let cores = busy * f64::from(service.replicas * limit_min) / 1e3;
            service.demand.cpu_us_mean = (cores * 1e6 / rate.max(1.0)).min(WORK_MAX_US);
        }
        size(service, *rate, busy, limit_min, replicas_min);
    }
}

/// Share of its CPU that a tight service uses, its limit in millicores, and the most that one of its requests costs, in
/// microseconds: a key that draws most requests, or a cache that answers none, is then too much for it.
const BUSY_TIGHT: f64 = 0.4;
const LIMIT_TIGHT: u32 = 300;
const WORK_MAX_US: f64 = 12_000.0;

/// Mean time of a users' request that the slowest front is made for, in microseconds: its 95th percentile then stays within
/// the 100 ms that the lab holds services to.
const TIME_US: f64 = 25_000.0;
/// Smallest CPU limit: at less, a single request is slow even if nobody else is there.
const LIMIT_MIN: u32 = 500;

/// Mean time of a request at each service, callees included and with processors half idle, in microseconds.
fn times_us(topology: &Topology) -> Vec<f64> {
    let mut times = vec![0.0_f64; topology.slots()];
    // Callees were made before those who call them.
    for (id, service) in topology.services() {
        let cores = f64::from(LIMIT_MIN) / 1e3;
        let own = |demand: &Demand| demand.cpu_us_mean / cores + demand.wait_us_mean;
        let slowest = |calls: &[Call]| calls.iter().map(|c| times[c.to.index()] * c.probability.get()).fold(0.0, f64::max);
        let main = own(&service.demand) + service.stages.iter().map(|stage| slowest(stage)).sum::<f64>();
        let further = service
            .endpoints
            .iter()
            .map(|e| own(&e.demand) + e.steps.iter().flat_map(Step::calls).map(|c| times[c.to.index()]).sum::<f64>());
        times[id.index()] = further.fold(main, f64::max);
    }
    times
}

fn scale(service: &mut Service, factor: f64) {
    service.demand.cpu_us_mean *= factor;
    service.demand.wait_us_mean *= factor;
    for endpoint in &mut service.endpoints {
        endpoint.demand.cpu_us_mean *= factor;
    }
}

/// Instances and limits for which it uses this share of its CPU, less if there is little to do.
fn size(service: &mut Service, rate: f64, busy: f64, limit_min: u32, replicas_min: u32) {
    let work = service.demand.cpu_us_mean.max(service.endpoints.iter().map(|e| e.demand.cpu_us_mean).sum::<f64>());
    let cores = rate * work / 1e6 / busy;
    let most = (cores * 1e3 / f64::from(limit_min)) as u32;
    service.replicas = service.replicas.min(most).max(replicas_min);
    let limit = cores * 1e3 / f64::from(service.replicas) / 50.0;
    service.cpu_limit = Millicores((limit.ceil() as u32 * 50).max(limit_min));
    // What is reserved is a third more than what is used, as for services that were looked after.
    let used = rate * work / 1e3 / f64::from(service.replicas);
    service.cpu_request = Millicores(((1.3 * used) as u32).clamp(50, service.cpu_limit.0));
}

/// Nodes with room for twice what is requested, the users' load generator aside: a zone can be lost, and a neighbour that
/// takes most of a node is felt.
fn cluster(dice: &mut Dice, topology: &Topology) -> Cluster {
    // At least two, or a node could not be told from its zone.
    let per_zone = 2 + dice.below(2);
    let nodes = f64::from(per_zone * u32::from(ZONES));
    let (mut cpu, mut memory, mut largest) = (0.0, 0.0, 0_u32);
    for (_, service) in topology.services().filter(|(_, s)| s.kind != ServiceKind::Client) {
        cpu += f64::from(service.cpu_request.0 * service.replicas);
        memory += service.memory_request.0 * f64::from(service.replicas);
        largest = largest.max(service.cpu_request.0);
    }
    let node_cpu = ((2.0 * cpu / nodes) as u32).max(2 * largest);
    let mut cluster = Cluster::zones(ZONES, per_zone, Millicores(node_cpu), Mebibytes(2.5 * memory / nodes + 1_024.0));
    cluster.endpoint_delay = SimDuration::from_millis(u64::from(300 + dice.below(700)));
    cluster
}
