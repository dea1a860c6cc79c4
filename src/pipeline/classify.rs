//! Classify: what is wrong, and whose fault is it? One finding a service, from an evidence vector: own resources, own
//! errors and latency less what its callees explain, instances, log clues, and the network between.
//!
//! A symptom that a callee explains is a `dependency` failure of the deepest such callee; that service's own finding
//! is the one to act on. Confidence is the share of the symptom that the evidence explains, not a calibrated
//! probability; the class is what thresholds tell at first sight. Both give way to the ranking of suspects as soon as that
//! is sure ([`super::attribution`]).

use super::blame::{self, Explanation};
use super::changes::Changes;
use super::collect::{Clue, Collector};
use super::failure::FailureClass;
use super::monitor::Monitor;
use super::network::{self, NetworkFault, Place};
use super::policy::{Policy, Thresholds};
use super::surge::Surge;
use super::types::{Diagnosis, Evidence, Forecast, Health};
use super::wiring::Wiring;
use super::{situation, suspects, text};
use crate::ids::{InstanceId, ServiceId};
use crate::telemetry::{Metric, Subject};
use crate::units::{Ratio, SimDuration, SimTime};
use std::collections::BTreeMap;

/// The same for errors: at a few failures a second their share in a 5 s window doubles by chance.
const CHRONIC_RATIO_ERRORS: f64 = 2.0;
/// Times the usual level up to which a Degraded metric is how the service always is: latency.
const CHRONIC_RATIO: f64 = 1.5;
/// The same for CPU and memory, which have a ceiling.
const CHRONIC_RATIO_RESOURCE: f64 = 1.15;
/// Seconds that a log clue counts.
const CLUE_S: u64 = 60;

/// What the later stages look at.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub collector: &'a Collector,
    pub monitor: &'a Monitor,
    pub wiring: &'a Wiring,
    pub policy: &'a Policy,
    pub forecasts: &'a BTreeMap<ServiceId, Forecast>,
    pub changes: &'a Changes,
    pub surge: &'a Surge,
    pub now: SimTime,
}

/// The kind of trouble, as far as it matters for what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Cpu,
    Memory,
    Errors,
    Latency,
    /// No instance ready, or instances keep dying.
    Down,
    /// The path between caller and callee.
    Edge {
        from: ServiceId,
        to: ServiceId,
        alone: bool,
    },
    /// The network at the service's host.
    Host,
    /// Some of its instances take requests and answer none.
    Silent,
    /// The machine below, by its index.
    Node(u32),
    /// The zone below, and whether the service has nothing elsewhere.
    Zone {
        zone: u8,
        is_all: bool,
    },
    /// The way between two zones.
    Zones(u8, u8),
    /// Its connections to a callee: all taken, by calls at work or by none that is known.
    Pool {
        to: ServiceId,
        is_leaking: bool,
    },
    /// Somebody it depends on.
    Dependency,
}

/// A diagnosis with what else deciding needs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Finding {
    pub diagnosis: Diagnosis,
    pub trouble: Trouble,
    /// How bad it is for whoever feels it.
    pub severity: Health,
    /// Nothing is broken yet.
    pub is_early: bool,
    /// Degraded, but no more than usual: shown, not acted on.
    pub is_chronic: bool,
    /// The ranking of suspects says so, and has for some scrapes.
    pub is_believed: bool,
    /// The instance that answers nothing, if one is known.
    pub instance: Option<InstanceId>,
    /// What it runs on is gone: its instances there serve nobody.
    pub is_lost: bool,
}

impl Finding {
    /// A finding of what is broken now and was not before, by thresholds alone.
    pub const fn of(diagnosis: Diagnosis, trouble: Trouble, severity: Health) -> Self {
        Self {
            diagnosis,
            trouble,
            severity,
            is_early: false,
            is_chronic: false,
            is_believed: false,
            instance: None,
            is_lost: false,
        }
    }
}

/// One finding for each service that is not healthy, is about to be, or has a bad network.
pub(super) fn classify(view: &View) -> Vec<Finding> {
    let network = network::faults(view);
    view.wiring.ids().filter_map(|service| finding(view, service, &network)).collect()
}

