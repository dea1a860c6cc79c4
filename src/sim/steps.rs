//! A request with a worker: its CPU time, then step by step through its endpoint's program.

use super::World;
use super::calendar::Happening;
use super::event::{Exit, Rejection};
use super::plan::Op;
use super::request::{ReplyKind, ReplyTo, Role};
use super::service::memory_mib;
use crate::rng;
use crate::units::SimDuration;

const WAIT: u64 = rng::label("wait");
const ERROR: u64 = rng::label("error");
const BURST: u64 = rng::label("burst");
const VERSION: u64 = rng::label("version");
const HAND: u64 = rng::label("hand");
const STEP: u64 = rng::label("step");
/// Most times a request may be handed on: enough for any pipeline, an end to any loop.
const HOPS_MAX: u8 = 64;
/// How often a request in a hung process looks whether it may go on.
const HUNG_LOOK: SimDuration = SimDuration::from_millis(500);
/// Most of the CPU that garbage collection takes.
const COLLECTING_MAX: f64 = 0.98;

impl World {
    /// A part of a request's CPU work is done: its demand, or a step of its program.
    #[inline]
    pub(super) fn cpu_part_done(&mut self, index: u32) {
        let Some(request) = self.requests.get(index) else { return };
        if matches!(request.reply_to, ReplyTo::Probe { .. }) {
            self.finish(index, true);
        } else if request.step == 0 {
            self.worked(index);
        } else {
            self.advance(index);
        }
    }

    /// The request has had the CPU time of its demand: it fails by itself, waits, or goes on to its steps.
    #[inline]
    pub(super) fn worked(&mut self, index: u32) {
        let Some(request) = self.requests.get(index) else { return };
        let plan = &self.plan.services[request.service.index()];
        let endpoint = self.plan.endpoint(plan, request.endpoint);
        let (key, at, wait) = (request.key, request.instance, endpoint.wait);
        let contention_ns = plan.contention_ns;
        let Some(instance) = self.instances.get(at) else { return };
        let Some(state) = self.services[request.service.index()].as_ref() else { return };
        let chance = |p: f64, purpose: u64| p > 0.0 && rng::chance(rng::fold(key, purpose), p);
        let fails = chance(endpoint.error, ERROR)
            || chance(instance.error_share(), BURST)
            || chance(state.versions.error_share(instance.version), VERSION);
        let cancelled = request.cancelled;
        let mut wait_ns = self.plan.draw(wait, rng::fold(key, WAIT)) + state.slow_ns + instance.extra_wait_ns();
        if contention_ns > 0.0 {
            wait_ns += contention_ns * instance.load().saturating_sub(1) as f64;
        }
        if let Some(request) = self.requests.get_mut(index) {
            request.step = 1;
        }
        if fails || cancelled {
            self.finish(index, false);
        } else if wait_ns > 0.0 {
            self.wait(index, wait_ns);
        } else {
            self.advance(index);
        }
    }

    fn wait(&mut self, index: u32, wait_ns: f64) {
        let event = self.calendar.schedule(self.now + SimDuration::from_nanos(wait_ns as u64), Happening::WaitDone, index);
        if let Some(request) = self.requests.get_mut(index) {
            request.event = event;
        }
    }

    /// The request's wait is over.
    pub(super) fn wait_done(&mut self, index: u32, seq: u64) {
        let Some(request) = self.requests.get_mut(index).filter(|r| r.event == seq) else { return };
        request.event = 0;
        let at = request.instance;
        if self.instances.get(at).is_some_and(|i| i.hung) {
            return self.wait(index, HUNG_LOOK.as_nanos() as f64);
        }
        self.unlock(index);
        self.advance(index);
    }

