//! Evidence: what the present scrape says for and against each place, against what is usual.

use super::clue::{Clue, Clues};
use super::usual::{Key, Usual};
use super::{Notes, Place, pools};
use crate::ids::ServiceId;
use crate::math;
use crate::pipeline::collect::Collector;
use crate::pipeline::wiring::Wiring;
use crate::telemetry::{EdgeFacts, Inventory, Metric, PathFacts, ServiceFacts};
use crate::topology::ServiceKind;
use std::collections::BTreeMap;

/// Milliseconds more that count as 0.7: a fifth of the latency at which a service is Degraded.
pub(super) const SLOW_MS: f64 = 20.0;
/// Milliseconds of a gap that count as 0.7: tens of round trips within a region.
const GAP_MS: f64 = 10.0;
/// Gap in ms, or share of failures, from which an edge is bad.
const BAD_GAP_MS: f64 = 20.0;
pub(super) const BAD_GAP_SHARE: f64 = 0.03;
/// The same gap for a call that only goes between two zones at times: in three zones, two of nine calls do.
const WAY_GAP_MS: f64 = 5.0;
const WAY_GAP_SHARE: f64 = 0.01;
/// Calls a second from which on an edge has a say about the ways between zones.
const CALLS_MIN: f64 = 0.5;
/// Memory above usual, as a share of the limit, that counts as 1.
const MEMORY_RISE: f64 = 0.2;
/// Use of the busiest instance from which work queues, and the width up to the limit.
const NEAR_LIMIT: (f64, f64) = (0.7, 0.25);
/// Seconds after which a change is half forgotten as a reason for what began then.
const CHANGE_S: f64 = 30.0;
/// Share of machine or path trouble in `Elsewhere` is within 0..=1.
const SHARE_MIN: f64 = 1e-9;

/// What evidence is drawn from.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub collector: &'a Collector,
    pub wiring: &'a Wiring,
    pub inventory: &'a Inventory,
    pub usual: &'a Usual,
    /// Seconds from the last change of version and of configuration to the beginning of the incident.
    pub changes: &'a BTreeMap<ServiceId, (Option<f64>, Option<f64>)>,
    /// Ended processes since shortly before the incident.
    pub exits: &'a BTreeMap<ServiceId, [f64; 5]>,
    /// What logs and spans say of services.
    pub notes: &'a Notes,
}

/// A scene, and what many places ask of it, found once: each service's calls that carry anything, and how much worse each
/// way between zones is than the median of the others, with that median.
struct Sight<'a> {
    scene: &'a Scene<'a>,
    into: BTreeMap<ServiceId, Vec<&'a EdgeFacts>>,
    out_of: BTreeMap<ServiceId, Vec<&'a EdgeFacts>>,
    paths: Vec<(&'a PathFacts, f64, f64)>,
}

impl<'a> std::ops::Deref for Sight<'a> {
    type Target = Scene<'a>;
    fn deref(&self) -> &Self::Target {
        self.scene
    }
}

impl<'a> Sight<'a> {
    fn of(scene: &'a Scene<'a>) -> Self {
        let (mut into, mut out_of) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
        for edge in scene.inventory.edges.iter().filter(|e| e.rate > 0.0) {
            into.entry(edge.to).or_default().push(edge);
            out_of.entry(edge.from).or_default().push(edge);
        }
        let worse: Vec<(&PathFacts, f64)> = scene.inventory.paths.iter().map(|p| (p, scene.path(p))).collect();
        let against = |(p, own): &(&'a PathFacts, f64)| {
            let used = worse.iter().filter(|(o, _)| o.zones != p.zones && o.rate > 0.5);
            let mut others: Vec<f64> = used.map(|(_, worse)| *worse).collect();
            others.sort_by(f64::total_cmp);
            let rest = others.get(others.len() / 2).copied().unwrap_or(0.0);
            (*p, (own - rest).max(0.0) * scene.share_of_calls(p), rest)
        };
        let paths = worse.iter().map(against).collect();
        Self { scene, into, out_of, paths }
    }
    fn into(&self, id: ServiceId) -> impl Iterator<Item = &'a EdgeFacts> {
        self.into.get(&id).into_iter().flatten().copied()
    }
    fn out_of(&self, id: ServiceId) -> impl Iterator<Item = &'a EdgeFacts> {
        self.out_of.get(&id).into_iter().flatten().copied()
    }
}

