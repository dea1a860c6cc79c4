//! Suspects: who or what is to blame for the open incident, from everything that exporters tell.
//!
//! While an incident is open, each scrape is turned into evidence for and against every place where the cause can be: a
//! service, a call edge, a machine, a zone, the way between two zones (`evidence`, against what is usual, `usual`). The
//! evidence is averaged over some scrapes, weighed for each kind of failure that the place can have (`weights`), and the
//! hypotheses' probabilities add up to one. Every suspect carries its contributions, so that the ranking can be read.
//!
//! Bounds: constant time and memory a number told; work while an incident is open is linear in services, edges, machines.

pub mod clue;
mod evidence;
mod notes;
mod place;
pub(super) mod pools;
mod usual;
pub mod weights;

pub use clue::{Clue, Clues};
pub(super) use notes::Notes;
pub use place::Place;

use super::collect::Collector;
use super::failure::FailureClass;
use super::wiring::Wiring;
use crate::ids::{IncidentId, ServiceId};
use crate::math;
use crate::telemetry::{Exits, Inventory, Metric, Subject};
use crate::units::{Ratio, SimDuration, SimTime};
use evidence::Scene;
use std::collections::BTreeMap;
use usual::{Key, Usual};

/// Share of a new scrape in the averaged evidence: the last ten count for most.
const WEIGHT: f64 = 1.0 / 8.0;
/// Share of an ended process that still counts after another second: half of it after 20 s.
const EXITS_KEPT: f64 = 0.966;
/// A change after the incident was noticed by this long is the healing, not the cause.
const CHANGE_LATE: SimDuration = SimDuration::from_secs(3);
/// Probability from which on the first suspect is believed: the probabilities are calibrated, so it is right more often than
/// not, and the rules of thumb that it overrules are right less often.
const BELIEVED: f64 = 0.6;
/// What must speak for it beside what was held before looking, in log-odds.
const EVIDENCE_MIN: f64 = 1.0;
/// Scrapes in a row that it must lead: windows fill one after the other.
const STANDS: u32 = 2;
/// Suspects told at most.
pub const SUSPECTS_MAX: usize = 5;
/// Contributions told of each.
const REASONS_MAX: usize = 6;

/// A kind of failure at a kind of place: one line of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    /// A service's processor.
    Cpu,
    /// A service's memory.
    Memory,
    /// A service slow by itself: a disk if it keeps data, an outside interface if not.
    Slow,
    /// A service's program.
    Application,
    /// A service's version or configuration.
    Change,
    /// The network at a service.
    NetworkHost,
    /// More work than it has room for.
    Overload,
    /// One call edge.
    NetworkEdge,
    /// A machine that is gone.
    Node,
    /// Another tenant of a machine.
    NoisyNode,
    /// A zone that is gone.
    Zone,
    /// Another tenant in all of a zone.
    NoisyZone,
    /// The way between two zones.
    NetworkZones,
    /// A service's connections to those whom it calls.
    Pool,
}

impl Row {
    /// Number of rows.
    pub const COUNT: usize = 14;
    /// All rows, in the table's order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Cpu,
        Self::Memory,
        Self::Slow,
        Self::Application,
        Self::Change,
        Self::NetworkHost,
        Self::Overload,
        Self::NetworkEdge,
        Self::Node,
        Self::NoisyNode,
        Self::Zone,
        Self::NoisyZone,
        Self::NetworkZones,
        Self::Pool,
    ];

    /// The class of failure that it means, at a place that does or does not keep data.
    pub const fn class(self, keeps_data: bool) -> FailureClass {
        match self {
            Self::Cpu => FailureClass::ResourceCpu,
            Self::Memory => FailureClass::ResourceMemory,
            Self::Slow if keeps_data => FailureClass::ResourceDisk,
            Self::Slow => FailureClass::Dependency,
            Self::Application => FailureClass::Application,
            Self::Change => FailureClass::Change,
            Self::NetworkHost | Self::NetworkEdge | Self::NetworkZones => FailureClass::Network,
            Self::Overload => FailureClass::Overload,
            Self::Pool => FailureClass::ResourcePool,
            Self::Node => FailureClass::Node,
            Self::Zone => FailureClass::Zone,
            Self::NoisyNode | Self::NoisyZone => FailureClass::NoisyNeighbour,
        }
    }
}

