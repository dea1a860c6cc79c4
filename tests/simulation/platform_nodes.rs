//! Machines: room, spreading, lost nodes and zones, neighbours.

use crate::world::{latencies, mean, run, service, timed};
use sickbay::action::{Action, ActionError, ActionStatus};
use sickbay::ids::{ActionId, ServiceId};
use sickbay::sim::fault::{FaultError, FaultKind, FaultSpec, FaultTarget};
use sickbay::sim::{Event, Exit, Outcome, TimedEvent, World};
use sickbay::topology::{Call, Cluster, Service, ServiceKind, Topology};
use sickbay::units::{Mebibytes, Millicores, PerSecond, SimDuration};

const WEB: ServiceId = ServiceId(0);
const USERS: ServiceId = ServiceId(1);

/// `users` (outside) call `web`, which has this many replicas of one core.
fn web(replicas: u32, rate: f64, change: impl FnOnce(&mut Service)) -> Topology {
    let mut web = Service { replicas, replicas_max: 100, cpu_request: Millicores(1_000), ..service("web", 10.0) };
    change(&mut web);
    let mut topology = Topology::default();
    topology.push(web);
    let stages = vec![vec![Call::to(WEB)]];
    topology.push(Service { entry_rate: PerSecond(rate), stages, ..Service::client("users") });
    topology
}
fn cluster(zones: u8, nodes: u32, cores: u32) -> Cluster {
    Cluster::zones(zones, nodes, Millicores(cores * 1_000), Mebibytes(100_000.0))
}
fn inject(world: &mut World, target: FaultTarget, kind: FaultKind, magnitude: f64) {
    world.inject(FaultSpec { target, kind, magnitude, duration: None }).expect("fits");
}
fn ready(world: &World) -> u32 {
    world.gauges(WEB).expect("there").ready
}
/// When something happened for the first time, in seconds.
fn first(events: &[TimedEvent], what: impl Fn(&Event) -> bool) -> f64 {
    events.iter().find(|(_, e)| what(e)).map_or(f64::NAN, |(at, _)| at.as_secs_f64())
}

#[test]
fn a_pod_without_room_waits_until_there_is_room() {
    let mut world = World::new(web(3, 1.0, |_| {}), cluster(1, 1, 2), 1);
    let events = run(&mut world, 1);
    assert_eq!(events.iter().filter(|e| matches!(e, Event::Pending { service: WEB, .. })).count(), 1);
    let gauges = world.gauges(WEB).expect("there");
    assert_eq!((gauges.ready, gauges.pods, gauges.desired), (2, 3, 3));
    let refused = world.apply(ActionId(1), Action::ScaleUp { service: WEB, by: 1 }).status;
    assert_eq!(refused, ActionStatus::Failed(ActionError::NoRoom(1_000, 0)));
    world.apply(ActionId(2), Action::ScaleTo { service: WEB, replicas: 2 });
    run(&mut world, 5);
    assert_eq!(world.gauges(WEB).expect("there").pods, 2, "the waiting one goes first");
}

#[test]
fn a_growing_cluster_makes_room_after_its_delay() {
    let growing = Cluster { node_autoscale: Some(SimDuration::from_secs(90)), ..cluster(1, 1, 2) };
    let mut world = World::new(web(2, 1.0, |_| {}), growing, 1);
    run(&mut world, 9);
    let status = world.apply(ActionId(1), Action::ScaleTo { service: WEB, replicas: 4 }).status;
    assert_eq!(status, ActionStatus::Accepted);
    let events = timed(&mut world, 120);
    assert_eq!(first(&events, |e| matches!(e, Event::NodeJoined { node: 1 })), 100.0);
    assert_eq!((ready(&world), world.cluster().nodes.len()), (4, 2), "one node is enough for both");
}

#[test]
fn the_image_is_pulled_once_a_node() {
    let pulling = Cluster { image_pull: SimDuration::from_secs(20), ..cluster(1, 2, 2) };
    let mut world = World::new(web(1, 1.0, |_| {}), pulling, 1);
    world.apply(ActionId(1), Action::ScaleTo { service: WEB, replicas: 3 });
    let events = timed(&mut world, 60);
    let starts: Vec<f64> = events.iter().filter(|e| matches!(e.1, Event::Started { .. })).map(|e| e.0.as_secs_f64()).collect();
    assert_eq!(starts, [1.0, 21.0], "the first node has it, the other pulls it");
}

