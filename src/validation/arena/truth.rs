//! What is the matter in an episode: known to the judge, never to the brain that is judged.

use crate::ids::ServiceId;
use crate::pipeline::FailureClass;
use crate::pipeline::suspects::Place;
use crate::sim::World;
use crate::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use crate::topology::{ServiceKind, Topology};
use std::collections::BTreeSet;

/// The fault and what a right diagnosis of it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Truth {
    /// The fault.
    pub spec: FaultSpec,
    /// The class that a right diagnosis names.
    pub class: FailureClass,
    /// Services that it strikes: the target; the callee of an edge, the caller whose pool it is; whoever had instances on the
    /// node or in the zone.
    pub causes: BTreeSet<ServiceId>,
    /// Services at which an action can be of use: the causes, whoever depends on them, and whoever bears their load.
    pub path: BTreeSet<ServiceId>,
    /// The one machine of a zone that has no other: to name it is to name the zone.
    pub only_node: Option<u32>,
}

impl Truth {
    /// The truth about `spec` in a world in which it is about to begin.
    pub(in crate::validation) fn of(spec: FaultSpec, world: &World) -> Self {
        let topology = world.topology();
        let causes = causes(spec, world);
        let mut path = causes.clone();
        let ids = || topology.services().map(|(id, _)| id);
        let touches = |a: ServiceId, b: ServiceId| a == b || topology.reaches(a, b);
        for cause in &causes {
            path.extend(ids().filter(|id| touches(*id, *cause)));
            if bears_on(spec.kind) {
                path.extend(ids().filter(|id| touches(*cause, *id)));
            }
        }
        if spec.kind == FaultKind::CacheFlush {
            // What the cache does not know, those who ask it fetch from elsewhere.
            let askers: Vec<ServiceId> = causes.iter().flat_map(|cache| topology.callers(*cache)).collect();
            path.extend(askers.into_iter().flat_map(|asker| topology.callees(asker)));
        }
        if let FaultTarget::Edge { from, .. } = spec.target {
            path.insert(from);
        }
        let (class, only_node) = match spec.target {
            FaultTarget::Zone(zone) => of_zone(class(spec, topology), &world.nodes_in(zone).collect::<Vec<_>>()),
            _ => (class(spec, topology), None),
        };
        Self { class, causes, path, spec, only_node }
    }
}

impl Truth {
    /// Whether a suspected place is the right one. For one instance that is its service, for an edge also its callee (of a pool
    /// on it: the caller, whose pool it is); for a machine or a zone it is nothing less than that.
    pub fn is_right(&self, place: Place) -> bool {
        match (self.spec.target, place) {
            (FaultTarget::Edge { from, .. }, Place::Service(said)) if self.spec.kind == FaultKind::PoolLeak => from == said,
            (FaultTarget::Service(id) | FaultTarget::Instance { service: id, .. }, Place::Service(said)) => id == said,
            (FaultTarget::Edge { to, .. }, Place::Service(said)) => to == said,
            (FaultTarget::Edge { from, to }, Place::Edge { from: a, to: b }) => (from, to) == (a, b),
            (FaultTarget::Node(node), Place::Node(said)) => node == said,
            (FaultTarget::Zone(_), Place::Node(said)) => self.only_node == Some(said),
            (FaultTarget::Zone(zone), Place::Zone(said)) => zone == said,
            (FaultTarget::Zones(a, b), Place::Zones(c, d)) => (a.min(b), a.max(b)) == (c, d),
            _ => false,
        }
    }
}

fn of_zone(class: FailureClass, nodes: &[u32]) -> (FailureClass, Option<u32>) {
    match nodes {
        [only] if class == FailureClass::Zone => (FailureClass::Node, Some(*only)),
        [only] => (class, Some(*only)),
        _ => (class, None),
    }
}

/// More work for those below as well.
const fn bears_on(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::TrafficSpike)
}

fn causes(spec: FaultSpec, world: &World) -> BTreeSet<ServiceId> {
    let hosted = |on: &dyn Fn(u32, u8) -> bool| {
        let ids = world.topology().services().map(|(id, _)| id);
        ids.filter(|id| world.places(*id).any(|(node, zone)| on(node, zone))).collect()
    };
    match spec.target {
        FaultTarget::Edge { from, .. } if spec.kind == FaultKind::PoolLeak => BTreeSet::from([from]),
        FaultTarget::Service(id) | FaultTarget::Instance { service: id, .. } | FaultTarget::Edge { to: id, .. } => {
            BTreeSet::from([id])
        }
        FaultTarget::Node(node) => hosted(&|at, _| at == node),
        FaultTarget::Zone(zone) => hosted(&|_, at| at == zone),
        FaultTarget::Monitoring => BTreeSet::new(),
        FaultTarget::Zones(a, b) => hosted(&|_, at| at == a || at == b),
    }
}

/// The class that a kind of fault belongs to.
///
/// A service that waits longer without working has a slow disk if it keeps data, else a slow outside interface. A process
/// that dies, crashes or hangs is the application's failure, whoever sent the signal. A lost cache and a hot key are work
/// that arrives where there is no room for it. Connections that cannot be made (a name that does not resolve, a
/// certificate that has run out) lie between two healthy ends.
pub fn class(spec: FaultSpec, topology: &Topology) -> FailureClass {
    let keeps_data = |id: ServiceId| {
        topology.get(id).is_some_and(|s| matches!(s.kind, ServiceKind::Database | ServiceKind::Cache | ServiceKind::Queue))
    };
    match (spec.kind, spec.target) {
        (FaultKind::CpuHog, _) => FailureClass::ResourceCpu,
        (FaultKind::MemoryLeak, _) => FailureClass::ResourceMemory,
        (FaultKind::ErrorBurst | FaultKind::InstanceKill | FaultKind::CrashLoop | FaultKind::Hang, _) => {
            FailureClass::Application
        }
        (FaultKind::Latency | FaultKind::Partition | FaultKind::NoNewConnections, _) => FailureClass::Network,
        (FaultKind::PoolLeak, _) => FailureClass::ResourcePool,
        (FaultKind::TrafficSpike | FaultKind::HotKey | FaultKind::CacheFlush, _) => FailureClass::Overload,
        (FaultKind::BadDeploy | FaultKind::BadConfig, _) => FailureClass::Change,
        (FaultKind::SlowResponses, FaultTarget::Service(id) | FaultTarget::Instance { service: id, .. }) if keeps_data(id) => {
            FailureClass::ResourceDisk
        }
        (FaultKind::SlowResponses, _) => FailureClass::Dependency,
        (FaultKind::Outage, FaultTarget::Zone(_)) => FailureClass::Zone,
        (FaultKind::Outage, _) => FailureClass::Node,
        (FaultKind::NoisyNeighbour, _) => FailureClass::NoisyNeighbour,
        // Nothing is the matter with the system.
        (FaultKind::TelemetryLate | FaultKind::TelemetryMissing | FaultKind::TelemetryFrozen | FaultKind::TelemetryWrong, _) => {
            FailureClass::Unknown
        }
    }
}
