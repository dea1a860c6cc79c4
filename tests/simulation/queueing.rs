//! Closed forms that the engine must reproduce by itself.

use crate::world::{chain, latencies, mean, run, service, world};
use sickbay::ids::ServiceId;
use sickbay::topology::{Demand, Service, Shape, Topology};
use sickbay::units::{Millicores, PerSecond, Ratio};

fn station(rate: f64, change: impl FnOnce(&mut Service)) -> Topology {
    let mut only = Service { entry_rate: PerSecond(rate), ..service("only", 10.0) };
    change(&mut only);
    let mut topology = Topology::default();
    topology.push(only);
    topology
}

#[test]
fn processor_sharing_has_mean_sojourn_s_over_one_minus_rho() {
    for (rate, expected_ms) in [(50.0, 20.0), (80.0, 50.0)] {
        let mut world = world(station(rate, |_| {}), 11);
        run(&mut world, 60);
        let got = mean(&latencies(&run(&mut world, 1_500), ServiceId(0)));
        assert!((got / expected_ms - 1.0).abs() < 0.06, "rate {rate}: {got} ms, expected {expected_ms}");
    }
}

#[test]
fn utilisation_is_throughput_times_demand() {
    let mut world = world(station(60.0, |_| {}), 5);
    run(&mut world, 1_000);
    let busy = world.gauges(ServiceId(0)).expect("exists").cpu_busy_core_ns / 1e9 / 1_000.0;
    assert!((busy - 0.6).abs() < 0.02, "{busy}");
}

#[test]
fn little_s_law_holds() {
    let mut world = world(chain(100.0), 3);
    let (mut inside, mut samples) = (0.0, 0.0);
    let mut spent_ms = 0.0;
    for second in 1..=300 {
        spent_ms += latencies(&run(&mut world, second), ServiceId(0)).iter().sum::<f64>();
        inside += world.account().in_flight as f64;
        samples += 1.0;
    }
    let (number, rate_times_time) = (inside / samples, spent_ms / 1e3 / 300.0);
    assert!((number / rate_times_time - 1.0).abs() < 0.15, "L {number}, lambda W {rate_times_time}");
}

#[test]
fn a_full_single_server_loses_what_erlang_says() {
    // M/G/1/1 (Erlang B with one server) is insensitive to the distribution: rho 0.8 loses 0.8 / 1.8.
    let only_one = |s: &mut Service| (s.workers, s.queue_len_max, s.server.rejection_cost) = (1, 0, Ratio::ZERO);
    let mut world = world(station(80.0, only_one), 9);
    run(&mut world, 600);
    let account = world.account();
    let lost = account.rejected as f64 / account.arrived as f64;
    assert!((lost - 0.4444).abs() < 0.01, "{lost}");
}

#[test]
fn a_fifth_of_a_core_serves_a_fifth_as_fast() {
    let change = |s: &mut Service| {
        s.cpu_limit = Millicores(200);
        s.demand = Demand { cpu_us_mean: 1_000.0, wait_us_mean: 0.0, shape: Shape::Constant, error_ratio: Ratio::ZERO };
    };
    let mut world = world(station(0.5, change), 1);
    let seen = latencies(&run(&mut world, 200), ServiceId(0));
    assert!(seen.iter().filter(|ms| (**ms - 5.0).abs() < 1e-5).count() * 10 > seen.len() * 9, "{seen:?}");
}

#[test]
fn retries_multiply_the_load_by_the_geometric_sum() {
    let mut topology = chain(50.0);
    let middle = topology.get_mut(ServiceId(1)).expect("middle");
    middle.stages[0][0].policy.attempts_max = 4;
    topology.get_mut(ServiceId(2)).expect("back").demand.error_ratio = Ratio::saturating(0.5);
    let mut world = world(topology, 21);
    let events = run(&mut world, 400);
    let attempts = latencies(&events, ServiceId(2)).len() as f64 / latencies(&events, ServiceId(1)).len() as f64;
    // 1 + p + p^2 + p^3 with p = 0.5; `front` retries the 1/16 that still failed, which does not change the ratio.
    assert!((attempts / 1.875 - 1.0).abs() < 0.02, "{attempts}");
}
