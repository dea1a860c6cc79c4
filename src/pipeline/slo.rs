//! Service level objectives: how much of the error budget is left, how fast it burns, and when that is worth an alert.
//!
//! An entry (where users come in) is to answer a share of requests without error within a bound. Alerts are those of the
//! Site Reliability Workbook, chapter 5: a burn rate over a long window and over a twelfth of it, so that an alert comes
//! when a noticeable part of the budget is gone and ends soon after the burning does: 14.4 over 1 h (2 % of a month's
//! budget) and 6 over 6 h (5 %) page, 1 over 3 d (10 %) is a ticket.
//!
//! Runs last minutes and not months, so time is scaled: [`TIME_SCALE`] seconds of the objective pass in one simulated
//! second. The period of 30 d is 12 simulated hours, the windows are 60 s, 6 min and 72 min.
//!
//! What was before a run is taken as good: a window that the run does not fill yet counts as if its past had been served
//! at the same rate without failure. Otherwise the first failure of a run would be an alert.
//!
//! Bounds: four rings of [`SLOTS`] counts an entry, O(1) a scrape. Telemetry that is not believed counts nothing.

use super::collect::Collector;
use super::wiring::Wiring;
use crate::ids::ServiceId;
use crate::telemetry::Metric;
use crate::units::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Seconds of the objective's time that pass in one simulated second: an hour in a minute.
pub const TIME_SCALE: f64 = 60.0;
/// The objective's period: 30 days, in simulated seconds.
const PERIOD_S: u64 = 43_200;
/// Counts in the ring of each window.
const SLOTS: usize = 60;
/// Counts of the short window: a twelfth.
const SHORT_SLOTS: usize = 5;
/// Burn rate and long window in simulated seconds: 1 h, 6 h and 3 d.
const WINDOWS: [(f64, u64); 3] = [(14.4, 60), (6.0, 360), (1.0, 4_320)];
/// Bad requests in the long window below which a burn rate is one of chance.
const BAD_MIN: f64 = 5.0;
/// Seconds between scrapes that count at most: after a gap the rate says nothing of the time in between.
const STEP_S_MAX: f64 = 3.0;

/// One burn rate with its pair of windows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BurnRate {
    /// The burn rate at which it alerts, in budgets a period.
    pub limit: f64,
    /// Long and short window in simulated seconds.
    pub windows_s: (f64, f64),
    /// Burn rates over both now.
    pub rates: (f64, f64),
    /// Since when it alerts.
    pub since: Option<SimTime>,
    /// Whether it pages somebody; otherwise it is a ticket.
    pub pages: bool,
    /// How often it began to alert.
    pub alerts: u32,
}

/// How an entry stands against its objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SloStatus {
    /// The entry.
    pub service: ServiceId,
    /// Share of requests that is to be good.
    pub objective: f64,
    /// The bound on latency in ms.
    pub within_ms: f64,
    /// Share of requests that were good since the start, 1 without requests.
    pub good_ratio: f64,
    /// Share of the period's error budget that is left; negative when it is overspent.
    pub budget_left: f64,
    /// Requests a second that are answered, refused included: throughput.
    pub throughput: f64,
    /// Those of them that are good.
    pub goodput: f64,
    /// Burn rates, fastest first.
    pub burn: [BurnRate; WINDOWS.len()],
}

impl SloStatus {
    /// The fastest burn rate that alerts now.
    pub fn alert(&self) -> Option<&BurnRate> {
        self.burn.iter().find(|b| b.since.is_some())
    }
}

/// Requests and how many of them were bad.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    all: f64,
    bad: f64,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.all += other.all;
        self.bad += other.bad;
    }
}

/// Counts of the last [`SLOTS`] slots of equal length.
#[derive(Clone, Debug)]
struct Ring {
    slot_s: u64,
    /// Number of the newest slot since the start.
    newest: u64,
    slots: [Count; SLOTS],
}

