//! Calls: attempts, time-outs, back-off, retries. A caller that gives up does not stop the callee's work, unless the
//! edge's policy says so.

use super::World;
use super::calendar::Happening;
use super::client::client_at;
use super::event::{Event, Outcome, Rejection};
use super::nodes::OUTSIDE;
use super::request::{CallState, NOBODY, Phase, ReplyKind, ReplyTo, Role};
use super::resilience::backoff::back_off;
use super::spans::UNTRACED;
use crate::rng;
use crate::units::{SimDuration, SimTime};

const JITTER: u64 = rng::label("jitter");
const SEND: u64 = rng::label("send");
const PICK: u64 = rng::label("pick");
/// A time-out of this length or more is none: no timer is kept for it.
const NO_TIMEOUT: SimDuration = SimDuration::from_secs(86_400);

impl World {
    /// Makes one call of the parent's present step.
    pub(super) fn start_call(&mut self, parent: u32, place: u32, key: u64, role: Role) {
        let now = self.now;
        let Some(request) = self.requests.get_mut(parent) else { return };
        let call = &self.plan.calls[place as usize];
        let edge = &self.plan.edges[call.edge as usize];
        if call.waits {
            request.pending += 1;
        }
        let mut deadline = edge.policy.deadline.map_or(SimTime::FAR_FUTURE, |d| now + d);
        if edge.policy.propagate_deadline {
            deadline = deadline.min(request.deadline);
        }
        let state = CallState {
            key,
            attempt_at: now,
            deadline,
            reply_event: 0,
            timer: 0,
            hedge_event: 0,
            parent: if call.waits { parent } else { NOBODY },
            parent_stamp: request.stamp,
            caller: request.instance,
            caller_stamp: request.instance_stamp,
            edge: call.edge,
            request: NOBODY,
            request_stamp: 0,
            at_instance: NOBODY,
            at_slot: NOBODY,
            stamp: 0,
            trace: request.trace,
            twin: NOBODY,
            step: request.step,
            endpoint: call.endpoint,
            level: request.level,
            attempt: 0,
            role,
            phase: Phase::Sent,
            optional: call.optional,
            reply_ok: ReplyKind::Ok,
            counted: false,
            pooled: false,
        };
        let plain = edge.plain;
        let index = self.calls.insert(state);
        if plain {
            self.attempt(index);
        } else {
            self.guarded_attempt(index);
        }
    }

    /// Sends the next attempt of a call.
    pub(super) fn attempt(&mut self, index: u32) {
        let (now, stamp) = (self.now, self.next_stamp());
        let Some(call) = self.calls.get_mut(index) else { return };
        call.attempt += 1;
        call.attempt_at = now;
        call.stamp = stamp;
        (call.reply_event, call.phase) = (0, Phase::Sent);
        let avoid = call.at_slot;
        let call = *call;
        let key = rng::fold(call.key, u64::from(call.attempt));
        if self.edges[call.edge as usize].closed {
            return self.unmade(index, Rejection::BreakerOpen);
        }
        let Some(target) = self.choose(call.edge, call.caller, rng::fold(key, PICK), avoid) else {
            return self.attempt_ended(index, Outcome::Rejected);
        };
        if self.is_handshake_failing(&call, target.instance) {
            return self.unmade(index, Rejection::Handshake);
        }
        self.count_in(index, target.instance, target.slot);
        self.arm_timeout(index, &call, stamp);
        let edge = &self.plan.edges[call.edge as usize];
        let deadline =
            if edge.policy.propagate_deadline { call.deadline.min(now + edge.policy.timeout) } else { SimTime::FAR_FUTURE };
        let (to, hedge_after) = (edge.to, edge.policy.hedge_after);
        let request = self.new_request(key, to, ReplyTo::Call { call: index, stamp }, deadline, call.level);
        let (mut event, instance_stamp) = (0, self.instances.get(target.instance).map_or(0, |i| i.stamp));
        let delay = self.message_delay(call.edge, call.caller, target.instance, rng::fold(key, SEND));
        if let Some(delay) = delay {
            event = self.calendar.schedule(now + delay, Happening::Deliver, request);
        }
        let Some(sent) = self.requests.get_mut(request) else { return };
        (sent.instance, sent.instance_stamp, sent.event, sent.endpoint) = (target.instance, instance_stamp, event, call.endpoint);
        if call.trace != UNTRACED {
            (sent.trace, sent.parent_span) = (call.trace, call.parent_stamp);
        }
        let sent_stamp = sent.stamp;
        if delay.is_none() {
            self.requests.forget(request);
        }
        let hedge_event = hedge_after
            .filter(|_| call.attempt == 1 && call.twin == NOBODY && delay.is_some())
            .map_or(0, |after| self.calendar.schedule(now + after, Happening::Hedge, index));
        if let Some(call) = self.calls.get_mut(index) {
            (call.request, call.request_stamp, call.hedge_event) = (request, sent_stamp, hedge_event);
        }
    }

