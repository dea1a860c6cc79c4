//! After the fact: with everything that was done to the system lifted, did it return, and if not, what keeps it down?
//!
//! Whether and when something was done is the session's own knowledge: the scenario's planned faults and load, and what a
//! person injected. How the system fares, before and after, is read from the same telemetry that the charts show, never from
//! the simulator. A system that stays down by itself is metastable (Bronson et al., HotOS 2021) only if a loop is seen that
//! sustains it: calls above what a service can finish, a queue that outlasts patience, processes that keep dying. If none is
//! seen, the report says just that.
//!
//! Bounds: looks at [`BEFORE`] before the first disturbance and at the last [`AFTER`]; history holds half an hour.

use super::Session;
use super::history::SystemMetric;
use crate::ids::ServiceId;
use crate::telemetry::{Metric, Series};
use crate::units::{SimDuration, SimTime};
use serde::{Deserialize, Serialize};

/// How far back before the first disturbance is looked.
const BEFORE: SimDuration = SimDuration::from_secs(60);
/// The start, while first instances warm up and windows fill, is left out.
const WARM_UP: SimTime = SimTime::from_secs(5);
/// Samples that a level needs.
const SAMPLES_MIN: usize = 5;
/// A system gets this long to return: some multiples of the usual time-outs, back-offs and probe periods.
const GRACE: SimDuration = SimDuration::from_secs(30);
/// Length of what counts as now.
const AFTER: SimDuration = SimDuration::from_secs(20);
/// Restarts count within this time: back-offs are tens of seconds.
const RESTARTS_WITHIN: SimDuration = SimDuration::from_secs(60);
/// A success share this near to the one before is a return.
const RETURNED_WITHIN: f64 = 0.1;
/// From here on the users' load is another one.
const LOAD_CHANGED: f64 = 1.25;
/// Calls per user's request that grew less are no loop.
const AMPLIFIED: f64 = 1.3;
/// Fewer requests that wait are no queue.
const QUEUE_MIN: f64 = 10.0;

/// How a system fares once all is lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Something still goes on: a fault, or another load than at the start.
    NotLifted,
    /// Too little time was seen before or since.
    TooEarly,
    /// Users are served as before.
    Returned,
    /// Users are not, and a loop is seen that keeps it so.
    Metastable,
    /// Users are not, and telemetry does not show why.
    StillDown,
}

impl Verdict {
    /// As a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotLifted => {
                "a fault or a changed setting is still in force, so whether the system returns by itself cannot be told"
            }
            Self::TooEarly => "it is too early to tell whether the system returns",
            Self::Returned => "the faults are lifted and the system returned",
            Self::Metastable => "the faults are lifted but the system did not return: metastable",
            Self::StillDown => "the faults are lifted but the system did not return, and its telemetry does not show why",
        }
    }
}

/// What a run's report says about the time after everything was lifted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aftermath {
    /// When the last of it ended, s; `None` while something goes on.
    pub lifted_s: Option<f64>,
    /// Share of users' requests answered well before anything was done; `None` if too little was seen.
    pub success_before: Option<f64>,
    /// The same over the last seconds.
    pub success_now: Option<f64>,
    /// How it fares.
    pub verdict: Verdict,
    /// What keeps it down, a sentence each; empty unless metastable.
    pub sustained_by: Vec<String>,
}

impl Aftermath {
    /// Of `session` so far; `None` if nothing was done to it.
    pub(super) fn of(session: &Session) -> Option<Self> {
        let disturbance = Disturbance::of(session)?;
        let now = session.now();
        let spans = Spans {
            before: (WARM_UP.max(earlier(disturbance.first, BEFORE)), disturbance.first),
            after: (earlier(now, AFTER), now),
        };
        let errors = session.history().system(SystemMetric::UserErrorRatio);
        let success = |span| mean(errors, span).map(|errors| 1.0 - errors);
        let (before, after) = (success(spans.before), success(spans.after));
        let mut aftermath = Self {
            lifted_s: disturbance.lifted.map(SimTime::as_secs_f64),
            success_before: before,
            success_now: after,
            verdict: Verdict::NotLifted,
            sustained_by: Vec::new(),
        };
        let Some(lifted) = disturbance.lifted else { return Some(aftermath) };
        aftermath.verdict = match (before, after) {
            (Some(before), Some(after)) if now.since(lifted) >= GRACE + AFTER => {
                if after >= before - RETURNED_WITHIN {
                    Verdict::Returned
                } else {
                    aftermath.sustained_by = sustained_by(session, &spans);
                    if aftermath.sustained_by.is_empty() { Verdict::StillDown } else { Verdict::Metastable }
                }
            }
            _ => Verdict::TooEarly,
        };
        Some(aftermath)
    }
}

/// When something was done to the system.
struct Disturbance {
    first: SimTime,
    /// When the last of it ended; `None` while something goes on.
    lifted: Option<SimTime>,
}

impl Disturbance {
    fn of(session: &Session) -> Option<Self> {
        let (now, faults) = (session.now(), session.past_faults());
        let changes = || session.scenario().topology.services().map(|(_, service)| &service.workload.changes);
        let begun = || changes().flatten().filter(|change| change.at <= now);
        let first = faults.iter().map(|f| f.since).chain(begun().map(|c| c.at)).min()?;
        let last_fault = faults.iter().map(|f| f.since).chain(session.faulty_until).max();
        let last_change = begun().map(|c| c.at + c.ramp).max();
        let load_differs = changes().filter_map(|c| c.iter().rfind(|c| c.at <= now)).any(|c| !is_usual(c.factor));
        let goes_on = session.faults().next().is_some() || load_differs || last_change > Some(now);
        Some(Self { first, lifted: if goes_on { None } else { last_fault.max(last_change) } })
    }
}

