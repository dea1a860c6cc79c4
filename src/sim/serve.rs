//! One request at one instance: admitted, queued, given a worker, answered.

use super::World;
use super::calendar::Happening;
use super::cpu::NO_REQUEST;
use super::event::{Event, Rejection};
use super::request::{Place, ReplyKind, ReplyTo, Request};
use super::spans::UNTRACED;
use crate::rng;
use crate::topology::QueueOrder;
use crate::units::{SimDuration, SimTime};

const CPU: u64 = rng::label("cpu");
const ANSWER: u64 = rng::label("answer");
/// Adaptive LIFO turns round when the queue has not been empty for this long (the interval of CoDel, RFC 8289).
const STANDING: SimDuration = SimDuration::from_millis(100);
/// CPU time of answering a probe, ns: 0.1 ms (assumption).
const PROBE_NS: f64 = 100_000.0;

impl World {
    /// The request's message reaches its instance.
    #[inline]
    pub(super) fn deliver(&mut self, index: u32, seq: u64) {
        let now = self.now;
        let Some(request) = self.requests.get_mut(index).filter(|r| r.event == seq) else { return };
        request.event = 0;
        request.arrived_at = now;
        self.enter_instance(index);
    }

    /// The request is at its instance's door.
    #[inline]
    pub(super) fn enter_instance(&mut self, index: u32) {
        let now = self.now;
        let Some(request) = self.requests.get_mut(index) else { return };
        let (id, at) = (request.service, request.instance);
        let Some(instance) = self.instances.get_mut(at) else { return self.reject(index, Rejection::Refused) };
        if instance.stamp != request.instance_stamp || !instance.is_listening() {
            // Where the machine is gone nobody is left to refuse.
            return if self.is_node_up(at) { self.reject(index, Rejection::Refused) } else { self.vanish_request(index) };
        }
        let plan = &self.plan.services[id.index()];
        if let Some(guard) = &mut instance.guard
            && !matches!(request.reply_to, ReplyTo::Probe { .. })
        {
            let inside = (instance.active.len() + instance.queue.len()) as u32;
            if let Err(reason) = guard.admit(now, request.key, request.level, inside) {
                return self.reject(index, reason);
            }
        }
        if instance.active.len() < plan.workers as usize && !instance.hung {
            let inside_max = plan.inside_max;
            self.begin(index);
            self.check_memory(at, inside_max);
        } else if instance.queue.len() < plan.queue_len_max as usize {
            if instance.queue.is_empty() {
                instance.queue_empty_at = now;
            }
            request.place = Place::Queued;
            instance.queue.push_back(index);
            let inside_max = plan.inside_max;
            self.check_memory(at, inside_max);
        } else {
            self.reject(index, Rejection::QueueFull);
        }
    }

    /// Gives the request a worker.
    #[inline]
    fn begin(&mut self, index: u32) {
        let now = self.now;
        let Some(request) = self.requests.get_mut(index) else { return };
        let Some(instance) = self.instances.get_mut(request.instance) else { return };
        let plan = &self.plan.services[request.service.index()];
        let endpoint = self.plan.endpoint(plan, request.endpoint);
        request.place = Place::Active;
        request.began_at = now;
        request.op = endpoint.first_op;
        request.position = instance.active.len() as u32;
        instance.active.push(index);
        if let Some(guard) = &mut instance.guard {
            guard.began(now, now.since(request.arrived_at));
        }
        let mut work_ns = self.plan.draw(endpoint.cpu, rng::fold(request.key, CPU));
        if matches!(request.reply_to, ReplyTo::Probe { .. }) {
            work_ns = PROBE_NS;
        } else if plan.warm_factor > 1.0 {
            let age_s = now.since(instance.since).as_secs_f64();
            work_ns *= 1.0 + (plan.warm_factor - 1.0) * crate::math::exp(-age_s / plan.warm_tau_s);
        }
        request.work_ns = work_ns;
        let at = request.instance;
        if work_ns > 0.0 {
            instance.cpu.add(now, index, work_ns);
            self.wake_cpu(at);
        } else {
            self.worked(index);
        }
    }

    /// Arms the CPU's next event. One that is armed for earlier stays: it will look again.
    #[inline]
    pub(super) fn wake_cpu(&mut self, at: u32) {
        let now = self.now;
        let Some(instance) = self.instances.get_mut(at) else { return };
        let Some(when) = instance.cpu.next_event() else { return };
        let when = when.max(now);
        if instance.cpu_event == 0 || when < instance.cpu_due {
            instance.cpu_due = when;
            instance.cpu_event = self.calendar.schedule(when, Happening::CpuDone, at);
        }
    }