/// Squeezes an amount without a limit: 0.7 at `unit`, 2.4 at ten times that.
pub(super) fn squeeze(amount: f64, unit: f64) -> f64 {
    math::ln(1.0 + amount.max(0.0) / unit)
}

/// How an edge fares at both ends.
#[derive(Clone, Copy, Debug, Default)]
struct Gap {
    latency_ms: f64,
    failed: f64,
    timed_out: f64,
    unconnected: f64,
    rate: f64,
}

impl Gap {
    fn is_bad(&self) -> bool {
        self.latency_ms >= BAD_GAP_MS || self.failed >= BAD_GAP_SHARE
    }
}

impl Scene<'_> {
    fn facts(&self, id: ServiceId) -> Option<&ServiceFacts> {
        let services = &self.inventory.services;
        services.binary_search_by_key(&id, |s| s.service).ok().map(|at| &services[at])
    }
    fn of(&self, id: ServiceId, metric: Metric) -> f64 {
        self.collector.of(id, metric).unwrap_or(0.0)
    }
    fn usual(&self, id: ServiceId, metric: Metric) -> Option<f64> {
        self.usual.of(Key::Level(id, metric))
    }
    /// More latency than usual, ms; 0 if nothing is known.
    fn slower_ms(&self, id: ServiceId) -> f64 {
        let now = self.facts(id).and_then(|s| s.latency_ms);
        now.zip(self.usual.of(Key::Latency(id))).map_or(0.0, |(now, usual)| (now - usual).max(0.0))
    }
    fn edge_slower_ms(&self, e: &EdgeFacts) -> f64 {
        e.latency_ms.zip(self.usual.of(Key::EdgeLatency(e.from, e.to))).map_or(0.0, |(now, usual)| (now - usual).max(0.0))
    }
    fn gap(&self, e: &EdgeFacts) -> Gap {
        let usually = self.usual.of(Key::EdgeFailed(e.from, e.to)).unwrap_or(0.0);
        let own = self.of(e.to, Metric::ErrorRatio);
        Gap {
            latency_ms: (self.edge_slower_ms(e) - self.slower_ms(e.to)).max(0.0),
            // What got no connection of the caller's own pool says nothing of the way or of the callee.
            failed: (e.failed - e.pool.map_or(0.0, |p| p.gave_up) - usually - own).max(0.0),
            timed_out: e.timed_out,
            unconnected: e.unconnected,
            rate: e.rate,
        }
    }
    /// Growth of the rate as a logarithm, bounded.
    fn growth(&self, id: ServiceId) -> f64 {
        let now = self.of(id, Metric::RequestRate);
        self.usual(id, Metric::RequestRate).map_or(0.0, |usual| math::ln((now + 1.0) / (usual + 1.0)).clamp(-3.0, 3.0))
    }
    /// Times the usual number of requests that are worked on: those turned away cost no CPU.
    fn more_work(&self, facts: &ServiceFacts) -> f64 {
        let now = self.of(facts.service, Metric::RequestRate) * (1.0 - facts.refused);
        self.usual(facts.service, Metric::RequestRate).map_or(1.0, |usual| ((now + 1.0) / (usual + 1.0)).clamp(1.0, 20.0))
    }
    fn edge_growth(&self, e: &EdgeFacts) -> f64 {
        self.usual.of(Key::EdgeRate(e.from, e.to)).map_or(0.0, |usual| math::ln((e.rate + 1.0) / (usual + 1.0)).clamp(-3.0, 3.0))
    }
    fn is_up(&self, node: u32) -> bool {
        self.inventory.nodes.get(node as usize).is_none_or(|n| n.is_up)
    }
    fn foreign(&self, node: u32) -> f64 {
        let now = self.inventory.nodes.get(node as usize).map_or(0.0, |n| n.foreign);
        (now - self.usual.of(Key::Foreign(node)).unwrap_or(0.0)).max(0.0)
    }
    /// Share of the calls that can go between two zones that are worse than their callees account for: a bad way is bad for
    /// all of them, a bad service for its own.
    fn share_of_calls(&self, p: &PathFacts) -> f64 {
        let (a, b) = p.zones;
        let is_in = |id: ServiceId, zone: u8| self.facts(id).is_some_and(|s| s.places.iter().any(|(_, at)| *at == zone));
        let crosses =
            |e: &&EdgeFacts| e.rate >= CALLS_MIN && (is_in(e.from, a) && is_in(e.to, b) || is_in(e.from, b) && is_in(e.to, a));
        let (mut all, mut bad) = (0_u32, 0_u32);
        for edge in self.inventory.edges.iter().filter(crosses) {
            let gap = self.gap(edge);
            all += 1;
            bad += u32::from(gap.latency_ms >= WAY_GAP_MS || gap.failed >= WAY_GAP_SHARE);
        }
        // A single call that is bad accounts for itself.
        f64::from(bad.saturating_sub(1)) / f64::from(all.saturating_sub(1).max(1))
    }
    /// How much worse a way between zones is than usual: squeezed latency and share without an answer.
    fn path(&self, p: &PathFacts) -> f64 {
        let (a, b) = p.zones;
        let slower = p.latency_ms.zip(self.usual.of(Key::PathLatency(a, b))).map_or(0.0, |(now, usual)| (now - usual).max(0.0));
        let lost = (p.timed_out - self.usual.of(Key::PathTimedOut(a, b)).unwrap_or(0.0)).max(0.0);
        squeeze(slower, SLOW_MS) + squeeze(lost, BAD_GAP_SHARE)
    }
}

