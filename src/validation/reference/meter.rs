//! Counts everything a law may speak about, as it happens; nothing is stored per event.

use super::stats::QuantileBatches;
use crate::ids::ServiceId;
use crate::sim::{Event, Observer, Outcome, Rejection};
use crate::units::{SimDuration, SimTime};

/// Sums of one service since the meter was reset.
#[derive(Clone, Debug, Default)]
pub(super) struct ServiceMeter {
    /// Requests finished, and of these with a good answer.
    pub served: f64,
    pub served_well: f64,
    /// Of these, requests that had to wait for a worker.
    pub delayed: f64,
    /// Their time from arrival to answer, in ms.
    pub latency_ms: f64,
    /// Their time waiting for a worker, in ms.
    pub waited_ms: f64,
    /// Their CPU demand, in ms.
    pub work_ms: f64,
    /// Requests turned away.
    pub rejected: f64,
    /// Of these, because their deadline was past.
    pub expired: f64,
    /// Attempts that callers made to it and that ended; of these with a good answer.
    pub attempted: f64,
    pub attempted_well: f64,
    /// Attempts that their callers' guards held back, and of these by adaptive throttling.
    pub held: f64,
    pub throttled: f64,
}

/// Which times a distribution is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    /// From arrival to answer at this service.
    Latency(ServiceId),
    /// Waiting for a worker of this service.
    Wait(ServiceId),
    /// The users' latency.
    User,
}

/// A distribution to keep, and the quantile wanted of it.
#[derive(Clone, Debug)]
pub(super) struct Spread {
    pub times: Times,
    pub q: f64,
    pub quantiles: QuantileBatches,
}

/// Mean slowdown (time over demand) of the requests of one size.
#[derive(Clone, Debug)]
pub(super) struct SizeBucket {
    /// Largest CPU demand in ms.
    pub work_ms_max: f64,
    pub slowdown: f64,
    pub served: f64,
}

/// All counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter {
    pub services: Vec<ServiceMeter>,
    pub spreads: Vec<Spread>,
    /// By size, smallest first; of service 0.
    pub sizes: Vec<SizeBucket>,
    /// Users' requests that ended, and of these well.
    pub users: f64,
    pub users_well: f64,
    /// Their time in ms.
    pub user_ms: f64,
    /// Their time above this many ms counts as slow.
    pub slow_above_ms: f64,
    pub users_slow: f64,
    /// Time spent inside by all requests of service 0 since the reset, in seconds: the integral of their number.
    pub presence_s: f64,
    /// Since when is counted.
    pub since: SimTime,
}

impl Meter {
    /// For a system of this many services.
    pub fn new(services: usize) -> Self {
        Self { services: vec![ServiceMeter::default(); services], ..Self::default() }
    }
    /// Also keeps a distribution.
    pub fn spread(mut self, times: Times, q: f64) -> Self {
        self.spreads.push(Spread { times, q, quantiles: QuantileBatches::default() });
        self
    }
    /// Also keeps slowdowns by size: bucket edges in ms of CPU demand.
    pub fn sizes(mut self, edges: &[f64]) -> Self {
        self.sizes = edges.iter().map(|edge| SizeBucket { work_ms_max: *edge, slowdown: 0.0, served: 0.0 }).collect();
        self
    }
    /// Forgets the warm-up.
    pub fn reset(&mut self, now: SimTime) {
        let mut fresh = Self::new(self.services.len());
        fresh.spreads = self.spreads.iter().map(|s| Spread { quantiles: QuantileBatches::default(), ..s.clone() }).collect();
        fresh.sizes = self.sizes.iter().map(|s| SizeBucket { slowdown: 0.0, served: 0.0, ..s.clone() }).collect();
        fresh.slow_above_ms = self.slow_above_ms;
        fresh.since = now;
        *self = fresh;
    }
    /// The counts of service `id`.
    pub fn of(&self, id: u32) -> &ServiceMeter {
        &self.services[id as usize]
    }

    fn served(&mut self, at: SimTime, service: ServiceId, latency: SimDuration, waited: SimDuration, work: SimDuration) {
        if service.0 == 0 {
            self.presence_s += latency.as_secs_f64().min(at.since(self.since).as_secs_f64());
            self.note_size(latency, work);
        }
        for spread in &mut self.spreads {
            match spread.times {
                Times::Latency(of) if of == service => spread.quantiles.record(latency),
                Times::Wait(of) if of == service => spread.quantiles.record(waited),
                _ => {}
            }
        }
        let Some(sums) = self.services.get_mut(service.index()) else { return };
        sums.served += 1.0;
        sums.latency_ms += latency.as_millis_f64();
        sums.waited_ms += waited.as_millis_f64();
        sums.work_ms += work.as_millis_f64();
        if waited > SimDuration::ZERO {
            sums.delayed += 1.0;
        }
    }
    fn note_size(&mut self, latency: SimDuration, work: SimDuration) {
        let size = work.as_millis_f64();
        // The very smallest demands are divided by next to nothing and say nothing.
        let smallest = self.sizes.first().map_or(0.0, |s| s.work_ms_max / 20.0);
        if let Some(bucket) = self.sizes.iter_mut().find(|s| size <= s.work_ms_max).filter(|_| size > smallest) {
            bucket.slowdown += latency.as_millis_f64() / size;
            bucket.served += 1.0;
        }
    }
    fn user(&mut self, latency: SimDuration, ok: bool) {
        self.users += 1.0;
        self.users_well += f64::from(u8::from(ok));
        let ms = latency.as_millis_f64();
        self.user_ms += ms;
        self.users_slow += f64::from(u8::from(ms > self.slow_above_ms));
        for spread in self.spreads.iter_mut().filter(|s| s.times == Times::User) {
            spread.quantiles.record(latency);
        }
    }
}

impl Observer for Meter {
    fn see(&mut self, at: SimTime, event: &Event) {
        match event {
            Event::Served { service, latency, waited, work, ok, .. } => {
                self.served(at, *service, *latency, *waited, *work);
                if let (true, Some(sums)) = (*ok, self.services.get_mut(service.index())) {
                    sums.served_well += 1.0;
                }
            }
            Event::Rejected { service, reason, .. } => {
                if let Some(sums) = self.services.get_mut(service.index()) {
                    sums.rejected += 1.0;
                    sums.expired += f64::from(u8::from(*reason == Rejection::Expired));
                }
            }
            Event::Attempted { to, outcome, .. } => {
                if let Some(sums) = self.services.get_mut(to.index()) {
                    sums.attempted += 1.0;
                    sums.attempted_well += f64::from(u8::from(*outcome == Outcome::Ok));
                }
            }
            Event::Held { to, reason, .. } => {
                if let Some(sums) = self.services.get_mut(to.index()) {
                    sums.held += 1.0;
                    sums.throttled += f64::from(u8::from(*reason == Rejection::Throttled));
                }
            }
            Event::UserServed { latency, ok, .. } => self.user(*latency, *ok),
            _ => {}
        }
    }
}
