//! Monitor: is each service healthy? Four metrics against their thresholds through a [`Gate`] each, and whether there
//! are instances at all. Yields one `Signal` a service, with the reasons. A service whose telemetry cannot be believed
//! ([`trust`](super::trust)) is Unknown, and its gates stay where they were: silence is no calm.

use super::api::{EventKind, PipelineEvent};
use super::collect::Collector;
use super::gate::Gate;
use super::policy::{Band, Policy, Thresholds};
use super::text;
use super::trust::{Doubt, Trust};
use super::types::{Evidence, Health, Signal};
use super::wiring::Wiring;
use crate::ids::ServiceId;
use crate::telemetry::Metric;
use crate::units::{SimDuration, SimTime};
use std::collections::BTreeMap;

/// Scrapes in a row with fewer instances ready than before until that is Degraded: a rolling change may be short for one.
const SHORT_SCRAPES: u32 = 3;

/// How a service's instances stand.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Instances {
    /// Ready now, `None` if not scraped.
    pub ready: Option<f64>,
    /// Wanted now.
    pub desired: Option<f64>,
    /// Ready when last all that were wanted were ready.
    pub full: Option<f64>,
    /// Restarts within [`Policy::RESTART_WINDOW_S`].
    pub restarts: f64,
    unready_scrapes: u32,
    short_scrapes: u32,
    first_seen: Option<SimTime>,
}

impl Instances {
    /// Whether it wants instances and has none.
    pub fn is_down(&self) -> bool {
        self.unready_scrapes > 0
    }
    fn update(&mut self, now: SimTime, service: ServiceId, collector: &Collector) {
        self.ready = collector.of(service, Metric::ReplicasReady);
        self.desired = collector.of(service, Metric::ReplicasDesired);
        self.restarts = collector.growth(service, Metric::Restarts, SimDuration::from_secs(Policy::RESTART_WINDOW_S));
        self.first_seen = self.first_seen.or(collector.has_samples(service).then_some(now));
        let (Some(ready), Some(desired)) = (self.ready, self.desired) else { return };
        if desired > 0.0 && ready >= desired {
            self.full = Some(ready);
        }
        self.unready_scrapes = if desired > 0.0 && ready < 1.0 { self.unready_scrapes + 1 } else { 0 };
        let is_short = ready < desired && self.full.is_some_and(|full| ready < full);
        self.short_scrapes = if is_short { self.short_scrapes + 1 } else { 0 };
    }
    fn health(&self, now: SimTime, policy: &Policy) -> (Health, Option<Evidence>) {
        let ready = self.ready.unwrap_or(0.0);
        let desired = self.desired.unwrap_or(0.0);
        let is_late = self.first_seen.is_some_and(|at| now.since(at) >= SimDuration::from_secs(policy.first_ready_s));
        if self.unready_scrapes >= policy.unready_scrapes && (self.full.is_some() || is_late) {
            return (
                Health::Critical,
                Some(fact(Metric::ReplicasReady, format!("no instance ready of {desired:.0}"), 0.0, desired)),
            );
        }
        let limit = f64::from(policy.crash_loop_restarts);
        if self.restarts >= limit {
            let text = format!("{:.0} restarts in {} s >= {limit:.0}", self.restarts, Policy::RESTART_WINDOW_S);
            let health =
                if ready >= 1.0 && ready * 2.0 >= desired && desired >= 2.0 { Health::Degraded } else { Health::Critical };
            return (health, Some(fact(Metric::Restarts, text, self.restarts, limit)));
        }
        if self.short_scrapes >= SHORT_SCRAPES {
            let text = format!("{ready:.0} of {desired:.0} instances ready");
            return (Health::Degraded, Some(fact(Metric::ReplicasReady, text, ready, desired)));
        }
        (Health::Healthy, None)
    }
}

fn fact(metric: Metric, text: String, value: f64, reference: f64) -> Evidence {
    Evidence { text, metric: Some(metric), value, reference }
}

