//! Planned actions, as an operator would take them. One row a verb: a new action needs a row in
//! [`VERBS`] and its fields in [`settings`].

use super::edges::ends;
use super::faults::require;
use super::form::{Context, Fields, Side, Slot, is_same_word, unknown_word};
use super::machines::zone as letter;
use super::out::Out;
use super::problems::Code;
use super::scalars::COUNTS;
use super::service::REPLICAS_MAX;
use crate::action::Action;
use crate::ids::{InstanceId, ServiceId};
use crate::scenario::PlannedAction;
use crate::scenario::import::source::Spot;
use crate::topology::{Cluster, Service, Topology};
use crate::units::{Millicores, SimDuration, SimTime};
use std::mem::discriminant;

/// Stands for a service until it is read.
const NOBODY: ServiceId = ServiceId(u32::MAX);

/// The verbs of a file: word, action before anything is said about it.
pub(super) const VERBS: &[(&str, Action)] = &[
    ("scale", Action::ScaleUp { service: NOBODY, by: 1 }),
    ("scale_to", Action::ScaleTo { service: NOBODY, replicas: 1 }),
    ("restart", Action::Restart { service: NOBODY }),
    ("reroute", Action::RerouteService { service: NOBODY }),
    ("reroute_edge", Action::RerouteEdge { from: NOBODY, to: NOBODY }),
    ("restore_edge", Action::RestoreEdge { from: NOBODY, to: NOBODY }),
    ("resize", Action::Resize { service: NOBODY, cpu: Millicores(500) }),
    ("evict", Action::Evict { service: NOBODY, instance: InstanceId(0) }),
    ("drain_zone", Action::DrainZone { service: NOBODY, zone: 0 }),
    ("undrain_zone", Action::UndrainZone { service: NOBODY, zone: 0 }),
    ("roll_back", Action::RollBack { service: NOBODY }),
    ("pause_roll_out", Action::PauseRollOut { service: NOBODY }),
    ("resume_roll_out", Action::ResumeRollOut { service: NOBODY }),
    ("shed", Action::Shed { service: NOBODY, percent: 0 }),
    ("rate_limit", Action::RateLimit { service: NOBODY, per_s: 0 }),
    ("open_breaker", Action::OpenBreaker { from: NOBODY, to: NOBODY }),
    ("close_breaker", Action::CloseBreaker { from: NOBODY, to: NOBODY }),
    ("set_attempts", Action::SetAttempts { from: NOBODY, to: NOBODY, attempts: 1 }),
    ("set_timeout", Action::SetTimeout { from: NOBODY, to: NOBODY, timeout: SimDuration::from_secs(1) }),
    ("set_pool", Action::SetPool { from: NOBODY, to: NOBODY, size: 10 }),
    ("add_jitter", Action::AddJitter { from: NOBODY, to: NOBODY }),
    ("flush_queue", Action::FlushQueue { service: NOBODY }),
    ("warm_cache", Action::WarmCache { service: NOBODY }),
    ("cordon_node", Action::CordonNode { service: NOBODY, node: 0 }),
    ("uncordon_node", Action::UncordonNode { service: NOBODY, node: 0 }),
    ("fail_over", Action::FailOver { service: NOBODY }),
    ("throttle_entry", Action::ThrottleEntry { entry: NOBODY, percent: 100 }),
];

/// The word of an action: that of the row of its kind, which is a test that no kind lacks.
fn verb(action: Action) -> &'static str {
    let of_kind = |(_, usual): &&(&str, Action)| discriminant(usual) == discriminant(&action);
    VERBS.iter().find(of_kind).map_or("", |(word, _)| *word)
}

/// What an action needs besides its word. A kind that is added does not compile until it is written down here.
fn settings(f: &mut Fields<'_, '_>, action: &mut Action) {
    match action {
        Action::Restart { service }
        | Action::RerouteService { service }
        | Action::RollBack { service }
        | Action::PauseRollOut { service }
        | Action::ResumeRollOut { service }
        | Action::FlushQueue { service }
        | Action::WarmCache { service }
        | Action::FailOver { service } => on_service(f, service),
        Action::RerouteEdge { from, to }
        | Action::RestoreEdge { from, to }
        | Action::OpenBreaker { from, to }
        | Action::CloseBreaker { from, to }
        | Action::AddJitter { from, to } => on_edge(f, from, to),
        Action::SetAttempts { from, to, attempts } => {
            on_edge(f, from, to);
            f.at("attempts").count(attempts, 1..=10);
        }
        Action::SetTimeout { from, to, timeout } => {
            on_edge(f, from, to);
            f.at("timeout").time(timeout, 1_000_000..=3_600_000_000_000);
        }
        Action::SetPool { from, to, size } => {
            on_edge(f, from, to);
            f.at("size").count(size, 1..=10_000);
        }
        Action::ScaleUp { .. }
        | Action::ScaleTo { .. }
        | Action::Resize { .. }
        | Action::Evict { .. }
        | Action::DrainZone { .. }
        | Action::UndrainZone { .. }
        | Action::Shed { .. }
        | Action::RateLimit { .. }
        | Action::CordonNode { .. }
        | Action::UncordonNode { .. }
        | Action::ThrottleEntry { .. } => amounts(f, action),
    }
}

