//! What is counted of one call edge between scrapes, and what the caller's log says of it.

use super::meter::Meter;
use crate::ids::ServiceId;
use crate::telemetry::Level;

/// What is kept about one edge between scrapes.
#[derive(Clone, Debug, Default)]
pub(super) struct EdgeMeter {
    /// Caller and callee.
    pub ends: Option<(ServiceId, ServiceId)>,
    pub attempts: Meter,
    pub timeouts: u32,
    /// Attempts that a guard of the caller stopped.
    pub held: u32,
    /// Attempts that waited for a connection of the pool in vain; not among `held`.
    pub starved: u32,
}

impl EdgeMeter {
    /// The caller's lines of the last second, folded to one of a kind; counting begins anew.
    pub fn words(&mut self, callee: &str) -> Vec<(Level, String)> {
        let counts = [&mut self.timeouts, &mut self.held, &mut self.starved].map(std::mem::take);
        let words = [
            (Level::Warn, format!("call to {callee} timed out")),
            (Level::Warn, format!("call to {callee} not sent")),
            (Level::Error, format!("no connection to {callee} is available, waited in vain")),
        ];
        let said = words.into_iter().zip(counts).filter(|(_, count)| *count > 0);
        said.map(|((level, text), count)| (level, format!("{text} (x{count})"))).collect()
    }
}
