//! Each fault does what it says, by mechanism, and its cure cures it.

use crate::world::{chain, latencies, mean, run, users, world};
use sickbay::ids::{ActionId, InstanceId, ServiceId};
use sickbay::platform::{Action, ActionError, ActionStatus};
use sickbay::sim::fault::{FaultError, FaultKind, FaultSpec, FaultTarget};
use sickbay::sim::{Event, Exit, World};
use sickbay::topology::Cluster;
use sickbay::units::{Mebibytes, Millicores};

const FRONT: ServiceId = ServiceId(0);
const MIDDLE: ServiceId = ServiceId(1);
const BACK: ServiceId = ServiceId(2);

fn break_it(world: &mut World, target: FaultTarget, kind: FaultKind, magnitude: f64) {
    world.inject(FaultSpec { target, kind, magnitude, duration: None }).expect("fits");
}
fn on(id: ServiceId) -> FaultTarget {
    FaultTarget::Service(id)
}
fn success(events: &[Event]) -> f64 {
    let (good, all) = users(events);
    good as f64 / all as f64
}
fn exits(events: &[Event], id: ServiceId) -> Vec<(Exit, Option<f64>)> {
    let of = |e: &Event| match e {
        Event::Exited { service, exit, back_off, .. } if *service == id => Some((*exit, back_off.map(|b| b.as_secs_f64()))),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

#[test]
fn an_error_burst_lives_in_the_process_and_a_restart_ends_it() {
    let mut world = world(chain(50.0), 1);
    run(&mut world, 5);
    break_it(&mut world, on(BACK), FaultKind::ErrorBurst, 0.9);
    assert!(success(&run(&mut world, 20)) < 0.4);
    assert_eq!(world.apply(ActionId(1), Action::Restart { service: BACK }).status, ActionStatus::Accepted);
    run(&mut world, 40);
    assert!(success(&run(&mut world, 60)) > 0.999, "cured by the restart although the fault was not removed");
}

#[test]
fn a_leak_fills_the_memory_in_the_time_it_must_and_comes_back_after_each_kill() {
    let mut world = world(chain(20.0), 2);
    break_it(&mut world, on(BACK), FaultKind::MemoryLeak, 16.0);
    let before = run(&mut world, 9);
    assert!(exits(&before, BACK).is_empty(), "(256 - 96) MiB at 16 MiB/s last 10 s");
    let after = exits(&run(&mut world, 40), BACK);
    assert_eq!(after[0], (Exit::OutOfMemory, Some(0.0)));
    assert_eq!(after[1], (Exit::OutOfMemory, Some(10.0)), "the second restart backs off");
}

#[test]
fn a_crash_loop_backs_off_like_the_kubelet_until_the_fault_is_gone() {
    let mut world = world(chain(20.0), 3);
    world.inject(FaultSpec { target: on(BACK), kind: FaultKind::CrashLoop, magnitude: 2.0, duration: None }).expect("fits");
    let waits: Vec<_> = exits(&run(&mut world, 120), BACK).into_iter().map(|(_, wait)| wait.expect("restarted")).collect();
    assert_eq!(waits[..4], [0.0, 10.0, 20.0, 40.0]);
    let fault = world.faults()[0].id;
    assert!(world.remove_fault(fault));
    run(&mut world, 300);
    assert!(success(&run(&mut world, 330)) > 0.999);
}

#[test]
fn a_hog_slows_its_service_and_shows_as_cpu() {
    let mut world = world(chain(50.0), 4);
    let calm = mean(&latencies(&run(&mut world, 20), BACK));
    let busy = |world: &World| world.gauges(BACK).expect("there").cpu_busy_core_ns;
    let start = busy(&world);
    break_it(&mut world, on(BACK), FaultKind::CpuHog, 0.9);
    let slow = mean(&latencies(&run(&mut world, 40), BACK));
    assert!(slow > 8.0 * calm, "{calm} -> {slow} ms");
    assert!((busy(&world) - start) / 20e9 > 0.93);
}

#[test]
fn edge_faults_are_seen_by_the_caller_only_and_the_detour_avoids_them() {
    let edge = FaultTarget::Edge { from: MIDDLE, to: BACK };
    for (kind, magnitude) in [(FaultKind::Latency, 300.0), (FaultKind::Partition, 1.0)] {
        let mut world = world(chain(50.0), 5);
        run(&mut world, 5);
        break_it(&mut world, edge, kind, magnitude);
        let events = run(&mut world, 20);
        assert!(mean(&latencies(&events, MIDDLE)) > 500.0, "{kind:?}");
        let callee = latencies(&events, BACK);
        assert!(callee.is_empty() || mean(&callee) < 3.0, "{kind:?}");
        world.apply(ActionId(1), Action::RerouteEdge { from: MIDDLE, to: BACK });
        run(&mut world, 25);
        assert!(mean(&latencies(&run(&mut world, 40), MIDDLE)) < 10.0, "{kind:?}");
    }
}

#[test]
fn a_slow_host_hurts_one_instance_and_rerouting_replaces_that_one() {
    let mut world = world(chain(50.0), 6);
    run(&mut world, 5);
    break_it(&mut world, on(MIDDLE), FaultKind::Latency, 200.0);
    let slow = latencies(&run(&mut world, 20), FRONT).into_iter().filter(|ms| *ms > 200.0).count();
    assert!(slow > 20, "callers prefer the other one, but not always: {slow}");
    assert_eq!(world.apply(ActionId(1), Action::RerouteService { service: MIDDLE }).status, ActionStatus::Accepted);
    run(&mut world, 40);
    assert!(latencies(&run(&mut world, 60), FRONT).into_iter().all(|ms| ms < 200.0));
    assert_eq!(world.gauges(MIDDLE).expect("there").ready, 2);
}

#[test]
fn a_spike_on_an_inner_service_multiplies_the_users_that_lead_to_it() {
    let mut world = world(chain(40.0), 7);
    let calm = users(&run(&mut world, 50)).1;
    break_it(&mut world, on(BACK), FaultKind::TrafficSpike, 3.0);
    let wild = users(&run(&mut world, 100)).1;
    assert!((wild as f64 / calm as f64 - 3.0).abs() < 0.25, "{calm} -> {wild}");
}

#[test]
fn killing_the_only_instance_loses_requests_until_it_is_back() {
    let mut world = world(chain(50.0), 8);
    run(&mut world, 5);
    break_it(&mut world, on(BACK), FaultKind::InstanceKill, 1.0);
    assert!(success(&run(&mut world, 9)) < 0.1);
    let fault = world.faults()[0].id;
    world.remove_fault(fault);
    run(&mut world, 12);
    assert!(success(&run(&mut world, 30)) > 0.999);
}

#[test]
fn scaling_needs_room_respects_the_limit_and_takes_the_start_up_time() {
    let mut topology = chain(10.0);
    topology.get_mut(BACK).expect("back").replicas_max = 2;
    let mut full = World::new(topology.clone(), Cluster::single(Millicores(500), Mebibytes(1e5)), 1);
    let scale = |world: &mut World, by| world.apply(ActionId(1), Action::ScaleUp { service: BACK, by }).status;
    assert_eq!(scale(&mut full, 1), ActionStatus::Failed(ActionError::NoRoom(100, 0)));
    let mut world = world(topology, 1);
    assert_eq!(scale(&mut world, 2), ActionStatus::Failed(ActionError::AtLimit(2)));
    assert_eq!(scale(&mut world, 1), ActionStatus::Accepted);
    assert_eq!(scale(&mut world, 1), ActionStatus::Failed(ActionError::Busy));
    run(&mut world, 5);
    assert_eq!(world.gauges(BACK).expect("there").ready, 1, "1 s of control plane and 5 s of start-up");
    run(&mut world, 7);
    assert_eq!(world.gauges(BACK).expect("there").ready, 2);
}

#[test]
fn faults_that_do_not_fit_are_refused_with_a_reason() {
    let mut world = world(chain(10.0), 1);
    let mut inject = |target, kind, magnitude| world.inject(FaultSpec { target, kind, magnitude, duration: None });
    assert_eq!(inject(on(ServiceId(9)), FaultKind::CpuHog, 0.5), Err(FaultError::NoTarget));
    assert!(matches!(inject(on(BACK), FaultKind::Partition, 1.0), Err(FaultError::WrongTarget(..))));
    assert!(matches!(inject(on(BACK), FaultKind::CpuHog, 7.0), Err(FaultError::OutOfRange { .. })));
    assert!(matches!(inject(on(BACK), FaultKind::CpuHog, f64::NAN), Err(FaultError::OutOfRange { .. })));
    assert_eq!(world.faults().len(), 0);
}

#[test]
fn a_hang_stops_its_instances_and_ends_with_the_fault() {
    let mut topology = chain(50.0);
    topology.get_mut(BACK).expect("back").replicas = 2;
    let mut world = world(topology, 9);
    run(&mut world, 10);
    break_it(&mut world, on(BACK), FaultKind::Hang, 2.0);
    let dark = run(&mut world, 30);
    assert!(latencies(&dark, BACK).len() < 5 && success(&dark) < 0.2, "both stand still");
    let fault = world.faults()[0].id;
    assert!(world.remove_fault(fault));
    run(&mut world, 40);
    assert!(success(&run(&mut world, 60)) > 0.999);
}

#[test]
fn slow_responses_take_time_but_no_cpu() {
    let mut world = world(chain(50.0), 10);
    let calm = mean(&latencies(&run(&mut world, 20), BACK));
    let busy = |world: &World| world.gauges(BACK).expect("there").cpu_busy_core_ns;
    let before = busy(&world);
    break_it(&mut world, on(BACK), FaultKind::SlowResponses, 300.0);
    let slow = mean(&latencies(&run(&mut world, 40), BACK));
    assert!((slow - calm - 300.0).abs() < 2.0, "{calm} -> {slow} ms");
    assert!(((busy(&world) - before) / before - 1.0).abs() < 0.2);
}

#[test]
fn faults_on_one_instance_leave_the_others_alone() {
    for (kind, magnitude) in [(FaultKind::ErrorBurst, 1.0), (FaultKind::InstanceKill, 1.0)] {
        let mut world = world(chain(50.0), 11);
        run(&mut world, 5);
        break_it(&mut world, FaultTarget::Instance { service: MIDDLE, ordinal: 1 }, kind, magnitude);
        let events = run(&mut world, 10);
        let good = |instance: u32| {
            let of = |e: &&Event| matches!(e, Event::Served { instance: InstanceId(i), ok: true, .. } if *i == instance);
            events.iter().filter(of).count()
        };
        assert!(good(3) > 50, "{kind:?}: the first instance of three to five works");
        assert!(good(4) < 5, "{kind:?}: {}", good(4));
    }
}

#[test]
fn no_new_connections_bites_as_connections_are_renewed() {
    let mut world = world(chain(50.0), 12);
    run(&mut world, 10);
    break_it(&mut world, on(BACK), FaultKind::NoNewConnections, 100.0);
    let (early, late) = (success(&run(&mut world, 20)), success(&run(&mut world, 130)));
    assert!(early > late, "{early}, then {late}");
    assert!(success(&run(&mut world, 150)) < 0.01, "by now every connection was to be renewed");
    let fault = world.faults()[0].id;
    world.remove_fault(fault);
    assert!(success(&run(&mut world, 170)) > 0.999);
}
