//! From a draft to a topology: everything a file is silent about is assumed here, and every assumption is listed.

use super::draft::{Draft, DraftService};
use super::preview::FoundService;
use super::sizing::{self, Sizing};
use super::wiring::{Link, Wiring};
use crate::ids::ServiceId;
use crate::topology::{Call, CallPolicy, Service, ServiceKind, Shape, Topology};
use crate::units::{Mebibytes, Millicores, PerSecond, Ratio, SimDuration};

/// CPU limit of an instance if nothing is known, in millicores.
const CPU_LIMIT: u32 = 500;
/// Memory limit of an instance if nothing is known, in MiB.
const MEMORY_LIMIT: f64 = 256.0;
/// Memory of an idle instance as a share of its limit.
const MEMORY_BASE_SHARE: f64 = 0.4;
/// Memory that a full instance (all workers and waiting places taken) needs above its base, as a share of the limit.
const MEMORY_FULL_SHARE: f64 = 0.4;
/// Start-up without a probe, shortest and longest with one, in seconds. Delays of minutes in files are safety margins.
const STARTUP_S: (f64, f64, f64) = (5.0, 2.0, 30.0);
/// Calls of one service that run in parallel. Few callees rarely need each other's answers; of many, some do, and a burst
/// of all of them would make the caller as slow as the slowest of all.
const PARALLEL_MAX: usize = 3;
/// Workers and waiting places of a load generator: it must never be the bottleneck.
const CLIENT_PLACES: (u32, u32) = (10_000, 10_000);

/// Builds the topology and tells what was assumed.
pub(super) fn assemble(draft: &Draft, wiring: &Wiring) -> (Topology, Vec<FoundService>) {
    let mut filled: Vec<Filled> = draft.services.iter().map(fill).collect();
    let cores: Vec<f64> = filled.iter().map(|f| f.service.cpu_limit.cores()).collect();
    let sizing = sizing::size(draft, wiring, &cores);
    let links = wiring.links_by_caller();
    let mut topology = Topology::default();
    let mut found = Vec::new();
    for (i, (mut filled, drafted)) in filled.drain(..).zip(&draft.services).enumerate() {
        load(&mut filled, drafted, &sizing, i);
        tell_calls(&mut filled, draft, &links[i]);
        filled.service.stages = stages_of(&links[i]).iter().map(|stage| stage.iter().map(|l| call(l)).collect()).collect();
        found.push(FoundService {
            name: drafted.name.clone(),
            source: drafted.source.clone(),
            replicas: filled.service.replicas,
            cpu_millicores: filled.service.cpu_limit.0,
            memory_mib: filled.service.memory_limit.0,
            assumed: filled.assumed,
        });
        topology.push(filled.service);
    }
    (topology, found)
}

/// The calls of one service by stage: those that an annotation placed, then the others, three at a time.
pub(super) fn stages_of<'a>(links: &[&'a Link]) -> Vec<Vec<&'a Link>> {
    let last = links.iter().filter_map(|l| l.stage).max();
    let placed = (0..=last.unwrap_or(0)).map(|s| links.iter().filter(|l| l.stage == Some(s)).copied().collect::<Vec<_>>());
    let rest: Vec<&Link> = links.iter().filter(|l| l.stage.is_none()).copied().collect();
    placed.filter(|stage| !stage.is_empty()).chain(rest.chunks(PARALLEL_MAX).map(<[_]>::to_vec)).collect()
}

fn call(link: &Link) -> Call {
    let to = ServiceId(link.to as u32);
    // Deployment files name no retries, and plain HTTP and gRPC clients make none by themselves; meshes do.
    let policy = CallPolicy { attempts_max: 1, ..CallPolicy::default() };
    Call { probability: Ratio::saturating(link.probability), optional: link.optional, policy, ..Call::to(to) }
}

struct Filled {
    service: Service,
    assumed: Vec<String>,
}

fn fill(draft: &DraftService) -> Filled {
    let mut filled = Filled { service: Service::named(draft.name.as_str()), assumed: Vec::new() };
    filled.service.kind = draft.kind;
    if draft.kind != ServiceKind::Stateless {
        filled.assume(format!("kind: {} (by name and image)", kind_word(draft.kind)));
    }
    filled.replicas(draft);
    filled.cpu(draft);
    filled.memory(draft);
    filled.startup(draft);
    filled
}

const fn kind_word(kind: ServiceKind) -> &'static str {
    match kind {
        ServiceKind::Stateless => "stateless",
        ServiceKind::Database => "database",
        ServiceKind::Cache => "cache",
        ServiceKind::Queue => "queue",
        ServiceKind::Client => "load generator",
    }
}

impl Filled {
    fn assume(&mut self, text: String) {
        self.assumed.push(text);
    }

