//! The doors of one instance: rate and concurrency limits, shedding, controlled delay.

use super::event::Rejection;
use super::resilience::codel::CoDelState;
use super::resilience::concurrency::Limiter;
use super::resilience::dagor::DagorState;
use super::resilience::rate_limit::TokenBucket;
use crate::rng;
use crate::topology::{ConcurrencyLimit, ServerPolicy, Shedding};
use crate::units::{SimDuration, SimTime};

const SHED: u64 = rng::label("shed");

/// The state of an instance's doors.
#[derive(Clone, Debug)]
pub(super) struct ServerState {
    policy: ServerPolicy,
    codel: CoDelState,
    limiter: Limiter,
    rate: TokenBucket,
    dagor: DagorState,
}

impl ServerState {
    /// Doors without history.
    pub fn new(policy: &ServerPolicy, now: SimTime) -> Self {
        Self {
            policy: *policy,
            codel: CoDelState::new(),
            limiter: Limiter::new(&policy.concurrency),
            rate: TokenBucket::new(),
            dagor: DagorState::new(now),
        }
    }
    /// Other settings; what was learned stays where it still means something.
    pub fn set_policy(&mut self, policy: &ServerPolicy) {
        if self.policy.concurrency != policy.concurrency {
            self.limiter = Limiter::new(&policy.concurrency);
        }
        if self.policy.rate_limit != policy.rate_limit {
            self.rate = TokenBucket::new();
        }
        self.policy = *policy;
    }
    /// Whether a request may come in, with `inside` requests there already; the reason if not.
    pub fn admit(&mut self, now: SimTime, key: u64, level: u16, inside: u32) -> Result<(), Rejection> {
        if let Some(limit) = &self.policy.rate_limit
            && !self.rate.admit(limit, now)
        {
            return Err(Rejection::RateLimit);
        }
        if self.policy.concurrency != ConcurrencyLimit::None && inside >= self.limiter.limit() {
            return Err(Rejection::Concurrency);
        }
        match self.policy.shedding {
            Shedding::None => Ok(()),
            Shedding::Share(share) if rng::chance(rng::fold(key, SHED), share.get()) => Err(Rejection::Shed),
            Shedding::Share(_) => Ok(()),
            Shedding::Dagor { .. } if self.dagor.admit(now, level) => Ok(()),
            Shedding::Dagor { .. } => Err(Rejection::Shed),
        }
    }
    /// The next in line has waited; whether controlled delay drops it.
    pub fn drops(&mut self, now: SimTime, waited: SimDuration, is_last: bool) -> bool {
        self.policy.codel.is_some_and(|policy| self.codel.on_dequeue(&policy, now, waited, is_last))
    }
    /// A request got a worker after waiting.
    pub fn began(&mut self, now: SimTime, waited: SimDuration) {
        if matches!(self.policy.shedding, Shedding::Dagor { .. }) {
            self.dagor.queued(&self.policy.shedding, now, waited);
        }
    }
    /// A request ended.
    pub fn ended(&mut self, now: SimTime, latency: SimDuration, inside: u32, ok: bool) {
        if self.policy.concurrency != ConcurrencyLimit::None {
            self.limiter.record(&self.policy.concurrency, now, latency, inside, ok);
        }
    }
}
