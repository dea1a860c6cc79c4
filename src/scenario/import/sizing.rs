//! Load and CPU demand for systems whose files say nothing about either.
//!
//! A file gives limits, not load. So the load is assumed, spread through the edges, and the demand chosen such that each
//! service uses [`CPU_SHARE`] of its CPU limit: busy enough that a fault shows, idle enough that it can be healed. Where
//! calls in sequence would then add up to an unhealthy latency, all assumed demands are reduced together.

use super::draft::Draft;
use super::wiring::Wiring;
use crate::topology::ServiceKind;

/// Users' requests per second: of each load generator, or of all entries together.
const ENTRY_RATE: f64 = 20.0;
/// CPU use at the expected load, as a share of the limit.
const CPU_SHARE: f64 = 0.3;
/// Shortest and longest assumed CPU time of a request, in ms.
const DEMAND_MS: (f64, f64) = (0.2, 20.0);
/// CPU time of a request at a service that no load reaches, in ms.
const DEMAND_MS_IDLE: f64 = 5.0;
/// Least load of an entry, per second: the monitor's window of 5 s then holds enough requests for a percentile.
const ENTRY_RATE_MIN: f64 = 5.0;
/// Mean latency that no assumed service should exceed, in ms: even the largest of a few dozen requests is then mostly below
/// the monitor's first threshold of 100 ms.
const LATENCY_MS_MAX: f64 = 22.0;
/// Assumed network time of a call and its answer, in ms.
const NETWORK_MS: f64 = 1.0;
/// How much longer the slowest of some parallel calls takes than the slowest on average.
const PARALLEL_FACTOR: f64 = 1.3;
/// Highest utilisation for which waiting is estimated.
const UTILISATION_MAX: f64 = 0.9;

/// Load and demand of each service, by index.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sizing {
    /// Users' requests entering here, per second.
    pub entry_rate: Vec<f64>,
    /// All requests expected here, per second.
    pub rate: Vec<f64>,
    /// Mean CPU time of a request in ms.
    pub demand_ms: Vec<f64>,
}

/// Sizes all services; `cores` is the CPU limit of one instance by service.
pub(super) fn size(draft: &Draft, wiring: &Wiring, cores: &[f64]) -> Sizing {
    let order = wiring.callees_first();
    let entry_rate = entry_rates(draft, wiring);
    let rate = spread(&entry_rate, wiring, &order);
    let capacity: Vec<f64> = draft.services.iter().zip(cores).map(|(s, c)| c * instances(s.replicas)).collect();
    let demand_ms: Vec<f64> = (0..rate.len()).map(|i| demand_ms(draft, i, rate[i], capacity[i])).collect();
    let longest = latencies_ms(draft, wiring, &order, &Loaded { rate: &rate, demand_ms: &demand_ms, cores, capacity: &capacity });
    let longest = longest.into_iter().fold(0.0, f64::max);
    let factor = if longest > LATENCY_MS_MAX { LATENCY_MS_MAX / longest } else { 1.0 };
    let reduced = |(i, demand): (usize, f64)| if is_given(draft, i) { demand } else { (demand * factor).max(DEMAND_MS.0) };
    Sizing { entry_rate, rate, demand_ms: demand_ms.into_iter().enumerate().map(reduced).collect() }
}

fn instances(replicas: Option<u32>) -> f64 {
    f64::from(replicas.unwrap_or(1).max(1))
}

/// Whether the demand is not ours to choose.
fn is_given(draft: &Draft, i: usize) -> bool {
    draft.services[i].kind == ServiceKind::Client || draft.services[i].annotations.demand_ms.is_some()
}

fn demand_ms(draft: &Draft, i: usize, rate: f64, capacity: f64) -> f64 {
    let service = &draft.services[i];
    match service.annotations.demand_ms {
        Some(given) => given,
        // A load generator's own work is not what is studied.
        None if service.kind == ServiceKind::Client => 0.05,
        None if rate <= 0.0 => DEMAND_MS_IDLE,
        None => (1_000.0 * CPU_SHARE * capacity / rate).clamp(DEMAND_MS.0, DEMAND_MS.1),
    }
}

