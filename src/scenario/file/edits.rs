//! Planned edits. A file says what changes (`set: { cpu: 50 }`), the topology wants whole services, so edits are read and
//! written in the order of time, each against the system that the earlier ones left.

use super::calls::{call, call_fields};
use super::edges::{read_edge, write_edge};
use super::faults::{require, service};
use super::form::{Context, Fields, Side, Slot, items_of, wrong_type};
use super::names::Names;
use super::out::Out;
use super::problems::{Code, Wrong};
use super::service as one;
use super::system::System;
use crate::ids::ServiceId;
use crate::scenario::PlannedEdit;
use crate::scenario::import::yaml::{Node, Value};
use crate::topology::{Call, SERVICES_MAX, Service, TopologyEdit};
use crate::units::SimTime;

/// Stands for a service until it is read.
const NOBODY: ServiceId = ServiceId(u32::MAX);
/// What a service's name may have.
const NAME_CHARS_MAX: usize = 63;

/// Reads one planned edit and applies it; `None` if something is wrong with it.
pub(super) fn read(node: &Node, system: &mut System, context: &mut Context<'_>) -> Option<PlannedEdit> {
    if !matches!(node.value, Value::Map(_)) {
        wrong_type(context, "edit", node, "a mapping such as { at: 60s, service: a, set: { cpu: 2 } }");
        return None;
    }
    let before = context.problems.count();
    let mut at = SimTime::ZERO;
    let mut f = Fields::reading(node, context);
    require(&mut f, &["at"]);
    f.at("at").instant(&mut at);
    let edit = read_change(&mut f, system);
    let edit = match edit {
        Ok(edit) => edit,
        Err(wrong) => {
            context.problems.add_wrong(node.spot, "edit", wrong);
            return None;
        }
    };
    f.finish();
    let edit = edit?;
    if context.problems.count() > before || context.problems.is_full() {
        return None;
    }
    if let Err(wrong) = system.apply(&edit, &mut context.names) {
        context.problems.add_wrong(node.spot, "edit", wrong);
    }
    Some(PlannedEdit { at, edit })
}

/// What kind of change it is, told by its fields.
fn read_change(f: &mut Fields<'_, '_>, system: &mut System) -> Result<Option<TopologyEdit>, Wrong> {
    match () {
        () if f.has("set") && f.has("edge") => set_edge(f, system),
        () if f.has("set") => set_service(f, system),
        () if f.has("rename") => rename(f),
        () if f.has("add") => add(f),
        () if f.has("remove") => remove(f),
        () if f.has("call") => add_call(f),
        () if f.has("redirect") => redirect(f),
        () if f.has("restore") => restore(f),
        () => Err(Wrong::new(
            Code::Missing,
            "nothing is said to change",
            "write one of set, rename, add, remove, call, redirect, such as { at: 60s, service: a, set: { cpu: 2 } }",
        )),
    }
}

fn set_service(f: &mut Fields<'_, '_>, system: &mut System) -> Result<Option<TopologyEdit>, Wrong> {
    require(f, &["service"]);
    let mut id = NOBODY;
    f.at("service").service(&mut id);
    let Some(old) = system.topology.get(id).cloned() else {
        f.take("set");
        return Ok(None);
    };
    let mut new = system.copy(&old)?;
    f.at("set").group(&mut new, settings);
    Ok(Some(TopologyEdit::Configure(id, Box::new(new))))
}

/// All of a service's fields, its name too.
fn settings(f: &mut Fields<'_, '_>, service: &mut Service) {
    f.at("name").text(&mut service.name, 1, NAME_CHARS_MAX);
    one::fields(f, service);
}

fn set_edge(f: &mut Fields<'_, '_>, system: &mut System) -> Result<Option<TopologyEdit>, Wrong> {
    let ends = read_edge(f.at("edge"))?;
    let settings = f.take("set");
    let Some((from, to)) = ends else { return Ok(None) };
    let old = system.topology.get(from).filter(|s| s.calls().any(|c| c.to == to)).cloned();
    let old = old.ok_or_else(|| no_call(f.context, from, to))?;
    let mut new = system.copy(&old)?;
    let before = f.context.problems.count();
    for own in new.calls_mut().filter(|c| c.to == to) {
        // Each call to the callee gets the settings; what is wrong with them is said once.
        if f.context.problems.count() == before {
            Slot { what: "set", side: Side::Read(settings), context: f.context }.group(own, call_fields);
        }
    }
    Ok(Some(TopologyEdit::Configure(from, Box::new(new))))
}

fn no_call(context: &Context<'_>, from: ServiceId, to: ServiceId) -> Wrong {
    let (from, to) = (context.names.name(from), context.names.name(to));
    Wrong::new(Code::NoTarget, format!("'{from}' does not call '{to}' at that time"), "name a call that is there")
}

fn rename(f: &mut Fields<'_, '_>) -> Result<Option<TopologyEdit>, Wrong> {
    require(f, &["service"]);
    let (mut id, mut name) = (NOBODY, String::new());
    f.at("service").service(&mut id);
    f.at("rename").text(&mut name, 1, NAME_CHARS_MAX);
    Ok(Some(TopologyEdit::Rename(id, name)))
}

fn add(f: &mut Fields<'_, '_>) -> Result<Option<TopologyEdit>, Wrong> {
    let mut name = String::new();
    f.at("add").text(&mut name, 1, NAME_CHARS_MAX);
    let settings = f.take("with");
    let service = settings.map_or_else(|| Service::named(&name), |with| one::read(with, &name, false, f.context));
    Ok(Some(TopologyEdit::AddService(Box::new(service))))
}

