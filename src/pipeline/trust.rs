//! Trust: can what a service's telemetry says be believed? Five ways in which it cannot: it comes late or not at all, parts
//! of it are missing, it stands still, it contradicts what others measured of the same calls, or all of it jumps by one
//! factor.
//!
//! Whoever is not seen is not judged: no symptom of a blind service counts, none of its silence counts as calm, and
//! nothing is learned from it. What is only impaired (gaps, a small delay) is said and still judged.
//!
//! Standing still: measures that change with nearly every scrape are all the same to the last bit, while requests are
//! said to be served. Contradiction: the rate that a service tells of itself against the sum of what its callers count on
//! their calls to it. Both ends count the same calls, so they agree unless calls fail (then this says nothing); where one
//! link is off, whoever takes part in most contradictions and fewest agreements is not believed.
//!
//! Jumping: memory, latencies and rate of a service never change by the same factor from one scrape to the next, unless
//! somebody multiplies them. It is over when they jump back.
//!
//! Bounds: a fixed state a service, O(callers) a scrape. Times in scrapes unless said otherwise.

use super::collect::{Collector, STALE};
use super::text;
use super::types::Evidence;
use super::wiring::Wiring;
use crate::ids::ServiceId;
use crate::telemetry::{Metric, Subject};
use crate::units::{SimDuration, SimTime};
use std::collections::BTreeMap;

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

/// Failures on either side of a call from which on the two counts need not agree.
const LINK_ERRORS_MAX: f64 = 0.05;
/// Calls within a metric window for the counts of both ends to be compared.
const LINK_CALLS_MIN: f64 = 10.0;
/// Calls within a metric window by which they must differ: more than end between one end's look and the other's.
const LINK_CALLS_OFF: f64 = 8.0;
/// Scrapes after which the usual ratio of the two counts is known.
const LINK_KNOWN: u32 = 15;
/// Weight of a scrape in the usual ratio.
const LINK_WEIGHT: f64 = 1.0 / 60.0;
/// Usual ratios at which callers account for all that a service serves.
const LINK_USUAL: (f64, f64) = (0.8, 1.25);
/// Times the usual ratio from which on the ends contradict each other: calls that end between two scrapes make a few per cent.
const LINK_OFF: f64 = 1.4;
/// Scrapes in a row for a contradiction to count, and to be over.
const LINK_SCRAPES: (u32, u32) = (2, 3);
/// Shares above this are impossible; what is rounded may be a little above 1.
const SHARE_MAX: f64 = 1.05;

/// Measures that do not move together, for jumps by one factor.
const SCALED: [Metric; 5] =
    [Metric::MemoryUtilisation, Metric::LatencyP50, Metric::LatencyP95, Metric::LatencyP99, Metric::RequestRate];
/// How many of them must jump.
const SCALED_MEASURES: usize = 4;
/// Smallest jump, times or divided by.
const SCALED_MIN: f64 = 1.5;
/// How far the factors may be apart: what one second changes in a five second window.
const SCALED_APART: f64 = 1.25;
/// Scrapes after which a jump that was not taken back is how things are: five minutes.
const SCALED_SCRAPES: u32 = 300;

/// Why a service's telemetry is not (fully) believed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Doubt {
    /// Nothing it says counts.
    pub is_blind: bool,
    /// What is wrong with it.
    pub evidence: Evidence,
}

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

/// A service's own count against its callers'.
#[derive(Clone, Copy, Debug, Default)]
struct Link {
    known: u32,
    usual: f64,
    off: u32,
    fits: u32,
    /// Own rate and the callers' sum, if they can be compared now.
    now: Option<(f64, f64)>,
}

impl Link {
    fn push(&mut self, now: Option<(f64, f64)>) {
        self.now = now;
        let Some((own, theirs)) = now else { return };
        let ratio = own / theirs;
        if self.known < LINK_KNOWN {
            self.known += 1;
            self.usual += (ratio - self.usual) / f64::from(self.known);
            return;
        }
        let change = ratio / self.usual.max(f64::MIN_POSITIVE);
        let is_apart = (own - theirs * self.usual).abs() * Metric::WINDOW_S as f64 >= LINK_CALLS_OFF;
        if self.is_comparable() && is_apart && !(1.0 / LINK_OFF..=LINK_OFF).contains(&change) {
            (self.off, self.fits) = (self.off.saturating_add(1), 0);
        } else {
            self.fits = self.fits.saturating_add(1);
            self.usual += LINK_WEIGHT * (ratio - self.usual);
            if self.fits >= LINK_SCRAPES.1 {
                self.off = 0;
            }
        }
    }
    /// Whether the callers usually account for all.
    fn is_comparable(&self) -> bool {
        self.known >= LINK_KNOWN && (LINK_USUAL.0..=LINK_USUAL.1).contains(&self.usual)
    }
    fn is_off(&self) -> bool {
        self.off >= LINK_SCRAPES.0
    }
}

