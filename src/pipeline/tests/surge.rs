//! Load that surges, work that falls on one instance, instances that are killed in turn, and what was always so.

use super::*;
use crate::telemetry::{Inventory, NodeFacts, ServiceFacts};

/// The users' load, on all services and calls, and where they enter on the CPU.
fn load(bench: &mut Bench, times: f64) {
    let cpu = bench.values[&(Subject::Service(FRONTEND), Metric::CpuUtilisation)];
    bench.set(FRONTEND, Metric::CpuUtilisation, (cpu * times).min(1.0));
    for service in [USERS, FRONTEND, CHECKOUT, CATALOG, PAYMENT] {
        bench.set(service, Metric::RequestRate, 50.0 * times);
    }
    for (from, to) in EDGES {
        bench.set_edge(from, to, Metric::RequestRate, 50.0 * times);
    }
}

fn scaled(bench: &Bench) -> Vec<(ServiceId, u32)> {
    let by = |action: Action| match action {
        Action::ScaleUp { service, by } => Some((service, by)),
        _ => None,
    };
    bench.actions().into_iter().filter_map(by).collect()
}

#[test]
fn a_surge_scales_all_that_will_be_short_and_restarts_nobody() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    load(&mut bench, 4.0);
    bench.fail(FRONTEND, 0.6);
    bench.run(5);
    assert_eq!(bench.actions().len(), scaled(&bench).len(), "{:?}", bench.actions());
    // ceil(0.3 x 4 / 0.5) are wanted where one is.
    assert_eq!(scaled(&bench), [(FRONTEND, 2), (CHECKOUT, 2), (CATALOG, 2), (PAYMENT, 2)]);
    assert!(bench.health(PAYMENT) == Health::Healthy, "before it suffers");
    assert!(bench.last(PAYMENT).diagnosis.evidence[0].text.contains("4.0 times the usual"));
}

#[test]
fn what_a_calm_day_brings_is_no_surge() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    load(&mut bench, 1.45);
    bench.run(60);
    assert_eq!(bench.actions(), []);
    let mut idle = Bench::fresh("rules", Autonomy::Auto);
    for service in [FRONTEND, CHECKOUT, CATALOG, PAYMENT] {
        idle.set(service, Metric::CpuUtilisation, 0.1);
    }
    idle.run(60);
    load(&mut idle, 4.0);
    idle.run(20);
    assert_eq!(idle.actions(), [], "there is room for it");
}

#[test]
fn where_there_is_little_room_all_get_their_share_of_it() {
    let by_with = |room_cpu: u32| {
        let mut bench = Bench::new("rules", Autonomy::Auto);
        bench.inventory.nodes = vec![NodeFacts { is_up: true, room_cpu, ..NodeFacts::default() }; 4];
        load(&mut bench, 6.0);
        bench.run(5);
        scaled(&bench)
    };
    let request = Service::named("").cpu_request.0;
    assert_eq!(by_with(100 * request), [(FRONTEND, 3), (CHECKOUT, 3), (CATALOG, 3), (PAYMENT, 3)]);
    let scarce = by_with(2 * request);
    assert_eq!(scarce.len(), 4, "{scarce:?}");
    assert!(scarce.iter().all(|(_, by)| *by < 3), "{scarce:?}");
}

/// CATALOG has three instances, one of which has most of the work; it is slow.
fn hot(room_cpu: u32) -> Bench {
    let mut bench = Bench::fresh("rules", Autonomy::Auto);
    for metric in [Metric::ReplicasReady, Metric::ReplicasDesired] {
        bench.set(CATALOG, metric, 3.0);
    }
    bench.run(60);
    let facts = ServiceFacts { service: CATALOG, cpu_busiest: 0.99, uneven: 2.4, ..ServiceFacts::default() };
    let nodes = vec![NodeFacts { is_up: true, room_cpu, ..NodeFacts::default() }; 4];
    bench.inventory = Inventory { services: vec![facts], nodes, ..Inventory::default() };
    bench.slow(CATALOG, 900.0);
    bench.run(8);
    bench
}

