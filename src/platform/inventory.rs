//! The exporters behind [`Inventory`]: counters over the metric window. Whoever sees the system says what happened; nothing
//! here knows the simulator.

use super::tally::Tally;
use crate::ids::{InstanceId, ServiceId};
use crate::telemetry::{EdgeFacts, Exits, Metric, PathFacts, PoolFacts, ServiceFacts};
use crate::units::SimDuration;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Answers of each other instance that make the silence of one conspicuous.
const ANSWERS_MIN: f64 = 5.0;
/// Zones of a cluster (the bound of [`crate::topology::Node`]).
const ZONES_MAX: usize = 16;
/// Nanoseconds in a millisecond.
const NS_PER_MS: f64 = 1e6;

/// Counted of a service: answered requests, their latency and waiting in ns, refusals, questions to a cache and hits.
#[derive(Clone, Debug, Default)]
struct OfService {
    counts: Tally<6>,
    exits: Exits,
}
const ANSWERED: usize = 0;
const LATENCY: usize = 1;
const WAITED: usize = 2;
const REFUSED: usize = 3;
const ASKED: usize = 4;
const HIT: usize = 5;

/// Counted of an edge or a pair of zones: attempts, failed, timed out, unconnected, answered, their latency in ns.
type OfPath = Tally<6>;
const ENDED: usize = 0;
const FAILED: usize = 1;
const TIMED_OUT: usize = 2;
const UNCONNECTED: usize = 3;
const WITH_ANSWER: usize = 4;
const TOOK: usize = 5;

/// Counted of an edge's pools: attempts that got a connection, that gave up waiting, ns waited, ns used.
const TAKEN: usize = 0;
const GAVE_UP: usize = 1;
const WAITED_FOR: usize = 2;
const USED: usize = 3;

/// The pools of one edge, as their exporters tell them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pools {
    /// Connections that there are, taken, and attempts that wait for one.
    pub size: u32,
    pub in_use: u32,
    pub waiting: u32,
    /// Since the start, in the order of the constants above.
    pub counts: [u64; 4],
}

/// An edge's pools at the last scrape, and what was counted over the window.
#[derive(Clone, Debug, Default)]
struct OfPools {
    last: Pools,
    counts: Tally<4>,
}

/// CPU of one instance at the last scrapes: (core-ns used, core-ns allowed).
type CpuMarks = VecDeque<(f64, f64)>;

/// How an attempt ended, for its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Answered well.
    Well,
    /// Answered with an error.
    Badly,
    /// Not answered in time.
    TimedOut,
    /// Turned away, or not sent.
    Refused,
    /// No connection could be made.
    Unconnected,
}

/// One instance, as cluster exporters tell it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instance {
    pub id: InstanceId,
    pub place: Option<(u32, u8)>,
    pub is_ready: bool,
    pub cpu_busy_core_ns: f64,
    pub cpu_limit_cores: f64,
}

/// All counters.
#[derive(Clone, Debug, Default)]
pub(super) struct Census {
    services: Vec<OfService>,
    /// Answers by instance, in order of their numbers, which only rise; those that are gone are forgotten.
    instances: Vec<(InstanceId, Tally<1>)>,
    /// By the world's edge number.
    edges: Vec<Option<(ServiceId, ServiceId, OfPath)>>,
    /// By the zones' numbers.
    paths: Vec<OfPath>,
    cpu: BTreeMap<InstanceId, CpuMarks>,
    /// By the world's edge number, for edges with pools.
    pools: BTreeMap<u32, OfPools>,
}

impl Census {
    fn service(&mut self, id: ServiceId) -> &mut OfService {
        if self.services.len() <= id.index() {
            self.services.resize_with(id.index() + 1, OfService::default);
        }
        &mut self.services[id.index()]
    }

    fn edge(&mut self, number: u32, from: ServiceId, to: ServiceId) -> &mut OfPath {
        let at = number as usize;
        if self.edges.len() <= at {
            self.edges.resize_with(at + 1, || None);
        }
        &mut self.edges[at].get_or_insert_with(|| (from, to, OfPath::default())).2
    }