/// All places with the evidence about them.
pub(super) fn gather(scene: &Scene) -> Vec<(Place, Clues)> {
    let scene = &Sight::of(scene);
    let own: BTreeMap<ServiceId, Clues> = scene.wiring.ids().map(|id| (id, service(scene, id))).collect();
    let mut all: Vec<(Place, Clues)> =
        own.iter().map(|(id, clues)| (Place::Service(*id), with_callees(scene, *id, *clues, &own))).collect();
    all.extend(
        scene
            .inventory
            .edges
            .iter()
            .filter(|e| scene.wiring.is_healable(e.from))
            .map(|e| (Place::Edge { from: e.from, to: e.to }, edge(scene, e, &own))),
    );
    machines(scene, &mut all);
    for (p, contrast, rest) in scene.paths.iter().filter(|(p, ..)| p.zones.0 != p.zones.1 && p.rate > 0.5) {
        let mut clues = Clues::default();
        clues.set(Clue::PathBad, *contrast);
        clues.set(Clue::Elsewhere, *rest);
        all.push((Place::Zones(p.zones.0, p.zones.1), clues));
    }
    all
}

fn service(scene: &Sight, id: ServiceId) -> Clues {
    let mut clues = Clues::default();
    let Some(facts) = scene.facts(id) else { return clues };
    resources(scene, facts, &mut clues);
    failures(scene, facts, &mut clues);
    latency(scene, facts, &mut clues);
    gaps(scene, id, &mut clues);
    instances(scene, facts, &mut clues);
    load(scene, facts, &mut clues);
    pools::of_service(scene, id, &mut clues);
    scene.notes.of_service(id, &mut clues);
    let (version, configuration) = scene.changes.get(&id).copied().unwrap_or_default();
    let fresh = |ago: Option<f64>| ago.map_or(0.0, |s| math::exp(-s.max(0.0) / CHANGE_S));
    clues.set(Clue::Changed, fresh(version));
    clues.set(Clue::Configured, fresh(configuration));
    let fails = clues.of(Clue::Errors).min(2.0);
    clues.set(Clue::ChangedErrors, fresh(version) * fails);
    clues.set(Clue::ConfiguredErrors, fresh(configuration) * fails);
    let kind = scene.wiring.get(id).map(|n| n.kind);
    let keeps = matches!(kind, Some(ServiceKind::Database | ServiceKind::Cache | ServiceKind::Queue));
    clues.set(Clue::Keeps, f64::from(u8::from(keeps)));
    clues
}

