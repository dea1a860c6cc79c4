//! The situation: what is the matter with a service, as far as it matters for what to do. It splits a finding's trouble by
//! what else was measured (load, own restarts, changes, how many instances), into the cases that rules and bandit share.

use super::classify::{Finding, Trouble, View};
use super::collect::Clue;
use super::failure::FailureClass;
use super::surge;
use super::types::Health;
use crate::ids::ServiceId;
use crate::telemetry::{Metric, Subject};
use crate::units::SimDuration;

/// Load that counts as risen, times usual: twice what a random minute at tens of requests per second scatters.
pub(super) const LOAD_RISEN: f64 = 1.25;
/// Seconds over which load is averaged: requests that time out are answered late and in heaps.
const LOAD_S: u64 = 8;
/// CPU that makes a service suspect of something beside its requests, times what its calls explain.
const STRAY_RATIO: f64 = 1.3;
/// Instances up to which more are worth it when they are killed in turn: with a kill every 10 s and back-offs of up to a
/// minute, six are away at a time.
pub(super) const BRIDGE_INSTANCES: f64 = 8.0;
/// Seconds that the platform's own restarts get before a person is called: start-up and the first two back-offs.
pub(super) const KUBELET_S: u64 = 40;
/// Answers of one instance, times an even share, and its CPU, share of its limit, that make it hot.
const HOT_SHARE: f64 = 1.7;
const HOT_CPU: f64 = 0.75;
/// Share of lost calls from which on it is most of them.
const LOSS_MOST: f64 = 0.5;
/// Seconds that a log clue counts.
const CLUE_S: u64 = 60;

/// What is the matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Case {
    /// Short of CPU, and the users' load has risen.
    CpuLoad,
    /// Short of CPU that its calls do not explain.
    CpuStray,
    /// One of its instances has more to do than the others, and is at its limit.
    HotInstance,
    /// Short of CPU because calls to it are repeated, or fall through a cache.
    CpuRepeats,
    /// Short of memory, and the load has risen.
    MemoryLoad,
    /// Memory is short or rises towards its limit.
    MemoryLeak,
    /// Memory is high and stays there.
    MemoryHigh,
    /// It fails its own requests.
    Errors,
    /// Errors, or slowness, since somebody changed it.
    Changed,
    /// Slow, and requests wait for a worker.
    LatencyQueue,
    /// Slow without being short of anything.
    Latency,
    /// No instance, or instances keep dying, for less time than the platform's own restarts take.
    DownEarly,
    /// Instances are killed one by one and work in between.
    DownKilled,
    /// No instance, and none was seen to end: its machine is gone, or unreachable.
    DownSilent,
    /// No instance, or instances keep dying, and the platform does not get it up.
    DownLong,
    /// Most calls on a path are lost: the path, for a callee has more than one instance or is seen to be down.
    LossMost,
    /// Some calls on a path are lost: a part of the path, or one of several instances.
    LossSome,
    /// Calls on a path are late, and nobody else takes the callee's measure.
    LateAlone,
    /// Calls on a path are late, and others reach the callee well.
    LateShared,
    /// All paths to a service of one instance are bad.
    HostSingle,
    /// All paths to a service of several instances are bad.
    HostMany,
    /// Some instances take requests and answer none.
    Hung,
    /// A machine is gone.
    Machine,
    /// A zone is gone.
    Zone,
    /// A zone is gone, and the service has nothing elsewhere.
    ZoneAll,
    /// Other tenants use its machine, or the machines of a zone.
    Neighbour,
    /// The way between two zones is bad.
    Ways,
    /// Connections of its pool are taken that no call accounts for.
    PoolLeak,
    /// Its calls are more than its pool has connections for.
    PoolSmall,
    /// Somebody else is the cause.
    Dependency,
}

