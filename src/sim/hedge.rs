//! The caller's guards in front of an attempt (bulkhead, breaker, throttle; the pool is in [`super::pool`]), and hedged requests.

use super::World;
use super::client::client_at;
use super::event::{Outcome, Rejection};
use super::request::{CallState, NOBODY, Phase};
use crate::rng;

const THROTTLE: u64 = rng::label("throttle");
const TWIN: u64 = rng::label("twin");

impl World {
    /// An attempt on an edge with guards.
    pub(super) fn guarded_attempt(&mut self, index: u32) {
        let now = self.now;
        let Some(call) = self.calls.get(index) else { return };
        let edge = &self.plan.edges[call.edge as usize];
        let (policy, first) = (&edge.policy, call.attempt == 0);
        let key = || rng::fold(rng::fold(call.key, THROTTLE), u64::from(call.attempt));
        let client = client_at(&mut self.instances, call.caller, call.caller_stamp, edge.local);
        let Some(client) = client else { return self.attempt(index) };
        let in_flight = client.in_flight;
        let Some(guards) = client.guards.as_mut() else { return self.attempt(index) };
        if first {
            guards.budget.note_request(now);
        }
        let refusal = if policy.in_flight_max.is_some_and(|max| in_flight >= max) {
            Some(Rejection::Bulkhead)
        } else if policy.throttle.is_some_and(|throttle| !guards.throttle().admit(&throttle, now, key())) {
            Some(Rejection::Throttled)
        } else if policy.breaker.is_some_and(|breaker| !guards.breaker().admit(&breaker, now)) {
            Some(Rejection::BreakerOpen)
        } else {
            None
        };
        match (refusal, policy.pool) {
            (Some(reason), _) => {
                if let Some(call) = self.calls.get_mut(index) {
                    call.attempt += 1;
                }
                self.held(index, reason);
            }
            (None, None) => self.attempt(index),
            (None, Some(_)) => self.take_connection(index),
        }
    }

    /// The first copy has not been answered: a second one goes to another instance.
    pub(super) fn hedge(&mut self, index: u32, seq: u64) {
        let Some(call) = self.calls.get(index).filter(|c| c.hedge_event == seq && c.phase == Phase::Sent).copied() else {
            return;
        };
        let copy = CallState {
            key: rng::fold(call.key, TWIN),
            twin: index,
            counted: false,
            pooled: false,
            reply_event: 0,
            timer: 0,
            hedge_event: 0,
            attempt: call.attempt,
            ..call
        };
        let twin = self.calls.insert(copy);
        if let Some(call) = self.calls.get_mut(index) {
            (call.twin, call.hedge_event) = (twin, 0);
        }
        self.attempt(twin);
    }

    /// One of two copies ended. True if the other one goes on in its place.
    pub(super) fn twin_goes_on(&mut self, index: u32, call: &CallState, outcome: Outcome) -> bool {
        let twin = call.twin;
        let Some(other) = self.calls.get_mut(twin).filter(|other| other.twin == index) else { return false };
        other.twin = NOBODY;
        let other = *other;
        if outcome != Outcome::Ok {
            self.calls.forget(index);
            return true;
        }
        self.cancel_request(other.request, other.request_stamp);
        // If the copy was faster, it is the first one that holds the connection.
        self.give_back(twin);
        if other.counted
            && let Some(client) = self.client_of(other.caller, other.caller_stamp, other.edge)
        {
            client.ended(other.at_slot);
        }
        self.calls.forget(twin);
        false
    }
}
