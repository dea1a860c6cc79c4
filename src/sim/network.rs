//! The network between instances: how long a message takes, and whether it arrives.
//!
//! A delay depends on where the two ends run (one node, one zone, two zones); half of it is constant, half exponential.
//! A lost message is sent again after the retransmission time-out, which doubles; where nothing gets through, nothing
//! arrives. Faults on an edge sit on its direct path; rerouting takes a detour through another zone and pays its way.

use super::World;
use super::request::NOBODY;
use crate::rng;
use crate::units::{SimDuration, SimTime};
use std::collections::VecDeque;

/// Transmissions of a message before the connection is given up (Linux `tcp_retries2` is 15).
const SENDS_MAX: u32 = 15;

/// What is special about an edge, and which of its attempts are under way.
#[derive(Clone, Debug, Default)]
pub(super) struct EdgeState {
    /// Extra one-way delay on the direct path.
    pub delay: SimDuration,
    /// Share of messages lost on the direct path.
    pub loss: f64,
    /// Traffic takes the detour.
    pub rerouted: bool,
    /// Closed by hand: no attempt is sent.
    pub closed: bool,
    /// Attempts by the time they are given up, oldest first: one time-out for all makes that the order of sending.
    pub deadlines: VecDeque<(SimTime, u32, u32)>,
    /// The event that looks at the oldest, 0 if none is armed.
    pub armed: u64,
}

/// A fault on the network between two zones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ZoneFault {
    pub a: u8,
    pub b: u8,
    pub delay: SimDuration,
    pub loss: f64,
}

impl World {
    /// Whether the edge's traffic takes the detour.
    pub fn is_rerouted(&self, from: crate::ids::ServiceId, to: crate::ids::ServiceId) -> bool {
        self.plan.edge_between(from, to).is_some_and(|edge| self.edges[edge as usize].rerouted)
    }

    /// One-way delay of a message on the edge between two instances ([`NOBODY`]: somewhere in the callee's zone); `None`
    /// if it never arrives. `key` is the message's own.
    pub(super) fn message_delay(&self, edge: u32, from: u32, to: u32, key: u64) -> Option<SimDuration> {
        let state = &self.edges[edge as usize];
        let (source, target) = (self.instances.get(from), self.instances.get(to));
        let zones = (source.map(|i| i.zone), target.map(|i| i.zone));
        let distance = match (source, target) {
            _ if state.rerouted => 2,
            (Some(a), Some(b)) if a.zone != b.zone => 2,
            (Some(a), Some(b)) if a.node == b.node => 0,
            _ => 1,
        };
        let mean_ns = self.plan.delays_ns[distance];
        let mut delay_ns = 0.0;
        if mean_ns > 0.0 {
            delay_ns = mean_ns * 0.5 * (1.0 + rng::exponential(rng::fold(key, 1)));
        }
        let mut delay = SimDuration::from_nanos(delay_ns as i64 as u64);
        for end in [source, target] {
            if let Some(instance) = end.filter(|i| !i.effects.is_empty()) {
                delay = delay + instance.extra_delay();
            }
        }
        if !state.rerouted {
            delay = delay + state.delay;
            if state.loss > 0.0 {
                delay = delay + self.loss_delay(state.loss, rng::fold(key, 2))?;
            }
        }
        if !self.zone_faults.is_empty() && from != NOBODY {
            delay = delay + self.zone_delay(zones, rng::fold(key, 3))?;
        }
        Some(delay)
    }

    /// What retransmissions cost; `None` if the message never gets through.
    fn loss_delay(&self, loss: f64, key: u64) -> Option<SimDuration> {
        let (mut waited, mut pause) = (0_u64, self.plan.retransmit.as_nanos());
        for send in 0..SENDS_MAX {
            if !rng::chance(rng::fold(key, u64::from(send)), loss) {
                return Some(SimDuration::from_nanos(waited));
            }
            waited += pause;
            pause *= 2;
        }
        None
    }

    fn zone_delay(&self, zones: (Option<u8>, Option<u8>), key: u64) -> Option<SimDuration> {
        let (Some(a), Some(b)) = zones else { return Some(SimDuration::ZERO) };
        let mut delay = SimDuration::ZERO;
        for fault in self.zone_faults.iter().filter(|f| (f.a, f.b) == (a, b) || (f.a, f.b) == (b, a)) {
            delay = delay + fault.delay + self.loss_delay(fault.loss, key)?;
        }
        Some(delay)
    }
}
