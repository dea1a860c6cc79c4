//! Requests are conserved whatever breaks, and a run is a function of its inputs.

use crate::world::{chain, run, users, world};
use proptest::prelude::*;
use sickbay::ids::{ActionId, InstanceId, ServiceId};
use sickbay::platform::Action;
use sickbay::sim::World;
use sickbay::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use sickbay::topology::{Call, Cluster, Pool, Service, Shape, TopologyEdit};
use sickbay::units::{Mebibytes, Millicores, SimDuration};

/// One thing to do to a world, drawn at random.
#[derive(Clone, Debug)]
struct Blow {
    kind: usize,
    target: u32,
    strength: f64,
    seconds: u64,
}

/// Faults, then the actions and edits of [`strike`].
const KINDS: usize = FaultKind::OF_SYSTEM.len() + 26;

fn blow() -> impl Strategy<Value = Blow> {
    (0..KINDS, 0..3_u32, 0.0..1.0, 1..20_u64).prop_map(|(kind, target, strength, seconds)| Blow {
        kind,
        target,
        strength,
        seconds,
    })
}

fn strike(world: &mut World, blow: &Blow, number: u32) {
    let id = ServiceId(blow.target);
    if let Some(kind) = FaultKind::OF_SYSTEM.get(blow.kind) {
        let scale = kind.scale();
        let magnitude = scale.min + (scale.max.min(scale.usual * 3.0) - scale.min) * blow.strength;
        let duration = Some(SimDuration::from_secs(blow.seconds));
        let edge = FaultTarget::Edge { from: ServiceId(blow.target % 2), to: ServiceId(blow.target % 2 + 1) };
        let targets = [
            (kind.fits_service(), FaultTarget::Service(id)),
            (kind.fits_instance(), FaultTarget::Instance { service: id, ordinal: 0 }),
            (kind.fits_edge(), edge),
            (kind.fits_node(), FaultTarget::Node(blow.target)),
            (kind.fits_node(), FaultTarget::Zone(0)),
            (kind.fits_zones(), FaultTarget::Zones(0, 1)),
        ];
        let fitting: Vec<FaultTarget> = targets.into_iter().filter(|(fits, _)| *fits).map(|(_, target)| target).collect();
        let target = fitting[blow.seconds as usize % fitting.len()];
        let _ = world.inject(FaultSpec { target, kind: *kind, magnitude, duration });
        return;
    }
    match blow.kind - FaultKind::OF_SYSTEM.len() {
        24 => {
            let _ = world.edit(&TopologyEdit::RemoveService(id)).map(|undo| world.edit(&undo));
        }
        25 => {
            let fresh = Service { stages: vec![vec![Call::to(id)]], ..Service::named(format!("new-{number}")) };
            let _ = world.edit(&TopologyEdit::AddService(Box::new(fresh)));
        }
        which => {
            world.apply(ActionId(number), action(which, blow));
        }
    }
}

fn action(which: usize, blow: &Blow) -> Action {
    let (service, small) = (ServiceId(blow.target), blow.seconds as u32);
    let (from, to) = (ServiceId(blow.target % 2), ServiceId(blow.target % 2 + 1));
    let percent = (blow.strength * 100.0) as u8;
    match which {
        0 => Action::ScaleUp { service, by: 1 + small % 3 },
        1 => Action::Restart { service },
        2 => Action::RerouteService { service },
        3 => Action::RerouteEdge { from, to },
        4 => Action::ScaleTo { service, replicas: 1 + small % 5 },
        5 => Action::Resize { service, cpu: Millicores(100 * small) },
        6 => Action::Evict { service, instance: InstanceId(small) },
        7 => Action::DrainZone { service, zone: (small % 2) as u8 },
        8 => Action::UndrainZone { service, zone: (small % 2) as u8 },
        9 => Action::RollBack { service },
        10 => Action::PauseRollOut { service },
        11 => Action::ResumeRollOut { service },
        12 => Action::Shed { service, percent },
        13 => Action::RateLimit { service, per_s: 5 * small },
        14 => Action::OpenBreaker { from, to },
        15 => Action::CloseBreaker { from, to },
        16 => Action::SetAttempts { from, to, attempts: 1 + (small % 4) as u8 },
        17 => Action::SetTimeout { from, to, timeout: SimDuration::from_millis(u64::from(small) * 10) },
        18 => Action::SetPool { from, to, size: small },
        19 => Action::FlushQueue { service },
        20 => Action::CordonNode { service, node: small % 2 },
        21 => Action::UncordonNode { service, node: small % 2 },
        22 => Action::ThrottleEntry { entry: service, percent },
        _ => Action::AddJitter { from, to },
    }
}

