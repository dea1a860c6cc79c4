//! Roll-outs, roll-backs, and settings changed by hand.

use crate::world::{chain, latencies, mean, run, service, timed, users, world};
use sickbay::action::{Action, ActionError, ActionStatus, Receipt};
use sickbay::ids::{ActionId, ServiceId};
use sickbay::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use sickbay::sim::{Event, TimedEvent, World};
use sickbay::topology::{Cluster, Service, Topology};
use sickbay::units::{Mebibytes, Millicores, PerSecond, SimDuration, SimTime};

const WEB: ServiceId = ServiceId(0);
const MIDDLE: ServiceId = ServiceId(1);
const BACK: ServiceId = ServiceId(2);

fn ten() -> World {
    let mut topology = Topology::default();
    topology.push(Service { replicas: 10, replicas_max: 20, entry_rate: PerSecond(50.0), ..service("web", 1.0) });
    world(topology, 1)
}
fn inject(world: &mut World, id: ServiceId, kind: FaultKind, magnitude: f64) {
    world.inject(FaultSpec { target: FaultTarget::Service(id), kind, magnitude, duration: None }).expect("fits");
}
/// Accepted, and done by `seconds`.
fn done(world: &mut World, action: Action, seconds: u64) {
    assert_eq!(world.apply(ActionId(7), action).status, ActionStatus::Accepted, "{action:?}");
    let receipts = ended(&run(world, seconds));
    assert_eq!(receipts.iter().map(|r| (r.action, r.status.clone())).collect::<Vec<_>>(), [(action, ActionStatus::Done)]);
}
fn ended(events: &[Event]) -> Vec<Receipt> {
    let receipt = |e: &Event| if let Event::ActionEnded(receipt) = e { Some(receipt.clone()) } else { None };
    events.iter().filter_map(receipt).collect()
}
fn success(events: &[Event]) -> f64 {
    let (good, all) = users(events);
    good as f64 / all as f64
}
fn refused(world: &mut World, action: Action) -> ActionError {
    match world.apply(ActionId(8), action).status {
        ActionStatus::Failed(error) => error,
        status => panic!("{status:?}"),
    }
}

#[test]
fn ten_replicas_are_replaced_with_at_most_thirteen_there_and_at_least_eight_ready() {
    let mut world = ten();
    run(&mut world, 1);
    world.apply(ActionId(1), Action::Restart { service: WEB });
    let mut least = u32::MAX;
    let mut events = Vec::new();
    for tenth in 10..400 {
        assert!(world.run(SimTime::from_nanos(tenth * 100_000_000), u64::MAX, &mut events));
        least = least.min(world.gauges(WEB).expect("there").ready);
    }
    assert_eq!((most_staying(&events), least), (13, 8));
    assert_eq!(world.gauges(WEB).map(|g| (g.ready, g.pods)), Some((10, 10)));
    let of = |e: &Event| matches!(e, Event::RollOutEnded { complete: true, .. });
    assert_eq!(events.iter().filter(|(_, e)| of(e)).count(), 1);
    assert!(!world.is_rolling_out(WEB));
}
/// Most instances at once, without those that drain: one drains from about 1 s before it is gone.
fn most_staying(events: &[TimedEvent]) -> i32 {
    let mut changes: Vec<(SimTime, i32)> = Vec::new();
    for (at, event) in events {
        match event {
            Event::Started { .. } => changes.push((*at, 1)),
            Event::Exited { .. } => changes.push((SimTime::from_nanos(at.as_nanos() - 1_000_000_000), -1)),
            _ => {}
        }
    }
    changes.sort();
    changes
        .iter()
        .scan(10, |there, (_, change)| {
            *there += change;
            Some(*there)
        })
        .max()
        .unwrap_or(0)
}

#[test]
fn a_roll_back_cures_a_bad_version_and_a_restart_does_not() {
    let mut world = ten();
    run(&mut world, 5);
    inject(&mut world, WEB, FaultKind::BadDeploy, 0.5);
    run(&mut world, 60);
    assert!((success(&run(&mut world, 80)) - 0.5).abs() < 0.05);
    done(&mut world, Action::Restart { service: WEB }, 130);
    assert!((success(&run(&mut world, 150)) - 0.5).abs() < 0.05, "the same version again");
    done(&mut world, Action::RollBack { service: WEB }, 200);
    assert!(success(&run(&mut world, 220)) > 0.999);
    assert_eq!(world.version_of(WEB), Some(0));
    assert!(matches!(refused(&mut world, Action::RollBack { service: WEB }), ActionError::Already(_)));
}

