//! The system as it is at one moment of the plan: edits are resolved against it, faults and actions are checked with it.
//!
//! Work is bounded: ten thousand edits of services with hundreds of calls each would be gigabytes, and looking for cycles
//! after each of them minutes. So copies and scans are counted, and a plan that needs too many is refused.

use super::names::Names;
use super::problems::{Code, Wrong};
use super::service::REPLICAS_MAX;
use crate::ids::ServiceId;
use crate::topology::{Service, Step, Topology, TopologyEdit};

/// Most pods of all services together at the start or after an edit.
pub const PODS_MAX: u64 = 50_000;
/// Most users' requests a second of all entries together, planned changes and swings included.
pub const LOAD_MAX: f64 = 1_000_000.0;
/// Most calls, steps, endpoints and rate changes that all edits together may copy (some hundred bytes each).
const COPIES_MAX: usize = 1_000_000;
/// Most services and calls that may be looked at for all edits together.
const SCANS_MAX: usize = 20_000_000;

/// A topology that changes, with its sums.
pub(super) struct System {
    /// The services.
    pub topology: Topology,
    sums: Vec<Sums>,
    pods: u64,
    load: f64,
    calls: usize,
    copies_left: usize,
    scans_left: usize,
}

/// What one service adds.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    pods: u64,
    load: f64,
    calls: usize,
}

impl Sums {
    fn of(service: &Service) -> Self {
        let changes = service.workload.changes.iter().map(|c| c.factor).fold(1.0, f64::max);
        let load = service.entry_rate.0 * changes * (1.0 + service.workload.swing);
        Self { pods: u64::from(service.replicas), load, calls: service.calls().count() }
    }
}

impl System {
    /// The system at the start.
    pub fn new(topology: Topology) -> Self {
        let ids: Vec<ServiceId> = topology.services().map(|(id, _)| id).collect();
        let (sums, copies_left, scans_left) = (Vec::new(), COPIES_MAX, SCANS_MAX);
        let mut system = Self { topology, sums, pods: 0, load: 0.0, calls: 0, copies_left, scans_left };
        ids.into_iter().for_each(|id| system.sum(id));
        system
    }
    /// Users' requests a second in all, at their highest.
    pub const fn load(&self) -> f64 {
        self.load
    }
    /// Whether it is within its limits.
    ///
    /// # Errors
    /// The limit that is passed.
    pub fn check(&self) -> Result<(), Wrong> {
        if self.pods > PODS_MAX {
            let message = format!("{} pods in all are more than {PODS_MAX}", self.pods);
            return Err(Wrong::new(
                Code::TooMany,
                message,
                format!("take replicas away; one service has at most {REPLICAS_MAX}"),
            ));
        }
        check_load(self.load)
    }
    /// A copy of a service for changing.
    ///
    /// # Errors
    /// All edits together copy too much.
    pub fn copy(&mut self, service: &Service) -> Result<Service, Wrong> {
        self.copies_left = self.copies_left.checked_sub(weight(service)).ok_or_else(too_much)?;
        Ok(service.clone())
    }
    /// Makes a change.
    ///
    /// # Errors
    /// Why it cannot be made; then nothing has changed.
    pub fn apply(&mut self, edit: &TopologyEdit, names: &mut Names) -> Result<(), Wrong> {
        if let TopologyEdit::Configure(id, service) = edit
            && self.topology.get(*id).is_some_and(|old| old.name == service.name && old.calls().eq(service.calls()))
            && let Some(slot) = self.topology.get_mut(*id)
        {
            slot.clone_from(service);
            self.took_over(&[*id], names);
            return self.check();
        }
        let scans = self.topology.slots() + self.calls + 1;
        self.scans_left = self.scans_left.checked_sub(scans).ok_or_else(too_much)?;
        let undo = self.topology.apply(edit).map_err(|e| refused(&e.to_string()))?;
        let touched: Vec<ServiceId> = match &undo {
            TopologyEdit::Restore(before) => before.iter().map(|(id, _)| *id).collect(),
            _ => Vec::new(),
        };
        self.took_over(&touched, names);
        self.check()
    }

    fn took_over(&mut self, touched: &[ServiceId], names: &mut Names) {
        for id in touched {
            self.sum(*id);
            names.set_service(*id, self.topology.get(*id));
        }
    }

    fn sum(&mut self, id: ServiceId) {
        if self.sums.len() <= id.index() {
            self.sums.resize(id.index() + 1, Sums::default());
        }
        let new = self.topology.get(id).map(Sums::of).unwrap_or_default();
        let old = std::mem::replace(&mut self.sums[id.index()], new);
        self.pods = self.pods + new.pods - old.pods;
        self.calls = self.calls + new.calls - old.calls;
        self.load = self.load + new.load - old.load;
    }
}

/// How much a copy of a service takes.
fn weight(service: &Service) -> usize {
    let steps: usize = service.endpoints.iter().map(|e| 1 + e.steps.len()).sum();
    let calls: usize = service.calls().count() + service.endpoints.iter().flat_map(|e| &e.steps).filter(|s| is_lookup(s)).count();
    1 + service.stages.len() + calls + steps + service.workload.changes.len()
}

fn is_lookup(step: &Step) -> bool {
    matches!(step, Step::Cached(_))
}

/// Whether so many users' requests a second are within the limit.
///
/// # Errors
/// The limit.
pub(super) fn check_load(load: f64) -> Result<(), Wrong> {
    if load <= LOAD_MAX {
        return Ok(());
    }
    let message = format!("{load:.0} users' requests a second in all are more than {LOAD_MAX}");
    Err(Wrong::new(Code::TooMany, message, "lower rates, their changes and swings, or traffic spikes"))
}

fn too_much() -> Wrong {
    Wrong::new(Code::TooMany, "the edits of so large a system are too many", "plan fewer edits, or edits of smaller services")
}

/// A refused edit; the reason has a code of its own, which is not repeated.
fn refused(reason: &str) -> Wrong {
    let reason = reason.split_once(' ').filter(|(code, _)| code.starts_with('E')).map_or(reason, |(_, rest)| rest);
    Wrong::new(Code::RefusedEdit, reason, "look at the system as it is at that time, earlier edits included")
}
