//! The bench: systems reduced to what a law speaks about (no network, no start-up, no memory, rejections free), and the
//! loop that plays a system with its planned faults.

use crate::ids::ServiceId;
use crate::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use crate::sim::{Observer, World};
use crate::topology::{
    Balancing, Call, CallMode, CallPolicy, Cluster, Demand, Jitter, Network, Node, ServerPolicy, Service, Shape, Topology,
};
use crate::units::{Mebibytes, Millicores, PerSecond, Ratio, SimDuration, SimTime};
use serde::Serialize;

/// Longer than any run: a time-out that never comes. Some 11 days.
pub(super) const NEVER: SimDuration = SimDuration::from_secs(1_000_000);
/// More memory than anything needs.
const PLENTY: Mebibytes = Mebibytes(1e12);

/// A system and what is done to it: enough to repeat a measurement, or to open it in the simulator.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Setup {
    /// Services, calls, load.
    pub topology: Topology,
    /// Machines and network.
    pub cluster: Cluster,
    /// Planned faults, by time.
    pub faults: Vec<(SimTime, FaultSpec)>,
}

impl Setup {
    /// These services on one machine without limits and without a network.
    pub(super) fn of(services: Vec<Service>) -> Self {
        let mut topology = Topology::default();
        for service in services {
            topology.push(service);
        }
        Self { topology, cluster: limitless(), faults: Vec::new() }
    }
    /// One service.
    pub(super) fn single(service: Service) -> Self {
        Self::of(vec![service])
    }
    /// The same with messages that take this long on average, wherever they go.
    pub(super) const fn with_delay(mut self, mean: SimDuration) -> Self {
        self.cluster.network.same_node = mean;
        self.cluster.network.same_zone = mean;
        self.cluster.network.cross_zone = mean;
        self
    }
    /// Adds a fault on service `id` from `at_s` for `for_s` seconds.
    pub(super) fn fault(mut self, id: u32, kind: FaultKind, magnitude: f64, at_s: f64, for_s: f64) -> Self {
        let (target, duration) = (FaultTarget::Service(ServiceId(id)), Some(SimDuration::from_secs_f64(for_s)));
        self.faults.push((at(at_s), FaultSpec { target, kind, magnitude, duration }));
        self.faults.sort_by_key(|(at, _)| *at);
        self
    }
    /// The world at time zero.
    pub(super) fn world(&self, seed: u64) -> World {
        World::new(self.topology.clone(), self.cluster.clone(), seed)
    }
}

/// Plays `world` to `until` with the faults of its setup that begin after its present.
///
/// # Errors
/// Says which fault the world refused.
pub(super) fn play(world: &mut World, setup: &Setup, until: SimTime, observer: &mut impl Observer) -> Result<(), String> {
    let from = world.now();
    for (begin, spec) in setup.faults.iter().filter(|(begin, _)| *begin < until) {
        if *begin > from || *begin == SimTime::ZERO && from == SimTime::ZERO {
            world.run(*begin, u64::MAX, observer);
            world.inject(*spec).map_err(|error| error.to_string())?;
        }
    }
    world.run(until, u64::MAX, observer);
    Ok(())
}

/// The instant `seconds` after the start.
pub(super) fn at(seconds: f64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs_f64(seconds)
}

/// One machine without limits, no network.
pub(super) fn limitless() -> Cluster {
    let node = Node { name: "node".to_owned(), zone: 0, cpu: Millicores(u32::MAX), memory: PLENTY, pods_max: u32::MAX };
    Cluster {
        nodes: vec![node],
        network: Network::NONE,
        endpoint_delay: SimDuration::ZERO,
        image_pull: SimDuration::ZERO,
        node_autoscale: None,
    }
}

/// A service without any limit or cost but those that are set afterwards: workers and queue unbounded, rejections free.
pub(super) fn bare(name: &str) -> Service {
    Service {
        replicas_max: 1_000_000,
        cpu_request: Millicores(0),
        cpu_limit: Millicores(1_000),
        memory_request: Mebibytes(0.0),
        memory_limit: PLENTY,
        memory_base: Mebibytes(0.0),
        memory_per_request: Mebibytes(0.0),
        workers: u32::MAX,
        queue_len_max: u32::MAX,
        startup: SimDuration::ZERO,
        demand: Demand { shape: Shape::Constant, ..Demand::default() },
        server: ServerPolicy { rejection_cost: Ratio::ZERO, ..ServerPolicy::default() },
        ..Service::named(name)
    }
}

/// First come, first served by `servers` servers that take `mean_s` seconds of this shape each.
pub(super) fn station(name: &str, servers: u32, mean_s: f64, shape: Shape) -> Service {
    Service {
        cpu_limit: Millicores(servers.saturating_mul(1_000)),
        workers: servers,
        demand: Demand { cpu_us_mean: mean_s * 1e6, shape, ..Demand::default() },
        ..bare(name)
    }
}

/// A service that only takes time: any number of requests at once, no CPU.
pub(super) fn delay(name: &str, mean_s: f64, shape: Shape) -> Service {
    Service { demand: Demand { wait_us_mean: mean_s * 1e6, shape, ..Demand::default() }, ..bare(name) }
}

/// Users who come `rate` times a second and make these calls, one stage after the other.
pub(super) fn users(rate: f64, stages: Vec<Vec<Call>>) -> Service {
    let server = ServerPolicy { rejection_cost: Ratio::ZERO, ..ServerPolicy::default() };
    let demand = Demand { shape: Shape::Constant, ..Demand::default() };
    Service { entry_rate: PerSecond(rate), queue_len_max: u32::MAX, stages, server, demand, ..Service::client("users") }
}

/// One attempt, no time-out, any instance: a call that guards nothing.
pub(super) fn plain() -> CallPolicy {
    CallPolicy {
        timeout: NEVER,
        attempts_max: 1,
        backoff_base: SimDuration::ZERO,
        backoff_factor: 1.0,
        backoff_max: SimDuration::ZERO,
        jitter: Jitter::None,
        balancing: Balancing::Random,
        panic_below: Ratio::ZERO,
        ..CallPolicy::default()
    }
}

/// As [`plain`], with this many attempts, at once one after the other.
pub(super) fn retrying(attempts: u8) -> CallPolicy {
    CallPolicy { attempts_max: attempts, ..plain() }
}

/// A call to the service at this place in the list.
pub(super) fn call(to: u32, policy: CallPolicy) -> Call {
    Call { policy, ..Call::to(ServiceId(to)) }
}

/// The request moves on to this service with probability `share`.
pub(super) fn hand_on(to: u32, share: f64) -> Call {
    Call { mode: CallMode::HandOff, probability: Ratio::saturating(share), ..call(to, plain()) }
}

/// A count out of a cell.
///
/// # Errors
/// If it is not a whole number of `min..=max`.
pub(super) fn whole(name: &str, value: f64, min: u32, max: u32) -> Result<u32, String> {
    if value.fract() == 0.0 && (f64::from(min)..=f64::from(max)).contains(&value) {
        Ok(value as u32)
    } else {
        Err(format!("{name} must be a whole number from {min} to {max}, not {value}"))
    }
}
