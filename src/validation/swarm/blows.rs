//! What befalls a random system: faults, actions and edits, sensible or not.

use super::generate::Dice;
use crate::action::Action;
use crate::ids::{ActionId, InstanceId, ServiceId};
use crate::sim::World;
use crate::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use crate::topology::{Call, Service, TopologyEdit};
use crate::units::{Millicores, SimDuration};

/// One blow: a fault, an action or an edit. What the world refuses is refused.
pub(super) fn strike(world: &mut World, dice: &mut Dice, number: u32) {
    let slots = world.topology().slots() as u32;
    // One past the end now and then: an id that means nothing must do nothing.
    let id = ServiceId(dice.below(slots + 1));
    let other = ServiceId(dice.below(slots));
    match dice.below(10) {
        0..=4 => {
            let _ = world.inject(fault(world, dice, id));
        }
        5..=7 => {
            let action = action(dice, id, other);
            world.apply(ActionId(number), action);
        }
        _ => {
            let edit = edit(dice, id, other, number);
            let undo = world.edit(&edit);
            if let Ok(undo) = undo
                && dice.chance(0.5)
            {
                let _ = world.edit(&undo);
            }
        }
    }
}

pub(super) fn fault(world: &World, dice: &mut Dice, id: ServiceId) -> FaultSpec {
    let kind = dice.pick(&FaultKind::OF_SYSTEM);
    let edges: Vec<_> = world.topology().edges().map(|e| (e.from, e.to)).collect();
    let zones = u32::from(world.cluster().zone_count());
    let target = if kind.fits_node() {
        if dice.chance(0.5) { FaultTarget::Node(dice.below(7)) } else { FaultTarget::Zone(dice.below(zones) as u8) }
    } else if kind.fits_zones() && dice.chance(0.3) {
        FaultTarget::Zones(dice.below(zones) as u8, dice.below(zones) as u8)
    } else if kind.fits_edge() && !edges.is_empty() && dice.chance(0.6) {
        let (from, to) = dice.pick(&edges);
        FaultTarget::Edge { from, to }
    } else if kind.fits_instance() && dice.chance(0.3) {
        FaultTarget::Instance { service: id, ordinal: dice.below(4) }
    } else {
        FaultTarget::Service(id)
    };
    let scale = kind.scale();
    let magnitude = dice.between(scale.min, scale.max.min(scale.usual * 3.0));
    let duration = dice.chance(0.8).then(|| SimDuration::from_secs(1 + u64::from(dice.below(15))));
    FaultSpec { target, kind, magnitude, duration }
}

fn action(dice: &mut Dice, service: ServiceId, other: ServiceId) -> Action {
    let (from, to) = (service, other);
    let percent = dice.below(101) as u8;
    match dice.below(24) {
        0 => Action::ScaleUp { service, by: 1 + dice.below(4) },
        1 => Action::Restart { service },
        2 => Action::RerouteEdge { from, to },
        3 => Action::RerouteService { service },
        4 => Action::ScaleTo { service, replicas: dice.below(6) },
        5 => Action::Resize { service, cpu: Millicores(100 + dice.below(4_000)) },
        6 => Action::Evict { service, instance: InstanceId(dice.below(20)) },
        7 => Action::DrainZone { service, zone: dice.below(3) as u8 },
        8 => Action::UndrainZone { service, zone: dice.below(3) as u8 },
        9 => Action::RollBack { service },
        10 => Action::PauseRollOut { service },
        11 => Action::ResumeRollOut { service },
        12 => Action::Shed { service, percent },
        13 => Action::RateLimit { service, per_s: dice.below(100) },
        14 => Action::OpenBreaker { from, to },
        15 => Action::CloseBreaker { from, to },
        16 => Action::SetAttempts { from, to, attempts: 1 + dice.below(5) as u8 },
        17 => Action::SetTimeout { from, to, timeout: SimDuration::from_millis(5 + u64::from(dice.below(3_000))) },
        18 => Action::SetPool { from, to, size: 1 + dice.below(20) },
        19 => Action::FlushQueue { service },
        20 => Action::WarmCache { service },
        21 => Action::CordonNode { service, node: dice.below(7) },
        22 => Action::FailOver { service },
        _ => Action::ThrottleEntry { entry: service, percent },
    }
}

fn edit(dice: &mut Dice, id: ServiceId, other: ServiceId, number: u32) -> TopologyEdit {
    match dice.below(6) {
        0 => TopologyEdit::RemoveService(id),
        1 => TopologyEdit::AddCall { from: id, call: Call::to(other) },
        2 => TopologyEdit::RemoveCall { from: id, to: other },
        3 => TopologyEdit::Rename(id, format!("renamed-{number}")),
        4 => TopologyEdit::RedirectCall { from: id, to: other, new_to: ServiceId(dice.below(4)) },
        _ => {
            let fresh = Service { stages: vec![vec![Call::to(other)]], ..Service::named(format!("new-{number}")) };
            TopologyEdit::AddService(Box::new(fresh))
        }
    }
}
