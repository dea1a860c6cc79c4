//! The world at one instant, and the loop that moves it.

use super::calendar::{Calendar, Due, Happening};
use super::checker::Account;
use super::event::{Event, Observer};
use super::fault::ActiveFault;
use super::instance::Instance;
use super::network::{EdgeState, ZoneFault};
use super::nodes::NodeState;
use super::plan::Plan;
use super::pool::PoolBook;
use super::request::{CallState, Request, Visitor};
use super::service::{ServiceState, Target, life_code};
use super::slab::Slab;
use super::trace::Trace;
use crate::ids::{FaultId, InstanceId};
use crate::rng;
use crate::telemetry::Span;
use crate::topology::{Cluster, Topology};
use crate::units::SimTime;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The simulated system. `Clone` forks it; the two futures differ only by what is done to them.
#[derive(Clone, Debug)]
pub struct World {
    pub(super) seed: u64,
    pub(super) now: SimTime,
    /// The system as drawn, with the settings that actions have changed.
    pub(super) topology: Arc<Topology>,
    pub(super) cluster: Arc<Cluster>,
    /// The topology made ready for running.
    pub(super) plan: Arc<Plan>,
    pub(super) calendar: Calendar,
    pub(super) services: Vec<Option<ServiceState>>,
    pub(super) instances: Slab<Instance>,
    pub(super) requests: Slab<Request>,
    pub(super) calls: Slab<CallState>,
    pub(super) visitors: Slab<Visitor>,
    /// By the plan's edge number.
    pub(super) edges: Vec<EdgeState>,
    pub(super) zone_faults: Vec<ZoneFault>,
    /// What came of connection pools, by the plan's edge number; none where no pool was used.
    pub(super) pools: BTreeMap<u32, PoolBook>,
    pub(super) nodes: Vec<NodeState>,
    /// Instances that wait for room, oldest first.
    pub(super) pending: Vec<u32>,
    pub(super) faults: Vec<ActiveFault>,
    pub(super) faults_ever: u32,
    pub(super) instances_ever: u32,
    pub(super) stamps: u32,
    /// CPU and restarts of instances that are gone, per service: counters never go back.
    pub(super) cpu_gone: Vec<f64>,
    pub(super) restarts_gone: Vec<u32>,
    pub(super) account: Account,
    /// Whether the cluster's own controllers look after services that declare none.
    pub(super) has_default_controllers: bool,
    /// What happened and was not yet shown to an observer.
    pub(super) events: Vec<Event>,
    /// Spans of followed requests that were not yet shown to an observer.
    pub(super) spans: Vec<Span>,
    /// From when on the next request that enters is followed.
    pub(super) next_trace: SimTime,
    pub(super) trace: Trace,
    /// Room for the instances that a call may choose from; holds nothing between calls.
    pub(super) usable: Vec<Target>,
    handled: u64,
}

impl World {
    /// A world with all instances ready (as far as the nodes have room) and nobody inside.
    pub fn new(topology: Topology, cluster: Cluster, seed: u64) -> Self {
        let mut world = Self {
            seed,
            now: SimTime::ZERO,
            nodes: cluster.nodes.iter().map(NodeState::new).collect(),
            topology: Arc::new(topology),
            plan: Arc::new(Plan::new(&cluster.network)),
            cluster: Arc::new(cluster),
            calendar: Calendar::default(),
            services: Vec::new(),
            instances: Slab::default(),
            requests: Slab::default(),
            calls: Slab::default(),
            visitors: Slab::default(),
            edges: Vec::new(),
            zone_faults: Vec::new(),
            pools: BTreeMap::new(),
            pending: Vec::new(),
            faults: Vec::new(),
            faults_ever: 0,
            instances_ever: 0,
            stamps: 0,
            cpu_gone: Vec::new(),
            restarts_gone: Vec::new(),
            account: Account::default(),
            has_default_controllers: false,
            events: Vec::new(),
            spans: Vec::new(),
            next_trace: SimTime::ZERO,
            trace: Trace::new(seed),
            usable: Vec::new(),
            handled: 0,
        };
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
    /// The system as drawn now, with the settings that actions have changed.
    pub fn topology(&self) -> &Topology {
        &self.topology
    }
    /// The machines it runs on.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }
    /// Faults active now, in the order they began.
    pub fn faults(&self) -> &[ActiveFault] {
        &self.faults
    }
    /// Happenings handled since the start: the measure of work done.
    pub const fn handled(&self) -> u64 {
        self.handled
    }

    /// Moves to `until`, or until `happenings_max` were handled, showing everything that happens to `observer`. True
    /// when `until` was reached.
    pub fn run(&mut self, until: SimTime, happenings_max: u64, observer: &mut impl Observer) -> bool {
        self.flush(observer);
        let stop = self.handled.saturating_add(happenings_max);
        loop {
            if self.handled >= stop && self.calendar.is_due(until) {
                return false;
            }
            let Some(due) = self.calendar.pop_until(until) else { break };
            debug_assert!(due.at >= self.now, "the calendar went back in time (seed {})", self.seed);
            self.now = due.at;
            self.handled += 1;
            self.handle(due);
            if !self.events.is_empty() {
                self.flush(observer);
            }
        }
        self.now = self.now.max(until);
        true
    }

    /// Shows `observer` what happened outside [`World::run`]: injected faults, accepted actions, edits.
    pub fn flush(&mut self, observer: &mut impl Observer) {
        for event in &self.events {
            self.trace.note(self.now, event);
            observer.see(self.now, event);
        }
        self.events.clear();
        self.spans.drain(..).for_each(|span| observer.see_span(&span));
    }

    #[inline]
    fn handle(&mut self, due: Due) {
        let Due { seq, what, id, .. } = due;
        match what {
            Happening::Deliver => self.deliver(id, seq),
            Happening::CpuDone => self.cpu_done(id, seq),
            Happening::Reply => self.reply(id, seq),
            Happening::Arrive => self.arrive(id, seq),
            Happening::WaitDone => self.wait_done(id, seq),
            Happening::EdgeTimeout => self.edge_timeout(id, seq),
            Happening::CallTimer => self.call_timer(id, seq),
            Happening::Hedge => self.hedge(id, seq),
            Happening::RateTurn => self.rate_turn(id, seq),
            Happening::UserTurn => self.user_turn(id, seq),
            Happening::Publish => self.publish(id),
            Happening::Start => self.start(id, seq),
            Happening::Ready => self.process_ready(id, seq),
            Happening::Leak => self.leak(id, seq),
            Happening::CrashExit => self.crash_exit(id, seq),
            Happening::GraceOver => self.grace_over(id, seq),
            Happening::Probe => self.probe(id, seq),
            Happening::FaultEnd => self.end_fault(FaultId(id)),
            Happening::FaultRepeat => self.repeat_fault(FaultId(id)),
            Happening::ChangeStep => self.change_step(id, seq),
            Happening::ChangeDeadline => self.change_deadline(id, seq),
            Happening::RollOutStep => self.roll_out_step(id, seq),
            Happening::Autoscale => self.autoscale(id, seq),
            Happening::Schedule => self.schedule_pending(),
            Happening::NodeTurn => self.node_turn(id, seq),
        }
    }

    /// Publishes what happened.
    pub(super) fn emit(&mut self, event: Event) {
        self.events.push(event);
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
        let mut hash = rng::fold(self.trace.value(), self.now.as_nanos());
        for part in [
            self.calendar.scheduled(),
            self.calendar.len() as u64,
            self.requests.len() as u64,
            self.calls.len() as u64,
            self.visitors.len() as u64,
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
