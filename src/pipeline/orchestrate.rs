//! Orchestrate: from a verdict to a request and through its receipts. The dial says how far: Off nothing, Advise a
//! record, Ask a wait for approval that ends in doing it, Auto at once. The kill switch ends all of it; in a dry run the request
//! is to be rehearsed, and with the answer the decision is over: nothing was done that could be watched or taken back.

use super::aim::{self, words};
use super::api::{ActionRequest, DecisionError, EventKind, PipelineEvent};
use super::bandit::Arm;
use super::catalogue::{self, Kind, Undo};
use super::classify::{Finding, View};
use super::controls::Controls;
use super::decide::Verdict;
use super::ledger::{Entry, Ledger, is_moot, is_passing};
use super::situation::{LOAD_RISEN, load_ratio};
use super::surge;
use super::types::{Autonomy, Choice, Decision, DecisionState};
use super::verify::{self, Measure, Span};
use crate::ids::{DecisionId, IncidentId, ServiceId};
use crate::platform::{Action, ActionStatus, Receipt};
use crate::telemetry::{Metric, Subject};
use crate::units::{SimDuration, SimTime};

/// Seconds after which an action that was accepted but never ended is given up: longer than a rolling restart of ten
/// instances takes.
const RECEIPT_S: u64 = 300;

/// What ends a decision that waits when the kill switch is turned.
const KILL_SWITCH: &str = "kill switch";

