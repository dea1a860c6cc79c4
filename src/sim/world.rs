//! The world at one instant, and the loop that moves it.

use super::calendar::{Calendar, Happening};
use super::checker::Account;
use super::event::{Event, TimedEvent};
use super::fault::ActiveFault;
use super::instance::Instance;
use super::network::EdgeState;
use super::request::{CallState, Request};
use super::service::{ServiceState, life_code};
use super::slab::Slab;
use crate::ids::{FaultId, InstanceId, ServiceId};
use crate::rng;
use crate::topology::Topology;
use crate::units::{Mebibytes, Millicores, SimTime};
use std::collections::BTreeMap;

/// The simulated system. `Clone` forks it; the two futures differ only by what is done to them.
#[derive(Clone, Debug)]
pub struct World {
    pub(super) seed: u64,
    pub(super) now: SimTime,
    pub(super) topology: Topology,
    pub(super) calendar: Calendar,
    pub(super) services: Vec<Option<ServiceState>>,
    pub(super) instances: Slab<Instance>,
    pub(super) requests: Slab<Request>,
    pub(super) calls: Slab<CallState>,
    /// Only edges that differ from a plain one.
    pub(super) edges: BTreeMap<(ServiceId, ServiceId), EdgeState>,
    pub(super) faults: Vec<ActiveFault>,
    pub(super) faults_ever: u32,
    pub(super) instances_ever: u32,
    pub(super) stamps: u32,
    pub(super) cluster_cpu: Millicores,
    pub(super) cluster_memory: Mebibytes,
    /// CPU and restarts of instances that are gone, per service: counters never go back.
    pub(super) cpu_gone: Vec<f64>,
    pub(super) restarts_gone: Vec<u32>,
    pub(super) account: Account,
    events: Vec<TimedEvent>,
    trace: u64,
    handled: u64,
}

impl World {
    /// A world with all instances ready and nobody inside.
    pub fn new(topology: Topology, cluster_cpu: Millicores, cluster_memory: Mebibytes, seed: u64) -> Self {
        let mut world = Self {
            seed,
            now: SimTime::ZERO,
            topology: Topology::default(),
            calendar: Calendar::default(),
            services: Vec::new(),
            instances: Slab::default(),
            requests: Slab::default(),
            calls: Slab::default(),
            edges: BTreeMap::new(),
            faults: Vec::new(),
            faults_ever: 0,
            instances_ever: 0,
            stamps: 0,
            cluster_cpu,
            cluster_memory,
            cpu_gone: Vec::new(),
            restarts_gone: Vec::new(),
            account: Account::default(),
            events: Vec::new(),
            trace: rng::mix(seed),
            handled: 0,
        };
        world.topology = topology;
        world.reconcile(true);
        world
    }
    /// The present.
    pub const fn now(&self) -> SimTime {
        self.now
    }
    /// The run's seed.
    pub const fn seed(&self) -> u64 {
        self.seed
    }
    /// The system as drawn now.
    pub const fn topology(&self) -> &Topology {
        &self.topology
    }
    /// Faults active now, in the order they began.
    pub fn faults(&self) -> &[ActiveFault] {
        &self.faults
    }
    /// Whether the edge's traffic takes the detour.
    pub fn is_rerouted(&self, from: ServiceId, to: ServiceId) -> bool {
        self.edges.get(&(from, to)).is_some_and(|e| e.rerouted)
    }
    /// Takes what did happen since the last call, in order.
    pub fn drain_events(&mut self) -> Vec<TimedEvent> {
        std::mem::take(&mut self.events)
    }
    /// Happenings handled since the start: the measure of work done.
    pub const fn handled(&self) -> u64 {
        self.handled
    }

    /// Moves to `until`, or until `happenings_max` were handled. True when `until` was reached.
    pub fn run(&mut self, until: SimTime, happenings_max: u64) -> bool {
        let stop = self.handled.saturating_add(happenings_max);
        while self.calendar.next_at().is_some_and(|at| at <= until) {
            if self.handled >= stop {
                return false;
            }
            let Some((at, seq, what)) = self.calendar.pop() else { break };
            debug_assert!(at >= self.now, "the calendar went back in time (seed {})", self.seed);
            self.now = at;
            self.handled += 1;
            self.handle(seq, what);
        }
        self.now = self.now.max(until);
        true
    }

