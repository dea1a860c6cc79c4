//! Attribution: findings are what each service shows, the ranking of suspects says where it comes from. Once one place has
//! stood out for some scrapes, the findings that it explains become findings about it: its own with the suspect's kind of
//! failure, its callers' as consequences. What it does not explain stays as it was found, so that a second fault is not
//! hidden behind the first.
//!
//! Without exporters that tell enough there is no such suspect, and what was found by thresholds stands.

use super::classify::{Finding, Trouble, View};
use super::failure::FailureClass;
use super::surge;
use super::suspects::{Clue, Place, Ranking, Suspect, pools};
use super::types::{Diagnosis, Evidence, Health};
use crate::ids::{InstanceId, ServiceId};
use crate::telemetry::{Inventory, Metric, ServiceFacts};

/// Reasons of a suspect that a diagnosis repeats.
const REASONS_TOLD: usize = 4;

/// The findings in the light of the ranking.
pub(super) fn attribute(view: &View, ranking: &Ranking, inventory: &Inventory, mut findings: Vec<Finding>) -> Vec<Finding> {
    let Some(suspect) = ranking.believed().filter(|suspect| !is_surge(view, suspect)) else { return findings };
    let culprit = Culprit::of(view, inventory, suspect);
    let mut worst = Health::Unknown;
    for finding in findings.iter_mut().filter(|f| !f.is_early) {
        let (is_felt, severity) = (!finding.is_chronic, finding.severity);
        if culprit.explain(finding) && is_felt {
            worst = worst.max(severity).max(culprit.severity());
        }
    }
    if worst >= Health::Degraded {
        let is_unfound = |id: &&ServiceId| findings.iter().all(|f| f.diagnosis.service != **id);
        let silent: Vec<Finding> = culprit.struck.iter().filter(is_unfound).map(|id| culprit.unfound(*id, worst)).collect();
        findings.extend(silent);
        findings.sort_by_key(|f| f.diagnosis.service);
    }
    findings
}

/// Under a surge services fail in many ways, and none of them is their own.
fn is_surge(view: &View, suspect: &Suspect) -> bool {
    let is_there = suspect.place.service().is_some_and(|id| surge::surging(view, id).is_some());
    is_there && suspect.class != FailureClass::Overload
}

fn instances_in(inventory: &Inventory, zone: u8) -> usize {
    inventory.services.iter().flat_map(|s| &s.places).filter(|(_, at)| *at == zone).count()
}

/// The suspect that is believed, and what is known of the system.
struct Culprit<'a> {
    view: &'a View<'a>,
    inventory: &'a Inventory,
    suspect: &'a Suspect,
    /// What it comes to: of two zones, the one that can be spared comes first.
    place: Place,
    /// The services at which something can be done about it.
    struck: Vec<ServiceId>,
}

