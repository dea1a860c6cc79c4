//! The policy `seed` against its literal table.

use super::*;
use Metric::{CpuUtilisation as Cpu, ErrorRatio as Errors, LatencyP95 as P95, MemoryUtilisation as Memory};

#[test]
fn the_seeds_table_holds_row_by_row() {
    type Row = (&'static [(Metric, f64)], &'static str, &'static str);
    let rows: [Row; 10] = [
        (&[(Cpu, 0.85)], "RESOURCE_EXHAUSTION", "SCALE_UP"),
        (&[(Memory, 0.80)], "RESOURCE_EXHAUSTION", "SCALE_UP"),
        (&[(Memory, 0.80), (Errors, 0.5), (P95, 900.0)], "RESOURCE_EXHAUSTION", "SCALE_UP"),
        (&[(Errors, 0.05)], "APPLICATION_ERROR", "RESTART_SERVICE"),
        (&[(Errors, 0.05), (P95, 150.0), (Cpu, 0.84)], "APPLICATION_ERROR", "RESTART_SERVICE"),
        (&[(P95, 150.0)], "PERFORMANCE_DEGRADATION", "TRAFFIC_REROUTE"),
        (&[(Cpu, 0.70)], "RESOURCE_WARNING", "RESTART_SERVICE"),
        (&[(Memory, 0.65)], "RESOURCE_WARNING", "RESTART_SERVICE"),
        (&[(Errors, 0.02)], "APPLICATION_WARNING", "RESTART_SERVICE"),
        (&[(P95, 100.0)], "PERFORMANCE_WARNING", "RESTART_SERVICE"),
    ];
    for (values, class, action) in rows {
        let mut bench = Bench::new("seed", Autonomy::Auto);
        for (metric, value) in values {
            bench.set(PAYMENT, *metric, *value);
        }
        bench.run(1);
        let decision = bench.last(PAYMENT);
        let Choice::Act(chosen) = decision.chosen.choice else { panic!("{values:?}: {decision:?}") };
        assert_eq!(decision.chosen.reason, format!("the table says {action} for {class}"), "{values:?}");
        assert_eq!(chosen.name(), action, "{values:?}");
        assert_eq!(bench.requests.len(), 1, "at once");
    }
}

#[test]
fn three_rising_readings_above_the_first_threshold_scale_up() {
    let mut bench = Bench::new("seed", Autonomy::Auto);
    bench.pipeline.set_autonomy(Autonomy::Off);
    bench.set(PAYMENT, Cpu, 0.71);
    bench.run(1);
    bench.set(PAYMENT, Cpu, 0.72);
    bench.run(1);
    bench.pipeline.set_autonomy(Autonomy::Auto);
    bench.set(PAYMENT, Cpu, 0.73);
    bench.run(1);
    assert_eq!(bench.actions(), [Action::ScaleUp { service: PAYMENT, by: 1 }]);
}

#[test]
fn healthy_and_not_rising_does_nothing() {
    let mut bench = Bench::new("seed", Autonomy::Auto);
    for (metric, value) in [(Cpu, 0.69), (Memory, 0.64), (Errors, 0.019), (P95, 99.0)] {
        bench.set(PAYMENT, metric, value);
    }
    bench.run(10);
    assert!(bench.pipeline.decisions().next().is_none());
}

#[test]
fn a_critical_dependency_makes_it_hold() {
    let mut bench = Bench::new("seed", Autonomy::Auto);
    bench.set(PAYMENT, Cpu, 0.9);
    bench.set(CHECKOUT, Errors, 0.5);
    bench.run(3);
    assert_eq!(bench.last(CHECKOUT).chosen.choice, Choice::Hold);
    assert_eq!(bench.last(CHECKOUT).diagnosis.cause, PAYMENT);
    assert_eq!(bench.actions(), [Action::ScaleUp { service: PAYMENT, by: 1 }]);
}
