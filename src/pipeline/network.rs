//! Network evidence: what callers saw less what callees saw. A slow or lossy path shows at the caller only, and
//! neither end's own metrics tell it from a slow callee (measured on a public root-cause set: the gap between the two
//! ends finds network faults that metrics alone do not).
//!
//! All bad edges of one service, in and out, vote for that service's host; a single bad edge stands for itself.

use super::classify::View;
use super::text;
use super::types::{Evidence, Health};
use crate::ids::ServiceId;
use crate::telemetry::{Metric, Subject};
use crate::units::SimDuration;

/// Milliseconds that a caller must see more than its callee before the path is suspect: ten times a zone's round trip.
const GAP_MS_MIN: f64 = 30.0;
/// Times the usual gap that it must be.
const GAP_RATIO: f64 = 3.0;
/// Share of attempts that must fail for the caller only.
const ERROR_GAP_MIN: f64 = 0.05;
/// Share of the caller's errors that the callee must not know of.
const ERROR_GAP_SHARE: f64 = 0.5;
/// Seconds after a restart for which lost connections explain errors that the callee never saw: window and start-up.
const RESTART_ECHO_S: u64 = 15;

/// One edge as both ends saw it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BothEnds {
    pub from: ServiceId,
    pub to: ServiceId,
    /// Share of attempts that failed, caller's view.
    pub error: f64,
    /// The callee's own share.
    pub callee_error: f64,
    /// Caller's latency in ms, median and 95th percentile.
    pub p50: Option<f64>,
    pub p95: Option<f64>,
    /// Caller's median less callee's, ms.
    pub gap_ms: Option<f64>,
}

/// Where the network is at fault.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NetworkFault {
    pub place: Place,
    /// How sure, 0..=1.
    pub confidence: f64,
    /// The metric that tells it.
    pub metric: Metric,
    pub evidence: Vec<Evidence>,
}

/// A path or a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// One edge; `alone` if the callee has no other caller to compare with.
    Edge { from: ServiceId, to: ServiceId, alone: bool },
    /// All edges of this service.
    Host(ServiceId),
}

impl BothEnds {
    /// Reads an edge; `None` if the caller has not called lately.
    pub fn read(view: &View, from: ServiceId, to: ServiceId) -> Option<Self> {
        let edge = Subject::Edge { from, to };
        let p50 = view.collector.latest(edge, Metric::LatencyP50);
        let error = view.collector.latest(edge, Metric::ErrorRatio);
        if p50.is_none() && error.is_none() {
            return None;
        }
        let callee_p50 = view.collector.of(to, Metric::LatencyP50);
        Some(Self {
            from,
            to,
            error: error.unwrap_or(0.0),
            callee_error: view.collector.of(to, Metric::ErrorRatio).unwrap_or(0.0),
            p50,
            p95: view.collector.latest(edge, Metric::LatencyP95),
            gap_ms: p50.zip(callee_p50).map(|(caller, callee)| caller - callee),
        })
    }
    fn loses(&self) -> bool {
        let gap = self.error - self.callee_error;
        gap >= ERROR_GAP_MIN && gap >= ERROR_GAP_SHARE * self.error
    }
    fn lags(&self, view: &View) -> bool {
        let edge = Subject::Edge { from: self.from, to: self.to };
        let usual = view
            .collector
            .usual(edge, Metric::LatencyP50)
            .zip(view.collector.usual(Subject::Service(self.to), Metric::LatencyP50))
            .map_or(0.0, |(caller, callee)| (caller - callee).max(0.0));
        self.gap_ms.is_some_and(|gap| gap >= GAP_MS_MIN && gap >= GAP_RATIO * usual)
    }
    /// Whether somebody feels it.
    fn matters(&self, view: &View) -> bool {
        let thresholds = &view.policy.thresholds;
        self.error >= thresholds.error_ratio.degraded
            || self.p95.is_some_and(|p95| p95 >= thresholds.latency_ms.degraded)
            || view.monitor.health(self.from) >= Health::Degraded
    }
    fn evidence(&self, view: &View) -> Evidence {
        let to = view.wiring.name(self.to);
        if self.loses() {
            let (seen, own) = (text::value(Metric::ErrorRatio, self.error), text::value(Metric::ErrorRatio, self.callee_error));
            let line = format!("calls to {to}: {seen} errors at the caller, {own} at {to}");
            return Evidence { text: line, metric: Some(Metric::ErrorRatio), value: self.error, reference: self.callee_error };
        }
        let (caller, gap) = (self.p50.unwrap_or(0.0), self.gap_ms.unwrap_or(0.0));
        let line = format!("calls to {to}: p50 {caller:.0} ms at the caller, {:.0} ms at {to}", (caller - gap).max(0.0));
        Evidence { text: line, metric: Some(Metric::LatencyP50), value: caller, reference: caller - gap }
    }
}

