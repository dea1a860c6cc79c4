//! Requests are conserved whatever breaks, and a run is a function of its inputs.

use crate::world::{chain, run, users, world};
use proptest::prelude::*;
use sickbay::ids::{ActionId, ServiceId};
use sickbay::platform::Action;
use sickbay::sim::World;
use sickbay::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use sickbay::topology::{Call, Service, TopologyEdit};
use sickbay::units::{SimDuration, SimTime};

/// One thing to do to a world, drawn at random.
#[derive(Clone, Debug)]
struct Blow {
    kind: usize,
    target: u32,
    strength: f64,
    seconds: u64,
}

fn blow() -> impl Strategy<Value = Blow> {
    (0..14_usize, 0..3_u32, 0.0..1.0, 1..20_u64).prop_map(|(kind, target, strength, seconds)| Blow {
        kind,
        target,
        strength,
        seconds,
    })
}

fn strike(world: &mut World, blow: &Blow, number: u32) {
    let id = ServiceId(blow.target);
    let edge = FaultTarget::Edge { from: ServiceId(blow.target % 2), to: ServiceId(blow.target % 2 + 1) };
    if let Some(kind) = FaultKind::ALL.get(blow.kind) {
        let scale = kind.scale();
        let magnitude = scale.min + (scale.max.min(scale.usual * 3.0) - scale.min) * blow.strength;
        let target = if kind.fits_service() { FaultTarget::Service(id) } else { edge };
        let duration = Some(SimDuration::from_secs(blow.seconds));
        let _ = world.inject(FaultSpec { target, kind: *kind, magnitude, duration });
        return;
    }
    let action = match blow.kind - FaultKind::ALL.len() {
        0 => Action::ScaleUp { service: id, by: 1 + blow.seconds as u32 % 3 },
        1 => Action::Restart { service: id },
        2 => Action::RerouteService { service: id },
        3 => Action::RerouteEdge { from: ServiceId(blow.target % 2), to: ServiceId(blow.target % 2 + 1) },
        4 => {
            let _ = world.edit(&TopologyEdit::RemoveService(id)).map(|undo| world.edit(&undo));
            return;
        }
        _ => {
            let fresh = Service { stages: vec![vec![Call::to(id)]], ..Service::named(format!("new-{number}")) };
            let _ = world.edit(&TopologyEdit::AddService(Box::new(fresh)));
            return;
        }
    };
    world.apply(ActionId(number), action);
}

fn struck(blows: &[Blow], rate: f64, seed: u64) -> World {
    let mut world = world(chain(rate), seed);
    for (number, blow) in blows.iter().enumerate() {
        let until = world.now() + SimDuration::from_secs(blow.seconds);
        strike(&mut world, blow, number as u32);
        world.run(until, u64::MAX);
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
        a.run(later, u64::MAX);
        while !fork.run(later, 7) {}
        prop_assert_eq!(a.digest(), fork.digest(), "slicing a run changes nothing");
    }
}

#[test]
fn with_all_faults_over_everybody_is_served_again() {
    let blows: Vec<Blow> = (0..8).map(|kind| Blow { kind, target: kind as u32 % 3, strength: 0.6, seconds: 5 }).collect();
    let mut world = struck(&blows, 60.0, 4);
    let settled = world.now() + SimDuration::from_secs(60);
    world.run(settled, u64::MAX);
    assert!(world.faults().is_empty());
    world.drain_events();
    let (good, all) = users(&run(&mut world, settled.as_nanos() / 1_000_000_000 + 30));
    assert_eq!(good, all);
    assert!(all > 1_000);
}

#[test]
fn a_policy_change_leaves_the_arrivals_and_demands_alone() {
    let arrivals = |scaled: bool| {
        let mut world = world(chain(80.0), 17);
        world.run(SimTime::from_secs(5), u64::MAX);
        if scaled {
            world.apply(ActionId(1), Action::ScaleUp { service: ServiceId(2), by: 2 });
        }
        world.run(SimTime::from_secs(60), u64::MAX);
        world.account().arrived
    };
    assert_eq!(arrivals(false), arrivals(true));
}
