//! What is checked before an action is accepted: that its target exists, its amount makes sense, there is room, nothing
//! else is under way, and the disruption budget allows it.

use super::World;
use super::service::ServiceState;
use crate::action::{Action, ActionError};
use crate::ids::ServiceId;
use crate::topology::{Service, ServiceKind};
use crate::units::SimDuration;

/// Largest CPU limit: a thousand cores.
const CPU_MAX: u32 = 1_000_000;
/// Time-outs that make sense.
const TIMEOUTS: (SimDuration, SimDuration) = (SimDuration::from_millis(1), SimDuration::from_secs(3_600));
/// Most connections of a pool.
const POOL_MAX: u32 = 10_000;
/// Most attempts of a call ([`crate::topology::CallPolicy`]).
const ATTEMPTS_MAX: u8 = 10;

fn unfit<T>(why: &str) -> Result<T, ActionError> {
    Err(ActionError::Unfit(why.to_owned()))
}
fn already<T>(what: &str) -> Result<T, ActionError> {
    Err(ActionError::Already(what.to_owned()))
}
fn ensure(holds: bool, why: &str) -> Result<(), ActionError> {
    if holds { Ok(()) } else { unfit(why) }
}

impl World {
    /// Whether `action` can be taken on now.
    pub(super) fn admit(&self, action: Action) -> Result<(), ActionError> {
        let id = action.service();
        let service = self.topology.get(id).ok_or(ActionError::NoTarget)?;
        let state = self.services.get(id.index()).and_then(Option::as_ref).ok_or(ActionError::NoTarget)?;
        if action.is_structural() && state.change.is_some() && !matches!(action, Action::RollBack { .. }) {
            return Err(ActionError::Busy);
        }
        match action {
            _ if action.edge().is_some() => self.admit_edge(action),
            _ if action.is_structural() => self.admit_structural(action, id, service, state),
            _ => self.admit_setting(action, id, service, state),
        }
    }

    fn admit_structural(
        &self,
        action: Action,
        id: ServiceId,
        service: &Service,
        state: &ServiceState,
    ) -> Result<(), ActionError> {
        match action {
            Action::ScaleUp { by, .. } => self.admit_scaling(id, service, state, state.desired.saturating_add(by)),
            Action::ScaleTo { replicas, .. } if replicas == state.desired => already("it has as many instances as that"),
            Action::ScaleTo { replicas: 0, .. } => unfit("at least one instance must stay"),
            Action::ScaleTo { replicas, .. } => self.admit_scaling(id, service, state, replicas),
            Action::RerouteService { .. } => self.room_for(id),
            Action::Restart { .. } => self.admit_replacing(id, service, state),
            Action::Resize { cpu, .. } if cpu == service.cpu_limit => already("it has this CPU limit"),
            Action::Resize { cpu, .. } => {
                ensure((1..=CPU_MAX).contains(&cpu.0), "the CPU limit must be 1m to 1,000,000m")?;
                self.admit_replacing(id, service, state)
            }
            Action::Evict { instance, .. } => {
                let index = self.index_of(id, instance).ok_or(ActionError::NoTarget)?;
                self.spare(id, index)
            }
            Action::CordonNode { node, .. } => {
                let is_cordoned = self.nodes.get(node as usize).ok_or(ActionError::NoTarget)?.is_cordoned;
                let stays = |i: &u32| self.instances.get(*i).is_some_and(|i| i.stays() && i.node == node);
                // A node may be cordoned for several services in turn: each leaves it.
                if is_cordoned && !state.instances.iter().any(stays) { already("the node is cordoned") } else { Ok(()) }
            }
            Action::FailOver { .. } => {
                ensure(service.kind == ServiceKind::Database, "only a database fails over")?;
                if state.ready.is_empty() { Err(ActionError::NoTarget) } else { Ok(()) }
            }
            _ if state.versions.has_past() => Ok(()),
            _ => already("there is no earlier version or configuration"),
        }
    }
    fn admit_scaling(&self, id: ServiceId, service: &Service, state: &ServiceState, to: u32) -> Result<(), ActionError> {
        if to > service.replicas_max {
            return Err(ActionError::AtLimit(service.replicas_max));
        }
        if to > state.desired { self.room_for(id) } else { Ok(()) }
    }
    /// Where nothing may be missing, a successor must find room before anything goes.
    fn admit_replacing(&self, id: ServiceId, service: &Service, state: &ServiceState) -> Result<(), ActionError> {
        let (_, missing) = super::replicas::allowances(&service.roll_out, state.desired);
        let nothing_may_miss = missing == 0 || state.desired.saturating_sub(missing) < service.ready_min;
        if nothing_may_miss { self.room_for(id) } else { Ok(()) }
    }