    /// An instance answered.
    pub fn served(&mut self, service: ServiceId, instance: InstanceId, latency: SimDuration, waited: SimDuration) {
        let counts = &mut self.service(service).counts;
        counts.add(ANSWERED, 1);
        counts.add(LATENCY, latency.as_nanos());
        counts.add(WAITED, waited.as_nanos());
        let at = self.place(instance).unwrap_or_else(|at| {
            self.instances.insert(at, (instance, Tally::default()));
            at
        });
        self.instances[at].1.add(0, 1);
    }
    /// Where an instance's answers are counted, or would be.
    fn place(&self, instance: InstanceId) -> Result<usize, usize> {
        self.instances.binary_search_by_key(&instance, |(id, _)| *id)
    }
    /// A service turned a request away.
    pub fn refused(&mut self, service: ServiceId) {
        self.service(service).counts.add(REFUSED, 1);
    }
    /// An attempt on edge number `edge` ended, between these zones.
    pub fn attempted(
        &mut self,
        (edge, from, to): (u32, ServiceId, ServiceId),
        ending: Ending,
        took: SimDuration,
        zones: (u8, u8),
    ) {
        attempt(self.edge(edge, from, to), ending, took);
        let pair = (usize::from(zones.0.min(zones.1)), usize::from(zones.0.max(zones.1)));
        if pair.1 < ZONES_MAX {
            if self.paths.is_empty() {
                self.paths.resize_with(ZONES_MAX * ZONES_MAX, OfPath::default);
            }
            attempt(&mut self.paths[pair.0 * ZONES_MAX + pair.1], ending, took);
        }
    }
    /// A cache was asked.
    pub fn asked(&mut self, cache: ServiceId, hit: bool) {
        let counts = &mut self.service(cache).counts;
        counts.add(ASKED, 1);
        counts.add(HIT, u64::from(hit));
    }
    /// Why processes of a service ended so far.
    pub fn exits(&mut self, service: ServiceId) -> &mut Exits {
        &mut self.service(service).exits
    }

    /// What the pools of edge number `edge` tell at this scrape.
    pub fn pools(&mut self, edge: u32, told: Pools) {
        let pools = self.pools.entry(edge).or_default();
        for (counter, (now, before)) in told.counts.iter().zip(pools.last.counts).enumerate() {
            pools.counts.add(counter, now.saturating_sub(before));
        }
        pools.last = told;
    }

    /// Ends a scrape: windows move on.
    pub fn roll(&mut self) {
        self.pools.values_mut().for_each(|pools| pools.counts.roll());
        self.services.iter_mut().for_each(|s| s.counts.roll());
        self.instances.iter_mut().for_each(|(_, answers)| answers.roll());
        self.edges.iter_mut().flatten().for_each(|(_, _, counts)| counts.roll());
        self.paths.iter_mut().for_each(Tally::roll);
    }
    /// The edges among `drawn`.
    pub fn edges(&self, drawn: &BTreeSet<(ServiceId, ServiceId)>) -> Vec<EdgeFacts> {
        let called = self.edges.iter().enumerate().filter_map(|(number, edge)| Some((number as u32, edge.as_ref()?)));
        let drawn = called.filter(|(_, (from, to, _))| drawn.contains(&(*from, *to)));
        let facts = |(number, (from, to, counts)): (u32, &(ServiceId, ServiceId, OfPath))| EdgeFacts {
            pool: self.pools.get(&number).map(pool),
            ..edge(*from, *to, counts)
        };
        drawn.map(facts).collect()
    }
    /// The ways between zones that carry anything.
    pub fn paths(&self) -> Vec<PathFacts> {
        let zones = |at: usize| ((at / ZONES_MAX) as u8, (at % ZONES_MAX) as u8);
        let used = self.paths.iter().enumerate().filter(|(_, counts)| counts.sum(ENDED) > 0);
        used.map(|(at, counts)| path(zones(at), counts)).collect()
    }
    /// What is told of a service with these revisions and instances, `elapsed_ns` after the scrape before.
    pub fn facts(&mut self, id: ServiceId, revisions: (u32, u32), instances: &[Instance], elapsed_ns: f64) -> ServiceFacts {
        let (generation, configured) = revisions;
        let mut facts = ServiceFacts { service: id, generation, configured, uneven: 1.0, ..ServiceFacts::default() };
        let mut answers = Vec::new();
        for instance in instances {
            facts.places.extend(instance.place);
            let marks = self.cpu.entry(instance.id).or_default();
            let allowed = marks.back().map_or(0.0, |m| m.1) + instance.cpu_limit_cores * elapsed_ns;
            if marks.back().is_some_and(|m| m.0 > instance.cpu_busy_core_ns) {
                marks.clear();
            }
            marks.push_back((instance.cpu_busy_core_ns, allowed));
            if marks.len() > Metric::WINDOW_S as usize + 1 {
                marks.pop_front();
            }
            if let (Some(first), Some(last)) = (marks.front(), marks.back())
                && last.1 > first.1
            {
                facts.cpu_busiest = facts.cpu_busiest.max((last.0 - first.0) / (last.1 - first.1));
            }
            if instance.is_ready {
                answers.push((instance.id, self.place(instance.id).map_or(0, |at| self.instances[at].1.sum(0)) as f64));
            }
        }
        let all: f64 = answers.iter().map(|(_, count)| count).sum();
        if answers.len() > 1 && all > 0.0 {
            let most = answers.iter().map(|(_, count)| *count).fold(0.0, f64::max);
            facts.uneven = most * answers.len() as f64 / all;
            let speaking = answers.iter().filter(|(_, count)| *count > 0.0).count() as f64;
            if all / speaking >= ANSWERS_MIN {
                facts.silent.extend(answers.iter().filter(|(_, count)| *count == 0.0).map(|(id, _)| *id));
            }
        }
        let of = self.service(id);
        let (counts, share) = (&of.counts, |part: u64, all: u64| if all == 0 { 0.0 } else { part as f64 / all as f64 });
        let answered = counts.sum(ANSWERED);
        let mean_ms = |at: usize| (answered > 0).then(|| counts.sum(at) as f64 / answered as f64 / NS_PER_MS);
        (facts.latency_ms, facts.waited_ms) = (mean_ms(LATENCY), mean_ms(WAITED));
        facts.refused = share(counts.sum(REFUSED), answered + counts.sum(REFUSED));
        facts.hit_ratio = (counts.sum(ASKED) > 0).then(|| share(counts.sum(HIT), counts.sum(ASKED)));
        facts.exits = of.exits;
        facts
    }
    /// Forgets instances that are not `there`.
    pub fn retain(&mut self, there: &BTreeSet<InstanceId>) {
        self.cpu.retain(|id, _| there.contains(id));
        self.instances.retain(|(id, _)| there.contains(id));
    }
}

