//! Episodes: a system, the users' load, and one fault or a trigger of its own; each can also be played without it.
//!
//! A generated episode is a function of its seed: the kinds of fault take turns, then come a system in which the fault can
//! be, target, strength, onset and duration. Whether or not there is a fault, every third system sees a harmless roll-out,
//! every fourth a harmless setting, and some see their load change: a healer that blames whatever has just changed is to be
//! found out.

use super::system::{self, System, Wants};
use crate::action::Action;
use crate::ids::ServiceId;
use crate::scenario::presets::{self, Group, PRESETS};
use crate::scenario::{PlannedAction, PlannedEdit, PlannedFault, Scenario};
use crate::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use crate::topology::{Cluster, Service, ServiceKind, Topology, TopologyEdit};
use crate::units::{Millicores, SimDuration, SimTime};
use crate::validation::swarm::Dice;
use std::ops::Range;

/// Seeds that policies and diagnosis may be tuned on.
pub const TUNING: Range<u64> = 0..1_000;
/// Seeds that figures are given for and nothing was tuned on.
pub const HELD_OUT: Range<u64> = 1_000..2_000;

/// Earliest and latest second of the onset: the healer has had a minute to learn what is usual.
const ONSET_S: (u32, u32) = (60, 120);
/// Seconds that an episode goes on after the latest onset: long enough for two tries, back-offs and a slow recovery.
const AFTER_S: u32 = 240;
/// Shortest and longest fault that passes, seconds.
const PASSES_S: (u32, u32) = (30, 120);

/// One episode.
#[derive(Clone, Debug)]
pub struct Episode {
    /// `generated` or the preset's name.
    pub suite: String,
    /// Its seed: of the system, the fault and the run.
    pub seed: u64,
    /// The system, with the fault.
    pub scenario: Scenario,
    /// The same without.
    pub calm: Scenario,
    /// When it begins to go wrong.
    pub onset: SimTime,
    /// Until when it is played.
    pub end: SimTime,
    /// The fault, if it is one and not a trigger of several parts.
    pub fault: Option<FaultSpec>,
}

impl Episode {
    /// The generated episode of `seed`.
    pub fn generated(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "arena");
        let kind = FaultKind::OF_SYSTEM[(seed % FaultKind::OF_SYSTEM.len() as u64) as usize];
        let wants =
            Wants { cache: kind == FaultKind::CacheFlush, ring: kind == FaultKind::HotKey, pool: kind == FaultKind::PoolLeak };
        let system = system::system(&mut dice, wants);
        let spec = fault(&mut dice, kind, &system);
        let mut calm = Scenario::of("generated", system.topology);
        calm.cluster = system.cluster;
        harmless(&mut dice, &mut calm, system.cache);
        let at = onset(&mut dice);
        Self::with_fault("generated".to_owned(), seed, calm, PlannedFault { at, spec })
    }
    /// The preset `name` with `seed`: a system with a fault drawn for it, an incident pattern with its own trigger.
    /// `None` if there is no such preset.
    pub fn preset(name: &str, seed: u64) -> Option<Self> {
        let scenario = presets::preset(name)?;
        let is_incident = PRESETS.iter().any(|p| p.name == name && p.group == Group::Incidents);
        let is_broken = !scenario.faults.is_empty() || !scenario.edits.is_empty() || !scenario.actions.is_empty();
        if is_incident || is_broken {
            return Some(Self::of_incident(name, seed, scenario));
        }
        let mut dice = Dice::new(seed, "arena-preset");
        let caches = scenario.topology.services().filter(|(_, s)| s.kind == ServiceKind::Cache).map(|(id, _)| id);
        let system =
            System { cache: caches.last(), ring: None, topology: scenario.topology.clone(), cluster: scenario.cluster.clone() };
        let fits = |kind: FaultKind| match kind {
            FaultKind::HotKey => false,
            FaultKind::CacheFlush => system.cache.is_some(),
            FaultKind::PoolLeak => !pools(&system.topology).is_empty(),
            _ => true,
        };
        let kinds: Vec<FaultKind> = FaultKind::OF_SYSTEM.into_iter().filter(|kind| fits(*kind)).collect();
        let kind = dice.pick(&kinds);
        let spec = fault(&mut dice, kind, &system);
        let at = onset(&mut dice);
        Some(Self::with_fault(name.to_owned(), seed, scenario, PlannedFault { at, spec }))
    }
    fn with_fault(suite: String, seed: u64, calm: Scenario, planned: PlannedFault) -> Self {
        let mut scenario = calm.clone();
        scenario.faults.push(planned);
        let end = SimTime::from_secs(u64::from(ONSET_S.1 + AFTER_S));
        Self { suite, seed, scenario, calm, onset: planned.at, end, fault: Some(planned.spec) }
    }
    /// Everything that the scenario plans is its trigger.
    fn of_incident(name: &str, seed: u64, scenario: Scenario) -> Self {
        let mut calm = scenario.clone();
        (calm.faults, calm.edits, calm.actions) = (Vec::new(), Vec::new(), Vec::new());
        let changes = |s: &Scenario| s.topology.services().flat_map(|(_, s)| s.workload.changes.clone()).collect::<Vec<_>>();
        let planned = scenario.faults.iter().map(|f| f.at).chain(scenario.edits.iter().map(|e| e.at));
        let begins = planned.chain(scenario.actions.iter().map(|a| a.at)).chain(changes(&scenario).iter().map(|c| c.at)).min();
        for id in (0..calm.topology.slots()).map(|slot| ServiceId(slot as u32)) {
            if let Some(service) = calm.topology.get_mut(id) {
                service.workload.changes.clear();
            }
        }
        let onset = begins.unwrap_or(SimTime::from_secs(u64::from(ONSET_S.0)));
        let fault = match scenario.faults.as_slice() {
            [one] if scenario.edits.is_empty() => Some(one.spec),
            _ => None,
        };
        let end = onset + SimDuration::from_secs(u64::from(AFTER_S + ONSET_S.1 - ONSET_S.0));
        Self { suite: name.to_owned(), seed, scenario, calm, onset, end, fault }
    }
}

