//! Verify: did it help? The metric that told the trouble, before the action against after it has settled. A healer
//! that does not look cannot stop repeating what does nothing.
//!
//! Instances are held to what was wanted when the action began: it helped if as many are ready. An action that is to end
//! their dying (any but more of them) must have ended it too, which takes the whole watch to tell.

use super::classify::{Finding, Trouble, View};
use super::text;
use super::types::{DecisionState, Health};
use crate::ids::ServiceId;
use crate::platform::Action;
use crate::telemetry::{Metric, Subject};
use crate::units::{SimDuration, SimTime};

/// Seconds that a value before or after is averaged over: the newest three scrapes.
const MEAN_S: u64 = 2;
/// Share of the way back to the usual level that counts as helped at once.
const RELIEF_CLEAR: f64 = 0.6;
/// Share that counts as helped when the watch is over.
const RELIEF_SOME: f64 = 0.3;
/// Times the value before that counts as worse.
const WORSE_RATIO: f64 = 1.2;
/// Seconds of watching after settling for actions that work at once.
const REROUTE_SLACK_S: u64 = 2;
/// Times the usual level that is good, where that is higher than the threshold's exit line.
const GOOD_RATIO: f64 = 1.5;

/// What an action is measured by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Measure {
    pub subject: Subject,
    pub metric: Metric,
    /// Mean before the action.
    pub before: f64,
    /// At or below (for instances ready: at or above) this it is good.
    pub good: f64,
    /// The level it comes from.
    pub usual: f64,
    /// Of instances ready: how many were wanted.
    wanted: f64,
    /// Of instances ready: some were dying, and the action is to end that.
    is_to_end_dying: bool,
}

impl Measure {
    /// The metric that tells the finding's trouble, as it stands now. More tries spare a
    /// caller the trouble of a callee and do not end it: they are measured at the caller.
    pub fn take(view: &View, finding: &Finding, action: Action) -> Self {
        let service = finding.diagnosis.service;
        let spared = match action {
            Action::SetAttempts { from, attempts: 2.., .. } => Some(from),
            _ => None,
        };
        let told = finding.diagnosis.metric.unwrap_or(Metric::ErrorRatio);
        let metric = spared.map_or(told, |from| felt_by(view, from));
        let subject = match (finding.trouble, spared) {
            (_, Some(from)) => Subject::Service(from),
            (Trouble::Edge { from, to, .. }, _) => Subject::Edge { from, to },
            (Trouble::Host, _) => worst_edge(view, finding.diagnosis.cause, metric),
            _ => Subject::Service(service),
        };
        let usual = view.collector.usual(subject, metric).unwrap_or(0.0);
        let exit = view.policy.thresholds.of(metric).map_or(1.0, |band| band.degraded * view.policy.exit_ratio);
        let before = view.collector.mean(subject, metric, SimDuration::from_secs(MEAN_S)).unwrap_or(0.0);
        let instances = view.monitor.instances(service);
        let bridges = matches!(action, Action::ScaleUp { .. });
        Self {
            subject,
            metric,
            before,
            good: exit.max(GOOD_RATIO * usual),
            usual,
            wanted: instances.desired.unwrap_or(1.0).max(1.0),
            is_to_end_dying: metric == Metric::ReplicasReady && instances.restarts >= 1.0 && !bridges,
        }
    }
    /// Share of the way back to usual; for instances, whether as many are ready as were wanted.
    fn relief(&self, after: f64) -> f64 {
        if self.metric == Metric::ReplicasReady {
            return f64::from(u8::from(after >= self.wanted));
        }
        let way = self.before - self.usual.min(self.before);
        if way > 0.0 { (self.before - after) / way } else { 0.0 }
    }
    fn is_good(&self, after: f64) -> bool {
        self.metric != Metric::ReplicasReady && after <= self.good && after <= 0.9 * self.before
    }
    fn is_worse(&self, after: f64) -> bool {
        self.metric != Metric::ReplicasReady && after > self.good && after > WORSE_RATIO * self.before
    }
}

/// What a caller suffers from the most.
fn felt_by(view: &View, caller: ServiceId) -> Metric {
    let level = |metric| view.monitor.level(caller, metric);
    if level(Metric::LatencyP95) > level(Metric::ErrorRatio) { Metric::LatencyP95 } else { Metric::ErrorRatio }
}

