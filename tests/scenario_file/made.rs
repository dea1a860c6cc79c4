//! Made-up scenarios: every field of every type takes many values, odd names included.

use super::planned::{edit, plan};
use sickbay::ids::ServiceId;
use sickbay::scenario::file::{HealDial, PolicyChoice, RunDefaults};
use sickbay::scenario::{PlannedEdit, Scenario};
use sickbay::topology::*;
use sickbay::units::{Mebibytes, Millicores, PerSecond, Ratio, SimDuration, SimTime};

/// SplitMix64: short, and good enough to draw test cases.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }
    pub fn is(&mut self) -> bool {
        self.below(2) == 0
    }
    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
    pub fn whole(&mut self, least: u32, most: u32) -> u32 {
        least + self.below((most - least) as usize + 1) as u32
    }
    pub fn some<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.is().then(|| make(self))
    }
    /// Round ones, and ones with all digits.
    pub fn unit(&mut self) -> f64 {
        if self.is() { self.below(101) as f64 / 100.0 } else { (self.next() >> 11) as f64 / (1_u64 << 53) as f64 }
    }
    pub fn number(&mut self, least: f64, most: f64) -> f64 {
        least + self.unit() * (most - least)
    }
    fn ratio(&mut self) -> Ratio {
        Ratio::saturating(self.unit())
    }
    pub fn time(&mut self) -> SimDuration {
        let unit = self.pick(&[1, 1_000, 1_000_000, 1_000_000_000, 60_000_000_000]);
        SimDuration::from_nanos(unit * (1 + self.next() % 1_000))
    }
    fn micros(&mut self) -> f64 {
        let unit = self.pick(&[1.0, 1_000.0, 1e6]);
        if self.is() { unit * self.below(1_000) as f64 } else { self.unit() * unit }
    }
    fn memory(&mut self) -> Mebibytes {
        Mebibytes(if self.is() { self.below(100_000) as f64 } else { self.unit() * 1_000.0 })
    }
    fn per_s(&mut self) -> f64 {
        self.number(0.0, 1_000.0)
    }
}

/// Names that a careless reader takes for something else.
pub const NAMES: &[&str] = &[
    "api",
    "a -> b",
    "x[0]",
    "node 1",
    "zone a",
    "zones a, b",
    "null",
    "true",
    "42",
    "~",
    "  spaced  ",
    "größe",
    "\"",
    "a: b",
    "#x",
    "- y",
    "1e3",
    "{z}",
    "\u{7f}\u{85}\u{2028}",
    "日本",
    "off",
    "a\nb",
    "\\",
    "db",
    "b",
    "sickbay",
    "1.10",
    "0x1F",
    "=",
    "!t",
    "%",
    "@",
];

/// A scenario of up to `size` services.
pub fn scenario(r: &mut Random, size: usize) -> Scenario {
    let topology = topology(r, size);
    let mut made = Scenario::of(r.pick(NAMES), topology);
    made.about = if r.is() { String::new() } else { "Watch: \"the queue\"\n and more".to_owned() };
    if r.is() {
        made.cluster = cluster(r, &made.cluster);
    }
    let mut now = made.topology.clone();
    for at in 0..r.below(6) as u64 {
        let at = SimTime::from_secs(10 * at);
        if let Some(edit) = edit(r, &now)
            && now.apply(&edit).is_ok()
        {
            made.edits.push(PlannedEdit { at, edit });
        }
        plan(r, at + SimDuration::from_secs(5), &now, &mut made);
    }
    made.scale = r.pick(&[1, 1, 3, 100]);
    if !made.model().1.is_empty() {
        made.scale = 1;
    }
    made
}

pub fn run_defaults(r: &mut Random) -> RunDefaults {
    RunDefaults {
        seed: r.some(Random::next),
        until: r.some(|r| SimTime::ZERO + r.time()),
        policy: r.some(|r| {
            r.pick(&[PolicyChoice::Rules, PolicyChoice::Bandit, PolicyChoice::Seed, PolicyChoice::Kubernetes, PolicyChoice::None])
        }),
        heal: r.some(|r| r.pick(&[HealDial::Off, HealDial::Advise, HealDial::Ask, HealDial::Auto])),
    }
}

