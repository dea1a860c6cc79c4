//! The systems that are measured: layered random call graphs of 4, 100 and 1,000 services, 3 replicas each.
//!
//! Each service calls two of the next layer, the second one with probability [`SECOND_CALL`], so that a user's request
//! at the top of five layers makes 1 + 1.93 + 1.93^2 + ... = 27.7 RPCs. All mechanisms are compiled in; which of them a
//! service or a call uses goes by its number (`guards.rs`), so that every one is used by a part of every system, as in a
//! real one. CPU limits follow from the expected load: all run at [`UTILISATION`].

use crate::guards;
use sickbay::ids::ServiceId;
use sickbay::rng::{self, Stream, label, uniform};
use sickbay::sim::World;
use sickbay::topology::{CacheLookup, Call, CallPolicy, Cluster, Demand, Endpoint, Service, ServiceKind, Step, Topology};
use sickbay::units::{Mebibytes, Millicores, PerSecond, Ratio};

/// The seed of every run: the same work each time.
const SEED: u64 = 1;
/// Share of a service's requests that make its second call.
const SECOND_CALL: f64 = 0.93;
/// CPU use that the limits are made for.
const UTILISATION: f64 = 0.4;
/// Smallest CPU limit of an instance.
const CPU_LIMIT_MIN: u32 = 200;
/// Instances of each service.
const REPLICAS: u32 = 3;
/// Distinct keys behind a cache that holds 100,000, and their popularity.
const KEYS: (u32, f64) = (1_000_000, 1.0);
/// Hits expected of such a cache, for the load of what is behind it.
const HITS: f64 = 0.7;

/// A system and its load.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name in tables and files.
    pub name: &'static str,
    /// Services of each layer, entries first.
    pub layers: &'static [usize],
    /// Users' requests per second, over all entries.
    pub users_per_s: f64,
    /// Simulated seconds of one measured run: about 200,000 RPCs.
    pub run_s: u64,
    /// Whether calls, services and entries use the guards and mechanisms of `guards.rs`, each a part of them; otherwise
    /// calls have a time-out and retries, and that is all.
    pub guarded: bool,
}

/// All of them.
pub const SCENARIOS: [Scenario; 4] = [
    Scenario { name: "services_4", layers: &[1, 2, 1], users_per_s: 200.0, run_s: 200, guarded: true },
    Scenario { name: "services_100", layers: &[20; 5], users_per_s: 500.0, run_s: 15, guarded: true },
    Scenario { name: "services_1000", layers: &[200; 5], users_per_s: 2_000.0, run_s: 4, guarded: true },
    Scenario { name: "plain_1000", layers: &[200; 5], users_per_s: 2_000.0, run_s: 4, guarded: false },
];

impl Scenario {
    /// The scenario called `name`.
    pub fn by_name(name: &str) -> Option<Self> {
        SCENARIOS.into_iter().find(|scenario| scenario.name == name)
    }
    /// Number of services.
    pub fn services(&self) -> usize {
        self.layers.iter().sum()
    }
    /// A world of it at time 0.
    pub fn world(&self) -> World {
        World::new(self.topology(), Cluster::zones(3, 40, Millicores(64_000), Mebibytes(262_144.0)), SEED)
    }

    fn topology(&self) -> Topology {
        let mut build =
            Build { draws: Stream::new(SEED, label(self.name)), topology: Topology::default(), edges: 0, guarded: self.guarded };
        let mut below: Vec<ServiceId> = Vec::new();
        for (depth, width) in self.layers.iter().enumerate().rev() {
            below = build.layer(depth, *width, &below);
        }
        for (k, id) in below.iter().enumerate() {
            if let Some(service) = build.topology.get_mut(*id) {
                let per_s = self.users_per_s / below.len() as f64;
                if self.guarded {
                    guards::users(service, k, per_s);
                } else {
                    service.entry_rate = PerSecond(per_s);
                }
            }
        }
        build.limit_cpu(&below, self.users_per_s);
        build.topology
    }
}

/// A topology on the way, built from the bottom layer up.
struct Build {
    draws: Stream,
    topology: Topology,
    edges: usize,
    guarded: bool,
}

impl Build {
    fn layer(&mut self, depth: usize, width: usize, below: &[ServiceId]) -> Vec<ServiceId> {
        let (first, second) = (self.shuffled(width, below), self.shuffled(width, below));
        let mut here = Vec::with_capacity(width);
        for k in 0..width {
            let mut service = self.service(depth, k);
            if below.is_empty() {
                if self.guarded {
                    guards::leaf(&mut service, k);
                }
            } else {
                let clash = first[k] == second[k];
                let other = if clash { below[(k + 1) % below.len()] } else { second[k] };
                self.connect(&mut service, k, first[k], other);
            }
            if self.guarded {
                guards::service(&mut service, k);
            }
            here.push(self.topology.push(service));
        }
        here
    }

