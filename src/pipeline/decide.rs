//! Decide: which candidates are admissible, and which of them it is. Vetoes stand above scores: clients and unknown
//! services, limits, cool-down, the budget of actions, what was tried in this incident without effect or forbidden by
//! a person. What is vetoed only for a while makes the choice Hold, not the second best; when nothing is left, Page.

use super::classify::{Finding, View};
use super::types::{Candidate, Choice, Health};
use crate::ids::ServiceId;
use crate::platform::Action;
use crate::telemetry::Metric;
use crate::units::{SimDuration, SimTime};

/// What the ledger remembers that bears on a new decision.
pub(super) trait Memory {
    /// Why this should not be done again in the present incident, if so.
    fn objection(&self, action: Action) -> Option<String>;
    /// When the last action on this service ended.
    fn last_ended(&self, service: ServiceId) -> Option<SimTime>;
    /// Whether an action on this service is awaited, under way or being watched.
    fn is_busy(&self, service: ServiceId) -> bool;
    /// Actions started since `since`, on all services.
    fn started_since(&self, since: SimTime) -> usize;
}

/// The outcome of deciding.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Verdict {
    pub chosen: Candidate,
    /// Best first.
    pub rejected: Vec<Candidate>,
    /// Holds only until something passes: not worth an entry in the ledger.
    pub is_passing: bool,
}

/// Vetoes what is not admissible and chooses the best of the rest.
pub(super) fn choose(view: &View, finding: &Finding, candidates: Vec<Candidate>, memory: &dyn Memory) -> Verdict {
    let mut is_waiting = false;
    let mut list: Vec<Candidate> = candidates
        .into_iter()
        .map(|candidate| {
            let Choice::Act(action) = candidate.choice else { return candidate };
            if candidate.vetoed {
                return candidate;
            }
            if let Some(reason) = forbidden(view, action).or_else(|| memory.objection(action)) {
                return Candidate { vetoed: true, reason, ..candidate };
            }
            match not_now(view, action, memory) {
                Some(reason) => {
                    is_waiting |= candidate.score > hold_score(finding);
                    Candidate { vetoed: true, reason, ..candidate }
                }
                None => candidate,
            }
        })
        .collect();
    list.sort_by(|a, b| a.vetoed.cmp(&b.vetoed).then(b.score.total_cmp(&a.score)));
    settle(finding, list, is_waiting)
}

/// Candidates sorted, vetoed ones last: takes the first, unless the best is only delayed, or nothing is left to try.
fn settle(finding: &Finding, mut list: Vec<Candidate>, is_waiting: bool) -> Verdict {
    let first = list.first().map(|c| c.choice);
    let is_hold = first == Some(Choice::Hold);
    let can_act = |c: &Candidate| matches!(c.choice, Choice::Act(_)) && !c.vetoed;
    let is_exhausted = !list.iter().any(can_act) && list.iter().any(|c| matches!(c.choice, Choice::Act(_)) && c.score > 0.0);
    let is_critical = finding.severity == Health::Critical;
    let want = match first {
        Some(Choice::Act(_)) => first,
        Some(Choice::Hold) if is_exhausted && !is_waiting && is_critical && list[0].score < 0.5 => Some(Choice::Page),
        _ if is_waiting => Some(Choice::Hold),
        other => other,
    };
    let at = list.iter().position(|c| Some(c.choice) == want).unwrap_or(0);
    if list[at].vetoed {
        let reason = list[at].reason.clone();
        let chosen = Candidate { choice: Choice::Hold, score: 0.0, vetoed: false, reason };
        return Verdict { chosen, rejected: list, is_passing: is_waiting };
    }
    let mut chosen = list.remove(at);
    if chosen.choice == Choice::Page && is_hold {
        chosen.reason = "nothing in the catalogue is left to try: a person is needed".to_owned();
    }
    if chosen.choice == Choice::Hold && is_waiting {
        chosen.reason = "waits until the better choice is admissible".to_owned();
    }
    let is_passing = chosen.choice == Choice::Hold && (is_waiting || chosen.score < 0.5);
    Verdict { chosen, rejected: list, is_passing }
}

fn hold_score(finding: &Finding) -> f64 {
    if finding.is_early { 0.3 } else { 0.15 }
}

/// Why it can never be done here.
fn forbidden(view: &View, action: Action) -> Option<String> {
    let target = action.service();
    let Some(node) = view.wiring.get(target) else { return Some("there is no such service (any more)".to_owned()) };
    if !view.wiring.is_healable(target) {
        return Some(format!("{} is a client: outside the healer's reach", node.name));
    }
    match action {
        Action::ScaleUp { by, .. } => {
            let now = view.collector.of(target, Metric::ReplicasDesired).unwrap_or(0.0);
            let is_over = now + f64::from(by) > f64::from(node.replicas_max);
            is_over.then(|| format!("at most {} instances are allowed, {now:.0} are wanted already", node.replicas_max))
        }
        Action::ScaleTo { replicas, .. } => {
            let is_over = replicas > node.replicas_max;
            is_over.then(|| format!("at most {} instances are allowed", node.replicas_max))
        }
        _ => {
            let is_gone = action.edge().is_some_and(|(from, to)| !view.wiring.callees(from).contains(&to));
            is_gone.then(|| "there is no such call (any more)".to_owned())
        }
    }
}

/// Why it cannot be done at this moment.
fn not_now(view: &View, action: Action, memory: &dyn Memory) -> Option<String> {
    let target = action.service();
    if memory.is_busy(target) {
        return Some("another action on it is under way".to_owned());
    }
    let cooldown = SimDuration::from_secs(view.policy.cooldown_s);
    if let Some(ended) = memory.last_ended(target)
        && view.now.since(ended) < cooldown
    {
        let left = cooldown.as_secs_f64() - view.now.since(ended).as_secs_f64();
        return Some(format!("cool-down: {left:.0} s left"));
    }
    let window = super::policy::Policy::ACTION_WINDOW_S;
    let since = SimTime::from_nanos(view.now.as_nanos().saturating_sub(SimDuration::from_secs(window).as_nanos()));
    let started = memory.started_since(since);
    (started >= view.policy.actions_max).then(|| format!("{started} actions in the last {window} s are enough"))
}
