//! Telemetry that lies: between the system and whoever watches it, samples come late, get lost, stand still or are wrong.
//!
//! It changes what a scrape tells and never what is: the system behind it runs on as if nobody looked. Receipts are the
//! platform's own answers and pass untouched. Which sample is lost and which series stands still is drawn by key (the
//! distortion, the series, the time), so the same run loses the same samples whatever else happens.
//!
//! Bounds: [`DELAY_MAX`] of scrapes are held back, one value a frozen series, [`HELD_SPANS_MAX`] spans.

use super::{SPANS_LEN_MAX, Scrape};
use crate::ids::ServiceId;
use crate::rng;
use crate::telemetry::{EdgeFacts, LogLine, Metric, Observation, ServiceFacts, Span, Subject};
use crate::units::{SimDuration, SimTime};
use std::collections::{BTreeMap, VecDeque};

/// Longest delay: a minute of samples is held back at most.
pub const DELAY_MAX: SimDuration = SimDuration::from_secs(60);

/// Spans held back at once; the oldest of more are lost.
const HELD_SPANS_MAX: usize = 8 * SPANS_LEN_MAX;
const SPAN: u64 = rng::label("span");

/// What happens to samples on their way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distortion {
    /// Samples, log lines and spans arrive this much later; each still says when it was taken.
    Late(SimDuration),
    /// This share of samples, log lines and spans is lost.
    Missing(f64),
    /// This share of series repeats the value it had when this began, with a new time each; this share of services exports no
    /// new spans.
    Frozen(f64),
    /// What the service measures of itself, durations of spans too, is told as this many times what it is. Counts of instances
    /// and restarts come from the platform and stay right.
    Wrong(f64),
}

/// A distortion in force.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Active {
    key: u64,
    /// Whose telemetry; everybody's without one.
    of: Option<ServiceId>,
    what: Distortion,
}

impl Active {
    fn concerns(&self, teller: ServiceId) -> bool {
        self.of.is_none_or(|of| of == teller)
    }
}

/// What samples pass through on their way to whoever watches.
#[derive(Clone, Debug, Default)]
pub struct Distorted {
    active: Vec<Active>,
    /// The value at which a series stands still, by distortion.
    frozen: BTreeMap<(u64, Subject, Metric), f64>,
    /// What a service's exporters tell while they stand still, by distortion.
    facts: BTreeMap<(u64, ServiceId), ServiceFacts>,
    /// The same of its calls.
    calls: BTreeMap<(u64, ServiceId, ServiceId), EdgeFacts>,
    samples: VecDeque<(SimTime, Observation)>,
    lines: VecDeque<(SimTime, LogLine)>,
    spans: VecDeque<(SimTime, Span)>,
}

