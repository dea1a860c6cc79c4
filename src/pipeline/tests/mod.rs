//! The pipeline on hand-made scrapes: a small system whose metrics a test sets second by second.

mod attribution;
mod controls;
mod decisions;
mod diagnosis;
mod envelope;
mod pools;
mod properties;
mod seed;
mod seeing;
mod surge;

use super::*;
use crate::ids::ServiceId;
use crate::platform::{Action, ActionError, ActionStatus, Receipt, Scrape};
use crate::telemetry::{Inventory, Level, LogLine, Metric, Observation, Span, Subject};
use crate::topology::{Call, Service, ServiceKind, Topology};
use crate::units::{SimDuration, SimTime};
use std::collections::BTreeMap;

/// users -> frontend -> checkout -> payment; frontend and checkout -> catalog.
pub(super) const USERS: ServiceId = ServiceId(0);
pub(super) const FRONTEND: ServiceId = ServiceId(1);
pub(super) const CHECKOUT: ServiceId = ServiceId(2);
pub(super) const CATALOG: ServiceId = ServiceId(3);
pub(super) const PAYMENT: ServiceId = ServiceId(4);
pub(super) const EDGES: [(ServiceId, ServiceId); 5] =
    [(USERS, FRONTEND), (FRONTEND, CHECKOUT), (FRONTEND, CATALOG), (CHECKOUT, CATALOG), (CHECKOUT, PAYMENT)];

/// Requests sampled at each scrape.
const TRACES_PER_SCRAPE: u32 = 10;

pub(super) fn topology() -> Topology {
    let mut topology = Topology::default();
    for name in ["users", "frontend", "checkout", "catalog", "payment"] {
        topology.push(Service::named(name));
    }
    for (from, to) in EDGES {
        topology.get_mut(from).expect("pushed").stages.push(vec![Call::to(to)]);
    }
    topology.get_mut(USERS).expect("pushed").kind = ServiceKind::Client;
    topology
}

/// A pipeline with its system.
pub(super) struct Bench {
    pub pipeline: Pipeline,
    pub second: u64,
    pub values: BTreeMap<(Subject, Metric), f64>,
    pub logs: Vec<LogLine>,
    /// Calls that each sampled request makes: an edge twice for two calls.
    pub routes: Vec<(ServiceId, ServiceId)>,
    spans_ever: u64,
    pub inventory: Inventory,
    pub requests: Vec<(u64, ActionRequest)>,
    pub events: Vec<PipelineEvent>,
    /// Seconds that actions take; `None`: the platform refuses with this error instead.
    pub answer: Result<u64, ActionError>,
    due: Vec<(u64, ActionRequest)>,
}

