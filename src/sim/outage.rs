//! Nodes that go away and come back. A lost node says nothing: what was on it vanishes, and the control plane finds out
//! only because its kubelet stops reporting.

use super::World;
use super::calendar::Happening;
use super::event::{Event, Exit};
use super::instance::Life;
use super::nodes::Condition;
use crate::units::SimDuration;

/// Silence after which the node controller holds a node for lost (kube-controller-manager `--node-monitor-grace-period`:
/// 40 s until Kubernetes 1.31, 50 s since 1.32).
const NOTICED_AFTER: SimDuration = SimDuration::from_secs(40);
/// How long pods stay bound to an unreachable node (`tolerationSeconds` 300 that the `DefaultTolerationSeconds` admission
/// plugin gives every pod for `node.kubernetes.io/unreachable`).
const EVICTED_AFTER: SimDuration = SimDuration::from_secs(300);

impl World {
    /// An outage begins on a node: everything on it is gone at once, silently.
    pub(super) fn begin_outage(&mut self, node: u32) {
        let Some(state) = self.nodes.get_mut(node as usize) else { return };
        state.outages += 1;
        if state.condition != Condition::Well {
            return;
        }
        state.condition = Condition::Silent;
        state.turn = self.calendar.schedule(self.now + NOTICED_AFTER, Happening::NodeTurn, node);
        let pods = state.pods.clone();
        self.emit(Event::NodeLost { node });
        for index in pods {
            self.vanish(index);
        }
    }
    /// An outage ends. With the last one the node is back, and what is still bound to it starts again.
    pub(super) fn end_outage(&mut self, node: u32) {
        let Some(state) = self.nodes.get_mut(node as usize).filter(|n| n.outages > 0) else { return };
        state.outages -= 1;
        if state.outages > 0 || !matches!(state.condition, Condition::Silent | Condition::Unreachable) {
            return;
        }
        (state.condition, state.turn) = (Condition::Well, 0);
        let pods = state.pods.clone();
        self.emit(Event::NodeJoined { node });
        for index in pods {
            self.revive(index);
        }
        self.room_appeared();
    }

    /// The control plane notices a change of a node, or acts on it.
    pub(super) fn node_turn(&mut self, node: u32, seq: u64) {
        let Some(state) = self.nodes.get_mut(node as usize).filter(|n| n.turn == seq) else { return };
        let pods = state.pods.clone();
        match state.condition {
            Condition::Silent => {
                state.condition = Condition::Unreachable;
                state.turn = self.calendar.schedule(self.now + EVICTED_AFTER, Happening::NodeTurn, node);
                for index in pods {
                    self.refresh_traffic(index);
                }
            }
            Condition::Unreachable => {
                for index in pods {
                    self.remove_instance(index, Exit::NodeLost);
                }
            }
            Condition::Joining if state.outages > 0 => (state.condition, state.turn) = (Condition::Unreachable, 0),
            Condition::Joining => {
                state.condition = Condition::Well;
                self.emit(Event::NodeJoined { node });
                self.room_appeared();
            }
            Condition::Well => {}
        }
    }

    /// An instance's machine is gone. Callers hear nothing; until it is noticed they go on choosing it.
    fn vanish(&mut self, index: u32) {
        let Some(instance) = self.instances.get(index) else { return };
        match instance.life {
            Life::Draining => self.remove_instance(index, Exit::NodeLost),
            Life::Pending | Life::BackOff => self.stop_timers(index),
            Life::Starting | Life::Ready => {
                let was_in_service = instance.in_service;
                self.end_process(index, true);
                if let Some(instance) = self.instances.get_mut(index) {
                    instance.in_service = was_in_service;
                }
                self.cache_lost(index);
            }
        }
    }
    /// The machine is back: the kubelet starts what is bound to it.
    fn revive(&mut self, index: u32) {
        self.refresh_traffic(index);
        let now = self.now;
        let Some(instance) = self.instances.get_mut(index) else { return };
        if instance.life == Life::BackOff {
            instance.restarts += 1;
            let (service, name) = (instance.service, instance.id);
            let back_off = Some(SimDuration::ZERO);
            self.emit(Event::Exited { service, instance: name, exit: Exit::NodeLost, back_off });
        }
        let start = self.calendar.schedule(now, Happening::Start, index);
        if let Some(instance) = self.instances.get_mut(index) {
            instance.life_timer = start;
        }
    }
}
