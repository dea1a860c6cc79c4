//! The network between services: how long a message takes, and whether it arrives.
//!
//! Each edge has a direct path and a detour through another zone. Faults on an edge sit on its direct path; rerouting
//! takes the detour and pays its longer way.

use super::World;
use crate::ids::ServiceId;
use crate::rng;
use crate::units::SimDuration;

/// Mean one-way delay within a zone: 0.2 ms, half of it constant, half exponential (the split is an assumption).
const ZONE_MEAN_NS: f64 = 200_000.0;
/// Mean one-way delay between zones: 0.8 ms.
const CROSS_ZONE_MEAN_NS: f64 = 800_000.0;

/// What is special about an edge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct EdgeState {
    /// Extra one-way delay on the direct path.
    pub delay: SimDuration,
    /// Share of messages lost on the direct path.
    pub loss: f64,
    /// Traffic takes the detour.
    pub rerouted: bool,
}

impl World {
    /// One-way delay of a message on the edge; `None` if it is lost. `key` is the message's own.
    pub(super) fn message_delay(&self, from: ServiceId, to: ServiceId, key: u64) -> Option<SimDuration> {
        let edge = if self.edges.is_empty() { None } else { self.edges.get(&(from, to)) };
        let edge = edge.copied().unwrap_or_default();
        let mean_ns = if edge.rerouted { CROSS_ZONE_MEAN_NS } else { ZONE_MEAN_NS };
        let plain = SimDuration::from_nanos((mean_ns * 0.5 * (1.0 + rng::exponential(rng::fold(key, 1)))) as u64);
        if edge.rerouted {
            return Some(plain);
        }
        if edge.loss > 0.0 && rng::chance(rng::fold(key, 2), edge.loss) {
            return None;
        }
        Some(plain + edge.delay)
    }
}
