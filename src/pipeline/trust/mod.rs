//! Trust: can what a service's telemetry says be believed? Five ways in which it cannot: it comes late or not at all, parts
//! of it are missing, it stands still, it contradicts what others measured of the same calls, or all of it jumps by one
//! factor.
//!
//! Whoever is not seen is not judged: no symptom of a blind service counts, none of its silence counts as calm, and
//! nothing is learned from it. What is only impaired (gaps, a small delay) is said and still judged.
//!
//! Standing still: measures that change with nearly every scrape are all the same to the last bit, while requests are
//! said to be served. Contradiction: the rate that a service tells of itself against the sum of what its callers count on
//! their calls to it. Both ends count the same calls, so they agree unless calls fail or are given up; where one
//! link is off, whoever takes part in most contradictions and fewest agreements is not believed.
//!
//! Jumping: memory, latencies and rate of a service never change by the same factor from one scrape to the next, unless
//! somebody multiplies them. It is over when they jump back.
//!
//! Bounds: a fixed state a service, O(callers) a scrape. Times in scrapes unless said otherwise.

mod link;
mod own;

use super::collect::Collector;
use super::text;
use super::types::Evidence;
use super::wiring::Wiring;
use crate::ids::ServiceId;
use crate::telemetry::{Metric, Subject};
use crate::units::SimTime;
use link::{LINK_CALLS_MIN, LINK_ERRORS_MAX, Link};
use own::{SCALED_MEASURES, SCALED_SCRAPES, State};
use std::collections::BTreeMap;

/// Times the longest median that a caller waited: beyond it the callee cannot have taken so long.
const LONGER: f64 = 1.3;

/// Why a service's telemetry is not (fully) believed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Doubt {
    /// Nothing it says counts.
    pub is_blind: bool,
    /// What is wrong with it.
    pub evidence: Evidence,
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
            let is_slower = tells_longer(service, collector, wiring);
            if let Some(state) = self.states.get_mut(&service) {
                state.link.push(now, is_slower);
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

/// Whether a service tells a longer median latency than any of its callers has waited.
fn tells_longer(service: ServiceId, collector: &Collector, wiring: &Wiring) -> bool {
    let edges = wiring.callers(service).iter().map(|from| Subject::Edge { from: *from, to: service });
    let waited = edges.filter_map(|edge| collector.told(edge, Metric::LatencyP50)).fold(0.0, f64::max);
    let own = collector.told(Subject::Service(service), Metric::LatencyP50);
    own.is_some_and(|own| own > LONGER * waited)
}

/// Who takes part in a link: the callee, and callers that make at least half of its calls.
fn parties<'a>(service: ServiceId, collector: &'a Collector, wiring: &'a Wiring) -> impl Iterator<Item = ServiceId> + 'a {
    let rate = move |from| collector.told(Subject::Edge { from, to: service }, Metric::RequestRate).unwrap_or(0.0);
    let all: f64 = wiring.callers(service).iter().map(|c| rate(*c)).sum();
    wiring.callers(service).iter().copied().filter(move |c| 2.0 * rate(*c) >= all).chain([service])
}
