//! From text to scenario.

use super::form::{Context, Fields, Side, Slot, items_of, wrong_type};
use super::machines::cluster;
use super::names::Names;
use super::problems::{Code, Problems, Wrong, quoted};
use super::run::run_defaults;
use super::scalars::{TIMES, read_nanos};
use super::service as one;
use super::system::System;
use super::{ABOUT_CHARS_MAX, Loaded, NAME_CHARS_MAX, PLANNED_MAX, RunDefaults, TEXT_BYTES_MAX, VERSION};
use super::{actions, edits, faults};
use crate::ids::ServiceId;
use crate::scenario::import::Problem;
use crate::scenario::import::source::{self, Sources, Spot};
use crate::scenario::import::yaml::{self, Entry, Node, Value};
use crate::scenario::{Planned, PlannedAction, PlannedEdit, PlannedFault, Scenario, ZONES, roomy_cluster};
use crate::topology::{Cluster, SCALE_MAX, SERVICES_MAX, Service, Topology, TopologyEdit};

/// Longest name of a service, in characters.
const SERVICE_CHARS_MAX: usize = 63;

/// Reads the one file of `files`.
pub(super) fn read(files: &[(String, String)]) -> Result<Loaded, Vec<Problem>> {
    let sources = Sources::new(files);
    let mut context = Context { problems: Problems::new(&sources), names: Names::default() };
    let loaded = parse(&sources, &mut context).and_then(|root| read_root(&root, &mut context));
    match (loaded, context.problems.count()) {
        (Some(loaded), 0) => Ok(loaded),
        _ => Err(context.problems.finish()),
    }
}

/// The file's tree; `None` if it cannot be a scenario.
fn parse(sources: &Sources<'_>, context: &mut Context<'_>) -> Option<Node> {
    let (file, _, text) = sources.files().next()?;
    let start = Spot { file, line: 1, column: 1 };
    let mut refuse = |code, spot, message: String, help: &str| {
        context.problems.add(code, spot, message, help);
        None
    };
    if text.len() > TEXT_BYTES_MAX {
        let message =
            format!("{:.1} MB are more than the {} MB that a file may have", text.len() as f64 / 1e6, TEXT_BYTES_MAX >> 20);
        return refuse(Code::TooLarge, start, message, "take services or comments away");
    }
    if source::is_binary(text) {
        return refuse(Code::Syntax, start, "this is not a text file".to_owned(), "write YAML or JSON");
    }
    let chunks = source::documents(file, text);
    let [chunk] = chunks.as_slice() else {
        let message = format!("{} YAML documents instead of one", chunks.len());
        return refuse(Code::Syntax, start, message, "a file holds one scenario; it begins with `sickbay: 1`");
    };
    match yaml::parse(chunk, yaml::NODES_MAX) {
        Ok(root) => Some(root),
        Err(error) if error.over_budget => {
            let message = format!("too large or too deep: {}", error.message);
            refuse(Code::TooLarge, error.spot, message, "write less, nest less, use fewer aliases")
        }
        Err(error) if error.message.starts_with("duplicate mapping key") => {
            refuse(Code::DuplicateName, error.spot, error.message, "give one of them another name, or take it away")
        }
        Err(error) => {
            let help = "correct the line, or the one before it; indentation, quotes and brackets are the usual suspects";
            refuse(Code::Syntax, error.spot, format!("not valid YAML: {}", error.message), help)
        }
    }
}

fn read_root(root: &Node, context: &mut Context<'_>) -> Option<Loaded> {
    if !matches!(root.value, Value::Map(_)) {
        wrong_type(context, "scenario", root, "a mapping that begins with `sickbay: 1`");
        return None;
    }
    is_readable_version(root, context).then_some(())?;
    let mut f = Fields::reading(root, context);
    f.at("sickbay");
    let (mut name, mut about) = ("Scenario".to_owned(), String::new());
    f.at("name").text(&mut name, 1, NAME_CHARS_MAX);
    f.at("about").text(&mut about, 0, ABOUT_CHARS_MAX);
    let mut scale = 1_u32;
    f.at("scale").count(&mut scale, 1..=u64::from(SCALE_MAX));
    let mut run = RunDefaults::default();
    run_defaults(&mut f, &mut run);
    let topology = read_services(&mut f, root)?;
    let mut machines = roomy_cluster(&topology, ZONES, None);
    cluster(f.at("cluster"), &mut machines, &topology);
    for list in ["faults", "edits", "actions"] {
        f.at(list);
    }
    f.finish();
    let plan = read_plan(root, &topology, &machines, context)?;
    let (faults, edits, actions) = plan;
    let scenario = Scenario { name, about, scale, topology, cluster: machines, faults, edits, actions };
    if context.problems.count() == 0 {
        check_scale(&scenario, root, context);
    }
    Some(Loaded { scenario, run })
}

