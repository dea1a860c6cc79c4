//! Versions of a service and roll-outs of them: what is to replace what, how to take it back, and when to give up.
//! Replacing instances is done by the controller in [`super::replicas`].
//!
//! A version is a number, the share of requests that it fails, and its CPU limit. A restart is a roll-out of the same
//! version, so it cures what lives in a process but never a bad version.
//!
//! Bounds: versions are kept for the whole run (a few bytes each).

use super::World;
use super::calendar::Happening;
use super::event::Event;
use crate::action::{ActionError, ActionStatus};
use crate::ids::{FaultId, InstanceId, ServiceId};
use crate::topology::Service;
use crate::units::{Millicores, NANOS_PER_SECOND, SimTime};
use std::sync::Arc;

/// What distinguishes a version from another.
#[derive(Clone, Copy, Debug)]
struct Version {
    /// Share of its requests that fail.
    error: f64,
    /// CPU limit and request of each instance.
    cpu: (Millicores, Millicores),
    /// The fault that it is, if any.
    fault: Option<FaultId>,
}

/// A change that a roll-back takes back.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Past {
    /// The version that ran before.
    Version(u32),
    /// A configuration, by its fault, and the share of requests that fails under it.
    Configuration(FaultId, f64),
}

/// A roll-out under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Roll {
    /// Whether it is a voluntary disruption that the budget limits (a restart), not a new version.
    pub is_restart: bool,
    pub is_paused: bool,
    /// When it last came forward, and how many old and how many new available instances there were then.
    pub progress_at: SimTime,
    pub progress: (u32, u32),
    /// The event that looks at its progress; 0 after it was given up.
    deadline: u64,
}

/// The versions of a service and the roll-out under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Versions {
    /// Empty as long as there was only the first version.
    list: Vec<Version>,
    /// What instances should run.
    current: u32,
    /// Instances up to this one are to be replaced even if their version is right (a restart).
    cutoff: InstanceId,
    /// Changes of version and configuration, the last one last.
    past: Vec<Past>,
    /// Share of requests that fails because of the configuration.
    configuration: f64,
    /// Whether any version or the configuration is bad.
    is_ill: bool,
    /// Roll-outs begun, restarts included, and changes of the configuration.
    pub generation: u32,
    pub configured: u32,
    pub roll: Option<Roll>,
    /// The event in which the controller looks at the service; 0 if none is armed.
    pub wake: u64,
}

impl Versions {
    /// Share of requests that fail because of this version or of a bad configuration.
    pub fn error_share(&self, version: u32) -> f64 {
        if !self.is_ill {
            return 0.0;
        }
        let error = self.list.get(version as usize).map_or(0.0, |v| v.error);
        1.0 - (1.0 - error) * (1.0 - self.configuration)
    }
    /// The version that new instances run.
    pub const fn current(&self) -> u32 {
        self.current
    }
    /// Whether a roll-out is under way.
    pub const fn is_rolling(&self) -> bool {
        self.roll.is_some()
    }
    /// Whether the roll-out under way is paused.
    pub fn is_paused(&self) -> bool {
        self.roll.is_some_and(|r| r.is_paused)
    }
    /// Whether there is a change to take back.
    pub const fn has_past(&self) -> bool {
        !self.past.is_empty()
    }
    /// A bad configuration reaches all instances.
    pub fn configure(&mut self, fault: FaultId, share: f64) {
        self.past.push(Past::Configuration(fault, share));
        self.configured += 1;
        self.refresh();
    }
    /// The service was reconfigured from outside: its present version has these limits.
    pub fn note_limits(&mut self, service: &Service) {
        if let Some(version) = self.list.get_mut(self.current as usize) {
            version.cpu = (service.cpu_limit, service.cpu_request);
        }
    }

    fn add(&mut self, service: &Service, version: Version) -> u32 {
        if self.list.is_empty() {
            self.list.push(Version { error: 0.0, cpu: (service.cpu_limit, service.cpu_request), fault: None });
        }
        self.list.push(version);
        self.refresh();
        self.list.len() as u32 - 1
    }
    fn refresh(&mut self) {
        let good = self.past.iter().fold(1.0, |good, past| match past {
            Past::Configuration(_, share) => good * (1.0 - share),
            Past::Version(_) => good,
        });
        self.configuration = 1.0 - good;
        self.is_ill = self.configuration > 0.0 || self.list.iter().any(|v| v.error > 0.0);
    }
    /// Whether an instance is to be replaced.
    pub fn is_old(&self, version: u32, id: InstanceId) -> bool {
        version != self.current || id <= self.cutoff
    }
}

impl World {
    /// The number of the version that new instances of `service` run.
    pub fn version_of(&self, service: ServiceId) -> Option<u32> {
        Some(self.services.get(service.index())?.as_ref()?.versions.current)
    }
    /// Whether a roll-out of `service` is under way.
    pub fn is_rolling_out(&self, service: ServiceId) -> bool {
        self.services.get(service.index()).and_then(Option::as_ref).is_some_and(|s| s.versions.is_rolling())
    }

    pub(super) fn versions_mut(&mut self, id: ServiceId) -> Option<&mut Versions> {
        Some(&mut self.services.get_mut(id.index())?.as_mut()?.versions)
    }

