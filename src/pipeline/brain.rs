//! The stages in their order, once per scrape. Pure: (state, now, scrape) -> (state, requests, events).

use super::collect::Collector;
use super::monitor::{HealthChange, Monitor};
use super::policy::Policy;
use super::report::{self, Counters, PipelineReport};
use super::types::{Alert, Autonomy, Decision, Forecast, Health, Incident, Signal};
use super::wiring::Wiring;
use crate::ids::{ActionId, DecisionId, ServiceId};
use crate::platform::{Action, Receipt, Scrape};
use crate::telemetry::{Metric, Subject};
use crate::topology::Topology;
use crate::units::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use thiserror::Error;

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A service's health changed.
    Health,
    /// An alert fired or ended, an incident opened or closed.
    Alert,
    /// A decision, its receipt or its verification.
    Decision,
}

/// One line for the event log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PipelineEvent {
    /// What about.
    pub kind: EventKind,
    /// Which service, if one.
    pub service: Option<ServiceId>,
    /// The line, in fixed wording, without time and the service's name.
    pub text: String,
}

/// Something to ask of the platform, under this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionRequest {
    /// The number that receipts refer to.
    pub id: ActionId,
    /// Why.
    pub decision: DecisionId,
    /// What.
    pub action: Action,
}

/// What one step yields.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepOutcome {
    /// To be given to the platform now, in this order.
    pub requests: Vec<ActionRequest>,
    /// To be added to the event log.
    pub log: Vec<PipelineEvent>,
}

/// Why a decision could not be approved or rejected; nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum DecisionError {
    /// No such decision (any more).
    #[error("E0301 there is no decision {0}; it may be too long ago")]
    NoDecision(DecisionId),
    /// It does not wait for anybody.
    #[error("E0302 decision {0} does not await approval (any more)")]
    NotWaiting(DecisionId),
}

/// The brain.
#[derive(Clone, Debug)]
pub struct Pipeline {
    policy: Policy,
    autonomy: Autonomy,
    wiring: Wiring,
    collector: Collector,
    monitor: Monitor,
    forecasts: BTreeMap<ServiceId, Forecast>,
    counters: Counters,
}

impl Pipeline {
    /// A brain that has seen nothing yet and knows the declared system.
    pub fn new(topology: &Topology, policy: Policy) -> Self {
        Self {
            policy,
            autonomy: Autonomy::default(),
            wiring: Wiring::of(topology),
            collector: Collector::default(),
            monitor: Monitor::default(),
            forecasts: BTreeMap::new(),
            counters: Counters::default(),
        }
    }
    /// Services or calls were edited: forgets what is gone.
    pub fn set_topology(&mut self, topology: &Topology) {
        self.wiring = Wiring::of(topology);
        self.collector.retain(&self.wiring);
        self.monitor.retain(&self.wiring);
        self.forecasts.retain(|id, _| self.wiring.get(*id).is_some());
    }
    /// Chooses another policy; what was learned stays.
    pub fn set_policy(&mut self, policy: Policy) {
        self.policy = policy;
    }
    /// The policy in force.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }
    /// Turns the heal dial.
    pub fn set_autonomy(&mut self, autonomy: Autonomy) {
        self.autonomy = autonomy;
    }
    /// Where the heal dial stands.
    pub const fn autonomy(&self) -> Autonomy {
        self.autonomy
    }
    /// Lets a waiting decision be carried out in the next step.
    ///
    /// # Errors
    /// [`DecisionError`] if there is no such decision or it does not wait.
    pub fn approve(&mut self, _now: SimTime, id: DecisionId) -> Result<(), DecisionError> {
        Err(DecisionError::NoDecision(id))
    }
    /// Forbids a waiting decision.
    ///
    /// # Errors
    /// [`DecisionError`] if there is no such decision or it does not wait.
    pub fn reject(&mut self, _now: SimTime, id: DecisionId) -> Result<(), DecisionError> {
        Err(DecisionError::NoDecision(id))
    }
    /// Takes the platform's immediate answer to a request; later ones arrive with the scrapes.
    pub fn receipt(&mut self, _receipt: &Receipt) {}
    /// Looks at one scrape; to be called once per scrape, in order of time.
    pub fn step(&mut self, now: SimTime, scrape: &Scrape) -> StepOutcome {
        let mut outcome = StepOutcome::default();
        self.collector.ingest(now, scrape, &self.wiring);
        let changes = self.monitor.update(now, &self.collector, &self.wiring, &self.policy);
        outcome.log.extend(changes.iter().map(health_event));
        self.collector.learn(true);
        outcome
    }
    /// The monitor's verdict on a service.
    pub fn signal(&self, service: ServiceId) -> Option<&Signal> {
        self.monitor.signal(service)
    }
    /// The newest value of a metric, unless it is older than three scrapes.
    pub fn latest(&self, subject: Subject, metric: Metric) -> Option<f64> {
        self.collector.latest(subject, metric)
    }
    /// A service's most pressing forecast.
    pub fn forecast(&self, service: ServiceId) -> Option<&Forecast> {
        self.forecasts.get(&service)
    }
    /// Decisions in the ledger, oldest first.
    pub fn decisions(&self) -> impl DoubleEndedIterator<Item = &Decision> {
        [].iter()
    }
    /// Alerts in the ledger, oldest first.
    pub fn alerts(&self) -> impl DoubleEndedIterator<Item = &Alert> {
        [].iter()
    }
    /// Incidents in the ledger, oldest first.
    pub fn incidents(&self) -> impl DoubleEndedIterator<Item = &Incident> {
        [].iter()
    }
    /// Whether an action is under way for this service.
    pub fn is_healing(&self, _service: ServiceId) -> bool {
        false
    }
    /// What happened so far.
    pub fn report(&self) -> PipelineReport {
        let decisions: Vec<&Decision> = self.decisions().collect();
        report::report(&self.policy.name, &self.counters, self.incidents(), &decisions)
    }
}

fn health_event(change: &HealthChange) -> PipelineEvent {
    let reasons = if change.reasons.is_empty() { String::new() } else { format!(": {}", change.reasons) };
    let text = format!("{} -> {}{reasons}", word(change.from), word(change.to));
    PipelineEvent { kind: EventKind::Health, service: Some(change.service), text }
}

const fn word(health: Health) -> &'static str {
    match health {
        Health::Unknown => "Unknown",
        Health::Healthy => "Healthy",
        Health::Degraded => "Degraded",
        Health::Critical => "Critical",
    }
}