impl Case {
    /// All cases, in order.
    pub const ALL: [Self; 30] = [
        Self::CpuLoad,
        Self::CpuStray,
        Self::HotInstance,
        Self::CpuRepeats,
        Self::MemoryLoad,
        Self::MemoryLeak,
        Self::MemoryHigh,
        Self::Errors,
        Self::Changed,
        Self::LatencyQueue,
        Self::Latency,
        Self::DownEarly,
        Self::DownKilled,
        Self::DownSilent,
        Self::DownLong,
        Self::LossMost,
        Self::LossSome,
        Self::LateAlone,
        Self::LateShared,
        Self::HostSingle,
        Self::HostMany,
        Self::Hung,
        Self::Machine,
        Self::Zone,
        Self::ZoneAll,
        Self::Neighbour,
        Self::Ways,
        Self::PoolLeak,
        Self::PoolSmall,
        Self::Dependency,
    ];

    /// Name in weights files and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CpuLoad => "cpu_load",
            Self::CpuStray => "cpu_stray",
            Self::HotInstance => "hot_instance",
            Self::CpuRepeats => "cpu_repeats",
            Self::MemoryLoad => "memory_load",
            Self::MemoryLeak => "memory_leak",
            Self::MemoryHigh => "memory_high",
            Self::Errors => "errors",
            Self::Changed => "changed",
            Self::LatencyQueue => "latency_queue",
            Self::Latency => "latency",
            Self::DownEarly => "down_early",
            Self::DownKilled => "down_killed",
            Self::DownSilent => "down_silent",
            Self::DownLong => "down_long",
            Self::LossMost => "loss_most",
            Self::LossSome => "loss_some",
            Self::LateAlone => "late_alone",
            Self::LateShared => "late_shared",
            Self::HostSingle => "host_single",
            Self::HostMany => "host_many",
            Self::Hung => "hung",
            Self::Machine => "machine",
            Self::Zone => "zone",
            Self::ZoneAll => "zone_all",
            Self::Neighbour => "neighbour",
            Self::Ways => "ways",
            Self::PoolLeak => "pool_leak",
            Self::PoolSmall => "pool_small",
            Self::Dependency => "dependency",
        }
    }
    /// The case called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|case| case.name() == name)
    }

    /// The case of a finding, as things stand.
    pub(super) fn of(view: &View, finding: &Finding) -> Self {
        let service = finding.diagnosis.service;
        let is_recent = view.changes.recent(service, view.now).is_some();
        let is_changed = is_recent && (!finding.is_believed || finding.diagnosis.class == FailureClass::Change);
        match finding.trouble {
            Trouble::Dependency => Self::Dependency,
            Trouble::Edge { from, to, .. } if finding.diagnosis.metric == Some(Metric::ErrorRatio) => {
                let lost = view.collector.latest(Subject::Edge { from, to }, Metric::ErrorRatio);
                if lost.is_some_and(|lost| lost >= LOSS_MOST) { Self::LossMost } else { Self::LossSome }
            }
            Trouble::Edge { alone: true, .. } => Self::LateAlone,
            Trouble::Edge { .. } => Self::LateShared,
            Trouble::Host if ready(view, finding.diagnosis.cause) < 2.0 => Self::HostSingle,
            Trouble::Host => Self::HostMany,
            Trouble::Silent => Self::Hung,
            Trouble::Node(_) | Trouble::Zone { .. } if finding.diagnosis.class == FailureClass::NoisyNeighbour => Self::Neighbour,
            Trouble::Node(_) => Self::Machine,
            Trouble::Zone { is_all: true, .. } => Self::ZoneAll,
            Trouble::Zone { .. } => Self::Zone,
            Trouble::Zones(..) => Self::Ways,
            Trouble::Pool { is_leaking: true, .. } => Self::PoolLeak,
            Trouble::Pool { .. } => Self::PoolSmall,
            Trouble::Cpu | Trouble::Errors | Trouble::Latency if is_hot(view, service) => Self::HotInstance,
            Trouble::Cpu => Self::of_cpu(view, service),
            Trouble::Memory => Self::of_memory(view, service),
            // In a crash loop callers learn late who is ready, so that it may look ready and fail everything.
            Trouble::Errors if is_crashing(view, service) => Self::of_down(view, service),
            Trouble::Errors | Trouble::Latency if is_changed => Self::Changed,
            Trouble::Errors => Self::Errors,
            Trouble::Latency if surge::surging(view, service).is_some() => Self::CpuLoad,
            Trouble::Latency if queue(view, service) >= 1.0 => Self::LatencyQueue,
            Trouble::Latency => Self::Latency,
            Trouble::Down if is_changed && finding.severity == Health::Critical => Self::Changed,
            Trouble::Down => Self::of_down(view, service),
        }
    }
    fn of_cpu(view: &View, service: ServiceId) -> Self {
        if surge::shortage(view, service).is_some() {
            Self::CpuLoad
        } else if is_stray(view, service) {
            Self::CpuStray
        } else if load_ratio(view, service).is_none_or(|load| load >= LOAD_RISEN) {
            Self::CpuLoad
        } else {
            Self::CpuRepeats
        }
    }
    fn of_memory(view: &View, service: ServiceId) -> Self {
        let forecast = view.forecasts.get(&service);
        let is_rising = forecast.is_some_and(|f| f.metric == Metric::MemoryUtilisation && f.breach_in_s.is_some());
        let is_critical = view.monitor.level(service, Metric::MemoryUtilisation) == Health::Critical;
        if load_ratio(view, service).is_some_and(|load| load >= LOAD_RISEN) {
            Self::MemoryLoad
        } else if is_rising || is_critical || has_clue(view, service, Clue::OutOfMemory) {
            Self::MemoryLeak
        } else {
            Self::MemoryHigh
        }
    }
    fn of_down(view: &View, service: ServiceId) -> Self {
        let instances = view.monitor.instances(service);
        let since = view.monitor.signal(service).map_or(SimDuration::ZERO, |s| view.now.since(s.since));
        let is_killed = has_clue(view, service, Clue::Killed) && !has_clue(view, service, Clue::Crash);
        let ended = [Clue::Killed, Clue::Crash, Clue::OutOfMemory];
        if is_killed && instances.restarts >= 1.0 {
            Self::DownKilled
        } else if instances.restarts < 1.0 && instances.is_down() && !ended.iter().any(|clue| has_clue(view, service, *clue)) {
            Self::DownSilent
        } else if since < SimDuration::from_secs(KUBELET_S) {
            Self::DownEarly
        } else {
            Self::DownLong
        }
    }
}

