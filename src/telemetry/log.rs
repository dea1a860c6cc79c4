//! Log lines as a collector would receive them.

use crate::ids::{InstanceId, ServiceId};
use crate::units::SimTime;
use serde::{Deserialize, Serialize};

/// Severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Normal course.
    Info,
    /// Unexpected, handled.
    Warn,
    /// A request or an instance failed.
    Error,
}

/// One line of a service's or the platform's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// When it was written.
    pub at: SimTime,
    /// Who wrote it.
    pub service: ServiceId,
    /// Which instance, if one did.
    pub instance: Option<InstanceId>,
    /// Severity.
    pub level: Level,
    /// The text, without time and names. Repeated lines within one scrape are folded: `... (x37)`.
    pub text: String,
}
