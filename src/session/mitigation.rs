//! Time to mitigate, one definition for the page, the command line and the draft of a post-mortem: from the beginning of the
//! fault to the moment the incident is over. Where no fault is known to be behind it, it counts from the first symptom.
//!
//! An incident is over when no service has been in trouble for [`CALM_SCRAPES`] scrapes in a row: the scrape at which the
//! event log says so, and as a rule the one at which the page shows the last of them healthy again ([`Incident::resolved_at`]).

use super::{SCRAPE_PERIOD, Session};
use crate::pipeline::{CALM_SCRAPES, Incident};
use crate::units::{SimDuration, SimTime};

/// The calm that an incident ends with: what begins in it is another matter.
fn calm() -> SimDuration {
    SimDuration::from_nanos(SCRAPE_PERIOD.as_nanos() * u64::from(CALM_SCRAPES))
}

/// Whether what began then can belong to an incident that was over at `over`.
pub(super) fn is_within(began: SimTime, over: Option<SimTime>) -> bool {
    over.is_none_or(|over| over >= began + calm())
}

impl Session {
    /// When the fault behind an incident began: the newest before its first symptom that no earlier incident accounts for.
    /// `None` if there is none.
    pub fn began(&self, incident: &Incident) -> Option<SimTime> {
        let began = self.past_faults().iter().map(|f| f.since).rfind(|at| *at <= incident.detected_at)?;
        let others = self.pipeline().incidents().filter(|i| i.id != incident.id && i.detected_at < incident.detected_at);
        let is_theirs = others.filter_map(|i| i.resolved_at).any(|over| is_within(began, Some(over)));
        (!is_theirs).then_some(began)
    }
    /// Time to mitigate an incident; `None` while it is open.
    pub fn time_to_mitigate(&self, incident: &Incident) -> Option<SimDuration> {
        incident.mitigated_after(self.began(incident).unwrap_or(incident.detected_at))
    }
}
