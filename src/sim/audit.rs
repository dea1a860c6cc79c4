//! The platform's own books: what is reserved on nodes, who is in service, who waits for room.

use super::World;
use super::checker::Imbalance;
use super::instance::Life;
use super::request::NOBODY;
use std::collections::BTreeMap;

impl World {
    /// Checks that nodes, services and instances agree about each other.
    ///
    /// # Errors
    /// The first disagreement.
    pub(super) fn check_platform(&self) -> Result<(), Imbalance> {
        self.check_nodes()?;
        self.check_services()?;
        self.check_pools()?;
        for index in &self.pending {
            let waits = self.instances.get(*index).is_some_and(|i| i.life == Life::Pending && i.node == NOBODY);
            ensure(waits, || format!("instance {index} is said to wait for room"))?;
        }
        Ok(())
    }

    fn check_nodes(&self) -> Result<(), Imbalance> {
        for (number, node) in self.nodes.iter().enumerate() {
            let pods = node.pods.iter().filter_map(|i| self.instances.get(*i)).filter(|i| i.node as usize == number);
            let (mut count, mut cpu, mut memory_kib) = (0, 0, 0);
            for pod in pods {
                count += 1;
                cpu += u64::from(pod.reserved.cpu);
                memory_kib += pod.reserved.memory_kib;
            }
            ensure(count == node.pods.len(), || format!("node {number} lists instances that are not there"))?;
            ensure(node.taken() == (cpu, memory_kib), || {
                format!("node {number} has {:?} reserved, its instances {cpu}m and {memory_kib} KiB", node.taken())
            })?;
        }
        for (index, instance) in self.instances.iter().filter(|(_, i)| i.node != NOBODY) {
            let known = self.nodes.get(instance.node as usize).is_some_and(|n| n.pods.contains(&index));
            ensure(known, || format!("the node of instance {} does not know it", instance.id))?;
        }
        Ok(())
    }

    /// Connections in use are those that calls hold, and those that leaked. (Less may be counted: an edit of the calls begins to
    /// count anew.)
    fn check_pools(&self) -> Result<(), Imbalance> {
        let mut held: BTreeMap<(u32, u32), u32> = BTreeMap::new();
        for (_, call) in self.calls.iter().filter(|(_, call)| call.pooled) {
            if self.instances.get(call.caller).is_some_and(|i| i.stamp == call.caller_stamp) {
                *held.entry((call.caller, self.plan.edges[call.edge as usize].local)).or_default() += 1;
            }
        }
        for (index, instance) in self.instances.iter() {
            for (local, guards) in (0..).zip(&instance.clients).filter_map(|(n, c)| Some((n, c.guards.as_ref()?))) {
                let holders = held.get(&(index, local)).copied().unwrap_or(0);
                let (in_use, leaked) = (guards.pool.in_use, guards.pool.leaked);
                ensure(leaked <= in_use && in_use - leaked <= holders, || {
                    format!("{in_use} connections of instance {} are in use, {holders} are held, {leaked} leaked", instance.id)
                })?;
            }
        }
        Ok(())
    }

    fn check_services(&self) -> Result<(), Imbalance> {
        for state in self.services.iter().flatten() {
            let mut slots = Vec::with_capacity(state.instances.len());
            for index in state.instances.iter() {
                let Some(instance) = self.instances.get(*index) else {
                    return Err(Imbalance::new(format!("a service lists instance {index}, which is gone")));
                };
                slots.push(instance.slot);
                let agrees = instance.in_service == state.ready.contains(index);
                ensure(agrees, || format!("whether instance {} is in service is told in two ways", instance.id))?;
            }
            ensure(state.ready.iter().all(|i| state.instances.contains(i)), || "a stranger is in service".to_owned())?;
            let count = slots.len();
            slots.sort_unstable();
            slots.dedup();
            ensure(slots.len() == count, || "two instances have the same number".to_owned())?;
        }
        Ok(())
    }
}

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), Imbalance> {
    if holds { Ok(()) } else { Err(Imbalance::new(what())) }
}
