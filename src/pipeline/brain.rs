//! The stages in their order, once per scrape. Pure: (state, now, scrape) -> (state, requests, events).

use super::alert::{Alerts, Incidents};
use super::api::{ActionRequest, PipelineEvent, StepOutcome};
use super::bandit::Bandit;
use super::changes::Changes;
use super::classify::{self, Finding, Trouble, View};
use super::collect::Collector;
use super::controls::Controls;
use super::course::Course;
use super::graph::{self, AMPLIFIED, CallGraph, ObservedEdge, TraceCounts};
use super::ledger::{Ledger, Past};
use super::monitor::{HealthChange, Monitor};
use super::policy::{Policy, RuleSet};
use super::policy_rules::Chances;
use super::predict::Outlook;
use super::report::{self, Counters, PipelineReport};
use super::slo::{BurnChange, SloStatus, Slos};
use super::span_shift::SpanShift;
use super::surge::Surge;
use super::suspects::{Clues, Notes, Place, Ranking, Suspects};
use super::templates::{LogTemplate, Templates};
use super::types::{Alert, Autonomy, Candidate, Choice, Decision, Evidence, Forecast, Incident, Signal};
use super::watch::{SeriesAlarm, ServiceAlarm, Watch};
use super::wiring::Wiring;
use super::{attribution, decide, envelope, orchestrate, policy_rules, policy_seed, predict, surge};
use crate::ids::ServiceId;
use crate::platform::{Receipt, Scrape};
use crate::telemetry::{Metric, Subject};
use crate::topology::Topology;
use crate::units::SimTime;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The brain.
#[derive(Clone, Debug)]
pub struct Pipeline {
    eyes: Eyes,
    pub(super) controls: Controls,
    course: Course,
    pub(super) ledger: Ledger,
    alerts: Alerts,
    incidents: Incidents,
    suspects: Suspects,
    counters: Counters,
    /// What the policy `bandit` has learned; there is one once it was chosen.
    bandit: Option<Arc<Bandit>>,
    /// Lines that came up between two steps.
    pub(super) pending: Vec<PipelineEvent>,
}

/// What was seen and what it is held to: everything that diagnosing and deciding read and do not change.
#[derive(Clone, Debug)]
struct Eyes {
    policy: Policy,
    wiring: Wiring,
    collector: Collector,
    monitor: Monitor,
    forecasts: BTreeMap<ServiceId, Forecast>,
    changes: Changes,
    surge: Surge,
    watch: Watch,
    calls: CallGraph,
    templates: Templates,
    slos: Slos,
    burns: Vec<BurnChange>,
    now: SimTime,
}

