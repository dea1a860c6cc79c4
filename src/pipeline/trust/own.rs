//! What can be told from a service's telemetry alone: gaps, delays, values that stand still, are impossible or jump.

use super::Doubt;
use super::link::Link;
use crate::ids::ServiceId;
use crate::pipeline::collect::{Collector, STALE};
use crate::pipeline::text;
use crate::pipeline::types::Evidence;
use crate::telemetry::{Metric, Subject};
use crate::units::{SimDuration, SimTime};

/// Metrics that are told at every scrape, with or without requests: only their absence is a gap.
const STEADY: [Metric; 5] =
    [Metric::RequestRate, Metric::QueueLen, Metric::Restarts, Metric::ReplicasReady, Metric::ReplicasDesired];
/// Weight of a scrape in the share of samples missing: some ten scrapes.
const GAP_WEIGHT: f64 = 0.1;
/// Share missing that is told: one sample of five lost twice in a row.
const GAP_TOLD: f64 = 0.03;
/// Share missing from which on too little is left to judge: no sample of a metric within [`STALE`] every fourth time.
const GAP_BLIND: f64 = 0.7;
/// A delay of this much is told; a scrape of its own may take one.
const LATE_TOLD: SimDuration = SimDuration::from_secs(2);

/// Measures that vary with traffic, for standing still.
const LIVELY: [Metric; 5] =
    [Metric::CpuUtilisation, Metric::LatencyP50, Metric::LatencyP95, Metric::LatencyP99, Metric::RequestRate];
/// Share of scrapes at which a measure changed, from which on it counts as varying.
const VARYING: f64 = 0.7;
/// Weight of a scrape in that share.
const VARYING_WEIGHT: f64 = 1.0 / 30.0;
/// Scrapes before that share is known.
const VARYING_KNOWN: u32 = 20;
/// Equal values in a row of all varying measures that are no chance: 0.3^6 for one measure alone is 1 in 1,400, and at
/// least three must agree.
const FROZEN_RUN: u32 = 6;
/// Equal values in a row from which on a measure's habit is no longer learned.
const RUN_LEARNED: u32 = 3;
/// Equal values in a row of CPU time alone, a number of many digits, that are told.
const CPU_RUN: u32 = 12;
/// Varying measures that must stand still together.
const FROZEN_MEASURES: usize = 3;

/// Shares above this are impossible; what is rounded may be a little above 1.
const SHARE_MAX: f64 = 1.05;

/// Measures that do not move together, for jumps by one factor.
const SCALED: [Metric; 5] =
    [Metric::MemoryUtilisation, Metric::LatencyP50, Metric::LatencyP95, Metric::LatencyP99, Metric::RequestRate];
/// How many of them must jump.
pub(super) const SCALED_MEASURES: usize = 4;
/// Smallest jump, times or divided by.
const SCALED_MIN: f64 = 1.5;
/// How far the factors may be apart: what one second changes in a five second window.
const SCALED_APART: f64 = 1.25;
/// Scrapes after which a jump that was not taken back is how things are: five minutes.
pub(super) const SCALED_SCRAPES: u32 = 300;

/// How one measure of a service behaves.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    bits: u64,
    /// Equal values in a row.
    length: u32,
    seen: u32,
    /// Share of scrapes at which it changed.
    varying: f64,
}

impl Run {
    fn push(&mut self, value: f64) {
        let same = self.seen > 0 && value.to_bits() == self.bits;
        self.length = if same { self.length.saturating_add(1) } else { 0 };
        self.bits = value.to_bits();
        self.seen = self.seen.saturating_add(1);
        if self.length < RUN_LEARNED {
            let weight = VARYING_WEIGHT.max(1.0 / f64::from(self.seen));
            self.varying += weight * (f64::from(u8::from(!same)) - self.varying);
        }
    }
    fn is_varying(&self) -> bool {
        self.seen >= VARYING_KNOWN && self.varying >= VARYING
    }
    fn value(&self) -> f64 {
        f64::from_bits(self.bits)
    }
}

/// What is remembered of one service.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    missing: f64,
    runs: [Run; LIVELY.len()],
    /// The measures of [`SCALED`] at the scrape before.
    pub(super) before: [Option<f64>; SCALED.len()],
    /// The factor by which they jumped, and for how many scrapes that is believed.
    pub(super) jump: Option<(f64, u32)>,
    /// They jumped back with this scrape.
    pub(super) has_jumped_back: bool,
    pub(super) link: Link,
    pub(super) doubt: Option<Doubt>,
    /// When it was last not seen.
    pub(super) blind_at: Option<SimTime>,
}