impl Ring {
    fn new(window_s: u64) -> Self {
        Self { slot_s: window_s / SLOTS as u64, newest: 0, slots: [Count::default(); SLOTS] }
    }
    fn push(&mut self, now: SimTime, count: Count) {
        let number = now.as_nanos() / 1_000_000_000 / self.slot_s.max(1);
        for gone in (self.newest + 1..=number).take(SLOTS) {
            self.slots[(gone % SLOTS as u64) as usize] = Count::default();
        }
        self.newest = self.newest.max(number);
        self.slots[(number % SLOTS as u64) as usize].add(count);
    }
    fn sum(&self, slots: usize) -> Count {
        let mut sum = Count::default();
        for back in 0..(slots as u64).min(self.newest + 1) {
            sum.add(self.slots[((self.newest - back) % SLOTS as u64) as usize]);
        }
        sum
    }
    /// Share of bad requests over the newest slots, with what was before the first count taken as good.
    fn bad_ratio(&self, slots: usize, seen_s: f64) -> f64 {
        let sum = self.sum(slots);
        let window_s = slots as f64 * self.slot_s as f64;
        let all = sum.all * (window_s / seen_s.max(1.0)).max(1.0);
        if all > 0.0 { sum.bad / all } else { 0.0 }
    }
}

/// One entry.
#[derive(Clone, Debug)]
struct Entry {
    status: SloStatus,
    windows: [Ring; WINDOWS.len()],
    period: Ring,
    total: Count,
    began: SimTime,
    last: SimTime,
}

/// An alert that began or ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BurnChange {
    pub service: ServiceId,
    pub burn: BurnRate,
}

/// All entries.
#[derive(Clone, Debug, Default)]
pub(super) struct Slos {
    entries: BTreeMap<ServiceId, Entry>,
}

impl Slos {
    /// Takes the newest scrape in; returns the alerts that began or ended with it.
    pub fn update(&mut self, now: SimTime, collector: &Collector, wiring: &Wiring) -> Vec<BurnChange> {
        let mut changes = Vec::new();
        for service in wiring.ids() {
            let Some(objective) = wiring.get(service).and_then(|n| n.objective) else { continue };
            let Some(rate) = collector.of(service, Metric::RequestRate) else { continue };
            let good = collector.of(service, Metric::GoodRatio);
            if rate > 0.0 && good.is_none() {
                continue;
            }
            let entry = self.entries.entry(service).or_insert_with(|| Entry::new(service, now));
            entry.status.objective = objective.good;
            entry.status.within_ms = objective.within.as_secs_f64() * 1e3;
            changes.extend(entry.push(now, rate, good.unwrap_or(1.0)));
        }
        changes
    }
    /// Entries in id order.
    pub fn iter(&self) -> impl Iterator<Item = &SloStatus> {
        self.entries.values().map(|e| &e.status)
    }
    /// Forgets what is no longer declared, or no longer an entry.
    pub fn retain(&mut self, wiring: &Wiring) {
        self.entries.retain(|id, _| wiring.get(*id).is_some_and(|n| n.objective.is_some()));
    }
}

impl Entry {
    fn new(service: ServiceId, now: SimTime) -> Self {
        let burn = |(limit, long_s): (f64, u64)| BurnRate {
            limit,
            windows_s: (long_s as f64, long_s as f64 * SHORT_SLOTS as f64 / SLOTS as f64),
            rates: (0.0, 0.0),
            since: None,
            pages: limit > 1.0,
            alerts: 0,
        };
        let status = SloStatus {
            service,
            objective: 1.0,
            within_ms: 0.0,
            good_ratio: 1.0,
            budget_left: 1.0,
            throughput: 0.0,
            goodput: 0.0,
            burn: WINDOWS.map(burn),
        };
        let windows = WINDOWS.map(|(_, long_s)| Ring::new(long_s));
        Self { status, windows, period: Ring::new(PERIOD_S), total: Count::default(), began: now, last: now }
    }
    fn push(&mut self, now: SimTime, rate: f64, good: f64) -> Vec<BurnChange> {
        let step_s = now.since(self.last).as_secs_f64().min(STEP_S_MAX);
        self.last = now;
        let count = Count { all: rate * step_s, bad: rate * step_s * (1.0 - good).clamp(0.0, 1.0) };
        self.windows.iter_mut().chain([&mut self.period]).for_each(|ring| ring.push(now, count));
        self.total.add(count);
        let seen_s = now.since(self.began).as_secs_f64();
        let allowed = (1.0 - self.status.objective).max(f64::MIN_POSITIVE);
        let status = &mut self.status;
        status.good_ratio = if self.total.all > 0.0 { 1.0 - self.total.bad / self.total.all } else { 1.0 };
        status.budget_left = 1.0 - self.period.bad_ratio(SLOTS, seen_s) / allowed;
        (status.throughput, status.goodput) = (rate, rate * good);
        let mut changes = Vec::new();
        for (burn, ring) in status.burn.iter_mut().zip(&self.windows) {
            burn.rates = (ring.bad_ratio(SLOTS, seen_s) / allowed, ring.bad_ratio(SHORT_SLOTS, seen_s) / allowed);
            let is_over = burn.rates.0 >= burn.limit && burn.rates.1 >= burn.limit && ring.sum(SLOTS).bad >= BAD_MIN;
            // It ends by the short window alone: the long one remembers what is over.
            let goes_on = burn.since.is_some() && burn.rates.1 >= burn.limit;
            let was = burn.since;
            burn.since = if is_over || goes_on { Some(was.unwrap_or(now)) } else { None };
            burn.alerts += u32::from(was.is_none() && burn.since.is_some());
            if was.is_some() != burn.since.is_some() {
                changes.push(BurnChange { service: status.service, burn: *burn });
            }
        }
        changes
    }
}

