//! The ledger: every decision, what became of it, and what that means for the next ones.
//!
//! Bounds: [`DECISIONS_LEN_MAX`] entries, the oldest that are over fall out first.

use super::bandit::Arm;
use super::classify::Finding;
use super::decide::{Memory, Verdict};
use super::effect::Effect;
use super::failure::FailureClass;
use super::types::{Choice, Decision, DecisionState};
use super::verify::Measure;
use crate::ids::{ActionId, DecisionId, IncidentId, ServiceId};
use crate::platform::{Action, ActionError};
use crate::telemetry::Metric;
use crate::units::{Millicores, SimDuration, SimTime};
use std::collections::{BTreeMap, VecDeque};

/// Decisions kept: an hour of one every seven seconds, far more than a frame shows.
pub const DECISIONS_LEN_MAX: usize = 500;
/// Seconds for which a failed try is remembered even if its incident is over: the next one is likely the same trouble.
const MEMORY_S: u64 = 120;
/// After this long a restart of instances that kept ending may be tried again: the platform's back-off is a minute by then.
const AGAIN_AFTER: SimDuration = SimDuration::from_secs(60);
/// Starts kept for the budgets of actions: the budget of each minute, for longer than the flap budget looks back.
const STARTS_LEN_MAX: usize = 128;

/// A decision with what its course needs.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub decision: Decision,
    pub finding: Finding,
    pub is_approved: bool,
    pub measure: Option<Measure>,
    pub started: Option<SimTime>,
    pub ended: Option<SimTime>,
    /// The platform was busy: says nothing about whether the action would help.
    pub was_busy: bool,
    /// What was found when it was judged; its state says so too until it is undone.
    pub judged: Option<DecisionState>,
    pub undo: Undoing,
    /// Which arm it pulls.
    pub arm: Option<Arm>,
}

/// How far taking a decision's action back is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Undoing {
    /// The action that would do it.
    pub action: Option<Action>,
    /// Its number, once it was asked for.
    pub id: Option<ActionId>,
    pub is_under_way: bool,
}

impl Entry {
    /// The action, if it is one.
    pub const fn action(&self) -> Option<Action> {
        match self.decision.chosen.choice {
            Choice::Act(action) => Some(action),
            _ => None,
        }
    }
    /// Whether something about it is still going on.
    pub const fn is_open(&self) -> bool {
        matches!(self.decision.state, DecisionState::AwaitingApproval) || self.is_at_work()
    }
    /// Whether the platform is at it or at taking it back, or its work is being watched.
    const fn is_at_work(&self) -> bool {
        matches!(self.decision.state, DecisionState::Executing | DecisionState::Verifying) || self.undo.is_under_way
    }
    /// It did nothing to instances that end again and again: what makes them end may be over later, and the platform's
    /// back-off has grown meanwhile.
    fn may_help_later(&self) -> bool {
        let is_of_instances = self.measure.is_some_and(|m| m.metric == Metric::ReplicasReady);
        self.judged == Some(DecisionState::NoEffect) && is_of_instances && matches!(self.action(), Some(Action::Restart { .. }))
    }
    fn touches(&self, service: ServiceId) -> bool {
        self.decision.service == service || self.action().is_some_and(|a| a.service() == service)
    }
}

/// What was last said about a service, so as not to say it each second.
type Noted = (FailureClass, ServiceId, Option<Action>, bool, bool);

/// All decisions.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    entries: VecDeque<Entry>,
    next_decision: u32,
    next_action: u32,
    ended: BTreeMap<ServiceId, SimTime>,
    starts: VecDeque<(SimTime, Action)>,
    noted: BTreeMap<ServiceId, Noted>,
    /// When something was last the matter with a service, or done to it.
    uneasy: BTreeMap<ServiceId, SimTime>,
    /// Arms of decisions just judged, and whether they helped.
    lessons: Vec<(Arm, bool)>,
}

