//! What is kept of a run for charts and the ribbon: samples per service and for the system as a whole, and its health from
//! the start. Bounded.

use crate::ids::ServiceId;
use crate::pipeline::Health;
use crate::platform::UserStats;
use crate::telemetry::{Metric, Observation, Series, Subject};
use crate::units::SimTime;
use std::collections::BTreeMap;

/// Samples per series: half an hour of scrapes.
const SAMPLES_MAX: usize = 1_800;
/// Changes of health kept: more than a ribbon has pixels to show.
const CHANGES_MAX: usize = 600;

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
    health: Vec<(SimTime, Health)>,
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
    /// The worst health of any service since the start: when it changed, and what it was from then on. Where changes come too
    /// often to be kept, the shortest spell counts as the worse of itself and the one before it.
    pub fn health(&self) -> &[(SimTime, Health)] {
        &self.health
    }
    /// Keeps the worst health of any service.
    pub(super) fn record_health(&mut self, now: SimTime, worst: Health) {
        if self.health.last().is_some_and(|(_, health)| *health == worst) {
            return;
        }
        self.health.push((now, worst));
        if self.health.len() > CHANGES_MAX {
            self.merge_shortest_spell();
        }
    }
    fn merge_shortest_spell(&mut self) {
        let length = |i: &usize| self.health[i + 1].0.since(self.health[*i].0);
        let Some(shortest) = (1..self.health.len() - 1).min_by_key(length) else { return };
        let (_, health) = self.health.remove(shortest);
        self.health[shortest - 1].1 = self.health[shortest - 1].1.max(health);
        self.health.dedup_by_key(|(_, health)| *health);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_course_of_health_is_bounded_and_hides_no_lasting_trouble() {
        let mut history = History::default();
        let (mut now, mut critical_s) = (0, 0);
        for n in 0..5_000_u64 {
            let worst = if n % 2 == 0 { Health::Healthy } else { Health::Critical };
            let spell = if n == 2_001 { 300 } else { 1 + n % 7 };
            history.record_health(SimTime::from_secs(now), worst);
            critical_s += if worst == Health::Critical { spell } else { 0 };
            now += spell;
        }
        let health = history.health();
        assert!(health.len() <= CHANGES_MAX && health[0].0 == SimTime::ZERO, "{}", health.len());
        assert!(health.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 != pair[1].1));
        let ends = health.iter().skip(1).map(|(at, _)| *at).chain([SimTime::from_secs(now)]);
        let shown: f64 = health
            .iter()
            .zip(ends)
            .filter(|((_, health), _)| *health == Health::Critical)
            .map(|((from, _), to)| to.since(*from).as_secs_f64())
            .sum();
        assert!(shown >= critical_s as f64, "{shown} of {critical_s}");
    }
}
