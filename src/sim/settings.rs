//! Changes of settings that an operator makes by hand: policies of calls, limits at a service's door, traffic. Each is
//! effective when the control plane has acted, and then done; several may be under way at once.

use super::World;
use super::calendar::Happening;
use super::change::CONTROL_DELAY;
use super::event::Event;
use crate::action::{Action, ActionError, ActionStatus, Receipt};
use crate::ids::{ActionId, ServiceId};
use crate::topology::{CallPolicy, Jitter, Pool, RateLimit, ServerPolicy, Shedding};
use crate::units::{Ratio, SimDuration};
use std::sync::Arc;

/// How long a call waits for a connection of a pool that is made by hand (HikariCP `connectionTimeout`: 30 s).
const POOL_WAIT: SimDuration = SimDuration::from_secs(30);

/// What is being set by hand at a service, and what was there before.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    /// Accepted, with the event in which each becomes effective.
    under_way: Vec<(u64, ActionId, Action)>,
    /// Set by hand in place of these.
    shedding: Option<Shedding>,
    rate_limit: Option<Option<RateLimit>>,
}

impl World {
    pub(super) fn accept_setting(&mut self, id: ActionId, action: Action) {
        let service = action.service();
        let seq = self.calendar.schedule(self.now + CONTROL_DELAY, Happening::ChangeStep, service.0);
        if let Some(state) = self.services[service.index()].as_mut() {
            state.settings.under_way.push((seq, id, action));
        }
    }
    /// Carries out the setting that becomes effective with event `seq`; false if there is none.
    pub(super) fn setting_step(&mut self, service: ServiceId, seq: u64) -> bool {
        let Some(settings) = self.services.get_mut(service.index()).and_then(|s| Some(&mut s.as_mut()?.settings)) else {
            return false;
        };
        let Some(at) = settings.under_way.iter().position(|s| s.0 == seq) else { return false };
        let (_, id, action) = settings.under_way.remove(at);
        let status = match self.set(action) {
            Ok(()) => ActionStatus::Done,
            Err(error) => ActionStatus::Failed(error),
        };
        self.emit(Event::ActionEnded(Receipt { id, action, at: self.now, status }));
        true
    }
    /// The service goes: what was under way for it fails.
    pub(super) fn end_settings(&mut self, service: ServiceId) {
        let Some(state) = self.services[service.index()].as_mut() else { return };
        for (_, id, action) in std::mem::take(&mut state.settings.under_way) {
            let status = ActionStatus::Failed(ActionError::NoTarget);
            self.emit(Event::ActionEnded(Receipt { id, action, at: self.now, status }));
        }
    }

    /// Makes a setting effective.
    fn set(&mut self, action: Action) -> Result<(), ActionError> {
        // The world may have changed since it was accepted.
        self.admit(action)?;
        match action {
            Action::DrainZone { service, zone } => self.drain_zone(service, zone, true),
            Action::UndrainZone { service, zone } => self.drain_zone(service, zone, false),
            Action::PauseRollOut { service } => self.pause_roll_out(service, true),
            Action::ResumeRollOut { service } => self.pause_roll_out(service, false),
            Action::Shed { service, percent } => self.set_shedding(service, percent),
            Action::RateLimit { service, per_s } => self.set_rate_limit(service, per_s),
            Action::FlushQueue { service } => self.flush_queues(service),
            Action::WarmCache { service } => self.warm_cache(service),
            Action::UncordonNode { node, .. } => {
                self.nodes[node as usize].is_cordoned = false;
                self.room_appeared();
            }
            Action::ThrottleEntry { entry, percent } => self.set_admitted(entry, percent),
            Action::SetAttempts { from, to, attempts } => self.set_policy(from, to, |p| p.attempts_max = attempts),
            Action::SetTimeout { from, to, timeout } => self.set_policy(from, to, |p| p.timeout = timeout),
            Action::SetPool { from, to, size } => {
                self.set_policy(from, to, |p| {
                    p.pool = Some(Pool { size, wait_max: p.pool.map_or(POOL_WAIT, |pool| pool.wait_max) });
                });
            }
            Action::AddJitter { from, to } => self.set_policy(from, to, |p| p.jitter = Jitter::Full),
            _ => self.switch_edge(action)?,
        }
        Ok(())
    }