impl Ledger {
    /// Entries, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter()
    }
    /// Entries for changing, oldest first.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.entries.iter_mut()
    }
    /// The entry `id`.
    pub fn get_mut(&mut self, id: DecisionId) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|e| e.decision.id == id)
    }
    /// The entry whose action has this number.
    pub fn by_action_mut(&mut self, id: ActionId) -> Option<&mut Entry> {
        self.entries.iter_mut().rev().find(|e| e.decision.action == Some(id) || e.undo.id == Some(id))
    }
    /// Writes a decision down.
    pub fn add(&mut self, decision: Decision, finding: Finding, arm: Option<Arm>) {
        while self.entries.len() >= DECISIONS_LEN_MAX {
            let oldest = self.entries.iter().position(|e| !e.is_open()).unwrap_or(0);
            self.entries.remove(oldest);
        }
        self.entries.push_back(Entry {
            decision,
            finding,
            is_approved: false,
            measure: None,
            started: None,
            ended: None,
            was_busy: false,
            judged: None,
            undo: Undoing::default(),
            arm,
        });
    }
    /// The next decision's number.
    pub const fn next_decision(&mut self) -> DecisionId {
        self.next_decision += 1;
        DecisionId(self.next_decision)
    }
    /// The next action's number.
    pub const fn next_action(&mut self) -> ActionId {
        self.next_action += 1;
        ActionId(self.next_action)
    }
    /// Counts a started action.
    pub fn count_start(&mut self, now: SimTime, action: Action) {
        if self.starts.len() >= STARTS_LEN_MAX {
            self.starts.pop_front();
        }
        self.starts.push_back((now, family(action)));
    }
    /// The newest start of `action` did not come to anything.
    pub fn forget_start(&mut self, action: Action) {
        if let Some(at) = self.starts.iter().rposition(|(_, done)| *done == family(action)) {
            self.starts.remove(at);
        }
    }
    /// Remembers when an action on a service ended.
    pub fn note_end(&mut self, service: ServiceId, at: SimTime) {
        self.ended.insert(service, at);
    }
    /// When an action on each service ended last.
    pub const fn ended(&self) -> &BTreeMap<ServiceId, SimTime> {
        &self.ended
    }
    /// Whether this verdict says something new about the service; remembers it. What is only said under the kill switch is news
    /// again once it can be done.
    pub fn is_news(&mut self, finding: &Finding, verdict: &Verdict, is_stopped: bool) -> bool {
        let diagnosis = &finding.diagnosis;
        let action = match verdict.chosen.choice {
            Choice::Act(action) => Some(family(action)),
            _ => None,
        };
        let noted = (diagnosis.class, diagnosis.cause, action, verdict.chosen.choice == Choice::Page, is_stopped);
        self.noted.insert(diagnosis.service, noted) != Some(noted)
    }
    /// Nothing is wrong any more with services not in `sick` (sorted): what was said about them is history.
    pub fn forget_noted(&mut self, sick: &[ServiceId]) {
        self.noted.retain(|id, _| sick.binary_search(id).is_ok());
    }
    /// Something is the matter with these services now.
    pub fn note_uneasy(&mut self, now: SimTime, services: impl Iterator<Item = ServiceId>) {
        self.uneasy.extend(services.map(|id| (id, now)));
    }
    /// What was learned from decisions judged since the last call.
    pub fn take_lessons(&mut self) -> Vec<(Arm, bool)> {
        std::mem::take(&mut self.lessons)
    }
    /// Notes what came of decisions.
    pub fn note_lessons(&mut self, lessons: Vec<(Arm, bool)>) {
        self.lessons = lessons;
    }
    /// For how long nothing has been the matter with a service, as far as is known.
    pub fn calm_for(&self, now: SimTime, service: ServiceId) -> SimDuration {
        now.since(self.uneasy.get(&service).copied().unwrap_or_default())
    }
    /// Whether an action on the service is awaited, under way or being watched.
    pub fn is_busy(&self, service: ServiceId) -> bool {
        self.entries.iter().rev().any(|e| e.is_open() && e.touches(service))
    }
    /// Whether the platform is at it, or its work is being watched.
    pub fn is_healing(&self, service: ServiceId) -> bool {
        self.entries.iter().rev().any(|e| e.is_at_work() && e.action().is_some_and(|a| a.service() == service))
    }
}

/// The same kind of action on the same target, whatever its amount.
pub(super) const fn family(action: Action) -> Action {
    match action {
        Action::ScaleUp { service, .. } => Action::ScaleUp { service, by: 1 },
        Action::ScaleTo { service, .. } => Action::ScaleTo { service, replicas: 1 },
        Action::Resize { service, .. } => Action::Resize { service, cpu: Millicores(1) },
        Action::Shed { service, .. } => Action::Shed { service, percent: 1 },
        Action::RateLimit { service, .. } => Action::RateLimit { service, per_s: 1 },
        Action::SetAttempts { from, to, .. } => Action::SetAttempts { from, to, attempts: 1 },
        Action::SetTimeout { from, to, .. } => Action::SetTimeout { from, to, timeout: SimDuration::ZERO },
        Action::SetPool { from, to, .. } => Action::SetPool { from, to, size: 1 },
        Action::ThrottleEntry { entry, .. } => Action::ThrottleEntry { entry, percent: 1 },
        other => other,
    }
}

/// The ledger as deciding sees it, at one moment in one incident.
pub(super) struct Past<'a> {
    pub ledger: &'a Ledger,
    pub now: SimTime,
    pub incident: Option<IncidentId>,
    /// The seed policy forgets what it tried.
    pub is_forgetful: bool,
}