    #[inline]
    fn count_in(&mut self, index: u32, instance: u32, slot: u32) {
        let Some(call) = self.calls.get_mut(index) else { return };
        (call.at_instance, call.at_slot, call.counted) = (instance, slot, true);
        let (caller, stamp, edge) = (call.caller, call.caller_stamp, call.edge);
        if let Some(client) = self.client_of(caller, stamp, edge) {
            client.sent(slot);
        }
    }

    /// Arms the attempt's time-out: in the edge's line if it comes last there, else by a timer of its own.
    #[inline]
    fn arm_timeout(&mut self, index: u32, call: &CallState, stamp: u32) {
        let now = self.now;
        let timeout = self.plan.edges[call.edge as usize].policy.timeout;
        let at = if timeout >= NO_TIMEOUT { call.deadline } else { call.deadline.min(now + timeout) };
        if at == SimTime::FAR_FUTURE {
            return;
        }
        let at = at.max(now);
        let edge = &mut self.edges[call.edge as usize];
        // Attempts that have ended since leave the line here: it stays as short as what is in flight.
        for _ in 0..2 {
            let is_over = |(_, call, stamp): &(SimTime, u32, u32)| self.calls.get(*call).is_none_or(|c| c.stamp != *stamp);
            if edge.deadlines.front().is_some_and(is_over) {
                edge.deadlines.pop_front();
            }
        }
        if edge.deadlines.back().is_none_or(|last| last.0 <= at) {
            edge.deadlines.push_back((at, index, stamp));
            if edge.armed == 0 {
                edge.armed = self.calendar.schedule(at, Happening::EdgeTimeout, call.edge);
            }
        } else {
            let timer = self.calendar.schedule(at, Happening::CallTimer, index);
            if let Some(call) = self.calls.get_mut(index) {
                call.timer = timer;
            }
        }
    }

    /// The oldest attempt of an edge may be overdue.
    pub(super) fn edge_timeout(&mut self, edge: u32, seq: u64) {
        if self.edges[edge as usize].armed != seq {
            return;
        }
        self.edges[edge as usize].armed = 0;
        while let Some((at, call, stamp)) = self.edges[edge as usize].deadlines.front().copied() {
            let waits = self.calls.get(call).is_some_and(|c| c.stamp == stamp && c.phase == Phase::Sent);
            if waits && at > self.now {
                let state = &mut self.edges[edge as usize];
                if state.armed == 0 {
                    state.armed = self.calendar.schedule(at, Happening::EdgeTimeout, edge);
                }
                return;
            }
            self.edges[edge as usize].deadlines.pop_front();
            if waits {
                self.timed_out(call);
            }
        }
    }

    fn timed_out(&mut self, index: u32) {
        if let Some(call) = self.calls.get(index).copied() {
            if self.plan.edges[call.edge as usize].policy.cancel {
                self.cancel_request(call.request, call.request_stamp);
            }
            self.attempt_ended(index, Outcome::Timeout);
        }
    }

    /// Tells the callee that nobody waits any more: what has not begun is dropped when its turn comes, what has begun
    /// ends with its present step.
    pub(super) fn cancel_request(&mut self, request: u32, stamp: u32) {
        if let Some(request) = self.requests.get_mut(request).filter(|r| r.stamp == stamp) {
            request.cancelled = true;
        }
    }

