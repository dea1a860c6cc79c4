//! Orchestrate: from a verdict to a request and through its receipts. The dial says how far: Off nothing, Advise a
//! record, Ask a wait for approval that ends in doing it, Auto at once.

use super::api::{ActionRequest, DecisionError, EventKind, PipelineEvent};
use super::classify::{Finding, View};
use super::decide::Verdict;
use super::ledger::{Entry, Ledger, is_passing};
use super::policy_rules::words;
use super::types::{Autonomy, Choice, Decision, DecisionState};
use super::verify::{self, Measure, Span};
use crate::ids::{DecisionId, IncidentId, ServiceId};
use crate::platform::{Action, ActionStatus, Receipt};
use crate::units::{SimDuration, SimTime};

/// Seconds after which an action that was accepted but never ended is given up: longer than a rolling restart of ten
/// instances takes.
const RECEIPT_S: u64 = 300;

/// Writes a verdict down; returns its line for the event log.
pub(super) fn propose(
    view: &View,
    ledger: &mut Ledger,
    autonomy: Autonomy,
    incident: Option<IncidentId>,
    finding: &Finding,
    verdict: Verdict,
) -> PipelineEvent {
    let is_act = matches!(verdict.chosen.choice, Choice::Act(_));
    let waits = is_act && autonomy >= Autonomy::Ask;
    let expires = match autonomy {
        Autonomy::Ask => view.now + SimDuration::from_secs(view.policy.approval_s),
        _ => view.now,
    };
    let diagnosis = finding.diagnosis.clone();
    let what = match verdict.chosen.choice {
        Choice::Act(action) => words(view, action),
        Choice::Hold => "HOLD".to_owned(),
        Choice::Page => "PAGE".to_owned(),
    };
    let forecast = view.forecasts.get(&diagnosis.service).copied();
    let text = format!("Decided {what}: {}; {}", diagnosis.class.name(), verdict.chosen.reason);
    let decision = Decision {
        id: ledger.next_decision(),
        at: view.now,
        incident,
        service: diagnosis.service,
        diagnosis,
        forecast,
        chosen: verdict.chosen,
        rejected: verdict.rejected,
        state: if waits { DecisionState::AwaitingApproval } else { DecisionState::Advised },
        action: None,
        expires_at: waits.then_some(expires),
        outcome: String::new(),
    };
    ledger.add(decision, finding.clone());
    event(finding.diagnosis.service, text)
}

pub(super) const fn event(service: ServiceId, text: String) -> PipelineEvent {
    PipelineEvent { kind: EventKind::Decision, service: Some(service), text }
}

/// Marks a waiting decision as approved.
pub(super) fn approve(ledger: &mut Ledger, id: DecisionId) -> Result<(), DecisionError> {
    waiting(ledger, id)?.is_approved = true;
    Ok(())
}

/// Ends a waiting decision: a person said no.
pub(super) fn reject(ledger: &mut Ledger, now: SimTime, id: DecisionId) -> Result<(), DecisionError> {
    let entry = waiting(ledger, id)?;
    entry.decision.state = DecisionState::Rejected;
    entry.decision.expires_at = None;
    entry.decision.outcome = format!("a person said no at {now}");
    Ok(())
}

fn waiting(ledger: &mut Ledger, id: DecisionId) -> Result<&mut Entry, DecisionError> {
    let entry = ledger.get_mut(id).ok_or(DecisionError::NoDecision(id))?;
    let is_waiting = entry.decision.state == DecisionState::AwaitingApproval && !entry.is_approved;
    if is_waiting { Ok(entry) } else { Err(DecisionError::NotWaiting(id)) }
}