/// All places where the network is at fault, hosts first.
pub(super) fn faults(view: &View) -> Vec<NetworkFault> {
    let edges: Vec<BothEnds> = view.wiring.edges().filter_map(|(from, to)| BothEnds::read(view, from, to)).collect();
    let bad: Vec<BothEnds> = edges.iter().copied().filter(|e| is_bad(view, e)).collect();
    if bad.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<NetworkFault> = Vec::new();
    for host in view.wiring.ids().filter(|id| votes_for(*id, &edges, &bad)) {
        let mine = bad.iter().filter(|e| e.from == host || e.to == host);
        found.push(fault(view, Place::Host(host), 0.85, mine));
    }
    for edge in &bad {
        let is_hosts = found.iter().any(|f| matches!(f.place, Place::Host(host) if host == edge.from || host == edge.to));
        if !is_hosts {
            let alone = !edges.iter().any(|e| e.to == edge.to && e.from != edge.from);
            let place = Place::Edge { from: edge.from, to: edge.to, alone };
            found.push(fault(view, place, if alone { 0.6 } else { 0.85 }, std::iter::once(edge)));
        }
    }
    found
}

fn fault<'a>(view: &View, place: Place, confidence: f64, edges: impl Iterator<Item = &'a BothEnds>) -> NetworkFault {
    let edges: Vec<&BothEnds> = edges.collect();
    let metric = if edges.iter().any(|e| e.loses()) { Metric::ErrorRatio } else { Metric::LatencyP95 };
    NetworkFault { place, confidence, metric, evidence: edges.iter().map(|e| e.evidence(view)).collect() }
}

/// All its edges that carry requests are bad, and there are at least two to agree.
fn votes_for(host: ServiceId, edges: &[BothEnds], bad: &[BothEnds]) -> bool {
    let touches = |e: &&BothEnds| e.from == host || e.to == host;
    let of_host = edges.iter().filter(touches).count();
    of_host >= 2 && bad.iter().filter(touches).count() == of_host
}

fn is_bad(view: &View, edge: &BothEnds) -> bool {
    (edge.loses() || edge.lags(view)) && edge.matters(view) && !callee_explains(view, edge)
}

/// The callee itself is short, gone, waiting for somebody else, or so slow that callers give up first.
fn callee_explains(view: &View, edge: &BothEnds) -> bool {
    let instances = view.monitor.instances(edge.to);
    let echo = SimDuration::from_secs(RESTART_ECHO_S);
    let is_busy = view.collector.of(edge.to, Metric::CpuUtilisation).is_some_and(|v| v >= view.policy.thresholds.cpu.critical);
    let is_queueing = view.collector.of(edge.to, Metric::QueueLen).is_some_and(|v| v >= 1.0);
    let is_slow = view.collector.of(edge.to, Metric::LatencyP95).zip(edge.p95).is_some_and(|(own, seen)| own >= 0.5 * seen);
    let waits = |to: &ServiceId| {
        let error = view.collector.latest(Subject::Edge { from: edge.to, to: *to }, Metric::ErrorRatio);
        edge.loses() && error.is_some_and(|e| e >= ERROR_GAP_MIN)
    };
    view.wiring.callees(edge.to).iter().any(waits)
        || instances.is_down()
        || instances.ready.is_some_and(|ready| ready < 1.0)
        || view.collector.growth(edge.to, Metric::Restarts, echo) > 0.0
        || is_busy
        || is_queueing
        || (is_slow && edge.loses() && !edge.lags(view))
}
