//! Operational laws: exact for a single run, no statistics needed.

use super::generate::{Kind, System};
use super::laws::{HAPPENINGS_MAX, world};
use crate::sim::{Event, Observer, World};
use crate::topology::{Arrivals, Distribution, RetryBudget, Service, Step, Topology};
use crate::units::{PerSecond, SimDuration, SimTime};

/// Sums over the requests that ended.
#[derive(Default)]
struct Sums {
    users: u64,
    good: u64,
    user_ns: u128,
    work_ns: u128,
    served: u64,
    exits: u64,
}

impl Observer for Sums {
    fn see(&mut self, _at: SimTime, event: &Event) {
        match event {
            Event::UserServed { latency, ok, .. } => {
                self.users += 1;
                self.good += u64::from(*ok);
                self.user_ns += u128::from(latency.as_nanos());
            }
            Event::Served { work, .. } => {
                self.work_ns += u128::from(work.as_nanos());
                self.served += 1;
            }
            Event::Exited { .. } => self.exits += 1,
            _ => {}
        }
    }
}

/// The integral of the users inside once nobody comes any more.
struct Leaving {
    inside: u64,
    last: SimTime,
    area: u128,
}

impl Observer for (&mut Leaving, &mut Sums) {
    fn see(&mut self, at: SimTime, event: &Event) {
        self.1.see(at, event);
        if matches!(event, Event::UserServed { .. }) {
            let leaving = &mut self.0;
            leaving.area += u128::from(leaving.inside) * u128::from(at.since(leaving.last).as_nanos());
            leaving.last = at;
            leaving.inside -= 1;
        }
    }
}

/// Lets nobody in any more and waits until everybody has left.
fn drain(world: &mut World, sums: &mut Sums) -> Result<(), String> {
    let mut until = world.now();
    for _ in 0..600 {
        if world.account().in_flight == 0 {
            return Ok(());
        }
        until += SimDuration::from_secs(1);
        world.run(until, HAPPENINGS_MAX, sums);
    }
    Err(format!("{} users still inside after 600 s", world.account().in_flight))
}

/// Users come for `seconds` and then no more.
fn with_an_end(topology: &Topology, seconds: u64) -> Topology {
    let mut ending = topology.clone();
    for id in topology.services().map(|(id, _)| id) {
        let Some(service) = ending.get_mut(id) else { continue };
        if !matches!(service.workload.arrivals, Arrivals::Poisson | Arrivals::Regular) {
            service.workload.arrivals = Arrivals::Poisson;
        }
        let at = SimTime::from_secs(seconds);
        service.workload.changes = vec![crate::topology::RateChange { at, ramp: SimDuration::ZERO, factor: 0.0 }];
    }
    ending
}

pub(super) fn little(seed: u64) -> Result<(), String> {
    let mut system = System::any(seed);
    system.topology = with_an_end(&system.topology, 4);
    let (mut world, mut sums) = (world(&system), Sums::default());
    let (mut area, mut last) = (0_u128, SimTime::ZERO);
    // Happening by happening while users come: between two of them nobody comes or goes.
    while world.now() < SimTime::from_secs(5) {
        let inside = u128::from(world.account().in_flight);
        if world.run(SimTime::FAR_FUTURE, 1, &mut sums) {
            return Ok(());
        }
        area += inside * u128::from(world.now().since(last).as_nanos());
        last = world.now();
    }
    let mut leaving = Leaving { inside: world.account().in_flight, last, area };
    for second in 6..=400 {
        world.run(SimTime::from_secs(second), HAPPENINGS_MAX, &mut (&mut leaving, &mut sums));
    }
    if leaving.inside > 0 {
        return Ok(());
    }
    let area = leaving.area;
    if area == sums.user_ns {
        Ok(())
    } else {
        Err(format!("the integral of users inside is {area} user ns, the sum of their times {}", sums.user_ns))
    }
}

pub(super) fn utilisation(seed: u64) -> Result<(), String> {
    let mut system = System::of(seed, Kind::Plain);
    system.topology = with_an_end(&system.topology, 10);
    let (mut world, mut sums) = (world(&system), Sums::default());
    world.run(SimTime::from_secs(10), HAPPENINGS_MAX, &mut sums);
    if drain(&mut world, &mut sums).is_err() {
        return Ok(());
    }
    // Work that its user no longer waits for goes on.
    let until = world.now() + SimDuration::from_secs(3_000);
    world.run(until, HAPPENINGS_MAX, &mut sums);
    // What a killed process had begun is CPU time without a served request.
    if sums.exits > 0 {
        return Ok(());
    }
    let ids: Vec<_> = world.topology().services().map(|(id, _)| id).collect();
    let inside: u64 = ids.iter().filter_map(|id| world.gauges(*id)).map(|g| g.active + g.queue_len).sum();
    if inside > 0 {
        return Err(format!("{inside} requests are still inside 3,000 s after the last user has left"));
    }
    let busy: f64 = ids.iter().filter_map(|id| world.gauges(*id)).map(|g| g.cpu_busy_core_ns).sum();
    let work = sums.work_ns as f64;
    // A job ends up to a nanosecond late, and its demand is noted in whole nanoseconds.
    let slack = sums.served as f64 * 4.0 + 1e-6 * work;
    if (busy - work).abs() <= slack { Ok(()) } else { Err(format!("{busy} core ns were used, the demands sum up to {work}")) }
}