impl Memory for Past<'_> {
    fn objection(&self, action: Action, is_single: bool) -> Option<String> {
        let is_same = |e: &&Entry| e.action().map(family) == Some(family(action)) && self.is_recent(e);
        let stands = |e: &&Entry| self.now.since(e.ended.unwrap_or(e.decision.at)) <= AGAIN_AFTER || !e.may_help_later();
        let tried = self.ledger.entries.iter().rev().filter(is_same).filter(stands);
        let tried = tried.filter(|e| !self.is_forgetful || e.decision.state == DecisionState::Rejected).find_map(objection);
        tried.or_else(|| self.refused_alike(action, is_single))
    }
    fn last_ended(&self, service: ServiceId) -> Option<SimTime> {
        if self.is_forgetful { None } else { self.ledger.ended.get(&service).copied() }
    }
    fn is_busy(&self, service: ServiceId) -> bool {
        self.ledger.is_busy(service)
    }
    fn started_since(&self, since: SimTime) -> usize {
        let waiting = self.ledger.entries.iter().rev().filter(|e| e.decision.state == DecisionState::AwaitingApproval);
        self.ledger.starts.iter().filter(|(at, _)| *at >= since).count() + waiting.count()
    }
    fn done_since(&self, since: SimTime, action: Action) -> (usize, usize) {
        if self.is_forgetful {
            return (0, 0);
        }
        let recent = || self.ledger.starts.iter().filter(|(at, _)| *at >= since).map(|(_, done)| *done);
        let all = recent().filter(|done| done.service() == action.service()).count();
        (all, recent().filter(|done| *done == family(action)).count())
    }
    fn healing(&self) -> Vec<ServiceId> {
        let at_work = self.ledger.entries.iter().filter(|e| e.is_at_work() && !self.is_forgetful);
        at_work.filter_map(|e| e.action().map(Action::service)).collect()
    }
}

impl Past<'_> {
    /// A person said no to what comes to the same.
    fn refused_alike(&self, action: Action, is_single: bool) -> Option<String> {
        let refused = self.ledger.entries.iter().rev().filter(|e| e.decision.state == DecisionState::Rejected);
        let comes_to_it = |done: Action| Effect::of(done, is_single) == Effect::of(action, is_single);
        let mut alike = refused.filter(|e| self.is_recent(e)).filter_map(|e| Some((e.decision.at, e.action()?)));
        let (at, other) = alike.find(|(_, other)| comes_to_it(*other))?;
        Some(format!("a person said no to {} at {at}, and it comes to the same", other.name()))
    }
    fn is_recent(&self, entry: &Entry) -> bool {
        let is_same_incident = self.incident.is_some() && entry.decision.incident == self.incident;
        is_same_incident || self.now.since(entry.decision.at) <= SimDuration::from_secs(MEMORY_S)
    }
}

fn objection(entry: &Entry) -> Option<String> {
    let at = entry.decision.at;
    match entry.judged.unwrap_or(entry.decision.state) {
        DecisionState::NoEffect => Some(format!("had no effect at {at}")),
        DecisionState::MadeWorse => Some(format!("made it worse at {at}")),
        DecisionState::Rejected => Some(format!("a person said no at {at}")),
        DecisionState::Failed if !entry.was_busy => Some(format!("failed at {at}: {}", entry.decision.outcome)),
        _ => None,
    }
}

/// Whether a refusal says that there was nothing to do: nothing was changed, so nothing has to settle.
pub(super) const fn is_moot(error: &ActionError) -> bool {
    matches!(error, ActionError::Already(_) | ActionError::Unfit(_) | ActionError::NoTarget)
}

/// Whether a refusal may be gone in a moment.
pub(super) const fn is_passing(error: &ActionError) -> bool {
    matches!(error, ActionError::Busy)
}

#[cfg(test)]
mod tests {
    use super::super::classify::Trouble;
    use super::super::suspects::Place;
    use super::super::types::{Candidate, Diagnosis, Health, Worth};
    use super::*;
    use crate::units::Ratio;

    fn decision(id: DecisionId, state: DecisionState) -> (Decision, Finding) {
        let diagnosis = Diagnosis {
            service: ServiceId(0),
            class: FailureClass::Unknown,
            cause: ServiceId(0),
            place: Place::Service(ServiceId(0)),
            metric: None,
            confidence: Ratio::ONE,
            evidence: Vec::new(),
        };
        let worth = Worth::default();
        let chosen = Candidate { choice: Choice::Hold, score: 0.0, worth, vetoed: false, reason: String::new() };
        let decision = Decision {
            id,
            at: SimTime::ZERO,
            incident: None,
            service: ServiceId(0),
            diagnosis: diagnosis.clone(),
            forecast: None,
            chosen,
            rejected: Vec::new(),
            state,
            action: None,
            expires_at: None,
            is_dry_run: false,
            outcome: String::new(),
        };
        let severity = Health::Critical;
        let trouble = Trouble::Errors;
        (decision, Finding::of(diagnosis, trouble, severity))
    }

    #[test]
    fn the_ledger_is_bounded_and_keeps_what_is_open() {
        let mut ledger = Ledger::default();
        for i in 0..DECISIONS_LEN_MAX + 50 {
            let state = if i == 0 { DecisionState::Executing } else { DecisionState::Advised };
            let (decision, finding) = decision(ledger.next_decision(), state);
            ledger.add(decision, finding, None);
        }
        assert_eq!(ledger.iter().count(), DECISIONS_LEN_MAX);
        assert_eq!(ledger.iter().next().map(|e| e.decision.state), Some(DecisionState::Executing));
    }
}
