//! The life of an instance: it is created, gets a place, its process starts, becomes ready, crashes, is restarted by the
//! kubelet, drains and goes.

use super::World;
use super::calendar::Happening;
use super::event::{Event, Exit};
use super::instance::{Instance, Life};
use crate::ids::{InstanceId, ServiceId};
use crate::topology::ServiceKind;
use crate::units::SimDuration;
use std::sync::Arc;

/// How often a leaking instance's memory is looked at.
const LEAK_CHECK: SimDuration = SimDuration::from_millis(100);
/// How long a draining instance stays although it is empty, beyond the time in which callers learn that it goes: messages
/// to it may still be on the way.
const LINGER: SimDuration = SimDuration::from_millis(500);
/// How long a draining instance may finish its requests (Kubernetes `terminationGracePeriodSeconds`: 30 s).
const GRACE: SimDuration = SimDuration::from_secs(30);

impl World {
    /// Creates an instance. It waits for room if there is none; its process starts as soon as the image is there, or is
    /// ready at once if the world begins.
    pub(super) fn spawn(&mut self, id: ServiceId, at_start: bool) -> Option<InstanceId> {
        let cores = self.topology.get(id)?.cpu_limit.cores().max(0.001);
        let (slot, version) = (self.free_slot(id), self.version_of(id)?);
        let name = self.next_instance_id();
        let mut instance = Instance::new(name, id, slot, cores, self.now);
        (instance.version, instance.stamp) = (version, self.next_stamp());
        let index = self.instances.insert(instance);
        if let Some(state) = self.services[id.index()].as_mut() {
            Arc::make_mut(&mut state.instances).push(index);
        }
        if !self.place(index) {
            self.wait_for_room(index);
        } else if at_start {
            self.pull_time(index);
            self.boot(index);
            self.come_up(index, true);
        } else {
            self.begin_start(index);
        }
        Some(name)
    }
    /// The lowest number that no instance of the service has.
    fn free_slot(&self, id: ServiceId) -> u32 {
        let Some(state) = self.services[id.index()].as_ref() else { return 0 };
        let mut taken: Vec<u32> = state.instances.iter().filter_map(|i| self.instances.get(*i)).map(|i| i.slot).collect();
        taken.sort_unstable();
        let gap = taken.iter().zip(0..).find(|(slot, expected)| *slot != expected);
        gap.map_or(taken.len() as u32, |(_, slot)| slot)
    }
    /// An instance has got its place: the kubelet there pulls the image, then starts the process.
    pub(super) fn begin_start(&mut self, index: u32) {
        let pull = self.pull_time(index);
        let at = self.now + pull;
        let timer = if self.is_node_up(index) { self.calendar.schedule(at, Happening::Start, index) } else { 0 };
        if let Some(instance) = self.instances.get_mut(index) {
            instance.life_timer = timer;
        }
    }
    /// Whether the machine under an instance works.
    pub(super) fn is_node_up(&self, index: u32) -> bool {
        let node = self.instances.get(index).map_or(u32::MAX, |i| i.node);
        self.nodes.get(node as usize).is_none_or(super::nodes::NodeState::is_up)
    }

    /// Whether the machine under an instance has not gone, noticed or not.
    pub(super) fn is_node_well(&self, index: u32) -> bool {
        let node = self.instances.get(index).map_or(u32::MAX, |i| i.node);
        self.nodes.get(node as usize).is_none_or(|n| n.condition == super::nodes::Condition::Well)
    }

    /// The kubelet starts the process.
    pub(super) fn start(&mut self, index: u32, seq: u64) {
        let Some(instance) = self.instances.get(index).filter(|i| i.life_timer == seq) else { return };
        let Some(service) = self.topology.get(instance.service) else { return };
        let event = Event::Started { service: instance.service, instance: instance.id };
        let ready = self.calendar.schedule(self.now + service.startup, Happening::Ready, index);
        self.boot(index);
        if let Some(instance) = self.instances.get_mut(index) {
            instance.life_timer = ready;
        }
        self.emit(event);
    }
    fn boot(&mut self, index: u32) {
        let (now, stamp) = (self.now, self.next_stamp());
        let Some(instance) = self.instances.get_mut(index) else { return };
        (instance.life, instance.since, instance.stamp) = (Life::Starting, now, stamp);
        self.equip(index);
        self.refresh_neighbours(index);
    }
    /// On a node with a noisy neighbour everybody's share depends on who else runs.
    fn refresh_neighbours(&mut self, index: u32) {
        let node = self.instances.get(index).map_or(u32::MAX, |i| i.node) as usize;
        if self.nodes.get(node).is_some_and(|n| n.noise > 0.0) {
            self.refresh_node(node);
        } else {
            self.refresh_speed(index);
        }
    }

