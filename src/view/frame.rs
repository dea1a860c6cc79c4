//! What is drawn: a bounded, plain snapshot of a session. Nothing in the page is a source of truth; it shows frames.

use crate::ids::{FaultId, ServiceId};
pub use crate::session::{LogEntry, LogKind};

use super::insight::Insight;
use super::suspects::SuspectFrame;
use crate::pipeline::{Alert, Autonomy, Decision, Forecast, Incident, Signal, SloStatus};
use crate::sim::fault::ActiveFault;
use crate::topology::ServiceKind;
use crate::units::SimTime;
use serde::{Deserialize, Serialize};

/// Most log entries in a frame.
pub const LOG_LEN_MAX: usize = 200;
/// Most decisions in a frame.
pub const DECISIONS_LEN_MAX: usize = 60;
/// Most entries whose objectives are shown.
pub const SLOS_LEN_MAX: usize = 8;
/// Charts at the page's foot.
pub const CHARTS: usize = 4;

/// One service as drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceFrame {
    /// Which.
    pub id: ServiceId,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: ServiceKind,
    /// Health, since when, reasons.
    pub signal: Signal,
    /// An action is under way here.
    pub healing: bool,
    /// Faults on it.
    pub faults: Vec<FaultId>,
    /// Instances that take traffic.
    pub ready: u32,
    /// Instances wanted.
    pub desired: u32,
    /// Share of CPU limit, 0..=1; `None` without a sample.
    pub cpu: Option<f64>,
    /// Share of memory limit, 0..=1.
    pub memory: Option<f64>,
    /// Share of requests failed, 0..=1.
    pub error_ratio: Option<f64>,
    /// 95th percentile of latency in ms.
    pub latency_ms_p95: Option<f64>,
    /// Requests per second.
    pub rate: Option<f64>,
    /// Requests waiting.
    pub queue_len: Option<f64>,
    /// Container restarts so far.
    pub restarts: u32,
    /// The most pressing forecast.
    pub forecast: Option<Forecast>,
}

/// One call edge as drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EdgeFrame {
    /// The caller.
    pub from: ServiceId,
    /// The callee.
    pub to: ServiceId,
    /// Attempts per second.
    pub rate: f64,
    /// Share of attempts that failed, as the caller saw it.
    pub error_ratio: f64,
    /// Median latency in ms, as the caller saw it.
    pub latency_ms_p50: Option<f64>,
    /// Faults on it.
    pub faults: Vec<FaultId>,
    /// Takes the detour.
    pub rerouted: bool,
}

/// The line of numbers at the top.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kpis {
    /// Users' requests per second over the window.
    pub rate: f64,
    /// Share of users' requests answered without error over the window, 0..=1.
    pub success_ratio: f64,
    /// 95th percentile of the users' latency in ms.
    pub latency_ms_p95: f64,
    /// Services by health: unknown, healthy, degraded, critical.
    pub by_health: [u32; 4],
    /// Seconds since the start in which at least 1 % of users' requests failed, divided by 60.
    pub error_minutes: f64,
}

/// One line of a chart; its points are in the frame's companion array of numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineFrame {
    /// Legend.
    pub label: String,
    /// Colour slot 0..=3.
    pub slot: u8,
    /// Where its columns start in the companion array.
    pub offset: usize,
    /// How many columns it has; each is three numbers: time in s, min, max.
    pub columns: usize,
    /// Newest value, for the legend.
    pub last: Option<f64>,
    /// Smallest value in view.
    pub min: Option<f64>,
    /// Largest value in view.
    pub max: Option<f64>,
}

