//! The topology made ready for running: flat programs, numbered edges, prepared samplers. Nothing here changes while the
//! world runs, except that an edit compiles a service anew.
//!
//! Edge numbers, operations and endpoints are only ever added: a request that is under way when its service is
//! reconfigured ends by the program with which it began, as it would in a real roll-out.

use super::sample::{Sampler, Table};
use crate::ids::ServiceId;
use crate::rng;
use crate::topology::{CacheLookup, Call, CallMode, CallPolicy, ConcurrencyLimit, Network, Service, Shedding, Step, Topology};
use crate::units::SimDuration;
use std::collections::BTreeMap;

/// Everything that a run looks up.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    pub services: Vec<ServicePlan>,
    pub endpoints: Vec<EndpointPlan>,
    pub ops: Vec<Op>,
    pub calls: Vec<CallPlan>,
    pub edges: Vec<EdgePlan>,
    pub lookups: Vec<LookupPlan>,
    pub tables: Vec<Table>,
    /// Mean one-way delays in ns: same node, same zone, across zones.
    pub delays_ns: [f64; 3],
    pub retransmit: SimDuration,
    /// Each service's edges, by their local numbers.
    pub edges_of: Vec<Vec<u32>>,
    numbers: BTreeMap<(ServiceId, ServiceId), u32>,
}

/// A service as its instances need it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ServicePlan {
    pub workers: u32,
    pub queue_len_max: u32,
    /// Its endpoints: the first and how many.
    pub first_endpoint: u32,
    pub endpoint_count: u32,
    /// Number of edges it ever had: the length of each instance's list of clients.
    pub edge_count: u32,
    /// CPU that a rejection costs, ns.
    pub reject_ns: f64,
    pub contention_ns: f64,
    /// Most requests inside without running out of memory, as long as nothing leaked.
    pub inside_max: u32,
    pub leak_per_request_mib: f64,
    /// Whether the doors have any limit besides workers and queue.
    pub guarded: bool,
    /// Whether the next in line is simply the first.
    pub plain_queue: bool,
    pub has_heap: bool,
    pub warm_factor: f64,
    pub warm_tau_s: f64,
    pub cfs_quota: bool,
}

/// One endpoint.
#[derive(Clone, Copy, Debug)]
pub(super) struct EndpointPlan {
    pub cpu: Sampler,
    pub wait: Sampler,
    pub error: f64,
    pub first_op: u32,
    /// Users' requests with a draw below this (and not below the one before) come here.
    pub share_to: f64,
}

/// One operation of a program.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    Cpu(Sampler),
    Wait(Sampler),
    Lock { lock: u8, hold: Sampler },
    Calls { first: u32, count: u16, need: u16 },
    HandOff { first: u32, count: u16 },
    Ask { lookup: u32 },
    End,
}

/// One call of a program.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallPlan {
    pub edge: u32,
    pub endpoint: u16,
    pub count: u16,
    pub probability: f64,
    pub optional: bool,
    pub waits: bool,
    /// Makes the call's key from the request's.
    pub salt: u64,
}

/// One edge.
#[derive(Clone, Copy, Debug)]
pub(super) struct EdgePlan {
    pub from: ServiceId,
    pub to: ServiceId,
    /// Its number among the caller's edges.
    pub local: u32,
    pub policy: CallPolicy,
    /// No guard at the caller: no budget, breaker, throttle, pool or bulkhead.
    pub plain: bool,
}

/// A look-aside cache.
#[derive(Clone, Debug)]
pub(super) struct LookupPlan {
    /// Index of the call to the cache.
    pub cache: u32,
    /// The origin's calls.
    pub origin: u32,
    pub origin_count: u16,
    pub keys: u32,
    pub zipf: f64,
    pub coalesce: bool,
    /// Identifies the set of keys in the cache.
    pub space: u64,
}

