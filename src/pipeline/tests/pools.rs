//! An exhausted connection pool: whose fault, and what is done about it.

use super::*;
use crate::pipeline::suspects::Place;
use crate::telemetry::{EdgeFacts, PoolFacts, ServiceFacts};
use crate::topology::Pool;

/// A pool of which little is used.
const CALM: PoolFacts = PoolFacts { in_use: 0.1, busy: 0.1, waiting: 0.0, gave_up: 0.0, wait_ms: 0.0 };
/// A calm minute of a system in which checkout calls payment through a pool.
fn pooled() -> Bench {
    let mut bench = Bench::fresh("rules", Autonomy::Auto);
    let mut topology = topology();
    for call in topology.get_mut(CHECKOUT).expect("there").calls_mut().filter(|call| call.to == PAYMENT) {
        call.policy.pool = Some(Pool { size: 10, wait_max: SimDuration::from_secs(1) });
    }
    bench.pipeline.set_topology(&topology);
    let facts = |id| ServiceFacts { service: id, uneven: 1.0, latency_ms: Some(20.0), ..ServiceFacts::default() };
    bench.inventory.services = topology.services().map(|(id, _)| facts(id)).collect();
    let call = |(from, to)| EdgeFacts { from, to, rate: 50.0, latency_ms: Some(21.0), ..EdgeFacts::default() };
    bench.inventory.edges = EDGES.into_iter().map(call).collect();
    set_pool(&mut bench, CALM);
    bench.run(60);
    bench
}

fn call(bench: &mut Bench) -> &mut EdgeFacts {
    let edges = &mut bench.inventory.edges;
    edges.iter_mut().find(|e| (e.from, e.to) == (CHECKOUT, PAYMENT)).expect("a call")
}

fn set_pool(bench: &mut Bench, pool: PoolFacts) {
    call(bench).pool = Some(pool);
}

/// Checkout fails most requests and is slow, and so are those above it; payment sees fewer requests.
fn starve(bench: &mut Bench, pool: PoolFacts) {
    set_pool(bench, pool);
    call(bench).failed = pool.gave_up;
    bench.set_edge(CHECKOUT, PAYMENT, Metric::ErrorRatio, pool.gave_up);
    bench.fail(CHECKOUT, 0.7);
    bench.slow(CHECKOUT, 1_000.0);
    let facts = bench.inventory.services.iter_mut().filter(|s| [USERS, FRONTEND, CHECKOUT].contains(&s.service));
    facts.for_each(|s| s.latency_ms = Some(900.0));
    for edge in bench.inventory.edges.iter_mut().filter(|e| [FRONTEND, CHECKOUT].contains(&e.to)) {
        (edge.latency_ms, edge.failed) = (Some(901.0), 0.7);
    }
}

#[test]
fn a_leak_is_the_callers_and_the_caller_is_restarted() {
    let mut bench = pooled();
    starve(&mut bench, PoolFacts { in_use: 1.0, busy: 0.05, waiting: 30.0, gave_up: 0.8, wait_ms: 900.0 });
    bench.run(12);
    let suspect = bench.pipeline.ranking().suspects[0].clone();
    assert_eq!((suspect.place, suspect.class), (Place::Service(CHECKOUT), FailureClass::ResourcePool), "{suspect:?}");
    let told: Vec<&str> = suspect.reasons.iter().map(|r| r.clue.words()).collect();
    assert!(told.contains(&"connections taken that no call accounts for"), "{told:?}");
    assert!(bench.actions().contains(&Action::Restart { service: CHECKOUT }), "{:?}", bench.actions());
    assert!(bench.actions().iter().all(|a| a.service() != PAYMENT), "the callee is well: {:?}", bench.actions());
}

#[test]
fn a_slow_callee_that_fills_its_callers_pools_is_blamed_itself() {
    let mut bench = pooled();
    starve(&mut bench, PoolFacts { in_use: 1.0, busy: 0.97, waiting: 30.0, gave_up: 0.5, wait_ms: 900.0 });
    call(&mut bench).latency_ms = Some(601.0);
    bench.slow(PAYMENT, 900.0);
    bench.inventory.services.iter_mut().filter(|s| s.service == PAYMENT).for_each(|s| s.latency_ms = Some(600.0));
    bench.run(12);
    let suspect = bench.pipeline.ranking().suspects[0].clone();
    assert_eq!(suspect.place, Place::Service(PAYMENT), "{suspect:?}");
    assert_ne!(suspect.class, FailureClass::ResourcePool);
    assert!(bench.actions().iter().all(|a| !matches!(a, Action::Restart { service: CHECKOUT })), "{:?}", bench.actions());
    assert!(bench.actions().iter().all(|a| !matches!(a, Action::SetPool { .. })), "{:?}", bench.actions());
}

#[test]
fn the_pool_that_is_short_is_the_one_that_leaks_or_else_the_one_that_most_wait_for() {
    use crate::pipeline::suspects::pools::short;
    let with = |pools: &[(ServiceId, PoolFacts)]| {
        let call = |(to, pool): &(ServiceId, PoolFacts)| EdgeFacts {
            from: CHECKOUT,
            to: *to,
            pool: Some(*pool),
            ..EdgeFacts::default()
        };
        short(&Inventory { edges: pools.iter().map(call).collect(), ..Inventory::default() }, CHECKOUT)
    };
    let full = PoolFacts { in_use: 1.0, busy: 0.95, waiting: 9.0, gave_up: 0.1, wait_ms: 300.0 };
    let leaking = PoolFacts { busy: 0.2, waiting: 3.0, ..full };
    assert_eq!(with(&[(PAYMENT, CALM)]), None);
    let of = |found: Option<crate::pipeline::suspects::pools::Short>| found.map(|short| (short.to, short.is_leaking));
    assert_eq!(of(with(&[(PAYMENT, CALM), (CATALOG, full)])), Some((CATALOG, false)));
    assert_eq!(of(with(&[(PAYMENT, leaking), (CATALOG, full)])), Some((PAYMENT, true)));
}
