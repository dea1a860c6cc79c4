//! Blame: which callee explains a service's symptom, and who is at the bottom of it. Shares of failures are counted in
//! calls per request; shares of latency in what is more than usual, because a slow service always waits for somebody.

use super::classify::{View, is_lasting, is_unstable};
use super::network::{NetworkFault, Place};
use super::text;
use super::types::{Evidence, Health};
use crate::ids::ServiceId;
use crate::telemetry::{Metric, Subject};

/// Share of a symptom that a callee must explain to be held to be the cause.
const EXPLAINED_MIN: f64 = 0.5;
/// Share of its failures that a callee must explain for a short CPU to be a consequence too.
const SWAMPED_MIN: f64 = 0.8;
/// Deepest chain of calls that is followed to a cause.
const DEPTH_MAX: u32 = 32;

/// How much of a service's symptom one callee explains.
#[derive(Clone, Debug)]
pub(super) struct Explanation {
    pub callee: ServiceId,
    /// 0..=1.
    pub share: f64,
    pub metric: Metric,
    pub evidence: Evidence,
}

/// The callee that explains the worse of errors and latency, if one does.
pub(super) fn explanation(view: &View, service: ServiceId) -> Option<Explanation> {
    likeliest(view, service).filter(|best| best.share >= EXPLAINED_MIN)
}

/// The callee that explains most of the worse of errors and latency, however little. For clients: their own trouble
/// is always somebody else's.
pub(super) fn likeliest(view: &View, service: ServiceId) -> Option<Explanation> {
    let errors = lasting_level(view, service, Metric::ErrorRatio);
    let latency = lasting_level(view, service, Metric::LatencyP95);
    if errors.max(latency) < Health::Degraded {
        return None;
    }
    let by = if errors >= latency { error_share } else { latency_share };
    let callees = view.wiring.callees(service).iter();
    callees.filter_map(|callee| by(view, service, *callee)).max_by(|a, b| a.share.total_cmp(&b.share))
}

/// Nearly all its failures are a callee's: then a short CPU comes from users and callers who try again.
pub(super) fn is_swamped(view: &View, service: ServiceId) -> bool {
    likeliest(view, service).is_some_and(|best| best.metric == Metric::ErrorRatio && best.share >= SWAMPED_MIN)
}

fn lasting_level(view: &View, service: ServiceId, metric: Metric) -> Health {
    if is_lasting(view, service, metric) { view.monitor.level(service, metric) } else { Health::Healthy }
}

/// Share of a service's failures that failed calls to one callee account for.
fn error_share(view: &View, from: ServiceId, to: ServiceId) -> Option<Explanation> {
    let edge = Subject::Edge { from, to };
    let seen = view.collector.latest(edge, Metric::ErrorRatio)?;
    let own = view.collector.of(from, Metric::ErrorRatio)?;
    if seen < view.policy.thresholds.error_ratio.degraded || own <= 0.0 {
        return None;
    }
    let calls = view.collector.latest(edge, Metric::RequestRate).zip(view.collector.of(from, Metric::RequestRate));
    let calls_per_request = calls.filter(|(_, own)| *own > 0.0).map_or(1.0, |(calls, own)| (calls / own).min(1.0));
    let line = format!("calls to {} fail: {}", view.wiring.name(to), text::value(Metric::ErrorRatio, seen));
    let evidence = Evidence { text: line, metric: Some(Metric::ErrorRatio), value: seen, reference: own };
    Some(Explanation { callee: to, share: (seen * calls_per_request / own).min(1.0), metric: Metric::ErrorRatio, evidence })
}

/// Share of a service's extra latency that waiting for one callee accounts for.
fn latency_share(view: &View, from: ServiceId, to: ServiceId) -> Option<Explanation> {
    let edge = Subject::Edge { from, to };
    let seen = view.collector.latest(edge, Metric::LatencyP95)?;
    let own = view.collector.of(from, Metric::LatencyP95)?;
    let extra = |subject, value: f64| value - view.collector.usual(subject, Metric::LatencyP95).unwrap_or(0.0);
    let (extra_seen, extra_own) = (extra(edge, seen), extra(Subject::Service(from), own));
    let is_suspect = view.monitor.health(to) >= Health::Degraded || seen >= view.policy.thresholds.latency_ms.degraded;
    if !is_suspect || extra_own <= 0.0 {
        return None;
    }
    let line = format!(
        "calls to {} take p95 {} of {}",
        view.wiring.name(to),
        text::value(Metric::LatencyP95, seen),
        text::value(Metric::LatencyP95, own)
    );
    let evidence = Evidence { text: line, metric: Some(Metric::LatencyP95), value: seen, reference: own };
    Some(Explanation { callee: to, share: (extra_seen / extra_own).clamp(0.0, 1.0), metric: Metric::LatencyP95, evidence })
}

/// Follows explanations down to the service that nobody below explains.
pub(super) fn root(view: &View, mut service: ServiceId, network: &[NetworkFault]) -> ServiceId {
    for _ in 0..DEPTH_MAX {
        let is_hosts = network.iter().any(|f| f.place == Place::Host(service));
        let is_short = view.monitor.level(service, Metric::CpuUtilisation) == Health::Critical && !is_swamped(view, service);
        if is_hosts || is_short || is_unstable(view, service) {
            return service;
        }
        let edge = network.iter().find_map(|f| match f.place {
            Place::Edge { from, to, .. } if from == service => Some(to),
            _ => None,
        });
        match edge.or_else(|| explanation(view, service).map(|e| e.callee)) {
            Some(next) => service = next,
            None => return service,
        }
    }
    service
}