    /// The CPU finished one job or several, or used up its quota.
    pub(super) fn cpu_done(&mut self, at: u32, seq: u64) {
        let now = self.now;
        let Some(instance) = self.instances.get_mut(at) else { return };
        if instance.cpu_event != seq {
            return;
        }
        instance.cpu_event = 0;
        let stamp = instance.stamp;
        while let Some(request) = self.instances.get_mut(at).filter(|i| i.stamp == stamp).and_then(|i| i.cpu.pop_finished(now)) {
            if request != NO_REQUEST {
                self.cpu_part_done(request);
            }
        }
        self.wake_cpu(at);
    }

    /// Answers: frees the worker, lets the next request in, sends the reply.
    #[inline]
    pub(super) fn finish(&mut self, index: u32, ok: bool) {
        let Some(request) = self.requests.get(index).copied() else { return };
        self.requests.forget(index);
        self.close(&request, ok);
        self.answer(&request, if ok { ReplyKind::Ok } else { ReplyKind::Error });
    }

    /// The instance is done with a request that held a worker.
    #[inline]
    pub(super) fn close(&mut self, request: &Request, ok: bool) {
        let now = self.now;
        let latency = now.since(request.arrived_at);
        let Some(instance) = self.instances.get_mut(request.instance) else { return };
        if !matches!(request.reply_to, ReplyTo::Probe { .. }) {
            let (service, instance_id) = (request.service, instance.id);
            let inside = instance.load() as u32;
            if let Some(guard) = &mut instance.guard {
                guard.ended(now, latency, inside, ok);
            }
            let plan = &self.plan.services[service.index()];
            if plan.leak_per_request_mib > 0.0 {
                instance.leaked_mib += plan.leak_per_request_mib;
            }
            let (leaks, has_heap) = (plan.leak_per_request_mib > 0.0, plan.has_heap);
            if let Some(state) = self.services[service.index()].as_mut() {
                state.served += 1;
            }
            self.emit(Event::Served {
                service,
                instance: instance_id,
                endpoint: request.endpoint,
                latency,
                waited: request.began_at.since(request.arrived_at),
                work: SimDuration::from_nanos(request.work_ns as u64),
                ok,
            });
            self.end_span(request, ok);
            if has_heap {
                self.collect_garbage(request.instance);
            }
            if leaks {
                self.check_memory(request.instance, 0);
            }
        }
        self.release(request);
    }

    /// Frees the request's worker and hands it to the next in line.
    #[inline]
    fn release(&mut self, request: &Request) {
        let Some(instance) = self.instances.get_mut(request.instance).filter(|i| i.stamp == request.instance_stamp) else {
            return;
        };
        instance.active.swap_remove(request.position as usize);
        if let Some(moved) = instance.active.get(request.position as usize).copied()
            && let Some(moved) = self.requests.get_mut(moved)
        {
            moved.position = request.position;
        }
        self.let_in(request.instance);
        self.retire_if_empty(request.instance);
    }

    /// Gives free workers to those in line.
    #[inline]
    pub(super) fn let_in(&mut self, at: u32) {
        loop {
            let Some(instance) = self.instances.get_mut(at) else { return };
            let plan = &self.plan.services[instance.service.index()];
            if instance.queue.is_empty() || instance.active.len() >= plan.workers as usize || instance.hung {
                return;
            }
            let next = if plan.plain_queue { instance.queue.pop_front() } else { self.next_in_line(at) };
            match next {
                Some(next) if self.requests.get(next).is_some_and(|r| r.cancelled) => self.reject(next, Rejection::Cancelled),
                Some(next) => self.begin(next),
                None => return,
            }
        }
    }

    /// The next in line by the service's order, after dropping those whose time is over.
    fn next_in_line(&mut self, at: u32) -> Option<u32> {
        loop {
            let now = self.now;
            let instance = self.instances.get_mut(at)?;
            let server = self.topology.get(instance.service)?.server;
            let stands = now.since(instance.queue_empty_at) > server.codel.map_or(STANDING, |c| c.interval);
            let newest_first = match server.order {
                QueueOrder::Fifo => false,
                QueueOrder::Lifo => true,
                QueueOrder::AdaptiveLifo => stands,
            };
            let next = if newest_first { instance.queue.pop_back() } else { instance.queue.pop_front() }?;
            let request = self.requests.get(next)?;
            let is_last = instance.queue.is_empty();
            let waited = now.since(request.arrived_at);
            let probe = matches!(request.reply_to, ReplyTo::Probe { .. });
            let reason = if probe {
                None
            } else if request.cancelled {
                Some(Rejection::Cancelled)
            } else if server.drop_expired && request.deadline <= now + server.deadline_margin {
                Some(Rejection::Expired)
            } else if instance.guard.as_mut().is_some_and(|g| g.drops(now, waited, is_last)) {
                Some(Rejection::CoDel)
            } else {
                None
            };
            match reason {
                None => return Some(next),
                Some(reason) => self.reject(next, reason),
            }
        }
    }