/// One reason for or against a suspect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reason {
    /// The kind of evidence.
    pub clue: Clue,
    /// How strong it is.
    pub strength: f64,
    /// What it adds to the log-odds.
    pub weight: f64,
}

/// A place that may be to blame.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspect {
    /// Where.
    pub place: Place,
    /// Its likeliest kind of failure.
    pub class: FailureClass,
    /// Probability that the cause is there.
    pub probability: Ratio,
    /// What speaks for and against it, the weightiest first.
    pub reasons: Vec<Reason>,
}

/// What is held to be the matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranking {
    /// The likeliest places, best first; at most [`SUSPECTS_MAX`].
    pub suspects: Vec<Suspect>,
    /// The likeliest class over all places, and its probability.
    pub class: Option<(FailureClass, Ratio)>,
    /// Scrapes in a row that the first place has been likely enough to act on.
    pub stood: u32,
}

impl Ranking {
    /// The first suspect, if it is likely enough to be acted on and has been for some scrapes.
    pub fn believed(&self) -> Option<&Suspect> {
        self.suspects.first().filter(|_| self.stood >= STANDS)
    }
}

impl Suspect {
    fn is_likely(&self) -> bool {
        let seen = self.reasons.iter().filter(|r| !matches!(r.clue, Clue::Prior | Clue::First)).map(|r| r.weight).sum::<f64>();
        self.probability.get() >= BELIEVED && seen >= EVIDENCE_MIN
    }
}

/// Versions and configurations seen, and when they last changed.
#[derive(Clone, Copy, Debug, Default)]
struct Changes {
    told: Option<(u32, u32)>,
    version: Option<SimTime>,
    configuration: Option<SimTime>,
}

/// An incident looked into.
#[derive(Clone, Debug)]
struct Inquiry {
    id: IncidentId,
    averaged: BTreeMap<Place, Clues>,
    /// How ill each place was in the first scrape.
    first: BTreeMap<Place, f64>,
}

/// Watches what exporters tell and ranks suspects while an incident is open.
#[derive(Clone, Debug, Default)]
pub(super) struct Suspects {
    usual: Usual,
    changes: BTreeMap<ServiceId, Changes>,
    exits: BTreeMap<ServiceId, (Exits, [f64; 5])>,
    inquiry: Option<Inquiry>,
    ranking: Ranking,
}

impl Suspects {
    /// Looks at one scrape; notes are asked for while an incident is open. `incident` is the open one, since when it is; nothing
    /// is learned as usual meanwhile. Changes that are the healer's own (`is_healing`) explain nothing.
    pub fn look(
        &mut self,
        now: SimTime,
        (collector, wiring): (&Collector, &Wiring),
        (inventory, notes): (&Inventory, &Notes),
        incident: Option<(IncidentId, SimTime)>,
        is_healing: impl Fn(ServiceId) -> bool,
    ) {
        self.note_changes(now, inventory, incident, is_healing);
        self.note_exits(inventory);
        if incident.is_none() {
            self.inquiry = None;
            self.ranking = Ranking::default();
        }
        let levels = levels(collector, wiring);
        self.usual.learn(inventory, levels.into_iter(), incident.is_none());
        let Some((id, began)) = incident else { return };
        let places = self.gather((collector, wiring), (inventory, notes), began);
        let inquiry = match self.inquiry.take().filter(|i| i.id == id) {
            Some(inquiry) => inquiry.extended(places),
            None => Inquiry::begun(id, places),
        };
        let ranking = rank(&inquiry.averaged, wiring);
        let led = self.ranking.suspects.first().map(|s| s.place);
        let first = ranking.suspects.first().filter(|s| s.is_likely());
        let stood = first.map_or(0, |s| if led == Some(s.place) { self.ranking.stood.saturating_add(1) } else { 1 });
        self.ranking = Ranking { stood, ..ranking };
        self.inquiry = Some(inquiry);
    }
    /// What is held to be the matter now; empty while no incident is open.
    pub const fn ranking(&self) -> &Ranking {
        &self.ranking
    }
    /// The evidence that the ranking comes from.
    pub fn evidence(&self) -> impl Iterator<Item = (Place, &Clues)> {
        self.inquiry.iter().flat_map(|i| i.averaged.iter().map(|(place, clues)| (*place, clues)))
    }
    /// Forgets who is no longer declared.
    pub fn retain(&mut self, wiring: &Wiring) {
        let is_there = |id: ServiceId| wiring.get(id).is_some();
        self.usual.retain(is_there);
        self.changes.retain(|id, _| is_there(*id));
        self.exits.retain(|id, _| is_there(*id));
        self.inquiry = None;
        self.ranking = Ranking::default();
    }

