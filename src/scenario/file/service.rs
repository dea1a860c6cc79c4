//! The settings of one service.

use super::calls::{ENDPOINTS_MAX, endpoint_fields, stages, usual_endpoint};
use super::form::{Case, Context, Fields, Side, Slot};
use super::machines::{autoscaler, probes, roll_out};
use super::out::Out;
use super::problems::{Code, quoted};
use super::scalars::{COUNTS, SOME, SOME_TIME, TIMES};
use super::server::{USUAL_HEAP, USUAL_WARM_UP, heap, server, warm_up};
use super::work::{demand, workload};
use crate::scenario::import::yaml::{Node, Value};
use crate::topology::{Autoscaler, SERVICES_MAX, Service, ServiceKind};
use crate::units::{Mebibytes, Millicores};
use std::ops::RangeInclusive;

/// Most replicas of one service: a Kubernetes cluster of the largest supported size has 150,000 pods in all.
pub(super) const REPLICAS_MAX: u64 = 10_000;
/// Share of the memory limit that an idle instance uses at most, if nothing is said about it.
const IDLE_SHARE: f64 = 0.4;
/// What an objective may promise: at least half, and never everything, for then there is no error budget.
const SLO_SHARES: RangeInclusive<f64> = 0.5..=0.999_99;
/// Most keys that a cache may keep.
const CACHE_KEYS_MAX: u64 = 1_000_000_000;

const KINDS: [Case<ServiceKind>; 5] = [
    Case::word("stateless", ServiceKind::Stateless),
    Case::word("database", ServiceKind::Database),
    Case::word("cache", ServiceKind::Cache),
    Case::word("queue", ServiceKind::Queue),
    Case::word("client", ServiceKind::Client),
];

/// What a service is if only its kind, replicas, CPU and memory are known. As in Kubernetes, what is reserved follows the
/// limit if only the limit is said.
fn usual(like: &Service) -> Service {
    let plain = match like.kind {
        ServiceKind::Client => Service::client(like.name.clone()),
        kind => Service { kind, ..Service::named(like.name.clone()) },
    };
    let is_said = |own: bool| own && like.kind != ServiceKind::Client;
    let cpu_request = if is_said(like.cpu_limit != plain.cpu_limit) { like.cpu_limit } else { plain.cpu_request };
    let has_memory = is_said(like.memory_limit != plain.memory_limit);
    let memory_request = if has_memory { like.memory_limit } else { plain.memory_request };
    let idle = Mebibytes((like.memory_limit.0 * IDLE_SHARE).min(plain.memory_base.0));
    let memory_base = if has_memory { idle } else { plain.memory_base };
    let replicas_max = like.replicas.max(plain.replicas_max);
    Service { cpu_request, memory_request, memory_base, replicas_max, ..plain }
}

/// Reads a new service called `name`; `has_id` if its number may stand there too, which is read elsewhere.
pub(super) fn read(node: &Node, name: &str, has_id: bool, context: &mut Context<'_>) -> Service {
    let mut service = usual(&first_look(node, name, context));
    let node = Some(node).filter(|n| n.value != Value::Null);
    Slot { what: name, side: Side::Read(node), context }.group(&mut service, |f, service| {
        if has_id {
            f.at("id").count(&mut 0_u32, 0..=SERVICES_MAX as u64 - 1);
        }
        fields(f, service);
    });
    service
}

/// What the other defaults depend on. What is wrong with it is said when it is read properly.
fn first_look(node: &Node, name: &str, context: &mut Context<'_>) -> Service {
    let sources = super::no_sources();
    let mut aside = Context { problems: super::problems::Problems::new(&sources), names: std::mem::take(&mut context.names) };
    let (mut kind, plain) = (ServiceKind::default(), Service::named(name));
    let mut f = Fields::reading(node, &mut aside);
    f.at("kind").cases(&mut kind, &KINDS);
    let mut like = if kind == ServiceKind::Client { Service::client(name) } else { Service { kind, ..plain } };
    f.at("replicas").count(&mut like.replicas, 0..=REPLICAS_MAX);
    f.at("cpu").cpu(&mut like.cpu_limit);
    f.at("memory").memory(&mut like.memory_limit);
    context.names = aside.names;
    like
}

/// What must be written of a new service.
pub(super) fn write(service: &Service, context: &mut Context<'_>) -> Out {
    // The kind is said first: the other defaults depend on it.
    let usual = Service { kind: ServiceKind::default(), ..usual(service) };
    tree(service, context).over(&tree(&usual, context)).or_empty_map()
}

/// All settings of a service.
pub(super) fn tree(service: &Service, context: &mut Context<'_>) -> Out {
    let mut out = Out::Absent;
    Slot { what: "", side: Side::Write(&mut out), context }.group(&mut service.clone(), fields);
    out
}

