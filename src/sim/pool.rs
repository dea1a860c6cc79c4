//! Connection pools of callers: taking a connection, waiting for one, giving it back, and leaks: connections that are taken and
//! never given back.
//!
//! A leak is what an error path without a `close` does: a share of the attempts keeps its connection, so that how soon a pool is
//! empty follows from its size and from how often it is used. What leaked is in use for as long as the process lives, and
//! closed with it; a larger pool only lasts longer.
//!
//! Bounds: one book an edge with a pool; who waits is bounded by the caller's requests in work, and who has given up leaves.

use super::World;
use super::calendar::Happening;
use super::client::{PoolState, client_at};
use super::event::Rejection;
use super::fault::{FaultKind, FaultTarget};
use super::request::{CallState, Phase};
use crate::ids::ServiceId;
use crate::rng;
use crate::units::SimDuration;
use std::collections::BTreeMap;

const LEAK: u64 = rng::label("pool leak");

/// What came of the pools of one edge, all callers' processes together, since the run's start.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PoolBook {
    /// Share of attempts that keep their connection (fault).
    leak: f64,
    counts: PoolCounts,
}

/// Counters of an edge's pools since the run's start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolCounts {
    /// Attempts that got a connection.
    pub taken: u64,
    /// Attempts that gave up waiting for one.
    pub gave_up: u64,
    /// Nanoseconds that both waited.
    pub waited_ns: u64,
    /// Nanoseconds for which connections that were given back had been taken.
    pub used_ns: u64,
}

/// The pools of one edge, all callers' instances together, as their exporters tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolGauges {
    /// The edge's number in this run, as in [`super::Event::Attempted`].
    pub edge: u32,
    /// The caller.
    pub from: ServiceId,
    /// The callee.
    pub to: ServiceId,
    /// Connections that there are.
    pub size: u32,
    /// Of these, taken.
    pub in_use: u32,
    /// Attempts that wait for one.
    pub waiting: u32,
    /// Counters since the run's start.
    pub counts: PoolCounts,
}

impl World {
    /// Takes a connection of the pool, or waits in line for one.
    pub(super) fn take_connection(&mut self, index: u32) {
        let now = self.now;
        let Some(call) = self.calls.get(index).copied() else { return };
        self.open_pool(call.caller, call.edge);
        let wait_max = self.plan.edges[call.edge as usize].policy.pool.map_or(SimDuration::ZERO, |p| p.wait_max);
        let stamp = self.next_stamp();
        let Some(pool) = self.pool_of(call.caller, call.caller_stamp, call.edge) else { return };
        if pool.in_use < pool.granted {
            pool.in_use += 1;
            if let Some(call) = self.calls.get_mut(index) {
                call.pooled = true;
            }
            self.book(call.edge).counts.taken += 1;
            return self.attempt(index);
        }
        pool.waiting.push_back((index, stamp));
        let timer = self.calendar.schedule(now + wait_max, Happening::CallTimer, index);
        if let Some(call) = self.calls.get_mut(index) {
            (call.stamp, call.phase, call.timer, call.attempt_at) = (stamp, Phase::Pool, timer, now);
        }
    }