    /// Runs the request's program until it has to wait for something.
    pub(super) fn advance(&mut self, index: u32) {
        loop {
            let now = self.now;
            let Some(request) = self.requests.get_mut(index) else { return };
            if request.cancelled {
                return self.finish(index, false);
            }
            let (op, request_key, at) = (request.op, request.key, request.instance);
            let key = || rng::fold(rng::fold(request_key, STEP), u64::from(op));
            request.step = request.step.wrapping_add(1).max(1);
            let Some(instance) = self.instances.get_mut(at) else { return };
            if instance.hung {
                return self.wait(index, HUNG_LOOK.as_nanos() as f64);
            }
            match self.plan.ops[op as usize] {
                Op::End => return self.finish(index, true),
                Op::Cpu(sampler) => {
                    request.op += 1;
                    let work_ns = self.plan.draw(sampler, key());
                    if work_ns > 0.0 {
                        instance.cpu.add(now, index, work_ns);
                        return self.wake_cpu(at);
                    }
                }
                Op::Wait(sampler) => {
                    request.op += 1;
                    let wait_ns = self.plan.draw(sampler, key());
                    if wait_ns > 0.0 {
                        return self.wait(index, wait_ns);
                    }
                }
                Op::Lock { lock, hold } => {
                    let hold_ns = self.plan.draw(hold, key());
                    return self.lock(index, lock, hold_ns);
                }
                Op::Calls { first, count, need } => {
                    request.op += 1;
                    if !self.issue(index, first, count, need, Role::Plain) {
                        return;
                    }
                }
                Op::HandOff { first, count } => {
                    request.op += 1;
                    if self.hand_off(index, first, count, key()) {
                        return;
                    }
                }
                Op::Ask { lookup } => return self.ask(index, lookup),
            }
        }
    }

    /// Makes the calls of a step. True if the request can go on at once.
    pub(super) fn issue(&mut self, index: u32, first: u32, count: u16, need: u16, role: Role) -> bool {
        let Some(request) = self.requests.get_mut(index) else { return false };
        (request.pending, request.wanted, request.failed, request.issuing) = (0, need, false, true);
        request.needs_some = need > 0;
        let (key, stamp) = (request.key, request.stamp);
        for place in first..first + u32::from(count) {
            let call = self.plan.calls[place as usize];
            let call_key = rng::fold(key, call.salt);
            if call.probability < 1.0 && !rng::chance(call_key, call.probability) {
                continue;
            }
            for n in 0..call.count {
                let key = if n == 0 { call_key } else { rng::fold(call_key, u64::from(n)) };
                self.start_call(index, place, key, role);
                if self.requests.get(index).is_none_or(|r| r.stamp != stamp) {
                    return false;
                }
            }
        }
        let Some(request) = self.requests.get_mut(index) else { return false };
        request.issuing = false;
        self.settled(index)
    }

    /// Whether the calls of the present step are done with; ends the request if it has failed.
    #[inline]
    pub(super) fn settled(&mut self, index: u32) -> bool {
        let Some(request) = self.requests.get_mut(index) else { return false };
        let enough = request.wanted == 0;
        if request.pending > 0 && !(request.needs_some && enough) {
            return false;
        }
        let ok = enough && (request.needs_some || !request.failed);
        if !ok {
            self.finish(index, false);
        }
        ok
    }

    /// Hands the request on to at most one of the callees; false if to none.
    fn hand_off(&mut self, index: u32, first: u32, count: u16, key: u64) -> bool {
        let mut draw = rng::uniform(rng::fold(key, HAND));
        let calls = first..first + u32::from(count);
        let chosen = calls.map(|i| self.plan.calls[i as usize]).find(|call| {
            draw -= call.probability;
            draw < 0.0
        });
        let (Some(call), Some(request)) = (chosen, self.requests.get(index).copied()) else { return false };
        if request.hops >= HOPS_MAX {
            self.emit(super::Event::Rejected {
                service: request.service,
                reason: Rejection::TooManyHops,
                waited: SimDuration::ZERO,
            });
            self.finish(index, false);
            return true;
        }
        let to = self.plan.edges[call.edge as usize].to;
        let next = self.new_request(rng::fold(request.key, call.salt), to, request.reply_to, request.deadline, request.level);
        if let Some(next) = self.requests.get_mut(next) {
            (next.endpoint, next.hops) = (call.endpoint, request.hops + 1);
            (next.trace, next.parent_span) = (request.trace, request.stamp);
        }
        self.requests.forget(index);
        self.send_on(next, call.edge, request.instance);
        self.close(&request, true);
        true
    }

    /// Sends a request that was handed on; nobody watches over it.
    fn send_on(&mut self, index: u32, edge: u32, from: u32) {
        let Some(key) = self.requests.get(index).map(|r| r.key) else { return };
        let Some(target) = self.choose(edge, from, rng::fold(key, HAND), super::request::NOBODY) else {
            return self.reject(index, Rejection::NoInstance);
        };
        let stamp = self.instances.get(target.instance).map_or(0, |i| i.stamp);
        let Some(delay) = self.message_delay(edge, from, target.instance, rng::fold(key, STEP)) else {
            if let Some(request) = self.requests.remove(index) {
                self.answer(&request, ReplyKind::Error);
            }
            return;
        };
        let event = self.calendar.schedule(self.now + delay, Happening::Deliver, index);
        if let Some(request) = self.requests.get_mut(index) {
            (request.instance, request.instance_stamp, request.event) = (target.instance, stamp, event);
        }
    }

