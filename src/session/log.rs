//! The event log: one line for each thing worth reading, bounded, and hashed into the run's digest.

use crate::ids::ServiceId;
use crate::platform::{ActionStatus, Receipt};
use crate::rng;
use crate::sim::fault::{ActiveFault, FaultTarget};
use crate::sim::{Event, Exit};
use crate::topology::Topology;
use crate::units::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Entries kept; older ones are forgotten (the page shows 200).
const ENTRIES_MAX: usize = 2_000;

/// What kind of thing a log entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogKind {
    /// A fault began or ended.
    Fault,
    /// Health changed or an alert fired.
    Alert,
    /// A decision, its receipt or its verification.
    Decision,
    /// The platform started, killed, scaled something.
    Platform,
    /// Somebody changed the system or a setting.
    Edit,
    /// A service's own log line.
    Service,
}

/// One line of the event log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Its number within the run (stable key).
    pub number: u64,
    /// When.
    pub at: SimTime,
    /// What about.
    pub kind: LogKind,
    /// Which service, if one.
    pub service: Option<ServiceId>,
    /// The line.
    pub text: String,
}

/// The newest entries, oldest first.
#[derive(Clone, Debug, Default)]
pub struct EventLog {
    entries: VecDeque<LogEntry>,
    written: u64,
    digest: u64,
}

impl EventLog {
    /// Entries, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &LogEntry> {
        self.entries.iter()
    }
    /// How many lines were ever written.
    pub const fn written(&self) -> u64 {
        self.written
    }
    /// A hash of every line ever written.
    pub const fn digest(&self) -> u64 {
        self.digest
    }
    pub(super) fn push(&mut self, at: SimTime, kind: LogKind, service: Option<ServiceId>, text: String) {
        self.written += 1;
        self.digest = rng::fold(rng::fold(self.digest, at.as_nanos()), rng::label(&text));
        if self.entries.len() >= ENTRIES_MAX {
            self.entries.pop_front();
        }
        self.entries.push_back(LogEntry { number: self.written, at, kind, service, text });
    }
    /// Puts an event of the world in words.
    pub(super) fn push_event(&mut self, at: SimTime, event: &Event, topology: &Topology) {
        match event {
            Event::FaultBegan(fault) => self.push_fault(at, fault, topology, "began"),
            Event::FaultEnded(fault) => self.push_fault(at, fault, topology, "ended"),
            Event::Started { service, instance } => {
                self.push(at, LogKind::Platform, Some(*service), format!("instance {instance} starts"));
            }
            Event::BecameReady { service, instance } => {
                self.push(at, LogKind::Platform, Some(*service), format!("instance {instance} is ready"));
            }
            Event::Exited { service, instance, exit, .. } => {
                let why = match exit {
                    Exit::OutOfMemory => "was killed: out of memory",
                    Exit::Killed => "was killed",
                    Exit::Crashed => "crashed",
                    Exit::Unhealthy => "was killed: its liveness probe failed",
                    Exit::NodeLost => "was lost with its node",
                    Exit::Retired => "was retired",
                };
                self.push(at, LogKind::Platform, Some(*service), format!("instance {instance} {why}"));
            }
            Event::ActionEnded(receipt) => self.push_receipt(at, receipt),
            _ => self.push_platform(at, event),
        }
    }
    /// What the platform does by itself.
    fn push_platform(&mut self, at: SimTime, event: &Event) {
        let (service, text) = match event {
            Event::BecameUnready { service, instance } => (Some(*service), format!("instance {instance} is out of service")),
            Event::Pending { service, instance } => (Some(*service), format!("instance {instance} waits for room on a node")),
            Event::Scaled { service, from, to, by_autoscaler } => {
                let who = if *by_autoscaler { " by the autoscaler" } else { "" };
                (Some(*service), format!("scaled from {from} to {to} instances{who}"))
            }
            Event::RollOutBegan { service, version } => (Some(*service), format!("roll-out of version {version} began")),
            Event::RollOutEnded { service, version, complete: true } => {
                (Some(*service), format!("roll-out of version {version} is complete"))
            }
            Event::RollOutEnded { service, version, .. } => {
                (Some(*service), format!("roll-out of version {version} makes no progress"))
            }
            Event::NodeLost { node } => (None, format!("node {node} is gone")),
            Event::NodeJoined { node } => (None, format!("node {node} is there")),
            _ => return,
        };
        self.push(at, LogKind::Platform, service, text);
    }
    pub(super) fn push_fault(&mut self, at: SimTime, fault: &ActiveFault, topology: &Topology, word: &str) {
        let scale = fault.spec.kind.scale();
        let service = match fault.spec.target {
            FaultTarget::Service(id) | FaultTarget::Instance { service: id, .. } => Some(id),
            FaultTarget::Edge { to, .. } => Some(to),
            FaultTarget::Node(_) | FaultTarget::Zone(_) | FaultTarget::Zones(..) | FaultTarget::Monitoring => None,
        };
        let place = fault.spec.target.words(|id| topology.name(id).to_owned());
        let text = format!("fault {word}: {} on {place}, {} {}", scale.label, fault.spec.magnitude, scale.unit);
        self.push(at, LogKind::Fault, service, text);
    }
    fn push_receipt(&mut self, at: SimTime, receipt: &Receipt) {
        let end = match &receipt.status {
            ActionStatus::Failed(error) => format!("failed: {error}"),
            ActionStatus::Accepted | ActionStatus::Done => "done".to_owned(),
            ActionStatus::Rehearsed => "rehearsed".to_owned(),
        };
        self.push(at, LogKind::Platform, Some(receipt.action.service()), format!("{} {end}", receipt.action.name()));
    }
}
