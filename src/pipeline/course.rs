//! The course of findings over scrapes: how long each has stood, which are confirmed, and which are echoes. An echo is
//! trouble of its own that a service shows just after somebody else's: windows drain, queues and gates close one after
//! the other, and a healer that believes it restarts every caller of what it has just healed.

use super::classify::{Finding, Trouble};
use super::failure::FailureClass;
use super::policy::Policy;
use super::suspects::Place;
use super::types::{Evidence, Health};
use super::wiring::Wiring;
use crate::ids::ServiceId;
use crate::telemetry::Metric;
use crate::units::{SimDuration, SimTime};
use std::collections::BTreeMap;

/// For how long what a dependency did may linger in its callers: two metric windows.
const ECHO: SimDuration = SimDuration::from_secs(2 * Metric::WINDOW_S);

/// How long a finding has stood: class, cause, scrapes in a row.
type Standing = (FailureClass, ServiceId, u32);

/// What the last scrapes said.
#[derive(Clone, Debug, Default)]
pub(super) struct Course {
    standing: BTreeMap<ServiceId, Standing>,
    /// When a service last suffered from somebody else, and from whom.
    blamed: BTreeMap<ServiceId, (SimTime, ServiceId)>,
}

impl Course {
    /// Turns echoes into what they echo and counts for how long each finding has stood.
    pub fn follow(&mut self, now: SimTime, wiring: &Wiring, mut findings: Vec<Finding>) -> Vec<Finding> {
        for finding in &mut findings {
            self.unmask(now, wiring, finding);
        }
        let standing = findings.iter().map(|f| {
            let (class, cause) = (f.diagnosis.class, f.diagnosis.cause);
            let before = self.standing.get(&f.diagnosis.service).filter(|(c, s, _)| (*c, *s) == (class, cause));
            (f.diagnosis.service, (class, cause, before.map_or(1, |(_, _, n)| n.saturating_add(1))))
        });
        self.standing = standing.collect();
        findings
    }
    fn unmask(&mut self, now: SimTime, wiring: &Wiring, finding: &mut Finding) {
        let (service, cause) = (finding.diagnosis.service, finding.diagnosis.cause);
        let recent = |id: ServiceId| self.blamed.get(&id).filter(|(at, _)| now.since(*at) <= ECHO).map(|(_, cause)| *cause);
        match finding.trouble {
            Trouble::Dependency => match recent(cause) {
                Some(real) if real != service => finding.diagnosis.cause = real,
                _ => _ = self.blamed.insert(service, (now, cause)),
            },
            Trouble::Edge { .. } => _ = self.blamed.insert(service, (now, cause)),
            Trouble::Cpu | Trouble::Memory | Trouble::Errors | Trouble::Latency if !finding.is_early => {
                if let Some(real) = recent(service).filter(|real| *real != service) {
                    make_echo(finding, real, wiring);
                }
            }
            _ => {}
        }
    }
    /// Findings that count as trouble: not merely expected, not the usual, and network evidence only once it stands,
    /// because requests still in flight look like lost ones for a scrape or two.
    pub fn confirmed<'a>(&self, findings: &'a [Finding], policy: &Policy) -> Vec<&'a Finding> {
        let stands = |f: &&Finding| {
            let is_network = matches!(f.trouble, Trouble::Edge { .. } | Trouble::Host);
            !is_network || f.is_believed || self.scrapes(f) >= policy.patience_scrapes
        };
        findings.iter().filter(|f| !f.is_early && !f.is_chronic).filter(stands).collect()
    }
    /// Whether it has stood long enough to decide on.
    pub fn is_ripe(&self, finding: &Finding, is_pressing: bool, policy: &Policy) -> bool {
        let is_urgent = finding.is_early || is_pressing || finding.severity == Health::Critical;
        let patience = if is_urgent { policy.patience_scrapes } else { policy.degraded_scrapes };
        !finding.is_chronic && (finding.is_believed || self.scrapes(finding) >= patience)
    }
    fn scrapes(&self, finding: &Finding) -> u32 {
        self.standing.get(&finding.diagnosis.service).map_or(0, |(_, _, n)| *n)
    }
    /// Forgets what is no longer declared.
    pub fn retain(&mut self, wiring: &Wiring) {
        self.standing.retain(|id, _| wiring.get(*id).is_some());
        self.blamed.retain(|id, (_, cause)| wiring.get(*id).is_some() && wiring.get(*cause).is_some());
    }
}

fn make_echo(finding: &mut Finding, real: ServiceId, wiring: &Wiring) {
    let text = format!("suffered from {} within the last {:.0} s", wiring.name(real), ECHO.as_secs_f64());
    finding.trouble = Trouble::Dependency;
    finding.diagnosis.class = FailureClass::Dependency;
    finding.diagnosis.cause = real;
    finding.diagnosis.place = Place::Service(real);
    finding.diagnosis.evidence.insert(0, Evidence { text, metric: None, value: 0.0, reference: 0.0 });
}