/// What is planned must mean something in a model of this scale.
fn check_scale(scenario: &Scenario, root: &Node, context: &mut Context<'_>) {
    let spot = |list: &str, index: usize| root.get(list).and_then(|node| node.items().get(index)).map_or(root.spot, |n| n.spot);
    for refused in scenario.model().1 {
        let (what, spot) = match refused.planned {
            Planned::Fault(index) => ("fault", spot("faults", index)),
            Planned::Edit(index) => ("edit", spot("edits", index)),
            Planned::Action(index) => ("action", spot("actions", index)),
        };
        context.problems.add_wrong(spot, what, Wrong::new(Code::Unscalable, refused.message, refused.help));
    }
}

/// A newer format would be misread, so nothing else is looked at.
fn is_readable_version(root: &Node, context: &mut Context<'_>) -> bool {
    let help = format!("begin the file with `sickbay: {VERSION}`");
    let Some(node) = root.get("sickbay") else {
        context.problems.add(Code::Version, root.spot, "the format's version is missing", help);
        return false;
    };
    let message = match node.text().and_then(|text| text.parse::<u64>().ok()) {
        Some(version) if (1..=VERSION).contains(&version) => return true,
        Some(version) if version > VERSION => {
            format!("format {version} is newer than this program, which reads up to {VERSION}")
        }
        _ => "this is not a version of the format".to_owned(),
    };
    context.problems.add(Code::Version, node.spot, message, help);
    false
}

/// All services; `None` if there are too many or none to go on with.
fn read_services(f: &mut Fields<'_, '_>, root: &Node) -> Option<Topology> {
    f.at("services");
    let mut slots = 0_u32;
    f.at("slots").count(&mut slots, 0..=SERVICES_MAX as u64);
    let context = &mut *f.context;
    let Some(node) = root.get("services").filter(|n| !n.entries().is_empty()) else {
        context.problems.add(Code::Missing, root.spot, "there are no services", "write services: { name: { ... } }");
        return None;
    };
    if node.entries().len() > SERVICES_MAX {
        let message = format!("{} services are more than {SERVICES_MAX}", node.entries().len());
        context.problems.add(Code::TooMany, node.spot, message, "model a part of the system");
        return None;
    }
    let ids = number(node.entries(), context)?;
    let mut topology = Topology::default();
    let mut holes = Vec::new();
    for (id, entry) in ids.iter().zip(node.entries()) {
        let service = one::read(&entry.value, &entry.key, true, context);
        fill(&mut topology, id.index(), &mut holes);
        topology.push(service);
    }
    fill(&mut topology, slots as usize, &mut holes);
    check_calls(&topology, node, context)?;
    if !holes.is_empty() && topology.apply(&TopologyEdit::Restore(holes)).is_err() {
        return None;
    }
    if let Err(wrong) = System::new(topology.clone()).check() {
        context.problems.add_wrong(node.spot, "services", wrong);
    }
    Some(topology)
}

/// Slots up to `end` were other services once; a placeholder is pushed and taken away when all is there.
fn fill(topology: &mut Topology, end: usize, holes: &mut Vec<(ServiceId, Option<Service>)>) {
    while topology.slots() < end {
        holes.push((topology.push(Service::named("")), None));
    }
}

/// Numbers and names of the services, before the first is read: calls may name later ones.
fn number(entries: &[Entry], context: &mut Context<'_>) -> Option<Vec<ServiceId>> {
    let mut ids: Vec<ServiceId> = Vec::with_capacity(entries.len());
    for entry in entries {
        let next = ids.last().map_or(0, |last| last.0 + 1);
        let id = entry.value.text_at(&["id"]).and_then(|text| text.parse::<u32>().ok()).unwrap_or(next);
        if id < next || id as usize >= SERVICES_MAX {
            let help = format!("leave ids out, or let them rise up to {}", SERVICES_MAX - 1);
            context.problems.add(Code::Contradiction, entry.spot, format!("id: {id} does not follow the service before"), help);
            return None;
        }
        if !(1..=SERVICE_CHARS_MAX).contains(&entry.key.chars().count()) {
            let help = format!("write 1 to {SERVICE_CHARS_MAX} characters");
            context.problems.add(Code::OutOfRange, entry.spot, format!("{} is no name", quoted(&entry.key)), help);
        }
        let id = ServiceId(id);
        context.names.set(id, Some((entry.key.clone(), super::endpoint_names(Some(&entry.value)))));
        ids.push(id);
    }
    Some(ids)
}