fn attempt(counts: &mut OfPath, ending: Ending, took: SimDuration) {
    counts.add(ENDED, 1);
    counts.add(FAILED, u64::from(ending != Ending::Well));
    counts.add(TIMED_OUT, u64::from(ending == Ending::TimedOut));
    counts.add(UNCONNECTED, u64::from(ending == Ending::Unconnected));
    if matches!(ending, Ending::Well | Ending::Badly) {
        counts.add(WITH_ANSWER, 1);
        counts.add(TOOK, took.as_nanos());
    }
}

fn share_of(counts: &OfPath, part: usize) -> f64 {
    if counts.sum(ENDED) == 0 { 0.0 } else { counts.sum(part) as f64 / counts.sum(ENDED) as f64 }
}

fn took_ms(counts: &OfPath) -> Option<f64> {
    let answered = counts.sum(WITH_ANSWER);
    (answered > 0).then(|| counts.sum(TOOK) as f64 / answered as f64 / NS_PER_MS)
}

fn edge(from: ServiceId, to: ServiceId, counts: &OfPath) -> EdgeFacts {
    EdgeFacts {
        from,
        to,
        rate: counts.sum(ENDED) as f64 / counts.span().max(1) as f64,
        latency_ms: took_ms(counts),
        failed: share_of(counts, FAILED),
        timed_out: share_of(counts, TIMED_OUT),
        unconnected: share_of(counts, UNCONNECTED),
        pool: None,
    }
}

fn pool(pools: &OfPools) -> PoolFacts {
    let (now, counts) = (&pools.last, &pools.counts);
    let (size, asked) = (f64::from(now.size), (counts.sum(TAKEN) + counts.sum(GAVE_UP)).max(1) as f64);
    let window_ns = counts.span().max(1) as f64 * NS_PER_MS * 1e3;
    PoolFacts {
        in_use: if now.size == 0 { 1.0 } else { f64::from(now.in_use) / size },
        busy: if now.size == 0 { 0.0 } else { counts.sum(USED) as f64 / window_ns / size },
        waiting: f64::from(now.waiting),
        gave_up: counts.sum(GAVE_UP) as f64 / asked,
        wait_ms: counts.sum(WAITED_FOR) as f64 / asked / NS_PER_MS,
    }
}

fn path(zones: (u8, u8), counts: &OfPath) -> PathFacts {
    PathFacts {
        zones,
        rate: counts.sum(ENDED) as f64 / counts.span().max(1) as f64,
        timed_out: share_of(counts, TIMED_OUT),
        latency_ms: took_ms(counts),
    }
}
