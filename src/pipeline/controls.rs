//! What a person sets: how far the healer goes by itself, the kill switch, the dry run, and answers to what it asks.
//!
//! The three are apart. The dial is a wish for the long run; the kill switch ends all doing at once whatever the dial says, and
//! leaves the dial where it is; the dry run changes nothing but that the platform is asked what it would do instead of to do it.

use super::api::{DecisionError, PipelineEvent};
use super::brain::Pipeline;
use super::orchestrate;
use super::types::Autonomy;
#[cfg(doc)]
use super::types::DecisionState;
use crate::ids::DecisionId;
use crate::units::SimTime;

/// How the healer's controls stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Controls {
    pub autonomy: Autonomy,
    /// The kill switch is on.
    pub is_stopped: bool,
    pub is_dry_run: bool,
}

impl Controls {
    /// Whether anything may be asked of the platform, if only what it would do.
    pub fn may_ask(self) -> bool {
        !self.is_stopped && self.autonomy >= Autonomy::Ask
    }
    /// Whether the platform may be asked to do something.
    pub fn may_act(self) -> bool {
        self.may_ask() && !self.is_dry_run
    }
}

impl Pipeline {
    /// Turns the heal dial. What awaits approval expires in the next step if the dial goes below Ask.
    pub const fn set_autonomy(&mut self, autonomy: Autonomy) {
        self.controls.autonomy = autonomy;
    }
    /// Where the heal dial stands.
    pub const fn autonomy(&self) -> Autonomy {
        self.controls.autonomy
    }
    /// The kill switch. On: what awaits approval ends now, and nothing is asked of the platform any more, not even to take
    /// something back; watching, diagnosing and alerting go on, what is under way is watched to its end, and the ledger records
    /// what would have been done, as [`DecisionState::Stopped`]. It stays on until it is released.
    pub fn set_kill_switch(&mut self, is_on: bool) {
        self.controls.is_stopped = is_on;
        if is_on {
            let ended: Vec<PipelineEvent> = orchestrate::stop(&mut self.ledger);
            self.pending.extend(ended);
        }
    }
    /// Whether the kill switch is on.
    pub const fn is_stopped(&self) -> bool {
        self.controls.is_stopped
    }
    /// The dry run. On: decisions go the full way, and the platform is only asked what it would do.
    pub const fn set_dry_run(&mut self, is_on: bool) {
        self.controls.is_dry_run = is_on;
    }
    /// Whether decisions are only rehearsed.
    pub const fn is_dry_run(&self) -> bool {
        self.controls.is_dry_run
    }
    /// Whether the platform's own controllers may act where a policy leaves it to them. They ask nobody, so `Ask` is as good as
    /// `Auto` to them; and they cannot rehearse.
    pub fn may_act(&self) -> bool {
        self.controls.may_act()
    }
    /// Lets a waiting decision be carried out in the next step.
    ///
    /// # Errors
    /// [`DecisionError`] if there is no such decision or it does not wait.
    pub fn approve(&mut self, _now: SimTime, id: DecisionId) -> Result<(), DecisionError> {
        orchestrate::approve(&mut self.ledger, id)
    }
    /// Forbids a waiting decision, and the same action, or another that comes to the same, for the rest of the incident.
    ///
    /// # Errors
    /// [`DecisionError`] if there is no such decision or it does not wait.
    pub fn reject(&mut self, now: SimTime, id: DecisionId) -> Result<(), DecisionError> {
        orchestrate::reject(&mut self.ledger, now, id)
    }
}
