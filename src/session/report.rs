//! The report of a run: numbers for comparison, the same bytes for the same run.

use super::mitigation::is_within;
use super::{Aftermath, Healing, Session};
use crate::ids::ServiceId;
use crate::pipeline::AMPLIFIED;
#[cfg(doc)]
use crate::pipeline::Incident;
use crate::pipeline::{Decision, PipelineReport, SloStatus};
use crate::sim::Account;
use crate::sim::fault::{FaultSpec, FaultTarget};
use crate::topology::Topology;
use crate::units::SimTime;
use serde::{Deserialize, Serialize};

/// One fault and how it went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultReport {
    /// Kind: `error_burst`.
    pub kind: String,
    /// `payment` or `frontend -> cart`.
    pub target: String,
    /// Magnitude in the kind's unit.
    pub magnitude: f64,
    /// When it began, s.
    pub began_s: f64,
    /// Time to detect: seconds until the pipeline opened an incident (or until then if one was open); `None` if it never did.
    pub detect_s: Option<f64>,
    /// Time to mitigate: seconds until the incident was over ([`Incident::resolved_at`]); `None` if it is not.
    pub mitigate_s: Option<f64>,
}

/// The report of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// The scenario's name.
    pub scenario: String,
    /// How many of the system's replicas one replica stood for; all rates and counts are those of that model.
    pub scale: u32,
    /// The seed.
    pub seed: u64,
    /// Simulated seconds.
    pub until_s: f64,
    /// The run's digest, hexadecimal.
    pub digest: String,
    /// Users' requests: arrived = completed + failed + rejected + in flight.
    pub requests: Account,
    /// Share of ended users' requests that were answered well.
    pub success_ratio: f64,
    /// Minutes in which at least 1 % of the users' requests failed (counted in seconds).
    pub error_minutes: f64,
    /// Faults injected.
    pub faults: Vec<FaultReport>,
    /// Whether the system returned once everything was lifted; `None` if nothing was done to it.
    pub aftermath: Option<Aftermath>,
    /// How entries stand against their objectives at the end.
    #[serde(default)]
    pub slos: Vec<SloStatus>,
    /// Services that get more attempts than calls are due, by name, with the ratio at the end.
    #[serde(default)]
    pub retry_amplification: Vec<(String, f64)>,
    /// How healing was set.
    #[serde(default)]
    pub healing: Healing,
    /// What the pipeline did.
    pub pipeline: PipelineReport,
    /// Names of the services by their ids; `?` for those that were removed.
    pub services: Vec<String>,
    /// The ledger.
    pub decisions: Vec<Decision>,
}

impl RunReport {
    /// The report of `session` so far.
    pub(super) fn of(session: &Session) -> Self {
        let requests = session.world().account();
        let ended = requests.arrived - requests.in_flight;
        let users = session.users();
        Self {
            scenario: session.scenario().name.clone(),
            scale: session.scenario().scale,
            seed: session.seed(),
            until_s: session.now().as_secs_f64(),
            digest: format!("{:016x}", session.digest()),
            requests,
            success_ratio: if ended == 0 { 1.0 } else { requests.completed as f64 / ended as f64 },
            error_minutes: users.error_seconds as f64 / 60.0,
            faults: session.past_faults().iter().map(|f| fault_report(session, f.spec, f.since)).collect(),
            aftermath: Aftermath::of(session),
            slos: session.pipeline().slos().cloned().collect(),
            retry_amplification: amplified(session),
            healing: Healing::of(session),
            pipeline: session.pipeline().report(),
            services: names(session.world().topology()),
            decisions: session.pipeline().decisions().cloned().collect(),
        }
    }
}

fn fault_report(session: &Session, spec: FaultSpec, began: SimTime) -> FaultReport {
    let is_there = |service| matches!(spec.target, FaultTarget::Monitoring) || spec.target == FaultTarget::Service(service);
    // A fault of telemetry is detected when the pipeline says that it does not believe what it is told.
    let mut alerts = session.pipeline().alerts().filter(|a| a.is_about_telemetry() && is_there(a.service));
    let mut incidents = session.pipeline().incidents();
    let span = match spec.kind.is_of_telemetry() {
        true => alerts.find(|a| a.resolved_at.is_none_or(|at| at >= began)).map(|a| (a.at, a.resolved_at)),
        false => incidents.find(|i| is_within(began, i.resolved_at)).map(|i| (i.detected_at, i.resolved_at)),
    };
    FaultReport {
        kind: spec.kind.name().to_owned(),
        target: target_name(spec.target, session.world().topology()),
        magnitude: spec.magnitude,
        began_s: began.as_secs_f64(),
        detect_s: span.map(|(detected, _)| detected.since(began).as_secs_f64()),
        mitigate_s: span.and_then(|(_, over)| Some(over?.since(began).as_secs_f64())),
    }
}

/// Services with at least a tenth more attempts than calls due.
fn amplified(session: &Session) -> Vec<(String, f64)> {
    let services = session.world().topology().services();
    let all = services.filter_map(|(id, service)| Some((service.name.clone(), session.pipeline().amplification(id)?)));
    all.filter(|(_, attempts)| *attempts >= AMPLIFIED).collect()
}

fn names(topology: &Topology) -> Vec<String> {
    (0..topology.slots()).map(|slot| topology.name(ServiceId(slot as u32)).to_owned()).collect()
}

fn target_name(target: FaultTarget, topology: &Topology) -> String {
    target.words(|id| topology.name(id).to_owned())
}
