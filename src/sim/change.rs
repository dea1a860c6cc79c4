//! Changes that the healer asks for and that move instances: scaling, restarts, moving, rolling back. Each goes through
//! the control plane, needs room and time, and can fail. Changes of settings are in [`super::settings`], what is checked
//! before one is accepted in [`super::admit`].
//!
//! A service has at most one such change under way; only a roll-back takes the place of another.

use super::World;
use super::calendar::Happening;
use super::event::{Event, Exit};
use super::instance::Life;
use crate::action::{Action, ActionError, ActionStatus, Receipt};
use crate::ids::{ActionId, InstanceId, ServiceId};
use crate::units::{NANOS_PER_SECOND, SimDuration};

/// From the request to the first effect: API server, controller and kubelet (about a second in a healthy cluster).
pub(super) const CONTROL_DELAY: SimDuration = SimDuration::from_secs(1);
/// A change that makes no end of itself in this time is given up. Ours, and short, because a rehearsal should not wait;
/// roll-outs have the deadline of their service instead (Kubernetes: 600 s).
const DEADLINE: SimDuration = SimDuration::from_secs(120);
/// From the fencing of a failed primary until another takes over (assumption: the order of what managed databases take
/// to elect and promote, without the detection).
const ELECTION: SimDuration = SimDuration::from_secs(5);

/// A change under way.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub id: ActionId,
    pub action: Action,
    /// The event in which the control plane acts next, and the one in which the change is given up.
    step: u64,
    deadline: u64,
    has_begun: bool,
    /// Instances still to be moved, the next one last.
    old: Vec<InstanceId>,
    /// Instances that must become ready.
    waiting: Vec<InstanceId>,
    /// The old instance whose successor is awaited: until then there is one more than wanted.
    pub leaving: Option<InstanceId>,
}

impl Change {
    /// Whether it ends with the service's roll-out.
    const fn is_roll_out(&self) -> bool {
        matches!(self.action, Action::Restart { .. } | Action::Resize { .. } | Action::RollBack { .. })
    }
}

impl World {
    /// Asks for `action`. Accepted changes end with [`Event::ActionEnded`].
    pub fn apply(&mut self, id: ActionId, action: Action) -> Receipt {
        let status = match self.admit(action) {
            Ok(()) => {
                self.accept(id, action);
                ActionStatus::Accepted
            }
            Err(error) => ActionStatus::Failed(error),
        };
        Receipt { id, action, at: self.now, status }
    }
    /// What [`World::apply`] would answer at first; nothing is done.
    pub fn rehearse(&self, id: ActionId, action: Action) -> Receipt {
        let status = self.admit(action).map_or_else(ActionStatus::Failed, |()| ActionStatus::Rehearsed);
        Receipt { id, action, at: self.now, status }
    }
    /// Whether a change of `id` that moves instances is under way.
    #[must_use]
    pub fn is_changing(&self, id: ServiceId) -> bool {
        self.services.get(id.index()).and_then(Option::as_ref).is_some_and(|s| s.change.is_some())
    }

    fn accept(&mut self, id: ActionId, action: Action) {
        let service = action.service();
        if !action.is_structural() {
            return self.accept_setting(id, action);
        }
        if matches!(action, Action::RollBack { .. }) {
            self.end_change(service, ActionStatus::Failed(ActionError::Superseded));
        }
        let step = self.calendar.schedule(self.now + CONTROL_DELAY, Happening::ChangeStep, service.0);
        let mut change =
            Change { id, action, step, deadline: 0, has_begun: false, old: Vec::new(), waiting: Vec::new(), leaving: None };
        if !change.is_roll_out() {
            change.deadline = self.calendar.schedule(self.now + DEADLINE, Happening::ChangeDeadline, service.0);
        }
        if let Some(state) = self.services[service.index()].as_mut() {
            state.change = Some(change);
        }
    }

    fn change_mut(&mut self, service: ServiceId) -> Option<&mut Change> {
        self.services.get_mut(service.index())?.as_mut()?.change.as_mut()
    }

