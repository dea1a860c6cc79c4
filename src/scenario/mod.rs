//! A scenario: the system, its load and its planned faults. Saved as a versioned file of its own type.

pub mod file;
pub mod import;
pub mod opening;
pub mod presets;
mod scale;

pub use scale::{Planned, Unscalable};

use crate::action::Action;
use crate::sim::fault::FaultSpec;
use crate::topology::{Cluster, Topology, TopologyEdit};
use crate::units::{Mebibytes, Millicores, SimTime};
use serde::{Deserialize, Serialize};

/// A fault that the scenario itself injects.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedFault {
    /// When.
    pub at: SimTime,
    /// What.
    pub spec: FaultSpec,
}

/// A change of the system that the scenario itself makes: a roll-out of other settings, a person's repair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedEdit {
    /// When.
    pub at: SimTime,
    /// What.
    pub edit: TopologyEdit,
}

/// An action that the scenario itself takes, as an operator would.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedAction {
    /// When.
    pub at: SimTime,
    /// What.
    pub action: Action,
}

/// What there is to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// What to watch, in a sentence or two; may be empty.
    pub about: String,
    /// How many of the system's replicas one replica stands for when it is run, 1 to [`SCALE_MAX`]; 1 runs it as it is.
    ///
    /// [`SCALE_MAX`]: crate::topology::SCALE_MAX
    pub scale: u32,
    /// The system at the start.
    pub topology: Topology,
    /// The machines.
    pub cluster: Cluster,
    /// Faults that come by themselves.
    pub faults: Vec<PlannedFault>,
    /// Changes that come by themselves.
    pub edits: Vec<PlannedEdit>,
    /// Actions that come by themselves.
    pub actions: Vec<PlannedAction>,
}

/// Zones of a scenario that names none: the usual number in a region.
const ZONES: u8 = 3;
/// Pods per node at the start, at most: half of the kubelet's 110.
const PODS_PER_NODE: u32 = 55;

impl Scenario {
    /// A scenario without faults on three zones of nodes, with room for as much again as the instances request at the
    /// start (half-full nodes: the headroom that zone fail-over needs).
    pub fn of(name: impl Into<String>, topology: Topology) -> Self {
        let cluster = roomy_cluster(&topology, ZONES, None);
        let (faults, edits, actions) = (Vec::new(), Vec::new(), Vec::new());
        Self { name: name.into(), about: String::new(), scale: 1, topology, cluster, faults, edits, actions }
    }
}

/// Equal nodes in `zones` zones, half full with what the instances request at the start; as many nodes as their pods need
/// unless `per_zone` says it.
fn roomy_cluster(topology: &Topology, zones: u8, per_zone: Option<u32>) -> Cluster {
    let (mut pods, mut cpu, mut memory) = (0_u32, 0.0, 0.0);
    let (mut largest_cpu, mut largest_memory) = (0_u32, 0.0_f64);
    for (_, s) in topology.services() {
        pods = pods.saturating_add(s.replicas);
        cpu += f64::from(s.cpu_request.0) * f64::from(s.replicas);
        memory += s.memory_request.0 * f64::from(s.replicas);
        largest_cpu = largest_cpu.max(s.cpu_request.0);
        largest_memory = largest_memory.max(s.memory_request.0);
    }
    let zones = zones.max(1);
    let per_zone = per_zone.unwrap_or(pods.div_ceil(PODS_PER_NODE * u32::from(zones))).max(1);
    let nodes = f64::from(per_zone) * f64::from(zones);
    let node_cpu = ((cpu * 2.0 / nodes) as u32).saturating_add(largest_cpu).saturating_add(1_000);
    Cluster::zones(zones, per_zone, Millicores(node_cpu), Mebibytes(memory * 2.0 / nodes + largest_memory + 1_024.0))
}
