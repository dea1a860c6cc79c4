//! Aim: the action that a kind means for a finding: at whom, and how much. `None` where the kind makes no sense.

use super::catalogue::Kind;
use super::classify::{Finding, Trouble, View};
use super::situation::{BRIDGE_INSTANCES, Case, load_ratio, ready};
use super::surge;
use super::types::Choice;
use crate::ids::ServiceId;
use crate::platform::Action;
use crate::telemetry::{Metric, Subject};
use crate::topology::ServiceKind;
use crate::units::{Millicores, SimDuration};

/// CPU that scaling aims at, share of the limit: below Degraded with some room.
pub(super) const CPU_TARGET: f64 = 0.5;
/// Times as many instances as there are that one step may reach: a spike of that size, and the next step is seconds away.
const GROWTH_MAX: f64 = 10.0;
/// Times the declared limit that a resize gives: enough for a service at its limit to come down to the target and a half.
const RESIZE: f64 = 1.5;
/// Less is not worth a roll-out.
const RESIZE_MIN: f64 = 1.2;
/// The most it gives an instance that has more to do than the others, and the CPU that this one is to have then.
const RESIZE_MAX: f64 = 2.5;
const HOT_TARGET: f64 = 0.5;
/// Tries of a call that make up for instances that end in turn: two lost ones in a row are rare among several.
const ATTEMPTS: u8 = 3;
/// Load over the usual that is still let in when users are turned away: what a calm system has to spare.
const LET_IN: f64 = 1.2;
/// Shares of requests turned away, per cent: less is no help, more is an outage by hand.
const REFUSE_PERCENT: (f64, f64) = (10.0, 80.0);

/// Where an action about this finding goes: the callee of a bad path, the host of bad paths, else the service itself.
pub(super) const fn target(finding: &Finding) -> ServiceId {
    match finding.trouble {
        Trouble::Edge { to, .. } => to,
        Trouble::Host => finding.diagnosis.cause,
        _ => finding.diagnosis.service,
    }
}

/// All that doing `kind` about this finding can mean, the best first.
pub(super) fn aims(view: &View, finding: &Finding, kind: Kind) -> Vec<Choice> {
    match kind {
        Kind::AddRetries => more_attempts(view, target(finding)),
        _ => aim(view, finding, kind).into_iter().collect(),
    }
}

/// What doing `kind` about this finding means.
fn aim(view: &View, finding: &Finding, kind: Kind) -> Option<Choice> {
    let service = target(finding);
    let action = match kind {
        Kind::Hold => return Some(Choice::Hold),
        Kind::Page => return Some(Choice::Page),
        Kind::ScaleOut if is_bridged(view, finding, service) => return None,
        Kind::ScaleOut => Action::ScaleUp { service, by: scale_by(view, finding, service) },
        Kind::Resize => Action::Resize { service, cpu: more_cpu(view, finding, service)? },
        Kind::Restart => Action::Restart { service },
        Kind::MoveSlowest => Action::RerouteService { service },
        Kind::RollBack => Action::RollBack { service },
        Kind::PauseRollOut => Action::PauseRollOut { service },
        Kind::Shed => Action::Shed { service, percent: refuse_percent(view, service)? },
        Kind::RateLimit => Action::RateLimit { service, per_s: usual_per_instance(view, service)? },
        Kind::FlushQueue => Action::FlushQueue { service },
        Kind::WarmCache => Action::WarmCache { service: cache(view, service)? },
        Kind::FailOver if is(view, service, ServiceKind::Database) => Action::FailOver { service },
        Kind::ThrottleEntry => throttle(view, service)?,
        Kind::RerouteEdge | Kind::OpenBreaker | Kind::CutRetries | Kind::RaiseTimeout | Kind::RaisePool | Kind::AddJitter => {
            return on_edge(view, finding, kind).map(Choice::Act);
        }
        Kind::Evict => Action::Evict { service, instance: finding.instance? },
        Kind::DrainZone => match finding.trouble {
            Trouble::Zone { zone, is_all: false } | Trouble::Zones(zone, _) => Action::DrainZone { service, zone },
            _ => return None,
        },
        Kind::CordonNode => match finding.trouble {
            Trouble::Node(node) => Action::CordonNode { service, node },
            _ => return None,
        },
        // Capacity is given back by the healer's own account of it.
        Kind::ScaleIn | Kind::FailOver | Kind::AddRetries => return None,
    };
    Some(Choice::Act(action))
}

