//! Services by name. Files speak of names, the topology of ids; a removed service leaves its id behind.

use crate::ids::ServiceId;
use crate::topology::Service;
use std::collections::BTreeMap;

/// Names and endpoints of all services at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    slots: Vec<Option<Named>>,
    ids: BTreeMap<String, ServiceId>,
}

#[derive(Clone, Debug)]
struct Named {
    name: String,
    endpoints: Vec<String>,
}

impl Names {
    /// The id of the service called `name`.
    pub fn id(&self, name: &str) -> Option<ServiceId> {
        self.ids.get(name).copied()
    }
    /// The name of a service; empty if it is gone.
    pub fn name(&self, id: ServiceId) -> &str {
        self.slot(id).map_or("", |n| n.name.as_str())
    }
    /// All names, by id.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.slots.iter().flatten().map(|n| n.name.as_str())
    }
    /// Number of the endpoint called `name`, counted from 1 as calls do.
    pub fn endpoint(&self, id: ServiceId, name: &str) -> Option<u16> {
        let at = self.slot(id)?.endpoints.iter().position(|e| e == name)?;
        u16::try_from(at + 1).ok()
    }
    /// Name of an endpoint that exists; `None` for the main one.
    pub fn endpoint_name(&self, id: ServiceId, endpoint: u16) -> Option<&str> {
        let at = usize::from(endpoint).checked_sub(1)?;
        self.slot(id)?.endpoints.get(at).map(String::as_str)
    }
    /// Names of a service's further endpoints.
    pub fn endpoints(&self, id: ServiceId) -> impl Iterator<Item = &str> {
        self.slot(id).into_iter().flat_map(|n| n.endpoints.iter().map(String::as_str))
    }
    /// Sets what `id` is called; `None` if it is gone.
    pub fn set(&mut self, id: ServiceId, named: Option<(String, Vec<String>)>) {
        if let Some(old) = self.slots.get(id.index()).and_then(Option::as_ref)
            && self.ids.get(&old.name) == Some(&id)
        {
            self.ids.remove(&old.name);
        }
        while self.slots.len() <= id.index() {
            self.slots.push(None);
        }
        if let Some((name, _)) = &named {
            self.ids.entry(name.clone()).or_insert(id);
        }
        self.slots[id.index()] = named.map(|(name, endpoints)| Named { name, endpoints });
    }
    /// Takes over name and endpoints of a service.
    pub fn set_service(&mut self, id: ServiceId, service: Option<&Service>) {
        let endpoints = |s: &Service| s.endpoints.iter().map(|e| e.name.clone()).collect();
        self.set(id, service.map(|s| (s.name.clone(), endpoints(s))));
    }

    fn slot(&self, id: ServiceId) -> Option<&Named> {
        self.slots.get(id.index())?.as_ref()
    }
}