/// What was measured that tells the case, for people.
pub(super) fn told(view: &View, case: Case, service: ServiceId) -> String {
    match case {
        Case::CpuLoad | Case::CpuRepeats | Case::MemoryLoad => match load_ratio(view, service) {
            Some(load) => format!("users' load is {load:.1} times the usual"),
            None => "load before is unknown".to_owned(),
        },
        Case::CpuStray => "its calls do not explain its CPU".to_owned(),
        Case::HotInstance => {
            let uneven = view.collector.skew(service).map_or(1.0, |skew| skew.uneven);
            format!("one instance has {uneven:.1} times its share and no CPU left")
        }
        Case::LatencyQueue => format!("{:.0} requests wait for a worker", queue(view, service)),
        Case::Latency => "no request waits for a worker".to_owned(),
        Case::Changed => {
            let ago = view.changes.recent(service, view.now).map_or(0.0, |at| view.now.since(at).as_secs_f64());
            format!("changed {ago:.0} s ago")
        }
        Case::DownKilled | Case::DownLong => format!("{:.0} restarts in a minute", view.monitor.instances(service).restarts),
        Case::DownSilent => "no instance is ready, and none was seen to end".to_owned(),
        Case::DownEarly => format!("{KUBELET_S} s for the platform's own restarts are not over"),
        Case::LossMost => "most calls to it are lost".to_owned(),
        Case::LossSome => "some calls to it are lost".to_owned(),
        Case::LateAlone => "no other caller to compare with".to_owned(),
        Case::LateShared => "other callers reach it well".to_owned(),
        Case::MemoryLeak => "the load is as usual".to_owned(),
        Case::MemoryHigh => "memory does not rise".to_owned(),
        Case::Errors => "its own errors, resources are not short".to_owned(),
        Case::HostSingle | Case::HostMany => "all paths to it are bad".to_owned(),
        Case::Hung => "it has instances that take requests and answer none".to_owned(),
        Case::Machine => "it runs on a machine that is gone".to_owned(),
        Case::Zone => "it runs in a zone that is gone".to_owned(),
        Case::ZoneAll => "all of it runs in a zone that is gone".to_owned(),
        Case::Neighbour => "others use the machines it runs on".to_owned(),
        Case::Ways => "it runs at one end of a bad way between zones".to_owned(),
        Case::PoolLeak => "connections of its pool are taken that no call accounts for".to_owned(),
        Case::PoolSmall => "all connections of its pool are at work, and its callee is well".to_owned(),
        Case::Dependency => "the cause is elsewhere".to_owned(),
    }
}

