//! Users: an open loop of Poisson arrivals at entry services. They come however slow the answers are.

use super::World;
use super::calendar::Happening;
use super::request::{ReplyTo, Request};
use crate::ids::ServiceId;
use crate::rng;
use crate::units::SimDuration;

impl World {
    /// Sets the rate at which users arrive at `id`, per second. A gap in progress keeps the share of it that is left,
    /// so the arrivals stay one Poisson process whose clock merely runs faster or slower.
    pub(super) fn set_rate(&mut self, id: ServiceId, rate: f64) {
        let now = self.now;
        let Some(state) = self.services.get_mut(id.index()).and_then(Option::as_mut) else { return };
        if state.rate.to_bits() == rate.to_bits() {
            return;
        }
        let left = match state.next_arrival {
            Some(at) if state.rate > 0.0 => at.since(now).as_secs_f64() * state.rate,
            _ => rng::exponential(state.arrivals.next_key()),
        };
        state.rate = rate;
        state.next_arrival = None;
        if rate > 0.0 {
            let at = now + SimDuration::from_secs_f64(left / rate);
            state.next_arrival = Some(at);
            state.arrival_event = self.calendar.schedule(at, Happening::Arrive(id));
        }
    }

    /// A user's request enters at `id`.
    pub(super) fn arrive(&mut self, id: ServiceId, seq: u64) {
        let now = self.now;
        let Some(state) = self.services.get_mut(id.index()).and_then(Option::as_mut) else { return };
        if state.arrival_event != seq || state.rate <= 0.0 {
            return;
        }
        let key = state.arrivals.next_key();
        let gap = rng::exponential(rng::fold(key, rng::label("gap"))) / state.rate;
        let at = now + SimDuration::from_secs_f64(gap);
        state.next_arrival = Some(at);
        state.arrival_event = self.calendar.schedule(at, Happening::Arrive(id));
        self.enter(id, key);
    }

    fn enter(&mut self, id: ServiceId, key: u64) {
        self.account.arrived += 1;
        self.account.in_flight += 1;
        let stamp = self.next_stamp();
        let request = Request {
            service: id,
            instance: u32::MAX,
            instance_stamp: 0,
            key,
            stamp,
            reply_to: ReplyTo::User,
            arrived_at: self.now,
            position: 0,
            stage: 0,
            pending: 0,
            failed: false,
        };
        let index = self.requests.insert(request);
        if self.route(index) {
            self.deliver(index);
        } else {
            self.turn_away(index);
        }
    }
}