#[derive(Clone, Debug, Default)]
struct State {
    gates: [Gate; Thresholds::METRICS.len()],
    instances: Instances,
    signal: Signal,
}

/// A change of health, for the event log.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct HealthChange {
    pub service: ServiceId,
    pub from: Health,
    pub to: Health,
    pub reasons: String,
}

impl HealthChange {
    /// A service that is well when it is first seen is no news.
    pub fn is_first_look(&self) -> bool {
        (self.from, self.to) == (Health::Unknown, Health::Healthy)
    }
    /// As a line of the log.
    pub fn event(&self) -> PipelineEvent {
        let reasons = if self.reasons.is_empty() { String::new() } else { format!(": {}", self.reasons) };
        let text = format!("{} -> {}{reasons}", word(self.from), word(self.to));
        PipelineEvent { kind: EventKind::Health, service: Some(self.service), text }
    }
}

const fn word(health: Health) -> &'static str {
    match health {
        Health::Unknown => "Unknown",
        Health::Healthy => "Healthy",
        Health::Degraded => "Degraded",
        Health::Critical => "Critical",
    }
}

/// The health of all services.
#[derive(Clone, Debug, Default)]
pub(super) struct Monitor {
    states: BTreeMap<ServiceId, State>,
    trust: Trust,
}

impl Monitor {
    /// Judges every declared service on the newest samples, once those that cannot be believed are hidden; returns the changes.
    pub fn update(&mut self, now: SimTime, collector: &mut Collector, wiring: &Wiring, policy: &Policy) -> Vec<HealthChange> {
        let mut changes = Vec::new();
        self.trust.update(collector, wiring);
        collector.hide(self.trust.blind().collect());
        for service in wiring.ids() {
            let doubt = self.trust.doubt(service);
            let state = self
                .states
                .entry(service)
                .or_insert_with(|| State { signal: Signal { since: now, ..Signal::default() }, ..State::default() });
            let from = state.signal.health;
            let (to, reasons) = match doubt.filter(|d| d.is_blind) {
                Some(doubt) => (Health::Unknown, vec![doubt.evidence.clone()]),
                None => state.judge(now, service, collector, policy),
            };
            if from != to {
                state.signal.since = now;
                let reasons_text = reasons.iter().map(|r| r.text.as_str()).collect::<Vec<_>>().join("; ");
                changes.push(HealthChange { service, from, to, reasons: reasons_text });
            }
            state.signal.health = to;
            state.signal.reasons = reasons;
            state.signal.notes = doubt.filter(|d| !d.is_blind).map(|d| d.evidence.clone()).into_iter().collect();
        }
        changes
    }
    /// The verdict on `service`.
    pub fn signal(&self, service: ServiceId) -> Option<&Signal> {
        self.states.get(&service).map(|s| &s.signal)
    }
    /// Adds what else was noticed of a service: to the reasons of one in trouble, to the notes of one that is well. It
    /// changes no verdict.
    pub fn annotate(&mut self, service: ServiceId, evidence: impl IntoIterator<Item = Evidence>) {
        let Some(state) = self.states.get_mut(&service) else { return };
        let signal = &mut state.signal;
        let place = if signal.health >= Health::Degraded { &mut signal.reasons } else { &mut signal.notes };
        place.extend(evidence);
    }
    /// Why what is told of a service is not (fully) believed.
    pub fn doubt(&self, service: ServiceId) -> Option<&Doubt> {
        self.trust.doubt(service)
    }
    /// Whether nothing that is told of a service counts.
    pub fn is_blind(&self, service: ServiceId) -> bool {
        self.trust.is_blind(service)
    }
    /// When nothing that was told of a service counted last.
    pub fn blind_at(&self, service: ServiceId) -> Option<SimTime> {
        self.trust.blind_at(service)
    }
    /// Its health, Unknown if it is not declared.
    pub fn health(&self, service: ServiceId) -> Health {
        self.signal(service).map_or(Health::Unknown, |s| s.health)
    }
    /// Where one metric of a service stands; Healthy for metrics without thresholds and services that are not seen.
    pub fn level(&self, service: ServiceId, metric: Metric) -> Health {
        if self.is_blind(service) {
            return Health::Healthy;
        }
        let gate = Thresholds::METRICS.iter().position(|m| *m == metric);
        match (self.states.get(&service), gate) {
            (Some(state), Some(i)) => state.gates[i].health(),
            _ => Health::Healthy,
        }
    }
    /// How its instances stand.
    pub fn instances(&self, service: ServiceId) -> Instances {
        self.states.get(&service).map_or_else(Instances::default, |s| s.instances)
    }
    /// Forgets what is no longer declared.
    pub fn retain(&mut self, wiring: &Wiring) {
        self.states.retain(|id, _| wiring.get(*id).is_some());
        self.trust.retain(wiring);
    }
}