#[derive(Clone, Debug, Default)]
struct State {
    missing: f64,
    runs: [Run; LIVELY.len()],
    /// The measures of [`SCALED`] at the scrape before.
    before: [Option<f64>; SCALED.len()],
    /// The factor by which they jumped, and for how many scrapes that is believed.
    jump: Option<(f64, u32)>,
    /// They jumped back with this scrape.
    has_jumped_back: bool,
    link: Link,
    doubt: Option<Doubt>,
    /// When it was last not seen.
    blind_at: Option<SimTime>,
}

/// What is believed of whom.
#[derive(Clone, Debug, Default)]
pub(super) struct Trust {
    states: BTreeMap<ServiceId, State>,
}

impl Trust {
    /// Looks at the newest scrape.
    pub fn update(&mut self, collector: &Collector, wiring: &Wiring) {
        for service in wiring.ids() {
            self.states.entry(service).or_default().follow_jumps(service, collector);
        }
        self.spread_jumps();
        for service in wiring.ids() {
            let state = self.states.entry(service).or_default();
            state.doubt = state.own_doubt(service, collector);
        }
        for service in wiring.ids() {
            let now = self.both_ends(service, collector, wiring);
            if let Some(state) = self.states.get_mut(&service) {
                state.link.push(now);
            }
        }
        self.blame_contradictions(collector, wiring);
        for state in self.states.values_mut().filter(|s| s.doubt.as_ref().is_some_and(|d| d.is_blind)) {
            state.blind_at = Some(collector.now());
        }
    }
    /// If most services jump by one factor in one scrape, it is the monitoring, and those too small to tell jumped as well.
    fn spread_jumps(&mut self) {
        let measured = self.states.values().filter(|s| s.before.iter().flatten().count() >= SCALED_MEASURES).count();
        let most = |count: usize| count >= SCALED_MEASURES && 2 * count >= measured;
        let began = |s: &&State| s.jump.is_some_and(|(_, left)| left == SCALED_SCRAPES);
        let factor = self.states.values().find(began).and_then(|s| s.jump);
        if most(self.states.values().filter(began).count()) {
            self.states.values_mut().filter(|s| s.jump.is_none()).for_each(|s| s.jump = factor);
        } else if most(self.states.values().filter(|s| s.has_jumped_back).count()) {
            self.states.values_mut().for_each(|s| s.jump = None);
        }
    }
    /// Why a service is not (fully) believed.
    pub fn doubt(&self, service: ServiceId) -> Option<&Doubt> {
        self.states.get(&service)?.doubt.as_ref()
    }
    /// Whether nothing that is told of a service counts.
    pub fn is_blind(&self, service: ServiceId) -> bool {
        self.doubt(service).is_some_and(|d| d.is_blind)
    }
    /// Whose telemetry does not count now.
    pub fn blind(&self) -> impl Iterator<Item = ServiceId> + '_ {
        self.states.iter().filter(|(_, s)| s.doubt.as_ref().is_some_and(|d| d.is_blind)).map(|(id, _)| *id)
    }
    /// When nothing that was told of a service counted last: samples up to then say nothing.
    pub fn blind_at(&self, service: ServiceId) -> Option<SimTime> {
        self.states.get(&service)?.blind_at
    }
    /// Forgets what is no longer declared.
    pub fn retain(&mut self, wiring: &Wiring) {
        self.states.retain(|id, _| wiring.get(*id).is_some());
        // Who calls whom may be another now: the usual ratios are learned anew.
        self.states.values_mut().for_each(|s| s.link = Link::default());
    }
    /// A service's own rate and its callers' sum, if the two must agree.
    fn both_ends(&self, service: ServiceId, collector: &Collector, wiring: &Wiring) -> Option<(f64, f64)> {
        let own = collector.told(Subject::Service(service), Metric::RequestRate)?;
        let fails = |subject| collector.told(subject, Metric::ErrorRatio).is_some_and(|ratio| ratio > LINK_ERRORS_MAX);
        if wiring.callers(service).is_empty() || self.is_blind(service) || fails(Subject::Service(service)) {
            return None;
        }
        let mut theirs = 0.0;
        for caller in wiring.callers(service) {
            let edge = Subject::Edge { from: *caller, to: service };
            if self.is_blind(*caller) || fails(edge) {
                return None;
            }
            theirs += collector.told(edge, Metric::RequestRate).unwrap_or(0.0);
        }
        (own.min(theirs) > 0.0 && own.max(theirs) * Metric::WINDOW_S as f64 >= LINK_CALLS_MIN).then_some((own, theirs))
    }
    /// Finds who is at the centre of contradictions, one after the other.
    fn blame_contradictions(&mut self, collector: &Collector, wiring: &Wiring) {
        let mut off: Vec<ServiceId> = wiring.ids().filter(|id| self.link(*id).is_some_and(|l| l.is_off())).collect();
        // Each round takes at least one link away.
        while !off.is_empty() {
            let mut suspects: BTreeMap<ServiceId, i64> = BTreeMap::new();
            for service in wiring.ids().filter(|id| self.link(*id).is_some_and(|l| l.is_comparable() && l.now.is_some())) {
                let weight = if off.contains(&service) { 1 } else { -1 };
                for party in parties(service, collector, wiring) {
                    *suspects.entry(party).or_insert(0) += weight;
                }
            }
            let of_link = |party: &ServiceId| off.iter().any(|s| parties(*s, collector, wiring).any(|p| p == *party));
            // Of equals the later id: callees are usually declared after their callers, and tell only of themselves.
            let worst = suspects.iter().filter(|(party, _)| of_link(party)).max_by_key(|(party, score)| (**score, **party));
            let Some(worst) = worst.map(|(party, _)| *party) else { return };
            let is_of = |s: &ServiceId| *s == worst || wiring.callers(*s).contains(&worst);
            let mine = off.iter().copied().filter(is_of).min_by_key(|s| *s != worst);
            if let Some(numbers) = mine.and_then(|s| Some((s, self.link(s)?.now?))) {
                self.contradict(worst, numbers, wiring);
            }
            off.retain(|s| !is_of(s));
        }
    }
    fn link(&self, service: ServiceId) -> Option<&Link> {
        self.states.get(&service).map(|s| &s.link)
    }
    fn contradict(&mut self, worst: ServiceId, (callee, (own, theirs)): (ServiceId, (f64, f64)), wiring: &Wiring) {
        let rate = |v| text::value(Metric::RequestRate, v);
        let line = if callee == worst {
            format!("telemetry contradicts its callers: it tells {}, they count {}", rate(own), rate(theirs))
        } else {
            let name = wiring.name(callee);
            format!("telemetry contradicts {name}: it counts {} calls, {name} {}", rate(theirs), rate(own))
        };
        let evidence = Evidence { text: line, metric: Some(Metric::RequestRate), value: own, reference: theirs };
        if let Some(state) = self.states.get_mut(&worst)
            && !state.doubt.as_ref().is_some_and(|d| d.is_blind)
        {
            state.doubt = Some(Doubt { is_blind: true, evidence });
        }
    }
}

/// Who takes part in a link: the callee, and callers that make at least half of its calls.
fn parties<'a>(service: ServiceId, collector: &'a Collector, wiring: &'a Wiring) -> impl Iterator<Item = ServiceId> + 'a {
    let rate = move |from| collector.told(Subject::Edge { from, to: service }, Metric::RequestRate).unwrap_or(0.0);
    let all: f64 = wiring.callers(service).iter().map(|c| rate(*c)).sum();
    wiring.callers(service).iter().copied().filter(move |c| 2.0 * rate(*c) >= all).chain([service])
}

impl State {
    /// What can be told from a service's telemetry alone.
    fn own_doubt(&mut self, service: ServiceId, collector: &Collector) -> Option<Doubt> {
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
    fn follow_jumps(&mut self, service: ServiceId, collector: &Collector) {
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
