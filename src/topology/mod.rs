//! What the user draws: services, their calls, their limits. Plain data; nothing here runs.
//!
//! A [`Topology`] is indexed by [`ServiceId`]; a removed service leaves a hole, so an id means one service for the
//! whole run. Calls live with their caller, grouped in *stages*: stages run one after the other, the calls of one
//! stage run in parallel. The call graph is acyclic (checked by every edit), because a cycle of synchronous calls
//! would never end.

mod edit;
mod service;

pub use edit::{EditError, TopologyEdit};
pub use service::{Call, CallPolicy, Demand, Service, ServiceKind};

use crate::ids::ServiceId;
use serde::{Deserialize, Serialize};

/// Most services a topology may hold, holes included (memory bound; 1,000 is the design size).
pub const SERVICES_MAX: usize = 4_096;

/// All services and calls of one system.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Topology {
    slots: Vec<Option<Service>>,
}

/// One call edge as drawn: who calls whom, and the call's settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge<'a> {
    /// The caller.
    pub from: ServiceId,
    /// The callee.
    pub to: ServiceId,
    /// Probability, count and policy.
    pub call: &'a Call,
}

impl Topology {
    /// Number of slots: ids are `0..slots`. Not the number of services.
    pub fn slots(&self) -> usize {
        self.slots.len()
    }
    /// The service `id`, unless it was removed or never existed.
    pub fn get(&self, id: ServiceId) -> Option<&Service> {
        self.slots.get(id.index())?.as_ref()
    }
    /// Existing services in id order.
    pub fn services(&self) -> impl Iterator<Item = (ServiceId, &Service)> {
        self.slots.iter().enumerate().filter_map(|(i, s)| Some((ServiceId(i as u32), s.as_ref()?)))
    }
    /// Number of existing services.
    pub fn len(&self) -> usize {
        self.services().count()
    }
    /// Whether there is no service.
    pub fn is_empty(&self) -> bool {
        self.services().next().is_none()
    }
    /// The service called `name`.
    pub fn by_name(&self, name: &str) -> Option<ServiceId> {
        self.services().find(|(_, s)| s.name == name).map(|(id, _)| id)
    }
    /// The name of `id`, or `?` if it is gone.
    pub fn name(&self, id: ServiceId) -> &str {
        self.get(id).map_or("?", |s| s.name.as_str())
    }
    /// All calls, by caller id and then in call order.
    pub fn edges(&self) -> impl Iterator<Item = Edge<'_>> {
        self.services().flat_map(|(from, s)| s.calls().map(move |call| Edge { from, to: call.to, call }))
    }
    /// Who calls `id`.
    pub fn callers(&self, id: ServiceId) -> Vec<ServiceId> {
        self.services().filter(|(_, s)| s.calls().any(|c| c.to == id)).map(|(from, _)| from).collect()
    }
    /// Whom `id` calls.
    pub fn callees(&self, id: ServiceId) -> Vec<ServiceId> {
        self.get(id).map(|s| s.calls().map(|c| c.to).collect()).unwrap_or_default()
    }
    /// Whether `to` can be reached from `from` along calls (a service reaches itself).
    pub fn reaches(&self, from: ServiceId, to: ServiceId) -> bool {
        let mut seen = vec![false; self.slots.len()];
        let mut open = vec![from];
        while let Some(id) = open.pop() {
            if id == to {
                return true;
            }
            if let Some(flag) = seen.get_mut(id.index())
                && !std::mem::replace(flag, true)
            {
                open.extend(self.callees(id));
            }
        }
        false
    }
    /// The path of names of some cycle, first name repeated at the end; `None` if the graph is acyclic.
    pub fn cycle(&self) -> Option<Vec<String>> {
        let edge = self.edges().find(|e| self.reaches(e.to, e.from))?;
        let (mut path, mut at) = (vec![self.name(edge.from).to_owned()], edge.to);
        while at != edge.from && path.len() <= self.slots.len() {
            path.push(self.name(at).to_owned());
            at = self.callees(at).into_iter().find(|next| self.reaches(*next, edge.from))?;
        }
        path.push(self.name(edge.from).to_owned());
        Some(path)
    }
    /// Adds a service in a new slot and returns its id. For building; running systems are changed by [`TopologyEdit`].
    pub fn push(&mut self, service: Service) -> ServiceId {
        self.slots.push(Some(service));
        ServiceId(self.slots.len() as u32 - 1)
    }
    /// The service `id` for changing. For building; running systems are changed by [`TopologyEdit`].
    pub fn get_mut(&mut self, id: ServiceId) -> Option<&mut Service> {
        self.slots.get_mut(id.index())?.as_mut()
    }
    fn set(&mut self, id: ServiceId, service: Option<Service>) {
        while self.slots.len() <= id.index() {
            self.slots.push(None);
        }
        self.slots[id.index()] = service;
    }
}
