//! Finding things in a frame, and walking its call graph.

use super::frame::{EdgeFrame, Frame, ServiceFrame};
use crate::ids::ServiceId;
use std::collections::BTreeSet;

impl Frame {
    /// The service `id`, unless it is gone. Services are in id order, so this is a binary search.
    pub fn service(&self, id: ServiceId) -> Option<&ServiceFrame> {
        self.services.binary_search_by_key(&id, |s| s.id).ok().map(|i| &self.services[i])
    }
    /// The edge between two services, unless it is gone.
    pub fn edge(&self, from: ServiceId, to: ServiceId) -> Option<&EdgeFrame> {
        self.edges.iter().find(|e| e.from == from && e.to == to)
    }
    /// The name of `id`, or its number if it is gone.
    pub fn name(&self, id: ServiceId) -> String {
        self.service(id).map_or_else(|| format!("removed service {id}"), |s| s.name.clone())
    }
    /// `id`, everybody who depends on it and everybody it depends on.
    pub fn connected(&self, id: ServiceId) -> BTreeSet<ServiceId> {
        let mut all = self.closure(id, |e| (e.from, e.to));
        all.extend(self.closure(id, |e| (e.to, e.from)));
        all
    }
    /// Whether a new call `from` -> `to` would be accepted: both differ, no such edge yet, no cycle.
    pub fn can_call(&self, from: ServiceId, to: ServiceId) -> bool {
        from != to && self.edge(from, to).is_none() && !self.closure(to, |e| (e.from, e.to)).contains(&from)
    }

    fn closure(&self, start: ServiceId, ends: impl Fn(&EdgeFrame) -> (ServiceId, ServiceId)) -> BTreeSet<ServiceId> {
        let mut seen = BTreeSet::from([start]);
        let mut open = vec![start];
        while let Some(id) = open.pop() {
            let next = self.edges.iter().map(&ends).filter(|(from, _)| *from == id).map(|(_, to)| to);
            open.extend(next.filter(|to| seen.insert(*to)).collect::<Vec<_>>());
        }
        seen
    }
}
