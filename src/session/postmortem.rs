//! The draft of a post-mortem: what a run's record says about its incidents, as Markdown with numbers and small charts, for
//! people to complete. It repeats what was seen, decided and done; what should be learned from it is theirs.
//!
//! Charts are lines of block characters in code blocks: they show in every Markdown viewer and in mail, which pictures do not.
//! Pictures come from whoever can draw: [`Session::post_mortem_with`] asks for the lines that name them.
//!
//! Bounds: at most [`INCIDENTS_MAX`] incidents of [`TIMELINE_MAX`] lines each; series hold half an hour.

use super::history::SystemMetric;
use super::{LogEntry, LogKind, Session};
use crate::ids::ServiceId;
use crate::pipeline::{Alert, Candidate, Choice, Decision, Incident, IncidentTimes};
use crate::telemetry::{Metric, Series};
use crate::topology::ServiceKind;
use crate::units::{SimDuration, SimTime};
use std::fmt::Write;

/// Incidents written about: the newest.
const INCIDENTS_MAX: usize = 20;
/// Lines of one incident's timeline.
const TIMELINE_MAX: usize = 60;
/// What is shown before and after an incident: two metric windows of calm, and some more before.
const BEFORE: SimDuration = SimDuration::from_secs(30);
const AFTER: SimDuration = SimDuration::from_secs(15);
/// Characters of a chart.
const COLUMNS: usize = 72;
/// Head of the table of decisions.
const HEAD: &str = "| time | about | what | worth | why | what came of it | next best |\n|---|---|---|---|---|---|---|\n";
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

impl Session {
    /// The draft for the run so far, without pictures.
    pub fn post_mortem(&self) -> String {
        self.post_mortem_with(&mut |_, _| String::new())
    }

    /// The draft for the run so far, with what `pictures` says about each incident and the time shown of it: Markdown, whole
    /// paragraphs or nothing.
    pub fn post_mortem_with(&self, pictures: &mut dyn FnMut(&Incident, (SimTime, SimTime)) -> String) -> String {
        let report = self.report();
        let mut out = format!("# Post-mortem draft: {}\n\n", report.scenario);
        let pipeline = &report.pipeline;
        let _ = writeln!(
            out,
            "Run of {:.0} s, seed {}. Healing: {}. Made from the run's record; what is in *italics* is for people to fill in.\n",
            report.until_s,
            report.seed,
            report.healing.words()
        );
        let failed = report.requests.failed + report.requests.rejected;
        let _ = writeln!(out, "| | |\n|---|---|");
        let _ = writeln!(
            out,
            "| users' requests answered well | {:.2} % of {} |",
            100.0 * report.success_ratio,
            report.requests.arrived
        );
        let _ = writeln!(out, "| failed or turned away | {failed} |");
        let _ = writeln!(out, "| error-minutes (1 % of requests and more fail) | {:.2} |", report.error_minutes);
        let _ = writeln!(out, "| incidents | {} |", pipeline.incidents_opened);
        let _ = writeln!(out, "| actions of the healer | {} |", pipeline.actions.values().sum::<u32>());
        let _ = writeln!(out, "| pages | {} |", pipeline.pages);
        let incidents: Vec<&IncidentTimes> = pipeline.incidents.iter().collect();
        let is_blind = self.pipeline().alerts().any(Alert::is_about_telemetry);
        if incidents.is_empty() && !is_blind {
            out.push_str("\nNothing happened that was noticed.\n");
        }
        for times in &incidents[incidents.len().saturating_sub(INCIDENTS_MAX)..] {
            self.incident(&mut out, times, pictures);
        }
        if is_blind {
            self.not_believed(&mut out);
        }
        out
    }

    fn incident(
        &self,
        out: &mut String,
        times: &IncidentTimes,
        pictures: &mut dyn FnMut(&Incident, (SimTime, SimTime)) -> String,
    ) {
        let incident = &times.incident;
        let name = |id: ServiceId| self.world().topology().name(id).to_owned();
        let cause = incident.cause.map_or("an unknown cause".to_owned(), name);
        let class = incident.class.map_or("UNKNOWN", |class| class.name());
        let _ = writeln!(out, "\n## Incident {}: {class} at {cause}\n", incident.id);
        let span = (earlier(incident.detected_at, BEFORE), incident.resolved_at.map_or(self.now(), |at| at + AFTER));
        self.times(out, times);
        self.blindness(out, incident);
        self.impact(out, times, span);
        let touched: Vec<String> = incident.services.iter().map(|id| name(*id)).collect();
        let _ = writeln!(out, "| services touched, as noticed | {} |", touched.join(", "));
        self.cost(out, times, span);
        let _ = writeln!(out, "\n### Course, {} to {}\n", span.0, span.1);
        out.push_str(&pictures(incident, span));
        self.charts(out, times, span);
        self.timeline(out, span);
        self.decisions(out, times);
        out.push_str("\n### For people\n\n- *What made it possible, and why was it not seen before users felt it?*\n");
        out.push_str("- *What went well, what was luck?*\n- *What changes, who does it, until when?*\n");
    }

