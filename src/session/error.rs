//! Why a command was refused.

use crate::ids::FaultId;
use crate::pipeline::{DecisionError, Policy};
use crate::sim::fault::FaultError;
use crate::topology::EditError;
use crate::units::SimTime;
use thiserror::Error;

/// A refused command; the run is as it was.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum CommandError {
    /// The drawn system cannot be changed so.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// It cannot be broken so.
    #[error(transparent)]
    Fault(#[from] FaultError),
    /// The decision cannot be answered.
    #[error(transparent)]
    Decision(#[from] DecisionError),
    /// The fault is over.
    #[error("E0401 fault {0} is not active (any more)")]
    NoFault(FaultId),
    /// No edit to take back.
    #[error("E0402 there is nothing to undo")]
    NothingToUndo,
    /// No edit to repeat.
    #[error("E0403 there is nothing to redo")]
    NothingToRedo,
    /// No such policy.
    #[error("E0404 there is no healing policy '{0}'; choose one of {names}", names = Policy::NAMES.join(", "))]
    UnknownPolicy(String),
    /// The past is looked at, and what was done then is done.
    #[error(
        "E0405 this is the past ({at} of {end}): go back to live first (End), or go on from here, which makes it the present"
    )]
    Past {
        /// The moment looked at.
        at: SimTime,
        /// The present.
        end: SimTime,
    },
    /// The present is looked at already.
    #[error("E0406 this is the present: go to an earlier moment first")]
    NotPast,
    /// No run was left.
    #[error("E0407 there is no other run to return to")]
    NoOtherRun,
}
