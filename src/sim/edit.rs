//! Changing the drawn system while it runs.

use super::World;
use super::event::Exit;
use super::fault::FaultTarget;
use super::service::ServiceState;
use crate::action::{ActionError, ActionStatus};
use crate::ids::ServiceId;
use crate::topology::{EditError, Service, Topology, TopologyEdit};
use std::sync::Arc;

impl World {
    /// Applies `edit` to the drawn system and makes the running one follow: new services start, removed ones go with
    /// everything in them, changed ones have their new settings at once (instances keep running; a number of replicas is
    /// reached by starting or draining some). Returns the edit that takes it back.
    ///
    /// # Errors
    /// [`EditError`]; then nothing has changed.
    pub fn edit(&mut self, edit: &TopologyEdit) -> Result<TopologyEdit, EditError> {
        let before = self.topology.clone();
        let inverse = Arc::make_mut(&mut self.topology).apply(edit)?;
        for id in changed(&before, &self.topology) {
            self.compile(id);
        }
        self.reconcile(false);
        for (id, service) in before.services() {
            self.follow(id, service);
        }
        Ok(inverse)
    }

    /// Makes the running system follow the drawn one.
    pub(super) fn reconcile(&mut self, at_start: bool) {
        let slots = self.topology.slots().max(self.services.len());
        self.services.resize_with(slots, || None);
        self.cpu_gone.resize(slots, 0.0);
        self.restarts_gone.resize(slots, 0);
        let ids = (0..slots as u32).map(ServiceId);
        let is_new = |id: &ServiceId| self.topology.get(*id).is_some() && self.services[id.index()].is_none();
        let is_gone = |id: &ServiceId| self.topology.get(*id).is_none() && self.services[id.index()].is_some();
        let (new, gone): (Vec<_>, Vec<_>) = (ids.clone().filter(is_new).collect(), ids.filter(is_gone).collect());
        for id in gone {
            self.remove_service(id);
        }
        self.create(&new, at_start);
        self.drop_faults_without_target();
        self.refresh_effects();
    }
    /// New services come to be, all before the first of their instances.
    fn create(&mut self, new: &[ServiceId], at_start: bool) {
        for id in new {
            let Some(service) = self.topology.get(*id) else { continue };
            self.services[id.index()] = Some(ServiceState::new(self.seed, service));
        }
        for id in new {
            self.compile(*id);
        }
        for id in new {
            for _ in 0..self.topology.get(*id).map_or(0, |s| s.replicas) {
                self.spawn(*id, at_start);
            }
        }
        for id in new {
            self.endpoints_changed(*id);
            self.begin_entry(*id);
            self.refresh_autoscaler(*id);
        }
    }
    fn remove_service(&mut self, id: ServiceId) {
        self.end_change(id, ActionStatus::Failed(ActionError::NoTarget));
        self.end_settings(id);
        for index in self.services[id.index()].as_ref().map(|s| s.instances.clone()).unwrap_or_default().iter().copied() {
            self.remove_instance(index, Exit::Retired);
        }
        self.services[id.index()] = None;
    }

    /// Lets a running service follow its new settings.
    fn follow(&mut self, id: ServiceId, before: &Service) {
        let Some(service) = self.topology.get(id).filter(|s| *s != before).cloned() else { return };
        if service.cpu_limit != before.cpu_limit || service.cpu_request != before.cpu_request {
            self.resize_in_place(id, &service);
        }
        if service.replicas != before.replicas {
            self.want(id, service.replicas, false);
        }
        if let Some(versions) = self.versions_mut(id) {
            versions.configured += 1;
        }
        if service.probes != before.probes {
            self.refresh_probes(id);
        }
        self.refresh_autoscaler(id);
        self.refresh_rate(id);
    }
    /// Running instances have the new CPU limit at once (Kubernetes resizes pods in place since 1.33); what they reserve
    /// on their nodes stays until they are replaced.
    fn resize_in_place(&mut self, id: ServiceId, service: &Service) {
        let Some(state) = self.services[id.index()].as_mut() else { return };
        state.versions.note_limits(service);
        for index in state.instances.clone().iter().copied() {
            if let Some(instance) = self.instances.get_mut(index) {
                instance.cores = service.cpu_limit.cores().max(0.001);
            }
            self.refresh_speed(index);
        }
    }

    fn drop_faults_without_target(&mut self) {
        let lost = |target: FaultTarget| match target {
            FaultTarget::Service(id) | FaultTarget::Instance { service: id, .. } => self.topology.get(id).is_none(),
            FaultTarget::Edge { from, to } => !self.topology.edges().any(|e| (e.from, e.to) == (from, to)),
            FaultTarget::Node(_) | FaultTarget::Zone(_) | FaultTarget::Zones(..) | FaultTarget::Monitoring => false,
        };
        let gone: Vec<_> = self.faults.iter().filter(|f| lost(f.spec.target)).map(|f| f.id).collect();
        for id in gone {
            self.remove_fault(id);
        }
    }
}

/// Services whose settings differ, and their callers: a call's endpoint is looked up in the callee's settings.
fn changed(before: &Topology, after: &Topology) -> Vec<ServiceId> {
    let slots = before.slots().min(after.slots()) as u32;
    let differs = |id: &ServiceId| after.get(*id).is_some() && before.get(*id).is_some() && before.get(*id) != after.get(*id);
    let mut ids: Vec<ServiceId> = (0..slots).map(ServiceId).filter(differs).collect();
    ids.extend(ids.clone().into_iter().flat_map(|id| after.callers(id)));
    ids.sort_unstable();
    ids.dedup();
    ids
}
