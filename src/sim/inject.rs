//! Faults at work: how each kind changes mechanism, and how it is taken away again.

use super::World;
use super::calendar::Happening;
use super::event::{Event, Exit};
use super::fault::{ActiveFault, FaultError, FaultKind, FaultSpec, FaultTarget};
use crate::ids::{FaultId, ServiceId};
use crate::units::SimDuration;

/// Most faults active at once (each scrape and each frame looks at all of them).
pub const FAULTS_MAX: usize = 100;
/// A killing fault strikes again after this long, as a chaos experiment on a schedule would.
const KILL_PERIOD: SimDuration = SimDuration::from_secs(10);

impl World {
    /// Breaks something.
    ///
    /// # Errors
    /// [`FaultError`] if the target is gone, the kind does not fit it or the magnitude is out of range; nothing changes.
    pub fn inject(&mut self, spec: FaultSpec) -> Result<FaultId, FaultError> {
        self.admit_fault(spec)?;
        let fault = ActiveFault { id: self.next_fault_id(), spec, since: self.now };
        self.faults.push(fault);
        self.emit(Event::FaultBegan(fault));
        if let FaultTarget::Service(service) = spec.target {
            self.strike_service(service, fault);
        }
        self.refresh_effects();
        if let Some(duration) = spec.duration {
            self.calendar.schedule(self.now + duration, Happening::FaultEnd(fault.id));
        }
        Ok(fault.id)
    }

    fn admit_fault(&self, spec: FaultSpec) -> Result<(), FaultError> {
        let scale = spec.kind.scale();
        let wrong = |on: &str| FaultError::WrongTarget(scale.label.to_owned(), on.to_owned());
        match spec.target {
            FaultTarget::Service(id) => {
                self.topology.get(id).ok_or(FaultError::NoTarget)?;
                if !spec.kind.fits_service() {
                    return Err(wrong("a service"));
                }
                if spec.kind == FaultKind::TrafficSpike && !self.has_traffic(id) {
                    return Err(FaultError::NoTraffic);
                }
            }
            FaultTarget::Edge { from, to } => {
                self.topology.edges().find(|e| (e.from, e.to) == (from, to)).ok_or(FaultError::NoTarget)?;
                if !spec.kind.fits_edge() {
                    return Err(wrong("a call edge"));
                }
            }
        }
        if !(scale.min..=scale.max).contains(&spec.magnitude) {
            return Err(FaultError::OutOfRange {
                kind: scale.label.to_owned(),
                min: scale.min,
                max: scale.max,
                unit: scale.unit.to_owned(),
                got: spec.magnitude,
            });
        }
        if self.faults.len() >= FAULTS_MAX { Err(FaultError::TooMany(FAULTS_MAX)) } else { Ok(()) }
    }

    fn has_traffic(&self, id: ServiceId) -> bool {
        self.topology.services().any(|(entry, s)| s.entry_rate.0 > 0.0 && self.topology.reaches(entry, id))
    }

    /// What a fault does to the instances that run now.
    fn strike_service(&mut self, id: ServiceId, fault: ActiveFault) {
        let Some(state) = self.services[id.index()].as_ref() else { return };
        let running: Vec<u32> = state
            .instances
            .iter()
            .copied()
            .filter(|i| self.instances.get(*i).is_some_and(super::instance::Instance::is_running))
            .collect();
        let hit = match fault.spec.kind {
            FaultKind::CpuHog | FaultKind::ErrorBurst => running.len(),
            FaultKind::Latency => 1,
            FaultKind::InstanceKill => return self.kill(id, fault),
            FaultKind::MemoryLeak | FaultKind::CrashLoop | FaultKind::Partition | FaultKind::TrafficSpike => 0,
        };
        let now = self.now;
        for index in running.into_iter().take(hit) {
            if let Some(instance) = self.instances.get_mut(index) {
                instance.effects.push((fault.id, fault.spec.kind, fault.spec.magnitude));
                instance.cpu.set_hog(now, instance.hog_share());
                self.wake_cpu(index);
            }
        }
    }

    fn kill(&mut self, id: ServiceId, fault: ActiveFault) {
        let Some(state) = self.services[id.index()].as_ref() else { return };
        let victims: Vec<u32> = state.ready.iter().copied().take(fault.spec.magnitude as usize).collect();
        for index in victims {
            self.exit(index, Exit::Killed);
        }
        self.calendar.schedule(self.now + KILL_PERIOD, Happening::FaultRepeat(fault.id));
    }