/// One instance has much more to do than an even share and no CPU left, while there is some with the others: a key that
/// most ask for.
fn is_hot(view: &View, service: ServiceId) -> bool {
    let is_uneven = view.collector.skew(service).is_some_and(|skew| skew.busiest >= HOT_CPU && skew.uneven >= HOT_SHARE);
    is_uneven && ready(view, service) >= 2.0
}

fn queue(view: &View, service: ServiceId) -> f64 {
    view.collector.of(service, Metric::QueueLen).unwrap_or(0.0)
}

/// Whether its processes end by themselves, and the platform starts them again.
fn is_crashing(view: &View, service: ServiceId) -> bool {
    view.monitor.instances(service).restarts >= 1.0 && has_clue(view, service, Clue::Crash)
}

/// Uses clearly more CPU than its calls explain: usual CPU, times how much more it is called, over instances.
pub(super) fn is_stray(view: &View, service: ServiceId) -> bool {
    let subject = Subject::Service(service);
    let usual_cpu = view.collector.usual(subject, Metric::CpuUtilisation);
    let usual_ready = view.collector.usual(subject, Metric::ReplicasReady).unwrap_or(1.0);
    let (Some(cpu), Some(usual_cpu), Some(calls)) = (
        view.collector.mean(subject, Metric::CpuUtilisation, SimDuration::from_secs(LOAD_S)),
        usual_cpu,
        call_ratio(view, service),
    ) else {
        return false;
    };
    let expected = usual_cpu * calls * usual_ready / ready(view, service).max(1.0);
    cpu >= STRAY_RATIO * expected
}

/// Calls that reach a service, repeated ones too, times usual; for an entry its requests.
fn call_ratio(view: &View, service: ServiceId) -> Option<f64> {
    let callers = view.wiring.callers(service);
    if callers.is_empty() {
        return load_ratio(view, service);
    }
    let sum = |value: &dyn Fn(Subject) -> Option<f64>| {
        callers.iter().filter_map(|from| value(Subject::Edge { from: *from, to: service })).sum::<f64>()
    };
    let now = sum(&|edge| view.collector.mean(edge, Metric::RequestRate, SimDuration::from_secs(LOAD_S)));
    let usual = sum(&|edge| view.collector.usual(edge, Metric::RequestRate));
    (usual > 0.0).then(|| now / usual)
}

/// The users' load that reaches a service, times usual: the most risen of the entries that lead to it, because calls
/// inside are multiplied by retries when something is slow. `None` if not known.
pub(super) fn load_ratio(view: &View, service: ServiceId) -> Option<f64> {
    let (mut open, mut seen, mut ratio) = (vec![service], vec![service], None::<f64>);
    while let Some(id) = open.pop() {
        let callers = view.wiring.callers(id);
        if callers.is_empty() {
            let subject = Subject::Service(id);
            let usual = view.collector.usual(subject, Metric::RequestRate).filter(|u| *u > 0.0);
            let mean = view.collector.mean(subject, Metric::RequestRate, SimDuration::from_secs(LOAD_S));
            // A load that is still rising is at least what it is now.
            let now = mean.into_iter().chain(view.collector.latest(subject, Metric::RequestRate)).reduce(f64::max);
            let here = now.zip(usual).map(|(now, usual)| now / usual);
            ratio = ratio.into_iter().chain(here).reduce(f64::max);
        }
        for caller in callers.iter().filter(|c| !seen.contains(c)).copied().collect::<Vec<_>>() {
            seen.push(caller);
            open.push(caller);
        }
    }
    ratio
}

/// Instances that take traffic.
pub(super) fn ready(view: &View, service: ServiceId) -> f64 {
    view.monitor.instances(service).ready.unwrap_or(1.0)
}

fn has_clue(view: &View, service: ServiceId, clue: Clue) -> bool {
    view.collector.clue(service, clue, SimDuration::from_secs(CLUE_S)).is_some()
}
