//! Small systems for the tests.

use sickbay::ids::ServiceId;
use sickbay::sim::{Event, TimedEvent, World};
use sickbay::topology::{Call, Cluster, Demand, Service, Shape, Topology};
use sickbay::units::{Mebibytes, Millicores, PerSecond, Ratio, SimTime};

/// A service with one core a replica and this mean demand (lognormal, sigma 0.8).
pub fn service(name: &str, cpu_ms: f64) -> Service {
    Service {
        cpu_limit: Millicores(1_000),
        cpu_request: Millicores(100),
        workers: 10_000,
        queue_len_max: 10_000,
        memory_per_request: Mebibytes(0.0),
        demand: Demand { cpu_us_mean: cpu_ms * 1e3, wait_us_mean: 0.0, shape: Shape::Lognormal(0.8), error_ratio: Ratio::ZERO },
        ..Service::named(name)
    }
}

/// `front` (with users) calls `middle` calls `back`; ids 0, 1, 2.
pub fn chain(rate: f64) -> Topology {
    let mut topology = Topology::default();
    let call = |to| vec![vec![Call::to(ServiceId(to))]];
    topology.push(Service { entry_rate: PerSecond(rate), stages: call(1), replicas: 2, ..service("front", 1.0) });
    topology.push(Service { stages: call(2), replicas: 2, ..service("middle", 1.0) });
    topology.push(service("back", 1.0));
    topology
}

/// One zone with one large node.
pub fn world(topology: Topology, seed: u64) -> World {
    World::new(topology, Cluster::single(Millicores(100_000), Mebibytes(100_000.0)), seed)
}

/// Runs to `seconds` and returns what happened since the last call, with the times.
pub fn timed(world: &mut World, seconds: u64) -> Vec<TimedEvent> {
    let mut events: Vec<TimedEvent> = Vec::new();
    assert!(world.run(SimTime::from_secs(seconds), u64::MAX, &mut events));
    world.check().expect("conserved");
    events
}

/// Runs to `seconds` and returns what happened since the last call.
pub fn run(world: &mut World, seconds: u64) -> Vec<Event> {
    timed(world, seconds).into_iter().map(|(_, event)| event).collect()
}

/// Latencies in ms that `id` itself saw.
pub fn latencies(events: &[Event], id: ServiceId) -> Vec<f64> {
    let of = |e: &Event| match e {
        Event::Served { service, latency, .. } if *service == id => Some(latency.as_millis_f64()),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

/// Users' requests that ended well, and all that ended.
pub fn users(events: &[Event]) -> (usize, usize) {
    let ended = |good: bool| events.iter().filter(|e| matches!(e, Event::UserServed { ok, .. } if *ok || !good)).count();
    (ended(true), ended(false))
}

pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