    fn switch_edge(&mut self, action: Action) -> Result<(), ActionError> {
        let (from, to) = action.edge().ok_or(ActionError::NoTarget)?;
        let edge = self.plan.edge_between(from, to).ok_or(ActionError::NoTarget)?;
        let state = self.edges.get_mut(edge as usize).ok_or(ActionError::NoTarget)?;
        match action {
            Action::RerouteEdge { .. } => state.rerouted = true,
            Action::RestoreEdge { .. } => state.rerouted = false,
            Action::OpenBreaker { .. } => state.closed = true,
            Action::CloseBreaker { .. } => state.closed = false,
            _ => {}
        }
        Ok(())
    }
    fn drain_zone(&mut self, id: ServiceId, zone: u8, is_drained: bool) {
        let Some(state) = self.services[id.index()].as_mut() else { return };
        let bit = 1_u16 << (zone & 15);
        state.zones_drained = if is_drained { state.zones_drained | bit } else { state.zones_drained & !bit };
        for index in state.instances.clone().iter().copied() {
            self.refresh_traffic(index);
        }
    }
    fn set_shedding(&mut self, id: ServiceId, percent: u8) {
        let Some(present) = self.topology.get(id).map(|s| s.server.shedding) else { return };
        let Some(settings) = self.services[id.index()].as_mut().map(|s| &mut s.settings) else { return };
        let shedding = if percent > 0 {
            settings.shedding.get_or_insert(present);
            Shedding::Share(Ratio::saturating(f64::from(percent) / 100.0))
        } else {
            settings.shedding.take().unwrap_or(Shedding::None)
        };
        self.set_server(id, |server| server.shedding = shedding);
    }
    fn set_rate_limit(&mut self, id: ServiceId, per_s: u32) {
        let Some(present) = self.topology.get(id).map(|s| s.server.rate_limit) else { return };
        let Some(settings) = self.services[id.index()].as_mut().map(|s| &mut s.settings) else { return };
        let limit = if per_s > 0 {
            settings.rate_limit.get_or_insert(present);
            // A tenth of a second's worth may come at once, as smooth gateways allow.
            let per_s = f64::from(per_s);
            Some(RateLimit { per_s, burst: (per_s / 10.0).max(1.0) })
        } else {
            settings.rate_limit.take().flatten()
        };
        self.set_server(id, |server| server.rate_limit = limit);
    }
    fn set_server(&mut self, id: ServiceId, change: impl FnOnce(&mut ServerPolicy)) {
        if let Some(service) = Arc::make_mut(&mut self.topology).get_mut(id) {
            change(&mut service.server);
            self.compile(id);
        }
    }
    fn set_policy(&mut self, from: ServiceId, to: ServiceId, change: impl Fn(&mut CallPolicy)) {
        if let Some(service) = Arc::make_mut(&mut self.topology).get_mut(from) {
            service.calls_mut().filter(|c| c.to == to).for_each(|call| change(&mut call.policy));
            self.compile(from);
        }
    }
    fn set_admitted(&mut self, entry: ServiceId, percent: u8) {
        if let Some(state) = self.services[entry.index()].as_mut() {
            state.entry.admitted = f64::from(percent) / 100.0;
        }
    }
    /// Drops what waits: callers see a reset.
    fn flush_queues(&mut self, id: ServiceId) {
        for index in self.services[id.index()].as_ref().map(|s| s.instances.clone()).unwrap_or_default().iter().copied() {
            let waiting = self.instances.get_mut(index).map(|i| std::mem::take(&mut i.queue)).unwrap_or_default();
            for request in waiting {
                self.lose_request(request, false);
            }
            self.retire_if_empty(index);
        }
    }
}