impl Eyes {
    const fn view(&self) -> View<'_> {
        View {
            collector: &self.collector,
            monitor: &self.monitor,
            wiring: &self.wiring,
            policy: &self.policy,
            forecasts: &self.forecasts,
            changes: &self.changes,
            surge: &self.surge,
            now: self.now,
        }
    }
    const fn sight<'a>(&'a self, changed: &'a BTreeMap<ServiceId, SimTime>) -> predict::Sight<'a> {
        let Self { collector, monitor, wiring, policy, .. } = self;
        predict::Sight { collector, monitor, wiring, policy, changed }
    }
    fn look(&mut self, now: SimTime, scrape: &Scrape, changed: &BTreeMap<ServiceId, SimTime>) -> Vec<HealthChange> {
        self.now = self.now.max(now);
        self.collector.ingest(self.now, scrape, &self.wiring);
        let changes = self.monitor.update(self.now, &mut self.collector, &self.wiring, &self.policy);
        self.surge = Surge::of(&self.collector, &self.monitor, &self.wiring);
        self.forecasts = predict::all(&self.sight(changed));
        self.watch.update(&self.collector, &self.wiring);
        self.calls.update(self.now, scrape, &self.collector, &self.wiring);
        self.templates.update(self.now, &scrape.logs, |id| self.wiring.get(id).is_some());
        self.burns = self.slos.update(self.now, &self.collector, &self.wiring);
        self.annotate();
        changes
    }
    /// What explains a service that is in trouble, or is worth a note on one that is not.
    fn annotate(&mut self) {
        for service in self.wiring.ids() {
            if self.monitor.is_blind(service) {
                continue;
            }
            let log = self.templates.shifted(service).map(|t| t.evidence());
            let retries = self.calls.amplification(service).filter(|a| *a >= AMPLIFIED).map(graph::amplified_line);
            let unlike = self.watch.evidence(service, self.now);
            let is_told = self.monitor.doubt(service).is_none();
            let spans = self.calls.span_shift(service).filter(|_| is_told).map(SpanShift::evidence);
            self.monitor.annotate(service, unlike.into_iter().chain(retries).chain(spans).chain(log));
        }
    }
    /// What logs and spans say of services into which somebody sees.
    fn notes(&self) -> Notes {
        let seen: Vec<ServiceId> = self.wiring.ids().filter(|id| self.monitor.doubt(*id).is_none()).collect();
        let shift = |id: &ServiceId| Some((*id, self.calls.span_shift(*id)?.log_ratio()));
        Notes {
            logs: seen.iter().filter_map(|id| Some((*id, self.templates.alarm(*id)?))).collect(),
            spans: seen.iter().filter_map(shift).collect(),
        }
    }
    fn rewire(&mut self, topology: &Topology) {
        self.wiring = Wiring::of(topology);
        self.collector.retain(&self.wiring);
        self.monitor.retain(&self.wiring);
        self.changes.retain(&self.wiring);
        self.forecasts.retain(|id, _| self.wiring.get(*id).is_some());
        self.watch.retain(&self.wiring);
        self.calls.retain(&self.wiring);
        self.templates.retain(|id| self.wiring.get(id).is_some());
        self.slos.retain(&self.wiring);
    }
}

