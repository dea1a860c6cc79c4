//! What a draft of a post-mortem says of telemetry that was not believed. It opens no incident, for the system may well be
//! well, but whoever was not seen meanwhile belongs on the record: nothing was decided about them.
//!
//! Bounds: the newest [`TOLD_MAX`] alerts; the alerts' ring is bounded as well.

use super::postmortem::cell;
use super::{LogEntry, LogKind, Session};
use crate::ids::ServiceId;
use crate::pipeline::{Alert, Incident};
use crate::units::SimTime;
use std::fmt::Write;

/// Alerts that are told.
const TOLD_MAX: usize = 40;

impl Session {
    /// The alerts about telemetry, oldest first.
    fn disbeliefs(&self) -> Vec<&Alert> {
        let all: Vec<&Alert> = self.pipeline().alerts().filter(|a| a.is_about_telemetry()).collect();
        all[all.len().saturating_sub(TOLD_MAX)..].to_vec()
    }
    /// Rows of an incident's table: who was not seen while it lasted, and why.
    pub(super) fn blindness(&self, out: &mut String, incident: &Incident) {
        let over = incident.resolved_at.unwrap_or(self.now());
        let is_meanwhile = |a: &&Alert| a.at <= over && a.resolved_at.is_none_or(|end| end >= incident.detected_at);
        for alert in self.disbeliefs().into_iter().filter(is_meanwhile) {
            let name = self.world().topology().name(alert.service);
            let _ = writeln!(out, "| not believed meanwhile | {name}, {}: {} |", span(alert), cell(why(alert)));
        }
    }
    /// The section on all of it, with its own cause and timeline.
    pub(super) fn not_believed(&self, out: &mut String) {
        let alerts = self.disbeliefs();
        out.push_str("\n## Telemetry that was not believed\n\n");
        let faults: Vec<String> =
            self.past_faults().iter().filter(|f| f.spec.kind.is_of_telemetry()).map(|f| self.told(f)).collect();
        let cause = if faults.is_empty() { "*not known*".to_owned() } else { faults.join("; ") };
        let _ =
            writeln!(out, "Cause: what monitoring was told, not the services themselves. Faults of telemetry: {cause}. While it");
        out.push_str("lasted these services were Unknown: no symptom of theirs counted, and nothing was decided about them.\n\n");
        out.push_str("| service | from, to | why |\n|---|---|---|\n");
        for alert in &alerts {
            let name = self.world().topology().name(alert.service);
            let _ = writeln!(out, "| {name} | {} | {} |", span(alert), cell(why(alert)));
        }
        out.push_str("\n### Timeline of telemetry\n\n");
        let services: Vec<ServiceId> = alerts.iter().map(|a| a.service).collect();
        let lines: Vec<&LogEntry> = self.events().entries().filter(|e| is_of_telemetry(e, &services)).collect();
        self.timetable(out, &lines);
    }
    fn told(&self, fault: &crate::sim::fault::ActiveFault) -> String {
        let place = fault.spec.target.words(|id| self.world().topology().name(id).to_owned());
        format!("{} on {place} from {}", fault.spec.kind.scale().label, fault.since)
    }
}

/// Whether a line tells that telemetry broke, was noticed, or that somebody was not seen or is again.
fn is_of_telemetry(entry: &LogEntry, services: &[ServiceId]) -> bool {
    let is_health = entry.text.starts_with("Unknown -> ") || entry.text.contains(" -> Unknown");
    let is_told = entry.text.contains(Alert::TELEMETRY) || is_health && entry.service.is_some_and(|id| services.contains(&id));
    match entry.kind {
        LogKind::Fault => entry.text.contains("elemetry"),
        LogKind::Alert => is_told,
        _ => false,
    }
}

fn span(alert: &Alert) -> String {
    format!("{} to {}", alert.at, alert.resolved_at.map_or("the end".to_owned(), |at: SimTime| at.to_string()))
}

fn why(alert: &Alert) -> &str {
    alert.text.trim_start_matches(Alert::TELEMETRY).trim_start_matches([':', ' '])
}