impl State {
    fn judge(&mut self, now: SimTime, service: ServiceId, collector: &Collector, policy: &Policy) -> (Health, Vec<Evidence>) {
        self.instances.update(now, service, collector);
        let (mut health, ready) = self.instances.health(now, policy);
        let mut reasons: Vec<Evidence> = ready.into_iter().collect();
        for (gate, metric) in self.gates.iter_mut().zip(Thresholds::METRICS) {
            let Some(band) = policy.thresholds.of(metric) else { continue };
            let value = collector.of(service, metric);
            let is_alarmed = gate.health() > Health::Healthy;
            let judged = if is_alarmed { value } else { beyond_chance(value, service, metric, band, collector) };
            let level = gate.push(judged, band, policy);
            health = health.max(level);
            if level > Health::Healthy {
                let threshold = if level == Health::Critical { band.critical } else { band.degraded };
                reasons.push(reason(metric, value, threshold));
            }
        }
        if !collector.has_samples(service) || (health == Health::Healthy && !self.has_started()) {
            return (Health::Unknown, Vec::new());
        }
        (health, reasons)
    }
    /// Whether it ever had what it wanted, or does not tell how many instances it has.
    fn has_started(&self) -> bool {
        self.instances.full.is_some()
            || self.instances.ready.is_none_or(|ready| ready >= 1.0)
            || self.instances.desired == Some(0.0)
    }
}

/// The value to judge when the window holds few requests: the 95th percentile of a dozen is the slowest one, and one
/// failure among ten is 10 %. So few requests count as slow only if their median is, and as failing only if several fail.
/// That is for raising an alarm only: a raised one ends by calm, not by a lack of requests.
fn beyond_chance(value: Option<f64>, service: ServiceId, metric: Metric, band: Band, collector: &Collector) -> Option<f64> {
    /// Requests below which a 95th percentile is a maximum.
    const PERCENTILE_REQUESTS_MIN: f64 = 20.0;
    /// Failures in a window that are no accident any more.
    const FAILURES_MIN: f64 = 3.0;
    let requests = collector.of(service, Metric::RequestRate).map(|rate| rate * Metric::WINDOW_S as f64);
    match (metric, requests) {
        (Metric::LatencyP95, Some(n)) if n < PERCENTILE_REQUESTS_MIN => {
            let median = collector.of(service, Metric::LatencyP50);
            if median.is_some_and(|m| m < band.degraded) { median } else { value }
        }
        (Metric::ErrorRatio, Some(n)) if value.is_some_and(|ratio| ratio * n < FAILURES_MIN - 0.5) => Some(0.0),
        _ => value,
    }
}

fn reason(metric: Metric, value: Option<f64>, threshold: f64) -> Evidence {
    let measured = value.unwrap_or(threshold);
    let text = match value {
        Some(v) if v >= threshold => text::against(metric, v, threshold),
        Some(v) => format!("{} {} was >= {}", text::label(metric), text::value(metric, v), text::value(metric, threshold)),
        None => format!("{} was >= {}, no requests since", text::label(metric), text::value(metric, threshold)),
    };
    fact(metric, text, measured, threshold)
}
