//! What the stages hand on: `Signal` -> `Forecast` -> `Diagnosis` -> `Decision`, and what people read of it.

use super::failure::FailureClass;
use super::suspects::Place;
use crate::ids::{ActionId, DecisionId, IncidentId, ServiceId};
use crate::platform::Action;
use crate::telemetry::Metric;
use crate::units::{Ratio, SimDuration, SimTime};
use serde::{Deserialize, Serialize};

/// Health of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// No samples (yet, or any more), or none that can be believed.
    #[default]
    Unknown,
    /// All metrics below their first threshold.
    Healthy,
    /// Some metric at or above its first threshold.
    Degraded,
    /// Some metric at or above its second threshold, or no instance ready.
    Critical,
}

/// One piece of evidence: a metric against what it was held to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// One line for people, with numbers and units: `errors 62.0 % >= 5 %`.
    pub text: String,
    /// The metric, if it is about one.
    pub metric: Option<Metric>,
    /// Its value.
    pub value: f64,
    /// The threshold or reference it was compared with.
    pub reference: f64,
}

/// Monitor's verdict on one service at one scrape.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// State after hysteresis.
    pub health: Health,
    /// Since when it is in this state.
    pub since: SimTime,
    /// Why it is not healthy; empty when it is.
    pub reasons: Vec<Evidence>,
    /// What else was noticed and changes no verdict by itself: telemetry with gaps, values unlike before, news in the log.
    #[serde(default)]
    pub notes: Vec<Evidence>,
}

/// Where a metric is heading. Cannot be built without its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// Which metric.
    pub metric: Metric,
    /// Seconds ahead that `value` is for.
    pub horizon_s: f64,
    /// Expected value then, in the metric's unit.
    pub value: f64,
    /// Lower end of the 90 % interval.
    pub low: f64,
    /// Upper end of the 90 % interval.
    pub high: f64,
    /// The Critical threshold it is held against.
    pub threshold: f64,
    /// Probability that it reaches the threshold within the horizon.
    pub breach_probability: Ratio,
    /// Seconds until it reaches the threshold: expected, earliest, latest (90 %); `None` if it is not heading there.
    pub breach_in_s: Option<(f64, f64, f64)>,
}

/// What is wrong with a service and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The service with the symptoms.
    pub service: ServiceId,
    /// Kind of failure.
    pub class: FailureClass,
    /// The service held to be the cause (itself, or a dependency); of a machine's or a zone's failure, the service itself.
    pub cause: ServiceId,
    /// Where exactly the cause is held to be.
    pub place: Place,
    /// The metric that tells the most.
    pub metric: Option<Metric>,
    /// How sure, 0..=1.
    pub confidence: Ratio,
    /// What speaks for it.
    pub evidence: Vec<Evidence>,
}

/// What a decision does: an action, or deliberately nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Ask the platform for this.
    Act(Action),
    /// Leave it alone: a dependency is the cause, or an action is still working.
    Hold,
    /// Nothing in the catalogue would help (any more): a person is needed.
    Page,
}

/// What a candidate is worth, in services that are out for ten minutes (the catalogue's unit).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Worth {
    /// Probability that it removes the cause, 0..=1.
    pub chance: f64,
    /// Harm avoided if it does.
    pub saved: f64,
    /// What it costs even if all goes well.
    pub cost: f64,
    /// What may go wrong, times whom that reaches.
    pub risk: f64,
}

impl Worth {
    /// Chance times harm avoided, less cost and risk.
    pub fn score(&self) -> f64 {
        self.chance * self.saved - self.cost - self.risk
    }
}

/// A candidate with its score. The chosen one has no reason against it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// What it would do.
    pub choice: Choice,
    /// Expected benefit less cost and risk; comparable within one decision only, higher is better.
    pub score: f64,
    /// What the score is made of; all 0 if the policy does not weigh.
    pub worth: Worth,
    /// Vetoed: not admissible whatever its score.
    pub vetoed: bool,
    /// Why it is (not) this one.
    pub reason: String,
}

/// How far a decision is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionState {
    /// Recorded only: the dial is on Advise.
    Advised,
    /// It is left alone on purpose.
    Held,
    /// A person was called.
    Paged,
    /// What would have been done, or who called, but for the kill switch.
    Stopped,
    /// A person has until `expires_at` to approve or reject.
    AwaitingApproval,
    /// The platform is at it.
    Executing,
    /// Done; watching whether it helped.
    Verifying,
    /// It helped.
    Succeeded,
    /// Nothing changed for the better.
    NoEffect,
    /// It got worse.
    MadeWorse,
    /// A person said no.
    Rejected,
    /// The service recovered, or the system changed, before it was carried out.
    Expired,
    /// The platform refused or gave up.
    Failed,
    /// It did not help, and was taken back.
    Undone,
    /// A dry run: the platform said what it would do, and did nothing.
    Rehearsed,
}