    /// An answer arrives. Late ones (the attempt was given up) are thrown away.
    #[inline]
    pub(super) fn reply(&mut self, index: u32, seq: u64) {
        let Some(call) = self.calls.get(index).filter(|c| c.reply_event == seq && c.phase == Phase::Sent) else { return };
        let outcome = match call.reply_ok {
            ReplyKind::Ok => Outcome::Ok,
            ReplyKind::Error => Outcome::Error,
            ReplyKind::Rejected => Outcome::Rejected,
        };
        self.attempt_ended(index, outcome);
    }

    /// A call's own timer: its back-off, its wait for a connection or its attempt is over.
    pub(super) fn call_timer(&mut self, index: u32, seq: u64) {
        let Some(call) = self.calls.get(index).filter(|c| c.timer == seq).copied() else { return };
        match call.phase {
            Phase::Sent => self.timed_out(index),
            Phase::Pool if call.pooled => self.attempt(index),
            Phase::Pool => self.give_up_waiting(index),
            Phase::BackOff if !self.is_wanted(&call) => self.drop_call(index),
            Phase::BackOff if self.plan.edges[call.edge as usize].plain => self.attempt(index),
            Phase::BackOff => self.guarded_attempt(index),
        }
    }

    /// Whether somebody still waits for the call's outcome (or, of an asynchronous one, whether its sender still runs).
    fn is_wanted(&self, call: &CallState) -> bool {
        if call.parent == NOBODY {
            return self.instances.get(call.caller).is_some_and(|i| i.stamp == call.caller_stamp);
        }
        self.requests.get(call.parent).is_some_and(|r| r.stamp == call.parent_stamp && r.step == call.step)
    }

    /// An attempt that the breaker let through was not made after all.
    pub(super) fn unmade(&mut self, index: u32, reason: Rejection) {
        let Some(call) = self.calls.get(index).copied() else { return };
        if let Some(client) = self.client_of(call.caller, call.caller_stamp, call.edge)
            && let Some(breaker) = client.guards.as_mut().and_then(|g| g.breaker.as_mut())
        {
            breaker.release();
        }
        self.held(index, reason);
    }

    /// A guard of the caller stopped the attempt before it was sent.
    pub(super) fn held(&mut self, index: u32, reason: Rejection) {
        let Some(call) = self.calls.get(index) else { return };
        let edge = &self.plan.edges[call.edge as usize];
        let (from, to, edge) = (edge.from, edge.to, call.edge);
        self.emit(Event::Held { from, to, edge, reason });
        self.ended(index, Outcome::Rejected, false);
    }

    #[inline]
    pub(super) fn attempt_ended(&mut self, index: u32, outcome: Outcome) {
        let Some(call) = self.calls.get(index) else { return };
        let latency = self.now.since(call.attempt_at);
        let edge = &self.plan.edges[call.edge as usize];
        let (from, to, edge, attempt, at_instance) = (edge.from, edge.to, call.edge, call.attempt, call.at_instance);
        let zone = |index: u32| self.instances.get(index).map_or(OUTSIDE, |i| i.zone);
        let zones = (zone(call.caller), zone(at_instance));
        self.emit(Event::Attempted { from, to, edge, attempt, latency, outcome, zones });
        if let Some(instance) = self.instances.get_mut(at_instance) {
            instance.note_seen(latency);
        }
        self.ended(index, outcome, true);
    }

    /// What follows from the end of an attempt.
    #[inline]
    fn ended(&mut self, index: u32, outcome: Outcome, was_sent: bool) {
        let Some(call) = self.calls.get_mut(index) else { return };
        let counted = std::mem::take(&mut call.counted);
        let call = *call;
        let edge = self.plan.edges[call.edge as usize].plain;
        if counted && let Some(client) = self.client_of(call.caller, call.caller_stamp, call.edge) {
            client.ended(call.at_slot);
        }
        if !edge {
            if was_sent {
                self.guards_learn(&call, outcome);
            }
            self.give_back(index);
        }
        if call.twin != NOBODY && self.twin_goes_on(index, &call, outcome) {
            return;
        }
        if !self.is_wanted(&call) {
            self.drop_call(index);
        } else if outcome == Outcome::Ok {
            self.call_ended(index, true);
        } else if self.may_retry(&call, outcome) {
            self.wait_and_retry(index);
        } else {
            self.call_ended(index, false);
        }
    }