    /// The process has started.
    pub(super) fn process_ready(&mut self, index: u32, seq: u64) {
        if self.instances.get(index).is_some_and(|i| i.life_timer == seq && i.life == Life::Starting) {
            self.come_up(index, false);
        }
    }
    /// The process works; with a readiness probe callers come only after the probe has passed, except that a world begins
    /// with instances that have.
    fn come_up(&mut self, index: u32, has_passed: bool) {
        let now = self.now;
        let Some(instance) = self.instances.get_mut(index) else { return };
        (instance.life, instance.since, instance.life_timer) = (Life::Ready, now, 0);
        self.begin_probes(index, has_passed);
        self.refresh_traffic(index);
        self.begin_leak(index);
        self.begin_crash_timer(index);
    }
    /// Puts an instance into service or takes it out, as its life, its probes, its zone and its node say.
    pub(super) fn refresh_traffic(&mut self, index: u32) {
        let Some(instance) = self.instances.get(index) else { return };
        let Some(state) = self.services.get(instance.service.index()).and_then(Option::as_ref) else { return };
        let is_drained = instance.zone < 16 && state.zones_drained >> instance.zone & 1 == 1;
        let may = instance.is_available() && !is_drained && self.is_node_up(index);
        if may == instance.in_service {
            return;
        }
        let (service, instance) = (instance.service, instance.id);
        self.set_in_service(index, may);
        self.emit(if may { Event::BecameReady { service, instance } } else { Event::BecameUnready { service, instance } });
        self.wake(service);
    }
    fn set_in_service(&mut self, index: u32, may: bool) {
        let Some(instance) = self.instances.get_mut(index).filter(|i| i.in_service != may) else { return };
        instance.in_service = may;
        let id = instance.service;
        if let Some(state) = self.services[id.index()].as_mut() {
            let ready = Arc::make_mut(&mut state.ready);
            ready.retain(|i| *i != index);
            if may {
                ready.push(index);
            }
        }
        self.endpoints_changed(id);
    }

    /// Starts or goes on watching the memory of an instance of a leaking service.
    pub(super) fn begin_leak(&mut self, index: u32) {
        let now = self.now;
        let Some(instance) = self.instances.get_mut(index) else { return };
        let rate = self.services[instance.service.index()].as_ref().map_or(0.0, |s| s.leak_mib_per_s);
        if rate > 0.0 && !instance.leaking && instance.is_running() {
            instance.leaking = true;
            instance.leaked_at = now;
            instance.leak_timer = self.calendar.schedule(now + LEAK_CHECK, Happening::Leak, index);
        }
    }
    /// Books what an instance leaked since the last look; call before the leak's rate changes.
    pub(super) fn book_leak(&mut self, index: u32) {
        let now = self.now;
        let Some(instance) = self.instances.get_mut(index).filter(|i| i.leaking) else { return };
        let rate = self.services[instance.service.index()].as_ref().map_or(0.0, |s| s.leak_mib_per_s);
        instance.leaked_mib += rate * now.since(instance.leaked_at).as_secs_f64();
        instance.leaked_at = now;
        instance.leaking = rate > 0.0;
    }
    pub(super) fn leak(&mut self, index: u32, seq: u64) {
        if self.instances.get(index).is_none_or(|i| i.leak_timer != seq || !i.leaking) {
            return;
        }
        self.book_leak(index);
        let timer = self.calendar.schedule(self.now + LEAK_CHECK, Happening::Leak, index);
        if let Some(instance) = self.instances.get_mut(index).filter(|i| i.leaking) {
            instance.leak_timer = timer;
            self.check_memory(index, 0);
        }
    }

    /// Lets an instance of a crash-looping service live only so long.
    pub(super) fn begin_crash_timer(&mut self, index: u32) {
        let now = self.now;
        let Some(instance) = self.instances.get_mut(index).filter(|i| i.life == Life::Ready) else { return };
        let Some(state) = self.services[instance.service.index()].as_ref() else { return };
        if let Some(seconds) = state.crash_after_s {
            let at = now + SimDuration::from_secs_f64(seconds);
            instance.crash_timer = self.calendar.schedule(at, Happening::CrashExit, index);
        }
    }
    pub(super) fn crash_exit(&mut self, index: u32, seq: u64) {
        let Some(instance) = self.instances.get(index).filter(|i| i.crash_timer == seq) else { return };
        if self.services[instance.service.index()].as_ref().is_some_and(|s| s.crash_after_s.is_some()) {
            self.exit(index, Exit::Crashed);
        }
    }

