//! Evidence from logs and spans, as far as somebody sees into the services that write them.

use super::clue::{Clue, Clues};
use crate::ids::ServiceId;
use std::collections::BTreeMap;

/// Most that a log or spans count: some twenty times as many lines, or spans, as usual.
const NOTE_MAX: f64 = 3.0;

/// What is read from logs and spans, near 0 when nothing is the matter: by service, how many more errors it writes than usual
/// (a logarithm), and the logarithm of the spans for each one due.
#[derive(Clone, Debug, Default)]
pub(in crate::pipeline) struct Notes {
    pub logs: BTreeMap<ServiceId, f64>,
    pub spans: BTreeMap<ServiceId, f64>,
}

impl Notes {
    /// What a service's log and its spans say.
    pub(super) fn of_service(&self, id: ServiceId, clues: &mut Clues) {
        let of = |told: &BTreeMap<ServiceId, f64>| told.get(&id).copied().unwrap_or(0.0);
        clues.set(Clue::Logs, of(&self.logs).min(NOTE_MAX));
        let shift = of(&self.spans).clamp(-NOTE_MAX, NOTE_MAX);
        clues.set(Clue::SpansMore, shift.max(0.0));
        clues.set(Clue::SpansFewer, (-shift).max(0.0));
    }
}
