//! Calls: a request works through its stages; each call has attempts, time-outs and back-offs of its own.
//!
//! A time-out ends the caller's waiting, not the callee's work: the answer comes late and is thrown away. That is
//! where retry storms come from, so it must not be simplified.

use super::World;
use super::calendar::Happening;
use super::event::{Event, Outcome};
use super::request::{CallState, ReplyTo, Request};
use crate::rng;
use crate::topology::Call;
use crate::units::SimDuration;

const SKIP: u64 = rng::label("skip");
const JITTER: u64 = rng::label("jitter");
const SEND: u64 = rng::label("send");

impl World {
    /// Starts the calls of the request's next stage that has any; finishes the request after the last.
    pub(super) fn next_stage(&mut self, index: u32) {
        loop {
            let Some(request) = self.requests.get_mut(index) else { return };
            let stage = usize::from(request.stage);
            request.stage += 1;
            let (service, key) = (request.service, request.key);
            let Some(calls) = self.topology.get(service).and_then(|s| s.stages.get(stage)) else {
                return self.finish(index, true);
            };
            let wanted: Vec<(usize, Call)> = calls
                .iter()
                .copied()
                .enumerate()
                .filter(|(i, call)| {
                    let draw = rng::fold(rng::fold(key, SKIP), (stage << 8 | i) as u64);
                    call.probability.get() >= 1.0 || rng::chance(draw, call.probability.get())
                })
                .collect();
            if wanted.is_empty() {
                continue;
            }
            if let Some(request) = self.requests.get_mut(index) {
                request.pending = wanted.len() as u16;
            }
            for (i, call) in wanted {
                self.start_call(index, (stage << 8 | i) as u64, call);
            }
            return;
        }
    }

    fn start_call(&mut self, parent: u32, place: u64, call: Call) {
        let Some(request) = self.requests.get(parent) else { return };
        let label = self.services.get(call.to.index()).and_then(Option::as_ref).map_or(0, |s| s.label);
        let state = CallState {
            parent,
            parent_stamp: request.stamp,
            from: request.service,
            to: call.to,
            optional: call.optional,
            policy: call.policy,
            key: rng::fold(rng::fold(request.key, label), place),
            attempt: 0,
            attempt_at: self.now,
            at_instance: u32::MAX,
            stamp: 0,
        };
        let index = self.calls.insert(state);
        self.attempt(index);
    }

    /// Sends the next attempt of a call.
    fn attempt(&mut self, index: u32) {
        let (now, stamp) = (self.now, self.next_stamp());
        let Some(call) = self.calls.get_mut(index) else { return };
        call.attempt += 1;
        call.attempt_at = now;
        call.stamp = stamp;
        let call = *call;
        let key = rng::fold(call.key, u64::from(call.attempt));
        let request = Request {
            service: call.to,
            instance: u32::MAX,
            instance_stamp: 0,
            key,
            stamp: self.next_stamp(),
            reply_to: ReplyTo::Call { call: index, stamp },
            arrived_at: now,
            position: 0,
            stage: 0,
            pending: 0,
            failed: false,
        };
        self.calendar.schedule(now + call.policy.timeout, Happening::Timeout { call: index, stamp });
        let message = self.message_delay(call.from, call.to, rng::fold(key, SEND));
        let request = self.requests.insert(request);
        let routed = self.route(request);
        let at = self.requests.get(request).map_or(u32::MAX, |r| r.instance);
        if let Some(call) = self.calls.get_mut(index) {
            call.at_instance = at;
        }
        match (routed, message) {
            (true, Some(delay)) => {
                let extra = self.instances.get(at).map_or(SimDuration::ZERO, super::instance::Instance::extra_delay);
                self.calendar.schedule(now + delay + extra, Happening::Deliver { request });
            }
            (false, Some(_)) => self.turn_away(request),
            (_, None) => {
                self.requests.remove(request);
            }
        }
    }

    /// An answer arrives. Late ones (the attempt was given up) are thrown away.
    pub(super) fn reply(&mut self, index: u32, stamp: u32, ok: bool) {
        if self.calls.get(index).is_none_or(|c| c.stamp != stamp) {
            return;
        }
        self.attempt_ended(index, if ok { Outcome::Ok } else { Outcome::Error });
    }

    /// The caller has waited long enough.
    pub(super) fn timeout(&mut self, index: u32, stamp: u32) {
        if self.calls.get(index).is_none_or(|c| c.stamp != stamp) {
            return;
        }
        self.attempt_ended(index, Outcome::Timeout);
    }

    fn attempt_ended(&mut self, index: u32, outcome: Outcome) {
        let Some(call) = self.calls.get(index).copied() else { return };
        let latency = self.now.since(call.attempt_at);
        self.emit(Event::Attempted { from: call.from, to: call.to, latency, outcome });
        if let Some(instance) = self.instances.get_mut(call.at_instance) {
            instance.note_seen(latency);
        }
        let alive = self.requests.get(call.parent).is_some_and(|r| r.stamp == call.parent_stamp);
        if !alive {
            self.calls.remove(index);
        } else if outcome == Outcome::Ok {
            self.call_ended(index, true);
        } else if call.attempt < call.policy.attempts_max {
            self.back_off(index);
        } else {
            self.call_ended(index, false);
        }
    }

    /// Waits before the next attempt: exponential, capped, full jitter.
    fn back_off(&mut self, index: u32) {
        let stamp = self.next_stamp();
        let Some(call) = self.calls.get_mut(index) else { return };
        call.stamp = stamp;
        let doubled = call.policy.backoff_base.as_nanos().saturating_mul(1 << (call.attempt - 1).min(16));
        let longest = doubled.min(call.policy.backoff_max.as_nanos()) as f64;
        let draw = rng::uniform(rng::fold(rng::fold(call.key, JITTER), u64::from(call.attempt)));
        let wait = SimDuration::from_nanos((longest * draw) as u64);
        self.calendar.schedule(self.now + wait, Happening::Retry { call: index, stamp });
    }

    /// The back-off is over.
    pub(super) fn retry(&mut self, index: u32, stamp: u32) {
        let Some(call) = self.calls.get(index).filter(|c| c.stamp == stamp) else { return };
        if self.requests.get(call.parent).is_some_and(|r| r.stamp == call.parent_stamp) {
            self.attempt(index);
        } else {
            self.calls.remove(index);
        }
    }

    /// The call is over; with the last one of a stage the request goes on, or fails if it needed one that failed.
    fn call_ended(&mut self, index: u32, ok: bool) {
        let Some(call) = self.calls.remove(index) else { return };
        let Some(request) = self.requests.get_mut(call.parent) else { return };
        request.pending -= 1;
        request.failed |= !ok && !call.optional;
        if request.pending > 0 {
            return;
        }
        if request.failed {
            self.finish(call.parent, false);
        } else {
            self.next_stage(call.parent);
        }
    }
}
