//! Collect: samples and log lines in, bounded series out. Unknown subjects, non-finite values and samples from the
//! future are dropped here, so that no later stage has to ask.
//!
//! Bounds: [`SERIES_LEN_MAX`] samples per (subject, metric) of declared subjects, [`CLUES_LEN_MAX`] clues per service.

use super::wiring::Wiring;
use crate::ids::ServiceId;
use crate::platform::Scrape;
use crate::telemetry::{Level, LogLine, Metric, Observation, Series, ServiceFacts, Subject};
use crate::units::{SimDuration, SimTime};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Samples kept per (subject, metric): five minutes at one a second, ten times the longest look back.
pub const SERIES_LEN_MAX: usize = 300;
/// Log clues kept per service: more than a minute of a crash loop writes.
pub const CLUES_LEN_MAX: usize = 32;
/// Age at which a sample no longer says anything: three scrapes.
pub const STALE: SimDuration = SimDuration::from_secs(3);
/// Samples before a usual level is known: two metric windows.
const USUAL_SAMPLES: u32 = 10;
/// Samples left out at the start, while the first instances warm up: one metric window.
const WARM_UP_SAMPLES: u32 = 5;
/// Samples in trouble that count as one towards a usual level that is not known yet: what breaks in the first seconds does
/// not become usual for two minutes, what was always so does in the end.
const TROUBLED: u32 = 12;
/// Share of a new sample in the usual level afterwards: a time constant of one minute at one scrape a second.
const USUAL_WEIGHT: f64 = 1.0 / 60.0;
/// The same for request rates while something is wrong: ten minutes, so that a spike stays a spike while it is acted on.
const USUAL_WEIGHT_LOAD: f64 = 1.0 / 600.0;

/// What a log line tells beyond its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clue {
    /// An instance was killed for its memory.
    OutOfMemory,
    /// An instance was killed from outside.
    Killed,
    /// An instance gave up by itself.
    Crash,
    /// Something failed.
    Error,
}

#[derive(Clone, Copy, Debug, Default)]
struct Usual {
    /// Samples while it was not known.
    samples: u32,
    /// What those after the warm-up count, [`TROUBLED`] each unless there was trouble.
    weight: u32,
    level: f64,
}

impl Usual {
    const fn is_known(&self) -> bool {
        self.weight >= USUAL_SAMPLES * TROUBLED
    }
    /// Takes a sample in while it is not known yet.
    fn begin(&mut self, value: f64, calm: bool) {
        self.samples += 1;
        if self.samples <= WARM_UP_SAMPLES {
            self.level = value;
            return;
        }
        let weight = if calm { TROUBLED } else { 1 };
        self.weight += weight;
        self.level += (value - self.level) * f64::from(weight) / f64::from(self.weight);
    }
}

/// How unevenly work falls on a service's instances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Skew {
    /// CPU used by the busiest instance, share of its limit.
    pub busiest: f64,
    /// Answers of the instance with the most, times an even share.
    pub uneven: f64,
}

/// All that was measured, as far back as anybody needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Collector {
    now: SimTime,
    series: BTreeMap<(Subject, Metric), Series>,
    usual: BTreeMap<(Subject, Metric), Usual>,
    clues: BTreeMap<ServiceId, VecDeque<(SimTime, Clue, String)>>,
    seen: BTreeMap<ServiceId, SimTime>,
    /// Which metrics of a service came with the newest scrape, a bit each.
    arrived: BTreeMap<ServiceId, u16>,
    /// Millicores that can still be reserved on each machine, the most first; empty if that is not told.
    room: Vec<u32>,
    /// As of the newest scrape.
    skews: BTreeMap<ServiceId, Skew>,
    /// Whose samples do not count now.
    hidden: BTreeSet<ServiceId>,
}

