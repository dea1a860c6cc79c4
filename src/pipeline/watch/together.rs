//! Several metrics of a service together: a [`ServiceDetector`] a service, for what breaks step though no series alarms by
//! itself.
//!
//! Shares as they are, all else as logarithms, so that twice as much is as far at any level. A metric that is not told is a
//! gap, and a service that is not believed is not looked at.
//!
//! Bounds: 3 kB a service and at most [`ALARMS_LEN_MAX`] alarms, O(1) a scrape.

use super::{ALARMS_LEN_MAX, FRESH};
use crate::ids::ServiceId;
use crate::math;
use crate::pipeline::collect::Collector;
use crate::pipeline::detect::{ServiceDetector, ServiceReading, TOP};
use crate::pipeline::text;
use crate::pipeline::types::Evidence;
use crate::pipeline::wiring::Wiring;
use crate::telemetry::Metric;
use crate::units::SimTime;
use std::collections::{BTreeMap, VecDeque};

/// The metrics that are seen together, and the least standard deviation that counts of each: shares, or logarithms. A third of
/// what is worth a word.
pub const TOGETHER: [(Metric, f64); 7] = [
    (Metric::CpuUtilisation, 0.007),
    (Metric::MemoryUtilisation, 0.007),
    (Metric::ErrorRatio, 0.007),
    (Metric::LatencyP50, 0.07),
    (Metric::LatencyP95, 0.07),
    (Metric::RequestRate, 0.07),
    (Metric::QueueLen, 0.3),
];
/// Samples left out at the start, while the first instances warm up: one metric window.
const WARM_UP: u8 = Metric::WINDOW_S as u8;
/// Times as odd as usual at which the lane has an alarm.
const ALARM_TIMES: f64 = 2.5;
/// The same for a note: a lane is looked at, a note is read.
const NOTE_TIMES: f64 = 3.5;
/// Samples of silence after an alarm.
const REST: u8 = 30;
/// Share of the first metric's part that another one has to be named as well.
const NAMED: f64 = 0.3;

/// Where the metrics of a service broke step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ServiceAlarm {
    /// When.
    pub at: SimTime,
    /// How many times as odd as the service's mean sample.
    pub times_usual: f64,
    /// The metrics that broke step, those that add most first.
    pub metrics: [Option<Metric>; TOP],
}

#[derive(Clone, Debug)]
struct Team {
    detector: ServiceDetector,
    last: SimTime,
    warm_up: u8,
    rest: u8,
    /// The newest sample that is worth a note.
    noted: Option<ServiceAlarm>,
    alarms: VecDeque<ServiceAlarm>,
}

impl Team {
    fn new() -> Self {
        let detector = ServiceDetector::brief(&TOGETHER.map(|(_, least)| least));
        Self { detector, last: SimTime::ZERO, warm_up: WARM_UP, rest: 0, noted: None, alarms: VecDeque::new() }
    }
    fn push(&mut self, at: SimTime, values: &[f64]) {
        self.last = at;
        if self.warm_up > 0 {
            self.warm_up -= 1;
            return;
        }
        let reading = self.detector.update(values);
        self.rest = self.rest.saturating_sub(1);
        if reading.times_usual < ALARM_TIMES {
            return;
        }
        let alarm = alarm(at, &reading);
        if reading.times_usual >= NOTE_TIMES {
            self.noted = Some(alarm);
        }
        if self.rest == 0 {
            self.rest = REST;
            if self.alarms.len() >= ALARMS_LEN_MAX {
                self.alarms.pop_front();
            }
            self.alarms.push_back(alarm);
        }
    }
}

fn alarm(at: SimTime, reading: &ServiceReading) -> ServiceAlarm {
    let least = NAMED * reading.top[0].adds;
    let metrics = reading.top.map(|part| (part.adds > 0.0 && part.adds >= least).then(|| TOGETHER[part.metric].0));
    ServiceAlarm { at, times_usual: reading.times_usual, metrics }
}

/// All services.
#[derive(Clone, Debug, Default)]
pub(super) struct Together {
    teams: BTreeMap<ServiceId, Team>,
}

impl Together {
    /// Takes in what came with the newest scrape.
    pub fn update(&mut self, collector: &Collector, wiring: &Wiring) {
        for service in wiring.ids() {
            let newest = TOGETHER.iter().filter_map(|(metric, _)| fresh(collector, service, *metric)).map(|(at, _)| at).max();
            let Some(at) = newest else { continue };
            let team = self.teams.entry(service).or_insert_with(Team::new);
            if at > team.last {
                let value = |metric| fresh(collector, service, metric).map_or(f64::NAN, |(_, value)| scaled(metric, value));
                team.push(at, &TOGETHER.map(|(metric, _)| value(metric)));
            }
        }
    }
    /// Where the metrics of a service broke step, oldest first.
    pub fn alarms(&self, service: ServiceId) -> impl Iterator<Item = &ServiceAlarm> {
        self.teams.get(&service).into_iter().flat_map(|team| &team.alarms)
    }
    /// The metrics that broke step lately, if that is worth a word.
    pub fn evidence(&self, service: ServiceId, now: SimTime) -> Option<Evidence> {
        let noted = self.teams.get(&service)?.noted.filter(|noted| now.since(noted.at) <= FRESH)?;
        let names: Vec<&str> = noted.metrics.iter().flatten().map(|metric| text::label(*metric)).collect();
        let text = format!("{} out of step, {:.1} times as odd as usual", names.join(", "), noted.times_usual);
        Some(Evidence { text, metric: noted.metrics[0], value: noted.times_usual, reference: 1.0 })
    }
    /// Forgets services that are gone.
    pub fn retain(&mut self, wiring: &Wiring) {
        self.teams.retain(|id, _| wiring.get(*id).is_some());
    }
}

/// The newest sample, if it came with the newest scrape and counts.
fn fresh(collector: &Collector, service: ServiceId, metric: Metric) -> Option<(SimTime, f64)> {
    let counts = collector.has_arrived(service, metric) && collector.of(service, metric).is_some();
    collector.last(service, metric).filter(|_| counts)
}

fn scaled(metric: Metric, value: f64) -> f64 {
    match metric {
        Metric::CpuUtilisation | Metric::MemoryUtilisation | Metric::ErrorRatio => value,
        _ => math::ln(1.0 + value),
    }
}