fn topology(r: &mut Random, size: usize) -> Topology {
    let mut names: Vec<&str> = NAMES.to_vec();
    let mut topology = Topology::default();
    for _ in 0..size.max(1) {
        let name = names.swap_remove(r.below(names.len()));
        let service = service(r, name, &topology);
        topology.push(service);
    }
    // Holes, as removed services leave them.
    if size > 2 && r.below(4) == 0 {
        let id = ServiceId(r.below(size) as u32);
        topology.apply(&TopologyEdit::RemoveService(id)).expect("it is there");
    }
    topology
}

pub fn service(r: &mut Random, name: &str, before: &Topology) -> Service {
    let base = if r.below(4) == 0 { Service::client(name) } else { Service::named(name) };
    if r.below(3) == 0 {
        let stages = stages(r, before);
        return Service { stages, ..base };
    }
    let kinds = [ServiceKind::Stateless, ServiceKind::Database, ServiceKind::Cache, ServiceKind::Queue, ServiceKind::Client];
    let replicas = r.whole(0, 40);
    Service {
        name: name.to_owned(),
        kind: r.pick(&kinds),
        replicas,
        replicas_max: replicas + r.whole(0, 20),
        cpu_request: Millicores(r.whole(0, 5_000)),
        cpu_limit: Millicores(r.pick(&[500, 2_000, 40_000, 1_234])),
        memory_request: r.memory(),
        memory_limit: r.memory(),
        memory_base: r.memory(),
        memory_per_request: r.memory(),
        workers: r.pick(&[1, 40, 200, u32::MAX]),
        queue_len_max: r.pick(&[0, 100, u32::MAX]),
        startup: r.time(),
        demand: demand(r),
        entry_rate: PerSecond(r.per_s()),
        workload: workload(r),
        stages: stages(r, before),
        endpoints: endpoints(r, before),
        server: server(r),
        contention_us: r.micros(),
        leak_per_request: r.memory(),
        heap: r.some(|r| Heap {
            size: r.memory(),
            live_base: r.memory(),
            allocated_per_request: r.memory(),
            trace_mib_per_s: r.number(1.0, 9_000.0),
        }),
        warm_up: r.some(|r| WarmUp { factor: r.number(1.0, 100.0), tau: r.time() }),
        cfs_quota: r.is(),
        cache_keys: r.whole(0, 1_000_000),
        probes: Probes { readiness: r.some(probe), liveness: r.some(probe) },
        autoscaler: r.some(autoscaler),
        roll_out: RollOut { surge: r.ratio(), unavailable: r.ratio(), deadline: r.time() },
        ready_min: r.whole(0, 5),
        objective: Objective { good: r.number(0.5, 0.999), within: r.time() },
    }
}

fn demand(r: &mut Random) -> Demand {
    Demand { cpu_us_mean: r.micros(), wait_us_mean: r.micros(), shape: shape(r), error_ratio: r.ratio() }
}

fn shape(r: &mut Random) -> Shape {
    match r.below(7) {
        0 => Shape::Constant,
        1 => Shape::Exponential,
        2 => Shape::Lognormal(r.number(0.0, 3.0)),
        3 => Shape::Uniform,
        4 => Shape::Bimodal { slow: r.unit(), factor: r.number(1.0, 100.0) },
        5 => Shape::Pareto { alpha: r.number(1.1, 5.0), cap: r.number(1.0, 1_000.0) },
        _ => Shape::Scv(r.number(0.01, 100.0)),
    }
}

fn distribution(r: &mut Random) -> Distribution {
    Distribution { mean_us: r.micros(), shape: shape(r) }
}