    /// Turns a request away before it was worked on. Saying no costs the instance some CPU.
    pub(super) fn reject(&mut self, index: u32, reason: Rejection) {
        let now = self.now;
        let Some(request) = self.requests.get(index).copied() else { return };
        self.requests.forget(index);
        let said_no = !matches!(reason, Rejection::Refused | Rejection::NoInstance | Rejection::Cancelled);
        let plan = &self.plan.services[request.service.index()];
        if said_no
            && plan.reject_ns > 0.0
            && let Some(instance) = self.instances.get_mut(request.instance).filter(|i| i.is_running())
        {
            instance.cpu.add(now, NO_REQUEST, plan.reject_ns);
            self.wake_cpu(request.instance);
        }
        if !matches!(request.reply_to, ReplyTo::Probe { .. }) {
            if let Some(state) = self.services[request.service.index()].as_mut() {
                state.rejected += 1;
            }
            self.emit(Event::Rejected { service: request.service, reason, waited: now.since(request.arrived_at) });
            self.refuse_span(&request, reason);
        }
        self.answer(&request, ReplyKind::Rejected);
    }

    /// A request dies with its instance: callers see a reset connection, or nothing at all.
    pub(super) fn lose_request(&mut self, index: u32, silently: bool) {
        let Some(request) = self.requests.get(index).copied() else { return };
        self.requests.forget(index);
        let (service, latency) = (request.service, self.now.since(request.arrived_at));
        if let Some(instance) = self.instances.get(request.instance).map(|i| i.id)
            && !matches!(request.reply_to, ReplyTo::Probe { .. })
        {
            let (waited, work) = (SimDuration::ZERO, SimDuration::ZERO);
            self.emit(Event::Served { service, instance, endpoint: request.endpoint, latency, waited, work, ok: false });
        }
        if !silently || matches!(request.reply_to, ReplyTo::User { .. }) {
            self.answer(&request, ReplyKind::Error);
        }
    }

    /// A request reaches a machine that is gone: callers hear nothing.
    fn vanish_request(&mut self, index: u32) {
        if let Some(request) = self.requests.remove(index)
            && matches!(request.reply_to, ReplyTo::User { .. })
        {
            self.answer(&request, ReplyKind::Error);
        }
    }

    /// Sends the answer on its way; a user has it at once (latency is measured at the edge of the system).
    #[inline]
    pub(super) fn answer(&mut self, request: &Request, kind: ReplyKind) {
        match request.reply_to {
            ReplyTo::User { visitor, stamp } => self.user_answered(visitor, stamp, kind),
            ReplyTo::Probe { liveness } => self.probe_answered(request.instance, liveness, kind == ReplyKind::Ok),
            ReplyTo::Call { call, stamp } => {
                let Some(state) = self.calls.get(call).filter(|c| c.stamp == stamp) else { return };
                let key = rng::fold(request.key, ANSWER);
                let (edge, caller) = (state.edge, state.caller);
                let Some(delay) = self.message_delay(edge, request.instance, caller, key) else { return };
                let event = self.calendar.schedule(self.now + delay, Happening::Reply, call);
                if let Some(state) = self.calls.get_mut(call) {
                    (state.reply_event, state.reply_ok) = (event, kind);
                }
            }
        }
    }

    /// Puts a probe through the instance's queue and CPU; false if it is turned away at once.
    pub(super) fn send_probe(&mut self, at: u32, liveness: bool) -> bool {
        let Some(instance) = self.instances.get(at).filter(|i| i.is_running()) else { return false };
        let plan = &self.plan.services[instance.service.index()];
        if instance.active.len() >= plan.workers as usize && instance.queue.len() >= plan.queue_len_max as usize {
            return false;
        }
        let (service, instance_stamp) = (instance.service, instance.stamp);
        let key = rng::fold(u64::from(instance.id.0), self.now.as_nanos());
        let reply_to = ReplyTo::Probe { liveness };
        let request = self.new_request(key, service, reply_to, SimTime::FAR_FUTURE, 0);
        if let Some(request) = self.requests.get_mut(request) {
            (request.instance, request.instance_stamp) = (at, instance_stamp);
        }
        self.enter_instance(request);
        true
    }

    /// A request that goes to no instance yet.
    pub(super) fn new_request(
        &mut self,
        key: u64,
        service: crate::ids::ServiceId,
        reply_to: ReplyTo,
        deadline: SimTime,
        level: u16,
    ) -> u32 {
        let stamp = self.next_stamp();
        self.requests.insert(Request {
            key,
            event: 0,
            arrived_at: self.now,
            began_at: self.now,
            deadline,
            work_ns: 0.0,
            service,
            instance: super::request::NOBODY,
            instance_stamp: 0,
            stamp,
            trace: UNTRACED,
            parent_span: UNTRACED,
            reply_to,
            position: 0,
            op: 0,
            pending: 0,
            wanted: 0,
            step: 0,
            endpoint: 0,
            level,
            hops: 0,
            place: Place::Sent,
            failed: false,
            issuing: false,
            needs_some: false,
            locked: false,
            cancelled: false,
        })
    }
}
