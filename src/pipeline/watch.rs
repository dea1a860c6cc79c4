//! Watch: the streaming detectors ([`detect`](super::detect)) on the pipeline's own series, five a service, and one on
//! several metrics of each service together (`together`).
//!
//! Each series has a lane per detector, so that they can be compared side by side, and a combined alarm with a rest after
//! it; a service has one lane more, for its metrics together. Alarms are evidence and no verdict: a value unlike before is
//! not yet a symptom (a changed load is fine), so they explain a service that is in trouble and are noted on one that is not;
//! health stays with the thresholds.
//!
//! Samples of telemetry that is not believed are left out, and a series that begins anew after an action is the same one:
//! what an action changes is unlike before, too, and is told as such.
//!
//! Bounds: 1.4 kB a series for the detectors and at most [`ALARMS_LEN_MAX`] alarms, O(1) a sample.

mod together;

pub use together::{ServiceAlarm, TOGETHER};

use super::collect::Collector;
use super::detect::{Kind, Reading, Refractory, SeriesDetector};
use super::text;
use super::types::Evidence;
use super::wiring::Wiring;
use crate::ids::ServiceId;
use crate::telemetry::Metric;
use crate::units::{SimDuration, SimTime};
use std::collections::{BTreeMap, VecDeque};
use together::Together;

/// The series that are watched of each service.
pub const WATCHED: [Metric; 5] =
    [Metric::LatencyP95, Metric::ErrorRatio, Metric::CpuUtilisation, Metric::MemoryUtilisation, Metric::RequestRate];
/// Alarms kept of a series, the newest: more than fit beside each other on a chart.
pub const ALARMS_LEN_MAX: usize = 32;
/// Detectors that have a lane: those that look at a series in different ways. Range is a part of Level's question.
pub const LANES: [Kind; 4] = [Kind::Level, Kind::Shift, Kind::Shape, Kind::Entropy];
/// Nats beyond one in fifty at which a detector of [`LANES`] alone has an alarm in its lane: one in some 3,000 to 20,000 by
/// its own tail. Entropy sums four of them.
const LANE_NATS: [f64; LANES.len()] = [5.0, 4.0, 6.0, 10.0];
/// Samples of silence in a lane after an alarm: a lane is to show where a detector speaks, so the rest is short.
const LANE_REST: u8 = 30;
/// Nats of all detectors together, weighted, at which the combined alarm is raised here. Much more than offline: a series
/// of one a second has seen minutes of its past and not weeks, and there are hundreds of series.
const COMBINED_NATS: f64 = 8.0;
/// Series of a service that must be unlike before at the same time to be noted: one alone is often chance, what hits a
/// service shows in several.
const AGREEING: usize = 2;
/// For how long an alarm explains what is seen: two metric windows.
const FRESH: SimDuration = SimDuration::from_secs(2 * Metric::WINDOW_S);
/// Smallest change of a share, of a latency and of a rate (as a part of the usual) that is worth a word.
const WORTH: (f64, f64) = (0.02, 0.2);

/// Who alarmed at one sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeriesAlarm {
    /// When.
    pub at: SimTime,
    /// Which of [`LANES`], a bit each from the lowest.
    pub lanes: u8,
    /// Whether the combined alarm was raised.
    pub is_combined: bool,
    /// The value.
    pub value: f64,
    /// What was usual by the detector that said most.
    pub usual: f64,
}

#[derive(Clone, Debug)]
struct Watched {
    detector: SeriesDetector,
    rests: [u8; LANES.len()],
    rest: Refractory,
    alarms: VecDeque<SeriesAlarm>,
    last: SimTime,
}