impl Distorted {
    /// Begins a distortion of a service's telemetry, or of everybody's. `key` names it and is the seed of its chance.
    pub fn begin(&mut self, key: u64, of: Option<ServiceId>, what: Distortion) {
        self.active.push(Active { key, of, what });
    }
    /// Ends the distortion `key`; what is still held back comes with the next scrape.
    pub fn end(&mut self, key: u64) {
        self.active.retain(|a| a.key != key);
        self.frozen.retain(|(owner, ..), _| *owner != key);
        self.facts.retain(|(owner, _), _| *owner != key);
        self.calls.retain(|(owner, ..), _| *owner != key);
    }
    /// What of this scrape arrives now.
    pub fn pass(&mut self, now: SimTime, scrape: Scrape) -> Scrape {
        if self.active.is_empty() && self.samples.is_empty() && self.lines.is_empty() && self.spans.is_empty() {
            return scrape;
        }
        let Scrape { observations, mut inventory, logs, spans, spans_dropped, receipts } = scrape;
        inventory.services.retain_mut(|facts| self.tells(now, facts));
        inventory.edges.retain_mut(|edge| self.tells_of(now, edge));
        let (mut told, mut said) = (self.release_samples(now), self.release_lines(now));
        for observation in observations {
            let Some((observation, late)) = self.distort(observation) else { continue };
            match late {
                Some(late) => self.samples.push_back((now + late, observation)),
                None => told.push(observation),
            }
        }
        for (number, line) in logs.into_iter().enumerate() {
            match self.delay_of(&line, number) {
                Some(SimDuration::ZERO) => said.push(line),
                Some(late) => self.lines.push_back((now + late, line)),
                None => {}
            }
        }
        let spans = self.pass_spans(now, spans);
        Scrape { observations: told, inventory, logs: said, spans, spans_dropped, receipts }
    }
    /// Spans that arrive now: those that were held back and are due, and the new ones that are not lost or late.
    fn pass_spans(&mut self, now: SimTime, spans: Vec<Span>) -> Vec<Span> {
        let active = &self.active;
        let is_due = |due: SimTime, span: &Span| due <= now || delay(active, span.service).is_none();
        let (due, held): (Vec<_>, Vec<_>) = self.spans.drain(..).partition(|(at, span)| is_due(*at, span));
        self.spans = held.into();
        let mut told: Vec<Span> = due.into_iter().map(|(_, span)| span).collect();
        for span in spans {
            let Some(span) = self.distort_span(span) else { continue };
            match delay(&self.active, span.service) {
                Some(late) => self.spans.push_back((now + late, span)),
                None => told.push(span),
            }
        }
        let excess = self.spans.len().saturating_sub(HELD_SPANS_MAX);
        self.spans.drain(..excess);
        told
    }
    /// The span as it is told; `None` if it is lost.
    fn distort_span(&self, mut span: Span) -> Option<Span> {
        for active in self.active.iter().filter(|a| a.concerns(span.service)) {
            let of_service = rng::fold(rng::fold(active.key, SPAN), u64::from(span.service.0));
            match active.what {
                Distortion::Late(_) => {}
                Distortion::Missing(share) if rng::chance(rng::fold(of_service, span.start.as_nanos()), share) => return None,
                Distortion::Frozen(share) if rng::chance(of_service, share) => return None,
                Distortion::Wrong(factor) => {
                    span.duration = SimDuration::from_secs_f64(span.duration.as_secs_f64() * factor);
                }
                Distortion::Missing(_) | Distortion::Frozen(_) => {}
            }
        }
        Some(span)
    }
    /// Samples that are due, and those whose delay has ended.
    fn release_samples(&mut self, now: SimTime) -> Vec<Observation> {
        let active = &self.active;
        let is_due = |due: SimTime, o: &Observation| due <= now || delay(active, teller(o.subject)).is_none();
        let (due, held): (Vec<_>, Vec<_>) = self.samples.drain(..).partition(|(at, o)| is_due(*at, o));
        self.samples = held.into();
        due.into_iter().map(|(_, o)| o).collect()
    }
    fn release_lines(&mut self, now: SimTime) -> Vec<LogLine> {
        let active = &self.active;
        let is_due = |due: SimTime, line: &LogLine| due <= now || delay(active, line.service).is_none();
        let (due, held): (Vec<_>, Vec<_>) = self.lines.drain(..).partition(|(at, line)| is_due(*at, line));
        self.lines = held.into();
        due.into_iter().map(|(_, line)| line).collect()
    }
    /// The sample as it is told, and how late; `None` if it is lost.
    fn distort(&mut self, mut o: Observation) -> Option<(Observation, Option<SimDuration>)> {
        let teller = teller(o.subject);
        for active in self.active.iter().filter(|a| a.concerns(teller)) {
            let series = series_key(active.key, o.subject, o.metric);
            match active.what {
                Distortion::Late(_) => {}
                Distortion::Missing(share) => {
                    if rng::chance(rng::fold(series, o.at.as_nanos()), share) {
                        return None;
                    }
                }
                Distortion::Frozen(share) => {
                    if rng::chance(series, share) {
                        o.value = *self.frozen.entry((active.key, o.subject, o.metric)).or_insert(o.value);
                    }
                }
                Distortion::Wrong(factor) if is_own_measure(o.metric) => o.value *= factor,
                Distortion::Wrong(_) => {}
            }
        }
        Some((o, delay(&self.active, teller)))
    }
    /// Whether a service's exporters are not heard now. What they tell beside metrics carries no time of its own, so it is
    /// not told late but not at all.
    fn is_silent(&self, now: SimTime, teller: ServiceId) -> bool {
        self.active.iter().filter(|a| a.concerns(teller)).any(|active| {
            let key = rng::fold(active.key, u64::from(teller.0));
            match active.what {
                Distortion::Late(_) => true,
                Distortion::Missing(share) => rng::chance(rng::fold(key, now.as_nanos()), share),
                Distortion::Frozen(_) | Distortion::Wrong(_) => false,
            }
        })
    }
    /// Lets a service's facts pass as they are told; false if they are not.
    fn tells(&mut self, now: SimTime, facts: &mut ServiceFacts) -> bool {
        let id = facts.service;
        if self.is_silent(now, id) {
            return false;
        }
        for active in self.active.iter().filter(|a| a.concerns(id)) {
            match active.what {
                Distortion::Frozen(share) if rng::chance(rng::fold(active.key, u64::from(id.0)), share) => {
                    *facts = self.facts.entry((active.key, id)).or_insert_with(|| facts.clone()).clone();
                }
                Distortion::Wrong(factor) => {
                    let times = [&mut facts.latency_ms, &mut facts.waited_ms];
                    times.into_iter().flatten().for_each(|time| *time *= factor);
                    facts.cpu_busiest *= factor;
                    facts.refused *= factor;
                }
                _ => {}
            }
        }
        true
    }
    /// The same of a call, of which the caller tells.
    fn tells_of(&mut self, now: SimTime, edge: &mut EdgeFacts) -> bool {
        let id = edge.from;
        if self.is_silent(now, id) {
            return false;
        }
        for active in self.active.iter().filter(|a| a.concerns(id)) {
            match active.what {
                Distortion::Frozen(share) if rng::chance(rng::fold(active.key, u64::from(id.0)), share) => {
                    *edge = *self.calls.entry((active.key, id, edge.to)).or_insert(*edge);
                }
                Distortion::Wrong(factor) => {
                    let own = [&mut edge.rate, &mut edge.failed, &mut edge.timed_out, &mut edge.unconnected];
                    own.into_iter().chain(&mut edge.latency_ms).for_each(|value| *value *= factor);
                    if let Some(p) = &mut edge.pool {
                        let own = [&mut p.in_use, &mut p.busy, &mut p.waiting, &mut p.gave_up, &mut p.wait_ms];
                        own.into_iter().for_each(|value| *value *= factor);
                    }
                }
                _ => {}
            }
        }
        true
    }
    /// How late a line comes; `None` if it is lost.
    fn delay_of(&self, line: &LogLine, number: usize) -> Option<SimDuration> {
        for active in self.active.iter().filter(|a| a.concerns(line.service)) {
            if let Distortion::Missing(share) = active.what {
                let key = rng::fold(rng::fold(rng::fold(active.key, line.at.as_nanos()), number as u64), rng::label(&line.text));
                if rng::chance(key, share) {
                    return None;
                }
            }
        }
        Some(delay(&self.active, line.service).unwrap_or(SimDuration::ZERO))
    }
}

