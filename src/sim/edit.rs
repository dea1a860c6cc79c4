//! Changing the drawn system while it runs.

use super::World;
use super::change::Change;
use super::event::Exit;
use super::fault::FaultTarget;
use super::service::ServiceState;
use crate::action::{ActionError, ActionStatus};
use crate::ids::ServiceId;
use crate::topology::{EditError, TopologyEdit};

impl World {
    /// Applies `edit` to the drawn system and makes the running one follow: new services start, removed ones go with
    /// everything in them. Returns the edit that takes it back.
    ///
    /// # Errors
    /// [`EditError`]; then nothing has changed.
    pub fn edit(&mut self, edit: &TopologyEdit) -> Result<TopologyEdit, EditError> {
        let inverse = self.topology.apply(edit)?;
        self.reconcile(false);
        Ok(inverse)
    }

    /// Makes the running system follow the drawn one.
    pub(super) fn reconcile(&mut self, at_start: bool) {
        let slots = self.topology.slots().max(self.services.len());
        self.services.resize_with(slots, || None);
        self.cpu_gone.resize(slots, 0.0);
        self.restarts_gone.resize(slots, 0);
        for index in 0..slots {
            let id = ServiceId(index as u32);
            match (self.topology.get(id), self.services[index].is_some()) {
                (Some(service), false) => {
                    let (state, replicas) = (ServiceState::new(self.seed, service), service.replicas);
                    self.services[index] = Some(state);
                    for _ in 0..replicas {
                        self.spawn(id, at_start);
                    }
                }
                (None, true) => self.remove_service(id),
                _ => {}
            }
        }
        self.drop_faults_without_target();
        self.edges.retain(|(from, to), _| self.topology.edges().any(|e| (e.from, e.to) == (*from, *to)));
        self.refresh_effects();
    }

    fn remove_service(&mut self, id: ServiceId) {
        if self.services[id.index()].as_ref().is_some_and(|s| s.change.is_some()) {
            self.end_change(id, ActionStatus::Failed(ActionError::NoTarget));
        }
        for index in self.services[id.index()].as_ref().map(|s| s.instances.clone()).unwrap_or_default() {
            self.remove_instance(index, Exit::Retired);
        }
        self.services[id.index()] = None;
    }

    fn drop_faults_without_target(&mut self) {
        let lost = |target: FaultTarget| match target {
            FaultTarget::Service(id) => self.topology.get(id).is_none(),
            FaultTarget::Edge { from, to } => !self.topology.edges().any(|e| (e.from, e.to) == (from, to)),
        };
        let gone: Vec<_> = self.faults.iter().filter(|f| lost(f.spec.target)).map(|f| f.id).collect();
        for id in gone {
            self.remove_fault(id);
        }
    }

    /// The healer's change of `id` under way, if any.
    #[must_use]
    pub fn is_changing(&self, id: ServiceId) -> bool {
        let change: Option<&Change> = self.services.get(id.index()).and_then(Option::as_ref).and_then(|s| s.change.as_ref());
        change.is_some()
    }
}