/// Actions on a service that say how much.
fn amounts(f: &mut Fields<'_, '_>, action: &mut Action) {
    let mut target = action.service();
    on_service(f, &mut target);
    match action {
        Action::ScaleUp { service, by } => {
            *service = target;
            f.at("by").count(by, 1..=REPLICAS_MAX);
        }
        Action::ScaleTo { service, replicas } => {
            *service = target;
            f.at("replicas").count(replicas, 1..=REPLICAS_MAX);
        }
        Action::Resize { service, cpu } => {
            *service = target;
            f.at("cpu").cpu_within(cpu, 1.0..=1e6);
        }
        Action::Evict { service, instance } => {
            *service = target;
            f.at("instance").count(&mut instance.0, 0..=u64::from(u32::MAX));
        }
        Action::DrainZone { service, zone } | Action::UndrainZone { service, zone } => {
            *service = target;
            letter(f.at("zone"), zone);
        }
        Action::Shed { service, percent } | Action::ThrottleEntry { entry: service, percent } => {
            *service = target;
            f.at("percent").count(percent, 0..=100);
        }
        Action::RateLimit { service, per_s } => {
            *service = target;
            f.at("per_s").count(per_s, COUNTS);
        }
        Action::CordonNode { service, node } | Action::UncordonNode { service, node } => {
            *service = target;
            f.at("node").count(node, 0..=9_999);
        }
        _ => {}
    }
}

fn on_service(f: &mut Fields<'_, '_>, service: &mut ServiceId) {
    require(f, &["service"]);
    f.at("service").service(service);
}

fn on_edge(f: &mut Fields<'_, '_>, from: &mut ServiceId, to: &mut ServiceId) {
    require(f, &["edge"]);
    ends(f.at("edge"), from, to);
}

/// A planned action before anything is said about it.
pub(super) const USUAL: PlannedAction = PlannedAction { at: SimTime::ZERO, action: Action::Restart { service: NOBODY } };

/// One planned action.
pub(super) fn action(f: &mut Fields<'_, '_>, planned: &mut PlannedAction) {
    let PlannedAction { at, action } = planned;
    require(f, &["at", "do"]);
    f.at("at").instant(at);
    word(f.at("do"), action);
    settings(f, action);
}

fn word(slot: Slot<'_, '_>, action: &mut Action) {
    match slot.side {
        Side::Write(out) => *out = Out::Text(verb(*action).to_owned()),
        Side::Read(None) => {}
        Side::Read(Some(node)) => {
            let word = node.text().unwrap_or_default();
            match VERBS.iter().find(|(known, _)| is_same_word(known, word)) {
                Some((_, usual)) => *action = *usual,
                None => unknown_word(slot.context, slot.what, node.spot, word, VERBS.iter().map(|(known, _)| *known)),
            }
        }
    }
}

/// Complains about an action whose target is not there at its time.
pub(super) fn check(planned: &PlannedAction, spot: Spot, topology: &Topology, cluster: &Cluster, context: &mut Context<'_>) {
    let is_call = |(from, to)| topology.get(from).is_some_and(|s: &Service| s.calls().any(|c| c.to == to));
    let is_there = match planned.action {
        Action::CordonNode { node, .. } | Action::UncordonNode { node, .. } => (node as usize) < cluster.nodes.len(),
        Action::DrainZone { zone, .. } | Action::UndrainZone { zone, .. } => cluster.nodes.iter().any(|n| n.zone == zone),
        other => other.edge().is_none_or(is_call),
    };
    if !is_there {
        let message = format!("{} at {}: its target is not there", verb(planned.action), planned.at);
        context.problems.add(Code::NoTarget, spot, message, "name a call, a node or a zone that is there at that time");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_finds_its_action_and_back() {
        for (word, action) in VERBS {
            assert_eq!(verb(*action), *word);
        }
        // Two kinds share a name.
        assert_eq!(VERBS.len(), Action::NAMES.len() + 1);
        assert!(Action::NAMES.iter().all(|name| VERBS.iter().any(|(_, action)| action.name() == *name)));
    }
}
