//! Changes that the healer asks for: scaling out, rolling restarts, rerouting. Each goes through the control plane,
//! needs room and time, and can fail.

use super::World;
use super::calendar::Happening;
use super::event::Event;
use super::instance::Life;
use crate::action::{Action, ActionError, ActionStatus, Receipt};
use crate::ids::{ActionId, InstanceId, ServiceId};
use crate::units::SimDuration;

/// From the request to the first effect: API server, controller and kubelet (about a second in a healthy cluster).
const CONTROL_DELAY: SimDuration = SimDuration::from_secs(1);
/// A change that makes no end of itself in this time is given up (Kubernetes waits 600 s; a rehearsal should not).
const PROGRESS_DEADLINE: SimDuration = SimDuration::from_secs(120);

/// A change under way.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub id: ActionId,
    pub action: Action,
    pub stamp: u32,
    /// Instances still to be replaced, next one last.
    pub old: Vec<InstanceId>,
    /// New instances that are not ready yet.
    pub waiting: Vec<InstanceId>,
    /// The old instance whose successor is awaited.
    pub leaving: Option<InstanceId>,
}

impl World {
    /// Asks for `action`. Accepted changes end with [`Event::ActionEnded`].
    pub fn apply(&mut self, id: ActionId, action: Action) -> Receipt {
        let status = match self.admit(action) {
            Ok(()) => self.accept(id, action),
            Err(error) => ActionStatus::Failed(error),
        };
        Receipt { id, action, at: self.now, status }
    }

    fn admit(&self, action: Action) -> Result<(), ActionError> {
        let id = action.service();
        let service = self.topology.get(id).ok_or(ActionError::NoTarget)?;
        let state = self.services.get(id.index()).and_then(Option::as_ref).ok_or(ActionError::NoTarget)?;
        if state.change.is_some() {
            return Err(ActionError::Busy);
        }
        match action {
            Action::ScaleUp { by, .. } if state.desired.saturating_add(by) > service.replicas_max => {
                Err(ActionError::AtLimit(service.replicas_max))
            }
            Action::ScaleUp { .. } | Action::Restart { .. } | Action::RerouteService { .. } => self.room_for(id),
            Action::RerouteEdge { from, to } => {
                if !self.topology.edges().any(|e| (e.from, e.to) == (from, to)) {
                    Err(ActionError::NoTarget)
                } else if self.is_rerouted(from, to) {
                    Err(ActionError::Already("the edge takes the detour".into()))
                } else {
                    Ok(())
                }
            }
        }
    }

    fn accept(&mut self, id: ActionId, action: Action) -> ActionStatus {
        let (service, stamp) = (action.service(), self.next_stamp());
        if let Some(state) = self.services[service.index()].as_mut() {
            state.change = Some(Change { id, action, stamp, old: Vec::new(), waiting: Vec::new(), leaving: None });
        }
        self.calendar.schedule(self.now + CONTROL_DELAY, Happening::ChangeBegin { service, stamp });
        self.calendar.schedule(self.now + PROGRESS_DEADLINE, Happening::ChangeDeadline { service, stamp });
        ActionStatus::Accepted
    }

    fn change_of(&mut self, service: ServiceId, stamp: u32) -> Option<&mut Change> {
        self.services.get_mut(service.index())?.as_mut()?.change.as_mut().filter(|c| c.stamp == stamp)
    }

    /// The control plane acts.
    pub(super) fn change_begin(&mut self, service: ServiceId, stamp: u32) {
        let Some(action) = self.change_of(service, stamp).map(|c| c.action) else { return };
        match action {
            Action::ScaleUp { by, .. } => self.begin_scale_up(service, by),
            Action::Restart { .. } => {
                let old = self.instance_ids(service);
                self.begin_replacing(service, old);
            }
            Action::RerouteService { .. } => {
                let old = self.slowest(service).into_iter().collect();
                self.begin_replacing(service, old);
            }
            Action::RerouteEdge { from, to } => {
                self.edges.entry((from, to)).or_default().rerouted = true;
                self.end_change(service, ActionStatus::Done);
            }
        }
    }