fn finding(view: &View, service: ServiceId, network: &[NetworkFault]) -> Option<Finding> {
    let health = view.monitor.health(service);
    let on_host = network.iter().find(|f| f.place == Place::Host(service));
    let on_edge = network.iter().find(|f| matches!(f.place, Place::Edge { from, .. } if from == service));
    let is_sick = health >= Health::Degraded;
    if !is_sick && on_host.is_none() && on_edge.is_none() {
        return early(view, service);
    }
    let level = |metric| view.monitor.level(service, metric);
    let has = |metric, at| level(metric) >= at && is_lasting(view, service, metric);
    if is_unstable(view, service) {
        return Some(own(view, service, Trouble::Down));
    }
    let is_short =
        has(Metric::CpuUtilisation, Health::Critical) || (health == Health::Critical && is_short_of_cpu(view, service));
    if is_short && !blame::is_swamped(view, service) {
        return Some(own(view, service, Trouble::Cpu));
    }
    if let Some(fault) = on_host.or(on_edge) {
        return Some(of_network(view, service, fault));
    }
    let is_client = !view.wiring.is_healable(service);
    let explained = if is_client { blame::likeliest(view, service) } else { blame::explanation(view, service) };
    if let Some(explained) = explained {
        return Some(of_dependency(view, service, explained, network));
    }
    let order = [
        (Metric::MemoryUtilisation, Health::Critical, Trouble::Memory),
        (Metric::ErrorRatio, Health::Critical, Trouble::Errors),
        (Metric::CpuUtilisation, Health::Degraded, Trouble::Cpu),
        (Metric::LatencyP95, Health::Critical, Trouble::Latency),
        (Metric::MemoryUtilisation, Health::Degraded, Trouble::Memory),
        (Metric::ErrorRatio, Health::Degraded, Trouble::Errors),
        (Metric::LatencyP95, Health::Degraded, Trouble::Latency),
    ];
    let (_, _, trouble) = order.into_iter().find(|(metric, at, _)| has(*metric, *at))?;
    Some(own(view, service, trouble))
}

/// The metric has not come down already: a gate that is only waiting to close accuses nobody.
pub(super) fn is_lasting(view: &View, service: ServiceId, metric: Metric) -> bool {
    let line = view.policy.thresholds.of(metric).map_or(0.0, |band| band.degraded * view.policy.exit_ratio);
    view.collector.of(service, metric).is_some_and(|value| value >= line)
}

/// The newest sample says so already; the gate needs longer, and errors often come first.
fn is_short_of_cpu(view: &View, service: ServiceId) -> bool {
    let limit = view.policy.thresholds.cpu.critical;
    view.collector.of(service, Metric::CpuUtilisation).is_some_and(|value| value >= limit)
}

/// Instances are missing or keep dying.
pub(super) fn is_unstable(view: &View, service: ServiceId) -> bool {
    let reasons = view.monitor.signal(service).map_or(&[][..], |s| &s.reasons);
    reasons.iter().any(|r| matches!(r.metric, Some(Metric::ReplicasReady | Metric::Restarts)))
}

/// Nothing is broken, but a forecast says that it will be.
fn early(view: &View, service: ServiceId) -> Option<Finding> {
    let forecast = view.forecasts.get(&service)?;
    if forecast.breach_probability.get() < view.policy.act_probability {
        return None;
    }
    let trouble = match forecast.metric {
        Metric::MemoryUtilisation => Trouble::Memory,
        Metric::CpuUtilisation => Trouble::Cpu,
        _ => return None,
    };
    Some(Finding { is_early: true, is_chronic: false, ..own(view, service, trouble) })
}

fn own(view: &View, service: ServiceId, trouble: Trouble) -> Finding {
    let metric = match trouble {
        Trouble::Cpu => Metric::CpuUtilisation,
        Trouble::Memory => Metric::MemoryUtilisation,
        Trouble::Errors => Metric::ErrorRatio,
        Trouble::Down => Metric::ReplicasReady,
        _ => Metric::LatencyP95,
    };
    let class = own_class(view, service, trouble);
    let mut evidence = reasons(view, service);
    evidence.extend(forecast_line(view, service));
    evidence.extend(log_lines(view, service));
    let confidence = own_confidence(view, service, trouble, metric);
    let diagnosis = diagnosis(service, class, service, metric, confidence, evidence);
    let severity = view.monitor.health(service);
    Finding { is_chronic: is_chronic(view, service), ..Finding::of(diagnosis, trouble, severity) }
}

/// The kind of failure at first sight, before suspects were weighed.
fn own_class(view: &View, service: ServiceId, trouble: Trouble) -> FailureClass {
    let is_changed = view.changes.recent(service, view.now).is_some();
    let has_more_work = || situation::load_ratio(view, service).is_some_and(|load| load >= situation::LOAD_RISEN);
    match trouble {
        Trouble::Cpu if situation::is_stray(view, service) => FailureClass::ResourceCpu,
        Trouble::Cpu | Trouble::Latency if has_more_work() => FailureClass::Overload,
        Trouble::Cpu => FailureClass::ResourceCpu,
        Trouble::Memory => FailureClass::ResourceMemory,
        Trouble::Down if has_clue(view, service, Clue::OutOfMemory) => FailureClass::ResourceMemory,
        Trouble::Errors | Trouble::Down if is_changed => FailureClass::Change,
        Trouble::Errors | Trouble::Down => FailureClass::Application,
        _ => FailureClass::Unknown,
    }
}