/// A factor of the load that is no disturbance by itself: at most about the usual one. Less is a relief.
fn is_usual(factor: f64) -> bool {
    factor < LOAD_CHANGED
}

/// Before the first disturbance, and now.
struct Spans {
    before: (SimTime, SimTime),
    after: (SimTime, SimTime),
}

fn earlier(at: SimTime, by: SimDuration) -> SimTime {
    SimTime::from_nanos(at.as_nanos().saturating_sub(by.as_nanos()))
}

fn within(series: Option<&Series>, (from, to): (SimTime, SimTime)) -> impl DoubleEndedIterator<Item = (SimTime, f64)> {
    series.into_iter().flat_map(Series::iter).filter(move |(at, _)| (from..=to).contains(at))
}

/// Mean of the samples of a span; `None` with fewer than [`SAMPLES_MIN`].
fn mean(series: Option<&Series>, span: (SimTime, SimTime)) -> Option<f64> {
    let (sum, count) = within(series, span).fold((0.0, 0_usize), |(sum, count), (_, value)| (sum + value, count + 1));
    (count >= SAMPLES_MIN).then(|| sum / count as f64)
}

/// Growth per second over a span, from its first sample to its last.
fn slope(series: Option<&Series>, span: (SimTime, SimTime)) -> f64 {
    let mut samples = within(series, span);
    let Some((begin, from)) = samples.next() else { return 0.0 };
    let Some((end, to)) = samples.next_back() else { return 0.0 };
    (to - from) / end.since(begin).as_secs_f64().max(1.0)
}

/// What telemetry shows of one service.
struct Shown<'s> {
    name: &'s str,
    /// Requests a second that it answered or refused before and now, and those that now come (the queue's growth included).
    answered_before: f64,
    answered: f64,
    coming: f64,
    refused_or_failed: f64,
    queue_before: f64,
    queue: f64,
    restarts: f64,
    ready: f64,
    desired: f64,
}

impl<'s> Shown<'s> {
    fn of(session: &'s Session, id: ServiceId, name: &'s str, spans: &Spans) -> Self {
        let series = |metric| session.history().service(id, metric);
        let level = |metric, span| mean(series(metric), span).unwrap_or(0.0);
        let answered = level(Metric::RequestRate, spans.after);
        let lately = (earlier(spans.after.1, RESTARTS_WITHIN), spans.after.1);
        Self {
            name,
            answered_before: level(Metric::RequestRate, spans.before),
            answered,
            coming: answered + slope(series(Metric::QueueLen), spans.after).max(0.0),
            refused_or_failed: level(Metric::ErrorRatio, spans.after),
            queue_before: level(Metric::QueueLen, spans.before),
            queue: level(Metric::QueueLen, spans.after),
            restarts: slope(series(Metric::Restarts), lately) * RESTARTS_WITHIN.as_secs_f64(),
            ready: level(Metric::ReplicasReady, spans.after),
            desired: level(Metric::ReplicasDesired, spans.after),
        }
    }
    /// Each loop that is seen at it. `load` is the users' rate now over that before.
    fn loops(&self, load: f64) -> Vec<String> {
        let Self { name, coming, answered, .. } = self;
        let has_queue = self.queue > QUEUE_MIN.max(3.0 * self.queue_before);
        let calls = coming / self.answered_before.max(1e-9) / load.max(1e-9);
        let mut found = Vec::new();
        if calls > AMPLIFIED && (has_queue || self.refused_or_failed > RETURNED_WITHIN) {
            let finished = answered * (1.0 - self.refused_or_failed);
            found.push(format!(
                "attempts above capacity: {name} gets {calls:.1} times as many calls per user's request as before \
                 ({coming:.1}/s) and finishes {finished:.1}/s"
            ));
        }
        if has_queue {
            let wait_s = self.queue / answered.max(1e-9);
            let before = self.queue_before;
            let work = if wait_s < 3_600.0 { format!("{wait_s:.1} s of work") } else { "hours of work".to_owned() };
            found.push(format!(
                "queue: {:.0} requests wait at {name} ({before:.0} before), {work} at its present rate",
                self.queue
            ));
        }
        if self.restarts >= 1.0 || self.ready + 0.5 < self.desired {
            let (ready, desired) = (self.ready, self.desired);
            let restarts = self.restarts;
            found.push(format!("restarts: {name} restarted {restarts:.0} times in a minute; {ready:.1} of {desired:.1} ready"));
        }
        found
    }
}

fn sustained_by(session: &Session, spans: &Spans) -> Vec<String> {
    let rate = |span| mean(session.history().system(SystemMetric::UserRate), span).unwrap_or(0.0);
    // Users' requests that ended: where hardly any do, they still come as before.
    let load = (rate(spans.after) / rate(spans.before).max(1e-9)).max(1.0);
    let topology = session.world().topology();
    let services = topology.services().filter(|(_, service)| service.kind != crate::topology::ServiceKind::Client);
    services.flat_map(|(id, service)| Shown::of(session, id, &service.name, spans).loops(load)).collect()
}