/// One line for people: `SLO: burns 21.3 times the budget over 60 s (limit 14.4)`.
pub(super) fn line(burn: &BurnRate) -> String {
    format!(
        "burns {:.1} times its budget over {:.0} s and {:.1} times over {:.0} s, limit {}",
        burn.rates.0, burn.windows_s.0, burn.rates.1, burn.windows_s.1, burn.limit
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: ServiceId = ServiceId(1);

    /// Feeds `seconds` of 100 requests a second of which `good` are good; returns when each burn rate began to alert.
    fn feed(entry: &mut Entry, from_s: u64, seconds: u64, good: f64) -> Vec<(u64, BurnChange)> {
        entry.status.objective = 0.995;
        let at = |s| entry_push(entry, s, good);
        (from_s + 1..=from_s + seconds).flat_map(at).collect()
    }

    fn entry_push(entry: &mut Entry, second: u64, good: f64) -> Vec<(u64, BurnChange)> {
        entry.push(SimTime::from_secs(second), 100.0, good).into_iter().map(|c| (second, c)).collect()
    }

    #[test]
    fn a_full_outage_pages_when_two_per_cent_of_the_budget_are_gone_and_ends_soon_after_it() {
        let mut entry = Entry::new(ENTRY, SimTime::ZERO);
        assert_eq!(feed(&mut entry, 0, 600, 1.0), []);
        let changes = feed(&mut entry, 600, 20, 0.0);
        // 14.4 x 0.5 % of 60 s is 4.3 s of nothing but failures.
        assert_eq!((changes[0].0, changes[0].1.burn.limit), (605, 14.4), "{changes:?}");
        let over = feed(&mut entry, 620, 60, 1.0);
        let ended = over.iter().find(|(_, c)| c.burn.limit == 14.4 && c.burn.since.is_none());
        assert!(ended.is_some_and(|(at, _)| *at <= 626), "{over:?}");
    }

    #[test]
    fn failing_at_just_the_objective_never_pages_and_spends_the_budget_in_a_period() {
        let mut entry = Entry::new(ENTRY, SimTime::ZERO);
        let changes = feed(&mut entry, 0, PERIOD_S, 0.995_1);
        assert_eq!(changes, []);
        assert!(entry.status.budget_left.abs() < 0.05, "{:?}", entry.status);
        assert!((entry.status.good_ratio - 0.995_1).abs() < 1e-6);
    }

    #[test]
    fn a_slow_leak_of_the_budget_becomes_a_ticket_and_no_page() {
        let mut entry = Entry::new(ENTRY, SimTime::ZERO);
        let changes = feed(&mut entry, 0, 20_000, 0.99);
        let limits: Vec<f64> = changes.iter().map(|(_, c)| c.burn.limit).collect();
        assert_eq!(limits, [1.0], "{changes:?}");
        assert!(entry.status.alert().is_some_and(|burn| !burn.pages));
    }

    #[test]
    fn a_few_failures_at_the_start_are_no_alert() {
        let mut entry = Entry::new(ENTRY, SimTime::ZERO);
        assert_eq!(feed(&mut entry, 0, 3, 0.9), []);
        assert!(entry.status.budget_left > 0.9);
    }
}
