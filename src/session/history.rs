//! Samples kept for charts: bounded, per service and for the system as a whole.

use crate::ids::ServiceId;
use crate::platform::UserStats;
use crate::telemetry::{Metric, Observation, Series, Subject};
use crate::units::SimTime;
use std::collections::BTreeMap;

/// Samples per series: half an hour of scrapes.
const SAMPLES_MAX: usize = 1_800;

/// What is charted of the system as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SystemMetric {
    /// Users' 95th percentile of latency in ms.
    UserLatencyP95,
    /// Share of users' requests that failed.
    UserErrorRatio,
    /// Users' requests per second.
    UserRate,
    /// Highest CPU utilisation of any service.
    CpuMax,
    /// Highest memory utilisation of any service.
    MemoryMax,
}

/// Series by what they are about.
#[derive(Clone, Debug, Default)]
pub struct History {
    services: BTreeMap<(ServiceId, Metric), Series>,
    system: BTreeMap<SystemMetric, Series>,
}

impl History {
    /// The series of one metric of one service.
    pub fn service(&self, id: ServiceId, metric: Metric) -> Option<&Series> {
        self.services.get(&(id, metric))
    }
    /// The series of one system metric.
    pub fn system(&self, metric: SystemMetric) -> Option<&Series> {
        self.system.get(&metric)
    }
    /// Keeps one scrape.
    pub(super) fn record(&mut self, now: SimTime, observations: &[Observation], users: UserStats) {
        let (mut cpu, mut memory) = (0.0_f64, 0.0_f64);
        for o in observations {
            let Subject::Service(id) = o.subject else { continue };
            match o.metric {
                Metric::CpuUtilisation => cpu = cpu.max(o.value),
                Metric::MemoryUtilisation => memory = memory.max(o.value),
                _ => {}
            }
            self.services.entry((id, o.metric)).or_insert_with(|| Series::new(SAMPLES_MAX)).push(o.at, o.value);
        }
        for (metric, value) in [
            (SystemMetric::UserLatencyP95, users.latency_ms_p95),
            (SystemMetric::UserErrorRatio, 1.0 - users.success_ratio),
            (SystemMetric::UserRate, users.rate),
            (SystemMetric::CpuMax, cpu),
            (SystemMetric::MemoryMax, memory),
        ] {
            self.system.entry(metric).or_insert_with(|| Series::new(SAMPLES_MAX)).push(now, value);
        }
    }
    /// Forgets services that are gone.
    pub(super) fn retain(&mut self, exists: impl Fn(ServiceId) -> bool) {
        self.services.retain(|(id, _), _| exists(*id));
    }
}
