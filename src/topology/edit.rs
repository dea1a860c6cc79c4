//! Changes to a running system. Each edit checks itself, applies whole or not at all, and yields its inverse, so undo
//! is another edit and never a reset.

use super::{Call, SERVICES_MAX, Service, Step, Topology};
use crate::ids::ServiceId;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// One change of the topology.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    clippy::large_enum_variant,
    reason = "edits are rare and live briefly; a boxed call would burden every place that makes one"
)]
pub enum TopologyEdit {
    /// Adds a service in the next free slot.
    AddService(Box<Service>),
    /// Removes a service and all calls to it.
    RemoveService(ServiceId),
    /// Gives a service other settings: everything but its name and its calls' targets may differ.
    Configure(ServiceId, Box<Service>),
    /// Gives a service another name.
    Rename(ServiceId, String),
    /// Adds a call as a stage of its own, after the others.
    AddCall {
        /// The caller.
        from: ServiceId,
        /// The new call.
        call: Call,
    },
    /// Removes the call between two services.
    RemoveCall {
        /// The caller.
        from: ServiceId,
        /// The callee.
        to: ServiceId,
    },
    /// Lets an existing call go to another service.
    RedirectCall {
        /// The caller.
        from: ServiceId,
        /// The callee until now.
        to: ServiceId,
        /// The callee from now on.
        new_to: ServiceId,
    },
    /// Puts back earlier versions of services (what undo does).
    Restore(Vec<(ServiceId, Option<Service>)>),
}

/// Why an edit was refused; the topology is unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum EditError {
    /// The service is not there (any more).
    #[error("E0101 there is no service {0}; it may have been removed")]
    NoService(ServiceId),
    /// The name is taken.
    #[error("E0102 a service named '{0}' exists already; choose another name")]
    NameTaken(String),
    /// The name is empty or too long.
    #[error("E0103 a name needs 1 to 63 characters")]
    BadName,
    /// The edge exists already.
    #[error("E0104 '{0}' already calls '{1}'")]
    EdgeExists(String, String),
    /// The edge does not exist.
    #[error("E0105 '{0}' does not call '{1}'")]
    NoEdge(String, String),
    /// The edge would close a cycle.
    #[error("E0106 '{0}' cannot call '{1}': '{1}' already depends on '{0}', and a cycle of synchronous calls never ends")]
    Cycle(String, String),
    /// Too many services.
    #[error("E0107 a system holds at most {SERVICES_MAX} services")]
    TooMany,
}

impl Topology {
    /// Applies `edit` and returns the edit that takes it back.
    ///
    /// # Errors
    /// [`EditError`]; then nothing has changed.
    pub fn apply(&mut self, edit: &TopologyEdit) -> Result<TopologyEdit, EditError> {
        match edit {
            TopologyEdit::AddService(service) => self.add_service(service),
            TopologyEdit::RemoveService(id) => self.remove_service(*id),
            TopologyEdit::Configure(id, service) => self.configure(*id, service),
            TopologyEdit::Rename(id, name) => self.rename(*id, name),
            TopologyEdit::AddCall { from, call } => {
                self.check_new_edge(*from, call.to)?;
                self.change(*from, |s| s.stages.push(vec![*call]))
            }
            TopologyEdit::RemoveCall { from, to } => {
                self.check_edge(*from, *to)?;
                self.change(*from, |s| remove_calls(s, *to))
            }
            TopologyEdit::RedirectCall { from, to, new_to } => {
                self.check_edge(*from, *to)?;
                self.check_new_edge(*from, *new_to)?;
                self.change(*from, |s| {
                    for call in s.calls_mut().filter(|c| c.to == *to) {
                        call.to = *new_to;
                    }
                })
            }
            TopologyEdit::Restore(earlier) => self.restore(earlier),
        }
    }

    fn add_service(&mut self, service: &Service) -> Result<TopologyEdit, EditError> {
        self.check_name(&service.name, None)?;
        if self.slots() >= SERVICES_MAX {
            return Err(EditError::TooMany);
        }
        for call in service.calls() {
            self.get(call.to).ok_or(EditError::NoService(call.to))?;
        }
        let id = self.push(service.clone());
        Ok(TopologyEdit::Restore(vec![(id, None)]))
    }

    fn remove_service(&mut self, id: ServiceId) -> Result<TopologyEdit, EditError> {
        let gone = self.get(id).cloned().ok_or(EditError::NoService(id))?;
        let mut before = vec![(id, Some(gone))];
        for caller in self.callers(id) {
            before.push((caller, self.get(caller).cloned()));
            if let Some(service) = self.get_mut(caller) {
                remove_calls(service, id);
            }
        }
        self.set(id, None);
        Ok(TopologyEdit::Restore(before))
    }

    fn configure(&mut self, id: ServiceId, service: &Service) -> Result<TopologyEdit, EditError> {
        let before = self.get(id).cloned().ok_or(EditError::NoService(id))?;
        if before.name != service.name {
            self.check_name(&service.name, Some(id))?;
        }
        self.restore(&[(id, Some(service.clone()))])
    }

    fn rename(&mut self, id: ServiceId, name: &str) -> Result<TopologyEdit, EditError> {
        self.check_name(name, Some(id))?;
        self.change(id, |s| name.clone_into(&mut s.name))
    }