fn of_network(view: &View, service: ServiceId, fault: &NetworkFault) -> Finding {
    let (trouble, cause) = match fault.place {
        Place::Edge { from, to, alone } => (Trouble::Edge { from, to, alone }, to),
        Place::Host(host) => (Trouble::Host, host),
    };
    let mut evidence = fault.evidence.clone();
    evidence.extend(reasons(view, service));
    let mut diagnosis = diagnosis(service, FailureClass::Network, cause, fault.metric, fault.confidence, evidence);
    if let Place::Edge { from, to, .. } = fault.place {
        diagnosis.place = suspects::Place::Edge { from, to };
    }
    let callers = view.wiring.callers(service).iter().filter(|_| trouble == Trouble::Host);
    let severity = callers.chain([&service]).map(|id| view.monitor.health(*id)).max().unwrap_or_default();
    Finding::of(diagnosis, trouble, severity)
}

fn of_dependency(view: &View, service: ServiceId, explained: Explanation, network: &[NetworkFault]) -> Finding {
    let cause = blame::root(view, explained.callee, network);
    let mut evidence = vec![explained.evidence];
    if cause != explained.callee {
        let line = format!("{} suffers from {} in turn", view.wiring.name(explained.callee), view.wiring.name(cause));
        evidence.push(Evidence { text: line, metric: None, value: 0.0, reference: 0.0 });
    }
    if let Some(doubt) = view.monitor.doubt(cause).filter(|d| d.is_blind) {
        let line = format!("{} itself is not seen: {}", view.wiring.name(cause), doubt.evidence.text);
        evidence.push(Evidence { text: line, ..doubt.evidence.clone() });
    }
    evidence.extend(reasons(view, service));
    let diagnosis = diagnosis(service, FailureClass::Dependency, cause, explained.metric, explained.share.min(0.95), evidence);
    let severity = view.monitor.health(service);
    Finding { is_chronic: is_chronic(view, service), ..Finding::of(diagnosis, Trouble::Dependency, severity) }
}

fn diagnosis(
    service: ServiceId,
    class: FailureClass,
    cause: ServiceId,
    metric: Metric,
    confidence: f64,
    evidence: Vec<Evidence>,
) -> Diagnosis {
    let place = suspects::Place::Service(cause);
    Diagnosis { service, class, cause, place, metric: Some(metric), confidence: Ratio::saturating(confidence), evidence }
}

/// Every metric that is not healthy is about as bad as it always was, and, errors apart, below Critical.
fn is_chronic(view: &View, service: ServiceId) -> bool {
    let is_usual = |metric: Metric| {
        let ratio = match metric {
            Metric::CpuUtilisation | Metric::MemoryUtilisation => CHRONIC_RATIO_RESOURCE,
            Metric::ErrorRatio => CHRONIC_RATIO_ERRORS,
            _ => CHRONIC_RATIO,
        };
        let (now, band) = (view.collector.of(service, metric), view.policy.thresholds.of(metric));
        let usual = view.collector.usual(Subject::Service(service), metric);
        let is_known = metric == Metric::ErrorRatio && usual.is_some();
        let is_mild = |now: f64| is_known || band.is_none_or(|b| now < b.critical);
        now.is_none_or(|now| is_mild(now) && usual.is_none_or(|usual| now <= ratio * usual))
    };
    let mut raised = Thresholds::METRICS.into_iter().filter(|m| view.monitor.level(service, *m) >= Health::Degraded);
    !is_unstable(view, service) && raised.all(is_usual)
}

fn own_confidence(view: &View, service: ServiceId, trouble: Trouble, metric: Metric) -> f64 {
    let measured = view.collector.of(service, metric);
    let band = view.policy.thresholds.of(metric);
    match (trouble, measured, band) {
        (Trouble::Down, _, _) => 0.95,
        (Trouble::Latency, _, _) => 0.6,
        (_, Some(value), Some(band)) => 0.6 + 0.35 * ((value - band.degraded) / (band.critical - band.degraded)).clamp(0.0, 1.0),
        _ => 0.6,
    }
}

fn reasons(view: &View, service: ServiceId) -> Vec<Evidence> {
    view.monitor.signal(service).map(|s| s.reasons.clone()).unwrap_or_default()
}

fn forecast_line(view: &View, service: ServiceId) -> Option<Evidence> {
    let forecast = view.forecasts.get(&service)?;
    let (expected, earliest, latest) = forecast.breach_in_s?;
    let name = text::label(forecast.metric);
    let limit = text::value(forecast.metric, forecast.threshold);
    let line = format!(
        "{name} reaches {limit} in {expected:.0} s ({earliest:.0} to {latest:.0} s), p = {:.2}",
        forecast.breach_probability.get()
    );
    Some(Evidence { text: line, metric: Some(forecast.metric), value: forecast.value, reference: forecast.threshold })
}

fn has_clue(view: &View, service: ServiceId, clue: Clue) -> bool {
    view.collector.clue(service, clue, SimDuration::from_secs(CLUE_S)).is_some()
}

fn log_lines(view: &View, service: ServiceId) -> Option<Evidence> {
    let span = SimDuration::from_secs(CLUE_S);
    let clues = [Clue::OutOfMemory, Clue::Killed, Clue::Crash, Clue::Error];
    let text = clues.into_iter().find_map(|clue| view.collector.clue(service, clue, span))?;
    Some(Evidence { text: format!("log: {text}"), metric: None, value: 0.0, reference: 0.0 })
}
