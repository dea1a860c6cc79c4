//! Alerts and incidents. One alert a service at a time (dedupe); a symptom that somebody else causes does not alert, or a
//! single failure would page every team above it (inhibition along dependencies, counted); alerts carry the incident that
//! they belong to, and a person is paged once an incident (grouping). An incident spans from the first service in trouble
//! to all being well again.
//!
//! Bounds: [`ALERTS_LEN_MAX`] alerts, [`INCIDENTS_LEN_MAX`] incidents, the oldest fall out.

use super::api::{EventKind, PipelineEvent};
use super::classify::{Finding, Trouble, View};
use super::failure::FailureClass;
use super::report::{Counters, alert_line};
use super::slo::{self, BurnChange};
use super::suspects::Place;
use super::types::{Alert, Health, Incident, Severity};
use crate::ids::{IncidentId, ServiceId};
use crate::units::SimTime;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Alerts kept.
pub const ALERTS_LEN_MAX: usize = 200;
/// Incidents kept.
pub const INCIDENTS_LEN_MAX: usize = 100;
/// Scrapes for which a class must stand to be the incident's: as many as a decision needs.
const CLASS_SCRAPES: u32 = 3;
/// Scrapes in a row without trouble after which an incident is over: a metric window, so that what comes back within it
/// is the same incident. It is over with the last of them, when the gates of health have closed as well.
pub const CALM_SCRAPES: u32 = 5;

/// All alerts.
#[derive(Clone, Debug, Default)]
pub(super) struct Alerts {
    ring: VecDeque<Alert>,
    /// Services whose alert is held back now.
    inhibited: BTreeSet<ServiceId>,
}

impl Alerts {
    /// Oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Alert> {
        self.ring.iter()
    }
    /// Fires, raises and resolves.
    pub fn update(
        &mut self,
        view: &View,
        incident: Option<IncidentId>,
        troubles: &[&Finding],
        counters: &mut Counters,
        log: &mut Vec<PipelineEvent>,
    ) {
        self.inhibit(troubles, counters);
        for service in view.wiring.ids() {
            let wanted = wanted(service, troubles).or_else(|| wanted_of_telemetry(view, service));
            let is_blind = view.monitor.is_blind(service);
            let firing =
                self.ring.iter_mut().rev().find(|a| a.service == service && a.resolved_at.is_none() && !a.is_about_slo());
            match (wanted, firing) {
                (Some((severity, text)), None) => {
                    counters.count_alert(severity);
                    self.push(Alert { at: view.now, incident, service, severity, text, resolved_at: None }, log);
                }
                // What was wrong before it went dark is not known to be over.
                (_, Some(alert)) if is_blind && !alert.is_about_telemetry() => {}
                (Some((severity, text)), Some(alert)) if alert.is_about_telemetry() && !text.starts_with(Alert::TELEMETRY) => {
                    alert.resolved_at = Some(view.now);
                    log.push(event(alert));
                    counters.count_alert(severity);
                    self.push(Alert { at: view.now, incident, service, severity, text, resolved_at: None }, log);
                }
                (Some((severity, text)), Some(alert)) if severity > alert.severity => {
                    counters.count_alert(severity);
                    (alert.severity, alert.text) = (severity, text);
                    log.push(event(alert));
                }
                (None, Some(alert)) => {
                    alert.resolved_at = Some(view.now);
                    log.push(event(alert));
                }
                _ => {}
            }
        }
    }
    /// Fires or resolves the alert of a burn rate. It counts by itself: symptoms and their cause alert beside it.
    pub fn burn(&mut self, now: SimTime, incident: Option<IncidentId>, change: &BurnChange, log: &mut Vec<PipelineEvent>) {
        let (service, limit) = (change.service, format!("limit {}", change.burn.limit));
        if change.burn.since.is_some() {
            let severity = if change.burn.pages { Severity::Critical } else { Severity::Warning };
            let text = format!("{}: {}", Alert::SLO, slo::line(&change.burn));
            return self.push(Alert { at: now, incident, service, severity, text, resolved_at: None }, log);
        }
        let is_it =
            |a: &&mut Alert| a.service == service && a.resolved_at.is_none() && a.is_about_slo() && a.text.ends_with(&limit);
        if let Some(alert) = self.ring.iter_mut().rev().find(is_it) {
            alert.resolved_at = Some(now);
            log.push(event(alert));
        }
    }
    /// Alerts on services that were removed end.
    pub fn resolve_gone(&mut self, now: SimTime, is_there: impl Fn(ServiceId) -> bool) {
        for alert in self.ring.iter_mut().filter(|a| a.resolved_at.is_none() && !is_there(a.service)) {
            alert.resolved_at = Some(now);
        }
    }
    /// Counts those that are newly held back.
    fn inhibit(&mut self, troubles: &[&Finding], counters: &mut Counters) {
        let held = troubles.iter().filter(|f| f.trouble == Trouble::Dependency).map(|f| f.diagnosis.service);
        let held: BTreeSet<ServiceId> = held.collect();
        counters.inhibited += held.difference(&self.inhibited).count() as u32;
        self.inhibited = held;
    }
    fn push(&mut self, alert: Alert, log: &mut Vec<PipelineEvent>) {
        if self.ring.len() >= ALERTS_LEN_MAX {
            self.ring.pop_front();
        }
        log.push(event(&alert));
        self.ring.push_back(alert);
    }
}