    fn begin_scale_up(&mut self, service: ServiceId, by: u32) {
        for _ in 0..by {
            if let Err(error) = self.room_for(service) {
                return self.end_change(service, ActionStatus::Failed(error));
            }
            if let Some(state) = self.services[service.index()].as_mut() {
                state.desired += 1;
            }
            self.spawn_awaited(service);
        }
    }

    fn begin_replacing(&mut self, service: ServiceId, mut old: Vec<InstanceId>) {
        old.reverse();
        if let Some(change) = self.services[service.index()].as_mut().and_then(|s| s.change.as_mut()) {
            change.old = old;
        }
        self.replace_next(service);
    }

    /// Starts the successor of the next old instance, or ends the change.
    fn replace_next(&mut self, service: ServiceId) {
        let Some(change) = self.services[service.index()].as_mut().and_then(|s| s.change.as_mut()) else { return };
        let Some(next) = change.old.pop() else { return self.end_change(service, ActionStatus::Done) };
        change.leaving = Some(next);
        match self.room_for(service) {
            Ok(()) => self.spawn_awaited(service),
            Err(error) => self.end_change(service, ActionStatus::Failed(error)),
        }
    }

    fn spawn_awaited(&mut self, service: ServiceId) {
        let fresh = InstanceId(self.instances_ever + 1);
        if let Some(change) = self.services[service.index()].as_mut().and_then(|s| s.change.as_mut()) {
            change.waiting.push(fresh);
        }
        self.spawn(service, false);
    }

    /// An instance became ready or went away: the change may go on.
    pub(super) fn change_progress(&mut self, service: ServiceId) {
        let Some(state) = self.services.get_mut(service.index()).and_then(Option::as_mut) else { return };
        let Some(change) = state.change.as_mut().filter(|c| !c.waiting.is_empty()) else { return };
        let is_ready =
            |id: &InstanceId| state.ready.iter().any(|i| self.instances.get(*i).is_some_and(|instance| instance.id == *id));
        change.waiting.retain(|id| !is_ready(id));
        if !change.waiting.is_empty() {
            return;
        }
        match change.leaving.take() {
            None => self.end_change(service, ActionStatus::Done),
            Some(old) => {
                if let Some(index) = self.index_of(service, old) {
                    self.drain(index);
                }
                self.replace_next(service);
            }
        }
    }

    pub(super) fn change_deadline(&mut self, service: ServiceId, stamp: u32) {
        if self.change_of(service, stamp).is_some() {
            let seconds = PROGRESS_DEADLINE.as_nanos() / crate::units::NANOS_PER_SECOND;
            self.end_change(service, ActionStatus::Failed(ActionError::Deadline(seconds)));
        }
    }

    pub(super) fn end_change(&mut self, service: ServiceId, status: ActionStatus) {
        let at = self.now;
        let Some(state) = self.services.get_mut(service.index()).and_then(Option::as_mut) else { return };
        if let Some(change) = state.change.take() {
            self.emit(Event::ActionEnded(Receipt { id: change.id, action: change.action, at, status }));
        }
    }

    fn instance_ids(&self, service: ServiceId) -> Vec<InstanceId> {
        let Some(state) = self.services[service.index()].as_ref() else { return Vec::new() };
        let staying = state.instances.iter().filter_map(|i| self.instances.get(*i)).filter(|i| i.life != Life::Draining);
        staying.map(|i| i.id).collect()
    }
    fn index_of(&self, service: ServiceId, id: InstanceId) -> Option<u32> {
        let state = self.services[service.index()].as_ref()?;
        state.instances.iter().copied().find(|i| self.instances.get(*i).is_some_and(|x| x.id == id))
    }
    /// The ready instance whose callers waited longest of late.
    fn slowest(&self, service: ServiceId) -> Option<InstanceId> {
        let state = self.services[service.index()].as_ref()?;
        let ready = state.ready.iter().filter_map(|i| self.instances.get(*i));
        ready.max_by(|a, b| a.seen_latency_ns.total_cmp(&b.seen_latency_ns).then(b.id.cmp(&a.id))).map(|i| i.id)
    }
}
