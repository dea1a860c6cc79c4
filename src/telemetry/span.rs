//! Spans, as a tracing library in each service would export them: what one service did for one request.

use crate::ids::ServiceId;
use crate::units::{SimDuration, SimTime};
use serde::{Deserialize, Serialize};

/// One server span of a sampled request. It does not say who called: that is known through the span named as its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The user's request that it belongs to.
    pub trace: u64,
    /// Unique in the run.
    pub id: u64,
    /// The span whose service asked for this one; `None` where the trace begins.
    pub parent: Option<u64>,
    /// Who did it.
    pub service: ServiceId,
    /// When the request reached the service.
    pub start: SimTime,
    /// From then to the answer.
    pub duration: SimDuration,
    /// Whether it was a good answer.
    pub is_ok: bool,
}
