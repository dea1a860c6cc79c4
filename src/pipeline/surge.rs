//! Surge: the users' load has plainly risen, and what it will mean for each service behind them is known before they suffer:
//! usual CPU, times how much more is asked of it, over the instances that are wanted. Whoever is about to run short gets a
//! finding of its own, and what others show meanwhile (errors, time-outs, lost calls) is held to be the surge's: a restart
//! under it only takes capacity away.
//!
//! Bounds: each call edge is looked at once a scrape; while there is a surge, work is linear in services and findings.

use super::aim::CPU_TARGET;
use super::classify::{Finding, Trouble, View};
use super::collect::Collector;
use super::failure::FailureClass;
use super::monitor::Monitor;
use super::situation::ready;
use super::suspects::Place;
use super::types::{Diagnosis, Evidence, Health};
use super::wiring::Wiring;
use crate::ids::ServiceId;
use crate::telemetry::{Metric, Subject};
use crate::units::{Ratio, SimDuration};

/// Load over the usual that is a surge: more than days, seasons and bursts of a calm system make of it.
const SURGE: f64 = 1.6;
/// CPU of all services over the usual that bears a surge out, within its first seconds too.
const BORNE_OUT: f64 = 1.2;
/// CPU, share of the limit, that a surge is expected to lead to from which on instances are added ahead of it.
const EXPECTED_MIN: f64 = 0.65;
/// Share of the room on the machines that can be used: what is left on each is less than one more needs.
const PACKED: f64 = 0.85;
/// Times the usual load that is believed at most.
const LOAD_MAX: f64 = 20.0;

/// The load on each service as of the newest scrape.
#[derive(Clone, Debug, Default)]
pub(super) struct Surge {
    /// By service: how much more is asked of it than usual, by its users' present requests and by whom its usual calls come
    /// from: calls themselves are late, repeated and cut off when something is short. `None` if not known.
    loads: Vec<Option<f64>>,
    /// Whether some load is a surge and all services together use clearly more CPU than usual.
    is_borne_out: bool,
}

impl Surge {
    /// The loads now.
    pub fn of(collector: &Collector, monitor: &Monitor, wiring: &Wiring) -> Self {
        let mut climb = Climb { collector, wiring, known: Vec::new() };
        for service in wiring.ids() {
            climb.load(service);
        }
        let loads: Vec<Option<f64>> = climb.known.into_iter().map(Option::flatten).collect();
        let is_high = loads.iter().flatten().any(|load| *load >= SURGE);
        Self { is_borne_out: is_high && is_borne_out(collector, monitor, wiring), loads }
    }
}

/// A walk from services up to their users, each service once.
struct Climb<'a> {
    collector: &'a Collector,
    wiring: &'a Wiring,
    /// What was found, by service; a service on the way up counts as not known, so that a circle ends.
    known: Vec<Option<Option<f64>>>,
}

impl Climb<'_> {
    fn load(&mut self, service: ServiceId) -> Option<f64> {
        let at = service.index();
        if self.known.len() <= at {
            self.known.resize(at + 1, None);
        }
        if let Some(known) = self.known[at] {
            return known;
        }
        self.known[at] = Some(None);
        let found = self.found(service);
        self.known[at] = Some(found);
        found
    }
    fn found(&mut self, service: ServiceId) -> Option<f64> {
        let wiring = self.wiring;
        let callers = wiring.callers(service);
        if callers.is_empty() {
            return entry(self.collector, service);
        }
        let (mut all, mut weighed) = (0.0, 0.0);
        for caller in callers {
            let usual = self.collector.usual(Subject::Edge { from: *caller, to: service }, Metric::RequestRate);
            let (Some(usual), Some(load)) = (usual, self.load(*caller)) else { continue };
            all += usual;
            weighed += usual * load;
        }
        (all > 0.0).then(|| weighed / all)
    }
}

/// How much more is asked of a service than usual; `None` if not known.
pub(super) fn load(view: &View, service: ServiceId) -> Option<f64> {
    view.surge.loads.get(service.index()).copied().flatten()
}

