//! A scenario: the system, its load and its planned faults. Saved as a versioned file of its own type.

pub mod import;
pub mod presets;

use crate::sim::fault::FaultSpec;
use crate::topology::Topology;
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

/// What there is to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// The system at the start.
    pub topology: Topology,
    /// CPU that the nodes have for instances, all together.
    pub cluster_cpu: Millicores,
    /// Memory that the nodes have for instances, all together.
    pub cluster_memory: Mebibytes,
    /// Faults that come by themselves.
    pub faults: Vec<PlannedFault>,
}

impl Scenario {
    /// A scenario without faults on nodes with room for as much again as the instances request at the start
    /// (half-full nodes: the headroom that zone fail-over needs).
    pub fn of(name: impl Into<String>, topology: Topology) -> Self {
        let (cpu, memory) = topology.services().fold((0, 0.0), |(cpu, memory), (_, s)| {
            let (requested_cpu, requested_memory) = (s.cpu_request.0 * s.replicas, s.memory_request.0 * f64::from(s.replicas));
            (cpu + requested_cpu, memory + requested_memory)
        });
        Self {
            name: name.into(),
            topology,
            cluster_cpu: Millicores(cpu * 2 + 1_000),
            cluster_memory: Mebibytes(memory * 2.0 + 1_024.0),
            faults: Vec::new(),
        }
    }
}
