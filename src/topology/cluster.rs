//! Where instances run and who keeps them running: zones, nodes, probes, the autoscaler, roll-outs, budgets, the network.

use crate::units::{Mebibytes, Millicores, Ratio, SimDuration};
use serde::{Deserialize, Serialize};

/// A machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Its name; unique.
    pub name: String,
    /// Index of its zone, 0..=15.
    pub zone: u8,
    /// CPU that pods may reserve, and all that they can use together.
    pub cpu: Millicores,
    /// Memory that pods may reserve.
    pub memory: Mebibytes,
    /// Pods it may hold (kubelet `maxPods`: 110).
    pub pods_max: u32,
}

/// Mean one-way delays, half constant, half exponential (the split is an assumption).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// Between pods on one node: 0.05 ms.
    pub same_node: SimDuration,
    /// Within a zone: 0.2 ms.
    pub same_zone: SimDuration,
    /// Between zones: 0.8 ms.
    pub cross_zone: SimDuration,
    /// What a lost message costs when the transport sends it again (TCP's least retransmission time-out in Linux: 200 ms).
    pub retransmit: SimDuration,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            same_node: SimDuration::from_micros(50),
            same_zone: SimDuration::from_micros(200),
            cross_zone: SimDuration::from_micros(800),
            retransmit: SimDuration::from_millis(200),
        }
    }
}

impl Network {
    /// No delay anywhere: for comparing with formulas that know no network.
    pub const NONE: Self = Self {
        same_node: SimDuration::ZERO,
        same_zone: SimDuration::ZERO,
        cross_zone: SimDuration::ZERO,
        retransmit: SimDuration::from_millis(200),
    };
}

/// The machines and the network between them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// Nodes, at most 10,000.
    pub nodes: Vec<Node>,
    /// Delays.
    pub network: Network,
    /// From a change of an instance's readiness until callers' load balancers know (0.5 to 2 s in real clusters).
    pub endpoint_delay: SimDuration,
    /// Pulling an image to a node that has not had it yet; 0 as if cached everywhere.
    pub image_pull: SimDuration,
    /// A new node joins this long after a pod found no room; `None` is a cluster of fixed size (node autoscalers take
    /// 60 to 180 s; assumption).
    pub node_autoscale: Option<SimDuration>,
}

impl Cluster {
    /// One zone with one node of this size.
    pub fn single(cpu: Millicores, memory: Mebibytes) -> Self {
        Self::zones(1, 1, cpu, memory)
    }
    /// `zones` zones of `nodes` equal nodes each.
    pub fn zones(zones: u8, nodes: u32, cpu: Millicores, memory: Mebibytes) -> Self {
        let name = |zone: u8, n: u32| format!("node-{}{}", char::from(b'a' + zone), n + 1);
        let node = |zone, n| Node { name: name(zone, n), zone, cpu, memory, pods_max: 110 };
        Self {
            nodes: (0..zones).flat_map(|zone| (0..nodes).map(move |n| node(zone, n))).collect(),
            network: Network::default(),
            endpoint_delay: SimDuration::from_millis(500),
            image_pull: SimDuration::ZERO,
            node_autoscale: None,
        }
    }
    /// Number of zones: the highest index and one.
    pub fn zone_count(&self) -> u8 {
        self.nodes.iter().map(|n| n.zone + 1).max().unwrap_or(0)
    }
    /// CPU of all nodes.
    pub fn cpu(&self) -> Millicores {
        Millicores(self.nodes.iter().map(|n| n.cpu.0).fold(0, u32::saturating_add))
    }
    /// Memory of all nodes.
    pub fn memory(&self) -> Mebibytes {
        Mebibytes(self.nodes.iter().map(|n| n.memory.0).sum())
    }
}

/// A probe of the kubelet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// Time between probes (10 s).
    pub period: SimDuration,
    /// Longest wait for the answer (1 s).
    pub timeout: SimDuration,
    /// Failures in a row that count (3).
    pub failures: u32,
    /// Successes in a row that count (1).
    pub successes: u32,
    /// Whether the probe asks this service's own dependencies too (a deep health check): it then fails when any required
    /// callee has no ready instance.
    pub deep: bool,
}

impl Default for Probe {
    /// Kubernetes: 10 s, 1 s, 3, 1; shallow.
    fn default() -> Self {
        let (period, timeout) = (SimDuration::from_secs(10), SimDuration::from_secs(1));
        Self { period, timeout, failures: 3, successes: 1, deep: false }
    }
}

/// The kubelet's probes of a service. They go through the same queue and CPU as requests, so overload can kill what is
/// healthy. `None`: the platform sees only whether the process runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probes {
    /// Takes an instance out of load balancing while it fails.
    pub readiness: Option<Probe>,
    /// Kills and restarts the container when it fails.
    pub liveness: Option<Probe>,
}

/// The horizontal pod autoscaler on CPU.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Autoscaler {
    /// Least replicas.
    pub min: u32,
    /// Most replicas.
    pub max: u32,
    /// Target of the mean CPU use over `cpu_request` (0.8 = 80 %); 0.01..=10.
    pub target: f64,
    /// How far the ratio may be off 1 without a change (0.1).
    pub tolerance: f64,
    /// Time between evaluations (15 s).
    pub sync: SimDuration,
    /// Age of the CPU readings (metrics-server scrapes every 15 s over a 15 s window; 15 s).
    pub metric_lag: SimDuration,
    /// Scale-in takes the highest recommendation of this long (300 s).
    pub scale_in_window: SimDuration,
}

impl Default for Autoscaler {
    /// Kubernetes' defaults: 1 to 10 replicas, 80 % CPU, tolerance 0.1, every 15 s, 300 s window.
    fn default() -> Self {
        Self {
            min: 1,
            max: 10,
            target: 0.8,
            tolerance: 0.1,
            sync: SimDuration::from_secs(15),
            metric_lag: SimDuration::from_secs(15),
            scale_in_window: SimDuration::from_secs(300),
        }
    }
}

/// How a new version replaces an old one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RollOut {
    /// Share of the replicas that may exist beyond the wanted number; rounded up (0.25).
    pub surge: Ratio,
    /// Share that may be missing; rounded down (0.25).
    pub unavailable: Ratio,
    /// A roll-out without progress for this long has failed (600 s).
    pub deadline: SimDuration,
}

impl Default for RollOut {
    /// Kubernetes: 25 % surge, 25 % unavailable, 600 s.
    fn default() -> Self {
        Self { surge: Ratio::QUARTER, unavailable: Ratio::QUARTER, deadline: SimDuration::from_secs(600) }
    }
}