    fn note_changes(
        &mut self,
        now: SimTime,
        inventory: &Inventory,
        incident: Option<(IncidentId, SimTime)>,
        is_healing: impl Fn(ServiceId) -> bool,
    ) {
        let is_late = incident.is_some_and(|(_, began)| now > began + CHANGE_LATE);
        for s in &inventory.services {
            let known = self.changes.entry(s.service).or_default();
            if let Some((generation, configured)) = known.told.filter(|_| !is_late && !is_healing(s.service)) {
                known.version = if s.generation > generation { Some(now) } else { known.version };
                known.configuration = if s.configured > configured { Some(now) } else { known.configuration };
            }
            known.told = Some((s.generation, s.configured));
        }
    }
    fn note_exits(&mut self, inventory: &Inventory) {
        for s in &inventory.services {
            let (told, counts) = self.exits.entry(s.service).or_insert((s.exits, [0.0; 5]));
            for ((count, new), old) in counts.iter_mut().zip(listed(s.exits)).zip(listed(*told)) {
                *count = *count * EXITS_KEPT + f64::from(new.saturating_sub(old));
            }
            *told = s.exits;
        }
    }
    fn gather(
        &self,
        (collector, wiring): (&Collector, &Wiring),
        (inventory, notes): (&Inventory, &Notes),
        began: SimTime,
    ) -> Vec<(Place, Clues)> {
        let ago = |at: Option<SimTime>| at.map(|at| began.since(at).as_secs_f64());
        let changes = self.changes.iter().map(|(id, c)| (*id, (ago(c.version), ago(c.configuration)))).collect();
        let exits = self.exits.iter().map(|(id, (_, counts))| (*id, *counts)).collect();
        evidence::gather(&Scene { collector, wiring, inventory, usual: &self.usual, changes: &changes, exits: &exits, notes })
    }
}

const fn listed(exits: Exits) -> [u32; 5] {
    [exits.out_of_memory, exits.killed, exits.crashed, exits.unhealthy, exits.node_lost]
}

/// Metrics of services whose usual levels evidence needs.
fn levels(collector: &Collector, wiring: &Wiring) -> Vec<(Key, f64)> {
    let metrics = [Metric::CpuUtilisation, Metric::MemoryUtilisation, Metric::ErrorRatio, Metric::RequestRate];
    let of = |id: ServiceId| {
        metrics.into_iter().filter_map(move |m| Some((Key::Level(id, m), collector.latest(Subject::Service(id), m)?)))
    };
    wiring.ids().flat_map(of).collect()
}