/// Requests of users now, times usual. A rate over a window lags; what has come in its newest two seconds follows from how
/// much it rose and from what has dropped out of it.
fn entry(collector: &Collector, service: ServiceId) -> Option<f64> {
    const NEWEST_S: f64 = 2.0;
    let subject = Subject::Service(service);
    let usual = collector.usual(subject, Metric::RequestRate).filter(|usual| *usual > 0.0)?;
    let samples = collector.window(subject, Metric::RequestRate, SimDuration::from_secs(Metric::WINDOW_S));
    let before = |seconds: f64| samples.iter().find(|(at, _)| *at >= -seconds - 0.5).map(|(_, rate)| *rate);
    let now = collector.latest(subject, Metric::RequestRate)?;
    let newest = before(Metric::WINDOW_S as f64)
        .zip(before(NEWEST_S))
        .map_or(now, |(gone, earlier)| gone + (now - earlier) * Metric::WINDOW_S as f64 / NEWEST_S);
    Some((now.max(newest) / usual).min(LOAD_MAX))
}

/// CPU that the present load will take of a service's instances, share of their limits, by what it usually takes.
fn expected(view: &View, service: ServiceId, load: f64, instances: f64) -> Option<f64> {
    let subject = Subject::Service(service);
    let usual = view.collector.usual(subject, Metric::CpuUtilisation)?;
    let there = view.collector.usual(subject, Metric::ReplicasReady)?;
    Some(usual * there * load / instances.max(1.0))
}

/// The load on a service, times usual, if that is a surge and the machines bear it out: rates that are told wrongly move
/// no CPU.
pub(super) fn surging(view: &View, service: ServiceId) -> Option<f64> {
    load(view, service).filter(|load| *load >= SURGE && view.surge.is_borne_out)
}

/// Whether all services together use clearly more CPU than usual.
fn is_borne_out(collector: &Collector, monitor: &Monitor, wiring: &Wiring) -> bool {
    let (mut now, mut usual) = (0.0, 0.0);
    for service in wiring.ids().filter(|id| wiring.is_healable(*id)) {
        let subject = Subject::Service(service);
        let used = collector.of(service, Metric::CpuUtilisation);
        let before = collector.usual(subject, Metric::CpuUtilisation);
        let there = collector.usual(subject, Metric::ReplicasReady);
        let (Some(used), Some(before), Some(there)) = (used, before, there) else { continue };
        now += used * monitor.instances(service).ready.unwrap_or(1.0);
        usual += before * there;
    }
    now >= BORNE_OUT * usual
}

/// CPU that a service's wanted instances will need under a surge; `None` if there is no surge or they will do.
pub(super) fn shortage(view: &View, service: ServiceId) -> Option<f64> {
    let wanted = view.collector.of(service, Metric::ReplicasDesired).unwrap_or(1.0);
    short_of(view, service, wanted)
}

fn short_of(view: &View, service: ServiceId, instances: f64) -> Option<f64> {
    let load = surging(view, service)?;
    expected(view, service, load, instances).filter(|cpu| *cpu >= EXPECTED_MIN)
}

/// As many of `more` instances as there is room for, if others that a surge presses get their share.
pub(super) fn rationed(view: &View, service: ServiceId, more: f64) -> f64 {
    if shortage(view, service).is_none() || view.collector.room().is_empty() {
        return more;
    }
    let room: f64 = view.collector.room().iter().map(|free| f64::from(*free)).sum();
    let healable = view.wiring.ids().filter(|id| view.wiring.is_healable(*id));
    let wanted: f64 = healable.map(|id| missing(view, id) * request(view, id)).sum();
    let share = PACKED * room / wanted.max(1.0);
    if share < 1.0 { (more * share).floor().max(1.0) } else { more }
}

/// Instances that a service lacks under a surge.
fn missing(view: &View, service: ServiceId) -> f64 {
    let wanted = view.collector.of(service, Metric::ReplicasDesired).unwrap_or(1.0);
    shortage(view, service).map_or(0.0, |cpu| (wanted * cpu / CPU_TARGET - wanted).max(0.0))
}

fn request(view: &View, service: ServiceId) -> f64 {
    view.wiring.get(service).map_or(0.0, |n| f64::from(n.cpu_request.0))
}

