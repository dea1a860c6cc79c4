//! The platform's side: instances start, become ready, crash, are restarted by the kubelet, drain and go.

use super::World;
use super::calendar::Happening;
use super::event::{Event, Exit};
use super::instance::{Instance, Life};
use super::request::Request;
use crate::action::ActionError;
use crate::ids::ServiceId;
use crate::units::SimDuration;

/// How often a leaking instance's memory is looked at.
const LEAK_CHECK: SimDuration = SimDuration::from_millis(100);
/// How long a draining instance stays although it is empty: messages to it may still be on the way, because callers
/// learn of the change late (endpoint propagation takes 0.5 to 2 s in real clusters).
const LINGER: SimDuration = SimDuration::from_secs(1);
/// How long a draining instance may finish its requests (Kubernetes `terminationGracePeriodSeconds`).
const GRACE: SimDuration = SimDuration::from_secs(30);

impl World {
    /// Whether the nodes have room for one more instance of `id`.
    pub(super) fn room_for(&self, id: ServiceId) -> Result<(), ActionError> {
        let service = self.topology.get(id).ok_or(ActionError::NoTarget)?;
        let (mut cpu, mut memory) = (0_u32, 0.0_f64);
        for other in self.instances.iter().filter_map(|(_, i)| self.topology.get(i.service)) {
            cpu = cpu.saturating_add(other.cpu_request.0);
            memory += other.memory_request.0;
        }
        let free = self.cluster_cpu.0.saturating_sub(cpu);
        if service.cpu_request.0 > free || memory + service.memory_request.0 > self.cluster_memory.0 {
            return Err(ActionError::NoRoom(service.cpu_request.0, free));
        }
        Ok(())
    }

    /// Creates an instance; its process starts at once, or is ready at once if the world begins.
    pub(super) fn spawn(&mut self, id: ServiceId, at_start: bool) {
        let Some(service) = self.topology.get(id) else { return };
        let cores = service.cpu_limit.cores().max(0.001);
        let instance = Instance::new(self.next_instance_id(), id, cores, self.now);
        let index = self.instances.insert(instance);
        let stamp = self.next_stamp();
        if let Some(instance) = self.instances.get_mut(index) {
            instance.stamp = stamp;
        }
        if let Some(state) = self.services[id.index()].as_mut() {
            state.instances.push(index);
        }
        if at_start {
            self.ready(index, stamp);
        } else {
            self.start(index, stamp);
        }
    }

    /// The process starts.
    pub(super) fn start(&mut self, index: u32, stamp: u32) {
        let now = self.now;
        let Some(instance) = self.instances.get_mut(index).filter(|i| i.stamp == stamp) else { return };
        let Some(service) = self.topology.get(instance.service) else { return };
        instance.life = Life::Starting;
        instance.since = now;
        let event = Event::Started { service: instance.service, instance: instance.id };
        self.calendar.schedule(now + service.startup, Happening::Ready { instance: index, stamp });
        self.emit(event);
    }

    /// The readiness probe passes: traffic comes.
    pub(super) fn ready(&mut self, index: u32, stamp: u32) {
        let now = self.now;
        let Some(instance) = self.instances.get_mut(index).filter(|i| i.stamp == stamp) else { return };
        if instance.life == Life::Draining {
            return;
        }
        instance.life = Life::Ready;
        instance.since = now;
        let (id, event) = (instance.service, Event::BecameReady { service: instance.service, instance: instance.id });
        if let Some(state) = self.services[id.index()].as_mut() {
            state.ready.push(index);
        }
        self.emit(event);
        self.begin_leak(index);
        self.begin_crash_timer(index);
        self.change_progress(id);
    }