    fn admit_setting(&self, action: Action, id: ServiceId, service: &Service, state: &ServiceState) -> Result<(), ActionError> {
        match action {
            Action::DrainZone { zone, .. } => self.admit_draining(id, service, state, zone),
            Action::UndrainZone { zone, .. } if zone < 16 && state.zones_drained >> zone & 1 == 1 => Ok(()),
            Action::UndrainZone { .. } => already("the zone takes traffic"),
            Action::PauseRollOut { .. } | Action::ResumeRollOut { .. } if !state.versions.is_rolling() => {
                already("no roll-out is under way")
            }
            Action::PauseRollOut { .. } if state.versions.is_paused() => already("the roll-out is paused"),
            Action::ResumeRollOut { .. } if !state.versions.is_paused() => already("the roll-out is not paused"),
            Action::Shed { percent, .. } | Action::ThrottleEntry { percent, .. } => {
                ensure(percent <= 100, "the share must be 0 to 100 %")
            }
            Action::WarmCache { .. } => ensure(service.kind == ServiceKind::Cache, "only a cache can be warmed"),
            Action::UncordonNode { node, .. } => {
                let node = self.nodes.get(node as usize).ok_or(ActionError::NoTarget)?;
                if node.is_cordoned { Ok(()) } else { already("the node is not cordoned") }
            }
            _ => Ok(()),
        }
    }
    fn admit_draining(&self, id: ServiceId, service: &Service, state: &ServiceState, zone: u8) -> Result<(), ActionError> {
        if zone >= self.cluster.zone_count() {
            return Err(ActionError::NoTarget);
        }
        if state.zones_drained >> zone & 1 == 1 {
            return already("the zone is drained");
        }
        let elsewhere = state.ready.iter().filter_map(|i| self.instances.get(*i)).filter(|i| i.zone != zone).count() as u32;
        let stay = service.ready_min.max(1);
        let is_there = self.services[id.index()].iter().flat_map(|s| s.ready.iter()).count() as u32 > elsewhere;
        if is_there && elsewhere < stay { Err(ActionError::Budget(elsewhere, stay)) } else { Ok(()) }
    }

    fn admit_edge(&self, action: Action) -> Result<(), ActionError> {
        let (from, to) = action.edge().ok_or(ActionError::NoTarget)?;
        let drawn = self.topology.edges().find(|e| (e.from, e.to) == (from, to)).ok_or(ActionError::NoTarget)?;
        let edge = self.plan.edge_between(from, to).ok_or(ActionError::NoTarget)?;
        let (state, policy) = (&self.edges[edge as usize], drawn.call.policy);
        match action {
            Action::RerouteEdge { .. } if state.rerouted => already("the edge takes the detour"),
            Action::RestoreEdge { .. } if !state.rerouted => already("the edge takes the direct path"),
            Action::OpenBreaker { .. } if state.closed => already("the edge is closed"),
            Action::CloseBreaker { .. } if !state.closed => already("the edge is not closed by hand"),
            Action::SetAttempts { attempts, .. } => {
                ensure((1..=ATTEMPTS_MAX).contains(&attempts), "a call makes 1 to 10 attempts")?;
                if attempts == policy.attempts_max { already("it makes as many attempts as that") } else { Ok(()) }
            }
            Action::SetTimeout { timeout, .. } => {
                ensure((TIMEOUTS.0..=TIMEOUTS.1).contains(&timeout), "a time-out is 1 ms to 1 h")?;
                if timeout == policy.timeout { already("it waits as long as that") } else { Ok(()) }
            }
            Action::SetPool { size, .. } => ensure((1..=POOL_MAX).contains(&size), "a pool has 1 to 10,000 connections"),
            _ => Ok(()),
        }
    }
}
