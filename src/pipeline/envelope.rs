//! The safety envelope: what no policy may do, whatever a candidate is worth. It stands above all scores, and every veto
//! says why.
//!
//! - **Targets**: declared services only, never a client; edges that are declared; at most `replicas_max` instances.
//! - **Disruption budget**: what takes an instance away leaves as many as are declared to stay, and at least one.
//! - **Tried**: what did nothing, made it worse, failed or was forbidden by a person is not repeated in the incident; nor is
//!   what comes to the same as something that a person forbade.
//! - **Flap budget**: at most [`FLAPS_MAX`] actions on a service, and the same one at most [`REPEATS_MAX`] times, within
//!   [`FLAP_WINDOW`]; after that it is a person's.
//! - **Dependency order**: while a callee is being healed its callers wait: most of what they show is the callee's.
//! - **Learning**: nothing is done within the first [`LEARNING`], nor about a service before it is known what is usual for it.
//! - **Pace**: one action at a time on a service, a cool-down after each, and a budget of actions for all together.
//! - **Kill switch**: while it is on, nothing is asked of the platform whatever the heal dial says; what awaits approval ends at
//!   once, nothing is taken back, and the platform's own controllers rest too where a policy uses them. What would have been
//!   done is decided and recorded as such, and nobody is paged: who turned it knows.
//! - **Dry run**: decisions go the full way, and the platform is only asked what it would do. On Advise it is not even asked.
//!
//! The first four are vetoes for good, the next three only for now. Escalation follows: the next best candidate is tried, and
//! when nothing is left that is worth more than a person's time, a person is paged. The last two veto nothing: they stand
//! between a decision and the platform ([`super::controls`], [`super::orchestrate`]).

use super::classify::View;
use super::decide::Memory;
use super::policy::Policy;
use crate::ids::ServiceId;
use crate::platform::Action;
use crate::telemetry::Metric;
use crate::units::{SimDuration, SimTime};

/// Seconds from the start in which nothing is done: first instances warm up, caches fill, and what is usual is learned from
/// ten samples after five.
pub const LEARNING: SimDuration = SimDuration::from_secs(30);
/// Actions on one service within the window: every kind of cure twice over.
pub(super) const FLAPS_MAX: usize = 12;
/// Times that the same action is done to the same target within the window: a leak may need it every two minutes, a
/// pendulum must not.
pub(super) const REPEATS_MAX: usize = 6;
/// The window of both: the horizon that harm is counted over.
pub(super) const FLAP_WINDOW: SimDuration = SimDuration::from_secs(super::catalogue::HORIZON_S as u64);

/// Why it can never be done here. What is lost already (`is_lost`) is not protected by the disruption budget.
pub(super) fn forbidden(view: &View, action: Action, is_lost: bool, memory: &dyn Memory) -> Option<String> {
    let target = action.service();
    let Some(node) = view.wiring.get(target) else { return Some("there is no such service (any more)".to_owned()) };
    if !view.wiring.is_healable(target) {
        return Some(format!("{} is a client: outside the healer's reach", node.name));
    }
    if action.edge().is_some_and(|(from, to)| !view.wiring.callees(from).contains(&to)) {
        return Some("there is no such call (any more)".to_owned());
    }
    over_limit(view, action, node.replicas_max)
        .or_else(|| budget(view, action, node.ready_min).filter(|_| !is_lost))
        .or_else(|| memory.objection(action, is_single(view, target)))
        .or_else(|| flapping(view, action, memory))
}

/// Whether a service has, and wants, one instance at most.
fn is_single(view: &View, service: ServiceId) -> bool {
    let instances = view.monitor.instances(service);
    let most = instances.ready.into_iter().chain(instances.desired).reduce(f64::max);
    most.is_none_or(|most| most < 2.0)
}

fn over_limit(view: &View, action: Action, most: u32) -> Option<String> {
    match action {
        Action::ScaleUp { service, by } => {
            let now = view.collector.of(service, Metric::ReplicasDesired).unwrap_or(0.0);
            let is_over = now + f64::from(by) > f64::from(most);
            is_over.then(|| format!("at most {most} instances are allowed, {now:.0} are wanted already"))
        }
        Action::ScaleTo { replicas, .. } => (replicas > most).then(|| format!("at most {most} instances are allowed")),
        _ => None,
    }
}

/// What takes an instance away before its successor is there must leave enough.
fn budget(view: &View, action: Action, declared: u32) -> Option<String> {
    let stay = f64::from(declared.max(1));
    let left = match action {
        Action::Evict { service, .. } | Action::DrainZone { service, .. } | Action::CordonNode { service, .. } => {
            view.monitor.instances(service).ready.map(|ready| ready - 1.0)
        }
        Action::ScaleTo { service, replicas } => {
            let is_fewer = view.monitor.instances(service).desired.is_some_and(|desired| f64::from(replicas) < desired);
            is_fewer.then_some(f64::from(replicas))
        }
        _ => None,
    };
    let left = left.filter(|left| *left < stay)?;
    Some(format!("the disruption budget: {left:.0} would be ready, {stay:.0} must stay"))
}

fn flapping(view: &View, action: Action, memory: &dyn Memory) -> Option<String> {
    let (all, same) = memory.done_since(since(view, FLAP_WINDOW), action);
    let minutes = FLAP_WINDOW.as_secs_f64() / 60.0;
    if all >= FLAPS_MAX {
        return Some(format!("{all} actions on it within {minutes:.0} min: no more without a person"));
    }
    (same >= REPEATS_MAX).then(|| format!("done {same} times within {minutes:.0} min, and it came back each time"))
}

