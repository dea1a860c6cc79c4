//! Faults of telemetry: injected and taken away like those of the system, but they live beside the world. The world does
//! not know of them, so a run in which nobody heals is the same with and without.

use super::{CommandError, Session};
use crate::ids::FaultId;
use crate::platform::{Distorted, Distortion};
use crate::sim::fault::{ActiveFault, FaultError, FaultKind, FaultSpec, FaultTarget};
use crate::topology::Topology;
use crate::units::{SimDuration, SimTime};

/// Most of them at once, as many as of the system's.
const FAULTS_MAX: usize = 100;
/// Their numbers begin here; the world's count from 1.
const FIRST_ID: u32 = 1 << 31;

/// The faults in force and what they do to samples.
#[derive(Clone, Debug, Default)]
pub(super) struct TelemetryFaults {
    active: Vec<ActiveFault>,
    begun: u32,
    distorted: Distorted,
}

impl TelemetryFaults {
    /// In force now, in the order they began.
    pub fn active(&self) -> &[ActiveFault] {
        &self.active
    }
    /// What samples pass through.
    pub const fn distorted_mut(&mut self) -> &mut Distorted {
        &mut self.distorted
    }
    fn begin(&mut self, now: SimTime, seed: u64, spec: FaultSpec) -> Result<ActiveFault, FaultError> {
        if self.active.len() >= FAULTS_MAX {
            return Err(FaultError::TooMany(FAULTS_MAX));
        }
        let fault = ActiveFault { id: FaultId(FIRST_ID + self.begun), spec, since: now };
        let what = match spec.kind {
            FaultKind::TelemetryLate => Distortion::Late(SimDuration::from_secs_f64(spec.magnitude)),
            FaultKind::TelemetryMissing => Distortion::Missing(spec.magnitude),
            FaultKind::TelemetryFrozen => Distortion::Frozen(spec.magnitude),
            _ => Distortion::Wrong(spec.magnitude),
        };
        let of = match spec.target {
            FaultTarget::Service(id) => Some(id),
            _ => None,
        };
        self.begun += 1;
        self.distorted.begin(key(seed, fault.id), of, what);
        self.active.push(fault);
        Ok(fault)
    }
    fn end(&mut self, seed: u64, id: FaultId) -> Option<ActiveFault> {
        let position = self.active.iter().position(|f| f.id == id)?;
        self.distorted.end(key(seed, id));
        Some(self.active.remove(position))
    }
}

fn key(seed: u64, id: FaultId) -> u64 {
    crate::rng::fold(seed, u64::from(id.0))
}

/// Whether `spec`, of a kind of telemetry's, can be put where it is asked for.
///
/// # Errors
/// [`FaultError`] if the target is gone, the kind does not fit it or the magnitude is out of range.
pub fn admit(spec: &FaultSpec, topology: &Topology) -> Result<(), FaultError> {
    match spec.target {
        FaultTarget::Monitoring => {}
        FaultTarget::Service(id) => _ = topology.get(id).ok_or(FaultError::NoTarget)?,
        other => {
            let place = other.words(|id| topology.name(id).to_owned());
            return Err(FaultError::WrongTarget(spec.kind.scale().label.to_owned(), place));
        }
    }
    spec.check_magnitude()
}

impl Session {
    /// Faults active now: the system's in the order they began, then those of its telemetry.
    pub fn faults(&self) -> impl Iterator<Item = &ActiveFault> {
        self.world().faults().iter().chain(self.telemetry.active())
    }
    pub(super) fn inject_telemetry(&mut self, spec: FaultSpec) -> Result<FaultId, CommandError> {
        admit(&spec, self.world().topology())?;
        let fault = self.telemetry.begin(self.now(), self.seed(), spec)?;
        self.log.push_fault(fault.since, &fault, self.platform.world().topology(), "began");
        Ok(fault.id)
    }
    /// False if there is no such fault.
    pub(super) fn remove_telemetry(&mut self, now: SimTime, id: FaultId) -> bool {
        let Some(fault) = self.telemetry.end(self.seed(), id) else { return false };
        self.log.push_fault(now, &fault, self.platform.world().topology(), "ended");
        true
    }
    /// Ends those whose time is over, or whose service is gone.
    pub(super) fn end_telemetry_faults(&mut self, now: SimTime) {
        let topology = self.world().topology();
        let is_over = |f: &&ActiveFault| {
            let is_gone = matches!(f.spec.target, FaultTarget::Service(id) if topology.get(id).is_none());
            is_gone || f.spec.duration.is_some_and(|length| now.since(f.since) >= length)
        };
        let over: Vec<FaultId> = self.telemetry.active().iter().filter(is_over).map(|f| f.id).collect();
        for id in over {
            self.remove_telemetry(now, id);
        }
    }
}
