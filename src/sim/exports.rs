//! What cluster exporters tell beside a service's gauges: where its instances are. Reading changes nothing that a run
//! depends on.

use super::World;
use super::request::NOBODY;
use crate::ids::ServiceId;

impl World {
    /// Node and zone of each instance of `id` that has a place (`kube_pod_info` names the node, its labels the zone).
    pub fn places(&self, id: ServiceId) -> impl Iterator<Item = (u32, u8)> + '_ {
        let state = self.services.get(id.index()).and_then(Option::as_ref);
        let instances = state.into_iter().flat_map(|s| s.instances.iter()).filter_map(|i| self.instances.get(*i));
        instances.filter(|i| i.node != NOBODY).map(|i| (i.node, i.zone))
    }
}
