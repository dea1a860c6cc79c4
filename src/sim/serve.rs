//! One request at one service: routed, queued, worked on, answered.

use super::World;
use super::calendar::Happening;
use super::event::Event;
use super::instance::Life;
use super::request::{ReplyTo, Request};
use super::service::memory_mib;
use crate::rng;
use crate::units::SimDuration;

const CPU: u64 = rng::label("cpu");
const WAIT: u64 = rng::label("wait");
const ERROR: u64 = rng::label("error");
const BURST: u64 = rng::label("burst");
const PICK: u64 = rng::label("pick");
const ANSWER: u64 = rng::label("answer");

impl World {
    /// Chooses the instance for a request: the less loaded of two drawn at random (power of two choices, the
    /// least-request balancing of Envoy). False if none is ready.
    pub(super) fn route(&mut self, index: u32) -> bool {
        let Some(request) = self.requests.get(index) else { return false };
        let Some(state) = self.services.get(request.service.index()).and_then(Option::as_ref) else { return false };
        let count = state.ready.len() as u32;
        let choice = match count {
            0 => return false,
            1 => state.ready[0],
            _ => {
                let key = rng::fold(request.key, PICK);
                let first = rng::below(key, count);
                let second = (first + 1 + rng::below(rng::fold(key, 1), count - 1)) % count;
                let (a, b) = (state.ready[first as usize], state.ready[second as usize]);
                let load = |i: u32| self.instances.get(i).map_or(usize::MAX, super::instance::Instance::load);
                if load(b) < load(a) { b } else { a }
            }
        };
        let stamp = self.instances.get(choice).map_or(0, |i| i.stamp);
        if let Some(request) = self.requests.get_mut(index) {
            (request.instance, request.instance_stamp) = (choice, stamp);
        }
        true
    }

    /// The request's message reaches its instance.
    pub(super) fn deliver(&mut self, index: u32) {
        let now = self.now;
        let Some(request) = self.requests.get_mut(index) else { return };
        request.arrived_at = now;
        let (id, at, stamp) = (request.service, request.instance, request.instance_stamp);
        let Some(service) = self.topology.get(id) else { return self.turn_away(index) };
        let (workers, queue_len_max) = (service.workers as usize, service.queue_len_max as usize);
        let Some(instance) = self.instances.get_mut(at) else { return self.turn_away(index) };
        if instance.stamp != stamp || instance.life == Life::BackOff {
            return self.turn_away(index);
        }
        if instance.active.len() < workers {
            self.begin(index);
        } else if instance.queue.len() < queue_len_max {
            instance.queue.push_back(index);
        } else {
            self.emit(Event::Rejected { service: id });
            if let Some(state) = self.services[id.index()].as_mut() {
                state.rejected += 1;
            }
            return self.turn_away(index);
        }
        self.check_memory(at);
    }

    /// Gives the request a worker and puts its CPU work on the instance.
    fn begin(&mut self, index: u32) {
        let now = self.now;
        let Some(request) = self.requests.get_mut(index) else { return };
        let Some(service) = self.topology.get(request.service) else { return };
        let Some(instance) = self.instances.get_mut(request.instance) else { return };
        request.position = instance.active.len() as u32;
        instance.active.push(index);
        let draw = rng::lognormal(rng::fold(request.key, CPU), service.demand.sigma);
        let work = SimDuration::from_nanos((service.demand.cpu_us_mean * 1e3 * draw) as u64);
        instance.cpu.add(now, index, work);
        let at = request.instance;
        self.wake_cpu(at);
    }

    /// Schedules the CPU's next completion; earlier ones are stale from now on.
    pub(super) fn wake_cpu(&mut self, at: u32) {
        let Some(instance) = self.instances.get_mut(at) else { return };
        instance.cpu_event = match instance.cpu.next_finish() {
            Some(when) => self.calendar.schedule(when.max(self.now), Happening::CpuDone { instance: at }),
            None => 0,
        };
    }

    /// The CPU finished one job or several.
    pub(super) fn cpu_done(&mut self, at: u32, seq: u64) {
        let now = self.now;
        let Some(instance) = self.instances.get(at) else { return };
        if instance.cpu_event != seq {
            return;
        }
        let stamp = instance.stamp;
        while let Some(request) = self.instances.get_mut(at).filter(|i| i.stamp == stamp).and_then(|i| i.cpu.pop_finished(now)) {
            self.worked(request);
        }
        self.wake_cpu(at);
    }

