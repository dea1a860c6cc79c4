//! Makes a frame of a session, reading only.

use super::columns::min_max_columns;
use super::frame::{
    ChartFrame, DECISIONS_LEN_MAX, EdgeFrame, Frame, Kpis, LOG_LEN_MAX, LineFrame, LogKind, Marker, SLOS_LEN_MAX, ServiceFrame,
};
use super::insight::{add_lanes, insight};
use super::suspects::suspects;
use crate::ids::{FaultId, ServiceId};
use crate::pipeline::{Forecast, Health};
use crate::session::{Session, SystemMetric};
use crate::sim::fault::FaultTarget;
use crate::telemetry::{Metric, Series, Subject};
use crate::topology::{Service, ServiceKind};
use crate::units::SimTime;
use std::collections::BTreeSet;

/// Resolved alerts shown beside the firing ones.
const ALERTS_LEN_MAX: usize = 50;
/// Marks on the charts; the newest win.
const MARKERS_LEN_MAX: usize = 60;

/// Share of the charts' window that lies ahead of now when a service is selected.
const FORECAST_SHARE: f64 = 0.2;

/// What the page looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Viewport {
    /// The selected service; the whole system without one.
    pub selection: Option<ServiceId>,
    /// Pixel columns of a chart's plot.
    pub columns: usize,
    /// Seconds of history in view.
    pub window_s: f64,
}

impl Default for Viewport {
    /// The whole system, five minutes, 300 columns.
    fn default() -> Self {
        Self { selection: None, columns: 300, window_s: 300.0 }
    }
}

/// How the run is being played; known to the pacer, not to the session.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Playback {
    /// The frame's number.
    pub number: u64,
    /// Whether time advances.
    pub playing: bool,
    /// Simulated seconds per wall second asked for; 0 is as fast as possible.
    pub speed: f64,
    /// Simulated seconds per wall second reached.
    pub speed_reached: f64,
    /// The present, later than what is shown while the past is looked at; `None` if the session shown is the present.
    pub past_of: Option<SimTime>,
    /// Whether a run was left that can be returned to.
    pub has_other: bool,
}

/// A frame of `session` and the companion array with its charts' columns.
pub fn capture(session: &Session, viewport: &Viewport, playback: &Playback) -> (Frame, Vec<f64>) {
    let now_s = session.now().as_secs_f64();
    let selection = viewport.selection.filter(|id| session.world().topology().get(*id).is_some());
    let window_s = window(now_s, viewport.window_s, selection.is_some());
    let mut columns = Vec::new();
    let mut plotter = Plotter { window_s, columns: viewport.columns.clamp(16, 4_096), out: &mut columns };
    let charts = match selection {
        Some(id) => service_charts(session, id, &mut plotter),
        None => system_charts(session, &mut plotter),
    };
    let pipeline = session.pipeline();
    let services: Vec<ServiceFrame> =
        session.world().topology().services().map(|(id, service)| service_frame(session, id, service)).collect();
    let rpc_rate = rpc_rate(&services);
    let frame = Frame {
        number: playback.number,
        now: session.now(),
        scenario: session.scenario().name.clone(),
        about: session.scenario().about.clone(),
        scale: session.scenario().scale,
        scale_notes: session.scale_notes().to_vec(),
        seed: session.seed(),
        end: playback.past_of.unwrap_or_else(|| session.now()),
        is_past: playback.past_of.is_some(),
        has_other: playback.has_other,
        digest: format!("{:016x}", session.digest()),
        playing: playback.playing,
        speed: playback.speed,
        speed_reached: playback.speed_reached,
        rpc_rate,
        rpc_rate_wall: rpc_rate * playback.speed_reached,
        autonomy: pipeline.autonomy(),
        is_stopped: pipeline.is_stopped(),
        is_dry_run: pipeline.is_dry_run(),
        policy: pipeline.policy().name.clone(),
        structure: session.structure(),
        kpis: kpis(session, &services),
        slos: pipeline.slos().take(SLOS_LEN_MAX).cloned().collect(),
        insight: insight(session, selection),
        services,
        edges: edge_frames(session),
        faults: session.faults().copied().collect(),
        decisions: pipeline.decisions().rev().take(DECISIONS_LEN_MAX).cloned().collect(),
        alerts: alerts(session),
        incident: pipeline.incidents().next_back().cloned(),
        incident_began: pipeline.incidents().next_back().and_then(|i| session.began(i)),
        suspects: suspects(session),
        log: session.events().entries().rev().take(LOG_LEN_MAX).cloned().collect(),
        charts,
        window_s,
        markers: markers(session, window_s.0, MARKERS_LEN_MAX),
        undo: session.undo_label().map(str::to_owned),
        redo: session.redo_label().map(str::to_owned),
    };
    (frame, columns)
}

