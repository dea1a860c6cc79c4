//! Planned actions, as an operator would take them. One row a verb: a new action needs a row, a name in [`verb`] and a test.

use super::faults::require;
use super::form::{Context, Fields, Side, Slot, is_same_word, unknown_word};
use super::out::Out;
use super::problems::Code;
use super::service::REPLICAS_MAX;
use crate::action::Action;
use crate::ids::ServiceId;
use crate::scenario::PlannedAction;
use crate::scenario::import::source::Spot;
use crate::topology::Topology;
use crate::units::SimTime;

/// Stands for a service until it is read.
const NOBODY: ServiceId = ServiceId(u32::MAX);

/// The verbs of a file: word, action before anything is said about it.
const VERBS: &[(&str, Action)] = &[
    ("scale", Action::ScaleUp { service: NOBODY, by: 1 }),
    ("restart", Action::Restart { service: NOBODY }),
    ("reroute_edge", Action::RerouteEdge { from: NOBODY, to: NOBODY }),
    ("reroute", Action::RerouteService { service: NOBODY }),
];

/// The word of an action.
const fn verb(action: Action) -> &'static str {
    match action {
        Action::ScaleUp { .. } => "scale",
        Action::Restart { .. } => "restart",
        Action::RerouteEdge { .. } => "reroute_edge",
        Action::RerouteService { .. } => "reroute",
    }
}

/// What an action needs besides its word.
fn settings(f: &mut Fields<'_, '_>, action: &mut Action) {
    match action {
        Action::ScaleUp { service, by } => {
            require(f, &["service"]);
            f.at("service").service(service);
            f.at("by").count(by, 1..=REPLICAS_MAX);
        }
        Action::Restart { service } | Action::RerouteService { service } => {
            require(f, &["service"]);
            f.at("service").service(service);
        }
        Action::RerouteEdge { from, to } => {
            require(f, &["from", "to"]);
            f.at("from").service(from);
            f.at("to").service(to);
        }
    }
}

/// A planned action before anything is said about it.
pub(super) const USUAL: PlannedAction = PlannedAction { at: SimTime::ZERO, action: VERBS[1].1 };

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
pub(super) fn check(planned: &PlannedAction, spot: Spot, topology: &Topology, context: &mut Context<'_>) {
    let is_call = match planned.action {
        Action::RerouteEdge { from, to } => topology.get(from).is_some_and(|s| s.calls().any(|c| c.to == to)),
        _ => true,
    };
    if !is_call {
        let message = format!("{} at {}: there is no such call", verb(planned.action), planned.at);
        context.problems.add(Code::NoTarget, spot, message, "name a call that is there at that time");
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
    }
}