#[test]
fn instances_are_spread_over_the_zones_and_then_over_the_nodes() {
    let mut world = World::new(web(7, 30.0, |_| {}), cluster(3, 2, 8), 1);
    run(&mut world, 1);
    let mut left = Vec::new();
    for zone in 0..3 {
        let mut fork = world.clone();
        inject(&mut fork, FaultTarget::Zone(zone), FaultKind::Outage, 1.0);
        run(&mut fork, 60);
        left.push(ready(&fork));
    }
    left.sort_unstable();
    assert_eq!(left, [4, 5, 5], "3, 2 and 2 of 7 were there");
}

#[test]
fn the_loss_of_a_zone_leaves_the_others_n_over_n_minus_one_times_the_load() {
    // 0.6 of three zones is 0.9 of two.
    let mut world = World::new(web(6, 360.0, |_| {}), cluster(3, 1, 10), 3);
    run(&mut world, 50);
    let busy = |world: &World| world.gauges(WEB).expect("there").cpu_busy_core_ns / 1e9;
    let before = busy(&world) / 50.0 / 6.0;
    inject(&mut world, FaultTarget::Zone(0), FaultKind::Outage, 1.0);
    run(&mut world, 100);
    let (from, ready_now) = (busy(&world), ready(&world));
    run(&mut world, 200);
    let after = (busy(&world) - from) / 100.0 / f64::from(ready_now);
    assert_eq!(ready_now, 4);
    assert!((after / before - 1.5).abs() < 0.06, "{before} -> {after}");
}

#[test]
fn a_lost_node_is_silent_until_noticed_and_its_pods_move_after_five_minutes() {
    let mut world = World::new(web(2, 50.0, |s| s.demand.cpu_us_mean = 1_000.0), cluster(2, 1, 10), 4);
    run(&mut world, 10);
    inject(&mut world, FaultTarget::Node(0), FaultKind::Outage, 1.0);
    let dark = timed(&mut world, 49);
    assert_eq!(first(&dark, |e| matches!(e, Event::NodeLost { node: 0 })), 10.0);
    assert_eq!(ready(&world), 2, "nobody knows");
    let timeouts = |events: &[TimedEvent]| {
        events.iter().filter(|e| matches!(e.1, Event::Attempted { outcome: Outcome::Timeout, .. })).count()
    };
    assert!(timeouts(&dark) > 30, "callers hear nothing, and learn only by their own count: {}", timeouts(&dark));
    let noticed = timed(&mut world, 60);
    assert_eq!(first(&noticed, |e| matches!(e, Event::BecameUnready { service: WEB, .. })), 50.0);
    assert_eq!(ready(&world), 1);
    assert_eq!(timeouts(&timed(&mut world, 340)), 0);
    let moved = timed(&mut world, 400);
    let lost = |e: &Event| matches!(e, Event::Exited { service: WEB, exit: Exit::NodeLost, .. });
    assert_eq!(first(&moved, lost), 350.0, "40 s to notice and 300 s of toleration");
    assert_eq!(first(&moved, |e| matches!(e, Event::BecameReady { service: WEB, .. })), 355.0);
    assert_eq!(ready(&world), 2);
}

#[test]
fn a_node_that_comes_back_starts_what_is_still_bound_to_it() {
    let mut world = World::new(web(2, 20.0, |_| {}), cluster(2, 1, 10), 5);
    run(&mut world, 10);
    inject(&mut world, FaultTarget::Node(1), FaultKind::Outage, 1.0);
    run(&mut world, 100);
    assert_eq!(ready(&world), 1);
    let fault = world.faults()[0].id;
    assert!(world.remove_fault(fault));
    let events = timed(&mut world, 120);
    assert_eq!(first(&events, |e| matches!(e, Event::BecameReady { service: WEB, .. })), 105.0);
    let gauges = world.gauges(WEB).expect("there");
    assert_eq!((gauges.ready, gauges.pods, gauges.restarts), (2, 2, 1));
}

#[test]
fn users_outside_survive_any_machine() {
    let mut world = World::new(web(2, 20.0, |_| {}), cluster(1, 1, 10), 5);
    inject(&mut world, FaultTarget::Zone(0), FaultKind::Outage, 1.0);
    run(&mut world, 60);
    assert_eq!(world.gauges(USERS).map(|g| g.ready), Some(1));
    assert_eq!(world.topology().get(USERS).map(|s| s.kind), Some(ServiceKind::Client));
}