/// Two zones of one node each; `middle` calls through a pool.
fn two_zones(rate: f64, seed: u64) -> World {
    let mut topology = chain(rate);
    for call in topology.get_mut(ServiceId(1)).expect("the middle one").calls_mut() {
        call.policy.pool = Some(Pool { size: 30, wait_max: SimDuration::from_secs(1) });
    }
    World::new(topology, Cluster::zones(2, 1, Millicores(50_000), Mebibytes(50_000.0)), seed)
}

fn struck(blows: &[Blow], rate: f64, seed: u64) -> World {
    let mut world = two_zones(rate, seed);
    for (number, blow) in blows.iter().enumerate() {
        let until = world.now() + SimDuration::from_secs(blow.seconds);
        strike(&mut world, blow, number as u32);
        world.run(until, u64::MAX, &mut ());
        world.check().unwrap_or_else(|e| panic!("seed {seed}, after {blow:?}: {e}"));
    }
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn requests_are_conserved_under_any_faults_edits_and_actions(
        blows in prop::collection::vec(blow(), 1..8), rate in 1.0..400.0, seed: u64,
    ) {
        struck(&blows, rate, seed);
    }

    #[test]
    fn the_same_inputs_give_the_same_digest_and_a_fork_goes_the_same_way(
        blows in prop::collection::vec(blow(), 1..5), seed: u64,
    ) {
        let (mut a, b) = (struck(&blows, 60.0, seed), struck(&blows, 60.0, seed));
        prop_assert_eq!(a.digest(), b.digest());
        let mut fork = a.clone();
        let later = a.now() + SimDuration::from_secs(5);
        a.run(later, u64::MAX, &mut ());
        while !fork.run(later, 7, &mut ()) {}
        prop_assert_eq!(a.digest(), fork.digest(), "slicing a run changes nothing");
    }
}

#[test]
fn with_all_faults_over_everybody_is_served_again() {
    let blows: Vec<Blow> =
        (0..FaultKind::OF_SYSTEM.len()).map(|kind| Blow { kind, target: kind as u32 % 3, strength: 0.6, seconds: 5 }).collect();
    let mut world = struck(&blows, 60.0, 4);
    let settled = world.now() + SimDuration::from_secs(60);
    world.run(settled, u64::MAX, &mut ());
    assert!(world.faults().is_empty());
    let (good, all) = users(&run(&mut world, settled.as_nanos() / 1_000_000_000 + 30));
    assert_eq!(good, all);
    assert!(all > 1_000);
}

#[test]
fn a_second_copy_that_is_faster_leaves_no_connection_taken() {
    let mut topology = chain(40.0);
    let middle = topology.get_mut(ServiceId(1)).expect("the middle one");
    for call in middle.calls_mut() {
        call.policy.hedge_after = Some(SimDuration::from_micros(100));
        call.policy.pool = Some(Pool { size: 4, wait_max: SimDuration::from_secs(1) });
    }
    topology.get_mut(ServiceId(2)).expect("the last one").demand.shape = Shape::Lognormal(1.5);
    let mut world = world(topology, 7);
    run(&mut world, 60);
    world.check().expect("connections in use are held by calls");
    let account = world.account();
    assert!(account.completed * 100 > account.arrived * 95, "{account:?}");
}