impl Inquiry {
    fn begun(id: IncidentId, places: Vec<(Place, Clues)>) -> Self {
        let first: BTreeMap<Place, f64> =
            places.iter().map(|(place, clues)| (*place, evidence::illness(clues).min(1.0))).collect();
        Self { id, averaged: BTreeMap::new(), first }.extended(places)
    }
    fn extended(mut self, places: Vec<(Place, Clues)>) -> Self {
        let mut averaged = BTreeMap::new();
        for (place, mut now) in places {
            now.set(Clue::First, self.first.get(&place).copied().unwrap_or(0.0));
            if let Some(before) = self.averaged.get(&place) {
                for (value, before) in now.0.iter_mut().zip(before.0) {
                    *value = before + (*value - before) * WEIGHT;
                }
            }
            averaged.insert(place, now);
        }
        self.averaged = averaged;
        self
    }
}

/// How strong a kind of evidence is for a row. To have been conspicuous first counts as far as the row has evidence of its
/// own: a service that was slow first did not crash first.
pub fn strength(row: Row, clue: Clue, clues: &Clues) -> f64 {
    if clue != Clue::First {
        return clues.of(clue);
    }
    let speaks = |(clue, weight): &&(Clue, f64)| *weight > 0.0 && !matches!(clue, Clue::First | Clue::Prior);
    let own = weights::TABLE[row as usize].iter().filter(speaks).map(|(clue, _)| clues.of(*clue)).fold(0.0, f64::max);
    clues.of(clue) * own.min(1.0)
}

/// The log-odds of a row for this evidence.
pub fn score(row: Row, clues: &Clues) -> f64 {
    weights::TABLE[row as usize].iter().map(|(clue, weight)| weight * strength(row, *clue, clues)).sum()
}

fn rank(evidence: &BTreeMap<Place, Clues>, wiring: &Wiring) -> Ranking {
    let mut hypotheses = Vec::new();
    for (place, clues) in evidence {
        let is_healable = place.service().is_none_or(|id| wiring.is_healable(id));
        hypotheses.extend(weights::rows(*place, is_healable).iter().map(|row| (*place, *row, clues, score(*row, clues))));
    }
    let top = hypotheses.iter().map(|h| h.3).fold(f64::NEG_INFINITY, f64::max);
    let all: f64 = hypotheses.iter().map(|h| math::exp(h.3 - top)).sum();
    let mut by_place: BTreeMap<Place, (f64, usize)> = BTreeMap::new();
    let mut by_class: BTreeMap<FailureClass, f64> = BTreeMap::new();
    for (at, (place, row, clues, score)) in hypotheses.iter().enumerate() {
        let p = math::exp(score - top) / all;
        let entry = by_place.entry(*place).or_insert((0.0, at));
        entry.0 += p;
        entry.1 = if hypotheses[entry.1].3 < *score { at } else { entry.1 };
        *by_class.entry(row.class(clues.of(Clue::Keeps) > 0.5)).or_insert(0.0) += p;
    }
    let mut places: Vec<(Place, (f64, usize))> = by_place.into_iter().collect();
    places.sort_by(|a, b| b.1.0.total_cmp(&a.1.0));
    let suspect = |(place, (p, at)): (Place, (f64, usize))| {
        let (_, row, clues, _) = hypotheses[at];
        Suspect {
            place,
            class: row.class(clues.of(Clue::Keeps) > 0.5),
            probability: Ratio::saturating(p),
            reasons: reasons(row, clues),
        }
    };
    let class = by_class.into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
    Ranking {
        suspects: places.into_iter().take(SUSPECTS_MAX).map(suspect).collect(),
        class: class.map(|(class, p)| (class, Ratio::saturating(p))),
        stood: 0,
    }
}

fn reasons(row: Row, clues: &Clues) -> Vec<Reason> {
    let of = |(clue, weight): &(Clue, f64)| {
        let strength = strength(row, *clue, clues);
        Reason { clue: *clue, strength, weight: weight * strength }
    };
    let mut reasons: Vec<Reason> = weights::TABLE[row as usize].iter().map(of).filter(|r| r.weight != 0.0).collect();
    reasons.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    reasons.truncate(REASONS_MAX);
    reasons
}