impl Watched {
    fn new() -> Self {
        let rest = Refractory::telling_from(COMBINED_NATS);
        Self { detector: SeriesDetector::new(None), rests: [0; LANES.len()], rest, alarms: VecDeque::new(), last: SimTime::ZERO }
    }
    fn push(&mut self, at: SimTime, value: f64) {
        self.last = at;
        let Some(reading) = self.detector.update(value, None) else { return };
        let mut lanes = 0_u8;
        for (lane, kind) in LANES.into_iter().enumerate() {
            let is_loud = nats_of(&reading, kind) >= LANE_NATS[lane];
            let speaks = is_loud && self.rests[lane] == 0;
            lanes |= u8::from(speaks) << lane;
            self.rests[lane] = if speaks { LANE_REST } else { self.rests[lane].saturating_sub(1) };
        }
        let is_combined = self.rest.score(reading.nats) > 0.0;
        if lanes == 0 && !is_combined {
            return;
        }
        if self.alarms.len() >= ALARMS_LEN_MAX {
            self.alarms.pop_front();
        }
        let level = &reading.evidence[0];
        self.alarms.push_back(SeriesAlarm { at, lanes, is_combined, value, usual: level.reference });
    }
}

/// What a detector says; the spread of values counts as a shift.
fn nats_of(reading: &Reading, kind: Kind) -> f64 {
    let says = |kind: Kind| reading.evidence.iter().find(|e| e.kind == kind).map_or(0.0, |e| e.nats);
    match kind {
        Kind::Shift => says(Kind::Shift).max(says(Kind::Spread)),
        kind => says(kind),
    }
}

/// All watched series.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    series: BTreeMap<(ServiceId, u8), Watched>,
    together: Together,
}

impl Watch {
    /// Takes in what came with the newest scrape.
    pub fn update(&mut self, collector: &Collector, wiring: &Wiring) {
        self.together.update(collector, wiring);
        for service in wiring.ids() {
            for (number, metric) in (0..).zip(WATCHED) {
                if !collector.has_arrived(service, metric) || collector.of(service, metric).is_none() {
                    continue;
                }
                let Some((at, value)) = collector.last(service, metric) else { continue };
                let watched = self.series.entry((service, number)).or_insert_with(Watched::new);
                if at > watched.last {
                    watched.push(at, value);
                }
            }
        }
    }
    /// Alarms on a series, oldest first; none for metrics that are not watched.
    pub fn alarms(&self, service: ServiceId, metric: Metric) -> impl Iterator<Item = &SeriesAlarm> {
        let number = WATCHED.iter().position(|m| *m == metric);
        let watched = number.and_then(|n| self.series.get(&(service, n as u8)));
        watched.into_iter().flat_map(|w| &w.alarms)
    }
    /// Where several metrics of a service broke step, oldest first.
    pub fn service_alarms(&self, service: ServiceId) -> impl Iterator<Item = &ServiceAlarm> {
        self.together.alarms(service)
    }
    /// What is unlike before at a service now: fresh combined alarms that are large enough to matter, if several agree, and
    /// metrics that broke step.
    pub fn evidence(&self, service: ServiceId, now: SimTime) -> Vec<Evidence> {
        let fresh = WATCHED.iter().filter_map(|metric| {
            let newest = self.alarms(service, *metric).filter(|a| a.is_combined && now.since(a.at) <= FRESH).last()?;
            Some((*metric, *newest))
        });
        let told: Vec<Evidence> =
            fresh.filter(|(metric, alarm)| matters(*metric, alarm)).map(|(metric, alarm)| line(metric, &alarm)).collect();
        let several = if told.len() >= AGREEING { told } else { Vec::new() };
        several.into_iter().chain(self.together.evidence(service, now)).collect()
    }
    /// Forgets services that are gone.
    pub fn retain(&mut self, wiring: &Wiring) {
        self.series.retain(|(id, _), _| wiring.get(*id).is_some());
        self.together.retain(wiring);
    }
}

fn matters(metric: Metric, alarm: &SeriesAlarm) -> bool {
    let change = (alarm.value - alarm.usual).abs();
    match metric {
        Metric::CpuUtilisation | Metric::MemoryUtilisation | Metric::ErrorRatio => change >= WORTH.0,
        _ => change >= WORTH.1 * alarm.usual.abs(),
    }
}

fn line(metric: Metric, alarm: &SeriesAlarm) -> Evidence {
    let (now, usual) = (text::value(metric, alarm.value), text::value(metric, alarm.usual));
    let line = format!("{} {now}, unlike before ({usual})", text::label(metric));
    Evidence { text: line, metric: Some(metric), value: alarm.value, reference: alarm.usual }
}