fn on_edge(view: &View, finding: &Finding, kind: Kind) -> Option<Action> {
    let (from, to) = match finding.trouble {
        Trouble::Edge { from, to, .. } => (from, to),
        Trouble::Pool { to, .. } => (finding.diagnosis.service, to),
        _ => (busiest_caller(view, finding.diagnosis.service)?, finding.diagnosis.service),
    };
    let terms = view.wiring.terms(from, to)?;
    Some(match kind {
        Kind::RerouteEdge => Action::RerouteEdge { from, to },
        Kind::OpenBreaker if terms.is_optional => Action::OpenBreaker { from, to },
        Kind::CutRetries if terms.attempts > 1 => Action::SetAttempts { from, to, attempts: 1 },
        Kind::RaiseTimeout => {
            Action::SetTimeout { from, to, timeout: SimDuration::from_secs_f64(2.0 * terms.timeout.as_secs_f64()) }
        }
        Kind::RaisePool => Action::SetPool { from, to, size: terms.pool?.saturating_mul(2) },
        Kind::AddJitter if terms.attempts > 1 => Action::AddJitter { from, to },
        _ => return None,
    })
}

/// The caller whose calls have grown the most.
fn busiest_caller(view: &View, service: ServiceId) -> Option<ServiceId> {
    let growth = |from: ServiceId| {
        let edge = Subject::Edge { from, to: service };
        let now = view.collector.latest(edge, Metric::RequestRate)?;
        Some(now / view.collector.usual(edge, Metric::RequestRate).filter(|usual| *usual > 0.0)?)
    };
    let callers = view.wiring.callers(service).iter().filter_map(|from| Some((*from, growth(*from)?)));
    callers.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))).map(|(from, _)| from)
}

fn is(view: &View, service: ServiceId, kind: ServiceKind) -> bool {
    view.wiring.get(service).is_some_and(|n| n.kind == kind)
}

/// The cache that stands before a service: itself, or one that its callers ask as well.
fn cache(view: &View, service: ServiceId) -> Option<ServiceId> {
    let asked = view.wiring.callers(service).iter().flat_map(|caller| view.wiring.callees(*caller));
    std::iter::once(&service).chain(asked).copied().find(|id| is(view, *id, ServiceKind::Cache))
}

fn more_cpu(view: &View, finding: &Finding, service: ServiceId) -> Option<Millicores> {
    let limit = view.wiring.get(service)?.cpu_limit.0;
    let times = if Case::of(view, finding) == Case::HotInstance { for_the_hottest(view, service) } else { RESIZE };
    let times = times.min(room_for(view, service));
    (limit > 0 && times >= RESIZE_MIN).then(|| Millicores((f64::from(limit) * times) as u32))
}

/// Times its request for which an instance finds room, on a machine more than one.
fn room_for(view: &View, service: ServiceId) -> f64 {
    let room = view.collector.room();
    let request = view.wiring.get(service).map_or(0, |n| n.cpu_request.0);
    match room.get(1).or(room.first()) {
        Some(free) if request > 0 => f64::from(*free) / f64::from(request),
        _ => f64::INFINITY,
    }
}

/// Times the limit with which the instance that has the most to do comes down to where a busy one may be: what all of them
/// usually use, by its share.
fn for_the_hottest(view: &View, service: ServiceId) -> f64 {
    let subject = Subject::Service(service);
    let usual = view.collector.usual(subject, Metric::CpuUtilisation).unwrap_or(CPU_TARGET);
    let uneven = view.collector.skew(service).map_or(1.0, |skew| skew.uneven);
    let load = surge::load(view, service).unwrap_or(1.0);
    (usual * uneven * load / HOT_TARGET).clamp(RESIZE, RESIZE_MAX)
}

/// Whether instances that are killed in turn are as many as bridge the gaps already.
fn is_bridged(view: &View, finding: &Finding, service: ServiceId) -> bool {
    let wanted = view.collector.of(service, Metric::ReplicasDesired).unwrap_or(1.0);
    Case::of(view, finding) == Case::DownKilled && wanted >= BRIDGE_INSTANCES
}