    /// An attempt has waited for a connection as long as it may.
    pub(super) fn give_up_waiting(&mut self, index: u32) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(index) else { return };
        call.attempt += 1;
        let call = *call;
        let counts = &mut self.book(call.edge).counts;
        counts.gave_up += 1;
        counts.waited_ns += now.since(call.attempt_at).as_nanos();
        self.unmade(index, Rejection::PoolTimeout);
        self.clear_line(&call);
    }
    /// Those at the head of the line who have given up leave it: nobody may ever give a connection back.
    fn clear_line(&mut self, call: &CallState) {
        let local = self.plan.edges[call.edge as usize].local;
        let client = client_at(&mut self.instances, call.caller, call.caller_stamp, local);
        let Some(pool) = client.and_then(|c| c.guards.as_mut()).map(|g| &mut g.pool) else { return };
        let is_over = |(waiting, stamp): &(u32, u32)| {
            self.calls.get(*waiting).is_none_or(|c| c.stamp != *stamp || c.phase != Phase::Pool || c.pooled)
        };
        while pool.waiting.front().is_some_and(is_over) {
            pool.waiting.pop_front();
        }
    }

    /// Gives the attempt's connection, if it has one, to the next in line, unless it leaks.
    pub(super) fn give_back(&mut self, index: u32) {
        let Some(call) = self.calls.get_mut(index).filter(|c| c.pooled) else { return };
        call.pooled = false;
        let (call, now) = (*call, self.now);
        let book = self.book(call.edge);
        let key = || rng::fold(rng::fold(call.key, LEAK), u64::from(call.attempt));
        let leaks = book.leak > 0.0 && rng::chance(key(), book.leak);
        if !leaks {
            book.counts.used_ns += now.since(call.attempt_at).as_nanos();
            return self.pass_on(call.caller, call.caller_stamp, call.edge);
        }
        if let Some(pool) = self.pool_of(call.caller, call.caller_stamp, call.edge) {
            pool.leaked += 1;
            // After an edit of the calls, which begins to count anew, fewer may be counted than are held.
            pool.in_use = pool.in_use.max(pool.leaked);
        }
    }
    /// A connection of a caller's process is free: the next in line gets it. That one is sent in an event of its own: where
    /// attempts fail at once, the line would otherwise be worked off in one chain of calls as long as itself.
    fn pass_on(&mut self, caller: u32, caller_stamp: u32, edge: u32) {
        loop {
            let Some(pool) = self.pool_of(caller, caller_stamp, edge) else { return };
            let next = if pool.in_use <= pool.granted { pool.waiting.pop_front() } else { None };
            let Some((next, stamp)) = next else {
                pool.in_use = pool.in_use.saturating_sub(1).max(pool.leaked);
                return;
            };
            let now = self.now;
            if let Some(waiting) = self.calls.get_mut(next).filter(|c| c.stamp == stamp && c.phase == Phase::Pool) {
                waiting.pooled = true;
                waiting.timer = self.calendar.schedule(now, Happening::CallTimer, next);
                let waited_ns = now.since(waiting.attempt_at).as_nanos();
                let counts = &mut self.book(edge).counts;
                counts.taken += 1;
                counts.waited_ns += waited_ns;
                return;
            }
        }
    }
    fn pool_of(&mut self, caller: u32, caller_stamp: u32, edge: u32) -> Option<&mut PoolState> {
        let client = self.client_of(caller, caller_stamp, edge)?;
        client.guards.as_mut().map(|guards| &mut guards.pool)
    }
    fn book(&mut self, edge: u32) -> &mut PoolBook {
        self.pools.entry(edge).or_default()
    }

    /// Whether calls of this service, to `to` if that is given, take connections of a pool.
    pub(super) fn has_pool(&self, from: ServiceId, to: Option<ServiceId>) -> bool {
        let calls = self.topology.get(from).into_iter().flat_map(crate::topology::Service::calls);
        calls.filter(|c| to.is_none_or(|to| c.to == to)).any(|c| c.policy.pool.is_some())
    }
    /// Derives from the active faults which pools leak. Where none leaks any more what leaked is closed, as when the program is
    /// mended: two leaks of one edge are two faults of the program.
    pub(super) fn refresh_pools(&mut self) {
        let mut shares: BTreeMap<u32, f64> = self.pools.keys().map(|edge| (*edge, 0.0)).collect();
        for fault in self.faults.iter().filter(|f| f.spec.kind == FaultKind::PoolLeak) {
            let edges: Vec<u32> = match fault.spec.target {
                FaultTarget::Edge { from, to } => self.plan.edge_between(from, to).into_iter().collect(),
                FaultTarget::Service(id) => self.plan.edges_of.get(id.index()).cloned().unwrap_or_default(),
                _ => Vec::new(),
            };
            for edge in edges {
                let share = shares.entry(edge).or_default();
                *share = 1.0 - (1.0 - *share) * (1.0 - fault.spec.magnitude);
            }
        }
        for (edge, share) in shares {
            let had = self.pools.get(&edge).map_or(0.0, |book| book.leak);
            if share > 0.0 || had > 0.0 {
                self.book(edge).leak = share;
            }
            if share == 0.0 && had > 0.0 {
                self.close_leaked(edge);
            }
        }
    }
    /// What leaked of an edge's connections is closed, and others take their place.
    fn close_leaked(&mut self, edge: u32) {
        let plan = self.plan.edges[edge as usize];
        let instances = self.services.get(plan.from.index()).and_then(Option::as_ref).map(|s| s.instances.clone());
        for index in instances.iter().flat_map(|i| i.iter()).copied() {
            let Some(stamp) = self.instances.get(index).map(|i| i.stamp) else { continue };
            let client = client_at(&mut self.instances, index, stamp, plan.local);
            let Some(guards) = client.and_then(|c| c.guards.as_mut()) else { continue };
            for _ in 0..std::mem::take(&mut guards.pool.leaked) {
                self.pass_on(index, stamp, edge);
            }
        }
    }

    /// The pools of each edge that has used any, as exporters tell them.
    pub fn pool_gauges(&self) -> impl Iterator<Item = PoolGauges> + '_ {
        let edges = self.pools.iter().map(|(edge, book)| (*edge, self.plan.edges[*edge as usize], book.counts));
        edges.filter(|(_, plan, _)| plan.policy.pool.is_some()).map(|(edge, plan, counts)| {
            let mut gauges = PoolGauges { edge, from: plan.from, to: plan.to, size: 0, in_use: 0, waiting: 0, counts };
            let state = self.services.get(plan.from.index()).and_then(Option::as_ref);
            let instances = state.into_iter().flat_map(|s| s.instances.iter()).filter_map(|i| self.instances.get(*i));
            let clients = instances.filter(|i| i.is_running()).filter_map(|i| i.clients.get(plan.local as usize));
            for pool in clients.filter_map(|c| c.guards.as_ref()).map(|g| &g.pool) {
                gauges.size += pool.granted;
                gauges.in_use += pool.in_use;
                gauges.waiting += pool.waiting.len() as u32;
            }
            gauges
        })
    }
}
