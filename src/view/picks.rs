//! Instructive things to break in the system at hand, for *Break something*: a fixed rotation, nothing random.
//!
//! Each pick asks for a name that such systems usually have, and takes the most telling service or edge otherwise:
//! one that others depend on, so that the damage spreads and the cause has to be found.

use super::frame::{EdgeFrame, Frame, ServiceFrame};
use crate::ids::ServiceId;
use crate::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use crate::topology::ServiceKind;
use crate::units::SimDuration;

/// How long a picked fault lasts if nobody stops it: long enough to see detection, healing and verification.
const PICK_SECONDS: u64 = 180;

/// One suggestion.
#[derive(Clone, Debug, PartialEq)]
pub struct Pick {
    /// What happens: `paymentservice fails 60 % of its requests`.
    pub title: String,
    /// What there is to see.
    pub lesson: &'static str,
    /// The fault.
    pub spec: FaultSpec,
}

/// The suggestions for `frame`, in rotation order; empty only without services.
pub fn picks(frame: &Frame) -> Vec<Pick> {
    let pick = |target: FaultTarget, kind: FaultKind, magnitude: f64, verb: &str, lesson: &'static str| Pick {
        title: format!("{} {verb}", super::words::target(frame, target)),
        lesson,
        spec: FaultSpec { target, kind, magnitude, duration: Some(SimDuration::from_secs(PICK_SECONDS)) },
    };
    let service = |names: &[&str], skip: usize| choose_service(frame, names, skip).map(FaultTarget::Service);
    let edge = choose_edge(frame).map(|e| FaultTarget::Edge { from: e.from, to: e.to });
    let candidates = [
        (
            service(&["payment", "auth"], 0),
            FaultKind::ErrorBurst,
            0.6,
            "fails 60 % of its requests",
            "Callers suffer too: who is the cause?",
        ),
        (
            service(&["catalog", "catalogue"], 1),
            FaultKind::CpuHog,
            0.9,
            "loses 90 % of its CPU",
            "Latency rises before anything fails.",
        ),
        (edge, FaultKind::Partition, 1.0, "is cut off", "Both ends are well; the path between them is not."),
        (
            service(&["recommendation", "profile", "user"], 2),
            FaultKind::MemoryLeak,
            8.0,
            "leaks 8 MiB/s",
            "Predicted before it is felt.",
        ),
        (service(&["currency", "order"], 3), FaultKind::InstanceKill, 1.0, "loses an instance", "How long until it is back?"),
        (service(&["shipping", "cart"], 4), FaultKind::Latency, 400.0, "answers 400 ms later", "Slow, but short of nothing."),
        (
            service(&["checkout", "frontend"], 0),
            FaultKind::TelemetryWrong,
            4.0,
            "is said to be four times as busy and slow",
            "All is well: only its telemetry lies. Is it healed of nothing?",
        ),
    ];
    let picked = candidates.into_iter().filter_map(|(target, kind, size, verb, lesson)| {
        let target = target?;
        let alone = kind == FaultKind::ErrorBurst && !has_callers(frame, target);
        Some(pick(target, kind, size, verb, if alone { "Is it the service itself, or what it needs?" } else { lesson }))
    });
    picked.collect()
}

fn has_callers(frame: &Frame, target: FaultTarget) -> bool {
    matches!(target, FaultTarget::Service(id) if frame.edges.iter().any(|e| e.to == id))
}

fn choose_service(frame: &Frame, names: &[&str], skip: usize) -> Option<ServiceId> {
    let healable = |s: &&ServiceFrame| s.kind != ServiceKind::Client;
    let named = names.iter().find_map(|name| frame.services.iter().filter(healable).find(|s| s.name.contains(name)));
    if let Some(service) = named {
        return Some(service.id);
    }
    let mut ranked: Vec<&ServiceFrame> = frame.services.iter().filter(healable).collect();
    ranked.sort_by_key(|s| std::cmp::Reverse(frame.edges.iter().filter(|e| e.to == s.id).count()));
    ranked.get(skip % ranked.len().max(1)).map(|s| s.id)
}

fn choose_edge(frame: &Frame) -> Option<&EdgeFrame> {
    let stores = |e: &&EdgeFrame| {
        frame.service(e.to).is_some_and(|s| matches!(s.kind, ServiceKind::Cache | ServiceKind::Database | ServiceKind::Queue))
    };
    let served = |e: &&EdgeFrame| frame.service(e.from).is_some_and(|s| s.kind != ServiceKind::Client);
    frame.edges.iter().find(stores).or_else(|| frame.edges.iter().find(served)).or_else(|| frame.edges.first())
}
