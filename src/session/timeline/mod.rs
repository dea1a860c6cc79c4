//! A run through time: the present, and any moment before it.
//!
//! A run is a function of scenario, seed and journal, so the past needs no recording: a moment is found again by running on
//! from the checkpoint before it and doing again what was done. What is seen of the past is the run itself, bit by bit, with
//! its pipeline and ledger as they were, and it can be played until it joins the present.
//!
//! The past is looked at and not changed: commands are refused there. Who wants another course goes on from there, which
//! makes that moment the present; the run that was left is kept and can be returned to.

mod checkpoints;

use super::{Command, CommandError, Journal, Session};
use crate::scenario::Scenario;
use crate::units::SimTime;
use checkpoints::Checkpoints;
use std::mem;

/// A run and its past.
#[derive(Debug)]
pub struct Timeline {
    /// What is looked at.
    session: Session,
    /// The present, while the past is looked at; `None` as well if it was never reached (a run that is played again).
    present: Option<Session>,
    /// While the past is looked at: what was done up to the present.
    script: Journal,
    is_live: bool,
    /// The present.
    end: SimTime,
    checkpoints: Checkpoints,
    /// The run that was left, and when it parted from this one.
    left: Option<(Session, SimTime)>,
    /// The first command of the script that was refused.
    refused: Option<CommandError>,
}

impl Timeline {
    /// The timeline of a run that goes on from here.
    pub fn new(session: Session) -> Self {
        let checkpoints = Checkpoints::starting_with(&session);
        Self {
            end: session.now(),
            present: None,
            script: Journal::new(),
            is_live: true,
            checkpoints,
            left: None,
            refused: None,
            session,
        }
    }
    /// The timeline of a run that is known by what was done to it, at its start. Advancing plays it again; the present is
    /// `end`.
    pub fn replay(scenario: Scenario, seed: u64, journal: Journal, end: SimTime) -> Self {
        let mut timeline = Self::new(Session::new(scenario, seed));
        timeline.end = journal.last().map_or(end, |(at, _)| end.max(*at));
        timeline.script = journal;
        timeline.is_live = false;
        timeline.repeat_deeds();
        timeline
    }

    /// The run at the moment looked at.
    pub const fn session(&self) -> &Session {
        &self.session
    }
    /// The run as far as it is known: at the present, or at the furthest moment reached.
    pub const fn furthest(&self) -> &Session {
        match &self.present {
            Some(present) => present,
            None => &self.session,
        }
    }
    /// Whether the present is looked at.
    pub const fn is_live(&self) -> bool {
        self.is_live
    }
    /// The present.
    pub const fn end(&self) -> SimTime {
        self.end
    }
    /// All that was done up to the present.
    pub const fn journal(&self) -> &Journal {
        if self.is_live { self.session.journal() } else { &self.script }
    }
    /// Whether there is a run that was left.
    pub const fn has_other(&self) -> bool {
        self.left.is_some()
    }
    /// The first command that could not be done again, once: the run was written by another version.
    pub fn take_refused(&mut self) -> Option<CommandError> {
        self.refused.take()
    }

    /// Does what a person asks for, now.
    ///
    /// # Errors
    /// [`CommandError`] with the reason; [`CommandError::Past`] while the past is looked at.
    pub fn execute(&mut self, command: Command) -> Result<(), CommandError> {
        if !self.is_live {
            return Err(CommandError::Past { at: self.session.now(), end: self.end });
        }
        self.session.execute(command)
    }

    /// Moves to `until`, or until `happenings_max` simulated happenings were handled; from the past on into the present. True
    /// when `until` was reached.
    pub fn advance(&mut self, until: SimTime, happenings_max: u64) -> bool {
        let mut left = happenings_max;
        while !self.is_live {
            let stop = until.min(self.next_deed_at()).min(self.end);
            let handled = self.session.world().handled();
            let reached = self.session.advance(stop, left);
            left = left.saturating_sub(self.session.world().handled() - handled);
            self.checkpoints.offer(&self.session);
            if !reached {
                return false;
            }
            self.repeat_deeds();
            if self.session.now() >= self.end {
                self.arrive();
            } else if stop >= until {
                return true;
            }
        }
        let reached = self.session.advance(until.max(self.session.now()), left);
        self.end = self.session.now();
        self.checkpoints.offer(&self.session);
        reached
    }

    /// Looks at `moment`, or at the present if that is later: from the nearest moment before it that is kept, from which
    /// [`Timeline::advance`] leads to it.
    pub fn seek(&mut self, moment: SimTime) {
        if moment >= self.end {
            self.back_to_live();
            return;
        }
        if self.is_live {
            self.is_live = false;
            self.script.clone_from(self.session.journal());
            let nearest = self.checkpoints.before(moment);
            self.present = Some(mem::replace(&mut self.session, nearest));
        } else {
            let nearest = self.checkpoints.before(moment);
            let is_nearer = self.session.now() <= moment && self.session.now() >= nearest.now();
            if !is_nearer {
                self.session = nearest;
            }
        }
        self.repeat_deeds();
    }
    /// Looks at the present again. If it was never reached, [`Timeline::advance`] leads to it.
    pub fn back_to_live(&mut self) {
        if self.present.is_some() {
            self.arrive();
        }
    }
    /// Makes the moment looked at the present. The run as it was is kept, see [`Timeline::return_to_other`].
    ///
    /// # Errors
    /// [`CommandError::NotPast`] if the present is looked at.
    pub fn go_on_from_here(&mut self) -> Result<(), CommandError> {
        if self.is_live {
            return Err(CommandError::NotPast);
        }
        let now = self.session.now();
        if let Some(present) = self.present.take() {
            self.left = Some((present, now));
        }
        self.be_live();
        Ok(())
    }
    /// Goes back to the present of the run that was left; this one is left instead.
    ///
    /// # Errors
    /// [`CommandError::NoOtherRun`].
    pub fn return_to_other(&mut self) -> Result<(), CommandError> {
        let (other, parted) = self.left.take().ok_or(CommandError::NoOtherRun)?;
        self.back_to_live();
        self.left = Some((mem::replace(&mut self.session, other), parted));
        self.checkpoints.forget_after(parted);
        self.be_live();
        Ok(())
    }

    fn arrive(&mut self) {
        if let Some(present) = self.present.take() {
            self.session = present;
        }
        self.be_live();
    }
    fn be_live(&mut self) {
        self.is_live = true;
        self.script.clear();
        self.end = self.session.now();
        self.checkpoints.forget_after(self.end);
    }

    /// Commands that were done are those in the session's own journal: the script's next one follows them.
    fn next_deed_at(&self) -> SimTime {
        self.script.get(self.session.journal().len()).map_or(SimTime::FAR_FUTURE, |(at, _)| *at)
    }
    /// Does again what was done at this moment. A command that is refused, which none is in a journal that this version wrote,
    /// is left out with all that follow: from there on it would be another run.
    fn repeat_deeds(&mut self) {
        while self.next_deed_at() <= self.session.now() {
            let next = self.session.journal().len();
            let command = self.script[next].1.clone();
            if let Err(error) = self.session.execute(command) {
                self.script.truncate(next);
                self.refused = self.refused.take().or(Some(error));
            }
        }
    }
}
