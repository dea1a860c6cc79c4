//! Which mechanisms a call, a service or an entry uses, by its number: each is used by a part of the system.

use sickbay::topology::{
    AdaptiveThrottle, Arrivals, Autoscaler, Balancing, Breaker, CallPolicy, CoDel, ConcurrencyLimit, Distribution, Heap,
    OutlierEjection, Pool, Probe, Probes, QueueOrder, RateLimit, RetryBudget, Service, ServiceKind, Shedding, WarmUp,
};
use sickbay::units::{Mebibytes, PerSecond, Ratio, SimDuration};

/// The guards of the call number `n`.
pub fn call(n: usize) -> CallPolicy {
    let plain = CallPolicy::default();
    let linkerd = RetryBudget::Ratio { ratio: Ratio::saturating(0.2), floor_per_s: 10.0, window: SimDuration::from_secs(10) };
    let aws = RetryBudget::Tokens { max: 500.0, cost: 5.0, timeout_cost: 10.0, per_success: 1.0 };
    match n % 8 {
        0 => CallPolicy { breaker: Some(Breaker::RESILIENCE4J), budget: linkerd, ..plain },
        1 => {
            let budget = RetryBudget::InFlight { ratio: Ratio::saturating(0.2), floor: 3 };
            CallPolicy { outlier: Some(OutlierEjection::ENVOY), budget, in_flight_max: Some(1_024), ..plain }
        }
        2 => {
            let pool = Pool { size: 10, wait_max: SimDuration::from_secs(30) };
            CallPolicy { pool: Some(pool), balancing: Balancing::RoundRobin, ..plain }
        }
        3 => {
            let deadline = Some(SimDuration::from_secs(2));
            CallPolicy { deadline, propagate_deadline: true, cancel: true, attempts_max: 3, ..plain }
        }
        4 => CallPolicy { hedge_after: Some(SimDuration::from_millis(200)), budget: aws, ..plain },
        5 => {
            let throttle = AdaptiveThrottle { k: 2.0, window: SimDuration::from_secs(120) };
            CallPolicy { throttle: Some(throttle), balancing: Balancing::RingHash, ..plain }
        }
        6 => CallPolicy { breaker: Some(Breaker::HYSTRIX), zone_aware: true, balancing: Balancing::LeastBusy, ..plain },
        _ => plain,
    }
}

/// What the service number `k` of its layer guards itself with, and what runs beside it.
pub fn service(service: &mut Service, k: usize) {
    let server = &mut service.server;
    match k % 7 {
        1 => server.concurrency = ConcurrencyLimit::Gradient { min: 20, max: 200 },
        2 => server.codel = Some(CoDel::RFC_8289),
        3 => (server.drop_expired, server.order) = (true, QueueOrder::AdaptiveLifo),
        4 => server.rate_limit = Some(RateLimit { per_s: 10_000.0, burst: 1_000.0 }),
        5 => server.shedding = Shedding::DAGOR,
        _ => {}
    }
    if k.is_multiple_of(2) {
        service.probes = Probes { readiness: Some(Probe::default()), liveness: Some(Probe::default()) };
    }
    if k % 5 == 1 {
        // CPU requests are half the limits, so that the load asks for 0.8 of them: below the target.
        service.autoscaler = Some(Autoscaler { min: 3, max: 6, target: 0.9, ..Autoscaler::default() });
    }
    if k % 6 == 2 {
        let (size, live_base) = (Mebibytes(256.0), Mebibytes(64.0));
        service.heap = Some(Heap { size, live_base, allocated_per_request: Mebibytes(0.25), trace_mib_per_s: 1_000.0 });
    }
    if k % 6 == 4 {
        service.warm_up = Some(WarmUp { factor: 1.5, tau: SimDuration::from_secs(10) });
    }
    service.cfs_quota = k % 10 == 3;
}

/// A service without callees: every tenth is a cache, every fourth fails now and then, so that retries happen.
pub fn leaf(service: &mut Service, k: usize) {
    if k % 10 == 9 {
        service.kind = ServiceKind::Cache;
    } else if k.is_multiple_of(4) {
        service.demand.error_ratio = Ratio::saturating(0.001);
    }
}

/// How users come to the entry number `k`: `per_s` requests a second on average.
pub fn users(service: &mut Service, k: usize, per_s: f64) {
    let (mut rate, load) = (per_s, &mut service.workload);
    match k % 5 {
        1 => (load.swing, load.swing_period) = (0.2, SimDuration::from_secs(600)),
        2 => load.arrivals = Arrivals::Renewal(2.0),
        3 => load.arrivals = Arrivals::Mmpp { rates: [0.5, 1.5], leave: [0.5, 0.5] },
        4 => {
            let requests = 5;
            load.arrivals = Arrivals::Sessions { requests, think: Distribution::exponential(1e6), failures_max: 3 };
            rate /= f64::from(requests);
        }
        _ => {}
    }
    service.entry_rate = PerSecond(rate);
}