    /// The process ends: everything in it fails, and the kubelet starts it again after its back-off.
    pub(super) fn exit(&mut self, index: u32, exit: Exit) {
        let now = self.now;
        let Some(instance) = self.instances.get_mut(index).filter(|i| i.is_running()) else { return };
        if instance.life == Life::Draining {
            return self.remove_instance(index, exit);
        }
        let (service, name) = (instance.service, instance.id);
        let wait = instance.next_back_off(now);
        instance.restarts += 1;
        self.set_in_service(index, false);
        self.emit(Event::Exited { service, instance: name, exit, back_off: Some(wait) });
        self.end_process(index, false);
        self.cache_lost(index);
        let timer = self.calendar.schedule(now + wait, Happening::Start, index);
        if let Some(instance) = self.instances.get_mut(index) {
            instance.life_timer = timer;
        }
        self.wake(service);
    }
    /// The process is gone, and so is everything in it.
    pub(super) fn end_process(&mut self, index: u32, silently: bool) {
        let (now, stamp) = (self.now, self.next_stamp());
        self.stop_timers(index);
        self.unequip(index);
        let Some(instance) = self.instances.get_mut(index) else { return };
        (instance.life, instance.since, instance.stamp) = (Life::BackOff, now, stamp);
        instance.forget_process(now);
        let lost = take_requests(instance);
        self.refresh_neighbours(index);
        for request in lost {
            self.lose_request(request, silently);
        }
    }
    /// Nothing that was to happen to the instance by itself happens any more.
    pub(super) fn stop_timers(&mut self, index: u32) {
        if let Some(instance) = self.instances.get_mut(index) {
            (instance.life_timer, instance.leak_timer, instance.crash_timer, instance.grace_timer) = (0, 0, 0, 0);
            instance.probes.stop();
        }
    }
    /// A cache's instance takes what it kept along.
    pub(super) fn cache_lost(&mut self, index: u32) {
        let Some(id) = self.instances.get(index).map(|i| i.service) else { return };
        if self.topology.get(id).is_some_and(|s| s.kind == ServiceKind::Cache) {
            self.cache_instance_lost(id);
        }
    }

    /// Takes an instance out of load balancing; it goes when it is empty or its grace is over.
    pub(super) fn drain(&mut self, index: u32) {
        let now = self.now;
        let Some(instance) = self.instances.get(index).filter(|i| i.life != Life::Draining) else { return };
        if !instance.is_running() {
            return self.remove_instance(index, Exit::Retired);
        }
        self.set_in_service(index, false);
        self.stop_timers(index);
        let timer = self.calendar.schedule(now + self.cluster.endpoint_delay + LINGER, Happening::GraceOver, index);
        if let Some(instance) = self.instances.get_mut(index) {
            (instance.life, instance.since, instance.grace_timer) = (Life::Draining, now, timer);
            let event = Event::Draining { service: instance.service, instance: instance.id };
            self.emit(event);
        }
        self.begin_leak_again(index);
    }
    /// A draining process goes on leaking.
    fn begin_leak_again(&mut self, index: u32) {
        self.book_leak(index);
        if let Some(instance) = self.instances.get_mut(index) {
            instance.leaking = false;
        }
        self.begin_leak(index);
    }
    pub(super) fn retire_if_empty(&mut self, index: u32) {
        let Some(instance) = self.instances.get(index).filter(|i| i.life == Life::Draining) else { return };
        if instance.load() == 0 && self.now.since(instance.since) >= self.cluster.endpoint_delay + LINGER {
            self.remove_instance(index, Exit::Retired);
        }
    }
    pub(super) fn grace_over(&mut self, index: u32, seq: u64) {
        let now = self.now;
        let Some(instance) = self.instances.get_mut(index).filter(|i| i.grace_timer == seq) else { return };
        if now.since(instance.since) >= GRACE {
            return self.remove_instance(index, Exit::Retired);
        }
        let at = (instance.since + GRACE).max(now);
        instance.grace_timer = self.calendar.schedule(at, Happening::GraceOver, index);
        self.retire_if_empty(index);
    }

    /// An instance leaves for good; what is in it fails.
    pub(super) fn remove_instance(&mut self, index: u32, exit: Exit) {
        let Some(instance) = self.instances.get(index) else { return };
        let (id, name, was_running) = (instance.service, instance.id, instance.is_running());
        self.set_in_service(index, false);
        if was_running {
            self.end_process(index, exit == Exit::NodeLost);
            self.cache_lost(index);
        }
        self.unreserve(index);
        let Some(instance) = self.instances.remove(index) else { return };
        self.cpu_gone[id.index()] += instance.cpu.busy_core_ns(self.now);
        self.restarts_gone[id.index()] += instance.restarts;
        if let Some(state) = self.services[id.index()].as_mut() {
            Arc::make_mut(&mut state.instances).retain(|i| *i != index);
        }
        self.emit(Event::Exited { service: id, instance: name, exit, back_off: None });
        self.wake(id);
    }
}

fn take_requests(instance: &mut Instance) -> Vec<u32> {
    let mut lost = std::mem::take(&mut instance.active);
    lost.extend(std::mem::take(&mut instance.queue));
    lost
}
