//! The page's words for states, actions and faults, fixed once so that every place says the same.

use super::format;
use super::frame::{Frame, Lane, ServiceFrame};
use super::insight::Insight;
use crate::ids::ServiceId;
use crate::pipeline::{Choice, Decision, DecisionState, FailureClass, Forecast, Health, ObservedEdge, SloStatus, TIME_SCALE};
use crate::platform::Action;
use crate::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use crate::telemetry::Metric;

/// What it means that a scale model of the system is run, and what the model does not keep.
pub fn scale(scale: u32, notes: &[String]) -> String {
    let mut text = format!(
        "A model of a system {scale} times as large: one instance stands for {scale}. Rates, counts and instances shown are the \
         model's; shares, CPU use and latencies are as in the system, with a little more spread because fewer instances share \
         the load."
    );
    for note in notes {
        text.push_str("\n- ");
        text.push_str(note);
    }
    text
}

/// The state word of a service's health.
pub const fn health(health: Health) -> &'static str {
    match health {
        Health::Unknown => "Unknown",
        Health::Healthy => "Healthy",
        Health::Degraded => "Degraded",
        Health::Critical => "Critical",
    }
}

/// The same for attributes: `healthy`, `degraded`, `critical`, `unknown`.
pub const fn health_key(health: Health) -> &'static str {
    match health {
        Health::Unknown => "unknown",
        Health::Healthy => "healthy",
        Health::Degraded => "degraded",
        Health::Critical => "critical",
    }
}

/// A failure class as a phrase: `own failure`, `short of CPU or memory`.
pub const fn class(class: FailureClass) -> &'static str {
    match class {
        FailureClass::ResourceCpu => "CPU taken by something beside its requests",
        FailureClass::ResourceMemory => "short of memory",
        FailureClass::ResourceDisk => "waits for its disk",
        FailureClass::ResourcePool => "out of connections or workers",
        FailureClass::Application => "fails, hangs or crashes by itself",
        FailureClass::Change => "broken by a roll-out or a change of configuration",
        FailureClass::Network => "network path is failing",
        FailureClass::Dependency => "suffers from somebody it depends on",
        FailureClass::Overload => "more work than it has room for",
        FailureClass::Node => "machine is gone",
        FailureClass::Zone => "zone is gone",
        FailureClass::NoisyNeighbour => "machine is used by other tenants",
        FailureClass::Unknown => "cause not known",
    }
}

/// A metric's name in running text.
pub const fn metric(metric: Metric) -> &'static str {
    match metric {
        Metric::CpuUtilisation => "CPU",
        Metric::MemoryUtilisation => "memory",
        Metric::ErrorRatio => "errors",
        Metric::LatencyP50 => "median latency",
        Metric::LatencyP95 => "p95 latency",
        Metric::LatencyP99 => "p99 latency",
        Metric::RequestRate => "request rate",
        Metric::QueueLen => "queue",
        Metric::Restarts => "restarts",
        Metric::ReplicasReady => "instances ready",
        Metric::ReplicasDesired => "instances wanted",
        Metric::GoodRatio => "good requests",
    }
}

/// A value of `metric` in its own unit, as people read it.
pub fn metric_value(metric: Metric, value: f64) -> String {
    match metric {
        Metric::CpuUtilisation | Metric::MemoryUtilisation | Metric::ErrorRatio | Metric::GoodRatio => format::percent(value),
        Metric::LatencyP50 | Metric::LatencyP95 | Metric::LatencyP99 => format::latency(value),
        Metric::RequestRate => format::rate(value),
        _ => format::number(value),
    }
}

/// What a choice does: `Restart cartservice`, `Hold: wait for paymentservice`.
pub fn choice(frame: &Frame, choice: &Choice) -> String {
    match choice {
        Choice::Act(action) => action_text(frame, action),
        Choice::Hold => "Hold: leave it alone".to_owned(),
        Choice::Page => "Page a person".to_owned(),
    }
}

/// What a decision does, and to whom: `Leave cartservice alone`.
pub fn decision(frame: &Frame, decision: &Decision) -> String {
    let name = frame.name(decision.service);
    match decision.chosen.choice {
        Choice::Act(_) => choice(frame, &decision.chosen.choice),
        Choice::Hold => format!("Leave {name} alone"),
        Choice::Page => format!("Page a person about {name}"),
    }
}

/// The seed's name of a choice: `SCALE_UP`, `HOLD`, `PAGE`.
pub const fn choice_key(choice: &Choice) -> &'static str {
    match choice {
        Choice::Act(action) => action.name(),
        Choice::Hold => "HOLD",
        Choice::Page => "PAGE",
    }
}