    fn times(&self, out: &mut String, times: &IncidentTimes) {
        let resolved = times.incident.resolved_at.unwrap_or(self.now());
        let began = self.began(&times.incident);
        let zero = began.unwrap_or(times.incident.detected_at);
        let since = |s: Option<f64>| s.map_or("never".to_owned(), |s| format!("{:.0} s", (s - zero.as_secs_f64()).max(0.0)));
        let _ = writeln!(out, "| | |\n|---|---|");
        match began {
            Some(at) => _ = writeln!(out, "| began (a fault was injected) | {at} |"),
            None => _ = writeln!(out, "| began | *not known; times count from the first symptom* |"),
        }
        let _ = writeln!(out, "| time to detect | {} |", since(Some(times.detected_s)));
        let _ = writeln!(out, "| time to locate (first decision that names the cause) | {} |", since(times.located_s));
        let _ = writeln!(out, "| time to the first action | {} |", since(times.decided_s));
        let mitigated =
            self.time_to_mitigate(&times.incident).map_or("never".to_owned(), |t| format!("{:.0} s", t.as_secs_f64()));
        let _ = writeln!(out, "| time to mitigate (until it was over, no service in trouble) | {mitigated} |");
        let state = if times.incident.resolved_at.is_some() { "lasted, from its first symptom" } else { "still open after" };
        let _ = writeln!(out, "| {state} | {:.0} s |", resolved.since(times.incident.detected_at).as_secs_f64());
    }

    /// What users felt while it lasted.
    fn impact(&self, out: &mut String, times: &IncidentTimes, span: (SimTime, SimTime)) {
        let history = self.history();
        let series = |metric| samples(history.system(metric), span);
        let (errors, rates, p95) =
            (series(SystemMetric::UserErrorRatio), series(SystemMetric::UserRate), series(SystemMetric::UserLatencyP95));
        let failed: f64 = errors.iter().zip(&rates).map(|((_, error), (_, rate))| error * rate).sum();
        let bad = errors.iter().filter(|(_, error)| *error >= 0.01).count();
        let worst = |values: &[(SimTime, f64)]| values.iter().map(|(_, v)| *v).fold(0.0, f64::max);
        let _ = writeln!(out, "| users' requests that failed, about | {failed:.0} |");
        let _ = writeln!(out, "| error-minutes | {:.2} |", bad as f64 / 60.0);
        let _ = writeln!(out, "| worst share of failures | {:.1} % |", 100.0 * worst(&errors));
        let _ = writeln!(out, "| worst p95 of latency | {:.0} ms |", worst(&p95));
        let _ = writeln!(out, "| actions, of which did not help | {}, {} |", times.actions, times.useless);
    }

    /// Instances beyond those that were there when it began, times seconds.
    fn cost(&self, out: &mut String, times: &IncidentTimes, span: (SimTime, SimTime)) {
        let owned = self.world().topology().services().filter(|(_, s)| s.kind != ServiceKind::Client).map(|(id, _)| id);
        let extra: f64 = owned
            .filter_map(|id| self.history().service(id, Metric::ReplicasDesired))
            .map(|series| {
                let wanted = samples(Some(series), span);
                let before =
                    wanted.iter().take_while(|(at, _)| *at <= times.incident.detected_at).last().map_or(0.0, |(_, v)| *v);
                wanted.iter().map(|(_, v)| v - before).sum::<f64>()
            })
            .sum();
        let _ = writeln!(out, "| cost: instances more than before, times seconds | {extra:.0} |");
    }

    fn charts(&self, out: &mut String, times: &IncidentTimes, span: (SimTime, SimTime)) {
        let history = self.history();
        out.push_str("```text\n");
        let mut row = |label: &str, series: Option<&Series>, scale: f64, unit: &str| {
            let values = samples(series, span);
            let Some(top) = values.iter().map(|(_, v)| *v).reduce(f64::max) else { return };
            let _ = writeln!(out, "{label:<26} {} max {:.1}{unit}", sparkline(&values, span, top), top * scale);
        };
        row("users: share that fails", history.system(SystemMetric::UserErrorRatio), 100.0, " %");
        row("users: p95 of latency", history.system(SystemMetric::UserLatencyP95), 1.0, " ms");
        row("users: requests", history.system(SystemMetric::UserRate), 1.0, "/s");
        if let Some(cause) = times.incident.cause {
            let name = self.world().topology().name(cause);
            for (metric, label, scale, unit) in [
                (Metric::ErrorRatio, "errors", 100.0, " %"),
                (Metric::CpuUtilisation, "CPU", 100.0, " %"),
                (Metric::MemoryUtilisation, "memory", 100.0, " %"),
                (Metric::ReplicasReady, "instances ready", 1.0, ""),
            ] {
                let name: String = name.chars().take(25 - label.len().min(16)).collect();
                row(&format!("{name}: {label}"), history.service(cause, metric), scale, unit);
            }
        }
        out.push_str("```\n");
    }