    fn may_retry(&mut self, call: &CallState, outcome: Outcome) -> bool {
        let (now, edge) = (self.now, &self.plan.edges[call.edge as usize]);
        let on = edge.policy.retry_on;
        let fits = match outcome {
            Outcome::Ok => false,
            Outcome::Error => on.error,
            Outcome::Timeout => on.timeout,
            Outcome::Rejected => on.rejected,
        };
        if !fits || call.attempt >= edge.policy.attempts_max || call.deadline <= now {
            return false;
        }
        if edge.plain {
            return true;
        }
        let client = client_at(&mut self.instances, call.caller, call.caller_stamp, edge.local);
        let Some(client) = client else { return false };
        client.guards.as_mut().is_none_or(|g| g.budget.allow_retry(now, outcome == Outcome::Timeout))
    }

    /// Waits before the next attempt.
    fn wait_and_retry(&mut self, index: u32) {
        let stamp = self.next_stamp();
        let Some(call) = self.calls.get_mut(index) else { return };
        (call.stamp, call.phase, call.reply_event) = (stamp, Phase::BackOff, 0);
        let key = rng::fold(rng::fold(call.key, JITTER), u64::from(call.attempt));
        let wait = back_off(&self.plan.edges[call.edge as usize].policy, call.attempt, key);
        call.timer = self.calendar.schedule(self.now + wait, Happening::CallTimer, index);
    }

    /// The call is over; with the last one of a step the request goes on, or fails if it needed one that failed.
    #[inline]
    fn call_ended(&mut self, index: u32, ok: bool) {
        let Some(call) = self.calls.get(index).copied() else { return };
        self.drop_call(index);
        let Some(request) = self.requests.get_mut(call.parent).filter(|r| r.stamp == call.parent_stamp) else { return };
        if call.role == Role::Cache {
            return self.cache_answered(call.parent, ok);
        }
        request.pending -= 1;
        request.failed |= !ok && !call.optional;
        if ok {
            request.wanted = request.wanted.saturating_sub(1);
        }
        if request.issuing {
            return;
        }
        match call.role {
            Role::Origin => self.origin_settled(call.parent),
            Role::Plain | Role::Cache => {
                if self.settled(call.parent) {
                    self.advance(call.parent);
                }
            }
        }
    }

    /// Forgets a call and what its guards count of it.
    #[inline]
    pub(super) fn drop_call(&mut self, index: u32) {
        let Some(CallState { edge, caller, caller_stamp, attempt, .. }) = self.calls.get(index).copied() else { return };
        self.calls.forget(index);
        if !self.plan.edges[edge as usize].plain
            && let Some(client) = self.client_of(caller, caller_stamp, edge)
            && let Some(guards) = client.guards.as_mut()
        {
            if attempt > 1 {
                guards.budget.retry_ended();
            }
            guards.budget.request_ended();
        }
    }

    /// Whether an attempt needs a new connection while none can be made. Each pair of instances renews its connection at
    /// fixed ages, at a phase of its own.
    fn is_handshake_failing(&self, call: &CallState, target: u32) -> bool {
        let to = self.plan.edges[call.edge as usize].to;
        let Some((since, age_ns)) = self.services[to.index()].as_ref().and_then(|s| s.no_new_connections) else { return false };
        let (Some(caller), Some(callee)) = (self.instances.get(call.caller), self.instances.get(target)) else { return true };
        if caller.since > since || callee.since > since {
            return true;
        }
        let age_ns = age_ns.max(1);
        let phase = rng::fold(u64::from(caller.id.0), u64::from(callee.id.0)) % age_ns;
        (self.now.as_nanos() + phase) / age_ns != (since.as_nanos() + phase) / age_ns
    }
}