fn action_text(frame: &Frame, action: &Action) -> String {
    match action {
        Action::ScaleUp { service, by } => format!("Scale {} up by {by}", frame.name(*service)),
        Action::Restart { service } => format!("Restart {}", frame.name(*service)),
        Action::RerouteEdge { from, to } => format!("Reroute {} → {}", frame.name(*from), frame.name(*to)),
        Action::RerouteService { service } => format!("Take the slowest instance of {} out", frame.name(*service)),
        _ => match action.edge() {
            Some((from, to)) => edge_action_text(action, &format!("{} → {}", frame.name(from), frame.name(to))),
            None => service_action_text(action, &frame.name(action.service())),
        },
    }
}

fn edge_action_text(action: &Action, edge: &str) -> String {
    match action {
        Action::OpenBreaker { .. } => format!("Stop calls {edge}"),
        Action::CloseBreaker { .. } => format!("Let calls {edge} go again"),
        Action::SetAttempts { attempts, .. } => format!("At most {attempts} attempts on {edge}"),
        Action::SetTimeout { timeout, .. } => format!("Time-out of {edge} to {:.0} ms", timeout.as_millis_f64()),
        Action::SetPool { size, .. } => format!("{size} connections on {edge}"),
        Action::AddJitter { .. } => format!("Jitter for retries on {edge}"),
        Action::RestoreEdge { .. } => format!("Put {edge} back on the direct path"),
        _ => format!("{} of {edge}", action.name()),
    }
}

fn service_action_text(action: &Action, name: &str) -> String {
    let zone = |zone: u8| char::from(b'a' + zone.min(25));
    match action {
        Action::ScaleTo { replicas, .. } => format!("Scale {name} to {replicas}"),
        Action::Resize { cpu, .. } => format!("Give {name} {}m CPU", cpu.0),
        Action::Evict { instance, .. } => format!("Move instance {instance} of {name}"),
        Action::DrainZone { zone: z, .. } => format!("Drain {name} in zone {}", zone(*z)),
        Action::UndrainZone { zone: z, .. } => format!("Let {name} in zone {} work again", zone(*z)),
        Action::RollBack { .. } => format!("Roll {name} back"),
        Action::PauseRollOut { .. } => format!("Pause the roll-out of {name}"),
        Action::ResumeRollOut { .. } => format!("Resume the roll-out of {name}"),
        Action::Shed { percent: 0, .. } => format!("Stop shedding at {name}"),
        Action::Shed { percent, .. } => format!("Shed {percent} % at {name}"),
        Action::RateLimit { per_s: 0, .. } => format!("Lift the rate limit of {name}"),
        Action::RateLimit { per_s, .. } => format!("Limit {name} to {per_s}/s an instance"),
        Action::FlushQueue { .. } => format!("Flush the queues of {name}"),
        Action::WarmCache { .. } => format!("Warm {name}"),
        Action::CordonNode { node, .. } => format!("Cordon node {node} and move {name} away"),
        Action::UncordonNode { node, .. } => format!("Use node {node} again"),
        Action::FailOver { .. } => format!("Fail {name} over"),
        Action::ThrottleEntry { percent, .. } => format!("Let {percent} % of the users into {name}"),
        _ => format!("{} {name}", action.name()),
    }
}

/// Whether a forecast is worth a warning: likely, ahead of us, and about a service that is not in trouble already.
pub fn is_warning(service: &ServiceFrame, forecast: &Forecast) -> bool {
    let ahead = forecast.breach_in_s.is_some_and(|(expected, ..)| expected >= 1.0);
    ahead && forecast.breach_probability.get() >= 0.5 && service.signal.health != Health::Critical && !service.healing
}

/// Whether something is still to come of a decision.
pub const fn is_open(state: DecisionState) -> bool {
    matches!(state, DecisionState::AwaitingApproval | DecisionState::Executing | DecisionState::Verifying)
}

/// A decision's state for attributes: `awaiting_approval`.
pub const fn state_key(state: DecisionState) -> &'static str {
    match state {
        DecisionState::Advised => "advised",
        DecisionState::Held => "held",
        DecisionState::Paged => "paged",
        DecisionState::Stopped => "stopped",
        DecisionState::AwaitingApproval => "awaiting_approval",
        DecisionState::Executing => "executing",
        DecisionState::Verifying => "verifying",
        DecisionState::Succeeded => "succeeded",
        DecisionState::NoEffect => "no_effect",
        DecisionState::MadeWorse => "made_worse",
        DecisionState::Rejected => "rejected",
        DecisionState::Expired => "expired",
        DecisionState::Failed => "failed",
        DecisionState::Undone => "undone",
        DecisionState::Rehearsed => "rehearsed",
    }
}

/// Where a fault sits: `cartservice`, `cartservice → redis-cart`.
pub fn target(frame: &Frame, target: FaultTarget) -> String {
    target.words(|id| frame.name(id)).replace("->", "→")
}