#[test]
fn a_noisy_neighbour_slows_a_full_node_and_leaves_a_roomy_one_alone() {
    let slowed = |cores: u32| {
        let mut world = World::new(web(2, 20.0, |s| s.workers = 10_000), cluster(1, 1, cores), 6);
        let calm = mean(&latencies(&run(&mut world, 60), WEB));
        inject(&mut world, FaultTarget::Node(0), FaultKind::NoisyNeighbour, 0.75);
        mean(&latencies(&run(&mut world, 120), WEB)) / calm
    };
    assert!(slowed(2) > 3.5, "a quarter of the CPU is left: {}", slowed(2));
    assert!((slowed(8) - 1.0).abs() < 0.1, "two cores of eight are left, all that both may use: {}", slowed(8));
}

#[test]
fn cordoning_moves_the_service_away_within_its_budget() {
    let mut world = World::new(web(4, 20.0, |s| s.ready_min = 3), cluster(1, 2, 10), 7);
    run(&mut world, 10);
    world.apply(ActionId(1), Action::CordonNode { service: WEB, node: 0 });
    let mut least = u32::MAX;
    for tenth in 100..400 {
        world.run(sickbay::units::SimTime::from_nanos(tenth * 100_000_000), u64::MAX, &mut ());
        least = least.min(ready(&world));
    }
    assert_eq!((least, ready(&world)), (3, 4), "never below the budget");
    inject(&mut world, FaultTarget::Node(0), FaultKind::Outage, 1.0);
    run(&mut world, 100);
    assert_eq!(ready(&world), 4, "nothing was left there");
}

#[test]
fn draining_a_zone_sends_its_traffic_elsewhere_and_back() {
    let mut world = World::new(web(4, 50.0, |_| {}), cluster(2, 1, 10), 8);
    run(&mut world, 10);
    let drain = Action::DrainZone { service: WEB, zone: 0 };
    assert_eq!(world.apply(ActionId(1), drain).status, ActionStatus::Accepted);
    run(&mut world, 20);
    assert_eq!(ready(&world), 2);
    let other = world.apply(ActionId(2), Action::DrainZone { service: WEB, zone: 1 }).status;
    assert_eq!(other, ActionStatus::Failed(ActionError::Budget(0, 1)), "somebody must take the traffic");
    world.apply(ActionId(3), Action::UndrainZone { service: WEB, zone: 0 });
    run(&mut world, 30);
    assert_eq!(ready(&world), 4);
}

#[test]
fn a_partition_between_zones_cuts_calls_between_them_only() {
    let mut topology = web(2, 0.0, |_| {});
    let caller = Service { stages: vec![vec![Call::to(WEB)]], entry_rate: PerSecond(50.0), ..service("caller", 1.0) };
    topology.push(Service { replicas: 2, ..caller });
    let mut world = World::new(topology, cluster(2, 1, 20), 9);
    run(&mut world, 5);
    inject(&mut world, FaultTarget::Zones(0, 1), FaultKind::Partition, 1.0);
    let events = run(&mut world, 60);
    let attempts = |good: bool| {
        let of = |e: &&Event| matches!(e, Event::Attempted { outcome, .. } if (*outcome == Outcome::Ok) == good);
        events.iter().filter(of).count() as f64
    };
    let share = attempts(false) / (attempts(true) + attempts(false));
    // A hop across is lost; least-busy choice learns to prefer the near one, so it is below a half.
    assert!(share > 0.05 && share < 0.6, "{share}");
}

#[test]
fn faults_on_places_that_are_not_there_are_refused_with_a_code() {
    let mut world = World::new(web(2, 20.0, |_| {}), cluster(2, 1, 10), 1);
    let mut refusal = |target, kind| {
        let spec = FaultSpec { target, kind, magnitude: kind.scale().usual, duration: None };
        world.inject(spec).expect_err("not there")
    };
    assert_eq!(refusal(FaultTarget::Node(2), FaultKind::Outage), FaultError::NoNode(2, 2));
    assert_eq!(refusal(FaultTarget::Zone(2), FaultKind::Outage), FaultError::NoZone('c', 2, 'b'));
    assert_eq!(refusal(FaultTarget::Zones(0, 7), FaultKind::Latency), FaultError::NoZone('h', 2, 'b'));
    let third = FaultTarget::Instance { service: WEB, ordinal: 2 };
    assert_eq!(refusal(third, FaultKind::Hang), FaultError::NoInstance("web".into(), 2));
    assert!(matches!(refusal(FaultTarget::Service(WEB), FaultKind::CacheFlush), FaultError::WrongTarget(..)));
    assert!(refusal(FaultTarget::Node(2), FaultKind::Outage).to_string().starts_with("E0206"));
    assert!(world.faults().is_empty());
}