/// Moves every open decision on: starts what may start, expires, verifies.
pub(super) fn advance(
    view: &View,
    ledger: &mut Ledger,
    autonomy: Autonomy,
    sick: &[ServiceId],
    log: &mut Vec<PipelineEvent>,
) -> Vec<ActionRequest> {
    let mut ready = Vec::new();
    for entry in ledger.iter_mut() {
        match entry.decision.state {
            DecisionState::AwaitingApproval => match expiry(view, entry, autonomy, sick) {
                Some(why) => log.push(end(entry, DecisionState::Expired, why)),
                None if may_start(view, entry, autonomy) => ready.push(entry.decision.id),
                None => {}
            },
            DecisionState::Executing => log.extend(give_up(view, entry)),
            DecisionState::Verifying => log.extend(check(view, entry)),
            _ => {}
        }
    }
    ready.into_iter().filter_map(|id| start(view, ledger, id)).collect()
}

fn expiry(view: &View, entry: &Entry, autonomy: Autonomy, sick: &[ServiceId]) -> Option<String> {
    let action = entry.action()?;
    if view.wiring.get(action.service()).is_none() || view.wiring.get(entry.decision.service).is_none() {
        return Some("the service is gone".to_owned());
    }
    if autonomy < Autonomy::Ask {
        return Some(format!("the dial was turned to {}", autonomy.name()));
    }
    let is_well = sick.binary_search(&entry.decision.service).is_err();
    is_well.then(|| "recovered before it was carried out".to_owned())
}

fn may_start(view: &View, entry: &Entry, autonomy: Autonomy) -> bool {
    entry.is_approved || autonomy == Autonomy::Auto || entry.decision.expires_at.is_some_and(|at| view.now >= at)
}

fn start(view: &View, ledger: &mut Ledger, id: DecisionId) -> Option<ActionRequest> {
    let action_id = ledger.next_action();
    ledger.count_start(view.now);
    let entry = ledger.get_mut(id)?;
    let action = entry.action()?;
    entry.measure = Some(Measure::take(view, &entry.finding));
    entry.started = Some(view.now);
    entry.decision.state = DecisionState::Executing;
    entry.decision.expires_at = None;
    entry.decision.action = Some(action_id);
    entry.decision.outcome = "asked of the platform".to_owned();
    Some(ActionRequest { id: action_id, decision: id, action })
}

fn give_up(view: &View, entry: &mut Entry) -> Option<PipelineEvent> {
    let is_late = entry.started.is_some_and(|at| view.now.since(at) >= SimDuration::from_secs(RECEIPT_S));
    is_late.then(|| end(entry, DecisionState::Failed, format!("no answer within {RECEIPT_S} s")))
}

fn check(view: &View, entry: &mut Entry) -> Option<PipelineEvent> {
    let is_instant = matches!(entry.action(), Some(Action::RerouteEdge { .. }));
    let span = Span { started: entry.started?, ended: entry.ended?, is_instant };
    let (state, outcome) = verify::judge(view, entry.decision.service, entry.measure.as_ref()?, span)?;
    Some(end(entry, state, outcome))
}

fn end(entry: &mut Entry, state: DecisionState, outcome: String) -> PipelineEvent {
    entry.decision.state = state;
    entry.decision.expires_at = None;
    let name = entry.action().map_or("decision", crate::platform::Action::name);
    let text = format!("{name}: {}, {outcome}", state.words());
    entry.decision.outcome = outcome;
    event(entry.decision.service, text)
}

/// Takes in one answer of the platform; returns its line for the event log.
pub(super) fn receipt(ledger: &mut Ledger, receipt: &Receipt) -> Option<PipelineEvent> {
    let entry = ledger.by_action_mut(receipt.id).filter(|e| e.decision.state == DecisionState::Executing)?;
    let event = match &receipt.status {
        ActionStatus::Accepted => {
            entry.decision.outcome = "under way".to_owned();
            None
        }
        ActionStatus::Done => {
            entry.decision.state = DecisionState::Verifying;
            entry.decision.outcome = "done; watching whether it helps".to_owned();
            entry.ended = Some(receipt.at);
            Some(event(entry.decision.service, format!("{}: done, watching whether it helps", receipt.action.name())))
        }
        ActionStatus::Failed(error) => {
            entry.was_busy = is_passing(error);
            Some(end(entry, DecisionState::Failed, error.to_string()))
        }
    };
    if receipt.status != ActionStatus::Accepted {
        ledger.note_end(receipt.action.service(), receipt.at);
    }
    event
}