fn workload(r: &mut Random) -> Workload {
    let arrivals = match r.below(6) {
        0 => Arrivals::Poisson,
        1 => Arrivals::Regular,
        2 => Arrivals::Renewal(r.number(0.01, 100.0)),
        3 => Arrivals::Mmpp { rates: [r.unit(), r.number(1.0, 9.0)], leave: [r.number(0.1, 1.0), 0.4] },
        4 => Arrivals::Closed { users: r.whole(0, 1_000), think: distribution(r) },
        _ => Arrivals::Sessions { requests: r.whole(1, 10_000), think: distribution(r), failures_max: r.whole(1, 9) },
    };
    let change = |r: &mut Random, at| RateChange { at: SimTime::from_secs(at), ramp: r.time(), factor: r.number(0.0, 10.0) };
    let changes = (0..r.below(4) as u64).map(|at| change(r, at)).collect();
    Workload {
        arrivals,
        swing: r.unit(),
        swing_period: r.time(),
        changes,
        patience: r.some(distribution),
        balancing: balancing(r),
    }
}

pub fn call(r: &mut Random, before: &Topology) -> Option<Call> {
    let to = ServiceId(r.below(before.slots()) as u32);
    before.get(to)?;
    let call = Call {
        to,
        endpoint: r.whole(0, 3) as u16,
        probability: r.ratio(),
        count: r.whole(1, 1_000) as u16,
        optional: r.is(),
        mode: r.pick(&[CallMode::Wait, CallMode::Async, CallMode::HandOff]),
        policy: if r.is() { CallPolicy::default() } else { policy(r) },
    };
    Some(if r.below(3) == 0 { Call::to(to) } else { call })
}

fn calls(r: &mut Random, before: &Topology) -> Vec<Call> {
    (0..r.below(3)).filter_map(|_| call(r, before)).collect()
}

fn stages(r: &mut Random, before: &Topology) -> Vec<Vec<Call>> {
    (0..r.below(3)).map(|_| calls(r, before)).collect()
}

fn endpoints(r: &mut Random, before: &Topology) -> Vec<Endpoint> {
    let names = ["GET /", "POST /orders", "7", "a"];
    let count = r.below(4);
    let step = |r: &mut Random| match r.below(5) {
        0 => Some(Step::Cpu(distribution(r))),
        1 => Some(Step::Wait(distribution(r))),
        2 => {
            let calls = calls(r, before);
            let need = r.below(calls.len() + 1) as u16;
            Some(Step::Calls { calls, need })
        }
        3 => Some(Step::Cached(Box::new(CacheLookup {
            cache: call(r, before)?,
            keys: r.whole(1, 1_000_000),
            zipf: r.number(0.0, 3.0),
            origin: calls(r, before),
            coalesce: r.is(),
        }))),
        _ => Some(Step::Lock { lock: r.whole(0, 15) as u8, hold: distribution(r) }),
    };
    let endpoint = |name: &&str| {
        let steps = (0..r.below(4)).filter_map(|_| step(r)).collect();
        Endpoint { name: (*name).to_owned(), share: r.number(0.0, 9.0), demand: demand(r), steps }
    };
    names[..count].iter().map(endpoint).collect()
}

fn balancing(r: &mut Random) -> Balancing {
    match r.below(5) {
        0 => Balancing::RoundRobin,
        1 => Balancing::Random,
        2 => Balancing::LeastOf(r.whole(1, 255) as u8),
        3 => Balancing::LeastBusy,
        _ => Balancing::RingHash,
    }
}

