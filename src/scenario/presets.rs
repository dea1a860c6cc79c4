//! The systems that Sickbay brings along.

pub mod incidents;
mod seed;

use super::file::{self, Loaded, RunDefaults};
use super::{Scenario, import};
use incidents::INCIDENTS;

/// What kind of preset it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// A system that is well; people break it.
    Systems,
    /// A published incident that comes by itself.
    Incidents,
}

impl Group {
    /// Both, in menu order.
    pub const ALL: [Self; 2] = [Self::Systems, Self::Incidents];

    /// What people see.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Systems => "Systems",
            Self::Incidents => "Incident patterns",
        }
    }
}

/// One of the systems that come with Sickbay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// Name in commands and links.
    pub name: &'static str,
    /// Title for people.
    pub title: &'static str,
    /// One sentence: what it is, or what to watch.
    pub summary: &'static str,
    /// What kind it is.
    pub group: Group,
}

/// The systems; the first one runs when the page opens.
const SYSTEMS: &[Preset] = &[
    Preset {
        name: "boutique",
        title: "Online Boutique",
        summary: "a web shop of 11 services and a load generator, 40 requests a second, from a Kubernetes manifest",
        group: Group::Systems,
    },
    Preset {
        name: "seed",
        title: "Seed system",
        summary: "the four services that Sickbay grew from, at their starting levels: orders depend on auth and catalog",
        group: Group::Systems,
    },
    Preset {
        name: "mechanisms",
        title: "Every mechanism",
        summary: "a shop with an example of each mechanism, from caches and locks to roll-outs, and a fault every few seconds",
        group: Group::Systems,
    },
];

const COUNT: usize = SYSTEMS.len() + INCIDENTS.len();

/// All presets: the systems, then the incident patterns.
pub const PRESETS: &[Preset] = &all();

const fn all() -> [Preset; COUNT] {
    let mut all = [SYSTEMS[0]; COUNT];
    let mut i = 0;
    while i < COUNT {
        all[i] = if i < SYSTEMS.len() { SYSTEMS[i] } else { INCIDENTS[i - SYSTEMS.len()].preset };
        i += 1;
    }
    all
}

/// A scenario file with something of everything.
const MECHANISMS: &str = include_str!("presets/mechanisms.yaml");

/// The manifest of the boutique, ours.
const BOUTIQUE: &str = include_str!("presets/boutique.yaml");

/// The preset called `name`, ready to run; `None` if there is none.
pub fn preset(name: &str) -> Option<Scenario> {
    Some(load(name)?.scenario)
}

/// The preset called `name` and how it wants to be run; `None` if there is none.
pub fn load(name: &str) -> Option<Loaded> {
    let title = PRESETS.iter().find(|p| p.name == name)?.title;
    let file = match name {
        "mechanisms" => Some(MECHANISMS),
        _ => INCIDENTS.iter().find(|i| i.preset.name == name).map(|incident| incident.text),
    };
    if let Some(text) = file {
        let mut loaded = file::read(text).ok()?;
        title.clone_into(&mut loaded.scenario.name);
        return Some(loaded);
    }
    let scenario = match name {
        "boutique" => import::read(&[("boutique.yaml".to_owned(), BOUTIQUE.to_owned())]).scenario?,
        _ => Scenario::of(title, seed::topology()),
    };
    Some(Loaded { scenario: Scenario { name: title.to_owned(), ..scenario }, run: RunDefaults::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::{ServiceKind, Topology};

    /// Requests a second at each service, retries aside.
    fn rates(topology: &Topology) -> Vec<f64> {
        let mut rate: Vec<f64> = topology.services().map(|(_, s)| s.entry_rate.0).collect();
        // As many rounds as the longest path: an acyclic graph settles.
        for _ in 0..topology.len() {
            let mut next: Vec<f64> = topology.services().map(|(_, s)| s.entry_rate.0).collect();
            for edge in topology.edges() {
                next[edge.to.index()] += rate[edge.from.index()] * edge.call.probability.get();
            }
            rate = next;
        }
        rate
    }

    /// CPU and memory levels as shares of the limits, by name.
    fn levels(name: &str) -> Vec<(String, f64, f64)> {
        let topology = preset(name).unwrap().topology;
        let rate = rates(&topology);
        let level = |(id, s): (crate::ids::ServiceId, &crate::topology::Service)| {
            let cpu = rate[id.index()] * s.demand.cpu_us_mean / 1e6 / s.cpu_limit.cores() / f64::from(s.replicas);
            (s.name.clone(), cpu, s.memory_base.0 / s.memory_limit.0)
        };
        topology.services().map(level).collect()
    }

    #[test]
    fn every_preset_is_valid_and_acyclic() {
        for p in PRESETS {
            let scenario = preset(p.name).unwrap();
            assert_eq!(scenario.name, p.title);
            assert_eq!(scenario.topology.cycle(), None);
            assert!(scenario.topology.services().any(|(_, s)| s.entry_rate.0 > 0.0));
        }
        assert!(preset("nothing").is_none());
    }

    #[test]
    fn the_boutique_has_twelve_services_and_sixteen_edges_and_no_problem() {
        let read = import::read(&[("boutique.yaml".to_owned(), BOUTIQUE.to_owned())]);
        assert_eq!((read.preview.services.len(), read.preview.edges.len()), (12, 16));
        assert!(read.preview.edges.iter().all(|e| e.inferred), "every edge is proved by an address");
        assert_eq!((read.preview.problems, read.preview.ignored), (vec![], vec![]));
        let topology = read.scenario.unwrap().topology;
        let clients: Vec<_> = topology.services().filter(|(_, s)| s.kind == ServiceKind::Client).collect();
        assert_eq!((clients.len(), clients[0].1.entry_rate.0), (1, 40.0));
    }

    #[test]
    fn the_boutique_is_busy_but_healthy_by_its_constants() {
        for (name, cpu, memory) in levels("boutique") {
            assert!(cpu < 0.45, "{name} {cpu}");
            assert!(memory < 0.5, "{name} {memory}");
        }
    }

    #[test]
    fn the_seed_system_starts_at_its_levels() {
        let expected = [
            ("auth-service", 0.3, 0.4),
            ("user-profile-service", 0.2, 0.3),
            ("product-catalog-service", 0.4, 0.5),
            ("order-processing-service", 0.5, 0.6),
        ];
        let found = levels("seed");
        assert_eq!(found.len(), expected.len());
        for ((name, cpu, memory), (wanted, wanted_cpu, wanted_memory)) in found.iter().zip(expected) {
            assert_eq!(name, wanted);
            assert!((cpu - wanted_cpu).abs() < 0.01 && (memory - wanted_memory).abs() < 0.02, "{name} {cpu} {memory}");
        }
    }
}
