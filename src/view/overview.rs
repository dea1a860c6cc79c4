//! A whole run at a glance: what the scrubber shows.

use super::capture::markers;
use super::frame::Marker;
use crate::pipeline::Health;
use crate::session::Session;
use serde::{Deserialize, Serialize};

/// Most marks on the scrubber: it has some hundred pixels.
const MARKERS_LEN_MAX: usize = 300;

/// A run from its start to the furthest moment known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// The worst health of any service: from when, in s, and what it was from then on.
    pub ribbon: Vec<(f64, Health)>,
    /// What happened, oldest first.
    pub markers: Vec<Marker>,
}

/// The overview of `session`, which is the run at its furthest moment.
pub fn overview(session: &Session) -> Overview {
    let health = session.history().health();
    Overview {
        ribbon: health.iter().map(|(at, health)| (at.as_secs_f64(), *health)).collect(),
        markers: markers(session, 0.0, MARKERS_LEN_MAX),
    }
}