pub(super) fn time_scaling(seed: u64) -> Result<(), String> {
    let system = System::of(seed, Kind::Plain);
    let calm = steady(&system);
    let slow = System { topology: stretched(&calm.topology), cluster: stretched_cluster(&calm), seed };
    let run = |system: &System, seconds: u64| {
        let (mut world, mut sums) = (world(system), Sums::default());
        world.run(SimTime::from_secs(seconds), HAPPENINGS_MAX, &mut sums);
        (world.account().arrived, sums)
    };
    let ((arrived, one), (arrived_slow, two)) = (run(&calm, 20), run(&slow, 40));
    // Where most requests fail, who is served is decided by nanoseconds: there only the arrivals are comparable.
    let overloaded = |sums: &Sums| sums.good * 10 < sums.users * 9;
    let apart = |a: u64, b: u64| a.abs_diff(b) as f64 > 6.0 + 0.05 * a.max(b) as f64;
    if arrived.abs_diff(arrived_slow) > 2 {
        return Err(format!("{arrived} users came in 20 s, {arrived_slow} in 40 s at half the rate"));
    }
    if overloaded(&one) || overloaded(&two) {
        return Ok(());
    }
    if apart(one.users, two.users) || apart(one.good, two.good) {
        return Err(format!("{}/{} users served well, {}/{} in doubled time", one.good, one.users, two.good, two.users));
    }
    let (mean, mean_slow) = (one.user_ns as f64 / one.users.max(1) as f64, two.user_ns as f64 / two.users.max(1) as f64);
    if one.users < 100 || (mean_slow / mean / 2.0 - 1.0).abs() < 0.15 {
        return Ok(());
    }
    Err(format!("mean times {mean} ns and {mean_slow} ns are not 1 : 2"))
}

/// The system without clocks that cannot be stretched: windows and set times of the guards.
fn steady(system: &System) -> System {
    let mut calm = system.clone();
    for id in system.topology.services().map(|(id, _)| id) {
        let Some(service) = calm.topology.get_mut(id) else { continue };
        if !matches!(service.workload.arrivals, Arrivals::Poisson | Arrivals::Regular) {
            service.workload.arrivals = Arrivals::Poisson;
        }
        service.server = crate::topology::ServerPolicy { order: service.server.order, ..Default::default() };
        service.server.rejection_cost = crate::units::Ratio::ZERO;
        if service.server.order == crate::topology::QueueOrder::AdaptiveLifo {
            service.server.order = crate::topology::QueueOrder::Lifo;
        }
        for call in service.calls_mut() {
            (call.policy.breaker, call.policy.outlier, call.policy.throttle) = (None, None, None);
            if matches!(call.policy.budget, RetryBudget::Ratio { .. }) {
                call.policy.budget = RetryBudget::None;
            }
        }
    }
    calm
}

fn twice(time: &mut SimDuration) {
    *time = SimDuration::from_nanos(time.as_nanos() * 2);
}
fn longer(distribution: &mut Distribution) {
    distribution.mean_us *= 2.0;
}

fn stretched(topology: &Topology) -> Topology {
    let mut slow = topology.clone();
    for id in topology.services().map(|(id, _)| id) {
        if let Some(service) = slow.get_mut(id) {
            stretch(service);
        }
    }
    slow
}

fn stretch(service: &mut Service) {
    service.entry_rate = PerSecond(service.entry_rate.0 / 2.0);
    service.demand.cpu_us_mean *= 2.0;
    service.demand.wait_us_mean *= 2.0;
    service.contention_us *= 2.0;
    twice(&mut service.startup);
    if let Some(patience) = &mut service.workload.patience {
        longer(patience);
    }
    for endpoint in &mut service.endpoints {
        endpoint.demand.cpu_us_mean *= 2.0;
        endpoint.demand.wait_us_mean *= 2.0;
        for step in &mut endpoint.steps {
            match step {
                Step::Cpu(d) | Step::Wait(d) | Step::Lock { hold: d, .. } => longer(d),
                Step::Calls { .. } | Step::Cached(_) => {}
            }
        }
    }
    for call in service.calls_mut() {
        let policy = &mut call.policy;
        twice(&mut policy.timeout);
        twice(&mut policy.backoff_base);
        twice(&mut policy.backoff_max);
        policy.deadline.iter_mut().for_each(twice);
        policy.hedge_after.iter_mut().for_each(twice);
        if let Some(pool) = &mut policy.pool {
            twice(&mut pool.wait_max);
        }
    }
}

fn stretched_cluster(system: &System) -> crate::topology::Cluster {
    let mut cluster = system.cluster.clone();
    for time in [&mut cluster.network.same_node, &mut cluster.network.same_zone, &mut cluster.network.cross_zone] {
        twice(time);
    }
    twice(&mut cluster.network.retransmit);
    twice(&mut cluster.endpoint_delay);
    cluster
}