/// Where users enter: load generators that call somebody; else services that call and are not called. If that reaches less
/// than half of the system, everything that nobody calls is an entry too (but stores, if there is anything else), because an
/// idle system shows nothing.
fn entry_rates(draft: &Draft, wiring: &Wiring) -> Vec<f64> {
    let count = draft.services.len();
    let (mut calls, mut called) = (vec![false; count], vec![false; count]);
    for link in &wiring.links {
        (calls[link.from], called[link.to]) = (true, true);
    }
    let is_client = |i: usize| draft.services[i].kind == ServiceKind::Client;
    let given = |i: usize| draft.services[i].annotations.entry_rate;
    let mut rates: Vec<f64> =
        (0..count).map(|i| given(i).unwrap_or(if is_client(i) && calls[i] { ENTRY_RATE } else { 0.0 })).collect();
    if (0..count).any(|i| given(i).is_some()) {
        return rates;
    }
    let has_source = rates.iter().any(|r| *r > 0.0);
    let open = |i: &usize| !is_client(*i) && !called[*i] && rates[*i] == 0.0;
    let mut roots: Vec<usize> = if has_source { Vec::new() } else { (0..count).filter(|i| open(i) && calls[*i]).collect() };
    let sources = (0..count).filter(|i| rates[*i] > 0.0).chain(roots.iter().copied()).collect();
    let inner = (0..count).filter(|i| !is_client(*i)).count();
    let reached = reached(sources, wiring, count).into_iter().enumerate().filter(|(i, r)| *r && !is_client(*i)).count();
    if reached * 2 < inner {
        let is_store = |i: &usize| STORES.contains(&draft.services[*i].kind);
        roots = (0..count).filter(open).filter(|i| !is_store(i)).collect();
        if roots.is_empty() {
            roots = (0..count).filter(open).collect();
        }
    }
    for &root in &roots {
        rates[root] = (ENTRY_RATE / roots.len() as f64).max(ENTRY_RATE_MIN);
    }
    rates
}

/// What users never call themselves.
const STORES: [ServiceKind; 3] = [ServiceKind::Database, ServiceKind::Cache, ServiceKind::Queue];

fn reached(mut open: Vec<usize>, wiring: &Wiring, count: usize) -> Vec<bool> {
    let mut seen = vec![false; count];
    while let Some(at) = open.pop() {
        if !std::mem::replace(&mut seen[at], true) {
            open.extend(wiring.callees(at));
        }
    }
    seen
}

/// Rates by service: what enters, and what callers send on.
fn spread(entry_rate: &[f64], wiring: &Wiring, callees_first: &[usize]) -> Vec<f64> {
    let mut rate = entry_rate.to_vec();
    let links = wiring.links_by_caller();
    for &from in callees_first.iter().rev() {
        for link in &links[from] {
            rate[link.to] += rate[from] * link.probability;
        }
    }
    rate
}

struct Loaded<'a> {
    rate: &'a [f64],
    demand_ms: &'a [f64],
    cores: &'a [f64],
    capacity: &'a [f64],
}

/// Rough mean latency of each service in ms: its own time under processor sharing and that of its stages.
fn latencies_ms(draft: &Draft, wiring: &Wiring, callees_first: &[usize], load: &Loaded<'_>) -> Vec<f64> {
    let links = wiring.links_by_caller();
    let mut latency = vec![0.0; load.rate.len()];
    for &i in callees_first {
        let used = load.rate[i] * load.demand_ms[i] / 1_000.0 / load.capacity[i];
        // An instance with less than one core stretches every request.
        let own = load.demand_ms[i] / load.cores[i].min(1.0) / (1.0 - used.min(UTILISATION_MAX));
        let wait = draft.services[i].annotations.wait_ms.unwrap_or(0.0);
        let stages = super::assemble::stages_of(&links[i]);
        let stage = |calls: &Vec<&super::wiring::Link>| {
            let slowest = calls.iter().map(|l| l.probability * (latency[l.to] + NETWORK_MS)).fold(0.0, f64::max);
            if calls.len() > 1 { slowest * PARALLEL_FACTOR } else { slowest }
        };
        let called: f64 = stages.iter().map(stage).sum();
        latency[i] = own + wait + called;
    }
    latency
}