fn resources(scene: &Sight, facts: &ServiceFacts, clues: &mut Clues) {
    let id = facts.service;
    let (cpu, usual) = (scene.of(id, Metric::CpuUtilisation), scene.usual(id, Metric::CpuUtilisation).unwrap_or(0.0));
    let more = scene.more_work(facts);
    let expected = usual * more;
    let busiest_usual = scene.usual.of(Key::CpuBusiest(id)).unwrap_or(usual);
    let busiest_extra = facts.cpu_busiest - busiest_usual * (facts.uneven.max(1.0)) * more;
    // Before it is known what is usual, nothing is too much.
    let is_known = f64::from(u8::from(usual > 0.0));
    clues.set(Clue::CpuExtra, is_known * 2.0 * (cpu - expected).max(0.6 * busiest_extra).max(0.0));
    let near = ((facts.cpu_busiest - NEAR_LIMIT.0) / NEAR_LIMIT.1).clamp(0.0, 1.0);
    clues.set(Clue::CpuBusiest, if facts.cpu_busiest > 1.2 * busiest_usual { near } else { 0.0 });
    let memory = scene.of(id, Metric::MemoryUtilisation) - scene.usual(id, Metric::MemoryUtilisation).unwrap_or(1.0);
    clues.set(Clue::Memory, (memory / MEMORY_RISE).clamp(0.0, 3.0));
}

fn failures(scene: &Sight, facts: &ServiceFacts, clues: &mut Clues) {
    let id = facts.service;
    let usually = scene.usual(id, Metric::ErrorRatio).unwrap_or(0.0);
    let all = (scene.of(id, Metric::ErrorRatio) - usually).max(0.0);
    let rate = scene.of(id, Metric::RequestRate).max(SHARE_MIN);
    let below: f64 = scene.out_of(id).map(|e| e.failed * (e.rate / rate).min(1.0)).sum();
    let own = (all - facts.refused - below).max(0.0);
    clues.set(Clue::Errors, squeeze(own, BAD_GAP_SHARE));
    clues.set(Clue::Refused, squeeze(facts.refused, BAD_GAP_SHARE));
    clues.set(Clue::ErrorsBelow, squeeze(all.min(below), BAD_GAP_SHARE));
}

fn latency(scene: &Sight, facts: &ServiceFacts, clues: &mut Clues) {
    let id = facts.service;
    let slower = scene.slower_ms(id);
    let rate = scene.of(id, Metric::RequestRate).max(SHARE_MIN);
    let waited = facts.waited_ms.map_or(0.0, |w| (w - scene.usual.of(Key::Waited(id)).unwrap_or(0.0)).max(0.0));
    let calls: f64 = scene.out_of(id).map(|e| scene.edge_slower_ms(e) * (e.rate / rate).min(1.0)).sum();
    let lost: f64 = scene.out_of(id).map(|e| e.timed_out + e.unconnected).fold(0.0, f64::max);
    let below = if lost > BAD_GAP_SHARE { slower } else { calls.min(slower) };
    clues.set(Clue::SlowBelow, squeeze(below, SLOW_MS));
    clues.set(Clue::Waited, squeeze(waited, SLOW_MS));
    let pools: f64 = scene.out_of(id).map(|e| pools::waits_ms(scene, e) * (e.rate / rate)).sum();
    clues.set(Clue::SlowOwn, squeeze(slower - below - waited.min(slower) - pools.min(slower), SLOW_MS));
}