    pub(super) fn repeat_fault(&mut self, id: FaultId) {
        if let Some(fault) = self.faults.iter().find(|f| f.id == id).copied()
            && let FaultTarget::Service(service) = fault.spec.target
        {
            self.kill(service, fault);
        }
    }

    /// Takes a fault away. False if it is not active (any more).
    pub fn remove_fault(&mut self, id: FaultId) -> bool {
        let Some(position) = self.faults.iter().position(|f| f.id == id) else { return false };
        let fault = self.faults.remove(position);
        let now = self.now;
        let touched: Vec<u32> =
            self.instances.iter().filter(|(_, i)| i.effects.iter().any(|e| e.0 == id)).map(|(index, _)| index).collect();
        for index in touched {
            if let Some(instance) = self.instances.get_mut(index) {
                instance.effects.retain(|e| e.0 != id);
                instance.cpu.set_hog(now, instance.hog_share());
                self.wake_cpu(index);
            }
        }
        self.emit(Event::FaultEnded(fault));
        self.refresh_effects();
        true
    }

    pub(super) fn end_fault(&mut self, id: FaultId) {
        self.remove_fault(id);
    }

    /// Derives from the active faults what they do to services and edges as a whole.
    pub(super) fn refresh_effects(&mut self) {
        self.refresh_edges();
        for id in self.topology.services().map(|(id, _)| id).collect::<Vec<_>>() {
            self.refresh_leaks(id);
            self.refresh_crash_loops(id);
            let rate = self.entry_rate_now(id);
            self.set_rate(id, rate);
        }
    }

    fn magnitudes(&self, id: ServiceId, kind: FaultKind) -> impl Iterator<Item = f64> + '_ {
        let on = move |f: &&ActiveFault| f.spec.kind == kind && f.spec.target == FaultTarget::Service(id);
        self.faults.iter().filter(on).map(|f| f.spec.magnitude)
    }

    fn refresh_edges(&mut self) {
        for edge in self.edges.values_mut() {
            (edge.delay, edge.loss) = (SimDuration::ZERO, 0.0);
        }
        for fault in &self.faults {
            let FaultTarget::Edge { from, to } = fault.spec.target else { continue };
            let edge = self.edges.entry((from, to)).or_default();
            match fault.spec.kind {
                FaultKind::Latency => edge.delay = edge.delay + SimDuration::from_secs_f64(fault.spec.magnitude / 1e3),
                FaultKind::Partition => edge.loss = 1.0 - (1.0 - edge.loss) * (1.0 - fault.spec.magnitude),
                _ => {}
            }
        }
        self.edges.retain(|_, edge| *edge != super::network::EdgeState::default());
    }

    fn refresh_leaks(&mut self, id: ServiceId) {
        let rate: f64 = self.magnitudes(id, FaultKind::MemoryLeak).sum();
        let Some(state) = self.services[id.index()].as_ref().filter(|s| s.leak_mib_per_s.to_bits() != rate.to_bits()) else {
            return;
        };
        let instances = state.instances.clone();
        for index in &instances {
            self.book_leak(*index);
        }
        if let Some(state) = self.services[id.index()].as_mut() {
            state.leak_mib_per_s = rate;
        }
        for index in instances {
            self.begin_leak(index);
        }
    }

    fn refresh_crash_loops(&mut self, id: ServiceId) {
        let after = self.magnitudes(id, FaultKind::CrashLoop).reduce(f64::min);
        let Some(state) = self.services[id.index()].as_mut() else { return };
        let begins = after.is_some() && state.crash_after_s != after;
        state.crash_after_s = after;
        if begins {
            for index in state.ready.clone() {
                self.begin_crash_timer(index);
            }
        }
    }

    /// Users per second entering at `id`: as drawn, times every spike whose target they lead to.
    fn entry_rate_now(&self, id: ServiceId) -> f64 {
        let base = self.topology.get(id).map_or(0.0, |s| s.entry_rate.0);
        if base <= 0.0 {
            return 0.0;
        }
        let spikes = self.faults.iter().filter(|f| f.spec.kind == FaultKind::TrafficSpike);
        let mine = spikes.filter(|f| matches!(f.spec.target, FaultTarget::Service(to) if self.topology.reaches(id, to)));
        mine.fold(base, |rate, f| rate * f.spec.magnitude)
    }
}