#[test]
fn stopping_the_experiment_rolls_the_bad_version_back() {
    let mut world = ten();
    inject(&mut world, WEB, FaultKind::BadDeploy, 0.9);
    run(&mut world, 60);
    let fault = world.faults()[0].id;
    assert!(world.remove_fault(fault));
    run(&mut world, 120);
    assert!(success(&run(&mut world, 140)) > 0.999);
}

#[test]
fn a_bad_configuration_hurts_at_once_and_is_rolled_back_at_once() {
    let mut world = ten();
    run(&mut world, 10);
    inject(&mut world, WEB, FaultKind::BadConfig, 0.6);
    assert!((success(&run(&mut world, 30)) - 0.4).abs() < 0.05);
    done(&mut world, Action::RollBack { service: WEB }, 31);
    assert!(success(&run(&mut world, 60)) > 0.999);
    assert_eq!(world.faults().len(), 1, "the fault is still listed: it was cured, not removed");
}

#[test]
fn a_paused_roll_out_goes_on_when_resumed() {
    let mut world = ten();
    run(&mut world, 5);
    assert!(matches!(refused(&mut world, Action::PauseRollOut { service: WEB }), ActionError::Already(_)));
    inject(&mut world, WEB, FaultKind::BadDeploy, 1.0);
    done(&mut world, Action::PauseRollOut { service: WEB }, 7);
    run(&mut world, 40);
    let share = success(&run(&mut world, 60));
    assert!(share > 0.6, "a few replicas were replaced, no more: {share}");
    done(&mut world, Action::ResumeRollOut { service: WEB }, 62);
    run(&mut world, 120);
    assert!(success(&run(&mut world, 140)) < 0.01);
}

#[test]
fn a_roll_out_without_progress_fails_after_its_deadline() {
    let mut topology = Topology::default();
    let web = Service { entry_rate: PerSecond(5.0), cpu_request: Millicores(1_000), ..service("web", 1.0) };
    topology.push(web);
    let mut world = World::new(topology, Cluster::single(Millicores(1_500), Mebibytes(1e5)), 1);
    inject(&mut world, WEB, FaultKind::BadDeploy, 1.0);
    let events = timed(&mut world, 700);
    let failed: Vec<f64> = events
        .iter()
        .filter(|(_, e)| matches!(e, Event::RollOutEnded { complete: false, .. }))
        .map(|(at, _)| at.as_secs_f64())
        .collect();
    assert_eq!(failed, [600.0], "no room for the surge, and none may be missing");
    assert!(success(&run(&mut world, 800)) > 0.999, "the old version still serves");
}

#[test]
fn a_resize_reaches_every_instance_by_roll_out_and_is_rolled_back_like_a_version() {
    let mut world = ten();
    let slow = mean(&latencies(&run(&mut world, 30), WEB));
    done(&mut world, Action::Resize { service: WEB, cpu: Millicores(250) }, 90);
    assert_eq!(world.topology().get(WEB).map(|s| (s.cpu_limit.0, s.cpu_request.0)), Some((250, 25)));
    let slower = mean(&latencies(&run(&mut world, 120), WEB));
    assert!(slower > 3.5 * slow, "{slow} -> {slower} ms");
    done(&mut world, Action::RollBack { service: WEB }, 200);
    assert_eq!(world.topology().get(WEB).map(|s| s.cpu_limit.0), Some(1_000));
    assert!(mean(&latencies(&run(&mut world, 230), WEB)) < 1.2 * slow);
}

#[test]
fn shedding_and_throttling_turn_away_their_share_and_zero_takes_it_back() {
    let mut world = world(chain(100.0), 3);
    run(&mut world, 5);
    let no_retries = |from, to| Action::SetAttempts { from, to, attempts: 1 };
    done(&mut world, no_retries(WEB, MIDDLE), 7);
    done(&mut world, Action::Shed { service: MIDDLE, percent: 30 }, 9);
    assert!((success(&run(&mut world, 60)) - 0.7).abs() < 0.03);
    done(&mut world, Action::Shed { service: MIDDLE, percent: 0 }, 62);
    assert!(success(&run(&mut world, 90)) > 0.999);
    done(&mut world, Action::ThrottleEntry { entry: WEB, percent: 50 }, 92);
    let served = latencies(&run(&mut world, 142), WEB).len() as f64 / 50.0;
    assert!((served - 50.0).abs() < 5.0, "{served} a second");
    done(&mut world, Action::ThrottleEntry { entry: WEB, percent: 100 }, 144);
    assert!(success(&run(&mut world, 170)) > 0.999);
}