fn gaps(scene: &Sight, id: ServiceId, clues: &mut Clues) {
    let into: Vec<Gap> = scene.into(id).map(|e| scene.gap(e)).collect();
    let rate = into.iter().map(|g| g.rate).sum::<f64>().max(SHARE_MIN);
    let mean = |of: &dyn Fn(&Gap) -> f64| into.iter().map(|g| of(g) * g.rate).sum::<f64>() / rate;
    clues.set(Clue::GapLatency, squeeze(mean(&|g| g.latency_ms), GAP_MS));
    clues.set(Clue::GapErrors, squeeze(mean(&|g| g.failed), BAD_GAP_SHARE));
    clues.set(Clue::TimedOut, squeeze(mean(&|g| g.timed_out), BAD_GAP_SHARE));
    clues.set(Clue::Unconnected, squeeze(mean(&|g| g.unconnected), BAD_GAP_SHARE));
    let share = |gaps: &[Gap]| gaps.iter().filter(|g| g.is_bad()).count() as f64 / gaps.len().max(1) as f64;
    clues.set(Clue::GapCallers, share(&into));
    let out: Vec<Gap> = scene.out_of(id).map(|e| scene.gap(e)).collect();
    clues.set(Clue::GapCalls, share(&out));
}

fn instances(scene: &Sight, facts: &ServiceFacts, clues: &mut Clues) {
    let id = facts.service;
    let counts = scene.exits.get(&id).copied().unwrap_or_default();
    let kinds = [Clue::OutOfMemory, Clue::Killed, Clue::Crashed, Clue::Unhealthy, Clue::NodeLost];
    for (clue, count) in kinds.into_iter().zip(counts) {
        clues.set(clue, squeeze(count, 1.0));
    }
    let (ready, desired) = (scene.of(id, Metric::ReplicasReady), scene.of(id, Metric::ReplicasDesired));
    if desired > 0.0 {
        clues.set(Clue::Missing, ((desired - ready) / desired).clamp(0.0, 1.0));
        clues.set(Clue::Silent, facts.silent.len() as f64 / desired);
    }
    let uneven = facts.uneven - scene.usual.of(Key::Uneven(id)).unwrap_or(1.0);
    clues.set(Clue::Uneven, uneven.clamp(0.0, 3.0));
    let places = facts.places.len().max(1) as f64;
    clues.set(Clue::Down, facts.places.iter().filter(|(node, _)| !scene.is_up(*node)).count() as f64 / places);
    clues.set(Clue::Foreign, facts.places.iter().map(|(node, _)| scene.foreign(*node)).sum::<f64>() / places);
    let zones: Vec<u8> = facts.places.iter().map(|(_, zone)| *zone).collect();
    let touching = scene.paths.iter().filter(|(p, ..)| zones.contains(&p.zones.0) || zones.contains(&p.zones.1));
    let worst = touching.map(|(_, contrast, _)| *contrast).fold(0.0, f64::max);
    clues.set(Clue::PathBad, worst);
}

fn load(scene: &Sight, facts: &ServiceFacts, clues: &mut Clues) {
    let id = facts.service;
    let growth = scene.growth(id);
    let called = scene.into(id).map(|e| scene.growth(e.from).max(scene.edge_growth(e))).fold(0.0, f64::max);
    let is_entry = scene.wiring.callers(id).is_empty();
    clues.set(Clue::RateUp, growth.max(0.0));
    clues.set(Clue::RateDown, (-growth).max(0.0));
    clues.set(Clue::RateOwn, if is_entry { growth.max(0.0) } else { (growth - called).max(0.0) });
    let lost = facts.hit_ratio.zip(scene.usual.of(Key::Hits(id))).map_or(0.0, |(now, usual)| (usual - now).max(0.0));
    clues.set(Clue::HitDrop, 3.0 * lost);
}

/// How ill a service is by itself, whatever those below it do.
pub(super) fn illness(clues: &Clues) -> f64 {
    let signs = [Clue::CpuExtra, Clue::Errors, Clue::SlowOwn, Clue::Waited, Clue::GapErrors, Clue::GapLatency, Clue::Refused];
    let worst = signs.into_iter().map(|clue| clues.of(clue)).fold(0.0, f64::max);
    worst.max(2.0 * clues.of(Clue::Missing)).max(clues.of(Clue::Silent)).max(2.0 * clues.of(Clue::PoolHeld))
}