fn onset(dice: &mut Dice) -> SimTime {
    SimTime::from_secs(u64::from(ONSET_S.0 + dice.below(ONSET_S.1 - ONSET_S.0)))
}

/// A warm cache, and what happens in any system and hurts nobody: every third sees an operator roll out another CPU limit or
/// restart a service, every fourth a change of some setting.
fn harmless(dice: &mut Dice, scenario: &mut Scenario, cache: Option<ServiceId>) {
    if let Some(service) = cache {
        scenario.actions.push(PlannedAction { at: SimTime::from_secs(10), action: Action::WarmCache { service } });
    }
    let of = |(id, s): (ServiceId, &Service)| (s.kind == ServiceKind::Stateless).then_some((id, s.replicas, s.cpu_limit.0));
    let all: Vec<(ServiceId, u32, u32)> = scenario.topology.services().filter_map(of).collect();
    let several: Vec<(ServiceId, u32, u32)> = all.iter().copied().filter(|(_, replicas, _)| *replicas > 1).collect();
    let some_time = |dice: &mut Dice| SimTime::from_secs(u64::from(30 + dice.below(200)));
    if !several.is_empty() && dice.chance(0.33) {
        let at = some_time(dice);
        let (service, _, limit) = dice.pick(&several);
        let cpu = Millicores((f64::from(limit) * dice.between(1.05, 1.3)) as u32);
        let action = if dice.chance(0.7) { Action::Resize { service, cpu } } else { Action::Restart { service } };
        scenario.actions.push(PlannedAction { at, action });
    }
    if !all.is_empty() && dice.chance(0.25) {
        let at = some_time(dice);
        let (id, ..) = dice.pick(&all);
        if let Some(service) = scenario.topology.get(id) {
            let longer = Service { queue_len_max: service.queue_len_max.saturating_add(50), ..service.clone() };
            scenario.edits.push(PlannedEdit { at, edit: TopologyEdit::Configure(id, Box::new(longer)) });
        }
    }
}

/// Smallest and largest magnitude drawn: around the usual one, strong enough to be felt in most systems.
const fn strength(kind: FaultKind) -> (f64, f64) {
    match kind {
        FaultKind::CpuHog => (0.7, 0.97),
        FaultKind::MemoryLeak => (2.0, 10.0),
        FaultKind::ErrorBurst => (0.3, 0.9),
        FaultKind::Latency => (80.0, 500.0),
        FaultKind::InstanceKill => (1.0, 3.0),
        FaultKind::CrashLoop => (1.0, 10.0),
        FaultKind::Partition => (0.3, 1.0),
        FaultKind::TrafficSpike => (3.0, 8.0),
        FaultKind::Hang => (1.0, 3.0),
        FaultKind::SlowResponses => (150.0, 1_000.0),
        FaultKind::BadDeploy | FaultKind::BadConfig => (0.2, 0.8),
        FaultKind::CacheFlush => (0.7, 1.0),
        FaultKind::HotKey => (0.7, 0.95),
        FaultKind::NoNewConnections => (5.0, 60.0),
        // At twenty calls a second an instance, a pool of ten lasts for ten seconds to a minute and a half.
        FaultKind::PoolLeak => (0.005, 0.04),
        FaultKind::Outage => (1.0, 1.0),
        FaultKind::NoisyNeighbour => (0.85, 0.95),
        // Those of the system take turns; what telemetry tells wrongly breaks nothing.
        FaultKind::TelemetryLate | FaultKind::TelemetryMissing | FaultKind::TelemetryFrozen | FaultKind::TelemetryWrong => {
            (kind.scale().usual, kind.scale().usual)
        }
    }
}