impl State {
    /// What can be told from a service's telemetry alone.
    pub(super) fn own_doubt(&mut self, service: ServiceId, collector: &Collector) -> Option<Doubt> {
        let age = collector.age(service)?;
        let known = STEADY.into_iter().filter(|m| collector.last(service, *m).is_some()).count();
        let came = STEADY.into_iter().filter(|m| collector.has_arrived(service, *m)).count();
        let missing = 1.0 - came as f64 / known.max(1) as f64;
        self.missing += GAP_WEIGHT * (missing - self.missing);
        for (run, metric) in self.runs.iter_mut().zip(LIVELY) {
            if collector.has_arrived(service, metric)
                && let Some((_, value)) = collector.last(service, metric)
            {
                run.push(value);
            }
        }
        let doubt = |is_blind, text, value, reference| {
            Some(Doubt { is_blind, evidence: Evidence { text, metric: None, value, reference } })
        };
        let seconds = age.as_secs_f64();
        if age > STALE {
            let line =
                if came > 0 { format!("samples come {seconds:.0} s late") } else { format!("no sample for {seconds:.0} s") };
            return doubt(true, line, seconds, STALE.as_secs_f64());
        }
        if let Some((metric, value)) = impossible(service, collector) {
            let line = format!("telemetry is impossible: {} {}", text::label(metric), text::value(metric, value));
            return doubt(true, line, value, 1.0);
        }
        if let Some((factor, _)) = self.jump {
            return doubt(true, format!("telemetry jumped: all measures at once by x{factor:.2}"), factor, 1.0);
        }
        if let Some(run) = self.frozen() {
            return doubt(
                true,
                format!("telemetry stands still: the same values for {run} s"),
                f64::from(run),
                f64::from(FROZEN_RUN),
            );
        }
        if self.runs[0].length >= CPU_RUN && self.runs[0].is_varying() && !is_at_end(&self.runs[0]) {
            let run = self.runs[0].length;
            return doubt(
                false,
                format!("CPU is said to be the same to the last bit for {run} s"),
                f64::from(run),
                f64::from(CPU_RUN),
            );
        }
        if self.missing >= GAP_TOLD {
            let line = format!("{:.0} % of samples missing", self.missing * 100.0);
            return doubt(self.missing >= GAP_BLIND, line, self.missing, GAP_BLIND);
        }
        if age >= LATE_TOLD {
            return doubt(false, format!("samples come {seconds:.0} s late"), seconds, STALE.as_secs_f64());
        }
        None
    }
    /// Notes when all measures jump by one factor, and when they jump back.
    pub(super) fn follow_jumps(&mut self, service: ServiceId, collector: &Collector) {
        let now = SCALED.map(|metric| {
            let value = collector.last(service, metric).filter(|_| collector.has_arrived(service, metric));
            value.map(|(_, v)| v).filter(|v| *v > 0.0)
        });
        let before = std::mem::replace(&mut self.before, now);
        self.has_jumped_back = false;
        self.jump = self.jump.and_then(|(factor, left)| Some((factor, left.checked_sub(1)?)));
        let ratios = || now.iter().zip(before).filter_map(|(now, before)| Some((*now)? / before?));
        let (low, high) = ratios().fold((f64::INFINITY, 0.0_f64), |(low, high), r| (low.min(r), high.max(r)));
        let is_jump = high <= low * SCALED_APART && (low >= SCALED_MIN || high <= 1.0 / SCALED_MIN);
        if !is_jump || ratios().count() < SCALED_MEASURES {
            return;
        }
        let factor = (low * high).sqrt() * self.jump.map_or(1.0, |(factor, _)| factor);
        let is_back = (1.0 / SCALED_APART..=SCALED_APART).contains(&factor);
        self.has_jumped_back = is_back;
        self.jump = (!is_back).then_some((factor, SCALED_SCRAPES));
    }
    /// For how many scrapes all that varies has stood still; `None` if something moves or nothing is served.
    fn frozen(&self) -> Option<u32> {
        let [cpu, .., rate] = &self.runs;
        let counted = |run: &&Run| run.is_varying() && !(std::ptr::eq(*run, cpu) && is_at_end(run));
        let shortest = self.runs.iter().filter(counted).map(|r| r.length).min()?;
        let enough = self.runs.iter().filter(counted).count() >= FROZEN_MEASURES;
        (enough && shortest >= FROZEN_RUN && rate.value() > 0.0).then_some(shortest)
    }
}

/// At its floor or ceiling CPU stands still by itself.
fn is_at_end(cpu: &Run) -> bool {
    !(cpu.value() > 0.0 && cpu.value() < 1.0)
}

/// A share above 1.
fn impossible(service: ServiceId, collector: &Collector) -> Option<(Metric, f64)> {
    [Metric::CpuUtilisation, Metric::MemoryUtilisation, Metric::ErrorRatio]
        .into_iter()
        .find_map(|metric| Some((metric, collector.told(Subject::Service(service), metric).filter(|v| *v > SHARE_MAX)?)))
}
