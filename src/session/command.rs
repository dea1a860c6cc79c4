//! The only outside inputs of a run.

use crate::ids::{DecisionId, FaultId};
use crate::pipeline::Autonomy;
use crate::scenario::file::RunDefaults;
use crate::sim::fault::FaultSpec;
use crate::topology::TopologyEdit;
use crate::units::SimTime;
use serde::{Deserialize, Serialize};

/// What a person (or a scenario) does to a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "rare and short-lived: an edit holds a whole call")]
pub enum Command {
    /// Breaks something.
    Inject(FaultSpec),
    /// Takes one fault away.
    RemoveFault(FaultId),
    /// Takes all faults away.
    StopAllFaults,
    /// Changes the drawn system; can be undone.
    Edit(TopologyEdit),
    /// Takes back the last edit that was not taken back. Never rewinds the run.
    Undo,
    /// Repeats the last edit taken back.
    Redo,
    /// Turns the heal dial.
    SetAutonomy(Autonomy),
    /// The kill switch: true forbids every action from now on, false releases it.
    SetKillSwitch(bool),
    /// The dry run: true lets the platform only say what it would do.
    SetDryRun(bool),
    /// Chooses the healing policy by name, one of [`crate::pipeline::Policy::NAMES`].
    SetPolicy(String),
    /// Lets a decision be carried out now.
    Approve(DecisionId),
    /// Forbids a decision.
    Reject(DecisionId),
}

impl Command {
    /// What sets the healing as a scenario wants it; nothing if it does not say.
    pub fn healing(run: &RunDefaults) -> Vec<Self> {
        let is_meant = |level: &Autonomy| run.heal.is_some_and(|dial| dial.name().eq_ignore_ascii_case(level.name()));
        let policy = run.policy.map(|policy| Self::SetPolicy(policy.name().to_owned()));
        let dial = Autonomy::ALL.into_iter().find(is_meant).map(Self::SetAutonomy);
        policy.into_iter().chain(dial).collect()
    }
}

/// Everything that was done to a run, in order: the run is a function of scenario, seed and journal.
pub type Journal = Vec<(SimTime, Command)>;