    fn handle(&mut self, seq: u64, what: Happening) {
        match what {
            Happening::Arrive(service) => self.arrive(service, seq),
            Happening::Deliver { request } => self.deliver(request),
            Happening::CpuDone { instance } => self.cpu_done(instance, seq),
            Happening::WaitDone { request, stamp } => self.wait_done(request, stamp),
            Happening::Reply { call, stamp, ok } => self.reply(call, stamp, ok),
            Happening::Timeout { call, stamp } => self.timeout(call, stamp),
            Happening::Retry { call, stamp } => self.retry(call, stamp),
            Happening::Start { instance, stamp } => self.start(instance, stamp),
            Happening::Ready { instance, stamp } => self.ready(instance, stamp),
            Happening::Leak { instance, stamp } => self.leak(instance, stamp),
            Happening::CrashExit { instance, stamp } => self.crash_exit(instance, stamp),
            Happening::GraceOver { instance, stamp } => self.grace_over(instance, stamp),
            Happening::FaultEnd(fault) => self.end_fault(fault),
            Happening::FaultRepeat(fault) => self.repeat_fault(fault),
            Happening::ChangeBegin { service, stamp } => self.change_begin(service, stamp),
            Happening::ChangeDeadline { service, stamp } => self.change_deadline(service, stamp),
        }
    }

    /// Publishes what happened and folds it into the trace.
    pub(super) fn emit(&mut self, event: Event) {
        let code = event_code(&event);
        self.trace = rng::fold(rng::fold(self.trace, self.now.as_nanos()), code);
        self.events.push((self.now, event));
    }
    pub(super) fn next_stamp(&mut self) -> u32 {
        self.stamps = self.stamps.wrapping_add(1);
        self.stamps
    }
    pub(super) fn next_fault_id(&mut self) -> FaultId {
        self.faults_ever += 1;
        FaultId(self.faults_ever)
    }
    pub(super) fn next_instance_id(&mut self) -> InstanceId {
        self.instances_ever += 1;
        InstanceId(self.instances_ever)
    }

    /// A hash of everything that happened so far and of the present state. Equal digests at equal times mean equal runs.
    pub fn digest(&self) -> u64 {
        let mut hash = rng::fold(self.trace, self.now.as_nanos());
        for part in [
            self.calendar.scheduled(),
            self.calendar.len() as u64,
            self.requests.len() as u64,
            self.calls.len() as u64,
            self.account.arrived,
            self.account.completed,
            self.account.failed,
            self.account.rejected,
            self.faults.len() as u64,
        ] {
            hash = rng::fold(hash, part);
        }
        for (_, instance) in self.instances.iter() {
            hash = rng::fold(hash, u64::from(instance.id.0) << 32 | u64::from(instance.restarts));
            hash = rng::fold(hash, life_code(instance.life));
            hash = rng::fold(hash, instance.cpu.busy_core_ns(self.now).to_bits());
            hash = rng::fold(hash, instance.leaked_mib.to_bits());
            hash = rng::fold(hash, instance.load() as u64);
        }
        hash
    }
}

fn event_code(event: &Event) -> u64 {
    let id = |service: ServiceId| u64::from(service.0);
    match event {
        Event::Served { service, latency, ok } => rng::fold(1 + u64::from(*ok), rng::fold(id(*service), latency.as_nanos())),
        Event::Rejected { service } => rng::fold(3, id(*service)),
        Event::Attempted { from, to, latency, outcome } => {
            rng::fold(4 + *outcome as u64, rng::fold(id(*from) << 32 | id(*to), latency.as_nanos()))
        }
        Event::UserServed { entry, latency, ok } => rng::fold(8 + u64::from(*ok), rng::fold(id(*entry), latency.as_nanos())),
        Event::Started { instance, .. } => rng::fold(10, u64::from(instance.0)),
        Event::BecameReady { instance, .. } => rng::fold(11, u64::from(instance.0)),
        Event::Exited { instance, exit, .. } => rng::fold(12 + *exit as u64, u64::from(instance.0)),
        Event::FaultBegan(fault) => rng::fold(17, u64::from(fault.id.0)),
        Event::FaultEnded(fault) => rng::fold(18, u64::from(fault.id.0)),
        Event::ActionEnded(receipt) => rng::fold(19, u64::from(receipt.id.0)),
    }
}
