//! What commands do to a run, and what the scenario's own plans do by the same means.

use super::{Command, CommandError, LogKind, Session, undo};
use crate::ids::ServiceId;
use crate::pipeline::{Autonomy, Policy, RuleSet};
use crate::sim::fault::{ActiveFault, FaultSpec};
use crate::topology::TopologyEdit;
use crate::units::SimTime;

impl Session {
    /// Does what a person asks for, now.
    ///
    /// # Errors
    /// [`CommandError`] with the reason; then nothing has changed and nothing is journaled.
    pub fn execute(&mut self, command: Command) -> Result<(), CommandError> {
        let now = self.now();
        self.platform.run(now, u64::MAX);
        match &command {
            Command::Inject(spec) => self.inject(*spec)?,
            Command::RemoveFault(id) => {
                if !self.platform.world_mut().remove_fault(*id) && !self.remove_telemetry(now, *id) {
                    return Err(CommandError::NoFault(*id));
                }
            }
            Command::StopAllFaults => self.stop_all_faults(now),
            Command::Edit(edit) => self.edit(now, edit)?,
            Command::Undo => self.undo(now)?,
            Command::Redo => self.redo(now)?,
            Command::SetAutonomy(autonomy) => self.set_autonomy(now, *autonomy),
            Command::SetKillSwitch(is_on) => self.set_kill_switch(now, *is_on),
            Command::SetDryRun(is_on) => self.set_dry_run(now, *is_on),
            Command::SetPolicy(name) => self.set_policy(now, name)?,
            Command::Approve(id) => self.pipeline.approve(now, *id)?,
            Command::Reject(id) => self.pipeline.reject(now, *id)?,
        }
        self.log_notable();
        self.journal.push((now, command));
        Ok(())
    }

    /// Saying again what is so changes nothing, and so tells nothing: a run whose healing was set to the usual is the same
    /// run as one whose healing was never touched.
    fn set_autonomy(&mut self, now: SimTime, autonomy: Autonomy) {
        if self.pipeline.autonomy() != autonomy {
            self.pipeline.set_autonomy(autonomy);
            self.log.push(now, LogKind::Edit, None, format!("heal dial set to {}", autonomy.name()));
            self.tell_platform();
        }
    }
    fn set_kill_switch(&mut self, now: SimTime, is_on: bool) {
        if self.pipeline.is_stopped() != is_on {
            self.pipeline.set_kill_switch(is_on);
            let text = if is_on { "kill switch on: nothing is done until it is released" } else { "kill switch released" };
            self.log.push(now, LogKind::Edit, None, text.to_owned());
            self.tell_platform();
        }
    }
    fn set_dry_run(&mut self, now: SimTime, is_on: bool) {
        if self.pipeline.is_dry_run() != is_on {
            self.pipeline.set_dry_run(is_on);
            let text = if is_on { "dry run on: the platform is only asked what it would do" } else { "dry run off" };
            self.log.push(now, LogKind::Edit, None, text.to_owned());
            self.tell_platform();
        }
    }
    /// Some policies leave it to the platform's own controllers.
    fn tell_platform(&mut self) {
        let pipeline = &self.pipeline;
        let is_on = pipeline.policy().rule_set == RuleSet::Kubernetes && pipeline.may_act();
        self.platform.world_mut().set_default_controllers(is_on);
    }

    fn set_policy(&mut self, now: SimTime, name: &str) -> Result<(), CommandError> {
        let policy = Policy::named(name).ok_or_else(|| CommandError::UnknownPolicy(name.to_owned()))?;
        if self.pipeline.policy() != &policy {
            self.pipeline.set_policy(policy);
            self.log.push(now, LogKind::Edit, None, format!("healing policy set to '{name}'"));
            self.tell_platform();
        }
        Ok(())
    }

    pub(super) fn inject(&mut self, spec: FaultSpec) -> Result<(), CommandError> {
        /// Faults remembered for reports.
        const PAST_FAULTS_MAX: usize = 1_000;
        let id = match spec.kind.is_of_telemetry() {
            true => self.inject_telemetry(spec)?,
            false => self.platform.world_mut().inject(spec)?,
        };
        let since = self.now();
        if self.past_faults.len() >= PAST_FAULTS_MAX {
            self.past_faults.remove(0);
        }
        self.past_faults.push(ActiveFault { id, spec, since });
        Ok(())
    }

    fn stop_all_faults(&mut self, now: SimTime) {
        let ids: Vec<_> = self.faults().map(|f| f.id).collect();
        self.log.push(now, LogKind::Edit, None, format!("all faults stopped ({})", ids.len()));
        for id in ids {
            if !self.platform.world_mut().remove_fault(id) {
                self.remove_telemetry(now, id);
            }
        }
    }

    pub(super) fn edit(&mut self, now: SimTime, edit: &TopologyEdit) -> Result<(), CommandError> {
        let label = undo::label(edit, self.world().topology());
        let inverse = self.platform.world_mut().edit(edit)?;
        self.edits.done(label.clone(), inverse);
        self.edited(now, label);
        Ok(())
    }

    fn undo(&mut self, now: SimTime) -> Result<(), CommandError> {
        let (label, inverse) = self.edits.last_done().ok_or(CommandError::NothingToUndo)?;
        let again = self.platform.world_mut().edit(&inverse)?;
        self.edits.undone(again);
        self.edited(now, format!("undo: {label}"));
        Ok(())
    }

    fn redo(&mut self, now: SimTime) -> Result<(), CommandError> {
        let (label, edit) = self.edits.last_undone().ok_or(CommandError::NothingToRedo)?;
        let inverse = self.platform.world_mut().edit(&edit)?;
        self.edits.redone(inverse);
        self.edited(now, format!("redo: {label}"));
        Ok(())
    }

    fn edited(&mut self, now: SimTime, text: String) {
        self.structure += 1;
        self.pipeline.set_topology(self.platform.world().topology());
        let exists = |id: ServiceId| self.platform.world().topology().get(id).is_some();
        self.history.retain(exists);
        self.log.push(now, LogKind::Edit, None, text);
    }
}