/// One fault of this kind that the system can have.
fn fault(dice: &mut Dice, kind: FaultKind, system: &System) -> FaultSpec {
    let (low, high) = strength(kind);
    let magnitude = dice.between(low, high);
    let is_counted = matches!(kind, FaultKind::InstanceKill | FaultKind::Hang);
    let magnitude = if is_counted { magnitude.round() } else { magnitude };
    let target = target(dice, kind, system);
    let passes = SimDuration::from_secs(u64::from(PASSES_S.0 + dice.below(PASSES_S.1 - PASSES_S.0)));
    let is_instant = kind == FaultKind::CacheFlush;
    let duration = if is_instant { Some(SimDuration::from_secs(1)) } else { dice.chance(0.4).then_some(passes) };
    FaultSpec { target, kind, magnitude, duration }
}

fn target(dice: &mut Dice, kind: FaultKind, system: &System) -> FaultTarget {
    let System { topology, cluster, ring, cache } = system;
    match kind {
        FaultKind::TrafficSpike => FaultTarget::Service(dice.pick(&entries(topology))),
        FaultKind::HotKey => FaultTarget::Service(ring.unwrap_or_else(|| dice.pick(&used(topology)))),
        FaultKind::CacheFlush => FaultTarget::Service(cache.unwrap_or_else(|| dice.pick(&used(topology)))),
        FaultKind::Outage | FaultKind::NoisyNeighbour => machine(dice, cluster),
        FaultKind::PoolLeak => {
            let (from, to) = dice.pick(&pools(topology));
            if dice.chance(0.5) { FaultTarget::Edge { from, to } } else { FaultTarget::Service(from) }
        }
        _ if kind.fits_zones() && dice.chance(0.25) => two_zones(dice, cluster),
        _ if kind.fits_edge() && (!kind.fits_service() || dice.chance(0.5)) => edge(dice, topology),
        _ => {
            let service = dice.pick(&used(topology));
            let replicas = topology.get(service).map_or(1, |s| s.replicas);
            let is_one = kind.fits_instance() && replicas > 1 && dice.chance(0.3);
            if is_one { FaultTarget::Instance { service, ordinal: dice.below(replicas) } } else { FaultTarget::Service(service) }
        }
    }
}

/// Services that are run by the system's owners and asked by somebody.
fn used(topology: &Topology) -> Vec<ServiceId> {
    let is_used = |(id, s): (ServiceId, &Service)| {
        let is_asked = s.entry_rate.0 > 0.0 || !topology.callers(id).is_empty();
        (s.kind != ServiceKind::Client && is_asked && s.replicas > 0).then_some(id)
    };
    topology.services().filter_map(is_used).collect()
}

fn entries(topology: &Topology) -> Vec<ServiceId> {
    topology.services().filter(|(_, s)| s.entry_rate.0 > 0.0).map(|(id, _)| id).collect()
}

/// Calls with a pool between two services of the system.
fn pools(topology: &Topology) -> Vec<(ServiceId, ServiceId)> {
    let owned = topology.services().filter(|(_, s)| s.kind != ServiceKind::Client);
    let pooled = |(id, s): (ServiceId, &Service)| {
        let calls: Vec<_> = s.calls().filter(|c| c.policy.pool.is_some()).map(|c| (id, c.to)).collect();
        calls
    };
    owned.flat_map(pooled).collect()
}

/// A call between two services of the system; the way from users outside is not theirs to mend.
fn edge(dice: &mut Dice, topology: &Topology) -> FaultTarget {
    let is_inside = |id: ServiceId| topology.get(id).is_some_and(|s| s.kind != ServiceKind::Client);
    let edges: Vec<(ServiceId, ServiceId)> =
        topology.edges().map(|e| (e.from, e.to)).filter(|(from, _)| is_inside(*from)).collect();
    let (from, to) = dice.pick(&edges);
    FaultTarget::Edge { from, to }
}

fn machine(dice: &mut Dice, cluster: &Cluster) -> FaultTarget {
    if dice.chance(0.6) {
        FaultTarget::Node(dice.below(cluster.nodes.len() as u32))
    } else {
        FaultTarget::Zone(dice.below(u32::from(cluster.zone_count())) as u8)
    }
}

fn two_zones(dice: &mut Dice, cluster: &Cluster) -> FaultTarget {
    let zones = u32::from(cluster.zone_count()).max(2);
    let a = dice.below(zones);
    let b = (a + 1 + dice.below(zones - 1)) % zones;
    FaultTarget::Zones(a.min(b) as u8, a.max(b) as u8)
}