fn policy(r: &mut Random) -> CallPolicy {
    let budget = match r.below(5) {
        0 => RetryBudget::None,
        1 => RetryBudget::Ratio { ratio: r.ratio(), floor_per_s: r.per_s(), window: r.time() },
        2 => RetryBudget::InFlight { ratio: r.ratio(), floor: r.whole(0, 9) },
        3 => RetryBudget::Tokens { max: 500.0, cost: r.unit(), timeout_cost: r.unit(), per_success: r.unit() },
        _ => RetryBudget::Throttle { max: r.number(1.0, 99.0), ratio: r.unit() },
    };
    CallPolicy {
        timeout: r.time(),
        deadline: r.some(Random::time),
        propagate_deadline: r.is(),
        cancel: r.is(),
        attempts_max: r.whole(1, 10) as u8,
        retry_on: RetryOn { error: r.is(), timeout: r.is(), rejected: r.is() },
        backoff_base: r.time(),
        backoff_factor: r.number(1.0, 10.0),
        backoff_max: r.time(),
        jitter: r.pick(&[Jitter::Full, Jitter::Equal, Jitter::None, Jitter::Fifth]),
        budget,
        hedge_after: r.some(Random::time),
        breaker: r.some(breaker),
        outlier: r.some(|r| OutlierEjection { consecutive: r.whole(1, 9), share_max: r.ratio(), ..OutlierEjection::ENVOY }),
        throttle: r.some(|r| AdaptiveThrottle { k: r.number(1.0, 9.0), window: r.time() }),
        pool: r.some(|r| Pool { size: r.whole(1, 99), wait_max: r.time() }),
        in_flight_max: r.some(|r| r.whole(0, 99)),
        balancing: balancing(r),
        zone_aware: r.is(),
        panic_below: r.ratio(),
    }
}

fn breaker(r: &mut Random) -> Breaker {
    match r.below(3) {
        0 => Breaker::RESILIENCE4J,
        1 => Breaker::HYSTRIX,
        _ => Breaker { failure_ratio: r.ratio(), trials: r.whole(1, 9), open_for: r.time(), ..Breaker::RESILIENCE4J },
    }
}

pub fn server(r: &mut Random) -> ServerPolicy {
    let concurrency = match r.below(4) {
        0 => ConcurrencyLimit::None,
        1 => ConcurrencyLimit::Static(r.whole(1, 999)),
        2 => ConcurrencyLimit::Aimd { latency_max: r.time(), backoff: r.number(0.5, 1.0), min: 1, max: r.whole(1, 99) },
        _ => ConcurrencyLimit::Gradient { min: 20, max: r.whole(20, 999) },
    };
    let (queue_max, window, alpha) = (r.time(), r.time(), r.unit());
    let dagor = Shedding::Dagor { queue_max, window, window_requests: 2_000, alpha, beta: 0.01 };
    ServerPolicy {
        order: r.pick(&[QueueOrder::Fifo, QueueOrder::Lifo, QueueOrder::AdaptiveLifo]),
        drop_expired: r.is(),
        deadline_margin: r.time(),
        codel: r.some(|r| CoDel { target: r.time(), interval: r.time() }),
        concurrency,
        rate_limit: r.some(|r| RateLimit { per_s: r.per_s(), burst: r.number(1.0, 99.0) }),
        shedding: r.pick(&[Shedding::None, Shedding::Share(Ratio::HALF), Shedding::DAGOR, dagor]),
        rejection_cost: r.ratio(),
        connections_max: r.some(|r| r.whole(0, 999)),
    }
}

fn probe(r: &mut Random) -> Probe {
    if r.is() { Probe::default() } else { Probe { period: r.time(), timeout: r.time(), failures: 2, successes: 3, deep: r.is() } }
}

fn autoscaler(r: &mut Random) -> Autoscaler {
    Autoscaler { max: r.whole(1, 99), target: r.number(0.01, 10.0), tolerance: r.unit(), sync: r.time(), ..Autoscaler::default() }
}

fn cluster(r: &mut Random, roomy: &Cluster) -> Cluster {
    let zones = r.whole(1, 4) as u8;
    let equal = Cluster::zones(zones, r.whole(1, 3), Millicores(r.whole(0, 64_000)), r.memory());
    let mut made = match r.below(3) {
        0 => roomy.clone(),
        1 => equal,
        _ => Cluster {
            nodes: equal.nodes.into_iter().map(|n| Node { cpu: Millicores(r.whole(0, 9_999)), ..n }).collect(),
            ..roomy.clone()
        },
    };
    if r.is() {
        let same_zone = r.time();
        made.network = r.pick(&[Network::NONE, Network { same_zone, ..Network::default() }]);
    }
    made.endpoint_delay = r.time();
    made.image_pull = r.time();
    made.node_autoscale = r.some(Random::time);
    made
}
