//! The graph of calls as traces show it, against the one that is declared; and how many attempts a call costs.
//!
//! An edge is learned from spans: a call is seen when the span of its callee and the span that asked for it are both there.
//! Used edges that nobody declared are unexpected. A declared edge is missing when its caller answered so many sampled
//! requests well without one call that it is no chance any more, by how often the edge was used before, and when the caller's
//! proxy counts no attempts either: a callee that is down or whose spans get lost is called all the same.
//!
//! Spans are a sample, so attempts are told by edge telemetry, which counts all. While calls to a service go well, the attempts
//! on an edge for each request of its caller are what is due; when retries set in, attempts grow beyond it: the retry
//! amplification, 1 when every call is tried once.
//!
//! Bounds: the declared edges and [`UNEXPECTED_LEN_MAX`] others, O(1) an edge and scrape, and those of [`super::join`].

use super::collect::Collector;
use super::join::{Joined, Joiner};
use super::span_shift::{SpanShift, Spans};
use super::types::Evidence;
use super::wiring::Wiring;
use crate::ids::ServiceId;
use crate::platform::Scrape;
use crate::telemetry::{Metric, Subject};
use crate::units::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Undeclared edges that are remembered; later ones are not.
pub const UNEXPECTED_LEN_MAX: usize = 256;
/// Sampled requests of the caller without one call, from which on a declared edge that was never used is missing: at one call
/// in a hundred requests that is chance in 1 of 150 times.
const MISSING_NEVER_SEEN: f64 = 500.0;
/// The same for an edge that was used, as calls that were due: chance in 1 of 10,000 times.
const MISSING_DUE: f64 = 9.2;
/// Least requests for that: answers just now are not counted against calls that come later.
const MISSING_MIN: f64 = 50.0;
/// Weight of a scrape in an edge's usual spans for each request: ten minutes.
const USUAL_WEIGHT: f64 = 1.0 / 600.0;
/// How much a scrape counts for what is usual while the callee's spans are not as usual: trouble is not to become usual soon, and
/// a change that stays has to some day.
const SHIFTED_WEIGHT: f64 = 0.1;
/// Sampled requests of the caller from which on what is usual is known.
const USUAL_KNOWN: f64 = 100.0;
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
    /// Calls seen: spans of the callee that name a span of the caller.
    pub spans: u32,
    /// Sampled requests that the caller has answered since the edge is known.
    pub requests: u32,
    /// Sampled requests that the caller has answered well since a call was seen last.
    pub quiet_requests: u32,
    /// When the newest call that was seen reached the callee; `None` if none was.
    pub seen: Option<SimTime>,
    /// Whether it is declared.
    pub is_declared: bool,
    /// Whether the caller's proxy counts attempts now.
    pub is_counted: bool,
}

impl ObservedEdge {
    /// Calls for each request of the caller; `None` before its first.
    pub fn spans_per_request(&self) -> Option<f64> {
        (self.requests > 0).then(|| f64::from(self.spans) / f64::from(self.requests))
    }
    /// Declared and not used although its caller works.
    pub fn is_missing(&self) -> bool {
        let enough = match self.spans_per_request().filter(|rate| *rate > 0.0) {
            Some(rate) => (MISSING_DUE / rate).max(MISSING_MIN),
            None => MISSING_NEVER_SEEN,
        };
        self.is_declared && !self.is_counted && f64::from(self.quiet_requests) >= enough
    }
    /// Used and not declared.
    pub const fn is_unexpected(&self) -> bool {
        !self.is_declared && self.seen.is_some()
    }
}

/// What the observed graph was learned from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceCounts {
    /// Sampled requests of users that were seen to end.
    pub traces: u32,
    /// Spans taken in.
    pub spans: u32,
    /// Spans that the platform says it left out.
    pub dropped: u32,
}

#[derive(Clone, Copy, Debug)]
struct State {
    edge: ObservedEdge,
    calm: u32,
    /// Attempts for each request of the caller while all goes well.
    due: f64,
    /// Spans and requests of the caller lately.
    usual: (f64, f64),
}

