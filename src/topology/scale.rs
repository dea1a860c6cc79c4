//! The scale model: one replica stands for `w`, and the traffic is divided by `w`.
//!
//! For loads beyond one thread. What happens in a replica stays exact, because a replica sees the same load per core,
//! worker and place in the queue; what changes is pooling (fewer replicas to choose from, fewer callers that share a
//! callee), so tails at moderate load come out a little longer. Nothing is dropped: every mechanism works as before.
//!
//! A service with fewer replicas than `w`, or a number that `w` does not divide, keeps at least one replica, made
//! smaller so that the service's capacity is divided by exactly `w`.

use super::{Arrivals, Service, Topology};
use crate::units::{Mebibytes, Millicores, PerSecond};

/// Largest scale.
pub const SCALE_MAX: u32 = 10_000;

impl Topology {
    /// The model of this system in which one replica stands for `scale` (1..=[`SCALE_MAX`]; 1 changes nothing).
    #[must_use]
    pub fn scaled(&self, scale: u32) -> Self {
        let scale = scale.clamp(1, SCALE_MAX);
        let mut model = self.clone();
        if scale > 1 {
            for service in model.slots.iter_mut().flatten() {
                shrink(service, scale);
            }
        }
        model
    }
}

fn shrink(service: &mut Service, scale: u32) {
    let whole = service.replicas;
    let replicas = whole.div_ceil(scale);
    // Each of the fewer replicas has this share of what it had: 1 where `scale` divides the number of replicas.
    let share = if replicas == 0 { 1.0 } else { f64::from(whole) / (f64::from(scale) * f64::from(replicas)) };
    let part = |amount: u32| if amount == u32::MAX { amount } else { (f64::from(amount) * share).ceil() as u32 };
    service.replicas = replicas;
    service.replicas_max = service.replicas_max.div_ceil(scale).max(replicas);
    service.cpu_limit = Millicores(part(service.cpu_limit.0));
    service.cpu_request = Millicores(part(service.cpu_request.0));
    service.workers = part(service.workers).max(1);
    service.queue_len_max = part(service.queue_len_max);
    service.memory_per_request = Mebibytes(service.memory_per_request.0 / share);
    service.leak_per_request = Mebibytes(service.leak_per_request.0 / share);
    service.contention_us /= share;
    service.cache_keys = part(service.cache_keys);
    service.ready_min = service.ready_min.div_ceil(scale);
    service.entry_rate = PerSecond(service.entry_rate.0 / f64::from(scale));
    service.server.connections_max = service.server.connections_max.map(|max| max.div_ceil(scale));
    if let Some(limit) = &mut service.server.rate_limit {
        (limit.per_s, limit.burst) = (limit.per_s * share, (limit.burst * share).max(1.0));
    }
    if let Some(hpa) = &mut service.autoscaler {
        (hpa.min, hpa.max) = (hpa.min.div_ceil(scale), hpa.max.div_ceil(scale));
    }
    if let Arrivals::Closed { users, .. } = &mut service.workload.arrivals {
        *users = users.div_ceil(scale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_and_load_shrink_alike_and_a_replica_stays_what_it_was() {
        let mut topology = Topology::default();
        let big = Service { replicas: 40, entry_rate: PerSecond(4_000.0), ..Service::named("big") };
        let id = topology.push(big.clone());
        let small = topology.push(Service { replicas: 3, ..Service::named("small") });
        let model = topology.scaled(10);
        let (scaled, odd) = (model.get(id).expect("there"), model.get(small).expect("there"));
        assert_eq!((scaled.replicas, scaled.cpu_limit, scaled.workers), (4, big.cpu_limit, big.workers));
        assert_eq!(scaled.entry_rate.0, 400.0);
        assert_eq!((odd.replicas, odd.cpu_limit, odd.workers), (1, Millicores(150), 60));
        assert_eq!(topology.scaled(1), topology);
    }
}
