//! Made-up edits, faults and actions of a made-up system.

use super::made::{NAMES, Random, call, server, service};
use sickbay::action::Action;
use sickbay::ids::{InstanceId, ServiceId};
use sickbay::scenario::{PlannedAction, PlannedFault, Scenario};
use sickbay::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use sickbay::topology::{Probes, Service, Topology, TopologyEdit};
use sickbay::units::{Millicores, SimDuration, SimTime};

/// A change of the system as it is now; it may be one that is refused.
pub fn edit(r: &mut Random, now: &Topology) -> Option<TopologyEdit> {
    let ids: Vec<ServiceId> = now.services().map(|(id, _)| id).collect();
    let edges: Vec<(ServiceId, ServiceId)> = now.edges().map(|e| (e.from, e.to)).collect();
    let id = r.pick(&ids);
    let old = now.get(id)?.clone();
    let free = NAMES.iter().find(|name| now.by_name(name).is_none()).copied();
    let edit = match r.below(9) {
        0 => TopologyEdit::Configure(id, Box::new(Service { cpu_limit: Millicores(77), server: server(r), ..old })),
        1 => TopologyEdit::Configure(id, Box::new(Service { heap: None, probes: Probes::default(), workers: 3, ..old })),
        2 => TopologyEdit::Configure(id, Box::new(service(r, &old.name, &Topology::default()))),
        3 => TopologyEdit::AddService(Box::new(service(r, free?, now))),
        4 => TopologyEdit::RemoveService(id),
        5 => TopologyEdit::Rename(id, free?.to_owned()),
        6 => TopologyEdit::AddCall { from: id, call: call(r, now)? },
        7 if !edges.is_empty() => {
            let (from, to) = r.pick(&edges);
            if r.is() { TopologyEdit::RemoveCall { from, to } } else { TopologyEdit::RedirectCall { from, to, new_to: id } }
        }
        _ => TopologyEdit::Restore(vec![(id, Some(Service { cpu_limit: Millicores(5), ..old }))]),
    };
    (ids.len() > 1 || !matches!(edit, TopologyEdit::RemoveService(_))).then_some(edit)
}

/// A fault and an action at `at`.
pub fn plan(r: &mut Random, at: SimTime, now: &Topology, made: &mut Scenario) {
    let ids: Vec<ServiceId> = now.services().map(|(id, _)| id).collect();
    let edges: Vec<(ServiceId, ServiceId)> = now.edges().map(|e| (e.from, e.to)).collect();
    let (service, kind) = (r.pick(&ids), r.pick(&FaultKind::ALL));
    let edge = (!edges.is_empty()).then(|| r.pick(&edges));
    let targets = [
        kind.fits_service().then_some(FaultTarget::Service(service)),
        kind.fits_instance().then_some(FaultTarget::Instance { service, ordinal: r.whole(0, 9) }),
        edge.filter(|_| kind.fits_edge()).map(|(from, to)| FaultTarget::Edge { from, to }),
        kind.fits_node().then_some(FaultTarget::Node(0)),
        kind.fits_node().then_some(FaultTarget::Zone(0)),
        kind.fits_monitoring().then_some(FaultTarget::Monitoring),
        (kind.fits_zones() && made.cluster.zone_count() > 1).then_some(FaultTarget::Zones(1, 0)),
    ];
    let scale = kind.scale();
    let magnitude = if r.is() { scale.usual } else { r.number(scale.min, scale.max) };
    let spike = kind == FaultKind::TrafficSpike;
    if let Some(target) = r.pick(&targets) {
        let magnitude = if spike { 2.0 } else { magnitude };
        let spec = FaultSpec { target, kind, magnitude, duration: r.some(Random::time) };
        made.faults.push(PlannedFault { at, spec });
    }
    let (from, to) = edge.unwrap_or((service, service));
    let (edges, services) = (on_edge(r, from, to), on_service(r, service));
    let action = if edge.is_some() && r.is() { r.pick(&edges) } else { r.pick(&services) };
    made.actions.push(PlannedAction { at, action });
}

fn on_edge(r: &mut Random, from: ServiceId, to: ServiceId) -> [Action; 8] {
    [
        Action::RerouteEdge { from, to },
        Action::RestoreEdge { from, to },
        Action::OpenBreaker { from, to },
        Action::CloseBreaker { from, to },
        Action::AddJitter { from, to },
        Action::SetAttempts { from, to, attempts: r.whole(1, 10) as u8 },
        Action::SetTimeout { from, to, timeout: SimDuration::from_millis(u64::from(r.whole(1, 9_999))) },
        Action::SetPool { from, to, size: r.whole(1, 10_000) },
    ]
}

fn on_service(r: &mut Random, service: ServiceId) -> [Action; 19] {
    let percent = r.whole(0, 100) as u8;
    [
        Action::Restart { service },
        Action::RerouteService { service },
        Action::RollBack { service },
        Action::PauseRollOut { service },
        Action::ResumeRollOut { service },
        Action::FlushQueue { service },
        Action::WarmCache { service },
        Action::FailOver { service },
        Action::ScaleUp { service, by: r.whole(1, 9) },
        Action::ScaleTo { service, replicas: r.whole(1, 99) },
        Action::Resize { service, cpu: Millicores(r.whole(1, 9_999)) },
        Action::Evict { service, instance: InstanceId(r.whole(0, 99)) },
        Action::DrainZone { service, zone: 0 },
        Action::UndrainZone { service, zone: 0 },
        Action::Shed { service, percent },
        Action::ThrottleEntry { entry: service, percent },
        Action::RateLimit { service, per_s: r.whole(0, 9_999) },
        Action::CordonNode { service, node: 0 },
        Action::UncordonNode { service, node: 0 },
    ]
}