/// The fields of a service; its name stands elsewhere.
pub(super) fn fields(f: &mut Fields<'_, '_>, s: &mut Service) {
    size(f, s);
    let Service { demand: cost, entry_rate, workload: users, stages: calls, endpoints, server: guards, .. } = s;
    f.at("demand").group(cost, demand);
    f.at("rate").rate(entry_rate);
    f.at("workload").group(users, workload);
    stages(f.at("calls"), calls);
    f.at("endpoints").list(endpoints, ENDPOINTS_MAX, &usual_endpoint(), |slot, endpoint| slot.group(endpoint, endpoint_fields));
    f.at("server").group(guards, server);
    nature(f, s);
    check(f, s);
}

/// How many instances and how large.
fn size(f: &mut Fields<'_, '_>, s: &mut Service) {
    f.at("kind").cases(&mut s.kind, &KINDS);
    f.at("replicas").count(&mut s.replicas, 0..=REPLICAS_MAX);
    f.at("replicas_max").count(&mut s.replicas_max, 0..=REPLICAS_MAX);
    f.at("cpu").cpu(&mut s.cpu_limit);
    f.at("cpu_request").cpu(&mut s.cpu_request);
    f.at("memory").memory(&mut s.memory_limit);
    f.at("memory_request").memory(&mut s.memory_request);
    f.at("memory_base").memory(&mut s.memory_base);
    f.at("memory_per_request").memory(&mut s.memory_per_request);
    f.at("memory_leak").memory(&mut s.leak_per_request);
    f.at("workers").unbounded(&mut s.workers, SOME);
    f.at("queue").unbounded(&mut s.queue_len_max, COUNTS);
    f.at("startup").time(&mut s.startup, TIMES);
}

/// What makes an instance slow, and what keeps it running. Named without `..`, so that a field that is added to a service
/// does not compile until it is written down here or above.
fn nature(f: &mut Fields<'_, '_>, s: &mut Service) {
    let Service {
        contention_us,
        heap: collected,
        warm_up: cold,
        cfs_quota,
        cache_keys,
        probes: asked,
        autoscaler: scaled,
        roll_out: rolled,
        ready_min,
        objective: promised,
        name: _,
        kind: _,
        replicas: _,
        replicas_max: _,
        cpu_request: _,
        cpu_limit: _,
        memory_request: _,
        memory_limit: _,
        memory_base: _,
        memory_per_request: _,
        leak_per_request: _,
        workers: _,
        queue_len_max: _,
        startup: _,
        demand: _,
        entry_rate: _,
        workload: _,
        stages: _,
        endpoints: _,
        server: _,
    } = s;
    f.at("contention").micros(contention_us);
    f.at("heap").option(collected, USUAL_HEAP, heap);
    f.at("warm_up").option(cold, USUAL_WARM_UP, warm_up);
    f.at("cfs_quota").flag(cfs_quota);
    f.at("cache_keys").count(cache_keys, 0..=CACHE_KEYS_MAX);
    f.at("probes").group(asked, probes);
    f.at("autoscaler").option(scaled, Autoscaler::default(), autoscaler);
    f.at("roll_out").group(rolled, roll_out);
    f.at("ready_min").count(ready_min, 0..=REPLICAS_MAX);
    f.at("slo").group(promised, |f, o| {
        f.at("good").share(&mut o.good, SLO_SHARES);
        f.at("within").time(&mut o.within, SOME_TIME);
    });
}

/// What only the whole service shows.
fn check(f: &mut Fields<'_, '_>, s: &Service) {
    if f.is_writing() {
        return;
    }
    if s.replicas > s.replicas_max {
        let message = format!("{} replicas are more than replicas_max, {}", s.replicas, s.replicas_max);
        f.complain(Code::Contradiction, message, "raise replicas_max");
    }
    if s.kind != ServiceKind::Client && s.cpu_limit == Millicores(0) {
        f.complain(Code::OutOfRange, "cpu: an instance without CPU does nothing", "write at least 1m");
    }
    for (at, endpoint) in s.endpoints.iter().enumerate() {
        if endpoint.name.is_empty() {
            f.complain(Code::Missing, "an endpoint without 'name'", "write a name such as GET /orders");
        } else if s.endpoints[..at].iter().any(|earlier| earlier.name == endpoint.name) {
            let message = format!("endpoint {} is there twice", quoted(&endpoint.name));
            f.complain(Code::DuplicateName, message, "give one of them another name");
        }
    }
    let (calls, most) = (s.calls().count(), super::calls::CALLS_MAX);
    if calls > most {
        f.complain(Code::TooMany, format!("{calls} calls are more than the {most} that a service may make"), "take some away");
    }
}