/// Requests per second that services are sent, as they were last scraped; what users want of their own entry is no RPC.
fn rpc_rate(services: &[ServiceFrame]) -> f64 {
    services.iter().filter(|s| s.kind != ServiceKind::Client).filter_map(|s| s.rate).sum()
}

/// Times at the charts' edges. A service's charts leave room ahead of now, always, so that a forecast that comes or goes
/// does not make them jump.
fn window(now_s: f64, length_s: f64, of_service: bool) -> (f64, f64) {
    let ahead_s = if of_service { length_s * FORECAST_SHARE } else { 0.0 };
    let from_s = (now_s + ahead_s - length_s).max(0.0);
    (from_s, (now_s + ahead_s).max(length_s.min(60.0)))
}

fn service_frame(session: &Session, id: ServiceId, service: &Service) -> ServiceFrame {
    let pipeline = session.pipeline();
    let latest = |metric| pipeline.latest(Subject::Service(id), metric);
    let count = |metric| latest(metric).unwrap_or(0.0) as u32;
    ServiceFrame {
        id,
        name: service.name.clone(),
        kind: service.kind,
        signal: pipeline.signal(id).cloned().unwrap_or_default(),
        healing: pipeline.is_healing(id),
        faults: faults_on(session, FaultTarget::Service(id)),
        ready: count(Metric::ReplicasReady),
        desired: count(Metric::ReplicasDesired),
        cpu: latest(Metric::CpuUtilisation),
        memory: latest(Metric::MemoryUtilisation),
        error_ratio: latest(Metric::ErrorRatio),
        latency_ms_p95: latest(Metric::LatencyP95),
        rate: latest(Metric::RequestRate),
        queue_len: latest(Metric::QueueLen),
        restarts: count(Metric::Restarts),
        forecast: pipeline.forecast(id).copied(),
    }
}

fn edge_frames(session: &Session) -> Vec<EdgeFrame> {
    let world = session.world();
    let latest = |from, to, metric| session.pipeline().latest(Subject::Edge { from, to }, metric);
    let (mut edges, mut seen) = (Vec::new(), BTreeSet::new());
    for edge in world.topology().edges() {
        let (from, to) = (edge.from, edge.to);
        if !seen.insert((from, to)) {
            continue;
        }
        edges.push(EdgeFrame {
            from,
            to,
            rate: latest(from, to, Metric::RequestRate).unwrap_or(0.0),
            error_ratio: latest(from, to, Metric::ErrorRatio).unwrap_or(0.0),
            latency_ms_p50: latest(from, to, Metric::LatencyP50),
            faults: faults_on(session, FaultTarget::Edge { from, to }),
            rerouted: world.is_rerouted(from, to),
        });
    }
    edges
}

fn faults_on(session: &Session, target: FaultTarget) -> Vec<FaultId> {
    session.faults().filter(|f| f.spec.target == target).map(|f| f.id).collect()
}

fn kpis(session: &Session, services: &[ServiceFrame]) -> Kpis {
    let users = session.users();
    let mut by_health = [0; 4];
    for service in services {
        by_health[match service.signal.health {
            Health::Unknown => 0,
            Health::Healthy => 1,
            Health::Degraded => 2,
            Health::Critical => 3,
        }] += 1;
    }
    Kpis {
        rate: users.rate,
        success_ratio: users.success_ratio,
        latency_ms_p95: users.latency_ms_p95,
        by_health,
        error_minutes: users.error_seconds as f64 / 60.0,
    }
}

fn alerts(session: &Session) -> Vec<crate::pipeline::Alert> {
    let mut alerts: Vec<_> = session.pipeline().alerts().rev().filter(|a| a.resolved_at.is_none()).cloned().collect();
    alerts.extend(session.pipeline().alerts().rev().filter(|a| a.resolved_at.is_some()).take(ALERTS_LEN_MAX).cloned());
    alerts
}

/// What happened since `from_s`, the newest `len_max` things, oldest first.
pub(super) fn markers(session: &Session, from_s: f64, len_max: usize) -> Vec<Marker> {
    let worth = |kind| matches!(kind, LogKind::Fault | LogKind::Alert | LogKind::Decision | LogKind::Edit);
    let newest = session.events().entries().rev().filter(|e| worth(e.kind) && e.at.as_secs_f64() >= from_s);
    let mut markers: Vec<Marker> =
        newest.take(len_max).map(|e| Marker { at_s: e.at.as_secs_f64(), kind: e.kind, text: e.text.clone() }).collect();
    markers.reverse();
    markers
}