/// All edges that are declared or were seen.
#[derive(Clone, Debug, Default)]
pub(super) struct CallGraph {
    edges: BTreeMap<(ServiceId, ServiceId), State>,
    /// Attempts now and attempts due, by callee.
    flows: BTreeMap<ServiceId, (f64, f64)>,
    joiner: Joiner,
    /// By service.
    spans: Vec<Spans>,
    counts: TraceCounts,
    /// Calls before were made in an older system; [`SimTime::FAR_FUTURE`] right after an edit.
    since: SimTime,
}

/// What the spans of one scrape say.
#[derive(Debug, Default)]
struct Glance {
    /// Requests answered, and answered well, by service.
    requests: Vec<(u32, u32)>,
    /// Calls seen and when the newest was made.
    calls: BTreeMap<(ServiceId, ServiceId), (u32, SimTime)>,
}

impl Glance {
    fn of(scrape: &Scrape, joined: &[Joined], since: SimTime, wiring: &Wiring) -> Self {
        let mut glance = Self::default();
        for span in scrape.spans.iter().filter(|s| s.start >= since && wiring.get(s.service).is_some()) {
            let at = span.service.index();
            if glance.requests.len() <= at {
                glance.requests.resize(at + 1, (0, 0));
            }
            let (all, well) = &mut glance.requests[at];
            (*all, *well) = (*all + 1, *well + u32::from(span.is_ok));
        }
        let is_known = |id| wiring.get(id).is_some();
        for call in joined.iter().filter(|c| c.start >= since && is_known(c.from) && is_known(c.to)) {
            let (count, newest) = glance.calls.entry((call.from, call.to)).or_insert((0, call.start));
            (*count, *newest) = (*count + 1, call.start.max(*newest));
        }
        glance
    }
    fn requests(&self, service: ServiceId) -> (u32, u32) {
        self.requests.get(service.index()).copied().unwrap_or_default()
    }
}