/// One chart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChartFrame {
    /// Title with the subject: `p95 latency`.
    pub title: String,
    /// Unit on the y axis: `ms`, `%`, `/s`.
    pub unit: String,
    /// Its lines.
    pub lines: Vec<LineFrame>,
    /// Degraded and Critical thresholds in the chart's unit, if it has them.
    pub thresholds: Option<(f64, f64)>,
    /// Forecast fan: time in s, low, expected, high; empty if there is none.
    pub forecast: Vec<(f64, f64, f64, f64)>,
    /// Detectors of its main series side by side; empty on charts of the whole system.
    pub lanes: Vec<Lane>,
    /// When faults were injected here: from and to in s.
    pub truth: Vec<(f64, f64)>,
}

/// Where one detector alarmed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    /// The detector: `level`, `shift`, `shape`, `entropy`, `several metrics together` (of the service, so on each of its
    /// charts), `combined`.
    pub label: String,
    /// Times of its alarms in s.
    pub at_s: Vec<f64>,
}

/// A point in time worth a mark on charts and transport bar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Marker {
    /// When, in s.
    pub at_s: f64,
    /// What kind.
    pub kind: LogKind,
    /// One line.
    pub text: String,
}

/// One snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// Grows by one per frame.
    pub number: u64,
    /// Simulated time: the moment shown.
    pub now: SimTime,
    /// The present; later than `now` while the past is looked at.
    pub end: SimTime,
    /// Whether the past is looked at.
    pub is_past: bool,
    /// Whether a run was left that can be returned to.
    pub has_other: bool,
    /// The scenario's name.
    pub scenario: String,
    /// What to watch, as a scenario file says it; may be empty.
    pub about: String,
    /// How many of the system's replicas one replica stands for; 1 unless a scale model is run. All rates and counts are the
    /// model's.
    pub scale: u32,
    /// What the model does not keep, a sentence each.
    pub scale_notes: Vec<String>,
    /// The run's seed.
    pub seed: u64,
    /// The run's digest at `now`, in hexadecimal.
    pub digest: String,
    /// Whether time advances.
    pub playing: bool,
    /// Simulated seconds per wall second that were asked for; 0 is as fast as possible.
    pub speed: f64,
    /// Simulated seconds per wall second reached.
    pub speed_reached: f64,
    /// Requests that services are sent, per simulated second, over the last scrape: the simulated system's RPC/s.
    pub rpc_rate: f64,
    /// The same per wall second: how many RPCs this machine simulates.
    pub rpc_rate_wall: f64,
    /// The heal dial.
    pub autonomy: Autonomy,
    /// The kill switch is on.
    pub is_stopped: bool,
    /// Decisions are only rehearsed.
    pub is_dry_run: bool,
    /// The healing policy's name.
    pub policy: String,
    /// Grows with each change of services or edges: lay out again only then.
    pub structure: u64,
    /// Services in id order.
    pub services: Vec<ServiceFrame>,
    /// Edges.
    pub edges: Vec<EdgeFrame>,
    /// Faults now.
    pub faults: Vec<ActiveFault>,
    /// The numbers at the top.
    pub kpis: Kpis,
    /// How entries stand against their objectives, the first [`SLOS_LEN_MAX`].
    pub slos: Vec<SloStatus>,
    /// What was learned of the selection.
    pub insight: Insight,
    /// Newest decisions, newest first.
    pub decisions: Vec<Decision>,
    /// Firing alerts, and the newest resolved ones, newest first.
    pub alerts: Vec<Alert>,
    /// Newest incident.
    pub incident: Option<Incident>,
    /// When the fault behind it began, if one is known.
    pub incident_began: Option<SimTime>,
    /// Who may be to blame for it while it is open, the likeliest first.
    pub suspects: Vec<SuspectFrame>,
    /// Newest log entries, newest first.
    pub log: Vec<LogEntry>,
    /// The charts at the foot, for the selection or the whole system.
    pub charts: Vec<ChartFrame>,
    /// Time in s at the charts' left and right edge.
    pub window_s: (f64, f64),
    /// Marks within the charts' window.
    pub markers: Vec<Marker>,
    /// What undo and redo would do, for their buttons.
    pub undo: Option<String>,
    /// See `undo`.
    pub redo: Option<String>,
}
