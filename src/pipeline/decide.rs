//! Decide: which candidates are admissible ([`super::envelope`]), and which of them it is. What is vetoed only for a while
//! makes the choice Hold, not the second best; when nothing is left that is worth a try, Page.

use super::classify::{Finding, View};
use super::envelope;
use super::types::{Candidate, Choice, Health, Worth};
use crate::ids::ServiceId;
use crate::platform::Action;
use crate::units::SimTime;

/// Chance from which on holding is a decision, not a lack of one: it is written down.
const HOLD_MEANT: f64 = 0.5;

/// What the ledger remembers that bears on a new decision.
pub(super) trait Memory {
    /// Why this should not be done (again) in the present incident, if so. `is_single`: its service has one instance at most.
    fn objection(&self, action: Action, is_single: bool) -> Option<String>;
    /// When the last action on this service ended.
    fn last_ended(&self, service: ServiceId) -> Option<SimTime>;
    /// Whether an action on this service is awaited, under way or being watched.
    fn is_busy(&self, service: ServiceId) -> bool;
    /// Actions started since `since`, on all services.
    fn started_since(&self, since: SimTime) -> usize;
    /// Actions done since `since` to the service of `action`, and those of them that are the same.
    fn done_since(&self, since: SimTime, action: Action) -> (usize, usize);
    /// Services on which an action is under way or being watched.
    fn healing(&self) -> Vec<ServiceId>;
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
    let mut delayed: Option<f64> = None;
    let mut list: Vec<Candidate> = candidates
        .into_iter()
        .map(|candidate| {
            let Choice::Act(action) = candidate.choice else { return candidate };
            if candidate.vetoed {
                return candidate;
            }
            if let Some(reason) = envelope::forbidden(view, action, finding.is_lost, memory) {
                return Candidate { vetoed: true, reason, ..candidate };
            }
            let Some(reason) = envelope::not_now(view, action, memory) else { return candidate };
            delayed = Some(delayed.map_or(candidate.score, |best| best.max(candidate.score)));
            Candidate { vetoed: true, reason, ..candidate }
        })
        .collect();
    list.sort_by(|a, b| a.vetoed.cmp(&b.vetoed).then(b.score.total_cmp(&a.score)));
    settle(finding, list, delayed)
}

/// Candidates sorted, vetoed ones last: takes the first, unless a better one is only delayed.
fn settle(finding: &Finding, mut list: Vec<Candidate>, delayed: Option<f64>) -> Verdict {
    let may_page = finding.severity == Health::Critical && !finding.is_early;
    let best = list.iter().position(|c| !c.vetoed && (may_page || c.choice != Choice::Page));
    let is_waiting = delayed.is_some_and(|score| best.is_none_or(|at| score > list[at].score));
    let Some(at) = best.filter(|at| !is_waiting || list[*at].choice == Choice::Hold) else {
        let reason = match list.iter().find(|c| c.vetoed && delayed == Some(c.score)).or(list.first()) {
            Some(better) if is_waiting => format!("the better choice waits: {}", better.reason),
            Some(first) => first.reason.clone(),
            None => "there is nothing to choose from".to_owned(),
        };
        let chosen = Candidate { choice: Choice::Hold, score: 0.0, worth: Worth::default(), vetoed: false, reason };
        list.retain(|c| c.choice != Choice::Hold);
        return Verdict { chosen, rejected: list, is_passing: is_waiting };
    };
    let mut chosen = list.remove(at);
    let is_left = list.iter().any(|c| matches!(c.choice, Choice::Act(_)) && !c.vetoed);
    if chosen.choice == Choice::Page && !is_left {
        chosen.reason = "nothing in the catalogue is left to try: a person is needed".to_owned();
    }
    let is_passing = chosen.choice == Choice::Hold && (is_waiting || chosen.worth.chance < HOLD_MEANT);
    Verdict { chosen, rejected: list, is_passing }
}
