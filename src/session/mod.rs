//! A session closes the loop: it moves the platform to each scrape, shows the scrape to the pipeline, carries out what
//! it asks for, and takes commands from outside.
//!
//! A run is a function of (scenario, seed, journal): commands are the only outside input, and they are journaled with
//! the time at which they came. What the pipeline decides follows from the run and is not journaled.

mod aftermath;
mod command;
mod disbelief;
mod error;
mod execute;
mod experiment;
mod healing;
mod history;
mod log;
mod mitigation;
pub mod pace;
mod postmortem;
mod report;
mod telemetry;
mod timeline;
mod undo;

pub use aftermath::{Aftermath, Verdict};
pub use command::{Command, Journal};
pub use error::CommandError;
pub use experiment::{Experiment, ExperimentError};
pub use healing::Healing;
pub use history::{History, SystemMetric};
pub use log::{EventLog, LogEntry, LogKind};
pub use report::{FaultReport, RunReport};
pub use telemetry::admit as admit_telemetry_fault;
pub use timeline::Timeline;

use crate::ids::ActionId;
use crate::pipeline::bandit::Bandit;
use crate::pipeline::{ActionRequest, EventKind, Health, Pipeline, Policy};
use crate::platform::{ActionStatus, Platform, Receipt, Simulated, UserStats};
use crate::rng;
use crate::scenario::Scenario;
use crate::scenario::file::Loaded;
use crate::sim::World;
use crate::sim::fault::ActiveFault;
use crate::telemetry::Level;
use crate::units::{SimDuration, SimTime};
use std::sync::Arc;
use telemetry::TelemetryFaults;
use undo::EditHistory;

/// Time between two scrapes: 1 s, the shortest that Prometheus set-ups use in earnest.
pub const SCRAPE_PERIOD: SimDuration = SimDuration::from_secs(1);

/// A run in progress. `Clone` forks it.
#[derive(Clone, Debug)]
pub struct Session {
    scenario: Arc<Scenario>,
    /// What is carried out of it: planned items by time; a model, if the scenario is scaled.
    model: Arc<Scenario>,
    scale_notes: Arc<[String]>,
    platform: Simulated,
    telemetry: TelemetryFaults,
    pipeline: Pipeline,
    journal: Journal,
    history: History,
    log: EventLog,
    edits: EditHistory,
    past_faults: Vec<ActiveFault>,
    /// The last scrape at which a fault was active.
    faulty_until: Option<SimTime>,
    next_scrape: SimTime,
    planned: Planned,
    structure: u64,
}

/// How far the scenario's own plans have been carried out.
#[derive(Clone, Copy, Debug, Default)]
struct Planned {
    faults: usize,
    edits: usize,
    actions: usize,
}

/// Numbers of the scenario's own actions begin here; the pipeline's count from 0.
const PLANNED_ACTIONS: u32 = 1 << 31;

