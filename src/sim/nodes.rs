//! Machines: what is reserved on them, where a new instance goes, and what a noisy neighbour leaves.
//!
//! The scheduler filters nodes by room (requests and number of pods) and spreads by zone first, then by the least
//! allocated node, as Kubernetes' default plugins do (`NodeResourcesFit`, `PodTopologySpread`). Users outside the system
//! run on no node and in no zone, so nothing that happens to machines touches them.
//!
//! Bounds: a pod is placed by looking at every node; [`NODES_MAX`] nodes.

use super::World;
use super::calendar::Happening;
use super::event::Event;
use super::request::NOBODY;
use crate::action::ActionError;
use crate::ids::ServiceId;
use crate::topology::{Node, Service, ServiceKind};
use crate::units::{Mebibytes, SimDuration, SimTime};
use std::sync::Arc;

/// The zone of users outside the system: no zone of the cluster has this number.
pub(super) const OUTSIDE: u8 = u8::MAX;
/// Most nodes a cluster grows to by itself (the bound of [`crate::topology::Cluster`]).
const NODES_MAX: usize = 10_000;
/// Memory is booked in whole KiB, so that what is given back is exactly what was taken.
const KIB_PER_MIB: f64 = 1_024.0;

/// What the control plane knows of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// Its kubelet reports.
    Well,
    /// It is gone, but nobody has noticed yet.
    Silent,
    /// Noticed: nothing on it takes traffic, nothing is placed on it.
    Unreachable,
    /// Ordered, not there yet.
    Joining,
}

/// What an instance reserves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reservation {
    /// Millicores.
    pub cpu: u32,
    pub memory_kib: u64,
}

impl Reservation {
    fn of(service: &Service) -> Self {
        Self { cpu: service.cpu_request.0, memory_kib: kib(service.memory_request) }
    }
}

/// One machine.
#[derive(Clone, Debug)]
pub(super) struct NodeState {
    pub zone: u8,
    cpu: u32,
    memory_kib: u64,
    pods_max: u32,
    taken_cpu: u64,
    taken_kib: u64,
    /// Indices of the instances on it, the oldest first.
    pub pods: Vec<u32>,
    pub condition: Condition,
    /// Nothing new is placed on it.
    pub is_cordoned: bool,
    /// Share of its CPU that another tenant takes.
    pub noise: f64,
    /// Outages on it now.
    pub outages: u32,
    /// The event that changes its condition next.
    pub turn: u64,
    /// Images that it has pulled: service and version.
    images: Vec<(ServiceId, u32)>,
}

impl NodeState {
    pub fn new(node: &Node) -> Self {
        Self {
            zone: node.zone,
            cpu: node.cpu.0,
            memory_kib: kib(node.memory),
            pods_max: node.pods_max,
            taken_cpu: 0,
            taken_kib: 0,
            pods: Vec::new(),
            condition: Condition::Well,
            is_cordoned: false,
            noise: 0.0,
            outages: 0,
            turn: 0,
            images: Vec::new(),
        }
    }
    /// Whether it works, noticed or not.
    pub fn is_up(&self) -> bool {
        self.condition == Condition::Well
    }
    /// What is reserved on it: millicores and KiB.
    pub const fn taken(&self) -> (u64, u64) {
        (self.taken_cpu, self.taken_kib)
    }
    /// Millicores that nobody has reserved, wherever it is asked for; 0 if nothing new is placed on it.
    pub fn room_cpu(&self) -> u32 {
        if self.is_up() && !self.is_cordoned { self.free_cpu() } else { 0 }
    }
    fn free_cpu(&self) -> u32 {
        u64::from(self.cpu).saturating_sub(self.taken_cpu) as u32
    }
    fn has_room(&self, wanted: Reservation) -> bool {
        let fits = wanted.cpu <= self.free_cpu() && self.taken_kib + wanted.memory_kib <= self.memory_kib;
        fits && (self.pods.len() as u32) < self.pods_max
    }
    /// The scheduler does not know that a silent node is gone.
    fn takes(&self, wanted: Reservation) -> bool {
        matches!(self.condition, Condition::Well | Condition::Silent) && !self.is_cordoned && self.has_room(wanted)
    }
    /// Share of it that would be reserved with `wanted` on it, mean of CPU and memory (`LeastAllocated`, equal weights).
    fn allocated(&self, wanted: Reservation) -> f64 {
        let share = |taken: u64, all: u64| if all == 0 { 1.0 } else { taken as f64 / all as f64 };
        let cpu = share(self.taken_cpu + u64::from(wanted.cpu), u64::from(self.cpu));
        0.5 * (cpu + share(self.taken_kib + wanted.memory_kib, self.memory_kib))
    }
}

fn kib(memory: Mebibytes) -> u64 {
    (memory.0 * KIB_PER_MIB) as u64
}