/// More tries for callers that try seldom and whose calls fail, the worst first: the next one goes to another instance.
fn more_attempts(view: &View, service: ServiceId) -> Vec<Choice> {
    let is_fit = |from: &ServiceId| view.wiring.terms(*from, service).is_some_and(|terms| terms.attempts < ATTEMPTS);
    let failing = |from: ServiceId| view.collector.latest(Subject::Edge { from, to: service }, Metric::ErrorRatio);
    let has_several = ready(view, service) >= 2.0;
    let callers = view.wiring.callers(service).iter().copied().filter(|_| has_several);
    let callers = callers.filter(|from| view.wiring.is_healable(*from)).filter(is_fit);
    let mut fit: Vec<_> = callers.filter_map(|from| Some((from, failing(from).filter(|share| *share > 0.0)?))).collect();
    fit.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    fit.into_iter().map(|(from, _)| Choice::Act(Action::SetAttempts { from, to: service, attempts: ATTEMPTS })).collect()
}

/// Share to turn away for the load to be what is usually let in and a little more.
fn refuse_percent(view: &View, service: ServiceId) -> Option<u8> {
    let load = load_ratio(view, service).filter(|load| *load > LET_IN)?;
    Some((100.0 * (1.0 - LET_IN / load)).clamp(REFUSE_PERCENT.0, REFUSE_PERCENT.1) as u8)
}

fn usual_per_instance(view: &View, service: ServiceId) -> Option<u32> {
    let usual = view.collector.usual(Subject::Service(service), Metric::RequestRate)?;
    let per_s = (LET_IN * usual / ready(view, service).max(1.0)).ceil() as u32;
    (per_s > 0).then_some(per_s)
}

/// Lets in as many users as are usual, where they enter.
fn throttle(view: &View, service: ServiceId) -> Option<Action> {
    let refused = refuse_percent(view, service)?;
    let is_entry = |id: &ServiceId| view.wiring.callers(*id).is_empty() && view.wiring.is_healable(*id);
    let leads = |id: &ServiceId| *id == service || view.wiring.depends_on(*id, service);
    let entry = view.wiring.ids().filter(is_entry).find(leads)?;
    Some(Action::ThrottleEntry { entry, percent: 100 - refused })
}

/// How many more instances. Where CPU is short, what brings it to its target, at most [`GROWTH_MAX`] times as many as there
/// are; where they are killed in turn, half of what bridges the gap; else one.
fn scale_by(view: &View, finding: &Finding, service: ServiceId) -> u32 {
    let now = view.collector.of(service, Metric::ReplicasDesired).unwrap_or(1.0).max(1.0);
    let limit = view.wiring.get(service).map_or(1.0, |n| f64::from(n.replicas_max)) - now;
    let more = match finding.trouble {
        Trouble::Cpu => {
            let load = surge::load(view, service).unwrap_or(1.0);
            let cpu = view.collector.of(service, Metric::CpuUtilisation).unwrap_or(1.0);
            let usual = view.collector.usual(Subject::Service(service), Metric::CpuUtilisation).unwrap_or(0.0);
            let there = view.collector.usual(Subject::Service(service), Metric::ReplicasReady).unwrap_or(now);
            let wanted = (now * cpu).max(there * usual * load) / CPU_TARGET;
            surge::rationed(view, service, (wanted.ceil() - now).min((GROWTH_MAX - 1.0) * now))
        }
        // As much load for each instance as usual, by at most as many again.
        Trouble::Latency if Case::of(view, finding) == Case::CpuLoad => {
            let there = view.collector.usual(Subject::Service(service), Metric::ReplicasReady).unwrap_or(now);
            ((there * surge::load(view, service).unwrap_or(1.0)).ceil() - now).min(now)
        }
        _ if Case::of(view, finding) == Case::DownKilled => BRIDGE_INSTANCES - now,
        _ => 1.0,
    };
    more.min(limit).max(1.0) as u32
}

/// The action for people: `SCALE_UP by 2`, `TRAFFIC_REROUTE around one instance`.
pub(super) fn words(view: &View, action: Action) -> String {
    match action {
        Action::ScaleUp { by, .. } => format!("{} by {by}", action.name()),
        Action::ScaleTo { replicas, .. } => format!("{} {replicas}", action.name()),
        Action::RerouteService { service } => format!("{} around one instance of {}", action.name(), view.wiring.name(service)),
        _ => match action.edge() {
            Some((_, to)) => format!("{} of calls to {}", action.name(), view.wiring.name(to)),
            None => action.name().to_owned(),
        },
    }
}
