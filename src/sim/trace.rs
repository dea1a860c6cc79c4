//! A running hash of everything that happened: two runs with equal traces saw the same events at the same times.

use super::event::Event;
use crate::rng;
use crate::units::SimTime;

/// The multiplier of splitmix's sequence: odd, with well spread bits.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// The hash so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trace(u64);

impl Trace {
    pub const fn new(seed: u64) -> Self {
        Self(rng::mix(seed))
    }
    pub const fn value(self) -> u64 {
        rng::mix(self.0)
    }
    /// Folds in what happened at `now`.
    #[inline]
    pub fn note(&mut self, now: SimTime, event: &Event) {
        self.word(now.as_nanos());
        self.word(code(event));
    }
    /// Cheap, because it runs for each event: rotate, add, multiply by an odd number (each step is a bijection).
    const fn word(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(STEP);
    }
}

fn code(event: &Event) -> u64 {
    let pair = |kind: u64, a: u32, b: u64| kind << 56 ^ u64::from(a) << 32 ^ b;
    match event {
        Event::Served { service, latency, ok, .. } => pair(1 + u64::from(*ok), service.0, latency.as_nanos()),
        Event::Rejected { service, reason, .. } => pair(3, service.0, *reason as u64),
        Event::Attempted { from, to, latency, outcome, .. } => pair(4 + *outcome as u64, from.0 << 16 ^ to.0, latency.as_nanos()),
        Event::UserServed { entry, latency, ok } => pair(8 + u64::from(*ok), entry.0, latency.as_nanos()),
        Event::Held { from, to, reason, .. } => pair(10, from.0 << 16 ^ to.0, *reason as u64),
        Event::CacheAsked { from, cache, hit } => pair(11, from.0 << 16 ^ cache.0, u64::from(*hit)),
        Event::Started { instance, .. } => pair(12, instance.0, 0),
        Event::BecameReady { instance, .. } => pair(13, instance.0, 0),
        Event::BecameUnready { instance, .. } => pair(14, instance.0, 0),
        Event::Exited { instance, exit, .. } => pair(15, instance.0, *exit as u64),
        Event::Pending { instance, .. } => pair(16, instance.0, 0),
        Event::Breaker { instance, to, open, .. } => pair(17, instance.0, u64::from(to.0) << 1 | u64::from(*open)),
        Event::Ejected { from, instance, .. } => pair(18, from.0, u64::from(instance.0)),
        Event::Scaled { service, to, .. } => pair(19, service.0, u64::from(*to)),
        Event::RollOutBegan { service, version } => pair(20, service.0, u64::from(*version)),
        Event::RollOutEnded { service, version, complete } => {
            pair(21, service.0, u64::from(*version) << 1 | u64::from(*complete))
        }
        Event::NodeLost { node } => pair(22, *node, 0),
        Event::NodeJoined { node } => pair(23, *node, 0),
        Event::Draining { instance, .. } => pair(27, instance.0, 0),
        Event::FaultBegan(fault) => pair(24, fault.id.0, 0),
        Event::FaultEnded(fault) => pair(25, fault.id.0, 0),
        Event::ActionEnded(receipt) => pair(26, receipt.id.0, 0),
    }
}
