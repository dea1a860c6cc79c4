//! From scenario to text.

use super::form::{Context, Fields, Side, Slot};
use super::machines::cluster;
use super::names::Names;
use super::out::{Out, to_text};
use super::problems::Problems;
use super::reader::by_time;
use super::run::run_defaults;
use super::service as one;
use super::system::System;
use super::{RunDefaults, VERSION, actions, edits, faults};
use crate::scenario::{Scenario, ZONES, roomy_cluster};
use crate::topology::Topology;

/// Writes a scenario and its run defaults.
pub(super) fn write(scenario: &Scenario, run: &RunDefaults) -> String {
    let Scenario { name, about, topology, cluster: machines, .. } = scenario;
    let sources = super::no_sources();
    let mut context = Context { problems: Problems::new(&sources), names: Names::default() };
    for (id, service) in topology.services() {
        context.names.set_service(id, Some(service));
    }
    let mut entries = vec![("sickbay".to_owned(), Out::Text(VERSION.to_string())), ("name".to_owned(), Out::Text(name.clone()))];
    if !about.is_empty() {
        entries.push(("about".to_owned(), Out::Text(about.clone())));
    }
    if scenario.scale != 1 {
        entries.push(("scale".to_owned(), Out::Text(scenario.scale.to_string())));
    }
    run_defaults(&mut Fields::writing(&mut entries, &mut context), &mut { *run });
    write_services(topology, &mut context, &mut entries);
    let mut tree = |own: &crate::topology::Cluster| {
        let mut out = Out::Absent;
        cluster(Slot { what: "", side: Side::Write(&mut out), context: &mut context }, &mut own.clone(), topology);
        out
    };
    entries.push(("cluster".to_owned(), tree(machines).over(&tree(&roomy_cluster(topology, ZONES, None)))));
    write_plan(scenario, &mut context, &mut entries);
    entries.retain(|(_, value)| *value != Out::Absent);
    to_text(&Out::Map(entries))
}

fn write_services(topology: &Topology, context: &mut Context<'_>, entries: &mut Vec<(String, Out)>) {
    let mut next = 0;
    let mut services = Vec::new();
    for (id, service) in topology.services() {
        let mut out = one::write(service, context);
        if let (true, Out::Map(fields)) = (id.0 != next, &mut out) {
            fields.insert(0, ("id".to_owned(), Out::Text(id.0.to_string())));
        }
        next = id.0 + 1;
        services.push((service.name.clone(), out));
    }
    entries.push(("services".to_owned(), Out::Map(services)));
    if topology.slots() > next as usize {
        entries.push(("slots".to_owned(), Out::Text(topology.slots().to_string())));
    }
}

/// Everything planned, written in the order of time as it is read.
fn write_plan(scenario: &Scenario, context: &mut Context<'_>, entries: &mut Vec<(String, Out)>) {
    let Scenario { topology, faults: broken, edits: changed, actions: taken, .. } = scenario;
    let times = [
        changed.iter().map(|p| p.at.as_nanos()).collect::<Vec<_>>(),
        broken.iter().map(|p| p.at.as_nanos()).collect(),
        taken.iter().map(|p| p.at.as_nanos()).collect(),
    ];
    let mut lists = times.clone().map(|times| vec![Out::Absent; times.len()]);
    let mut system = System::new(topology.clone());
    for (list, index) in by_time(times) {
        lists[list][index] = match list {
            0 => edits::write(&changed[index], &mut system, context),
            1 => whole(broken[index], context, faults::fault),
            _ => whole(taken[index], context, actions::action),
        };
    }
    let [changed, broken, taken] = lists;
    for (key, list) in [("faults", broken), ("edits", changed), ("actions", taken)] {
        if !list.is_empty() {
            entries.push((key.to_owned(), Out::List(list)));
        }
    }
}

/// All that is said about an item.
fn whole<T>(mut own: T, context: &mut Context<'_>, body: fn(&mut Fields<'_, '_>, &mut T)) -> Out {
    let mut out = Out::Absent;
    Slot { what: "", side: Side::Write(&mut out), context }.group(&mut own, body);
    out.whole()
}