impl Pipeline {
    /// A brain that has seen nothing yet and knows the declared system.
    pub fn new(topology: &Topology, policy: Policy) -> Self {
        let bandit = learned(&policy);
        Self {
            eyes: Eyes {
                policy,
                wiring: Wiring::of(topology),
                collector: Collector::default(),
                monitor: Monitor::default(),
                forecasts: BTreeMap::new(),
                changes: Changes::default(),
                surge: Surge::default(),
                watch: Watch::default(),
                calls: CallGraph::default(),
                templates: Templates::default(),
                slos: Slos::default(),
                burns: Vec::new(),
                now: SimTime::ZERO,
            },
            controls: Controls::default(),
            course: Course::default(),
            ledger: Ledger::default(),
            alerts: Alerts::default(),
            incidents: Incidents::default(),
            suspects: Suspects::default(),
            counters: Counters::default(),
            bandit,
            pending: Vec::new(),
        }
    }
    /// Services or calls were edited: forgets what is gone.
    pub fn set_topology(&mut self, topology: &Topology) {
        self.eyes.rewire(topology);
        let wiring = &self.eyes.wiring;
        self.course.retain(wiring);
        self.suspects.retain(wiring);
        self.alerts.resolve_gone(self.eyes.now, |id| wiring.get(id).is_some());
    }
    /// Chooses another policy; what was learned stays.
    pub fn set_policy(&mut self, policy: Policy) {
        self.bandit = self.bandit.take().or_else(|| learned(&policy));
        self.eyes.policy = policy;
    }
    /// Gives the policy `bandit` other weights than those that ship.
    pub fn set_bandit(&mut self, bandit: Bandit) {
        self.bandit = Some(Arc::new(bandit));
    }
    /// What the policy `bandit` has learned so far; `None` if it was never chosen.
    pub fn bandit(&self) -> Option<&Bandit> {
        self.bandit.as_deref()
    }
    /// The policy in force.
    pub const fn policy(&self) -> &Policy {
        &self.eyes.policy
    }
    /// Takes the platform's immediate answer to a request; later ones arrive with the scrapes.
    pub fn receipt(&mut self, receipt: &Receipt) {
        self.pending.extend(orchestrate::receipt(&mut self.ledger, receipt));
    }
    /// Looks at one scrape; to be called once per scrape, in order of time.
    pub fn step(&mut self, now: SimTime, scrape: &Scrape) -> StepOutcome {
        let mut log = std::mem::take(&mut self.pending);
        self.eyes.changes.read(scrape, &self.eyes.wiring, |id| self.ledger.is_healing(id));
        let changes = self.eyes.look(now, scrape, self.ledger.ended());
        log.extend(scrape.receipts.iter().filter_map(|r| orchestrate::receipt(&mut self.ledger, r)));
        log.extend(changes.iter().filter(|c| !c.is_first_look()).map(HealthChange::event));
        let findings = surge::foresee(&self.eyes.view(), classify::classify(&self.eyes.view()));
        let findings = self.course.follow(self.eyes.now, &self.eyes.wiring, findings);
        let findings = attribution::attribute(&self.eyes.view(), self.suspects.ranking(), &scrape.inventory, findings);
        self.note(&findings, &mut log);
        self.suspect(scrape);
        let cases = self.cases(&findings);
        let mut sick: Vec<ServiceId> = findings.iter().chain(cases.iter().map(|(f, _)| f)).map(|f| f.diagnosis.service).collect();
        sick.sort_unstable();
        self.ledger.forget_noted(&sick);
        let uneasy = findings.iter().filter(|f| !f.is_chronic).flat_map(|f| [f.diagnosis.service, f.diagnosis.cause]);
        self.ledger.note_uneasy(self.eyes.now, uneasy);
        for (finding, candidates) in cases {
            self.decide(&finding, candidates, &mut log);
        }
        let requests = self.advance(&sick, &mut log);
        self.learn();
        self.eyes.collector.learn(findings.iter().all(|f| f.is_chronic));
        StepOutcome { requests, log }
    }
    /// Alerts and incidents.
    fn note(&mut self, findings: &[Finding], log: &mut Vec<PipelineEvent>) {
        let troubles = self.course.confirmed(findings, &self.eyes.policy);
        let is_blind = |id| self.eyes.monitor.is_blind(id);
        self.incidents.update(self.eyes.now, &troubles, is_blind, &mut self.counters, log);
        let incident = self.incidents.open().map(|i| i.id);
        self.alerts.update(&self.eyes.view(), incident, &troubles, &mut self.counters, log);
        for change in &self.eyes.burns {
            self.alerts.burn(self.eyes.now, incident, change, log);
        }
    }
    /// Who is to blame for the open incident.
    fn suspect(&mut self, scrape: &Scrape) {
        let (eyes, open) = (&self.eyes, self.incidents.open().map(|i| (i.id, i.detected_at)));
        let is_healing = |id| self.ledger.is_healing(id);
        let notes = open.map_or_else(Notes::default, |_| eyes.notes());
        let told = (&scrape.inventory, &notes);
        self.suspects.look(eyes.now, (&eyes.collector, &eyes.wiring), told, open, is_healing);
    }
    /// What there is to decide, with its candidates, by the policy in force.
    fn cases(&self, findings: &[Finding]) -> Vec<(Finding, Vec<Candidate>)> {
        match self.eyes.policy.rule_set {
            _ if self.controls.autonomy == Autonomy::Off => Vec::new(),
            RuleSet::None | RuleSet::Kubernetes => Vec::new(),
            RuleSet::Seed => policy_seed::decide(&self.eyes.view()),
            RuleSet::Rules | RuleSet::Bandit => self.ripe(findings),
        }
    }
    /// Findings that have stood long enough, with their candidates.
    fn ripe(&self, findings: &[Finding]) -> Vec<(Finding, Vec<Candidate>)> {
        let view = self.eyes.view();
        let is_ripe = |f: &&Finding| {
            let forecast = self.eyes.forecasts.get(&f.diagnosis.service).filter(|x| Some(x.metric) == f.diagnosis.metric);
            let is_pressing = forecast.is_some_and(|x| x.breach_probability.get() >= self.eyes.policy.act_probability);
            self.course.is_ripe(f, is_pressing, &self.eyes.policy) && can_help(&view, f) && is_known(&view, f)
        };
        let chances: &dyn Chances = match self.bandit.as_deref() {
            Some(bandit) if self.eyes.policy.rule_set == RuleSet::Bandit => bandit,
            _ => &policy_rules::Table,
        };
        findings.iter().filter(is_ripe).map(|f| (f.clone(), policy_rules::candidates(&view, f, chances))).collect()
    }
    fn decide(&mut self, finding: &Finding, candidates: Vec<Candidate>, log: &mut Vec<PipelineEvent>) {
        if self.ledger.is_busy(finding.diagnosis.service) {
            return;
        }
        let incident = self.incidents.open().map(|i| i.id);
        let is_forgetful = self.eyes.policy.rule_set == RuleSet::Seed;
        let is_stopped = self.controls.is_stopped;
        let past = Past { ledger: &self.ledger, now: self.eyes.now, incident, is_forgetful };
        let verdict = decide::choose(&self.eyes.view(), finding, candidates, &past);
        let acts = matches!(verdict.chosen.choice, Choice::Act(_)) && self.controls.may_act();
        let is_news = !verdict.is_passing && (self.ledger.is_news(finding, &verdict, is_stopped) || acts);
        if !is_news {
            return;
        }
        self.counters.decisions += 1;
        if verdict.chosen.choice == Choice::Page && !is_stopped {
            self.counters.count_page(incident);
        }
        let view = self.eyes.view();
        log.push(orchestrate::propose(&view, &mut self.ledger, self.controls, incident, finding, verdict));
    }
    fn advance(&mut self, sick: &[ServiceId], log: &mut Vec<PipelineEvent>) -> Vec<ActionRequest> {
        let view = self.eyes.view();
        let requests = orchestrate::advance(&view, &mut self.ledger, self.controls, sick, log);
        for request in requests.iter().filter(|r| !r.is_dry_run) {
            *self.counters.actions.entry(request.action.name().to_owned()).or_insert(0) += 1;
        }
        requests
    }
    /// Takes in what came of decisions.
    fn learn(&mut self) {
        let lessons = self.ledger.take_lessons();
        let is_learning = self.eyes.policy.rule_set == RuleSet::Bandit;
        let Some(bandit) = self.bandit.as_mut().filter(|_| is_learning && !lessons.is_empty()).map(Arc::make_mut) else { return };
        for (arm, has_helped) in &lessons {
            bandit.learn(arm, *has_helped);
        }
    }
    /// The monitor's verdict on a service.
    pub fn signal(&self, service: ServiceId) -> Option<&Signal> {
        self.eyes.monitor.signal(service)
    }
    /// The newest value of a metric, unless it is older than three scrapes.
    pub fn latest(&self, subject: Subject, metric: Metric) -> Option<f64> {
        self.eyes.collector.latest(subject, metric)
    }
    /// A service's most pressing forecast.
    pub fn forecast(&self, service: ServiceId) -> Option<&Forecast> {
        self.eyes.forecasts.get(&service)
    }
    /// What is told of one metric of a service, with the signs that it rests on, if it is below its threshold.
    pub fn outlook(&self, service: ServiceId, metric: Metric) -> Option<Outlook> {
        self.eyes.sight(self.ledger.ended()).outlook(service, metric)
    }
    /// How entries stand against their objectives, in id order.
    pub fn slos(&self) -> impl Iterator<Item = &SloStatus> {
        self.eyes.slos.iter()
    }
    /// Calls as observed and as declared, in order of caller and callee.
    pub fn observed_edges(&self) -> impl Iterator<Item = &ObservedEdge> {
        self.eyes.calls.iter()
    }
    /// What they were learned from.
    pub const fn trace_counts(&self) -> TraceCounts {
        self.eyes.calls.counts()
    }
    /// Attempts that reach a service for each call due; `None` if not known.
    pub fn amplification(&self, service: ServiceId) -> Option<f64> {
        self.eyes.calls.amplification(service)
    }
    /// Templates of a service's log, those written most lately first.
    pub fn log_templates(&self, service: ServiceId) -> Vec<LogTemplate> {
        self.eyes.templates.of(service)
    }
    /// Where the detectors of one of a service's series alarmed, oldest first.
    pub fn alarms(&self, service: ServiceId, metric: Metric) -> impl Iterator<Item = &SeriesAlarm> {
        self.eyes.watch.alarms(service, metric)
    }
    /// Where several metrics of a service broke step, oldest first.
    pub fn service_alarms(&self, service: ServiceId) -> impl Iterator<Item = &ServiceAlarm> {
        self.eyes.watch.service_alarms(service)
    }
    /// What is unlike before at a service now.
    pub fn unlike_before(&self, service: ServiceId) -> Vec<Evidence> {
        self.eyes.watch.evidence(service, self.eyes.now)
    }
    /// Decisions in the ledger, oldest first.
    pub fn decisions(&self) -> impl DoubleEndedIterator<Item = &Decision> {
        self.ledger.iter().map(|e| &e.decision)
    }
    /// Alerts in the ledger, oldest first.
    pub fn alerts(&self) -> impl DoubleEndedIterator<Item = &Alert> {
        self.alerts.iter()
    }
    /// Incidents in the ledger, oldest first.
    pub fn incidents(&self) -> impl DoubleEndedIterator<Item = &Incident> {
        self.incidents.iter()
    }
    /// Who or what is held to be to blame for the open incident, with reasons; empty while none is open.
    pub const fn ranking(&self) -> &Ranking {
        self.suspects.ranking()
    }
    /// The evidence that [`Pipeline::ranking`] comes from.
    pub fn evidence(&self) -> impl Iterator<Item = (Place, &Clues)> {
        self.suspects.evidence()
    }
    /// Whether a service is inside the healer's reach.
    pub fn is_healable(&self, service: ServiceId) -> bool {
        self.eyes.wiring.is_healable(service)
    }
    /// Whether an action on this service is under way or being watched.
    pub fn is_healing(&self, service: ServiceId) -> bool {
        self.ledger.is_healing(service)
    }
    /// What happened so far.
    pub fn report(&self) -> PipelineReport {
        let decisions: Vec<&Decision> = self.decisions().collect();
        report::report(&self.eyes.policy.name, &self.counters, self.incidents(), &decisions)
    }
}

/// What a policy starts with that learns.
fn learned(policy: &Policy) -> Option<Arc<Bandit>> {
    (policy.rule_set == RuleSet::Bandit).then(|| Arc::new(Bandit::shipped()))
}

/// Whether there is anything to decide: a client's own trouble is nobody's to heal.
fn can_help(view: &View, finding: &Finding) -> bool {
    let is_elsewhere = matches!(finding.trouble, Trouble::Dependency | Trouble::Edge { .. });
    is_elsewhere || view.wiring.is_healable(finding.diagnosis.service)
}

/// Whether what is usual is known: before that, a system that starts looks like one in trouble.
fn is_known(view: &View, finding: &Finding) -> bool {
    let usual = view.collector.usual(Subject::Service(finding.diagnosis.service), Metric::RequestRate);
    usual.is_some() && view.now >= SimTime::ZERO + envelope::LEARNING
}
