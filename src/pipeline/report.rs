//! Report: what happened, for people and for comparison of runs. Plain data, bounded by the ledgers it is read from.

use super::types::{Alert, Decision, DecisionState, Incident, Severity};
use crate::ids::IncidentId;
use crate::units::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One incident's times, in seconds since the scenario's start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentTimes {
    /// The incident.
    pub incident: Incident,
    /// First symptom noticed, s. Time to detect is this less the fault's time, which the pipeline does not know.
    pub detected_s: f64,
    /// First decision that named the cause which most diagnoses hold to be it, s.
    pub located_s: Option<f64>,
    /// First decision to act on it, s.
    pub decided_s: Option<f64>,
    /// Actions carried out because of it.
    pub actions: u32,
    /// Of these, those that did nothing or made it worse.
    pub useless: u32,
    /// When it was over, s: [`Incident::resolved_at`].
    pub resolved_s: Option<f64>,
}

/// What the pipeline did in a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PipelineReport {
    /// The policy's name.
    pub policy: String,
    /// Incidents still in the ledger, oldest first.
    pub incidents: Vec<IncidentTimes>,
    /// Incidents opened since the start.
    pub incidents_opened: u32,
    /// Decisions since the start.
    pub decisions: u32,
    /// Decisions in the ledger by their state's words.
    pub decisions_by_state: BTreeMap<String, u32>,
    /// Actions asked of the platform since the start, by name.
    pub actions: BTreeMap<String, u32>,
    /// Pages to a person since the start: one an incident, whatever else comes up in it.
    pub pages: u32,
    /// Further decisions to page within an incident that somebody was paged about.
    pub pages_grouped: u32,
    /// Alerts held back because a dependency's trouble explains them, since the start.
    pub inhibited: u32,
    /// Warnings fired since the start.
    pub warnings: u32,
    /// Critical alerts fired since the start.
    pub criticals: u32,
}

/// Numbers that outlive the bounded ledgers.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters {
    pub incidents_opened: u32,
    pub decisions: u32,
    pub pages: u32,
    pub pages_grouped: u32,
    pub inhibited: u32,
    pub warnings: u32,
    pub criticals: u32,
    /// The incident that somebody was paged about last.
    paged: Option<IncidentId>,
    pub actions: BTreeMap<String, u32>,
}

impl Counters {
    /// Counts a decision to page: whoever was paged about an incident knows of it.
    pub fn count_page(&mut self, incident: Option<IncidentId>) {
        if incident.is_some() && self.paged == incident {
            self.pages_grouped += 1;
        } else {
            self.pages += 1;
            self.paged = incident;
        }
    }
    /// Counts a newly fired (or raised) alert.
    pub fn count_alert(&mut self, severity: Severity) {
        match severity {
            Severity::Warning => self.warnings += 1,
            Severity::Critical => self.criticals += 1,
        }
    }
}

/// Puts the report together.
pub(super) fn report<'a>(
    policy: &str,
    counters: &Counters,
    incidents: impl Iterator<Item = &'a Incident>,
    decisions: &[&Decision],
) -> PipelineReport {
    let mut by_state = BTreeMap::new();
    for decision in decisions {
        *by_state.entry(decision.state.words().to_owned()).or_insert(0) += 1;
    }
    PipelineReport {
        policy: policy.to_owned(),
        incidents: incidents.map(|i| times(i, decisions)).collect(),
        incidents_opened: counters.incidents_opened,
        decisions: counters.decisions,
        decisions_by_state: by_state,
        actions: counters.actions.clone(),
        pages: counters.pages,
        pages_grouped: counters.pages_grouped,
        inhibited: counters.inhibited,
        warnings: counters.warnings,
        criticals: counters.criticals,
    }
}

fn times(incident: &Incident, decisions: &[&Decision]) -> IncidentTimes {
    let mine: Vec<&&Decision> = decisions.iter().filter(|d| d.incident == Some(incident.id)).collect();
    let acted = |d: &&&&Decision| !d.state.is_only_said() && !d.is_dry_run;
    let located = mine.iter().find(|d| incident.cause == Some(d.diagnosis.cause));
    let is_useless =
        |d: &&&Decision| matches!(d.state, DecisionState::NoEffect | DecisionState::MadeWorse | DecisionState::Undone);
    IncidentTimes {
        incident: incident.clone(),
        detected_s: incident.detected_at.as_secs_f64(),
        located_s: located.map(|d| d.at.as_secs_f64()),
        decided_s: mine.iter().find(acted).map(|d| d.at.as_secs_f64()),
        actions: mine.iter().filter(|d| d.action.is_some() && !d.is_dry_run).count() as u32,
        useless: mine.iter().copied().filter(is_useless).count() as u32,
        resolved_s: incident.resolved_at.map(SimTime::as_secs_f64),
    }
}

/// One line for the event log when an alert fires or ends.
pub(super) fn alert_line(alert: &Alert) -> String {
    let word = match alert.severity {
        Severity::Warning => "Warning",
        Severity::Critical => "Critical",
    };
    match alert.resolved_at {
        None => format!("{word} alert: {}", alert.text),
        Some(_) => format!("Resolved: {}", alert.text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_paged_once_an_incident() {
        let mut counters = Counters::default();
        for incident in [Some(1), Some(1), Some(2), Some(1), None, None] {
            counters.count_page(incident.map(IncidentId));
        }
        assert_eq!((counters.pages, counters.pages_grouped), (5, 1));
    }
}
