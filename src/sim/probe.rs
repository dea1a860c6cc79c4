//! The kubelet's probes. They go through the instance's own queue and CPU like any request, so an overloaded instance
//! fails them, and a hung one does not answer.
//!
//! Each instance has its own phase, drawn from its number. A probe begins every period; its answer counts until the
//! time-out. Liveness probes begin when the process has started (as if a start-up probe protected it until then).

use super::World;
use super::calendar::Happening;
use super::event::Exit;
use super::instance::Life;
use crate::ids::ServiceId;
use crate::rng;
use crate::topology::{CallMode, Probe};
use crate::units::SimDuration;

/// One probe of one instance.
#[derive(Clone, Copy, Debug, Default)]
struct Watch {
    /// The event that sends the next one, and the one that gives up the present one; 0 if none is armed.
    due: u64,
    overdue: u64,
    failures: u32,
    successes: u32,
}

/// The probes of one instance.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ProbeState {
    readiness: Watch,
    liveness: Watch,
    /// Whether it takes traffic as far as its readiness probe is concerned.
    pub has_passed: bool,
    /// Kept out of service by hand.
    pub is_fenced: bool,
}

impl ProbeState {
    /// No probe is sent or awaited any more.
    pub fn stop(&mut self) {
        *self = Self { is_fenced: self.is_fenced, ..Self::default() };
    }
    fn watch(&mut self, liveness: bool) -> &mut Watch {
        if liveness { &mut self.liveness } else { &mut self.readiness }
    }
}

impl World {
    fn probe_spec(&self, index: u32, liveness: bool) -> Option<Probe> {
        let probes = self.probes_of(self.instances.get(index)?.service);
        if liveness { probes.liveness } else { probes.readiness }
    }

    /// A process has started: its probes begin. Without a readiness probe it is ready at once.
    pub(super) fn begin_probes(&mut self, index: u32, has_passed: bool) {
        let has_readiness = self.probe_spec(index, false).is_some();
        if let Some(instance) = self.instances.get_mut(index) {
            instance.probes.stop();
            instance.probes.has_passed = has_passed || !has_readiness;
        }
        self.arm_first(index, false);
        self.arm_first(index, true);
    }
    fn arm_first(&mut self, index: u32, liveness: bool) {
        let Some(spec) = self.probe_spec(index, liveness) else { return };
        let Some(id) = self.instances.get(index).map(|i| i.id) else { return };
        let key = rng::fold(rng::fold(rng::mix(self.seed), rng::label("probe")), u64::from(id.0) << 1 | u64::from(liveness));
        let phase = (spec.period.as_nanos() as f64 * rng::uniform(key)) as u64;
        self.arm(index, liveness, SimDuration::from_nanos(phase));
    }
    fn arm(&mut self, index: u32, liveness: bool, wait: SimDuration) {
        let due = self.calendar.schedule(self.now + wait, Happening::Probe, index);
        if let Some(instance) = self.instances.get_mut(index) {
            instance.probes.watch(liveness).due = due;
        }
    }
    /// The settings of a service's probes changed.
    pub(super) fn refresh_probes(&mut self, id: ServiceId) {
        let instances = self.services[id.index()].as_ref().map(|s| s.instances.clone()).unwrap_or_default();
        for index in instances.iter().copied() {
            if self.instances.get(index).is_some_and(|i| i.life == Life::Ready) {
                let has_passed = self.instances.get(index).is_some_and(|i| i.probes.has_passed);
                self.begin_probes(index, has_passed);
                self.refresh_traffic(index);
            }
        }
    }

    /// A probe is due, or its answer overdue.
    pub(super) fn probe(&mut self, index: u32, seq: u64) {
        let Some(probes) = self.instances.get(index).map(|i| i.probes) else { return };
        for (liveness, watch) in [(false, probes.readiness), (true, probes.liveness)] {
            if watch.due == seq {
                return self.probe_due(index, liveness);
            }
            if watch.overdue == seq {
                return self.probe_answered(index, liveness, false);
            }
        }
    }
    fn probe_due(&mut self, index: u32, liveness: bool) {
        let Some(spec) = self.probe_spec(index, liveness) else { return };
        self.arm(index, liveness, spec.period.max(SimDuration::from_millis(1)));
        let overdue = self.calendar.schedule(self.now + spec.timeout, Happening::Probe, index);
        let Some(watch) = self.instances.get_mut(index).map(|i| i.probes.watch(liveness)) else { return };
        if watch.overdue != 0 {
            // A period shorter than the time-out: the kubelet sends one at a time.
            return;
        }
        watch.overdue = overdue;
        if !self.send_probe(index, liveness) {
            self.probe_answered(index, liveness, false);
        }
    }
    /// A probe was answered, well or not, or given up. Answers that nobody waits for any more do not count.
    pub(super) fn probe_answered(&mut self, index: u32, liveness: bool, is_good: bool) {
        let Some(spec) = self.probe_spec(index, liveness) else { return };
        let is_good = is_good && (!spec.deep || self.dependencies_answer(index));
        let Some(instance) = self.instances.get_mut(index) else { return };
        let watch = instance.probes.watch(liveness);
        if watch.overdue == 0 {
            return;
        }
        watch.overdue = 0;
        (watch.failures, watch.successes) = if is_good { (0, watch.successes + 1) } else { (watch.failures + 1, 0) };
        let (has_failed, has_passed) = (watch.failures >= spec.failures.max(1), watch.successes >= spec.successes.max(1));
        if liveness {
            if has_failed {
                self.exit(index, Exit::Unhealthy);
            }
        } else if has_failed || has_passed {
            instance.probes.has_passed = has_passed;
            self.refresh_traffic(index);
        }
    }
    /// Whether every service that the main endpoint cannot do without has an instance that callers know.
    fn dependencies_answer(&self, index: u32) -> bool {
        let Some(service) = self.instances.get(index).and_then(|i| self.topology.get(i.service)) else { return false };
        let needed = service.stages.iter().flatten().filter(|c| !c.optional && c.mode == CallMode::Wait);
        let is_there = |to: ServiceId| self.services[to.index()].as_ref().is_some_and(|s| !s.published.is_empty());
        needed.map(|c| c.to).all(is_there)
    }
}
