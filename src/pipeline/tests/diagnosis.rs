//! What is wrong, and whose fault it is.

use super::*;

fn diagnosis(bench: &Bench, service: ServiceId) -> Diagnosis {
    bench.last(service).diagnosis.clone()
}

#[test]
fn a_symptom_explained_by_a_callee_is_a_dependency_failure_of_that_callee() {
    let mut bench = Bench::new("rules", Autonomy::Advise);
    bench.fail(PAYMENT, 0.6);
    bench.run(15);
    assert_eq!(diagnosis(&bench, PAYMENT).class, FailureClass::Application);
    for service in [CHECKOUT, FRONTEND, USERS] {
        let diagnosis = diagnosis(&bench, service);
        assert_eq!((diagnosis.class, diagnosis.cause), (FailureClass::Dependency, PAYMENT), "{diagnosis:?}");
    }
}

#[test]
fn hold_while_the_dependency_is_the_cause() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    bench.slow(PAYMENT, 600.0);
    bench.set(PAYMENT, Metric::CpuUtilisation, 0.99);
    bench.run(12);
    assert_eq!(bench.last(CHECKOUT).chosen.choice, Choice::Hold);
    assert!(bench.last(CHECKOUT).rejected.iter().any(|c| c.vetoed && c.reason.contains("payment is the cause")));
    assert!(bench.actions().iter().all(|a| a.service() == PAYMENT), "{:?}", bench.actions());
    assert_eq!(diagnosis(&bench, PAYMENT).class, FailureClass::ResourceCpu);
}

#[test]
fn own_errors_above_a_slightly_failing_callee_are_own() {
    let mut bench = Bench::new("rules", Autonomy::Advise);
    bench.set_edge(CHECKOUT, PAYMENT, Metric::ErrorRatio, 0.03);
    bench.set(PAYMENT, Metric::ErrorRatio, 0.03);
    bench.fail(CHECKOUT, 0.6);
    bench.run(15);
    assert_eq!(diagnosis(&bench, CHECKOUT).class, FailureClass::Application);
    assert_eq!(diagnosis(&bench, FRONTEND).cause, CHECKOUT);
}

#[test]
fn latency_that_only_the_caller_sees_is_the_network_of_that_edge() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    for metric in [Metric::LatencyP50, Metric::LatencyP95] {
        bench.set_edge(FRONTEND, CATALOG, metric, 400.0);
    }
    bench.slow(FRONTEND, 450.0);
    bench.run(8);
    let diagnosis = diagnosis(&bench, FRONTEND);
    assert_eq!((diagnosis.class, diagnosis.cause), (FailureClass::Network, CATALOG));
    assert_eq!(bench.actions(), [Action::RerouteEdge { from: FRONTEND, to: CATALOG }]);
}

#[test]
fn time_outs_that_the_callee_never_saw_are_the_network_of_that_edge() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    bench.set_edge(FRONTEND, CATALOG, Metric::ErrorRatio, 1.0);
    bench.set_edge(FRONTEND, CATALOG, Metric::LatencyP50, 1_000.0);
    bench.set_edge(FRONTEND, CATALOG, Metric::LatencyP95, 1_000.0);
    bench.fail(FRONTEND, 1.0);
    bench.run(8);
    assert_eq!(bench.actions(), [Action::RerouteEdge { from: FRONTEND, to: CATALOG }]);
    assert_eq!(diagnosis(&bench, USERS).cause, CATALOG, "and users suffer from it");
}

#[test]
fn latency_on_all_edges_of_a_service_is_the_network_of_its_host() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    for from in [FRONTEND, CHECKOUT] {
        for metric in [Metric::LatencyP50, Metric::LatencyP95] {
            bench.set_edge(from, CATALOG, metric, 250.0);
        }
        bench.slow(from, 300.0);
    }
    bench.run(8);
    assert_eq!(bench.actions(), [Action::RerouteService { service: CATALOG }]);
    assert_eq!(diagnosis(&bench, CATALOG).class, FailureClass::Network);
    assert_eq!(diagnosis(&bench, CHECKOUT).cause, CATALOG);
}

#[test]
fn errors_while_the_callee_restarts_are_not_the_networks() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    bench.set(PAYMENT, Metric::ReplicasReady, 0.0);
    bench.set(PAYMENT, Metric::Restarts, 1.0);
    bench.set_edge(CHECKOUT, PAYMENT, Metric::ErrorRatio, 1.0);
    bench.fail(CHECKOUT, 1.0);
    bench.run(12);
    let diagnosis = diagnosis(&bench, CHECKOUT);
    assert_eq!((diagnosis.class, diagnosis.cause), (FailureClass::Dependency, PAYMENT));
    assert!(bench.actions().is_empty(), "the platform restarts it: {:?}", bench.actions());
    assert_eq!(bench.last(PAYMENT).chosen.choice, Choice::Hold);
}

#[test]
fn a_service_that_always_fails_a_little_is_degraded_but_not_acted_on() {
    let mut bench = Bench::fresh("rules", Autonomy::Auto);
    bench.fail(CHECKOUT, 0.03);
    bench.run(120);
    assert_eq!(bench.health(CHECKOUT), Health::Degraded);
    assert!(bench.pipeline.decisions().next().is_none(), "{:?}", bench.events);
    assert!(bench.pipeline.incidents().next().is_none());
}

#[test]
fn an_out_of_memory_kill_in_the_log_makes_it_a_shortage_of_memory() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    bench.set(PAYMENT, Metric::ReplicasReady, 0.0);
    bench.write(PAYMENT, "OOMKilled: memory 257 MiB above the limit of 256 MiB, exit code 137");
    bench.run(8);
    let diagnosis = diagnosis(&bench, PAYMENT);
    assert_eq!(diagnosis.class, FailureClass::ResourceMemory);
    assert!(diagnosis.evidence.iter().any(|e| e.text.starts_with("log: OOMKilled")));
}

#[test]
fn only_the_cause_alerts() {
    let mut bench = Bench::new("rules", Autonomy::Advise);
    bench.fail(PAYMENT, 0.6);
    bench.run(20);
    let alerts: Vec<(ServiceId, Severity)> = bench.pipeline.alerts().map(|a| (a.service, a.severity)).collect();
    assert_eq!(alerts, [(PAYMENT, Severity::Critical)]);
    let incident = bench.pipeline.incidents().last().expect("one is open");
    assert_eq!((incident.cause, incident.class), (Some(PAYMENT), Some(FailureClass::Application)));
    assert_eq!(incident.services.len(), 4);
    assert!(bench.pipeline.alerts().all(|a| a.incident == Some(incident.id)), "grouped under the incident");
    assert_eq!(bench.pipeline.report().inhibited, 3, "checkout, frontend and the users' are held back");
    bench.fail(PAYMENT, 0.0);
    bench.run(12);
    assert!(bench.pipeline.alerts().all(|a| a.resolved_at.is_some()));
    assert!(bench.pipeline.incidents().all(|i| i.resolved_at.is_some()));
}
