//! What the user draws: services, their calls, their limits. Plain data; nothing here runs.
//!
//! A [`Topology`] is indexed by [`ServiceId`]; a removed service leaves a hole, so an id means one service for the
//! whole run. Calls live with their caller, grouped in *stages*: stages run one after the other, the calls of one
//! stage run in parallel. The graph of calls whose callers wait is acyclic (checked by every edit), because a cycle of
//! synchronous calls would never end.

mod client;
mod cluster;
mod distribution;
mod edit;
mod endpoint;
mod scale;
mod server;
mod service;
mod workload;

pub use client::{AdaptiveThrottle, Balancing, Breaker, CallPolicy, Jitter, OutlierEjection, Pool, RetryBudget, RetryOn};
pub use cluster::{Autoscaler, Cluster, Network, Node, Probe, Probes, RollOut};
pub use distribution::{Distribution, Shape};
pub use edit::{EditError, TopologyEdit};
pub use endpoint::{CacheLookup, Call, CallMode, Endpoint, Step};
pub use scale::{SCALE_MAX, Shrink};
pub use server::{CoDel, ConcurrencyLimit, Heap, QueueOrder, RateLimit, ServerPolicy, Shedding, WarmUp};
pub use service::{Demand, Objective, Service, ServiceKind};
pub use workload::{Arrivals, RateChange, Workload};

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
    /// All edges, by caller id and then in call order. Several calls between the same two services are one edge, with
    /// the first call's settings.
    pub fn edges(&self) -> impl Iterator<Item = Edge<'_>> {
        self.services().flat_map(|(from, s)| {
            let first = move |(i, call): &(usize, &Call)| s.calls().take(*i).all(|earlier| earlier.to != call.to);
            s.calls().enumerate().filter(first).map(move |(_, call)| Edge { from, to: call.to, call })
        })
    }
    /// Who calls `id`.
    pub fn callers(&self, id: ServiceId) -> Vec<ServiceId> {
        self.services().filter(|(_, s)| s.calls().any(|c| c.to == id)).map(|(from, _)| from).collect()
    }
    /// Whom `id` calls.
    pub fn callees(&self, id: ServiceId) -> Vec<ServiceId> {
        self.edges_of(id, |_| true)
    }
    /// Whether `to` can be reached from `from` along calls (a service reaches itself).
    pub fn reaches(&self, from: ServiceId, to: ServiceId) -> bool {
        self.is_path(from, to, |_| true)
    }
    /// Whether a request at `from` may have to wait for `to`: along calls whose caller waits.
    pub fn waits_for(&self, from: ServiceId, to: ServiceId) -> bool {
        self.is_path(from, to, waits)
    }
    fn edges_of(&self, id: ServiceId, counts: fn(&Call) -> bool) -> Vec<ServiceId> {
        let mut callees: Vec<ServiceId> = Vec::new();
        for call in self.get(id).into_iter().flat_map(Service::calls).filter(|call| counts(call)) {
            if !callees.contains(&call.to) {
                callees.push(call.to);
            }
        }
        callees
    }
    fn is_path(&self, from: ServiceId, to: ServiceId, counts: fn(&Call) -> bool) -> bool {
        let mut seen = vec![false; self.slots.len()];
        let mut open = vec![from];
        while let Some(id) = open.pop() {
            if id == to {
                return true;
            }
            if let Some(flag) = seen.get_mut(id.index())
                && !std::mem::replace(flag, true)
            {
                open.extend(self.edges_of(id, counts));
            }
        }
        false
    }
    /// The path of names of some cycle of calls whose callers wait, first name repeated at the end; `None` if there is
    /// none. Hand-offs and asynchronous calls hold nobody, so they may go round.
    pub fn cycle(&self) -> Option<Vec<String>> {
        let mut done = vec![false; self.slots.len()];
        for (start, _) in self.services() {
            let mut path = vec![start];
            let mut open = vec![self.edges_of(start, waits)];
            while let Some(left) = open.last_mut() {
                let Some(next) = left.pop() else {
                    open.pop();
                    done[path.pop()?.index()] = true;
                    continue;
                };
                if let Some(from) = path.iter().position(|id| *id == next) {
                    let names = path[from..].iter().chain([&next]).map(|id| self.name(*id).to_owned());
                    return Some(names.collect());
                }
                if done.get(next.index()).is_some_and(|done| !done) {
                    path.push(next);
                    open.push(self.edges_of(next, waits));
                }
            }
        }
        None
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

fn waits(call: &Call) -> bool {
    call.mode == CallMode::Wait
}