    fn timeline(&self, out: &mut String, span: (SimTime, SimTime)) {
        let is_told = |kind: LogKind| matches!(kind, LogKind::Fault | LogKind::Alert | LogKind::Decision | LogKind::Edit);
        let within = |at: SimTime| at >= span.0 && at <= span.1;
        let lines: Vec<&LogEntry> = self.events().entries().filter(|e| is_told(e.kind) && within(e.at)).collect();
        out.push_str("\n### Timeline\n\n");
        self.timetable(out, &lines);
    }

    /// Lines of the event log as a table, the first of them.
    pub(super) fn timetable(&self, out: &mut String, lines: &[&LogEntry]) {
        out.push_str("| time | service | what |\n|---|---|---|\n");
        for entry in lines.iter().take(TIMELINE_MAX) {
            let service = entry.service.map_or("", |id| self.world().topology().name(id));
            let _ = writeln!(out, "| {} | {service} | {} |", entry.at, cell(&entry.text));
        }
        if lines.len() > TIMELINE_MAX {
            let _ = writeln!(out, "| | | *and {} more lines in the event log* |", lines.len() - TIMELINE_MAX);
        }
    }

    fn decisions(&self, out: &mut String, times: &IncidentTimes) {
        let mine = self.pipeline().decisions().filter(|d| d.incident == Some(times.incident.id));
        let told: Vec<&Decision> = mine.filter(|d| d.chosen.choice != Choice::Hold).collect();
        if told.is_empty() {
            out.push_str("\nNothing was done or asked for.\n");
            return;
        }
        let _ = write!(out, "\n### Decisions\n\n{HEAD}");
        for decision in told {
            let name = self.world().topology().name(decision.service);
            let next = decision.rejected.iter().find(|c| matches!(c.choice, Choice::Act(_)));
            let outcome = match decision.state {
                state if decision.outcome.is_empty() => state.words().to_owned(),
                state => format!("{}: {}", state.words(), decision.outcome),
            };
            let next = next
                .map_or(String::new(), |c| format!("{} ({})", choice(&c.choice), if c.vetoed { "vetoed" } else { "worth less" }));
            let (what, why) = (choice(&decision.chosen.choice), cell(&decision.chosen.reason));
            let _ = writeln!(
                out,
                "| {} | {name} | {what} | {} | {why} | {} | {next} |",
                decision.at,
                worth(&decision.chosen),
                cell(&outcome)
            );
        }
    }
}

fn choice(choice: &Choice) -> &'static str {
    match choice {
        Choice::Act(action) => action.name(),
        Choice::Hold => "HOLD",
        Choice::Page => "PAGE",
    }
}

fn worth(candidate: &Candidate) -> String {
    format!("{:.2}", candidate.score)
}

/// A cell of a table keeps to its cell.
pub(super) fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn earlier(at: SimTime, by: SimDuration) -> SimTime {
    SimTime::from_nanos(at.as_nanos().saturating_sub(by.as_nanos()))
}

fn samples(series: Option<&Series>, (from, to): (SimTime, SimTime)) -> Vec<(SimTime, f64)> {
    series.into_iter().flat_map(Series::iter).filter(|(at, _)| *at >= from && *at <= to).collect()
}

/// One line of blocks; a column shows the highest value in it, because incidents are made of peaks.
fn sparkline(values: &[(SimTime, f64)], (from, to): (SimTime, SimTime), top: f64) -> String {
    let width = to.since(from).as_secs_f64().max(1.0);
    let mut columns: Vec<Option<f64>> = vec![None; COLUMNS];
    for (at, value) in values {
        let column = (at.since(from).as_secs_f64() / width * (COLUMNS - 1) as f64) as usize;
        if let Some(slot) = columns.get_mut(column) {
            *slot = Some(slot.map_or(*value, |there: f64| there.max(*value)));
        }
    }
    let mut last = None;
    let block = |value: f64| {
        let share = if top > 0.0 { value / top } else { 0.0 };
        BLOCKS[((share * 8.0) as usize).min(BLOCKS.len() - 1)]
    };
    let drawn = columns.into_iter().map(|value| {
        last = value.or(last);
        last.map_or(' ', block)
    });
    drawn.collect()
}
