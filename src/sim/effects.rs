//! What the active faults do to services, edges, zones and nodes for as long as they last. Everything is derived anew from
//! the list of faults, so that taking one away leaves exactly what the others do.

use super::World;
use super::fault::{ActiveFault, FaultKind, FaultTarget};
use super::network::ZoneFault;
use crate::ids::ServiceId;
use crate::units::{SimDuration, SimTime};

/// Largest share of a node that its neighbour can take.
const NOISE_MAX: f64 = 0.95;

impl World {
    /// Derives from the active faults what they do as long as they last.
    pub(super) fn refresh_effects(&mut self) {
        self.refresh_edges();
        self.refresh_zones();
        self.refresh_noise();
        self.refresh_pools();
        for id in self.topology.services().map(|(id, _)| id).collect::<Vec<_>>() {
            self.refresh_leaks(id);
            self.refresh_crash_loops(id);
            self.refresh_waits(id);
            self.refresh_rate(id);
        }
    }

    fn on_service(&self, id: ServiceId, kind: FaultKind) -> impl Iterator<Item = &ActiveFault> + '_ {
        self.faults.iter().filter(move |f| f.spec.kind == kind && f.spec.target == FaultTarget::Service(id))
    }
    fn magnitudes(&self, id: ServiceId, kind: FaultKind) -> impl Iterator<Item = f64> + '_ {
        self.on_service(id, kind).map(|f| f.spec.magnitude)
    }

    fn refresh_edges(&mut self) {
        for edge in &mut self.edges {
            (edge.delay, edge.loss) = (SimDuration::ZERO, 0.0);
        }
        for fault in &self.faults {
            let FaultTarget::Edge { from, to } = fault.spec.target else { continue };
            let Some(edge) = self.plan.edge_between(from, to).and_then(|e| self.edges.get_mut(e as usize)) else { continue };
            match fault.spec.kind {
                FaultKind::Latency => edge.delay = edge.delay + millis(fault.spec.magnitude),
                FaultKind::Partition => edge.loss = 1.0 - (1.0 - edge.loss) * (1.0 - fault.spec.magnitude),
                _ => {}
            }
        }
    }
    fn refresh_zones(&mut self) {
        self.zone_faults.clear();
        for fault in &self.faults {
            let FaultTarget::Zones(a, b) = fault.spec.target else { continue };
            let (delay, loss) = match fault.spec.kind {
                FaultKind::Latency => (millis(fault.spec.magnitude), 0.0),
                _ => (SimDuration::ZERO, fault.spec.magnitude),
            };
            self.zone_faults.push(ZoneFault { a, b, delay, loss });
        }
    }
    fn refresh_noise(&mut self) {
        let mut noise = vec![0.0_f64; self.nodes.len()];
        for fault in self.faults.iter().filter(|f| f.spec.kind == FaultKind::NoisyNeighbour) {
            for node in self.nodes_of(fault.spec.target) {
                let share = &mut noise[node as usize];
                *share = (*share + fault.spec.magnitude).min(NOISE_MAX);
            }
        }
        for (node, share) in noise.into_iter().enumerate() {
            if self.nodes[node].noise.to_bits() != share.to_bits() {
                self.nodes[node].noise = share;
                self.refresh_node(node);
            }
        }
    }

    fn refresh_leaks(&mut self, id: ServiceId) {
        let rate: f64 = self.magnitudes(id, FaultKind::MemoryLeak).sum();
        let Some(state) = self.services[id.index()].as_ref().filter(|s| s.leak_mib_per_s.to_bits() != rate.to_bits()) else {
            return;
        };
        let instances = state.instances.clone();
        for index in instances.iter() {
            self.book_leak(*index);
        }
        if let Some(state) = self.services[id.index()].as_mut() {
            state.leak_mib_per_s = rate;
        }
        for index in instances.iter().copied() {
            if rate > 0.0 {
                self.begin_leak(index);
            } else if let Some(instance) = self.instances.get_mut(index) {
                instance.leaking = false;
            }
        }
    }
    fn refresh_crash_loops(&mut self, id: ServiceId) {
        let after = self.magnitudes(id, FaultKind::CrashLoop).reduce(f64::min);
        let Some(state) = self.services[id.index()].as_mut() else { return };
        let begins = after.is_some() && state.crash_after_s != after;
        state.crash_after_s = after;
        if begins {
            for index in state.instances.clone().iter().copied() {
                self.begin_crash_timer(index);
            }
        }
    }
    /// Slow answers, a hot key, connections that cannot be made.
    fn refresh_waits(&mut self, id: ServiceId) {
        let slow_ns = self.magnitudes(id, FaultKind::SlowResponses).sum::<f64>() * 1e6;
        let hot_key = self.magnitudes(id, FaultKind::HotKey).sum::<f64>().min(1.0);
        let refused = self.on_service(id, FaultKind::NoNewConnections).map(since_and_age).reduce(|a, b| a.min(b));
        if let Some(state) = self.services[id.index()].as_mut() {
            (state.slow_ns, state.hot_key, state.no_new_connections) = (slow_ns, hot_key, refused);
        }
    }

    /// By what the users' rate at an entry is multiplied: every spike whose target the entry leads to.
    pub(super) fn traffic_factor(&self, id: ServiceId) -> f64 {
        let spikes = self.faults.iter().filter(|f| f.spec.kind == FaultKind::TrafficSpike);
        let mine = spikes.filter(|f| matches!(f.spec.target, FaultTarget::Service(to) if self.topology.reaches(id, to)));
        mine.fold(1.0, |factor, f| factor * f.spec.magnitude)
    }
}

fn millis(magnitude: f64) -> SimDuration {
    SimDuration::from_secs_f64(magnitude / 1e3)
}

/// Since when new connections fail, and the age in ns at which connections are renewed.
fn since_and_age(fault: &ActiveFault) -> (SimTime, u64) {
    (fault.since, SimDuration::from_secs_f64(fault.spec.magnitude).as_nanos())
}