impl DecisionState {
    /// Whether it was only said: nothing was asked of the platform, and nothing was to be.
    pub const fn is_only_said(self) -> bool {
        matches!(self, Self::Advised | Self::Held | Self::Paged | Self::Stopped)
    }
    /// Words for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Advised => "Advised",
            Self::Held => "Held",
            Self::Paged => "Paged",
            Self::Stopped => "Not done: kill switch",
            Self::AwaitingApproval => "Awaiting approval",
            Self::Executing => "Executing",
            Self::Verifying => "Verifying",
            Self::Succeeded => "Succeeded",
            Self::NoEffect => "No effect",
            Self::MadeWorse => "Made it worse",
            Self::Rejected => "Rejected",
            Self::Expired => "Expired",
            Self::Failed => "Failed",
            Self::Undone => "Undone",
            Self::Rehearsed => "Dry run",
        }
    }
}

/// One entry of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Its number.
    pub id: DecisionId,
    /// When it was taken.
    pub at: SimTime,
    /// Which incident it belongs to.
    pub incident: Option<IncidentId>,
    /// The service it is about.
    pub service: ServiceId,
    /// What was diagnosed.
    pub diagnosis: Diagnosis,
    /// The forecast that counted, if one did.
    pub forecast: Option<Forecast>,
    /// What was chosen.
    pub chosen: Candidate,
    /// What was not, with reasons, best first.
    pub rejected: Vec<Candidate>,
    /// How far it is.
    pub state: DecisionState,
    /// The platform's number for its action.
    pub action: Option<ActionId>,
    /// When approval times out (then it is carried out).
    pub expires_at: Option<SimTime>,
    /// A dry run: it goes the full way, but the platform is only asked what it would do.
    #[serde(default)]
    pub is_dry_run: bool,
    /// What came of it: the platform's answer, the comparison before and after.
    pub outcome: String,
}

/// How far the healer may go by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Autonomy {
    /// Watch and alert only.
    Off,
    /// Decide and record, never act.
    Advise,
    /// Act after approval, or when the time to object is over.
    #[default]
    Ask,
    /// Act at once.
    Auto,
}

impl Autonomy {
    /// All, in the dial's order.
    pub const ALL: [Self; 4] = [Self::Off, Self::Advise, Self::Ask, Self::Auto];

    /// The dial's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "Off",
            Self::Advise => "Advise",
            Self::Ask => "Ask",
            Self::Auto => "Auto",
        }
    }
}

/// How loud an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Degraded.
    Warning,
    /// Critical: pages somebody.
    Critical,
}

/// One alert: at most one at a time per service, severity goes up as needed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Since when.
    pub at: SimTime,
    /// The incident that it belongs to.
    pub incident: Option<IncidentId>,
    /// About whom.
    pub service: ServiceId,
    /// How loud.
    pub severity: Severity,
    /// One line for people.
    pub text: String,
    /// When it ended; `None` while it fires.
    pub resolved_at: Option<SimTime>,
}

impl Alert {
    /// How alerts about an error budget that burns begin.
    pub const SLO: &'static str = "SLO";
    /// How alerts about telemetry that cannot be believed begin.
    pub const TELEMETRY: &'static str = "TELEMETRY";

    /// Whether it is about the users' objective rather than about the service.
    pub fn is_about_slo(&self) -> bool {
        self.text.starts_with(Self::SLO)
    }
    /// Whether it is about what is told of the service rather than about the service.
    pub fn is_about_telemetry(&self) -> bool {
        self.text.starts_with(Self::TELEMETRY)
    }
}

/// One incident: from the first unhealthy service to all being healthy again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its number.
    pub id: IncidentId,
    /// First symptom noticed.
    pub detected_at: SimTime,
    /// When it was over: nobody had been in trouble for [`crate::pipeline::CALM_SCRAPES`] scrapes in a row.
    pub resolved_at: Option<SimTime>,
    /// Services touched, in the order they were noticed.
    pub services: Vec<ServiceId>,
    /// The service that most diagnoses so far hold to be the cause.
    pub cause: Option<ServiceId>,
    /// Kind of failure by the first diagnosis of the cause that stood.
    pub class: Option<FailureClass>,
    /// The place that most diagnoses so far hold to be the cause: it may be a call, a machine or a zone.
    pub place: Option<Place>,
}

impl Incident {
    /// Time from `began` to the moment it was over; `None` while it is open.
    pub fn mitigated_after(&self, began: SimTime) -> Option<SimDuration> {
        Some(self.resolved_at?.since(began))
    }
}
