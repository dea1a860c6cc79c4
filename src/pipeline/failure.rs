//! Kinds of failure.

use serde::{Deserialize, Serialize};

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// Processor exhausted or contended.
    ResourceCpu,
    /// Memory exhausted, leaking or thrashing.
    ResourceMemory,
    /// Disk slow or full.
    ResourceDisk,
    /// Connections, threads or another pool exhausted.
    ResourcePool,
    /// The program fails, hangs or does the wrong thing.
    Application,
    /// A roll-out or a change of configuration broke it.
    Change,
    /// Delay, loss or partition between healthy ends.
    Network,
    /// Somebody outside that it depends on.
    Dependency,
    /// More work than it can do, from users or from retries.
    Overload,
    /// The machine below.
    Node,
    /// The zone below.
    Zone,
    /// Another tenant of the same machine.
    NoisyNeighbour,
    /// Nothing that fits.
    #[default]
    Unknown,
}

impl FailureClass {
    /// Every class, in the order of declaration.
    pub const ALL: [Self; 13] = [
        Self::ResourceCpu,
        Self::ResourceMemory,
        Self::ResourceDisk,
        Self::ResourcePool,
        Self::Application,
        Self::Change,
        Self::Network,
        Self::Dependency,
        Self::Overload,
        Self::Node,
        Self::Zone,
        Self::NoisyNeighbour,
        Self::Unknown,
    ];

    /// Its name in files: `resource_cpu`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ResourceCpu => "resource_cpu",
            Self::ResourceMemory => "resource_memory",
            Self::ResourceDisk => "resource_disk",
            Self::ResourcePool => "resource_pool",
            Self::Application => "application",
            Self::Change => "change",
            Self::Network => "network",
            Self::Dependency => "dependency",
            Self::Overload => "overload",
            Self::Node => "node",
            Self::Zone => "zone",
            Self::NoisyNeighbour => "noisy_neighbour",
            Self::Unknown => "unknown",
        }
    }

    /// The class of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }
}
