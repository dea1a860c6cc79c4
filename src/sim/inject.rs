//! Faults: which are accepted, what they do when they strike, and how they are taken away again. What a fault does for as
//! long as it lasts is derived from the list of active ones in [`super::effects`].

use super::World;
use super::calendar::Happening;
use super::event::{Event, Exit};
use super::fault::{ActiveFault, FaultError, FaultKind, FaultSpec, FaultTarget};
use super::instance::{Instance, Life};
use crate::ids::{FaultId, ServiceId};
use crate::topology::{Arrivals, Service, ServiceKind};
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
        if spec.kind == FaultKind::InstanceKill {
            self.kill(fault);
        } else {
            self.strike(fault);
        }
        self.refresh_effects();
        if let Some(duration) = spec.duration {
            self.calendar.schedule(self.now + duration, Happening::FaultEnd, fault.id.0);
        }
        Ok(fault.id)
    }

    fn admit_fault(&self, spec: FaultSpec) -> Result<(), FaultError> {
        let (kind, scale) = (spec.kind, spec.kind.scale());
        let (fits, on) = self.admit_target(spec)?;
        if !fits {
            return Err(FaultError::WrongTarget(scale.label.to_owned(), on.to_owned()));
        }
        if let FaultTarget::Service(id) = spec.target
            && kind == FaultKind::TrafficSpike
            && !self.has_traffic(id)
        {
            return Err(FaultError::NoTraffic);
        }
        spec.check_magnitude()?;
        if self.faults.len() >= FAULTS_MAX { Err(FaultError::TooMany(FAULTS_MAX)) } else { Ok(()) }
    }
    /// Whether the kind fits the target, and what the target is called; an error if it is not there.
    fn admit_target(&self, spec: FaultSpec) -> Result<(bool, &'static str), FaultError> {
        let kind = spec.kind;
        Ok(match spec.target {
            FaultTarget::Monitoring => (false, "the world: it has no monitoring"),
            FaultTarget::Service(id) => {
                let service = self.topology.get(id).ok_or(FaultError::NoTarget)?;
                if kind.is_of_telemetry() {
                    return Ok((false, "the world: it has no monitoring"));
                }
                if kind == FaultKind::CacheFlush && service.kind != ServiceKind::Cache {
                    return Ok((false, "a service that is not a cache"));
                }
                if kind == FaultKind::PoolLeak && !self.has_pool(id, None) {
                    return Err(FaultError::NoPool(service.name.clone()));
                }
                (kind.fits_service(), "a service")
            }
            FaultTarget::Edge { from, to } => {
                self.topology.edges().find(|e| (e.from, e.to) == (from, to)).ok_or(FaultError::NoTarget)?;
                if kind == FaultKind::PoolLeak && !self.has_pool(from, Some(to)) {
                    return Err(FaultError::NoPool(spec.target.words(|id| self.topology.name(id).to_owned())));
                }
                (kind.fits_edge(), "a call edge")
            }
            FaultTarget::Instance { service, ordinal } => {
                self.topology.get(service).ok_or(FaultError::NoTarget)?;
                let name = self.topology.name(service).to_owned();
                self.ordinal(service, ordinal).ok_or(FaultError::NoInstance(name, ordinal))?;
                (kind.fits_instance(), "an instance")
            }
            FaultTarget::Node(node) => {
                self.nodes.get(node as usize).ok_or(FaultError::NoNode(node, self.nodes.len()))?;
                (kind.fits_node(), "a node")
            }
            FaultTarget::Zone(zone) => {
                self.admit_zone(zone)?;
                (kind.fits_node(), "a zone")
            }
            FaultTarget::Zones(a, b) => {
                self.admit_zone(a)?;
                self.admit_zone(b)?;
                (kind.fits_zones(), "the network between zones")
            }
        })
    }
    fn admit_zone(&self, zone: u8) -> Result<(), FaultError> {
        let letter = |zone: u8| char::from(b'a' + zone.min(25));
        let count = self.cluster.zone_count();
        let exists = self.nodes.iter().any(|n| n.zone == zone);
        if exists { Ok(()) } else { Err(FaultError::NoZone(letter(zone), count, letter(count.saturating_sub(1)))) }
    }
    fn has_traffic(&self, id: ServiceId) -> bool {
        let has_users = |s: &Service| s.entry_rate.0 > 0.0 || matches!(s.workload.arrivals, Arrivals::Closed { .. });
        self.topology.services().any(|(entry, s)| has_users(s) && self.topology.reaches(entry, id))
    }

    /// The service's instance with this number.
    fn ordinal(&self, service: ServiceId, ordinal: u32) -> Option<u32> {
        let state = self.services.get(service.index())?.as_ref()?;
        state.instances.iter().copied().find(|i| self.instances.get(*i).is_some_and(|x| x.slot == ordinal))
    }
    /// The running instances that a fault can strike, those that take traffic first.
    fn victims(&self, target: FaultTarget) -> Vec<u32> {
        let is_running = |index: &u32| self.instances.get(*index).is_some_and(|i| i.is_running() && self.is_node_up(*index));
        match target {
            FaultTarget::Service(id) => {
                let Some(state) = self.services.get(id.index()).and_then(Option::as_ref) else { return Vec::new() };
                let others = state.instances.iter().filter(|i| !state.ready.contains(i));
                state.ready.iter().chain(others).copied().filter(is_running).collect()
            }
            FaultTarget::Instance { service, ordinal } => self.ordinal(service, ordinal).into_iter().filter(is_running).collect(),
            _ => Vec::new(),
        }
    }
    pub(super) fn nodes_of(&self, target: FaultTarget) -> Vec<u32> {
        let nodes = 0..self.nodes.len() as u32;
        match target {
            FaultTarget::Node(node) => vec![node],
            FaultTarget::Zone(zone) => nodes.filter(|n| self.nodes[*n as usize].zone == zone).collect(),
            _ => Vec::new(),
        }
    }

    /// What a fault does once, when it begins.
    fn strike(&mut self, fault: ActiveFault) {
        let (kind, magnitude, target) = (fault.spec.kind, fault.spec.magnitude, fault.spec.target);
        match (kind, target) {
            (FaultKind::BadDeploy, FaultTarget::Service(id)) => self.roll_out_bad(id, magnitude, fault.id),
            (FaultKind::BadConfig, FaultTarget::Service(id)) => {
                if let Some(versions) = self.versions_mut(id) {
                    versions.configure(fault.id, magnitude);
                }
            }
            (FaultKind::CacheFlush, FaultTarget::Service(id)) => self.flush_cache(id, magnitude),
            (FaultKind::Outage, _) => self.nodes_of(target).into_iter().for_each(|node| self.begin_outage(node)),
            _ => self.strike_instances(fault),
        }
    }
    /// Puts the fault into the instances that it hits; it dies with their processes.
    fn strike_instances(&mut self, fault: ActiveFault) {
        let kind = fault.spec.kind;
        let victims = self.victims(fault.spec.target);
        let hit = match (kind, fault.spec.target) {
            (FaultKind::CpuHog | FaultKind::ErrorBurst, FaultTarget::Service(_)) => victims.len(),
            (FaultKind::Latency, FaultTarget::Service(_)) => 1,
            (FaultKind::Hang, FaultTarget::Service(_)) => fault.spec.magnitude as usize,
            (_, FaultTarget::Instance { .. }) => 1,
            _ => 0,
        };
        for index in victims.into_iter().take(hit) {
            if let Some(instance) = self.instances.get_mut(index) {
                instance.effects.push((fault.id, kind, fault.spec.magnitude));
                self.refresh_hung(index);
            }
        }
    }
    fn refresh_hung(&mut self, index: u32) {
        if let Some(instance) = self.instances.get_mut(index) {
            instance.hung = instance.effects.iter().any(|e| e.1 == FaultKind::Hang);
            self.refresh_speed(index);
        }
    }

    fn kill(&mut self, fault: ActiveFault) {
        let is_ready = |index: &u32| self.instances.get(*index).is_some_and(|i: &Instance| i.life == Life::Ready);
        let mut victims: Vec<u32> = self.victims(fault.spec.target).into_iter().filter(is_ready).collect();
        if matches!(fault.spec.target, FaultTarget::Service(_)) {
            victims.truncate(fault.spec.magnitude as usize);
        }
        for index in victims {
            self.exit(index, Exit::Killed);
        }
        self.calendar.schedule(self.now + KILL_PERIOD, Happening::FaultRepeat, fault.id.0);
    }
    pub(super) fn repeat_fault(&mut self, id: FaultId) {
        if let Some(fault) = self.faults.iter().find(|f| f.id == id).copied() {
            self.kill(fault);
        }
    }

    /// Takes a fault away, as when an experiment is stopped: a bad version or configuration is rolled back, a lost node
    /// comes back. False if it is not active (any more).
    pub fn remove_fault(&mut self, id: FaultId) -> bool {
        let Some(position) = self.faults.iter().position(|f| f.id == id) else { return false };
        let fault = self.faults.remove(position);
        let has_it = |(index, i): (u32, &Instance)| i.effects.iter().any(|e| e.0 == id).then_some(index);
        for index in self.instances.iter().filter_map(has_it).collect::<Vec<_>>() {
            if let Some(instance) = self.instances.get_mut(index) {
                instance.effects.retain(|e| e.0 != id);
            }
            self.refresh_hung(index);
        }
        self.emit(Event::FaultEnded(fault));
        match (fault.spec.kind, fault.spec.target) {
            (FaultKind::BadDeploy | FaultKind::BadConfig, FaultTarget::Service(service)) => self.take_back(service, id),
            (FaultKind::Outage, target) => self.nodes_of(target).into_iter().for_each(|node| self.end_outage(node)),
            _ => {}
        }
        self.refresh_effects();
        true
    }
    pub(super) fn end_fault(&mut self, id: FaultId) {
        self.remove_fault(id);
    }
}
