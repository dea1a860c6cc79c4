//! How healing was set in a run: as it stands, and every turn on the way. Whoever reads a report must be able to tell a healer
//! that did nothing from one that was not let.
//!
//! Bounds: the newest [`TURNS_MAX`] turns.

use super::{Command, Session};
use crate::units::SimTime;
use serde::{Deserialize, Serialize};

/// Turns that are told.
const TURNS_MAX: usize = 20;

/// The settings of healing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Healing {
    /// The heal dial's word.
    pub dial: String,
    /// The policy's name.
    pub policy: String,
    /// Decisions are only rehearsed.
    pub is_dry_run: bool,
    /// The kill switch is on.
    pub is_stopped: bool,
    /// What was set after the start, in s, oldest first: `kill switch on`.
    pub turns: Vec<(f64, String)>,
}

impl Healing {
    /// As a run's journal and pipeline have it.
    pub(super) fn of(session: &Session) -> Self {
        let pipeline = session.pipeline();
        let later = session.journal().iter().filter(|(at, _)| *at > SimTime::ZERO);
        let turns: Vec<(f64, String)> = later.filter_map(|(at, command)| Some((at.as_secs_f64(), turn(command)?))).collect();
        Self {
            dial: pipeline.autonomy().name().to_owned(),
            policy: pipeline.policy().name.clone(),
            is_dry_run: pipeline.is_dry_run(),
            is_stopped: pipeline.is_stopped(),
            turns: turns[turns.len().saturating_sub(TURNS_MAX)..].to_vec(),
        }
    }
    /// `policy rules, heal dial Auto, dry run off, kill switch off`, and what was set on the way.
    pub fn words(&self) -> String {
        let Self { dial, policy, .. } = self;
        let (dry_run, switch) = (on_off(self.is_dry_run), on_off(self.is_stopped));
        let turns: Vec<String> = self.turns.iter().map(|(at, what)| format!("{what} at {at:.0} s")).collect();
        let turns = if turns.is_empty() { String::new() } else { format!("; set on the way: {}", turns.join(", ")) };
        format!("policy {policy}, heal dial {dial}, dry run {dry_run}, kill switch {switch}{turns}")
    }
}

/// `on` or `off`.
const fn on_off(is_on: bool) -> &'static str {
    if is_on { "on" } else { "off" }
}

fn turn(command: &Command) -> Option<String> {
    Some(match command {
        Command::SetAutonomy(autonomy) => format!("heal dial {}", autonomy.name()),
        Command::SetPolicy(name) => format!("policy {name}"),
        Command::SetDryRun(is_on) => format!("dry run {}", on_off(*is_on)),
        Command::SetKillSwitch(is_on) => format!("kill switch {}", on_off(*is_on)),
        _ => return None,
    })
}