    fn replicas(&mut self, draft: &DraftService) {
        self.service.replicas = draft.replicas.unwrap_or(1);
        if draft.replicas.is_none() {
            self.assume("replicas: 1".to_owned());
        }
        let most = draft.replicas_max.unwrap_or(self.service.replicas_max);
        self.service.replicas_max = most.max(self.service.replicas).max(1);
    }

    fn cpu(&mut self, draft: &DraftService) {
        let limit = draft.cpu_limit.or(draft.cpu_request.map(|r| r.saturating_mul(2))).unwrap_or(CPU_LIMIT);
        if draft.cpu_limit.is_none() {
            self.assume(format!("CPU limit: {limit}m{}", if draft.cpu_request.is_some() { " (twice the request)" } else { "" }));
        }
        let request = draft.cpu_request.unwrap_or(limit.div_ceil(2)).min(limit);
        if draft.cpu_request.is_none() {
            self.assume(format!("CPU request: {request}m"));
        }
        (self.service.cpu_limit, self.service.cpu_request) = (Millicores(limit), Millicores(request));
    }

    fn memory(&mut self, draft: &DraftService) {
        let limit = draft.memory_limit.or(draft.memory_request.map(|r| r * 2.0)).unwrap_or(MEMORY_LIMIT);
        if draft.memory_limit.is_none() {
            let why = if draft.memory_request.is_some() { " (twice the request)" } else { "" };
            self.assume(format!("memory limit: {} MiB{why}", short(limit)));
        }
        let request = draft.memory_request.unwrap_or(limit / 2.0).min(limit);
        if draft.memory_request.is_none() {
            self.assume(format!("memory request: {} MiB", short(request)));
        }
        let base = draft.annotations.memory_base.unwrap_or(limit * MEMORY_BASE_SHARE).min(limit);
        if draft.annotations.memory_base.is_none() {
            self.assume(format!("memory when idle: {} MiB", short(base)));
        }
        let places = f64::from(self.service.workers + self.service.queue_len_max);
        let per_request = self.service.memory_per_request.0.min(limit * MEMORY_FULL_SHARE / places);
        let service = &mut self.service;
        (service.memory_limit, service.memory_request) = (Mebibytes(limit), Mebibytes(request));
        (service.memory_base, service.memory_per_request) = (Mebibytes(base), Mebibytes(per_request));
    }

    fn startup(&mut self, draft: &DraftService) {
        let (default, shortest, longest) = STARTUP_S;
        let seconds = draft.startup_s.map_or(default, |s| s.clamp(shortest, longest));
        match draft.startup_s {
            Some(given) if given != seconds => {
                self.assume(format!("start-up: {} s (the probe says {} s)", short(seconds), short(given)));
            }
            Some(_) => self.assume(format!("start-up: {} s (from the probe)", short(seconds))),
            None => self.assume(format!("start-up: {} s", short(seconds))),
        }
        self.service.startup = SimDuration::from_secs_f64(seconds);
    }
}

fn load(filled: &mut Filled, draft: &DraftService, sizing: &Sizing, i: usize) {
    let given = &draft.annotations;
    let is_client = draft.kind == ServiceKind::Client;
    filled.service.entry_rate = PerSecond(sizing.entry_rate[i]);
    if given.entry_rate.is_none() && sizing.entry_rate[i] > 0.0 {
        filled.assume(format!("users' requests: {}/s", short(sizing.entry_rate[i])));
    }
    let demand = &mut filled.service.demand;
    demand.cpu_us_mean = sizing.demand_ms[i] * 1_000.0;
    demand.wait_us_mean = given.wait_ms.unwrap_or(0.0) * 1_000.0;
    if is_client {
        demand.shape = Shape::Constant;
    }
    if let Some(sigma) = given.sigma {
        demand.shape = Shape::Lognormal(sigma);
    }
    demand.error_ratio = Ratio::saturating(given.error_ratio.unwrap_or(0.0));
    if is_client {
        (filled.service.workers, filled.service.queue_len_max) = CLIENT_PLACES;
        filled.service.memory_per_request = Mebibytes(0.0);
    } else if given.demand_ms.is_none() {
        filled.assume(format!("CPU per request: {} ms at {} requests/s", short(sizing.demand_ms[i]), short(sizing.rate[i])));
    }
}

/// Calls that are not made by every request although no annotation says so, and calls that may fail.
fn tell_calls(filled: &mut Filled, draft: &Draft, links: &[&Link]) {
    for link in links.iter().filter(|l| l.stage.is_none()) {
        let name = &draft.services[link.to].name;
        if link.probability < 1.0 {
            filled.assume(format!("calls {name} in {} % of requests", short(link.probability * 100.0)));
        }
        if link.optional {
            filled.assume(format!("can do without {name}"));
        }
    }
}

/// A number with at most two decimals.
fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
