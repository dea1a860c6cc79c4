//! The presets are what they say, reached by mechanism.

use sickbay::pipeline::{Autonomy, Health};
use sickbay::scenario::presets::preset;
use sickbay::session::{Command, Session, SystemMetric};
use sickbay::telemetry::Metric;
use sickbay::units::SimTime;

fn settled(name: &str, seed: u64, seconds: u64, autonomy: Autonomy) -> Session {
    let mut session = Session::new(preset(name).expect("a preset"), seed);
    session.execute(Command::SetAutonomy(autonomy)).expect("accepted");
    session.advance(SimTime::from_secs(seconds), u64::MAX);
    session
}

fn mean(session: &Session, service: &str, metric: Metric) -> f64 {
    let id = session.world().topology().by_name(service).expect(service);
    let series = session.history().service(id, metric).expect("sampled");
    let values: Vec<f64> = series.iter().filter(|(at, _)| *at > SimTime::from_secs(30)).map(|(_, v)| v).collect();
    values.iter().sum::<f64>() / values.len() as f64
}

#[test]
fn the_boutique_has_twelve_services_sixteen_calls_and_is_healthy_at_rest() {
    for seed in 1..=3 {
        let session = settled("boutique", seed, 300, Autonomy::Auto);
        let topology = session.world().topology();
        assert_eq!((topology.len(), topology.edges().count()), (12, 16));
        for (id, service) in topology.services() {
            let signal = session.pipeline().signal(id).expect("watched");
            assert_eq!(signal.health, Health::Healthy, "{}: {:?}", service.name, signal.reasons);
        }
        let report = session.report();
        assert_eq!(report.pipeline.incidents_opened, 0, "seed {seed}: {:?}", report.pipeline.incidents);
        assert_eq!(report.decisions.len(), 0);
        let latency = session.history().system(SystemMetric::UserLatencyP95).and_then(sickbay::telemetry::Series::last);
        assert!(latency.is_some_and(|(_, ms)| ms > 5.0 && ms < 150.0), "{latency:?}");
        assert!(report.success_ratio > 0.995, "{}", report.success_ratio);
    }
}

#[test]
fn the_seed_s_starting_levels_are_reached_by_demand_load_and_limits() {
    let session = settled("seed", 1, 300, Autonomy::Off);
    let levels = [
        ("auth-service", 0.30, 0.40, 0.010, 50.0),
        ("user-profile-service", 0.20, 0.30, 0.005, 40.0),
        ("product-catalog-service", 0.40, 0.50, 0.020, 60.0),
        ("order-processing-service", 0.50, 0.60, 0.030, 70.0),
    ];
    for (service, cpu, memory, errors, latency_ms) in levels {
        let got = |metric| mean(&session, service, metric);
        let near = |metric, expected: f64, tolerance: f64| {
            let value = got(metric);
            assert!((value - expected).abs() <= tolerance, "{service} {metric:?}: {value}, expected {expected}");
        };
        near(Metric::CpuUtilisation, cpu, 0.02);
        near(Metric::MemoryUtilisation, memory, 0.02);
        near(Metric::ErrorRatio, errors, 0.003);
        near(Metric::LatencyP50, latency_ms, 0.06 * latency_ms);
    }
}