    fn restore(&mut self, earlier: &[(ServiceId, Option<Service>)]) -> Result<TopologyEdit, EditError> {
        let mut trial = self.clone();
        let mut before = Vec::with_capacity(earlier.len());
        for (id, service) in earlier {
            if id.index() >= SERVICES_MAX {
                return Err(EditError::TooMany);
            }
            before.push((*id, trial.get(*id).cloned()));
            trial.set(*id, service.clone());
        }
        if let Some(edge) = trial.edges().find(|e| trial.get(e.to).is_none()) {
            return Err(EditError::NoService(edge.to));
        }
        if let Some(path) = trial.cycle() {
            return Err(EditError::Cycle(path[0].clone(), path[1].clone()));
        }
        *self = trial;
        Ok(TopologyEdit::Restore(before))
    }

    fn change(&mut self, id: ServiceId, f: impl FnOnce(&mut Service)) -> Result<TopologyEdit, EditError> {
        let service = self.get_mut(id).ok_or(EditError::NoService(id))?;
        let before = service.clone();
        f(service);
        Ok(TopologyEdit::Restore(vec![(id, Some(before))]))
    }

    fn check_name(&self, name: &str, own: Option<ServiceId>) -> Result<(), EditError> {
        if name.is_empty() || name.chars().count() > 63 {
            return Err(EditError::BadName);
        }
        match self.by_name(name) {
            Some(id) if Some(id) != own => Err(EditError::NameTaken(name.to_owned())),
            _ => Ok(()),
        }
    }

    fn check_edge(&self, from: ServiceId, to: ServiceId) -> Result<(), EditError> {
        let caller = self.get(from).ok_or(EditError::NoService(from))?;
        if caller.calls().any(|c| c.to == to) {
            return Ok(());
        }
        Err(EditError::NoEdge(self.name(from).to_owned(), self.name(to).to_owned()))
    }

    fn check_new_edge(&self, from: ServiceId, to: ServiceId) -> Result<(), EditError> {
        self.get(to).ok_or(EditError::NoService(to))?;
        let names = || (self.name(from).to_owned(), self.name(to).to_owned());
        if self.check_edge(from, to).is_ok() {
            let (from, to) = names();
            return Err(EditError::EdgeExists(from, to));
        }
        self.get(from).ok_or(EditError::NoService(from))?;
        if self.waits_for(to, from) {
            let (from, to) = names();
            return Err(EditError::Cycle(from, to));
        }
        Ok(())
    }
}

fn remove_calls(service: &mut Service, to: ServiceId) {
    for stage in &mut service.stages {
        stage.retain(|c| c.to != to);
    }
    service.stages.retain(|stage| !stage.is_empty());
    for endpoint in &mut service.endpoints {
        for step in &mut endpoint.steps {
            match step {
                Step::Calls { calls, need } => {
                    calls.retain(|c| c.to != to);
                    // More good answers than calls would never come.
                    *need = calls.iter().map(|c| c.count).fold(0, u16::saturating_add).min(*need);
                }
                Step::Cached(lookup) => lookup.origin.retain(|c| c.to != to),
                Step::Cpu(_) | Step::Wait(_) | Step::Lock { .. } => {}
            }
        }
        endpoint.steps.retain(|step| !uses(step, to));
    }
}

/// Whether nothing is left of a step without calls to `to`: a cache that is gone takes its look-up along.
fn uses(step: &Step, to: ServiceId) -> bool {
    match step {
        Step::Calls { calls, .. } => calls.is_empty(),
        Step::Cached(lookup) => lookup.cache.to == to,
        Step::Cpu(_) | Step::Wait(_) | Step::Lock { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain() -> Topology {
        let mut topology = Topology::default();
        let c = topology.push(Service::named("c"));
        let b = topology.push(Service { stages: vec![vec![Call::to(c)]], ..Service::named("b") });
        topology.push(Service { stages: vec![vec![Call::to(b)]], ..Service::named("a") });
        topology
    }

    #[test]
    fn every_edit_is_taken_back_by_its_inverse() {
        let (c, b, a) = (ServiceId(0), ServiceId(1), ServiceId(2));
        let edits = [
            TopologyEdit::AddService(Box::new(Service::named("d"))),
            TopologyEdit::RemoveService(b),
            TopologyEdit::Rename(a, "front".into()),
            TopologyEdit::AddCall { from: a, call: Call::to(c) },
            TopologyEdit::RemoveCall { from: b, to: c },
            TopologyEdit::RedirectCall { from: a, to: b, new_to: c },
        ];
        for edit in edits {
            let mut topology = chain();
            let undo = topology.apply(&edit).expect("valid edit");
            let after = topology.clone();
            let redo = topology.apply(&undo).expect("undo");
            assert!(topology.services().eq(chain().services()), "{edit:?}");
            topology.apply(&redo).expect("redo");
            assert_eq!(topology, after, "{edit:?}");
        }
    }

    #[test]
    fn bad_edits_are_refused_with_a_reason_and_change_nothing() {
        let (c, a) = (ServiceId(0), ServiceId(2));
        let mut topology = chain();
        let refused = topology.apply(&TopologyEdit::AddCall { from: c, call: Call::to(a) });
        assert_eq!(refused, Err(EditError::Cycle("c".into(), "a".into())));
        assert!(topology.apply(&TopologyEdit::Rename(a, "c".into())).is_err());
        assert!(topology.apply(&TopologyEdit::RemoveCall { from: a, to: c }).is_err());
        assert!(topology.apply(&TopologyEdit::AddCall { from: a, call: Call::to(ServiceId(9)) }).is_err());
        assert_eq!(topology, chain());
    }
}