/// Writes a verdict down; returns its line for the event log.
pub(super) fn propose(
    view: &View,
    ledger: &mut Ledger,
    controls: Controls,
    incident: Option<IncidentId>,
    finding: &Finding,
    verdict: Verdict,
) -> PipelineEvent {
    let (state, outcome) = first_state(verdict.chosen.choice, controls);
    let waits = state == DecisionState::AwaitingApproval;
    let expires = match controls.autonomy {
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
    let decided = if state == DecisionState::Stopped { "Would have decided (kill switch)" } else { "Decided" };
    let text = format!("{decided} {what}: {}; {}", diagnosis.class.name(), verdict.chosen.reason);
    let decision = Decision {
        id: ledger.next_decision(),
        at: view.now,
        incident,
        service: diagnosis.service,
        diagnosis,
        forecast,
        chosen: verdict.chosen,
        rejected: verdict.rejected,
        state,
        action: None,
        expires_at: waits.then_some(expires),
        is_dry_run: waits && controls.is_dry_run,
        outcome: outcome.to_owned(),
    };
    let arm = Arm::of(view, finding, decision.chosen.choice);
    ledger.add(decision, finding.clone(), arm);
    event(finding.diagnosis.service, text)
}

/// What a decision begins as, and what there is to say of it already.
fn first_state(choice: Choice, controls: Controls) -> (DecisionState, &'static str) {
    match choice {
        Choice::Hold => (DecisionState::Held, ""),
        Choice::Act(_) if controls.may_ask() => (DecisionState::AwaitingApproval, ""),
        Choice::Act(_) if controls.is_stopped && controls.autonomy >= Autonomy::Ask => {
            (DecisionState::Stopped, "kill switch: nothing was asked of the platform")
        }
        Choice::Act(_) => (DecisionState::Advised, "advice only: nothing was asked of the platform"),
        Choice::Page if controls.is_stopped => (DecisionState::Stopped, "kill switch: nobody was paged"),
        Choice::Page => (DecisionState::Paged, ""),
    }
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

/// The kill switch: what waits for approval ends now. Returns the lines for the event log.
pub(super) fn stop(ledger: &mut Ledger) -> Vec<PipelineEvent> {
    let waiting = ledger.iter_mut().filter(|e| e.decision.state == DecisionState::AwaitingApproval);
    waiting.map(|entry| end(entry, DecisionState::Expired, KILL_SWITCH.to_owned())).collect()
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
    controls: Controls,
    sick: &[ServiceId],
    log: &mut Vec<PipelineEvent>,
) -> Vec<ActionRequest> {
    let (mut ready, mut unhelpful, mut lessons) = (Vec::new(), Vec::new(), Vec::new());
    for entry in ledger.iter_mut() {
        match entry.decision.state {
            DecisionState::AwaitingApproval => match expiry(view, entry, controls.autonomy, sick) {
                Some(why) => log.push(end(entry, DecisionState::Expired, why)),
                None if may_start(view, entry, controls.autonomy) => ready.push(entry.decision.id),
                None => {}
            },
            DecisionState::Executing => log.extend(give_up(view, entry)),
            DecisionState::Verifying => {
                log.extend(check(view, entry));
                lessons.extend(entry.arm.zip(entry.judged).map(|(arm, judged)| (arm, judged == DecisionState::Succeeded)));
                if is_to_be_undone(entry) {
                    unhelpful.push(entry.decision.id);
                }
            }
            _ => {}
        }
    }
    ledger.note_lessons(lessons);
    if !controls.may_ask() {
        return Vec::new();
    }
    if controls.may_act() {
        unhelpful.extend(no_longer_needed(view, ledger));
    } else {
        unhelpful.clear();
    }
    let begun: Vec<ActionRequest> = ready.into_iter().filter_map(|id| start(view, ledger, controls, id)).collect();
    begun.into_iter().chain(unhelpful.into_iter().filter_map(|id| undo(view, ledger, id, log))).collect()
}

/// Whether an action that was just judged is to be taken back: it made things worse, or did nothing and can go at once. What
/// moves instances and did nothing stays until all is calm, so as not to stand in the way of the next try.
fn is_to_be_undone(entry: &Entry) -> bool {
    let Some(kind) = entry.action().filter(|_| entry.undo.action.is_some()).and_then(Kind::of) else { return false };
    match (entry.decision.state, kind.entry().undo) {
        (DecisionState::MadeWorse, undo) => undo != Undo::Never,
        (DecisionState::NoEffect, Undo::IfUseless | Undo::WhenCalm) => entry.action().is_some_and(|a| !a.is_structural()),
        _ => false,
    }
}

/// Measures that cost as long as they stay, of services that have been calm for [`catalogue::CALM`], and those that turn users
/// away once their load is gone; at most one a service.
/// Capacity goes only as far as the CPU allows.
fn no_longer_needed(view: &View, ledger: &Ledger) -> Vec<DecisionId> {
    let mut seen = Vec::new();
    let stays =
        |e: &&Entry| matches!(e.decision.state, DecisionState::Succeeded | DecisionState::NoEffect) && e.undo.id.is_none();
    let mut due = Vec::new();
    for entry in ledger.iter().rev().filter(stays) {
        let Some(action) = entry.action() else { continue };
        let costs = Kind::of(action).is_some_and(|kind| kind.entry().undo == Undo::WhenCalm);
        let Some(back) = entry.undo.action.filter(|_| costs && !seen.contains(&action.service())) else { continue };
        seen.push(action.service());
        let is_calm =
            [action.service(), entry.decision.service].iter().all(|id| ledger.calm_for(view.now, *id) >= catalogue::CALM);
        if (is_calm || is_let_in_again(view, action)) && !ledger.is_busy(action.service()) && can_do_without(view, back) {
            due.push(entry.decision.id);
        }
    }
    due
}

/// Whether users are turned away for a load that is gone: they fail for the measure itself, and would never be calm.
fn is_let_in_again(view: &View, action: Action) -> bool {
    let turns_away = matches!(action, Action::ThrottleEntry { .. } | Action::Shed { .. } | Action::RateLimit { .. });
    turns_away && load_ratio(view, action.service()).is_some_and(|load| load < LOAD_RISEN)
}

/// Whether fewer instances would still be below the target that scaling aims at. Other measures just end.
fn can_do_without(view: &View, back: Action) -> bool {
    let Action::ScaleTo { service, replicas } = back else { return true };
    if surge::load(view, service).is_some_and(|load| load >= LOAD_RISEN) {
        return false;
    }
    let now = view.collector.of(service, Metric::ReplicasDesired).unwrap_or(0.0);
    let cpu = view.collector.mean(Subject::Service(service), Metric::CpuUtilisation, catalogue::CALM).unwrap_or(1.0);
    f64::from(replicas) < now && cpu * now / f64::from(replicas.max(1)) <= aim::CPU_TARGET
}

/// Asks for what takes a decision's action back.
fn undo(view: &View, ledger: &mut Ledger, id: DecisionId, log: &mut Vec<PipelineEvent>) -> Option<ActionRequest> {
    let number = ledger.next_action();
    let entry = ledger.get_mut(id)?;
    let action = entry.undo.action?;
    (entry.undo.id, entry.undo.is_under_way) = (Some(number), true);
    let why = if entry.decision.state == DecisionState::Succeeded { "no longer needed" } else { "it did not help" };
    log.push(event(entry.decision.service, format!("{} to take it back: {why}", words(view, action))));
    ledger.count_start(view.now, action);
    Some(ActionRequest { id: number, decision: id, action, is_dry_run: false })
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

/// Begins what may begin. What was proposed as a dry run stays one, whatever was set meanwhile.
fn start(view: &View, ledger: &mut Ledger, controls: Controls, id: DecisionId) -> Option<ActionRequest> {
    let action_id = ledger.next_action();
    let entry = ledger.get_mut(id)?;
    let action = entry.action()?;
    entry.decision.is_dry_run |= controls.is_dry_run;
    if entry.decision.is_dry_run {
        entry.decision.state = DecisionState::Executing;
        (entry.decision.expires_at, entry.decision.action) = (None, Some(action_id));
        entry.started = Some(view.now);
        return Some(ActionRequest { id: action_id, decision: id, action, is_dry_run: true });
    }
    ledger.count_start(view.now, action);
    let entry = ledger.get_mut(id)?;
    let desired = view.collector.of(action.service(), Metric::ReplicasDesired);
    entry.undo.action = catalogue::undo(view.wiring, desired, action);
    entry.measure = Some(Measure::take(view, &entry.finding, action));
    entry.started = Some(view.now);
    entry.decision.state = DecisionState::Executing;
    entry.decision.expires_at = None;
    entry.decision.action = Some(action_id);
    entry.decision.outcome = "asked of the platform".to_owned();
    Some(ActionRequest { id: action_id, decision: id, action, is_dry_run: false })
}

fn give_up(view: &View, entry: &mut Entry) -> Option<PipelineEvent> {
    let is_late = entry.started.is_some_and(|at| view.now.since(at) >= SimDuration::from_secs(RECEIPT_S));
    is_late.then(|| end(entry, DecisionState::Failed, format!("no answer within {RECEIPT_S} s")))
}

fn check(view: &View, entry: &mut Entry) -> Option<PipelineEvent> {
    let is_instant = matches!(entry.action(), Some(Action::RerouteEdge { .. }));
    let span = Span { started: entry.started?, ended: entry.ended?, is_instant };
    let (state, outcome) = verify::judge(view, entry.decision.service, entry.measure.as_ref()?, span)?;
    entry.judged = Some(state);
    Some(end(entry, state, outcome))
}

fn end(entry: &mut Entry, state: DecisionState, outcome: String) -> PipelineEvent {
    entry.decision.state = state;
    entry.decision.expires_at = None;
    let name = entry.action().map_or("decision", Action::name);
    let text = format!("{name}: {}, {outcome}", state.words());
    entry.decision.outcome = outcome;
    event(entry.decision.service, text)
}

/// Takes in one answer of the platform; returns its line for the event log.
pub(super) fn receipt(ledger: &mut Ledger, receipt: &Receipt) -> Option<PipelineEvent> {
    let entry = ledger.by_action_mut(receipt.id)?;
    if entry.undo.id == Some(receipt.id) {
        return undo_receipt(entry, receipt);
    }
    if entry.decision.state != DecisionState::Executing {
        return None;
    }
    if entry.decision.is_dry_run {
        return Some(rehearsed(entry, receipt));
    }
    let (event, is_change) = match &receipt.status {
        ActionStatus::Accepted => {
            entry.decision.outcome = "under way".to_owned();
            return None;
        }
        ActionStatus::Rehearsed => (end(entry, DecisionState::Failed, "it was only rehearsed".to_owned()), false),
        ActionStatus::Done => {
            entry.decision.state = DecisionState::Verifying;
            entry.decision.outcome = "done; watching whether it helps".to_owned();
            entry.ended = Some(receipt.at);
            (event(entry.decision.service, format!("{}: done, watching whether it helps", receipt.action.name())), true)
        }
        ActionStatus::Failed(error) => {
            entry.was_busy = is_passing(error);
            (end(entry, DecisionState::Failed, error.to_string()), !is_moot(error))
        }
    };
    if is_change {
        ledger.note_end(receipt.action.service(), receipt.at);
    } else {
        ledger.forget_start(receipt.action);
    }
    Some(event)
}

/// What the platform says it would do.
fn rehearsed(entry: &mut Entry, receipt: &Receipt) -> PipelineEvent {
    let answer = match &receipt.status {
        ActionStatus::Failed(error) => format!("the platform would refuse: {error}"),
        _ => "the platform would do it".to_owned(),
    };
    end(entry, DecisionState::Rehearsed, format!("{answer}; not carried out"))
}

/// The answer to taking an action back.
fn undo_receipt(entry: &mut Entry, receipt: &Receipt) -> Option<PipelineEvent> {
    let what = match &receipt.status {
        ActionStatus::Accepted | ActionStatus::Rehearsed => return None,
        ActionStatus::Done => format!("taken back at {}", receipt.at),
        ActionStatus::Failed(error) => format!("could not be taken back: {error}"),
    };
    entry.undo.is_under_way = false;
    if receipt.status == ActionStatus::Done && entry.judged != Some(DecisionState::Succeeded) {
        entry.decision.state = DecisionState::Undone;
    }
    entry.decision.outcome = format!("{}; {what}", entry.decision.outcome);
    Some(event(entry.decision.service, format!("{}: {what}", entry.action().map_or("decision", Action::name))))
}
