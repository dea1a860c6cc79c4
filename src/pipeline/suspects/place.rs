//! Places where a cause can be.

use crate::ids::ServiceId;
use serde::{Deserialize, Serialize};

/// Where the cause can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A service.
    Service(ServiceId),
    /// The way from a caller to a callee.
    Edge {
        /// The caller.
        from: ServiceId,
        /// The callee.
        to: ServiceId,
    },
    /// A machine, by its index.
    Node(u32),
    /// A zone.
    Zone(u8),
    /// The way between two zones, the smaller number first.
    Zones(u8, u8),
}

impl Place {
    /// The service to look at, if it is one or an edge.
    pub const fn service(self) -> Option<ServiceId> {
        match self {
            Self::Service(id) | Self::Edge { to: id, .. } => Some(id),
            Self::Node(_) | Self::Zone(_) | Self::Zones(..) => None,
        }
    }
    /// For people: `cart`, `calls of web to cart`, `machine 3`, `zone b`, `the way between zones a and b`.
    pub fn words(self, name: impl Fn(ServiceId) -> String) -> String {
        let letter = |zone: u8| char::from(b'a' + zone.min(25));
        match self {
            Self::Service(id) => name(id),
            Self::Edge { from, to } => format!("calls of {} to {}", name(from), name(to)),
            Self::Node(node) => format!("machine {node}"),
            Self::Zone(zone) => format!("zone {}", letter(zone)),
            Self::Zones(a, b) => format!("the way between zones {} and {}", letter(a), letter(b)),
        }
    }
}
