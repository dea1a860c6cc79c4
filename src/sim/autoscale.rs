//! The horizontal pod autoscaler at work: it reads late CPU figures, asks the algorithm
//! ([`super::resilience::autoscaler`]) and sets the number of instances wanted.
//!
//! A reading is the CPU use over one interval between two evaluations that ended at least `metric_lag` ago; an instance
//! that became ready within that interval has none yet, and counts as unready (Kubernetes ignores the readings of a
//! starting pod in the same way). The autoscaler sees CPU only: a service whose workers all wait looks idle to it.

use super::World;
use super::calendar::Happening;
use super::event::Event;
use super::instance::Life;
use super::resilience::autoscaler::AutoscalerState;
use crate::ids::{InstanceId, ServiceId};
use crate::topology::Autoscaler;
use crate::units::{SimDuration, SimTime};
use std::collections::VecDeque;
use std::sync::Arc;

/// Most evaluations whose CPU counters are kept: enough for a lag of a hundred evaluations.
const MARKS_MAX: usize = 102;
/// Shortest time between two evaluations, so that a mistyped setting does not stop the clock.
const SYNC_MIN: SimDuration = SimDuration::from_millis(100);

/// The CPU counters of a service's instances at one time, in core-nanoseconds.
#[derive(Clone, Debug)]
struct Mark {
    at: SimTime,
    counters: Vec<(InstanceId, f64)>,
}

impl Mark {
    fn of(&self, id: InstanceId) -> Option<f64> {
        self.counters.iter().find(|c| c.0 == id).map(|c| c.1)
    }
}

/// One service's autoscaler.
#[derive(Clone, Debug, Default)]
pub(super) struct AutoscaleState {
    algorithm: AutoscalerState,
    marks: VecDeque<Mark>,
    timer: u64,
}

impl AutoscaleState {
    /// The newest interval between two marks that ended at least `lag` ago; older marks are forgotten.
    fn window(&mut self, now: SimTime, lag: SimDuration) -> Option<(&Mark, &Mark)> {
        let end = self.marks.iter().rposition(|m| m.at + lag <= now)?;
        let begin = end.checked_sub(1)?;
        self.marks.drain(..begin);
        Some((&self.marks[0], &self.marks[1]))
    }
}

impl World {
    /// Starts or stops the autoscaler of a service, as its settings say.
    pub(super) fn refresh_autoscaler(&mut self, id: ServiceId) {
        let spec = self.autoscaler_of(id);
        let Some(state) = self.services.get_mut(id.index()).and_then(Option::as_mut) else { return };
        match (spec, state.autoscale.is_some()) {
            (None, _) => state.autoscale = None,
            (Some(spec), false) => {
                state.autoscale = Some(Arc::default());
                self.mark_cpu(id);
                self.arm_autoscaler(id, &spec);
            }
            (Some(_), true) => {}
        }
    }
    fn arm_autoscaler(&mut self, id: ServiceId, spec: &Autoscaler) {
        let timer = self.calendar.schedule(self.now + spec.sync.max(SYNC_MIN), Happening::Autoscale, id.0);
        if let Some(state) = self.autoscale_state(id) {
            state.timer = timer;
        }
    }
    fn autoscale_state(&mut self, id: ServiceId) -> Option<&mut AutoscaleState> {
        self.services.get_mut(id.index())?.as_mut()?.autoscale.as_mut().map(Arc::make_mut)
    }
    /// Keeps the CPU counters of now.
    fn mark_cpu(&mut self, id: ServiceId) {
        let now = self.now;
        let Some(state) = self.services[id.index()].as_ref() else { return };
        let instances = state.instances.iter().filter_map(|i| self.instances.get(*i));
        let mark = Mark { at: now, counters: instances.map(|i| (i.id, i.cpu.busy_core_ns(now))).collect() };
        if let Some(state) = self.autoscale_state(id) {
            if state.marks.len() == MARKS_MAX {
                state.marks.pop_front();
            }
            state.marks.push_back(mark);
        }
    }

    /// The autoscaler looks at a service.
    pub(super) fn autoscale(&mut self, service: u32, seq: u64) {
        let id = ServiceId(service);
        if self.autoscale_state(id).is_none_or(|s| s.timer != seq) {
            return;
        }
        let Some(spec) = self.autoscaler_of(id) else { return };
        self.mark_cpu(id);
        self.arm_autoscaler(id, &spec);
        let (usages, unready) = self.usages(id, &spec);
        let now = self.now;
        let Some(current) = self.services[id.index()].as_ref().map(|s| s.desired) else { return };
        let Some(state) = self.autoscale_state(id) else { return };
        let wanted = state.algorithm.desired(&spec, now, current, &usages, unready);
        self.want(id, wanted, true);
    }
    /// CPU use over the request of each ready instance that has a reading, and how many are not ready.
    fn usages(&mut self, id: ServiceId, spec: &Autoscaler) -> (Vec<f64>, u32) {
        let now = self.now;
        let request = self.topology.get(id).map_or(0.0, |s| s.cpu_request.cores());
        let Some(window) = self.autoscale_state(id).and_then(|s| s.window(now, spec.metric_lag)) else {
            return Default::default();
        };
        let (begin, end) = (window.0.clone(), window.1.clone());
        let elapsed_ns = end.at.since(begin.at).as_nanos() as f64;
        if request <= 0.0 || elapsed_ns <= 0.0 {
            return Default::default();
        }
        let (mut usages, mut unready) = (Vec::new(), 0);
        let Some(state) = self.services[id.index()].as_ref() else { return Default::default() };
        for instance in state.instances.iter().filter_map(|i| self.instances.get(*i)).filter(|i| i.life != Life::Draining) {
            let is_settled = instance.is_available() && instance.since <= begin.at;
            match (begin.of(instance.id), end.of(instance.id)) {
                (Some(before), Some(after)) if is_settled => usages.push((after - before) / elapsed_ns / request),
                _ => unready += 1,
            }
        }
        (usages, unready)
    }

    /// Sets the number of instances wanted.
    pub(super) fn want(&mut self, id: ServiceId, wanted: u32, by_autoscaler: bool) {
        let Some(state) = self.services.get_mut(id.index()).and_then(Option::as_mut) else { return };
        let from = std::mem::replace(&mut state.desired, wanted);
        if from != wanted {
            self.emit(Event::Scaled { service: id, from, to: wanted, by_autoscaler });
            self.wake(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_the_last_interval_that_ended_long_enough_ago() {
        let mut state = AutoscaleState::default();
        let at = SimTime::from_secs;
        for second in [0, 15, 30] {
            state.marks.push_back(Mark { at: at(second), counters: Vec::new() });
        }
        let lag = SimDuration::from_secs(15);
        let interval = state.window(at(30), lag).map(|(begin, end)| (begin.at, end.at));
        assert_eq!(interval, Some((at(0), at(15))));
        let interval = state.window(at(45), lag).map(|(begin, end)| (begin.at, end.at));
        assert_eq!(interval, Some((at(15), at(30))));
        assert_eq!(state.marks.len(), 2, "older ones are forgotten");
    }
}