fn remove(f: &mut Fields<'_, '_>) -> Result<Option<TopologyEdit>, Wrong> {
    let slot = f.at("remove");
    let named = slot.node().and_then(Node::text).filter(|text| !text.contains("->") || slot.context.names.id(text).is_some());
    if let Some(name) = named {
        return service(name, &slot.context.names).map(|id| Some(TopologyEdit::RemoveService(id)));
    }
    Ok(read_edge(slot)?.map(|(from, to)| TopologyEdit::RemoveCall { from, to }))
}

fn add_call(f: &mut Fields<'_, '_>) -> Result<Option<TopologyEdit>, Wrong> {
    require(f, &["service"]);
    let (mut from, mut new) = (NOBODY, Call::to(NOBODY));
    f.at("service").service(&mut from);
    call(f.at("call"), &mut new);
    Ok(Some(TopologyEdit::AddCall { from, call: new }))
}

fn redirect(f: &mut Fields<'_, '_>) -> Result<Option<TopologyEdit>, Wrong> {
    require(f, &["to"]);
    let ends = read_edge(f.at("redirect"))?;
    let mut new_to = NOBODY;
    f.at("to").service(&mut new_to);
    Ok(ends.map(|(from, to)| TopologyEdit::RedirectCall { from, to, new_to }))
}

/// `restore: [{ id: 3, name: a, as: { ... } }, { id: 4 }]`: what taking an edit back looks like. Nobody writes it by hand,
/// but a saved run may hold it.
fn restore(f: &mut Fields<'_, '_>) -> Result<Option<TopologyEdit>, Wrong> {
    let Some(list) = f.take("restore") else { return Ok(None) };
    let Some(items) = items_of(f.context, "restore", list, SERVICES_MAX) else { return Ok(None) };
    let mut earlier = Vec::with_capacity(items.len());
    // The services come back together and may call each other, so all names count before the first is read.
    for item in items {
        if let (Some(id), Some(name)) = (read_id(item), item.text_at(&["name"])) {
            let endpoints = super::endpoint_names(item.get("as"));
            f.context.names.set(id, Some((name.to_owned(), endpoints)));
        }
    }
    for item in items {
        let (mut id, mut name) = (0_u32, String::new());
        let mut fields = Fields::reading(item, f.context);
        require(&mut fields, &["id"]);
        fields.at("id").count(&mut id, 0..=SERVICES_MAX as u64 - 1);
        fields.at("name").text(&mut name, 1, NAME_CHARS_MAX);
        let settings = fields.take("as");
        let service = settings.map(|node| one::read(node, &name, false, fields.context));
        fields.finish();
        earlier.push((ServiceId(id), service));
    }
    Ok(Some(TopologyEdit::Restore(earlier)))
}

fn read_id(item: &Node) -> Option<ServiceId> {
    let id = item.text_at(&["id"])?.parse::<u32>().ok()?;
    ((id as usize) < SERVICES_MAX).then_some(ServiceId(id))
}

/// What must be written of an edit; applies it.
pub(super) fn write(planned: &PlannedEdit, system: &mut System, context: &mut Context<'_>) -> Out {
    let text = |text: &str| Out::Text(text.to_owned());
    let name = |id: ServiceId, names: &Names| Out::Text(names.name(id).to_owned());
    let mut entries = vec![("at", Out::Text(super::quantity::write_nanos(planned.at.as_nanos())))];
    let names = &context.names;
    match &planned.edit {
        TopologyEdit::Configure(id, new) => {
            entries.push(("service", name(*id, names)));
            let tree = |service: &Service, context: &mut Context<'_>| {
                let mut out = Out::Absent;
                Slot { what: "", side: Side::Write(&mut out), context }.group(&mut service.clone(), settings);
                out
            };
            let old = system.topology.get(*id).map_or(Out::Absent, |old| tree(old, context));
            entries.push(("set", tree(new, context).over(&old).or_empty_map()));
        }
        TopologyEdit::AddService(new) => {
            entries.push(("add", text(&new.name)));
            entries.push(("with", one::write(new, context)));
        }
        TopologyEdit::RemoveService(id) => entries.push(("remove", name(*id, names))),
        TopologyEdit::Rename(id, new) => entries.extend([("service", name(*id, names)), ("rename", text(new))]),
        TopologyEdit::AddCall { from, call: new } => {
            entries.push(("service", name(*from, names)));
            let mut out = Out::Absent;
            Slot { what: "", side: Side::Write(&mut out), context }.list(&mut vec![*new], 1, &Call::to(NOBODY), call);
            if let Out::List(mut one) = out.whole() {
                entries.extend(one.pop().map(|out| ("call", out)));
            }
        }
        TopologyEdit::RemoveCall { from, to } => entries.push(("remove", write_edge(*from, *to, names))),
        TopologyEdit::RedirectCall { from, to, new_to } => {
            entries.extend([("redirect", write_edge(*from, *to, names)), ("to", name(*new_to, names))]);
        }
        TopologyEdit::Restore(earlier) => entries.push(("restore", write_restore(earlier, context))),
    }
    // Whatever is refused now is refused when it is read, with its reason.
    let _ = system.apply(&planned.edit, &mut context.names);
    Out::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn write_restore(earlier: &[(ServiceId, Option<Service>)], context: &mut Context<'_>) -> Out {
    for (id, service) in earlier {
        if service.is_some() {
            context.names.set_service(*id, service.as_ref());
        }
    }
    let entry = |(id, service): &(ServiceId, Option<Service>)| {
        let mut entries = vec![("id".to_owned(), Out::Text(id.0.to_string()))];
        if let Some(service) = service {
            entries.push(("name".to_owned(), Out::Text(service.name.clone())));
            entries.push(("as".to_owned(), one::write(service, context)));
        }
        Out::Map(entries)
    };
    Out::List(earlier.iter().map(entry).collect())
}