impl CallGraph {
    /// Takes in a scrape.
    pub fn update(&mut self, now: SimTime, scrape: &Scrape, collector: &Collector, wiring: &Wiring) {
        if self.since == SimTime::FAR_FUTURE {
            self.since = now;
        }
        let joined = self.joiner.join(now, &scrape.spans);
        let glance = Glance::of(scrape, &joined, self.since, wiring);
        let roots = scrape.spans.iter().filter(|s| s.parent.is_none()).count();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        self.counts.traces = self.counts.traces.saturating_add(count(roots));
        self.counts.spans = self.counts.spans.saturating_add(count(scrape.spans.len()));
        self.counts.dropped = self.counts.dropped.saturating_add(scrape.spans_dropped);
        self.learn_edges(&glance, wiring);
        self.learn_spans(&glance);
        self.learn_flows(collector);
    }
    /// New edges, and what was seen of each.
    fn learn_edges(&mut self, glance: &Glance, wiring: &Wiring) {
        for edge in wiring.edges() {
            self.edges.entry(edge).or_insert_with(|| State::new(edge, true));
        }
        let mut room = UNEXPECTED_LEN_MAX.saturating_sub(self.edges.values().filter(|s| !s.edge.is_declared).count());
        for edge in glance.calls.keys() {
            if room > 0 && !self.edges.contains_key(edge) {
                room -= 1;
                self.edges.insert(*edge, State::new(*edge, false));
            }
        }
    }
    /// Spans seen and due, by edge and by callee.
    fn learn_spans(&mut self, glance: &Glance) {
        let mut sums = vec![(0.0, 0.0); self.edges.keys().map(|(_, to)| to.index() + 1).max().unwrap_or(0)];
        for (ends, state) in &mut self.edges {
            let requests = glance.requests(ends.0);
            let calls = glance.calls.get(ends).copied();
            if let Some(due) = state.spans_due(requests.0) {
                let (seen, all) = &mut sums[ends.1.index()];
                (*seen, *all) = (*seen + calls.map_or(0.0, |c| f64::from(c.0)), *all + due);
            }
            let is_shifted = self.spans.get(ends.1.index()).is_some_and(|spans| spans.shift().is_some());
            state.see(requests, calls, if is_shifted { SHIFTED_WEIGHT } else { 1.0 });
        }
        self.spans.resize(sums.len().max(self.spans.len()), Spans::default());
        self.spans.iter_mut().zip(sums).for_each(|(spans, (seen, due))| spans.update(seen, due));
    }
    /// Attempts by edge telemetry, now and due.
    fn learn_flows(&mut self, collector: &Collector) {
        self.flows.clear();
        for ((from, to), state) in &mut self.edges {
            let served = collector.of(*from, Metric::RequestRate).unwrap_or(0.0);
            let attempts = collector.latest(Subject::Edge { from: *from, to: *to }, Metric::RequestRate).unwrap_or(0.0);
            state.edge.is_counted = attempts > 0.0;
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
    /// What it was learned from.
    pub const fn counts(&self) -> TraceCounts {
        self.counts
    }
    /// Whether a service's spans are more or fewer than its callers' requests make due.
    pub fn span_shift(&self, service: ServiceId) -> Option<SpanShift> {
        self.spans.get(service.index())?.shift()
    }
    /// The system was edited: forgets services and calls that are gone, and what was usual; who calls whom may have changed.
    /// Calls made before the next scrape do not count any more.
    pub fn retain(&mut self, wiring: &Wiring) {
        self.since = SimTime::FAR_FUTURE;
        self.spans.clear();
        let is_known = |id| wiring.get(id).is_some();
        self.edges.retain(|(from, to), state| {
            let is_declared = wiring.knows(Subject::Edge { from: *from, to: *to });
            let was_declared = std::mem::replace(&mut state.edge.is_declared, is_declared);
            (state.calm, state.due, state.usual, state.edge.quiet_requests) = (0, 0.0, (0.0, 0.0), 0);
            is_known(*from) && is_known(*to) && (is_declared || !was_declared)
        });
    }
}

impl State {
    const fn new((from, to): (ServiceId, ServiceId), is_declared: bool) -> Self {
        let edge =
            ObservedEdge { from, to, spans: 0, requests: 0, quiet_requests: 0, seen: None, is_declared, is_counted: false };
        Self { edge, calm: 0, due: 0.0, usual: (0.0, 0.0) }
    }
    /// Spans due on so many requests of the caller, by what is usual; `None` while that is not known.
    fn spans_due(&self, requests: u32) -> Option<f64> {
        let (spans, of) = self.usual;
        (of >= USUAL_KNOWN).then(|| f64::from(requests) * spans / of)
    }
    /// Takes in what a scrape shows of it: requests of the caller, all and well answered, and calls with the newest one's time.
    /// The scrape counts `weight` for what is usual.
    fn see(&mut self, (requests, well): (u32, u32), calls: Option<(u32, SimTime)>, weight: f64) {
        let (edge, spans) = (&mut self.edge, calls.map_or(0, |c| c.0));
        edge.spans = edge.spans.saturating_add(spans);
        edge.requests = edge.requests.saturating_add(requests);
        match calls {
            Some((_, at)) => (edge.seen, edge.quiet_requests) = (edge.seen.max(Some(at)), 0),
            None => edge.quiet_requests = edge.quiet_requests.saturating_add(well),
        }
        let kept = 1.0 - USUAL_WEIGHT;
        let (spans, requests) = (weight * f64::from(spans), weight * f64::from(requests));
        self.usual = (self.usual.0 * kept + spans, self.usual.1 * kept + requests);
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
/// Retries as a line.
pub(super) fn amplified_line(attempts: f64) -> Evidence {
    Evidence { text: format!("{attempts:.1} attempts for each call due"), metric: None, value: attempts, reference: 1.0 }
}