impl Session {
    /// Begins a run of `scenario`, or of its scale model. Healing policy `rules`, heal dial on its default.
    pub fn new(scenario: Scenario, seed: u64) -> Self {
        let (mut model, left_out) = scenario.model();
        model.faults.sort_by_key(|f| f.at);
        model.edits.sort_by_key(|e| e.at);
        model.actions.sort_by_key(|a| a.at);
        let world = World::new(model.topology.clone(), model.cluster.clone(), seed);
        let pipeline = Pipeline::new(world.topology(), Policy::default());
        let mut session = Self {
            scale_notes: scenario.scale_notes().into(),
            scenario: Arc::new(scenario),
            model: Arc::new(model),
            platform: Simulated::new(world),
            telemetry: TelemetryFaults::default(),
            pipeline,
            journal: Journal::new(),
            history: History::default(),
            log: EventLog::default(),
            edits: EditHistory::default(),
            past_faults: Vec::new(),
            faulty_until: None,
            next_scrape: SimTime::ZERO + SCRAPE_PERIOD,
            planned: Planned::default(),
            structure: 1,
        };
        session.platform.drain_notable();
        for item in left_out {
            session.log.push(SimTime::ZERO, LogKind::Edit, None, format!("left out of the scale model: {}", item.message));
        }
        session
    }
    /// Begins a run of what a file or a preset holds, with the healing that it asks for.
    ///
    /// # Errors
    /// [`CommandError`] if there is no such healing policy.
    pub fn open(loaded: &Loaded, seed: u64) -> Result<Self, CommandError> {
        let mut session = Self::new(loaded.scenario.clone(), seed);
        for command in Command::healing(&loaded.run) {
            session.execute(command)?;
        }
        Ok(session)
    }
    /// Runs a journal again from the start, up to `until`.
    ///
    /// # Errors
    /// The first command that is refused; a journal written by a session has none.
    pub fn replay(scenario: Scenario, seed: u64, journal: &Journal, until: SimTime) -> Result<Self, CommandError> {
        let mut session = Self::new(scenario, seed);
        for (at, command) in journal.iter().filter(|(at, _)| *at <= until) {
            session.advance(*at, u64::MAX);
            session.execute(command.clone())?;
        }
        session.advance(until, u64::MAX);
        Ok(session)
    }

