//! What happened in a run, second by second: enough to measure any signature afterwards, and to tell the story in a table.
//!
//! Bounds: one [`Second`] per simulated second, with counters per service, edge and instance that was active in it.

use crate::ids::{InstanceId, ServiceId};
use crate::sim::{Event, Exit, Gauges, Observer, Outcome, Rejection, World};
use crate::telemetry::Histogram;
use crate::topology::ServiceKind;
use crate::units::{SimDuration, SimTime};
use std::collections::BTreeMap;

/// Waiting for less than this counts as prompt.
const PROMPT: SimDuration = SimDuration::from_secs(1);

/// Users at one entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Users {
    pub ok: f64,
    pub failed: f64,
    pub latency: Histogram,
}

/// Attempts on one edge that ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Attempts {
    /// All of them, and those that were the first of their call.
    pub all: f64,
    pub first: f64,
    pub ok: f64,
    pub timed_out: f64,
    pub rejected: f64,
    /// Their time from sending to the end, s.
    pub latency_s: f64,
    /// Stopped by the caller's own guards, and of these for want of a connection.
    pub held: f64,
    pub no_connection: f64,
}

/// Requests at one service.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Served {
    pub served: f64,
    pub ok: f64,
    pub rejected: f64,
    /// Waited for a worker less than [`PROMPT`].
    pub prompt: f64,
    /// Longest wait for a worker, s.
    pub waited_max_s: f64,
}

/// Requests at one instance.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AtInstance {
    pub service: ServiceId,
    pub served: f64,
    pub ok: f64,
    pub latency_s: f64,
    /// CPU that its requests needed, core-seconds.
    pub work_s: f64,
}

/// One second, and the state at its end.
#[derive(Clone, Debug, Default)]
pub(super) struct Second {
    /// Users' requests that arrived.
    pub arrived: f64,
    pub users: Vec<Users>,
    pub edges: BTreeMap<(ServiceId, ServiceId), Attempts>,
    pub services: Vec<Served>,
    pub instances: BTreeMap<InstanceId, AtInstance>,
    pub caches: BTreeMap<ServiceId, (f64, f64)>,
    pub gauges: Vec<Gauges>,
}

/// A process ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exited {
    pub at: SimTime,
    pub service: ServiceId,
    pub instance: InstanceId,
    pub exit: Exit,
    pub back_off: Option<SimDuration>,
}

/// A whole run.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub(super) names: Vec<String>,
    /// Which services are users.
    pub(super) clients: Vec<bool>,
    pub(super) seconds: Vec<Second>,
    /// Everything that is worth a line.
    pub(super) notes: Vec<(SimTime, String)>,
    pub(super) exits: Vec<Exited>,
    /// Changes of the number of instances wanted: when, whose, from, to.
    pub(super) scaled: Vec<(SimTime, ServiceId, u32, u32)>,
    open: Second,
    arrived: u64,
}

impl Record {
    /// Nothing yet.
    pub(super) fn of(world: &World) -> Self {
        let mut record = Self::default();
        record.learn_names(world);
        record
    }
    fn learn_names(&mut self, world: &World) {
        let topology = world.topology();
        for (id, service) in topology.services() {
            while self.names.len() <= id.index() {
                self.names.push(String::new());
                self.clients.push(false);
            }
            service.name.clone_into(&mut self.names[id.index()]);
            self.clients[id.index()] = service.kind == ServiceKind::Client;
        }
    }
    /// A second is over.
    pub(super) fn close(&mut self, world: &World) {
        self.learn_names(world);
        let mut second = std::mem::take(&mut self.open);
        let arrived = world.account().arrived;
        second.arrived = (arrived - self.arrived) as f64;
        self.arrived = arrived;
        let ids = (0..self.names.len() as u32).map(ServiceId);
        second.gauges = ids.map(|id| world.gauges(id).unwrap_or_default()).collect();
        self.seconds.push(second);
    }
    /// Writes something down that is no event of the world: an edit, an action.
    pub(super) fn note(&mut self, at: SimTime, text: String) {
        self.notes.push((at, text));
    }
    /// The id of the service called `name`; one that is not there has counted nothing.
    pub(super) fn id(&self, name: &str) -> ServiceId {
        let found = self.names.iter().position(|n| n == name);
        ServiceId(found.map_or(u32::MAX, |index| index as u32))
    }
    pub(super) fn name(&self, id: ServiceId) -> &str {
        self.names.get(id.index()).map_or("?", String::as_str)
    }
    fn served(&mut self, event: &Event) {
        let Event::Served { service, instance, latency, waited, work, ok, .. } = event else { return };
        let good = f64::from(u8::from(*ok));
        let counts = entry(&mut self.open.services, *service);
        counts.served += 1.0;
        counts.ok += good;
        counts.prompt += f64::from(u8::from(*waited < PROMPT));
        counts.waited_max_s = counts.waited_max_s.max(waited.as_secs_f64());
        let one = self.open.instances.entry(*instance).or_default();
        one.service = *service;
        one.served += 1.0;
        one.ok += good;
        one.latency_s += latency.as_secs_f64();
        one.work_s += work.as_secs_f64();
    }
    fn attempted(&mut self, event: &Event) {
        match event {
            Event::Attempted { from, to, attempt, outcome, latency, .. } => {
                let edge = self.open.edges.entry((*from, *to)).or_default();
                edge.all += 1.0;
                edge.latency_s += latency.as_secs_f64();
                edge.first += f64::from(u8::from(*attempt == 1));
                match outcome {
                    Outcome::Ok => edge.ok += 1.0,
                    Outcome::Timeout => edge.timed_out += 1.0,
                    Outcome::Rejected => edge.rejected += 1.0,
                    Outcome::Error => {}
                }
            }
            Event::Held { from, to, reason, .. } => {
                let edge = self.open.edges.entry((*from, *to)).or_default();
                edge.held += 1.0;
                edge.no_connection += f64::from(u8::from(*reason == Rejection::PoolTimeout));
            }
            _ => {}
        }
    }
    fn notable(&mut self, at: SimTime, event: &Event) {
        match event {
            Event::Exited { service, instance, exit, back_off } => {
                let (service, instance, exit, back_off) = (*service, *instance, *exit, *back_off);
                self.exits.push(Exited { at, service, instance, exit, back_off });
            }
            Event::Scaled { service, from, to, .. } => self.scaled.push((at, *service, *from, *to)),
            _ => {}
        }
        if let Some(text) = super::trace::words(at, event, |id| self.name(id).to_owned()) {
            self.note(at, text);
        }
    }
}

/// The counts of one service.
fn entry<T: Default>(list: &mut Vec<T>, id: ServiceId) -> &mut T {
    if list.len() <= id.index() {
        list.resize_with(id.index() + 1, T::default);
    }
    &mut list[id.index()]
}

impl Observer for Record {
    fn see(&mut self, at: SimTime, event: &Event) {
        match event {
            Event::Served { .. } => self.served(event),
            Event::Attempted { .. } | Event::Held { .. } => self.attempted(event),
            Event::Rejected { service, .. } => entry(&mut self.open.services, *service).rejected += 1.0,
            Event::UserServed { entry: id, latency, ok } => {
                let users = entry(&mut self.open.users, *id);
                if *ok {
                    users.ok += 1.0;
                } else {
                    users.failed += 1.0;
                }
                users.latency.record(*latency);
            }
            Event::CacheAsked { cache, hit, .. } => {
                let (asked, hits) = self.open.caches.entry(*cache).or_default();
                *asked += 1.0;
                *hits += f64::from(u8::from(*hit));
            }
            _ => self.notable(at, event),
        }
    }
}
