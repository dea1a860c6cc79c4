//! What the pipeline learned of the selected service beside its numbers: log templates, calls as traces show them against those
//! declared, retries, and where its detectors alarmed. Bounded: the [`TEMPLATES_LEN_MAX`] busiest templates,
//! [`EDGES_LEN_MAX`] edges of each kind.

use super::frame::{ChartFrame, Lane};
use crate::ids::ServiceId;
use crate::pipeline::{LANES, LogTemplate, ObservedEdge, SeriesAlarm, TraceCounts};
use crate::session::Session;
use crate::sim::fault::FaultTarget;
use crate::telemetry::Metric;
use serde::{Deserialize, Serialize};

/// Log templates in a frame.
pub const TEMPLATES_LEN_MAX: usize = 6;
/// Edges in a frame that are not as declared, and edges of the selected service that were seen.
pub const EDGES_LEN_MAX: usize = 12;
/// Faults on a chart.
const SPANS_LEN_MAX: usize = 40;

/// What was learned of a service, or of the whole system without one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Insight {
    /// The service.
    pub service: Option<ServiceId>,
    /// Its busiest log templates lately.
    pub templates: Vec<LogTemplate>,
    /// Calls that are not as declared: of the service, or all.
    pub odd_edges: Vec<ObservedEdge>,
    /// Calls of the selected service that were seen, the busiest first.
    pub calls: Vec<ObservedEdge>,
    /// Edges declared, and those of them that were observed.
    pub edges: (u32, u32),
    /// What they were learned from.
    pub traces: TraceCounts,
    /// Attempts that reach it for each call due.
    pub amplification: Option<f64>,
}

/// The insight of a selection.
pub(super) fn insight(session: &Session, selection: Option<ServiceId>) -> Insight {
    let pipeline = session.pipeline();
    let mine = |e: &&ObservedEdge| selection.is_none_or(|id| e.from == id || e.to == id);
    let declared = || pipeline.observed_edges().filter(mine).filter(|e| e.is_declared);
    let count = |edges: usize| u32::try_from(edges).unwrap_or(u32::MAX);
    Insight {
        service: selection,
        templates: selection.map_or_else(Vec::new, |id| {
            let mut templates = pipeline.log_templates(id);
            templates.truncate(TEMPLATES_LEN_MAX);
            templates
        }),
        odd_edges: pipeline
            .observed_edges()
            .filter(mine)
            .filter(|e| e.is_missing() || e.is_unexpected())
            .take(EDGES_LEN_MAX)
            .copied()
            .collect(),
        calls: selection.map_or_else(Vec::new, |_| {
            let mut seen: Vec<ObservedEdge> =
                pipeline.observed_edges().filter(mine).filter(|e| e.seen.is_some()).copied().collect();
            seen.sort_by_key(|e| (std::cmp::Reverse(e.spans), e.from, e.to));
            seen.truncate(EDGES_LEN_MAX);
            seen
        }),
        traces: pipeline.trace_counts(),
        edges: (count(declared().count()), count(declared().filter(|e| e.seen.is_some()).count())),
        amplification: selection.and_then(|id| pipeline.amplification(id)),
    }
}

/// The metric whose detectors a chart of a service shows, in the order of the charts.
const CHARTED: [Metric; 4] = [Metric::LatencyP95, Metric::ErrorRatio, Metric::CpuUtilisation, Metric::RequestRate];

/// Puts the detectors' lanes and the injected truth on a service's charts.
pub(super) fn add_lanes(session: &Session, id: ServiceId, window_s: (f64, f64), charts: &mut [ChartFrame]) {
    let truth = truth(session, id, window_s);
    let is_within = |at: &f64| (window_s.0..=window_s.1).contains(at);
    let together = session.pipeline().service_alarms(id).map(|a| a.at.as_secs_f64()).filter(is_within).collect();
    let together = Lane { label: "several metrics together".to_owned(), at_s: together };
    for (chart, metric) in charts.iter_mut().zip(CHARTED) {
        let alarms = |is_mine: &dyn Fn(&SeriesAlarm) -> bool| -> Vec<f64> {
            let mine = session.pipeline().alarms(id, metric).filter(|a| is_mine(a)).map(|a| a.at.as_secs_f64());
            mine.filter(is_within).collect()
        };
        let lanes = LANES.into_iter().enumerate();
        chart.lanes = lanes
            .map(|(bit, kind)| Lane { label: kind.name().to_owned(), at_s: alarms(&|a| a.lanes & (1 << bit) != 0) })
            .chain([together.clone(), Lane { label: "combined".to_owned(), at_s: alarms(&|a| a.is_combined) }])
            .collect();
        chart.truth.clone_from(&truth);
    }
}

/// When faults were on a service, its calls or all of the telemetry, as (from, to) in s.
fn truth(session: &Session, id: ServiceId, window_s: (f64, f64)) -> Vec<(f64, f64)> {
    let now_s = session.now().as_secs_f64();
    let touches = |target: FaultTarget| match target {
        FaultTarget::Service(at) | FaultTarget::Instance { service: at, .. } => at == id,
        FaultTarget::Edge { from, to } => from == id || to == id,
        FaultTarget::Node(_) | FaultTarget::Zone(_) | FaultTarget::Zones(..) | FaultTarget::Monitoring => true,
    };
    let spans = session.past_faults().iter().rev().filter(|f| touches(f.spec.target)).map(|f| {
        let since_s = f.since.as_secs_f64();
        let is_on = session.faults().any(|active| active.id == f.id);
        let ended_s = f.spec.duration.map_or(now_s, |length| since_s + length.as_secs_f64());
        (since_s, if is_on { now_s } else { ended_s.min(now_s) })
    });
    let within = spans.filter(|(from, to)| *to >= window_s.0 && *from <= window_s.1);
    within.map(|(from, to)| (from.max(window_s.0), to.min(window_s.1))).take(SPANS_LEN_MAX).collect()
}
