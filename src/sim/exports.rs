//! What cluster exporters tell beside a service's gauges: instances with their places, machines, revisions. Reading changes
//! nothing that a run depends on.

use super::World;
use super::nodes::Condition;
use super::request::NOBODY;
use crate::ids::{InstanceId, ServiceId};

/// One instance, as cAdvisor and kube-state-metrics tell it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InstanceGauges {
    /// Which.
    pub id: InstanceId,
    /// Index of its node and its zone; `None` while it has no place, and for users outside.
    pub place: Option<(u32, u8)>,
    /// Whether it takes traffic.
    pub is_ready: bool,
    /// Core-nanoseconds used since its process began.
    pub cpu_busy_core_ns: f64,
    /// Its CPU limit.
    pub cpu_limit_cores: f64,
}

/// One machine, as its node exporter tells it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NodeGauges {
    /// Its zone.
    pub zone: u8,
    /// Whether its exporter answers.
    pub is_up: bool,
    /// Share of its CPU that is used by anybody but the instances that the exporters know: other tenants.
    pub foreign: f64,
    /// Millicores that can still be reserved (allocatable less the requests of its pods; none while it is cordoned or away).
    pub room_cpu: u32,
}

impl World {
    /// Node and zone of each instance of `id` that has a place (`kube_pod_info` names the node, its labels the zone).
    pub fn places(&self, id: ServiceId) -> impl Iterator<Item = (u32, u8)> + '_ {
        self.instance_gauges(id).filter_map(|i| i.place)
    }
    /// Each instance of `id`.
    pub fn instance_gauges(&self, id: ServiceId) -> impl Iterator<Item = InstanceGauges> + '_ {
        let state = self.services.get(id.index()).and_then(Option::as_ref);
        let instances = state.into_iter().flat_map(|s| s.instances.iter()).filter_map(|i| Some((*i, self.instances.get(*i)?)));
        let ready = move |index: u32| state.is_some_and(|s| s.ready.contains(&index));
        instances.map(move |(index, i)| InstanceGauges {
            id: i.id,
            place: (i.node != NOBODY).then_some((i.node, i.zone)),
            is_ready: ready(index),
            cpu_busy_core_ns: i.cpu.busy_core_ns(self.now),
            cpu_limit_cores: i.cores,
        })
    }
    /// The indices of the nodes in a zone.
    pub fn nodes_in(&self, zone: u8) -> impl Iterator<Item = u32> + '_ {
        self.nodes.iter().enumerate().filter(move |(_, n)| n.zone == zone).map(|(index, _)| index as u32)
    }
    /// Each machine, by its index. What a tenant of the same machine takes is seen by the node exporter (all use less that
    /// of the known instances), up to all that there is.
    pub fn node_gauges(&self) -> impl Iterator<Item = NodeGauges> + '_ {
        self.nodes.iter().map(|n| NodeGauges {
            zone: n.zone,
            is_up: n.condition == Condition::Well,
            foreign: if n.condition == Condition::Well { n.noise } else { 0.0 },
            room_cpu: n.room_cpu(),
        })
    }
    /// How often the service's template has changed (`metadata.generation`: versions, restarts) and how often its
    /// configuration (the config map's resource version).
    pub fn revisions(&self, id: ServiceId) -> (u32, u32) {
        let state = self.services.get(id.index()).and_then(Option::as_ref);
        state.map_or((0, 0), |s| (s.versions.generation, s.versions.configured))
    }
}