fn event(alert: &Alert) -> PipelineEvent {
    PipelineEvent { kind: EventKind::Alert, service: Some(alert.service), text: alert_line(alert) }
}

/// The alert that a service should have now.
fn wanted(service: ServiceId, troubles: &[&Finding]) -> Option<(Severity, String)> {
    let finding = troubles.iter().find(|f| f.diagnosis.service == service)?;
    if finding.trouble == Trouble::Dependency {
        return None;
    }
    let severity = match finding.severity {
        Health::Critical => Severity::Critical,
        _ => Severity::Warning,
    };
    let first = finding.diagnosis.evidence.first().map_or("", |e| e.text.as_str());
    Some((severity, format!("{}: {first}", finding.diagnosis.class.name())))
}

/// The alert that a service's telemetry should have now: it pages nobody.
fn wanted_of_telemetry(view: &View, service: ServiceId) -> Option<(Severity, String)> {
    let doubt = view.monitor.doubt(service)?;
    Some((Severity::Warning, format!("{}: {}", Alert::TELEMETRY, doubt.evidence.text)))
}

/// What speaks for one cause.
#[derive(Clone, Debug, Default)]
struct Votes {
    count: u32,
    /// The first class that stood, or the newest until one does: healing half of it changes the symptoms.
    class: Option<FailureClass>,
    /// Scrapes for which it stood.
    stood: u32,
    /// Whether the class is one that suspects were weighed for.
    is_weighed: bool,
    /// Where exactly, by the newest finding.
    place: Option<Place>,
}

impl Votes {
    /// Takes in what is said now; what suspects were weighed for overrules first sight.
    fn class(&mut self, class: FailureClass, is_weighed: bool) {
        if is_weighed && !std::mem::replace(&mut self.is_weighed, true) {
            (self.class, self.stood) = (None, 0);
        }
        if self.is_weighed && !is_weighed {
            return;
        }
        if self.class == Some(class) {
            self.stood += 1;
        } else if self.stood < CLASS_SCRAPES {
            (self.class, self.stood) = (Some(class), 1);
        }
    }
}

/// All incidents.
#[derive(Clone, Debug, Default)]
pub(super) struct Incidents {
    ring: VecDeque<Incident>,
    next: u32,
    calm: u32,
    /// Findings of the open incident by the cause they point to, scrapes added up: early and late noise is outvoted.
    votes: BTreeMap<ServiceId, Votes>,
}

impl Incidents {
    /// Oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Incident> {
        self.ring.iter()
    }
    /// The one that is open.
    pub fn open(&self) -> Option<&Incident> {
        self.ring.back().filter(|i| i.resolved_at.is_none())
    }
    /// Opens, extends or closes, by what is wrong now. It stays open while a service that it touched is not seen.
    pub fn update(
        &mut self,
        now: SimTime,
        troubles: &[&Finding],
        is_blind: impl Fn(ServiceId) -> bool,
        counters: &mut Counters,
        log: &mut Vec<PipelineEvent>,
    ) {
        if troubles.is_empty() {
            if self.open().is_none_or(|i| !i.services.iter().any(|s| is_blind(*s))) {
                self.calm_down(now, log);
            }
            return;
        }
        self.calm = 0;
        if self.open().is_none() {
            self.start(now, counters, log);
        }
        let Some(incident) = self.ring.back_mut() else { return };
        for finding in troubles {
            if !incident.services.contains(&finding.diagnosis.service) {
                incident.services.push(finding.diagnosis.service);
            }
        }
        for finding in troubles {
            let votes = self.votes.entry(finding.diagnosis.cause).or_default();
            votes.count += 1;
            if finding.trouble != Trouble::Dependency {
                votes.class(finding.diagnosis.class, finding.is_believed);
                votes.place = Some(finding.diagnosis.place);
            }
        }
        let cause = self.votes.iter().max_by_key(|(id, votes)| (votes.count, Reverse(**id)));
        incident.cause = cause.map(|(id, _)| *id);
        incident.class = cause.and_then(|(_, votes)| votes.class);
        incident.place = cause.and_then(|(_, votes)| votes.place);
    }
    fn start(&mut self, now: SimTime, counters: &mut Counters, log: &mut Vec<PipelineEvent>) {
        self.next += 1;
        self.votes.clear();
        counters.incidents_opened += 1;
        if self.ring.len() >= INCIDENTS_LEN_MAX {
            self.ring.pop_front();
        }
        let id = IncidentId(self.next);
        self.ring.push_back(Incident { id, detected_at: now, resolved_at: None, ..Incident::default() });
        log.push(PipelineEvent { kind: EventKind::Alert, service: None, text: format!("Incident {id} opened") });
    }
    fn calm_down(&mut self, now: SimTime, log: &mut Vec<PipelineEvent>) {
        self.calm = self.calm.saturating_add(1);
        let calm = self.calm;
        let Some(incident) = self.ring.back_mut().filter(|i| i.resolved_at.is_none()) else { return };
        if calm >= CALM_SCRAPES {
            incident.resolved_at = Some(now);
            let seconds = now.since(incident.detected_at).as_secs_f64();
            let text = format!("Incident {} over, {seconds:.0} s after its first symptom", incident.id);
            log.push(PipelineEvent { kind: EventKind::Alert, service: None, text });
        }
    }
}