/// The edge into (or out of) a host that is worst by `metric`.
fn worst_edge(view: &View, host: ServiceId, metric: Metric) -> Subject {
    let incoming = view.wiring.callers(host).iter().map(|from| Subject::Edge { from: *from, to: host });
    let outgoing = view.wiring.callees(host).iter().map(|to| Subject::Edge { from: host, to: *to });
    let value = |subject: &Subject| view.collector.latest(*subject, metric).unwrap_or(-1.0);
    let edges = incoming.chain(outgoing);
    edges.max_by(|a, b| value(a).total_cmp(&value(b))).unwrap_or(Subject::Service(host))
}

/// When an action began and ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub started: SimTime,
    pub ended: SimTime,
    /// The action changes a path: nothing has to start, so its effect shows within one metric window.
    pub is_instant: bool,
}

/// The verdict on an ended action: its new state and the numbers; `None` while it is too early to tell.
pub(super) fn judge(view: &View, service: ServiceId, measure: &Measure, span: Span) -> Option<(DecisionState, String)> {
    let waited = view.now.since(span.ended);
    if waited < SimDuration::from_secs(view.policy.settle_s) {
        return None;
    }
    let watch = match measure.subject {
        // A breaker that has opened lets calls through again only after some time.
        Subject::Edge { from, to } if view.wiring.terms(from, to).is_some_and(|terms| terms.has_breaker) => view.policy.watch_s,
        Subject::Edge { .. } if span.is_instant => view.policy.settle_s + REROUTE_SLACK_S,
        _ => view.policy.watch_s,
    };
    let is_over = waited >= SimDuration::from_secs(watch);
    if measure.is_to_end_dying && !is_over {
        return None;
    }
    let Some(after) = after(view, measure) else {
        return is_over.then(|| without_samples(view, service));
    };
    let relief = if measure.is_to_end_dying && deaths(view, service, span) >= 1.0 { 0.0 } else { measure.relief(after) };
    let state = if relief >= RELIEF_CLEAR || measure.is_good(after) || (is_over && relief >= RELIEF_SOME) {
        DecisionState::Succeeded
    } else if !is_over {
        return None;
    } else if measure.is_worse(after) {
        DecisionState::MadeWorse
    } else {
        DecisionState::NoEffect
    };
    Some((state, comparison(view, service, measure, after, span)))
}

/// What is compared with before: the mean of the newest scrapes; for instances the fewest that were ready since the action
/// has settled, because in a crash loop some are ready for a moment again and again.
fn after(view: &View, measure: &Measure) -> Option<f64> {
    if measure.metric == Metric::ReplicasReady {
        let settled = SimDuration::from_secs(view.policy.settle_s);
        let samples = view.collector.window(measure.subject, measure.metric, settled);
        return samples.iter().map(|(_, ready)| *ready).reduce(f64::min);
    }
    view.collector.mean(measure.subject, measure.metric, SimDuration::from_secs(MEAN_S))
}

/// Instances of a service that ended since the action did.
fn deaths(view: &View, service: ServiceId, span: Span) -> f64 {
    view.collector.growth(service, Metric::Restarts, view.now.since(span.ended))
}

fn without_samples(view: &View, service: ServiceId) -> (DecisionState, String) {
    if view.monitor.health(service) == Health::Healthy {
        (DecisionState::Succeeded, "healthy again; no requests to compare by".to_owned())
    } else {
        (DecisionState::NoEffect, "no requests to compare by".to_owned())
    }
}

/// `p95 940 -> 61 ms, 14 s after it began`; of instances `instances ready 8 -> 7 of 8, 28 s after it began, 2 restarts since
/// it was done`.
fn comparison(view: &View, service: ServiceId, measure: &Measure, after: f64, span: Span) -> String {
    let seconds = view.now.since(span.started).as_secs_f64();
    let (label, before) = (text::label(measure.metric), text::number(measure.metric, measure.before));
    let told = format!("{label} {before} -> {}", text::value(measure.metric, after));
    if measure.metric != Metric::ReplicasReady {
        return format!("{told}, {seconds:.0} s after it began");
    }
    let restarts = match deaths(view, service, span) {
        0.0 => String::new(),
        1.0 => ", 1 restart since it was done".to_owned(),
        many => format!(", {many:.0} restarts since it was done"),
    };
    format!("{told} of {:.0}, {seconds:.0} s after it began{restarts}", measure.wanted)
}