    /// The control plane acts.
    pub(super) fn change_step(&mut self, service: u32, seq: u64) {
        let id = ServiceId(service);
        if self.setting_step(id, seq) {
            return;
        }
        let Some(change) = self.change_mut(id).filter(|c| c.step == seq) else { return };
        change.step = 0;
        if std::mem::replace(&mut change.has_begun, true) {
            return self.end_election(id);
        }
        match change.action {
            Action::ScaleUp { by, .. } => self.begin_scaling(id, self.desired(id).saturating_add(by)),
            Action::ScaleTo { replicas, .. } => self.begin_scaling(id, replicas),
            Action::Restart { .. } => self.roll_restart(id),
            Action::Resize { cpu, .. } => self.roll_out_resized(id, cpu),
            Action::RollBack { .. } => self.begin_rolling_back(id),
            Action::RerouteService { .. } => self.begin_succession(id),
            Action::Evict { instance, .. } => self.begin_moving(id, vec![instance]),
            Action::CordonNode { node, .. } => self.begin_cordoning(id, node),
            Action::FailOver { .. } => self.begin_election(id),
            _ => self.end_change(id, ActionStatus::Done),
        }
        self.change_progress(id);
    }
    fn desired(&self, id: ServiceId) -> u32 {
        self.services[id.index()].as_ref().map_or(0, |s| s.desired)
    }

    fn begin_scaling(&mut self, id: ServiceId, to: u32) {
        for _ in self.desired(id)..to {
            if let Err(error) = self.room_for(id) {
                return self.end_change(id, ActionStatus::Failed(error));
            }
            self.want(id, self.desired(id) + 1, false);
            self.spawn_awaited(id);
        }
        self.want(id, to, false);
    }
    fn begin_rolling_back(&mut self, id: ServiceId) {
        if !self.roll_back(id) {
            self.end_change(id, ActionStatus::Done);
        }
    }
    /// A successor of the slowest instance starts; then that one leaves.
    fn begin_succession(&mut self, id: ServiceId) {
        let slowest = self.slowest(id);
        if let Some(change) = self.change_mut(id) {
            change.leaving = slowest;
        }
        if slowest.is_some() {
            self.spawn_awaited(id);
        }
    }
    fn begin_cordoning(&mut self, id: ServiceId, node: u32) {
        if let Some(state) = self.nodes.get_mut(node as usize) {
            state.is_cordoned = true;
        }
        let Some(state) = self.services[id.index()].as_ref() else { return };
        let there = state.instances.iter().filter_map(|i| self.instances.get(*i));
        let old = there.filter(|i| i.stays() && i.node == node).map(|i| i.id).collect();
        self.begin_moving(id, old);
    }
    fn begin_moving(&mut self, id: ServiceId, mut old: Vec<InstanceId>) {
        old.reverse();
        if let Some(change) = self.change_mut(id) {
            change.old = old;
        }
    }
    /// The slowest instance is fenced off: no new requests, until it is restarted after the election.
    fn begin_election(&mut self, id: ServiceId) {
        let Some(slowest) = self.slowest(id) else { return };
        let step = self.calendar.schedule(self.now + ELECTION, Happening::ChangeStep, id.0);
        if let Some(change) = self.change_mut(id) {
            (change.step, change.waiting) = (step, vec![slowest]);
        }
        self.fence(id, slowest, true);
    }
    fn end_election(&mut self, id: ServiceId) {
        let Some(fenced) = self.change_mut(id).and_then(|c| c.waiting.first().copied()) else { return };
        self.fence(id, fenced, false);
        if let Some(index) = self.index_of(id, fenced) {
            self.exit(index, Exit::Killed);
        }
    }
    fn fence(&mut self, id: ServiceId, instance: InstanceId, is_fenced: bool) {
        let Some(index) = self.index_of(id, instance) else { return };
        if let Some(instance) = self.instances.get_mut(index) {
            instance.probes.is_fenced = is_fenced;
        }
        if is_fenced {
            self.refresh_traffic(index);
        }
    }
    fn spawn_awaited(&mut self, id: ServiceId) {
        if let Some(fresh) = self.spawn(id, false)
            && let Some(change) = self.change_mut(id)
        {
            change.waiting.push(fresh);
        }
    }