    /// Takes a lock, or waits in line for it.
    fn lock(&mut self, index: u32, lock: u8, hold_ns: f64) {
        let Some(request) = self.requests.get_mut(index) else { return };
        let at = request.instance;
        let Some(instance) = self.instances.get_mut(at) else { return };
        if instance.locks.len() <= usize::from(lock) {
            instance.locks.resize_with(usize::from(lock) + 1, Default::default);
        }
        let (held, line) = &mut instance.locks[usize::from(lock)];
        if *held {
            line.push_back(index);
            return;
        }
        *held = true;
        request.locked = true;
        self.wait(index, hold_ns.max(1.0));
    }

    /// Gives the lock that the request holds, if any, to the next in line, and moves on to the step after it.
    fn unlock(&mut self, index: u32) {
        let Some(request) = self.requests.get_mut(index).filter(|r| r.locked) else { return };
        let Op::Lock { lock, hold } = self.plan.ops[request.op as usize] else { return };
        request.op += 1;
        request.locked = false;
        let at = request.instance;
        let Some(instance) = self.instances.get_mut(at) else { return };
        let Some((held, line)) = instance.locks.get_mut(usize::from(lock)) else { return };
        *held = false;
        if let Some(next) = line.pop_front() {
            *held = true;
            let Some(next_request) = self.requests.get_mut(next) else { return };
            next_request.locked = true;
            let key = rng::fold(rng::fold(next_request.key, STEP), u64::from(next_request.op));
            let hold_ns = self.plan.draw(hold, key);
            self.wait(next, hold_ns.max(1.0));
        }
    }

    /// Kills the instance if its memory is above the limit. With no more than `inside_max` requests inside and nothing
    /// leaked it cannot be.
    #[inline]
    pub(super) fn check_memory(&mut self, at: u32, inside_max: u32) {
        let Some(instance) = self.instances.get(at) else { return };
        if instance.load() as u32 <= inside_max && instance.leaked_mib == 0.0 && !instance.leaking {
            return;
        }
        let id = instance.service;
        let (Some(service), Some(state)) = (self.topology.get(id), self.services[id.index()].as_ref()) else { return };
        if instance.is_running() && memory_mib(service, state, instance, self.now) > service.memory_limit.0 {
            self.exit(at, Exit::OutOfMemory);
        }
    }

    /// Books a served request's garbage and derives the CPU that collecting it costs.
    pub(super) fn collect_garbage(&mut self, at: u32) {
        /// Time constant of the measured request rate, s.
        const RATE_TAU_S: f64 = 1.0;
        let now = self.now;
        let Some(instance) = self.instances.get_mut(at) else { return };
        let Some(service) = self.topology.get(instance.service) else { return };
        let Some(heap) = service.heap else { return };
        let elapsed_s = now.since(instance.rate_at).as_secs_f64();
        instance.request_rate = instance.request_rate * crate::math::exp(-elapsed_s / RATE_TAU_S) + 1.0 / RATE_TAU_S;
        instance.rate_at = now;
        let live = heap.live_base.0 + service.memory_per_request.0 * instance.load() as f64;
        let free = heap.size.0 - live;
        let allocated = heap.allocated_per_request.0 * instance.request_rate;
        let cores_lost = if free > 0.0 { allocated * live / (free * heap.trace_mib_per_s.max(1.0)) } else { f64::INFINITY };
        let share = (cores_lost / service.cpu_limit.cores().max(0.001)).min(COLLECTING_MAX);
        if (share - instance.collecting).abs() > 0.005 {
            instance.collecting = share;
            self.refresh_speed(at);
        }
    }

    /// Derives an instance's effective CPU from its limit and everything that slows it down.
    pub(super) fn refresh_speed(&mut self, at: u32) {
        let now = self.now;
        let share = self.node_share(at);
        let Some(instance) = self.instances.get_mut(at) else { return };
        let Some(plan) = self.plan.services.get(instance.service.index()) else { return };
        let factor = if instance.hung { 0.0 } else { share };
        // The collector takes its share of what the stray process leaves, and like it is seen as CPU used.
        let taken = 1.0 - (1.0 - instance.hog_share()) * (1.0 - instance.collecting);
        instance.cpu.set_speed(now, instance.cores, taken, factor, plan.cfs_quota);
        instance.cpu_event = 0;
        self.wake_cpu(at);
        self.let_in(at);
    }
}