/// An objective and how it stands: `users: 99.50 % good within 1.00 s; 99.98 % so far ...`.
pub fn objective(frame: &Frame, slo: &SloStatus) -> String {
    let alert = slo.alert().map_or_else(String::new, |burn| {
        format!("; alert: burns {:.1} times its budget over {}", burn.rates.0, format::span(burn.windows_s.0))
    });
    format!(
        "{}: {} good within {}; {} so far, {} of the error budget of 30 days left; goodput {} of {}{alert}. An hour of the \
         objective is {:.0} s of the run.",
        frame.name(slo.service),
        format::success(slo.objective),
        format::latency(slo.within_ms),
        format::success(slo.good_ratio),
        format::percent(slo.budget_left),
        format::rate(slo.goodput),
        format::rate(slo.throughput),
        3_600.0 / TIME_SCALE,
    )
}

/// A detector's alarms in view: `level 2 · shift 1 · combined 1`.
pub fn lanes(lanes: &[Lane]) -> String {
    lanes.iter().map(|lane| format!("{} {}", lane.label, lane.at_s.len())).collect::<Vec<_>>().join(" · ")
}

/// What the observed graph was learned from: `12 of 12 declared calls seen, in 5432 spans of 640 sampled requests`.
pub fn observed(insight: &Insight) -> String {
    let ((declared, seen), traces) = (insight.edges, insight.traces);
    let dropped = if traces.dropped > 0 { format!("; {} spans left out", traces.dropped) } else { String::new() };
    format!("{seen} of {declared} declared calls seen, in {} spans of {} sampled requests{dropped}", traces.spans, traces.traces)
}

/// A call that was seen: `cart → db: 340 spans, 0.71 for each request of cart`.
pub fn observed_edge(frame: &Frame, edge: &ObservedEdge) -> String {
    let (from, to) = (frame.name(edge.from), frame.name(edge.to));
    let rate = edge.spans_per_request().map_or_else(String::new, |rate| format!(", {rate:.2} for each request of {from}"));
    format!("{from} → {to}: {} spans{rate}", edge.spans)
}

/// A call that is not as declared: `cart → db: declared, not seen in 512 sampled requests`.
pub fn odd_edge(frame: &Frame, edge: &ObservedEdge) -> String {
    let what = match edge.seen {
        None => format!("declared, not seen in {} sampled requests", edge.quiet_requests),
        Some(_) if edge.is_declared => {
            format!("declared, {} spans, then none in {} sampled requests", edge.spans, edge.quiet_requests)
        }
        Some(_) => format!("not declared, {} spans", edge.spans),
    };
    format!("{} → {}: {what}", frame.name(edge.from), frame.name(edge.to))
}

/// A magnitude with its unit: `60 % of requests`, `200 ms`, `3 instances`.
pub fn magnitude(kind: FaultKind, value: f64) -> String {
    match kind.scale().unit.strip_prefix("share ") {
        Some(of_what) => format!("{} {of_what}", format::percent(value)),
        None => format::with_unit(value, kind.scale().unit),
    }
}

/// One line about a fault: `Error burst 60 % of requests`.
pub fn fault(spec: &FaultSpec) -> String {
    format!("{} {}", spec.kind.scale().label, magnitude(spec.kind, spec.magnitude))
}

/// The decision that deserves a card: the one awaiting approval, else one under way, else the newest that
/// does not just hold, else the newest.
pub fn foremost(decisions: &[Decision]) -> Option<&Decision> {
    let find = |wanted: fn(&Decision) -> bool| decisions.iter().find(|d| wanted(d));
    find(|d| d.state == DecisionState::AwaitingApproval)
        .or_else(|| find(|d| is_open(d.state)))
        .or_else(|| find(|d| d.chosen.choice != Choice::Hold))
        .or_else(|| decisions.first())
}

/// `12 services are healthy`, or who is not: `payment critical, checkout degraded`.
pub fn summary(frame: &Frame) -> String {
    let ill = |health: Health| frame.services.iter().filter(move |s| s.signal.health == health);
    let names: Vec<String> = ill(Health::Critical)
        .chain(ill(Health::Degraded))
        .map(|s| format!("{} {}", s.name, health_key(s.signal.health)))
        .collect();
    let known = frame.services.iter().filter(|s| s.signal.health != Health::Unknown).count();
    match (names.is_empty(), known) {
        (true, 0) => "Waiting for the first samples".to_owned(),
        (true, 1) if frame.services.len() == 1 => "The one service is healthy".to_owned(),
        (true, n) if n == frame.services.len() => format!("All {n} services are healthy"),
        (true, n) => format!("{n} of {} services are healthy, the others are not measured", frame.services.len()),
        (false, _) => names.join(", "),
    }
}

/// Ids as names, in order: `cart, checkout`.
pub fn names(frame: &Frame, ids: &[ServiceId]) -> String {
    ids.iter().map(|id| frame.name(*id)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_read_as_per_cent_and_other_magnitudes_with_their_unit() {
        assert_eq!(magnitude(FaultKind::ErrorBurst, 0.6), "60 % of requests");
        assert_eq!(magnitude(FaultKind::Latency, 200.0), "200 ms");
        assert_eq!(magnitude(FaultKind::InstanceKill, 1.0), "1 instances");
    }
}