impl World {
    /// Whether a node has room for one more instance of `id`, or will have: a cluster that grows makes room.
    pub(super) fn room_for(&self, id: ServiceId) -> Result<(), ActionError> {
        let service = self.topology.get(id).ok_or(ActionError::NoTarget)?;
        let wanted = Reservation::of(service);
        if service.kind == ServiceKind::Client || self.nodes.iter().any(|n| n.takes(wanted)) {
            return Ok(());
        }
        if self.cluster.node_autoscale.is_some() && self.largest_node().is_some_and(|n| NodeState::new(n).has_room(wanted)) {
            return Ok(());
        }
        let usable = self.nodes.iter().filter(|n| n.takes(Reservation::default()));
        Err(ActionError::NoRoom(wanted.cpu, usable.map(NodeState::free_cpu).max().unwrap_or(0)))
    }

    /// Finds a node for an instance and reserves its place; false if no node has room.
    pub(super) fn place(&mut self, index: u32) -> bool {
        let Some(instance) = self.instances.get(index) else { return false };
        let id = instance.service;
        let Some(service) = self.topology.get(id) else { return false };
        if service.kind == ServiceKind::Client {
            self.put(index, NOBODY, OUTSIDE, Reservation::default());
            return true;
        }
        let wanted = Reservation::of(service);
        let Some(node) = self.best_node(id, wanted) else { return false };
        self.put(index, node, self.nodes[node as usize].zone, wanted);
        let state = &mut self.nodes[node as usize];
        state.pods.push(index);
        state.taken_cpu += u64::from(wanted.cpu);
        state.taken_kib += wanted.memory_kib;
        true
    }
    fn put(&mut self, index: u32, node: u32, zone: u8, reserved: Reservation) {
        if let Some(instance) = self.instances.get_mut(index) {
            (instance.node, instance.zone, instance.reserved) = (node, zone, reserved);
        }
    }
    /// Of the nodes with room: in the zone with the fewest instances of the service, the least allocated one.
    fn best_node(&self, id: ServiceId, wanted: Reservation) -> Option<u32> {
        let per_zone = self.instances_per_zone(id);
        let mut best: Option<(u32, u32, f64)> = None;
        for (index, node) in self.nodes.iter().enumerate().filter(|(_, n)| n.takes(wanted)) {
            let (count, allocated) = (per_zone[usize::from(node.zone)], node.allocated(wanted));
            if best.is_none_or(|(_, least, share)| count < least || count == least && allocated < share) {
                best = Some((index as u32, count, allocated));
            }
        }
        best.map(|(index, ..)| index)
    }
    fn instances_per_zone(&self, id: ServiceId) -> [u32; 256] {
        let mut counts = [0; 256];
        let staying = self.services[id.index()].iter().flat_map(|s| s.instances.iter()).filter_map(|i| self.instances.get(*i));
        for instance in staying.filter(|i| i.stays() && i.node != NOBODY) {
            counts[usize::from(instance.zone)] += 1;
        }
        counts
    }

    /// Gives back what an instance that is about to go has reserved.
    pub(super) fn unreserve(&mut self, index: u32) {
        self.pending.retain(|i| *i != index);
        let Some(instance) = self.instances.get(index) else { return };
        let reserved = instance.reserved;
        if let Some(node) = self.nodes.get_mut(instance.node as usize) {
            node.pods.retain(|i| *i != index);
            node.taken_cpu = node.taken_cpu.saturating_sub(u64::from(reserved.cpu));
            node.taken_kib = node.taken_kib.saturating_sub(reserved.memory_kib);
            self.room_appeared();
        }
    }
    /// The scheduler looks at the waiting instances after everything that is due now.
    pub(super) fn room_appeared(&mut self) {
        if !self.pending.is_empty() {
            self.calendar.schedule(self.now, Happening::Schedule, 0);
        }
    }
    /// An instance found no room: it waits, and a growing cluster orders a node.
    pub(super) fn wait_for_room(&mut self, index: u32) {
        let Some(instance) = self.instances.get(index) else { return };
        let event = Event::Pending { service: instance.service, instance: instance.id };
        self.pending.push(index);
        self.emit(event);
        self.order_node();
    }
    /// Places waiting instances, the oldest first, as far as there is room.
    pub(super) fn schedule_pending(&mut self) {
        for index in std::mem::take(&mut self.pending) {
            if self.place(index) {
                self.begin_start(index);
            } else if self.instances.get(index).is_some() {
                self.pending.push(index);
            }
        }
        self.order_node();
    }

    /// How long the node of `index` pulls its image: nothing if it has had it before.
    pub(super) fn pull_time(&mut self, index: u32) -> SimDuration {
        let pull = self.cluster.image_pull;
        let Some(instance) = self.instances.get(index).filter(|_| pull > SimDuration::ZERO) else { return SimDuration::ZERO };
        let image = (instance.service, instance.version);
        let Some(node) = self.nodes.get_mut(instance.node as usize) else { return SimDuration::ZERO };
        if node.images.contains(&image) {
            return SimDuration::ZERO;
        }
        node.images.push(image);
        pull
    }

