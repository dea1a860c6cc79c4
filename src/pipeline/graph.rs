//! The graph of calls as it is observed, against the one that is declared; and how many attempts a call costs.
//!
//! An edge is learned when its telemetry counts attempts. Declared edges that are not used although their caller serves
//! requests are missing, used ones that nobody declared are unexpected. While calls to a service go well, the attempts on
//! an edge for each request of its caller are what is due; when retries set in, attempts grow beyond it: the retry
//! amplification, 1 when every call is tried once.
//!
//! Bounds: the declared edges and [`UNEXPECTED_LEN_MAX`] others, O(1) an edge and scrape.

use super::collect::Collector;
use super::wiring::Wiring;
use crate::ids::ServiceId;
use crate::platform::Scrape;
use crate::telemetry::{Metric, Subject};
use crate::units::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Undeclared edges that are remembered; later ones are not.
pub const UNEXPECTED_LEN_MAX: usize = 256;
/// Requests of the caller without one attempt, from which on a declared edge is missing: at one call in a hundred requests
/// that is chance in 1 of 150 times.
const MISSING_REQUESTS: f64 = 500.0;
/// Failures on an edge up to which its attempts are what is due.
const CALM_ERRORS: f64 = 0.01;
/// Scrapes after which the attempts due are known.
const DUE_KNOWN: u32 = 15;
/// Scrapes left out at the start, while windows fill.
const DUE_LEFT_OUT: u32 = 5;
/// Weight of a scrape in the attempts due: a minute.
const DUE_WEIGHT: f64 = 1.0 / 60.0;
/// Attempts per call from which on the amplification is told.
pub const AMPLIFIED: f64 = 1.5;
/// Calls a second below which the ratio is chance: 50 in a metric window have a standard deviation of 14 %.
const DUE_MIN: f64 = 10.0;

/// An edge as it is observed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ObservedEdge {
    /// The caller.
    pub from: ServiceId,
    /// The callee.
    pub to: ServiceId,
    /// Attempts counted so far.
    pub attempts: f64,
    /// When one was counted last; `None` if never.
    pub seen: Option<SimTime>,
    /// Whether it is declared.
    pub is_declared: bool,
    /// Requests that the caller served since an attempt was counted last.
    pub quiet_requests: f64,
}

impl ObservedEdge {
    /// Declared and not used although its caller works.
    pub fn is_missing(&self) -> bool {
        self.is_declared && self.quiet_requests >= MISSING_REQUESTS
    }
    /// Used and not declared.
    pub const fn is_unexpected(&self) -> bool {
        !self.is_declared && self.seen.is_some()
    }
}

#[derive(Clone, Copy, Debug)]
struct State {
    edge: ObservedEdge,
    calm: u32,
    /// Attempts for each request of the caller while all goes well.
    due: f64,
}

/// All edges that are declared or were seen.
#[derive(Clone, Debug, Default)]
pub(super) struct CallGraph {
    edges: BTreeMap<(ServiceId, ServiceId), State>,
    /// Attempts now and attempts due, by callee.
    flows: BTreeMap<ServiceId, (f64, f64)>,
    last: SimTime,
}

impl CallGraph {
    /// Takes in a scrape.
    pub fn update(&mut self, now: SimTime, scrape: &Scrape, collector: &Collector, wiring: &Wiring) {
        let step_s = now.since(self.last).as_secs_f64().min(1.0);
        self.last = now;
        for edge in wiring.edges() {
            self.edges.entry(edge).or_insert_with(|| State::new(edge, true));
        }
        let mut room = UNEXPECTED_LEN_MAX.saturating_sub(self.edges.values().filter(|s| !s.edge.is_declared).count());
        for observation in &scrape.observations {
            let Subject::Edge { from, to } = observation.subject else { continue };
            let is_told = observation.metric == Metric::RequestRate && observation.value > 0.0;
            if !is_told || !observation.value.is_finite() || wiring.get(from).is_none() || wiring.get(to).is_none() {
                continue;
            }
            let is_declared = wiring.knows(observation.subject);
            let state = match self.edges.get_mut(&(from, to)) {
                Some(state) => state,
                None if room > 0 => {
                    room -= 1;
                    self.edges.entry((from, to)).or_insert_with(|| State::new((from, to), is_declared))
                }
                None => continue,
            };
            state.edge.attempts += observation.value * step_s;
            (state.edge.seen, state.edge.quiet_requests) = (Some(observation.at), 0.0);
        }
        self.flows.clear();
        for ((from, to), state) in &mut self.edges {
            let served = collector.of(*from, Metric::RequestRate).unwrap_or(0.0);
            let attempts = collector.latest(Subject::Edge { from: *from, to: *to }, Metric::RequestRate).unwrap_or(0.0);
            if attempts <= 0.0 {
                state.edge.quiet_requests += served * step_s;
            }
            let errors = collector.latest(Subject::Edge { from: *from, to: *to }, Metric::ErrorRatio);
            state.learn(served, attempts, errors.unwrap_or(0.0));
            if let Some(due) = state.due_of(served) {
                let flow = self.flows.entry(*to).or_default();
                *flow = (flow.0 + attempts, flow.1 + due);
            }
        }
    }
    /// Edges in order of caller and callee.
    pub fn iter(&self) -> impl Iterator<Item = &ObservedEdge> {
        self.edges.values().map(|s| &s.edge)
    }
    /// Attempts that reach a service for each call that is due to it; `None` if nothing is due or not known yet.
    pub fn amplification(&self, service: ServiceId) -> Option<f64> {
        let (attempts, due) = self.flows.get(&service)?;
        (*due >= DUE_MIN).then(|| attempts / due)
    }
    /// Forgets services that are gone; who calls whom may have changed.
    pub fn retain(&mut self, wiring: &Wiring) {
        self.edges.retain(|(from, to), _| wiring.get(*from).is_some() && wiring.get(*to).is_some());
        for ((from, to), state) in &mut self.edges {
            state.edge.is_declared = wiring.knows(Subject::Edge { from: *from, to: *to });
            (state.calm, state.due) = (0, 0.0);
        }
        self.edges.retain(|_, s| s.edge.is_declared || s.edge.seen.is_some());
    }
}

impl State {
    const fn new((from, to): (ServiceId, ServiceId), is_declared: bool) -> Self {
        let edge = ObservedEdge { from, to, attempts: 0.0, seen: None, is_declared, quiet_requests: 0.0 };
        Self { edge, calm: 0, due: 0.0 }
    }
    fn learn(&mut self, served: f64, attempts: f64, errors: f64) {
        if served <= 0.0 || errors > CALM_ERRORS {
            return;
        }
        self.calm = self.calm.saturating_add(1);
        let counted = self.calm.saturating_sub(DUE_LEFT_OUT);
        if counted > 0 {
            self.due += (attempts / served - self.due) * DUE_WEIGHT.max(1.0 / f64::from(counted));
        }
    }
    fn due_of(&self, served: f64) -> Option<f64> {
        (self.calm >= DUE_LEFT_OUT + DUE_KNOWN && served > 0.0).then_some(self.due * served)
    }
}