    /// The request has had its CPU time: it fails by itself, waits, or goes on to its calls.
    fn worked(&mut self, index: u32) {
        let Some(request) = self.requests.get(index) else { return };
        let (key, stamp) = (request.key, request.stamp);
        let Some(service) = self.topology.get(request.service) else { return };
        let demand = service.demand;
        let burst = self.instances.get(request.instance).map_or(0.0, super::instance::Instance::error_share);
        let fails = rng::chance(rng::fold(key, ERROR), demand.error_ratio.get()) || rng::chance(rng::fold(key, BURST), burst);
        if fails {
            return self.finish(index, false);
        }
        if demand.wait_us_mean > 0.0 {
            let draw = rng::lognormal(rng::fold(key, WAIT), demand.sigma);
            let wait = SimDuration::from_nanos((demand.wait_us_mean * 1e3 * draw) as u64);
            self.calendar.schedule(self.now + wait, Happening::WaitDone { request: index, stamp });
        } else {
            self.next_stage(index);
        }
    }

    /// The request's I/O is done.
    pub(super) fn wait_done(&mut self, index: u32, stamp: u32) {
        if self.requests.get(index).is_some_and(|r| r.stamp == stamp) {
            self.next_stage(index);
        }
    }

    /// Answers: frees the worker, lets the next request in, sends the reply.
    pub(super) fn finish(&mut self, index: u32, ok: bool) {
        let Some(request) = self.requests.remove(index) else { return };
        let latency = self.now.since(request.arrived_at);
        self.emit(Event::Served { service: request.service, latency, ok });
        if let Some(state) = self.services[request.service.index()].as_mut() {
            state.served += 1;
        }
        self.release(&request);
        self.answer(&request, ok);
    }

    /// Frees the request's worker and hands it to the next in the queue.
    fn release(&mut self, request: &Request) {
        let Some(instance) = self.instances.get_mut(request.instance) else { return };
        instance.active.swap_remove(request.position as usize);
        if let Some(moved) = instance.active.get(request.position as usize).copied()
            && let Some(moved) = self.requests.get_mut(moved)
        {
            moved.position = request.position;
        }
        if let Some(next) = instance.queue.pop_front() {
            self.begin(next);
        }
        self.retire_if_empty(request.instance);
    }

    /// Sends the answer on its way; a user has it at once (latency is measured at the edge of the system).
    pub(super) fn answer(&mut self, request: &Request, ok: bool) {
        match request.reply_to {
            ReplyTo::User => self.user_served(request, ok),
            ReplyTo::Call { call, stamp } => {
                let Some(state) = self.calls.get(call).filter(|c| c.stamp == stamp) else { return };
                let (from, to) = (state.from, state.to);
                let key = rng::fold(rng::fold(request.key, ANSWER), 0);
                let extra =
                    self.instances.get(request.instance).map_or(SimDuration::ZERO, super::instance::Instance::extra_delay);
                if let Some(delay) = self.message_delay(from, to, key) {
                    self.calendar.schedule(self.now + delay + extra, Happening::Reply { call, stamp, ok });
                }
            }
        }
    }

    fn user_served(&mut self, request: &Request, ok: bool) {
        self.account.in_flight -= 1;
        if ok {
            self.account.completed += 1;
        } else {
            self.account.failed += 1;
        }
        let latency = self.now.since(request.arrived_at);
        self.emit(Event::UserServed { entry: request.service, latency, ok });
    }

    /// The request never got a place: no instance, a dead one, or a full queue.
    pub(super) fn turn_away(&mut self, index: u32) {
        let Some(request) = self.requests.remove(index) else { return };
        if request.reply_to == ReplyTo::User {
            self.account.in_flight -= 1;
            self.account.rejected += 1;
            let latency = self.now.since(request.arrived_at);
            self.emit(Event::UserServed { entry: request.service, latency, ok: false });
        } else {
            self.answer(&request, false);
        }
    }

    /// Kills the instance if its memory is above the limit.
    pub(super) fn check_memory(&mut self, at: u32) {
        let Some(instance) = self.instances.get(at) else { return };
        let id = instance.service;
        let (Some(service), Some(state)) = (self.topology.get(id), self.services[id.index()].as_ref()) else { return };
        if instance.is_running() && memory_mib(service, state, instance, self.now) > service.memory_limit.0 {
            self.exit(at, super::Exit::OutOfMemory);
        }
    }
}