impl Plan {
    /// A plan without services on this network.
    pub fn new(network: &Network) -> Self {
        let nanos = |d: SimDuration| d.as_nanos() as f64;
        Self {
            delays_ns: [nanos(network.same_node), nanos(network.same_zone), nanos(network.cross_zone)],
            retransmit: network.retransmit,
            ..Self::default()
        }
    }
    /// The number of the edge between two services, if there ever was one.
    pub fn edge_between(&self, from: ServiceId, to: ServiceId) -> Option<u32> {
        self.numbers.get(&(from, to)).copied()
    }
    /// A random amount in ns.
    pub fn draw(&self, sampler: Sampler, key: u64) -> f64 {
        sampler.draw(key, &self.tables)
    }
    /// The endpoint `number` of a service; its main one if there is no such.
    pub fn endpoint(&self, service: &ServicePlan, number: u16) -> &EndpointPlan {
        let number = if u32::from(number) < service.endpoint_count { u32::from(number) } else { 0 };
        &self.endpoints[(service.first_endpoint + number) as usize]
    }

    /// Makes a service's settings effective.
    pub fn compile(&mut self, topology: &Topology, id: ServiceId) {
        let Some(service) = topology.get(id) else { return };
        if self.services.len() <= id.index() {
            self.services.resize(id.index() + 1, ServicePlan::default());
            self.edges_of.resize(id.index() + 1, Vec::new());
        }
        let mut seen: Vec<ServiceId> = Vec::new();
        for call in service.calls() {
            if !seen.contains(&call.to) {
                seen.push(call.to);
                self.register_edge(id, call.to, call.policy);
            }
        }
        let mut programs = vec![self.main_program(topology, id, service)];
        for endpoint in &service.endpoints {
            let first_op = self.steps(topology, id, &endpoint.steps);
            programs.push(self.endpoint_plan(&endpoint.demand, first_op));
        }
        self.set_shares(&mut programs, service);
        let edge_count = self.services[id.index()].edge_count;
        let first_endpoint = self.endpoints.len() as u32;
        self.services[id.index()] =
            ServicePlan { first_endpoint, endpoint_count: programs.len() as u32, edge_count, ..service_plan(service) };
        self.endpoints.extend(programs);
    }

    fn set_shares(&self, programs: &mut [EndpointPlan], service: &Service) {
        let weights = || std::iter::once(1.0).chain(service.endpoints.iter().map(|e| e.share.max(0.0)));
        let all: f64 = weights().sum();
        let mut to = 0.0;
        for (program, weight) in programs.iter_mut().zip(weights()) {
            to += weight / all;
            program.share_to = to;
        }
    }

    fn register_edge(&mut self, from: ServiceId, to: ServiceId, policy: CallPolicy) {
        let plain = policy.budget == crate::topology::RetryBudget::None
            && policy.breaker.is_none()
            && policy.outlier.is_none()
            && policy.throttle.is_none()
            && policy.pool.is_none()
            && policy.in_flight_max.is_none();
        if let Some(number) = self.edge_between(from, to) {
            let edge = &mut self.edges[number as usize];
            (edge.policy, edge.plain) = (policy, plain);
            return;
        }
        let local = self.services[from.index()].edge_count;
        self.services[from.index()].edge_count += 1;
        self.numbers.insert((from, to), self.edges.len() as u32);
        self.edges_of[from.index()].push(self.edges.len() as u32);
        self.edges.push(EdgePlan { from, to, local, policy, plain });
    }

    fn main_program(&mut self, topology: &Topology, id: ServiceId, service: &Service) -> EndpointPlan {
        let stages = service.stages.iter().map(|calls| Step::Calls { calls: calls.clone(), need: 0 });
        let first_op = self.steps(topology, id, &stages.collect::<Vec<_>>());
        self.endpoint_plan(&service.demand, first_op)
    }

    fn endpoint_plan(&mut self, demand: &crate::topology::Demand, first_op: u32) -> EndpointPlan {
        EndpointPlan {
            cpu: Sampler::new(demand.cpu(), &mut self.tables),
            wait: Sampler::new(demand.wait(), &mut self.tables),
            error: demand.error_ratio.get(),
            first_op,
            share_to: 1.0,
        }
    }

    fn steps(&mut self, topology: &Topology, id: ServiceId, steps: &[Step]) -> u32 {
        let mut ops = Vec::with_capacity(steps.len() + 1);
        let mut place = 0;
        for step in steps {
            match step {
                Step::Cpu(d) => ops.push(Op::Cpu(Sampler::new(*d, &mut self.tables))),
                Step::Wait(d) => ops.push(Op::Wait(Sampler::new(*d, &mut self.tables))),
                Step::Lock { lock, hold } => {
                    ops.push(Op::Lock { lock: *lock & 15, hold: Sampler::new(*hold, &mut self.tables) });
                }
                Step::Calls { calls, need } => self.call_ops(topology, id, calls, *need, &mut place, &mut ops),
                Step::Cached(lookup) => {
                    let lookup = self.lookup(topology, id, lookup, &mut place);
                    ops.push(Op::Ask { lookup });
                }
            }
        }
        ops.push(Op::End);
        let first = self.ops.len() as u32;
        self.ops.extend(ops);
        first
    }

