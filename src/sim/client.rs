//! What one instance knows of a service it calls: what it has in flight there, and the guards of the edge. Each instance
//! has its own; nothing is shared between them.

use super::World;
use super::event::Event;
use super::guard::ServerState;
use super::instance::Instance;
use super::request::NOBODY;
use super::resilience::breaker::BreakerState;
use super::resilience::budget::Budget;
use super::resilience::outlier::Outliers;
use super::resilience::throttle::Throttle;
use super::slab::Slab;
use crate::ids::InstanceId;
use crate::topology::CallPolicy;
use crate::units::{SimDuration, SimTime};
use std::collections::VecDeque;

/// Slots of a callee that are counted without an allocation.
const SLOTS_INLINE: usize = 6;

/// The caller's view of one edge.
#[derive(Clone, Debug, Default)]
pub(super) struct ClientState {
    /// Round robin's place.
    pub turn: u32,
    /// Attempts in flight.
    pub in_flight: u32,
    /// Attempts in flight by slot of the callee: the first slots in place, the others apart.
    busy: [u16; SLOTS_INLINE],
    busy_beyond: Vec<u16>,
    /// Budget, breaker and the rest; `None` on a plain edge.
    pub guards: Option<Box<Guards>>,
}

/// The guards of an edge at one caller. The larger ones exist from their first use on: a fork of the world copies
/// thousands of guards, and few edges use them all.
#[derive(Clone, Debug)]
pub(super) struct Guards {
    pub budget: Budget,
    pub breaker: Option<Box<BreakerState>>,
    pub outliers: Outliers,
    pub throttle: Option<Box<Throttle>>,
    pub pool: PoolState,
}

/// A connection pool.
#[derive(Clone, Debug, Default)]
pub(super) struct PoolState {
    /// Connections that it holds.
    pub granted: u32,
    pub in_use: u32,
    /// Of those in use, the ones that nobody will ever give back.
    pub leaked: u32,
    /// Attempts that wait for one, with their stamps.
    pub waiting: VecDeque<(u32, u32)>,
}

impl Guards {
    fn new(policy: &CallPolicy) -> Self {
        Self {
            budget: Budget::new(&policy.budget),
            breaker: None,
            outliers: Outliers::new(),
            throttle: None,
            pool: PoolState::default(),
        }
    }
    /// The edge's breaker, closed at first.
    pub fn breaker(&mut self) -> &mut BreakerState {
        self.breaker.get_or_insert_with(|| Box::new(BreakerState::new()))
    }
    /// The edge's throttle, which lets everything pass at first.
    pub fn throttle(&mut self) -> &mut Throttle {
        self.throttle.get_or_insert_with(|| Box::new(Throttle::new()))
    }
}

impl ClientState {
    /// Attempts in flight to the instance in `slot`.
    #[inline]
    pub fn busy(&self, slot: u32) -> u16 {
        let slot = slot as usize;
        if slot < SLOTS_INLINE {
            return self.busy[slot];
        }
        self.busy_beyond.get(slot - SLOTS_INLINE).copied().unwrap_or(0)
    }
    fn busy_mut(&mut self, slot: u32) -> &mut u16 {
        let slot = slot as usize;
        if slot < SLOTS_INLINE {
            return &mut self.busy[slot];
        }
        let beyond = &mut self.busy_beyond;
        if beyond.len() <= slot - SLOTS_INLINE {
            beyond.resize(slot - SLOTS_INLINE + 1, 0);
        }
        &mut beyond[slot - SLOTS_INLINE]
    }
    /// An attempt goes to `slot`.
    #[inline]
    pub fn sent(&mut self, slot: u32) {
        self.in_flight += 1;
        let busy = self.busy_mut(slot);
        *busy = busy.saturating_add(1);
    }
    /// An attempt to `slot` ended.
    #[inline]
    pub fn ended(&mut self, slot: u32) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let busy = self.busy_mut(slot);
        *busy = busy.saturating_sub(1);
    }
    /// Whether the instance in `slot` is left out now.
    pub fn is_ejected(&self, slot: u32, now: SimTime) -> bool {
        self.guards.as_ref().is_some_and(|g| g.outliers.is_ejected(slot as usize, now))
    }
}

/// As [`World::client_of`], where other parts of the world are borrowed.
#[inline]
pub(super) fn client_at(instances: &mut Slab<Instance>, caller: u32, stamp: u32, local: u32) -> Option<&mut ClientState> {
    instances.get_mut(caller).filter(|i| i.stamp == stamp)?.clients.get_mut(local as usize)
}

impl World {
    /// A process starts: it knows nothing of the services it calls, opens its pools' connections as far as it gets any,
    /// and its doors have no history.
    pub(super) fn equip(&mut self, index: u32) {
        let now = self.now;
        let Some(instance) = self.instances.get_mut(index) else { return };
        let id = instance.service;
        let Some(plan) = self.plan.services.get(id.index()).copied() else { return };
        instance.clients = vec![ClientState::default(); plan.edge_count as usize];
        instance.guard =
            plan.guarded.then(|| self.topology.get(id).map(|s| Box::new(ServerState::new(&s.server, now)))).flatten();
        for edge in self.plan.edges_of[id.index()].clone() {
            self.open_pool(index, edge);
        }
        self.forget_slot(index);
    }

