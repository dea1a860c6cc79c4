//! The pipeline's own small copy of the declared system: names, kinds, limits, who calls whom. It is what a manifest
//! would say; nothing in it is measured. Ids index it; a removed service is a hole.

use crate::ids::ServiceId;
use crate::telemetry::Subject;
use crate::topology::{Call, Objective, ServiceKind, Topology};
use crate::units::{Millicores, SimDuration};

/// One declared service.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub name: String,
    pub kind: ServiceKind,
    pub replicas_max: u32,
    pub callees: Vec<ServiceId>,
    pub callers: Vec<ServiceId>,
    /// What its users may expect, if it is an entry.
    pub objective: Option<Objective>,
    /// How it calls each of `callees`, in the same order.
    terms: Vec<Terms>,
    pub cpu_limit: Millicores,
    pub cpu_request: Millicores,
    /// Voluntary disruptions leave at least this many ready (`PodDisruptionBudget`).
    pub ready_min: u32,
}

/// What is declared of how one service calls another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Terms {
    pub attempts: u8,
    pub timeout: SimDuration,
    pub pool: Option<u32>,
    /// The caller can do without.
    pub is_optional: bool,
    /// A breaker of its own closes it when calls fail.
    pub has_breaker: bool,
}

/// The declared system.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wiring {
    nodes: Vec<Option<Node>>,
}

impl Wiring {
    /// Copies what the brain may know of a topology.
    pub fn of(topology: &Topology) -> Self {
        let mut nodes: Vec<Option<Node>> = (0..topology.slots()).map(|i| node(topology, ServiceId(i as u32))).collect();
        for edge in topology.edges() {
            if let Some(Some(callee)) = nodes.get_mut(edge.to.index())
                && !callee.callers.contains(&edge.from)
            {
                callee.callers.push(edge.from);
            }
        }
        Self { nodes }
    }
    /// The service `id`, unless it is gone.
    pub fn get(&self, id: ServiceId) -> Option<&Node> {
        self.nodes.get(id.index())?.as_ref()
    }
    /// Declared services in id order.
    pub fn ids(&self) -> impl Iterator<Item = ServiceId> + '_ {
        self.nodes.iter().enumerate().filter(|(_, n)| n.is_some()).map(|(i, _)| ServiceId(i as u32))
    }
    /// The name of `id`, or `?` if it is gone.
    pub fn name(&self, id: ServiceId) -> &str {
        self.get(id).map_or("?", |n| n.name.as_str())
    }
    /// Whom `id` calls, each once.
    pub fn callees(&self, id: ServiceId) -> &[ServiceId] {
        self.get(id).map_or(&[], |n| n.callees.as_slice())
    }
    /// Who calls `id`, each once.
    pub fn callers(&self, id: ServiceId) -> &[ServiceId] {
        self.get(id).map_or(&[], |n| n.callers.as_slice())
    }
    /// How `from` is declared to call `to`.
    pub fn terms(&self, from: ServiceId, to: ServiceId) -> Option<Terms> {
        let node = self.get(from)?;
        let at = node.callees.iter().position(|id| *id == to)?;
        node.terms.get(at).copied()
    }
    /// Whether emptying `id` loses something: it is not stateless.
    pub fn keeps_state(&self, id: ServiceId) -> bool {
        self.get(id).is_some_and(|n| n.kind != ServiceKind::Stateless)
    }
    /// Whether `id` depends on `other`, directly or not.
    pub fn depends_on(&self, id: ServiceId, other: ServiceId) -> bool {
        let (mut open, mut seen) = (vec![id], vec![id]);
        while let Some(next) = open.pop() {
            for callee in self.callees(next) {
                if *callee == other {
                    return true;
                }
                if !seen.contains(callee) {
                    seen.push(*callee);
                    open.push(*callee);
                }
            }
        }
        false
    }
    /// Declared edges by caller, then in call order.
    pub fn edges(&self) -> impl Iterator<Item = (ServiceId, ServiceId)> + '_ {
        self.ids().flat_map(|from| self.callees(from).iter().map(move |to| (from, *to)))
    }
    /// Whether the subject is declared.
    pub fn knows(&self, subject: Subject) -> bool {
        match subject {
            Subject::Service(id) => self.get(id).is_some(),
            Subject::Edge { from, to } => self.callees(from).contains(&to),
        }
    }
    /// Whether the healer may act on `id`: declared, and not a client.
    pub fn is_healable(&self, id: ServiceId) -> bool {
        self.get(id).is_some_and(|n| n.kind != ServiceKind::Client)
    }
}

fn node(topology: &Topology, id: ServiceId) -> Option<Node> {
    let service = topology.get(id)?;
    let (mut callees, mut terms) = (Vec::new(), Vec::new());
    for call in service.calls() {
        if topology.get(call.to).is_some() && !callees.contains(&call.to) {
            callees.push(call.to);
            let Call { policy, optional, .. } = call;
            let (attempts, pool) = (policy.attempts_max, policy.pool.map(|pool| pool.size));
            let has_breaker = policy.breaker.is_some();
            terms.push(Terms { attempts, timeout: policy.timeout, pool, is_optional: *optional, has_breaker });
        }
    }
    Some(Node {
        name: service.name.clone(),
        kind: service.kind,
        replicas_max: service.replicas_max,
        callees,
        callers: Vec::new(),
        terms,
        cpu_limit: service.cpu_limit,
        cpu_request: service.cpu_request,
        ready_min: service.ready_min,
        objective: service.is_entry().then_some(service.objective),
    })
}
