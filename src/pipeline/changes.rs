//! Change markers: when somebody last rolled another version of a service out, or gave it another configuration, by what
//! the platform's log says (`kubectl rollout history`, a pushed configuration). What the healer does itself is no marker.
//!
//! Bounds: one marker a service.

use super::wiring::Wiring;
use crate::ids::ServiceId;
use crate::platform::Scrape;
use crate::units::{SimDuration, SimTime};
use std::collections::BTreeMap;

/// How long a change is suspected: a roll-out of a few instances takes a minute, and its effect a window to be seen.
const SUSPECT: SimDuration = SimDuration::from_secs(120);
/// Begin of the platform's line about another version; its number follows. A restart repeats the number.
const ROLL_OUT: &str = "roll-out of revision ";
/// The platform's line about another configuration.
const CONFIGURATION: &str = "configuration changed";

/// The last changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    revisions: BTreeMap<ServiceId, String>,
    changed: BTreeMap<ServiceId, SimTime>,
}

impl Changes {
    /// Reads the platform's lines; `is_ours` says whose changes are the healer's own.
    pub fn read(&mut self, scrape: &Scrape, wiring: &Wiring, is_ours: impl Fn(ServiceId) -> bool) {
        for line in scrape.logs.iter().filter(|l| wiring.get(l.service).is_some()) {
            let is_new = match line.text.strip_prefix(ROLL_OUT) {
                Some(revision) => self.revisions.insert(line.service, revision.to_owned()).as_deref() != Some(revision),
                None => line.text == CONFIGURATION,
            };
            // The first revision that is told of is a change too, unless it is the one that everything began with.
            let is_first = line.text.strip_prefix(ROLL_OUT).is_some_and(|revision| revision.starts_with("0 "));
            if is_new && !is_first && !is_ours(line.service) {
                self.changed.insert(line.service, line.at);
            }
        }
    }
    /// When `service` was last changed, if that is not long ago.
    pub fn recent(&self, service: ServiceId, now: SimTime) -> Option<SimTime> {
        self.changed.get(&service).copied().filter(|at| now.since(*at) <= SUSPECT)
    }
    /// Forgets what is no longer declared.
    pub fn retain(&mut self, wiring: &Wiring) {
        self.revisions.retain(|id, _| wiring.get(*id).is_some());
        self.changed.retain(|id, _| wiring.get(*id).is_some());
    }
}