fn with_callees(scene: &Sight, id: ServiceId, mut clues: Clues, own: &BTreeMap<ServiceId, Clues>) -> Clues {
    let below = scene.wiring.callees(id).iter().filter_map(|to| own.get(to)).map(illness).fold(0.0, f64::max);
    clues.set(Clue::CalleeIll, below.min(3.0));
    clues
}

fn edge(scene: &Sight, e: &EdgeFacts, own: &BTreeMap<ServiceId, Clues>) -> Clues {
    let mut clues = Clues::default();
    let gap = scene.gap(e);
    clues.set(Clue::GapLatency, squeeze(gap.latency_ms, GAP_MS));
    clues.set(Clue::GapErrors, squeeze(gap.failed, BAD_GAP_SHARE));
    clues.set(Clue::TimedOut, squeeze(gap.timed_out, BAD_GAP_SHARE));
    clues.set(Clue::Unconnected, squeeze(gap.unconnected, BAD_GAP_SHARE));
    let others: Vec<Gap> = scene.into(e.to).filter(|o| o.from != e.from).map(|o| scene.gap(o)).collect();
    let bad = others.iter().filter(|g| g.is_bad()).count() as f64 / others.len().max(1) as f64;
    // Without another caller nobody says that the callee is well: half a vote against.
    clues.set(Clue::Elsewhere, if others.is_empty() { 0.5 } else { bad });
    if let Some(callee) = own.get(&e.to) {
        for clue in [Clue::Missing, Clue::Silent, Clue::Down, Clue::PathBad, Clue::CpuBusiest, Clue::Waited, Clue::Foreign] {
            clues.set(clue, callee.of(clue));
        }
        clues.set(Clue::CalleeIll, callee.of(Clue::SlowOwn).max(callee.of(Clue::Errors)));
    }
    let out: Vec<Gap> = scene.out_of(e.from).filter(|o| o.to != e.to).map(|o| scene.gap(o)).collect();
    clues.set(Clue::GapCalls, out.iter().filter(|g| g.is_bad()).count() as f64 / out.len().max(1) as f64);
    pools::of_edge(scene, e, &mut clues);
    clues
}

fn machines(scene: &Sight, all: &mut Vec<(Place, Clues)>) {
    let nodes = &scene.inventory.nodes;
    let mut zones: Vec<u8> = nodes.iter().map(|n| n.zone).collect();
    zones.sort_unstable();
    zones.dedup();
    let down = |node: u32| f64::from(u8::from(!scene.is_up(node)));
    let of_zone = |zone: u8| (0..nodes.len() as u32).filter(move |n| nodes[*n as usize].zone == zone);
    let share = |of: &dyn Fn(u32) -> f64, among: &[u32]| among.iter().map(|n| of(*n)).sum::<f64>() / among.len().max(1) as f64;
    let foreign = |node: u32| scene.foreign(node);
    for (index, n) in nodes.iter().enumerate() {
        let index = index as u32;
        let others: Vec<u32> = of_zone(n.zone).filter(|o| *o != index).collect();
        let mut clues = Clues::default();
        clues.set(Clue::Down, down(index));
        clues.set(Clue::Foreign, foreign(index));
        clues.set(Clue::Elsewhere, share(&down, &others).max(share(&foreign, &others)));
        all.push((Place::Node(index), clues));
    }
    // A zone of one machine is that machine.
    for zone in zones.into_iter().filter(|zone| of_zone(*zone).count() > 1) {
        let mut clues = Clues::default();
        let least = |of: &dyn Fn(u32) -> f64| of_zone(zone).map(of).fold(1.0, f64::min);
        clues.set(Clue::Down, least(&down));
        clues.set(Clue::Foreign, least(&foreign));
        all.push((Place::Zone(zone), clues));
    }
}