/// Calls whose callers wait may not go round.
fn check_calls(topology: &Topology, node: &Node, context: &mut Context<'_>) -> Option<()> {
    let Some(path) = topology.cycle() else { return Some(()) };
    let entry = node.entries().iter().find(|e| Some(&e.key) == path.first());
    let message = format!("calls that wait go round: {}", path.iter().map(|n| quoted(n)).collect::<Vec<_>>().join(" -> "));
    let help = "take one of these calls away, or let it be `mode: async` or `mode: hand_off`";
    context.problems.add(Code::Cycle, entry.map_or(node.spot, |e| e.spot), message, help);
    None
}

type Plan = (Vec<PlannedFault>, Vec<PlannedEdit>, Vec<PlannedAction>);

/// Faults, edits and actions, read in the order of time and kept in the order of the file. What comes at the same time as an
/// edit finds it done.
fn read_plan(root: &Node, topology: &Topology, cluster: &Cluster, context: &mut Context<'_>) -> Option<Plan> {
    let mut lists = [&[][..]; 3];
    for (list, key) in lists.iter_mut().zip(["edits", "faults", "actions"]) {
        if let Some(node) = root.get(key).filter(|n| n.value != Value::Null) {
            *list = items_of(context, key, node, PLANNED_MAX)?;
        }
    }
    let planned: usize = lists.iter().map(|list| list.len()).sum();
    if planned > PLANNED_MAX {
        let message = format!("{planned} planned faults, edits and actions are more than {PLANNED_MAX}");
        context.problems.add(Code::TooMany, root.spot, message, "plan less");
        return None;
    }
    let mut system = System::new(topology.clone());
    let (mut faults, mut edits, mut actions) = (Vec::new(), Vec::new(), Vec::new());
    for (list, index) in by_time(lists.map(|list| list.iter().map(time_of).collect())) {
        if context.problems.is_full() {
            return None;
        }
        let node = &lists[list][index];
        match list {
            0 => edits.extend(edits::read(node, &mut system, context).map(|edit| (index, edit))),
            1 => faults.push((index, read_fault(node, &system, cluster, context))),
            _ => actions.push((index, read_action(node, &system, cluster, context))),
        }
    }
    Some((in_file_order(faults), in_file_order(edits), in_file_order(actions)))
}

/// (list, index) of everything planned, by time; at equal times in the order of the lists, then of their items.
pub(super) fn by_time(times: [Vec<u64>; 3]) -> Vec<(usize, usize)> {
    let all = times.iter().enumerate().flat_map(|(list, times)| times.iter().enumerate().map(move |(i, t)| (*t, list, i)));
    let mut all: Vec<_> = all.collect();
    all.sort_unstable();
    all.into_iter().map(|(_, list, index)| (list, index)).collect()
}

fn in_file_order<T>(mut items: Vec<(usize, T)>) -> Vec<T> {
    items.sort_by_key(|(index, _)| *index);
    items.into_iter().map(|(_, item)| item).collect()
}

/// When an item is planned, as far as it can be read.
fn time_of(node: &Node) -> u64 {
    node.text_at(&["at"]).and_then(|text| read_nanos(text, &TIMES).ok()).unwrap_or(0)
}

fn read_fault(node: &Node, system: &System, cluster: &Cluster, context: &mut Context<'_>) -> PlannedFault {
    let mut fault = faults::usual();
    let before = context.problems.count();
    Slot { what: "fault", side: Side::Read(Some(node)), context }.group(&mut fault, faults::fault);
    if context.problems.count() == before {
        faults::check(&fault, node.spot, system, cluster, context);
    }
    fault
}

fn read_action(node: &Node, system: &System, cluster: &Cluster, context: &mut Context<'_>) -> PlannedAction {
    let mut planned = actions::USUAL;
    let before = context.problems.count();
    Slot { what: "action", side: Side::Read(Some(node)), context }.group(&mut planned, actions::action);
    if context.problems.count() == before {
        actions::check(&planned, node.spot, &system.topology, cluster, context);
    }
    planned
}
