//! Counters over a sliding window of whole scrapes, as a monitor's `rate()` over a range would compute them.

use crate::telemetry::{Histogram, Metric};
use crate::units::SimDuration;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Scrapes in the window.
const SLOTS: usize = Metric::WINDOW_S as usize;

/// What was counted between two scrapes.
#[derive(Clone, Debug, Default)]
struct Slot {
    latency: Histogram,
    ok: u64,
    failed: u64,
    /// Of those answered well, those above the bound.
    slow: u64,
}

/// Requests of one service, one edge, or of all users.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    current: Slot,
    past: VecDeque<Slot>,
    window: Slot,
    /// What is slower is not good.
    bound: SimDuration,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            current: Slot::default(),
            past: VecDeque::with_capacity(SLOTS + 1),
            window: Slot::default(),
            bound: SimDuration::from_nanos(u64::MAX),
        }
    }
}

impl Meter {
    /// Counts an answered request.
    pub fn record(&mut self, latency: SimDuration, ok: bool) {
        self.current.latency.record(latency);
        self.current.slow += u64::from(ok && latency > self.bound);
        self.count(ok);
    }
    /// Counts a request that was refused: it has no latency.
    pub fn refuse(&mut self) {
        self.count(false);
    }
    fn count(&mut self, ok: bool) {
        if ok {
            self.current.ok += 1;
        } else {
            self.current.failed += 1;
        }
    }
    /// Closes the current scrape's slot and moves the window. Returns (ok, failed) of the closed slot.
    pub fn roll(&mut self) -> (u64, u64) {
        let mut next = if self.past.len() == SLOTS { self.past.pop_front().unwrap_or_default() } else { Slot::default() };
        if next.ok + next.failed > 0 {
            self.window.latency.subtract(&next.latency);
            self.window.ok -= next.ok;
            self.window.failed -= next.failed;
            self.window.slow -= next.slow;
            next.latency.clear();
            (next.ok, next.failed, next.slow) = (0, 0, 0);
        }
        let closed = std::mem::replace(&mut self.current, next);
        let counts = (closed.ok, closed.failed);
        if counts != (0, 0) {
            self.window.latency.add(&closed.latency);
            self.window.ok += closed.ok;
            self.window.failed += closed.failed;
            self.window.slow += closed.slow;
        }
        self.past.push_back(closed);
        counts
    }
    /// Requests per second over the window.
    pub fn rate(&self) -> f64 {
        (self.window.ok + self.window.failed) as f64 / self.past.len().max(1) as f64
    }
    /// Share of requests that failed; `None` without requests.
    pub fn error_ratio(&self) -> Option<f64> {
        let all = self.window.ok + self.window.failed;
        (all > 0).then(|| self.window.failed as f64 / all as f64)
    }
    /// From now on an answer later than this is not good.
    pub const fn hold_to(&mut self, bound: SimDuration) {
        self.bound = bound;
    }
    /// Share of requests that were answered well and in time; `None` without requests.
    pub fn good_ratio(&self) -> Option<f64> {
        let all = self.window.ok + self.window.failed;
        (all > 0).then(|| (self.window.ok - self.window.slow) as f64 / all as f64)
    }
    /// A latency quantile in ms; `None` without answers.
    pub fn latency_ms(&self, q: f64) -> Option<f64> {
        self.window.latency.quantile_ms(q)
    }
}

/// How the users fare, over the window and so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UserStats {
    /// Requests per second.
    pub rate: f64,
    /// Share answered well, 0..=1; 1 without requests.
    pub success_ratio: f64,
    /// 95th percentile of latency in ms; 0 without answers.
    pub latency_ms_p95: f64,
    /// Seconds so far in which at least 1 % of the users' requests failed.
    pub error_seconds: u64,
    /// Users' requests so far that failed or were turned away.
    pub errors: u64,
    /// Users' requests so far that ended.
    pub ended: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_forgets_what_is_older_than_its_slots() {
        let mut meter = Meter::default();
        meter.record(SimDuration::from_millis(10), false);
        meter.roll();
        for _ in 0..SLOTS - 1 {
            meter.record(SimDuration::from_millis(20), true);
            meter.roll();
        }
        assert_eq!(meter.error_ratio(), Some(0.2));
        assert_eq!(meter.rate(), 1.0);
        meter.roll();
        assert_eq!(meter.error_ratio(), Some(0.0), "the failure has left the window");
        for _ in 0..SLOTS {
            meter.roll();
        }
        assert_eq!((meter.error_ratio(), meter.latency_ms(0.5)), (None, None));
    }
}
