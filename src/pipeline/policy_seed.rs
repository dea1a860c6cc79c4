//! The policy `seed`: the literal rule set of the toy that this project grew from, on this pipeline's metrics
//! (latency is the 95th percentile), so that it can be compared. Newest values against thresholds, three rising
//! readings as a prediction, a table from class to action, and hold if a declared dependency is Critical. No
//! hysteresis, no cool-down, no memory of what was tried: that is the point of keeping it.

use super::classify::{Finding, Trouble, View};
use super::failure::FailureClass;
use super::policy::Thresholds;
use super::suspects::Place;
use super::text;
use super::types::{Candidate, Choice, Diagnosis, Evidence, Health, Worth};
use crate::ids::ServiceId;
use crate::platform::Action;
use crate::telemetry::{Metric, Subject};
use crate::units::{Ratio, SimDuration};

/// Readings that must rise.
const RISING_READINGS: usize = 3;

/// The seed's own classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    ResourceExhaustion,
    ApplicationError,
    PerformanceDegradation,
    ResourceWarning,
    ApplicationWarning,
    PerformanceWarning,
    Unknown,
}

impl Word {
    const fn name(self) -> &'static str {
        match self {
            Self::ResourceExhaustion => "RESOURCE_EXHAUSTION",
            Self::ApplicationError => "APPLICATION_ERROR",
            Self::PerformanceDegradation => "PERFORMANCE_DEGRADATION",
            Self::ResourceWarning => "RESOURCE_WARNING",
            Self::ApplicationWarning => "APPLICATION_WARNING",
            Self::PerformanceWarning => "PERFORMANCE_WARNING",
            Self::Unknown => "UNKNOWN",
        }
    }
    /// The same in the words of the other policies.
    const fn class(self, metric: Option<Metric>) -> FailureClass {
        match (self, metric) {
            (Self::ResourceExhaustion | Self::ResourceWarning, Some(Metric::MemoryUtilisation)) => FailureClass::ResourceMemory,
            (Self::ResourceExhaustion | Self::ResourceWarning, _) => FailureClass::ResourceCpu,
            (Self::ApplicationError | Self::ApplicationWarning, _) => FailureClass::Application,
            _ => FailureClass::Unknown,
        }
    }
}

/// The seed's findings with their candidates, best first; only for services it would do something about.
pub(super) fn decide(view: &View) -> Vec<(Finding, Vec<Candidate>)> {
    view.wiring.ids().filter(|id| view.wiring.is_healable(*id)).filter_map(|id| decide_one(view, id)).collect()
}

fn decide_one(view: &View, service: ServiceId) -> Option<(Finding, Vec<Candidate>)> {
    let (health, reasons) = health(view, service);
    let is_predicted = predicted(view, service);
    if health == Health::Healthy && !is_predicted {
        return None;
    }
    let word = word(health, &reasons);
    let action = action(word, health, is_predicted, service)?;
    let blocking = view.wiring.callees(service).iter().find(|callee| self::health(view, **callee).0 == Health::Critical);
    let trouble = if blocking.is_some() { Trouble::Dependency } else { trouble(word) };
    let metric = reasons.first().and_then(|r| r.metric);
    let cause = blocking.copied().unwrap_or(service);
    let diagnosis = Diagnosis {
        service,
        class: if blocking.is_some() { FailureClass::Dependency } else { word.class(metric) },
        cause,
        place: Place::Service(cause),
        metric,
        confidence: Ratio::ONE,
        evidence: reasons,
    };
    let reason = format!("the table says {} for {}", action.name(), word.name());
    let chosen = match blocking {
        Some(callee) => {
            let hold = format!("declared dependency {} is Critical", view.wiring.name(*callee));
            vec![plain(Choice::Hold, false, hold.clone()), plain(Choice::Act(action), true, hold)]
        }
        None => vec![plain(Choice::Act(action), false, reason)],
    };
    Some((Finding { is_early: health == Health::Healthy, ..Finding::of(diagnosis, trouble, health) }, chosen))
}

fn plain(choice: Choice, vetoed: bool, reason: String) -> Candidate {
    // The table does not weigh: what it says is certain.
    let worth = if vetoed { Worth::default() } else { Worth { chance: 1.0, saved: 1.0, ..Worth::default() } };
    Candidate { choice, score: worth.score(), worth, vetoed, reason }
}

/// Newest values against the thresholds; Critical wins, reasons are those of the winning level.
fn health(view: &View, service: ServiceId) -> (Health, Vec<Evidence>) {
    for level in [Health::Critical, Health::Degraded] {
        let reasons: Vec<Evidence> =
            Thresholds::METRICS.into_iter().filter_map(|metric| over(view, service, metric, level)).collect();
        if !reasons.is_empty() {
            return (level, reasons);
        }
    }
    (Health::Healthy, Vec::new())
}

fn over(view: &View, service: ServiceId, metric: Metric, level: Health) -> Option<Evidence> {
    let band = view.policy.thresholds.of(metric)?;
    let threshold = if level == Health::Critical { band.critical } else { band.degraded };
    let value = view.collector.of(service, metric).filter(|v| *v >= threshold)?;
    Some(Evidence { text: text::against(metric, value, threshold), metric: Some(metric), value, reference: threshold })
}

/// CPU, memory or errors rose over the last three readings and are above their Degraded threshold.
fn predicted(view: &View, service: ServiceId) -> bool {
    [Metric::CpuUtilisation, Metric::MemoryUtilisation, Metric::ErrorRatio].into_iter().any(|metric| {
        let span = SimDuration::from_secs(RISING_READINGS as u64);
        let samples = view.collector.window(Subject::Service(service), metric, span);
        let newest = &samples[samples.len().saturating_sub(RISING_READINGS)..];
        let is_rising = newest.len() == RISING_READINGS && newest.windows(2).all(|pair| pair[0].1 < pair[1].1);
        let threshold = view.policy.thresholds.of(metric).map(|band| band.degraded);
        is_rising && newest.last().zip(threshold).is_some_and(|((_, value), threshold)| *value > threshold)
    })
}

fn word(health: Health, reasons: &[Evidence]) -> Word {
    let about = |metric| reasons.iter().any(|r| r.metric == Some(metric));
    let is_resource = about(Metric::CpuUtilisation) || about(Metric::MemoryUtilisation);
    match health {
        Health::Critical if is_resource => Word::ResourceExhaustion,
        Health::Critical if about(Metric::ErrorRatio) => Word::ApplicationError,
        Health::Critical => Word::PerformanceDegradation,
        Health::Degraded if is_resource => Word::ResourceWarning,
        Health::Degraded if about(Metric::ErrorRatio) => Word::ApplicationWarning,
        Health::Degraded => Word::PerformanceWarning,
        _ => Word::Unknown,
    }
}

fn action(word: Word, health: Health, is_predicted: bool, service: ServiceId) -> Option<Action> {
    match word {
        Word::ResourceExhaustion => Some(Action::ScaleUp { service, by: 1 }),
        Word::ApplicationError => Some(Action::Restart { service }),
        Word::PerformanceDegradation => Some(Action::RerouteService { service }),
        _ if is_predicted => Some(Action::ScaleUp { service, by: 1 }),
        _ if health == Health::Degraded => Some(Action::Restart { service }),
        _ => None,
    }
}

const fn trouble(word: Word) -> Trouble {
    match word {
        Word::ResourceExhaustion | Word::ResourceWarning => Trouble::Cpu,
        Word::ApplicationError | Word::ApplicationWarning => Trouble::Errors,
        _ => Trouble::Latency,
    }
}
