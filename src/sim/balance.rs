//! Load balancing: which instance gets an attempt. Callers choose from what they were last told, by their own count of
//! what they have in flight there, not by what is true.

use super::World;
use super::calendar::Happening;
use super::client::ClientState;
use super::request::NOBODY;
use super::service::Target;
use crate::ids::ServiceId;
use crate::rng;
use crate::topology::{Balancing, CallPolicy};
use crate::units::SimDuration;

impl World {
    /// The instances in service changed: callers will know after the cluster's delay.
    pub(super) fn endpoints_changed(&mut self, id: ServiceId) {
        if self.cluster.endpoint_delay == SimDuration::ZERO || self.now.as_nanos() == 0 {
            self.publish(id.0);
        } else {
            self.calendar.schedule(self.now + self.cluster.endpoint_delay, Happening::Publish, id.0);
        }
    }

    /// Callers learn who is in service.
    pub(super) fn publish(&mut self, index: u32) {
        let Some(state) = self.services.get_mut(index as usize).and_then(Option::as_mut) else { return };
        let target = |instance: &u32| {
            let known = self.instances.get(*instance)?;
            Some(Target { instance: *instance, slot: known.slot, zone: known.zone, id: known.id })
        };
        state.published = state.ready.iter().filter_map(target).collect();
    }

    /// Chooses an instance of the callee for an attempt of `caller` on `edge`; `avoid` is the slot that just failed.
    #[inline]
    pub(super) fn choose(&mut self, edge: u32, caller: u32, key: u64, avoid: u32) -> Option<Target> {
        let plan = &self.plan.edges[edge as usize];
        let state = self.services.get(plan.to.index())?.as_ref()?;
        let targets = &*state.published;
        let caller = self.instances.get_mut(caller)?;
        let zone = caller.zone;
        let client = caller.clients.get_mut(plan.local as usize)?;
        let hot = state.hot_key;
        let policy = &plan.policy;
        if targets.len() > 1 && (policy.zone_aware || policy.outlier.is_some()) {
            let now = self.now;
            let usable = |t: &Target| !client.is_ejected(t.slot, now) && (!policy.zone_aware || t.zone == zone);
            let left = &mut self.usable;
            left.clear();
            left.extend(targets.iter().copied().filter(usable));
            if policy.zone_aware && left.is_empty() {
                left.extend(targets.iter().copied().filter(|t| !client.is_ejected(t.slot, now)));
            }
            let ejected = targets.iter().filter(|t| client.is_ejected(t.slot, now)).count();
            let healthy = (targets.len() - ejected) as f64 / targets.len() as f64;
            if !left.is_empty() && healthy >= policy.panic_below.get() {
                return pick(left, client, policy, hot, key, avoid);
            }
        }
        pick(targets, client, policy, hot, key, avoid)
    }

    /// Chooses an instance for a user who enters at `id`: the less busy of two, by the balancer in front of it.
    pub(super) fn choose_entry(&mut self, id: ServiceId, key: u64) -> Option<Target> {
        let state = self.services.get_mut(id.index())?.as_mut()?;
        let policy = self.topology.get(id)?.workload.balancing;
        let policy = CallPolicy { balancing: policy, ..CallPolicy::default() };
        pick(&state.published, &mut state.ingress, &policy, state.hot_key, key, NOBODY)
    }
}

fn pick(targets: &[Target], client: &mut ClientState, policy: &CallPolicy, hot: f64, key: u64, avoid: u32) -> Option<Target> {
    let count = targets.len() as u32;
    if count <= 1 {
        return targets.first().copied();
    }
    let avoided = |index: u32| {
        let index = index % count;
        if targets[index as usize].slot == avoid { (index + 1) % count } else { index }
    };
    let chosen = match policy.balancing {
        Balancing::RoundRobin => {
            client.turn = client.turn.wrapping_add(1);
            avoided(client.turn)
        }
        Balancing::Random | Balancing::LeastOf(0 | 1) => avoided(rng::below(key, count)),
        Balancing::LeastOf(draws) => least_of(targets, client, u32::from(draws), key, avoid),
        Balancing::LeastBusy => {
            client.turn = client.turn.wrapping_add(1);
            let from = client.turn % count;
            let order = (0..count).map(|i| (from + i) % count);
            let busy = |i: &u32| (targets[*i as usize].slot == avoid, client.busy(targets[*i as usize].slot));
            order.min_by_key(busy).unwrap_or(0)
        }
        Balancing::RingHash => owner(targets, if hot > 0.0 && rng::chance(rng::fold(key, 8), hot) { 0 } else { key }),
    };
    targets.get(chosen as usize).copied()
}

/// The least busy of `draws` different ones (of two: uniformly among all pairs).
#[inline]
fn least_of(targets: &[Target], client: &ClientState, draws: u32, key: u64, avoid: u32) -> u32 {
    let count = targets.len() as u32;
    let first = rng::below(key, count);
    let mut best = first;
    let mut best_busy = (targets[first as usize].slot == avoid, client.busy(targets[first as usize].slot));
    for draw in 1..draws {
        let other = (first + 1 + rng::below(rng::fold(key, u64::from(draw)), count - 1)) % count;
        let busy = (targets[other as usize].slot == avoid, client.busy(targets[other as usize].slot));
        if busy < best_busy {
            (best, best_busy) = (other, busy);
        }
    }
    best
}

/// Rendezvous hashing: the instance with the highest hash of key and instance owns the key. When one goes, only its own
/// keys move.
fn owner(targets: &[Target], key: u64) -> u32 {
    let weight = |t: &Target| rng::fold(key, u64::from(t.id.0));
    let best = targets.iter().enumerate().max_by_key(|(_, t)| weight(t));
    best.map_or(0, |(i, _)| i as u32)
}