impl Collector {
    /// Takes in one scrape.
    pub fn ingest(&mut self, now: SimTime, scrape: &Scrape, wiring: &Wiring) {
        self.now = self.now.max(now);
        self.arrived.values_mut().for_each(|metrics| *metrics = 0);
        for observation in &scrape.observations {
            self.sample(observation, wiring);
        }
        let skew = |facts: &ServiceFacts| (facts.service, Skew { busiest: facts.cpu_busiest, uneven: facts.uneven });
        self.skews = scrape.inventory.services.iter().map(skew).collect();
        self.room = scrape.inventory.nodes.iter().map(|node| node.room_cpu).collect();
        self.room.sort_unstable_by(|a, b| b.cmp(a));
        for line in scrape.logs.iter().filter(|l| wiring.get(l.service).is_some()) {
            self.line(line);
        }
    }
    fn sample(&mut self, observation: &Observation, wiring: &Wiring) {
        let Observation { at, subject, metric, value } = *observation;
        if at > self.now || !value.is_finite() || value < 0.0 || !wiring.knows(subject) {
            return;
        }
        self.series.entry((subject, metric)).or_insert_with(|| Series::new(SERIES_LEN_MAX)).push(at, value);
        if let Subject::Service(id) = subject {
            let seen = self.seen.entry(id).or_default();
            *seen = (*seen).max(at);
            *self.arrived.entry(id).or_default() |= 1 << metric.index();
        }
    }
    fn line(&mut self, line: &LogLine) {
        let Some(clue) = clue(line) else { return };
        let clues = self.clues.entry(line.service).or_default();
        if clues.len() >= CLUES_LEN_MAX {
            clues.pop_front();
        }
        clues.push_back((line.at, clue, line.text.clone()));
    }
    /// Forgets what is no longer declared.
    pub fn retain(&mut self, wiring: &Wiring) {
        self.series.retain(|(subject, _), _| wiring.knows(*subject));
        self.usual.retain(|(subject, _), _| wiring.knows(*subject));
        self.clues.retain(|id, _| wiring.get(*id).is_some());
        self.seen.retain(|id, _| wiring.get(*id).is_some());
        self.arrived.retain(|id, _| wiring.get(*id).is_some());
    }
    /// When the newest scrape came.
    pub const fn now(&self) -> SimTime {
        self.now
    }
    /// From now on the newest samples that these services tell do not count: neither of themselves nor of their calls.
    pub fn hide(&mut self, services: BTreeSet<ServiceId>) {
        self.hidden = services;
    }
    /// The newest value, unless it is stale or does not count.
    pub fn latest(&self, subject: Subject, metric: Metric) -> Option<f64> {
        let (Subject::Service(teller) | Subject::Edge { from: teller, .. }) = subject;
        if self.hidden.contains(&teller) { None } else { self.told(subject, metric) }
    }
    /// The newest value as it is told, unless it is stale.
    pub fn told(&self, subject: Subject, metric: Metric) -> Option<f64> {
        let (at, value) = self.series.get(&(subject, metric))?.last()?;
        (self.now.since(at) <= STALE).then_some(value)
    }
    /// The newest value of a service's metric, unless it is stale or does not count.
    pub fn of(&self, service: ServiceId, metric: Metric) -> Option<f64> {
        self.latest(Subject::Service(service), metric)
    }
    /// Whether anything fresh is known of a service.
    pub fn has_samples(&self, service: ServiceId) -> bool {
        self.seen.get(&service).is_some_and(|at| self.now.since(*at) <= STALE)
    }
    /// How old the newest sample of a service is; `None` if there never was one.
    pub fn age(&self, service: ServiceId) -> Option<SimDuration> {
        self.seen.get(&service).map(|at| self.now.since(*at))
    }
    /// Whether a sample of a service's metric came with the newest scrape, however old.
    pub fn has_arrived(&self, service: ServiceId, metric: Metric) -> bool {
        self.arrived.get(&service).is_some_and(|metrics| metrics & (1 << metric.index()) != 0)
    }
    /// The newest sample of a service's metric, however old.
    pub fn last(&self, service: ServiceId, metric: Metric) -> Option<(SimTime, f64)> {
        self.series.get(&(Subject::Service(service), metric))?.last()
    }
    /// Samples of the last `span`, oldest first, as (seconds relative to now, value).
    pub fn window(&self, subject: Subject, metric: Metric, span: SimDuration) -> Vec<(f64, f64)> {
        let Some(series) = self.series.get(&(subject, metric)) else { return Vec::new() };
        let mut samples: Vec<(f64, f64)> = series
            .iter()
            .rev()
            .take_while(|(at, _)| self.now.since(*at) <= span)
            .map(|(at, value)| (-self.now.since(at).as_secs_f64(), value))
            .collect();
        samples.reverse();
        samples
    }
    /// Mean over the last `span`; `None` without samples there.
    pub fn mean(&self, subject: Subject, metric: Metric, span: SimDuration) -> Option<f64> {
        let samples = self.window(subject, metric, span);
        (!samples.is_empty()).then(|| samples.iter().map(|(_, v)| v).sum::<f64>() / samples.len() as f64)
    }
    /// Millicores that can still be reserved on each machine, the most first; empty if that is not told.
    pub fn room(&self) -> &[u32] {
        &self.room
    }
    /// How unevenly work falls on a service's instances, if that is told and counts.
    pub fn skew(&self, service: ServiceId) -> Option<Skew> {
        self.skews.get(&service).copied().filter(|_| !self.hidden.contains(&service))
    }
    /// How much a counter grew within the last `span`.
    pub fn growth(&self, service: ServiceId, metric: Metric, span: SimDuration) -> f64 {
        let samples = self.window(Subject::Service(service), metric, span);
        match (samples.first(), samples.last()) {
            (Some((_, first)), Some((_, last))) => (last - first).max(0.0),
            _ => 0.0,
        }
    }
    /// What is usual for it: the mean of its first samples, then slowly following while all is calm.
    pub fn usual(&self, subject: Subject, metric: Metric) -> Option<f64> {
        let usual = self.usual.get(&(subject, metric))?;
        usual.is_known().then_some(usual.level)
    }
    /// Learns usual levels from this scrape. When not `calm`, only levels still unknown and request rates are learned:
    /// an incident must not become usual, a changed load is. Nothing is learned from telemetry that does not count.
    pub fn learn(&mut self, calm: bool) {
        for (key, series) in &self.series {
            let (Subject::Service(teller) | Subject::Edge { from: teller, .. }) = key.0;
            if self.hidden.contains(&teller) {
                continue;
            }
            let Some((_, value)) = series.last().filter(|(at, _)| *at == self.now) else { continue };
            let usual = self.usual.entry(*key).or_default();
            if !usual.is_known() {
                usual.begin(value, calm || key.1 == Metric::RequestRate);
            } else if calm {
                usual.level += (value - usual.level) * USUAL_WEIGHT;
            } else if key.1 == Metric::RequestRate {
                usual.level += (value - usual.level) * USUAL_WEIGHT_LOAD;
            }
        }
    }
    /// The newest clue of this kind within the last `span`.
    pub fn clue(&self, service: ServiceId, kind: Clue, span: SimDuration) -> Option<&str> {
        let clues = self.clues.get(&service)?;
        clues.iter().rev().find(|(at, k, _)| *k == kind && self.now.since(*at) <= span).map(|(_, _, text)| text.as_str())
    }
}

/// Reads a log line the way an operator's alert rule would: by its well-known words.
fn clue(line: &LogLine) -> Option<Clue> {
    let text = line.text.to_lowercase();
    if text.contains("oom") || text.contains("out of memory") {
        return Some(Clue::OutOfMemory);
    }
    if text.contains("exit code 137") || text.contains("killed") {
        return Some(Clue::Killed);
    }
    if text.contains("exit code") || text.contains("exited with") {
        return Some(Clue::Crash);
    }
    (line.level == Level::Error).then_some(Clue::Error)
}