    /// Starts or goes on watching the memory of an instance of a leaking service.
    pub(super) fn begin_leak(&mut self, index: u32) {
        let now = self.now;
        let Some(instance) = self.instances.get_mut(index) else { return };
        let rate = self.services[instance.service.index()].as_ref().map_or(0.0, |s| s.leak_mib_per_s);
        if rate > 0.0 && !instance.leaking && instance.is_running() {
            instance.leaking = true;
            instance.leaked_at = now;
            self.calendar.schedule(now + LEAK_CHECK, Happening::Leak { instance: index, stamp: instance.stamp });
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

    pub(super) fn leak(&mut self, index: u32, stamp: u32) {
        if self.instances.get(index).is_none_or(|i| i.stamp != stamp || !i.leaking) {
            return;
        }
        self.book_leak(index);
        if self.instances.get(index).is_some_and(|i| i.leaking) {
            self.calendar.schedule(self.now + LEAK_CHECK, Happening::Leak { instance: index, stamp });
            self.check_memory(index);
        }
    }

    /// Lets an instance of a crash-looping service live only so long.
    pub(super) fn begin_crash_timer(&mut self, index: u32) {
        let Some(instance) = self.instances.get(index).filter(|i| i.life == Life::Ready) else { return };
        let Some(state) = self.services[instance.service.index()].as_ref() else { return };
        if let Some(seconds) = state.crash_after_s {
            let at = self.now + SimDuration::from_secs_f64(seconds);
            self.calendar.schedule(at, Happening::CrashExit { instance: index, stamp: instance.stamp });
        }
    }

    pub(super) fn crash_exit(&mut self, index: u32, stamp: u32) {
        let Some(instance) = self.instances.get(index).filter(|i| i.stamp == stamp) else { return };
        if self.services[instance.service.index()].as_ref().is_some_and(|s| s.crash_after_s.is_some()) {
            self.exit(index, Exit::Crashed);
        }
    }

    /// The process ends: everything in it fails, and the kubelet starts it again after its back-off.
    pub(super) fn exit(&mut self, index: u32, exit: Exit) {
        let (now, stamp) = (self.now, self.next_stamp());
        let Some(instance) = self.instances.get_mut(index).filter(|i| i.is_running()) else { return };
        if instance.life == Life::Draining {
            return self.remove_instance(index, exit);
        }
        let (id, name) = (instance.service, instance.id);
        let wait = instance.next_back_off(now);
        instance.life = Life::BackOff;
        instance.since = now;
        instance.stamp = stamp;
        instance.restarts += 1;
        instance.leaked_mib = 0.0;
        instance.leaking = false;
        instance.cpu.clear(now);
        instance.effects.retain(|e| e.1 == super::fault::FaultKind::Latency);
        let lost = take_requests(instance);
        if let Some(state) = self.services[id.index()].as_mut() {
            state.ready.retain(|i| *i != index);
        }
        self.emit(Event::Exited { service: id, instance: name, exit, back_off: Some(wait) });
        self.calendar.schedule(now + wait, Happening::Start { instance: index, stamp });
        self.lose(lost);
    }

    /// Requests that died with their instance: callers see a reset connection.
    fn lose(&mut self, lost: Vec<u32>) {
        for index in lost {
            if let Some(request) = self.requests.remove(index) {
                self.lose_one(&request);
            }
        }
    }
    fn lose_one(&mut self, request: &Request) {
        let latency = self.now.since(request.arrived_at);
        self.emit(Event::Served { service: request.service, latency, ok: false });
        self.answer(request, false);
    }

    /// Takes an instance out of load balancing; it goes when it is empty or its grace is over.
    pub(super) fn drain(&mut self, index: u32) {
        let now = self.now;
        let Some(instance) = self.instances.get_mut(index) else { return };
        if !instance.is_running() {
            return self.remove_instance(index, Exit::Retired);
        }
        (instance.life, instance.since) = (Life::Draining, now);
        let (id, stamp) = (instance.service, instance.stamp);
        if let Some(state) = self.services[id.index()].as_mut() {
            state.ready.retain(|i| *i != index);
        }
        for wait in [LINGER, GRACE] {
            self.calendar.schedule(now + wait, Happening::GraceOver { instance: index, stamp });
        }
    }
    pub(super) fn retire_if_empty(&mut self, index: u32) {
        let Some(instance) = self.instances.get(index).filter(|i| i.life == Life::Draining) else { return };
        if instance.load() == 0 && self.now.since(instance.since) >= LINGER {
            self.remove_instance(index, Exit::Retired);
        }
    }
    pub(super) fn grace_over(&mut self, index: u32, stamp: u32) {
        let Some(instance) = self.instances.get(index).filter(|i| i.stamp == stamp && i.life == Life::Draining) else { return };
        if self.now.since(instance.since) >= GRACE {
            self.remove_instance(index, Exit::Retired);
        } else {
            self.retire_if_empty(index);
        }
    }

    /// An instance leaves for good; what is in it fails.
    pub(super) fn remove_instance(&mut self, index: u32, exit: Exit) {
        let now = self.now;
        let Some(mut instance) = self.instances.remove(index) else { return };
        let id = instance.service;
        self.cpu_gone[id.index()] += instance.cpu.busy_core_ns(now);
        self.restarts_gone[id.index()] += instance.restarts;
        if let Some(state) = self.services[id.index()].as_mut() {
            state.instances.retain(|i| *i != index);
            state.ready.retain(|i| *i != index);
        }
        self.emit(Event::Exited { service: id, instance: instance.id, exit, back_off: None });
        self.lose(take_requests(&mut instance));
        self.change_progress(id);
    }
}

fn take_requests(instance: &mut Instance) -> Vec<u32> {
    let mut lost = std::mem::take(&mut instance.active);
    lost.extend(std::mem::take(&mut instance.queue));
    lost
}
