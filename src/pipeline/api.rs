//! What goes in and out of the brain beside samples: requests, log lines, errors of approving.

use crate::ids::{ActionId, DecisionId, ServiceId};
use crate::platform::Action;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A service's health changed.
    Health,
    /// An alert fired or ended, an incident opened or closed.
    Alert,
    /// A decision, its receipt or its verification.
    Decision,
}

/// One line for the event log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PipelineEvent {
    /// What about.
    pub kind: EventKind,
    /// Which service, if one.
    pub service: Option<ServiceId>,
    /// The line, in fixed wording, without time and the service's name.
    pub text: String,
}

/// Something to ask of the platform, under this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionRequest {
    /// The number that receipts refer to.
    pub id: ActionId,
    /// Why.
    pub decision: DecisionId,
    /// What.
    pub action: Action,
    /// Only to be rehearsed: [`crate::platform::Platform::rehearse`].
    pub is_dry_run: bool,
}

/// What one step yields.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepOutcome {
    /// To be given to the platform now, in this order.
    pub requests: Vec<ActionRequest>,
    /// To be added to the event log.
    pub log: Vec<PipelineEvent>,
}

/// Why a decision could not be approved or rejected; nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum DecisionError {
    /// No such decision (any more).
    #[error("E0301 there is no decision {0}; it may be too long ago")]
    NoDecision(DecisionId),
    /// It does not wait for anybody.
    #[error("E0302 decision {0} does not await approval (any more)")]
    NotWaiting(DecisionId),
}