    /// A new instance has taken its slot: callers' records of the one before say nothing about it.
    fn forget_slot(&mut self, index: u32) {
        let Some(instance) = self.instances.get(index).filter(|i| i.restarts == 0) else { return };
        let (id, slot) = (instance.service, instance.slot as usize);
        let plan = self.plan.clone();
        for edge in plan.edges.iter().filter(|e| e.to == id && e.policy.outlier.is_some()) {
            let callers = self.services.get(edge.from.index()).and_then(Option::as_ref).map(|s| s.instances.clone());
            for caller in callers.unwrap_or_default().iter().copied() {
                let clients = self.instances.get_mut(caller).map(|i| &mut i.clients);
                if let Some(guards) = clients.and_then(|c| c.get_mut(edge.local as usize)).and_then(|c| c.guards.as_mut()) {
                    guards.outliers.forget(slot);
                }
            }
        }
    }

    /// New edges and guards after a change of the settings; what is known already is kept.
    pub(super) fn re_equip(&mut self, index: u32) {
        let now = self.now;
        let Some(instance) = self.instances.get_mut(index) else { return };
        let id = instance.service;
        let Some(plan) = self.plan.services.get(id.index()).copied() else { return };
        instance.clients.resize_with(plan.edge_count as usize, ClientState::default);
        let server = self.topology.get(id).map(|s| s.server);
        match (&mut instance.guard, server.filter(|_| plan.guarded)) {
            (guard, None) => *guard = None,
            (guard @ None, Some(server)) => *guard = Some(Box::new(ServerState::new(&server, now))),
            (Some(guard), Some(server)) => guard.set_policy(&server),
        }
        for edge in self.plan.edges_of[id.index()].clone() {
            self.open_pool(index, edge);
        }
    }

    /// Makes an edge's guards, and opens as many of its pool's connections as the callee lets it.
    pub(super) fn open_pool(&mut self, index: u32, edge: u32) {
        let plan = self.plan.edges[edge as usize];
        let Some(instance) = self.instances.get_mut(index).filter(|i| i.is_running()) else { return };
        let Some(client) = instance.clients.get_mut(plan.local as usize) else { return };
        if plan.plain {
            client.guards = None;
            return;
        }
        let guards = client.guards.get_or_insert_with(|| Box::new(Guards::new(&plan.policy)));
        let Some(pool) = plan.policy.pool else { return };
        let Some(callee) = self.services.get_mut(plan.to.index()).and_then(Option::as_mut) else { return };
        let limit = self.topology.get(plan.to).and_then(|s| s.server.connections_max).unwrap_or(u32::MAX);
        if pool.size > guards.pool.granted {
            let more = (pool.size - guards.pool.granted).min(limit.saturating_sub(callee.connections));
            guards.pool.granted += more;
            callee.connections += more;
        } else {
            callee.connections = callee.connections.saturating_sub(guards.pool.granted - pool.size);
            guards.pool.granted = pool.size;
        }
    }

    /// A process ends: its connections are closed.
    pub(super) fn unequip(&mut self, index: u32) {
        let Some(instance) = self.instances.get_mut(index) else { return };
        let id = instance.service;
        let clients = std::mem::take(&mut instance.clients);
        let edges = self.plan.edges_of.get(id.index()).into_iter().flatten();
        for edge in edges.map(|number| &self.plan.edges[*number as usize]) {
            let held = clients.get(edge.local as usize).and_then(|c| c.guards.as_ref()).map_or(0, |g| g.pool.granted);
            if let Some(callee) = self.services.get_mut(edge.to.index()).and_then(Option::as_mut) {
                callee.connections = callee.connections.saturating_sub(held);
            }
        }
    }

    /// The caller's view for a call, while the caller's process that made it still runs.
    #[inline]
    pub(super) fn client_of(&mut self, caller: u32, caller_stamp: u32, edge: u32) -> Option<&mut ClientState> {
        client_at(&mut self.instances, caller, caller_stamp, self.plan.edges[edge as usize].local)
    }

    /// Tells the caller's guards how an attempt ended.
    pub(super) fn guards_learn(&mut self, call: &super::request::CallState, outcome: super::event::Outcome) {
        let (now, edge) = (self.now, &self.plan.edges[call.edge as usize]);
        if edge.plain {
            return;
        }
        let ok = outcome == super::event::Outcome::Ok;
        let hosts = self.services.get(edge.to.index()).and_then(Option::as_ref).map_or(0, |s| s.published.len());
        let Some(client) = client_at(&mut self.instances, call.caller, call.caller_stamp, edge.local) else { return };
        let Some(guards) = client.guards.as_mut() else { return };
        guards.budget.note_outcome(now, ok);
        if edge.policy.throttle.is_some() && outcome != super::event::Outcome::Rejected {
            guards.throttle().accepted(now);
        }
        let turned = edge.policy.breaker.and_then(|policy| guards.breaker().record(&policy, now, ok));
        let ejected = edge
            .policy
            .outlier
            .filter(|_| call.at_slot != NOBODY)
            .and_then(|policy| guards.outliers.record(&policy, now, call.at_slot as usize, ok, hosts));
        if turned.is_some() || ejected.is_some() {
            self.tell(call, turned, ejected);
        }
    }

    fn tell(&mut self, call: &super::request::CallState, turned: Option<bool>, ejected: Option<SimDuration>) {
        let (from, to) = (self.plan.edges[call.edge as usize].from, self.plan.edges[call.edge as usize].to);
        let id_of = |index: u32| self.instances.get(index).map_or(InstanceId(0), |i| i.id);
        let (caller, callee) = (id_of(call.caller), id_of(call.at_instance));
        if let Some(open) = turned {
            self.emit(Event::Breaker { from, instance: caller, to, open });
        }
        if let Some(time) = ejected {
            self.emit(Event::Ejected { from, to, instance: callee, time });
        }
    }
}