#[test]
fn an_instance_with_most_of_the_work_is_given_more_cpu_as_far_as_there_is_room() {
    let Service { cpu_limit, cpu_request, .. } = Service::named("");
    let resized = |room_cpu: u32| match hot(room_cpu).actions().first() {
        Some(Action::Resize { service: CATALOG, cpu }) => Some(f64::from(cpu.0) / f64::from(cpu_limit.0)),
        _ => None,
    };
    assert_eq!(resized(100 * cpu_request.0), Some(1.5), "what is usual, by its share, comes down to half");
    let tight = resized(cpu_request.0 * 13 / 10).expect("still worth it");
    assert!((tight - 1.3).abs() < 0.02, "{tight}");
    assert_eq!(resized(cpu_request.0), None, "no room for a larger one");
}

#[test]
fn a_service_that_was_always_slow_is_left_alone_until_it_gets_slower() {
    let mut bench = Bench::fresh("rules", Autonomy::Auto);
    bench.slow(CATALOG, 300.0);
    bench.run(200);
    assert_eq!(bench.actions(), []);
    bench.slow(CATALOG, 900.0);
    bench.run(10);
    assert!(bench.actions().iter().any(|a| a.service() == CATALOG), "{:?}", bench.actions());
}

#[test]
fn memory_that_fills_slowly_is_emptied_when_there_is_no_more_time() {
    let restarted_at = |per_s: f64| {
        let mut bench = Bench::new("rules", Autonomy::Auto);
        let mut level = 0.4;
        bench.run_with(300, |bench, t| {
            if bench.requests.is_empty() {
                level = (0.4 + per_s * t as f64).min(1.0);
                bench.set(PAYMENT, Metric::MemoryUtilisation, level);
            }
        });
        assert!(matches!(bench.actions().first(), Some(Action::Restart { service: PAYMENT })), "{:?}", bench.actions());
        level
    };
    assert!((0.78..0.9).contains(&restarted_at(0.003)), "late is early enough");
    assert!(restarted_at(0.015) < 0.75, "in time to be over before it is full");
}

#[test]
fn instances_that_are_killed_are_bridged_by_more_and_by_more_tries() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    bench.set(PAYMENT, Metric::ReplicasReady, 0.0);
    bench.set(PAYMENT, Metric::Restarts, 1.0);
    bench.write(PAYMENT, "killed, exit code 137");
    bench.fail(PAYMENT, 0.9);
    bench.run(8);
    assert_eq!(scaled(&bench), [(PAYMENT, 7)], "at the first kill, to as many as bridge it");
    bench.set(PAYMENT, Metric::ReplicasDesired, 8.0);
    bench.run_with(60, |bench, t| {
        bench.set(PAYMENT, Metric::ReplicasReady, 5.0);
        bench.set(PAYMENT, Metric::Restarts, 3.0 + t as f64 / 10.0);
        bench.write(PAYMENT, "killed, exit code 137");
        bench.fail(PAYMENT, 0.06);
        let has_retried = bench.actions().iter().any(|a| matches!(a, Action::SetAttempts { .. }));
        bench.fail(CHECKOUT, if has_retried { 0.0 } else { 0.06 });
    });
    let retried = Action::SetAttempts { from: CHECKOUT, to: PAYMENT, attempts: 3 };
    assert!(bench.actions().contains(&retried), "{:?}", bench.actions());
    let decision = bench.pipeline.decisions().find(|d| d.chosen.choice == Choice::Act(retried)).expect("it is in the ledger");
    assert_eq!(decision.state, DecisionState::Succeeded, "measured at the caller: {}", decision.outcome);
    assert_eq!(scaled(&bench).len(), 1, "enough of them");
}

#[test]
fn a_surge_that_no_cpu_bears_out_is_not_believed() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    load(&mut bench, 4.0);
    bench.set(FRONTEND, Metric::CpuUtilisation, 0.3);
    bench.run(20);
    assert_eq!(bench.actions(), []);
}
