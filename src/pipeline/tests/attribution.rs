//! What the ranking of suspects makes of findings.

use super::*;
use crate::pipeline::suspects::Place;
use crate::telemetry::{NodeFacts, ServiceFacts};

/// Machine that payment runs on; catalog runs there as well.
const SHARED: u32 = 1;

/// A calm minute of a system whose exporters tell where its instances run: two machines in each of two zones.
fn placed() -> Bench {
    let mut bench = Bench::fresh("rules", Autonomy::Auto);
    let node = |at: u32| NodeFacts { zone: (at / 2) as u8, is_up: true, ..NodeFacts::default() };
    bench.inventory.nodes = (0..4).map(node).collect();
    let place = |id: ServiceId| if id == PAYMENT || id == CATALOG { SHARED } else { 2 };
    let facts = |id: ServiceId| {
        let at = place(id);
        ServiceFacts { service: id, places: vec![(at, (at / 2) as u8)], uneven: 1.0, ..ServiceFacts::default() }
    };
    bench.inventory.services = topology().services().map(|(id, _)| facts(id)).collect();
    bench.run(60);
    bench
}

#[test]
fn a_machine_that_is_gone_is_the_cause_and_its_instances_leave_it() {
    let mut bench = placed();
    bench.inventory.nodes[SHARED as usize].is_up = false;
    bench.set_edge(CHECKOUT, PAYMENT, Metric::ErrorRatio, 1.0);
    bench.fail(CHECKOUT, 1.0);
    bench.run(8);
    let diagnosis = &bench.last(PAYMENT).diagnosis;
    assert_eq!((diagnosis.place, diagnosis.class), (Place::Node(SHARED), FailureClass::Node), "{diagnosis:?}");
    assert!(diagnosis.evidence[0].text.starts_with("machine 1: machines down"), "{diagnosis:?}");
    for service in [PAYMENT, CATALOG] {
        assert!(bench.actions().contains(&Action::CordonNode { service, node: SHARED }), "{:?}", bench.actions());
    }
    let incident = bench.pipeline.incidents().last().expect("open");
    assert_eq!(incident.class, Some(FailureClass::Node));
    assert!(bench.actions().iter().all(|a| [PAYMENT, CATALOG].contains(&a.service())), "callers wait: {:?}", bench.actions());
}

#[test]
fn a_machine_that_is_gone_and_hurts_nobody_is_left_alone() {
    let mut bench = placed();
    bench.inventory.nodes[3].is_up = false;
    bench.run(30);
    assert!(bench.requests.is_empty() && bench.pipeline.incidents().next().is_none(), "{:?}", bench.events);
}

#[test]
fn what_a_suspect_does_not_explain_stays_as_it_was_found() {
    let mut bench = placed();
    bench.inventory.nodes[SHARED as usize].is_up = false;
    bench.set_edge(CHECKOUT, PAYMENT, Metric::ErrorRatio, 1.0);
    bench.set(CHECKOUT, Metric::ErrorRatio, 1.0);
    bench.set(FRONTEND, Metric::MemoryUtilisation, 0.97);
    bench.run(12);
    assert_eq!(
        bench.last(FRONTEND).diagnosis.class,
        FailureClass::ResourceMemory,
        "a second fault is not hidden behind the first"
    );
}