    /// The present.
    pub const fn now(&self) -> SimTime {
        self.platform.world().now()
    }
    /// The run's seed.
    pub const fn seed(&self) -> u64 {
        self.platform.world().seed()
    }
    /// What was started: the system as it is said to be, even if a model of it is run.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }
    /// What the scale model does not keep of the system; empty if none is run.
    pub fn scale_notes(&self) -> &[String] {
        &self.scale_notes
    }
    /// The simulated system. The pipeline never sees it.
    pub const fn world(&self) -> &World {
        self.platform.world()
    }
    /// The brain.
    pub const fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }
    /// Gives the policy `bandit` other weights than those that ship. Not a command and not journaled: for training, and for
    /// weights that a call names, before the run begins.
    pub fn set_bandit(&mut self, bandit: Bandit) {
        self.pipeline.set_bandit(bandit);
    }
    /// All outside input so far.
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }
    /// Samples for charts.
    pub const fn history(&self) -> &History {
        &self.history
    }
    /// What happened, one line each.
    pub const fn events(&self) -> &EventLog {
        &self.log
    }
    /// How the users fare.
    pub const fn users(&self) -> UserStats {
        self.platform.users()
    }
    /// Grows with each change of services or edges.
    pub const fn structure(&self) -> u64 {
        self.structure
    }
    /// What undo would take back.
    pub fn undo_label(&self) -> Option<&str> {
        self.edits.undo_label()
    }
    /// What redo would repeat.
    pub fn redo_label(&self) -> Option<&str> {
        self.edits.redo_label()
    }
    /// Faults that were ever active, in the order they began (the newest 1,000).
    pub fn past_faults(&self) -> &[ActiveFault] {
        &self.past_faults
    }
    /// A hash of the whole run so far: the world and everything the pipeline said.
    pub fn digest(&self) -> u64 {
        rng::fold(self.world().digest(), self.log.digest())
    }

    /// Moves to `until`, or until `happenings_max` simulated happenings were handled. True when `until` was reached.
    pub fn advance(&mut self, until: SimTime, happenings_max: u64) -> bool {
        let stop_at = self.world().handled().saturating_add(happenings_max);
        loop {
            let stop = until.min(self.next_scrape).min(self.next_planned());
            let reached = self.platform.run(stop, stop_at.saturating_sub(self.world().handled()));
            self.log_notable();
            if !reached {
                return false;
            }
            self.do_planned(stop);
            if stop == self.next_scrape {
                self.scrape(stop);
            }
            if stop >= until {
                return true;
            }
        }
    }

    fn next_planned(&self) -> SimTime {
        let (model, planned) = (&self.model, self.planned);
        let fault = model.faults.get(planned.faults).map(|f| f.at);
        let edit = model.edits.get(planned.edits).map(|e| e.at);
        let action = model.actions.get(planned.actions).map(|a| a.at);
        [fault, edit, action].into_iter().flatten().min().unwrap_or(SimTime::FAR_FUTURE)
    }

    /// Carries out what the scenario has planned for now: edits first, so that a fault finds the system as it is to be.
    fn do_planned(&mut self, now: SimTime) {
        while let Some(planned) = self.model.edits.get(self.planned.edits).filter(|e| e.at <= now).cloned() {
            self.planned.edits += 1;
            if let Err(error) = self.edit(now, &planned.edit) {
                self.log.push(now, LogKind::Edit, None, format!("planned change refused: {error}"));
            }
        }
        while let Some(planned) = self.model.faults.get(self.planned.faults).filter(|f| f.at <= now).copied() {
            self.planned.faults += 1;
            if let Err(error) = self.inject(planned.spec) {
                self.log.push(now, LogKind::Fault, None, format!("planned fault refused: {error}"));
            }
        }
        while let Some(planned) = self.model.actions.get(self.planned.actions).filter(|a| a.at <= now).copied() {
            self.planned.actions += 1;
            let id = ActionId(PLANNED_ACTIONS + self.planned.actions as u32);
            let receipt = self.platform.apply(now, id, planned.action);
            let text = format!("planned {} {}", planned.action.name(), answer_of(&receipt));
            self.log.push(now, LogKind::Platform, Some(planned.action.service()), text);
        }
    }

    fn scrape(&mut self, now: SimTime) {
        self.next_scrape = now + SCRAPE_PERIOD;
        self.end_telemetry_faults(now);
        if self.faults().next().is_some() {
            self.faulty_until = Some(now);
        }
        let scrape = self.platform.observe(now);
        let scrape = self.telemetry.distorted_mut().pass(now, scrape);
        self.history.record(now, &scrape.observations, self.platform.users());
        for line in scrape.logs.iter().filter(|l| l.level > Level::Info) {
            self.log.push(line.at, LogKind::Service, Some(line.service), line.text.clone());
        }
        let outcome = self.pipeline.step(now, &scrape);
        self.history.record_health(now, self.worst_health());
        for event in outcome.log {
            let kind = if event.kind == EventKind::Decision { LogKind::Decision } else { LogKind::Alert };
            self.log.push(now, kind, event.service, event.text);
        }
        for request in outcome.requests {
            self.carry_out(now, request);
        }
    }

    fn worst_health(&self) -> Health {
        let services = self.world().topology().services();
        services.filter_map(|(id, _)| Some(self.pipeline.signal(id)?.health)).max().unwrap_or_default()
    }

    fn carry_out(&mut self, now: SimTime, request: ActionRequest) {
        let ActionRequest { id, action, is_dry_run, .. } = request;
        let receipt = if is_dry_run { self.platform.rehearse(now, id, action) } else { self.platform.apply(now, id, action) };
        let how = if is_dry_run { "dry run: " } else { "" };
        self.log.push(now, LogKind::Platform, Some(action.service()), format!("{how}{} {}", action.name(), answer_of(&receipt)));
        self.pipeline.receipt(&receipt);
    }

    fn log_notable(&mut self) {
        for (at, event) in self.platform.drain_notable() {
            self.log.push_event(at, &event, self.platform.world().topology());
        }
    }

    /// The run's report so far.
    pub fn report(&self) -> RunReport {
        RunReport::of(self)
    }
}

fn answer_of(receipt: &Receipt) -> String {
    match &receipt.status {
        ActionStatus::Accepted => "accepted".to_owned(),
        ActionStatus::Done => "done".to_owned(),
        ActionStatus::Rehearsed => "would be accepted".to_owned(),
        ActionStatus::Failed(error) => format!("refused: {error}"),
    }
}