    fn call_ops(&mut self, topology: &Topology, id: ServiceId, calls: &[Call], need: u16, place: &mut u64, ops: &mut Vec<Op>) {
        let (handed, made): (Vec<&Call>, Vec<&Call>) = calls.iter().partition(|c| c.mode == CallMode::HandOff);
        if !made.is_empty() {
            let first = self.calls.len() as u32;
            for call in &made {
                self.push_call(topology, id, call, place);
            }
            ops.push(Op::Calls { first, count: made.len() as u16, need });
        }
        if !handed.is_empty() {
            let first = self.calls.len() as u32;
            for call in &handed {
                self.push_call(topology, id, call, place);
            }
            ops.push(Op::HandOff { first, count: handed.len() as u16 });
        }
    }

    fn lookup(&mut self, topology: &Topology, id: ServiceId, lookup: &CacheLookup, place: &mut u64) -> u32 {
        let cache = self.push_call(topology, id, &lookup.cache, place);
        let origin = self.calls.len() as u32;
        for call in &lookup.origin {
            self.push_call(topology, id, call, place);
        }
        let space = rng::fold(rng::label(topology.name(id)), u64::from(cache - origin.min(cache)) + *place);
        self.lookups.push(LookupPlan {
            cache,
            origin,
            origin_count: lookup.origin.len() as u16,
            keys: lookup.keys.max(1),
            zipf: lookup.zipf,
            coalesce: lookup.coalesce,
            space,
        });
        self.lookups.len() as u32 - 1
    }

    fn push_call(&mut self, topology: &Topology, id: ServiceId, call: &Call, place: &mut u64) -> u32 {
        let edge = self.edge_between(id, call.to).unwrap_or(0);
        self.calls.push(CallPlan {
            edge,
            endpoint: call.endpoint,
            count: call.count.max(1),
            probability: call.probability.get(),
            optional: call.optional,
            waits: call.mode == CallMode::Wait,
            salt: rng::fold(rng::label(topology.name(call.to)), *place),
        });
        *place += 1;
        self.calls.len() as u32 - 1
    }
}

fn service_plan(service: &Service) -> ServicePlan {
    let spare = (service.memory_limit.0 - service.memory_base.0).max(0.0);
    let server = &service.server;
    ServicePlan {
        workers: service.workers.max(1),
        queue_len_max: service.queue_len_max,
        reject_ns: server.rejection_cost.get() * service.demand.cpu_us_mean * 1e3,
        contention_ns: service.contention_us * 1e3,
        inside_max: if service.memory_per_request.0 > 0.0 { (spare / service.memory_per_request.0) as u32 } else { u32::MAX },
        leak_per_request_mib: service.leak_per_request.0,
        guarded: server.rate_limit.is_some()
            || server.concurrency != ConcurrencyLimit::None
            || server.shedding != Shedding::None
            || server.codel.is_some(),
        plain_queue: server.order == crate::topology::QueueOrder::Fifo && !server.drop_expired && server.codel.is_none(),
        has_heap: service.heap.is_some(),
        warm_factor: service.warm_up.map_or(1.0, |w| w.factor),
        warm_tau_s: service.warm_up.map_or(1.0, |w| w.tau.as_secs_f64().max(1e-3)),
        cfs_quota: service.cfs_quota,
        ..ServicePlan::default()
    }
}

impl super::World {
    /// Makes a service's settings effective: for new requests, and for its instances' views of whom they call.
    pub(super) fn compile(&mut self, id: ServiceId) {
        std::sync::Arc::make_mut(&mut self.plan).compile(&self.topology, id);
        self.edges.resize_with(self.plan.edges.len(), super::network::EdgeState::default);
        let instances = self.services.get(id.index()).and_then(Option::as_ref).map(|s| s.instances.clone());
        for index in instances.unwrap_or_default().iter().copied() {
            self.re_equip(index);
            self.refresh_speed(index);
        }
    }
}