    /// Something about the service's instances changed: the change may go on or be at its end.
    pub(super) fn change_progress(&mut self, id: ServiceId) {
        self.move_next(id);
        let Some(state) = self.services.get_mut(id.index()).and_then(Option::as_mut) else { return };
        let Some(change) = state.change.as_mut().filter(|c| c.has_begun && c.step == 0 && !c.is_roll_out()) else { return };
        // An instance that is gone is not waited for.
        let is_awaited = |id: &InstanceId| {
            let mut there = state.instances.iter().filter_map(|i| self.instances.get(*i));
            there.any(|i| i.id == *id && !i.is_available() && i.life != Life::Draining)
        };
        change.waiting.retain(is_awaited);
        if !change.waiting.is_empty() || !change.old.is_empty() {
            return;
        }
        let leaving = change.leaving.take();
        if let Some(index) = leaving.and_then(|old| self.index_of(id, old)) {
            self.drain(index);
        }
        self.end_change(id, ActionStatus::Done);
    }
    /// Moves the next instances as far as the disruption budget allows: each goes, its successor starts.
    fn move_next(&mut self, id: ServiceId) {
        while let Some(next) = self.change_mut(id).and_then(|c| c.old.last().copied()) {
            if let Some(index) = self.index_of(id, next) {
                if self.spare(id, index).is_err() {
                    return;
                }
                self.drain(index);
                self.spawn_awaited(id);
            }
            if let Some(change) = self.change_mut(id) {
                change.old.pop();
            }
        }
    }
    /// Whether an instance can be spared: the disruption budget counts ready ones.
    pub(super) fn spare(&self, id: ServiceId, index: u32) -> Result<(), ActionError> {
        let (Some(service), Some(state)) = (self.topology.get(id), self.services[id.index()].as_ref()) else { return Ok(()) };
        // An instance on a machine that is gone is not spared but given up: it serves nobody.
        let (ready, in_service) = (state.ready.len() as u32, state.ready.contains(&index) && self.is_node_well(index));
        if in_service && ready <= service.ready_min { Err(ActionError::Budget(ready, service.ready_min)) } else { Ok(()) }
    }

    pub(super) fn change_deadline(&mut self, service: u32, seq: u64) {
        let id = ServiceId(service);
        if self.change_mut(id).is_some_and(|c| c.deadline == seq) {
            let seconds = DEADLINE.as_nanos() / NANOS_PER_SECOND;
            self.end_change(id, ActionStatus::Failed(ActionError::Deadline(seconds)));
        }
    }
    /// The roll-out of a service ended, or failed.
    pub(super) fn end_rolling_change(&mut self, id: ServiceId, status: ActionStatus) {
        if self.change_mut(id).is_some_and(|c| c.has_begun && c.is_roll_out()) {
            self.end_change(id, status);
        }
    }
    pub(super) fn end_change(&mut self, id: ServiceId, status: ActionStatus) {
        let at = self.now;
        let Some(state) = self.services.get_mut(id.index()).and_then(Option::as_mut) else { return };
        if let Some(change) = state.change.take() {
            if let (Action::FailOver { .. }, Some(fenced)) = (change.action, change.waiting.first()) {
                self.fence(id, *fenced, false);
                self.index_of(id, *fenced).into_iter().for_each(|index| self.refresh_traffic(index));
            }
            self.emit(Event::ActionEnded(Receipt { id: change.id, action: change.action, at, status }));
            self.wake(id);
        }
    }

    pub(super) fn index_of(&self, service: ServiceId, id: InstanceId) -> Option<u32> {
        let state = self.services.get(service.index())?.as_ref()?;
        state.instances.iter().copied().find(|i| self.instances.get(*i).is_some_and(|x| x.id == id))
    }
    /// The ready instance whose callers waited longest of late.
    pub(super) fn slowest(&self, service: ServiceId) -> Option<InstanceId> {
        let state = self.services[service.index()].as_ref()?;
        let ready = state.ready.iter().filter_map(|i| self.instances.get(*i));
        ready.max_by(|a, b| a.seen_latency_ns.total_cmp(&b.seen_latency_ns).then(b.id.cmp(&a.id))).map(|i| i.id)
    }
}