impl Bench {
    /// A healthy system that was watched for a minute.
    pub fn new(policy: &str, autonomy: Autonomy) -> Self {
        let mut bench = Self::fresh(policy, autonomy);
        bench.run(60);
        assert!(bench.requests.is_empty() && bench.pipeline.alerts().next().is_none(), "{:?}", bench.events);
        bench
    }
    /// A healthy system at its start.
    pub fn fresh(policy: &str, autonomy: Autonomy) -> Self {
        let mut pipeline = Pipeline::new(&topology(), Policy::named(policy).expect("known policy"));
        pipeline.set_autonomy(autonomy);
        let mut values = BTreeMap::new();
        for (service, _) in topology().services() {
            for (metric, value) in Metric::ALL.into_iter().zip([0.3, 0.4, 0.0, 20.0, 40.0, 60.0, 50.0, 0.0, 0.0, 1.0, 1.0]) {
                values.insert((Subject::Service(service), metric), value);
            }
        }
        for (from, to) in EDGES {
            let four =
                [(Metric::RequestRate, 50.0), (Metric::ErrorRatio, 0.0), (Metric::LatencyP50, 21.0), (Metric::LatencyP95, 42.0)];
            values.extend(four.map(|(metric, value)| ((Subject::Edge { from, to }, metric), value)));
        }
        Self {
            pipeline,
            second: 0,
            values,
            logs: Vec::new(),
            routes: EDGES.to_vec(),
            spans_ever: 0,
            inventory: Inventory::default(),
            requests: Vec::new(),
            events: Vec::new(),
            answer: Ok(5),
            due: Vec::new(),
        }
    }
    pub fn set(&mut self, service: ServiceId, metric: Metric, value: f64) {
        self.values.insert((Subject::Service(service), metric), value);
    }
    pub fn set_edge(&mut self, from: ServiceId, to: ServiceId, metric: Metric, value: f64) {
        self.values.insert((Subject::Edge { from, to }, metric), value);
    }
    /// A service fails this share of its requests, and everybody above it too.
    pub fn fail(&mut self, service: ServiceId, share: f64) {
        self.set(service, Metric::ErrorRatio, share);
        for (from, to) in EDGES.into_iter().filter(|(_, to)| *to == service) {
            self.set_edge(from, to, Metric::ErrorRatio, share);
            self.fail(from, share);
        }
    }
    /// A service and everybody above it answer this slowly.
    pub fn slow(&mut self, service: ServiceId, ms: f64) {
        self.set(service, Metric::LatencyP50, ms / 2.0);
        self.set(service, Metric::LatencyP95, ms);
        for (from, to) in EDGES.into_iter().filter(|(_, to)| *to == service) {
            self.set_edge(from, to, Metric::LatencyP50, ms / 2.0 + 1.0);
            self.set_edge(from, to, Metric::LatencyP95, ms + 2.0);
            self.slow(from, ms + 20.0);
        }
    }
    pub fn write(&mut self, service: ServiceId, text: &str) {
        let at = SimTime::from_secs(self.second);
        self.logs.push(LogLine { at, service, instance: None, level: Level::Error, text: text.to_owned() });
    }
    pub fn run(&mut self, seconds: u64) {
        self.run_with(seconds, |_, _| {});
    }
    /// Runs; `change` is called before each scrape with the seconds since the start of this call.
    pub fn run_with(&mut self, seconds: u64, mut change: impl FnMut(&mut Self, u64)) {
        for t in 1..=seconds {
            self.second += 1;
            change(self, t);
            let scrape = self.scrape();
            let outcome = self.pipeline.step(SimTime::from_secs(self.second), &scrape);
            self.events.extend(outcome.log);
            for request in outcome.requests {
                self.requests.push((self.second, request));
                self.reply(request);
            }
        }
    }
    fn reply(&mut self, request: ActionRequest) {
        let status = match &self.answer {
            Ok(_) if request.is_dry_run => ActionStatus::Rehearsed,
            Ok(seconds) => {
                self.due.push((self.second + seconds, request));
                ActionStatus::Accepted
            }
            Err(error) => ActionStatus::Failed(error.clone()),
        };
        self.pipeline.receipt(&Receipt { id: request.id, action: request.action, at: SimTime::from_secs(self.second), status });
    }
    fn scrape(&mut self) -> Scrape {
        let at = SimTime::from_secs(self.second);
        let observations = self.values.iter().map(|((subject, metric), value)| Observation {
            at,
            subject: *subject,
            metric: *metric,
            value: *value,
        });
        let now = self.second;
        let (ended, due) = self.due.drain(..).partition::<Vec<_>, _>(|(second, _)| *second <= now);
        self.due = due;
        let receipts = ended.into_iter().map(|(_, r)| Receipt { id: r.id, action: r.action, at, status: ActionStatus::Done });
        let observations = observations.collect();
        let mut spans = Vec::new();
        (0..TRACES_PER_SCRAPE).for_each(|_| self.trace(USERS, None, &mut spans));
        Scrape {
            observations,
            spans,
            logs: std::mem::take(&mut self.logs),
            receipts: receipts.collect(),
            inventory: self.inventory.clone(),
            ..Scrape::default()
        }
    }
    /// A service's span and those of all that it calls, children first.
    fn trace(&mut self, service: ServiceId, parent: Option<u64>, out: &mut Vec<Span>) {
        self.spans_ever += 1;
        let id = self.spans_ever;
        let called: Vec<ServiceId> = self.routes.iter().filter(|(from, _)| *from == service).map(|(_, to)| *to).collect();
        called.into_iter().for_each(|to| self.trace(to, Some(id), out));
        let (start, duration) = (SimTime::from_secs(self.second), SimDuration::ZERO);
        out.push(Span { trace: id, id, parent, service, start, duration, is_ok: true });
    }
    pub fn health(&self, service: ServiceId) -> Health {
        self.pipeline.signal(service).map_or(Health::Unknown, |s| s.health)
    }
    pub fn decisions_on(&self, service: ServiceId) -> Vec<&Decision> {
        self.pipeline.decisions().filter(|d| d.service == service).collect()
    }
    pub fn actions(&self) -> Vec<Action> {
        self.requests.iter().map(|(_, r)| r.action).collect()
    }
    pub fn last(&self, service: ServiceId) -> &Decision {
        self.decisions_on(service).pop().unwrap_or_else(|| panic!("no decision on {service}: {:?}", self.events))
    }
}

#[test]
fn the_first_scrapes_do_not_alarm() {
    let mut bench = Bench::fresh("rules", Autonomy::Auto);
    for service in [USERS, FRONTEND, CHECKOUT, CATALOG, PAYMENT] {
        bench.set(service, Metric::ReplicasReady, 0.0);
        for metric in [Metric::ErrorRatio, Metric::LatencyP50, Metric::LatencyP95, Metric::LatencyP99] {
            bench.values.remove(&(Subject::Service(service), metric));
        }
    }
    bench.run(6);
    assert_eq!(bench.health(PAYMENT), Health::Unknown);
    for service in [USERS, FRONTEND, CHECKOUT, CATALOG, PAYMENT] {
        bench.set(service, Metric::ReplicasReady, 1.0);
    }
    bench.run(30);
    assert_eq!(bench.health(PAYMENT), Health::Healthy, "ready and without traffic is healthy");
    assert!(bench.requests.is_empty() && bench.pipeline.alerts().next().is_none());
}

#[test]
fn without_samples_a_service_becomes_unknown() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    bench.values.retain(|(subject, _), _| *subject != Subject::Service(PAYMENT));
    bench.run(3);
    assert_eq!(bench.health(PAYMENT), Health::Healthy);
    bench.run(1);
    assert_eq!(bench.health(PAYMENT), Health::Unknown);
    assert_eq!(bench.pipeline.latest(Subject::Service(PAYMENT), Metric::CpuUtilisation), None);
}