impl<'a> Culprit<'a> {
    fn of(view: &'a View<'a>, inventory: &'a Inventory, suspect: &'a Suspect) -> Self {
        let place = match suspect.place {
            Place::Zones(a, b) if instances_in(inventory, b) < instances_in(inventory, a) => Place::Zones(b, a),
            other => other,
        };
        let hosted = |on: &dyn Fn(u32, u8) -> bool| {
            let has = |s: &&ServiceFacts| s.places.iter().any(|(node, zone)| on(*node, *zone));
            inventory.services.iter().filter(has).map(|s| s.service).collect()
        };
        let all: Vec<ServiceId> = match place {
            Place::Service(id) => vec![id],
            Place::Edge { from, .. } => vec![from],
            Place::Node(node) => hosted(&|at, _| at == node),
            Place::Zone(zone) | Place::Zones(zone, _) => hosted(&|_, at| at == zone),
        };
        let struck = all.into_iter().filter(|id| view.wiring.is_healable(*id)).collect();
        Self { view, inventory, suspect, place, struck }
    }
    /// Whether the finding is its doing; if so, says so in it.
    fn explain(&self, finding: &mut Finding) -> bool {
        let service = finding.diagnosis.service;
        if self.struck.contains(&service) {
            self.own(finding);
            return true;
        }
        let is_below = |id: &ServiceId| self.view.wiring.depends_on(*id, service);
        if self.suspect.class == FailureClass::Overload && self.suspect.place.service().iter().any(is_below) {
            // More work reaches it through others: it is short itself, and that is where room is made.
            if matches!(finding.trouble, Trouble::Cpu | Trouble::Memory | Trouble::Latency) {
                finding.trouble = if finding.trouble == Trouble::Memory { Trouble::Memory } else { Trouble::Cpu };
                self.sign(finding, FailureClass::Overload, self.suspect.place);
            }
            return true;
        }
        let cause = self.struck.iter().copied().find(|id| self.view.wiring.depends_on(service, *id));
        let is_own = matches!(finding.trouble, Trouble::Down | Trouble::Memory)
            || finding.trouble == Trouble::Cpu && finding.severity == Health::Critical;
        let Some(cause) = cause.filter(|_| !is_own) else { return false };
        finding.trouble = Trouble::Dependency;
        finding.diagnosis.cause = self.suspect.place.service().unwrap_or(cause);
        self.sign(finding, FailureClass::Dependency, self.suspect.place);
        true
    }
    /// How bad it is at least for whoever is struck, whatever they show yet: exporters tell of machines before users suffer.
    const fn severity(&self) -> Health {
        match self.suspect.class {
            FailureClass::Node | FailureClass::Zone | FailureClass::NoisyNeighbour => Health::Degraded,
            _ => Health::Healthy,
        }
    }
    /// Whether a service has nothing outside a zone.
    fn is_all_in(&self, service: ServiceId, zone: u8) -> bool {
        self.facts(service).is_some_and(|s| s.places.iter().all(|(_, at)| *at == zone))
    }
    fn facts(&self, service: ServiceId) -> Option<&ServiceFacts> {
        let services = &self.inventory.services;
        services.binary_search_by_key(&service, |s| s.service).ok().map(|at| &services[at])
    }
    /// The service is struck: what it shows is the suspect's kind of failure.
    fn own(&self, finding: &mut Finding) {
        finding.trouble = self.trouble(finding);
        finding.severity = finding.severity.max(self.severity());
        finding.is_lost = matches!(self.suspect.class, FailureClass::Node | FailureClass::Zone);
        if finding.trouble == Trouble::Silent {
            finding.instance = self.silent(finding.diagnosis.service);
        }
        finding.diagnosis.cause = match self.suspect.place {
            Place::Edge { to, .. } => to,
            _ => finding.diagnosis.service,
        };
        if let Some(metric) = self.metric(finding) {
            finding.diagnosis.metric = Some(metric);
        }
        finding.is_chronic = false;
        self.sign(finding, self.suspect.class, self.suspect.place);
    }
    /// A struck service that shows nothing itself while others suffer from it.
    fn unfound(&self, service: ServiceId, worst: Health) -> Finding {
        let diagnosis = Diagnosis {
            service,
            class: FailureClass::Unknown,
            cause: service,
            place: Place::Service(service),
            metric: None,
            confidence: self.suspect.probability,
            evidence: Vec::new(),
        };
        let trouble = Trouble::Latency;
        let mut finding = Finding::of(diagnosis, trouble, worst);
        self.own(&mut finding);
        finding
    }
    /// Class, place, confidence and reasons.
    fn sign(&self, finding: &mut Finding, class: FailureClass, place: Place) {
        let diagnosis = &mut finding.diagnosis;
        (diagnosis.class, diagnosis.place, diagnosis.confidence) = (class, place, self.suspect.probability);
        let reasons = self.suspect.reasons.iter().filter(|r| r.clue != Clue::Prior && r.weight > 0.0).take(REASONS_TOLD);
        let where_at = place.words(|id| self.view.wiring.name(id).to_owned());
        let told = reasons.map(|r| Evidence {
            text: format!("{where_at}: {} ({:+.1})", r.clue.words(), r.weight),
            metric: None,
            value: r.strength,
            reference: r.weight,
        });
        let before = std::mem::take(&mut diagnosis.evidence);
        diagnosis.evidence = told.chain(before).collect();
        finding.is_believed = true;
    }
    fn trouble(&self, finding: &Finding) -> Trouble {
        let now = finding.trouble;
        let place = match self.place {
            Place::Service(_) => None,
            Place::Edge { from, to } => Some(Trouble::Edge { from, to, alone: self.view.wiring.callers(to).len() < 2 }),
            Place::Node(node) => Some(Trouble::Node(node)),
            Place::Zone(zone) => Some(Trouble::Zone { zone, is_all: self.is_all_in(finding.diagnosis.service, zone) }),
            Place::Zones(spared, other) => Some(Trouble::Zones(spared, other)),
        };
        place.unwrap_or_else(|| match self.suspect.class {
            FailureClass::ResourceCpu => Trouble::Cpu,
            FailureClass::ResourceMemory => Trouble::Memory,
            FailureClass::Network => Trouble::Host,
            FailureClass::ResourcePool => match pools::short(self.inventory, finding.diagnosis.service) {
                Some(pool) => Trouble::Pool { to: pool.to, is_leaking: pool.is_leaking },
                None => Trouble::Latency,
            },
            FailureClass::Application if self.is_dying() => Trouble::Down,
            FailureClass::Application if self.silent(finding.diagnosis.service).is_some() => Trouble::Silent,
            FailureClass::Application | FailureClass::Change if matches!(now, Trouble::Errors | Trouble::Down) => now,
            FailureClass::Application | FailureClass::Change => Trouble::Errors,
            FailureClass::Overload if now == Trouble::Memory => now,
            FailureClass::Overload => Trouble::Cpu,
            _ => Trouble::Latency,
        })
    }
    /// Processes that end tell more than requests that fail.
    fn is_dying(&self) -> bool {
        let told = |clues: &[Clue]| {
            let of = self.suspect.reasons.iter().filter(|r| clues.contains(&r.clue));
            of.map(|r| r.weight).fold(0.0, f64::max)
        };
        told(&[Clue::Killed, Clue::Crashed, Clue::Missing]) > told(&[Clue::Errors])
    }
    /// An instance that takes requests and answers none.
    fn silent(&self, service: ServiceId) -> Option<InstanceId> {
        self.facts(service)?.silent.first().copied()
    }
    /// The metric that tells it, where the finding's own would not.
    fn metric(&self, finding: &Finding) -> Option<Metric> {
        let strength = |clue: Clue| self.suspect.reasons.iter().filter(|r| r.clue == clue).map(|r| r.weight).sum::<f64>();
        let level = |metric| self.view.monitor.level(finding.diagnosis.service, metric);
        match finding.trouble {
            Trouble::Cpu => Some(Metric::CpuUtilisation),
            Trouble::Memory => Some(Metric::MemoryUtilisation),
            Trouble::Edge { .. } | Trouble::Host => {
                let lost = strength(Clue::TimedOut).max(strength(Clue::GapErrors)).max(strength(Clue::Unconnected));
                let is_loss = lost > strength(Clue::GapLatency);
                Some(if is_loss { Metric::ErrorRatio } else { Metric::LatencyP95 })
            }
            _ if finding.diagnosis.metric.is_some() => None,
            _ if level(Metric::ErrorRatio) >= level(Metric::LatencyP95) => Some(Metric::ErrorRatio),
            _ => Some(Metric::LatencyP95),
        }
    }
}