    /// A new version that fails `error` of its requests begins to replace the present one.
    pub(super) fn roll_out_bad(&mut self, id: ServiceId, error: f64, fault: FaultId) {
        let Some(service) = self.topology.get(id).cloned() else { return };
        let cpu = (service.cpu_limit, service.cpu_request);
        self.roll_out_new(id, &service, Version { error, cpu, fault: Some(fault) });
    }
    /// A version that differs only in its CPU limit begins to replace the present one.
    pub(super) fn roll_out_resized(&mut self, id: ServiceId, limit: Millicores) {
        let Some(service) = self.topology.get(id).cloned() else { return };
        let request = f64::from(service.cpu_request.0) * f64::from(limit.0) / f64::from(service.cpu_limit.0.max(1));
        let error = self.services[id.index()]
            .as_ref()
            .map_or(0.0, |s| s.versions.list.get(s.versions.current as usize).map_or(0.0, |v| v.error));
        let cpu = (limit, Millicores(request as u32));
        self.roll_out_new(id, &service, Version { error, cpu, fault: None });
    }
    fn roll_out_new(&mut self, id: ServiceId, service: &Service, version: Version) {
        let Some(versions) = self.versions_mut(id) else { return };
        let number = versions.add(service, version);
        versions.past.push(Past::Version(versions.current));
        self.roll_out(id, number);
    }
    /// `version` replaces whatever else runs.
    fn roll_out(&mut self, id: ServiceId, version: u32) {
        let Some(versions) = self.versions_mut(id) else { return };
        versions.current = version;
        let cpu = versions.list.get(version as usize).map(|v| v.cpu);
        if let (Some((limit, request)), Some(service)) = (cpu, Arc::make_mut(&mut self.topology).get_mut(id)) {
            (service.cpu_limit, service.cpu_request) = (limit, request);
            self.compile(id);
        }
        self.begin_roll(id, false);
    }
    /// Every instance is replaced by one of the same version.
    pub(super) fn roll_restart(&mut self, id: ServiceId) {
        let newest = InstanceId(self.instances_ever);
        let Some(versions) = self.versions_mut(id) else { return };
        versions.cutoff = newest;
        self.begin_roll(id, true);
    }
    fn begin_roll(&mut self, id: ServiceId, is_restart: bool) {
        let now = self.now;
        let Some(service) = self.topology.get(id) else { return };
        let deadline = self.calendar.schedule(now + service.roll_out.deadline, Happening::RollOutStep, id.0);
        let Some(versions) = self.versions_mut(id) else { return };
        let roll = Roll { is_restart, is_paused: false, progress_at: now, progress: (u32::MAX, 0), deadline };
        versions.roll = Some(roll);
        versions.generation += 1;
        let version = versions.current;
        self.emit(Event::RollOutBegan { service: id, version });
        self.wake(id);
    }
    /// Takes the last change of version or configuration back. True if that needs a roll-out.
    pub(super) fn roll_back(&mut self, id: ServiceId) -> bool {
        let Some(versions) = self.versions_mut(id) else { return false };
        match versions.past.pop() {
            Some(Past::Version(version)) => {
                self.roll_out(id, version);
                true
            }
            Some(Past::Configuration(..)) => {
                versions.configured += 1;
                versions.refresh();
                false
            }
            None => false,
        }
    }
    /// Stops the experiment `fault`: its configuration goes at once, its version by a roll-out of the one before.
    pub(super) fn take_back(&mut self, id: ServiceId, fault: FaultId) {
        let Some(versions) = self.versions_mut(id) else { return };
        let before = versions.past.len();
        versions.past.retain(|past| !matches!(past, Past::Configuration(of, _) if *of == fault));
        versions.configured += u32::from(versions.past.len() < before);
        versions.refresh();
        let Some(bad) = versions.list.iter().position(|v| v.fault == Some(fault)) else { return };
        let (bad, mut before) = (bad as u32, 0);
        // Whoever would go back to the bad version goes back to the one before it instead.
        if let Some(at) = versions.past.iter().rposition(|past| *past == Past::Version(bad)) {
            versions.past.remove(at);
        } else if versions.current == bad
            && let Some(at) = versions.past.iter().rposition(|past| matches!(past, Past::Version(_)))
            && let Past::Version(version) = versions.past.remove(at)
        {
            before = version;
        }
        if versions.current == bad {
            self.roll_out(id, before);
        }
    }
    /// Stops or goes on with replacing instances.
    pub(super) fn pause_roll_out(&mut self, id: ServiceId, is_paused: bool) {
        let now = self.now;
        if let Some(roll) = self.versions_mut(id).and_then(|v| v.roll.as_mut()) {
            (roll.is_paused, roll.progress_at) = (is_paused, now);
            self.wake(id);
        }
    }

    pub(super) fn roll_out_step(&mut self, service: u32, seq: u64) {
        let id = ServiceId(service);
        let Some(versions) = self.versions_mut(id) else { return };
        if versions.wake == seq {
            versions.wake = 0;
            self.settle(id);
            self.change_progress(id);
        } else if versions.roll.is_some_and(|r| r.deadline == seq) {
            self.roll_out_deadline(id);
        }
    }
    /// Without progress for the whole deadline the roll-out has failed; as in Kubernetes it is reported and goes on.
    fn roll_out_deadline(&mut self, id: ServiceId) {
        let now = self.now;
        let Some(deadline) = self.topology.get(id).map(|s| s.roll_out.deadline) else { return };
        let Some((versions, roll)) = self.versions_mut(id).and_then(|v| Some((v.current, v.roll?))) else { return };
        let (at, mut next) = (if roll.is_paused { now } else { roll.progress_at } + deadline, 0);
        if at > now {
            next = self.calendar.schedule(at, Happening::RollOutStep, id.0);
        }
        if let Some(roll) = self.versions_mut(id).and_then(|v| v.roll.as_mut()) {
            roll.deadline = next;
        }
        if next == 0 {
            self.emit(Event::RollOutEnded { service: id, version: versions, complete: false });
            let seconds = deadline.as_nanos() / NANOS_PER_SECOND;
            self.end_rolling_change(id, ActionStatus::Failed(ActionError::Deadline(seconds)));
        }
    }
}