/// Why it cannot be done at this moment.
pub(super) fn not_now(view: &View, action: Action, memory: &dyn Memory) -> Option<String> {
    let target = action.service();
    if memory.is_busy(target) {
        return Some("another action on it is under way".to_owned());
    }
    // More capacity is right whatever a callee does: a spike hits them all at once. So does a machine or a zone, and they
    // leave it together.
    let is_common = matches!(action, Action::ScaleUp { .. } | Action::DrainZone { .. } | Action::CordonNode { .. });
    if let Some(callee) = healing_callee(view, target, memory).filter(|_| !is_common) {
        return Some(format!("{}, which it depends on, is being healed first", view.wiring.name(callee)));
    }
    let cooldown = SimDuration::from_secs(view.policy.cooldown_s);
    if let Some(ended) = memory.last_ended(target)
        && view.now.since(ended) < cooldown
    {
        let left = cooldown.as_secs_f64() - view.now.since(ended).as_secs_f64();
        return Some(format!("cool-down: {left:.0} s left"));
    }
    let window = Policy::ACTION_WINDOW_S;
    let started = memory.started_since(since(view, SimDuration::from_secs(window)));
    (started >= view.policy.actions_max).then(|| format!("{started} actions in the last {window} s are enough"))
}

fn healing_callee(view: &View, target: ServiceId, memory: &dyn Memory) -> Option<ServiceId> {
    memory.healing().into_iter().find(|other| *other != target && view.wiring.depends_on(target, *other))
}

fn since(view: &View, span: SimDuration) -> SimTime {
    SimTime::from_nanos(view.now.as_nanos().saturating_sub(span.as_nanos()))
}

#[cfg(test)]
mod tests {
    use super::super::changes::Changes;
    use super::super::collect::Collector;
    use super::super::monitor::Monitor;
    use super::super::surge::Surge;
    use super::super::wiring::Wiring;
    use super::*;
    use crate::ids::InstanceId;
    use crate::platform::Scrape;
    use crate::telemetry::{Observation, Subject};
    use crate::topology::{Service, Topology};
    use std::collections::BTreeMap;

    const DATABASE: ServiceId = ServiceId(0);

    struct Nothing;

    impl Memory for Nothing {
        fn objection(&self, _: Action, _: bool) -> Option<String> {
            None
        }
        fn last_ended(&self, _: ServiceId) -> Option<SimTime> {
            None
        }
        fn is_busy(&self, _: ServiceId) -> bool {
            false
        }
        fn started_since(&self, _: SimTime) -> usize {
            0
        }
        fn done_since(&self, _: SimTime, _: Action) -> (usize, usize) {
            (0, 0)
        }
        fn healing(&self) -> Vec<ServiceId> {
            Vec::new()
        }
    }

    /// What is said of `action` while `ready` instances of a service with this disruption budget are ready.
    fn said(ready: f64, ready_min: u32, action: Action) -> Option<String> {
        let mut topology = Topology::default();
        topology.push(Service { ready_min, ..Service::named("database") });
        let (wiring, policy) = (Wiring::of(&topology), Policy::default());
        let (mut collector, mut monitor, now) = (Collector::default(), Monitor::default(), SimTime::from_secs(1));
        let sample = |metric| Observation { at: now, subject: Subject::Service(DATABASE), metric, value: ready };
        let observations = vec![sample(Metric::ReplicasReady), sample(Metric::ReplicasDesired)];
        collector.ingest(now, &Scrape { observations, ..Scrape::default() }, &wiring);
        monitor.update(now, &mut collector, &wiring, &policy);
        let (forecasts, changes, surge) = (BTreeMap::new(), Changes::default(), Surge::default());
        let (collector, monitor, wiring, policy) = (&collector, &monitor, &wiring, &policy);
        let view = View { collector, monitor, wiring, policy, forecasts: &forecasts, changes: &changes, surge: &surge, now };
        forbidden(&view, action, false, &Nothing)
    }

    #[test]
    fn the_disruption_budget_and_the_last_instance_stand_above_every_score() {
        let evict = Action::Evict { service: DATABASE, instance: InstanceId(1) };
        let drain = Action::DrainZone { service: DATABASE, zone: 0 };
        let cordon = Action::CordonNode { service: DATABASE, node: 0 };
        for action in [evict, drain, cordon, Action::ScaleTo { service: DATABASE, replicas: 2 }] {
            assert!(said(3.0, 3, action).is_some_and(|why| why.contains("disruption budget")), "{action:?}");
            assert_eq!(said(3.0, 2, action), None, "{action:?}");
        }
        assert!(said(1.0, 0, evict).is_some(), "the last one stays");
        assert_eq!(said(1.0, 0, Action::RerouteService { service: DATABASE }), None, "its successor comes first");
    }

    #[test]
    fn strangers_limits_and_calls_that_are_not_drawn_are_refused() {
        let stranger = Action::Restart { service: ServiceId(7) };
        assert!(said(1.0, 0, stranger).is_some_and(|why| why.contains("no such service")));
        assert!(said(8.0, 0, Action::ScaleUp { service: DATABASE, by: 3 }).is_some_and(|why| why.contains("at most 10")));
        let edge = Action::RerouteEdge { from: ServiceId(7), to: DATABASE };
        assert!(said(1.0, 0, edge).is_some_and(|why| why.contains("no such call")));
    }
}