    fn largest_node(&self) -> Option<&Node> {
        self.cluster.nodes.iter().reduce(|best, n| if n.cpu > best.cpu { n } else { best })
    }
    /// Orders nodes like the largest one until those on order can take everything that waits.
    fn order_node(&mut self) {
        let (Some(delay), Some(model)) = (self.cluster.node_autoscale, self.largest_node().cloned()) else { return };
        let empty = NodeState::new(&model);
        let wants = |i: &u32| self.topology.get(self.instances.get(*i)?.service).map(Reservation::of);
        let waiting: Vec<Reservation> = self.pending.iter().filter_map(wants).filter(|w| empty.has_room(*w)).collect();
        let cpu: u64 = waiting.iter().map(|w| u64::from(w.cpu)).sum();
        let memory: u64 = waiting.iter().map(|w| w.memory_kib).sum();
        let joining = self.nodes.iter().filter(|n| n.condition == Condition::Joining).count() as u64;
        let covered = joining * u64::from(empty.cpu) >= cpu
            && joining * empty.memory_kib >= memory
            && joining * u64::from(empty.pods_max) >= waiting.len() as u64;
        if !covered && self.nodes.len() < NODES_MAX {
            self.join_later(model, self.now + delay);
        }
    }
    fn join_later(&mut self, model: Node, at: SimTime) {
        let index = self.nodes.len() as u32;
        let zone = self.smallest_zone();
        let node = Node { name: format!("node-{}", index + 1), zone, ..model };
        let turn = self.calendar.schedule(at, Happening::NodeTurn, index);
        self.nodes.push(NodeState { condition: Condition::Joining, turn, ..NodeState::new(&node) });
        Arc::make_mut(&mut self.cluster).nodes.push(node);
    }
    fn smallest_zone(&self) -> u8 {
        let mut zones: Vec<u8> = self.nodes.iter().map(|n| n.zone).collect();
        zones.sort_unstable();
        zones.dedup();
        let size = |zone: &u8| self.nodes.iter().filter(|n| n.zone == *zone && n.condition != Condition::Unreachable).count();
        zones.iter().copied().min_by_key(|zone| size(zone)).unwrap_or(0)
    }

    /// Share of its CPU limit that the node leaves to an instance. Without a noisy neighbour that is all of it: that pods
    /// with limits above their requests can be in each other's way is not modelled.
    pub(super) fn node_share(&self, index: u32) -> f64 {
        let Some(instance) = self.instances.get(index) else { return 1.0 };
        let Some(node) = self.nodes.get(instance.node as usize).filter(|n| n.noise > 0.0) else { return 1.0 };
        let weights = |i: &u32| {
            let pod = self.instances.get(*i).filter(|p| p.is_running())?;
            Some((f64::from(pod.reserved.cpu.max(1)), pod.cores * 1e3))
        };
        let pods: Vec<(f64, f64)> = node.pods.iter().filter_map(weights).collect();
        let level = fair_level(&pods, f64::from(node.cpu) * (1.0 - node.noise));
        let mine = level * f64::from(instance.reserved.cpu.max(1));
        (mine / (instance.cores * 1e3)).min(1.0)
    }
    /// Lets everything on a node run at the speed that it has now.
    pub(super) fn refresh_node(&mut self, node: usize) {
        for index in self.nodes[node].pods.clone() {
            self.refresh_speed(index);
        }
    }
}

/// CPU per unit of weight when `capacity` is shared in proportion to the weights, none getting more than its limit and
/// the others sharing what that leaves. `pods` are (weight, limit).
fn fair_level(pods: &[(f64, f64)], capacity: f64) -> f64 {
    let mut order: Vec<(f64, f64)> = pods.to_vec();
    order.sort_by(|a, b| (a.1 / a.0).total_cmp(&(b.1 / b.0)));
    let (mut left, mut weight) = (capacity, order.iter().map(|p| p.0).sum::<f64>());
    for (own, limit) in order {
        let level = left / weight;
        if limit / own >= level {
            return level;
        }
        left -= limit;
        weight -= own;
    }
    f64::INFINITY
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Millicores;

    #[test]
    fn shares_follow_the_requests_and_what_a_limit_leaves_goes_to_the_others() {
        assert!((fair_level(&[(100.0, 1_000.0), (300.0, 1_000.0)], 200.0) - 0.5).abs() < 1e-12);
        let level = fair_level(&[(100.0, 50.0), (300.0, 1_000.0)], 400.0);
        assert!((level * 300.0 - 350.0).abs() < 1e-9, "50m are capped, 350m are left: {level}");
        assert!(fair_level(&[(100.0, 50.0)], 400.0).is_infinite(), "enough for everybody");
    }

    #[test]
    fn a_node_is_full_by_cpu_memory_or_pods() {
        let node = Node { name: "a".into(), zone: 0, cpu: Millicores(1_000), memory: Mebibytes(512.0), pods_max: 1 };
        let mut state = NodeState::new(&node);
        let fits = |cpu, mib: u64, state: &NodeState| state.takes(Reservation { cpu, memory_kib: mib * 1_024 });
        assert!(fits(1_000, 512, &state));
        assert!(!fits(1_001, 1, &state) && !fits(1, 513, &state));
        state.pods.push(0);
        assert!(!fits(1, 1, &state));
    }
}
