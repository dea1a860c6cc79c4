//! Where patterns are measured: their scenario files read, changed for a variant, played and recorded.

use super::play::play;
use super::record::Record;
use super::{Pattern, UNTIL_MAX};
use crate::scenario::Scenario;
use crate::scenario::file::{self, Loaded};
use crate::sim::fault::FaultKind;
use crate::topology::{Call, Service};
use crate::units::{SimDuration, SimTime};

/// A parameter and by what it is multiplied.
type Scaling = (fn(&mut Scenario, f64), f64);

/// One measurement of a pattern.
pub(super) struct Lab {
    seed: u64,
    /// The preset's first, then the others. A file with a problem is an empty scenario, which fits no signature.
    files: Vec<Loaded>,
}

impl Lab {
    /// The pattern's files, one parameter scaled if asked for.
    pub fn new(pattern: &Pattern, seed: u64, scaling: Option<Scaling>) -> Self {
        let texts = std::iter::once(pattern.scenario_text()).chain(pattern.more.iter().copied());
        let mut files: Vec<Loaded> = texts.filter_map(|text| file::read(text).ok()).collect();
        if let Some((scale, factor)) = scaling {
            files.iter_mut().for_each(|loaded| scale(&mut loaded.scenario, factor));
        }
        Self { seed, files }
    }
    /// The same files with another seed: for what hangs by a hair, where one run says little.
    pub fn again(&self, repetition: u64) -> Self {
        /// Any large odd number: no two repetitions of neighbouring seeds are the same.
        const STRIDE: u64 = 7_919;
        Self { seed: self.seed.wrapping_add(repetition * STRIDE), files: self.files.clone() }
    }
    /// The median of what `REPETITIONS` seeds give.
    pub fn median(&self, measure: impl Fn(&Self) -> f64) -> f64 {
        /// Odd, and enough that a one-in-ten accident does not count (less than one in a hundred).
        const REPETITIONS: u64 = 5;
        let mut found: Vec<f64> = (0..REPETITIONS).map(|n| measure(&self.again(n))).collect();
        found.sort_by(f64::total_cmp);
        found[found.len() / 2]
    }
    /// Plays the preset as it is.
    pub fn preset(&self) -> Record {
        self.play(0, None, |_| {})
    }
    /// Plays a changed preset.
    pub fn variant(&self, change: impl FnOnce(&mut Scenario)) -> Record {
        self.play(0, None, change)
    }
    /// Plays a changed file (0 is the preset), up to `until_s` or else as long as the file says.
    pub fn play(&self, number: usize, until_s: Option<u64>, change: impl FnOnce(&mut Scenario)) -> Record {
        let Some(loaded) = self.files.get(number) else { return Record::default() };
        let mut scenario = loaded.scenario.clone();
        change(&mut scenario);
        let end = until_s.map_or(loaded.run.until.unwrap_or(SimTime::from_secs(120)), SimTime::from_secs);
        play(&scenario, self.seed, end.min(UNTIL_MAX))
    }
}

/// Changes a service; one that is not there is left alone.
pub(super) fn service(scenario: &mut Scenario, name: &str, change: impl FnOnce(&mut Service)) {
    if let Some(id) = scenario.topology.by_name(name)
        && let Some(service) = scenario.topology.get_mut(id)
    {
        change(service);
    }
}

/// Changes all calls between two services.
pub(super) fn calls(scenario: &mut Scenario, from: &str, to: &str, change: impl Fn(&mut Call)) {
    let Some(to) = scenario.topology.by_name(to) else { return };
    service(scenario, from, |s| s.calls_mut().filter(|c| c.to == to).for_each(change));
}

/// Changes all calls of all services.
pub(super) fn all_calls(scenario: &mut Scenario, change: impl Fn(&mut Call)) {
    let ids: Vec<_> = scenario.topology.services().map(|(id, _)| id).collect();
    for id in ids {
        if let Some(service) = scenario.topology.get_mut(id) {
            service.calls_mut().for_each(&change);
        }
    }
}

/// Changes the magnitude of all planned faults of a kind.
pub(super) fn magnitude(scenario: &mut Scenario, kind: FaultKind, change: impl Fn(f64) -> f64) {
    for fault in scenario.faults.iter_mut().filter(|f| f.spec.kind == kind) {
        fault.spec.magnitude = change(fault.spec.magnitude);
    }
}

/// Changes how long all planned faults of a kind last.
pub(super) fn lasting(scenario: &mut Scenario, kind: FaultKind, seconds: f64) {
    for fault in scenario.faults.iter_mut().filter(|f| f.spec.kind == kind) {
        fault.spec.duration = Some(SimDuration::from_secs_f64(seconds));
    }
}

/// A time multiplied.
pub(super) fn times(time: SimDuration, factor: f64) -> SimDuration {
    SimDuration::from_secs_f64(time.as_secs_f64() * factor)
}

/// A count multiplied, at least 1.
pub(super) fn count(count: u32, factor: f64) -> u32 {
    ((f64::from(count) * factor).round() as u32).max(1)
}