/// What the findings are in the light of a surge, if there is one.
pub(super) fn foresee(view: &View, mut findings: Vec<Finding>) -> Vec<Finding> {
    let healable = || view.wiring.ids().filter(|id| view.wiring.is_healable(*id));
    let pressed: Vec<ServiceId> = healable().filter(|id| short_of(view, *id, ready(view, *id)).is_some()).collect();
    if pressed.is_empty() {
        return findings;
    }
    for finding in &mut findings {
        let service = finding.diagnosis.service;
        let is_own = matches!(finding.trouble, Trouble::Down | Trouble::Cpu);
        let touches = |other: &&ServiceId| view.wiring.depends_on(service, **other) || view.wiring.depends_on(**other, service);
        if let Some(cpu) = shortage(view, service).filter(|_| finding.trouble != Trouble::Down) {
            *finding = of_surge(view, service, cpu);
        } else if let Some(cause) = pressed.iter().find(touches).filter(|_| !is_own) {
            blame(view, finding, *cause);
        }
    }
    for service in healable() {
        let is_found = findings.iter().any(|f| f.diagnosis.service == service);
        if let Some(cpu) = shortage(view, service).filter(|_| !is_found) {
            findings.push(of_surge(view, service, cpu));
        }
    }
    findings.sort_by_key(|f| f.diagnosis.service);
    findings
}

fn of_surge(view: &View, service: ServiceId, cpu: f64) -> Finding {
    let load = load(view, service).unwrap_or(1.0);
    let text = format!("users' load is {load:.1} times the usual: CPU will need {:.0} % of what there is", 100.0 * cpu);
    let mut evidence = vec![Evidence { text, metric: Some(Metric::CpuUtilisation), value: cpu, reference: EXPECTED_MIN }];
    evidence.extend(view.monitor.signal(service).map(|s| s.reasons.clone()).unwrap_or_default());
    let health = view.monitor.health(service);
    let diagnosis = Diagnosis {
        service,
        class: FailureClass::Overload,
        cause: service,
        place: Place::Service(service),
        metric: Some(Metric::CpuUtilisation),
        confidence: Ratio::saturating(0.8),
        evidence,
    };
    let is_early = health < Health::Degraded;
    Finding { is_early, ..Finding::of(diagnosis, Trouble::Cpu, health.max(Health::Degraded)) }
}

/// What it shows is the surge's: capacity is added where it is short.
fn blame(view: &View, finding: &mut Finding, cause: ServiceId) {
    let text = format!("users' load has surged, and {} has no room for it yet", view.wiring.name(cause));
    finding.trouble = Trouble::Dependency;
    finding.diagnosis.class = FailureClass::Dependency;
    finding.diagnosis.cause = cause;
    finding.diagnosis.evidence.insert(0, Evidence { text, metric: None, value: 0.0, reference: 0.0 });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::Scrape;
    use crate::telemetry::Observation;
    use crate::topology::{Call, Service, Topology};
    use crate::units::SimTime;

    /// Layers of three services each, of which each calls all three of the next layer: 3 to the 29th ways lead to the last.
    const LAYERS: u32 = 30;

    fn mesh() -> Topology {
        let mut topology = Topology::default();
        for n in 0..3 * LAYERS {
            topology.push(Service::named(format!("s{n}")));
        }
        for from in 0..3 * (LAYERS - 1) {
            let next = 3 * (from / 3 + 1);
            let calls = (next..next + 3).map(|to| Call::to(ServiceId(to))).collect();
            topology.get_mut(ServiceId(from)).expect("pushed").stages.push(calls);
        }
        topology
    }

    #[test]
    fn each_service_is_climbed_to_once_however_many_ways_lead_to_it() {
        let topology = mesh();
        let (wiring, mut collector) = (Wiring::of(&topology), Collector::default());
        for second in 1..=40 {
            let (at, metric) = (SimTime::from_secs(second), Metric::RequestRate);
            let value = if second <= 30 { 50.0 } else { 150.0 };
            let services = wiring.ids().map(|id| (Subject::Service(id), value));
            // Calls stay as they are: it is the users' load that counts.
            let calls = wiring.edges().map(|(from, to)| (Subject::Edge { from, to }, 50.0));
            let observations = services.chain(calls).map(|(subject, value)| Observation { at, subject, metric, value }).collect();
            collector.ingest(at, &Scrape { observations, ..Scrape::default() }, &wiring);
            collector.learn(second <= 30);
        }
        let surge = Surge::of(&collector, &Monitor::default(), &wiring);
        let last = surge.loads[3 * LAYERS as usize - 1].expect("known");
        assert!((last - 3.0).abs() < 0.1, "{last}");
    }
}