    fn service(&mut self, depth: usize, k: usize) -> Service {
        let cpu_us_mean = 500.0 + 2_500.0 * uniform(self.draws.next_key());
        Service {
            replicas: REPLICAS,
            replicas_max: 2 * REPLICAS,
            demand: Demand { cpu_us_mean, ..Demand::default() },
            ..Service::named(format!("layer-{depth}-{k}"))
        }
    }

    /// `width` callees, each of `below` as often as any other, in random order.
    fn shuffled(&mut self, width: usize, below: &[ServiceId]) -> Vec<ServiceId> {
        let mut dealt: Vec<ServiceId> = below.iter().copied().cycle().take(if below.is_empty() { 0 } else { width }).collect();
        for i in (1..dealt.len()).rev() {
            dealt.swap(i, rng::below(self.draws.next_key(), i as u32 + 1) as usize);
        }
        dealt
    }

    /// Two calls, of odd services one after the other; where the first callee is a cache, in front of the second.
    fn connect(&mut self, service: &mut Service, k: usize, first: ServiceId, second: ServiceId) {
        let sometimes = Ratio::saturating(SECOND_CALL);
        let (first, second) = (self.call(first), self.call(second));
        let to_cache = self.topology.get(first.to).is_some_and(|s| s.kind == ServiceKind::Cache);
        if to_cache && first.to != second.to {
            let lookup =
                CacheLookup { cache: first, keys: KEYS.0, zipf: KEYS.1, origin: vec![second], coalesce: k.is_multiple_of(2) };
            let (name, steps) = ("read".to_owned(), vec![Step::Cached(Box::new(lookup))]);
            service.endpoints.push(Endpoint { name, share: 0.0, demand: service.demand, steps });
        } else if first.to == second.to {
            service.stages = vec![vec![first]];
        } else {
            let second = Call { probability: sometimes, ..second };
            service.stages = if k.is_multiple_of(2) { vec![vec![first, second]] } else { vec![vec![first], vec![second]] };
        }
    }

    fn call(&mut self, to: ServiceId) -> Call {
        self.edges += 1;
        let endpoint = u16::from(self.topology.get(to).is_some_and(|s| !s.endpoints.is_empty()));
        let policy = if self.guarded { guards::call(self.edges) } else { CallPolicy::default() };
        Call { endpoint, policy, ..Call::to(to) }
    }

    /// Gives every instance the CPU that its share of the load needs. Callers have higher ids than callees.
    fn limit_cpu(&mut self, entries: &[ServiceId], users_per_s: f64) {
        let mut rates = vec![0.0; self.topology.slots()];
        for entry in entries {
            rates[entry.index()] = users_per_s / entries.len() as f64;
        }
        for index in (0..rates.len()).rev() {
            let Some(service) = self.topology.get_mut(ServiceId(index as u32)) else { continue };
            let cores = rates[index] * service.demand.cpu_us_mean / 1e6 / f64::from(REPLICAS) / UTILISATION;
            service.cpu_limit = Millicores(CPU_LIMIT_MIN.max((cores * 1e3) as u32));
            service.cpu_request = Millicores(service.cpu_limit.0 / 2);
            let cached = !service.endpoints.is_empty();
            for (nth, call) in service.calls().enumerate() {
                let share = if cached && nth > 0 { 1.0 - HITS } else { call.probability.get() };
                rates[call.to.index()] += rates[index] * share;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SCENARIOS;
    use crate::advance;

    #[test]
    fn the_systems_carry_their_load_and_nearly_all_users_are_served() {
        let expected = [(960.0, 20), (12_500.0, 4), (50_500.0, 2), (55_500.0, 2)];
        for (scenario, (rpcs_per_s, seconds)) in SCENARIOS.into_iter().zip(expected) {
            let mut world = scenario.world();
            advance(&mut world, 4);
            let rate = advance(&mut world, seconds).rpcs as f64 / seconds as f64;
            assert!((rate / rpcs_per_s - 1.0).abs() < 0.1, "{}: {rate} RPC/s", scenario.name);
            let account = world.account();
            let lost = (account.failed + account.rejected) as f64 / account.arrived as f64;
            assert!(lost < 0.005, "{}: {account:?}", scenario.name);
            assert_eq!(world.check(), Ok(()), "{}", scenario.name);
        }
    }
}