#[test]
fn a_rate_limit_holds_at_each_instance() {
    let mut world = world(chain(100.0), 3);
    done(&mut world, Action::RateLimit { service: BACK, per_s: 20 }, 5);
    let served = latencies(&run(&mut world, 55), BACK).len() as f64 / 50.0;
    assert!((served - 20.0).abs() < 1.0, "{served} a second");
    done(&mut world, Action::RateLimit { service: BACK, per_s: 0 }, 57);
    assert!(success(&run(&mut world, 80)) > 0.999);
}

#[test]
fn an_edge_can_be_closed_and_opened_by_hand_and_its_policy_changed() {
    let mut world = world(chain(50.0), 4);
    run(&mut world, 5);
    let edge = (MIDDLE, BACK);
    done(&mut world, Action::OpenBreaker { from: edge.0, to: edge.1 }, 7);
    let events = run(&mut world, 20);
    assert!(latencies(&events, BACK).is_empty() && success(&events) < 0.01);
    done(&mut world, Action::CloseBreaker { from: edge.0, to: edge.1 }, 22);
    assert!(success(&run(&mut world, 40)) > 0.999);
    let timeout = SimDuration::from_millis(50);
    done(&mut world, Action::SetTimeout { from: edge.0, to: edge.1, timeout }, 42);
    done(&mut world, Action::SetPool { from: edge.0, to: edge.1, size: 4 }, 44);
    done(&mut world, Action::AddJitter { from: edge.0, to: edge.1 }, 46);
    let call = world.topology().get(MIDDLE).expect("there").stages[0][0];
    assert_eq!((call.policy.timeout, call.policy.pool.map(|p| p.size)), (timeout, Some(4)));
    assert!(success(&run(&mut world, 60)) > 0.999);
    done(&mut world, Action::RerouteEdge { from: edge.0, to: edge.1 }, 62);
    assert!(world.is_rerouted(edge.0, edge.1));
    done(&mut world, Action::RestoreEdge { from: edge.0, to: edge.1 }, 64);
    assert!(!world.is_rerouted(edge.0, edge.1));
    let again = refused(&mut world, Action::RestoreEdge { from: edge.0, to: edge.1 });
    assert!(matches!(again, ActionError::Already(_)));
}

#[test]
fn amounts_that_make_no_sense_are_refused() {
    let mut world = world(chain(10.0), 1);
    let (from, to) = (MIDDLE, BACK);
    for action in [
        Action::SetAttempts { from, to, attempts: 11 },
        Action::SetTimeout { from, to, timeout: SimDuration::ZERO },
        Action::SetPool { from, to, size: 0 },
        Action::Shed { service: BACK, percent: 101 },
        Action::ThrottleEntry { entry: WEB, percent: 200 },
        Action::Resize { service: BACK, cpu: Millicores(0) },
        Action::ScaleTo { service: BACK, replicas: 0 },
        Action::WarmCache { service: BACK },
    ] {
        assert!(matches!(refused(&mut world, action), ActionError::Unfit(_)), "{action:?}");
    }
    let gone = Action::SetAttempts { from: BACK, to: WEB, attempts: 3 };
    assert_eq!(refused(&mut world, gone), ActionError::NoTarget);
}

#[test]
fn flushing_a_queue_drops_what_waits_and_nothing_else() {
    let mut topology = Topology::default();
    let demand = service("web", 1_000.0);
    topology.push(Service { workers: 1, entry_rate: PerSecond(5.0), ..demand });
    let mut world = world(topology, 2);
    run(&mut world, 30);
    let before = world.gauges(WEB).expect("there").queue_len;
    assert!(before > 80, "{before}");
    done(&mut world, Action::FlushQueue { service: WEB }, 32);
    assert!(world.gauges(WEB).expect("there").queue_len < 15);
    assert_eq!(world.gauges(WEB).expect("there").active, 1);
}
