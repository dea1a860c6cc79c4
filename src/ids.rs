//! Identifiers. Each is a small integer that is never used twice within a run, so that a removed service's past
//! stays readable.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($int:ty), $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $int);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    };
}

id!(
    /// A service (logical): its index in [`crate::topology::Topology`].
    ServiceId(u32), "s"
);
id!(
    /// An instance (container) of a service, numbered through the whole run.
    InstanceId(u32), "i"
);
id!(
    /// A user's request at an entry service, numbered per run.
    RequestId(u64), "r"
);
id!(
    /// An injected fault.
    FaultId(u32), "f"
);
id!(
    /// A healing decision.
    DecisionId(u32), "d"
);
id!(
    /// An incident: from first symptom to recovery.
    IncidentId(u32), "n"
);
id!(
    /// An action given to the platform.
    ActionId(u32), "a"
);

impl ServiceId {
    /// Position in vectors indexed by service.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}
