//! The systems that are compared, each a scenario file with its scale, and what must agree.

use super::Near::{Amount, Not, Share};
use super::Quantity::{Attempts, Goodput, Mean, P50, P99, Utilisation};
use super::{Near, Quantity};
use crate::scenario::{Scenario, file, presets};

/// One system and how near its model must be.
#[derive(Clone, Copy, Debug)]
pub struct System {
    /// Its name in commands.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub about: &'static str,
    /// How many replicas one of the model's stands for.
    pub scale: u32,
    /// The service whose CPU and attempts are counted.
    pub watched: &'static str,
    /// From when is counted in the full run, and for how long, in s.
    pub(super) window_s: (u64, u64),
    /// Whether nothing changes in it, so that a longer run says the same more surely.
    pub(super) is_steady: bool,
    pub(super) expects: &'static [(Quantity, Near)],
    source: Source,
}

#[derive(Clone, Copy, Debug)]
enum Source {
    File(&'static str),
    /// Online Boutique with so many times the users and replicas.
    Boutique(u32),
}

impl System {
    /// The full system as a scenario; its `scale` is that of the model.
    pub fn scenario(&self) -> Scenario {
        let scenario = match self.source {
            // The files are ours; a test reads each of them.
            Source::File(text) => file::read(text).map_or_else(|_| Scenario::of(self.name, Default::default()), |l| l.scenario),
            Source::Boutique(times) => boutique(times),
        };
        Scenario { scale: self.scale, ..scenario }
    }
}

/// Online Boutique with `times` as many users and replicas of each service.
fn boutique(times: u32) -> Scenario {
    let mut topology = presets::preset("boutique").map(|p| p.topology).unwrap_or_default();
    let ids: Vec<_> = topology.services().map(|(id, _)| id).collect();
    for id in ids {
        if let Some(service) = topology.get_mut(id) {
            service.entry_rate.0 *= f64::from(times);
            service.replicas *= times;
            service.replicas_max *= times;
        }
    }
    Scenario::of("Online Boutique for more users", topology)
}

const POOLING: &str = "one queue in front of fewer servers: waiting is pooling";
const FEW: &str = "the less idle of two is found less often among fewer instances";
const SMALLER: &str = "three smaller instances stand for 25: each has fewer cores to share";
const TIPPING: &str = "so near the tipping point that chance decides";

/// All of them.
pub const SYSTEMS: &[System] = &[
    System {
        name: "half-load",
        about: "40 replicas behind a power-of-two balancer at 50 % CPU, with a database of 20",
        scale: 10,
        watched: "web",
        window_s: (5, 30),
        is_steady: true,
        expects: &[
            (Utilisation, Share(0.02)),
            (Goodput, Amount(0.002)),
            (Attempts, Share(0.01)),
            (Mean, Share(0.06)),
            (P50, Share(0.06)),
            (P99, Share(0.12)),
        ],
        source: Source::File(HALF_LOAD),
    },
    System {
        name: "high-load",
        about: "the same at 90 % CPU",
        scale: 10,
        watched: "web",
        window_s: (10, 30),
        is_steady: true,
        expects: &[
            (Utilisation, Share(0.02)),
            (Goodput, Amount(0.01)),
            (Attempts, Share(0.02)),
            (Mean, Not(FEW)),
            (P50, Not(FEW)),
            (P99, Not(FEW)),
        ],
        source: Source::File(HIGH_LOAD),
    },
    System {
        name: "uneven",
        about: "25 replicas of two cores at 60 %, a number that ten does not divide",
        scale: 10,
        watched: "web",
        window_s: (5, 30),
        is_steady: true,
        expects: &[(Utilisation, Share(0.02)), (Goodput, Amount(0.002)), (Mean, Not(SMALLER)), (P99, Not(SMALLER))],
        source: Source::File(UNEVEN),
    },
    System {
        name: "one-queue",
        about: "one process of 40 cores and 40 workers at 90 %, an M/M/40 queue that becomes an M/M/4 queue",
        scale: 10,
        watched: "db",
        window_s: (10, 60),
        is_steady: true,
        expects: &[(Utilisation, Share(0.02)), (Goodput, Amount(0.01)), (Mean, Not(POOLING)), (P99, Not(POOLING))],
        source: Source::File(ONE_QUEUE),
    },
    System {
        name: "storm-stays",
        about: "the retry storm of OSDI 2022 with 90 % of the CPU taken for 10 s: it never ends",
        scale: 10,
        watched: "mongo",
        window_s: (100, 30),
        is_steady: false,
        expects: &[(Goodput, Amount(0.05)), (Attempts, Share(0.05)), (Utilisation, Amount(0.05))],
        source: Source::File(STORM_STAYS),
    },
    System {
        name: "storm-recovers",
        about: "the same with 60 % of the CPU taken: it ends by itself",
        scale: 10,
        watched: "mongo",
        window_s: (100, 30),
        is_steady: false,
        expects: &[(Goodput, Amount(0.02)), (Attempts, Share(0.02)), (Utilisation, Amount(0.03)), (P50, Share(0.15))],
        source: Source::File(STORM_RECOVERS),
    },
    System {
        name: "storm-tipping",
        about: "the same with 79 % of the CPU taken: between recovering and staying down",
        scale: 10,
        watched: "mongo",
        window_s: (100, 30),
        is_steady: false,
        expects: &[(Goodput, Not(TIPPING))],
        source: Source::File(STORM_TIPPING),
    },
    System {
        name: "boutique",
        about: "Online Boutique with ten times the users and ten replicas of each service; one replica stands in one zone, \
                so network times differ a little",
        scale: 10,
        watched: "frontend",
        window_s: (10, 60),
        is_steady: true,
        expects: &[
            (Utilisation, Share(0.03)),
            (Goodput, Amount(0.005)),
            (Attempts, Share(0.03)),
            (Mean, Share(0.10)),
            (P50, Share(0.15)),
            (P99, Share(0.20)),
        ],
        source: Source::Boutique(10),
    },
];

macro_rules! shop {
    ($name:literal, $rate:literal) => {
        concat!(
            "sickbay: 1\nname: ",
            $name,
            "\nservices:\n",
            "  users: { kind: client, rate: ",
            $rate,
            ", calls: [{ to: web, timeout: 5s, attempts: 2 }] }\n",
            "  web:\n    replicas: 40\n    cpu: 1\n    memory: 4Gi\n    workers: 400\n",
            "    demand: { cpu: 10ms, shape: exponential }\n",
            "    calls: [{ to: db, timeout: 2s, attempts: 1 }]\n",
            "  db: { kind: database, replicas: 20, cpu: 1, memory: 4Gi, demand: { cpu: 1ms, wait: 4ms, shape: exponential } }\n"
        )
    };
}

const HALF_LOAD: &str = shop!("Shop at half load", "2000/s");
const HIGH_LOAD: &str = shop!("Shop at high load", "3600/s");

const UNEVEN: &str = "\
sickbay: 1
name: Uneven shop
services:
  users: { kind: client, rate: 3000/s, calls: [{ to: web, timeout: 5s, attempts: 2 }] }
  web: { replicas: 25, replicas_max: 25, cpu: 2, memory: 4Gi, workers: 400, demand: { cpu: 10ms, shape: exponential } }
";

const ONE_QUEUE: &str = "\
sickbay: 1
name: One queue
cluster: { zones: 1, nodes_per_zone: 1, network: { same_node: 0s, same_zone: 0s, cross_zone: 0s } }
services:
  users: { kind: client, rate: 1800/s, calls: [{ to: db, timeout: 60s, attempts: 1 }] }
  db:
    kind: database
    cpu: 40
    memory: 64Gi
    memory_per_request: 0
    workers: 40
    queue: unbounded
    demand: { cpu: 20ms, shape: exponential }
";

macro_rules! storm {
    ($name:literal, $taken:literal) => {
        concat!(
            "sickbay: 1\nname: ",
            $name,
            "\nheal: off\n",
            "cluster: { zones: 1, nodes_per_zone: 1, network: { same_node: 0s, same_zone: 0s, cross_zone: 0s } }\n",
            "services:\n  users:\n    kind: client\n    rate: 750/s\n",
            "    calls: [{ to: mongo, timeout: 3s, attempts: 5, backoff: 0s, balancing: random }]\n",
            "  mongo: { kind: database, cpu: 40, memory: 64Gi, memory_per_request: 0, workers: 40, queue: unbounded,\n",
            "    demand: { cpu: 20ms, shape: exponential } }\n",
            "faults: [{ at: 20s, kind: cpu_hog, target: mongo, magnitude: ",
            $taken,
            ", for: 10s }]\n"
        )
    };
}

const STORM_STAYS: &str = storm!("Retry storm that stays", "0.9");
const STORM_RECOVERS: &str = storm!("Retry storm that ends", "0.6");
const STORM_TIPPING: &str = storm!("Retry storm near its tipping point", "0.79");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_can_be_read_and_scaled_without_leaving_anything_out() {
        for system in SYSTEMS {
            let scenario = system.scenario();
            assert!(scenario.topology.by_name(system.watched).is_some(), "{}", system.name);
            assert_eq!(scenario.model().1, [], "{}", system.name);
            assert!(scenario.scale_notes().is_empty(), "{}: {:?}", system.name, scenario.scale_notes());
        }
    }
}