/// Collects the charts' columns.
pub(super) struct Plotter<'a> {
    pub window_s: (f64, f64),
    pub columns: usize,
    pub out: &'a mut Vec<f64>,
}

impl Plotter<'_> {
    fn line(&mut self, label: &str, slot: u8, series: Option<&Series>, scale: f64) -> LineFrame {
        let offset = self.out.len();
        let points = series.into_iter().flat_map(Series::iter).map(|(at, v)| (at.as_secs_f64(), v * scale));
        let columns = min_max_columns(points, self.window_s, self.columns, self.out);
        let drawn = self.out[offset..].chunks_exact(3);
        LineFrame {
            label: label.to_owned(),
            slot,
            offset,
            columns,
            last: series.and_then(Series::last).map(|(_, v)| v * scale),
            min: drawn.clone().map(|c| c[1]).reduce(f64::min),
            max: drawn.map(|c| c[2]).reduce(f64::max),
        }
    }
}

fn chart(title: String, unit: &str, lines: Vec<LineFrame>, thresholds: Option<(f64, f64)>) -> ChartFrame {
    ChartFrame { title, unit: unit.to_owned(), lines, thresholds, forecast: Vec::new(), lanes: Vec::new(), truth: Vec::new() }
}

pub(super) fn system_charts(session: &Session, plotter: &mut Plotter<'_>) -> Vec<ChartFrame> {
    let mut line = |label: &str, slot, metric, scale| plotter.line(label, slot, session.history().system(metric), scale);
    let latency = vec![line("p95", 0, SystemMetric::UserLatencyP95, 1.0)];
    let errors = vec![line("failed", 0, SystemMetric::UserErrorRatio, 100.0)];
    let resources =
        vec![line("highest CPU", 0, SystemMetric::CpuMax, 100.0), line("highest memory", 1, SystemMetric::MemoryMax, 100.0)];
    let rate = vec![line("requests", 0, SystemMetric::UserRate, 1.0)];
    vec![
        chart("Users' latency".into(), "ms", latency, None),
        chart("Users' errors".into(), "%", errors, None),
        chart("CPU and memory".into(), "%", resources, None),
        chart("Users' requests".into(), "/s", rate, None),
    ]
}

pub(super) fn service_charts(session: &Session, id: ServiceId, plotter: &mut Plotter<'_>) -> Vec<ChartFrame> {
    let name = session.world().topology().name(id);
    let mut line = |label: &str, slot, metric, scale| plotter.line(label, slot, session.history().service(id, metric), scale);
    let latency = vec![
        line("p50", 0, Metric::LatencyP50, 1.0),
        line("p95", 1, Metric::LatencyP95, 1.0),
        line("p99", 2, Metric::LatencyP99, 1.0),
    ];
    let errors = vec![line("failed", 0, Metric::ErrorRatio, 100.0)];
    let resources = vec![line("CPU", 0, Metric::CpuUtilisation, 100.0), line("memory", 1, Metric::MemoryUtilisation, 100.0)];
    let rate = vec![line("requests /s", 0, Metric::RequestRate, 1.0), line("waiting", 1, Metric::QueueLen, 1.0)];
    let limits = &session.pipeline().policy().thresholds;
    let band = |metric, scale: f64| limits.of(metric).map(|b| (b.degraded * scale, b.critical * scale));
    let mut charts = vec![
        chart(format!("{name}: latency"), "ms", latency, band(Metric::LatencyP95, 1.0)),
        chart(format!("{name}: errors"), "%", errors, band(Metric::ErrorRatio, 100.0)),
        chart(format!("{name}: CPU and memory"), "%", resources, band(Metric::CpuUtilisation, 100.0)),
        chart(format!("{name}: requests and queue"), "", rate, None),
    ];
    add_lanes(session, id, plotter.window_s, &mut charts);
    if let Some(forecast) = session.pipeline().forecast(id) {
        add_fan(&mut charts, forecast, session.history().service(id, forecast.metric));
    }
    charts
}

fn add_fan(charts: &mut [ChartFrame], forecast: &Forecast, series: Option<&Series>) {
    let (place, scale) = match forecast.metric {
        Metric::LatencyP50 | Metric::LatencyP95 | Metric::LatencyP99 => (0, 1.0),
        Metric::ErrorRatio => (1, 100.0),
        Metric::CpuUtilisation | Metric::MemoryUtilisation => (2, 100.0),
        _ => return,
    };
    let Some((at, value)) = series.and_then(Series::last) else { return };
    let (at, value) = (at.as_secs_f64(), value * scale);
    let then = at + forecast.horizon_s;
    charts[place].forecast =
        vec![(at, value, value, value), (then, forecast.low * scale, forecast.value * scale, forecast.high * scale)];
}