/// The longest delay on a service's telemetry.
fn delay(active: &[Active], teller: ServiceId) -> Option<SimDuration> {
    let late = active.iter().filter(|a| a.concerns(teller)).filter_map(|a| match a.what {
        Distortion::Late(by) => Some(by.min(DELAY_MAX)),
        _ => None,
    });
    late.max()
}

/// Who tells a sample: the caller tells of its calls.
const fn teller(subject: Subject) -> ServiceId {
    match subject {
        Subject::Service(id) | Subject::Edge { from: id, .. } => id,
    }
}

fn series_key(key: u64, subject: Subject, metric: Metric) -> u64 {
    let (from, to) = match subject {
        Subject::Service(id) => (id.0, u32::MAX),
        Subject::Edge { from, to } => (from.0, to.0),
    };
    rng::fold(rng::fold(key, u64::from(from) << 32 | u64::from(to)), metric.index() as u64)
}

/// Whether the service measures it of itself; the platform tells of instances.
const fn is_own_measure(metric: Metric) -> bool {
    !matches!(metric, Metric::Restarts | Metric::ReplicasReady | Metric::ReplicasDesired)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::{Inventory, PoolFacts};

    const ME: ServiceId = ServiceId(1);

    fn scrape(second: u64, value: f64) -> Scrape {
        let at = SimTime::from_secs(second);
        let sample = |id, metric| Observation { at, subject: Subject::Service(id), metric, value };
        let other = sample(ServiceId(2), Metric::RequestRate);
        let observations = vec![sample(ME, Metric::RequestRate), sample(ME, Metric::Restarts), other];
        Scrape { observations, ..Scrape::default() }
    }

    fn rates(scrape: &Scrape, id: ServiceId) -> Vec<(u64, f64)> {
        let mine = scrape.observations.iter().filter(|o| o.subject == Subject::Service(id) && o.metric == Metric::RequestRate);
        mine.map(|o| (o.at.as_nanos() / 1_000_000_000, o.value)).collect()
    }

    fn run(what: Distortion, seconds: u64) -> Vec<Scrape> {
        let mut distorted = Distorted::default();
        distorted.begin(7, Some(ME), what);
        (1..=seconds).map(|s| distorted.pass(SimTime::from_secs(s), scrape(s, s as f64))).collect()
    }

    #[test]
    fn late_samples_keep_their_time_and_those_of_others_are_not_touched() {
        let told = run(Distortion::Late(SimDuration::from_secs(3)), 6);
        assert_eq!(rates(&told[2], ME), []);
        assert_eq!(rates(&told[3], ME), [(1, 1.0)]);
        assert_eq!(rates(&told[3], ServiceId(2)), [(4, 4.0)]);
    }

    #[test]
    fn what_was_held_back_comes_when_the_delay_ends() {
        let mut distorted = Distorted::default();
        distorted.begin(7, None, Distortion::Late(SimDuration::from_secs(30)));
        (1..=4).for_each(|s| assert!(distorted.pass(SimTime::from_secs(s), scrape(s, 1.0)).observations.is_empty()));
        distorted.end(7);
        let told = distorted.pass(SimTime::from_secs(5), scrape(5, 5.0));
        assert_eq!(rates(&told, ME).iter().map(|(at, _)| *at).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn the_share_that_is_lost_is_the_share_asked_for_and_the_same_each_time() {
        let count = |share| run(Distortion::Missing(share), 2_000).iter().map(|s| rates(s, ME).len()).sum::<usize>();
        assert!((1_300..=1_500).contains(&count(0.3)), "{}", count(0.3));
        assert_eq!(count(1.0), 0);
        assert_eq!(run(Distortion::Missing(0.3), 50), run(Distortion::Missing(0.3), 50));
    }

    #[test]
    fn spans_are_lost_late_or_stand_still_with_the_rest_of_a_service_s_telemetry() {
        let told = |what, second: u64| -> Vec<Vec<Span>> {
            let mut distorted = Distorted::default();
            distorted.begin(7, Some(ME), what);
            let span = |s: u64, service| {
                let (start, duration) = (SimTime::from_secs(s), SimDuration::from_millis(10));
                Span { trace: s, id: 2 * s + u64::from(service == ME), parent: None, service, start, duration, is_ok: true }
            };
            let of = |s| Scrape { spans: vec![span(s, ME), span(s, ServiceId(2))], ..Scrape::default() };
            (1..=second).map(|s| distorted.pass(SimTime::from_secs(s), of(s)).spans).collect()
        };
        let mine = |spans: &[Span]| spans.iter().filter(|s| s.service == ME).map(|s| s.trace).collect::<Vec<_>>();
        let late = told(Distortion::Late(SimDuration::from_secs(3)), 6);
        assert_eq!((mine(&late[2]), mine(&late[5])), (vec![], vec![3]));
        assert!(late.iter().all(|spans| spans.iter().any(|s| s.service != ME)), "those of others are not touched");
        let kept = told(Distortion::Missing(0.3), 2_000).iter().map(|s| mine(s).len()).sum::<usize>();
        assert!((1_300..=1_500).contains(&kept), "{kept}");
        assert!(told(Distortion::Frozen(1.0), 9).iter().all(|s| mine(s).is_empty()));
        let wrong = told(Distortion::Wrong(4.0), 1);
        assert_eq!(wrong[0].iter().map(|s| s.duration.as_nanos() / 1_000_000).collect::<Vec<_>>(), [40, 10]);
    }

    #[test]
    fn what_is_told_of_calls_and_their_pools_is_silent_stands_still_or_is_wrong_with_the_caller() {
        let told = |what| {
            let mut distorted = Distorted::default();
            distorted.begin(7, Some(ME), what);
            let scrape = |s: u64| {
                let pool = PoolFacts { in_use: 0.1 * s as f64, wait_ms: 10.0, ..PoolFacts::default() };
                let call = |from| EdgeFacts { from, to: ServiceId(3), rate: s as f64, pool: Some(pool), ..EdgeFacts::default() };
                let inventory = Inventory { edges: vec![call(ME), call(ServiceId(2))], ..Inventory::default() };
                Scrape { inventory, ..Scrape::default() }
            };
            let last = (1..=4).map(|s| distorted.pass(SimTime::from_secs(s), scrape(s)).inventory.edges).last().expect("four");
            assert!(last.iter().any(|e| e.from == ServiceId(2) && e.rate == 4.0), "those of others are not touched");
            last.into_iter().find(|e| e.from == ME).map(|e| (e.rate, e.pool.expect("told")))
        };
        let frozen = told(Distortion::Frozen(1.0)).expect("told");
        assert_eq!((frozen.0, frozen.1.in_use), (1.0, 0.1));
        let wrong = told(Distortion::Wrong(3.0)).expect("told");
        assert_eq!((wrong.0, wrong.1.wait_ms), (12.0, 30.0));
        assert_eq!(told(Distortion::Missing(1.0)), None);
        assert_eq!(told(Distortion::Late(SimDuration::from_secs(9))), None);
    }

    #[test]
    fn frozen_series_repeat_and_wrong_ones_are_multiplied_but_for_counts_of_instances() {
        assert_eq!(rates(&run(Distortion::Frozen(1.0), 9)[8], ME), [(9, 1.0)]);
        let wrong = run(Distortion::Wrong(4.0), 2);
        assert_eq!(rates(&wrong[1], ME), [(2, 8.0)]);
        assert_eq!(wrong[1].observations[1].value, 2.0, "restarts are the platform's to tell");
    }
}
