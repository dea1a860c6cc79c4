//! The life of instances: probes, crash loops, the autoscaler, the disruption budget, fail-over.

use crate::world::{run, service, timed};
use sickbay::action::{Action, ActionError, ActionStatus};
use sickbay::ids::{ActionId, InstanceId, ServiceId};
use sickbay::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use sickbay::sim::{Event, Exit, TimedEvent, World};
use sickbay::topology::{Arrivals, Autoscaler, Call, Cluster, Distribution, Probe, Service, ServiceKind, Topology};
use sickbay::units::{Mebibytes, Millicores, PerSecond, SimDuration};

const WEB: ServiceId = ServiceId(0);
const STORE: ServiceId = ServiceId(1);

fn cluster() -> Cluster {
    Cluster::single(Millicores(1_000_000), Mebibytes(1e6))
}
fn one(service: Service) -> Topology {
    let mut topology = Topology::default();
    topology.push(service);
    topology
}
fn inject(world: &mut World, target: FaultTarget, kind: FaultKind, magnitude: f64) {
    world.inject(FaultSpec { target, kind, magnitude, duration: None }).expect("fits");
}
fn ready(world: &World) -> u32 {
    world.gauges(WEB).expect("there").ready
}
fn desired(world: &World) -> u32 {
    world.gauges(WEB).expect("there").desired
}
fn scalings(events: &[TimedEvent]) -> Vec<(u64, u32, u32)> {
    let of = |(at, event): &TimedEvent| match event {
        Event::Scaled { from, to, by_autoscaler: true, .. } => Some((at.as_nanos() / 1_000_000_000, *from, *to)),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}
fn times(events: &[TimedEvent], what: impl Fn(&Event) -> bool) -> Vec<f64> {
    events.iter().filter(|(_, e)| what(e)).map(|(at, _)| at.as_secs_f64()).collect()
}
fn unhealthy(event: &Event) -> bool {
    matches!(event, Event::Exited { exit: Exit::Unhealthy, .. })
}

/// One instance that asks for half a core, with users who keep four cores busy if they get them.
fn busy() -> Service {
    let mut web = Service { cpu_limit: Millicores(4_000), cpu_request: Millicores(1_000), ..service("web", 10.0) };
    web.entry_rate = PerSecond(400.0);
    web.replicas_max = 100;
    web.autoscaler = Some(Autoscaler { min: 1, max: 100, target: 0.5, ..Autoscaler::default() });
    web
}

#[test]
fn the_autoscaler_goes_from_one_to_five_to_eight_and_back_after_the_window() {
    let mut world = World::new(one(busy()), cluster(), 1);
    let events = timed(&mut world, 60);
    let steps: Vec<(u32, u32)> = scalings(&events).into_iter().map(|(_, from, to)| (from, to)).collect();
    assert_eq!(steps[..2], [(1, 5), (5, 8)], "{:?}", scalings(&events));
    run(&mut world, 300);
    let wanted = desired(&world);
    assert!((8..=9).contains(&wanted), "it stays where use is half of the request: {wanted}");
    inject(&mut world, FaultTarget::Service(WEB), FaultKind::TrafficSpike, 0.0);
    let events = timed(&mut world, 700);
    let (at, from, to) = scalings(&events)[0];
    assert_eq!((from, to), (wanted, 1), "nothing to do: the least");
    // The last high reading is up to two evaluations old when the traffic stops, and then counts for the window.
    assert!((600..=645).contains(&at), "{at}");
}

#[test]
fn the_autoscaler_overrides_a_person() {
    let mut world = World::new(one(busy()), cluster(), 1);
    run(&mut world, 301);
    let wanted = desired(&world);
    world.apply(ActionId(1), Action::ScaleTo { service: WEB, replicas: 2 });
    run(&mut world, 304);
    assert_eq!(desired(&world), 2);
    run(&mut world, 400);
    assert!(desired(&world) >= wanted - 1, "{} of {wanted}", desired(&world));
}

#[test]
fn the_autoscaler_does_not_see_workers_that_wait() {
    let mut web = busy();
    (web.workers, web.demand.cpu_us_mean, web.demand.wait_us_mean) = (10, 100.0, 100_000.0);
    let mut world = World::new(one(web), cluster(), 1);
    run(&mut world, 120);
    assert_eq!(desired(&world), 1);
    assert!(world.account().completed * 3 < world.account().arrived, "it serves 100 of 400 a second");
}

#[test]
fn a_crash_loop_waits_as_long_as_the_kubelet_does() {
    let mut world = World::new(one(Service { entry_rate: PerSecond(5.0), ..service("web", 1.0) }), cluster(), 3);
    inject(&mut world, FaultTarget::Service(WEB), FaultKind::CrashLoop, 0.0);
    let waits: Vec<f64> = run(&mut world, 1_500)
        .into_iter()
        .filter_map(|e| match e {
            Event::Exited { back_off: Some(wait), .. } => Some(wait.as_secs_f64()),
            _ => None,
        })
        .collect();
    assert_eq!(waits[..8], [0.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0]);
}

fn probed(seed: u64) -> World {
    let mut web = Service { replicas: 2, entry_rate: PerSecond(20.0), ..service("web", 1.0) };
    (web.probes.readiness, web.probes.liveness) = (Some(Probe::default()), Some(Probe::default()));
    World::new(one(web), cluster(), seed)
}

#[test]
fn a_hung_instance_leaves_the_balancers_and_is_restarted_within_21_to_31_seconds() {
    for seed in 1..6 {
        let mut world = probed(seed);
        run(&mut world, 100);
        inject(&mut world, FaultTarget::Instance { service: WEB, ordinal: 1 }, FaultKind::Hang, 1.0);
        let events = timed(&mut world, 140);
        let within = |times: Vec<f64>| times.len() == 1 && (121.0..=131.0).contains(&times[0]);
        let restarted = times(&events, unhealthy);
        assert!(within(restarted.clone()), "{restarted:?}");
        let out = times(&events, |e| matches!(e, Event::BecameUnready { .. }) || unhealthy(e));
        assert!((121.0..=131.0).contains(&out[0]), "{out:?}");
        run(&mut world, 160);
        assert_eq!(ready(&world), 2, "the restart cured it");
    }
}

#[test]
fn a_new_instance_takes_traffic_only_after_its_readiness_probe_has_passed() {
    let mut world = probed(1);
    run(&mut world, 10);
    world.apply(ActionId(1), Action::ScaleUp { service: WEB, by: 1 });
    let events = timed(&mut world, 60);
    let at = times(&events, |e| matches!(e, Event::BecameReady { .. }))[0];
    assert!((16.0..=26.001).contains(&at), "1 s of control plane, 5 s of start, up to a period of 10 s: {at}");
    let ended = times(&events, |e| matches!(e, Event::ActionEnded(r) if r.status == ActionStatus::Done));
    assert_eq!(ended, [at]);
}

#[test]
fn overload_fails_probes_of_instances_that_are_well() {
    let mut web = Service { entry_rate: PerSecond(300.0), ..service("web", 10.0) };
    (web.workers, web.queue_len_max) = (10, 1_000);
    web.probes.liveness = Some(Probe::default());
    let mut world = World::new(one(web), cluster(), 2);
    let events = timed(&mut world, 90);
    assert!(!times(&events, unhealthy).is_empty(), "killed by its own queue");
}

#[test]
fn a_deep_probe_fails_with_the_dependency_and_a_shallow_one_does_not() {
    for deep in [false, true] {
        let mut web = Service { stages: vec![vec![Call::to(STORE)]], entry_rate: PerSecond(5.0), ..service("web", 1.0) };
        web.probes.readiness = Some(Probe { deep, ..Probe::default() });
        let mut topology = one(web);
        topology.push(service("store", 1.0));
        let mut world = World::new(topology, cluster(), 3);
        inject(&mut world, FaultTarget::Service(STORE), FaultKind::CrashLoop, 0.0);
        run(&mut world, 200);
        assert_eq!(ready(&world), u32::from(!deep));
    }
}

#[test]
fn evictions_keep_the_budget() {
    let web = Service { replicas: 2, ready_min: 2, entry_rate: PerSecond(5.0), ..service("web", 1.0) };
    let mut world = World::new(one(web), cluster(), 1);
    run(&mut world, 1);
    let evict = |instance| Action::Evict { service: WEB, instance: InstanceId(instance) };
    let status = world.apply(ActionId(1), evict(1)).status;
    assert_eq!(status, ActionStatus::Failed(ActionError::Budget(2, 2)));
    assert_eq!(world.apply(ActionId(2), evict(99)).status, ActionStatus::Failed(ActionError::NoTarget));
    world.apply(ActionId(3), Action::ScaleTo { service: WEB, replicas: 3 });
    run(&mut world, 10);
    assert_eq!(world.apply(ActionId(4), evict(1)).status, ActionStatus::Accepted);
    let events = run(&mut world, 30);
    assert!(events.iter().any(|e| matches!(e, Event::Exited { instance: InstanceId(1), exit: Exit::Retired, .. })));
    assert_eq!(ready(&world), 3);
}

#[test]
fn a_restart_waits_for_successors_as_the_budget_wants() {
    let web = Service { replicas: 4, ready_min: 4, entry_rate: PerSecond(5.0), ..service("web", 1.0) };
    let mut world = World::new(one(web), cluster(), 1);
    run(&mut world, 1);
    world.apply(ActionId(1), Action::Restart { service: WEB });
    let mut least = u32::MAX;
    for second in 2..60 {
        run(&mut world, second);
        least = least.min(ready(&world));
    }
    assert_eq!((least, ready(&world)), (4, 4));
}

#[test]
fn a_database_fails_over_within_the_election_and_its_restart() {
    let store = Service { kind: ServiceKind::Database, replicas: 2, entry_rate: PerSecond(20.0), ..service("db", 1.0) };
    let mut world = World::new(one(store), cluster(), 1);
    run(&mut world, 10);
    inject(&mut world, FaultTarget::Instance { service: WEB, ordinal: 0 }, FaultKind::SlowResponses, 500.0);
    run(&mut world, 20);
    assert_eq!(world.apply(ActionId(1), Action::FailOver { service: WEB }).status, ActionStatus::Accepted);
    let events = timed(&mut world, 40);
    let at = |what: fn(&Event) -> bool| times(&events, what)[0];
    assert_eq!(at(|e| matches!(e, Event::BecameUnready { .. })), 21.0);
    assert_eq!(at(|e| matches!(e, Event::Exited { exit: Exit::Killed, .. })), 26.0);
    assert_eq!(at(|e| matches!(e, Event::BecameReady { .. })), 31.0);
    assert_eq!(at(|e| matches!(e, Event::ActionEnded(r) if r.status == ActionStatus::Done)), 31.0);
    let status = World::new(one(service("web", 1.0)), cluster(), 1).apply(ActionId(1), Action::FailOver { service: WEB }).status;
    assert!(matches!(status, ActionStatus::Failed(ActionError::Unfit(_))));
}

#[test]
fn closed_loops_count_as_traffic_for_a_spike() {
    let mut web = service("web", 1.0);
    web.workload.arrivals = Arrivals::Closed { users: 5, think: Distribution::constant(1e5) };
    let mut world = World::new(one(web), cluster(), 1);
    let spike = FaultSpec {
        target: FaultTarget::Service(WEB),
        kind: FaultKind::TrafficSpike,
        magnitude: 2.0,
        duration: Some(SimDuration::from_secs(1)),
    };
    assert!(world.inject(spike).is_ok());
}
