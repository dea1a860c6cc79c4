//! The controllers of a plain cluster for services whose manifest declares none: what Kubernetes does by itself once
//! somebody has switched it on everywhere with its documented defaults. It is the platform's work, not the healer's, so
//! it stands here, on the same probes and the same autoscaler that a manifest can ask for.
//!
//! - Liveness and readiness probes: every 10 s, 1 s time-out, 3 failures, 1 success
//!   (kubernetes.io, *Configure Liveness, Readiness and Startup Probes*; the API's defaults of `core/v1 Probe`).
//! - Restarts of ended or killed containers with a back-off of 10 s that doubles up to 300 s and starts anew after ten
//!   minutes (kubernetes.io, *Pod Lifecycle*): the kubelet does so for every service in any case.
//! - A horizontal pod autoscaler on CPU, `ceil(replicas * metric / target)`, target 80 % of the request (the API's default
//!   of `targetCPUUtilizationPercentage`), tolerance 0.1, every 15 s, 300 s of scale-in stabilisation (kubernetes.io,
//!   *Horizontal Pod Autoscaling*). It keeps at least the declared replicas and at most `replicas_max`.
//!
//! Generous on purpose: databases and caches get one too, although few clusters would scale them so.

use super::World;
use crate::ids::ServiceId;
use crate::topology::{Autoscaler, Probe, Probes, Service};

impl World {
    /// Lets the cluster's own controllers look after services that declare none, or ends that. What they did stays.
    pub fn set_default_controllers(&mut self, is_on: bool) {
        if std::mem::replace(&mut self.has_default_controllers, is_on) == is_on {
            return;
        }
        let ids: Vec<ServiceId> = self.topology.services().map(|(id, _)| id).collect();
        for id in ids {
            if self.topology.get(id).is_some_and(lacks_probes) {
                self.refresh_probes(id);
            }
            self.refresh_autoscaler(id);
        }
    }
    /// Whether they do.
    pub const fn has_default_controllers(&self) -> bool {
        self.has_default_controllers
    }
    /// The probes that watch a service's instances.
    pub(super) fn probes_of(&self, id: ServiceId) -> Probes {
        match self.topology.get(id) {
            Some(service) if self.has_default_controllers && lacks_probes(service) => {
                Probes { readiness: Some(Probe::default()), liveness: Some(Probe::default()) }
            }
            Some(service) => service.probes,
            None => Probes::default(),
        }
    }
    /// The autoscaler of a service.
    pub(super) fn autoscaler_of(&self, id: ServiceId) -> Option<Autoscaler> {
        let service = self.topology.get(id)?;
        let usual = Autoscaler { min: service.replicas.max(1), max: service.replicas_max, ..Autoscaler::default() };
        let is_wanted = self.has_default_controllers && service.is_healable() && service.replicas > 0;
        service.autoscaler.or_else(|| is_wanted.then_some(usual))
    }
}

/// Clients stand outside the cluster.
fn lacks_probes(service: &Service) -> bool {
    service.is_healable() && service.probes == Probes::default()
}
